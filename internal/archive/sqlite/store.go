// Package sqlite is the store of archives that lie in one file: SQLite without cgo, in WAL mode unless asked otherwise, so that any number
// of processes of one machine read while one writes.
//
// Beside the file lie SQLite's own two, a lock and, if the caller puts it there, the signing key; nobody but the owner may read them.
// Commits are synced to disk. A file that is not an archive of this program, or is of a newer version, is refused and stays as it is. All
// SQL of the program is here.
package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite" // also the driver, without cgo

	"make-audit-mcp/internal/archive"
)

// Options set a store up.
type Options struct {
	// Create makes the file if it is not there.
	Create bool
	// ID is that of the archive which a store that is made is to be a copy of; empty makes one up.
	ID string
	// World keeps archives apart that must never be mixed, such as the demo's and real ones; empty is a world like any other.
	World string
	// Private, if set, refuses files that others may read.
	Private func(path string) error
	// Journal is how the file is kept whole. Empty: as it is, and JournalWAL for a new one, which network file systems are refused for.
	Journal Journal
	// Network names the network file system that a path lies on, empty for none; nil asks the system.
	Network func(path string) string
	// MaxBytes bounds the file: beyond it, writing fails as on a full disk. 0 is no bound.
	MaxBytes int64
}

// Store is an archive's file. It implements [archive.Store].
type Store struct {
	reads
	path    string
	options Options
	db      *sql.DB
	id      string
	journal Journal // of the file that was there; empty for a new one
	file    fs.FileInfo
	// statements are prepared queries by their texts.
	statements sync.Map
}

var _ archive.Store = (*Store)(nil)

// Open opens a file. What cannot be an archive, has in its schema what this program did not write, or is of another version, is an
// [archive.StoreError], one of another world an [archive.WorldError].
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the archive's path: %w", err)
	}
	// However it is called, its lock and key lie beside the file itself.
	s := &Store{path: path, options: options}
	if s.path, err = filepath.EvalSymlinks(path); err != nil {
		s.path = path
		if info, failure := os.Lstat(path); failure == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, s.refuse("it is a link to a file that is not there", "name the file itself, or make the link again", err)
		}
	}
	if err := s.prepareFile(); err != nil {
		return nil, err
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return nil, s.refuse("it cannot be read", "check the rights of the file and its folder", err)
	}
	if names(s.file) > 1 {
		return nil, s.refuse("it has several names (hard links), beside each of which there would be another lock, key and write-ahead log",
			"remove the other names, or copy it: cp FILE COPY", nil)
	}
	err = s.connect(ctx, false)
	if s.cannotWriteBeside(err) {
		err = s.connect(ctx, true)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return nil, s.refuse("its schema is larger than any that this program wrote", nextRestore, nil)
	case err != nil:
		return nil, s.explain("opening it", err)
	}
	return s, nil
}

// connect opens the database. One that is still changes as long as it is open in no way.
func (s *Store) connect(ctx context.Context, isStill bool) error {
	connector, err := sqlite.NewConnector(s.address(isStill))
	if err != nil {
		return s.refuse("it cannot be opened", "name another file", err)
	}
	s.db = sql.OpenDB(guarded{connector, s.settings()})
	s.reads = reads{store: s}
	s.statements.Clear()
	if err = s.prepare(ctx); err != nil {
		_ = s.db.Close()
	}
	return err
}

// cannotWriteBeside reports that SQLite failed since it cannot make the file that a write-ahead log is shared by, as in a folder that is
// read only. Where there is no such log either, nobody writes, and it can do without.
func (s *Store) cannotWriteBeside(err error) bool {
	var failure *sqlite.Error
	if s.journal != JournalWAL || !errors.As(err, &failure) {
		return false
	}
	if log, err := os.Stat(s.path + "-wal"); err == nil && log.Size() > 0 {
		return false
	}
	shared, err := os.OpenFile(s.path+"-shm", os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		_ = shared.Close()
	}
	return err != nil && !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) // which pass
}

// ID implements archive.Store.
func (s *Store) ID() string { return s.id }

// String is the file's path.
func (s *Store) String() string { return s.path }

// KeyFile is where the signing key of the archive belongs: beside it, not in it.
func (s *Store) KeyFile() string { return s.path + ".key" }

// Close implements archive.Store.
func (s *Store) Close() error { return s.db.Close() }

