package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

// marked are the byte order marks that Windows writes, with what encodes a text behind each.
func marked() map[string]func(string) (string, error) {
	return map[string]func(string) (string, error){
		"UTF-8":    unicode.UTF8BOM.NewEncoder().String,
		"UTF-16LE": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String, // PowerShell's
		"UTF-16BE": unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String,
	}
}

// home makes a folder the home directory of the test.
func home(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("HOME", folder)
	return folder
}

func TestEveryFileIsReadWhateverWroteItAndFoundAtHome(t *testing.T) {
	logtest.NotUnderRace(t)
	for name, encode := range marked() {
		t.Run(name, func(t *testing.T) {
			a, folder := newAcme(t), home(t)
			write := func(file, text string) {
				encoded, err := encode(text)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(encoded), 0o600))
			}
			write("key", ownerKey+"\r\n")
			environment(t, "MAKE_API_URL="+a.url, "MAKE_API_KEY_FILE=~/key", "MAKE_ORGANIZATION_ID="+fmt.Sprint(acmeID),
				"MAKE_AUDIT_ARCHIVE=~/audit.db")
			kept, key := checkpointIn(t, run(t, "", "sync", "--details", "none").succeeds().out)
			assert.FileExists(t, filepath.Join(folder, "audit.db"))

			write("checkpoint", kept)
			run(t, "", "verify", "--checkpoint", "~/checkpoint", "--public-key", key).succeeds()
			write("arguments", `{"event":["webhook_deleted"],"from":"all"}`)
			assert.Equal(t, 1, *run(t, "", "call", "count_audit_logs", "@~/arguments").answer().Total)
			typed, err := encode(`{"event":["webhook_deleted"],"from":"all"}`)
			require.NoError(t, err)
			assert.Equal(t, 1, *run(t, typed, "call", "count_audit_logs", "-").answer().Total)

			run(t, "", "export", "--since-checkpoint", "~/state", "-o", "~/out.ndjson").succeeds()
			write("state", readFile(t, filepath.Join(folder, "state")))
			run(t, "", "export", "--since-checkpoint=~/state", "--output=~/out.ndjson").succeeds()
			assert.Len(t, uuidsOf(t, readFile(t, filepath.Join(folder, "out.ndjson"))), 32)
		})
	}
}

func TestTheServersFilesAreReadWhateverWroteThem(t *testing.T) {
	logtest.NotUnderRace(t)
	for name, encode := range marked() {
		t.Run(name, func(t *testing.T) {
			folder := home(t)
			roots := selfSigned(t, filepath.Join(folder, "crt"), filepath.Join(folder, "key"))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "token"), []byte(authToken+"\n"), 0o600))
			for _, file := range []string{"crt", "key", "token"} {
				encoded, err := encode(readFile(t, filepath.Join(folder, file)))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(encoded), 0o600))
			}
			r := listen(t, []string{"MCP_TLS_CERT=~/crt", "MCP_AUTH_TOKEN_FILE=~/token"}, "--tls-key=~/key", "--demo")
			r.trust(roots)
			status, _, _ := r.ask(http.MethodPost, "/mcp", hello, "Authorization", "Bearer "+authToken)
			assert.Equal(t, http.StatusOK, status)
		})
	}
}

func TestATildeIsTheHomeDirectoryOnlyWhereItBegins(t *testing.T) {
	logtest.NotUnderRace(t)
	_, url := upstream(t)
	folder := home(t)
	t.Chdir(folder)
	for _, file := range []string{"~user", "a~", "key"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(makesim.DemoToken), 0o600))
	}
	for _, path := range []string{"~user", "a~", "./a~", "~/key", "~//key", "~/../" + filepath.Base(folder) + "/key", "key"} {
		environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY_FILE="+path)
		run(t, "", "call", "list_organizations").succeeds()
	}
	environment(t, "MAKE_API_URL="+url, "MAKE_API_KEY_FILE=~")
	run(t, "", "call", "list_organizations").refuses("cannot read the key file", folder)
}
