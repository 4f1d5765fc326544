package schemas_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/schemas"
	"make-audit-mcp/schemas/describe"
)

type searchArguments struct {
	OrganizationID int64    `json:"organization_id,omitempty" jsonschema:"minimum=1"`
	Team           []string `json:"team,omitempty" jsonschema:"maxItems=3,maxLength=20"`
	Actor          string   `json:"actor,omitempty"`
	TargetID       string   `json:"target_id,omitempty"`
	Limit          int      `json:"limit,omitempty" jsonschema:"minimum=1,maximum=500"`
	SortBy         string   `json:"sort_by,omitempty" jsonschema:"enum=triggered_at,enum=actorName"`
	GroupBy        []string `json:"group_by,omitempty" jsonschema:"maxItems=2,enum=actor,enum=hour_of_day"`
	Compare        *bool    `json:"compare,omitempty"`
	Days           []int    `json:"days,omitempty" jsonschema:"minimum=1,maximum=7"`
	Cursor         string   `json:"cursor,omitempty" jsonschema:"maxLength=5000"`
}

type none struct{}

// argumentsOf reads arguments of a struct that has no generated schema.
func argumentsOf[A any]() *schemas.Arguments[A] {
	return schemas.NewArgumentsBy[A](describe.Input(reflect.TypeFor[A]()))
}

// decode reads JSON text as mcp-go hands it over in GetRawArguments.
func decode(text string) (searchArguments, error) {
	return argumentsOf[searchArguments]().Decode(json.RawMessage(text))
}

func problemsOf(t *testing.T, err error) []schemas.Problem {
	t.Helper()
	var refused *schemas.ArgumentError
	require.ErrorAs(t, err, &refused)
	return refused.Problems
}

func TestPlainMeaningIsCoerced(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for text, want := range map[string]searchArguments{
		`{}`:                                            {},
		`null`:                                          {},
		``:                                              {},
		`{"limit":42}`:                                  {Limit: 42},
		`{"limit":"42"}`:                                {Limit: 42},
		`{"limit":" 42 "}`:                              {Limit: 42},
		`{"limit":42.0}`:                                {Limit: 42},
		`{"limit":"042"}`:                               {Limit: 42},
		`{"limit":4.2e1}`:                               {Limit: 42},
		`{"limit":[42]}`:                                {Limit: 42},
		`{"organization_id":9007199254740993}`:          {OrganizationID: 9007199254740993},
		`{"organization_id":"9007199254740993"}`:        {OrganizationID: 9007199254740993},
		`{"target_id":12345678901}`:                     {TargetID: "12345678901"},
		`{"target_id":9007199254740993}`:                {TargetID: "9007199254740993"},
		`{"target_id":1.2345678901e10}`:                 {TargetID: "12345678901"},
		`{"target_id":42.0}`:                            {TargetID: "42"},
		`{"target_id":1.5}`:                             {TargetID: "1.5"},
		`{"target_id":-0}`:                              {TargetID: "0"},
		`{"target_id":"007"}`:                           {TargetID: "007"},
		`{"target_id":["x"]}`:                           {TargetID: "x"},
		`{"actor":"  Bob  Smith "}`:                     {Actor: "Bob  Smith"},
		`{"actor":"[Bob]"}`:                             {Actor: "[Bob]"},
		`{"compare":true}`:                              {Compare: &yes},
		`{"compare":"true"}`:                            {Compare: &yes},
		`{"compare":" False "}`:                         {Compare: &no},
		`{"team":"Sales"}`:                              {Team: []string{"Sales"}},
		`{"team":7}`:                                    {Team: []string{"7"}},
		`{"team":[7,"a"]}`:                              {Team: []string{"7", "a"}},
		`{"team":"[\"a\",\"b\"]"}`:                      {Team: []string{"a", "b"}},
		`{"team":" [12345678901234567] "}`:              {Team: []string{"12345678901234567"}},
		`{"team":"[1] Sales"}`:                          {Team: []string{"[1] Sales"}},
		`{"team":"[Sales, Ops]"}`:                       {Team: []string{"[Sales, Ops]"}},
		`{"team":"Sales, Ops"}`:                         {Team: []string{"Sales, Ops"}},
		`{"sort_by":"TRIGGERED-AT"}`:                    {SortBy: "triggered_at"},
		`{"sort_by":"triggered at"}`:                    {SortBy: "triggered_at"},
		`{"sort_by":"actorname"}`:                       {SortBy: "actorName"},
		`{"group_by":"Hour-Of-Day"}`:                    {GroupBy: []string{"hour_of_day"}},
		`{"group_by":["ACTOR","hour of day"]}`:          {GroupBy: []string{"actor", "hour_of_day"}},
		`{"days":["1",2.0]}`:                            {Days: []int{1, 2}},
		`{"cursor":"` + strings.Repeat("c", 900) + `"}`: {Cursor: strings.Repeat("c", 900)},
		`{"team":"` + strings.Repeat("é", 20) + `"}`:    {Team: []string{strings.Repeat("é", 20)}},
	} {
		got, err := decode(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, got, text)
		}
	}
}

