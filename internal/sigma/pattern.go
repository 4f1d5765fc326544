package sigma

import (
	"unicode"
	"unicode/utf8"
)

const (
	// oneRune and anyText stand for the wildcards ? and * in a pattern.
	oneRune rune = -1 - iota
	anyText
)

// pattern is a text with wildcards (rules, String Wildcard and Escape Character).
type pattern struct {
	runes []rune
	cased bool
}

// parsePattern reads a value as rules write it: a backslash takes the meaning from *, ? and another backslash, and is itself otherwise.
func parsePattern(text string, cased bool) pattern {
	parsed := pattern{cased: cased}
	escaped := false
	for i, r := range text {
		switch {
		case escaped:
			escaped = false
			parsed.runes = append(parsed.runes, r)
		case r == '\\' && i+1 < len(text) && (text[i+1] == '\\' || text[i+1] == '*' || text[i+1] == '?'):
			escaped = true
		case r == '*':
			parsed.runes = append(parsed.runes, anyText)
		case r == '?':
			parsed.runes = append(parsed.runes, oneRune)
		default:
			parsed.runes = append(parsed.runes, parsed.comparable(r))
		}
	}
	return parsed
}

// literal is the pattern that a text without wildcards makes.
func literal(text string, cased bool) pattern {
	plain := pattern{cased: cased}
	for _, r := range text {
		plain.runes = append(plain.runes, plain.comparable(r))
	}
	return plain
}

// within lets anything stand before or after the pattern.
func (p pattern) within(before, after bool) pattern {
	var runes []rune
	if before {
		runes = append(runes, anyText)
	}
	runes = append(runes, p.runes...)
	if after {
		runes = append(runes, anyText)
	}
	return pattern{runes, p.cased}
}

// always reports whether every text matches.
func (p pattern) always() bool {
	for _, r := range p.runes {
		if r != anyText {
			return false
		}
	}
	return len(p.runes) > 0
}

// matches reports whether the whole text is what the pattern describes. On a difference it goes back to the last * alone, so that its time
// is at most the product of both lengths.
func (p pattern) matches(text string) bool {
	at, read := 0, 0 // in the pattern, in the text
	star, resume := -1, 0
	for read < len(text) {
		r, size := utf8.DecodeRuneInString(text[read:])
		switch {
		case at < len(p.runes) && p.runes[at] == anyText:
			star, resume = at, read
			at++
		case at < len(p.runes) && (p.runes[at] == oneRune || p.runes[at] == p.comparable(r)):
			at++
			read += size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(text[resume:])
			resume += size
			at, read = star+1, resume
		default:
			return false
		}
		if at == len(p.runes) && at > 0 && p.runes[at-1] == anyText {
			return true
		}
	}
	return pattern{runes: p.runes[at:]}.always() || at == len(p.runes)
}

// comparable returns what a character is compared as: itself, or the first of those that Unicode's simple folding holds for one letter. No
// letter of another script is among them, nor the dotless i, which lower case confuses.
func (p pattern) comparable(r rune) rune {
	switch {
	case p.cased:
		return r
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return first
}
