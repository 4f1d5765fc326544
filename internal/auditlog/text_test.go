package auditlog_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
)

func TestTextClean(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ raw, want string }{
		"plain text stays":  {"Webhook created", "Webhook created"},
		"empty stays empty": {"", ""},
		"accents and scripts stay": {"Příliš žluťoučký Ελλάδα 日本語 العربية हिन्दी",
			"Příliš žluťoučký Ελλάδα 日本語 العربية हिन्दी"},
		"combining accents stay":                  {"e\u0301", "e\u0301"},
		"emoji stay":                              {"ok 👍🏽 🎉", "ok 👍🏽 🎉"},
		"joined emoji come apart":                 {"👩\u200d💻", "👩💻"},
		"emoji presentation selectors go":         {"❤\ufe0f", "❤"},
		"newlines and tabs become spaces":         {"a\nb\tc\r\nd", "a b c  d"},
		"line separators become spaces":           {"a\u2028b\u2029c\u0085d", "a b c d"},
		"other spaces become plain ones":          {"a\u00a0b\u3000c\u2800d", "a b c d"},
		"control characters go":                   {"a\x00b\x07c\x7fd\u0080e", "abcde"},
		"colour sequences go whole":               {"\x1b[31;1mred\x1b[0m", "red"},
		"8-bit sequences go whole":                {"\u009b31mred\u009b0m", "red"},
		"window titles go whole":                  {"a\x1b]0;evil title\ab", "ab"},
		"hyperlinks leave their text":             {"\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "here"},
		"8-bit strings go whole":                  {"a\u009dtitle\u009cb", "ab"},
		"device control strings go whole":         {"a\x1bPpayload\x1b\\b", "ab"},
		"short sequences go whole":                {"a\x1bcb\x1b(Bc", "abc"},
		"an unended string hides nothing":         {"a\x1b]0;visible", "a0;visible"},
		"an unended string ends at a control":     {"\x1b]0;x\nvisible\a", "0;x visible"},
		"an unended colour sequence goes":         {"a\x1b[31", "a"},
		"a lone escape goes":                      {"a\x1b", "a"},
		"an escape before other scripts goes":     {"a\x1bé", "aé"},
		"bidi controls go":                        {"\u202eabc\u202c\u2066d\u2069\u200e\u200f\u061c", "abcd"},
		"zero-width characters go":                {"a\u200bb\u200cc\u200dd\u2060e\u2064f\ufeffg\u00adh\u180ei", "abcdefghi"},
		"fillers go":                              {"a\u115f\u1160\u3164\uffa0b", "ab"},
		"variation selectors go":                  {"a\ufe00\ufe0f\U000e0100\U000e01efb", "ab"},
		"tag characters go":                       {"a\U000e0001\U000e0041\U000e007fb", "ab"},
		"interlinear annotation goes":             {"a\ufff9b\ufffac\ufffbd", "abcd"},
		"private use goes":                        {"a\ue000b\U000f0000c\U0010fffdd", "abcd"},
		"noncharacters and unassigned go":         {"a\uffffb\U0001fffec\u0378d\ufdd0e", "abcde"},
		"seen format characters stay":             {"\u0600١٢", "\u0600١٢"},
		"invalid UTF-8 becomes the replacement":   {"a\xffb\xc3", "a\ufffdb\ufffd"},
		"encoded surrogates become replacements":  {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		"piled up marks are bounded":              {"a" + strings.Repeat("\u0301", 50) + "b", "a" + strings.Repeat("\u0301", 8) + "b"},
		"invisible characters do not part a pile": {"a" + strings.Repeat("\u0301\u200d", 50), "a" + strings.Repeat("\u0301", 8)},
		"text of the bound stays":                 {strings.Repeat("é", 300), strings.Repeat("é", 300)},
		"text above the bound is cut":             {strings.Repeat("é", 301), strings.Repeat("é", 299) + "…"},
		"long plain text is cut":                  {strings.Repeat("a", 1000), strings.Repeat("a", 299) + "…"},
		"what is dropped does not count":          {strings.Repeat("a\u200b", 300), strings.Repeat("a", 300)},
	} {
		assert.Equal(t, test.want, auditlog.Text(test.raw).Clean(), name)
	}
}

func TestTextCleanToKeepsWithinAnyBound(t *testing.T) {
	t.Parallel()
	for bound, want := range map[int]string{-1: "", 0: "", 1: "…", 2: "ž…", 4: "žlu…", 5: "žluté", 6: "žluté"} {
		assert.Equal(t, want, auditlog.Text("žluté").CleanTo(bound), "bound %d", bound)
	}
}

func TestTextMakesNoImageLinkOrTag(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"![x](https://evil.example/a.png)":          "![x] (https://evil.example/a.png)",
		"[text](https://evil.example)":              "[text] (https://evil.example)",
		"[![a](b)](c)":                              "[![a] (b)] (c)",
		"![x][ref] and [ref]: https://e.example":    "![x] [ref] and [ref] : https://e.example",
		"![x]\u200b(https://evil.example)":          "![x] (https://evil.example)",
		"![x\x1b[m](https://evil.example)":          "![x] (https://evil.example)",
		"<img src=https://evil.example/a.png>":      "< img src=https://evil.example/a.png>",
		"<\u00adimg src=x onerror=y>":               "< img src=x onerror=y>",
		"<IMG src=x>":                               "< IMG src=x>",
		"</td><!-- x --><?php <svg/onload=x>":       "< /td>< !-- x -->< ?php < svg/onload=x>",
		"<https://evil.example>":                    "< https://evil.example>",
		"<bob@example.com>":                         "< bob@example.com>",
		"https://example.com/a?b=c, www.x.example":  "https://example.com/a?b=c, www.x.example",
		"a <5 b> c, 1 < 2, <3, [WIP] (draft), x[0]": "a <5 b> c, 1 < 2, <3, [WIP] (draft), x[0]",
		"List<String>":                              "List< String>",
	} {
		assert.Equal(t, want, auditlog.Text(raw).Clean(), raw)
		assert.Equal(t, want, auditlog.Text(want).Clean(), "cleaned twice")
		assert.Equal(t, auditlog.Fold(raw), auditlog.Fold(want), "who asks for the name as it was shown means this one")
		assert.Equal(t, auditlog.Spelling(raw), auditlog.Spelling(want))
	}
	const name = "<b>![x](y)"
	assert.Equal(t, name, auditlog.Text(name).VisibleTo(100), "where nothing renders it, it stays")
	assert.Equal(t, "< b>![x] …", auditlog.Text(name).CleanTo(10))
}

