package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/transport"
)

// patience is how long tests wait for what happens at once.
const patience = 20 * time.Second

// notifying sends as many notifications as a channel of mcp-go's holds three times.
func notifying(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	for i := range 300 {
		params := map[string]any{"progress": float64(i + 1)}
		if request.Params.Meta != nil {
			params["progressToken"] = request.Params.Meta.ProgressToken
		}
		if err := transport.Notify(ctx, "notifications/progress", params); err != nil {
			return mcp.NewToolResultError(err.Error()), nil
		}
	}
	return mcp.NewToolResultText("notifying"), nil
}

// gate is a tool that waits until it is let go or cancelled.
type gate struct {
	began     chan struct{}
	cancelled chan struct{}
	let       chan struct{}
}

func newGate() *gate {
	return &gate{began: make(chan struct{}, 1000), cancelled: make(chan struct{}, 1000), let: make(chan struct{})}
}

// server has the gate, and echo.
func (g *gate) server() *server.MCPServer {
	return newServer(map[string]handler{"gate": g.handle, "echo": echo})
}

func (g *gate) handle(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	g.began <- struct{}{}
	select {
	case <-ctx.Done():
		g.cancelled <- struct{}{}
		return nil, ctx.Err()
	case <-g.let:
		return mcp.NewToolResultText("let go"), nil
	}
}

// begin posts a call of the gate's, and returns when it waits there; its reply will be sent on the channel.
func (g *gate) begin(n *network, line string, headers ...string) <-chan reply {
	n.t.Helper()
	answered := make(chan reply, 1)
	go func() { answered <- n.post(line, headers...) }()
	await(n.t, g.began, "the call begins")
	return answered
}

func await(t *testing.T, what <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-what:
	case <-time.After(patience):
		require.Fail(t, "nothing happened", why)
	}
}

func TestASessionLivesFromHandshakeToDelete(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	session := n.handshake("ann")
	assert.Equal(t, http.StatusAccepted, n.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, session...).status)
	r := n.post(callLine(7, "echo", `{"text":"hi"}`), session...)
	assert.Equal(t, http.StatusOK, r.status)
	assert.Equal(t, "application/json", r.header.Get("Content-Type"))
	assert.Contains(t, r.body, `"hi"`)
	assert.NotEmpty(t, r.header.Get("X-Request-Id"))
	assert.Equal(t, http.StatusOK, n.request(http.MethodDelete, "/mcp", "", session...).status)
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		r := n.request(method, "/mcp", pingLine(1), session...)
		assert.Equal(t, http.StatusNotFound, r.status, method)
		assert.Contains(t, r.body, "initialize", "the next step is named")
	}
}

func TestRequestsWithoutASessionAreAskedToOpenOne(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		assert.Equal(t, http.StatusBadRequest, n.request(method, "/mcp", pingLine(1), "Authorization", "ann").status, method)
		for _, made := range []string{"mcp-session-00000000-0000-0000-0000-000000000000", "x", strings.Repeat("y", 9000), "a b;c"} {
			assert.Equal(t, http.StatusNotFound, n.request(method, "/mcp", pingLine(1), "Mcp-Session-Id", made).status, method)
		}
	}
	assert.Equal(t, http.StatusMethodNotAllowed, n.request(http.MethodPut, "/mcp", "", "Authorization", "ann").status)
}

func TestASessionExistsForItsCallerOnly(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	ann, bob := n.handshake("ann"), n.handshake("bob")
	stolen := []string{"Authorization", "bob", "Mcp-Session-Id", ann[3]}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		assert.Equal(t, http.StatusNotFound, n.request(method, "/mcp", pingLine(1), stolen...).status, method)
	}
	answered := g.begin(n, callLine(1, "gate", "{}"), ann...)
	for _, headers := range [][]string{stolen, bob, {"Authorization", "bob"}, stateless("bob", "notifications/cancelled", "")} {
		assert.Equal(t, http.StatusAccepted, n.post(cancelLine(1), headers...).status)
	}
	assert.Empty(t, g.cancelled)
	close(g.let)
	assert.Contains(t, (<-answered).body, "let go")
	assert.Equal(t, http.StatusOK, n.post(callLine(2, "echo", "{}"), ann...).status, "the session is still there")
}

