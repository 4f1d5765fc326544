package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// networkFileSystem names the network file system that a file lies on; empty if the system tells of none.
func networkFileSystem(path string) string {
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(path) + `\`)
	if err == nil && windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return "a network drive"
	}
	return ""
}
