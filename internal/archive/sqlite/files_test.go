package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	"make-audit-mcp/makeapi"
)

func TestWhatIsNoArchiveIsRefusedAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	foreign := filepath.Join(folder, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	newer := filepath.Join(folder, "newer.db")
	a, err := openWith(t.Context(), newer, sqlite.Options{Create: true})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	db, err = sql.Open("sqlite", newer)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before, err := os.ReadFile(newer)
	require.NoError(t, err)
	impossible := append([]byte(nil), before...)
	impossible[60] = 0x80 // the version's first byte
	for name, test := range map[string]struct {
		path, says string
		create     bool
	}{
		"text":      {write("notes.txt", []byte("buy milk\n")), "not an archive", true},
		"one byte":  {write("one", []byte("x")), "not an archive", true},
		"long text": {write("long", []byte(strings.Repeat("log line\n", 2000))), "not an archive", true},
		"a header only": {write("header", []byte("SQLite format 3\x00 and then nothing of the sort, which is long enough to be a "+
			"header of 100 bytes, and more")), "", true},
		"another database":  {foreign, "another program", true},
		"a newer version":   {newer, "version 99", true},
		"no such version":   {write("impossible.db", impossible), "cannot be", true},
		"a folder":          {folder, "folder", true},
		"no folder":         {filepath.Join(folder, "none", "audit.db"), "cannot be created", true},
		"nothing":           {filepath.Join(folder, "none.db"), "no such file", false},
		"empty, to be read": {write("empty", nil), "empty", false},
	} {
		before, _ := os.ReadFile(test.path)
		_, err := openWith(t.Context(), test.path, sqlite.Options{Create: test.create})
		var refused *archive.StoreError
		require.ErrorAs(t, err, &refused, name)
		require.ErrorContains(t, err, test.says, name)
		assert.NotEmpty(t, refused.NextStep(), name)
		after, _ := os.ReadFile(test.path)
		assert.Equal(t, before, after, name)
	}
}

func TestAnEmptyFileCanBecomeAnArchive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.db")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	open(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestSeveralMayOpenWhatIsNotThereYet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.db")
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			a, err := openWith(t.Context(), path, sqlite.Options{Create: true})
			if err != nil {
				return err
			}
			return a.Close()
		})
	}
	require.NoError(t, group.Wait())
	storetest.Intact(t, open(t, path))
}

// TestAnArchiveIsOneByWhateverName would see two syncs at once, and two keys.
func TestAnArchiveIsOneByWhateverName(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(60), makesim.Quirks{})
	path, link := filepath.Join(t.TempDir(), "audit.db"), filepath.Join(t.TempDir(), "link.db")
	u.Sync(open(t, path), audittest.AdminKey)
	require.NoError(t, os.Symlink(path, link))
	linked, busy := open(t, link), storetest.SyncOptions()
	busy.OnProgress = func(archive.SyncProgress) {
		_, err := linked.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
		var other *archive.BusyError
		assert.ErrorAs(t, err, &other)
	}
	_, err := open(t, path).Sync(t.Context(), u.Source(audittest.AdminKey), busy)
	require.NoError(t, err)
	u.Sync(linked, audittest.AdminKey)
	_, err = os.Stat(link + ".key")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestNumbersThatCannotBeAreRefused would otherwise have a reader count to them, or set aside memory for as many.
func TestNumbersThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	path, _ := proven(t)
	source := storetest.Start(t, storetest.Entries(60), makesim.Quirks{}).Source(audittest.AdminKey)
	for _, statement := range []string{
		"UPDATE entries SET id = 1 << 60 WHERE id = 42", "UPDATE entries SET id = 9223372036854775807 WHERE id = 42",
		"UPDATE entries SET target = (1 << 31) - 2 WHERE id = 42", "UPDATE entries SET target = -2 WHERE id = 42",
		"UPDATE entries SET actor = 5000 WHERE id = 42",
		"UPDATE entries SET team = 5000 WHERE id = 42", "UPDATE entries SET event = 5000 WHERE id = 42", "DELETE FROM actors WHERE id = 2",
	} {
		a := tampered(t, path, statement)
		reader := &archive.Reader{Source: source, Archive: a, Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable}
		q := storetest.Year()
		_, err := reader.Tally(t.Context(), q, auditlog.TallyBy{Target: true}, func(auditlog.Bin) {})
		require.Error(t, err, statement)
		found, err := a.Verify(t.Context(), archive.VerifyOptions{})
		require.NoError(t, err, statement)
		assert.False(t, found.Intact(), statement)
	}
}

