package linux_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/linux"
)

// member returns the files of one of the archives in a deb.
func member(t *testing.T, deb []byte, name string) map[string]string {
	t.Helper()
	at := bytes.Index(deb, []byte(name))
	require.Positive(t, at)
	unpacked, err := gzip.NewReader(bytes.NewReader(deb[at+60:])) // the length of a member's head
	require.NoError(t, err)
	unpacked.Multistream(false)
	files := map[string]string{}
	for reader := tar.NewReader(unpacked); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		files[header.Name] = string(content)
	}
}

func TestTheDebInstallsWhereDebianLooksAndStartsNothing(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "../..")
	require.NoError(t, linux.Make(t.Context(), release))
	deb := disttest.Read(t, release, "make-audit-mcp_1.2.3-rc.1_linux_arm64.deb")
	control := member(t, deb, "control.tar.gz")
	assert.Contains(t, control["./control"], "Version: 1.2.3~rc.1\n", "it sorts before 1.2.3")
	assert.Contains(t, control["./control"], "Architecture: arm64\nMaintainer: Acme <security@acme.example>\n")
	assert.Equal(t, "/etc/make-audit-mcp/environment\n", control["./conffiles"])
	assert.NotContains(t, control, "./postinst")

	data := member(t, deb, "data.tar.gz")
	assert.NotEmpty(t, data["./usr/bin/make-audit-mcp"])
	assert.Equal(t, "licences of others\n", data["./usr/share/doc/make-audit-mcp/THIRD_PARTY_LICENSES"])
	assert.Equal(t, "# bash\n", data["./usr/share/bash-completion/completions/make-audit-mcp"])
	assert.Equal(t, "#compdef make-audit-mcp\n", data["./usr/share/zsh/vendor-completions/_make-audit-mcp"])
	assert.Equal(t, "# fish\n", data["./usr/share/fish/vendor_completions.d/make-audit-mcp.fish"])
	manual, err := gzip.NewReader(bytes.NewReader([]byte(data["./usr/share/man/man1/make-audit-mcp.1.gz"])))
	require.NoError(t, err)
	page, err := io.ReadAll(manual)
	require.NoError(t, err)
	assert.Equal(t, ".TH MAN 1\n", string(page))
	assert.Contains(t, data["./usr/lib/systemd/system/make-audit-mcp.service"], "DynamicUser=yes\n")
	for path := range data {
		assert.NotContains(t, path, ".wants/", "a unit is enabled by people")
	}
}

func TestTheRPMSaysNothingOfTheMachineThatMadeIt(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "../..")
	require.NoError(t, linux.Make(t.Context(), release))
	rpm := disttest.Read(t, release, "make-audit-mcp_1.2.3-rc.1_linux_amd64.rpm")
	assert.True(t, bytes.HasPrefix(rpm, []byte("\xed\xab\xee\xdb")))
	for _, part := range []string{"localhost\x00", "1.2.3~rc.1", "Acme <security@acme.example>", "_make-audit-mcp\x00", "Apache-2.0",
		"\x00THIRD_PARTY_LICENSES\x00"} {
		assert.True(t, bytes.Contains(rpm, []byte(part)), "%q", part)
	}
}
