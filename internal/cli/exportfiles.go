package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
	"make-audit-mcp/internal/plaintext"
)

// checkpointFile is the path of the file that remembers how far the exports of a series came.
type checkpointFile string

// newCheckpointFile is the file at a path, behind any links, so that it has one lock by whatever name. It is no output.
func newCheckpointFile(path, output string) (checkpointFile, error) {
	file := checkpointFile(path)
	switch behind, err := filepath.EvalSymlinks(path); {
	case path == "-":
		return "", file.refused("it must be a file, which is written anew by each export")
	case err == nil:
		file = checkpointFile(behind)
	case !errors.Is(err, fs.ErrNotExist):
		return "", file.refused(err.Error())
	default:
		if _, err := os.Lstat(path); err == nil {
			return "", file.refused("it is a link to nothing")
		}
	}
	if behind, err := filepath.EvalSymlinks(output); err == nil {
		output = behind
	}
	if output == string(file) || output == file.lockPath() {
		return "", file.refused("the entries go into the same file")
	}
	return file, nil
}

func (f checkpointFile) lockPath() string { return string(f) + ".lock" }

// load reads the last export's checkpoint; nil if there was none.
func (f checkpointFile) load(series *export.Incremental) (*export.Checkpoint, error) {
	text, err := plaintext.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, f.refused("it cannot be read: " + err.Error())
	}
	last, err := series.Resume(text)
	if err != nil {
		return nil, f.refused(err.Error())
	}
	return last, nil
}

func (f checkpointFile) refused(problem string) error {
	return &SettingError{Problem: "--since-checkpoint " + auditlog.Text(f).Quote() + ": " + problem,
		Next: "name the file that this export wrote, or one that does not exist, to begin anew"}
}

// probe finds out whether a checkpoint can be saved, before anything is exported: else all of it would be exported again the next time.
func (f checkpointFile) probe() error {
	next, err := f.next()
	if err != nil {
		return &SettingError{Problem: "--since-checkpoint: it cannot be remembered how far the export comes: " + err.Error(),
			Next: "name a file in a folder that exists and may be written"}
	}
	return errors.Join(next.Close(), os.Remove(next.Name()))
}

// lock keeps other exports of the series away until unlock is called: both would write the same.
func (f checkpointFile) lock() (unlock func(), err error) {
	held := flock.New(f.lockPath(), flock.SetPermissions(0o600))
	isHeld, err := held.TryLock()
	if err != nil {
		return nil, f.refused("it cannot be locked: " + err.Error())
	}
	if !isHeld {
		return nil, &exitError{code: exitFailed, message: "another export goes on from " + auditlog.Text(f).Quote() +
			" right now. Next: run this one when that is done"}
	}
	return func() { _ = held.Unlock() }, nil
}

// next is a file beside this one, which may take its place.
func (f checkpointFile) next() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*")
}

// save writes a checkpoint whole or not at all.
func (f checkpointFile) save(checkpoint *export.Checkpoint) error {
	text, err := json.Marshal(checkpoint)
	if err != nil {
		return err
	}
	next, err := f.next()
	if err != nil {
		return fmt.Errorf("remembering how far the export came: %w", err)
	}
	_, err = next.Write(append(text, '\n'))
	err = errors.Join(err, next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(next.Name())
		return fmt.Errorf("remembering how far the export came: %w", err)
	}
	return nil
}

// output is what an export writes to: a file, or standard output.
type output struct {
	io.Writer
	file *os.File // nil for standard output
	made bool     // the file was not there before, or was empty
}

// newOutput makes the file at path; without a path it is standard output. A file that is there is overwritten by force only; what is no
// file but has a name, such as a pipe, is written to.
func newOutput(path string, standard io.Writer, force bool) (*output, error) {
	if path == "" {
		return &output{Writer: standard}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600) //nolint:gosec // the user names the file
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		if info, failure := os.Stat(path); failure == nil && info.Mode().IsRegular() && !force {
			return nil, &SettingError{Problem: "-o " + auditlog.Text(path).Quote() + " is there already",
				Next: "give --force to overwrite it, or name another file"}
		}
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // as above
	}
	if err != nil {
		return nil, &SettingError{Problem: "the output cannot be written: " + err.Error(), Next: "name another file with -o"}
	}
	return &output{Writer: file, file: file, made: made}, nil
}

// discard removes the file, if it was made for this output.
func (o *output) discard() {
	if o.made {
		_ = os.Remove(o.file.Name())
	}
}

// continueOutput opens the file at path to go on behind so many bytes: what comes after them is of an export that failed. A file that was
// moved away or emptied, as logrotate does, is begun anew. Of a series to standard output there is none.
func continueOutput(path string, standard io.Writer, size int64) (*output, error) {
	if path == "" {
		return &output{Writer: standard}, nil
	}
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && size > 0 && info.Mode().IsRegular() && info.Size() == 0 {
		out, err := newOutput(path, standard, true)
		if err == nil {
			out.made = true
		}
		return out, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0o600) //nolint:gosec // the user names the file
	if err == nil {
		err = cutTo(file, size)
	}
	if err != nil {
		_ = file.Close()
		return nil, &SettingError{Problem: "the output cannot be continued: " + err.Error(),
			Next: "name the file that the last export wrote, or begin anew with another --since-checkpoint"}
	}
	return &output{Writer: file, file: file}, nil
}

func cutTo(file *os.File, size int64) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("it has %d bytes, and the last export left %d", info.Size(), size)
	}
	if err := file.Truncate(size); err != nil {
		return err
	}
	_, err = file.Seek(size, io.SeekStart)
	return err
}

// commit sees to it that everything written is on disk, and returns how long the file is; 0 for standard output.
func (o *output) commit() (size int64, err error) {
	if o.file == nil {
		return 0, nil
	}
	err = o.file.Sync()
	if err == nil {
		size, err = o.file.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return 0, fmt.Errorf("writing the output: %w", err)
	}
	return size, nil
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}
