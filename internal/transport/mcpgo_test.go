package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests are about mcp-go itself: each asserts that a defect is still there that this package, or another of ours, works around.
// MCPGO.md has the list. A test that fails is good news.

func TestEveryTestThatMCPGOMDNamesExists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("MCPGO.md")
	require.NoError(t, err)
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(filepath.Join("..", ".."), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(source, -1) {
			tests[string(name[1])] = true
		}
		return err
	}))
	named := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(text), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		assert.True(t, tests[name], "MCPGO.md names %s, which does not exist", name)
	}
	for name := range tests {
		if strings.HasPrefix(name, "TestMCPGoStill") {
			assert.Contains(t, named, name, "MCPGO.md does not say what %s is about", name)
		}
	}
}

// answerOf is mcp-go's answer to one message, as JSON.
func answerOf(ctx context.Context, t *testing.T, s *server.MCPServer, text string) string {
	t.Helper()
	line, err := json.Marshal(s.HandleMessage(ctx, []byte(text)))
	require.NoError(t, err)
	return string(line)
}

// ask has a handler of mcp-go's serve one request; headers are pairs of name and value.
func ask(ctx context.Context, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestMCPGoStillNeedsAStdioOfOurOwn runs one server after the other, since all share one session.
func TestMCPGoStillNeedsAStdioOfOurOwn(t *testing.T) {
	t.Parallel()
	sessions := map[server.ClientSession]bool{}
	cancelled := 0
	for range 2 {
		in, input := io.Pipe()
		s := newServer(map[string]handler{"slow": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			sessions[server.ClientSessionFromContext(ctx)] = true
			assert.NoError(t, input.Close())
			select {
			case <-ctx.Done():
				cancelled++
			case <-time.After(patience):
			}
			return mcp.NewToolResultText("done"), nil
		}})
		go func() { _, _ = io.WriteString(input, callLine(1, "slow", "{}")+"\n") }()
		require.NoError(t, server.NewStdioServer(s).Listen(t.Context(), in, io.Discard))
	}
	assert.Equal(t, 2, cancelled, "mcp-go no longer cancels the calls in flight when stdin ends: see whether its StdioServer will do")
	assert.Len(t, sessions, 1, "mcp-go no longer has one session for all stdio servers of a process: see whether its StdioServer will do")
}

func TestMCPGoStillAnswersAnswers(t *testing.T) {
	t.Parallel()
	const gone = "mcp-go no longer answers answers: remove envelope.isAnswer"
	assert.Contains(t, answerOf(t.Context(), t, newServer(nil), `{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"x"}}`), `"error"`,
		gone)
}

func TestMCPGoStillRoundsNumbers(t *testing.T) {
	t.Parallel()
	s := newServer(map[string]handler{"token": func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(fmt.Sprintf("token %.0f", request.Params.Meta.ProgressToken)), nil
	}})
	answer := answerOf(t.Context(), t, s, callLine("9007199254740993", "token", `{},"_meta":{"progressToken":9007199254740993}`))
	assert.Contains(t, answer, `"id":9007199254740992`,
		"mcp-go no longer rounds large ids: remove call.requestID and the id from responseRewriter.rewriteAnswer")
	assert.Contains(t, answer, "token 9007199254740992", "mcp-go no longer rounds progress tokens: remove call.progressToken")
}

func TestMCPGoStillAnswersCancelledCalls(t *testing.T) {
	t.Parallel()
	var s *server.MCPServer
	s = newServer(map[string]handler{"cancelled": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		assert.Nil(t, s.HandleMessage(ctx, []byte(cancelLine(1))))
		return nil, ctx.Err()
	}})
	answer := answerOf(t.Context(), t, s, callLine(1, "cancelled", "{}"))
	assert.Contains(t, answer, "context canceled", "mcp-go no longer answers cancelled calls: remove call.closed")
}

func TestMCPGoStillCancelsCallsOfOthers(t *testing.T) {
	t.Parallel()
	var h http.Handler
	var cancelled bool
	mine := func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		line := strings.Replace(cancelLine(1), `"requestId":1`, `"requestId":1,`+modern, 1)
		ask(context.WithoutCancel(t.Context()), h, http.MethodPost, "/mcp", line,
			stateless("somebody else", "notifications/cancelled", "")...)
		cancelled = ctx.Err() != nil
		return mcp.NewToolResultText("done"), nil
	}
	h = server.NewStreamableHTTPServer(newServer(map[string]handler{"mine": mine}))
	ask(t.Context(), h, http.MethodPost, "/mcp", statelessCall(1, "mine", ""), stateless("me", "tools/call", "mine")...)
	assert.True(t, cancelled, "mcp-go no longer cancels calls of others where there is no session: remove cancelCall")
}

