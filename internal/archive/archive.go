package archive

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite" // also the driver, without cgo
	sqlite3 "modernc.org/sqlite/lib"

	"make-audit-mcp/internal/auditlog"
)

// Options set an archive up.
type Options struct {
	// Create makes the file if it is not there.
	Create bool
	// World tells archives apart that must never be mixed, such as the demo's and real
	// ones; empty is a world like any other.
	World string
	// Decode reads an entry back from what Make sent.
	Decode func(raw []byte) (*auditlog.Entry, bool)
	// MaxBytes bounds the file: beyond it, writing fails as on a full disk. 0 is no bound.
	MaxBytes int64
	// Now is the clock for what is not Make's to tell; nil means time.Now.
	Now func() time.Time
}

// Archive is an open archive. It is safe for use by several goroutines.
type Archive struct {
	path    string
	options Options
	db      *sql.DB
	// id is made with the file: signatures of one archive do not fit another.
	id string

	mu      sync.Mutex
	columns map[int64]*columns // by log
}

// Exists tells whether there is a file at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Open opens an archive, and brings one of an older version up to date. What cannot
// be an archive, or is of a newer version, is a [FileError], one of another world a
// [WorldError]; they stay as they are.
func Open(ctx context.Context, path string, options Options) (*Archive, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the archive's path: %w", err)
	}
	// However it is called, its lock and key lie beside the file itself.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	a := &Archive{path: path, options: options, columns: map[int64]*columns{}}
	if err := a.prepareFile(); err != nil {
		return nil, err
	}
	if a.db, err = sql.Open("sqlite", a.address()); err != nil {
		return nil, &FileError{Path: path, Problem: "it cannot be opened", Next: "name another file", Err: err}
	}
	if err := a.migrate(ctx); err != nil {
		_ = a.db.Close()
		return nil, a.explain("opening it", err)
	}
	return a, nil
}

// Path is where the archive is.
func (a *Archive) Path() string { return a.path }

// Close closes the archive.
func (a *Archive) Close() error { return a.db.Close() }

// prepareFile sees to it that there is a file that nobody else may read: SQLite gives
// the files beside it the same rights.
func (a *Archive) prepareFile() error {
	info, err := os.Stat(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !a.options.Create:
		return &FileError{Path: a.path, Problem: "there is no such file", Next: "fill one with make-audit-mcp sync"}
	case errors.Is(err, fs.ErrNotExist):
		file, err := os.OpenFile(a.path, os.O_CREATE|os.O_RDWR, 0o600) // another process may be quicker
		if err != nil {
			return &FileError{Path: a.path, Problem: "it cannot be created", Next: "name a file in a folder that exists and may be written", Err: err}
		}
		return file.Close()
	case err != nil:
		return &FileError{Path: a.path, Problem: "it cannot be read", Next: "check the rights of the file and its folder", Err: err}
	case info.IsDir():
		return &FileError{Path: a.path, Problem: "it is a folder", Next: "name a file in it, e.g. " + filepath.Join(a.path, "audit.db")}
	case info.Size() == 0 && a.options.Create && info.Mode().IsRegular():
		if err := os.Chmod(a.path, 0o600); err != nil {
			return &FileError{Path: a.path, Problem: "others may read it", Next: "name a file that is yours", Err: err}
		}
		return nil
	case info.Size() == 0:
		return nil
	}
	return a.checkHeader()
}

// fileHeader is how files of SQLite begin (https://sqlite.org/fileformat.html). SQLite
// itself takes some others, such as a single byte, for empty ones.
const fileHeader = "SQLite format 3\x00"

func (a *Archive) checkHeader() error {
	file, err := os.Open(a.path)
	if err != nil {
		return &FileError{Path: a.path, Problem: "it cannot be read", Next: "check the rights of the file and its folder", Err: err}
	}
	defer file.Close() //nolint:errcheck // it was read
	header := make([]byte, len(fileHeader))
	if n, _ := io.ReadFull(file, header); string(header[:n]) != fileHeader {
		return &FileError{Path: a.path, Problem: "it is not an archive of this program", Next: "name another file"}
	}
	return nil
}

