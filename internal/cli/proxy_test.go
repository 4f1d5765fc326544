package cli_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nginxRequired is the variable of the environment that, set to 1, has tests fail rather than be skipped where nginx is not installed.
const nginxRequired = "TEST_NGINX_REQUIRED"

// proxyName is what clients call the proxy.
const proxyName = "audit.example.com"

// proxy is nginx with the configuration of deploy/fleet, on a socket of its own.
type proxy struct {
	transport *http.Transport
	log       *sharedBuffer
}

// startProxy starts nginx in front of replicas, as many as its configuration names. Of that nothing is changed but places.
func startProxy(t *testing.T, replicas []string) *proxy {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if _, here := os.Stat("/usr/sbin/nginx"); err != nil && here == nil {
		nginx, err = "/usr/sbin/nginx", nil // which is not in everybody's PATH
	}
	if err != nil {
		if os.Getenv(nginxRequired) == "1" {
			require.NoError(t, err)
		}
		t.Skip("nginx is not installed: " + err.Error())
	}
	folder, err := os.MkdirTemp("", "nginx-*") //nolint:usetesting // short, since paths of sockets are
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	configuration := readFile(t, "../../deploy/fleet/nginx.conf")
	named := regexp.MustCompile(`audit-\d+:8080`)
	require.Len(t, named.FindAllString(configuration, -1), len(replicas))
	for _, address := range replicas {
		found := named.FindString(configuration)
		configuration = strings.Replace(configuration, found, address, 1)
	}
	socket := filepath.Join(folder, "socket")
	configuration = strings.NewReplacer("/tmp/", folder+"/", "/run/secrets/", folder+"/", "listen 8443 ", "listen unix:"+socket+" ").
		Replace(configuration)
	require.Contains(t, configuration, socket)
	path := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(path, []byte(configuration), 0o600))
	p := &proxy{log: &sharedBuffer{}, transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: certify(t, folder), ServerName: proxyName},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 1000,
	}}
	t.Cleanup(p.transport.CloseIdleConnections)
	flags := []string{"-p", folder, "-e", "stderr", "-c", path, "-g", "daemon off;"}
	if os.Getuid() == 0 {
		flags[len(flags)-1] += " user root;" // whose folder it is
	}
	checked, err := exec.CommandContext(t.Context(), nginx, append([]string{"-t"}, flags...)...).CombinedOutput()
	require.NoError(t, err, "%s", checked)
	assert.NotContains(t, string(checked), "[warn]")
	// The shell ends it once nobody holds the other end of its input: when the test is done, or was killed.
	const script = `"$@" </dev/null & server=$!; cat >/dev/null; kill $server; wait $server`
	running := exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/sh", append([]string{"-c", script, "sh", nginx}, flags...)...)
	running.Stderr = p.log
	input, err := running.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, running.Start())
	t.Cleanup(func() {
		_ = input.Close()
		_ = running.Wait()
	})
	eventually(t, func() bool {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "unix", socket)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	}, "nginx listens")
	return p
}

// open opens a client of a revision of MCP; the older ones have sessions.
func (p *proxy) open(ctx context.Context, bearer, revision string) (*client.Client, error) {
	opened, err := client.NewStreamableHttpClient("https://"+proxyName+"/mcp", clienttransport.WithHTTPBasicClient(&http.Client{Transport: p.transport}),
		clienttransport.WithHTTPHeaders(map[string]string{"Authorization": bearer}))
	if err != nil {
		return nil, err
	}
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = revision
	if _, err := opened.Initialize(ctx, hello); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return opened, nil
}

// Sessions of older revisions stay at the replica that opened them, whatever becomes of the others; what has no session goes anywhere.
func TestTheProxyKeepsSessionsWhereTheyAre(t *testing.T) {
	t.Parallel()
	a, people := newAcme(t), startIssuer(t)
	var addresses []string
	var replicas []*running
	for range 3 {
		replica := a.serve("--log-level", "info", "--oauth-issuer", people.url, "--public-url", "https://"+proxyName)
		replicas = append(replicas, replica)
		addresses = append(addresses, strings.TrimPrefix(replica.url, "http://"))
	}
	proxy := startProxy(t, addresses)
	sessions := func() (by []int) { // in which a tool was called, by replica
		for _, replica := range replicas {
			all := map[string]bool{}
			for _, found := range regexp.MustCompile("method=tools/call .* session=([0-9a-f]+)").FindAllStringSubmatch(replica.log.String(), -1) {
				all[found[1]] = true
			}
			by = append(by, len(all))
		}
		return by
	}
	opened := make([]*client.Client, 12)
	for i := range opened {
		var err error
		opened[i], err = proxy.open(t.Context(), "Bearer "+people.token(fmt.Sprint(i), "https://"+proxyName+"/mcp"), "2025-06-18")
		require.NoError(t, err)
	}
	call := func() (lost int) {
		for _, one := range opened {
			if _, err := ask(t.Context(), one, "list_organizations", `{}`); err != nil {
				require.ErrorIs(t, err, clienttransport.ErrSessionTerminated)
				lost++
			}
		}
		return lost
	}
	for range 3 {
		assert.Zero(t, call(), "each session is found again")
	}
	of := sessions()
	assert.NotContains(t, of, 0, "callers are spread")
	assert.Equal(t, len(opened), of[0]+of[1]+of[2])
	replicas[0].ends()
	assert.Equal(t, of[0], call(), "who was at that replica opens another session, and nobody else")

	anywhere, err := proxy.open(t.Context(), "Bearer "+people.token("anybody", "https://"+proxyName+"/mcp"), mcp.LATEST_PROTOCOL_VERSION)
	require.NoError(t, err)
	for range 40 {
		_, err := ask(t.Context(), anywhere, "list_organizations", `{}`)
		require.NoError(t, err)
	}
	for _, replica := range replicas[1:] {
		assert.Contains(t, replica.log.String(), `session=""`, "what has no session goes to any replica that lives")
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/", "/mcp/x", "/ssex"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+proxyName+path, http.NoBody)
		require.NoError(t, err)
		response, err := proxy.transport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusNotFound, response.StatusCode, path)
	}
}

// certify makes the proxy's certificate and key, and returns who trusts it.
func certify(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{proxyName}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: certificate},
		"tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		text := pem.EncodeToMemory(block)
		trusted.AppendCertsFromPEM(text)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	return trusted
}
