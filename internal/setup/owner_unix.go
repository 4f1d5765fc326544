//go:build unix

package setup

import (
	"io/fs"
	"os"
	"syscall"
)

// give makes a file the owner's of another: sudo would have root own what people's clients must read and write.
func give(path string, like fs.FileInfo) error {
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if now, ok := info.Sys().(*syscall.Stat_t); ok && now.Uid == owner.Uid && now.Gid == owner.Gid {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
