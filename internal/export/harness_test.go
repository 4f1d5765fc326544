package export_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
	"make-audit-mcp/internal/makesim"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	// bidi hides what follows it by writing it from right to left.
	bidi      = "\u202e"
	zeroWidth = "\u200b"
	invalid   = "\xff\xfe"
)

// entries are what the formats are shown with: plain ones and hostile ones.
func entries() []*auditlog.Entry {
	at := time.Date(2026, 10, 14, 9, 30, 15, 123e6, time.FixedZone("CEST", 7200))
	northwind := &auditlog.Ref{ID: "1001", Name: "Northwind"}
	sales := &auditlog.Ref{ID: "21", Name: "Sales"}
	ada := &auditlog.Actor{ID: "7", Name: "Ada Lovelace", Email: "ada@example.com"}
	return []*auditlog.Entry{
		{ // as Make documents it, with whitespace, a number that no float holds, escapes and a field that is not known
			UUID: "0d4cbb3a-0001-4000-8000-000000000001", TriggeredAt: at, CreatedAt: at.Add(time.Minute), Organization: northwind,
			Event: "webhook_created", Actor: ada, Team: sales, TargetID: "3000", Version: &auditlog.Version{From: "1.0.0", To: "1.0.1"},
			Extra: map[string]json.RawMessage{"sequence": json.RawMessage(`12345678901234567890123`), "html": json.RawMessage(`"<b>&"`)},
			Raw: json.RawMessage("{ \"uuid\": \"0d4cbb3a-0001-4000-8000-000000000001\",\n  " +
				"\"triggeredAt\":\"2026-10-14T09:30:15.123+02:00\",\t\"createdAt\":\"2026-10-14T07:31:15.123Z\",\r\n" +
				`"organizationId":1001,"organization":{"id":1001,"name":"Northwind"},"eventName":"webhook_created","team":{"id":21,"name":"Sales"},` +
				`"actor":{"id":7,"name":"\u0041da Lovelace","email":"ada@example.com"},"targetId":"3000","version":{"from":"1.0.0","to":"1.0.1"},` +
				`"sequence": 12345678901234567890123 ,"html":"<b>&"}`),
		},
		{ // the same call with details, from the fields alone
			UUID: "0d4cbb3a-0002-4000-8000-000000000002", TriggeredAt: at.Add(time.Second), CreatedAt: at.Add(40 * 24 * time.Hour),
			Organization: northwind,
			Event:        "connection_updated", Actor: ada, Team: sales, TargetID: "88",
			Details: json.RawMessage(` { "name": "CRM \u202e", "scopes": [-1, "a; =b"] } `),
			Extra: map[string]json.RawMessage{"actor": json.RawMessage(`{"avatar":"x","name":"ignored"}`),
				"version": json.RawMessage(`"2.5"`)},
		},
		{ // the system, for the whole organization
			UUID: "0d4cbb3a-0003-4000-8000-000000000003", TriggeredAt: at.Add(2 * time.Second),
			Event: "two_factor_authentication_enforcement_disabled", TargetID: "1001",
			Raw: json.RawMessage(`{"uuid":"0d4cbb3a-0003-4000-8000-000000000003","triggeredAt":1791963017123,"eventName":"two_factor_authentication_enforcement_disabled","actor":null,"team":null,"targetId":"1001"}`),
		},
		{ // formulas, and what hides or reorders text
			UUID: "=1+1", TriggeredAt: at.Add(3 * time.Second), Organization: northwind, Event: "scenario_activated",
			Actor: &auditlog.Actor{ID: "-5", Name: auditlog.Text(zeroWidth + " \t=HYPERLINK(\"http://evil.example\")" + bidi),
				Email: "+1@example.com"},
			Team: &auditlog.Ref{ID: "22", Name: "＝cmd|' /C calc'!A0\r\n@second; -line"}, TargetID: "\r\n-2",
			Raw: json.RawMessage(`{"uuid":"=1+1","eventName":"scenario_activated"}`), Details: json.RawMessage(`"=no object"`),
		},
		{ // bytes that are no UTF-8, and JSON that is none
			UUID: "0d4cbb3a-0005-4000-8000-000000000005", TriggeredAt: at.Add(4 * time.Second), Organization: northwind, Team: sales,
			Event: "team_member_removed", Actor: &auditlog.Actor{Email: "who" + invalid + "@example.com"}, TargetID: "9",
			Extra: map[string]json.RawMessage{"note" + invalid: json.RawMessage(`"` + invalid + `"`), "broken": json.RawMessage(`{"a":`)},
			Raw:   json.RawMessage(`{"uuid":"0d4cbb3a-0005-4000-8000-000000000005","note":"` + invalid + `"}`),
		},
		{ // a role of somebody else
			UUID: "0d4cbb3a-0006-4000-8000-000000000006", TriggeredAt: at.Add(5 * time.Second), Organization: northwind, Team: sales,
			Event: "team_role_updated", Actor: ada, TargetID: "9", Raw: json.RawMessage(`not JSON`),
		},
		{ // what nobody has heard of, and almost nothing in it
			TriggeredAt: at.Add(6 * time.Second), Event: "quasar_frobnicated",
			Details: json.RawMessage(strings.Repeat("[", 101) + strings.Repeat("]", 101)),
		},
		{TriggeredAt: at.Add(7 * time.Second)},
	}
}

