package storetest

import (
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// leftToTheStore finds the warning that says so.
var leftToTheStore = regexp.MustCompile(`,?"counted by the archive's database[^"]*--cache-memory[^"]*"`)

// named are entries with details, in which objects have several names.
func named() (entries []makesim.Entry) {
	for i := range 40 {
		entries = append(entries, makesim.Entry{OrganizationID: audittest.OrganizationID,
			Event:  []string{"webhook_created", "webhook_updated", "scenario_updated"}[i%3],
			TeamID: []int64{0, audittest.SalesTeam, audittest.OpsTeam}[i%3], TargetID: []string{"9001", "9002"}[i%2],
			TriggeredAt: Begin().Add(-time.Duration(i/4+1) * time.Hour), // several of one instant
			Details:     map[string]any{[]string{"webhookName", "webhookName", "scenarioName"}[i%3]: []string{"In", "Out", "In 2"}[i/3%3]}})
	}
	return entries
}

// answersWithoutMemory has the same archive asked with its log in memory, and with nothing there: the answers are the same, but that the
// latter say what they rest on.
func (s *suite) answersWithoutMemory() {
	u := Start(s, append(Entries(250), named()...), makesim.Quirks{})
	key := filepath.Join(s.TempDir(), "key")
	with := func(memory int64) *archive.Archive {
		return archive.New(s.store, archive.Options{Decode: live.Decode, KeyFile: key, Now: Begin, CacheMemory: memory})
	}
	in, out := with(0), with(-1)
	u.SyncWith(in, AllDetails())
	for range 2 { // the second time, of a log that has grown
		for _, key := range []string{audittest.AdminKey, audittest.TeamAdminKey} {
			_, lines := Ask(s.Context(), u.Source(key), in, nil)
			require.Greater(s, len(lines), 80)
			want, _ := Ask(s.Context(), u.Source(key), in, lines)
			got, _ := Ask(s.Context(), u.Source(key), out, lines)
			assert.Regexp(s, leftToTheStore, got)
			assert.NotContains(s, got, "error:")
			assert.NotRegexp(s, leftToTheStore, want)
			got = strings.ReplaceAll(leftToTheStore.ReplaceAllString(got, ""), `"Warnings":[]`, `"Warnings":null`)
			require.Equal(s, strings.Split(want, "\n"), strings.Split(got, "\n"))
			s.sameQuestions(u.Reader(in, key), u.Reader(out, key))
		}
		held := u.Dump(audittest.OrganizationID)[7]
		u.RemoveEntries(held.UUID)
		held.Event, held.TargetID, held.CreatedAt = "scenario_renamed_anew", "never seen before", u.Clock.Now()
		u.AddEntries(held)
		u.Happens("key_created", u.Clock.Now().Add(-time.Minute))
		u.Clock.Advance(time.Hour)
		summary := u.SyncWith(out, SyncOptions()) // a log that it does not hold
		assert.Equal(s, 1, summary.Changed)
		assert.Equal(s, 1, summary.Added)
	}
	stats := in.CacheStats()
	assert.Positive(s, stats.Hits)
	assert.Equal(s, 1, stats.Logs)
	assert.Zero(s, stats.PushedDown)
	stats = out.CacheStats()
	assert.Zero(s, stats.Hits+stats.Misses+stats.Rows)
	assert.Positive(s, stats.PushedDown)
}

// sameQuestions asks both readers the same.
func (s *suite) sameQuestions(in, out *archive.Reader) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 15 {
		q := RandomQuery(random)
		want, _ := ReadAll(s, in, q)
		got, report := ReadAll(s, out, q)
		require.Equal(s, want, got, "%+v", q)
		assert.Contains(s, report.Warnings[len(report.Warnings)-1], "make-audit-mcp verify")
		if len(want) > 3 { // from some entry on
			place := random.IntN(len(want))
			i := 0
			_, err := in.Read(s.Context(), q, func(e *auditlog.Entry) bool {
				if i == place {
					q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: e.TriggeredAt, UUID: e.UUID}}
				}
				i++
				return true
			})
			require.NoError(s, err)
			got, _ = ReadAll(s, out, q)
			assert.Equal(s, want[place+1:], append([]string{}, got...))
			q.Resume = nil
		}
		by := RandomTally(random, &q)
		bins := func(of *archive.Reader) (bins []auditlog.Bin) {
			_, err := of.Tally(s.Context(), q, by, func(bin auditlog.Bin) { bins = append(bins, bin) })
			require.NoError(s, err)
			return bins
		}
		assert.ElementsMatch(s, bins(in), bins(out), "%+v %+v", q, by)
	}
}
