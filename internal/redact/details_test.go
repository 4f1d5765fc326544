package redact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/redact"
)

func TestDetails(t *testing.T) {
	t.Parallel()
	pem := `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----`
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	for name, test := range map[string]struct {
		event, raw, want string
		masked           []string
	}{
		"ordinary details stay": {"webhook_created", `{"webhookName":"Webhook from John Doe","webhookType":"http"}`,
			`{"webhookName":"Webhook from John Doe","webhookType":"http"}`, nil},
		"order stays, space goes":        {"", ` { "b" : 1 , "a" : [ true , null ] } `, `{"b":1,"a":[true,null]}`, nil},
		"numbers stay exact":             {"", `[12345678901234567890,1.10,-0,1e400]`, `[12345678901234567890,1.10,-0,1e400]`, nil},
		"markup is broken, and readable": {"", `{"a":"<b>&"}`, `{"a":"< b>&"}`, nil},
		"strings and keys are cleaned":   {"", `{"a\u202eb":"x\u001b[31my\u200b\nz"}`, `{"ab":"xy z"}`, nil},
		"keys that become equal":         {"", `{"a":1,"a\u200b":2,"a":3}`, `{"a":1,"a (2)":2,"a (3)":3}`, nil},
		"a key like our note":            {"", `{"…":"0 more"}`, `{"… (2)":"0 more"}`, nil},
		"empty values":                   {"", `{"":"","a":{},"b":[]}`, `{"":"","a":{},"b":[]}`, nil},
		"values that are no containers":  {"", `"x"`, `"x"`, nil},
		"null":                           {"", `null`, `null`, nil},
		"telling keys in every spelling": {"", `{"apiKey":"a","API_KEY":"b","api-key":"c","x Api Key y":"d","ａｐｉＫｅｙ":"e","api\u200bkey":"f"}`, `{"apiKey":"[masked]","API_KEY":"[masked]","api-key":"[masked]","x Api Key y":"[masked]","ａｐｉＫｅｙ":"[masked]","apikey":"[masked]"}`, []string{"apiKey", "API_KEY", "api-key", "x Api Key y", "ａｐｉＫｅｙ", "apikey"}},
		"short telling keys are exact": {"", `{"key":"a","pwd":"b","monkey":"c","author":"d","keyName":"e"}`,
			`{"key":"[masked]","pwd":"[masked]","monkey":"c","author":"d","keyName":"e"}`, []string{"key", "pwd"}},
		"any type is masked": {"", `{"token":5,"secret":{"a":1},"cookies":["x"],"a":{"password":"p"},"b":[{"secret":1}]}`,
			`{"token":"[masked]","secret":"[masked]","cookies":"[masked]","a":{"password":"[masked]"},"b":[{"secret":"[masked]"}]}`,
			[]string{"token", "secret", "cookies", "a.password", "b[0].secret"}},
		"what tells no secret stays": {"", `{"token":null,"password":"","hasSecret":true}`,
			`{"token":null,"password":"","hasSecret":true}`, nil},
		"what is masked whole is one": {"", `{"auth":{"token":"x","n":{"secret":"y"}}}`, `{"auth":"[masked]"}`, []string{"auth"}},
		"variables' values": {"Custom_Variable_updated",
			`{"name":"x","value":"s","a":{"oldValue":1,"new_value":2,"from":"f","to":null}}`,
			`{"name":"x","value":"[masked]","a":{"oldValue":"[masked]","new_value":"[masked]","from":"[masked]","to":null}}`,
			[]string{"value", "a.oldValue", "a.new_value", "a.from"}},
		"others' values stay": {"scenario_updated", `{"name":"x","value":"s","from":1}`, `{"name":"x","value":"s","from":1}`, nil},
		"a secret named by its sibling": {"", `{"headers":[{"value":"v","name":"Authorization"},{"name":"Accept","value":"*/*"}]}`,
			`{"headers":[{"value":"[masked]","name":"Authorization"},{"name":"Accept","value":"*/*"}]}`, []string{"headers[0].value"}},
		"both sides of a secret change": {"", `{"field":"password","old":"a","new":"b"}`,
			`{"field":"password","old":"[masked]","new":"[masked]"}`, []string{"old", "new"}},
		"bearer tokens": {"", `{"note":"sent Bearer abc123def"}`, `{"note":"sent Bearer [masked]"}`, []string{"note"}},
		"basic credentials": {"", `["Basic dXNlcjpwYXNz","Basic plan for teams"]`, `["Basic [masked]","Basic plan for teams"]`,
			[]string{"[0]"}},
		"private keys": {"", `{"a":"` + pem + `"}`, `{"a":"[masked]"}`, []string{"a"}},
		"web tokens":   {"", `{"a":"x ` + jwt + ` y"}`, `{"a":"x [masked] y"}`, []string{"a"}},
		"addresses with passwords": {"", `["https://user:pass@h.example/","postgres://u:p@h/db","https://h.example:80/a@b"]`,
			`["https://[masked]@h.example/","postgres://[masked]@h/db","https://h.example:80/a@b"]`, []string{"[0]", "[1]"}},
		"addresses with secrets": {"", `["https://h.example/?a=1&access_token=x","https://h.example/?page=2"]`,
			`["https://h.example/?a=1&access_token=[masked]","https://h.example/?page=2"]`, []string{"[0]"}},
		"a secret behind escapes": {"", `{"a":"Bear\u200ber abc123def"}`, `{"a":"Bearer [masked]"}`, []string{"a"}},
		"a secret beyond the cut": {"", `{"a":"` + strings.Repeat("x", 400) + ` Bearer abc123def"}`, `{"a":"` + strings.Repeat("x", 299) + `…"}`, []string{"a"}},
		"a secret in JSON within text": {"", `{"a":"{\"password\":\"p\"}","b":"{\"n\":1}"}`, `{"a":"{\"password\":\"[masked]\"}","b":"{\"n\":1}"}`,
			[]string{"a"}},
		"a secret as a key":     {"", `{"Bearer abc123def":1}`, `{"[masked]":"[masked]"}`, []string{"[masked]"}},
		"a secret as the whole": {"", `"Bearer abc123def"`, `"Bearer [masked]"`, []string{"$"}},
	} {
		cleaned, masked, err := redact.Details(json.RawMessage(test.raw), auditlog.Text(test.event))
		require.NoError(t, err, name)
		assert.Equal(t, test.want, string(cleaned), name)
		assert.Equal(t, test.masked, masked, name)
	}
}