// TestALinkToNothingIsRefused would have the key lie beside the link, and later beside the file.
func TestALinkToNothingIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	link := filepath.Join(folder, "link.db")
	require.NoError(t, os.Symlink(filepath.Join(folder, "elsewhere.db"), link))
	_, err := openWith(t.Context(), link, sqlite.Options{Create: true})
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "a link to a file that is not there")
	assert.Contains(t, refused.NextStep(), "name the file itself")
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, files, 1, "nothing is made")
}

func TestWorldsAreKeptApart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.db")
	a, err := openWith(t.Context(), path, sqlite.Options{Create: true, World: "demo"})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	_, err = openWith(t.Context(), path, sqlite.Options{Create: true})
	var other *archive.WorldError
	require.ErrorAs(t, err, &other)
	require.ErrorContains(t, err, "the demo, not of Make")
}

func TestNobodyElseMayReadTheFiles(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(100), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	u.Sync(open(t, path), audittest.AdminKey)
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(files), 3)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
}

// TestAFullDiskLosesNothing bounds the file's pages, which SQLite tells like a full disk.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(500), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	a, err := openWith(t.Context(), path, sqlite.Options{Create: true, MaxBytes: 130_000})
	require.NoError(t, err)
	summary, err := a.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
	var full *archive.StoreError
	require.ErrorAs(t, err, &full)
	require.ErrorContains(t, err, "the disk is full; what was stored before is kept")
	assert.Contains(t, full.NextStep(), "free space")
	assert.Positive(t, summary.Added)
	found := storetest.Intact(t, a)
	assert.Equal(t, summary.Added, found.Entries)
	require.NoError(t, a.Close())
	again := open(t, path)
	assert.Equal(t, 500-summary.Added, u.Sync(again, audittest.AdminKey).Added)
	u.Same(again)
}

// TestDamageIsNoticedOrHarmless flips bits anywhere, and cuts the file anywhere.
func TestDamageIsNoticedOrHarmless(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(120), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	a, err := openWith(t.Context(), path, sqlite.Options{Create: true})
	require.NoError(t, err)
	_, err = a.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
	require.NoError(t, err)
	want, _ := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
	require.NoError(t, a.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	source := u.Reader(a, audittest.AdminKey).Source
	random := rand.New(rand.NewPCG(5, 6))
	noticed := 0
	for i := range 40 {
		data := append([]byte(nil), whole...)
		if i%6 == 0 {
			data = data[:random.IntN(len(data))]
		} else {
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		}
		damaged := filepath.Join(t.TempDir(), "damaged.db")
		require.NoError(t, os.WriteFile(damaged, data, 0o600))
		if !isHarmless(t, damaged, source, want) {
			noticed++
		}
	}
	assert.Greater(t, noticed, 8)
}

// isHarmless tells whether a damaged archive is still what it was; what is not must be noticed.
func isHarmless(t *testing.T, path string, source archive.Source, want []string) bool {
	t.Helper()
	a, err := openWith(t.Context(), path, sqlite.Options{})
	if err != nil {
		return false
	}
	defer a.Close() //nolint:errcheck // it may be damaged
	reader := &archive.Reader{Source: source, Archive: a, Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable}
	var got []string
	_, readErr := reader.Read(t.Context(), storetest.Year(), func(entry *auditlog.Entry) bool {
		got = append(got, storetest.Line(entry))
		return true
	})
	// must return
	_, _ = reader.Tally(t.Context(), storetest.Year(), auditlog.TallyBy{Actor: true, Target: true, Clock: auditlog.ByDate},
		func(auditlog.Bin) {})
	found, err := a.Verify(t.Context(), archive.VerifyOptions{})
	if err != nil || !found.Intact() {
		return false
	}
	require.NoError(t, readErr)
	require.Equal(t, want, got, "verified, and yet other than it was")
	return true
}

func TestAFileIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) func() archive.Store {
		path := filepath.Join(t.TempDir(), "audit.db")
		return func() archive.Store {
			store, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
			require.NoError(t, err)
			return store
		}
	})
}

// TestWithoutAWriteAheadLogAnswersAreTheSame fills and asks a file in whose journal readers and a sync wait for one another.
func TestWithoutAWriteAheadLogAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(300), makesim.Quirks{})
	var answers [][]string
	for _, journal := range []sqlite.Journal{sqlite.JournalWAL, sqlite.JournalDelete} {
		path := filepath.Join(t.TempDir(), "audit.db")
		a, err := openWith(t.Context(), path, sqlite.Options{Create: true, Journal: journal})
		require.NoError(t, err)
		var group errgroup.Group
		group.Go(func() error {
			_, err := a.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
			return err
		})
		group.Go(func() error {
			other, err := openWith(t.Context(), path, sqlite.Options{})
			if err != nil {
				return err
			}
			_, err = other.Verify(t.Context(), archive.VerifyOptions{})
			return errors.Join(err, other.Close())
		})
		require.NoError(t, group.Wait(), journal)
		_, lines := storetest.Ask(t.Context(), u.Source(audittest.AdminKey), a, nil)
		require.Len(t, lines, 300)
		answers = append(answers, lines)
		assert.Empty(t, storetest.Problems(storetest.Verify(t, a, archive.VerifyOptions{})))
		require.NoError(t, a.Close())
		assert.Equal(t, string(journal), journalIn(t, path))
	}
	assert.Equal(t, answers[0], answers[1])
}

