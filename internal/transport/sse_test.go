package transport_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/transport"
)

// dial opens a stream, and returns the path that messages go to.
func (n *network) dial(caller string) (stream *events, endpoint string) {
	n.t.Helper()
	stream = n.listen("/sse", "Authorization", caller)
	first, ok := stream.next()
	require.True(n.t, ok)
	require.Equal(n.t, "endpoint", first.name)
	return stream, first.data
}

func (n *network) say(endpoint, caller, line string) int {
	n.t.Helper()
	return n.request(http.MethodPost, endpoint, line, "Authorization", caller).status
}

func TestAnswersComeOnTheStreamBehindTheirNotifications(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"notifying": notifying, "echo": echo}))
	stream, endpoint := n.dial("ann")
	assert.Equal(t, http.StatusAccepted, n.say(endpoint, "ann", initialize))
	assert.Equal(t, `"init"`, string(stream.message().ID))
	assert.Equal(t, http.StatusAccepted, n.say(endpoint, "ann",
		callLine("12345678901234567890", "notifying", `{},"_meta":{"progressToken":9007199254740993}`)))
	for i := range 300 {
		m := stream.message()
		assert.Contains(t, m.raw, fmt.Sprintf(`"progress":%d,"progressToken":9007199254740993`, i+1))
	}
	assert.Equal(t, "12345678901234567890", string(stream.message().ID))
}

func TestAStreamExistsForItsCallerOnly(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	_, endpoint := n.dial("ann")
	for _, caller := range []string{"bob", ""} {
		assert.Equal(t, http.StatusNotFound, n.say(endpoint, caller, pingLine(1)))
	}
	for _, made := range []string{"/message", "/message?sessionId=", "/message?sessionId=stdio", endpoint + "x"} {
		assert.Equal(t, http.StatusNotFound, n.say(made, "ann", pingLine(1)), made)
	}
	assert.Equal(t, http.StatusAccepted, n.say(endpoint, "ann", pingLine(1)))
	assert.Equal(t, http.StatusMethodNotAllowed, n.request(http.MethodGet, endpoint, "").status)
	assert.Equal(t, http.StatusMethodNotAllowed, n.request(http.MethodPost, "/sse", initialize).status,
		"streamable clients see that it is not theirs")
}

func TestAStreamThatIsLeftEndsItsCalls(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	stream, endpoint := n.dial("ann")
	n.say(endpoint, "ann", initialize)
	n.say(endpoint, "ann", callLine(1, "gate", "{}"))
	await(t, g.began, "the call begins")
	stream.close()
	await(t, g.cancelled, "the handler is cancelled")
	require.Eventually(t, func() bool { return n.say(endpoint, "ann", pingLine(1)) == http.StatusNotFound }, patience, 5*time.Millisecond)
}

func TestACancellationOverSSEReachesItsOwnStreamOnly(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	stream, endpoint := n.dial("ann")
	_, other := n.dial("ann")
	n.say(endpoint, "ann", callLine(1, "gate", "{}"))
	await(t, g.began, "the call begins")
	n.say(other, "ann", cancelLine(1))
	assert.Empty(t, g.cancelled)
	n.say(endpoint, "ann", cancelLine(1))
	await(t, g.cancelled, "the handler is cancelled")
	n.say(endpoint, "ann", pingLine(2))
	assert.Equal(t, "2", string(stream.message().ID), "the cancelled call has no answer")
}

func TestUnreadableMessagesAreAnsweredOnTheStream(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil))
	stream, endpoint := n.dial("ann")
	assert.Equal(t, http.StatusAccepted, n.say(endpoint, "ann", "{"))
	require.NotNil(t, stream.message().Error)
	n.say(endpoint, "ann", pingLine(3))
	assert.Equal(t, "3", string(stream.message().ID))
}

