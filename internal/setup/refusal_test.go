package setup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/setup"
)

// refused plans for a file that holds a text, which must be refused with such words, and stay as it is.
func refused(t *testing.T, c setup.Client, before string, says ...string) *setup.Refusal {
	t.Helper()
	m := machine(t, "linux")
	file := held(t, m, c, before)
	_, err := setup.Plan(m, c, fits(c), setup.Options{})
	var refusal *setup.Refusal
	require.ErrorAs(t, err, &refusal, "%s: %.80q", c.Name, before)
	for _, want := range says {
		assert.Contains(t, refusal.Problem, want)
	}
	assert.NotEmpty(t, refusal.Next)
	assert.Equal(t, before, text(t, file))
	assert.Len(t, files(t, m.Home), 1)
	return refusal
}

func TestAFileThatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string][]string{
		"cursor": {`{"mcpServers":`, `{"mcpServers":{"a":{}}`, `{} {}`, `[]`, `"text"`, `7`, `{"mcpServers":[]}`, `{"mcpServers":"none"}`,
			"{\"a\":\"\x00\"}", "\xff\xfe{\x00}\x00", "\x7fELF\x02\x01\x01\x00", strings.Repeat("[", 100_000)},
		"vscode": {`{"inputs":{}}`, `{"servers":[]}`, `{"inputs":false}`},
		"codex": {"model = ", "[a]\n[a]\n", "mcp_servers = 1", "mcp_servers = []", "mcp_servers = { a = { command = \"a\" } }", "a = nan\n",
			"\x7fELF\x02\x01\x01\x00", "[[mcp_servers]]\na = 1\n"},
		"goose": {"a: [", "a: 1\na: 2\n", "- a\n- b\n", "text", "extensions: [a]\n", "extensions: none\n", "a: 1\n---\nb: 2\n",
			"extensions: {a: {type: builtin}}\n", "1: a\n", "\tx: 1\n", "extensions: *a\n", "\r\r \n\r",
			"a: 1\rb: 2\n"},
	} {
		for _, before := range broken {
			refused(t, client(t, name), before, "was left as it is: ")
		}
	}
	refused(t, client(t, "cursor"), `{"a": }`, "it cannot be read as JSON: ", "line 1")
	refused(t, client(t, "cursor"), `{"mcpServers":[]}`, `"mcpServers" is a list, where an object should be`)
	refused(t, client(t, "vscode"), `{"inputs":{}}`, `"inputs" is an object, where a list should be`)
	refused(t, client(t, "cursor"), `{"mcpServers":7}`, `"mcpServers" is neither an object nor a list, but 7`)
	refused(t, client(t, "cursor"), "\xff\xfe{\x00}\x00", "it is no text in UTF-8")
	refused(t, client(t, "cursor"), strings.Repeat("[", 100_000), "its brackets are more than 1000 deep")
	refusal := refused(t, client(t, "codex"), "mcp_servers = { a = { command = \"a\" } }", "cannot be edited without risk")
	assert.Equal(t, "mend it, or put in by hand what this prints: make-audit-mcp setup codex --print", refusal.Next)
}

func TestAHugeFileAndAFolderAreRefused(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	file := held(t, m, client(t, "gemini"), "")
	require.NoError(t, os.Truncate(file, 17<<20))
	_, err := setup.Plan(m, client(t, "gemini"), withKeyFile(server()), setup.Options{})
	require.ErrorContains(t, err, "it is larger than 16 MB")
	require.NoError(t, os.MkdirAll(filepath.Join(m.Home, ".cursor", "mcp.json"), 0o700))
	_, err = setup.Plan(m, client(t, "cursor"), server(), setup.Options{})
	require.ErrorContains(t, err, "it is no file")
}

