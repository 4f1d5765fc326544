package setup

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// difference is the unified difference of two texts, or nothing if they are equal. Control characters are left out, long lines cut, and
// what looks like a secret is hidden: people paste what they see.
func difference(oldName, newName, before, after string) string {
	if before == after {
		return ""
	}
	const around = 2
	a, b := splitLines(before), splitLines(after)
	lines := compared(a, b)
	var shown strings.Builder
	fmt.Fprintf(&shown, "--- %s\n+++ %s\n", oldName, newName)
	for from := 0; from < len(lines); {
		if lines[from].sign == ' ' {
			from++
			continue
		}
		to, last := from, from
		for ; to < len(lines) && to <= last+2*around; to++ {
			if lines[to].sign != ' ' {
				last = to
			}
		}
		begin, end := max(0, from-around), min(len(lines), last+1+around)
		writeHunk(&shown, lines, begin, end)
		from = end
	}
	return shown.String()
}

// line is one of a difference: kept (' '), gone ('-') or new ('+').
type line struct {
	sign byte
	text string
}

func writeHunk(shown *strings.Builder, lines []line, begin, end int) {
	count := func(part []line, without byte) (n int) {
		for _, l := range part {
			if l.sign != without {
				n++
			}
		}
		return n
	}
	start := func(without byte) int {
		n := count(lines[:begin], without)
		if count(lines[begin:end], without) > 0 {
			n++
		}
		return n
	}
	fmt.Fprintf(shown, "@@ -%d,%d +%d,%d @@\n", start('+'), count(lines[begin:end], '+'), start('-'), count(lines[begin:end], '-'))
	for _, l := range lines[begin:end] {
		shown.WriteString(string(l.sign) + plain(withoutSecrets(l.text)) + "\n")
	}
}

// compared lines two texts up. What they begin and end with alike is most; the rest is compared line by line, if it is not too much.
func compared(a, b []string) []line {
	var lines []line
	add := func(sign byte, texts ...string) {
		for _, text := range texts {
			lines = append(lines, line{sign, text})
		}
	}
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	add(' ', a[:head]...)
	ends := a[len(a)-tail:]
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	const most = 4_000_000
	if len(a)*len(b) > most {
		add('-', a...)
		add('+', b...)
		add(' ', ends...)
		return lines
	}
	// common[i][j] is how many lines a[i:] and b[j:] have in common.
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			add(' ', a[i])
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			add('-', a[i])
			i++
		default:
			add('+', b[j])
			j++
		}
	}
	add('-', a[i:]...)
	add('+', b[j:]...)
	add(' ', ends...)
	return lines
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
}

// withoutSecrets hides values whose names say that they are secret, unless they only name a variable or a file.
func withoutSecrets(text string) string {
	secret := regexp.MustCompile(`(?i)([a-z0-9_-]*(?:key|token|secret|passw|authorization|credential)[a-z0-9_-]*["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,"'{\[]+)`)
	return secret.ReplaceAllStringFunc(text, func(found string) string {
		parts := secret.FindStringSubmatch(found)
		value := strings.Trim(parts[2], `"'`)
		if strings.HasPrefix(value, "$") || value == "" || strings.Contains(parts[1], "_FILE") {
			return found
		}
		return parts[1] + `"(hidden)"`
	})
}

// plain is a text as a terminal can show it in one line.
func plain(text string) string {
	const widest = 200
	shown := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, text))
	if len(shown) > widest {
		return string(shown[:widest]) + " …"
	}
	return string(shown)
}
