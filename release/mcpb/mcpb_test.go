package mcpb_test

import (
	"archive/zip"
	"bytes"
	"debug/macho"
	"encoding/binary"
	"encoding/json"
	"image/png"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/release/dist"
	"make-audit-mcp/release/dist/disttest"
	"make-audit-mcp/release/mcpb"
)

// listing stands for the binary of this machine: it lists two tools, whatever it is asked.
const listing = `#!/bin/sh
cat <<'END'
{"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"make-audit-mcp"}}}
{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"list_things","description":"Lists things. More is told here."},{"name":"ask","description":"Asks"}]}}
END
`

// The processors of macOS, with what a binary for each says of it.
var processors = map[string][2]uint32{"amd64": {uint32(macho.CpuAmd64), 3}, "arm64": {uint32(macho.CpuArm64), 0}}

// release has binaries of macOS that are no more than a header and the processor's name, and for this machine a script.
func release(t *testing.T) dist.Release {
	t.Helper()
	r := disttest.Release(t)
	for processor, cpu := range processors {
		header := []uint32{macho.Magic64, cpu[0], cpu[1], uint32(macho.TypeExec), 0, 0, 0, 0}
		var binaryOf bytes.Buffer
		require.NoError(t, binary.Write(&binaryOf, binary.LittleEndian, header))
		binaryOf.WriteString("code for " + processor)
		require.NoError(t, os.WriteFile(r.Binaries[dist.Platform{OS: "darwin", Arch: processor}], binaryOf.Bytes(), 0o600))
	}
	speaks(t, r, listing)
	return r
}

// speaks makes a script the binary of this machine.
func speaks(t *testing.T, r dist.Release, script string) {
	t.Helper()
	path := r.Binaries[dist.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}]
	// A process that is started meanwhile would hold the file open, and what is open for writing cannot be started.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
	require.NoError(t, os.Chmod(path, 0o700))
}

// unpack returns the content of every file of the bundle, and its mode.
func unpack(t *testing.T, r dist.Release) (contents map[string][]byte, modes map[string]os.FileMode) {
	t.Helper()
	require.NoError(t, mcpb.Make(t.Context(), r))
	archive, err := zip.OpenReader(r.Path("make-audit-mcp-1.2.3.mcpb"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, archive.Close()) })
	contents, modes = map[string][]byte{}, map[string]os.FileMode{}
	for _, file := range archive.File {
		from, err := file.Open()
		require.NoError(t, err)
		contents[file.Name], err = io.ReadAll(from)
		require.NoError(t, err)
		modes[file.Name] = file.Mode()
		assert.True(t, file.Modified.Equal(r.Time), file.Name)
	}
	return contents, modes
}

func TestABundleHasForEverySystemWhatItsManifestStarts(t *testing.T) {
	t.Parallel()
	files, modes := unpack(t, release(t))
	type start struct {
		Command string
		Args    []string
	}
	type tool struct{ Name, Description string }
	var manifest struct {
		Name, Version string
		Server        struct {
			Entry  string `json:"entry_point"`
			Config struct {
				start
				Env       map[string]string
				Overrides map[string]start `json:"platform_overrides"`
			} `json:"mcp_config"`
		}
		Tools []tool
		User  map[string]struct {
			Type                string
			Required, Sensitive bool
			Default             any
		} `json:"user_config"`
	}
	require.NoError(t, json.Unmarshal(files["manifest.json"], &manifest))
	assert.Equal(t, "1.2.3", manifest.Version)

	config := manifest.Server.Config
	inBundle := func(path string) string {
		path, found := strings.CutPrefix(path, "${__dirname}/")
		assert.True(t, found, path)
		assert.Contains(t, files, path)
		assert.Equal(t, os.FileMode(0o755), modes[path])
		return path
	}
	assert.Equal(t, manifest.Server.Entry, inBundle(config.Command))
	assert.Equal(t, []string{"stdio"}, config.Args)
	assert.Equal(t, "binary for windows_amd64", string(files[inBundle(config.Overrides["win32"].Command)]))
	assert.Equal(t, "/bin/sh", config.Overrides["linux"].Command)
	script := inBundle(config.Overrides["linux"].Args[0])
	assert.Equal(t, "stdio", config.Overrides["linux"].Args[1])
	inBundle("${__dirname}/" + script + "-x86_64")
	inBundle("${__dirname}/" + script + "-aarch64")

	for variable, value := range config.Env {
		asked, found := strings.CutPrefix(strings.TrimSuffix(value, "}"), "${user_config.")
		assert.True(t, found, variable)
		require.Contains(t, manifest.User, asked)
		assert.False(t, manifest.User[asked].Required, "the demo needs none")
		assert.NotNil(t, manifest.User[asked].Default, "hosts leave a reference to what nobody set as it is")
		assert.Equal(t, variable == "MAKE_API_KEY", manifest.User[asked].Sensitive, variable)
	}
	assert.Len(t, config.Env, len(manifest.User))
	assert.Equal(t, "${user_config.demo}", config.Env["MAKE_AUDIT_DEMO"])
	assert.Equal(t, "boolean", manifest.User["demo"].Type)

	assert.Equal(t, []tool{{"list_things", "Lists things."}, {"ask", "Asks."}}, manifest.Tools, "one sentence each")
	assert.Equal(t, "licences of others\n", string(files["THIRD_PARTY_LICENSES"]))
	assert.Contains(t, string(files["README.md"]), "https://github.com/acme/make-audit-mcp.")
}

