package toolargs_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/toolargs"
	"make-audit-mcp/schemas"
)

func schemaOf[A any](t testing.TB) toolargs.Schema {
	t.Helper()
	schema, err := toolargs.Read(schemas.Schema[A]())
	require.NoError(t, err)
	return schema
}

// program is one whose flags are --archive FILE and --demo, and in which @FILE holds what stands behind the sign.
func program() toolargs.Program {
	flags := map[string]bool{"--archive": true, "--demo": false, "-o": true, "--timezone": true}
	return toolargs.Program{
		ReadSource: func(source string) ([]byte, error) {
			if source == "-" {
				return nil, errors.New("closed")
			}
			return []byte(source[1:]), nil
		},
		Flag: func(name string) (bool, bool) {
			takesValue, isKnown := flags[name]
			return isKnown, takesValue
		},
		Flags: []string{"--archive", "--demo"},
	}
}

func TestFlagsPairsAndJSONSayTheSame(t *testing.T) {
	t.Parallel()
	schema := schemaOf[schemas.CountAuditLogsArguments](t)
	const want = `{"from":"30d","group_by":["actor","event"]}`
	for _, line := range [][]string{
		{want},
		{"@" + want},
		{`"` + strings.ReplaceAll(want, `"`, `\"`) + `"`},
		{"--from", "30d", "--group-by", "actor", "--group-by", "event"},
		{"--from=30d", "--group_by=actor,event"},
		{"from=30d", "group-by=actor, event"},
		{"from=30d", `group_by=["actor","event"]`},
		{`{"from":"7d"}`, "--from", "30d", "--group-by", "actor", "group_by=event"},
		{"group_by=actor,event", `{"from":"30d","group_by":["team"]}`},
		{"--from", "30d", "--", "group_by=actor,event"},
	} {
		got, err := schema.Parse(line, program())
		require.NoError(t, err, line)
		assert.JSONEq(t, want, string(got), line)
	}
}

func TestValuesStayTextAsTheyWereTyped(t *testing.T) {
	t.Parallel()
	schema := schemaOf[schemas.CountAuditLogsArguments](t)
	for line, want := range map[string]string{
		"":                                     `{}`,
		"[]":                                   `{}`,
		`""`:                                   `{}`,
		"null":                                 `{}`,
		"target_id=0012":                       `{"target_id":"0012"}`,
		"actor=5001":                           `{"actor":["5001"]}`,
		"actor=Doe, Jane":                      `{"actor":["Doe","Jane"]}`,
		`actor=["Doe, Jane"]`:                  `{"actor":["Doe, Jane"]}`,
		"team=[1] Sales":                       `{"team":["[1] Sales"]}`,
		"limit=3":                              `{"limit":"3"}`,
		"--compare-to-previous":                `{"compare_to_previous":true}`,
		"--compare-to-previous=false":          `{"compare_to_previous":"false"}`,
		"compare_to_previous=true":             `{"compare_to_previous":"true"}`,
		"--from -7d":                           `{"from":"-7d"}`,
		`{"from":"7d","from":"8d"}`:            `{"from":"7d","from":"8d"}`,
		`{"organization_id":9007199254740993}`: `{"organization_id":9007199254740993}`,
		`{"organization_id":9007199254740993} from=7d`: `{"from":"7d","organization_id":9007199254740993}`,
	} {
		words := []string{line}
		if strings.HasPrefix(line, "--from") || strings.HasSuffix(line, "from=7d") {
			words = strings.Fields(line)
		}
		got, err := schema.Parse(words, program())
		require.NoError(t, err, line)
		assert.Equal(t, want, string(got), line)
	}
}

func TestWhatCannotBeMeantIsRefusedInWords(t *testing.T) {
	t.Parallel()
	schema := schemaOf[schemas.CountAuditLogsArguments](t)
	for line, want := range map[string]string{
		"--form 7d":                   "did you mean --from?",
		"form=7d":                     "did you mean --from?",
		"--archve x":                  "did you mean --archive?",
		"--from":                      "--from has no value; for example --from 7d",
		"--from --to":                 "--from has no value; for example --from 7d; if --to is the value: --from=--to",
		"--actor -x":                  "if -x is the value: --actor=-x",
		"--from=":                     "--from has an empty value; leave it out",
		"actor=,":                     `a value that holds a comma as ["a, b"]`,
		"actor=a,,b":                  "has an empty value",
		"actor=[]":                    "has an empty value",
		"from=7d to=8d from=9d":       "--from is given twice",
		"--compare-to-previous false": "--compare-to-previous takes its value behind a sign of equality: --compare-to-previous=false",
		"7d":                          `"7d" is neither --argument VALUE, nor argument=VALUE, nor a JSON object, @FILE or -; for example --from 7d`,
		"-x":                          "there is no flag \"-x\"",
		"{} {}":                       "JSON twice",
		"[1]":                         "no JSON object: this is a list of 1",
		`"x"`:                         `the text "x" holds none`,
		"{from:7d}":                   "or --from 7d",
		"@7":                          "this is 7",
		"-":                           "cannot read the arguments: closed",
		"--\x1b[31mgroup\u202e 7":     `there is no argument "group"`,
	} {
		_, err := schema.Parse(strings.Fields(line), program())
		require.ErrorContains(t, err, want, line)
		assert.NotContains(t, err.Error(), "\x1b", line)
	}
	none := schemaOf[schemas.ListOrganizationsArguments](t)
	_, err := none.Parse([]string{"--from", "7d"}, program())
	assert.ErrorContains(t, err, "this tool takes none")
	_, err = none.Parse([]string{"--archve", "x"}, program())
	assert.ErrorContains(t, err, "did you mean --archive?; this tool takes none")
	_, err = none.Parse([]string{"x"}, program())
	assert.ErrorContains(t, err, "this tool takes none")
}

