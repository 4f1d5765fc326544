package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

func TestFormatsAreReadByName(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		for _, name := range []string{string(format), strings.ToUpper(string(format)), " " + string(format) + "\n"} {
			parsed, err := export.ParseFormat(name)
			require.NoError(t, err)
			assert.Equal(t, format, parsed)
		}
	}
}

func TestUnknownFormatsAreRefusedWithThoseThatAreAccepted(t *testing.T) {
	t.Parallel()
	_, err := export.ParseFormat("xml" + bidi)
	assert.EqualError(t, err, `the format "xml" is not known; accepted are "ndjson", "csv", "ocsf", "ecs"`)

	_, err = export.NewWriter(io.Discard, "NDJSON", export.Options{})
	assert.ErrorContains(t, err, `"NDJSON" is not known`, "a Format is what ParseFormat made of a name")
}

func TestEntriesAreGatheredAndStreamThroughBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		var sink bytes.Buffer
		w, err := export.NewWriter(&sink, format, export.Options{})
		require.NoError(t, err)
		require.NoError(t, w.Write(event("webhook_created")))
		assert.Zero(t, sink.Len(), format)
		require.NoError(t, w.Flush())
		flushed := sink.Len()
		assert.NotZero(t, flushed, format)
		for range 5_000 {
			require.NoError(t, w.Write(event("webhook_created")))
		}
		assert.Greater(t, sink.Len(), flushed, format)
	}
}

func TestWithoutEntriesThereIsOnlyTheHeader(t *testing.T) {
	t.Parallel()
	for _, format := range []export.Format{export.NDJSON, export.OCSF, export.ECS} {
		assert.Empty(t, written(t, format, options()))
	}
	assert.True(t, bytes.HasPrefix(written(t, export.CSV, options()), []byte("\ufeffuuid,triggered_at,created_at,")))
}

func TestAFailedSinkStaysFailed(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	for _, format := range export.Formats() {
		sink := &failing{after: 100_000, err: full}
		w, err := export.NewWriter(sink, format, options())
		require.NoError(t, err)
		for range 5_000 {
			if err = w.Write(event("webhook_created")); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, full, format)
		assert.ErrorContains(t, err, "export as "+string(format))

		sink.err = nil // however well it is later
		assert.Equal(t, err, w.Write(event("webhook_created")))
		assert.Equal(t, err, w.Flush())
	}
}

func TestFlushTellsOfAFailedSink(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		w, err := export.NewWriter(&failing{err: io.ErrClosedPipe}, format, options())
		require.NoError(t, err)
		require.NoError(t, w.Write(event("webhook_created")))
		require.ErrorIs(t, w.Flush(), io.ErrClosedPipe, format)
		assert.ErrorIs(t, w.Write(event("webhook_created")), io.ErrClosedPipe)
	}
}

// failing fails with err after so many bytes.
type failing struct {
	after int
	err   error
}

func (f *failing) Write(data []byte) (int, error) {
	f.after -= len(data)
	if f.after < 0 && f.err != nil {
		return 0, f.err
	}
	return len(data), nil
}

func BenchmarkWrite(b *testing.B) {
	for _, format := range export.Formats() {
		b.Run(string(format), func(b *testing.B) {
			w, err := export.NewWriter(io.Discard, format, options())
			require.NoError(b, err)
			entry := entries()[0]
			for b.Loop() {
				require.NoError(b, w.Write(entry))
			}
		})
	}
}

func TestOptionsAddWhatEntriesDoNotSayOfTheirOrganization(t *testing.T) {
	t.Parallel()
	ours := map[string]any{"id": "1001", "name": "Northwind"}
	for _, c := range []struct {
		said *auditlog.Ref
		want map[string]any
	}{
		{nil, ours}, {&auditlog.Ref{}, ours}, {&auditlog.Ref{ID: "1001"}, ours},
		{&auditlog.Ref{ID: "1001", Name: "Its name then"}, map[string]any{"id": "1001", "name": "Its name then"}},
		{&auditlog.Ref{ID: "2"}, map[string]any{"id": "2"}},
	} {
		entry := event("webhook_created")
		entry.Organization = c.said
		assert.Equal(t, c.want, exported(t, export.ECS, entry)["organization"])
	}
}

