package export_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/export"
)

func TestFindingsAreDetectionFindingsOfThePublishedSchema(t *testing.T) {
	t.Parallel()
	var schema ocsfSchema
	readJSON(t, "ocsf-required.json", &schema)
	some := entries()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var many []*auditlog.Entry
	for i := range 412 {
		entry := *some[0]
		entry.UUID, entry.TriggeredAt = fmt.Sprintf("0d4cbb3a-0001-4000-8000-%012d", i), at.Add(time.Duration(i-500)*time.Minute)
		many = append(many, &entry)
	}
	var text bytes.Buffer
	w := export.NewFindingWriter(&text, at, options())
	for severity, id := range map[detect.Severity]string{
		detect.SeverityLow: "2", detect.SeverityMedium: "3", detect.SeverityHigh: "4", detect.SeverityCritical: "5",
	} {
		for _, finding := range []detect.Finding{
			{Rule: "mass_deletion", Also: []string{"busy_day"}, Title: "Mass deletion", Severity: severity, Reason: "412 entries",
				Actor: some[0].Actor, Team: some[0].Team, From: many[0].TriggeredAt, To: many[411].TriggeredAt, Observed: 98, Threshold: 25,
				Evidence: many, NextStep: "ask"},
			{Rule: "busy_crowd", Title: "Busy" + bidi, Severity: severity, Reason: "3 entries", From: some[2].TriggeredAt,
				To: some[2].TriggeredAt, Evidence: some[2:3]},
		} {
			text.Reset()
			require.NoError(t, w.Write(&finding))
			require.NoError(t, w.Flush())
			assert.NotContains(t, text.String(), bidi, "escaped")
			event := decoded(t, bytes.TrimSpace(text.Bytes()))
			schema.validate(t, event)
			assert.Equal(t, id, fmt.Sprint(event["severity_id"]))
			info := within(event, "finding_info")
			assert.Equal(t, finding.ID(), info["uid"])
			assert.Equal(t, fmt.Sprint(len(finding.Evidence)), fmt.Sprint(event["count"]))
			related, _ := info["related_events"].([]any)
			assert.Len(t, related, min(len(finding.Evidence), 100))
			assert.Equal(t, severity != detect.SeverityLow, event["is_alert"])
		}
	}
}
