package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isPlain reports whether a text is made of words, names, numbers, dates, ids and the like, as no generated secret is.
func isPlain(text string) bool {
	for _, field := range strings.Fields(text) {
		if isUUID(field) || isWordy(field) {
			continue
		}
		return false
	}
	return true
}

// isWordy reports whether every part of a token is a word or a number.
func isWordy(token string) bool {
	for _, part := range strings.FieldsFunc(token, isSign) {
		if !isWord(part) {
			return false
		}
	}
	return !strings.ContainsAny(token, "$!%^*~\\") // as chosen passwords have
}

func isSign(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// isWord reports whether a part of a token is a word, perhaps with a number at one end, or a number.
func isWord(part string) bool {
	const short = 3
	if len(part) <= short {
		return true
	}
	if isTime(part) {
		return true
	}
	letters := strings.TrimRight(part, "0123456789")
	if letters == part {
		letters = strings.TrimLeft(part, "0123456789")
		if letters != part && utf8.RuneCountInString(letters) > short {
			return false
		}
	}
	if letters == "" {
		return true
	}
	const longUnspoken, longName = 6, 8
	runes, vowels, unspoken := 0, 0, 0
	for _, r := range letters {
		switch {
		case unicode.IsDigit(r):
			return false
		case r >= utf8.RuneSelf, strings.ContainsRune("aeiouyAEIOUY", r):
			vowels++
			unspoken = 0
		case unicode.IsLower(r):
			if unspoken++; unspoken == longUnspoken {
				return false
			}
		}
		runes++
	}
	pieces, _ := piecesOf(letters)
	isJumble := runes > longName && float64(len(letters)) <= maxPiece*float64(pieces)
	return !isJumble && (vowels > 0 || runes < longUnspoken)
}

// isTime reports whether a part is the middle of a date with its time, as in 28T12.
func isTime(part string) bool {
	date, clock, has := strings.Cut(strings.TrimSuffix(part, "Z"), "T")
	return has && strings.Trim(date+clock, "0123456789") == ""
}