// pageSize is SQLite's, unless it is told otherwise.
const pageSize = 4096

// address is the file with the settings of each connection. Commits are synced to
// disk, since what counts as stored must survive a loss of power.
func (a *Archive) address() string {
	settings := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyFor.Milliseconds()), "synchronous(FULL)", "foreign_keys(OFF)", "cache_size(-2000)", "temp_store(MEMORY)",
	}, "_txlock": {"immediate"}}
	if a.options.MaxBytes > 0 {
		settings.Add("_pragma", fmt.Sprintf("max_page_count(%d)", max(1, a.options.MaxBytes/pageSize)))
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(a.path)}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

// migrate checks what the file is and brings it up to date.
func (a *Archive) migrate(ctx context.Context) error {
	var application, version, tables int
	// Another process may be making it: whose it is comes last, so that what was read
	// before is of an empty file if that still is nobody's.
	for _, read := range []struct {
		query string
		into  *int
	}{
		{"SELECT count(*) FROM sqlite_schema", &tables}, {"PRAGMA user_version", &version}, {"PRAGMA application_id", &application},
	} {
		if err := a.db.QueryRowContext(ctx, read.query).Scan(read.into); err != nil {
			return err
		}
	}
	steps := migrations()
	switch {
	case application != applicationID && (application != 0 || version != 0 || tables != 0):
		return &FileError{Path: a.path, Problem: "it is a database of another program", Next: "name another file"}
	case application == 0 && !a.options.Create:
		return &FileError{Path: a.path, Problem: "it is empty", Next: "fill it with make-audit-mcp sync"}
	case version < 0:
		return &FileError{Path: a.path, Problem: fmt.Sprintf("its version %d cannot be", version), Next: "restore a copy: it is damaged"}
	case version > len(steps):
		return &FileError{Path: a.path, Problem: fmt.Sprintf("it is of version %d, and this program knows up to %d", version, len(steps)), Next: "use the newer program that wrote it"}
	}
	if version == 0 {
		if err := a.useWAL(ctx); err != nil {
			return err
		}
	}
	for ; version < len(steps); version++ {
		if err := a.step(ctx, version, steps[version]); err != nil {
			return err
		}
	}
	world, err := a.meta(ctx, a.db, "world")
	if err != nil {
		return err
	}
	if string(world) != a.options.World {
		return &WorldError{Path: a.path, Holds: string(world), Wanted: a.options.World}
	}
	id, err := a.meta(ctx, a.db, "id")
	a.id = string(id)
	return err
}

// busyFor is how long SQLite waits for another process.
const busyFor = 10 * time.Second

// useWAL has readers read what was committed while a sync writes; the file keeps it.
// Here SQLite itself does not wait for another process that makes the file.
func (a *Archive) useWAL(ctx context.Context) error {
	for deadline := time.Now().Add(busyFor); ; {
		_, err := a.db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
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
func (a *Archive) step(ctx context.Context, version int, statements string) error {
	return a.transact(ctx, func(tx *sql.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil || now > version {
			return err // another process was quicker
		}
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return fmt.Errorf("bringing it to version %d: %w", version+1, err)
		}
		if version == 0 {
			edge, err := (&tree{}).marshal()
			if err != nil {
				return err
			}
			for key, value := range map[string][]byte{"world": []byte(a.options.World), "id": []byte(rand.Text()), "tree": edge} {
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

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (a *Archive) meta(ctx context.Context, from querier, key string) ([]byte, error) {
	var value []byte
	err := from.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

// transact runs do in a transaction that is committed if it succeeds.
func (a *Archive) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return a.explain("writing to it", err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		return a.explain("writing to it", err)
	}
	return a.explain("writing to it", tx.Commit())
}