func openWith(ctx context.Context, path string, options sqlite.Options) (*archive.Archive, error) {
	store, err := sqlite.Open(ctx, path, options)
	if err != nil {
		return nil, err
	}
	return archive.New(store, archive.Options{Decode: live.Decode, KeyFile: store.KeyFile(), Now: storetest.Begin}), nil
}

func open(t testing.TB, path string) *archive.Archive {
	t.Helper()
	a, err := openWith(t.Context(), path, sqlite.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

// markAs gives a file marks of SQLite's.
func markAs(t *testing.T, path, pragmas string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), pragmas)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func journalIn(t *testing.T, path string) (mode string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	require.NoError(t, db.Close())
	return mode
}

func TestWhatWasLoadedFromADumpSaysHowToMarkIt(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	markAs(t, path, "PRAGMA application_id = 0; PRAGMA user_version = 0; PRAGMA journal_mode = DELETE") // as a dump leaves it
	_, err := openWith(t.Context(), path, sqlite.Options{})
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "loaded from a dump")
	_, pragmas, _ := strings.Cut(refused.NextStep(), `"`)
	pragmas, _, _ = strings.Cut(pragmas, `"`)
	markAs(t, path, pragmas)
	assert.Empty(t, at.verify(t.Context(), path))
}

func TestHalfAFileLeadsToACopyNotToVerify(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	for _, left := range []int{len(at.file) / 2, len(at.file) * 3 / 4, 5000, 100, 20} {
		path := filepath.Join(t.TempDir(), "half.db")
		require.NoError(t, os.WriteFile(path, at.file[:left], 0o600))
		a, err := openWith(t.Context(), path, sqlite.Options{})
		if err != nil {
			var refused *archive.StoreError
			require.ErrorAs(t, err, &refused)
			assert.NotContains(t, strings.TrimPrefix(refused.NextStep(), "restore a copy, which make-audit-mcp verify proves"), "verify")
			continue
		}
		found, err := a.Verify(t.Context(), archive.VerifyOptions{})
		require.NoError(t, err)
		assert.NotContains(t, storetest.Problems(found), "run make-audit-mcp verify")
		assert.False(t, found.Intact())
		require.NoError(t, a.Close())
	}
}

func TestANetworkFileSystemIsRefusedForAWriteAheadLog(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	remote := func(string) string { return "NFS" }
	at := newAttacked(t)
	held, fresh := at.copied(t), filepath.Join(t.TempDir(), "fresh.db")
	empty := filepath.Join(t.TempDir(), "empty.db")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, path := range []string{held, fresh, empty} {
		_, err := openWith(t.Context(), path, sqlite.Options{Create: true, Network: remote})
		require.ErrorContains(t, err, "network file system (NFS)")
		require.ErrorContains(t, err, path)
	}
	assert.NoFileExists(t, fresh)
	for _, path := range []string{held, fresh} {
		a, err := openWith(t.Context(), path, sqlite.Options{Create: true, Network: remote, Journal: sqlite.JournalDelete})
		require.NoError(t, err)
		require.NoError(t, a.Close())
		assert.Equal(t, "delete", journalIn(t, path))
		a, err = openWith(t.Context(), path, sqlite.Options{Network: remote}) // it is no longer in question
		require.NoError(t, err)
		require.NoError(t, a.Close())
	}
	assert.Empty(t, at.verify(t.Context(), held))
	a, err := openWith(t.Context(), held, sqlite.Options{Create: true, Network: remote, Journal: sqlite.JournalWAL})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	assert.Equal(t, "wal", journalIn(t, held))
}

// TestWhereNothingCanBeWrittenAnswersAndVerifyWork is about read-only mounts and folders. Here a link to nowhere lies where SQLite would
// write, which stops root as well.
func TestWhereNothingCanBeWrittenAnswersAndVerifyWork(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	require.NoError(t, os.Symlink("/nowhere/at/all", path+"-shm"))
	for _, create := range []bool{false, true} { // a server would fill it as well
		a, err := openWith(t.Context(), path, sqlite.Options{Create: create})
		require.NoError(t, err)
		assert.Empty(t, storetest.Problems(storetest.Verify(t, a, at.kept)))
		answers, _ := at.ask(t.Context(), a)
		assert.Equal(t, at.answers, answers)
		_, err = a.Sync(t.Context(), at.later, storetest.SyncOptions())
		require.ErrorContains(t, err, "it may not be written")
		require.NoError(t, a.Close())
	}
}

