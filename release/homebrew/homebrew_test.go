package homebrew_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/archive"
	"make-audit-mcp/release/checksums"
	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/homebrew"
)

func TestTheFormulaNamesEachArchiveByAddressAndSum(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "../..")
	require.NoError(t, archive.Make(t.Context(), release))
	require.NoError(t, homebrew.Make(t.Context(), release))
	formula := string(disttest.Read(t, release, "make-audit-mcp.rb"))
	for block, platform := range map[string]dist.Platform{
		"  on_macos do\n    on_arm do\n": {OS: "darwin", Arch: "arm64"}, "  on_linux do\n    on_arm do\n": {OS: "linux", Arch: "arm64"},
		"    end\n    on_intel do\n": {OS: "linux", Arch: "amd64"},
	} {
		sum, err := checksums.Of(release.Path("%s", archive.Name(release, platform)))
		require.NoError(t, err)
		assert.Contains(t, formula, fmt.Sprintf("%s      url \"https://github.com/acme/make-audit-mcp/releases/download/v1.2.3-rc.1/"+
			"make-audit-mcp_1.2.3-rc.1_%s.tar.gz\"\n      sha256 %q\n", block, platform, sum))
	}
	assert.Contains(t, formula, "    prefix.install \"THIRD_PARTY_LICENSES\"\n", "Homebrew keeps LICENSE by itself")
	assert.Contains(t, formula, "  version \"1.2.3-rc.1\"\n  license \"Apache-2.0\"\n")
}

func TestAFormulaNeedsItsArchives(t *testing.T) {
	t.Parallel()
	assert.ErrorContains(t, homebrew.Make(t.Context(), disttest.New(t, "../..")), "make-audit-mcp_1.2.3-rc.1_darwin_arm64.tar.gz")
}
