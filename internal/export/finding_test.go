package export_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/export"
)

func findings() []detect.Finding {
	entry := entries()[0]
	whole := detect.Finding{Rule: "many_deletions", Also: []string{"busy_day"}, Title: "Many deletions", Severity: detect.SeverityHigh,
		Reason: "12 entries in 3 minutes", Actor: entry.Actor, Team: entry.Team, From: entry.TriggeredAt, To: entry.TriggeredAt, Observed: 12,
		Threshold: 10, Evidence: []*auditlog.Entry{entry, {TriggeredAt: entry.TriggeredAt}}, NextStep: "ask"}
	nobody := whole
	nobody.Rule, nobody.Severity, nobody.Actor, nobody.Team, nobody.NextStep = "busy_crowd", detect.SeverityLow, nil, nil, ""
	hostile := whole
	hostile.Severity, hostile.Title = detect.SeverityCritical, "x\u202e\x1b[31m\n"
	bare := nobody
	bare.Evidence = []*auditlog.Entry{{TriggeredAt: entry.TriggeredAt}}
	return []detect.Finding{whole, nobody, hostile, bare}
}

func exportedFindings(t *testing.T, options export.Options) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	w := export.NewFindingWriter(&out, time.UnixMilli(1791970000000), options)
	for _, finding := range findings() {
		require.NoError(t, w.Write(&finding))
	}
	require.NoError(t, w.Flush())
	var events []map[string]any
	for _, line := range lines(t, out.Bytes()) {
		events = append(events, decoded(t, line))
	}
	return events
}

func TestFindingsKeepToThePublishedSchema(t *testing.T) {
	t.Parallel()
	var schema ocsfSchema
	readJSON(t, "ocsf-required.json", &schema)
	for _, options := range []export.Options{options(), {}} {
		events := exportedFindings(t, options)
		require.Len(t, events, 4)
		for _, event := range events {
			schema.validate(t, event)
		}
	}
}

func TestFindingsSayWhatWhoAndByWhich(t *testing.T) {
	t.Parallel()
	events := exportedFindings(t, options())
	event := events[0]
	assert.Equal(t, json.Number("200401"), event["type_uid"])
	assert.Equal(t, "High", event["severity"])
	assert.Equal(t, true, event["is_alert"])
	assert.Equal(t, json.Number("2"), event["count"])
	info := within(event, "finding_info")
	assert.Equal(t, "many_deletions", within(info, "analytic")["uid"])
	assert.Equal(t, "Rule", within(info, "analytic")["type"])
	assert.Equal(t, within(event, "metadata")["uid"], info["uid"])
	related, _ := info["related_events"].([]any)
	require.Len(t, related, 1, "what has no uuid cannot be named")
	created := map[string]any{"uid": entries()[0].UUID, "type_uid": json.Number("300401"), "type": "Entity Management: Create"}
	assert.Equal(t, created, related[0])
	assert.Equal(t, "ask", within(event, "remediation")["desc"])

	assert.Equal(t, "Behavioral", within(within(events[1], "finding_info"), "analytic")["type"], "a comparison with the baseline")
	assert.Equal(t, false, events[1]["is_alert"])
	assert.NotContains(t, events[1], "evidences")
	assert.NotContains(t, events[1], "remediation")
}
