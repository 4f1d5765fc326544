//go:build unix

package setup_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatRootWritesIsStillItsOwners(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const user = 4321
	m := machine(t, "linux")
	file := held(t, m, client(t, "cursor"), "{}")
	for _, path := range []string{m.Home, filepath.Dir(file), file} {
		require.NoError(t, os.Chown(path, user, user))
	}
	require.NoError(t, m.SaveKey("k-1", false))
	write(t, m, client(t, "cursor"), server())
	write(t, m, client(t, "goose"), server())
	seen := 0
	owned := func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		owner := info.Sys().(*syscall.Stat_t)
		assert.Equal(t, []uint32{user, user}, []uint32{owner.Uid, owner.Gid}, path)
		seen++
		return nil
	}
	require.NoError(t, filepath.WalkDir(m.Home, owned))
	assert.Equal(t, 10, seen, "home, the folders .cursor, .config, goose and setup's own, two files, a backup, the key and the record")
	undoAll(t, m)
	require.NoError(t, filepath.WalkDir(m.Home, owned))
}
