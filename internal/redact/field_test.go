package redact_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/redact"
)

func TestFieldsOfDetailsAreWhatDetailsShows(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		`{"a":1,"b":{"c":"x","d":{}},"e":[1,{"f":2}]}`:     {"a=1", `b.c="x"`, "b.d={}", `e=[1,{"f":2}]`},
		`{"apiKey":"s3cr3t","n":{"token":{"deep":"s"}}}`:   {`apiKey="[masked]"`, `n.token="[masked]"`},
		`{"header":{"name":"X-Api-Key","value":"s3cr3t"}}`: {`header.name="X-Api-Key"`, `header.value="[masked]"`},
		`{"headers":{"Bearer abcdefgh":1}}`:                {`headers.[masked]="[masked]"`},
		`{"a.b":1,"a":{"b":2}}`:                            {"a.b=1", "a.b (2)=2"},
		`{"x\u202ey":"\u200bz"}`:                           {`xy="z"`},
		`[1]`:                                              nil,
		`"x"`:                                              nil,
		`{"a":`:                                            nil,
		``:                                                 nil,
		`{}`:                                               nil,
	} {
		var got []string
		for _, field := range redact.Fields(json.RawMessage(raw), "webhook_updated") {
			got = append(got, field.Path+"="+string(field.Shown))
		}
		assert.Equal(t, want, got, raw)
	}
	values := redact.Fields(json.RawMessage(`{"value":"a","name":"B"}`), "team_variable_updated")
	assert.JSONEq(t, `"[masked]"`, string(values[0].Shown))
	assert.Equal(t, `"a"`, string(values[0].Raw), "to tell that it changed")
}

func TestFieldsOfHugeDetailsAreBounded(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"a long text":  `{"a":"` + strings.Repeat("é", 10_000) + `"}`,
		"a long list":  `{"a":[` + strings.Repeat(`"x",`, 10_000) + `1]}`,
		"a long key":   `{"` + strings.Repeat("k", 10_000) + `":1}`,
		"many objects": `{"a":{` + strings.TrimSuffix(strings.Repeat(`"b":{"c":{"d":1}},`, 3_000), ",") + `}}`,
		"great depth":  strings.Repeat(`{"a":`, 5_000) + `1` + strings.Repeat(`}`, 5_000),
	} {
		fields := redact.Fields(json.RawMessage(raw), "webhook_updated")
		require.NotEmpty(t, fields, name)
		assert.LessOrEqual(t, len(fields), 500, name)
		for _, field := range fields {
			assert.LessOrEqual(t, utf8.RuneCountInString(field.Path), 420, name)
			assert.LessOrEqual(t, utf8.RuneCount(field.Shown), 420, name)
			assert.True(t, json.Valid(field.Shown), name)
			assert.True(t, json.Valid(field.Raw), name)
		}
	}
}
