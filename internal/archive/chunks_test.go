package archive_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
)

// growing is a fleet whose organizations get more entries with each sync: those below upTo are new, those below had are known.
type growing struct {
	*fleet
	had, upTo int
}

func (g *growing) Read(_ context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	for i := range g.upTo {
		if at := g.at(i); q.Window.Contains(at) && !yield(g.entry(q.Organization.ID, i)) {
			break
		}
	}
	return auditlog.Report{Exhausted: true, Coverage: auditlog.Coverage{From: q.Window.From, To: q.Window.To}}, nil
}

func (g *growing) Written(_ context.Context, organization auditlog.Ref, _ time.Time, yield func(*auditlog.Entry)) (time.Time,
	auditlog.Report, error) {
	for i := max(0, g.had-100); i < g.upTo; i++ { // some again, as syncs overlap
		yield(g.entry(organization.ID, i))
	}
	return storetest.Begin(), auditlog.Report{Exhausted: true}, nil
}

// signedChunks are how many sums the head of an archive has of each log.
func signedChunks(t *testing.T, path string) (counts []int) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	defer store.Close() //nolint:errcheck // it was read
	head, err := store.Head(t.Context())
	require.NoError(t, err)
	text, _, _ := bytes.Cut(head, []byte{'\n'})
	var signed struct {
		Logs []struct{ Chunks struct{ Sums [][]byte } }
	}
	require.NoError(t, json.Unmarshal(text, &signed))
	for _, log := range signed.Logs {
		counts = append(counts, len(log.Chunks.Sums))
	}
	return counts
}

// A log has a sum for each 65,536 entries of its own, however the syncs of others come between, and each of them protects its part.
func TestTheHeadGrowsWithLogsByTheirOwnEntriesOnly(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	f := newFleet(t)
	f.entries = 70_000
	path := filepath.Join(t.TempDir(), "audit.db")
	small, large := &growing{fleet: f}, &growing{fleet: f}
	held := open(t, path)
	count := func(a *archive.Archive, of int) (count int, err error) {
		reader := &archive.Reader{Source: f, Archive: a, Instance: audittest.Zone, IsUnreachable: func(error) bool { return false }}
		q := auditlog.Query{Organization: f.organization(of).Ref, Window: storetest.Year().Window}
		_, err = reader.Tally(t.Context(), q, auditlog.TallyBy{Event: true}, func(bin auditlog.Bin) { count += bin.Count })
		return count, err
	}
	for round, grown := range []int{40_000, 65_535, 65_536, 65_537, 70_000} {
		small.upTo, large.upTo = 10*(round+1), grown
		for number, source := range []*growing{small, large} {
			summary, err := open(t, path).Sync(t.Context(), source, archive.SyncOptions{Instance: audittest.Zone,
				Organization: f.organization(number), Details: archive.NoDetails})
			require.NoError(t, err)
			assert.Equal(t, source.upTo-source.had, summary.Added)
			source.had = source.upTo
			for name, a := range map[string]*archive.Archive{"held before": held, "opened now": open(t, path)} {
				found, err := count(a, number)
				require.NoError(t, err, name)
				assert.Equal(t, source.upTo, found, name)
			}
		}
	}
	assert.Equal(t, []int{1, 2}, signedChunks(t, path))
	storetest.Intact(t, open(t, path))
	for _, row := range []string{"min(id)", "max(id)"} {
		t.Run("where "+row+" is changed", func(t *testing.T) {
			t.Parallel()
			changed := filepath.Join(t.TempDir(), "audit.db")
			db, err := sql.Open("sqlite", path)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			_, err = db.ExecContext(t.Context(), "VACUUM INTO ?", changed)
			require.NoError(t, err)
			other, err := sql.Open("sqlite", changed)
			require.NoError(t, err)
			_, err = other.ExecContext(t.Context(), "UPDATE entries SET event = 3 - event WHERE id = (SELECT "+row+
				" FROM entries WHERE log = 2 AND event IN (1, 2))")
			require.NoError(t, err)
			require.NoError(t, other.Close())
			store, err := sqlite.Open(t.Context(), changed, sqlite.Options{})
			require.NoError(t, err)
			a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: path + ".key", Now: storetest.Begin})
			t.Cleanup(func() { require.NoError(t, a.Close()) })
			_, err = count(a, 1)
			require.ErrorContains(t, err, "are not those that were signed")
			_, err = count(a, 0)
			require.NoError(t, err, "the other log is as it was")
		})
	}
}
