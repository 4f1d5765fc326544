package auditlog

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxTextRunes is the most characters that [Text.Clean] leaves of a text.
const MaxTextRunes = 300

const (
	// maxQuotedRunes keeps a quoted name from drowning the message around it.
	maxQuotedRunes = 80
	// maxMarks is the longest run of combining marks that is kept: more than any written language stacks, less than it takes to paint over
	// other lines.
	maxMarks = 8
	// cutMark stands where text was cut off.
	cutMark = "…"
)

// Text is text written by others, possibly by an attacker: names, labels, event names. In memory it is raw, for matching, hashing and
// export; string(t) is the raw form. Printing and marshalling give the cleaned form.
//
// encoding/json does not call methods on the keys of maps: never use Text as the key of a map that is marshalled.
type Text string

// Clean returns the text fit for a model, a terminal or a log: valid UTF-8 of at most [MaxTextRunes] characters, on one line, without
// control characters, terminal escape sequences, or characters that are invisible or reorder others. Letters, accents and emoji of every
// script stay. Nothing in it is an image, a link or a tag to whoever renders it as Markdown or HTML: a space parts the signs that would
// make one. Cleaning twice changes nothing.
func (t Text) Clean() string { return t.CleanTo(MaxTextRunes) }

// CleanTo is Clean with another bound: at most maxRunes characters, the last of them "…" where text was cut off.
func (t Text) CleanTo(maxRunes int) string { return t.clean(maxRunes, true) }

// VisibleTo is CleanTo for what is not rendered: Markdown and HTML stay as they are.
func (t Text) VisibleTo(maxRunes int) string { return t.clean(maxRunes, false) }

