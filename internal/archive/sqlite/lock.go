package sqlite

import (
	"context"
	"fmt"

	"github.com/gofrs/flock"

	"make-audit-mcp/internal/archive"
)

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