func TestBracketsInTextsAndCommentsAreNotCounted(t *testing.T) {
	t.Parallel()
	log := strings.Repeat(`\u001b[31m{\"`, 2000)
	for _, before := range []string{`{"history":["` + log + `"]}`, "{} // " + log + "\n", "{/* \" " + log + "\n" + log + " */}"} {
		written(t, machine(t, "linux"), client(t, "claude-code"), before)
	}
	deep := strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
	for _, before := range []string{`{"a":` + deep + `}`, "/* \" */" + deep + "/* \" */", "// \"\n" + deep + "// \"\n", `{"\\":` + deep + `,"b":"\""}`} {
		refused(t, client(t, "claude-code"), before, "more than 1000 deep")
	}
}

func TestAReadOnlyFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "cursor")
	file := held(t, m, c, "{}")
	change, err := setup.Plan(m, c, server(), setup.Options{})
	require.NoError(t, err)
	require.NoError(t, os.Chmod(file, 0o440))
	_, err = change.Write(m, "")
	require.ErrorContains(t, err, "it is read-only")
	assert.Equal(t, "{}", text(t, file))
	assert.Len(t, files(t, m.Home), 1, "neither a backup nor a note")
	assert.NoDirExists(t, filepath.Join(m.Home, ".config"))
}

func TestAnotherServerOfTheNameIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"claude-code": `{"mcpServers":{"make-audit":{"command":"old","env":{"MAKE_API_KEY":"12345678-secret"}},"b":{"command":"b"}}}`,
		"vscode":      `{"servers":{"make-audit":{"command":"old"}},"inputs":[{"id":"make-audit-key","type":"promptString"}]}`,
		"codex":       "[mcp_servers.make-audit]\ncommand = \"old\"\n[mcp_servers.make-audit.env]\nA = \"1\"\n\n[mcp_servers.b]\ncommand = \"b\"\n",
		"goose":       "extensions:\n  b:\n    cmd: b\n  make-audit:\n    cmd: old\n",
	} {
		c := client(t, name)
		refusal := refused(t, c, before, `another server "make-audit"`)
		assert.Contains(t, refusal.Next, "--name make-audit-2")
		assert.Contains(t, refusal.Next, "--replace")
		assert.Contains(t, refusal.Difference, `"old"`)
		assert.Contains(t, refusal.Difference, "/opt/make audit/make-audit-mcp")
		assert.NotContains(t, refusal.Difference, "12345678-secret")

		m := machine(t, "linux")
		file := held(t, m, c, before)
		change, err := setup.Plan(m, c, server(), setup.Options{Replace: true})
		require.NoError(t, err)
		_, err = change.Write(m, "")
		require.NoError(t, err)
		assert.NotContains(t, text(t, file), "old", name)
		assert.Contains(t, text(t, file), "/opt/make audit/make-audit-mcp")
		undone(t, m)
		assert.Equal(t, before, text(t, file))

		other := server()
		other.Name = "make-audit-2"
		change, err = setup.Plan(m, c, other, setup.Options{})
		require.NoError(t, err)
		_, err = change.Write(m, "")
		require.NoError(t, err)
		assert.Contains(t, text(t, file), "old", "both are there")
		assert.Contains(t, text(t, file), "make-audit-2")
	}
}

func TestOddPathsAreWrittenSoThatClientsReadThem(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{`C:\Program Files\make "audit"\m.exe`, "/tmp/it's\ta\npath", "/o'dd/#x: {y}", "/čaj/茶 & <b>", "/del\x7f", "~", "- a"} {
		for _, name := range []string{"claude-desktop", "codex", "goose"} { // a client of each syntax
			c := client(t, name)
			m := machine(t, "linux")
			s := withKeyFile(server())
			s.Command = odd
			s.Environment[0].Value = odd
			change, err := setup.Plan(m, c, s, setup.Options{})
			require.NoError(t, err)
			_, err = change.Write(m, "")
			require.NoError(t, err)
			again, err := setup.Plan(m, c, s, setup.Options{})
			require.NoError(t, err)
			assert.True(t, again.IsDone(), "%s reads %q as it was", c.Name, odd)
		}
	}
}

