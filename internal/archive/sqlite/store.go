// Package sqlite is the store of archives that lie in one file: SQLite without cgo, in WAL mode, so that any number of processes read while
// one writes.
//
// Beside the file lie SQLite's own two, a lock and, if the caller puts it there, the signing key; nobody but the owner may read them.
// Commits are synced to disk. A file that is not an archive of this program, or is of a newer version, is refused and stays as it is. All
// SQL of the program is here.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite" // also the driver, without cgo
	sqlite3 "modernc.org/sqlite/lib"

	"make-audit-mcp/internal/archive"
)

// Options set a store up.
type Options struct {
	// Create makes the file if it is not there.
	Create bool
	// World keeps archives apart that must never be mixed, such as the demo's and real ones; empty is a world like any other.
	World string
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
	// statements are prepared queries by their texts.
	statements sync.Map
}

var _ archive.Store = (*Store)(nil)

// Open opens a file, and brings one of an older version up to date. What cannot be an archive, or is of a newer version, is an
// [archive.StoreError], one of another world an [archive.WorldError].
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the archive's path: %w", err)
	}
	// However it is called, its lock and key lie beside the file itself.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	s := &Store{path: path, options: options}
	if err := s.prepareFile(); err != nil {
		return nil, err
	}
	if s.db, err = sql.Open("sqlite", s.address()); err != nil {
		return nil, s.refuse("it cannot be opened", "name another file", err)
	}
	s.reads = reads{store: s}
	if err := s.migrate(ctx); err != nil {
		_ = s.db.Close()
		return nil, s.explain("opening it", err)
	}
	return s, nil
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
		return nil
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
	header := make([]byte, len(fileHeader))
	if n, _ := io.ReadFull(file, header); string(header[:n]) != fileHeader {
		return s.refuse("it is not an archive of this program", "name another file", nil)
	}
	return nil
}

// busyFor is how long SQLite waits for another process.
const busyFor = 10 * time.Second

// address is the file with the settings of each connection. Commits are synced to disk, since what counts as stored must survive a loss of
// power.
func (s *Store) address() string {
	settings := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyFor.Milliseconds()), "synchronous(FULL)", "foreign_keys(OFF)", "cache_size(-2000)",
		"temp_store(MEMORY)",
	}, "_txlock": {"immediate"}}
	if s.options.MaxBytes > 0 {
		const pageSize = 4096 // where nobody asks for another
		settings.Add("_pragma", fmt.Sprintf("max_page_count(%d)", max(1, s.options.MaxBytes/pageSize)))
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(s.path)}).EscapedPath(),
		RawQuery: settings.Encode()}).String()
}

// migrate checks what the file is and brings it up to date.
func (s *Store) migrate(ctx context.Context) error {
	var application, version, tables int
	// Another process may be making it: whose it is comes last, so that what was read before is of an empty file if that still is nobody's.
	for _, read := range []struct {
		query string
		into  *int
	}{
		{"SELECT count(*) FROM sqlite_schema", &tables}, {"PRAGMA user_version", &version}, {"PRAGMA application_id", &application},
	} {
		if err := s.db.QueryRowContext(ctx, read.query).Scan(read.into); err != nil {
			return err
		}
	}
	steps := migrations()
	switch {
	case application != applicationID && (application != 0 || version != 0 || tables != 0):
		return s.refuse("it is a database of another program", "name another file", nil)
	case application == 0 && !s.options.Create:
		return s.refuse("it is empty", "fill it with make-audit-mcp sync", nil)
	case version < 0:
		return s.refuse(fmt.Sprintf("its version %d cannot be", version), "restore a copy: it is damaged", nil)
	case version > len(steps):
		return s.refuse(fmt.Sprintf("it is of version %d, and this program knows up to %d", version, len(steps)),
			"use the newer program that wrote it", nil)
	}
	if version == 0 {
		if err := s.useWAL(ctx); err != nil {
			return err
		}
	}
	for ; version < len(steps); version++ {
		if err := s.step(ctx, version, steps[version]); err != nil {
			return err
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

// useWAL has readers read what was committed while a sync writes; the file keeps it. Here SQLite itself does not wait for another process
// that makes the file.
func (s *Store) useWAL(ctx context.Context) error {
	for deadline := time.Now().Add(busyFor); ; {
		_, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		var failure *sqlite.Error
		if !errors.As(err, &failure) || failure.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// step takes the file from one version to the next; the first one makes it.
func (s *Store) step(ctx context.Context, version int, statements string) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil || now > version {
			return err // another process was quicker
		}
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return fmt.Errorf("bringing it to version %d: %w", version+1, err)
		}
		if version == 0 {
			tree, err := json.Marshal(archive.Tree{})
			if err != nil {
				return err
			}
			for key, value := range map[string][]byte{"world": []byte(s.options.World), "id": []byte(rand.Text()), "tree": tree} {
				if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?)", key, value); err != nil {
					return err
				}
			}
		}
		// Pragmas take no parameters; both are numbers of ours.
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version+1))
		return err
	})
}

// transact runs do in a transaction that is committed if it succeeds.
func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
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

// AddLog implements archive.Store.
func (s *Store) AddLog(ctx context.Context, key archive.LogKey) (log int64, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "INSERT INTO logs (instance, organization, state) VALUES (?, ?, '{}')", key.Instance,
			key.Organization)
		if err != nil {
			return err
		}
		log, err = result.LastInsertId()
		return err
	})
	return log, err
}

// Snapshot implements archive.Store.
func (s *Store) Snapshot(ctx context.Context, read func(archive.Reads) error) error {
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
