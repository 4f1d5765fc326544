package setup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// longest is more than any client's configuration holds.
const longest = 16 << 20

// fileText returns what a file holds, and whether there is one.
func fileText(path string) (text string, exists bool, err error) {
	file, err := os.Open(path) //nolint:gosec // the client's place for it
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return "", false, errors.New("it is no file")
	}
	read, err := io.ReadAll(io.LimitReader(file, longest+1))
	if err == nil && len(read) > longest {
		err = fmt.Errorf("it is larger than %d MB", longest>>20)
	}
	return string(read), true, err
}

// writeFile puts a text in the place of what a file holds, wholly or not at all. A link stays one; a new file is the user's alone.
func writeFile(path, text string) error {
	path = linked(path)
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if mode&0o200 == 0 {
		return errors.New("it is read-only") // on purpose, though its folder would let it be replaced
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, text, mode)
}

// linked is the file that a path leads to, also where there is none yet.
func linked(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if target, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		return target
	}
	return path
}

// giveToOwner makes a new file the owner's of the one in whose place it comes; what root makes anew is the folder's owner's.
func giveToOwner(made, place string) error {
	like, err := os.Stat(place)
	if errors.Is(err, fs.ErrNotExist) && os.Geteuid() == 0 {
		like, err = os.Stat(filepath.Dir(place))
	} else if err != nil {
		return nil //nolint:nilerr // it stays with whoever makes it
	}
	if err != nil {
		return err
	}
	return give(made, like)
}

func replaceFile(path, text string, mode fs.FileMode) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if _, err = file.WriteString(text); err != nil {
		return err
	}
	if err = giveToOwner(file.Name(), path); err != nil {
		return err
	}
	if err = file.Chmod(mode); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// backUp writes a text beside a file, under a name that nothing has yet, and returns that name.
func backUp(path, text string) (string, error) {
	path = linked(path)
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	for i := 1; ; i++ {
		name := path + ".before-make-audit"
		if i > 1 {
			name += fmt.Sprint("-", i)
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // beside the client's file
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = file.WriteString(text)
		return name, errors.Join(err, file.Close(), giveToOwner(name, path))
	}
}