// TestAFileOfSeveralNamesIsRefused would have two syncs at once, and two write-ahead logs for one file.
func TestAFileOfSeveralNamesIsRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	other := filepath.Join(t.TempDir(), "other.db")
	require.NoError(t, os.Link(path, other))
	for _, name := range []string{path, other} {
		_, err := openWith(t.Context(), name, sqlite.Options{Create: true})
		var refused *archive.StoreError
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "hard links")
		assert.Contains(t, refused.NextStep(), "remove the other names")
	}
	require.NoError(t, os.Remove(path))
	storetest.Intact(t, open(t, other))
}

// TestAWriteAheadLogThatOthersMayReadIsRefused has one be left, as of a process that was killed before the file itself was made private.
func TestAWriteAheadLogThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	var asked []string
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Private: func(path string) error {
		asked = append(asked, path)
		return nil
	}})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	assert.Equal(t, []string{path, path + "-wal", path + "-journal"}, asked)
}

// TestAFileThatWasReplacedMeanwhileIsNotGoneOnWith is about a copy that is restored while a server runs: what is written to the file that
// was there would be lost.
func TestAFileThatWasReplacedMeanwhileIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path, restored := at.copied(t), at.copied(t)
	a := open(t, path)
	_, lines := at.ask(t.Context(), a)
	assert.Equal(t, at.lines, lines)
	require.NoError(t, os.Rename(restored, path))
	_, err := a.Sync(t.Context(), at.later, storetest.SyncOptions())
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "another file put in its place")
	assert.Equal(t, "start make-audit-mcp again", refused.NextStep())
	answers, _ := at.ask(t.Context(), a)
	assert.Contains(t, answers, "another file put in its place")
	again := open(t, path)
	_, err = again.Sync(t.Context(), at.later, storetest.SyncOptions())
	require.NoError(t, err)
	storetest.Intact(t, again)
}

// TestWhatWasReadOfACopyThatIsNoLongerThereIsForgotten has an earlier copy be put back into the file itself, and a sync go on from that in
// another order, while a reader has it open.
func TestWhatWasReadOfACopyThatIsNoLongerThereIsForgotten(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for _, isAskedBetween := range []bool{false, true} {
		copyPutBack(t, isAskedBetween)
	}
}

// copyPutBack has an earlier copy be put back, and may have the reader look before the next sync.
func copyPutBack(t *testing.T, isAskedBetween bool) {
	t.Helper()
	u := storetest.Start(t, storetest.Entries(30), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	earlier := filepath.Join(filepath.Dir(path), "earlier.db")
	other := open(t, path)
	u.Sync(other, audittest.AdminKey)
	alter(t, path, "VACUUM INTO '"+earlier+"'")
	happens := func(event, target string) {
		u.Clock.Advance(time.Hour)
		u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: event, TargetID: target,
			TriggeredAt: u.Clock.Now().Add(-time.Minute)})
	}
	happens("key_created", "first")
	u.Sync(other, audittest.AdminKey)
	reader := open(t, path)
	storetest.Ask(t.Context(), u.Source(audittest.AdminKey), reader, nil)
	targets := func(a *archive.Archive) map[string]int {
		counts := map[string]int{}
		_, err := u.Reader(a, audittest.AdminKey).Tally(t.Context(), u.UpToNow(), auditlog.TallyBy{Target: true}, func(b auditlog.Bin) {
			counts[string(b.Entry.TargetID)] += b.Count
		})
		require.NoError(t, err)
		return counts
	}
	require.Equal(t, 1, targets(reader)["first"])

	restore := []string{"ATTACH '" + earlier + "' AS earlier", "BEGIN"}
	for _, of := range tablesIn(t, path) {
		restore = append(restore, "DELETE FROM main."+of.name, "INSERT INTO main."+of.name+" SELECT * FROM earlier."+of.name)
	}
	alter(t, path, append(restore, "COMMIT")...)
	if isAskedBetween {
		assert.Equal(t, targets(open(t, path)), targets(reader))
	}
	u.RemoveEntries(u.Dump(audittest.OrganizationID)[0].UUID)
	happens("key_created", "second")
	happens("key_created", "third")
	u.Sync(open(t, path), audittest.AdminKey)
	want := targets(open(t, path))
	require.Equal(t, 1, want["second"])
	assert.Equal(t, want, targets(reader))
	u.Same(reader)
}
