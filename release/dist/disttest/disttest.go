// Package disttest has a release for tests of what is made from one.
package disttest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist"
)

// Release returns one with binaries that are none, at an address as scripts/set-address writes it. What is made goes to a folder of its
// own.
func Release(t *testing.T) dist.Release {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	release := dist.Release{
		Version: "1.2.3", Time: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Root: root, Out: t.TempDir(),
		Binaries: map[dist.Platform]string{},
		Address: dist.Address{
			Module:     "github.com/acme/make-audit-mcp",
			Repository: "github.com/acme/make-audit-mcp", Registry: "io.github.acme/make-audit-mcp", NPM: "@acme/make-audit-mcp",
			Image: "ghcr.io/acme/make-audit-mcp", Maintainer: "Acme <security@acme.example>",
		},
	}
	binaries := t.TempDir()
	for _, platform := range dist.Platforms() {
		path := filepath.Join(binaries, platform.String())
		require.NoError(t, os.WriteFile(path, []byte("binary for "+platform.String()), 0o600))
		release.Binaries[platform] = path
	}
	return release
}

// Files returns the content of every file below folder, by its path there.
func Files(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		files[filepath.ToSlash(relative)] = string(content)
		return err
	}))
	return files
}
