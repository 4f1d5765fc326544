package sqlite_test

import (
	"database/sql"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	"make-audit-mcp/internal/makesim"
)

// proven is the file of an archive that has seen everything: several syncs, entries that Make showed otherwise later, late ones, details,
// names, and one that lacks details. It is made once and copied by tests.
func proven(t *testing.T) (path string, checkpoints []string) {
	t.Helper()
	u := storetest.Start(t, storetest.Entries(60), makesim.Quirks{})
	path = filepath.Join(t.TempDir(), "audit.db")
	a := open(t, path)
	all := storetest.AllDetails()
	sync := func() { checkpoints = append(checkpoints, u.SyncWith(a, all).Checkpoint.Note) }
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created",
		TriggeredAt: storetest.Begin().Add(-time.Hour), TargetID: "9001", Details: map[string]any{"webhookName": "Invoices in"}})
	sync()
	held := u.Dump(audittest.OrganizationID)[5]
	u.RemoveEntries(held.UUID)
	held.Event, held.CreatedAt = "scenario_deleted", storetest.Begin().Add(time.Minute)
	u.Clock.Advance(time.Hour)
	u.AddEntries(held, makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created",
		TriggeredAt: storetest.Begin().AddDate(0, 0, -21), CreatedAt: storetest.Begin().Add(30 * time.Minute), TargetID: "9002"})
	sync()
	u.Clock.Advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_deleted",
		TriggeredAt: storetest.Begin().Add(2 * time.Hour), TargetID: "9002"})
	all.Details = archive.NoDetails
	sync()
	return path, checkpoints
}

// tampered is a copy of an archive that somebody wrote to.
func tampered(t *testing.T, path string, statements ...string) *archive.Archive {
	t.Helper()
	return open(t, tamperedFile(t, path, statements...))
}

func tamperedFile(t *testing.T, path string, statements ...string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, end := range []string{"", "-wal", ".key"} {
		if data, err := os.ReadFile(path + end); err == nil {
			require.NoError(t, os.WriteFile(copied+end, data, 0o600))
		}
	}
	db, err := sql.Open("sqlite", "file:"+copied+"?_pragma=ignore_check_constraints(1)")
	require.NoError(t, err)
	for _, statement := range statements {
		result, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
		n, err := result.RowsAffected()
		require.NoError(t, err)
		require.Positive(t, n, "%s changes nothing", statement)
	}
	require.NoError(t, db.Close())
	return copied
}

