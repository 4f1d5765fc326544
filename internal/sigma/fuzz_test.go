package sigma_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

// FuzzLoad gives any bytes for a file of rules: it is refused with places, or what it says can be evaluated.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/saas/*.yml")
	require.NoError(f, err)
	for _, path := range seeds {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(failuresThenSuccess + simple("failure", "success")))
	f.Add([]byte(wholeRule))
	f.Add([]byte("a: &a [x]\nb: [*a, *a]\n<<: *a\n--- !x\n? [k]\n: v"))
	f.Fuzz(func(t *testing.T, text []byte) {
		begun := time.Now()
		set, err := sigma.Load(sigma.Options{Fields: []string{"*"}}, files(map[string]string{"r.yml": string(text)}))
		if err != nil {
			var fault *sigma.Error
			require.ErrorAs(t, err, &fault)
			assert.Equal(t, "r.yml", fault.File)
			return
		}
		evaluator := sigma.NewEvaluator(set, func(match sigma.Match) { assert.NotEmpty(t, match.Records) })
		for i := range 30 {
			require.NoError(t, evaluator.Add(minute(i), record{"event": "failure", "actor.id": i % 3, "target": string(text[:min(len(text), 100)])}))
		}
		evaluator.Close()
		assert.Less(t, time.Since(begun), 5*time.Second)
	})
}

// FuzzWildcards compares wildcards with a slow reading of them.
func FuzzWildcards(f *testing.F) {
	for _, seed := range [][2]string{
		{"a*b?c", "aXXbYc"}, {`\*\\?`, `*\x`}, {"*a*a*a*b", "aaaaaaaaaa"}, {"ſK", "sk"}, {"", ""}, {"**", ""}, {`a\`, `a\`}, {"İ", "i"}, {"?", "\xff"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 200 || !utf8.ValidString(pattern) {
			t.Skip()
		}
		rule := load(t, ruleOf("s: {event: e, target: "+strconv.QuoteToASCII(pattern)+"}\ncondition: s")).Rules[0]
		assert.Equal(t, slowlyLike([]rune(pattern), []rune(text), map[[2]int]bool{}), rule.Matches(record{"target": text, "event": "e"}),
			"%q and %q", pattern, text)
	})
}

// slowlyLike tries every way to read a pattern; tried are the rests that did not match.
func slowlyLike(pattern, text []rune, tried map[[2]int]bool) bool {
	rests := [2]int{len(pattern), len(text)}
	if tried[rests] {
		return false
	}
	tried[rests] = true
	if len(pattern) == 0 {
		return len(text) == 0
	}
	first, rest := pattern[0], pattern[1:]
	switch {
	case first == '*':
		return slowlyLike(rest, text, tried) || len(text) > 0 && slowlyLike(pattern, text[1:], tried)
	case first == '?':
		return len(text) > 0 && slowlyLike(rest, text[1:], tried)
	case first == '\\' && len(rest) > 0 && strings.ContainsRune(`\*?`, rest[0]):
		first, rest = rest[0], rest[1:]
	}
	return len(text) > 0 && oneLetter(first, text[0]) && slowlyLike(rest, text[1:], tried)
}

func oneLetter(a, b rune) bool {
	if a == b {
		return true
	}
	for other := unicode.SimpleFold(a); other != a; other = unicode.SimpleFold(other) {
		if other == b {
			return true
		}
	}
	return false
}