func TestStatelessRequestsNeedNoSessionAndGetNone(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	headers := stateless("ann", "tools/call", "echo")
	for _, extra := range [][]string{nil, {"Mcp-Session-Id", "made up"}} {
		r := n.post(statelessCall(1, "echo", ""), append(headers, extra...)...)
		assert.Equal(t, http.StatusOK, r.status, r.body)
		assert.Empty(t, r.header.Get("Mcp-Session-Id"))
		assert.Contains(t, r.body, `"resultType":"complete"`)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, n.request(http.MethodGet, "/mcp", "", headers...).status)
	assert.Equal(t, http.StatusMethodNotAllowed, n.request(http.MethodDelete, "/mcp", "", headers...).status)
}

func TestACancellationReachesNobodyElsesStatelessCall(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	answered := g.begin(n, statelessCall(1, "gate", ""), stateless("ann", "tools/call", "gate")...)
	cancel := fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,%s}}`, modern)
	for _, caller := range []string{"bob", "ann"} {
		assert.Equal(t, http.StatusAccepted, n.post(cancel, stateless(caller, "notifications/cancelled", "")...).status)
	}
	assert.Empty(t, g.cancelled)
	close(g.let)
	assert.Contains(t, (<-answered).body, "let go")
}

func TestACancelledCallOfASessionGetsNoAnswer(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server())
	ann := n.handshake("ann")
	answered := g.begin(n, callLine(`"x"`, "gate", "{}"), ann...)
	n.post(cancelLine(`"x"`), ann...)
	await(t, g.cancelled, "the handler is cancelled")
	r := <-answered
	assert.Equal(t, http.StatusAccepted, r.status)
	assert.Empty(t, r.body)
	require.Eventually(t, func() bool { return strings.Contains(n.log.String(), "outcome=cancelled") }, patience, time.Millisecond)
}

func TestAClientThatLeavesEndsItsCall(t *testing.T) {
	t.Parallel()
	for _, era := range []string{"sessions", "stateless"} {
		t.Run(era, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			n := serve(t, g.server())
			line, headers := callLine(1, "gate", "{}"), n.handshake("ann")
			if era == "stateless" {
				line, headers = statelessCall(1, "gate", ""), stateless("ann", "tools/call", "gate")
			}
			ctx, leave := context.WithCancel(t.Context())
			go func() {
				<-g.began
				leave()
			}()
			request := n.newRequest(ctx, http.MethodPost, "/mcp", strings.NewReader(line), headers...)
			_, err := http.DefaultClient.Do(request) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, context.Canceled)
			await(t, g.cancelled, "the handler is cancelled")
		})
	}
}

func TestEveryNotificationComesBeforeItsResultOverHTTP(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"notifying": notifying}))
	session := n.handshake("ann")
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			line, headers := statelessCall(i, "notifying", fmt.Sprint(9007199254740993+i)), stateless("ann", "tools/call", "notifying")
			if i%2 == 0 {
				line, headers = callLine(i, "notifying", fmt.Sprintf(`{},"_meta":{"progressToken":%d}`, 9007199254740993+i)), session
			}
			r := n.post(line, headers...)
			assert.Equal(t, "text/event-stream", r.header.Get("Content-Type"))
			if !assert.Len(t, r.messages, 301, "%d: %s", i, r.body[:min(len(r.body), 300)]) {
				return
			}
			for j, m := range r.messages[:300] {
				assert.Contains(t, m.raw, fmt.Sprintf(`"progress":%d,`, j+1))
				assert.Contains(t, m.raw, fmt.Sprintf(`"progressToken":%d`, 9007199254740993+i), "the exact token, of this call")
			}
			assert.Contains(t, r.messages[300].raw, `"notifying"`)
			assert.Equal(t, fmt.Sprint(i), string(r.messages[300].ID))
		})
	}
	all.Wait()
}

func TestIdsComeBackAsWrittenOverHTTP(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	session := n.handshake("ann")
	for _, id := range []string{"12345678901234567890", "-0", "1e3", "1.50", `"a"`, `""`, `"\u0041\n"`, "9007199254740993"} {
		assert.Equal(t, id, string(n.post(callLine(id, "echo", "{}"), session...).last(t).ID))
		assert.Equal(t, id, string(n.post(statelessCall(id, "echo", ""), stateless("ann", "tools/call", "echo")...).last(t).ID))
	}
}

func TestUnreadableBodiesAreRefused(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	session := n.handshake("ann")
	for body, code := range map[string]int{
		"": mcp.PARSE_ERROR, "{": mcp.PARSE_ERROR, "[]": mcp.INVALID_REQUEST, "7": mcp.INVALID_REQUEST,
		`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`:          mcp.INVALID_REQUEST,
		`{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}`:      mcp.INVALID_REQUEST,
		`{"jsonrpc":"2.0","id":[1],"method":"tools/call"}`:    mcp.INVALID_REQUEST,
		`{"jsonrpc":"2.0","id":true,"method":"tools/call"}`:   mcp.INVALID_REQUEST,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call"} more`: mcp.PARSE_ERROR,
	} {
		r := n.post(body, session...)
		assert.Equal(t, http.StatusBadRequest, r.status, body)
		require.NotNil(t, r.last(t).Error, body)
		assert.Equal(t, code, r.last(t).Error.Code, body)
	}
	assert.Equal(t, http.StatusOK, n.post(pingLine(1), session...).status, "the session is none the worse")
}