// uuidOfRecord is the uuid of the entry whose columns a record brought.
func uuidOfRecord(t *testing.T, path string, leaf int) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // it was read
	var id []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT key FROM entries WHERE id = ?", leaf).Scan(&id))
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func TestWhateverIsChangedByHandIsNamed(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path, _ := proven(t)
	clean := storetest.Verify(t, tampered(t, path), archive.VerifyOptions{})
	require.True(t, clean.Intact(), storetest.Problems(clean))
	require.True(t, clean.Covered())
	require.Equal(t, 63, clean.Entries)
	require.Greater(t, clean.Checkpoints, 1)
	uuid := uuidOfRecord(t, path, 42)
	for name, test := range map[string]struct {
		statements []string
		says       []string
	}{
		"a byte of a record": {[]string{"UPDATE records SET raw = CAST(substr(raw, 1, 40) || x'00' || substr(raw, 42) AS BLOB) WHERE leaf = 42"},
			[]string{"record 42", uuid}},
		"a record's hash": {[]string{"UPDATE records SET hash = zeroblob(32) WHERE leaf = 42"}, []string{"record 42", uuid}},
		"no hash":         {[]string{"UPDATE records SET hash = x'00' WHERE leaf = 42"}, []string{"record 42"}},
		"a record's log":  {[]string{"UPDATE records SET log = 7 WHERE leaf = 42"}, []string{"record 42"}},
		"a record's kind": {[]string{"UPDATE records SET kind = 2 WHERE leaf = 42"}, []string{"record 42", uuid}},
		"records swapped": {[]string{"UPDATE records SET leaf = -1 WHERE leaf = 42", "UPDATE records SET leaf = 42 WHERE leaf = 43",
			"UPDATE records SET leaf = 43 WHERE leaf = -1"}, []string{"record 42", "signed"}},
		"a record for another": {[]string{"UPDATE records SET raw = (SELECT raw FROM records WHERE leaf = 50), hash = (SELECT hash FROM " +
			"records WHERE leaf = 50) WHERE leaf = 42"}, []string{"signed", "entry"}},
		"a record gone":         {[]string{"DELETE FROM records WHERE leaf = 42"}, []string{"records 42 to 42 are missing"}},
		"the last records gone": {[]string{"DELETE FROM records WHERE leaf > 110"}, []string{"missing"}},
		"a record inserted":     {[]string{"INSERT INTO records SELECT max(leaf) + 1, 1, 3, hash, raw FROM records"}, []string{"inserted"}},
		"at":                    {[]string{"UPDATE entries SET at = at + 1 WHERE id = 42"}, []string{"record 42", uuid, "at"}},
		"event":                 {[]string{"UPDATE entries SET event = event % 3 + 1 WHERE id = 42"}, []string{"record 42", uuid, "event"}},
		"actor": {[]string{"UPDATE entries SET actor = coalesce(actor, 0) % 15 + 1 WHERE id = 42"},
			[]string{"record 42", uuid, "actor"}},
		"team": {[]string{"UPDATE entries SET team = CASE WHEN team IS NULL THEN 1 END WHERE id = 42"},
			[]string{"record 42", uuid, "team"}},
		"target": {[]string{"UPDATE entries SET target = target % 100 + 1 WHERE id = 42"},
			[]string{"record 42", uuid, "target"}},
		"uuid": {[]string{"UPDATE entries SET key = zeroblob(16) WHERE id = 42"}, []string{"record 42", uuid, "missing"}},
		"an actor's name": {[]string{"UPDATE actors SET name = 'Somebody else' WHERE id = 3"},
			[]string{"actor name", "Somebody else"}},
		"an event's name":    {[]string{"UPDATE events SET value = 'nothing_happened' WHERE id = 1"}, []string{"nothing_happened"}},
		"a target's id":      {[]string{"UPDATE targets SET value = 'x' || value WHERE id = 5"}, []string{"target"}},
		"no such actor":      {[]string{"UPDATE entries SET actor = 9999 WHERE actor IS NULL"}, []string{"actor id"}},
		"no such event":      {[]string{"UPDATE entries SET event = 9999 WHERE id = 42"}, []string{"record 42", uuid, "event"}},
		"an actor's id":      {[]string{"UPDATE actors SET actor = 'x' || actor WHERE id = 3"}, []string{"actor id"}},
		"an actor's email":   {[]string{"UPDATE actors SET email = 'x' || email WHERE id = 3"}, []string{"actor email"}},
		"a team's id":        {[]string{"UPDATE refs SET ref = '9' WHERE name = 'Sales'"}, []string{"team id"}},
		"a team's name":      {[]string{"UPDATE refs SET name = 'Sails' WHERE name = 'Sales'"}, []string{"team name", "Sails"}},
		"a dictionary's row": {[]string{"DELETE FROM actors WHERE id = 3"}, []string{"actor id"}},
		"a row's log":        {[]string{"UPDATE entries SET log = 7 WHERE id = 42"}, []string{"record 42", uuid, "missing"}},
		"a row's number":     {[]string{"UPDATE entries SET id = 100000 WHERE id = 42"}, []string{"record 42", uuid}},
		"an earlier record":  {[]string{"UPDATE entries SET record = id WHERE record <> id"}, []string{"do not show what it says"}},
		"a row for a record that came again": {[]string{
			`INSERT INTO entries SELECT record, log, randomblob(16), at, event, actor, team, target, record, NULL
			FROM entries WHERE record <> id`}, []string{"inserted"}},
		"rows' numbers": {[]string{"UPDATE entries SET id = (SELECT record FROM entries WHERE record <> id) WHERE id = 42"},
			[]string{"record 42", uuid}},
		"details of another": {[]string{"UPDATE entries SET details = details + 1 WHERE id = 42"}, []string{uuid, "details"}},
		"details of none":    {[]string{"UPDATE entries SET details = id WHERE details IS NULL"}, []string{"not its own"}},
		"another's details too": {[]string{"UPDATE entries SET details = (SELECT details FROM entries WHERE id = 42) WHERE " +
			"details IS NULL"}, []string{"not its own"}},
		"a name taken away": {[]string{"DELETE FROM names WHERE name = 'Invoices in'"}, []string{"Invoices in", "missing"}},
		"a name added": {[]string{"INSERT INTO names SELECT log, target, object, 'Harmless', 0 FROM names"},
			[]string{"Harmless"}},
		"a name's object":        {[]string{"UPDATE names SET target = target + 1"}, []string{"Invoices in"}},
		"what could not be read": {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.unreadable', json('[{"From":"2026-01-01T00:00:00Z","To":"2026-01-02T00:00:00Z"}]')) AS BLOB)`}, []string{"claims to cover"}},
		"doubts": {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.doubts', json('["x"]')) AS BLOB)`},
			[]string{"claims to cover"}},
		"gaps":   {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.gaps', json('[{"From":"2026-01-01T00:00:00Z","To":"2026-01-02T00:00:00Z","Reason":"x"}]')) AS BLOB)`}, []string{"claims to cover"}},
		"a fill": {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.fill', json('{"at":"2026-01-01T00:00:00Z","reached":"2026-01-01T00:00:00Z","until":"2025-01-01T00:00:00Z"}')) AS BLOB)`}, []string{"claims to cover"}},
		"rights": {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.scope', json('{"teams":["5"]}')) AS BLOB)`},
			[]string{"claims to cover"}},
		"users": {[]string{`UPDATE logs SET known = CAST(replace(CAST(known AS TEXT), 'Ada Admin', 'Eve Elsewhere') AS BLOB)`},
			[]string{"known around the log"}},
		"all that is known": {[]string{`UPDATE logs SET known = x'7b7d'`}, []string{"known around the log"}},
		"a log gone":        {[]string{"DELETE FROM logs"}, []string{"record 0", "belongs to no log"}},
		"another checkpoint's note": {[]string{"UPDATE checkpoints SET note = (SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1)"},
			[]string{"cannot be believed: it is about"}},
		"the head gone":            {[]string{"DELETE FROM meta WHERE key = 'head'"}, []string{"nothing signs it"}},
		"a byte of the head":       {[]string{"UPDATE meta SET value = CAST(replace(CAST(value AS TEXT), 'rows', 'Rows') AS BLOB) WHERE key = 'head'"}, []string{"cannot be believed"}},
		"the store's id":           {[]string{"UPDATE meta SET value = x'41' WHERE key = 'id'"}, []string{"not of this archive"}},
		"the last checkpoint gone": {[]string{"DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)"}, []string{"not those that were kept"}},
		"a row gone":               {[]string{"DELETE FROM entries WHERE id = 42"}, []string{"record 42", uuid, "missing"}},
		"a row inserted": {[]string{"INSERT INTO entries SELECT 100000, log, randomblob(16), at, event, actor, team, target, 100000, NULL " +
			"FROM entries WHERE id = 42"},
			[]string{"record 100000", "inserted"}},
		"details taken off": {[]string{"UPDATE entries SET details = NULL WHERE id = 42"}, []string{uuid, "details"}},
		"a name": {[]string{"UPDATE names SET name = 'Harmless' WHERE name = 'Invoices in'"},
			[]string{"Harmless", "Invoices in"}},
		"coverage": {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.from', '2020-01-01T00:00:00Z') AS BLOB)`},
			[]string{"claims to cover"}},
		"the last sync": {[]string{`UPDATE logs SET state = CAST(json_set(CAST(state AS TEXT), '$.as_of', '2027-01-01T00:00:00Z') AS BLOB)`},
			[]string{"claims to cover"}},
		"an unreadable state":  {[]string{`UPDATE logs SET state = x'5b'`}, []string{"state"}},
		"another organization": {[]string{"UPDATE logs SET organization = '78'"}, []string{"record 0"}},
		"a checkpoint":         {[]string{"UPDATE checkpoints SET note = CAST(replace(CAST(note AS TEXT), '\n', '\n1') AS BLOB)"}, []string{"cannot be believed"}},
		"a checkpoint's size": {[]string{"UPDATE checkpoints SET size = size + 1 WHERE size = (SELECT max(size) FROM checkpoints)"},
			[]string{"cannot be believed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := storetest.Verify(t, tampered(t, path, test.statements...), archive.VerifyOptions{})
			require.False(t, found.Intact())
			for _, says := range test.says {
				assert.Contains(t, storetest.Problems(found), says)
			}
		})
	}
}

func TestACheckpointKeptElsewhereProvesThePast(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path, checkpoints := proven(t)
	kept := archive.VerifyOptions{Checkpoint: []byte(checkpoints[0])}
	now := storetest.Verify(t, tampered(t, path), kept)
	require.True(t, now.Intact(), storetest.Problems(now))
	require.Len(t, now.Keys, 1)
	kept.PublicKey = now.Keys[0]
	again := storetest.Verify(t, tampered(t, path), kept)
	assert.True(t, again.Intact(), storetest.Problems(again))

	// Whoever holds the archive and its key can make both anew, but not the past.
	u := storetest.Start(t, storetest.Entries(59), makesim.Quirks{})
	forged := open(t, filepath.Join(t.TempDir(), "audit.db"))
	u.Sync(forged, audittest.AdminKey)
	for name, options := range map[string]archive.VerifyOptions{
		"by checkpoint": {Checkpoint: []byte(checkpoints[0])}, "by key": {PublicKey: kept.PublicKey}, "by both": kept,
		"no checkpoint": {Checkpoint: []byte("make-audit-mcp/x\n12\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) +
			"\n\n— x y\n")},
		"nonsense": {Checkpoint: []byte("nonsense")}, "no key": {PublicKey: "nonsense"},
	} {
		found := storetest.Verify(t, forged, options)
		assert.False(t, found.Intact(), name)
		assert.Contains(t, storetest.Problems(found), "checkpoint", name)
	}

	// The archive taken back to its first sync: the later checkpoint misses records.
	later := archive.VerifyOptions{Checkpoint: []byte(checkpoints[1])}
	var size int
	_, err := fmt.Sscanf(strings.Split(checkpoints[0], "\n")[1], "%d", &size)
	require.NoError(t, err)
	back := storetest.Verify(t, tampered(t, path, fmt.Sprintf("DELETE FROM records WHERE leaf >= %d", size),
		fmt.Sprintf("DELETE FROM checkpoints WHERE size > %d", size)), later)
	assert.Contains(t, storetest.Problems(back), "missing")
}

// TestOneByteOfARecordIsEnough changes single bytes of what Make sent, one after the other.
func TestOneByteOfARecordIsEnough(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path, _ := proven(t)
	uuid := uuidOfRecord(t, path, 42)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // it is thrown away
	var whole []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT raw FROM records WHERE leaf = 42").Scan(&whole))
	a := open(t, path)
	for at := 0; at < len(whole); at += 7 {
		changed := append([]byte(nil), whole...)
		changed[at] ^= 1 << (at % 8)
		_, err := db.ExecContext(t.Context(), "UPDATE records SET raw = ? WHERE leaf = 42", changed)
		require.NoError(t, err)
		found := storetest.Verify(t, a, archive.VerifyOptions{})
		require.NotEmpty(t, found.Problems, "byte %d", at)
		assert.Equal(t, int64(42), found.Problems[0].Record, "byte %d", at)
		assert.Equal(t, uuid, found.Problems[0].UUID, "byte %d", at)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE records SET raw = ? WHERE leaf = 42", whole)
	require.NoError(t, err)
	assert.True(t, storetest.Verify(t, a, archive.VerifyOptions{}).Intact())
}

// TestAnotherKeyIsNotBelieved has somebody who may write to the archive sign it anew, with a key that the archive then names.
func TestAnotherKeyIsNotBelieved(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(60), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	a := open(t, path)
	own := u.Sync(a, audittest.AdminKey)
	require.NoError(t, os.Remove(path+".key"))
	_, err := a.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
	require.ErrorContains(t, err, "audit.db.key is gone", "a new key is nothing to make unasked")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	forging := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin, NewKey: true})
	defer forging.Close() //nolint:errcheck // it was written
	u.Clock.Advance(time.Hour)
	forged := u.Sync(forging, audittest.AdminKey)
	require.NotEqual(t, own.PublicKey, forged.PublicKey)
	byOwnWords := archive.VerifyOptions{PublicKey: own.PublicKey + ", " + forged.PublicKey}
	assert.True(t, storetest.Verify(t, a, byOwnWords).Intact(), "by both")
	for name, options := range map[string]archive.VerifyOptions{
		"by the key": {PublicKey: own.PublicKey}, "by a forged checkpoint and the key": {Checkpoint: []byte(forged.Checkpoint.Note), PublicKey: own.PublicKey},
	} {
		found := storetest.Verify(t, a, options)
		assert.False(t, found.Intact(), name)
		assert.Contains(t, storetest.Problems(found), "signature", name)
	}
	kept := storetest.Verify(t, a, archive.VerifyOptions{Checkpoint: []byte(own.Checkpoint.Note), PublicKey: own.PublicKey})
	assert.NotContains(t, storetest.Problems(kept), "cannot be used", "the right one still proves what it is about")
}

// TestAnotherKeyBesideOldCheckpointsIsRefusedUntilItIsAskedFor has keys that could be the archive's, and others.
func TestAnotherKeyBesideOldCheckpointsIsRefusedUntilItIsAskedFor(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	renewed, path := at.copied(t), at.copied(t)
	syncWith := func(path string, newKey bool) (*archive.Summary, error) {
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
		require.NoError(t, err)
		a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin, NewKey: newKey})
		defer a.Close() //nolint:errcheck // it was written
		return a.Sync(t.Context(), at.later, storetest.SyncOptions())
	}
	require.NoError(t, os.Remove(renewed+".key"))
	_, err := syncWith(renewed, true)
	require.NoError(t, err)
	fresh, err := os.ReadFile(renewed + ".key")
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(path+".key", fresh, 0o600))
	_, err = syncWith(path, false)
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.NextStep(), path+".key is not the key that signed it, restore that one")
	last, err := syncWith(path, true)
	require.NoError(t, err)
	both := archive.VerifyOptions{Checkpoint: at.kept.Checkpoint, PublicKey: at.kept.PublicKey + "," + last.PublicKey}
	assert.Empty(t, storetest.Problems(storetest.Verify(t, open(t, path), both)))
	one := archive.VerifyOptions{PublicKey: last.PublicKey}
	assert.Contains(t, storetest.Problems(storetest.Verify(t, open(t, path), one)), "cannot be believed", "older checkpoints are the other's")

	for _, text := range []string{"", "PRIVATE+KEY+elsewhere", string(fresh[:20])} {
		require.NoError(t, os.WriteFile(path+".key", []byte(text), 0o600))
		_, err = syncWith(path, true)
		require.ErrorAs(t, err, &refused, text)
		assert.Contains(t, refused.NextStep(), "take away what lies there and run make-audit-mcp sync --new-key")
		_, err = syncWith(path, false)
		require.ErrorAs(t, err, &refused, text)
	}
}