// Exists reports whether there is a file at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prepareFile sees to it that there is a file that nobody else may read: SQLite gives the files beside it the same rights.
func (s *Store) prepareFile() error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !s.options.Create:
		return s.refuse("there is no such file", "fill one with make-audit-mcp sync", nil)
	case errors.Is(err, fs.ErrNotExist):
		if err := s.checkPlace(""); err != nil {
			return err
		}
		file, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600) // another process may be quicker
		if err != nil {
			return s.refuse("it cannot be created", "name a file in a folder that exists and may be written", err)
		}
		return file.Close()
	case err != nil:
		return s.refuse("it cannot be read", "check the rights of the file and its folder", err)
	case info.IsDir():
		return s.refuse("it is a folder", "name a file in it, e.g. "+filepath.Join(s.path, "audit.db"), nil)
	case info.Size() == 0 && s.options.Create && info.Mode().IsRegular():
		if err := os.Chmod(s.path, 0o600); err != nil {
			return s.refuse("others may read it", "name a file that is yours", err)
		}
		return s.checkPlace("")
	case info.Size() == 0:
		return nil
	}
	return s.checkHeader()
}

// fileHeader is how files of SQLite begin (https://sqlite.org/fileformat.html). SQLite itself takes some others, such as a single byte, for
// empty ones.
const fileHeader = "SQLite format 3\x00"

func (s *Store) checkHeader() error {
	file, err := os.Open(s.path)
	if err != nil {
		return s.refuse("it cannot be read", "check the rights of the file and its folder", err)
	}
	defer file.Close() //nolint:errcheck // it was read
	header := make([]byte, 100)
	n, _ := io.ReadFull(file, header)
	if !bytes.HasPrefix(header[:n], []byte(fileHeader)) {
		return s.refuse("it is not an archive of this program", "name another file", nil)
	}
	s.journal = journalOf(header[:n])
	return s.checkPlace(s.journal)
}

// busyFor is how long SQLite waits for another process.
const busyFor = 10 * time.Second

// address is the file, with the settings of each connection that do not look into it.
func (s *Store) address(isStill bool) string {
	settings := url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyFor.Milliseconds())}, "_defensive": {"1"}, "_txlock": {"immediate"},
	}
	if isStill {
		settings.Set("immutable", "1")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(s.path)}).EscapedPath(),
		RawQuery: settings.Encode()}).String()
}

// settings are the others. Commits are synced to disk, since what counts as stored must survive a loss of power.
func (s *Store) settings() string {
	const always = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; " +
		"PRAGMA cache_size = -2000; PRAGMA synchronous = FULL"
	if s.options.MaxBytes == 0 {
		return always
	}
	const pageSize = 4096 // where nobody asks for another
	return fmt.Sprintf("%s; PRAGMA max_page_count = %d", always, max(1, s.options.MaxBytes/pageSize))
}

// guarded opens connections on which no trigger runs and no view is read, whoever puts them into the file, and when.
type guarded struct {
	driver.Connector
	settings string
}

// openFor is how long opening takes at most: SQLite reads the whole schema first, which somebody may have made very large.
const openFor = busyFor + 5*time.Second

