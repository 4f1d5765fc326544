package dist

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// File is one file of a package.
type File struct {
	// Path is where it lies in the package, with slashes.
	Path string
	// Mode is its permissions: 0o755 if it can be run, else 0o644.
	Mode fs.FileMode
	// Content is what it holds.
	Content []byte
}

// Read returns a file of the disk as a file of a package.
func Read(from, path string, mode fs.FileMode) (File, error) {
	content, err := os.ReadFile(from) //nolint:gosec // a file of the release
	return File{Path: path, Mode: mode, Content: content}, err
}

// Binary returns the binary for a platform, as a file.
func (r Release) Binary(platform Platform, path string) (File, error) {
	return Read(r.Binaries[platform], path, 0o755)
}

// LicenceFiles returns the licences that go along with every binary, below a folder whose name ends with a slash, or is empty.
func (r Release) LicenceFiles(folder string) ([]File, error) {
	own, err := Read(filepath.Join(r.Root, "LICENSE"), folder+"LICENSE", 0o644)
	return []File{own, {Path: folder + LicencesFile, Mode: 0o644, Content: r.Licences}}, err
}

// Texts returns what archives tell people: licences, README and, if there is one, the list of changes.
func (r Release) Texts() ([]File, error) {
	texts, err := r.LicenceFiles("")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"README.md", "CHANGELOG.md"} {
		text, err := Read(filepath.Join(r.Root, name), name, 0o644)
		if errors.Is(err, fs.ErrNotExist) && name == "CHANGELOG.md" {
			continue
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// Tar writes files in their order, all of them root's and of one time.
func Tar(to io.Writer, at time.Time, files []File) error {
	archive := tar.NewWriter(to)
	for _, file := range files {
		err := archive.WriteHeader(&tar.Header{
			Name: file.Path, Mode: int64(file.Mode.Perm()), Size: int64(len(file.Content)), ModTime: at, Format: tar.FormatUSTAR,
		})
		if err != nil {
			return err
		}
		if _, err := archive.Write(file.Content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// TarGz is [Tar], compressed.
func TarGz(to io.Writer, at time.Time, files []File) error {
	compressed, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := Tar(compressed, at, files); err != nil {
		return err
	}
	return compressed.Close()
}

// Zip writes files in their order, all of one time.
func Zip(to io.Writer, at time.Time, files []File) error {
	archive := zip.NewWriter(to)
	for _, file := range files {
		header := &zip.FileHeader{Name: file.Path, Method: zip.Deflate, Modified: at}
		header.SetMode(file.Mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(file.Content); err != nil {
			return err
		}
	}
	return archive.Close()
}
