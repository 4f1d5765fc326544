package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// networkFileSystem names the network file system that a file lies on; empty if the system tells of none. The numbers are those of
// statfs(2); Ceph's and Lustre's stand in their own headers.
func networkFileSystem(path string) string {
	var found unix.Statfs_t
	if unix.Statfs(path, &found) != nil && unix.Statfs(filepath.Dir(path), &found) != nil {
		return ""
	}
	switch uint32(found.Type) { //nolint:gosec // the numbers have 32 bits, whatever the type
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, 0xff534d42, 0xfe534d42: // smbfs, cifs, smb2
		return "SMB"
	case unix.V9FS_MAGIC:
		return "9P"
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "AFS"
	case 0x00c36400:
		return "Ceph"
	case 0x0bd00bd0:
		return "Lustre"
	case unix.OCFS2_SUPER_MAGIC:
		return "OCFS2"
	}
	return ""
}
