package auditlog

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which names are compared: cleaned as [Text], without case and accents, compatibility forms made plain, white
// space collapsed. Two names that look alike but for those have the same fold. Folding twice changes nothing.
func Fold(s string) string {
	s = Text(s).CleanTo(len(s)) // bytes are at least as many as characters
	var out strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) { // accents, once decomposed
			out.WriteString(foldLetter(unicode.ToLower(r)))
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// foldLetter writes lower-case letters that Unicode does not decompose as people type them who lack the key.
func foldLetter(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ':
		return "d"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	}
	return string(r)
}