func TestParamsThatSayNothingAreNoneOverSSE(t *testing.T) {
	t.Parallel()
	n := serve(t, newListingServer())
	stream := n.listen("/sse/", "Authorization", "ann")
	first, ok := stream.next()
	require.True(t, ok)
	address, session, _ := strings.Cut(first.data, "?")
	for _, endpoint := range []string{first.data, address + "/?" + session} {
		for _, params := range nothings() {
			for method, line := range emptyRequests(params) {
				assert.Equal(t, http.StatusAccepted, n.say(endpoint, "ann", line), endpoint)
				got := stream.message()
				assert.Equal(t, fmt.Sprintf("%q", method), string(got.ID))
				assert.Nil(t, got.Error, "%s %s: %s", method, params, got.raw)
			}
		}
	}
}

func TestACallerHasSoManyStreams(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil))
	for range 32 {
		n.dial("ann")
	}
	r := n.request(http.MethodGet, "/sse", "", "Authorization", "ann")
	assert.Equal(t, http.StatusTooManyRequests, r.status)
	assert.NotEmpty(t, r.header.Get("Retry-After"))
	n.dial("bob")
}

func TestSSECanBeLeftOut(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) { h.WithoutSSE = true })
	for _, path := range []string{"/sse", "/message"} {
		assert.Equal(t, http.StatusNotFound, n.request(http.MethodGet, path, "").status)
	}
}

func TestMCPGosClientsWork(t *testing.T) {
	t.Parallel()
	s := newServer(map[string]handler{"work": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("done"),
			transport.Notify(ctx, "notifications/progress", map[string]any{"progressToken": 1, "progress": 1})
	}})
	n := serve(t, s)
	for name, open := range map[string]func(t *testing.T) (*client.Client, error){
		"sse":  func(*testing.T) (*client.Client, error) { return client.NewSSEMCPClient(n.url + "/sse") },
		"http": func(*testing.T) (*client.Client, error) { return client.NewStreamableHttpClient(n.url + "/mcp") },
		"stdio": func(t *testing.T) (*client.Client, error) {
			in, toServer := io.Pipe()
			fromServer, out := io.Pipe()
			go func() {
				assert.NoError(t, (&transport.Stdio{Server: s, In: in, Out: out}).Run(t.Context()))
				_ = out.Close()
			}()
			return client.NewClient(clienttransport.NewIO(fromServer, toServer, io.NopCloser(strings.NewReader("")))), nil
		},
		"mcp-go's own way": func(*testing.T) (*client.Client, error) { return client.NewInProcessClient(s) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := open(t)
			require.NoError(t, err)
			defer c.Close() //nolint:errcheck // nothing is left to be done
			notified := make(chan struct{}, 1)
			c.OnNotification(func(mcp.JSONRPCNotification) { notified <- struct{}{} })
			require.NoError(t, c.Start(t.Context()))
			hello := mcp.InitializeRequest{}
			hello.Params.ProtocolVersion, hello.Params.ClientInfo = "2025-11-25", mcp.Implementation{Name: "test", Version: "1"}
			_, err = c.Initialize(t.Context(), hello)
			require.NoError(t, err)
			tools, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
			require.NoError(t, err)
			require.Len(t, tools.Tools, 1)
			call := mcp.CallToolRequest{}
			call.Params.Name = "work"
			result, err := c.CallTool(t.Context(), call)
			require.NoError(t, err)
			text, ok := result.Content[0].(mcp.TextContent)
			require.True(t, ok)
			assert.Equal(t, "done", text.Text)
			await(t, notified, "a notification comes")
		})
	}
}

// TestTheFirstMessageIsServedHoweverEarly: a client posts as soon as it knows where.
func TestTheFirstMessageIsServedHoweverEarly(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil))
	for range 200 {
		stream, endpoint := n.dial("ann")
		require.Equal(t, http.StatusAccepted, n.say(endpoint, "ann", pingLine(1)))
		assert.Equal(t, "1", string(stream.message().ID))
		stream.close()
		require.Eventually(t, func() bool { return n.say(endpoint, "ann", pingLine(2)) == http.StatusNotFound }, patience, time.Millisecond)
	}
}