// rows are the cells of CSV.
func rows(t testing.TB, output []byte) [][]string {
	t.Helper()
	body, ok := bytes.CutPrefix(output, []byte("\ufeff"))
	require.True(t, ok, "begins with a byte order mark")
	reader := csv.NewReader(bytes.NewReader(body))
	found, err := reader.ReadAll()
	require.NoError(t, err)
	return found
}

func TestCSVHasEveryFieldInItsColumn(t *testing.T) {
	t.Parallel()
	found := rows(t, written(t, export.CSV, options(), entries()[:3]...))
	assert.Equal(t, []string{
		"uuid", "triggered_at", "created_at", "organization_id", "organization", "team_id", "team", "event", "category",
		"actor_id", "actor", "actor_email", "target_id", "version_from", "version_to", "details",
	}, found[0])
	assert.Equal(t, []string{
		"0d4cbb3a-0001-4000-8000-000000000001", "2026-10-14T07:30:15.123Z", "2026-10-14T07:31:15.123Z", "1001", "Northwind", "21", "Sales",
		"webhook_created", "Webhooks", "7", "Ada Lovelace", "ada@example.com", "3000", "1.0.0", "1.0.1", "",
	}, found[1])
	assert.JSONEq(t, `{"name":"CRM \u202e","scopes":[-1,"a;' =b"]}`, found[2][15])
	assert.Equal(t, []string{
		"0d4cbb3a-0003-4000-8000-000000000003", "2026-10-14T07:30:17.123Z", "", "1001", "Northwind", "", "",
		"two_factor_authentication_enforcement_disabled", "Two-factor authentication enforcement", "", "", "", "1001", "", "", "",
	}, found[3])
}

func TestCSVEndsLinesWithCRLF(t *testing.T) {
	t.Parallel()
	output := written(t, export.CSV, export.Options{}, entries()...)
	assert.Len(t, entries(), bytes.Count(output, []byte("\n"))-1)
	assert.Equal(t, bytes.Count(output, []byte("\n")), bytes.Count(output, []byte("\r\n")))
}

func TestWhatCannotBeSeenIsEscapedInJSON(t *testing.T) {
	t.Parallel()
	const hidden, escapes = "\u0085\u009b\u202e\u2066\u200b\ufeff\u2028\x7f\U000e0041é", `\u0085\u009b\u202e\u2066\u200b\ufeff\u2028\u007f\udb40\udc41é`
	entry := event("webhook_created")
	entry.Raw = json.RawMessage(`{"uuid":"1","` + hidden + `":"` + hidden + `\\"}`)
	entry.Details = json.RawMessage(`{"name":"` + hidden + `"}`)
	entry.Actor = &auditlog.Actor{ID: "1", Name: hidden}
	for _, format := range jsonFormats() {
		line := written(t, format, options(), entry)
		assert.NotContains(t, string(line), "\u202e", format)
		assert.Contains(t, string(line), escapes, format)
		assert.Equal(t, -1, bytes.IndexFunc(bytes.TrimSpace(line), func(r rune) bool { return !unicode.IsGraphic(r) }), format)
	}
	got := decoded(t, written(t, export.NDJSON, options(), entry))
	assert.Equal(t, hidden+`\`, got[hidden], "the same value to a parser")
}

func TestCSVTellsHowManyCellsItChanged(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"plain": 0, "<b>[x](y)": 0, "=1": 1, "a\u202eb": 1, strings.Repeat("x", 16_001): 1} {
		entry := event("x")
		entry.TargetID = auditlog.Text(text)
		w, err := export.NewWriter(io.Discard, export.CSV, options())
		require.NoError(t, err)
		require.NoError(t, w.Write(entry))
		assert.Equal(t, want, w.ChangedCells(), "%.20q", text)
	}
}

func TestCSVCellsAreText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":            "plain",
		"12":               "12",
		"-12":              "'-12",
		"=1+1":             "'=1+1",
		"+1":               "'+1",
		"@SUM(A1)":         "'@SUM(A1)",
		"\t=1":             "' =1",
		"\r=1":             "' =1",
		"\n \u00a0=1":      "'   =1",
		zeroWidth + "=1":   "'=1",
		bidi + "=1":        "'=1",
		"\x1b[31m=1":       "'=1",
		"＝1":               "'＝1",
		"＋1":               "'＋1",
		"－1":               "'－1",
		"＠1":               "'＠1",
		`"=1"`:             `'"=1"`,
		"a=1":              "a=1",
		"a;=1; -2;b":       "a;'=1;' -2;b",
		"a\r\nb\x00\u2028": "ab ",
		"a\nb":             "a b",
		"e\u0301 日本 👍":     "e\u0301 日本 👍",
		invalid:            "\ufffd\ufffd",
	} {
		want = strings.ReplaceAll(want, "ab ", "a  b ") // CR LF are two spaces
		entry := event("x")
		entry.TargetID = auditlog.Text(text)
		assert.Equal(t, want, rows(t, written(t, export.CSV, options(), entry))[1][12], "%q", text)
	}
}

