package answer

import (
	"regexp"
	"strings"
)

// Unserved are the tools that a server does not serve: its texts do not name them. The zero value is none.
type Unserved struct{ names *regexp.Regexp }

// NewUnserved makes it of the tools' names.
func NewUnserved(names []string) Unserved {
	if len(names) == 0 {
		return Unserved{}
	}
	return Unserved{regexp.MustCompile(`\b(?:` + strings.Join(names, "|") + `)\b`)}
}

// Has reports whether a tool is among them.
func (u Unserved) Has(name string) bool { return u.names != nil && u.names.MatchString(name) }

// LeaveOut returns a text of ours without the clauses that name one of the tools; a clause ends at a semicolon, a full stop or a line's
// end. What is quoted names none, since others wrote it. A text of such clauses alone stays as it is: what it says weighs more.
func (u Unserved) LeaveOut(text string) string {
	if u.names == nil || !u.names.MatchString(text) {
		return text
	}
	var kept []clause
	for _, c := range clausesOf(text) {
		switch {
		case !u.names.MatchString(c.unquoted):
			kept = append(kept, c)
		case len(kept) > 0 && c.end != "; ": // else two sentences would become one
			kept[len(kept)-1].end = c.end
		}
	}
	if len(kept) == 0 {
		return text
	}
	var left strings.Builder
	for _, c := range kept {
		left.WriteString(c.text)
		left.WriteString(c.end)
	}
	return left.String()
}

// clause is a part of a text, what of it stands outside quotes, and what ends it.
type clause struct{ text, unquoted, end string }

func clausesOf(text string) []clause {
	var clauses []clause
	var unquoted strings.Builder
	begin, isQuoted := 0, false
	cut := func(at int, end string) {
		clauses = append(clauses, clause{text[begin:at], unquoted.String(), end})
		begin = at + len(end)
		unquoted.Reset()
	}
	for i := 0; i < len(text); i++ {
		switch {
		case isQuoted && text[i] == '\\':
			i++
		case text[i] == '"':
			isQuoted = !isQuoted
		case isQuoted:
		case strings.HasPrefix(text[i:], "; "), strings.HasPrefix(text[i:], ". "):
			cut(i, text[i:i+2])
			i++
		case text[i] == '\n', text[i] == '.' && i == len(text)-1:
			cut(i, text[i:i+1])
		default:
			unquoted.WriteByte(text[i])
		}
	}
	if begin < len(text) {
		cut(len(text), "")
	}
	return clauses
}
