package makesim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

func TestBulkIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	o := makesim.BulkOptions{OrganizationID: organization, Count: 5000, From: clock().Add(-20 * day), To: clock(), BurstSize: 400, Seed: 3,
		Teams: []int64{teamRed, teamBlue}, Events: []string{"key_created"}}
	entries := makesim.Bulk(o)
	assert.Equal(t, entries, makesim.Bulk(o))
	other := o
	other.Seed++
	assert.NotEqual(t, entries, makesim.Bulk(other))
	require.Len(t, entries, 5000)
	uuids, seconds, teams := map[string]bool{}, map[int64]int{}, map[int64]bool{}
	for _, e := range entries {
		uuids[e.UUID], teams[e.TeamID] = true, true
		seconds[e.TriggeredAt.Unix()]++
		assert.False(t, e.TriggeredAt.Before(o.From) || !e.TriggeredAt.Before(o.To) || e.CreatedAt.Before(e.TriggeredAt) ||
			e.CreatedAt.After(o.To))
	}
	assert.Len(t, uuids, 5000)
	assert.Equal(t, map[int64]bool{teamRed: true, teamBlue: true}, teams)
	assert.GreaterOrEqual(t, seconds[clock().Add(-10*day).Unix()], 400)
}

func TestWalkOfALargeLogReturnsAllOfItOnce(t *testing.T) {
	t.Parallel()
	const count = 15_000
	w := smallWorld()
	w.Entries = makesim.Bulk(makesim.BulkOptions{OrganizationID: organization, Count: count, From: clock().Add(-29 * day), To: clock(),
		BurstSize: 400, Teams: []int64{teamRed}})
	s := serve(t, w, makesim.Options{})
	require.Len(t, s.Dump(organization), count)
	for _, query := range []string{"", "dateFrom=2026-05-01&event[]=scenario_updated"} {
		seen := map[string]bool{}
		previous := clock()
		for offset := 0; ; offset += 100 {
			page := s.list(fmt.Sprintf("%s&pg[limit]=100&pg[offset]=%d", query, offset))
			for _, row := range page.AuditLogs {
				at, err := time.Parse(time.RFC3339Nano, row.TriggeredAt.(string))
				require.NoError(t, err)
				require.False(t, at.After(previous), "newest first")
				require.False(t, seen[row.UUID], "once")
				previous, seen[row.UUID] = at, true
			}
			if len(page.AuditLogs) < 100 {
				break
			}
		}
		want := 0
		for _, e := range s.Dump(organization) {
			if query == "" || e.Event == "scenario_updated" && !e.TriggeredAt.Before(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)) {
				want++
			}
		}
		assert.Len(t, seen, want)
		s.ResetRequests()
	}
}

// BenchmarkWalk is the cost of the simulator alone: 600 pages of 100.
func BenchmarkWalk(b *testing.B) {
	w := smallWorld()
	w.Organizations[0].APILimit = 0
	w.Entries = makesim.Bulk(makesim.BulkOptions{OrganizationID: organization, Count: 60_000, From: clock().Add(-29 * day), To: clock()})
	server := makesim.New(w, makesim.Options{Now: clock})
	walk := newDirectWalk(b, server)
	for b.Loop() {
		walk(600, 100)
	}
}

// BenchmarkDemo is the cost of making the demo's world.
func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		makesim.Demo(clock(), 1, nil)
	}
}

// newDirectWalk asks for pages without a network between, for benchmarks.
func newDirectWalk(b *testing.B, server *makesim.Server) func(pages, limit int) {
	return func(pages, limit int) {
		for page := range pages {
			url := fmt.Sprintf("%s%s?pg[limit]=%d&pg[offset]=%d", makesim.BasePath, listPath, limit, page*limit)
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
			r.Header.Set("Authorization", "Token "+ownerToken)
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			require.Equal(b, http.StatusOK, w.Code)
		}
		server.ResetRequests()
	}
}
