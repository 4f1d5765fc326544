package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"time"
)

// file is one of a package.
type file struct {
	path    string
	content []byte
	mode    int64
}

// pack returns files as npm packs them: below package/, compressed.
func pack(at time.Time, files []file) ([]byte, error) {
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, file := range files {
		header := &tar.Header{
			Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: "package/" + file.path,
			Size: int64(len(file.content)), Mode: file.mode, ModTime: at,
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(file.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
