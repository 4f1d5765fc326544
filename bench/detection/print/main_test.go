package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/bench/detection"
)

func TestWhatIsNoHalfIsRefused(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{"all"}, {"tuning", "heldout"}} {
		err := run(t.Context(), arguments, io.Discard, io.Discard)
		assert.ErrorContains(t, err, "want one half of the seeds, tuning or heldout")
		assert.ErrorContains(t, err, "for example: scripts/detection tuning")
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
