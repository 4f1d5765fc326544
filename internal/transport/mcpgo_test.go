package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// mcpgoStill are defects of mcp-go that we work around: each entry asserts that one is still there. MCPGO.md has the list. An entry
// that fails is good news.
var mcpgoStill = map[string]func(t *testing.T){
	"NeedsAStdioOfOurOwn": func(t *testing.T) {
		// One server after the other, since all share one session.
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
	},
	"AnswersAnswers": func(t *testing.T) {
		answer := answerOf(t, newServer(nil), `{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"x"}}`)
		assert.Contains(t, answer, `"error"`, "mcp-go no longer answers answers: remove envelope.isAnswer")
	},
	"RoundsNumbers": func(t *testing.T) {
		s := newServer(map[string]handler{"token": func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText(fmt.Sprintf("token %.0f", request.Params.Meta.ProgressToken)), nil
		}})
		answer := answerOf(t, s, callLine("9007199254740993", "token", `{},"_meta":{"progressToken":9007199254740993}`))
		assert.Contains(t, answer, `"id":9007199254740992`,
			"mcp-go no longer rounds large ids: remove call.requestID and the id from responseRewriter.rewriteAnswer")
		assert.Contains(t, answer, "token 9007199254740992",
			"mcp-go no longer rounds progress tokens: remove what call.notify does about them")
	},
	"AnswersCancelledCalls": func(t *testing.T) {
		var s *server.MCPServer
		s = newServer(map[string]handler{"cancelled": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			assert.Nil(t, s.HandleMessage(ctx, []byte(cancelLine(1))))
			return nil, ctx.Err()
		}})
		answer := answerOf(t, s, callLine(1, "cancelled", "{}"))
		assert.Contains(t, answer, "context canceled", "mcp-go no longer answers cancelled calls: remove call.closed")
	},
	"CancelsCallsOfOthers": func(t *testing.T) {
		var h http.Handler
		var cancelled bool
		mine := func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			line := strings.Replace(cancelLine(1), `"requestId":1`, `"requestId":1,`+modern, 1)
			post(context.WithoutCancel(t.Context()), h, line, stateless("somebody else", "notifications/cancelled", "")...)
			cancelled = ctx.Err() != nil
			return mcp.NewToolResultText("done"), nil
		}
		h = server.NewStreamableHTTPServer(newServer(map[string]handler{"mine": mine}))
		post(t.Context(), h, statelessCall(1, "mine", ""), stateless("me", "tools/call", "mine")...)
		assert.True(t, cancelled, "mcp-go no longer cancels calls of others where there is no session: remove cancelCall")
	},
	"SaysNothingToCallsThatWereEnded": func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		ended := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			end()
			return mcp.NewToolResultText("done"), nil
		}
		h := server.NewStreamableHTTPServer(newServer(map[string]handler{"ended": ended}))
		w := post(ctx, h, statelessCall(1, "ended", ""), stateless("me", "tools/call", "ended")...)
		assert.Empty(t, w.Body.String(), "mcp-go no longer leaves ended calls unanswered: remove that from responseRewriter.finish")
	},
	"MakesInternalErrorsOfAllErrors": func(t *testing.T) {
		s := promptServer(map[string]server.PromptHandlerFunc{"refused": refused})
		assert.Contains(t, answerOf(t, s, promptLine(1, "refused")), "-32603",
			"mcp-go no longer makes internal errors of all errors: remove Refuse")
	},
	"RevealsPanics": func(t *testing.T) {
		boom := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("the secret") }
		with := newServer(map[string]handler{"boom": boom}, server.WithRecovery())
		assert.Contains(t, answerOf(t, with, callLine(1, "boom", "{}")), "the secret",
			"mcp-go no longer reveals panics: remove what call.rewriteError does about them")
		without := newServer(map[string]handler{"boom": boom})
		assert.Panics(t, func() { without.HandleMessage(t.Context(), []byte(callLine(1, "boom", "{}"))) },
			"mcp-go no longer lets panics through: remove streamable.recover and the recovery of duplex.handle")
	},
	"LeavesOutWhichResourceIsMissing": func(t *testing.T) {
		s := newServer(nil, server.WithResourceCapabilities(false, false))
		answer := answerOf(t, s,
			`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"test://missing",`+modern+`}}`)
		assert.Contains(t, answer, "-32602")
		assert.NotContains(t, answer, `"data"`, "mcp-go no longer leaves out which resource is missing: remove the address from "+
			"call.rewriteError")
	},
	"ServesASessionToEverybody": func(t *testing.T) {
		h := server.NewStreamableHTTPServer(newServer(nil), server.WithStateful(true))
		id := post(t.Context(), h, initialize, "Authorization", "ann").Header().Get("Mcp-Session-Id")
		require.NotEmpty(t, id)
		w := post(t.Context(), h, pingLine(1), "Authorization", "bob", "Mcp-Session-Id", id)
		assert.Equal(t, http.StatusOK, w.Code, "mcp-go no longer serves a session to everybody: see whether its sessions will do")
	},
	"TakesSessionsThatItNeverOpened": func(t *testing.T) {
		h := server.NewStreamableHTTPServer(newServer(nil))
		w := post(t.Context(), h, pingLine(1), "Mcp-Session-Id", "mcp-session-00000000-0000-4000-8000-000000000000")
		assert.Equal(t, http.StatusOK, w.Code,
			"mcp-go no longer takes sessions that it never opened: see whether its default sessions will do")
	},
	"StoresEventsWithoutBound": func(t *testing.T) {
		store := server.NewInMemoryEventStore()
		for range 10_000 {
			_, err := store.StoreEvent(t.Context(), "session", "stream", json.RawMessage("{}"))
			require.NoError(t, err)
		}
		_, err := store.ReplayEventsAfter(t.Context(), "session", "1", func(string, json.RawMessage) error { return nil })
		assert.NoError(t, err, "mcp-go no longer stores events without bound: remove eventStore")
	},
	"LogsSessions": func(t *testing.T) {
		var log bytes.Buffer
		h := server.NewStreamableHTTPServer(newServer(nil), server.WithStreamableHTTPLogger(slog.New(slog.NewTextHandler(&log, nil))))
		id := post(t.Context(), h, initialize).Header().Get("Mcp-Session-Id")
		require.NotEmpty(t, id)
		post(t.Context(), h, `{"jsonrpc":"2.0","id":5,"result":{"model":"x"}}`, "Mcp-Session-Id", id)
		assert.Contains(t, log.String(), id, "mcp-go no longer logs this session: see whether sessionRedactor is still needed")
	},
	"HasNoGuards": func(t *testing.T) {
		h := server.NewStreamableHTTPServer(newServer(nil))
		large := strings.Replace(initialize, "{", `{"padding":"`+strings.Repeat("x", 2<<20)+`",`, 1)
		assert.Equal(t, http.StatusOK, post(t.Context(), h, large).Code,
			"mcp-go no longer takes bodies of any size: see whether guards.checkBody is still needed")
		assert.Equal(t, http.StatusOK, post(t.Context(), h, initialize, "Origin", "https://evil.example").Code,
			"mcp-go no longer takes any origin: see whether guards.checkOrigin is still needed")
		sse := server.NewSSEServer(newServer(nil))
		w := ask(t.Context(), sse, http.MethodPost, "/message?sessionId=unknown", "{}",
			"Content-Type", "text/plain", "Origin", "https://evil.example")
		assert.Contains(t, w.Body.String(), "Invalid session ID",
			"mcp-go's SSE no longer takes simple requests across origins: see whether guards.checkBody is still needed")
	},
	"RefusesProxiesOnTheSameMachine": func(t *testing.T) {
		h := server.NewStreamableHTTPServer(newServer(nil))
		ctx := context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
		assert.Equal(t, http.StatusForbidden, ask(ctx, h, http.MethodPost, "https://mcp.example.com/mcp", initialize).Code,
			"mcp-go no longer refuses what a proxy on the same machine passes on: remove WithDisableLocalhostProtection")
	},
	"LetsSSECallsOutliveTheirStream": func(t *testing.T) {
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
		name := func(context.Context, *http.Request) (string, error) { return "id", nil }
		h := server.NewSSEServer(s, server.WithSessionIDGenerator(name))
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
	},
	"ValidatesWithoutWords": func(t *testing.T) {
		s := server.NewMCPServer("test", "1", server.WithInputSchemaValidation())
		s.AddTool(mcp.NewToolWithRawSchema("strict", "", json.RawMessage(`{"type":"object","required":["name"]}`)), echo)
		assert.Contains(t, answerOf(t, s, callLine(1, "strict", "{}")), "Missing:[name]",
			"mcp-go no longer describes wrong arguments as Go structs: see whether its validation will do for the tools")
	},
	"PassesOnPromptsWithoutTheirArguments": func(t *testing.T) {
		s := server.NewMCPServer("test", "1", server.WithPromptCapabilities(false))
		needy := mcp.NewPrompt("needy", mcp.WithArgument("name", mcp.RequiredArgument()))
		s.AddPrompt(needy, func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return nil, errors.New("asked")
		})
		assert.Contains(t, answerOf(t, s, promptLine(1, "needy")), "asked",
			"mcp-go no longer passes on prompts without their required arguments: see whether prompts need to check")
	},
}

