package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/transport"
)

// paths are those that callers use, with the method to try them with.
func paths() map[string]string {
	return map[string]string{"/mcp": http.MethodPost, "/message": http.MethodPost, "/sse": http.MethodGet, "/nothing": http.MethodGet}
}

func TestOnlyHostsThatAreOursAreServed(t *testing.T) {
	t.Parallel()
	public, err := url.Parse("https://audit.example.com:8443/x")
	require.NoError(t, err)
	n := serve(t, newServer(nil), func(h *transport.HTTP) {
		h.AllowedHosts, h.PublicURL = []string{"Named.example", "ported.example:9000", "[2001:db8::1]"}, public
	})
	own := strings.TrimPrefix(n.url, "http://")
	for host, let := range map[string]bool{
		own: true, "localhost": true, "LOCALHOST:1": true, "127.0.0.1:99": true, "[::1]": true, "[::1]:8080": true,
		"named.example": true, "named.example:77": true, "ported.example:9000": true, "audit.example.com:8443": true,
		"[2001:db8::1]:5": true,
		"evil.example":    false, "localhost.evil.example": false, "evil.example:8080": false, "ported.example": false,
		"ported.example:9001": false,
		"audit.example.com":   false, "127.0.0.1.evil.example": false, "127.0.0.2": false, "[2001:db8::2]": false, "named.example.": false,
		"*": false,
	} {
		for path, method := range paths() {
			response := n.open(t.Context(), method, path, pingLine(1), "Host", host)
			assert.Equal(t, let, response.StatusCode != http.StatusForbidden, "%s to %s: %d", host, path, response.StatusCode)
			_ = response.Body.Close()
		}
	}
	all := serve(t, newServer(nil), func(h *transport.HTTP) { h.AllowedHosts = []string{"*"} })
	assert.Equal(t, http.StatusOK, all.post(initialize, "Host", "whatever.example").status)
}

func TestPagesOfOthersAreKeptOut(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) { h.AllowedOrigins = []string{"https://App.example.com/"} })
	for _, origin := range []string{"https://evil.example", "null", "http://app.example.com", "https://app.example.com.evil.example",
		"https://app.example.com:444", "file://", "https://", "x", n.url + ".evil.example"} {
		for path, method := range paths() {
			for _, method := range []string{method, http.MethodGet, http.MethodOptions} {
				r := n.request(method, path, pingLine(1), "Origin", origin)
				assert.Equal(t, http.StatusForbidden, r.status, "%s %s from %s", method, path, origin)
				assert.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
	// DNS rebinding: a page whose own name points here has Host and Origin alike.
	assert.Equal(t, http.StatusForbidden, n.post(initialize, "Host", "evil.example:80", "Origin", "http://evil.example:80").status)
	for _, origin := range []string{"https://app.example.com", n.url} {
		r := n.post(initialize, "Origin", origin)
		assert.Equal(t, http.StatusOK, r.status)
		assert.Equal(t, origin, r.header.Get("Access-Control-Allow-Origin"))
		assert.Contains(t, r.header.Get("Access-Control-Expose-Headers"), "Mcp-Session-Id")
		assert.Contains(t, r.header.Values("Vary"), "Origin")
		r = n.request(http.MethodOptions, "/mcp", "", "Origin", origin, "Authorization", "nobody", "Access-Control-Request-Method", "POST")
		assert.Equal(t, http.StatusNoContent, r.status, "a preflight shows no token")
		assert.Contains(t, r.header.Get("Access-Control-Allow-Headers"), "Authorization")
	}
}

func TestStrangersAreTurnedAwayWithAChallenge(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) {
		h.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "numbers") })
	})
	for path, method := range map[string]string{"/mcp": http.MethodPost, "/message": http.MethodPost, "/sse": http.MethodGet,
		"/metrics": http.MethodGet} {
		r := n.request(method, path, initialize, "Authorization", "nobody", "Content-Type", "text/plain")
		assert.Equal(t, http.StatusUnauthorized, r.status, path)
		assert.Equal(t, `Bearer realm="test"`, r.header.Get("WWW-Authenticate"))
		assert.Contains(t, r.body, "who are you?")
	}
	assert.Equal(t, "numbers", n.request(http.MethodGet, "/metrics", "", "Authorization", "ann").body)
}

