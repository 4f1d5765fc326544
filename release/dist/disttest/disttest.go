// Package disttest has releases that packages are tried with: small ones.
package disttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist"
)

// New returns a release of version 1.2.3-rc.1 of the repository at root. Its binaries are of a program that does nothing, for this machine.
func New(t *testing.T, root string) dist.Release {
	t.Helper()
	folder := t.TempDir()
	source, binary := filepath.Join(folder, "main.go"), filepath.Join(folder, "program")
	require.NoError(t, os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600))
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", binary, source)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	printed, err := command.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	release := dist.Release{
		Version: "1.2.3-rc.1", Commit: "0123456789abcdef0123456789abcdef01234567", Time: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Root: root, Out: t.TempDir(), Binaries: map[dist.Platform]string{}, Manual: []byte(".TH MAN 1\n"),
		Completions: map[string][]byte{"bash": []byte("# bash\n"), "zsh": []byte("#compdef make-audit-mcp\n"), "fish": []byte("# fish\n")},
		Address: dist.Address{
			Repository: "example.org/us/make-audit-mcp", Registry: "org.example.us/make-audit-mcp", NPM: "make-audit-mcp",
			Image: "registry.example.org/us/make-audit-mcp", Maintainer: "Us <us@example.org>",
		},
	}
	for _, platform := range dist.Platforms() {
		release.Binaries[platform] = binary
	}
	return release
}

// Read returns what a maker wrote into the file of that name.
func Read(t *testing.T, release dist.Release, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(release.Out, name))
	require.NoError(t, err)
	return content
}
