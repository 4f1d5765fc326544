package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/bench/detection"
	"make-audit-mcp/internal/auditlog/logtest"
)

func TestWhatIsNoHalfIsRefused(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{"all"}, {"tuning", "heldout"}} {
		err := run(t.Context(), arguments, io.Discard, io.Discard)
		assert.ErrorContains(t, err, "want one half of the seeds, tuning or heldout")
		assert.ErrorContains(t, err, "for example: scripts/detection tuning")
	}
}

// TestSomeWorldsKeepWhatIsAskedOfAll sees early when a change costs what scripts/detection is there to measure.
func TestSomeWorldsKeepWhatIsAskedOfAll(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	outcomes, err := detection.Evaluate(t.Context(), find, []uint64{0, 4, 8, 10})
	require.NoError(t, err)
	score := detection.ScoreOf(outcomes)
	assert.GreaterOrEqual(t, score.Recall.Value(), 0.95)
	assert.GreaterOrEqual(t, score.Precision.Value(), 0.85)
	for _, outcome := range outcomes {
		const perWeek, days = 2, 7
		assert.LessOrEqual(t, len(outcome.Calm)*days, perWeek*detection.WindowDays, outcome.World.Seed)
		for _, finding := range outcome.Calm {
			assert.Less(t, finding.Severity, detection.LevelHigh, "seed %d: %s", outcome.World.Seed, finding.Rule)
		}
	}
}

// BenchmarkJudging judges a window of 30 days against 90, of an organization of 120 people with about 60,000 entries.
func BenchmarkJudging(b *testing.B) {
	const largest = 18
	world, err := detection.Organization(largest)
	require.NoError(b, err)
	b.ReportMetric(float64(len(world.Entries)), "entries")
	b.ReportAllocs()
	for b.Loop() {
		_, err := find(b.Context(), world)
		require.NoError(b, err)
	}
}
