package sigma_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

// selecting returns the rule that one selection makes.
func selecting(t *testing.T, selection string) *sigma.Rule {
	t.Helper()
	set := load(t, ruleOf("selection:\n"+indented(selection)+"condition: selection"))
	require.Len(t, set.Rules, 1)
	return set.Rules[0]
}

// matches reports whether a selection describes a record.
func matches(t *testing.T, selection string, r record) bool {
	t.Helper()
	return selecting(t, selection).Matches(r)
}

func TestValuesAreComparedAsModifiersSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		selection string
		yes, no   []any // values of target; a missing one leaves the field out
	}{
		// Whole values, whatever their case.
		{`target: Invoices`, []any{"Invoices", "INVOICES", []any{"x", "invoices"}}, []any{"Invoices 2", "", nil, missing{}, []any{}}},
		{`target: [one, two]`, []any{"ONE", "two"}, []any{"three", "one two"}},
		{`target: 4625`, []any{4625, 4625.0, "4625", "4625.0", "46250e-1", []any{1, 4625}}, []any{46250, "04625", "x4625", true}},
		{`target: '4625'`, []any{4625, "4625"}, []any{"4625.0", "46255"}},
		{`target: 9007199254740993`, []any{int64(9007199254740993)}, []any{int64(9007199254740992), int64(9007199254740994)}},
		{`target: 0x17`, []any{23}, []any{"0x17"}},
		{`target: '0x17'`, []any{"0X17"}, []any{23}},
		{`target: true`, []any{true, "True"}, []any{false, 1}},
		{`target: 2026-01-02`, []any{"2026-01-02"}, []any{"2026-01-02T00:00:00Z"}},
		{`target: '%name%'`, []any{"%Name%"}, []any{"name"}},
		// Wildcards, and what takes their meaning away.
		{`target: prog?.exe`, []any{"progA.exe", "progé.exe", "PROG1.EXE"}, []any{"prog.exe", "progAB.exe"}},
		{`target: virus_V*.exe`, []any{"virus_V1.exe", "virus_V21.2.1.exe", "VIRUS_v.exe"}, []any{"virus.exe", "virus_V1.exe2"}},
		{`target: a\*b\?`, []any{"a*b?", "A*B?"}, []any{"axb?", "a*bx"}},
		{`target: C:\Temp`, []any{`C:\Temp`}, []any{`C:\\Temp`, "C:Temp"}},
		{`target: C:\\Temp`, []any{`C:\Temp`}, []any{`C:\\Temp`}},
		{`target: C:\\*`, []any{`C:\`, `C:\anything`}, []any{"C:*", "C:"}},
		{`target: C:\\\*`, []any{`C:\*`}, []any{`C:\x`}},
		{`target: \\\\host`, []any{`\\host`}, []any{`\host`, `\\\\host`}},
		{`target: \\\host`, []any{`\\host`}, []any{`\host`}},
		// Parts of values.
		{`target|contains: key`, []any{"key", "API KEYS"}, []any{"ke y", nil, missing{}}},
		{`target|startswith: key`, []any{"Keyring", "key"}, []any{"a key"}},
		{`target|endswith: key`, []any{"a KEY", "key"}, []any{"keys"}},
		{`target|startswith: 'C:\'`, []any{`C:\x`}, []any{"C:x", `C:*`}},
		{`target|endswith: '\*'`, []any{"a*"}, []any{"a"}},
		{`target|contains: a*c`, []any{"xabcx"}, []any{"xcax"}},
		{`target|contains: 46`, []any{4625, "x46"}, []any{64}},
		{"target|contains|all:\n    - one\n    - two", []any{"two one", []any{"one", "two"}}, []any{"one", []any{"one", "on"}}},
		{"target|all|startswith: [a, ab]", []any{"abc"}, []any{"acb"}},
		{`target|cased: Key`, []any{"Key"}, []any{"key", "KEY"}},
		{`target|contains|cased: Key*1`, []any{"a Key no 1"}, []any{"a key no 1"}},
		// Regular expressions find themselves anywhere, and go by case.
		{`target|re: ^(ab)+c{2,3}$`, []any{"abcc", "ababccc"}, []any{"abc", "ABCC", "xabcc", "abcc\n"}},
		{`target|re: b.d`, []any{"abcde"}, []any{"b\nd", "B-D"}},
		{`target|re|i: b.d`, []any{"aBcD"}, []any{"bd"}},
		{`target|re|s: b.d`, []any{"b\nd"}, []any{"B\nD"}},
		{`target|re|m: ^b$`, []any{"a\nb\nc"}, []any{"a b c"}},
		{`target|re|i|m|s: ^b.c`, []any{"a\nB\nC"}, []any{"aBC"}},
		{`target|re|all: ['[0-9]', '[a-z]']`, []any{"a1"}, []any{"a", "1"}},
		// Numbers.
		{`target|gt: 10`, []any{10.5, "11", []any{1, 12}}, []any{10, 9, "many", nil, missing{}, true, "1_000", "Inf", "0x20"}},
		{`target|gte: 10`, []any{10, "10.0"}, []any{9.99}},
		{`target|lt: -1.5`, []any{-2, "-1.6"}, []any{-1.5, 0, ""}},
		{`target|lte: 10`, []any{10, -1}, []any{11}},
		{`target|lt: [5, 10]`, []any{9}, []any{10}},
		// What is there, null, and empty.
		{`target|exists: true`, []any{"x", "", nil, []any{}}, []any{missing{}}},
		{`target|exists: false`, []any{missing{}}, []any{"", nil}},
		{`target: null`, []any{nil, missing{}, []any{}, []any{nil}}, []any{"", "null", 0}},
		{`target: ''`, []any{"", []any{"a", ""}}, []any{nil, missing{}, " "}},
		// Differences, of fields that are there.
		{`target|neq: [one, two]`, []any{"three", []any{"three", "four"}}, []any{"ONE", "two", []any{"three", "one"}, nil, missing{}}},
		{`target|neq: 5`, []any{6, "five"}, []any{5, "5.0"}},
		{`target|startswith|neq: a`, []any{"b"}, []any{"ab"}},
		{`target|re|neq: ^a`, []any{"b"}, []any{"a"}},
		// Other fields of the record; actor.name is Ann*.
		{`target|fieldref: actor.name`, []any{"ann*"}, []any{"Anna", "", nil, missing{}}},
		{`target|fieldref|cased: actor.name`, []any{"Ann*"}, []any{"ann*"}},
		{`target|fieldref|startswith: actor.name`, []any{"Ann*'s key"}, []any{"Anna's key"}},
		{`target|fieldref|endswith: actor.name`, []any{"key of ann*"}, []any{"ann* key"}},
		{`target|fieldref|contains: actor.name`, []any{"the ANN* key"}, []any{"the Ann key"}},
		{`target|fieldref|neq: actor.name`, []any{"Bob"}, []any{"Ann*", missing{}, nil}},
		{`target|fieldref|neq: details.none`, nil, []any{"Bob", missing{}}},
		{`target|fieldref: details.none`, nil, []any{"Bob", missing{}, nil, ""}},
		{`target|fieldref|all: [actor.name, actor.id]`, []any{[]any{"Ann*", "7"}}, []any{"Ann*"}},
	} {
		rule := selecting(t, c.selection)
		for _, value := range c.yes {
			assert.True(t, rule.Matches(withTarget(value)), "%s and %#v", c.selection, value)
		}
		for _, value := range c.no {
			assert.False(t, rule.Matches(withTarget(value)), "%s and %#v", c.selection, value)
		}
	}
}

type missing struct{}

func withTarget(value any) record {
	r := record{"event": "thing_done", "actor.name": "Ann*", "actor.id": 7}
	if value != (missing{}) {
		r["target"] = value
	}
	return r
}

func TestLettersAreOneWhateverTheirCaseButNeverAcrossScripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, text string
		want       bool
	}{
		{"größe", "GRÖßE", true},
		{"ключ", "КЛЮЧ", true},
		{"σελις", "ΣΕΛΙΣ", true},
		{"admin", "аdmin", false}, // The first letter is Cyrillic.
		{"info", "İnfo", false},   // What lower case makes of the dotted I.
		{"INFO", "ınfo", false},   // And upper case of the dotless one.
		{"strasse", "straße", false},
		{"cafe\u0301", "café", false}, // A mark of its own is another text.
		{"鍵?", "鍵匙", true},
		{"😀*", "😀", true},
	} {
		assert.Equal(t, c.want, matches(t, "target: "+c.rule, record{"target": c.text}), "%s and %s", c.rule, c.text)
	}
}

