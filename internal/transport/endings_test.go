package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/transport"
)

// How things end that two sides may end at the same time.

func TestStreamsThatEndAreNotWrittenTo(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) { h.Heartbeat = 50 * time.Microsecond })
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 100 {
				stream := n.listen("/sse", "Authorization", fmt.Sprint("caller", i))
				stream.next()
				stream.close()
			}
		})
	}
	all.Wait() // a write to a response that is over ends the process
	assert.Equal(t, http.StatusOK, n.post(initialize).status)
}

func TestNobodyHoldsAConnectionByABodyThatNeverComes(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil), func(h *transport.HTTP) { h.ReadTimeout = 300 * time.Millisecond })
	var all sync.WaitGroup
	for name, head := range map[string]string{
		"no token":     "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: nobody\r\n",
		"not our host": "POST /mcp HTTP/1.1\r\nHost: evil.example\r\n",
		"an origin":    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n",
		"a type":       "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n",
		"a probe":      "POST /healthz HTTP/1.1\r\nHost: localhost\r\n",
		"nothing":      "POST /nothing HTTP/1.1\r\nHost: localhost\r\n",
	} {
		all.Go(func() {
			_, err := n.untilHangup(head + "Content-Length: 1000\r\n\r\n")
			assert.NoError(t, err, "%s: the server hangs up", name)
		})
	}
	all.Wait()
}

// TestASessionThatEndsWhileItIsListenedToIsForgotten goes past the network, which would spread the two requests too far apart to meet.
func TestASessionThatEndsWhileItIsListenedToIsForgotten(t *testing.T) {
	t.Parallel()
	s := newServer(nil)
	n := serve(t, s)
	ask := func(ctx context.Context, method, session string) {
		r := httptest.NewRequestWithContext(ctx, method, n.url+"/mcp", http.NoBody)
		r.Header.Set("Authorization", "ann")
		r.Header.Set("Mcp-Session-Id", session)
		n.handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	for range 400 {
		id := n.handshake("ann")[3]
		ctx, leave := context.WithCancel(t.Context())
		var listening, ending sync.WaitGroup
		for range 3 {
			listening.Go(func() { ask(ctx, http.MethodGet, id) })
		}
		ending.Go(func() { ask(ctx, http.MethodDelete, id) })
		ending.Wait()
		leave()
		listening.Wait()
		err := s.SendNotificationToSpecificClient(id, "notifications/message", nil)
		require.ErrorIs(t, err, server.ErrSessionNotFound)
	}
}

func TestACallWhoseSessionIsEndedIsAnswered(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	session := n.handshake("ann")
	answered := g.begin(n, callLine(7, "gate", "{}"), session...)
	assert.Equal(t, http.StatusOK, n.request(http.MethodDelete, "/mcp", "", session...).status)
	await(t, g.cancelled, "the handler is cancelled")
	answer := (<-answered).last(t)
	require.NotNil(t, answer.Error)
	assert.Equal(t, "7", string(answer.ID))
	assert.Equal(t, mcp.REQUEST_INTERRUPTED, answer.Error.Code)
}

func TestADeleteThatIsRefusedEndsNothing(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	session := n.handshake("ann")
	answered := g.begin(n, callLine(7, "gate", "{}"), session...)
	assert.Equal(t, http.StatusBadRequest, n.request(http.MethodDelete, "/mcp", "",
		append(session, "Mcp-Protocol-Version", "1999-01-01")...).status)
	close(g.let)
	assert.Contains(t, (<-answered).body, "let go")
	assert.Empty(t, g.cancelled)
}

func TestAnswersThatMCPGoStreamsAreRewrittenAlike(t *testing.T) {
	t.Parallel()
	theirs := func(then func()) handler {
		return func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if err := server.ServerFromContext(ctx).SendNotificationToClient(ctx, "notifications/message",
				map[string]any{"data": "x"}); err != nil {
				return nil, err
			}
			then()
			return mcp.NewToolResultText("done"), nil
		}
	}
	n := serve(t, newServer(map[string]handler{"fine": theirs(func() {}), "boom": theirs(func() { panic("the secret") })},
		server.WithRecovery()))
	session := n.handshake("ann")
	for tool, says := range map[string]string{"fine": "done", "boom": "internal error"} {
		r := n.post(callLine("12345678901234567890", tool, "{}"), session...)
		assert.Equal(t, "12345678901234567890", string(r.last(t).ID), r.body)
		assert.Contains(t, r.body, says)
		assert.NotContains(t, r.body, "secret")
	}
}

func TestSessionsDoNotShowInTheLog(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(nil))
	session := n.handshake("ann")
	n.post(`{"jsonrpc":"2.0","id":5,"result":{"model":"x"}}`, session...)
	n.post(`{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"x"}}`, session...)
	n.request(http.MethodDelete, "/mcp", "", session...)
	assert.NotContains(t, n.log.String(), session[3])
}
