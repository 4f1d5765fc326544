package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/checksums"
	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
)

func TestTwoReleasesAreEqualByteForByteWhereverTheyAreMade(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs("..")
	require.NoError(t, err)
	elsewhere := filepath.Join(t.TempDir(), "else where")
	require.NoError(t, os.Symlink(here, elsewhere))
	sums := map[string]string{}
	for _, root := range []string{here, elsewhere} {
		release := disttest.New(t, root)
		for _, make := range makers() {
			require.NoError(t, make(t.Context(), release))
		}
		sums[root] = disttest.Files(t, release.Out)["SHA256SUMS"]
		check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
		check.Dir = release.Out
		printed, err := check.CombinedOutput()
		require.NoError(t, err, "%s", printed)
	}
	assert.Equal(t, sums[here], sums[elsewhere])
	for _, name := range []string{
		"make-audit-mcp_1.2.3-rc.1_linux_amd64.tar.gz", "make-audit-mcp_1.2.3-rc.1_windows_arm64.zip",
		"make-audit-mcp_1.2.3-rc.1_linux_arm64.deb", "make-audit-mcp_1.2.3-rc.1_linux_amd64.rpm", "make-audit-mcp_1.2.3-rc.1_image.tar",
		"make-audit-mcp_1.2.3-rc.1.cdx.json", "make-audit-mcp.rb", "make-audit-mcp.json",
	} {
		assert.Contains(t, sums[here], "  "+name+"\n")
	}
}

// Of Go's cache both take the same packages; what links them is all that sees where they are.
func TestBinariesAreEqualWhereverAndInWhateverEnvironmentTheyAreBuilt(t *testing.T) {
	here, err := filepath.Abs("..")
	require.NoError(t, err)
	elsewhere := filepath.Join(t.TempDir(), "else where")
	copied := exec.CommandContext(t.Context(), "bash", "-euc", `git ls-files -z --cached --others --exclude-standard ':!clients' ':!bench' |
		xargs -0 ls -d 2>/dev/null | tr '\n' '\0' | xargs -0 cp --parents -t "$0"`, elsewhere)
	copied.Dir = here
	require.NoError(t, os.Mkdir(elsewhere, 0o750))
	printed, err := copied.CombinedOutput()
	require.NoError(t, err, "%s", printed)
	platform := dist.Platforms()[0]
	first, second := filepath.Join(t.TempDir(), "binary"), filepath.Join(t.TempDir(), "other")
	require.NoError(t, compile(t.Context(), dist.Release{Version: "1.0.0", Root: here}, platform, first))
	for name, value := range map[string]string{
		"GOFLAGS": "-ldflags=-X=main.version=2", "GOAMD64": "v3", "TZ": "Asia/Tokyo", "GOOS": "windows", "CGO_ENABLED": "1",
	} {
		t.Setenv(name, value)
	}
	require.NoError(t, compile(t.Context(), dist.Release{Version: "1.0.0", Root: elsewhere}, platform, second))
	one, err := checksums.Of(first)
	require.NoError(t, err)
	two, err := checksums.Of(second)
	require.NoError(t, err)
	assert.Equal(t, one, two)
}

func TestFlagsStandOnBothSidesOfTheVersion(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"v0.1.0-rc.1 -o d --dirty", "-o d -dirty 0.1.0-rc.1", "--dirty v0.1.0-rc.1 -o=d"} {
		asked, err := parse(strings.Fields(line))
		require.NoError(t, err)
		assert.Equal(t, order{version: "0.1.0-rc.1", root: ".", out: "d", dirty: true}, asked, line)
	}
	asked, err := parse([]string{"1.0.0"})
	require.NoError(t, err)
	assert.Equal(t, order{version: "1.0.0", root: ".", out: "dist/v1.0.0"}, asked)
}

func TestWhatIsNoVersionIsRefused(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "1", "v1.0", "1.0.0 1.0.1", "1.0.0-", "latest", "1.0.0-a..b", "1.0.0+meta"} {
		_, err := parse(strings.Fields(line))
		assert.EqualError(t, err, `"`+line+`" is no version: say one, as in scripts/release v0.1.0 or scripts/release v0.1.0-rc.1`)
	}
}

func TestAFolderIsThereOnlyIfAllOfItWasMade(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	folder := filepath.Join(parent, "new", "dist")
	assert.EqualError(t, fill(folder, func(part string) error {
		require.NoError(t, os.WriteFile(filepath.Join(part, "half"), nil, 0o600))
		return errors.New("no disk")
	}), "no disk")
	left, err := os.ReadDir(filepath.Dir(folder))
	require.NoError(t, err)
	assert.Empty(t, left)

	whole := func(part string) error { return os.WriteFile(filepath.Join(part, "whole"), nil, 0o600) }
	require.NoError(t, fill(folder, whole))
	assert.FileExists(t, filepath.Join(folder, "whole"))
	assert.EqualError(t, fill(folder, whole), folder+" is not empty: remove it, or name another folder with -o")
}

func TestWhatIsNotCommittedIsReleasedOnlyAsATrial(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, command := range []string{
		"git init -q", "mkdir release", "cp " + abs(t, "address.json") + " release/", "git add .",
		"git -c user.name=us -c user.email=us@example.org commit -qm first", "touch more",
	} {
		words := strings.Fields(command)
		do := exec.CommandContext(t.Context(), words[0], words[1:]...)
		do.Dir, do.Env = root, append(os.Environ(), "GIT_COMMITTER_DATE=2026-11-20T12:00:00Z", "GIT_CONFIG_GLOBAL=/dev/null")
		printed, err := do.CombinedOutput()
		require.NoError(t, err, "%s: %s", command, printed)
	}
	_, err := prepare(t.Context(), order{version: "1.0.0", root: root}, "out")
	assert.EqualError(t, err, "not everything is committed (git status): commit it, or say --dirty for a trial")
	release, err := prepare(t.Context(), order{version: "1.0.0", root: root, dirty: true}, "out")
	require.NoError(t, err)
	assert.Equal(t, "2026-11-20T12:00:00Z", release.Time.Format("2006-01-02T15:04:05Z07:00"))
	assert.Regexp(t, "^[0-9a-f]{40}$", release.Commit)
	assert.Equal(t, "make-audit-mcp", release.Address.NPM)
}

func TestAReleaseSaysWhatItMade(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "..")
	require.NoError(t, release.Write("one", []byte("12345")))
	require.NoError(t, checksums.Make(t.Context(), release))
	var said bytes.Buffer
	require.NoError(t, list(&said, release.Out, "dist"))
	assert.Equal(t, "  70  dist/SHA256SUMS\n   5  dist/one\n", said.String())
}

func abs(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	require.NoError(t, err)
	return path
}