func TestSelectionsAreMapsOfWhichAllHoldOrListsOfWhichOneDoes(t *testing.T) {
	t.Parallel()
	const both = "event: key_created\ntarget|startswith: a"
	assert.True(t, matches(t, both, record{"event": "key_created", "target": "abc"}))
	assert.False(t, matches(t, both, record{"event": "key_created", "target": "bc"}))
	assert.False(t, matches(t, both, record{"event": "key_deleted", "target": "abc"}))

	const either = "- target|endswith: .exe\n- details.note|contains: test\n  verb: run"
	assert.True(t, matches(t, either, record{"target": "a.exe"}))
	assert.True(t, matches(t, either, record{"target": "b", "details.note": "a Test", "verb": "run"}))
	assert.False(t, matches(t, either, record{"target": "b", "details.note": "a Test", "verb": "walk"}))
}

func TestKeywordsAreFoundInWhateverTextOfTheRecord(t *testing.T) {
	t.Parallel()
	const words = "- evil service\n- 'run -n *bad'\n- 4711"
	assert.True(t, matches(t, words, record{"target": "an EVIL SERVICE here"}))
	assert.True(t, matches(t, words, record{"target": "x", "details.note": []any{"run -n very bad"}}))
	assert.True(t, matches(t, words, record{"team.id": 4711}))
	assert.False(t, matches(t, words, record{"target": "evil", "details.note": "service"}))

	const all = "'|all':\n    - one\n    - two"
	assert.True(t, matches(t, all, record{"target": "One", "details.note": "the two"}))
	assert.False(t, matches(t, all, record{"target": "One"}))
	assert.True(t, matches(t, "'|re': '[0-9]{3}'", record{"target": "a 123"}))
	assert.True(t, matches(t, "- word\n- event: key_created", record{"event": "key_created"}))
}

