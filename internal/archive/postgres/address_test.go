package postgres_test

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// refused opens what cannot be opened, and returns why and what to do.
func refused(t testing.TB, address string, options postgres.Options) *archive.StoreError {
	t.Helper()
	store, err := postgres.Open(t.Context(), address, options)
	if err == nil {
		_ = store.Close()
	}
	var is *archive.StoreError
	require.ErrorAs(t, err, &is)
	assert.NotEmpty(t, is.NextStep())
	return is
}

func TestAddressesAreToldFromPaths(t *testing.T) {
	t.Parallel()
	for text, is := range map[string]bool{
		"postgres://db/audit": true, "postgresql://db": true, "POSTGRES://db": true, "postgres:/x": false, "audit.db": false, "": false,
		`C:\audit.db`: false, "/postgres://x": false, "mysql://db": false,
	} {
		assert.Equal(t, is, postgres.IsAddress(text), text)
	}
}

func TestMessagesShowNoPassword(t *testing.T) {
	t.Parallel()
	for address, shown := range map[string]string{
		"postgres://ann:Hunter2@db.example:5432/audit":                      "postgres://ann:xxxxx@db.example:5432/audit",
		"postgres://db.example/audit?user=ann&password=Hunter2":             "postgres://db.example/audit?user=ann",
		"postgres://ann@db.example/audit?sslpassword=Hunter2&search_path=a": "postgres://ann@db.example/audit?search_path=a",
		"postgres://ann:Hun/ter2@db.example/audit":                          "postgres://…",
		"postgres://ann:Hunter2%zz@db.example/audit":                        "postgres://…",
		"postgres://ann@a.example,b.example/audit":                          "postgres://ann@a.example,b.example/audit",
	} {
		assert.Equal(t, shown, postgres.Redact(address), address)
	}
}

// FuzzRedact puts a password where addresses have one, between all sorts of other things.
func FuzzRedact(f *testing.F) {
	f.Add("db.example/audit", "x=1")
	f.Add("a@b:5432,c/audit", "password=&host=/tmp")
	f.Fuzz(func(t *testing.T, where, query string) {
		const secret = "Hunter2Hunter2"
		for _, address := range []string{
			"postgres://ann:" + secret + "@" + where + "?" + query, "postgres://" + where + "?" + query + "&password=" + secret,
			"postgres://ann:" + secret + "/@" + where,
		} {
			if strings.Contains(where, "/") || strings.Contains(where, "?") || strings.Contains(where, "#") {
				continue // what comes behind these is no password
			}
			assert.NotContains(t, postgres.Redact(address), secret, address)
			if store, err := postgres.Open(ended(t), address, postgres.Options{Retry: time.Millisecond}); err == nil {
				_ = store.Close()
			} else {
				assert.NotContains(t, err.Error(), secret)
			}
		}
	})
}

func TestAnAddressThatCannotBeReadIsExplainedWithoutIt(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://ann:Hun/ter2@db/audit", "postgres://ann:Hunter2@db:port/audit", "postgres://ann:Hunter2@db/audit?sslmode=perhaps",
		"postgres://ann:Hunter2@db:1:2/audit", "postgres://ann:Hunter2@db/audit?connect_timeout=Hunter2",
	} {
		is := refused(t, address, postgres.Options{})
		assert.NotContains(t, is.Error(), "ter2")
		assert.Contains(t, is.NextStep(), "PGPASSFILE")
	}
	is := refused(t, "postgres://ann@127.0.0.1/audit?search_path=a,b", postgres.Options{})
	assert.Contains(t, is.Error(), "search_path")
	is = refused(t, "postgres://ann@127.0.0.1/audit?pool_max_conns=many", postgres.Options{})
	assert.Contains(t, is.Error(), "pool_max_conns")
	is = refused(t, "postgres://ann@db/audit?sslmode=verify-full&sslrootcert=/no/such/file", postgres.Options{})
	assert.Contains(t, is.NextStep(), "sslrootcert")
}

