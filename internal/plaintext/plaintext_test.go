package plaintext_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"make-audit-mcp/internal/plaintext"
)

func TestTextIsReadWhateverMarkItBeginsWith(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "k", "ok", "key", "čaj 茶 🍵\r\n", strings.Repeat("long ", 10_000)} {
		encoded := map[string]string{"as it is": text, "UTF-8 with a mark": "\ufeff" + text}
		for name, order := range map[string]unicode.Endianness{"UTF-16LE": unicode.LittleEndian, "UTF-16BE": unicode.BigEndian} {
			written, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(text)
			require.NoError(t, err)
			encoded[name] = written
		}
		for name, written := range encoded {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, []byte(written), 0o600))
			got, err := plaintext.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, text, string(got), name)
			got, err = io.ReadAll(plaintext.NewReader(iotest.OneByteReader(strings.NewReader(written))))
			require.NoError(t, err)
			assert.Equal(t, text, string(got), "%s, byte by byte", name)
		}
	}
}

func TestBytesWithoutAMarkAreLeftAlone(t *testing.T) {
	t.Parallel()
	odd := "\x00\xff\xfe{\xc3\x28"
	got, err := io.ReadAll(plaintext.NewReader(strings.NewReader(odd)))
	require.NoError(t, err)
	assert.Equal(t, odd, string(got))
}

func TestALineIsReadBeforeTheNextIsWritten(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{{"\ufefffirst\n", "second\n"}, {"5\n", "\n", "ok\n"}, {"\n", "茶\n"}} {
		in, out := io.Pipe()
		defer out.Close() //nolint:errcheck // a pipe
		reader := plaintext.NewReader(in)
		for _, line := range lines {
			go func() { _, _ = io.WriteString(out, line) }()
			want := strings.TrimPrefix(line, "\ufeff")
			got := make([]byte, len(want))
			_, err := io.ReadFull(reader, got)
			require.NoError(t, err)
			assert.Equal(t, want, string(got))
		}
	}
}

func TestAFileThatIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	_, err := plaintext.ReadFile(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
