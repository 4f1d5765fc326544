package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/archive"
	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
)

// repository returns a folder with the texts that packages bring along.
func repository(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		require.NoError(t, os.WriteFile(root+"/"+name, []byte("text of "+name), 0o600))
	}
	return root
}

func TestArchivesHoldBinaryTextsManPageAndCompletions(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, repository(t, "LICENSE", "README.md", "CHANGELOG.md"))
	require.NoError(t, archive.Make(t.Context(), release))
	for _, platform := range dist.Platforms() {
		if platform.OS == "windows" {
			continue
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(disttest.Read(t, release, archive.Name(release, platform))))
		require.NoError(t, err)
		modes := map[string]int64{}
		for reader := tar.NewReader(unpacked); ; {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			assert.True(t, header.ModTime.Equal(release.Time))
			assert.Zero(t, header.Uid+header.Gid)
			modes[header.Name] = header.Mode
		}
		folder := "make-audit-mcp_1.2.3-rc.1_" + platform.String() + "/"
		assert.Equal(t, map[string]int64{
			folder + "make-audit-mcp": 0o755, folder + "LICENSE": 0o644, folder + "THIRD_PARTY_LICENSES": 0o644,
			folder + "README.md": 0o644, folder + "CHANGELOG.md": 0o644,
			folder + "man/make-audit-mcp.1": 0o644, folder + "completions/make-audit-mcp.bash": 0o644,
			folder + "completions/_make-audit-mcp": 0o644, folder + "completions/make-audit-mcp.fish": 0o644,
			folder + "completions/make-audit-mcp.ps1": 0o644,
		}, modes)
	}
}

func TestArchivesForWindowsAreZips(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, repository(t, "LICENSE", "README.md")) // no changes yet
	require.NoError(t, archive.Make(t.Context(), release))
	content := disttest.Read(t, release, "make-audit-mcp_1.2.3-rc.1_windows_amd64.zip")
	unpacked, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	var names []string
	for _, file := range unpacked.File {
		names = append(names, file.Name)
	}
	folder := "make-audit-mcp_1.2.3-rc.1_windows_amd64/"
	assert.Equal(t, []string{
		folder + "make-audit-mcp.exe", folder + "LICENSE", folder + "THIRD_PARTY_LICENSES", folder + "README.md",
		folder + "completions/make-audit-mcp.ps1",
	}, names)
}

func TestALicenceIsNeverMissing(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, repository(t, "README.md"))
	assert.ErrorIs(t, archive.Make(t.Context(), release), os.ErrNotExist)
}