func TestOtherMachinesMustProveWhoTheyAre(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"disable", "allow", "prefer", "require", "verify-ca"} {
		is := refused(t, "postgres://ann@db.example/audit?sslmode="+mode, postgres.Options{})
		assert.Contains(t, is.Error(), "sslmode", mode)
		is = refused(t, "postgres://ann@localhost,db.example/audit?sslmode="+mode, postgres.Options{})
		assert.Contains(t, is.Error(), "sslmode", mode)
	}
	// 192.0.2.1 is nobody's. What is refused there is not the address.
	for _, address := range []string{"postgres://ann@192.0.2.1/audit?connect_timeout=1", "postgres://ann@192.0.2.1/audit?sslmode=verify-full&connect_timeout=1"} {
		is := refused(t, address, postgres.Options{Retry: time.Millisecond})
		assert.True(t, is.IsAway, is.Error())
	}
}

// impostor is a server that speaks TLS with a certificate that nobody knows.
func impostor(t testing.TB) (port string) {
	t.Helper()
	certificate := httptest.NewTLSServer(nil)
	t.Cleanup(certificate.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // whatever it is
				request := make([]byte, 8)
				if _, err := conn.Read(request); err != nil {
					return
				}
				if _, err := conn.Write([]byte{'S'}); err != nil {
					return
				}
				_ = tls.Server(conn, &tls.Config{Certificates: certificate.TLS.Certificates, MinVersion: tls.VersionTLS12}).
					HandshakeContext(t.Context())
			}()
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

func TestAServerThatDoesNotProveToBeTheOneIsNotAsked(t *testing.T) {
	t.Parallel()
	is := refused(t, "postgres://ann:Hunter2@127.0.0.1:"+impostor(t)+"/audit?sslmode=verify-full", postgres.Options{})
	assert.Contains(t, is.Error(), "does not prove")
	assert.Contains(t, is.NextStep(), "sslrootcert")
	assert.NotContains(t, is.Error(), "Hunter2")
}

func TestAServerThatIsNotThereIsSaidToBeAway(t *testing.T) {
	t.Parallel()
	is := refused(t, "postgres:///audit?host="+t.TempDir(), postgres.Options{})
	assert.True(t, is.IsAway)
	assert.Contains(t, is.Error(), "cannot be reached")
}

// Passwords come from a file that nobody else may read.
func TestThePasswordComesFromAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	hba := filepath.Join(folder, "hba")
	require.NoError(t, os.WriteFile(hba, []byte("local all ann scram-sha-256\nlocal all all trust\n"), 0o600))
	require.NoError(t, os.Chmod(folder, 0o755))
	require.NoError(t, os.Chmod(hba, 0o644))
	for parent := folder; len(parent) > len(os.TempDir()); parent = filepath.Dir(parent) {
		require.NoError(t, os.Chmod(parent, 0o755))
	}
	server := postgrestest.Start(t, "fsync=off", "hba_file="+hba)
	server.Exec(t, "", "CREATE ROLE ann LOGIN PASSWORD 'Hunter2'; GRANT CREATE ON DATABASE postgres TO ann")
	passwords := filepath.Join(folder, "passwords")
	require.NoError(t, os.WriteFile(passwords, []byte("*:*:*:ann:Hunter2\n"), 0o600))
	address := server.AddressOf("ann", "") + "&passfile=" + passwords
	var asked []string
	store := open(t, address, postgres.Options{Create: true, Private: func(path string) error {
		asked = append(asked, path)
		return nil
	}})
	require.NoError(t, store.Close())
	assert.Equal(t, []string{passwords}, asked)

	require.NoError(t, os.WriteFile(passwords, []byte("*:*:*:ann:Hunter3\n"), 0o600))
	is := refused(t, address, postgres.Options{})
	assert.Contains(t, is.Error(), "does not let this user in")
	assert.Contains(t, is.NextStep(), "PGPASSFILE")
	assert.NotContains(t, is.Error(), "Hunter")
}
