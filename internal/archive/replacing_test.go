package archive_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// interrupted is a store in which something happens before what is read at one moment is.
type interrupted struct {
	archive.Store
	before func()
}

func (i *interrupted) Snapshot(ctx context.Context, read func(archive.Reads) error) error {
	i.before()
	return i.Store.Snapshot(ctx, read)
}

// Counts that the store makes are of before a sync or of after it, wherever in the question it replaces an entry.
func TestASyncThatReplacesEntriesIsNotMixedIntoCountsOfTheStore(t *testing.T) {
	t.Parallel()
	for place := 1; ; place++ {
		u := storetest.Start(t, storetest.Entries(20), makesim.Quirks{})
		path := filepath.Join(t.TempDir(), "audit.db")
		u.Sync(open(t, path), audittest.AdminKey)
		moment, isIn := 0, false
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		require.NoError(t, err)
		reader := u.Reader(archive.New(&interrupted{store, func() {
			if moment++; moment != place {
				return
			}
			isIn = true
			held := u.Dump(audittest.OrganizationID)[7]
			u.RemoveEntries(held.UUID)
			held.Event, held.CreatedAt = "scenario_renamed_anew", u.Clock.Now()
			u.AddEntries(held)
			u.Happens("key_created", u.Clock.Now().Add(-time.Minute))
			u.Clock.Advance(time.Hour)
			u.Sync(open(t, path), audittest.AdminKey)
		}}, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin, CacheMemory: -1}), audittest.AdminKey)
		counts := map[auditlog.Text]int{}
		_, err = reader.Tally(t.Context(), storetest.Year(), auditlog.TallyBy{Event: true}, func(bin auditlog.Bin) {
			counts[bin.Entry.Event] += bin.Count
		})
		require.NoError(t, store.Close())
		if !isIn {
			assert.Greater(t, place, 2)
			break
		}
		require.NoError(t, err)
		assert.Equal(t, counts["key_created"], counts["scenario_renamed_anew"], "both or none of what the sync brought")
	}
}
