package export

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// visibleJSON writes lines of JSON with every character that cannot be seen as its escape: controls, what reorders or hides other text,
// tags. A parser reads the same value; a terminal, or a person at one, is not led astray. Each call has whole characters.
type visibleJSON struct{ to io.Writer }

func (v visibleJSON) Write(line []byte) (int, error) {
	if bytes.ContainsFunc(line, isHidden) {
		var escaped bytes.Buffer
		for rest := line; len(rest) > 0; {
			r, size := utf8.DecodeRune(rest)
			if isHidden(r) { // stands in a string, as all that is not ASCII does in JSON
				for _, unit := range utf16.AppendRune(nil, r) {
					_, _ = fmt.Fprintf(&escaped, `\u%04x`, unit)
				}
			} else {
				_, _ = escaped.Write(rest[:size])
			}
			rest = rest[size:]
		}
		if _, err := v.to.Write(escaped.Bytes()); err != nil {
			return 0, err
		}
		return len(line), nil
	}
	return v.to.Write(line)
}

func isHidden(r rune) bool { return r > '~' && !unicode.IsGraphic(r) }