func TestConditionsBindAsTheSpecificationOrdersThem(t *testing.T) {
	t.Parallel()
	const found = `
sel_a: {target|contains: a}
sel_b: {target|contains: b}
filter_c: {target|contains: c}
_hidden: {target|contains: h}
`
	for _, c := range []struct {
		condition string
		yes, no   string // texts, by spaces
	}{
		{"sel_a or sel_b and filter_c", "a ab bc", "b c x"},
		{"(sel_a or sel_b) and filter_c", "ac bc", "a b c"},
		{"not sel_a and sel_b", "b bc", "ab x"},
		{"not (sel_a and sel_b)", "a b x", "ab"},
		{"not not sel_a", "a", "b"},
		{"not 1 of sel_* and filter_c", "c ch", "ac x"},
		{"1 of sel_*", "a b", "c h"},
		{"all of sel_*", "ab", "a b"},
		{"all of *_a", "a", "b"},
		{"all of s*_*", "ab", "a"},
		{"1 of them", "a b c", "h x"},
		{"all of them", "abc", "ab abh"},
		{"1 of sel_* and not 1 of filter_*", "a", "ac c"},
		{"sel_a OR Sel_b AND _hidden", "", ""},
		{"sel_a OR sel_b AND NOT _hidden", "a ah b", "bh"},
		{"[sel_a, sel_b and filter_c]", "a bc", "b c"},
		{"((((sel_a))))", "a", "b"},
	} {
		if c.yes == "" {
			assert.Contains(t, loadError(t, ruleOf(found+"condition: "+c.condition)), `"Sel_b", which the detection does not have; did you mean "sel_b"?`)
			continue
		}
		rule := load(t, ruleOf(found+"condition: "+c.condition)).Rules[0]
		for _, text := range strings.Fields(c.yes) {
			assert.True(t, rule.Matches(record{"target": text}), "%s and %s", c.condition, text)
		}
		for _, text := range strings.Fields(c.no) {
			assert.False(t, rule.Matches(record{"target": text}), "%s and %s", c.condition, text)
		}
	}
}

func TestTheExamplesOfNullAndEmptyHold(t *testing.T) {
	t.Parallel()
	rule := load(t, ruleOf(`
selection: {event: user_changed}
filter: {details.password_set: null}
condition: selection and not filter`)).Rules[0]
	assert.True(t, rule.Matches(record{"event": "user_changed", "details.password_set": "today"}))
	assert.False(t, rule.Matches(record{"event": "user_changed", "details.password_set": nil}))
	assert.False(t, rule.Matches(record{"event": "user_changed"}))

	rule = load(t, ruleOf(`
selection_main: {event: user_changed}
selection_empty1: {target: ''}
selection_empty2: {target: null}
condition: selection_main and 1 of selection_empty*`)).Rules[0]
	assert.True(t, rule.Matches(record{"event": "user_changed", "target": ""}))
	assert.True(t, rule.Matches(record{"event": "user_changed"}))
	assert.False(t, rule.Matches(record{"event": "user_changed", "target": "x"}))
}
