package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/transport"
)

// crossing is a server whose callers come from addresses of their choice and bring keys, all within a bubble with a made-up clock.
type crossing struct {
	t        *testing.T
	handler  http.Handler
	log      *lockedBuffer
	closed   atomic.Bool // nobody is let in any more
	unsure   atomic.Bool // the issuer cannot be asked
	accepted sync.Map    // keys that Make has accepted; those that begin with "good" are, too
	open     sync.WaitGroup
}

var errUnsure = errors.New("no issuer today")

// Authenticate implements [auth.Authenticator]: everybody is who they say, or brings a key.
func (c *crossing) Authenticate(r *http.Request) (auth.Caller, error) {
	subject := r.Header.Get("Authorization")
	switch {
	case c.unsure.Load():
		return auth.Caller{}, &auth.Refusal{Status: http.StatusServiceUnavailable, Message: "try again", Cause: errUnsure}
	case c.closed.Load() || subject == "nobody":
		return auth.Caller{}, &auth.Refusal{Status: http.StatusUnauthorized, Message: "who are you?"}
	}
	return auth.Caller{Subject: subject, MakeKey: r.Header.Get(auth.HeaderMakeKey)}, nil
}

func (c *crossing) standing(caller auth.Caller) auth.Standing {
	_, accepted := c.accepted.Load(caller.MakeKey)
	switch {
	case accepted || strings.HasPrefix(caller.MakeKey, "good"):
		return auth.Accepted
	case strings.HasPrefix(caller.MakeKey, "refused"):
		return auth.Refused
	}
	return auth.Unproven
}

// cross runs a test in a bubble. Streams end with it.
func cross(t *testing.T, s *server.MCPServer, test func(*crossing), configure ...func(*transport.HTTP)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		c := &crossing{t: t, log: &lockedBuffer{}}
		h := &transport.HTTP{Server: s, Authenticator: c, Standing: c.standing, Limits: transport.Limits{PerCaller: 1e6, Overall: 1e6},
			Logger: slog.New(slog.NewTextHandler(c.log, nil))}
		for _, configure := range configure {
			configure(h)
		}
		c.handler = h.Handler(ctx)
		test(c)
		stop()
		c.open.Wait()
	})
}

// visit is a request that is under way, or was answered.
type visit struct {
	leave  context.CancelFunc
	answer *httptest.ResponseRecorder
	done   chan struct{}
}

// begin sends a request and waits until nothing moves any more.
func (c *crossing) begin(address, method, path string, body io.Reader, headers ...string) *visit {
	c.t.Helper()
	ctx, leave := context.WithCancel(c.t.Context())
	r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	r.RemoteAddr = address + ":4321"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	v := &visit{leave: leave, answer: httptest.NewRecorder(), done: make(chan struct{})}
	c.open.Go(func() {
		defer close(v.done)
		c.handler.ServeHTTP(v.answer, r)
	})
	synctest.Wait()
	return v
}

// isOpen reports whether the request has no whole answer yet.
func (v *visit) isOpen() bool {
	select {
	case <-v.done:
		return false
	default:
		return true
	}
}

// post sends a message and returns the status of its answer.
func (c *crossing) post(address, body string, headers ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	v := c.begin(address, http.MethodPost, "/mcp", strings.NewReader(body), headers...)
	<-v.done
	return v.answer
}

func key(key string) []string { return []string{auth.HeaderMakeKey, key} }

// stream opens a stream of HTTP+SSE.
func (c *crossing) stream(address, key string) *visit {
	c.t.Helper()
	return c.begin(address, http.MethodGet, "/sse", http.NoBody, auth.HeaderMakeKey, key)
}

// streams opens streams, and returns how many stayed open.
func (c *crossing) streams(count int, address, key func(int) string) int {
	c.t.Helper()
	stayed := 0
	for i := range count {
		if c.stream(address(i), key(i)).isOpen() {
			stayed++
		}
	}
	return stayed
}

func always(text string) func(int) string { return func(int) string { return text } }

func TestMadeUpKeysHoldNoMoreStreamsThanTheirAddressMay(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		madeUp := func(i int) string { return fmt.Sprint("made up ", i%66) }
		assert.Equal(t, 32, c.streams(66*32, always("192.0.2.1"), madeUp))
		assert.True(t, c.stream("192.0.2.1", "good one").isOpen(), "a key that Make has accepted, from the same address")
		assert.True(t, c.stream("192.0.2.2", "a new one").isOpen(), "a newcomer from elsewhere")
		assert.Equal(t, 32, c.streams(40, func(i int) string { return fmt.Sprintf("[2001:db8:1:2::%x]", i) }, madeUp),
			"who has an address of IPv6 has its network")
		assert.Equal(t, 32, c.streams(40, always("192.0.2.3"), func(i int) string { return fmt.Sprint("refused", i) }))
		assert.True(t, c.stream("192.0.2.3", "a new one").isOpen(), "bad keys are not newcomers")
	})
}

