package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/plaintext"
)

// lastVerified is the file beside an archive that remembers the last verify that found everything as it was stored: when it was, and the
// signed checkpoint of that moment, which the next one holds the archive against, so that an earlier copy put in its place is noticed.
// Whoever can write the archive can take the file away, but not make another.
type lastVerified string

// lastVerified is the file for the settings' archive, by whatever name that is opened; beside the key of one that is no file, and empty
// where there is none.
func (r *runtime) lastVerified() lastVerified {
	path := r.settings.Archive
	if r.settings.isShared() {
		path = r.settings.ArchiveKey
	}
	if path == "" {
		return ""
	}
	if behind, err := filepath.EvalSymlinks(path); err == nil {
		path = behind
	}
	return lastVerified(path + ".verified")
}

const verifiedAt = "verified at "

// load returns when the last verify was, and its checkpoint; a zero time if none is remembered.
func (f lastVerified) load() (at time.Time, checkpoint []byte) {
	text, err := plaintext.ReadFile(string(f))
	if err != nil {
		return time.Time{}, nil
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	stamp, isOurs := bytes.CutPrefix(first, []byte(verifiedAt))
	at, err = time.Parse(time.RFC3339, string(stamp))
	if !isOurs || err != nil || len(bytes.TrimSpace(rest)) == 0 {
		return time.Time{}, nil
	}
	return at, rest
}

// save remembers a verify, in the place of the one before.
func (f lastVerified) save(at time.Time, last *archive.Checkpoint) error {
	fresh, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*") // readable by its owner alone
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(fresh, "%s%s\n%s", verifiedAt, at.UTC().Format(time.RFC3339), last.Note)
	if failure := fresh.Close(); err == nil {
		err = failure
	}
	if err == nil {
		err = os.Rename(fresh.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
	}
	return err
}
