package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// BenchmarkWalk60000 reads 60,000 entries at 20 ms latency per request, one page after another and side by side. The design asks for a
// third of the time.
func BenchmarkWalk60000(b *testing.B) {
	w := everything()
	for _, spread := range []time.Duration{364 * 24 * time.Hour, 17 * time.Hour} {
		entries := makesim.Bulk(makesim.BulkOptions{OrganizationID: organizationID, Count: 60_000, From: now().Add(-spread), To: now(),
			BurstSize: 400, Seed: 1})
		for _, pageCap := range []int{1000, 100} {
			for _, parallel := range []int{1, live.DefaultParallel} {
				b.Run(fmt.Sprintf("over %s/pages of %d/%d at a time", spread, pageCap, parallel), func(b *testing.B) {
					u := start(b, entries, makesim.Options{Latency: 20 * time.Millisecond,
						Quirks: makesim.Quirks{PageCap: pageCap, EchoRequestedLimit: true}})
					for b.Loop() {
						count := 0
						_, err := u.reader(adminKey, live.Options{Parallel: parallel}).Read(b.Context(), query(w),
							func(*auditlog.Entry) bool { count++; return true })
						require.NoError(b, err)
						require.Equal(b, 60_000, count)
					}
					b.ReportMetric(float64(len(u.Requests()))/float64(b.N), "calls/op")
				})
			}
		}
	}
}