func TestADollarIsRefusedWhereTheClientWouldReplaceIt(t *testing.T) {
	t.Parallel()
	for _, c := range setup.Clients() {
		s := fits(c)
		s.Command = "/opt/$HOME/m"
		_, err := setup.Plan(machine(t, "linux"), c, s, setup.Options{})
		switch c.Name {
		case "claude-desktop", "codex", "jetbrains", "goose":
			assert.NoError(t, err, c.Name)
		default:
			assert.ErrorContains(t, err, `variables of the environment into "/opt/$HOME/m"`, c.Name)
		}
	}
}

func TestALinkStaysALinkAndTheModeStays(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "claude-code")
	dotfiles := filepath.Join(m.Home, "dotfiles")
	require.NoError(t, os.Mkdir(dotfiles, 0o700))
	target := filepath.Join(dotfiles, "claude")
	require.NoError(t, os.WriteFile(target, []byte("{}\n"), 0o640))
	link := filepath.Join(m.Home, ".claude.json")
	require.NoError(t, os.Symlink("dotfiles/claude", link))
	change, err := setup.Plan(m, c, server(), setup.Options{})
	require.NoError(t, err)
	backup, err := change.Write(m, "")
	require.NoError(t, err)
	assert.Equal(t, target+".before-make-audit", backup)
	for _, check := range []func(){
		func() { assert.Contains(t, text(t, target), "make-audit") },
		func() { undone(t, m); assert.Equal(t, "{}\n", text(t, target)) },
	} {
		check()
		to, err := os.Readlink(link)
		require.NoError(t, err)
		assert.Equal(t, "dotfiles/claude", to)
		info, err := os.Stat(target)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	}
}

func TestALinkToNothingYetIsFollowed(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, os.Symlink("claude", filepath.Join(m.Home, ".claude.json")))
	change, err := setup.Plan(m, client(t, "claude-code"), server(), setup.Options{})
	require.NoError(t, err)
	_, err = change.Write(m, "")
	require.NoError(t, err)
	assert.Contains(t, text(t, filepath.Join(m.Home, "claude")), "make-audit")
}

func TestAFolderThatCannotBeWrittenLosesNothing(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "cursor")
	file := filepath.Join(m.Home, ".cursor", "mcp.json")
	require.NoError(t, os.WriteFile(filepath.Join(m.Home, ".cursor"), nil, 0o600), "a file, where the folder should be: also for root")
	_, err := setup.Plan(m, c, server(), setup.Options{})
	require.ErrorContains(t, err, file+" was left as it is")
	// A file that vanishes between the plan and the writing, and whose folder is none any more.
	require.NoError(t, os.Remove(filepath.Join(m.Home, ".cursor")))
	change, err := setup.Plan(m, c, server(), setup.Options{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(m.Home, ".config"), nil, 0o600), "where setup would note what it wrote")
	_, err = change.Write(m, "")
	require.Error(t, err)
	assert.Equal(t, []string{".config"}, files(t, m.Home), "what cannot be undone is not written")
	if os.Getuid() == 0 {
		return // root may write anywhere
	}
	require.NoError(t, os.Remove(filepath.Join(m.Home, ".config")))
	held(t, m, c, "{}")
	require.NoError(t, os.Chmod(filepath.Dir(file), 0o500))
	change, err = setup.Plan(m, c, server(), setup.Options{})
	require.NoError(t, err)
	_, err = change.Write(m, "")
	require.ErrorContains(t, err, "could not be written")
	assert.Equal(t, "{}", text(t, file))
}

func TestAFileThatChangedSinceItWasShownIsNotWritten(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "cursor")
	change, err := setup.Plan(m, c, server(), setup.Options{})
	require.NoError(t, err)
	file := held(t, m, c, `{"a":1}`)
	_, err = change.Write(m, "")
	require.ErrorContains(t, err, "was changed meanwhile")
	assert.Equal(t, `{"a":1}`, text(t, file))
}