func TestNothingCountsAsAbsent(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"limit":null}`, `{"limit":""}`, `{"limit":"  "}`, `{"actor":""}`, `{"actor":[]}`, `{"team":[]}`,
		`{"team":null}`, `{"team":""}`, `{"team":"[]"}`, `{"days":[]}`, `{"compare":""}`, `{"sort_by":""}`,
	} {
		got, err := decode(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, searchArguments{}, got, text)
		}
	}
}

func TestProblemsSayWhatIsWrongWhatIsAcceptedAndAnExample(t *testing.T) {
	t.Parallel()
	const (
		number = `; accepted: a whole number from 1 to 500; for example 1`
		text   = `; accepted: text of at most 200 characters; for example "some text"`
		teams  = `; accepted: a list of up to 3, each text of at most 20 characters; for example ["some text"]`
	)
	for sent, want := range map[string]string{
		`{"limit":"many"}`:           `limit: "many" is not a number that can be used` + number,
		`{"limit":1.5}`:              `limit: 1.5 is not a whole number` + number,
		`{"limit":0}`:                `limit: 0 is too small` + number,
		`{"limit":501}`:              `limit: 501 is too large` + number,
		`{"limit":true}`:             `limit: true is not a number that can be used` + number,
		`{"limit":[1,2]}`:            `limit: a list of 2 is not a number that can be used` + number,
		`{"limit":[null]}`:           `limit: null is not a number that can be used` + number,
		`{"limit":"1/2"}`:            `limit: "1/2" is not a number that can be used` + number,
		`{"limit":"0x10"}`:           `limit: "0x10" is not a number that can be used` + number,
		`{"limit":1e999999999}`:      `limit: 1e999999999 is not a number that can be used` + number,
		`{"organization_id":-1}`:     `organization_id: -1 is too small; accepted: a whole number from 1; for example 1`,
		`{"organization_id":1e30}`:   `organization_id: number 1000000000000000000000000000000 does not fit; send a smaller value`,
		`{"compare":"yes"}`:          `compare: "yes" is neither true nor false; accepted: true or false; for example true`,
		`{"compare":1}`:              `compare: 1 is neither true nor false; accepted: true or false; for example true`,
		`{"actor":{"id":1}}`:         `actor: an object is not text` + text,
		`{"actor":["a","b"]}`:        `actor: a list of 2 is not text` + text,
		`{"actor":true}`:             `actor: true is not text` + text,
		`{"sort_by":"date"}`:         `sort_by: "date" is not one of them; accepted: one of triggered_at, actorName; for example "triggered_at"`,
		`{"team":["a","b","c","d"]}`: `team: has 4 values` + teams,
		`{"team":["a",""]}`:          `team: value 2: an empty text` + teams,
		`{"team":["a",null]}`:        `team: value 2: null is not text` + teams,
		`{"team":[["a"]]}`:           `team: a list of 1 is not text` + teams,
		`{"days":[1,8]}`: `days: value 2: 8 is too large` +
			`; accepted: a list of up to 100, each a whole number from 1 to 7; for example [1]`,
		`{"limit":"1e5e5"}`:    `limit: "1e5e5" is not a number that can be used` + number,
		`{"limit":"Infinity"}`: `limit: "Infinity" is not a number that can be used` + number,
		`{"limit":"1_000"}`:    `limit: "1_000" is not a number that can be used` + number,
		`{"limit":1e20}`:       `limit: 1e20 is too large` + number,
		`{"target_id":1e41}`:   `target_id: 1e41 is too long for a number; send it as text` + text,
		`{"team":{}}`:          `team: an object is not text` + teams,
		`{"group_by":["actor","x"]}`: `group_by: value 2: "x" is not one of them` +
			`; accepted: a list of up to 2, each one of actor, hour_of_day; for example ["actor"]`,
		`{"actor":"` + strings.Repeat("é", 501) +
			`"}`: `actor: has 501 characters` + text,
	} {
		_, err := decode(sent)
		if assert.Error(t, err, sent) {
			assert.Equal(t, "cannot use the arguments: "+want, err.Error(), sent)
		}
	}
}