func TestFlagsOfTheProgramArePartedFromTheTools(t *testing.T) {
	t.Parallel()
	schema := schemaOf[schemas.CountAuditLogsArguments](t)
	tools, programs := schema.Divide(strings.Fields(
		"--archive a.db --from --demo --demo from=7d -o csv --timezone UTC --compare-to-previous --archive=b.db --unknown x -- --demo"), program())
	assert.Equal(t, strings.Fields("--from --demo from=7d --timezone UTC --compare-to-previous --unknown x -- --demo"), tools)
	assert.Equal(t, strings.Fields("--archive a.db --demo -o csv --archive=b.db"), programs)

	none := schemaOf[schemas.ListOrganizationsArguments](t)
	_, programs = none.Divide([]string{"--timezone", "UTC"}, program())
	assert.Equal(t, []string{"--timezone", "UTC"}, programs, "the tool has no such argument")
}

func TestASchemaSaysWhatEachArgumentTakes(t *testing.T) {
	t.Parallel()
	schema := schemaOf[schemas.GetAuditLogArguments](t)
	uuid := schema.Find("uuid")
	require.NotNil(t, uuid)
	assert.True(t, uuid.IsRequired)
	assert.True(t, uuid.IsList)
	assert.Equal(t, "string", uuid.Type)
	schema = schemaOf[schemas.ListAuditLogsArguments](t)
	assert.Equal(t, "500", schema.Find("limit").Maximum)
	assert.Contains(t, schema.Find("sort-dir").Accepted, "asc")
	_, err := toolargs.Read([]byte("{"))
	assert.Error(t, err)
}

func TestWordsSayWhatTheObjectSays(t *testing.T) {
	t.Parallel()
	schema := schemaOf[schemas.CountAuditLogsArguments](t)
	for object, want := range map[string]string{
		`{"from":"30d","group_by":["actor","event"],"limit":3}`: "--from|30d|--group-by|actor,event|--limit|3",
		`{"compare_to_previous":true}`:                          "--compare-to-previous",
		`{"compare_to_previous":false}`:                         "--compare-to-previous=false",
		`{"team":["Sales, EMEA","x"],"from":"-7d"}`:             `--team|["Sales, EMEA","x"]|--from=-7d`,
	} {
		words, ok := schema.Words(json.RawMessage(object))
		assert.True(t, ok, object)
		assert.Equal(t, want, strings.Join(words, "|"))
	}
	for _, object := range []string{`{"x":1}`, `{"from":null}`, `{"from":["a","b"]}`, `{"team":[]}`, `{"team":[["a"]]}`} {
		_, ok := schema.Words(json.RawMessage(object))
		assert.False(t, ok, object)
	}
}

// FuzzParse holds that whatever is typed ends in an object or in clean words, and that the object typed again is the same call: as
// decoded by the tool.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"--from\n30d\n--group-by\nactor,event", "from=7d\nteam=[\"a, b\"]", "{\"limit\":3}\n--compare-to-previous", "--\nfrom=1", "@{}", "[]",
		"--actor=-1\n--actor\n,", "\"{}\"\nto=\u202e", "--compare-to-previous=no\n--team\n[1] x", "{\"from\":\" \"}",
	} {
		f.Add(line)
	}
	schema := schemaOf[schemas.CountAuditLogsArguments](f)
	decoder := schemas.NewArguments[schemas.CountAuditLogsArguments]()
	f.Fuzz(func(t *testing.T, line string) {
		object, err := schema.Parse(strings.Split(line, "\n"), program())
		if err != nil {
			assert.False(t, slices.ContainsFunc([]rune(err.Error()), func(r rune) bool { return r < ' ' || r == '\u202e' }), "%q", err)
			return
		}
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(object, &fields), "%s", object)
		words, ok := schema.Words(object)
		if !ok {
			return
		}
		again, err := schema.Parse(words, program())
		require.NoError(t, err, "%q", words)
		first, firstErr := decoder.Decode(object)
		second, secondErr := decoder.Decode(again)
		require.Equal(t, firstErr == nil, secondErr == nil, "%s and %s", object, again)
		if firstErr == nil {
			require.Equal(t, first, second)
		}
	})
}

// FuzzPairsAreTheJSON holds that a value given as a flag, as a pair and in JSON is one and the same to the tool.
func FuzzPairsAreTheJSON(f *testing.F) {
	f.Add("30d", "actor")
	f.Add("-7d", "Doe, Jane")
	f.Add("last week", "[1] x")
	f.Add("a=b", "\"")
	schema := schemaOf[schemas.CountAuditLogsArguments](f)
	decoder := schemas.NewArguments[schemas.CountAuditLogsArguments]()
	f.Fuzz(func(t *testing.T, from, actor string) {
		if strings.TrimSpace(from) == "" || strings.TrimSpace(actor) == "" {
			t.Skip("refused")
		}
		list, err := json.Marshal([]string{actor})
		require.NoError(t, err)
		object, err := json.Marshal(map[string]any{"from": from, "actor": []string{actor}})
		require.NoError(t, err)
		want, wantErr := decoder.Decode(json.RawMessage(object))
		for _, words := range [][]string{
			{"--from=" + from, "--actor=" + string(list)},
			{"from=" + from, "actor=" + string(list)},
			{"--actor", string(list), string(object[:0]), "--from=" + from},
		} {
			got, err := schema.Parse(words, program())
			require.NoError(t, err, "%q", words)
			decoded, decodedErr := decoder.Decode(got)
			require.Equal(t, wantErr, decodedErr, "%q", words)
			require.Equal(t, want, decoded, "%q", words)
		}
	})
}
