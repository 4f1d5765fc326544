package archive

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// FileError says that a file cannot serve as the archive.
type FileError struct {
	Path    string
	Problem string
	Next    string
	Err     error
}

func (e *FileError) Error() string {
	text := fmt.Sprintf("the archive %s: %s", e.Path, e.Problem)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// NextStep says what to do.
func (e *FileError) NextStep() string { return e.Next }

// WorldError says that a file holds logs of another world, such as the demo's.
type WorldError struct{ Path, Holds, Wanted string }

func (e *WorldError) Error() string {
	name := func(world string) string {
		if world == "" {
			return "Make"
		}
		return "the " + world
	}
	return fmt.Sprintf("the archive %s holds logs of %s, not of %s", e.Path, name(e.Holds), name(e.Wanted))
}

// NextStep says what to do.
func (e *WorldError) NextStep() string { return "name another file" }

// BusyError says that another process fills the archive.
type BusyError struct{ Path string }

func (e *BusyError) Error() string {
	return "another sync is filling the archive " + e.Path
}

// NextStep says what to do.
func (e *BusyError) NextStep() string {
	return "let it finish; what it stores can be read meanwhile"
}

// ScopeError says that a credential may read less than, or something else than, the
// archive was filled with.
type ScopeError struct{ Filled, Now string }

func (e *ScopeError) Error() string {
	return fmt.Sprintf("the archive holds the log of %s, and this key may read that of %s: going on would leave holes", e.Filled, e.Now)
}

// NextStep says what to do.
func (e *ScopeError) NextStep() string {
	return "sync with a key that may read as much, or into another file"
}

// damaged says that something in the archive cannot be read for what it is; nil stays nil.
func (a *Archive) damaged(what string, err error) error {
	var failure *sqlite.Error
	if err == nil || errors.As(err, &failure) {
		return err // SQLite's own failures say more
	}
	return &FileError{Path: a.path, Problem: what + " is damaged", Next: "run make-audit-mcp verify; restore a copy", Err: err}
}

// explain says what a failure of SQLite means for whoever runs the program.
func (a *Archive) explain(doing string, err error) error {
	var failure *sqlite.Error
	if err == nil || !errors.As(err, &failure) {
		return err
	}
	const kept = "; what was stored before is kept"
	problem, next := doing+" failed", "run make-audit-mcp verify; restore a copy if it finds damage"
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		problem, next = "the disk is full"+kept, "free space and run the command again"
	case sqlite3.SQLITE_NOTADB:
		problem, next = "it is not an archive of this program", "name another file"
	case sqlite3.SQLITE_CORRUPT:
		problem, next = "it is damaged", "restore a copy; what is left can be looked at with make-audit-mcp verify"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		problem, next = "it is locked by another program", "close that program and try again"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		problem, next = "it may not be written"+kept, "check the rights of the file and its folder"
	case sqlite3.SQLITE_IOERR:
		problem, next = "the disk failed"+kept, "check the disk and its free space, and run the command again"
	}
	return &FileError{Path: a.path, Problem: problem, Next: next, Err: err}
}