func TestAnEntryThatWasChangedIsNotTakenOutUnasked(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "claude-code")
	before := `{"mcpServers":{"b":{"command":"b"}}}`
	file := written(t, m, c, before)
	mine := strings.Replace(text(t, file), "eu1.make.com", "eu2.make.com", 1)
	require.NoError(t, os.WriteFile(file, []byte(mine), 0o600))
	entries, err := m.Written("make-audit", []setup.Client{c})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	_, err = entries[0].Undo(m, false)
	var refusal *setup.Refusal
	require.ErrorAs(t, err, &refusal)
	assert.Contains(t, refusal.Problem, "make-audit was changed in "+file+" since setup wrote it")
	assert.Contains(t, refusal.Difference, `+    "MAKE_ZONE": "eu2.make.com"`)
	assert.Equal(t, mine, text(t, file))
	_, err = entries[0].Undo(m, true)
	require.NoError(t, err)
	assert.Equal(t, before, text(t, file))
}

func TestWhatLooksLikeTheEntryInATextIsNoReasonToTakeOutMore(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"a = '''\n[mcp_servers.make-audit]\n'''\n", "a = '''\n[mcp_servers.make-audit]\nb\n[c]\n'''\n"} {
		m := machine(t, "linux")
		file := written(t, m, client(t, "codex"), before)
		changed := text(t, file) + "[b]\n"
		require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
		entries, err := m.Written("make-audit", nil)
		require.NoError(t, err)
		_, err = entries[0].Undo(m, false)
		require.ErrorContains(t, err, "cannot be edited without risk")
		assert.Equal(t, changed, text(t, file))
	}
}

func TestUndoKnowsWhatIsGoneAlready(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	file := written(t, m, client(t, "cursor"), "{}")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	assert.Contains(t, undone(t, m)[0].Note, "the entry is gone already")
	file = written(t, m, client(t, "cursor"), "{}")
	require.NoError(t, os.Remove(file))
	assert.Equal(t, "the file is gone already; what the file held before setup is still in "+file+".before-make-audit-2", undone(t, m)[0].Note)
	assert.Empty(t, undone(t, m), "and there is nothing more")
}

func TestTwoWritesAreUndoneToWhatWasThereFirst(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "vscode")
	file := written(t, m, c, "{ /* mine */ }")
	moved := server()
	moved.Command = "/new/place"
	change, err := setup.Plan(m, c, moved, setup.Options{Replace: true})
	require.NoError(t, err)
	_, err = change.Write(m, "")
	require.NoError(t, err)
	now := text(t, file)
	assert.Contains(t, now, "/new/place")
	undone(t, m)
	assert.Equal(t, "{ /* mine */ }", text(t, file))
	assert.Len(t, files(t, m.Home), 1)

	// What the first wrote goes as well where the file was changed since.
	written(t, m, c, "{ /* mine */ }")
	_, err = change.Write(m, "")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(now+"\n"), 0o600))
	undone(t, m)
	assert.NotContains(t, text(t, file), "make-audit")
}

func TestANoteThatIsBrokenStopsEverything(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	written(t, m, client(t, "cursor"), "{}")
	note := filepath.Join(m.Home, ".config", "make-audit-mcp", "setup.json")
	require.NoError(t, os.WriteFile(note, []byte("{"), 0o600))
	_, err := m.Written("make-audit", nil)
	require.ErrorContains(t, err, note)
}

