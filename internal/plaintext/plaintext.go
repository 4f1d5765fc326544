// Package plaintext reads text that people and their shells wrote: as UTF-8, whatever byte order mark it begins with. Windows' editors put
// one in front of UTF-8, and PowerShell writes UTF-16.
package plaintext

import (
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// NewReader returns what r holds as UTF-8, without a byte order mark. Text that has none is passed on as it is. It reads no further ahead
// than r lets it, so that a pipe's messages arrive as they come, however short.
func NewReader(r io.Reader) io.Reader {
	return transform.NewReader(r, &decoder{})
}

// decoder is BOMOverride, which waits for three bytes, for text whose first byte may begin a mark, and nothing for all other.
type decoder struct{ chosen transform.Transformer }

// Transform implements [transform.Transformer].
func (d *decoder) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	if d.chosen == nil {
		d.chosen = unicode.BOMOverride(transform.Nop)
		if len(src) > 0 && strings.IndexByte("\xef\xfe\xff", src[0]) < 0 {
			d.chosen = transform.Nop
		}
	}
	return d.chosen.Transform(dst, src, atEOF)
}

// Reset implements [transform.Transformer].
func (d *decoder) Reset() { d.chosen = nil }

// ReadFile is os.ReadFile through [NewReader].
func ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	return io.ReadAll(NewReader(file))
}
