package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

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