func TestLongTextInCSVFitsIntoACell(t *testing.T) {
	t.Parallel()
	entry := event("x")
	entry.Details = json.RawMessage(`"` + strings.Repeat("👍", 20_000) + `"`)
	entry.TargetID = auditlog.Text(strings.Repeat("x", 15_000))
	row := rows(t, written(t, export.CSV, options(), entry))[1]
	assert.LessOrEqual(t, 2*utf8.RuneCountInString(row[15]), 32_767)
	assert.True(t, strings.HasSuffix(row[15], "…"))
	assert.Equal(t, string(entry.TargetID), row[12], "whole")
}

// FuzzCSVCellsAreNeverFormulas looks at every cell, as spreadsheets read it that separate by commas, and at all that those may take for one
// that separate by semicolons.
func FuzzCSVCellsAreNeverFormulas(f *testing.F) {
	for _, seed := range []string{
		"=1+1", "\t=1", "\r\n@a", " +1", "-1", "＝1", "x;=1", `x;"=1"`, `";=1;"`, "a,=1", "x; \u200b\u202e=1", "\x1b]0;=1\a=1", "\xff=1",
		"'=1", "\u3000=1",
		"=\u0301", ";;=1", "\u2800=1", "−1", `"";"=1`, "\u0085=1", "\ufeff=1", "\u070f+1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entry := event(auditlog.Text(text))
		entry.UUID, entry.TargetID, entry.Details = text, entry.Event, json.RawMessage(text)
		entry.Actor = &auditlog.Actor{ID: auditlog.ID(text), Name: entry.Event, Email: entry.Event}
		entry.Organization = &auditlog.Ref{ID: auditlog.ID(text), Name: entry.Event}
		entry.Team, entry.Version = entry.Organization, &auditlog.Version{From: entry.Event, To: entry.Event}
		options := export.Options{Category: func(event auditlog.Text) auditlog.Text { return event }}
		output := written(t, export.CSV, options, entry)
		require.True(t, utf8.Valid(output))
		require.Equal(t, 2, bytes.Count(output, []byte("\n")), "one row")
		row := rows(t, output)[1]
		require.Len(t, row, 16)
		line := bytes.Split(output, []byte("\r\n"))[1]
		for _, cell := range append(row, strings.Split(string(line), ";")...) {
			begins := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || !unicode.IsGraphic(r) })
			first, _ := utf8.DecodeRuneInString(begins)
			assert.NotContains(t, "=+-@＝＋－＠", string(first), "%q in %q", cell, output)
			assert.Equal(t, -1, strings.IndexFunc(cell, func(r rune) bool {
				return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == '\u200b' || r == '\u2028'
			}), "%q", cell)
		}
	})
}

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
		`{"html":"<script>&amp;</script>","escapes":"\u003c\u2028\ud83d\ude00\ud800\/","sep":"é 日本 👍"}`,
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
		`"actor":{"id":"abc","name":"Ada` + strings.Trim(strconv.QuoteToASCII(bidi), `"`) +
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