func (t Text) clean(maxRunes int, inert bool) string {
	if maxRunes <= 0 {
		return ""
	}
	s := string(t)
	if len(s) <= maxRunes && isPrintableASCII(s) && !(inert && hasMarkup(s)) {
		return s
	}
	var out strings.Builder
	runes, marks := 0, 0
	cut := 0 // where the output ends if it must be cut to make room for the mark
	var last rune
	write := func(r rune) (fits bool) {
		if runes == maxRunes {
			return false
		}
		out.WriteRune(r)
		last = r
		if runes++; runes == maxRunes-1 {
			cut = out.Len()
		}
		return true
	}
	for i := 0; i < len(s); {
		if skip := escapeSequence(s[i:]); skip > 0 {
			i += skip
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		r, keep := visible(r)
		if !keep {
			continue
		}
		if unicode.IsMark(r) {
			marks++
		} else {
			marks = 0
		}
		if marks > maxMarks {
			continue
		}
		fits := !(inert && makesMarkup(last, r)) || write(' ')
		if !fits || !write(r) {
			return out.String()[:cut] + cutMark
		}
	}
	return out.String()
}

// makesMarkup reports whether two characters, one behind the other, are what makes an image, a link or a tag: a text's end before its
// address, before its reference or as a reference's definition; a tag's beginning or that of an address in angle brackets. Bare addresses
// stay: they say what they are, and nothing is loaded from them.
func makesMarkup(first, second rune) bool {
	switch first {
	case ']':
		return second == '(' || second == '[' || second == ':'
	case '<':
		return 'a' <= second && second <= 'z' || 'A' <= second && second <= 'Z' || second == '/' || second == '!' || second == '?'
	}
	return false
}

// hasMarkup reports whether anything in ASCII text makes markup.
func hasMarkup(s string) bool {
	for i := 1; i < len(s); i++ {
		if makesMarkup(rune(s[i-1]), rune(s[i])) {
			return true
		}
	}
	return false
}

// String returns the cleaned text, so that printing a Text is safe by default.
func (t Text) String() string { return t.Clean() }

// Quote returns the cleaned text in double quotes, inner quotes and backslashes escaped and bounded to 80 characters, for error messages
// and prose: the quotes show where others' words begin and end.
func (t Text) Quote() string { return strconv.Quote(t.CleanTo(maxQuotedRunes)) }

// MarshalJSON writes the cleaned text as a JSON string.
func (t Text) MarshalJSON() ([]byte, error) { return PlainJSON(t.Clean()) }

func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible returns what stands for a character in cleaned text, and whether anything does.
func visible(r rune) (rune, bool) {
	const brailleBlank = '\u2800'
	switch {
	case r >= ' ' && r <= '~':
		return r, true
	case unicode.IsSpace(r), r == brailleBlank:
		// Includes newline, tab and the line and paragraph separators.
		return ' ', true
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		// Format characters that are seen, such as the Arabic number sign.
		return r, true
	case !unicode.IsGraphic(r):
		// Controls, bidi and zero-width characters, tags, private use, unassigned.
		return 0, false
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		// Letters and marks by category that show nothing, such as fillers.
		return 0, false
	}
	return r, true
}

// escapeSequence returns the length in bytes of the terminal escape sequence (ECMA-48) that s begins with, 0 for none. Both the 7-bit form
// (ESC and a letter) and the 8-bit form (one C1 control) count. Of a sequence that does not end, only the part that cannot be text is
// taken, so that a forged beginning does not hide what follows it.
func escapeSequence(s string) int {
	kind, n := escapeIntroducer(s)
	switch kind {
	case 0:
		return 0
	case '[': // CSI: parameters, intermediates, one final byte
		n += span(s[n:], '0', '?')
		n += span(s[n:], ' ', '/')
		return n + min(1, span(s[n:], '@', '~'))
	case ']', 'P', 'X', '^', '_': // OSC, DCS, SOS, PM, APC: text up to a terminator
		body := strings.IndexFunc(s[n:], unicode.IsControl)
		if body < 0 {
			return n
		}
		return n + stringTerminator(s[n:], body)
	}
	// ESC, intermediates, one final byte; the introducer took the first of them.
	if kind >= ' ' && kind <= '/' {
		n += span(s[n:], ' ', '/')
		n += min(1, span(s[n:], '0', '~'))
	}
	return n
}

// escapeIntroducer returns what kind of escape sequence s begins with, as the byte after ESC, and the length of its beginning. An ESC that
// begins nothing is of kind ESC; kind 0 is no sequence at all.
func escapeIntroducer(s string) (kind byte, n int) {
	const esc = 0x1b
	if len(s) >= 2 && s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f {
		switch k := s[1] - 0x40; k { // C1 as ESC and a letter
		case '[', ']', 'P', 'X', '^', '_':
			return k, 2
		}
		return 0, 0
	}
	if s == "" || s[0] != esc {
		return 0, 0
	}
	if len(s) == 1 || s[1] < ' ' || s[1] > '~' {
		return esc, 1
	}
	return s[1], 2
}

// stringTerminator returns the length of a control string whose text ends at body, 0 if what stands there does not end it.
func stringTerminator(s string, body int) int {
	for _, end := range []string{"\a", "\x1b\\", "\u009c"} {
		if strings.HasPrefix(s[body:], end) {
			return body + len(end)
		}
	}
	return 0
}

// span counts the bytes at the beginning of s that lie between lo and hi.
func span(s string, lo, hi byte) int {
	n := 0
	for n < len(s) && s[n] >= lo && s[n] <= hi {
		n++
	}
	return n
}

// PlainEncoder returns an encoder that writes values as JSON, one a line, with <, > and & as they are: escapes for HTML would only cost a
// model tokens.
func PlainEncoder(to io.Writer) *json.Encoder {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	return encoder
}

// PlainJSON returns one value as a [PlainEncoder] writes it, without the line's end.
func PlainJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	err := PlainEncoder(&out).Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// Spelling returns the form in which exact spellings are compared: cleaned as [Text], composed, white space collapsed.
func Spelling(s string) string {
	return norm.NFC.String(strings.Join(strings.Fields(Text(s).CleanTo(2*len(s))), " ")) // more than there are characters
}

// Fold returns the form in which names are compared where spelling does not count: cleaned as [Text], without case, without the accents of
// Latin, Greek and Cyrillic letters, compatibility forms made plain, white space collapsed. Marks that make another letter stay. Folding
// twice changes nothing.
func Fold(s string) string {
	s = Text(s).CleanTo(2 * len(s))
	var out strings.Builder
	var base rune // that marks belong to
	marks := 0    // made plain, some become several: as many stay as cleaning leaves
	for _, r := range norm.NFKD.String(s) {
		switch {
		case !unicode.IsMark(r):
			base, marks = unicode.ToLower(r), 0
			out.WriteString(foldLetter(base))
		case !isAccent(base, r) && marks < maxMarks:
			marks++
			out.WriteRune(r)
		}
	}
	// Made plain, full-width signs may make markup.
	folded := norm.NFC.String(strings.Join(strings.Fields(out.String()), " "))
	return Text(folded).CleanTo(2 * len(folded)) // parted once more at most between any two
}

// isAccent reports whether a mark leaves the lower-case letter below it the same one to whoever looks for a name. In other scripts than
// these three it does not: kana, Indic, Arabic, Hebrew and Thai letters with and without a mark are as different as b and p.
func isAccent(base, mark rune) bool {
	switch {
	case !unicode.Is(unicode.Mn, mark):
		return false
	case unicode.In(base, unicode.Latin, unicode.Greek):
		return true
	case !unicode.Is(unicode.Cyrillic, base):
		return false
	}
	// Letters that Unicode has whole are those of an alphabet, with keys of their own, such as й, ї, ў and ѓ. What it has no letter for
	// marks stress, as the grave accent does; and ё is mostly written as е.
	const grave, dots = '\u0300', '\u0308'
	isLetter := utf8.RuneCountInString(norm.NFC.String(string(base)+string(mark))) == 1
	return !isLetter || mark == grave || base == 'е' && mark == dots
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