func TestOnlyJSONIsTaken(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil))
	for _, path := range []string{"/mcp", "/message?sessionId=x"} {
		for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
			"text/plain; application/json", "application/json-seq", "x", ";"} {
			assert.Equal(t, http.StatusUnsupportedMediaType, n.request(http.MethodPost, path, initialize, "Content-Type", media).status,
				media)
		}
	}
	for _, media := range []string{"application/json; charset=utf-8", "Application/JSON"} {
		assert.Equal(t, http.StatusOK, n.post(initialize, "Content-Type", media).status)
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	session := n.handshake("ann")
	large := callLine(1, "echo", fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", 40<<20)))
	for _, path := range []string{"/mcp", "/message?sessionId=x"} {
		for name, body := range map[string]io.Reader{"announced": strings.NewReader(large),
			"chunked": io.MultiReader(strings.NewReader(large))} {
			response, err := http.DefaultClient.Do(n.newRequest(t.Context(), http.MethodPost, path, body, session...))
			if err != nil {
				continue // the server may have hung up before it was sent
			}
			assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode, name)
			_ = response.Body.Close()
		}
	}
	assert.Equal(t, http.StatusOK, n.post(callLine(2, "echo", fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", 1<<19))), session...).status)
}

func TestSlowSendersAreCutOff(t *testing.T) {
	t.Parallel()
	n, served := listen(t, &transport.HTTP{Server: newServer(nil), ReadTimeout: 300 * time.Millisecond})
	for name, sent := range map[string]string{
		"head": "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Ty",
		"body": "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		answer, err := n.untilHangup(sent)
		require.NoError(t, err, "%s: the server hangs up", name)
		assert.NotContains(t, answer, "200 OK")
	}
	n.stop()
	require.NoError(t, <-served)
}

func TestACallerBeyondItsLimitWaitsAndOthersDoNot(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) { h.Limits = transport.Limits{PerCaller: 0.01, Overall: 1e6} })
	assert.Equal(t, http.StatusOK, n.post(initialize, "Authorization", "ann").status)
	for path, method := range map[string]string{"/mcp": http.MethodPost, "/message": http.MethodPost, "/sse": http.MethodGet} {
		r := n.request(method, path, initialize, "Authorization", "ann")
		require.Equal(t, http.StatusTooManyRequests, r.status, path)
		wait, err := strconv.Atoi(r.header.Get("Retry-After"))
		require.NoError(t, err)
		assert.InDelta(t, 100, wait, 2)
	}
	assert.Equal(t, http.StatusOK, n.post(initialize, "Authorization", "bob").status)
}

func TestAllCallersTogetherHaveALimit(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) { h.Limits = transport.Limits{PerCaller: 1e6, Overall: 0.01} })
	assert.Equal(t, http.StatusOK, n.post(initialize, "Authorization", "ann").status)
	assert.Equal(t, http.StatusTooManyRequests, n.post(initialize, "Authorization", "bob").status)
}

func TestRequestsUnderWayAreLimited(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server(), func(h *transport.HTTP) { h.Limits.AtOncePerCaller = 1 })
	ann, bob := n.handshake("ann"), n.handshake("bob")
	answered := g.begin(n, callLine(1, "gate", "{}"), ann...)
	r := n.post(pingLine(2), ann...)
	assert.Equal(t, http.StatusTooManyRequests, r.status)
	assert.Equal(t, "1", r.header.Get("Retry-After"))
	assert.Equal(t, http.StatusOK, n.post(pingLine(2), bob...).status)
	close(g.let)
	<-answered
	require.Eventually(t, func() bool { return n.post(pingLine(3), ann...).status == http.StatusOK }, patience, 5*time.Millisecond)
}

func TestProbesAskMakeAtMostTwiceAMinute(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	n := serve(t, newServer(nil), func(h *transport.HTTP) {
		h.Ready = func(context.Context) error { asked.Add(1); return nil }
	})
	for range 20 {
		// A probe knows neither our name nor a token.
		assert.Equal(t, http.StatusOK, n.request(http.MethodGet, "/readyz", "", "Host", "10.0.0.7", "Authorization", "nobody").status)
		assert.Equal(t, http.StatusOK, n.request(http.MethodGet, "/healthz", "", "Host", "10.0.0.7").status)
	}
	assert.Equal(t, int64(1), asked.Load())
	n.stop()
	assert.Equal(t, http.StatusServiceUnavailable, n.request(http.MethodGet, "/readyz", "").status, "no more calls are wanted")
	assert.Equal(t, http.StatusOK, n.request(http.MethodGet, "/healthz", "").status, "and yet it lives")
}

