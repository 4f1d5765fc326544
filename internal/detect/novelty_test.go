package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

func TestWeightyEventsOfAFirstTimeAreFound(t *testing.T) {
	t.Parallel()
	find := func(days int, events ...auditlog.Text) *detect.Finding {
		entries := daily(days, time.UTC, 9, 12)
		for i, event := range events {
			entries = append(entries, logtest.Did(logtest.Ada(), event, morning().Add(-time.Duration(i)*time.Minute)))
		}
		return finding(judgeAda(entries...), "first_time_event")
	}
	got := find(20, "key_created", "key_created", "team_role_updated", "webhook_updated")
	require.NotNil(t, got)
	assert.Equal(t, detect.SeverityMedium, got.Severity)
	assert.Contains(t, got.Reason, "1 entry of a kind that is not among the 40 entries of the baseline: roles and membership")
	assert.Len(t, got.Evidence, 3, "what else was new then is told with it")
	assert.Nil(t, find(20, "webhook_updated", "scenario_created"), "not notable")
	assert.Nil(t, find(20, "webhook_created"), "not weighty")
	assert.Nil(t, find(14, "key_created"), "28 entries are too little a baseline")
	key := find(15, "key_created")
	require.NotNil(t, key)
	assert.Equal(t, detect.SeverityLow, key.Severity)
	known := append(daily(20, time.UTC, 9, 12), logtest.Did(logtest.Ada(), "key_created", windowStart().Add(-time.Hour)),
		logtest.Did(logtest.Ada(), "key_created", morning()))
	assert.Nil(t, finding(judgeAda(known...), "first_time_event"))
}