func TestEveryProblemIsCollected(t *testing.T) {
	t.Parallel()
	into, err := argumentsOf[searchArguments]().Decode(
		map[string]any{"limit": "x", "sort_by": "y", "teams": "Sales", "group_by": []any{"a", "actor", "b"}})
	problems := problemsOf(t, err)
	names := make([]string, 0, len(problems))
	for _, problem := range problems {
		names = append(names, problem.Argument)
	}
	assert.Equal(t, []string{"limit", "sort_by", "group_by", `"teams"`}, names)
	assert.True(t, strings.HasPrefix(err.Error(), "cannot use the arguments, 4 problems:\n- limit: "), err.Error())
	assert.Zero(t, into, "nothing is stored from arguments that are refused")
}

func TestUnknownArgumentsAreRefusedWithTheNearestName(t *testing.T) {
	t.Parallel()
	_, err := decode(`{"limt":5}`)
	require.Error(t, err)
	assert.Equal(t, `cannot use the arguments: "limt": unknown argument; did you mean limit?; accepted: organization_id, `+
		`team, actor, target_id, limit, sort_by, group_by, compare, days, cursor`, err.Error())

	_, err = decode(`{"Ωmega":5}`)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "did you mean")

	_, err = argumentsOf[none]().Decode(map[string]any{"x": 1})
	require.Error(t, err)
	assert.Equal(t, `cannot use the arguments: "x": unknown argument; this tool takes none: leave it out`, err.Error())
}

func TestWhatKnownClientsPutAmongTheArgumentsIsDroppedAndSaid(t *testing.T) {
	t.Parallel()
	const says = "left out of the arguments, since clients add these on their own and no tool here has them: "
	for sent, want := range map[string]string{
		`{"limit":5,"toolCallId":"call_1","tool":"count_audit_logs"}`:                               `"tool" (n8n), "toolCallId" (n8n)`,
		`{"limit":"5","sessionId":"a","action":"sendMessage","chatInput":"who?","toolCallId":null}`: `"action" (n8n), "chatInput" (n8n), "sessionId" (n8n), "toolCallId" (n8n)`,
		`{"limit":5,"task_progress":"- [x] count"}`:                                                 `"task_progress" (Cline)`,
		`{"limit":5,"wait_for_previous":true}`:                                                      `"wait_for_previous" (Gemini CLI)`,
		`{"limit":5,"_meta":{"progressToken":1}}`:                                                   `"_meta" (LangChain)`,
		`{"limit":5,"random_string":"x"}`:                                                           `"random_string" (Cursor)`,
		`{"limit":5,"_placeholder":true}`:                                                           `"_placeholder" (OpenCode)`,
		`{"limit":5,"_sessionID":"20260624"}`:                                                       `"_sessionID" (SiYuan)`,
	} {
		got, warning, err := argumentsOf[searchArguments]().DecodeCall(json.RawMessage(sent))
		if assert.NoError(t, err, sent) {
			assert.Equal(t, searchArguments{Limit: 5}, got, sent)
			assert.Equal(t, says+want, warning, sent)
		}
		_, err = decode(sent)
		require.Error(t, err, "what has no place for a warning refuses it")
	}
	_, warning, err := argumentsOf[none]().DecodeCall(json.RawMessage(`{"random_string":"x"}`))
	require.NoError(t, err)
	assert.Equal(t, says+`"random_string" (Cursor)`, warning)
}

