package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"slices"
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
	"make-audit-mcp/makeapi"
)

// alter runs statements as somebody would who has the file but not its key.
func alter(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=ignore_check_constraints(1)&_pragma=synchronous(OFF)")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, db.Close())
}

// TestAttacksAreNamedAndAnswerNothing has those that were once demonstrated, and their like: verify names each, the answers that could be
// false are errors that say so, and a sync signs no loss.
func TestAttacksAreNamedAndAnswerNothing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	const (
		endless = "WITH RECURSIVE n(size) AS (SELECT 1 UNION ALL SELECT size + 1 FROM n) SELECT size, x'41' AS note FROM n"
		actor   = "(SELECT max(actor) FROM entries)"
	)
	for name, test := range map[string]struct {
		statements  []string
		says        string // of verify
		staysSilent bool   // answers do not rest on it
	}{
		"a record that is no leaf": {[]string{"UPDATE entries SET record = 1 << 40, actor = actor % 3 + 1, event = event % 3 + 1 WHERE id = 20"},
			"which does not hold it", false},
		"a record that is another kind's": {[]string{"UPDATE entries SET record = 0, actor = actor % 3 + 1 WHERE id = 20"},
			"which does not hold it", false},
		"ids below all": {[]string{"UPDATE entries SET id = -4611686018427387904 - id WHERE actor = " + actor}, "no record brought it", false},
		"ids above all": {[]string{"UPDATE entries SET id = 4611686018427387904 + id WHERE actor = " + actor}, "no record brought it", false},
		"a target that runs over into the actor": {[]string{"UPDATE targets SET id = id + (4 << 32) WHERE id = 5",
			"UPDATE entries SET target = target + (4 << 32), actor = actor - 4 WHERE target = 5"}, "CHECK constraint", false},
		"an event that runs over into the team": {[]string{"UPDATE events SET id = id + (1 << 32) WHERE id = 2",
			"UPDATE entries SET event = event + (1 << 32), team = NULL WHERE event = 2"}, "CHECK constraint", false},
		"an actor of number 0": {[]string{"UPDATE entries SET actor = 0 WHERE actor = 3", "UPDATE actors SET id = 0 WHERE id = 3"},
			"CHECK constraint", false},
		"a log of number -1":      {[]string{"UPDATE logs SET id = -1"}, "is missing", false},
		"a second log":            {[]string{"INSERT INTO logs SELECT -1, instance, '78', state, known FROM logs"}, "nothing signs it", true},
		"a log under another":     {[]string{"UPDATE logs SET id = 2"}, "is missing", false},
		"an earlier state":        {[]string{"UPDATE logs SET state = CAST(replace(CAST(state AS TEXT), '2026', '2025') AS BLOB)"}, "not what was signed", false},
		"entries of another log":  {[]string{"UPDATE entries SET log = 2 WHERE actor = " + actor}, "not what was signed", false},
		"a trigger on entries":    {[]string{"CREATE TRIGGER lose BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END"}, "trigger lose", false},
		"a trigger on the head":   {[]string{"CREATE TRIGGER lose AFTER INSERT ON meta BEGIN DELETE FROM entries; END"}, "trigger lose", false},
		"a view for a table":      {[]string{"ALTER TABLE names RENAME TO other", "CREATE VIEW names AS SELECT * FROM other LIMIT 0"}, "schema has", false},
		"endless checkpoints":     {[]string{"DROP TABLE checkpoints", "CREATE VIEW checkpoints AS " + endless}, "schema", false},
		"endless records":         {[]string{"DROP TABLE records", "CREATE VIEW records AS " + endless}, "schema", false},
		"an index for itself":     {[]string{"CREATE INDEX mine ON entries (at)"}, "index mine", false},
		"a partial index":         {[]string{"DROP INDEX entries_by_key", "CREATE UNIQUE INDEX entries_by_key ON entries (log, key) WHERE id > 9"}, "schema", false},
		"another collation":       {[]string{"DROP TABLE events", "CREATE TABLE events (id INTEGER PRIMARY KEY, value TEXT NOT NULL COLLATE NOCASE UNIQUE) STRICT"}, "schema", false},
		"a record and its hash":   {[]string{"UPDATE records SET (hash, raw) = (SELECT hash, raw FROM records WHERE leaf = 21) WHERE leaf = 20"}, "record", false},
		"a record's hash":         {[]string{"UPDATE records SET hash = zeroblob(32) WHERE leaf = 20"}, "record 20", false},
		"a checkpoint gone":       {[]string{"DELETE FROM checkpoints WHERE size = (SELECT min(size) FROM checkpoints)"}, "not those that were kept", true},
		"details said to be gone": {[]string{"UPDATE entries SET details = -1 WHERE id = 20"}, "not its own", true},
		"details of another":      {[]string{"UPDATE entries SET details = (SELECT max(details) FROM entries WHERE id <> 20) WHERE id = 20"}, "not its own", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := at.copied(t)
			alter(t, path, test.statements...)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			problems, answers := at.look(ctx, path, true)
			assert.Contains(t, problems, test.says)
			if test.staysSilent {
				assert.NotContains(t, answers, "error:")
			} else {
				assert.Contains(t, answers, "verify")
			}
			at.syncAfter(ctx, t, path, name)
			require.NoError(t, ctx.Err())
		})
	}
}

