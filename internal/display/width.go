package display

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// runeWidth is how many columns of a terminal a character takes.
func runeWidth(r rune) int {
	const jamoVowels, jamoEnd = 0x1160, 0x11ff // medial vowels and final consonants join the syllable before them
	switch {
	case r < ' ' || r == 0x7f:
		return 0
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || r >= jamoVowels && r <= jamoEnd:
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// widthOf is how many columns a text takes.
func widthOf(text string) int {
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

// cut is as much of a text as has room in so many columns, with a mark where more would follow.
func cut(text string, columns int, mark string) string {
	if widthOf(text) <= columns {
		return text
	}
	room := columns - widthOf(mark)
	if room < 0 {
		return strings.Repeat(".", max(columns, 0))
	}
	end, used := 0, 0
	for at, r := range text {
		if used += runeWidth(r); used > room {
			break
		}
		end = at + len(string(r))
	}
	return strings.TrimRight(text[:end], " ") + mark
}

// wrap breaks a text into lines of at most so many columns, at spaces where there are any; 0 means that nothing is broken.
func wrap(text string, columns int) []string {
	if columns <= 0 || widthOf(text) <= columns {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		size := widthOf(word)
		if used > 0 && used+1+size > columns {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		for size > columns { // a word of its own that no line holds
			head := cut(word, columns, "")
			if head == "" {
				break // narrower than its first character
			}
			lines = append(lines, head)
			word = word[len(head):]
			size = widthOf(word)
		}
		line, used = line+word, used+size
	}
	return append(lines, line)
}
