package cli_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/tz"
)

const (
	authToken   = "a-token-of-sufficient-length"
	hello       = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`
	listFilters = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_audit_log_filters","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
)

func TestHTTPServesTheDemoUntilItIsStopped(t *testing.T) {
	r := listen(t, nil, "--demo", "--demo-now", demoNow)
	status, result, _ := r.call("count_audit_logs", `{"from":"30d","group_by":["actor"]}`)
	assert.Equal(t, http.StatusOK, status)
	assert.NotZero(t, *result.Total)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/nothing": 404, "/mcp": 400} {
		status, _, _ := r.ask(http.MethodGet, path, "")
		assert.Equal(t, want, status, path)
	}
	_, ready, _ := r.ask(http.MethodGet, "/readyz", "")
	assert.Equal(t, "ready\n"+tz.InUse().String()+"\n", ready)
	var metrics string
	eventually(t, func() bool { // a call is counted once its answer has gone out
		_, metrics, _ = r.ask(http.MethodGet, "/metrics", "")
		return strings.Contains(metrics, `mcp_server_operation_duration_seconds_count{gen_ai_tool_name="count_audit_logs",mcp_method_name="tools/call",outcome="ok",transport="http"} 1`)
	}, "the call is counted")
	assert.Contains(t, metrics, `make_audit_mcp_upstream_request_duration_seconds_count{route="/audit-logs/organization/{id}",status="200"}`)
	r.ends()
	log := r.log.String()
	assert.Regexp(t, `request=\w+ transport=http method=tools/call tool=count_audit_logs caller=\w+ session="?"? organization=4721 rows=\d+ bytes=\d+ ms=\d+ outcome=ok`, log)
	assert.NotContains(t, log, "30d", "no arguments")
}

func TestHTTPWantsTheTokenThatIsSet(t *testing.T) {
	r := listen(t, []string{"MCP_AUTH_TOKEN=" + authToken}, "--demo", "--demo-now", demoNow)
	for _, path := range []string{"/mcp", "/message"} {
		status, body, header := r.ask(http.MethodPost, path, hello)
		assert.Equal(t, http.StatusUnauthorized, status)
		assert.Contains(t, header.Get("WWW-Authenticate"), "Bearer")
		assert.Contains(t, body, "Authorization")
	}
	status, _, _ := r.ask(http.MethodGet, "/metrics", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _, _ = r.ask(http.MethodPost, "/mcp", hello, "Authorization", "Bearer "+authToken)
	assert.Equal(t, http.StatusOK, status)
	assert.NotContains(t, r.log.String(), authToken)
}

func TestOfATokenAndItsFileTheTokenCounts(t *testing.T) {
	r := listen(t, []string{"MCP_AUTH_TOKEN=" + authToken, "MCP_AUTH_TOKEN_FILE=" + writeFile(t, "another-token-of-24-chars")}, "--demo")
	r.logs("MCP_AUTH_TOKEN and MCP_AUTH_TOKEN_FILE are both set: MCP_AUTH_TOKEN counts")
	status, _, _ := r.ask(http.MethodPost, "/mcp", hello, "Authorization", "Bearer "+authToken)
	assert.Equal(t, http.StatusOK, status)
	status, _, _ = r.ask(http.MethodPost, "/mcp", hello, "Authorization", "Bearer another-token-of-24-chars")
	assert.Equal(t, http.StatusUnauthorized, status)
}

func TestHTTPRefusesToBeOpenToTheNetwork(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		environment(t)
		run(t, "", "--demo", "http", "--address", address).refuses("nothing says who may call", "MCP_AUTH_TOKEN")
		// a key of Make's is no leave
		run(t, "", "--demo", "http", "--address", address, "--caller-credentials").refuses("nothing says who may call")
	}
}

func TestHTTPSettingsThatCannotWorkAreToldAtOnce(t *testing.T) {
	logtest.NotUnderRace(t)
	file := writeFile(t, "short")
	for _, test := range map[string]struct{ set, arguments, says string }{
		"address":             {"", "--demo http --address 8080", "host:port"},
		"address in use":      {"", "--demo http --address 127.0.0.1:99999", "cannot listen"},
		"no key":              {"", "http --zone eu1.make.com", "MAKE_API_KEY"},
		"no zone":             {"MAKE_API_KEY=12345678", "http", "MAKE_ZONE"},
		"short token":         {"MCP_AUTH_TOKEN=short", "--demo http", "openssl rand"},
		"short token in file": {"", "--demo http --auth-token-file " + file, "openssl rand"},
		"no token file":       {"", "--demo http --auth-token-file " + file + "x", "openssl rand"},
		"token and issuer":    {"MCP_AUTH_TOKEN=" + authToken, "--demo http --oauth-issuer https://x.example --oauth-audience a", "both"},
		"issuer in clear":     {"", "--demo http --oauth-issuer http://x.example --oauth-audience a", "https"},
		"issuer, no audience": {"", "--demo http --oauth-issuer https://x.example", "--public-url"},
		"clients, no issuer":  {"MCP_OAUTH_CLIENTS=x", "--demo http", "--oauth-issuer"},
		"scopes, no issuer":   {"", "--demo http --oauth-scopes x", "--oauth-issuer"},
		"hosts, no token":     {"", "--demo http --allowed-hosts x.example", "MCP_AUTH_TOKEN"},
		"host with scheme":    {"MCP_AUTH_TOKEN=" + authToken, "--demo http --allowed-hosts localhost,https://x.example", "no host"},
		"host with path":      {"MCP_AUTH_TOKEN=" + authToken, "--demo http --allowed-hosts x.example/mcp", "no host"},
		"origin, no scheme":   {"MCP_ALLOWED_ORIGINS=https://x.example,y.example", "--demo http", "no origin"},
		"any origin":          {"", "--demo http --allowed-origins *", "no origin"},
		"null origin":         {"", "--demo http --allowed-origins null", "no origin"},
		"origin with path":    {"", "--demo http --allowed-origins https://x.example/app", "no origin"},
		"base path":           {"", "--demo http --base-path /{x}", "--base-path"},
		"public, no token":    {"", "--demo http --public-url https://x.example", "MCP_AUTH_TOKEN"},
		"public url":          {"", "--demo http --public-url audit.example.com", "https URL"},
		"public path":         {"", "--demo http --public-url https://x.example/a --base-path /b", "--base-path"},
		"one of cert and key": {"", "--demo http --tls-cert " + file, "both"},
		"bad certificate":     {"", "--demo http --tls-cert " + file + " --tls-key " + file, "PEM"},
		"zones for nobody":    {"", "--demo http --allowed-zones eu1.make.com", "--caller-credentials"},
		"zones in the demo":   {"", "--demo http --caller-credentials --allowed-zones eu1.make.com", "--demo"},
		"zone that is none":   {"", "http --caller-credentials --allowed-zones 169.254.169.254", "eu1.make.com"},
		"no zone for callers": {"", "http --caller-credentials", "MAKE_ZONE"},
		"metrics address":     {"", "--demo http --address 127.0.0.1:0 --metrics-address nowhere", "cannot listen"},
	} {
		environment(t, strings.Fields(test.set)...)
		run(t, "", strings.Fields(test.arguments)...).refuses(test.says)
	}
	environment(t)
	run(t, "", strings.Fields("http --health --address 127.0.0.1:1")...).fails("not alive")
}

func TestCallersAskWithTheirOwnKeysOnly(t *testing.T) {
	simulated, url := upstream(t)
	set := []string{"MAKE_API_URL=" + url, "MAKE_API_KEY=" + makesim.DemoToken, "MAKE_REQUESTS_PER_MINUTE=unlimited"}
	r := listen(t, set)
	status, result, _ := r.call("list_organizations", `{}`)
	assert.Equal(t, http.StatusOK, status)
	assert.NotEmpty(t, result.Organizations, "the operator's key answers")
	r.ends()

	r = listen(t, set, "--caller-credentials")
	before := len(simulated.Requests())
	for _, headers := range [][]string{nil, {"X-Make-Api-Key", ""}, {"X-Make-Api-Key", "short"},
		{"X-Make-Api-Key", makesim.DemoToken, "X-Make-Zone", "eu1.make.com"}} {
		status, _, failed := r.call("list_organizations", `{}`, headers...)
		assert.GreaterOrEqual(t, status, 400, headers)
		assert.Contains(t, failed, "X-Make-", headers)
	}
	assert.Len(t, simulated.Requests(), before, "nobody was asked anything")
	status, result, _ = r.call("list_audit_log_filters", `{"kind":"teams"}`, "X-Make-Api-Key", makesim.DemoToken)
	assert.Equal(t, http.StatusOK, status)
	assert.NotEmpty(t, result.Teams)
	_, _, failed := r.call("list_audit_log_filters", `{"kind":"teams"}`, "X-Make-Api-Key", "99999999-9999-9999-9999-999999999999")
	assert.Contains(t, failed, "key", "what one caller's key found is not another's")
	// A cursor belongs to the key that it was made with.
	_, result, _ = r.call("list_audit_logs", `{"limit":1}`, "X-Make-Api-Key", makesim.DemoToken)
	require.NotEmpty(t, result.NextCursor)
	_, _, failed = r.call("list_audit_logs", fmt.Sprintf(`{"cursor":%q}`, result.NextCursor), "X-Make-Api-Key", makesim.DemoTeamAdminToken)
	assert.Contains(t, failed, "cursor")
	assert.NotContains(t, r.log.String(), makesim.DemoToken)
}

func TestHTTPOverTLS(t *testing.T) {
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	roots := selfSigned(t, certificate, key)
	files := []string{"MCP_TLS_CERT=" + certificate, "MCP_TLS_KEY=" + key}
	r := listen(t, append(files, "MCP_AUTH_TOKEN="+authToken), "--demo", "--demo-now", demoNow)
	require.True(t, strings.HasPrefix(r.url, "https://"))
	r.trust(roots)
	status, result, _ := r.call("count_audit_logs", `{"from":"7d"}`, "Authorization", "Bearer "+authToken)
	assert.Equal(t, http.StatusOK, status)
	assert.NotZero(t, *result.Total)
	environment(t, files...)
	run(t, "", "http", "--health", "--address", strings.TrimPrefix(r.url, "https://")).succeeds()
}

// trust has requests trust these authorities.
func (r *running) trust(roots *x509.CertPool) {
	r.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
}

// selfSigned writes a certificate for 127.0.0.1.
func selfSigned(t *testing.T, certificate, key string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(certificate, crt, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(crt))
	return roots
}

func TestMetricsCanHaveAnAddressOfTheirOwn(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	r := listen(t, []string{"MCP_METRICS_ADDRESS=" + address, "MCP_AUTH_TOKEN=" + authToken}, "--demo")
	status, _, _ := r.ask(http.MethodGet, "/metrics", "", "Authorization", "Bearer "+authToken)
	assert.Equal(t, http.StatusNotFound, status)
	r.url = "http://" + address
	status, body, _ := r.ask(http.MethodGet, "/metrics", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "make_audit_mcp_build_info")
	status, _, _ = r.ask(http.MethodPost, "/mcp", hello)
	assert.Equal(t, http.StatusNotFound, status)
}

// TestACallersZoneIsWhereItsKeyGoes watches where the server connects to, through a proxy: the named zone, the first where none is named,
// and no other host at all.
func TestACallersZoneIsWhereItsKeyGoes(t *testing.T) {
	environment(t)
	var mu sync.Mutex
	asked := map[string]int{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.Method+" "+r.Host]++
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "")
	r, process, _ := startServer(t, "--caller-credentials", "--zone", "eu1.make.com", "--allowed-zones", "us1.make.com")
	ask := func(zone string) map[string]int {
		mu.Lock()
		asked = map[string]int{}
		mu.Unlock()
		ctx, leave := context.WithCancel(t.Context())
		defer leave() // the server would try again
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/mcp", strings.NewReader(listFilters))
		require.NoError(t, err)
		for name, value := range map[string]string{"Content-Type": "application/json", "X-Make-Api-Key": "a-key-of-the-callers-own",
			"X-Make-Zone": zone, "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "list_audit_log_filters"} {
			request.Header.Set(name, value)
		}
		go func() {
			if response, err := r.http.Do(request); err == nil {
				_ = response.Body.Close()
			}
		}()
		eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(asked) > 0
		}, zone)
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
	for zone, want := range map[string]string{"": "eu1.make.com", "eu1.make.com": "eu1.make.com", "us1.make.com": "us1.make.com",
		"US1.make.com.": "us1.make.com"} {
		hosts := ask(zone)
		assert.Len(t, hosts, 1, zone)
		assert.Contains(t, hosts, "CONNECT "+want+":443", zone)
	}
	mu.Lock()
	asked = map[string]int{}
	mu.Unlock()
	for _, zone := range []string{"169.254.169.254", "eu2.make.com", "evil.example", "us1.make.com.evil.example", "us1.make.com:8443",
		"localhost"} {
		status, _, failed := r.call("list_audit_log_filters", `{}`, "X-Make-Api-Key", "a-key-of-the-callers-own", "X-Make-Zone", zone)
		assert.Equal(t, http.StatusForbidden, status, zone)
		assert.Contains(t, failed, "eu1.make.com, us1.make.com", zone)
	}
	mu.Lock()
	defer mu.Unlock()
	for host := range asked { // a try of before may still have been under way
		assert.Contains(t, []string{"CONNECT eu1.make.com:443", "CONNECT us1.make.com:443"}, host)
	}
	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, process.Wait())
}
