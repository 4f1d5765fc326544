package npm_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/npm"
)

// packed is what a test looks at of a file in a package.
type packed struct {
	mode    int64
	time    string
	content string
}

func unpack(t *testing.T, archive string) map[string]packed {
	t.Helper()
	compressed, err := gzip.NewReader(strings.NewReader(archive))
	require.NoError(t, err)
	files := map[string]packed{}
	for reader := tar.NewReader(compressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		files[header.Name] = packed{header.Mode, header.ModTime.UTC().Format("2006-01-02T15:04"), string(content)}
	}
}

func TestEveryPlatformHasAPackageWithItsBinaryThatTheLauncherDependsOn(t *testing.T) {
	t.Parallel()
	r := disttest.Release(t)
	require.NoError(t, npm.Make(t.Context(), r))
	made := disttest.Files(t, r.Path("npm"))
	platforms := map[string]string{ // Node's words, and the binary
		"darwin-arm64": "darwin_arm64", "darwin-x64": "darwin_amd64", "linux-arm64": "linux_arm64", "linux-x64": "linux_amd64",
		"win32-arm64": "windows_arm64", "win32-x64": "windows_amd64",
	}
	assert.Len(t, made, len(platforms)+1)

	launcher := unpack(t, made["acme-make-audit-mcp-1.2.3.tgz"])
	assert.Equal(t, []string{"package/LICENSE", "package/README.md", "package/launcher.mjs", "package/package.json"},
		slices.Sorted(maps.Keys(launcher)))
	assert.EqualValues(t, 0o755, launcher["package/launcher.mjs"].mode)
	assert.Contains(t, launcher["package/README.md"].content, "npx -y @acme/make-audit-mcp --demo check")
	assert.Contains(t, launcher["package/README.md"].content, "https://github.com/acme/make-audit-mcp.")
	var main struct {
		Name, Version, MCPName string
		Bin                    map[string]string
		Scripts                map[string]string
		Dependencies           map[string]string
		OptionalDependencies   map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(launcher["package/package.json"].content), &main))
	assert.Equal(t, "@acme/make-audit-mcp", main.Name)
	assert.Equal(t, "1.2.3", main.Version)
	assert.Equal(t, "io.github.acme/make-audit-mcp", main.MCPName)
	assert.Equal(t, map[string]string{"make-audit-mcp": "launcher.mjs"}, main.Bin)
	assert.Empty(t, main.Scripts, "nothing runs when it is installed")
	assert.Empty(t, main.Dependencies)
	assert.Len(t, main.OptionalDependencies, len(platforms))

	for platform, binary := range platforms {
		name := "@acme/make-audit-mcp-" + platform
		assert.Equal(t, "1.2.3", main.OptionalDependencies[name])
		files := unpack(t, made["acme-make-audit-mcp-"+platform+"-1.2.3.tgz"])
		path := "package/bin/make-audit-mcp"
		if strings.HasPrefix(platform, "win32") {
			path += ".exe"
		}
		assert.Equal(t, packed{0o755, "2026-11-20T12:00", "binary for " + binary}, files[path], platform)
		assert.Equal(t, "licences of others\n", files["package/THIRD_PARTY_LICENSES"].content, platform)
		var one struct {
			Name, Version string
			OS, CPU       []string
		}
		require.NoError(t, json.Unmarshal([]byte(files["package/package.json"].content), &one))
		system, cpu, _ := strings.Cut(platform, "-")
		assert.Equal(t, []string{name, "1.2.3", system, cpu}, append([]string{one.Name, one.Version}, append(one.OS, one.CPU...)...))
	}
}

func TestPackagesOfOneReleaseAreEqual(t *testing.T) {
	t.Parallel()
	r, again := disttest.Release(t), disttest.Release(t)
	require.NoError(t, npm.Make(t.Context(), r))
	require.NoError(t, npm.Make(t.Context(), again))
	assert.Equal(t, disttest.Files(t, r.Out), disttest.Files(t, again.Out))
}