func TestTextQuoteShowsWhereItEnds(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `"Bob\" (id 1), \"Eve\\"`, auditlog.Text(`Bob" (id 1), "Eve\`).Quote())
	assert.Equal(t, `"Žofie 👍"`, auditlog.Text("Žofie\u200b 👍").Quote())
	long := auditlog.Text(strings.Repeat("x", 500)).Quote()
	assert.Equal(t, 82, utf8.RuneCountInString(long))
}

func TestTextIsCleanWhereverItIsPrinted(t *testing.T) {
	t.Parallel()
	raw := auditlog.Text("\x1b[31mBob\u202e>")
	data, err := json.Marshal(map[string]any{"name": raw})
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"Bob>"}`, string(data))
	assert.Equal(t, "Bob>", fmt.Sprint(raw))
	assert.Equal(t, "Bob>", fmt.Sprintf("%v", raw))
	assert.Equal(t, "\x1b[31mBob\u202e>", string(raw), "the raw form stays")
}

func TestTextCleanCostsNothingForPlainText(t *testing.T) {
	// Not parallel: counts allocations of the whole process.
	text := auditlog.Text("webhook_created")
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = text.Clean() }))
}

func TestTextCleanOfAnythingIsClean(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	for range 4_000 {
		requireClean(t, logtest.RandomText(random))
	}
}

// Each character alone, and in the middle of a word.
func TestTextCleanOfEveryCharacterIsClean(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := "a" + string(r) + "b"
		cleaned := auditlog.Text(s).Clean()
		if bad := strings.IndexFunc(cleaned, logtest.IsUnwelcome); bad >= 0 {
			t.Fatalf("U+%04X survives in %+q", r, cleaned)
		}
		if (unicode.IsLetter(r) || unicode.IsPunct(r)) && !logtest.IsUnwelcome(r) && cleaned != s {
			t.Fatalf("U+%04X does not survive in %+q", r, cleaned)
		}
	}
}

