package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/setup"
)

// write writes a server into a client's file, in the place of an earlier one, and returns the file.
func write(t *testing.T, m setup.Machine, c setup.Client, s setup.Server) string {
	t.Helper()
	change, err := setup.Plan(m, c, s, setup.Options{Replace: true})
	require.NoError(t, err)
	_, err = change.Write(m, s.KeyFile)
	require.NoError(t, err)
	return change.File
}

// undoAll undoes in the order in which the command does.
func undoAll(t *testing.T, m setup.Machine) (notes string) {
	t.Helper()
	entries, err := m.Written("", nil)
	require.NoError(t, err)
	for _, entry := range entries {
		one, err := entry.Undo(m, false)
		require.NoError(t, err)
		notes += one.Note + "\n"
	}
	return notes
}

func named(name string) setup.Server {
	s := server()
	s.Name = name
	return s
}

func TestUndoLeavesNoFolderThatSetupMade(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, os.Mkdir(filepath.Join(m.Home, ".codex"), 0o700), "this one was there")
	for _, c := range setup.Clients() {
		write(t, m, c, fits(c))
	}
	keep := filepath.Join(m.Home, ".codeium", "kept")
	require.NoError(t, os.WriteFile(keep, nil, 0o600), "in a folder that setup made")
	undoAll(t, m)
	left, err := filepath.Glob(filepath.Join(m.Home, ".*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(m.Home, ".codeium"), filepath.Join(m.Home, ".codex")}, left)
	assert.FileExists(t, keep)
}

func TestAFolderThatBecameALinkStaysOne(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	write(t, m, client(t, "cursor"), server())
	folder := filepath.Join(m.Home, ".cursor")
	require.NoError(t, os.Rename(folder, filepath.Join(m.Home, "dotfiles")))
	require.NoError(t, os.Symlink("dotfiles", folder))
	undoAll(t, m)
	to, err := os.Readlink(folder)
	require.NoError(t, err)
	assert.Equal(t, "dotfiles", to)
	assert.Empty(t, files(t, filepath.Join(m.Home, "dotfiles")))
}

func TestSeveralServersInOneFileAreUndoneToItsBytes(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"cursor": "{ /* mine */ }", "vscode": `{"servers":{"x":{}}}`, "codex": "# mine\r\n[a]", "goose": "a: 1 # mine",
	} {
		m := machine(t, "linux")
		c := client(t, name)
		file := held(t, m, c, before)
		for _, each := range []string{"one", "two", "three"} {
			write(t, m, c, named(each))
		}
		undoAll(t, m)
		assert.Equal(t, before, text(t, file), name)
		assert.Len(t, files(t, m.Home), 1, name)
	}
	m := machine(t, "linux")
	write(t, m, client(t, "cursor"), named("one"))
	write(t, m, client(t, "cursor"), named("two"))
	undoAll(t, m)
	assert.Empty(t, files(t, m.Home), "there was none")
}

func TestALinkToNothingLeadsToNothingAgain(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	link := filepath.Join(m.Home, ".claude.json")
	require.NoError(t, os.Symlink("dotfiles/claude", link))
	write(t, m, client(t, "claude-code"), server())
	assert.FileExists(t, filepath.Join(m.Home, "dotfiles", "claude"))
	undoAll(t, m)
	to, err := os.Readlink(link)
	require.NoError(t, err)
	assert.Equal(t, "dotfiles/claude", to)
	assert.NoDirExists(t, filepath.Join(m.Home, "dotfiles"))
}

// A client or a person writes the file between two writes of setup's, so that the backup of the second holds what the first wrote.
func TestWhatAnEarlierWriteOfSetupsLeftIsTakenOutToo(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"cursor": `{"mcpServers":{"x":{}}}`, "vscode": `{"inputs":[7],"servers":{"x":{}}}`, "codex": "[a]\n", "goose": "extensions:\n  x:\n    a: 1\n",
	} {
		m := machine(t, "linux")
		c := client(t, name)
		file := held(t, m, c, before)
		write(t, m, c, server())
		require.NoError(t, os.WriteFile(file, []byte(text(t, file)+"\n"), 0o600))
		moved := server()
		moved.Environment[0].Value = "eu2.make.com"
		write(t, m, c, moved)
		notes := undoAll(t, m)
		assert.Equal(t, strings.TrimSpace(before), strings.TrimSpace(text(t, file)), name)
		for _, backup := range []string{file + ".before-make-audit", file + ".before-make-audit-2"} {
			assert.FileExists(t, backup)
			assert.Contains(t, notes, backup)
		}
	}
}

func TestAFileThatWentBetweenTwoWritesIsGoneAgain(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	c := client(t, "cursor")
	file := held(t, m, c, "{}")
	write(t, m, c, server())
	require.NoError(t, os.Remove(file))
	write(t, m, c, server())
	assert.Contains(t, undoAll(t, m), file+".before-make-audit")
	assert.NoFileExists(t, file)
}

func TestAKeyThatNoServerNeedsIsDropped(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, m.SaveKey("k-1", false))
	note, err := m.DropKey()
	require.NoError(t, err)
	assert.Contains(t, note, "is removed as well")
	assert.NoDirExists(t, filepath.Join(m.Home, ".config"))

	require.NoError(t, m.SaveKey("k-1", false))
	s := server()
	s.KeyFile = m.KeyFile()
	write(t, m, client(t, "cursor"), s)
	note, err = m.DropKey()
	require.NoError(t, err)
	assert.Empty(t, note, "it is needed")
	write(t, m, client(t, "cursor"), server())
	assert.Contains(t, undoAll(t, m), "is removed as well", "though the last write did not need it")
	assert.NoDirExists(t, filepath.Join(m.Home, ".config"))
}

func TestRunsAtTheSameTimeForgetNothing(t *testing.T) {
	t.Parallel()
	m := machine(t, "linux")
	require.NoError(t, os.WriteFile(filepath.Join(m.Home, ".make-audit-mcp-setup"), nil, 0o600)) // a run that was killed left it
	var writes sync.WaitGroup
	for _, c := range setup.Clients() {
		writes.Go(func() {
			change, err := setup.Plan(m, c, fits(c), setup.Options{})
			if assert.NoError(t, err) {
				_, err = change.Write(m, "")
				assert.NoError(t, err)
			}
		})
	}
	writes.Wait()
	undoAll(t, m)
	left, err := os.ReadDir(m.Home)
	require.NoError(t, err)
	assert.Empty(t, left)
}
