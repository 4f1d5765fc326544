package export_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

// jsonFormats are those with an object a line.
func jsonFormats() []export.Format { return []export.Format{export.NDJSON, export.OCSF, export.ECS} }

func TestEveryLineIsOneObjectInUTF8(t *testing.T) {
	t.Parallel()
	for _, format := range jsonFormats() {
		for _, options := range []export.Options{options(), {},
			{Zone: invalid, ProductVersion: invalid, Organization: auditlog.Ref{ID: invalid}}} {
			found := lines(t, written(t, format, options, entries()...))
			assert.Len(t, found, len(entries()))
			for _, line := range found {
				assert.True(t, utf8.Valid(line), "%s: %q", format, line)
				decoded(t, line)
			}
		}
	}
}

func FuzzEveryLineIsOneObjectInUTF8(f *testing.F) {
	for _, entry := range entries() {
		f.Add([]byte(entry.Raw), []byte(entry.Details), string(entry.Event), string(entry.TargetID))
	}
	f.Add([]byte(`{}`), []byte(`{"a":1}`), "a_created", "1")
	f.Add([]byte(` {"details":null} `), []byte(`{"a":1}`), "user_created", "")
	f.Add([]byte(`{"a":{"details":1},"b":"\"}"}`), []byte("1\n"), "team_user_added", "\xff")
	f.Fuzz(func(t *testing.T, raw, details []byte, name, target string) {
		entry := event(auditlog.Text(name))
		entry.Raw, entry.Details, entry.TargetID = raw, details, auditlog.Text(target)
		entry.Extra = map[string]json.RawMessage{name: details, "actor": raw, target: raw}
		for _, format := range jsonFormats() {
			output := written(t, format, options(), entry)
			assert.True(t, utf8.Valid(output))
			require.Len(t, lines(t, output), 1)
			decoded(t, output)
		}
	})
}

func TestNDJSONIsWhatMakeSentButForWhitespace(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"z":1,"a":2,"z":3}`,
		"{ \"n\" : 1.0e+400 , \"big\":123456789012345678901234567890, \"neg\":-0.0,\r\n\t\"e\":[ ], \"o\":{ } }",
		`{"html":"<script>&amp;</script>","escapes":"\u003c\u2028\ud83d\ude00\ud800\/","sep":"` + "\u2028" + `"}`,
		`{"spaces in text":"  a  \" : , {  ","":""}`,
		`{}`,
	} {
		entry := event("webhook_created")
		entry.Raw = json.RawMessage(raw)
		line := bytes.TrimSuffix(written(t, export.NDJSON, options(), entry), []byte("\n"))
		var want bytes.Buffer
		require.NoError(t, json.Compact(&want, []byte(raw)))
		assert.Equal(t, want.String(), string(line))
		assert.Equal(t, decoded(t, []byte(raw)), decoded(t, line))
		assert.Equal(t, raw, string(entry.Raw), "the entry is not changed")
	}
}

func TestNDJSONAddsDetailsThatWereFetchedApart(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"uuid":"u", "n": 1.0}`:                `{"uuid":"u","n":1.0,"details":{"a":[1,"}"]}}`,
		`{}`:                                    `{"details":{"a":[1,"}"]}}`,
		`{"details":{"b":2},"uuid":"u"}`:        `{"details":{"b":2},"uuid":"u"}`,
		`{"details":null}`:                      `{"details":null}`,
		`{"actor":{"details":1},"x":"details"}`: `{"actor":{"details":1},"x":"details","details":{"a":[1,"}"]}}`,
	} {
		entry := event("webhook_created")
		entry.Raw, entry.Details = json.RawMessage(raw), json.RawMessage(`{"a": [1, "}"]}`)
		assert.Equal(t, want+"\n", string(written(t, export.NDJSON, options(), entry)))
	}
}

func TestWithoutRawNDJSONIsBuiltInMakesForm(t *testing.T) {
	t.Parallel()
	entry := &auditlog.Entry{
		UUID: "u<1>", TriggeredAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), CreatedAt: time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC),
		Organization: &auditlog.Ref{ID: "1001", Name: "Northwind"}, Event: "webhook_created",
		Actor: &auditlog.Actor{ID: "abc", Name: "Ada" + bidi},
		Team:  &auditlog.Ref{ID: "21"}, TargetID: "3000", Version: &auditlog.Version{To: "2"}, Details: json.RawMessage(`{"a": 1}`),
		Extra: map[string]json.RawMessage{"z": json.RawMessage(`1.50`), "actor": json.RawMessage(`{"avatar":null,"id":"other"}`),
			"b": json.RawMessage(`[ 1 ]`)},
	}
	want := `{"uuid":"u<1>","createdAt":"2026-01-02T04:00:00.000Z","triggeredAt":"2026-01-02T03:04:05.006Z","organizationId":1001,` +
		`"organization":{"id":1001,"name":"Northwind"},"eventName":"webhook_created","team":{"id":21},` +
		`"actor":{"id":"abc","name":"Ada` + bidi +
		`","avatar":null},"targetId":"3000","version":{"to":"2"},"b":[1],"z":1.50,"details":{"a":1}}` + "\n"
	assert.Equal(t, want, string(written(t, export.NDJSON, options(), entry)))

	entry = &auditlog.Entry{TriggeredAt: entry.TriggeredAt,
		Extra: map[string]json.RawMessage{"targetId": json.RawMessage(`true`), "team": json.RawMessage(`"Sales"`)}}
	want = `{"triggeredAt":"2026-01-02T03:04:05.006Z","team":"Sales","targetId":true}` + "\n"
	assert.Equal(t, want, string(written(t, export.NDJSON, export.Options{}, entry)), "what could not be read stands where it stood")
}

func TestWhatIsNestedTooDeepBecomesText(t *testing.T) {
	t.Parallel()
	for depth, isText := range map[int]bool{1: false, 100: false, 101: true, 9_999: true, 50_000: true} {
		deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		entry := event("webhook_created")
		entry.Details, entry.Extra = json.RawMessage(deep), map[string]json.RawMessage{"extra": json.RawMessage(deep)}
		for _, raw := range []string{"", `{"uuid":"[[["}`} {
			entry.Raw = json.RawMessage(raw)
			line := exported(t, export.NDJSON, entry)
			text, ok := line["details"].(string)
			assert.Equal(t, isText, ok, depth)
			if isText {
				assert.Equal(t, deep, text, "nothing is lost")
			}
			for _, format := range jsonFormats() {
				exported(t, format, entry)
			}
		}
	}
}

func TestRawThatIsNoObjectIsNotPassedOn(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "null", "[1]", `{"a":1}{"b":2}`, `{"a":`, "\x00", strings.Repeat(`{"a":`, 20_000)} {
		entry := event("webhook_created")
		entry.Raw = json.RawMessage(raw)
		line := exported(t, export.NDJSON, entry)
		assert.Equal(t, "webhook_created", line["eventName"], "%.20q", raw)
	}
}