func TestAServerWhoseMakeIsDownIsNotReadyAndSaysNoMore(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) {
		h.Ready = func(context.Context) error { return errors.New("the key abc was refused") }
		h.GoesBy = func() string { return "some rules" }
	})
	r := n.request(http.MethodGet, "/readyz", "")
	assert.Equal(t, http.StatusServiceUnavailable, r.status)
	assert.Equal(t, "Make does not answer\n", r.body)
}

func TestProtectedResourceMetadataIsWhereClientsLook(t *testing.T) {
	t.Parallel()
	public, err := url.Parse("https://audit.example.com/make")
	require.NoError(t, err)
	n := serve(t, newServer(nil), func(h *transport.HTTP) {
		h.PublicURL, h.Metadata, h.BasePath = public, map[string]any{"resource": "https://audit.example.com/make/mcp"}, "make/"
	})
	for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/make/mcp"} {
		r := n.request(http.MethodGet, path, "", "Authorization", "nobody")
		assert.Equal(t, http.StatusOK, r.status)
		assert.JSONEq(t, `{"resource":"https://audit.example.com/make/mcp"}`, r.body)
		assert.Equal(t, http.StatusMethodNotAllowed, n.request(http.MethodPost, path, "").status)
	}
	assert.Equal(t, http.StatusOK, n.request(http.MethodPost, "/make/mcp", initialize).status)
	assert.Equal(t, http.StatusNotFound, n.post(initialize).status)
}

func TestPanicsBeforeTheTransportAreAnswered(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) {
		h.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the secret") })
	})
	r := n.request(http.MethodGet, "/metrics", "")
	assert.Equal(t, http.StatusInternalServerError, r.status)
	assert.NotContains(t, r.body, "secret")
	assert.Contains(t, n.log.String(), "the secret")
}

func TestStoppingLetsCallsEndAndClosesStreams(t *testing.T) {
	t.Parallel()
	g := newGate()
	n, served := listen(t, &transport.HTTP{Server: g.server(), Authenticator: byName{}})
	session := n.handshake("ann")
	stream, legacy := n.listen("/mcp", session...), n.listen("/sse", "Authorization", "ann")
	answered := make(chan reply, 1)
	go func() { answered <- n.post(callLine(1, "gate", "{}"), session...) }()
	endpoint, ok := legacy.next()
	require.True(t, ok)
	n.request(http.MethodPost, endpoint.data, callLine(2, "gate", "{}"), "Authorization", "ann")
	await(t, g.began, "the first call")
	await(t, g.began, "the second call")
	n.stop()
	_, ok = stream.next()
	assert.False(t, ok, "a stream that only listens is closed")
	close(g.let)
	assert.Contains(t, (<-answered).body, "let go")
	assert.Equal(t, "2", string(legacy.message().ID), "a stream with an open call is answered first")
	_, ok = legacy.next()
	assert.False(t, ok)
	require.NoError(t, <-served)
	assert.Empty(t, g.cancelled)
}

func TestCallsThatOutlastTheDrainAreCut(t *testing.T) {
	t.Parallel()
	g := newGate()
	n, served := listen(t, &transport.HTTP{Server: g.server(), DrainTimeout: 10 * time.Millisecond})
	request := n.newRequest(t.Context(), http.MethodPost, "/mcp", strings.NewReader(callLine(1, "gate", "{}")), n.handshake("")...)
	cut := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		cut <- err
	}()
	await(t, g.began, "the call begins")
	n.stop()
	require.NoError(t, <-served)
	require.Error(t, <-cut)
	await(t, g.cancelled, "the handler is cancelled")
}

func TestLoopbackAddressesAreRecognized(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "localhost:1": true, "[::1]:8080": true, "127.9.9.9:1": true,
		"0.0.0.0:80": false, ":8080": false, "[::]:80": false, "10.0.0.1:80": false, "example.com:80": false, "localhost.evil:1": false,
	} {
		got, err := transport.IsLoopback(address)
		require.NoError(t, err, address)
		assert.Equal(t, want, got, address)
	}
	for _, address := range []string{"", "8080", "localhost", "::1"} {
		_, err := transport.IsLoopback(address)
		assert.Error(t, err, address)
	}
}