// TestCountsRestOnWhatWasSigned shows no entry, which would be held against its record.
func TestCountsRestOnWhatWasSigned(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	for _, statement := range []string{
		"UPDATE entries SET event = event % 3 + 1 WHERE id = 20", "UPDATE entries SET actor = 1 WHERE id = (SELECT max(id) FROM entries WHERE actor > 1)",
		"UPDATE entries SET team = NULL WHERE team IS NOT NULL", "UPDATE entries SET target = target % 3 + 1 WHERE id = 20",
		"UPDATE entries SET at = at + 1 WHERE id = 20", "DELETE FROM entries WHERE id = 20", "UPDATE actors SET name = name || ' II' WHERE id = 2",
		"UPDATE events SET value = value || '_' WHERE id = 2", "UPDATE targets SET value = value || '0' WHERE id = 5",
		"UPDATE entries SET id = id + 1000 WHERE id = (SELECT max(id) FROM entries)",
	} {
		path := at.copied(t)
		alter(t, path, statement)
		r := &archive.Reader{Source: at.source, Archive: open(t, path), Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable}
		_, err := r.Tally(t.Context(), storetest.Year(), auditlog.TallyBy{Target: true},
			func(auditlog.Bin) { t.Error(statement, "counts") })
		var refused *archive.StoreError
		require.ErrorAs(t, err, &refused, statement)
		assert.Contains(t, refused.NextStep(), "make-audit-mcp verify", statement)
	}
}

// TestATriggerThatComesLaterDoesNotRun is about processes that opened the file before.
func TestATriggerThatComesLaterDoesNotRun(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	a := open(t, path)
	alter(t, path, "CREATE TRIGGER lose BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END")
	_, err := a.Sync(t.Context(), at.later, storetest.SyncOptions())
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "trigger lose")
	assert.Contains(t, refused.NextStep(), "restore a copy, which make-audit-mcp verify proves")
	alter(t, path, "DROP TRIGGER lose")
	summary, err := a.Sync(t.Context(), at.later, storetest.SyncOptions())
	require.NoError(t, err)
	assert.Equal(t, 1, summary.Added)
}

// TestAViewThatComesLaterIsNotRead would have a reader count without end.
func TestAViewThatComesLaterIsNotRead(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	a := open(t, path)
	alter(t, path, "ALTER TABLE entries RENAME TO other",
		"CREATE VIEW entries AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id FROM n) "+
			"SELECT id, 1 AS log, 1 AS at, 1 AS actor, 1 AS team, 1 AS target, 1 AS event FROM n")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r := &archive.Reader{Source: at.source, Archive: a, Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable}
	_, err := r.Tally(ctx, storetest.Year(), auditlog.TallyBy{}, func(auditlog.Bin) {})
	require.Error(t, err)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	found, err := a.Verify(ctx, at.kept)
	require.NoError(t, err)
	assert.Contains(t, storetest.Problems(found), "schema")
	require.NoError(t, ctx.Err())
}

// TestWhatIsLargerThanAnythingStoredIsNotRead would take as much memory.
func TestWhatIsLargerThanAnythingStoredIsNotRead(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	alter(t, path, "UPDATE records SET raw = zeroblob(75 << 20) WHERE leaf = 20")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	defer store.Close() //nolint:errcheck // it was read
	for record, err := range store.RecordsAt(t.Context(), 1, []int64{20}) {
		require.NoError(t, err)
		assert.Empty(t, record.Packed)
	}
	assert.Contains(t, at.verify(t.Context(), path), "record 20")
}

// TestAFileOfTheVersionBeforeIsRefusedWithTheNextStep is about the only one that there was.
func TestAFileOfTheVersionBeforeIsRefusedWithTheNextStep(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path := newAttacked(t).copied(t)
	alter(t, path, "PRAGMA user_version = 1")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "version 1")
	assert.Contains(t, refused.NextStep(), "name a new file, and run make-audit-mcp sync")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, slices.Equal(before, after))
}

// TestASchemaOfAnySizeIsRefused has SQLite read it all before anybody can ask.
func TestASchemaOfAnySizeIsRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	alter(t, path, "PRAGMA writable_schema = ON; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "+
		"INSERT INTO sqlite_schema SELECT 'table', 't' || i, 't' || i, rootpage, 'CREATE TABLE t' || i || ' (a, b, c)' FROM n, "+
		"(SELECT rootpage FROM sqlite_schema WHERE name = 'records')")
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "schema has a")
	assert.Contains(t, refused.NextStep(), "restore a copy")

	ended, cancel := context.WithCancel(t.Context()) // as SQLite is ended that takes too long
	cancel()
	_, err = sqlite.Open(ended, path, sqlite.Options{})
	require.ErrorIs(t, err, context.Canceled)
}