func TestDifferencesHideTheSecretsOfOthers(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "cursor")
	held(t, m, c, "{\n  \"mcpServers\": {\n    \"a\u009b31m\": {\"env\": {\"X_API_KEY\": \"hush\", \"A\": \"b\"}}\n  } // hush\n}\n")
	change, err := setup.Plan(m, c, server(), setup.Options{})
	require.NoError(t, err)
	assert.Contains(t, change.Difference(), `    "a31m": {"env": {"X_API_KEY": "(hidden)", "A": "(hidden)"}}`)
	assert.Contains(t, change.Difference(), `+        "MAKE_API_KEY": "${env:MAKE_API_KEY}"`)
	assert.NotContains(t, change.Difference(), "hush")
	assert.NotContains(t, change.Difference(), "\u009b", "nothing that a terminal obeys")
}

// Any value may be a secret, wherever it stands: the name that says so may be in another element, in another line, or nowhere.
func TestDifferencesShowNoValueThatIsNotSetups(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"cursor": `{"mcpServers":{"r":{"args":["-H","Authorization: Bearer LEAK","--key","LEAK"],"url":"https://h/u/LEAK/sse","K":"$LEAK","A_FILE":"LEAK"}}}`,
		"gemini": "{\n \"mcpServers\": {\n  \"r\": {\n   \"args\": [\n    \"--token\",\n    \"LEAK\"]}} // LEAK: LEAK\n, // LEAK\n /* LEAK */ \"PAT\": \"LE\\\"AK\"}\n",
		"codex":  "[mcp_servers.r]\nenv = { PAT = 'LEAK', B = \"LEAK\" } # LEAK\nargs = [\n \"LEAK\"]\nx = \"\"\"\nLEAK\"\"\"\n",
		"goose":  "pat: LEAK\nx: LEAK= y\nextensions: # LEAK\n  r:\n    key: |\n      -----LEAK\n      LEAK==\n",
	} {
		m := machine(t, "linux")
		c := client(t, name)
		held(t, m, c, before)
		change, err := setup.Plan(m, c, fits(c), setup.Options{})
		require.NoError(t, err)
		assert.NotContains(t, change.Difference(), "LEAK", name)
		assert.Contains(t, change.Difference(), "(hidden)", name)
		assert.NotContains(t, strings.Join(added(change.Difference()), ""), "hidden", "%s shows what it adds", name)
	}
	for name, before := range map[string]string{
		"cursor": `{"mcpServers":{"make-audit":{"command":"/bin/LEAK LEAK","env":{"DB":"postgres://u:LEAK@h","N":"$LEAK","MAKE_API_KEY":"LEAK"}}}}`,
		"codex":  "[mcp_servers.make-audit]\ncommand = \"LEAK LEAK\"\nargs = [\"LEAK\"]\n",
	} {
		assert.NotContains(t, refused(t, client(t, name), before, `another server "make-audit"`).Difference, "LEAK")
	}
}

// added are the lines of a difference that are new, where no line goes.
func added(difference string) (lines []string) {
	if strings.Contains(difference, "\n-") {
		return nil
	}
	for line := range strings.Lines(difference) {
		if line[0] == '+' {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestADifferenceIsUnified(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "goose")
	held(t, m, c, "a: 1\nb: 2\nc: 3\nextensions:\n  dev:\n    type: builtin\nd: 4\n")
	s := server()
	s.Demo, s.Environment = true, nil
	change, err := setup.Plan(m, c, s, setup.Options{})
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("--- %[1]s\n+++ %[1]s\n@@ -3,4 +3,15 @@\n", change.File)+` c: 3
 extensions:
+  make-audit:
+    enabled: true
+    type: stdio
+    name: make-audit
+    description: Make.com's audit log
+    cmd: /opt/make audit/make-audit-mcp
+    args:
+      - stdio
+    envs: {}
+    env_keys: []
+    timeout: 300
   dev:
     type: builtin
`, change.Difference())
}

func TestNamesThatSomeClientWouldChangeAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"make-audit", "m", "make_audit-eu2", "2"} {
		require.NoError(t, setup.CheckName(name))
	}
	for _, name := range []string{"", "Make", "a b", "a.b", "a]", "-a", strings.Repeat("a", 42), "a\n", "č"} {
		var refusal *setup.Refusal
		require.ErrorAs(t, setup.CheckName(name), &refusal, name)
		assert.Contains(t, refusal.Next, "--name make-audit-eu2")
	}
	_, err := setup.Find("emacs")
	require.ErrorContains(t, err, "claude-desktop, claude-code, cursor, vscode, codex, gemini, windsurf, jetbrains, goose")
}

