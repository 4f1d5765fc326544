package sigma_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

const wholeRule = `
title: Key created at night
id: 8f3f1a55-2a6b-4a48-9b8c-0d8f7f1b0c11
name: key_at_night
status: experimental
level: high
description: Detects keys that are created at night.
author: somebody
date: 2026-01-02
references: [https://example.com/a, https://example.com/b]
falsepositives: Night shifts
fields: [actor.name, details.key]
tags: [attack.t1098]
logsource: {product: make, service: audit}
next_step: Ask the actor.
tests:
    match: [{event: key_created, hour: 3}]
detection:
    selection: {event: key_created, hour|lt: 5}
    condition: selection
`

func TestARuleKeepsWhatItsAuthorWrote(t *testing.T) {
	t.Parallel()
	set, err := sigma.Load(sigma.Options{Fields: fields()}, files(map[string]string{"night/keys.yaml": "---\n" + wholeRule + "---\n"}))
	require.NoError(t, err)
	require.Len(t, set.Rules, 1)
	rule := set.Rules[0]
	assert.Equal(t, "Key created at night", rule.Title)
	assert.Equal(t, "8f3f1a55-2a6b-4a48-9b8c-0d8f7f1b0c11", rule.ID)
	assert.Equal(t, "key_at_night", rule.Name)
	assert.Equal(t, "experimental", rule.Status)
	assert.Equal(t, sigma.High, rule.Level)
	assert.Equal(t, "Detects keys that are created at night.", rule.Description)
	assert.Equal(t, "somebody", rule.Author)
	assert.Equal(t, []string{"https://example.com/a", "https://example.com/b"}, rule.References)
	assert.Equal(t, []string{"Night shifts"}, rule.FalsePositives)
	assert.Equal(t, []string{"actor.name", "details.key"}, rule.Fields)
	assert.Equal(t, []string{"attack.t1098"}, rule.Tags)
	assert.Equal(t, "Ask the actor.", rule.Custom["next_step"])
	assert.Equal(t, map[string]any{"product": "make", "service": "audit"}, rule.Custom["logsource"])
	assert.Equal(t, map[string]any{"match": []any{map[string]any{"event": "key_created", "hour": 3}}}, rule.Custom["tests"])
	assert.Len(t, rule.Custom, 4) // With the date.
	assert.Nil(t, rule.Correlation)
	assert.True(t, rule.Alerts)
	assert.Equal(t, "night/keys.yaml", rule.File)
	assert.Equal(t, 3, rule.Line)
	assert.True(t, rule.Matches(record{"event": "KEY_CREATED", "hour": 4}))
	assert.False(t, rule.Matches(record{"event": "key_created", "hour": 5}))
}

func TestRulesStandInTheOrderOfFilesAndDocuments(t *testing.T) {
	t.Parallel()
	named := func(name string) string {
		return fmt.Sprintf("title: %s\ndetection: {s: {event: e}, condition: s}\n", name)
	}
	tree := files(map[string]string{
		"b.yml": named("third") + "---\n" + named("fourth"), "a/z.yml": named("first"), "a.yaml": named("second"),
		// What is hidden is not read, as the copies that Kubernetes keeps of mounted files; nor what has another name.
		"..data/b.yml": named("no"), ".b.yml": named("no"), "readme.md": "no", "b.yml~": "no",
		"empty.yml": "# nothing\n---\n",
	})
	set, err := sigma.Load(sigma.Options{Fields: fields()}, tree)
	require.NoError(t, err)
	var titles []string
	for _, rule := range set.Rules {
		titles = append(titles, rule.Title)
	}
	assert.Equal(t, []string{"first", "second", "third", "fourth"}, titles)
}

func TestALaterLayersRuleTakesThePlaceOfTheOneWithItsID(t *testing.T) {
	t.Parallel()
	const simple = "title: %s\nid: %s\ndetection: {s: {event: e}, condition: s}\n"
	const counting = "---\ntitle: Many\ncorrelation: {type: event_count, rules: [one], group-by: [], timespan: 1h, condition: {gte: 2}}\n"
	below := files(map[string]string{"a.yml": fmt.Sprintf(simple, "Below", "one") + counting})
	above := files(map[string]string{"b.yml": fmt.Sprintf(simple, "Above", "one") + "---\n" + fmt.Sprintf(simple, "More", "two")})
	set, err := sigma.Load(sigma.Options{Fields: fields()}, below, above)
	require.NoError(t, err)
	require.Len(t, set.Rules, 3)
	assert.Equal(t, "Many", set.Rules[0].Title)
	assert.Equal(t, 0, set.Rules[0].Layer)
	assert.Equal(t, "Above", set.Rules[0].Correlation.Rules[0].Title)
	assert.Equal(t, "Above", set.Rules[1].Title)
	assert.Equal(t, 1, set.Rules[1].Layer)
	assert.Equal(t, "More", set.Rules[2].Title)
}

