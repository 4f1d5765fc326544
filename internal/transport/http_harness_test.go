package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/transport"
)

// network is a transport.HTTP that serves over loopback.
type network struct {
	t       *testing.T
	url     string
	handler http.Handler // behind url
	log     *lockedBuffer
	stop    context.CancelFunc // has the server stop, as SIGTERM does
}

// byName takes the Authorization header for the caller's name.
type byName struct{}

func (byName) Authenticate(r *http.Request) (auth.Caller, error) {
	name := r.Header.Get("Authorization")
	if name == "nobody" {
		return auth.Caller{}, &auth.Refusal{Status: http.StatusUnauthorized, Challenge: `Bearer realm="test"`, Message: "who are you?"}
	}
	return auth.Caller{Subject: name}, nil
}

func serve(t *testing.T, s *server.MCPServer, configure ...func(*transport.HTTP)) *network {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	n := &network{t: t, log: &lockedBuffer{}, stop: stop}
	h := &transport.HTTP{
		Server: s, Authenticator: byName{}, Logger: slog.New(slog.NewTextHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Limits: transport.Limits{PerCaller: 1e6, Overall: 1e6},
	}
	for _, configure := range configure {
		configure(h)
	}
	n.handler = h.Handler(ctx)
	served := httptest.NewServer(n.handler)
	n.url = served.URL
	t.Cleanup(func() {
		stop()
		served.CloseClientConnections()
		served.Close()
	})
	return n
}

// listen has a transport.HTTP serve as the process does. What Serve returns is sent on the channel.
func listen(t *testing.T, h *transport.HTTP) (*network, <-chan error) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx, listener, nil) }()
	return &network{t: t, url: "http://" + listener.Addr().String(), log: &lockedBuffer{}, stop: stop}, served
}

// untilHangup sends bytes, and returns all that the server answers before it ends the connection.
func (n *network) untilHangup(sent string) (string, error) {
	connection, err := new(net.Dialer).DialContext(n.t.Context(), "tcp", strings.TrimPrefix(n.url, "http://"))
	if err != nil {
		return "", err
	}
	defer connection.Close() //nolint:errcheck // nothing is left to be done
	if _, err := io.WriteString(connection, sent); err != nil {
		return "", err
	}
	if err := connection.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(connection)
	return string(answer), err
}

// reply is an answer over HTTP, read to its end.
type reply struct {
	status   int
	header   http.Header
	body     string
	messages []message // the body's, or its events'
}

// request sends one request; headers are pairs of name and value.
func (n *network) request(method, path, body string, headers ...string) reply {
	n.t.Helper()
	response := n.open(n.t.Context(), method, path, body, headers...)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(n.t, err)
	r := reply{status: response.StatusCode, header: response.Header, body: string(text)}
	switch {
	case strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream"):
		r.messages = parseEvents(n.t, r.body)
	case strings.HasPrefix(response.Header.Get("Content-Type"), "application/json"):
		var m message
		require.NoError(n.t, json.Unmarshal(text, &m), r.body)
		m.raw = r.body
		r.messages = []message{m}
	}
	return r
}

// open sends a request and leaves its body to be read.
func (n *network) open(ctx context.Context, method, path, body string, headers ...string) *http.Response {
	n.t.Helper()
	response, err := http.DefaultClient.Do(n.newRequest(ctx, method, path, strings.NewReader(body), headers...))
	require.NoError(n.t, err)
	return response
}

func (n *network) newRequest(ctx context.Context, method, path string, body io.Reader, headers ...string) *http.Request {
	n.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, n.url+path, body)
	require.NoError(n.t, err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "application/json, text/event-stream")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
			continue
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	return request
}

// post sends a message to the streamable endpoint.
func (n *network) post(body string, headers ...string) reply {
	n.t.Helper()
	return n.request(http.MethodPost, "/mcp", body, headers...)
}

// last is the answer, behind all notifications.
func (r reply) last(t *testing.T) message {
	t.Helper()
	require.NotEmpty(t, r.messages, "%d %s", r.status, r.body)
	return r.messages[len(r.messages)-1]
}

// handshake opens a session and returns the headers that go with it.
func (n *network) handshake(caller string) []string {
	n.t.Helper()
	r := n.post(initialize, "Authorization", caller)
	require.Equal(n.t, http.StatusOK, r.status, r.body)
	id := r.header.Get("Mcp-Session-Id")
	require.NotEmpty(n.t, id)
	return []string{"Authorization", caller, "Mcp-Session-Id", id}
}

// stateless are the headers of a request of 2026-07-28.
func stateless(caller, method, name string) []string {
	headers := []string{"Authorization", caller, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", method}
	if name != "" {
		headers = append(headers, "Mcp-Name", name)
	}
	return headers
}

func statelessCall(id any, tool, token string) string {
	meta := modern
	if token != "" {
		meta = strings.Replace(modern, "{", `{"progressToken":`+token+`,`, 1)
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":"tools/call","params":{"name":%q,"arguments":{},%s}}`, id, tool, meta)
}

func parseEvents(t *testing.T, text string) []message {
	t.Helper()
	var messages []message
	for event := range strings.SplitSeq(text, "\n\n") {
		for line := range strings.SplitSeq(event, "\n") {
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				var m message
				require.NoError(t, json.Unmarshal([]byte(data), &m), data)
				m.raw = data
				messages = append(messages, m)
			}
		}
	}
	return messages
}

// events are those of a stream that stays open.
type events struct {
	t      *testing.T
	reader *bufio.Reader
	body   io.Closer
	cancel context.CancelFunc
}

// event is one of a stream.
type event struct{ id, name, data string }

func (n *network) listen(path string, headers ...string) *events {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	headers = append([]string{"Accept", "text/event-stream"}, headers...)
	response := n.open(ctx, http.MethodGet, path, "", headers...) //nolint:bodyclose // events.close does
	require.Equal(n.t, http.StatusOK, response.StatusCode)
	require.Equal(n.t, "text/event-stream", response.Header.Get("Content-Type"))
	assert.Empty(n.t, response.Header.Get("Access-Control-Allow-Origin"))
	n.t.Cleanup(cancel)
	return &events{t: n.t, reader: bufio.NewReader(response.Body), body: response.Body, cancel: cancel}
}

func (e *events) close() { e.cancel(); _ = e.body.Close() }

// next returns the next event; ok is false at the end of the stream.
func (e *events) next() (next event, ok bool) {
	e.t.Helper()
	for {
		line, err := e.reader.ReadString('\n')
		if err != nil {
			return event{}, false
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && next.data != "":
			return next, true
		case name == "id":
			next.id = value
		case name == "event":
			next.name = value
		case name == "data":
			next.data = value
		}
	}
}

// message is the next message.
func (e *events) message() message {
	e.t.Helper()
	next, ok := e.next()
	require.True(e.t, ok, "the stream has ended")
	var m message
	require.NoError(e.t, json.Unmarshal([]byte(next.data), &m), next.data)
	m.raw = next.data
	return m
}
