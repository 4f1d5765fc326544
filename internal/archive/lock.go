package archive

import (
	"fmt"

	"github.com/gofrs/flock"
)

// lock makes this process the one that fills the archive, until the function that it
// returns is called, or the process ends in whatever way. If another one is, the
// error is a [BusyError].
func (a *Archive) lock() (unlock func(), err error) {
	held := flock.New(a.path+".lock", flock.SetPermissions(0o600))
	ok, err := held.TryLock()
	switch {
	case err != nil:
		return nil, &FileError{Path: a.path, Problem: "it cannot be locked", Next: "check the rights of its folder", Err: fmt.Errorf("%s: %w", held.Path(), err)}
	case !ok:
		return nil, &BusyError{Path: a.path}
	}
	return func() { _ = held.Unlock() }, nil
}
