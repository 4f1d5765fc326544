package detect_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/detect"
)

func TestABusyDayIsOneFarBeyondTheOthers(t *testing.T) {
	t.Parallel()
	find := func(usual, count int) *detect.Finding {
		usualDays := daily(20, time.UTC, slices.Repeat([]int{9}, usual)...)
		return finding(judgeAda(append(usualDays, series(count, "scenario_updated", morning(), 40*time.Second)...)...), "busy_day")
	}
	assert.Nil(t, find(4, 30), "thirty entries a day are never many")
	got := find(4, 32)
	require.NotNil(t, got)
	assert.Equal(t, detect.SeverityLow, got.Severity)
	assert.Len(t, got.Evidence, 32)
	assert.Contains(t, got.Reason, "32 entries on 2026-11-18")
	assert.Contains(t, got.Reason, "has 4 (median)")
	assert.Nil(t, find(40, 60), "of somebody who is always busy")
	assert.NotNil(t, find(40, 61))
	assert.Nil(t, find(1, 100), "20 entries are too little a baseline")
}