func TestOtherDocumentsGoToWhoAskedForThem(t *testing.T) {
	t.Parallel()
	tree := files(map[string]string{"quiet.yml": "suppress:\n    - {actor: 7, until: 2026-05-01}\n---\n" + wholeRule})
	set, err := sigma.Load(sigma.Options{Fields: fields(), Documents: []string{"suppress", "baseline"}}, tree)
	require.NoError(t, err)
	require.Len(t, set.Rules, 1)
	require.Len(t, set.Documents, 1)
	assert.Equal(t, "suppress", set.Documents[0].Name)
	assert.Equal(t, 1, set.Documents[0].Line)
	held, ok := set.Documents[0].Value.(map[string]any)["suppress"].([]any)
	require.True(t, ok)
	assert.Equal(t, 7, held[0].(map[string]any)["actor"])
}

func TestTextsAreBoundWhenTheyAreLoaded(t *testing.T) {
	t.Parallel()
	var asked []sigma.Term
	options := sigma.Options{Fields: fields(), Bind: func(term sigma.Term) ([]string, error) {
		assert.Equal(t, "A rule", term.Rule.Title)
		asked = append(asked, term)
		switch term.Value {
		case "creation":
			return []string{"key_created", "token_*"}, nil
		case "nonsense":
			return nil, errors.New(`no event is called "nonsense"; see the catalog`)
		}
		return []string{term.Value}, nil
	}}
	loaded := func(detection string) (*sigma.Set, error) {
		return sigma.Load(options, files(map[string]string{"r.yml": "detection:\n" + indented(detection) + "title: A rule\n"}))
	}
	set, err := loaded("s: {event: creation, target|startswith: a, hour: 3, details.x|re: b}\ncondition: s")
	require.NoError(t, err)
	require.Len(t, asked, 2)
	assert.Equal(t, sigma.Term{Rule: set.Rules[0], Field: "event", Modifiers: []string{}, Value: "creation"}, asked[0])
	assert.Equal(t, sigma.Term{Rule: set.Rules[0], Field: "target", Modifiers: []string{"startswith"}, Value: "a"}, asked[1])
	for event, want := range map[string]bool{"key_created": true, "token_used": true, "creation": false} {
		assert.Equal(t, want, set.Rules[0].Matches(record{"event": event, "target": "abc", "hour": 3, "details.x": "b"}), event)
	}
	_, err = loaded("s:\n    event:\n        - creation\n        - nonsense\ncondition: s")
	assert.EqualError(t, err, `r.yml:5: no event is called "nonsense"; see the catalog`)
}

func TestWhatIsWrongIsToldWithFileAndLineAllAtOnce(t *testing.T) {
	t.Parallel()
	tree := files(map[string]string{
		"a.yml": "title: A\nlevel: hi\ndetection:\n    s:\n        evnt: x\n        target|contain: y\n    condition: s and t\n",
		"b.yml": "title: B\ndetection: {s: [}\n",
		"c.yml": "detection: {s: {event: e}, condition: s}\n---\ntitle: C\n",
	})
	_, err := sigma.Load(sigma.Options{Fields: fields()}, tree)
	require.Error(t, err)
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var told []string
	for _, one := range joined.Unwrap() {
		var fault *sigma.Error
		require.ErrorAs(t, one, &fault)
		assert.NotEmpty(t, fault.Problem)
		told = append(told, strings.SplitN(one.Error(), ";", 2)[0])
	}
	assert.Equal(t, []string{
		`a.yml:2: level "hi" is unknown`,
		`a.yml:5: the field "evnt" is unknown`,
		`a.yml:6: "target|contain": the modifier "contain" is unknown`,
		`a.yml:7: the condition speaks of "t", which the detection does not have`,
		`b.yml:1: about here it is not YAML: did not find expected node content`,
		`c.yml:1: the rule has no title`,
		`c.yml:3: a rule needs a detection or a correlation, and not both in one document, as in detection: {selection: {field: value}, condition: selection}`,
	}, told)
	assert.Contains(t, err.Error(), `did you mean "event"? accepted: event, verb, object`)
	assert.Contains(t, err.Error(), `did you mean "contains"? accepted: contains, startswith`)
}

func TestWhatARuleCannotSayIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"- a\n- b":                                                            "rules.yml:1: a rule is a map",
		"title: A\nselection: {event: x}":                                     "rules.yml:1: a rule needs a detection or a correlation",
		"title: [a]":                                                          "rules.yml:1: title needs one text",
		"title: A\ntags: [[a]]":                                               "rules.yml:2: tags needs a list of texts",
		"title: A\nstatus: stabel":                                            `rules.yml:2: status "stabel" is unknown; did you mean "stable"?`,
		"title: A\nfields: [actr.name]":                                       `rules.yml:2: the field "actr.name" is unknown; did you mean "actor.name"?`,
		"title: A\nfilter: {rules: [x]}":                                      "rules.yml:2: Sigma filters are not supported here",
		"title: A\ntitle: B":                                                  `rules.yml:2: "title" stands twice`,
		"title: A\ndetection: []":                                             "rules.yml:2: detection needs a map",
		"title: A\n1: {? [a] : b}":                                            "a map needs texts for names",
		"title: A\ncustom: !!binary aGk=":                                     "rules.yml:2: the type !!binary is not supported here",
		"title: A\ncustom: !go x":                                             "rules.yml:2: the type !go is not supported here",
		"title: A\na: &a {x: 1}\nb: {<<: *a}":                                 "a map needs texts for names",
		"title: \"" + strings.Repeat("ä", 257) + `"`:                          "rules.yml:1: the title is longer than 256 characters",
		ruleOf("s: {event: e}"):                                               "rules.yml:3: the detection has no condition; add one, as in condition: s",
		ruleOf("s: {event: e}\ncondition: {}"):                                "a condition is a text",
		ruleOf("s: {event: e}\ncondition: ''"):                                "a condition is a text",
		ruleOf("s: {event: e}\ncondition: [~]"):                               "a condition is a text",
		ruleOf("s: word\ncondition: s"):                                       "rules.yml:3: s is empty or no list and no map",
		ruleOf("s: {}\ncondition: s"):                                         "rules.yml:3: s is empty or no list and no map",
		ruleOf("s: []\ncondition: s"):                                         "rules.yml:3: s is empty or no list and no map",
		ruleOf("s: {event: []}\ncondition: s"):                                `"event" has no values`,
		ruleOf("s: {event: {a: b}}\ncondition: s"):                            "needs a value or a list of values",
		ruleOf("s: {event: [a, ~]}\ncondition: s"):                            "null stands alone",
		ruleOf("s: {event|cased: ~}\ncondition: s"):                           "null stands alone",
		ruleOf("s: [a, ~]\ncondition: s"):                                     "null stands alone",
		ruleOf("s: {'': a}\ncondition: s"):                                    `"" has no field; write field: value`,
		ruleOf("s: {'|exists': true}\ncondition: s"):                          `"|exists" has no field; write field: value`,
		ruleOf("s: {'|startswith': a}\ncondition: s"):                         `"|startswith" has no field`,
		ruleOf("s: {details: a}\ncondition: s"):                               `the field "details" is unknown`,
		ruleOf("s: {details.: a}\ncondition: s"):                              `the field "details." is unknown`,
		ruleOf("s: {target|fieldref: actor}\ncondition: s"):                   `the field "actor" is unknown`,
		ruleOf("s: {event|all: a}\ncondition: s"):                             "has one value, and all needs several",
		ruleOf("s: {event|exists: 1}\ncondition: s"):                          "event|exists needs true or false",
		ruleOf("s: {hour|gt: late}\ncondition: s"):                            `hour needs a decimal number, as in hour|gt: 100; "late" is none`,
		ruleOf("s: {hour|gt: .inf}\ncondition: s"):                            `".inf" is none`,
		ruleOf("s: {event: " + strings.Repeat("a", 2001) + "}\ncondition: s"): "the value is longer than 2000 bytes",
	} {
		assert.Contains(t, loadError(t, text), want, "%.100s", text)
	}
}