// Connect implements driver.Connector.
func (g guarded) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := g.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := g.guard(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (g guarded) guard(ctx context.Context, conn driver.Conn) error {
	registerer, canRegister := conn.(sqlite.AuthorizerRegisterer)
	execer, canExec := conn.(driver.ExecerContext)
	if !canRegister || !canExec {
		return errors.New("internal error: the driver lacks what guards connections")
	}
	ctx, cancel := context.WithTimeout(ctx, openFor)
	defer cancel()
	if _, err := execer.ExecContext(ctx, g.settings, nil); err != nil {
		return err
	}
	return registerer.RegisterAuthorizer(func(_ sqlite.AuthorizerActionCode, _, _, _, within string) sqlite.AuthorizerReturnCode {
		if within != "" {
			return sqlite.AuthorizerDeny
		}
		return sqlite.AuthorizerOK
	})
}

// prepare checks what the file is, and makes an archive of an empty one.
func (s *Store) prepare(ctx context.Context) error {
	var application, found, tables int
	// Another process may be making it: whose it is comes last, so that what was read before is of an empty file if that still is nobody's.
	for _, read := range []struct {
		query string
		into  *int
	}{
		{"SELECT EXISTS (SELECT 1 FROM sqlite_schema)", &tables}, {"PRAGMA user_version", &found},
		{"PRAGMA application_id", &application},
	} {
		if err := s.db.QueryRowContext(ctx, read.query).Scan(read.into); err != nil {
			return err
		}
	}
	isEmpty := application == 0 && found == 0 && tables == 0
	switch {
	case application == 0 && found == 0 && !isEmpty && s.hasSchema(ctx) == nil:
		return s.refuse("it was loaded from a dump, which lacks what marks it as an archive", fmt.Sprintf(
			`run: sqlite3 FILE "PRAGMA application_id = %d; PRAGMA user_version = %d", then make-audit-mcp verify`, applicationID, version), nil)
	case !isEmpty && application != applicationID:
		return s.refuse("it is a database of another program", "name another file", nil)
	case isEmpty && !s.options.Create:
		return s.refuse("it is empty", "fill it with make-audit-mcp sync", nil)
	case isEmpty:
		if err := errors.Join(s.useJournal(ctx, cmp.Or(s.options.Journal, JournalWAL)), s.create(ctx)); err != nil {
			return err
		}
	case found < 1:
		return s.refuse(fmt.Sprintf("its version %d cannot be", found), "restore a copy: it is damaged", nil)
	case found < version:
		return s.refuse(fmt.Sprintf("it is of version %d, and this program writes version %d, which signs more", found, version),
			"name a new file, and run make-audit-mcp sync to fill it; keep this one with the program that wrote it", nil)
	case found > version:
		return s.refuse(fmt.Sprintf("it is of version %d, and this program knows up to %d", found, version),
			"use the newer program that wrote it", nil)
	}
	if err := s.foreign(ctx); err != nil {
		return err
	}
	if s.options.Create && s.options.Journal != "" && s.journal != "" && s.options.Journal != s.journal {
		if err := s.useJournal(ctx, s.options.Journal); err != nil {
			return err
		}
	}
	if s.options.Private != nil {
		for _, path := range []string{s.path, s.path + "-wal", s.path + "-journal"} {
			if err := s.options.Private(path); err != nil {
				return err
			}
		}
	}
	world, err := s.meta(ctx, "world")
	if err != nil {
		return err
	}
	if string(world) != s.options.World {
		return &archive.WorldError{Store: s.path, Holds: string(world), Wanted: s.options.World}
	}
	id, err := s.meta(ctx, "id")
	s.id = string(id)
	return err
}

// create makes an archive of an empty file, unless another process was quicker.
func (s *Store) create(ctx context.Context) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		var found int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil || found > 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, creating()); err != nil {
			return fmt.Errorf("creating it: %w", err)
		}
		for key, value := range map[string][]byte{"world": []byte(s.options.World), "id": []byte(cmp.Or(s.options.ID, rand.Text())), "head": {}} {
			if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?)", key, value); err != nil {
				return err
			}
		}
		// Pragmas take no parameters; both are numbers of ours.
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version))
		return err
	})
}

// transact runs do in a transaction that is committed if it succeeds.
func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	if err := s.inPlace(); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.explain("writing to it", err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		return s.explain("writing to it", err)
	}
	return s.explain("writing to it", tx.Commit())
}

// Lock implements archive.Store, by a lock of the operating system on a file beside the archive's.
func (s *Store) Lock(context.Context) (unlock func(), err error) {
	held := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	ok, err := held.TryLock()
	switch {
	case err != nil:
		return nil, s.refuse("it cannot be locked", "check the rights of its folder", fmt.Errorf("%s: %w", held.Path(), err))
	case !ok:
		return nil, &archive.BusyError{Store: s.path}
	}
	return func() { _ = held.Unlock() }, nil
}

// inPlace refuses to go on once another file lies where this one did: what is written would be lost with it, and connections to both would
// not agree.
func (s *Store) inPlace() error {
	now, err := os.Stat(s.path)
	if err == nil && os.SameFile(s.file, now) {
		return nil
	}
	return s.refuse("it was moved away, or another file put in its place, while it was open", "start make-audit-mcp again", err)
}

// Snapshot implements archive.Store.
func (s *Store) Snapshot(ctx context.Context, read func(archive.Reads) error) error {
	if err := s.inPlace(); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.explain("reading it", err)
	}
	defer tx.Rollback() //nolint:errcheck // it was read
	taken := reads{s, tx}
	if _, err := taken.meta(ctx, "id"); err != nil { // SQLite begins with the first reading
		return err
	}
	return read(taken)
}
