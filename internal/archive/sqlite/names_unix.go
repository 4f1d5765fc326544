//go:build unix

package sqlite

import (
	"os"
	"syscall"
)

// names counts the hard links of a file; 0 if it cannot be told.
func names(path string) uint64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	found, _ := info.Sys().(*syscall.Stat_t)
	if found == nil {
		return 0
	}
	return uint64(found.Nlink) //nolint:unconvert // its type is not the same everywhere
}