func TestMadeUpKeysOfManyAddressesHoldHalfAtMost(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		address := func(i int) string { return fmt.Sprint("192.0.2.", i) }
		assert.Equal(t, 20, c.streams(100, address, func(i int) string { return fmt.Sprint("made up ", i) }))
		assert.Equal(t, 20, c.streams(100, address, func(i int) string { return fmt.Sprint("good", i) }), "as many remain for others")
	}, func(h *transport.HTTP) { h.Limits.AtOnce = 40 })
}

func TestAFewWhoHoldAllTheyCanLeaveRoomForTheNext(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		greedy := func(i int) string { return fmt.Sprint("good", i%4) }
		assert.Equal(t, 38, c.streams(4*32, always("192.0.2.1"), greedy))
		assert.True(t, c.stream("192.0.2.1", "good one").isOpen())
	}, func(h *transport.HTTP) { h.Limits.AtOnce = 42 })
	cross(t, newServer(nil), func(c *crossing) {
		address := func(i int) string { return fmt.Sprint("192.0.2.", i%4) }
		assert.Equal(t, 38, c.streams(4*32, address, func(i int) string { return fmt.Sprint("made up ", i) }))
		assert.True(t, c.stream("192.0.2.5", "a new one").isOpen())
	}, func(h *transport.HTTP) { h.Limits.AtOnce = 84 })
}

func TestWhoProvedToBeSomebodyHoldsItsStreamsItself(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		const proxy = "192.0.2.1"
		team := func(i int) string { return fmt.Sprint("of the team ", i) }
		assert.Equal(t, 32, c.streams(40, always(proxy), team))
		time.Sleep(time.Second)
		for i := range 32 {
			c.accepted.Store(team(i), true)
		}
		assert.Equal(t, 32, c.streams(40, always(proxy), func(i int) string { return team(100 + i) }), "the next ones have the address's places")
		assert.Equal(t, 31, c.streams(40, always(proxy), always(team(0))), "one is held already")
	})
}

func TestMadeUpKeysEndNoSessionOfOthers(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		open := func(address, k string) []string {
			answer := c.post(address, initialize, key(k)...)
			require.Equal(t, http.StatusOK, answer.Code)
			return append(key(k), "Mcp-Session-Id", answer.Header().Get("Mcp-Session-Id"))
		}
		proven, newcomer := open("192.0.2.1", "good one"), open("192.0.2.2", "a new one")
		first := open("192.0.2.1", "made up first")
		time.Sleep(time.Second)
		for i := range 1_000 {
			open("192.0.2.1", fmt.Sprint("made up ", i))
		}
		assert.Equal(t, http.StatusNotFound, c.post("192.0.2.1", pingLine(1), first...).Code, "of an address the one idle longest ends")
		assert.Equal(t, http.StatusOK, c.post("192.0.2.1", pingLine(1), proven...).Code)
		assert.Equal(t, http.StatusOK, c.post("192.0.2.2", pingLine(1), newcomer...).Code)
	})
}

// trickle is a body that never ends.
type trickle struct {
	left int
	over <-chan struct{}
}

func (s *trickle) Read(into []byte) (int, error) {
	if s.left == 0 {
		<-s.over
		return 0, io.ErrUnexpectedEOF
	}
	n := min(s.left, len(into))
	s.left -= n
	return n, nil
}

func TestSlowBodiesTakeRoomAsTheyArrive(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		over := make(chan struct{})
		slow := func(address, key string, size int) *visit {
			return c.begin(address, http.MethodPost, "/mcp", &trickle{size, over}, auth.HeaderMakeKey, key)
		}
		stayed := 0
		for i := range 700 {
			if v := slow(fmt.Sprint("192.0.2.", i%100), "made up", 1<<20-1); v.isOpen() {
				stayed++
			} else {
				assert.Equal(t, http.StatusTooManyRequests, v.answer.Code)
				assert.Equal(t, "1", v.answer.Header().Get("Retry-After"))
			}
		}
		assert.Equal(t, 32, stayed, "MiB, of 64")
		assert.Equal(t, http.StatusOK, c.post("192.0.2.1", initialize, key("good one")...).Code)
		stayed = 0
		for range 40 {
			if slow("192.0.2.1", "good one", 1<<20-1).isOpen() {
				stayed++
			}
		}
		assert.Equal(t, 16, stayed, "of one caller")
		small := 0
		for range 40 {
			if slow("192.0.2.200", "good other", 100).isOpen() {
				small++
			}
		}
		assert.Equal(t, 40, small, "those that sent little take little")
		close(over)
	})
}