func options() export.Options {
	return export.Options{
		Organization: auditlog.Ref{ID: "1001", Name: "Northwind"}, Zone: "eu1.make.com", ProductVersion: "1.2.3", Category: category,
	}
}

// category is what the simulator's catalog says.
func category(event auditlog.Text) auditlog.Text {
	for _, c := range makesim.DocumentedEvents() {
		for _, item := range c.Items {
			if item.Value == string(event) {
				return auditlog.Text(c.Header)
			}
		}
	}
	return ""
}

// written is what a format makes of entries.
func written(t testing.TB, format export.Format, options export.Options, entries ...*auditlog.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := export.NewWriter(&out, format, options)
	require.NoError(t, err)
	for _, entry := range entries {
		require.NoError(t, w.Write(entry))
	}
	require.NoError(t, w.Flush())
	return out.Bytes()
}

// lines are the lines of an output, which must end with one.
func lines(t testing.TB, output []byte) [][]byte {
	t.Helper()
	require.True(t, bytes.HasSuffix(output, []byte("\n")), "the last line is ended")
	return bytes.Split(bytes.TrimSuffix(output, []byte("\n")), []byte("\n"))
}

// decoded is a line as an object, with its numbers as they stand.
func decoded(t testing.TB, line []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var value map[string]any
	require.NoError(t, decoder.Decode(&value), "%s", line)
	require.False(t, decoder.More(), "one object a line")
	return value
}

// exported is the one line that a format makes of an entry.
func exported(t testing.TB, format export.Format, entry *auditlog.Entry) map[string]any {
	t.Helper()
	return decoded(t, written(t, format, options(), entry))
}

// within is the object in a field of another; nil if there is none.
func within(object map[string]any, field string) map[string]any {
	found, _ := object[field].(map[string]any)
	return found
}

// event is an entry of an event and nothing that is special.
func event(name auditlog.Text) *auditlog.Entry {
	return &auditlog.Entry{
		UUID: "u", TriggeredAt: time.UnixMilli(1_760_000_000_123), Event: name, TargetID: "42",
		Actor: &auditlog.Actor{ID: "7", Name: "Ada"}, Team: &auditlog.Ref{ID: "21", Name: "Sales"},
	}
}

// documented are all events that the simulator knows.
func documented() []auditlog.Text {
	var names []auditlog.Text
	for _, c := range makesim.DocumentedEvents() {
		for _, item := range c.Items {
			names = append(names, auditlog.Text(item.Value))
		}
	}
	return names
}

// undocumented are events that might come.
func undocumented() []auditlog.Text {
	return []auditlog.Text{
		"", "_", "x", "quasar_frobnicated", "scenario.created", "Webhook created", "webhook_paused", "webhook_resumed", "scenario_renamed",
		"user_created", "user_disabled", "user_locked", "user_unlocked", "user_deleted", "user_frobnicated", "user_password_changed",
		"user_password_reset",
		"user_2fa_enabled", "user_mfa_disabled", "mfa_frobnicated", "sso_updated", "organization_member_added", "team_user_removed",
		"team_members_frobnicated", "organization_role_assigned", "organization_role_revoked", "role_created", "team_role_frobnicated",
		"organization_deleted", "connection_failed", "data_store_record_read", "team_variable_frobnicated", "login_failed",
		"\xff\xfe_created", "删除_created",
	}
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(into))
}

func TestOutputIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	for _, format := range export.Formats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "golden."+string(format))
			got := written(t, format, options(), entries()...)
			// Not even git may change the line ends.
			got = bytes.ReplaceAll(got, []byte("\r\n"), []byte("<CR LF>\n"))
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run with -update")
			assert.Equal(t, string(want), string(got), "if this is meant, run with -update")
		})
	}
}
