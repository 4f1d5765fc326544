package archive_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// cached is an archive of a few organizations, to be opened with any memory.
type cached struct {
	*testing.T
	*fleet
	path string
}

func newCached(t *testing.T, logs, entries int) *cached {
	t.Helper()
	u := storetest.Start(t, nil, makesim.Quirks{})
	c := &cached{t, &fleet{Source: u.Source(audittest.AdminKey), logs: logs, entries: entries}, filepath.Join(t.TempDir(), "audit.db")}
	a := c.with(0)
	for i := range logs {
		c.fill(a, i)
	}
	return c
}

// with opens the archive.
func (c *cached) with(memory int64) *archive.Archive {
	c.Helper()
	store, err := sqlite.Open(c.Context(), c.path, sqlite.Options{Create: true})
	require.NoError(c, err)
	a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin, CacheMemory: memory})
	c.Cleanup(func() { require.NoError(c, a.Close()) })
	return a
}

func (c *cached) fill(a *archive.Archive, number int) {
	c.Helper()
	_, err := a.Sync(c.Context(), c.fleet, archive.SyncOptions{Instance: audittest.Zone, Organization: c.organization(number),
		Details: archive.NoDetails})
	require.NoError(c, err)
}

// count counts the entries of an organization, and returns the warnings.
func (c *cached) count(a *archive.Archive, number int) (count int, warnings string, err error) {
	reader := &archive.Reader{Source: c.fleet, Archive: a, Instance: audittest.Zone, IsUnreachable: func(error) bool { return false }}
	q := auditlog.Query{Organization: c.organization(number).Ref, Window: storetest.Year().Window}
	report, err := reader.Tally(c.Context(), q, auditlog.TallyBy{Actor: true, Target: true}, func(bin auditlog.Bin) { count += bin.Count })
	return count, strings.Join(report.Warnings, "\n"), err
}

// asks counts the entries of organizations, and returns what that did to what is held.
func (c *cached) asks(a *archive.Archive, numbers ...int) archive.CacheStats {
	c.Helper()
	before := a.CacheStats()
	for _, number := range numbers {
		count, _, err := c.count(a, number)
		require.NoError(c, err)
		require.Equal(c, c.entries, count)
	}
	now := a.CacheStats()
	now.Hits, now.Misses, now.Evictions, now.PushedDown = now.Hits-before.Hits, now.Misses-before.Misses, now.Evictions-before.Evictions,
		now.PushedDown-before.PushedDown
	return now
}

// room is the memory that all that an archive holds takes, but for a part of a log.
func (c *cached) room(lacking int64) int64 {
	c.Helper()
	a := c.with(0)
	all := make([]int, c.logs)
	for i := range all {
		all[i] = i
	}
	stats := c.asks(a, all...)
	require.Equal(c, c.logs, stats.Logs)
	return stats.Bytes - lacking
}

func TestTheLogThatWasUsedLeastRecentlyMakesRoom(t *testing.T) {
	t.Parallel()
	c := newCached(t, 3, 100)
	limit := c.room(1000)
	a := c.with(limit)
	type did struct{ hits, misses, evictions, pushed int64 }
	for _, step := range []struct {
		ask  []int
		want did
	}{
		{[]int{0, 1}, did{misses: 2}}, {[]int{0, 1, 0}, did{hits: 3}}, {[]int{2}, did{misses: 1, evictions: 1}},
		{[]int{0, 2}, did{hits: 2}},
		{[]int{1}, did{misses: 1, evictions: 1}}, {[]int{2, 1}, did{hits: 2}},
	} {
		stats := c.asks(a, step.ask...)
		assert.Equal(t, step.want, did{stats.Hits, stats.Misses, stats.Evictions, stats.PushedDown}, "%v", step.ask)
		assert.LessOrEqual(t, stats.Bytes, limit)
		assert.Equal(t, limit, stats.Limit)
		assert.Equal(t, int64(100*stats.Logs), stats.Rows)
	}
}

func TestALogThatDoesNotFitIsLeftToTheStore(t *testing.T) {
	t.Parallel()
	c := newCached(t, 1, 400)
	_, told, err := c.count(c.with(c.room(0)), 0)
	require.NoError(t, err)
	assert.Empty(t, told)

	a := c.with(c.room(100))
	c.asks(a, 0) // only then it is known what else there is to be held
	for range 2 {
		count, told, err := c.count(a, 0)
		require.NoError(t, err)
		assert.Equal(t, 400, count)
		assert.Contains(t, told, "make-audit-mcp verify")
		assert.Contains(t, told, "--cache-memory")
	}
	stats := a.CacheStats()
	assert.Equal(t, int64(2), stats.PushedDown)
	assert.Zero(t, stats.Rows)
	c.fill(a, 0) // also a sync
	assert.Zero(t, a.CacheStats().Rows)
}

func TestALogIsGivenUpOnceItHasOutgrownTheMemory(t *testing.T) {
	t.Parallel()
	c := newCached(t, 2, 100)
	a := c.with(c.room(-500))
	assert.Equal(t, 2, c.asks(a, 0, 1).Logs)
	// The second one grows to more than there is room for.
	grown := *c
	grown.fleet = &fleet{Source: c.Source, logs: 2, entries: 4000, isNew: true}
	later := c.with(0)
	grown.fill(later, 1)
	count, told, err := c.count(a, 1)
	require.NoError(t, err)
	assert.Greater(t, count, 3900)
	assert.Contains(t, told, "--cache-memory")
	_, told, err = c.count(c.with(0), 1)
	require.NoError(t, err)
	assert.Empty(t, told)
	assert.LessOrEqual(t, a.CacheStats().Rows, int64(100))
}

// TestManyQuestionsAtOnceLeaveNothingBehind has questions and syncs get in each other's way.
func TestManyQuestionsAtOnceLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	c := newCached(t, 6, 100)
	limit := c.room(4 * 100 * 32)
	a := c.with(limit)
	group := errgroup.Group{}
	for worker := range 6 {
		group.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for range logtest.UnderRace(60, 15) {
				count, _, err := c.count(a, random.IntN(c.logs))
				if err != nil {
					return err
				}
				assert.Equal(t, c.entries, count)
			}
			return nil
		})
	}
	for i := range c.logs {
		c.fill(a, i)
	}
	require.NoError(t, group.Wait())
	stats := c.asks(a, 0, 1, 2, 3, 4, 5)
	assert.Zero(t, stats.PushedDown, "nothing is in use any more")
	assert.LessOrEqual(t, stats.Bytes, limit)
	assert.Positive(t, a.CacheStats().Evictions)
}
