package auditlog_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, want string }{
		"case":                       {"Jan NOVAK", "jan novak"},
		"composed accents":           {"Jan Novák", "jan novak"},
		"decomposed accents":         {"Jan Nova\u0301k", "jan novak"},
		"letters with strokes":       {"Łukasz Møller Đorđe", "lukasz moller dorde"},
		"ligatures and sharp s":      {"Straße Æsir ﬁn", "strasse aesir fin"},
		"dotted and dotless i":       {"İstanbul ısı", "istanbul isi"},
		"full width":                 {"Ｊａｎ", "jan"},
		"final sigma":                {"ΟΔΥΣΣΕΎΣ", "οδυσσευσ"},
		"white space":                {"  Jan\u00a0 \tNovák\n", "jan novak"},
		"invisible characters":       {"J\u200ban\u202e No\u00advák", "jan novak"},
		"escape sequences":           {"\x1b[31mJan\x1b[0m", "jan"},
		"other scripts stay":         {"日本 Ελλάδα Мария", "日本 ελλαδα мария"},
		"punctuation and digits too": {"jan.novak_2@x.example", "jan.novak_2@x.example"},
		"nothing visible":            {"\u200b\u202e", ""},
	} {
		assert.Equal(t, test.want, auditlog.Fold(test.in), name)
	}
}

func TestFoldTwiceIsFoldOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	for range 5_000 {
		requireFolded(t, logtest.RandomText(random))
	}
	for r := rune(0); r < 0x20000; r++ {
		requireFolded(t, string(r))
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"Jan Novák", "ŒŁı", "ﬃ\u0345", "\x1b[m"} {
		f.Add(seed)
	}
	f.Fuzz(requireFolded)
}

func requireFolded(t *testing.T, s string) {
	t.Helper()
	folded := auditlog.Fold(s)
	require.Equal(t, folded, auditlog.Fold(folded), "%+q", s)
}
