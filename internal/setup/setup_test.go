package setup_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/setup"
)

var update = flag.Bool("update", false, "write what is golden anew")

// machine is one with nothing on it.
func machine(t *testing.T, os string, variables ...string) setup.Machine {
	t.Helper()
	return setup.Machine{OS: os, Home: t.TempDir(), Project: t.TempDir(), HasCommand: func(string) bool { return false },
		Getenv: func(name string) string {
			for _, pair := range variables {
				if value, ok := strings.CutPrefix(pair, name+"="); ok {
					return value
				}
			}
			return ""
		}}
}

// server is one of Make's, whose key the client gets in its own way.
func server() setup.Server {
	return setup.Server{Name: "make-audit", Command: "/opt/make audit/make-audit-mcp", Arguments: []string{"stdio"},
		Environment: []setup.Variable{{Name: "MAKE_ZONE", Value: "eu1.make.com"}}}
}

// withKeyFile has the key in a file, for clients that need one.
func withKeyFile(s setup.Server) setup.Server {
	s.KeyFile = "/home/me/key"
	return s
}

func client(t *testing.T, name string) setup.Client {
	t.Helper()
	found, err := setup.Find(name)
	require.NoError(t, err)
	return found
}

// fits is the server as a client takes it.
func fits(c setup.Client) setup.Server {
	if c.NeedsKeyFile() {
		return withKeyFile(server())
	}
	return server()
}

// written writes a server into a client's file, which holds a text before, and returns the file.
func written(t *testing.T, m setup.Machine, c setup.Client, before string) string {
	t.Helper()
	file := held(t, m, c, before)
	change, err := setup.Plan(m, c, fits(c), setup.Options{})
	require.NoError(t, err)
	_, err = change.Write(m, "")
	require.NoError(t, err)
	return file
}

// held puts a text into a client's file, and returns the file.
func held(t *testing.T, m setup.Machine, c setup.Client, text string) string {
	t.Helper()
	file, err := c.File(m, false)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o640))
	return file
}

// undone takes out all that was written.
func undone(t *testing.T, m setup.Machine) []*setup.Undone {
	t.Helper()
	entries, err := m.Written("make-audit", nil)
	require.NoError(t, err)
	var all []*setup.Undone
	for _, entry := range entries {
		one, err := entry.Undo(m, false)
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func text(t *testing.T, file string) string {
	t.Helper()
	read, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(read)
}

// golden compares a text with a file, or writes that.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	assert.Equal(t, text(t, file), got, file)
}

// files lists what lies below a folder.
func files(t *testing.T, folder string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, strings.TrimPrefix(path, folder+"/"))
		}
		return err
	}))
	return found
}

func TestANewFileHoldsTheServerInTheClientsOwnShape(t *testing.T) {
	t.Parallel()
	for _, c := range setup.Clients() {
		m := machine(t, "linux")
		change, err := setup.Plan(m, c, fits(c), setup.Options{})
		require.NoError(t, err)
		assert.True(t, change.IsNew)
		backup, err := change.Write(m, "")
		require.NoError(t, err)
		assert.Empty(t, backup)
		golden(t, "testdata/new/"+c.Name, text(t, change.File))
		info, err := os.Stat(change.File)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

		snippet, err := setup.Snippet(c, fits(c))
		require.NoError(t, err)
		assert.Equal(t, text(t, change.File), snippet, "what is printed is what is written")

		undone(t, m)
		assert.Empty(t, files(t, m.Home), "what was not there is not there again")
	}
}

func TestTheDemoAndAKeyFileNeedNoSecret(t *testing.T) {
	t.Parallel()
	for _, c := range setup.Clients() {
		demo := setup.Server{Name: "make-audit", Command: "/bin/m", Arguments: []string{"--demo", "stdio"}, Demo: true}
		for kind, s := range map[string]setup.Server{"demo": demo, "keyfile": withKeyFile(server())} {
			snippet, err := setup.Snippet(c, s)
			require.NoError(t, err)
			golden(t, "testdata/"+kind+"/"+c.Name, snippet)
			assert.NotRegexp(t, `MAKE_API_KEY\b`, snippet)
			assert.NotContains(t, snippet, "promptString")
		}
	}
}

// TestNothingElseInAFileChanges holds for every file of testdata/edited: what setup makes of it, that undoing gives the bytes back, and
// that it takes out just the entry where the client wrote the file in the meantime.
func TestNothingElseInAFileChanges(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/edited/*.before")
	require.NoError(t, err)
	require.Len(t, cases, 20)
	for _, file := range cases {
		parts := strings.Split(filepath.Base(file), ".")
		t.Run(parts[0]+" "+parts[1], func(t *testing.T) {
			t.Parallel()
			before := text(t, file)
			m := machine(t, "linux")
			c := client(t, parts[1])
			at := written(t, m, c, before)
			golden(t, strings.TrimSuffix(file, "before")+"after", text(t, at))
			assert.FileExists(t, at+".before-make-audit")
			assert.Equal(t, before, text(t, at+".before-make-audit"))
			again, err := setup.Plan(m, c, fits(c), setup.Options{})
			require.NoError(t, err)
			assert.True(t, again.IsDone(), "a second time there is nothing to do")
			undone(t, m)
			assert.Equal(t, before, text(t, at))
			assert.Len(t, files(t, m.Home), 1, "neither a backup nor a note is left")

			written(t, m, c, before)
			require.NoError(t, os.WriteFile(at, []byte(text(t, at)+"\n"), 0o600))
			one := undone(t, m)[0]
			assert.Contains(t, one.Note, at+".before-make-audit")
			left := text(t, at)
			if strings.HasPrefix(parts[0], "others") || strings.HasPrefix(parts[0], "comments") || strings.Contains(parts[0], "_others") ||
				parts[0] == "windows" {
				assert.Equal(t, before+"\n", left)
			}
			assert.NotContains(t, left, "eu1.make.com")
			again, err = setup.Plan(m, c, fits(c), setup.Options{})
			require.NoError(t, err, "it can be written again")
			assert.False(t, again.IsDone())
		})
	}
}
