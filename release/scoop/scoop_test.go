package scoop_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/archive"
	"make-audit-mcp/release/checksums"
	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/scoop"
)

// Scoop's schema allows no names but its own; all of these are.
func TestTheManifestNamesEachArchiveByAddressAndSum(t *testing.T) {
	t.Parallel()
	release := disttest.New(t, "../..")
	require.NoError(t, archive.Make(t.Context(), release))
	require.NoError(t, scoop.Make(t.Context(), release))
	download := func(arch string) string {
		platform := dist.Platform{OS: "windows", Arch: arch}
		sum, err := checksums.Of(release.Path("%s", archive.Name(release, platform)))
		require.NoError(t, err)
		return fmt.Sprintf(`{"url": "https://github.com/acme/make-audit-mcp/releases/download/v1.2.3-rc.1/make-audit-mcp_1.2.3-rc.1_%s.zip",
			"hash": %q, "extract_dir": "make-audit-mcp_1.2.3-rc.1_%[1]s"}`, platform, sum)
	}
	assert.JSONEq(t, `{
		"version": "1.2.3-rc.1", "description": "Lets an AI agent ask about a Make.com organization's audit log",
		"homepage": "https://github.com/acme/make-audit-mcp", "license": "Apache-2.0", "bin": "make-audit-mcp.exe",
		"architecture": {"64bit": `+download("amd64")+`, "arm64": `+download("arm64")+`}
	}`, string(disttest.Read(t, release, "make-audit-mcp.json")))
}