func TestDetailsRefusesWhatIsNotJSON(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", " ", "{", `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a" 1}`, `{1:2}`, "nul", `"a`,
		"1 2", "{} x", "]", strings.Repeat("[", 50)} {
		_, _, err := redact.Details(json.RawMessage(raw), "")
		require.ErrorContains(t, err, "details are not valid JSON", raw)
	}
	_, _, err := redact.Details(json.RawMessage(`{"a":`), "")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	var syntax *json.SyntaxError
	_, _, err = redact.Details(json.RawMessage(`{"a":x}`), "")
	require.ErrorAs(t, err, &syntax)
}

func TestDetailsBoundsDepth(t *testing.T) {
	t.Parallel()
	nested := func(depth int) json.RawMessage {
		return json.RawMessage(strings.Repeat("[", depth) + strings.Repeat("]", depth))
	}
	cleaned, _, err := redact.Details(nested(12), "")
	require.NoError(t, err)
	assert.Equal(t, string(nested(12)), string(cleaned))

	want := strings.Repeat("[", 12) + `"[too deep]"` + strings.Repeat("]", 12)
	for _, depth := range []int{13, 100, 100_000} {
		cleaned, _, err = redact.Details(nested(depth), "")
		require.NoError(t, err)
		assert.Equal(t, want, string(cleaned))
	}
}

func TestDetailsBoundsMembers(t *testing.T) {
	t.Parallel()
	var object, array []string
	for i := range 257 {
		object = append(object, fmt.Sprintf(`"k%d":[{"a":1}]`, i))
		array = append(array, "1")
	}
	cleaned, _, err := redact.Details(json.RawMessage("{"+strings.Join(object, ",")+"}"), "")
	require.NoError(t, err)
	assert.Equal(t, "{"+strings.Join(object[:200], ",")+`,"…":"57 more"}`, string(cleaned))

	cleaned, _, err = redact.Details(json.RawMessage("["+strings.Join(array, ",")+"]"), "")
	require.NoError(t, err)
	assert.Equal(t, "["+strings.Join(array[:200], ",")+`,"… 57 more"]`, string(cleaned))
}

func TestDetailsBoundsItsLength(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("é", 290) + `"`
	list := "[" + strings.Repeat(long+",", 29) + long + "]"

	cleaned, _, err := redact.Details(json.RawMessage(list), "")
	require.NoError(t, err)
	assert.Equal(t, "["+strings.Repeat(long+",", 20)+`"… 10 more"]`, string(cleaned))

	cleaned, _, err = redact.Details(json.RawMessage(`{"first":1,"inner":`+list+`,"last":2}`), "")
	require.NoError(t, err)
	requireBounded(t, cleaned)
	assert.Contains(t, string(cleaned), `{"first":1,"inner":["é`)
	assert.Contains(t, string(cleaned), `"… 10 more"],"last":2}`)

	cleaned, _, err = redact.Details(json.RawMessage(strings.Repeat("1", 7000)), "")
	require.NoError(t, err)
	assert.Equal(t, `"[too long]"`, string(cleaned))
}