func TestANumberThatDoesNotFitIsNamedAsCallersCallIt(t *testing.T) {
	t.Parallel()
	_, err := schemas.NewArguments[schemas.CountAuditLogsArguments]().Decode(json.RawMessage(`{"organization_id":1e30}`))
	require.EqualError(t, err,
		"cannot use the arguments: organization_id: number 1000000000000000000000000000000 does not fit; send a smaller value")
}

func TestWhatMayBeMeantIsNotTakenForAClientsOwn(t *testing.T) {
	t.Parallel()
	type tool struct {
		Tool   string `json:"tool,omitempty"`
		Action string `json:"action,omitempty"`
	}
	got, warning, err := argumentsOf[tool]().DecodeCall(json.RawMessage(`{"tool":"drill","action":"sendMessage"}`))
	require.NoError(t, err)
	assert.Equal(t, tool{"drill", "sendMessage"}, got, "what a tool has counts")
	assert.Empty(t, warning)
	for _, sent := range []string{`{"action":"deleted"}`, `{"Tool":"x"}`, `{"toolCallID":"x"}`, `{"user":"x"}`, `{"query":"x"}`, `{"session":"x"}`} {
		_, _, err := argumentsOf[searchArguments]().DecodeCall(json.RawMessage(sent))
		require.ErrorContains(t, err, "unknown argument", sent)
	}
}

func TestNoArgumentsAreNoneInWhateverForm(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{``, `null`, `{}`, `[]`, `[ ]`, `""`, `" \t"`, `"{}"`, `"null"`, `"[]"`} {
		got, err := decode(sent)
		if assert.NoError(t, err, sent) {
			assert.Equal(t, searchArguments{}, got, sent)
		}
	}
	got, err := decode(`" {\"limit\": 5, \"organization_id\": 9007199254740993}"`)
	require.NoError(t, err)
	assert.Equal(t, searchArguments{Limit: 5, OrganizationID: 9007199254740993}, got, "text that holds an object is read as it")
	const wanted = `cannot use the arguments: the arguments must be one JSON object such as {"name": "value"}`
	for sent, says := range map[string]string{
		`[{"limit":5}]`:           ", not a list of 1",
		`"[{\"limit\":5}]"`:       ", not a list of 1",
		`"limit=5"`:               `, not the text "limit=5"`,
		`"{\"limit\":"`:           `, not the text "{\"limit\":"`,
		`"\"{\\\"limit\\\":5}\""`: `, not "{\"limit\":5}"`,
		`"5"`:                     ", not 5",
		`true`:                    ", not true",
		`"\"\""`:                  `, not ""`,
	} {
		_, err := decode(sent)
		if assert.Error(t, err, sent) {
			assert.Equal(t, wanted+says, err.Error(), sent)
		}
	}
}

func TestMissingRequiredArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	type required struct {
		Actor string   `json:"actor"`
		UUID  []string `json:"uuid" jsonschema:"minItems=1,maxItems=20"`
	}
	arguments := argumentsOf[required]()
	for _, text := range []string{`{}`, `null`, `{"actor":"","uuid":[]}`, `{"actor":null,"uuid":null}`} {
		_, err := arguments.Decode(json.RawMessage(text))
		assert.Equal(t, []schemas.Problem{
			{Argument: "actor", Message: `is missing and required; accepted: text of at most 200 characters; for example "some text"`},
			{Argument: "uuid", Message: `is missing and required; accepted: ` +
				`a list of 1 to 20, each text of at most 200 characters; for example ["some text"]`},
		}, problemsOf(t, err), text)
	}
}

func TestWhatIsNotAnObjectIsRefused(t *testing.T) {
	t.Parallel()
	arguments := argumentsOf[searchArguments]()
	circular := map[string]any{}
	circular["team"] = circular
	for name, value := range map[string]any{
		"list":       []any{1},
		"text":       "limit=5",
		"number":     3.5,
		"raw list":   json.RawMessage(`[1]`),
		"broken":     json.RawMessage(`{"limit":`),
		"deep":       json.RawMessage(strings.Repeat("[", 100_000)),
		"not a JSON": map[string]any{"limit": math.NaN()},
		"function":   func() {},
		"circular":   circular,
	} {
		_, err := arguments.Decode(value)
		problems := problemsOf(t, err)
		require.Len(t, problems, 1, name)
		assert.Empty(t, problems[0].Argument, name)
	}
}

func TestMoreThanAMebibyteIsRefusedShortly(t *testing.T) {
	t.Parallel()
	arguments := argumentsOf[searchArguments]()
	big := strings.Repeat("x", 1<<20)
	for name, value := range map[string]any{
		"raw":       json.RawMessage(`{"actor":"` + big + `"}`),
		"text":      map[string]any{"actor": big},
		"name":      map[string]any{big: 1},
		"many":      map[string]any{"team": make([]any, 1<<18)},
		"in a list": map[string]any{"team": []any{map[string]any{"a": big}}},
	} {
		_, err := arguments.Decode(value)
		require.Error(t, err, name)
		assert.Less(t, len(err.Error()), 200, name)
		assert.Contains(t, err.Error(), "1 MiB", name)
	}
}

func TestErrorsStayShortAndCleanWhateverWasSent(t *testing.T) {
	t.Parallel()
	unknown := map[string]any{"limit": "\x1b[31m\u202eevil\n- forged: line"}
	for i := range 5000 {
		unknown[fmt.Sprintf("unknown\n%d\u200b%s", i, strings.Repeat("z", 100))] = i
	}
	_, err := argumentsOf[searchArguments]().Decode(unknown)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 8000)
	assert.Equal(t, 21, strings.Count(err.Error(), "\n"), "20 problems and the rest, no line of the sender's")
	for _, bad := range []string{"\x1b", "\u202e", "\u200b", "\n- forged"} {
		assert.NotContains(t, err.Error(), bad)
	}
}

func TestArgumentsOfAToolCallAreReadAsMCPGoHoldsThem(t *testing.T) {
	t.Parallel()
	arguments := argumentsOf[searchArguments]()
	for text, want := range map[string]searchArguments{
		`{"name":"x"}`:                                       {},
		`{"name":"x","arguments":null}`:                      {},
		`{"name":"x","arguments":{}}`:                        {},
		`{"name":"x","arguments":{"target_id":12345678901}}`: {TargetID: "12345678901"},
		`{"name":"x","arguments":{"limit":"7","team":"a"}}`:  {Limit: 7, Team: []string{"a"}},
		`{"name":"x","arguments":{"limit":1,"limit":2}}`:     {Limit: 2},
		`{"name":"x","arguments":{"days":[1,2]}}`:            {Days: []int{1, 2}},
	} {
		var request mcp.CallToolRequest
		require.NoError(t, json.Unmarshal([]byte(`{"method":"tools/call","params":`+text+`}`), &request))
		for name, held := range map[string]any{"parsed": request.Params.Arguments, "raw": request.GetRawArguments()} {
			got, err := arguments.Decode(held)
			if assert.NoError(t, err, "%s %s", name, text) {
				assert.Equal(t, want, got, "%s %s", name, text)
			}
		}
	}
	var request mcp.CallToolRequest
	require.NoError(t, json.Unmarshal([]byte(`{"params":{"name":"x","arguments":{"organization_id":9007199254740993}}}`), &request))
	got, err := arguments.Decode(request.GetRawArguments())
	require.NoError(t, err)
	assert.EqualValues(t, 9007199254740993, got.OrganizationID, "raw arguments are exact")
}

