package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"make-audit-mcp/internal/archive"
)

// What changes by Change lies in a file beside the archive: those who only read that may change this, and it is no part of what is proved.
const (
	besideForChanges = "-budget"
	// changeWait is how long one waits for others at most, changeTry how often it looks.
	changeWait = 2 * time.Second
	changeTry  = 2 * time.Millisecond
	// keptFor is how long a value is kept that nobody changes.
	keptFor = time.Hour
	// mostKept bounds what is read.
	mostKept = 16 << 20
)

// kept is the value of a name.
type kept struct {
	Value   []byte    `json:"value"`
	Changed time.Time `json:"changed"`
}

// Change implements archive.Store. The clock is the machine's.
func (s *Store) Change(ctx context.Context, name string, change func(value []byte, now time.Time) []byte) error {
	unlock, err := s.lockKept(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	path, now := s.path+besideForChanges, time.Now().UTC()
	all, err := readKept(path)
	if err == nil {
		all[name] = kept{change(all[name].Value, now), now}
		for other, is := range all {
			// A clock that went back makes nothing old.
			if len(is.Value) == 0 || now.Sub(is.Changed) > keptFor {
				delete(all, other)
			}
		}
		err = writeKept(path, all)
	}
	return s.explainKept(err)
}

// lockKept has this process alone change what is kept. Who waits looks again and again, since the operating system's lock waits for ever.
func (s *Store) lockKept(ctx context.Context) (unlock func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, changeWait)
	defer cancel()
	for {
		held := flock.New(s.path+besideForChanges+".lock", flock.SetPermissions(0o600))
		_, err := held.TryLockContext(waiting, changeTry)
		if err == nil && !isInPlace(held) {
			_ = held.Unlock()
			continue // somebody removed the file, and another may have locked a new one
		}
		switch {
		case err == nil:
			return func() { _ = held.Unlock() }, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case waiting.Err() != nil:
			return nil, &archive.StoreError{Store: s.path, Problem: "another process keeps its budget locked", IsAway: true,
				Next: "end that process if it hangs", Err: fmt.Errorf("%s is locked", held.Path())}
		}
		return nil, s.explainKept(err)
	}
}

// isInPlace reports that a locked file is still the one that others would lock.
func isInPlace(held *flock.Flock) bool {
	locked, err := held.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(held.Path())
	return err == nil && os.SameFile(locked, now)
}

func (s *Store) explainKept(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return s.refuse("this process may not write what it shares of the budget beside it", "give it the right to write in the folder", err)
	}
	return s.refuse("what is shared of the budget cannot be written beside it", "check the disk, its free space, and that files can be locked "+
		"there", err)
}

// readKept reads what was kept. What cannot be read as such counts as nothing: it is made anew.
func readKept(path string) (map[string]kept, error) {
	all := map[string]kept{}
	file, err := os.Open(path) //nolint:gosec // it lies beside the archive
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(file, mostKept))
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, &all) != nil || all == nil {
		return map[string]kept{}, nil
	}
	return all, nil
}

// writeKept puts a new file in the place of the old one, so that who dies meanwhile leaves one of them whole. Only a loss of power may
// leave neither: no process lives then whose use would be forgotten.
func writeKept(path string, all map[string]kept) error {
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	fresh := path + ".new" // one name, since whoever died here leaves it; the lock is held
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if failure := file.Close(); err == nil {
		err = failure
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	return err
}
