package detection_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/bench/detection"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
)

// lullOf is the finding of a world that nothing was logged for long, without the entries that lie in a time left out; nil if there is none.
func lullOf(t *testing.T, world *detection.World, leftOut auditlog.Window) *detect.Finding {
	t.Helper()
	log := &detect.Log{Window: world.Window, Baseline: world.Baseline, Catalog: &world.Catalog,
		Read: auditlog.Report{Endpoint: "organization", Coverage: auditlog.Coverage{From: world.Baseline.From, To: world.Window.To}}}
	for _, entry := range world.Entries {
		if !leftOut.Contains(entry.TriggeredAt) {
			log.Entries = append(log.Entries, entry)
		}
	}
	report, err := (*detect.Detector)(nil).Find(t.Context(), log)
	require.NoError(t, err)
	if i := slices.IndexFunc(report.Findings, func(f detect.Finding) bool { return f.IsOfNobody() }); i >= 0 {
		return &report.Findings[i]
	}
	return nil
}

// No world is called silent as it is, and each when nothing of some days is logged.
func TestAWorldWhoseLogFailsIsFoundAndNoOther(t *testing.T) {
	t.Parallel()
	for _, world := range sampled(t) {
		require.Nil(t, lullOf(t, world, auditlog.Window{}), "seed %d", world.Seed)
		begin := world.Window.From.AddDate(0, 0, 12)
		failed := auditlog.Window{From: begin, To: begin.AddDate(0, 0, 6), Location: time.UTC}
		found := lullOf(t, world, failed)
		require.NotNil(t, found, "seed %d", world.Seed)
		assert.False(t, found.From.After(failed.From), "seed %d", world.Seed)
		assert.False(t, found.To.Before(failed.To), "seed %d", world.Seed)
		t.Logf("seed %d: %.0f hours without an entry stand out", world.Seed, found.Threshold)
	}
}