func TestParamsThatSayNothingAreNoneOverHTTP(t *testing.T) {
	t.Parallel()
	n := serve(t, newListingServer())
	session := n.handshake("ann")
	for _, params := range nothings() {
		for method, line := range emptyRequests(params) {
			for _, body := range []string{line, "\ufeff" + line} {
				r := n.post(body, session...)
				assert.Equal(t, http.StatusOK, r.status, body)
				assert.Nil(t, r.last(t).Error, "%s: %s", body, r.body)
				assert.Equal(t, fmt.Sprintf("%q", method), string(r.last(t).ID))
			}
		}
		assert.Equal(t, http.StatusAccepted, n.post(`{"jsonrpc":"2.0","method":"notifications/initialized","params":`+params+`}`, session...).status)
	}
}

func TestASlashBehindAnAddressChangesNothing(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/make"} {
		n := serve(t, newServer(map[string]handler{"echo": echo}), func(h *transport.HTTP) { h.BasePath = base })
		r := n.request(http.MethodPost, base+"/mcp/", initialize, "Authorization", "ann")
		require.Equal(t, http.StatusOK, r.status, r.body)
		session := []string{"Authorization", "ann", "Mcp-Session-Id", r.header.Get("Mcp-Session-Id")}
		for _, path := range []string{base + "/mcp", base + "/mcp/"} {
			assert.Equal(t, "1", string(n.request(http.MethodPost, path, pingLine(1), session...).last(t).ID), "one session for both")
			assert.Equal(t, http.StatusOK, n.request(http.MethodPost, path, statelessCall(1, "echo", ""),
				stateless("ann", "tools/call", "echo")...).status)
			assert.Equal(t, http.StatusUnauthorized, n.request(http.MethodPost, path, initialize, "Authorization", "nobody").status)
		}
		assert.Equal(t, http.StatusOK, n.request(http.MethodDelete, base+"/mcp/", "", session...).status)
		for _, garbage := range []string{"/mcp/x", "/mcp/mcp", "/mcpx", "/mcp/sse", "/sse/x", "/message/x", "/mcp/.well-known"} {
			assert.Equal(t, http.StatusNotFound, n.request(http.MethodPost, base+garbage, initialize, "Authorization", "ann").status,
				garbage)
		}
	}
}

