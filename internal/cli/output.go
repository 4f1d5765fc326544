package cli

import (
	"fmt"
	"io"
	"os"
)

// output is what an export writes to: a file, or standard output.
type output struct {
	io.Writer
	file *os.File // nil for standard output
}

// newOutput makes the file at path, or makes it empty; without a path it is standard output.
func newOutput(path string, standard io.Writer) (*output, error) {
	if path == "" {
		return &output{Writer: standard}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, &SettingError{Problem: "the output cannot be written: " + err.Error(), Next: "name another file with -o"}
	}
	return &output{Writer: file, file: file}, nil
}

// continueOutput opens the file at path to go on behind so many bytes: what comes after them is of an export that failed.
func continueOutput(path string, standard io.Writer, size int64) (*output, error) {
	if path == "" {
		return &output{Writer: standard}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the user names the file
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
