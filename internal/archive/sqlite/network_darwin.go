package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// networkFileSystem names the network file system that a file lies on; empty if the system tells of none.
func networkFileSystem(path string) string {
	var found unix.Statfs_t
	if unix.Statfs(path, &found) != nil && unix.Statfs(filepath.Dir(path), &found) != nil {
		return ""
	}
	if found.Flags&unix.MNT_LOCAL != 0 {
		return ""
	}
	return unix.ByteSliceToString(found.Fstypename[:])
}