func TestMCPGoStillSaysNothingToCallsThatWereEnded(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	ended := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		end()
		return mcp.NewToolResultText("done"), nil
	}
	h := server.NewStreamableHTTPServer(newServer(map[string]handler{"ended": ended}))
	w := ask(ctx, h, http.MethodPost, "/mcp", statelessCall(1, "ended", ""), stateless("me", "tools/call", "ended")...)
	assert.Empty(t, w.Body.String(), "mcp-go no longer leaves ended calls unanswered: remove responseRewriter.answerInterrupted")
}

func TestMCPGoStillMakesInternalErrorsOfAllErrors(t *testing.T) {
	t.Parallel()
	s := promptServer(map[string]server.PromptHandlerFunc{"bad": func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return nil, mcp.ErrInvalidParams
	}})
	assert.Contains(t, answerOf(t.Context(), t, s, promptLine(1, "bad")), "-32603",
		"mcp-go no longer makes internal errors of all errors: remove Refuse")
}

func TestMCPGoStillRevealsPanics(t *testing.T) {
	t.Parallel()
	boom := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("the secret") }
	with := newServer(map[string]handler{"boom": boom}, server.WithRecovery())
	assert.Contains(t, answerOf(t.Context(), t, with, callLine(1, "boom", "{}")), "the secret",
		"mcp-go no longer reveals panics: remove what call.rewriteError does about them")
	without := newServer(map[string]handler{"boom": boom})
	assert.Panics(t, func() { without.HandleMessage(t.Context(), []byte(callLine(1, "boom", "{}"))) },
		"mcp-go no longer lets panics through: remove streamable.recover and the recovery of duplex.handle")
}

func TestMCPGoStillLeavesOutWhichResourceIsMissing(t *testing.T) {
	t.Parallel()
	s := newServer(nil, server.WithResourceCapabilities(false, false))
	answer := answerOf(t.Context(), t, s, `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"test://missing",`+modern+`}}`)
	assert.Contains(t, answer, "-32602")
	assert.NotContains(t, answer, `"data"`, "mcp-go no longer leaves out which resource is missing: remove the address from "+
		"call.rewriteError")
}

func TestMCPGoStillServesASessionToEverybody(t *testing.T) {
	t.Parallel()
	h := server.NewStreamableHTTPServer(newServer(nil), server.WithStateful(true))
	id := ask(t.Context(), h, http.MethodPost, "/mcp", initialize, "Authorization", "ann").Header().Get("Mcp-Session-Id")
	require.NotEmpty(t, id)
	w := ask(t.Context(), h, http.MethodPost, "/mcp", pingLine(1), "Authorization", "bob", "Mcp-Session-Id", id)
	assert.Equal(t, http.StatusOK, w.Code, "mcp-go no longer serves a session to everybody: see whether its sessions will do")
}

func TestMCPGoStillTakesSessionsThatItNeverOpened(t *testing.T) {
	t.Parallel()
	h := server.NewStreamableHTTPServer(newServer(nil))
	w := ask(t.Context(), h, http.MethodPost, "/mcp", pingLine(1), "Mcp-Session-Id", "mcp-session-00000000-0000-4000-8000-000000000000")
	assert.Equal(t, http.StatusOK, w.Code, "mcp-go no longer takes sessions that it never opened: see whether its default sessions will do")
}

func TestMCPGoStillStoresEventsWithoutBound(t *testing.T) {
	t.Parallel()
	store := server.NewInMemoryEventStore()
	for range 10_000 {
		_, err := store.StoreEvent(t.Context(), "session", "stream", json.RawMessage("{}"))
		require.NoError(t, err)
	}
	_, err := store.ReplayEventsAfter(t.Context(), "session", "1", func(string, json.RawMessage) error { return nil })
	assert.NoError(t, err, "mcp-go no longer stores events without bound: remove eventStore")
}

