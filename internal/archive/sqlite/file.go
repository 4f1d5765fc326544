package sqlite

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Exists reports whether there is a file at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prepareFile sees to it that there is a file that nobody else may read: SQLite gives the files beside it the same rights.
func (s *Store) prepareFile() error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !s.options.Create:
		return s.refuse("there is no such file", "fill one with make-audit-mcp sync", nil)
	case errors.Is(err, fs.ErrNotExist):
		file, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600) // another process may be quicker
		if err != nil {
			return s.refuse("it cannot be created", "name a file in a folder that exists and may be written", err)
		}
		return file.Close()
	case err != nil:
		return s.refuse("it cannot be read", "check the rights of the file and its folder", err)
	case info.IsDir():
		return s.refuse("it is a folder", "name a file in it, e.g. "+filepath.Join(s.path, "audit.db"), nil)
	case info.Size() == 0 && s.options.Create && info.Mode().IsRegular():
		if err := os.Chmod(s.path, 0o600); err != nil {
			return s.refuse("others may read it", "name a file that is yours", err)
		}
		return nil
	case info.Size() == 0:
		return nil
	}
	return s.checkHeader()
}

// fileHeader is how files of SQLite begin (https://sqlite.org/fileformat.html). SQLite itself takes some others, such as a single byte, for
// empty ones.
const fileHeader = "SQLite format 3\x00"

func (s *Store) checkHeader() error {
	file, err := os.Open(s.path)
	if err != nil {
		return s.refuse("it cannot be read", "check the rights of the file and its folder", err)
	}
	defer file.Close() //nolint:errcheck // it was read
	header := make([]byte, len(fileHeader))
	if n, _ := io.ReadFull(file, header); string(header[:n]) != fileHeader {
		return s.refuse("it is not an archive of this program", "name another file", nil)
	}
	return nil
}
