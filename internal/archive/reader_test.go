package archive_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

func TestTheArchiveAnswersAsMakeDoes(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(400), makesim.Quirks{})
	a := newArchive(t)
	summary := u.Sync(a, audittest.AdminKey)
	require.Equal(t, 400, summary.Span.Entries)
	before := len(u.Requests())
	for key, seed := range map[string]uint64{audittest.AdminKey: 1, audittest.TeamAdminKey: 2} {
		fromLive, fromArchive := u.Session(key, live.Options{}), u.Reader(a, key)
		random := rand.New(rand.NewPCG(seed, 1))
		for range 30 {
			q := storetest.RandomQuery(random)
			want, wantReport := storetest.ReadAll(t, fromLive, q)
			got, report := storetest.ReadAll(t, fromArchive, q)
			require.Equal(t, want, got, "%+v", q)
			source := auditlog.SourceArchive
			if q.Window.To.After(storetest.Begin()) {
				source = auditlog.SourceArchiveAndLive
			}
			assert.Equal(t, source, report.Source)
			assert.Equal(t, wantReport.Complete, report.Complete)
			assert.Equal(t, wantReport.Coverage, report.Coverage)
			assert.Equal(t, wantReport.Endpoint, report.Endpoint)
			assert.Equal(t, wantReport.Exhausted, report.Exhausted)
			if len(want) > 3 { // behind some entry
				place := random.IntN(len(want))
				var after []string
				i := 0
				_, err := fromArchive.Read(t.Context(), q, func(entry *auditlog.Entry) bool {
					if i == place {
						q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: entry.TriggeredAt, UUID: entry.UUID}}
					}
					i++
					return true
				})
				require.NoError(t, err)
				q.Want = random.IntN(20)
				after, _ = storetest.ReadAll(t, fromArchive, q)
				assert.Equal(t, want[place+1:], append([]string{}, after...))
			}
		}
	}
	assert.Greater(t, len(u.Requests()), before)
}

func TestTalliesAreThoseOfTheEntries(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u, a := synced(t, 400)
	for key, seed := range map[string]uint64{audittest.AdminKey: 1, audittest.TeamAdminKey: 2} {
		reader := u.Reader(a, key)
		random := rand.New(rand.NewPCG(seed, 2))
		for range 40 {
			q := storetest.RandomQuery(random)
			by := storetest.RandomTally(random, &q)
			var single, bins []auditlog.Bin
			_, err := reader.Read(t.Context(), q, func(entry *auditlog.Entry) bool {
				single = append(single, auditlog.BinOf(entry))
				return true
			})
			require.NoError(t, err)
			report, err := reader.Tally(t.Context(), q, by, func(bin auditlog.Bin) { bins = append(bins, bin) })
			require.NoError(t, err)
			assert.True(t, report.Exhausted)
			require.Equal(t, storetest.Tallies(single, by, q.Window.Location), storetest.Tallies(bins, by, q.Window.Location),
				"%+v %+v", q, by)
			assert.True(t, slices.IsSortedFunc(bins, func(a, b auditlog.Bin) int { return b.Last.Compare(a.Last) }))
		}
	}
}

// TestAReadGoesOnWhileASyncReplacesEntries is about rows that show something else than they did when the read began.
func TestAReadGoesOnWhileASyncReplacesEntries(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 800)
	held := slices.MinFunc(u.Dump(audittest.OrganizationID), func(a, b makesim.Entry) int { return a.TriggeredAt.Compare(b.TriggeredAt) })
	reader := u.Reader(a, audittest.AdminKey)
	var events []string
	_, err := reader.Read(t.Context(), storetest.Year(), func(e *auditlog.Entry) bool {
		if len(events) == 0 {
			u.RemoveEntries(held.UUID)
			changed := held
			changed.Event, changed.CreatedAt = "scenario_deleted", storetest.Begin().Add(time.Minute)
			u.Clock.Advance(time.Hour)
			u.AddEntries(changed)
			assert.Equal(t, 1, u.Sync(a, audittest.AdminKey).Changed)
		}
		if e.UUID == held.UUID {
			assert.Equal(t, "scenario_deleted", string(e.Event))
		}
		events = append(events, string(e.Event))
		return true
	})
	require.NoError(t, err)
	assert.Len(t, events, 800)
	entry, err := reader.Detail(t.Context(), "77", held.UUID)
	require.NoError(t, err)
	assert.Equal(t, "scenario_deleted", string(entry.Event))
}

func TestDetailsThatAreHereComeWithWhoeverWantsThem(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, []makesim.Entry{{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TargetID: "9",
		TriggeredAt: storetest.Begin().Add(-time.Hour), Details: map[string]any{"webhookName": "Orders"}}}, makesim.Quirks{})
	a := newArchive(t)
	u.SyncWith(a, storetest.AllDetails())
	u.ResetRequests()
	for _, wanted := range []bool{true, false} {
		query := storetest.Year()
		query.WithDetails = wanted
		_, err := u.Reader(a, audittest.AdminKey).Read(t.Context(), query, func(e *auditlog.Entry) bool {
			assert.Equal(t, wanted, strings.Contains(string(e.Details), "Orders"))
			assert.Empty(t, e.Raw)
			return true
		})
		require.NoError(t, err)
	}
	for _, request := range u.Requests() {
		assert.NotContains(t, request.Path, "/audit-logs/77/", "none is fetched")
	}
}

// TestDatesAndHoursAreThoseOfLocalClocks counts entries of every quarter of an hour around the days on which clocks jump.
func TestDatesAndHoursAreThoseOfLocalClocks(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	var entries []makesim.Entry
	for _, day := range []string{"2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"} {
		noon, err := time.Parse("2006-01-02 15", day+" 12")
		require.NoError(t, err)
		for quarter := range 24 * 4 * 2 {
			event := []string{"key_created", "key_deleted"}[quarter%2]
			entries = append(entries, makesim.Entry{OrganizationID: audittest.OrganizationID, Event: event,
				TargetID: "1", TriggeredAt: noon.Add(time.Duration(quarter-24*4)*15*time.Minute + 7*time.Second)})
		}
	}
	u := storetest.Start(t, entries, makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	u.Sync(open(t, path), audittest.AdminKey)
	for _, memory := range []int64{0, -1} {
		reader := u.Reader(openWithin(t, path, memory), audittest.AdminKey)
		for _, name := range []string{"UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"} {
			q := storetest.Year()
			var err error
			q.Window.Location, err = tz.Load(name)
			require.NoError(t, err)
			var single []auditlog.Bin
			_, err = reader.Read(t.Context(), q, func(entry *auditlog.Entry) bool {
				single = append(single, auditlog.BinOf(entry))
				return true
			})
			require.NoError(t, err)
			require.Len(t, single, len(entries))
			clocks := []auditlog.TallyBy{{Clock: auditlog.ByDate}, {Clock: auditlog.ByHour, Event: true}, {Clock: auditlog.ByMinute}}
			for _, by := range clocks {
				var bins []auditlog.Bin
				_, err := reader.Tally(t.Context(), q, by, func(bin auditlog.Bin) { bins = append(bins, bin) })
				require.NoError(t, err)
				assert.Equal(t, storetest.Tallies(single, by, q.Window.Location), storetest.Tallies(bins, by, q.Window.Location), name, by)
			}
		}
	}
}