func TestModifiersThatAreNotSupportedAreRefusedByName(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields("windash base64 base64offset utf16 utf16le utf16be wide cidr expand minute hour day week month year") {
		assert.Contains(t, loadError(t, ruleOf("s: {target|"+name+": x}\ncondition: s")),
			fmt.Sprintf("the modifier %q is not supported here; accepted: contains", name))
	}
	for given, want := range map[string]string{
		"startwith":         `the modifier "startwith" is unknown; did you mean "startswith"?`,
		"":                  `the modifier "" is unknown`,
		"i":                 `the modifier "i" stands behind re alone, as in field|re|i`,
		"re|contains":       `the modifier "contains" cannot go with "re"; accepted with it: i, m, s, all, neq`,
		"re|cased":          `the modifier "cased" cannot go with "re"`,
		"gt|lt":             `the modifier "lt" cannot go with "gt"; accepted with it: none`,
		"exists|neq":        `the modifier "neq" cannot go with "exists"`,
		"contains|endswith": `the modifier "endswith" cannot go with "contains"; for both ends write the value with a *`,
		"cased|cased":       `the modifier "cased" stands twice`,
	} {
		assert.Contains(t, loadError(t, ruleOf("s: {target|"+given+": x}\ncondition: s")), want)
	}
}

func TestConditionsThatCannotBeReadAreRefused(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]string{
		"s and":                         "lacks a search identifier; accepted: s, _h",
		"and s":                         "lacks a search identifier",
		"s s":                           `goes on with "s" where and, or or its end is expected`,
		"(s":                            "has a ( without its )",
		"s)":                            `goes on with ")"`,
		"()":                            "lacks a search identifier",
		"2 of s*":                       `has "2" before of; accepted: 1, all`,
		"any of s*":                     `has "any" before of; accepted: 1, all`,
		"1 of":                          "ends behind of",
		"1 of x*":                       `finds no search identifier in "x*" (those that begin with _ are left out); there are: s, _h`,
		"1 of _*":                       `finds no search identifier in "_*"`,
		"'s | count() by actor.id > 5'": "write a correlation rule",
		strings.Repeat("(", 51) + "s" + strings.Repeat(")", 51): "is nested too deep; at most 50",
		strings.Repeat("not ", 51) + "s":                        "is nested too deep",
		strings.Repeat("s or ", 2001) + "s":                     "is longer than 10000 characters",
	} {
		assert.Contains(t, loadError(t, ruleOf("s: {event: e}\n_h: {event: f}\ncondition: "+condition)), want, "%.60s", condition)
	}
}

func TestARuleThatMatchesEverythingIsRefused(t *testing.T) {
	t.Parallel()
	const says = "the rule matches everything"
	for _, selection := range []string{
		"{event: '*'}", "{event: '**', target: '*'}", "{event: [x, '*']}", "{event|contains: ''}", "{event|re: '.*'}", "{event|re: ''}",
		"{event|re: '^(x)?'}", "[{event: x}, {target: '*'}]", "['*']", "{event|contains|all: ['', '*']}",
	} {
		assert.Contains(t, loadError(t, ruleOf("s: "+selection+"\ncondition: s")), says, selection)
	}
	assert.Contains(t, loadError(t, ruleOf("s: {event: x}\nany: {event: '*'}\ncondition: [s, s or any]")), says)
	assert.Contains(t, loadError(t, ruleOf("s: {event|neq: '*'}\ncondition: not s")), says)
	// These say something.
	for _, detection := range []string{
		"s: {event: '*', target: x}\ncondition: s",
		"s: {event: '?*'}\ncondition: s",
		"s: {event: x}\nfilter: {target: '*'}\ncondition: s and not filter",
		"s: {event|exists: true}\ncondition: s",
		"s: {event|re: '^x*$'}\ncondition: s",
		`s: {event: '\*'}` + "\ncondition: s",
	} {
		assert.Len(t, load(t, ruleOf(detection)).Rules, 1, detection)
	}
}