func TestRefusalsAreSummedUpInTheLog(t *testing.T) {
	t.Parallel()
	cross(t, newServer(map[string]handler{"fail": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		transport.Summarize(ctx, transport.CallSummary{Failed: true})
		return mcp.NewToolResultError("Make does not know this key"), nil
	}}), func(c *crossing) {
		for i := range 4_000 {
			assert.Equal(t, http.StatusUnauthorized, c.post(fmt.Sprint("192.0.2.", i%100), initialize, "Authorization", "nobody").Code)
		}
		lines := func() []string { return strings.Split(strings.TrimSpace(c.log.String()), "\n") }
		require.Len(t, lines(), 1)
		assert.Contains(t, lines()[0], `msg=refused request=`)
		assert.Contains(t, lines()[0], `status=401 from=192.0.2.0:4321 reason="who are you?"`)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, lines(), 2)
		assert.Contains(t, lines()[1], `msg="refused again; this is the last" times=3999`)
		assert.Contains(t, lines()[1], `from=192.0.2.99:4321`)
		c.unsure.Store(true)
		c.post("192.0.2.1", initialize)
		require.Len(t, lines(), 3, "the first of another kind")
		c.unsure.Store(false)
		time.Sleep(2 * time.Minute)
		c.post("192.0.2.1", initialize, "Authorization", "nobody")
		require.Len(t, lines(), 4, "after a quiet minute it is a first again")

		for i := range 300 { // what is let in, and yet nobody's
			c.post("192.0.2.1", callOf("fail"), append(stateless("", "tools/call", "fail"), key(fmt.Sprint("made up ", i))...)...)
		}
		require.Len(t, lines(), 5)
		assert.Contains(t, lines()[4], "outcome=tool_error")
		for range 3 {
			c.post("192.0.2.1", callOf("fail"), append(stateless("", "tools/call", "fail"), key("good one")...)...)
		}
		assert.Len(t, lines(), 8, "the calls of others have a line each")
	})
}

func callOf(tool string) string { return statelessCall(1, tool, "") }

func TestMadeUpKeysDoNotUseUpTheRateOfOthers(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		answered := 0
		for i := range 400 {
			if c.post(fmt.Sprint("192.0.2.", i%20), initialize, key(fmt.Sprint("made up ", i))...).Code == http.StatusOK {
				answered++
			}
		}
		assert.Equal(t, 50, answered, "half of what all may")
		for range 20 {
			assert.Equal(t, http.StatusOK, c.post("192.0.2.1", initialize, key("good one")...).Code)
		}
	}, func(h *transport.HTTP) { h.Limits = transport.Limits{PerCaller: 10, Overall: 50} })
}

func TestStreamsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil, server.WithToolCapabilities(true)), func(c *crossing) {
		session := c.post("192.0.2.1", initialize, "Authorization", "ann").Header().Get("Mcp-Session-Id")
		listen := `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + modern + `}}`
		streams := map[string]*visit{
			"SSE":          c.begin("192.0.2.1", http.MethodGet, "/sse", http.NoBody, "Authorization", "ann"),
			"session":      c.begin("192.0.2.1", http.MethodGet, "/mcp", http.NoBody, "Authorization", "ann", "Mcp-Session-Id", session),
			"subscription": c.begin("192.0.2.1", http.MethodPost, "/mcp", strings.NewReader(listen), stateless("ann", "subscriptions/listen", "")...),
		}
		areOpen := func(want bool, why string) {
			synctest.Wait()
			for name, stream := range streams {
				assert.Equal(t, want, stream.isOpen(), "%s: %s", name, why)
			}
		}
		time.Sleep(10 * time.Minute)
		areOpen(true, "the token is good")
		c.unsure.Store(true)
		time.Sleep(time.Minute)
		areOpen(true, "nothing is said against it")
		c.unsure.Store(false)
		c.closed.Store(true)
		time.Sleep(15 * time.Second)
		areOpen(false, "it is withdrawn")
		time.Sleep(time.Hour) // until the session has ended
	})
}

func TestAnAddressThatKeepsAuthenticationBusyHoldsNobodyElseUp(t *testing.T) {
	t.Parallel()
	cross(t, newServer(nil), func(c *crossing) {
		stayed := 0
		for range 10 {
			if c.begin("192.0.2.1", http.MethodPost, "/mcp", strings.NewReader(initialize), "Authorization", "slow").isOpen() {
				stayed++
			}
		}
		assert.Equal(t, 4, stayed)
		assert.Equal(t, http.StatusOK, c.post("192.0.2.2", initialize, "Authorization", "ann").Code)
	}, func(h *transport.HTTP) { h.Authenticator, h.Limits.AtOncePerCaller = slowIssuer{}, 4 })
}

// slowIssuer takes its time for some.
type slowIssuer struct{}

// Authenticate implements [auth.Authenticator].
func (slowIssuer) Authenticate(r *http.Request) (auth.Caller, error) {
	if r.Header.Get("Authorization") == "slow" {
		time.Sleep(10 * time.Second)
	}
	return auth.Caller{Subject: r.Header.Get("Authorization")}, nil
}