func TestAKeyIsKeptWhereOnlyItsOwnerReadsIt(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, m.SaveKey("k-1", false))
	assert.Equal(t, "k-1\n", text(t, m.KeyFile()))
	info, err := os.Stat(m.KeyFile())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, m.SaveKey("k-1", false), "the same again is no other")
	require.ErrorContains(t, m.SaveKey("k-2", false), "holds another key")
	require.NoError(t, m.SaveKey("k-2", true))

	for _, name := range []string{"claude-desktop", "cursor"} {
		s := server()
		s.KeyFile = m.KeyFile()
		change, err := setup.Plan(m, client(t, name), s, setup.Options{})
		require.NoError(t, err)
		_, err = change.Write(m, s.KeyFile)
		require.NoError(t, err)
	}
	entries, err := m.Written("make-audit", nil)
	require.NoError(t, err)
	_, err = entries[0].Undo(m, false)
	require.NoError(t, err)
	assert.FileExists(t, m.KeyFile(), "another client needs it")
	last, err := entries[1].Undo(m, false)
	require.NoError(t, err)
	assert.Contains(t, last.Note, "is removed as well")
	assert.Empty(t, files(t, m.Home))
}

func TestAKeyThatSetupDidNotWriteIsLeft(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, m.SaveKey("k-1", false))
	s := server()
	s.KeyFile = m.KeyFile()
	change, err := setup.Plan(m, client(t, "cursor"), s, setup.Options{})
	require.NoError(t, err)
	_, err = change.Write(m, s.KeyFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(m.KeyFile(), []byte("k-2"), 0o600))
	assert.Contains(t, undone(t, m)[0].Note, "holds a key that setup did not write")
	assert.Equal(t, "k-2", text(t, m.KeyFile()))
}

func TestAClientThatKeepsKeysInItsFileGetsNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"claude-desktop", "gemini", "jetbrains"} {
		_, err := setup.Snippet(client(t, name), server())
		var refusal *setup.Refusal
		require.ErrorAs(t, err, &refusal)
		assert.Contains(t, refusal.Next, "--save-key")
	}
}

// FuzzEdit holds that no text makes setup fail, that what it edits it edits so that undoing gives the bytes back, and that taking the entry
// out of a text that others wrote since can be done or is refused.
func FuzzEdit(f *testing.F) {
	cases, err := filepath.Glob("testdata/edited/*.before")
	require.NoError(f, err)
	for _, file := range cases {
		seed, err := os.ReadFile(file)
		require.NoError(f, err)
		for which, c := range setup.Clients() {
			if strings.HasSuffix(file, "."+c.Name+".before") {
				f.Add(uint8(which), string(seed))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, before string) {
		c := setup.Clients()[int(which)%len(setup.Clients())]
		m := machine(t, "linux")
		file := held(t, m, c, before)
		change, err := setup.Plan(m, c, fits(c), setup.Options{})
		if err != nil || change.IsDone() {
			return
		}
		_, err = change.Write(m, "")
		require.NoError(t, err)
		after := text(t, file)
		undone(t, m)
		require.Equal(t, before, text(t, file))
		_, err = change.Write(m, "")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte(after+" "), 0o600))
		entries, err := m.Written("", nil)
		require.NoError(t, err)
		if _, err := entries[0].Undo(m, false); err == nil {
			again, err := setup.Plan(m, c, fits(c), setup.Options{})
			require.NoError(t, err)
			require.False(t, again.IsDone(), "the entry is out")
		}
	})
}
