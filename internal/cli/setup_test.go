package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newHome makes an empty home directory the user's, and sets variables beside. Tests are programs of go run's kind, so they say that npx
// started them.
func newHome(t *testing.T, set ...string) string {
	t.Helper()
	home := t.TempDir()
	environment(t, append([]string{"HOME=" + home, "XDG_CONFIG_HOME=", "CODEX_HOME=", "CLAUDE_CONFIG_DIR=", "MAKE_AUDIT_LAUNCHER=npx"},
		set...)...)
	return home
}

func TestSetupAloneListsTheClients(t *testing.T) {
	home := newHome(t)
	require.NoError(t, os.Mkdir(filepath.Join(home, ".cursor"), 0o700))
	said := run(t, "", "setup").succeeds().out
	assert.Regexp(t, `cursor +Cursor +found +`+home+`/.cursor/mcp.json`, said)
	assert.Regexp(t, `goose +goose +not found +`, said)
	assert.Contains(t, said, "Next: make-audit-mcp setup ")
}

func TestSetupWritesNothingUnlessToldTo(t *testing.T) {
	home := newHome(t, "MAKE_API_KEY=secret-key", "MAKE_TIMEZONE=Europe/Prague", "MAKE_WEEK_START=Sunday", "MAKE_AUDIT_INSECURE_FILES=no")
	said := run(t, "", "setup", "claude-code", "codex", "--zone", "eu2.make.com").succeeds().out
	assert.Contains(t, said, "Claude Code: would write "+home+"/.claude.json, a new file\n")
	assert.Contains(t, said, `+        "MAKE_TIMEZONE": "Europe/Prague"`)
	assert.Contains(t, said, `+        "MAKE_WEEK_START": "Sunday"`)
	assert.NotContains(t, said, "MAKE_AUDIT_INSECURE_FILES")
	assert.Contains(t, said, `+env_vars = ["MAKE_API_KEY"]`)
	assert.Contains(t, said, "folder that npx or its like empties")
	assert.Contains(t, said, "Nothing was written. To write it, add --write.")
	assert.NotContains(t, said, "secret-key")
	assert.NotContains(t, said, "\x1b", "coloured on a terminal alone")
	entries, err := os.ReadDir(home)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestSetupIsUndone(t *testing.T) {
	home := newHome(t)
	file := filepath.Join(home, ".claude.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"a":1}`), 0o600))
	said := run(t, "", "--demo", "setup", "claude-code", "goose", "--write").succeeds().out
	assert.Contains(t, said, "what it held: "+file+".before-make-audit")
	assert.Contains(t, said, "undo: make-audit-mcp setup claude-code --undo\n")
	want := `{"a":1,"mcpServers":{"make-audit":{"type":"stdio","command":"npx","args":["-y","make-audit-mcp","--demo","stdio"]}}}`
	assert.Equal(t, want, readFile(t, file))
	assert.Contains(t, run(t, "", "--demo", "setup", "claude-code", "--write").succeeds().out, "already has it")
	run(t, "", "setup", "claude-code").refuses("MAKE_ZONE is not set")
	run(t, "", "setup", "claude-code", "--zone", "eu1.make.com").fails(`another server "make-audit"`, "--replace")

	run(t, "", "--demo", "setup", "claude-code", "--name", "second", "--write").succeeds()
	assert.Contains(t, readFile(t, file), `"second"`)
	run(t, "", "setup", "--undo", "--name", "second").succeeds()
	assert.NotContains(t, readFile(t, file), `"second"`)
	assert.Contains(t, readFile(t, file), `"make-audit"`)
	assert.Contains(t, run(t, "", "setup", "--undo", "goose").succeeds().out, "goose: ")
	assert.NoFileExists(t, filepath.Join(home, ".config", "goose", "config.yaml"))
	said = run(t, "", "setup", "--undo").succeeds().out
	assert.Contains(t, said, `-{"a":1,"mcpServers"`)
	assert.Equal(t, `{"a":1}`, readFile(t, file))
	assert.Contains(t, run(t, "", "setup", "--undo").succeeds().out, "Setup wrote no such server")
}

func TestSetupChecksTheKeyBeforeItWrites(t *testing.T) {
	a := newAcme(t)
	home := newHome(t)
	place := []string{"setup", "codex", "--api-url", a.flags(ownerKey)[1], "--write"}
	run(t, "", place...).refuses("there is no key to check", "--save-key")
	t.Setenv("MAKE_API_KEY", "wrong")
	failed := run(t, "", place...).fails("nothing was written")
	assert.Contains(t, failed.out, "FAIL")
	assert.NoDirExists(t, filepath.Join(home, ".codex"))
	assert.NoDirExists(t, filepath.Join(home, ".config"))
	run(t, "", append(place, "--no-check", "--name", "unchecked")...).succeeds()
	t.Setenv("MAKE_API_KEY", ownerKey)
	assert.Contains(t, run(t, "", place...).succeeds().out, "it can read an audit log")
	config := readFile(t, filepath.Join(home, ".codex", "config.toml"))
	assert.Contains(t, config, "[mcp_servers.make-audit]\n")
	assert.NotContains(t, config, ownerKey)
}

func TestSetupKeepsAKeyThatIsPipedIn(t *testing.T) {
	a := newAcme(t)
	home := newHome(t)
	place := []string{"setup", "claude-desktop", "--api-url", a.flags(ownerKey)[1]}
	run(t, "", append(place, "--write")...).fails("Claude Desktop would keep the key in its configuration", "--save-key")
	for _, empty := range []string{"", " \n", "two words", "a\nb"} {
		run(t, empty, append(place, "--write", "--save-key")...).refuses("there is no API key to save")
	}
	run(t, "wrong", append(place, "--write", "--save-key")...).fails("nothing was written")
	key := filepath.Join(home, ".config", "make-audit-mcp", "api-key")
	assert.NoFileExists(t, key)

	said := run(t, "\ufeff"+ownerKey+"\r\n", append(place, "--write", "--save-key")...).succeeds().out
	assert.Contains(t, said, "key: from the file "+key)
	assert.Equal(t, ownerKey+"\n", readFile(t, key))
	isPrivate(t, key)
	assert.Contains(t, readFile(t, filepath.Join(home, ".config", "Claude", "claude_desktop_config.json")), `"MAKE_API_KEY_FILE": "`+key+`"`)
	assert.NotContains(t, said, ownerKey)

	place[1] = "jetbrains"
	run(t, "", append(place, "--write")...).succeeds()
	assert.Contains(t, readFile(t, filepath.Join(home, ".junie", "mcp", "mcp.json")), key, "the file is used again where one is needed")
	assert.Contains(t, run(t, "", "setup", "--undo").succeeds().out, "the key that setup saved, is removed as well")
	assert.NoFileExists(t, key)
}

func TestSetupPrintsWhatCanBePasted(t *testing.T) {
	newHome(t)
	out := run(t, "", "setup", "vscode", "--zone", "eu1.make.com", "--print").succeeds().out
	assert.True(t, strings.HasPrefix(out, "{\n  \"inputs\": ["), out)
	assert.Contains(t, out, `"MAKE_API_KEY": "${input:make-audit-key}"`)
	assert.Contains(t, out, `"password": true`)
	run(t, "", "setup", "vscode", "codex", "--demo", "--print").refuses("--print prints the entry of one client")
}

func TestSetupWritesAProjectsConfiguration(t *testing.T) {
	newHome(t)
	project := t.TempDir()
	t.Chdir(project)
	run(t, "", "--demo", "setup", "cursor", "--project", "--write").succeeds()
	file := filepath.Join(project, ".cursor", "mcp.json")
	assert.Contains(t, readFile(t, file), "make-audit")
	run(t, "", "setup", "cursor", "--project", "--undo").succeeds()
	assert.NoFileExists(t, file)
	run(t, "", "--demo", "setup", "goose", "--project").refuses("goose has no configuration for one project")
}

func TestSetupSaysWhatItDoesNotTake(t *testing.T) {
	newHome(t)
	run(t, "", "setup", "emacs").refuses(`"emacs" is no client that setup knows`, "make-audit-mcp setup cursor --print")
	run(t, "", "setup", "--write").refuses("setup is not told which client it is for")
	run(t, "", "setup", "cursor", "--demo", "--name", "Make Audit").refuses("--name make-audit-eu2")
	run(t, "", "setup", "cursor", "--write", "--undo").refuses("--write, --undo and --print cannot be used together")
	t.Setenv("MAKE_AUDIT_LAUNCHER", "")
	run(t, "", "setup", "cursor", "--demo").fails("go install .")
}