func TestRegularExpressionsAreBounded(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"(":                       "missing closing )",
		"a(?=b)":                  "look-around and the like are not supported here",
		`(a)\1`:                   "invalid escape sequence",
		"(abcdefghij){1000}":      "too large with its repetitions written out (at most 5000 characters, and 500000 in all rules together)",
		"(a{100}){100}":           "invalid repeat count",
		"(((a{10}){10}){10}){10}": "",
		"x{1001}":                 "invalid repeat count",
		strings.Repeat("(", 1500): "",
	} {
		assert.Contains(t, loadError(t, ruleOf("s: {target|re: '"+expression+"'}\ncondition: s")), "the regular expression of target is refused: ")
		assert.Contains(t, loadError(t, ruleOf("s: {target|re: '"+expression+"'}\ncondition: s")), want)
	}
	assert.Len(t, load(t, ruleOf(`s: {target|re: '^(\pL{2,64}|[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12})$'}`+"\ncondition: s")).Rules, 1)
}

func TestWhatMultipliesOrIsTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	laughs := "title: A\na: &a [x, x]\n"
	for letter := 'b'; letter < 'z'; letter++ {
		laughs += fmt.Sprintf("%c: &%c [*%c, *%c, *%c]\n", letter, letter, letter-1, letter-1, letter-1)
	}
	assert.Equal(t, "rules.yml:3: the alias *a is not supported here; write out what it stands for", loadError(t, laughs))
	assert.Contains(t, loadError(t, "title: A\na: &a [*a]"), "the alias *a is not supported here")
	assert.Contains(t, loadError(t, "title: A\na: "+strings.Repeat("[", 30)+strings.Repeat("]", 30)), "is nested too deep; at most 20")
	assert.Contains(t, loadError(t, strings.Repeat("[", 20_000)), "about here it is not YAML: exceeded max depth")
	assert.Contains(t, loadError(t, "title: "+strings.Repeat("x", 256<<10)), "rules.yml: is larger than 262144 bytes; split it")
	assert.Contains(t, loadError(t, strings.Repeat("---\n"+ruleOf("s: {event: e}\ncondition: s"), 2001)), "is one document too many; at most 2000")
	assert.LessOrEqual(t, strings.Count(loadError(t, strings.Repeat("---\n{}\n", 300)), "\n"), 100)

	identifiers := ""
	for i := range 201 {
		identifiers += fmt.Sprintf("s%d: {event: e}\n", i)
	}
	assert.Contains(t, loadError(t, ruleOf(identifiers+"condition: 1 of them")), "the detection has more than 200 search identifiers")
	conditions := strings.Repeat("    - 1 of them\n", 1200)
	assert.Contains(t, loadError(t, ruleOf("s: {event: e}\ncondition:\n"+conditions)), "the condition is longer than 10000 characters")
	expressions := strings.Repeat("    - x{999}\n", 600)
	assert.Contains(t, loadError(t, ruleOf("s:\n  target|re:\n"+expressions+"condition: s")), "and 500000 in all rules together")

	many := map[string]string{}
	for i := range 1001 {
		many[fmt.Sprintf("%04d.yml", i)] = ""
	}
	_, err := sigma.Load(sigma.Options{}, files(many))
	assert.ErrorContains(t, err, "1000.yml: is one file too many; at most 1000")
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	_, err := sigma.Load(sigma.Options{}, fstest.MapFS{"pipe.yml": &fstest.MapFile{Mode: fs.ModeNamedPipe}})
	assert.EqualError(t, err, "pipe.yml: is no ordinary file; rules are read from files named *.yml or *.yaml")
	_, err = sigma.Load(sigma.Options{}, fstest.MapFS{"sub": &fstest.MapFile{Mode: fs.ModeDir}, "folder.yml": &fstest.MapFile{Mode: fs.ModeDir}})
	assert.NoError(t, err)
	missing, err := fs.Sub(fstest.MapFS{}, "missing")
	require.NoError(t, err)
	_, err = sigma.Load(sigma.Options{}, missing)
	assert.ErrorContains(t, err, "cannot be read: ")
}

// pipes are files of rules, one of which is a pipe: opening it would wait for somebody who writes.
type pipes struct {
	fstest.MapFS
	t *testing.T
}

func (p pipes) Open(name string) (fs.File, error) {
	assert.NotEqual(p.t, "pipe.yml", name, "it must not be opened")
	return p.MapFS.Open(name)
}

func TestAPipeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	_, err := sigma.Load(sigma.Options{}, pipes{fstest.MapFS{"pipe.yml": {Mode: fs.ModeNamedPipe}}, t})
	require.EqualError(t, err, "pipe.yml: is no ordinary file; rules are read from files named *.yml or *.yaml")
}
