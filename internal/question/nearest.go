package question

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"make-audit-mcp/internal/auditlog"
)

// Nearest returns up to n of the names among that someone who wrote want may have meant, nearest first: those a few slips of the finger
// away, then those that share the beginning of a word. It returns none where nothing is similar.
func Nearest(want string, among []string, n int) []string {
	keys := make([][]string, len(among))
	for i, name := range among {
		keys[i] = []string{auditlog.Fold(name)}
	}
	var names []string
	for _, i := range nearest(auditlog.Fold(want), keys) {
		if len(names) >= n {
			break
		}
		if !slices.Contains(names, among[i]) {
			names = append(names, among[i])
		}
	}
	return names
}

// nearest returns the indexes of the plausible items, nearest first. An item is as near as the nearest of its keys; want and keys are
// folded.
func nearest(want string, keys [][]string) []int {
	type hit struct {
		index int
		closeness
	}
	var hits []hit
	for i, alternatives := range keys {
		var best closeness
		for _, key := range alternatives {
			if c := compareNames(want, key); c.plausible && (!best.plausible || c.compare(best) < 0) {
				best = c
			}
		}
		if best.plausible {
			hits = append(hits, hit{i, best})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.compare(b.closeness) })
	indexes := make([]int, len(hits))
	for i, h := range hits {
		indexes[i] = h.index
	}
	return indexes
}

// closeness is how near a name is to what was asked for.
type closeness struct {
	plausible bool
	// tier is 0 for slips of the finger, 1 for a shared beginning of a word.
	tier     int
	distance int
}

func (c closeness) compare(other closeness) int {
	return cmp.Or(cmp.Compare(c.tier, other.tier), cmp.Compare(c.distance, other.distance))
}

func compareNames(want, name string) closeness {
	// Bounds what a hostile name can cost; nobody misspells more than this.
	const maxCompared = 80
	a, b := firstRunes(want, maxCompared), firstRunes(name, maxCompared)
	if len(a) == 0 || len(b) == 0 {
		return closeness{}
	}
	best := closeness{tier: 1, distance: editDistance(a, b)}
	// A distance as large as the word itself says nothing.
	if limit := min(max(2, len(a)/3), len(a)-1); best.distance <= limit {
		return closeness{plausible: true, distance: best.distance}
	}
	wanted := words(string(a))
	for _, word := range words(string(b)) {
		runes := []rune(word)
		if d := editDistance(a, runes); d <= min(max(1, len(a)/3), len(a)-1) {
			return closeness{plausible: true, distance: d}
		}
		best.plausible = best.plausible || slices.ContainsFunc(wanted, func(w string) bool {
			const minShared = 3
			shorter := min(utf8.RuneCountInString(w), len(runes))
			return shorter >= minShared && (strings.HasPrefix(w, word) || strings.HasPrefix(word, w))
		})
	}
	return best
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