func TestACheckpointTellsAmongWhichRecordsTheChangeIs(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path, checkpoints := proven(t)
	var size int
	_, err := fmt.Sscanf(strings.Split(checkpoints[0], "\n")[1], "%d", &size)
	require.NoError(t, err)
	// The last record of the second sync, as one that is well-formed and has its hash.
	changed := tampered(t, path, fmt.Sprintf(
		`UPDATE records SET (kind, hash, raw) = (SELECT kind, hash, raw FROM records WHERE kind = 3 AND leaf < %[1]d ORDER BY leaf DESC LIMIT 1)
		WHERE leaf = (SELECT min(leaf) FROM records WHERE kind = 3 AND leaf >= %[1]d)`, size))
	found := storetest.Verify(t, changed, archive.VerifyOptions{})
	assert.Contains(t, storetest.Problems(found), "are not those of the checkpoint")
	assert.Contains(t, storetest.Problems(found), fmt.Sprintf("records %d to ", size))
}

// TestWhatIsLeftToTheStoreIsHeldAgainstWhatIsShown has archives asked whose log is not in memory. An entry that is shown is held against
// its record, and the number of entries against the head; what else is counted is not, which the answer says.
func TestWhatIsLeftToTheStoreIsHeldAgainstWhatIsShown(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path, _ := proven(t)
	u := storetest.Start(t, nil, makesim.Quirks{})
	for name, test := range map[string]struct {
		statements    []string
		counts, lists string // what errors say; empty for none
	}{
		"nothing":       {nil, "", ""},
		"an actor":      {[]string{"UPDATE entries SET actor = coalesce(actor, 0) % 15 + 1 WHERE id = 42"}, "", "not what its record holds"},
		"a time":        {[]string{"UPDATE entries SET at = at - 1 WHERE id = 42"}, "", "not what its record holds"},
		"no such event": {[]string{"UPDATE entries SET event = 9999 WHERE id = 42"}, "refers to what is not in it", "not what its record holds"},
		"a huge actor":  {[]string{"UPDATE entries SET actor = 1 << 40 WHERE id = 42"}, "did not write", "not what its record holds"},
		"a row gone":    {[]string{"DELETE FROM entries WHERE id = 42"}, "62 entries, and 63 were signed", "63 were signed"},
		"a row more": {[]string{"INSERT INTO entries SELECT (SELECT max(leaf) FROM records), log, randomblob(16), at, event, actor, " +
			"team, target, record, NULL FROM entries WHERE id = 42"}, "64 entries, and 63 were signed", "63 were signed"},
		"an actor's name": {[]string{"UPDATE actors SET name = 'Somebody else' WHERE id = 3"}, "not those that were signed",
			"not those that were signed"},
		"the head gone": {[]string{"DELETE FROM meta WHERE key = 'head'"}, "its head is gone", "its head is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := sqlite.Open(t.Context(), tamperedFile(t, path, test.statements...), sqlite.Options{})
			require.NoError(t, err)
			a := archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin, CacheMemory: -1})
			t.Cleanup(func() { require.NoError(t, a.Close()) })
			reader := u.Reader(a, audittest.AdminKey)
			is := func(want string, report auditlog.Report, err error) {
				t.Helper()
				if want != "" {
					require.ErrorContains(t, err, want)
					return
				}
				require.NoError(t, err)
				assert.Contains(t, strings.Join(report.Warnings, " "), "without holding every row against the archive's signature")
			}
			report, err := reader.Tally(t.Context(), storetest.Year(), auditlog.TallyBy{Actor: true, Event: true}, func(auditlog.Bin) {})
			is(test.counts, report, err)
			report, err = reader.Read(t.Context(), storetest.Year(), func(*auditlog.Entry) bool { return true })
			is(test.lists, report, err)
			_, err = a.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
			if len(test.statements) > 0 {
				var refused *archive.StoreError
				require.ErrorAs(t, err, &refused, "no sync goes on from it")
			}
		})
	}
}