func TestMCPGoStill(t *testing.T) {
	t.Parallel()
	for name, test := range mcpgoStill {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func TestEveryTestThatMCPGOMDNamesExists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("MCPGO.md")
	require.NoError(t, err)
	var sources strings.Builder
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		sources.Write(source)
	}
	named := regexp.MustCompile(`\bTest[A-Z]\w+(/\w+)?`).FindAllString(string(text), -1)
	for _, name := range named {
		if entry, ok := strings.CutPrefix(name, "TestMCPGoStill/"); ok {
			assert.Contains(t, mcpgoStill, entry, "MCPGO.md names it")
		} else {
			assert.Contains(t, sources.String(), "func "+name+"(t ", "MCPGO.md names it")
		}
	}
	for entry := range mcpgoStill {
		assert.Contains(t, named, "TestMCPGoStill/"+entry, "MCPGO.md does not say what it is about")
	}
}

// answerOf is mcp-go's answer to one message, as JSON.
func answerOf(t *testing.T, s *server.MCPServer, text string) string {
	t.Helper()
	line, err := json.Marshal(s.HandleMessage(t.Context(), []byte(text)))
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

func post(ctx context.Context, h http.Handler, body string, headers ...string) *httptest.ResponseRecorder {
	return ask(ctx, h, http.MethodPost, "/mcp", body, headers...)
}
