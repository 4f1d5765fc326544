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

// Release returns a release of version 1.2.3 with binaries that are none, at an address as scripts/set-address writes it. What is made goes
// to a folder of its own.
func Release(t *testing.T) dist.Release {
	t.Helper()
	binaries := t.TempDir()
	return released(t, "../..", func(platform dist.Platform) string {
		path := filepath.Join(binaries, platform.String())
		require.NoError(t, os.WriteFile(path, []byte("binary for "+platform.String()), 0o600))
		return path
	})
}

const program = `package main

import "os"

func main() { os.Stdout.WriteString("{\"result\":{\"tools\":[{\"name\":\"ask\"}]}}\n") }
`

// New returns a release of version 1.2.3-rc.1 of the repository at root. Its binaries are of a program that answers, whatever it is
// asked, that it has a tool: for macOS where that is what they should be for, since its binaries are taken apart, else for this machine.
func New(t *testing.T, root string) dist.Release {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(folder, "main.go")
	require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
	build := func(name string, environment ...string) string {
		binary := filepath.Join(folder, name)
		command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", binary, source)
		command.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="), environment...)
		printed, err := command.CombinedOutput()
		require.NoError(t, err, "%s", printed)
		return binary
	}
	here := build("here")
	release := released(t, root, func(platform dist.Platform) string {
		if platform.OS != "darwin" {
			return here
		}
		return build(platform.String(), "GOOS="+platform.OS, "GOARCH="+platform.Arch)
	})
	release.Version = "1.2.3-rc.1"
	return release
}

func released(t *testing.T, root string, binary func(dist.Platform) string) dist.Release {
	t.Helper()
	root, err := filepath.Abs(root)
	require.NoError(t, err)
	release := dist.Release{
		Version: "1.2.3", Commit: "0123456789abcdef0123456789abcdef01234567", Time: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Root: root, Out: t.TempDir(), Binaries: map[dist.Platform]string{}, Manual: []byte(".TH MAN 1\n"),
		Licences: []byte("licences of others\n"),
		Completions: map[string][]byte{"bash": []byte("# bash\n"), "zsh": []byte("#compdef make-audit-mcp\n"), "fish": []byte("# fish\n"),
			"powershell": []byte("# powershell\n")},
		Address: dist.Address{
			Module:     "github.com/acme/make-audit-mcp",
			Repository: "github.com/acme/make-audit-mcp", Registry: "io.github.acme/make-audit-mcp", NPM: "@acme/make-audit-mcp",
			Image: "ghcr.io/acme/make-audit-mcp", Maintainer: "Acme <security@acme.example>",
		},
	}
	for _, platform := range dist.Platforms() {
		release.Binaries[platform] = binary(platform)
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

// Read returns what a maker wrote into the file of that name.
func Read(t *testing.T, release dist.Release, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(release.Out, name))
	require.NoError(t, err)
	return content
}
