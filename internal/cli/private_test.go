package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"make-audit-mcp/internal/auditlog/logtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFilesThatOthersMayReadAreRefused is about every file that holds secrets; --insecure-files takes them.
func TestFilesThatOthersMayReadAreRefused(t *testing.T) {
	logtest.NotUnderRace(t)
	a := newAcme(t)
	key, token := writeFile(t, ownerKey), writeFile(t, "a-token-of-enough-characters")
	environment(t, "MAKE_API_URL="+a.url, "MAKE_API_KEY_FILE="+key, "MAKE_AUDIT_ARCHIVE="+a.archive, "MAKE_REQUESTS_PER_MINUTE=unlimited")
	run(t, "", "sync").succeeds()
	exported := filepath.Join(t.TempDir(), "entries.ndjson")
	run(t, "", "export", "-o", exported).succeeds()
	for _, test := range []struct {
		path    string
		command []string
	}{
		{key, []string{"call", "count_audit_logs", "{}"}}, {a.archive, []string{"verify"}},
		{a.archive + ".key", []string{"sync"}}, {a.archive + ".key", []string{"verify"}},
		{a.archive + ".key", []string{"call", "count_audit_logs", "{}"}},
		{token, []string{"http", "--address", "127.0.0.1:0", "--auth-token-file", token}},
		{exported, []string{"export", "--force", "-o", exported}},
	} {
		path, command := test.path, test.command
		for _, mode := range []os.FileMode{0o644, 0o640, 0o602} {
			require.NoError(t, os.Chmod(path, mode))
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			run(t, "", command...).refuses("others may read", path, "chmod 600", "--insecure-files")
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, before, after, path)
		}
		if path != token { // that would serve on
			run(t, "", append([]string{"--insecure-files"}, command...)...).succeeds()
		}
		require.NoError(t, os.Chmod(path, 0o600))
	}
}
