//go:build unix

package sqlite

import (
	"io/fs"
	"syscall"
)

// names counts the hard links of a file; 0 if it cannot be told.
func names(file fs.FileInfo) uint64 {
	found, _ := file.Sys().(*syscall.Stat_t)
	if found == nil {
		return 0
	}
	return uint64(found.Nlink) //nolint:unconvert // its type is not the same everywhere
}
