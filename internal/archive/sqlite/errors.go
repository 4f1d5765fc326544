package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"make-audit-mcp/internal/archive"
)

// What to do next about a file that is not as this program wrote it.
const (
	nextVerify  = "run make-audit-mcp verify; restore a copy if it finds damage"
	nextRestore = "restore a copy, which make-audit-mcp verify proves, or fill a new file by make-audit-mcp sync with what Make still keeps"
)

func (s *Store) refuse(problem, next string, err error) error {
	return &archive.StoreError{Store: s.path, Problem: problem, Next: next, Err: err}
}

// explain says what a failure of SQLite means for whoever runs the program.
func (s *Store) explain(doing string, err error) error {
	var failure *sqlite.Error
	var explained *archive.StoreError
	if err == nil || !errors.As(err, &failure) || errors.As(err, &explained) {
		return err
	}
	const kept = "; what was stored before is kept"
	problem, next := doing+" failed", nextVerify
	if s.id == "" { // so that verify would not get as far either
		next = nextRestore
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		problem, next = "the disk is full"+kept, "free space and run the command again"
	case sqlite3.SQLITE_NOTADB:
		problem, next = "it is not an archive of this program", "name another file"
	case sqlite3.SQLITE_CORRUPT:
		problem, next = "it is damaged", nextRestore
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		problem, next = "it is locked by another program", "close that program and try again"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		problem, next = "it may not be written"+kept, "check the rights of the file and its folder"
	case sqlite3.SQLITE_IOERR:
		problem, next = "the disk failed"+kept, "check the disk and its free space, and run the command again"
	}
	return s.refuse(problem, next, err)
}

// isUnique reports that a key was there already.
func isUnique(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
