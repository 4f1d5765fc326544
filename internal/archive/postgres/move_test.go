package postgres_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// An archive moves from a file into PostgreSQL and back: answers, proofs and positions stay, and syncs go on.
func TestAnArchiveMovesBetweenStores(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(1500), makesim.Quirks{})
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TargetID: "9001",
		TriggeredAt: storetest.Begin().Add(-time.Hour), Details: map[string]any{"webhookName": "Invoices in"}})
	key := filepath.Join(t.TempDir(), "key")
	in := func(store archive.Store, err error) *archive.Archive {
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return archive.New(store, archive.Options{Decode: live.Decode, KeyFile: key, Now: storetest.Begin})
	}
	file := func(id string) (archive.Store, error) {
		return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "audit.db"), sqlite.Options{Create: true, ID: id})
	}
	database := func(id string) (archive.Store, error) {
		return postgres.Open(t.Context(), postgrestest.Shared(t).Empty(), postgres.Options{Create: true, ID: id})
	}
	first, err := file("")
	id := first.ID()
	from := in(first, err)
	kept := u.SyncWith(from, storetest.AllDetails())
	other := storetest.SyncOptions()
	other.Instance = "us1.make.com"
	u.SyncWith(from, other)
	u.Clock.Advance(time.Hour)
	u.Happens("key_created", u.Clock.Now().Add(-time.Minute))
	u.SyncWith(from, storetest.AllDetails())

	source := u.Source(audittest.AdminKey)
	_, lines := storetest.Ask(t.Context(), source, from, nil)
	want, _ := storetest.Ask(t.Context(), source, from, lines)
	before := storetest.Intact(t, from)
	for _, target := range []func(id string) (archive.Store, error){database, file, database} {
		to := in(target(id))
		var reached, of int64
		found, err := archive.Move(t.Context(), from, to, func(done, all int64) { reached, of = done, all })
		require.NoError(t, err)
		assert.Equal(t, before, found)
		assert.Equal(t, of, reached)
		got, _ := storetest.Ask(t.Context(), source, to, lines)
		assert.Equal(t, want, got)
		verified := storetest.Verify(t, to, archive.VerifyOptions{Checkpoint: []byte(kept.Checkpoint.Note), PublicKey: kept.PublicKey})
		assert.True(t, verified.Intact(), storetest.Problems(verified))

		_, err = archive.Move(t.Context(), from, to, func(int64, int64) {})
		var is *archive.StoreError
		require.ErrorAs(t, err, &is)
		assert.Contains(t, is.Error(), "something in it already")
		from = to
	}
	u.Clock.Advance(time.Hour)
	u.Happens("key_created", u.Clock.Now().Add(-time.Minute))
	assert.Equal(t, 1, u.SyncWith(from, storetest.AllDetails()).Added)
	u.Same(from)
}

func TestAnArchiveThatWasChangedDoesNotMoveUnnoticed(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	server := postgrestest.Shared(t)
	u := storetest.Start(t, storetest.Entries(60), makesim.Quirks{})
	in := func(schema, id, key string) *archive.Archive {
		store := open(t, server.Address(schema), postgres.Options{Create: true, ID: id})
		t.Cleanup(func() { _ = store.Close() })
		return archive.New(store, archive.Options{Decode: live.Decode, KeyFile: key, Now: storetest.Begin})
	}
	for _, change := range []string{
		"UPDATE entries SET at = at + 1 WHERE id = 7", "DELETE FROM entries WHERE id = 7", "DELETE FROM records WHERE leaf = 7",
		"UPDATE records SET hash = sha256(hash) WHERE leaf = 7", "UPDATE logs SET state = state || ' '", "DELETE FROM words WHERE id = 2",
		"DELETE FROM checkpoints", "UPDATE archive SET head = head || ' '", "UPDATE logs SET known = '{}'",
	} {
		schema := server.Schema()
		key := filepath.Join(t.TempDir(), "key")
		from := in(schema, "", key)
		u.Sync(from, audittest.AdminKey)
		id := server.Query(t, schema, "SELECT id FROM archive")[0][0]
		server.Exec(t, schema, change)
		_, err := archive.Move(t.Context(), from, in(server.Schema(), id, key), func(int64, int64) {})
		var is *archive.StoreError
		require.ErrorAs(t, err, &is, change)
		assert.Contains(t, is.NextStep(), "verify", change)
	}
}