func TestMCPGoStillLogsSessions(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := server.NewStreamableHTTPServer(newServer(nil), server.WithStreamableHTTPLogger(slog.New(slog.NewTextHandler(&log, nil))))
	id := ask(t.Context(), h, http.MethodPost, "/mcp", initialize).Header().Get("Mcp-Session-Id")
	require.NotEmpty(t, id)
	ask(t.Context(), h, http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":5,"result":{"model":"x"}}`, "Mcp-Session-Id", id)
	assert.Contains(t, log.String(), id, "mcp-go no longer logs this session: see whether sessionRedactor is still needed")
}

func TestMCPGoStillHasNoGuards(t *testing.T) {
	t.Parallel()
	h := server.NewStreamableHTTPServer(newServer(nil))
	large := strings.Replace(initialize, "{", `{"padding":"`+strings.Repeat("x", 2<<20)+`",`, 1)
	assert.Equal(t, http.StatusOK, ask(t.Context(), h, http.MethodPost, "/mcp", large).Code,
		"mcp-go no longer takes bodies of any size: see whether guards.checkBody is still needed")
	assert.Equal(t, http.StatusOK, ask(t.Context(), h, http.MethodPost, "/mcp", initialize, "Origin", "https://evil.example").Code,
		"mcp-go no longer takes any origin: see whether guards.checkOrigin is still needed")
	sse := server.NewSSEServer(newServer(nil))
	w := ask(t.Context(), sse, http.MethodPost, "/message?sessionId=unknown", "{}",
		"Content-Type", "text/plain", "Origin", "https://evil.example")
	assert.Contains(t, w.Body.String(), "Invalid session ID",
		"mcp-go's SSE no longer takes simple requests across origins: see whether guards.checkBody is still needed")
}

func TestMCPGoStillRefusesProxiesOnTheSameMachine(t *testing.T) {
	t.Parallel()
	h := server.NewStreamableHTTPServer(newServer(nil))
	ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
	assert.Equal(t, http.StatusForbidden, ask(ctx, h, http.MethodPost, "https://mcp.example.com/mcp", initialize).Code,
		"mcp-go no longer refuses what a proxy on the same machine passes on: remove WithDisableLocalhostProtection")
}

func TestMCPGoStillLetsSSECallsOutliveTheirStream(t *testing.T) {
	t.Parallel()
	registered, began, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	outlived := make(chan bool, 1)
	hooks := &server.Hooks{}
	hooks.AddOnRegisterSession(func(context.Context, server.ClientSession) { close(registered) })
	s := newServer(map[string]handler{"slow": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		close(began)
		<-gone
		outlived <- ctx.Err() == nil
		return mcp.NewToolResultText("done"), nil
	}}, server.WithHooks(hooks))
	h := server.NewSSEServer(s, server.WithSessionIDGenerator(func(context.Context, *http.Request) (string, error) { return "id", nil }))
	stream, leave := context.WithCancel(t.Context())
	headers := make(chan http.Header, 1)
	go func() { headers <- ask(stream, h, http.MethodGet, "/sse", "").Header() }()
	await(t, registered, "the stream is open")
	ask(t.Context(), h, http.MethodPost, "/message?sessionId=id", callLine(1, "slow", "{}"))
	await(t, began, "the call begins")
	leave()
	assert.Equal(t, "*", (<-headers).Get("Access-Control-Allow-Origin"),
		"mcp-go's SSE no longer lets all pages read its streams: see whether its SSEServer will do")
	close(gone)
	assert.True(t, <-outlived, "mcp-go no longer lets SSE calls outlive their stream: see whether its SSEServer will do")
}

func TestMCPGoStillValidatesWithoutWords(t *testing.T) {
	t.Parallel()
	s := server.NewMCPServer("test", "1", server.WithInputSchemaValidation())
	s.AddTool(mcp.NewToolWithRawSchema("strict", "", json.RawMessage(`{"type":"object","required":["name"]}`)), echo)
	assert.Contains(t, answerOf(t.Context(), t, s, callLine(1, "strict", "{}")), "Missing:[name]",
		"mcp-go no longer describes wrong arguments as Go structs: see whether its validation will do for the tools")
}

func TestMCPGoStillPassesOnPromptsWithoutTheirArguments(t *testing.T) {
	t.Parallel()
	s := server.NewMCPServer("test", "1", server.WithPromptCapabilities(false))
	needy := mcp.NewPrompt("needy", mcp.WithArgument("name", mcp.RequiredArgument()))
	s.AddPrompt(needy, func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return nil, errors.New("asked")
	})
	assert.Contains(t, answerOf(t.Context(), t, s, promptLine(1, "needy")), "asked",
		"mcp-go no longer passes on prompts without their required arguments: see whether prompts need to check")
}
