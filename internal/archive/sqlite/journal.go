package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Journal is how SQLite keeps a file whole while it is written.
type Journal string

// The journals. With JournalWAL questions are answered while a sync writes, but all processes must be on one machine, since they share
// memory (https://sqlite.org/wal.html). With JournalDelete they wait for one another, and it needs no more of a network file system than
// locks that work.
const (
	JournalWAL    Journal = "wal"
	JournalDelete Journal = "delete"
)

// journalOf returns the journal that the header of a file names, by the version that a writer must know
// (https://sqlite.org/fileformat.html#file_format_version_numbers).
func journalOf(header []byte) Journal {
	const at, wal = 18, 2
	if len(header) > at && header[at] == wal {
		return JournalWAL
	}
	return JournalDelete
}

// checkPlace refuses a journal that the file system cannot bear, unless it was asked for. found is the file's; empty if there is none yet.
func (s *Store) checkPlace(found Journal) error {
	if s.options.Journal != "" || cmp.Or(found, JournalWAL) != JournalWAL {
		return nil
	}
	network := networkFileSystem
	if s.options.Network != nil {
		network = s.options.Network
	}
	if system := network(s.path); system != "" {
		return s.refuse(fmt.Sprintf("it lies on a network file system (%s), where SQLite's write-ahead log loses data", system),
			"name a file on a disk of this machine, or give --archive-journal=delete, if locks work there", nil)
	}
	return nil
}

// useJournal has the file keep a journal. Here SQLite itself does not wait for another process that makes the file.
func (s *Store) useJournal(ctx context.Context, journal Journal) error {
	for deadline := time.Now().Add(busyFor); ; {
		_, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = "+string(journal))
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
