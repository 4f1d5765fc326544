package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/setup"
)

func TestEachSystemHasItsPlaces(t *testing.T) {
	t.Parallel()
	for system, want := range map[string]string{
		"linux":   `.config/Claude/claude_desktop_config.json .claude.json .cursor/mcp.json .config/Code/User/mcp.json .codex/config.toml .gemini/settings.json .codeium/windsurf/mcp_config.json .junie/mcp/mcp.json .config/goose/config.yaml`,
		"darwin":  `Library/Application Support/Claude/claude_desktop_config.json .claude.json .cursor/mcp.json Library/Application Support/Code/User/mcp.json .codex/config.toml .gemini/settings.json .codeium/windsurf/mcp_config.json .junie/mcp/mcp.json .config/goose/config.yaml`,
		"windows": `AppData/Roaming/Claude/claude_desktop_config.json .claude.json .cursor/mcp.json AppData/Roaming/Code/User/mcp.json .codex/config.toml .gemini/settings.json .codeium/windsurf/mcp_config.json .junie/mcp/mcp.json AppData/Roaming/Block/goose/config/config.yaml`,
	} {
		m := machine(t, system)
		assert.Equal(t, want, strings.Join(places(t, m), " "), system)
	}
	elsewhere := t.TempDir()
	m := machine(t, "linux", "XDG_CONFIG_HOME="+elsewhere, "CODEX_HOME="+elsewhere, "CLAUDE_CONFIG_DIR="+elsewhere, "APPDATA=/nowhere")
	for i, want := range map[int]string{0: "Claude/claude_desktop_config.json", 1: ".claude.json", 3: "Code/User/mcp.json", 4: "config.toml",
		8: "goose/config.yaml"} {
		file, err := setup.Clients()[i].File(m, false)
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(elsewhere, want), file)
	}
	m = machine(t, "windows", "APPDATA="+elsewhere)
	assert.Equal(t, elsewhere+"/make-audit-mcp/api-key", m.KeyFile())
	m = machine(t, "linux", "XDG_CONFIG_HOME=relative")
	assert.Equal(t, m.Home+"/.config/make-audit-mcp/api-key", m.KeyFile(), "what is no whole path does not count")
}

func places(t *testing.T, m setup.Machine) (all []string) {
	t.Helper()
	for _, c := range setup.Clients() {
		file, err := c.File(m, false)
		require.NoError(t, err)
		all = append(all, strings.TrimPrefix(file, m.Home+"/"))
	}
	return all
}

func TestAProjectHasItsOwnFileWhereTheClientReadsOne(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	for name, want := range map[string]string{"claude-code": ".mcp.json", "cursor": ".cursor/mcp.json", "vscode": ".vscode/mcp.json",
		"codex": ".codex/config.toml", "gemini": ".gemini/settings.json", "jetbrains": ".junie/mcp/mcp.json"} {
		file, err := client(t, name).File(m, true)
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(m.Project, want), file)
	}
	for _, name := range []string{"claude-desktop", "windsurf", "goose"} {
		_, err := client(t, name).File(m, true)
		require.ErrorContains(t, err, "has no configuration for one project")
	}
}

func TestAClientIsFoundByItsFolderOrItsCommand(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	for _, c := range setup.Clients() {
		assert.False(t, c.IsFound(m), c.Name)
	}
	require.NoError(t, os.Mkdir(filepath.Join(m.Home, ".cursor"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(m.Home, ".claude.json"), nil, 0o600))
	m.HasCommand = func(name string) bool { return name == "codex" }
	var found []string
	for _, c := range setup.Clients() {
		if c.IsFound(m) {
			found = append(found, c.Name)
		}
	}
	assert.Equal(t, []string{"claude-code", "cursor", "codex"}, found)
}

func TestClientsAreToldACommandThatLasts(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	command, arguments, err := m.Command("/opt/make-audit-mcp")
	require.NoError(t, err)
	assert.Equal(t, "/opt/make-audit-mcp", command)
	assert.Empty(t, arguments)
	for _, temporary := range []string{"/tmp/go-build123/b001/exe/make-audit-mcp", "/home/me/.cache/go-build/ab/abc-d/make-audit-mcp",
		`C:\Users\me\AppData\Local\go-build\ab\abc-d\make-audit-mcp.exe`} {
		_, _, err := m.Command(temporary)
		var refusal *setup.Refusal
		require.ErrorAs(t, err, &refusal, temporary)
		assert.Contains(t, refusal.Next, "go install .")
	}
	cached := "/home/me/.npm/_npx/0a1b/node_modules/@make-audit-mcp/linux-x64/make-audit-mcp"
	launched := machine(t, "linux", "MAKE_AUDIT_LAUNCHER=npx")
	for path, m := range map[string]setup.Machine{cached: m, "/opt/make-audit-mcp": launched} {
		command, arguments, err = m.Command(path)
		require.NoError(t, err)
		assert.Equal(t, "npx -y make-audit-mcp", strings.Join(append([]string{command}, arguments...), " "))
	}
	command, arguments, err = machine(t, "windows").Command(strings.ReplaceAll(cached, "/", `\`))
	require.NoError(t, err)
	assert.Equal(t, "cmd /c npx -y make-audit-mcp", strings.Join(append([]string{command}, arguments...), " "))
}
