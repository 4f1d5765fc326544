package question

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// Nearest returns up to n of the names among that someone who wrote want may have meant, nearest first: those a few slips of the finger
// away, then those that share the beginning of a word. It returns none where nothing is similar.
func Nearest(want string, among []string, n int) []string {
	similar := nearest(auditlog.Fold(want), among, func(name string) []string { return []string{auditlog.Fold(name)} })
	names := appendOnce(nil, similar...)
	return names[:min(n, len(names))]
}

// nearest returns the items that are like what was asked for, nearest first. An item is as near as the nearest of its keys; want and keys
// are folded.
func nearest[T any](want string, items []T, keys func(T) []string) []T {
	type hit struct {
		item     T
		distance int
	}
	var hits []hit
	for _, item := range items {
		best := unlike
		for _, key := range keys(item) {
			best = min(best, distance(want, key))
		}
		if best < unlike {
			hits = append(hits, hit{item, best})
		}
	}
	order.By(hits, func(a, b hit) int { return cmp.Compare(a.distance, b.distance) })
	return mapAll(hits, func(h hit) T { return h.item })
}

const (
	// maxCompared bounds what a hostile name can cost; nobody misspells more than this.
	maxCompared = 80
	// sharedWord is added to the distance of names that only share the beginning of a word: any slip of the finger is nearer.
	sharedWord = 2 * maxCompared
	// unlike is the distance of names that have nothing in common.
	unlike = 2 * sharedWord
)

// distance is how far a name is from what was asked for.
func distance(want, name string) int {
	a, b := firstRunes(want, maxCompared), firstRunes(name, maxCompared)
	if len(a) == 0 || len(b) == 0 {
		return unlike
	}
	whole := editDistance(a, b)
	// A distance as large as the word itself says nothing.
	if whole <= min(max(2, len(a)/3), len(a)-1) {
		return whole
	}
	wanted := words(string(a))
	shares := false
	for _, word := range words(string(b)) {
		runes := []rune(word)
		if d := editDistance(a, runes); d <= min(max(1, len(a)/3), len(a)-1) {
			return d
		}
		shares = shares || slices.ContainsFunc(wanted, func(w string) bool {
			const minShared = 3
			shorter := min(utf8.RuneCountInString(w), len(runes))
			return shorter >= minShared && (strings.HasPrefix(w, word) || strings.HasPrefix(word, w))
		})
	}
	if shares {
		return sharedWord + whole
	}
	return unlike
}

func firstRunes(s string, n int) []rune {
	runes := []rune(s)
	return runes[:min(n, len(runes))]
}

// words splits at whatever is neither letter nor digit.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !isWordRune(r) })
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// editDistance is the Damerau-Levenshtein distance (optimal string alignment): how many characters must be added, dropped, replaced or
// swapped with their neighbour.
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