func TestRefusedPromptsHaveTheirCodeOverHTTP(t *testing.T) {
	t.Parallel()
	n := serve(t, promptServer(map[string]server.PromptHandlerFunc{"refused": refused, "failed": failed}))
	session := n.handshake("ann")
	r := n.post(promptLine(1, "refused"), session...)
	require.NotNil(t, r.last(t).Error)
	assert.Equal(t, http.StatusOK, r.status)
	assert.Equal(t, mcp.INVALID_PARAMS, r.last(t).Error.Code)
	assert.Equal(t, "no such month", r.last(t).Error.Message)
	assert.Equal(t, mcp.INTERNAL_ERROR, n.post(promptLine(2, "failed"), session...).last(t).Error.Code)
	line := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"refused",%s}}`, modern)
	r = n.post(line, stateless("ann", "prompts/get", "refused")...)
	assert.Equal(t, http.StatusBadRequest, r.status, "2026-07-28 maps codes to statuses")
	assert.Equal(t, mcp.INVALID_PARAMS, r.last(t).Error.Code)
}

func TestPanicsRevealNothingOverHTTP(t *testing.T) {
	t.Parallel()
	boom := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("the secret") }
	notifyingBoom := func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		_ = transport.Notify(ctx, "notifications/message", map[string]any{"level": "info", "data": "first"})
		panic("the secret")
	}
	for name, options := range map[string][]server.ServerOption{"with mcp-go's recovery": {server.WithRecovery()}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := serve(t, newServer(map[string]handler{"boom": boom, "notifying": notifyingBoom, "echo": echo}, options...))
			session := n.handshake("ann")
			for _, tool := range []string{"boom", "notifying"} {
				r := n.post(callLine(5, tool, "{}"), session...)
				require.NotNil(t, r.last(t).Error, r.body)
				assert.Equal(t, "5", string(r.last(t).ID))
				assert.Equal(t, mcp.INTERNAL_ERROR, r.last(t).Error.Code)
				assert.NotContains(t, r.body, "secret")
			}
			assert.Contains(t, n.log.String(), "the secret")
			assert.Equal(t, http.StatusOK, n.post(callLine(6, "echo", "{}"), session...).status)
		})
	}
}

func TestNothingIsSentOnceACallIsAnsweredOverHTTP(t *testing.T) {
	t.Parallel()
	kept := make(chan context.Context, 1)
	n := serve(t, newServer(map[string]handler{"keep": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		kept <- context.WithoutCancel(ctx)
		return mcp.NewToolResultText("ok"), nil
	}}))
	n.post(callLine(1, "keep", "{}"), n.handshake("ann")...)
	require.ErrorIs(t, transport.Notify(<-kept, "notifications/progress", nil), context.Canceled)
}

func TestACallerWithManySessionsLosesTheOldest(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	bob := n.handshake("bob")
	first, second := n.handshake("ann"), n.handshake("ann")
	n.post(pingLine(1), first...) // so that the second is the one idle longest
	for range 99 {
		n.handshake("ann")
	}
	assert.Equal(t, http.StatusNotFound, n.post(pingLine(1), second...).status)
	assert.Equal(t, http.StatusOK, n.post(pingLine(1), first...).status)
	assert.Equal(t, http.StatusOK, n.post(pingLine(1), bob...).status)
}

func TestIdleSessionsEndAndBusyOnesDoNot(t *testing.T) {
	t.Parallel()
	g := newGate()
	n := serve(t, g.server(), func(h *transport.HTTP) { h.SessionIdle = time.Second })
	idle, busy, listening := n.handshake("ann"), n.handshake("ann"), n.handshake("ann")
	answered := g.begin(n, callLine(1, "gate", "{}"), busy...)
	stream := n.listen("/mcp", listening...)
	// A look is a use, so it must not come more often than sessions end.
	require.Eventually(t, func() bool { return n.post(pingLine(1), idle...).status == http.StatusNotFound }, patience,
		2500*time.Millisecond)
	close(g.let)
	assert.Contains(t, (<-answered).body, "let go")
	assert.Equal(t, http.StatusOK, n.post(pingLine(1), listening...).status)
	stream.close()
}

func TestABrokenStreamGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	s := newServer(map[string]handler{"echo": echo})
	n := serve(t, s)
	ann, bob := n.handshake("ann"), n.handshake("bob")
	say := func(from, to int) {
		for i := from; i < to; i++ {
			require.Eventually(t, func() bool {
				return s.SendNotificationToSpecificClient(ann[3], "notifications/message",
					map[string]any{"data": fmt.Sprint("n", i)}) == nil
			}, patience, time.Millisecond)
		}
	}
	stream := n.listen("/mcp", ann...)
	say(0, 2)
	first, ok := stream.next()
	require.True(t, ok)
	require.NotEmpty(t, first.id)
	assert.Contains(t, first.data, "n0")
	stream.close()
	say(2, 5)
	require.Eventually(t, func() bool {
		resumed := n.listen("/mcp", append(ann, "Last-Event-ID", first.id)...)
		defer resumed.close()
		for i := 1; i < 5; i++ {
			next, ok := resumed.next()
			if !ok || !strings.Contains(next.data, fmt.Sprint("n", i)) {
				return false
			}
		}
		return true
	}, patience, 50*time.Millisecond)
	// Nobody else resumes it, and nothing is resumed from what is no longer kept.
	assert.Equal(t, http.StatusNotFound, n.request(http.MethodGet, "/mcp", "", "Authorization", "bob", "Mcp-Session-Id", ann[3],
		"Last-Event-ID", first.id).status)
	assert.Equal(t, http.StatusBadRequest, n.request(http.MethodGet, "/mcp", "", append(bob, "Last-Event-ID", first.id)...).status)
	say(5, 5+256)
	require.Eventually(t, func() bool {
		response := n.open(t.Context(), http.MethodGet, "/mcp", "", append(ann, "Last-Event-ID", first.id)...)
		defer response.Body.Close()
		return response.StatusCode == http.StatusBadRequest
	}, patience, 50*time.Millisecond)
}

func TestEachCallIsOneLineInTheLog(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"accounted": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		transport.Summarize(ctx, transport.CallSummary{Organization: "4721", Rows: 7, Failed: true})
		return mcp.NewToolResultError("no"), nil
	}}))
	session := n.handshake("ann")
	// A line is written once the answer has gone out.
	logged := func(calls int) string {
		require.Eventually(t, func() bool { return strings.Count(n.log.String(), "method=tools/call") >= calls }, patience,
			time.Millisecond)
		return n.log.String()
	}
	r := n.post(callLine(1, "accounted", `{"text":"an argument"}`), session...)
	log := logged(1)
	for _, part := range []string{"request=" + r.header.Get("X-Request-Id"), "transport=http", "tool=accounted", "organization=4721",
		"rows=7", "outcome=tool_error", "bytes=", "ms="} {
		assert.Contains(t, log, part)
	}
	for _, secret := range []string{"an argument", session[3], "Authorization", "subject=ann"} {
		assert.NotContains(t, log, secret)
	}
	n.post(callLine(2, strings.Repeat("evil\\n", 1000), `{}`), session...)
	both := logged(2)
	assert.Equal(t, 2, strings.Count(both, "method=tools/call"), both)
	assert.Less(t, len(both)-len(log), 2000, "names are cut")
}

func TestManyCallersAtOnceGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	n := serve(t, newServer(map[string]handler{"echo": echo}))
	var all sync.WaitGroup
	var wrong atomic.Int64
	for i := range 20 {
		all.Go(func() {
			name := fmt.Sprint("caller", i)
			session := n.handshake(name)
			for range 10 {
				if r := n.post(callLine(1, "echo", fmt.Sprintf(`{"text":%q}`, name)), session...); !strings.Contains(r.body, `"`+name+`"`) {
					wrong.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.Zero(t, wrong.Load())
}

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
