package setup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// difference is the unified difference of two texts, or nothing if they are equal. Control characters are left out, long lines cut, and
// values hidden that are not of setup's own additions: people paste what they see, and any of them may be a secret.
func difference(oldName, newName, before, after string, own []addition) string {
	if before == after {
		return ""
	}
	const around = 2
	a, b := splitLines(before), splitLines(after)
	lines := compared(a, b)
	known := valuesOf(own)
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
		writeHunk(&shown, lines, begin, end, known)
		from = end
	}
	return shown.String()
}

// line is one of a difference: kept (' '), gone ('-') or new ('+').
type line struct {
	sign byte
	text string
}

func writeHunk(shown *strings.Builder, lines []line, begin, end int, known map[string]bool) {
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
		shown.WriteString(string(l.sign) + plain(withoutValues(l.text, known)) + "\n")
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

// valuesOf are the texts that additions hold.
func valuesOf(additions []addition) map[string]bool {
	known := map[string]bool{"": true}
	var add func(value any)
	add = func(value any) {
		switch value := value.(type) {
		case string:
			known[value] = true
		case []any:
			for _, element := range value {
				add(element)
			}
		case map[string]any:
			for name, element := range value {
				known[name] = true
				add(element)
			}
		}
	}
	for _, a := range additions {
		known[a.Name] = true
		add(normal(a.Value))
	}
	return known
}

// piece is what a line of JSON, TOML or YAML begins with: a key, the header of a table, what stands between values, a value that is no
// text, or else a text: in quotes, or to the end of the line, as YAML has them and all have comments.
var piece = regexp.MustCompile(`^(?:` +
	`((?:"(?:[^"\\]|\\.)*"|'[^']*')\s*[:=]|[\w.-]+\s*(?:[:=]\s|:$))` +
	`|(\[\[?[\w.-]+\]\]?\s*$|[\s{}\[\],]+|-\s|(?:true|false|null|\d{1,5})(?:[\s,}\]]|$))` +
	`|("(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|.+))`)

// withoutValues hides the values in a line that are not known, but for those of keys that hold no secret.
func withoutValues(text string, known map[string]bool) string {
	var shown strings.Builder
	key := ""
	for text = strings.TrimRight(text, "\r\n"); text != ""; {
		found := piece.FindStringSubmatch(text)
		if key != "" && found[1] != "" { // a value that only looks like a key
			found = []string{text, "", "", text}
		}
		text = text[len(found[0]):]
		switch value := found[3]; {
		case value == "":
			shown.WriteString(found[0])
			if strings.Trim(found[2], blanks) != "" {
				key = ""
			}
			key += strings.Trim(found[1], `"' :=`)
			continue
		case known[unquoted(value)] || isHarmless(key) && !strings.ContainsAny(value, " \t:"):
			shown.WriteString(value)
		default:
			shown.WriteString(`"(hidden)"`)
		}
		key = ""
	}
	return shown.String()
}

// isHarmless reports whether a key's value tells servers apart and nothing else.
func isHarmless(key string) bool {
	return slices.Contains([]string{"type", "command", "cmd", "MAKE_ZONE", "MAKE_TIMEZONE"}, key)
}

// unquoted is what a value says that may be in quotes.
func unquoted(value string) string {
	switch value[0] {
	case '\'':
		return strings.ReplaceAll(strings.Trim(value, "'"), "''", "'")
	case '"':
		var text string
		if json.Unmarshal([]byte(value), &text) == nil {
			return text
		}
	}
	return strings.Trim(value, blanks)
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
