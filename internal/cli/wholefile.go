package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"make-audit-mcp/internal/auditlog"
)

// wholeFile is an output that is there whole or not at all: it is written beside its place, and moved there when all of it is on disk.
type wholeFile struct {
	path  string
	force bool
	// to is what is written to as it is: standard output, or what is no file but has a name, such as a pipe. Else fresh is.
	to    io.Writer
	named *os.File // to, where it has a name
	fresh *os.File
}

// newWholeFile opens what will be the file at a path, so that a place that cannot be written is known at once; without a path, or with -,
// it is standard output. A file that is there is overwritten by force only.
func newWholeFile(path string, standard io.Writer, force bool) (*wholeFile, error) {
	if path == "" || path == "-" {
		return &wholeFile{to: standard}, nil
	}
	if behind, err := filepath.EvalSymlinks(path); err == nil {
		path = behind // a link stays one
	}
	f := &wholeFile{path: path, force: force}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		f.named, err = os.OpenFile(path, os.O_WRONLY, 0o600) //nolint:gosec // the user names it
		f.to = f.named
	case err == nil && !force:
		return nil, f.isThere()
	default:
		f.fresh, err = os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // readable by its owner alone
	}
	if err != nil {
		return nil, &SettingError{Problem: "the output cannot be written: " + err.Error(), Next: "name another file with -o"}
	}
	return f, nil
}

func (f *wholeFile) isThere() error {
	return &SettingError{Problem: "-o " + auditlog.Text(f.path).Quote() + " is there already",
		Next: "give --force to overwrite it, or name another file"}
}

// write writes all that there is to be written.
func (f *wholeFile) write(text []byte) (err error) {
	if f.to != nil {
		_, err = f.to.Write(text)
		if f.named != nil {
			err = errors.Join(err, f.named.Close())
		}
	} else {
		err = f.replace(text)
	}
	if _, isRefused := errors.AsType[*SettingError](err); err == nil || isRefused {
		return err
	}
	if f.to != nil {
		return fmt.Errorf("the output could not be written whole: %w", err)
	}
	return fmt.Errorf("the output could not be written whole, so nothing of it is left: %w", err)
}

func (f *wholeFile) replace(text []byte) error {
	defer f.discard()
	if _, err := os.Lstat(f.path); err == nil && !f.force {
		return f.isThere() // made meanwhile
	}
	_, err := f.fresh.Write(text)
	if err = errors.Join(err, f.fresh.Sync(), f.fresh.Close()); err != nil {
		return err
	}
	if !f.force {
		switch err := os.Link(f.fresh.Name(), f.path); { // which of two that write at once only one can
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrExist):
			return f.isThere()
		} // else the file system has no links
	}
	return os.Rename(f.fresh.Name(), f.path)
}

// discard leaves nothing of what was not written whole; after that it does nothing.
func (f *wholeFile) discard() {
	if f.fresh == nil {
		return
	}
	_ = f.fresh.Close()
	_ = os.Remove(f.fresh.Name()) // moved to its place, it is there no more
}