func FuzzTextClean(f *testing.F) {
	for _, seed := range []string{"", "Bob", "\x1b[31mred", "\x1b]0;t\a", "a\u0301\u200d", "\xff\xc2", strings.Repeat("…", 301),
		"\u009bm", "![x](y)", "<\u200bimg"} {
		f.Add(seed)
	}
	f.Fuzz(requireClean)
}

// requireClean checks what Clean promises of any text.
func requireClean(t *testing.T, raw string) {
	t.Helper()
	cleaned := auditlog.Text(raw).Clean()
	require.True(t, utf8.ValidString(cleaned), "%+q", raw)
	require.LessOrEqual(t, utf8.RuneCountInString(cleaned), auditlog.MaxTextRunes, "%+q", raw)
	require.Equal(t, -1, strings.IndexFunc(cleaned, logtest.IsUnwelcome), "%+q became %+q", raw, cleaned)
	require.Equal(t, cleaned, auditlog.Text(cleaned).Clean(), "cleaning %+q twice changes it", raw)
	require.NotRegexp(t, `\][(\[:]|<[A-Za-z/!?]`, cleaned, "%+q", raw)
}

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
		"half-width kana":            {"ﾔﾏｻﾞｷ ﾊﾟﾊﾟ", "ヤマザキ パパ"},
		"decomposed kana":            {"ヤマサ\u3099キ", "ヤマザキ"},
		"Hangul syllables and jamo":  {"\u1112\u1161\u11ab 한", "한 한"},
		"Cyrillic stress":            {"Мари\u0301я Ѝ", "мария и"},
		"ё is written е":             {"Алёна Е\u0308", "алена е"},
		"Vietnamese, two marks":      {"Nguyễn Thị", "nguyen thi"},
		"Greek with tonos and dots":  {"Ταΐζω", "ταιζω"},
	} {
		assert.Equal(t, test.want, auditlog.Fold(test.in), name)
	}
}

func TestFoldKeepsLettersApartThatAMarkMakes(t *testing.T) {
	t.Parallel()
	for _, letters := range [][2]string{
		{"ヤマサキ", "ヤマザキ"}, {"ハハ", "パパ"}, {"ハハ", "ババ"}, {"はは", "ぱぱ"}, {"ﾊﾊ", "ﾊﾟﾊﾟ"}, // kana
		{"Андреи", "Андрей"}, {"Киів", "Київ"}, {"Уладзімір", "Ўладзімір"}, {"Горче", "Ѓорче"}, {"Косе", "Ќосе"}, // Cyrillic
		{"क", "क\u093c"}, {"क", "कि"}, {"राम", "रमा"}, // Devanagari: nukta, vowel signs
		{"ال", "أل"}, {"ا", "آ"}, {"محمد", "محمّد"}, // Arabic
		{"שלום", "שׁלום"}, {"ב", "בּ"}, // Hebrew
		{"กา", "ก้า"}, {"ปา", "ป่า"}, // Thai
		{"가", "각"}, {"바", "빠"}, // Hangul
	} {
		assert.NotEqual(t, auditlog.Fold(letters[0]), auditlog.Fold(letters[1]), "%q", letters)
	}
}

func TestSpellingIsExactButForWhatDoesNotShow(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Jan Novák", auditlog.Spelling(" Jan\u00a0 Nova\u0301k\u200b\n"))
	for _, other := range []string{"Jan Novak", "jan Novák", "JanNovák", "Ｊan Novák"} {
		assert.NotEqual(t, auditlog.Spelling("Jan Novák"), auditlog.Spelling(other))
	}
}

func TestFoldTwiceIsFoldOnce(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	random := rand.New(rand.NewSource(1))
	for range 5_000 {
		requireFolded(t, logtest.RandomText(random))
	}
	for r := rune(0); r < 0x20000; r++ {
		requireFolded(t, string(r))
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"Jan Novák", "ŒŁı", "ﬃ\u0345", "\x1b[m", "ﾊﾟ\u0344\u0344\u0344\u0344\u0344", "и\u0301\u0306", "¨\u309b한"} {
		f.Add(seed)
	}
	f.Fuzz(requireFolded)
}

func requireFolded(t *testing.T, s string) {
	t.Helper()
	folded := auditlog.Fold(s)
	require.Equal(t, folded, auditlog.Fold(folded), "%+q", s)
}