func TestTheBinaryOfMacOSIsUniversal(t *testing.T) {
	t.Parallel()
	r := release(t)
	files, _ := unpack(t, r)
	joined := files["server/darwin/make-audit-mcp"]
	universal, err := macho.NewFatFile(bytes.NewReader(joined))
	require.NoError(t, err)
	require.Len(t, universal.Arches, 2)
	for i, processor := range []string{"amd64", "arm64"} {
		part := universal.Arches[i]
		assert.Equal(t, processors[processor][0], uint32(part.Cpu))
		assert.Equal(t, processors[processor][1], part.SubCpu)
		assert.Zero(t, part.Offset%(1<<part.Align), "a part begins with a page")
		assert.EqualValues(t, 14, part.Align)
		alone, err := os.ReadFile(r.Binaries[dist.Platform{OS: "darwin", Arch: processor}])
		require.NoError(t, err)
		assert.Equal(t, string(alone), string(joined[part.Offset:part.Offset+part.Size]))
	}
}

func TestAnythingElseIsNoBinaryOfMacOS(t *testing.T) {
	t.Parallel()
	r := release(t)
	r.Binaries[dist.Platform{OS: "darwin", Arch: "arm64"}] = r.Binaries[dist.Platform{OS: "windows", Arch: "amd64"}]
	assert.ErrorContains(t, mcpb.Make(t.Context(), r), "no binary of macOS")
}

func TestABinaryWithoutToolsMakesNoBundle(t *testing.T) {
	t.Parallel()
	for script, says := range map[string]string{
		"#!/bin/sh\necho '{\"id\":1}'":                           "listed no tools",
		"#!/bin/sh\necho '{\"id\":2,\"result\":{\"tools\":[]}}'": "listed no tools",
		"#!/bin/sh\necho not JSON":                               "invalid character",
		"#!/bin/sh\nexit 3":                                      "exit status 3",
	} {
		r := release(t)
		speaks(t, r, script)
		require.ErrorContains(t, mcpb.Make(t.Context(), r), says)
	}
}

func TestTheIconIsASquareThatIsSeenThroughAtItsCorners(t *testing.T) {
	t.Parallel()
	files, _ := unpack(t, release(t))
	icon, err := png.Decode(bytes.NewReader(files["icon.png"]))
	require.NoError(t, err)
	assert.Equal(t, 512, icon.Bounds().Dx())
	assert.Equal(t, 512, icon.Bounds().Dy())
	alpha := func(x, y int) uint32 {
		_, _, _, a := icon.At(x, y).RGBA()
		return a
	}
	for _, corner := range [][2]int{{0, 0}, {511, 0}, {0, 511}, {511, 511}} {
		assert.Zero(t, alpha(corner[0], corner[1]), corner)
	}
	for _, inside := range [][2]int{{0, 256}, {256, 0}, {256, 256}, {511, 180}, {2, 180}, {256, 511}} {
		assert.EqualValues(t, 0xffff, alpha(inside[0], inside[1]), inside)
	}
}

func TestBundlesOfOneReleaseAreEqual(t *testing.T) {
	t.Parallel()
	r, again := release(t), release(t)
	require.NoError(t, mcpb.Make(t.Context(), r))
	require.NoError(t, mcpb.Make(t.Context(), again))
	assert.Equal(t, disttest.Files(t, r.Out), disttest.Files(t, again.Out))
}