func TestDetailsBoundsMaskedPaths(t *testing.T) {
	t.Parallel()
	for count, last := range map[int]string{20: "[19].pwd", 21: "and 2 more", 100: "and 81 more"} {
		raw := "[" + strings.Repeat(`{"pwd":"x"},`, count-1) + `{"pwd":"x"}]`
		_, masked, err := redact.Details(json.RawMessage(raw), "")
		require.NoError(t, err)
		assert.Len(t, masked, 20)
		assert.Equal(t, last, masked[19])
	}
}

func TestDetailsOfAnythingIsSafe(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	for range 400 {
		raw, err := json.Marshal(randomValue(random, 4))
		require.NoError(t, err)
		requireSafeDetails(t, raw, logtest.RandomText(random))
	}
}

func FuzzDetails(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,"x",null,{"token":"t"}]}`, `{"a":1,"a":2}`, `[[[[1]]]]`, `"\ud800"`,
		`{"a":"[\"Bearer abcdef1\"]"}`, `[1,]`, `{"name":"secret","value":[1]}`} {
		f.Add([]byte(seed), "variable_updated")
	}
	f.Fuzz(func(t *testing.T, raw []byte, event string) { requireSafeDetails(t, raw, event) })
}

// requireSafeDetails checks what Details promises of any input.
func requireSafeDetails(t *testing.T, raw []byte, event string) {
	t.Helper()
	cleaned, masked, err := redact.Details(raw, auditlog.Text(event))
	if json.Valid(raw) {
		require.NoError(t, err, "%q", raw)
	}
	if err != nil {
		return
	}
	requireBounded(t, cleaned)
	require.LessOrEqual(t, len(masked), 20)
	require.Equal(t, -1, strings.IndexFunc(string(cleaned)+strings.Join(masked, ""), logtest.IsUnwelcome), "%q became %q", raw, cleaned)
	requireDistinctKeys(t, cleaned)
	again, _, err := redact.Details(cleaned, "")
	require.NoError(t, err)
	requireBounded(t, again)
}

func requireBounded(t *testing.T, cleaned json.RawMessage) {
	t.Helper()
	require.True(t, json.Valid(cleaned), "%q", cleaned)
	require.LessOrEqual(t, utf8.RuneCount(cleaned), 6000)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, cleaned))
	require.Equal(t, compact.String(), string(cleaned))
}

// requireDistinctKeys checks that no reader loses a member: decoding into maps and back keeps the length.
func requireDistinctKeys(t *testing.T, cleaned json.RawMessage) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(cleaned))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value))
	again, err := auditlog.PlainJSON(value)
	require.NoError(t, err)
	require.Len(t, again, len(cleaned), "%s", cleaned)
}

func randomValue(random *rand.Rand, depth int) any {
	keys := []string{"a", "a\u200b", "token", "value", "name", "…", "items"}
	switch kind := random.Intn(7); {
	case kind == 0:
		return nil
	case kind == 1:
		return random.Intn(2) == 0
	case kind == 2:
		return random.NormFloat64()
	case kind <= 4 || depth == 0:
		return logtest.RandomText(random)
	case kind == 5:
		list := make([]any, random.Intn(10))
		for i := range list {
			list[i] = randomValue(random, depth-1)
		}
		return list
	default:
		object := map[string]any{}
		for range random.Intn(10) {
			key := keys[random.Intn(len(keys))]
			if random.Intn(2) == 0 {
				key = logtest.RandomText(random)
			}
			object[key] = randomValue(random, depth-1)
		}
		return object
	}
}

func TestFieldsOfDetailsAreWhatDetailsShows(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		`{"a":1,"b":{"c":"x","d":{}},"e":[1,{"f":2}]}`:     {"a=1", `b.c="x"`, "b.d={}", `e=[1,{"f":2}]`},
		`{"apiKey":"s3cr3t","n":{"token":{"deep":"s"}}}`:   {`apiKey="[masked]"`, `n.token="[masked]"`},
		`{"header":{"name":"X-Api-Key","value":"s3cr3t"}}`: {`header.name="X-Api-Key"`, `header.value="[masked]"`},
		`{"headers":{"Bearer abc123def":1}}`:               {`headers.[masked]="[masked]"`},
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