func TestArgumentsOfOtherGoTypesWork(t *testing.T) {
	t.Parallel()
	into, err := argumentsOf[searchArguments]().Decode(
		map[string]any{"limit": 5, "organization_id": int64(1) << 60, "team": []string{"a", "b"}, "target_id": 12345678901.0})
	require.NoError(t, err)
	assert.Equal(t, searchArguments{Limit: 5, OrganizationID: 1 << 60, Team: []string{"a", "b"}, TargetID: "12345678901"}, into)
}

func TestSchemasThatCouldNotBeEnforcedAreRefused(t *testing.T) {
	t.Parallel()
	for name, compile := range map[string]func(){
		"pattern": refused[struct {
			A string `jsonschema:"pattern=a"`
		}],
		"format": refused[struct {
			A string `jsonschema:"format=date"`
		}],
		"minLength": refused[struct {
			A string `jsonschema:"minLength=2"`
		}],
		"minItems": refused[struct {
			A []string `jsonschema:"minItems=2"`
		}],
		"no minimum": refused[struct{ A int }],
		"half a number": refused[struct {
			A int `jsonschema:"minimum=0.5"`
		}],
		"huge minimum": refused[struct {
			A int `jsonschema:"minimum=1e99"`
		}],
		"huge maximum": refused[struct {
			A int `jsonschema:"minimum=1,maximum=1e99"`
		}],
		"list of lists": refused[struct{ A [][]string }],
		"object":        refused[struct{ A none }],
		"anything":      refused[struct{ A any }],
		"float":         refused[struct{ A float64 }],
		"null": refused[struct {
			A *string `jsonschema:"nullable"`
		}],
	} {
		assert.Panics(t, compile, name)
	}
}

func refused[A any]() { argumentsOf[A]().Parameters() }

// FuzzArguments checks that whatever is sent either satisfies the schema once it is stored, by another implementation's judgement, or is
// refused as an ArgumentError.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"limit":"42","team":"[\"a\"]","sort_by":"TRIGGERED AT"}`, `{"limit":1e400}`,
		`{"target_id":0.000001,"days":[1,"2"]}`, `{"compare":"TRUE","group_by":["actor"]}`, `{"team":[" "]}`,
		`{"organization_id":18446744073709551616}`, `{"x\u0000":[[[]]]}`, "{\"actor\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	schema := mcptest.Compile(f, describe.Input(reflect.TypeFor[searchArguments]()))
	arguments := argumentsOf[searchArguments]()

	f.Fuzz(func(t *testing.T, data []byte) {
		into, err := arguments.Decode(json.RawMessage(data))
		if err != nil {
			require.NotEmpty(t, problemsOf(t, err))
			require.Less(t, len(err.Error()), 20_000)
			return
		}
		stored, err := json.Marshal(into)
		require.NoError(t, err)
		instance, err := validator.UnmarshalJSON(bytes.NewReader(stored))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(instance), "%s became %s", data, stored)

		again, err := arguments.Decode(json.RawMessage(stored))
		require.NoError(t, err)
		require.Equal(t, into, again, "decoding what was decoded changes nothing")
	})
}
