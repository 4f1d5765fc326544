package transport_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
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
	"golang.org/x/text/encoding/unicode"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/transport"
)

// Most tests run in a synctest bubble: it fails the test if a goroutine of Run outlives it, and makes its waits instant.

const initialize = `{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`

// modern is the _meta that a request of 2026-07-28 carries.
const modern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

type handler = server.ToolHandlerFunc

// newServer returns a server with the given tools.
func newServer(tools map[string]handler, options ...server.ServerOption) *server.MCPServer {
	s := server.NewMCPServer("test", "1", append([]server.ServerOption{server.WithToolCapabilities(false)}, options...)...)
	for name, handle := range tools {
		s.AddTool(mcp.NewTool(name), handle)
	}
	return s
}

func echo(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	return mcp.NewToolResultText(request.GetString("text", "")), nil
}

// message is a JSON-RPC message from the server.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	raw string
}

// peer is the client's end of a running Stdio.
type peer struct {
	t        *testing.T
	input    *io.PipeWriter
	messages chan message
	ended    chan error
	stop     context.CancelFunc
	log      *lockedBuffer
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// start runs a Stdio until its input is closed or it is stopped.
func start(t *testing.T, s *server.MCPServer, configure ...func(*transport.Stdio)) *peer {
	t.Helper()
	in, input := io.Pipe()
	output, out := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	p := &peer{t: t, input: input, messages: make(chan message, 10_000), ended: make(chan error, 1), stop: stop, log: &lockedBuffer{}}
	stdio := &transport.Stdio{Server: s, In: in, Out: out, Logger: slog.New(slog.NewTextHandler(p.log, nil))}
	for _, configure := range configure {
		configure(stdio)
	}
	go func() {
		err := stdio.Run(ctx)
		_ = out.Close()
		_ = in.Close() // releases a reader that is blocked when the context ended
		p.ended <- err
	}()
	go func() {
		defer close(p.messages)
		reader := bufio.NewReader(output)
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				assert.Empty(t, line, "every line is whole")
				return
			}
			var m message
			assert.NoError(t, json.Unmarshal([]byte(line), &m), line)
			m.raw = line
			p.messages <- m
		}
	}()
	return p
}

func (p *peer) send(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		_, err := io.WriteString(p.input, line+"\n")
		require.NoError(p.t, err)
	}
}

// initialize shakes hands.
func (p *peer) initialize() {
	p.t.Helper()
	p.send(initialize)
	require.Equal(p.t, `"init"`, string(p.next().ID))
}

func (p *peer) next() message {
	p.t.Helper()
	m, ok := <-p.messages
	require.True(p.t, ok, "the server has ended")
	return m
}

// finish closes the input and returns what was still to come.
func (p *peer) finish() []message {
	p.t.Helper()
	require.NoError(p.t, p.input.Close())
	require.NoError(p.t, <-p.ended)
	p.stop()
	var rest []message
	for m := range p.messages {
		rest = append(rest, m)
	}
	return rest
}

func callLine(id any, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, id, tool, arguments)
}

func cancelLine(id any) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%v}}`, id)
}

func pingLine(id any) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":"ping"}`, id)
}

func ids(messages []message) []string {
	list := make([]string, 0, len(messages))
	for _, m := range messages {
		list = append(list, string(m.ID))
	}
	return list
}

// bubble runs a parallel test in a synctest bubble.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func TestPipelinedCallsAreAllAnsweredThoughInputEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newGate()
		p := start(t, g.server())
		var want []string
		for i := range 78 {
			p.send(callLine(i, "gate", "{}"))
			want = append(want, fmt.Sprint(i))
		}
		require.NoError(t, p.input.Close())
		synctest.Wait() // the end of input is known by now
		close(g.let)
		answers := p.finish()
		assert.ElementsMatch(t, want, ids(answers))
		for _, answer := range answers {
			assert.Contains(t, answer.raw, `"let go"`, "also without a handshake")
		}
	})
}

func TestProgressComesBeforeTheResultOfItsCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		steps := func(notify func(ctx context.Context, method string, params map[string]any) error) handler {
			return func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				for i := range 5 {
					assert.NoError(t, notify(ctx, "notifications/progress", map[string]any{
						"progressToken": request.Params.Meta.ProgressToken, "progress": i}))
				}
				return mcp.NewToolResultText("done"), nil
			}
		}
		p := start(t, newServer(map[string]handler{
			"ours": steps(transport.Notify),
			"theirs": steps(func(ctx context.Context, method string, params map[string]any) error {
				return server.ServerFromContext(ctx).SendNotificationToClient(ctx, method, params)
			}),
		}))
		p.initialize()
		for i := range 40 {
			p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"_meta":{"progressToken":%d}}}`,
				i, []string{"ours", "theirs"}[i%2], i))
		}
		seen := map[string]int{}
		for _, m := range p.finish() {
			if m.Method == "" {
				assert.Equal(t, 5, seen[string(m.ID)], "before the result of %s", m.ID)
				seen[string(m.ID)] = 100
				continue
			}
			var params struct {
				ProgressToken json.Number `json:"progressToken"`
				Progress      int         `json:"progress"`
			}
			require.NoError(t, json.Unmarshal(m.Params, &params))
			assert.Equal(t, seen[params.ProgressToken.String()], params.Progress, "in order and never after the result")
			seen[params.ProgressToken.String()]++
		}
		assert.Len(t, seen, 40)
	})
}

func TestACancelledCallIsNotAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		started := make(chan struct{})
		var late error
		p := start(t, newServer(map[string]handler{"slow": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			close(started)
			<-ctx.Done()
			late = transport.Notify(context.WithoutCancel(ctx), "notifications/progress", nil)
			return mcp.NewToolResultError("cancelled"), nil
		}}))
		p.send(callLine(`"a"`, "slow", "{}"))
		<-started
		p.send(cancelLine(`"\u0061"`), cancelLine(`"unknown"`), cancelLine("null"), pingLine(2))
		assert.Equal(t, []string{"2"}, ids(p.finish()))
		assert.ErrorIs(t, late, context.Canceled, "nor is anything else sent for it")
	})
}

func TestACancellationRightBehindItsRequestIsNotLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newGate().server(), func(s *transport.Stdio) { s.Workers = 2 })
		for i := range 200 {
			p.send(callLine(i, "gate", "{}"), cancelLine(i))
		}
		assert.Empty(t, p.finish())
	})
}

func TestIdsAndProgressTokensComeBackAsWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"progress": func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult,
			error) {
			assert.NoError(t, transport.Notify(ctx, "notifications/progress",
				map[string]any{"progressToken": request.Params.Meta.ProgressToken, "progress": 1}))
			return mcp.NewToolResultText("done"), nil
		}}))
		want := []string{`9007199254740993`, `12345678901234567890123`, `-1`, `0`, `1.50`, `""`, `"x y"`, `"é\"\\"`}
		for _, id := range want {
			p.send(pingLine(id))
			assert.Equal(t, id, string(p.next().ID))
			p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"progress","_meta":{"progressToken":%s}}}`,
				id, id))
			assert.Contains(t, p.next().raw, `"progressToken":`+id+`}`)
			assert.Equal(t, id, string(p.next().ID))
			p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"no/such"}`, id))
			refused := p.next()
			assert.Equal(t, id, string(refused.ID))
			require.NotNil(t, refused.Error)
			assert.Equal(t, mcp.METHOD_NOT_FOUND, refused.Error.Code)
		}
		assert.Empty(t, p.finish())
	})
}

func TestACallIsCancelledByItsExactId(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newGate()
		p := start(t, g.server())
		// As float64 the first two are the same, and 7 is not "7".
		p.send(callLine("9007199254740992", "gate", "{}"), callLine("9007199254740993", "gate", "{}"),
			callLine("7", "gate", "{}"), callLine(`"7"`, "gate", "{}"),
			cancelLine("9007199254740993"), cancelLine("7"))
		synctest.Wait()
		close(g.let)
		assert.ElementsMatch(t, []string{"9007199254740992", `"7"`}, ids(p.finish()))
	})
}

func TestAnIdThatIsUsedTwiceIsAnsweredTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"echo": echo}))
		p.send(callLine(1, "echo", `{"text":"a"}`), callLine(1, "echo", `{"text":"b"}`))
		assert.Equal(t, []string{"1", "1"}, ids(p.finish()))
	})
}

func TestLinesThatAreNotRequestsDoNotEndTheSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(nil))
		for line, code := range map[string]int{
			`hello`: mcp.PARSE_ERROR, `{"jsonrpc":`: mcp.PARSE_ERROR, `{} {}`: mcp.PARSE_ERROR,
			strings.Repeat("[", 20_000):           mcp.PARSE_ERROR,
			`[` + pingLine(1) + `]`:               mcp.INVALID_REQUEST,
			`5`:                                   mcp.INVALID_REQUEST,
			`null`:                                mcp.INVALID_REQUEST,
			`{"jsonrpc":"2.0","id":1,"method":5}`: mcp.INVALID_REQUEST,
			`{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}`: mcp.INVALID_REQUEST,
			`{"jsonrpc":"2.0","id":true,"method":"ping"}`:    mcp.INVALID_REQUEST,
		} {
			p.send(line)
			refused := p.next()
			assert.Equal(t, "null", string(refused.ID), line)
			if assert.NotNil(t, refused.Error, line) {
				assert.Equal(t, code, refused.Error.Code, line)
			}
		}
		p.send(`{"id":4,"method":"ping"}`)
		assert.Equal(t, "4", string(p.next().ID), "a wrong version is refused with its id")
		// None of these is answered.
		p.send("", "  \t", "\r", `{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"x"}}`,
			`{"jsonrpc":"2.0","method":"notifications/initialized"}`, `{"jsonrpc":"2.0","id":null,"method":"ping"}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":[1]}`)
		p.send(pingLine(5) + "\r")
		assert.Equal(t, "5", string(p.next().ID))
		_, err := io.WriteString(p.input, pingLine(6)) // a last line without an end
		require.NoError(t, err)
		assert.Equal(t, []string{"6"}, ids(p.finish()))
	})
}

func TestAClientMayWriteAnyByteOrderMark(t *testing.T) {
	for name, encode := range map[string]func(string) (string, error){
		"UTF-8":    unicode.UTF8BOM.NewEncoder().String,
		"UTF-16LE": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String,
		"UTF-16BE": unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := start(t, newServer(map[string]handler{"echo": echo}))
				sent, err := encode(callLine(1, "echo", `{"text":"Brzęczyszczykiewicz 茶"}`) + "\r\n" + pingLine(2) + "\r\n")
				require.NoError(t, err)
				_, err = io.WriteString(p.input, sent)
				require.NoError(t, err)
				got := p.finish()
				require.ElementsMatch(t, []string{"1", "2"}, ids(got))
				assert.Contains(t, got[0].raw+got[1].raw, "Brzęczyszczykiewicz 茶")
			})
		})
	}
}

// nothings are what clients send as params to say nothing.
func nothings() []string { return []string{"{}", "[]", `""`, "null", " [ ] "} }

// emptyRequests are requests that need no params, by their method.
func emptyRequests(params string) map[string]string {
	requests := map[string]string{}
	for _, method := range []string{"ping", "tools/list", "prompts/list", "resources/list", "resources/templates/list"} {
		requests[method] = fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"method":%q,"params":%s}`, method, method, params)
	}
	return requests
}

func newListingServer() *server.MCPServer {
	return newServer(map[string]handler{"echo": echo}, server.WithPromptCapabilities(false), server.WithResourceCapabilities(false, false))
}

func TestParamsThatSayNothingAreNone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newListingServer())
		p.initialize()
		for _, params := range nothings() {
			for method, line := range emptyRequests(params) {
				p.send(line)
				got := p.next()
				assert.Equal(t, fmt.Sprintf("%q", method), string(got.ID))
				assert.Nil(t, got.Error, "%s %s: %s", method, params, got.raw)
			}
			p.send(`{"jsonrpc":"2.0","id":12345678901234567890,"method":"tools/call","params":` + params + `}`)
			got := p.next()
			assert.Equal(t, "12345678901234567890", string(got.ID))
			require.NotNil(t, got.Error, params)
			assert.Equal(t, mcp.INVALID_PARAMS, got.Error.Code, "%s: there is no tool without a name: %s", params, got.raw)
			p.send(`{"jsonrpc":"2.0","method":"notifications/initialized","params":` + params + `}`)
		}
		for _, params := range []string{"[1]", `"x"`, "5", "true", `[{}]`} {
			p.send(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":` + params + `}`)
			assert.NotNil(t, p.next().Error, "%s says something that cannot be understood", params)
		}
		assert.Empty(t, p.finish())
	})
}

func TestAnOverlongLineIsSkipped(t *testing.T) {
	logtest.NotUnderRace(t)
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"echo": echo}))
		const most = 16 << 20
		atLimit := `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"` + strings.Repeat("x", most) + `"}}`
		atLimit = strings.Replace(atLimit, strings.Repeat("x", len(atLimit)-most), "", 1)
		require.Len(t, atLimit, most)
		p.send(atLimit+"\r", atLimit+" ", pingLine(3))
		messages := p.finish()
		assert.ElementsMatch(t, []string{"1", "null", "3"}, ids(messages))
		for _, m := range messages {
			if string(m.ID) == "null" {
				require.NotNil(t, m.Error)
				assert.Equal(t, "message skipped: longer than 16 MiB", m.Error.Message)
			}
		}
	})
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("secret") }

type unmarshallable struct{}

func (unmarshallable) MarshalJSON() ([]byte, error) { return nil, errors.New("secret") }

func TestTheTextOfAPanicStaysInTheLog(t *testing.T) {
	tools := map[string]handler{
		"panic": func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) { panic("secret") },
		"late": func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultStructuredOnly(panicking{}), nil
		},
		"broken": func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{}, StructuredContent: unmarshallable{}}, nil
		},
	}
	for name, options := range map[string][]server.ServerOption{
		"plain":         nil,
		"with recovery": {server.WithRecovery(), server.WithResourceRecovery()},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newServer(tools, append(options, server.WithResourceCapabilities(false, false),
					server.WithPromptCapabilities(false))...)
				s.AddResource(mcp.NewResource("x://panic", "panic"),
					func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
						panic("secret")
					})
				s.AddPrompt(mcp.NewPrompt("panic"), func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
					panic("secret")
				})
				s.AddNotificationHandler("notifications/panic", func(context.Context, mcp.JSONRPCNotification) { panic("secret") })
				p := start(t, s)
				p.send(`{"jsonrpc":"2.0","method":"notifications/panic"}`)
				for id, line := range []string{
					callLine(0, "panic", "{}"),
					callLine(1, "late", "{}"),
					callLine(2, "broken", "{}"),
					`{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"x://panic"}}`,
					`{"jsonrpc":"2.0","id":4,"method":"prompts/get","params":{"name":"panic"}}`,
				} {
					p.send(line)
					answer := p.next()
					assert.Equal(t, fmt.Sprint(id), string(answer.ID))
					assert.NotContains(t, answer.raw, "secret")
					assert.NotContains(t, answer.raw, "goroutine")
					if assert.NotNil(t, answer.Error, line) {
						assert.Equal(t, mcp.INTERNAL_ERROR, answer.Error.Code)
						assert.Equal(t, "internal error; the server's log has the details", answer.Error.Message)
					}
				}
				assert.Empty(t, p.finish())
				assert.Equal(t, 6, strings.Count(p.log.String(), "level=ERROR"))
				assert.Contains(t, p.log.String(), "secret")
			})
		})
	}
}

func TestStoppingCancelsCallsAndWritesNothingMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newGate()
		p := start(t, g.server(), func(s *transport.Stdio) { s.Workers = 1 })
		p.send(callLine(1, "gate", "{}"), callLine(2, "gate", "{}"))
		<-g.began
		p.stop()
		require.NoError(t, <-p.ended)
		<-g.cancelled
		_, more := <-p.messages
		assert.False(t, more)
	})
}

func TestAStoppedClientThatDoesNotReadHoldsNothingUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		output, out := io.Pipe() // nobody reads it
		in, input := io.Pipe()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- (&transport.Stdio{Server: newServer(map[string]handler{"echo": echo}), In: in, Out: out}).Run(ctx)
		}()
		for i := range 50 {
			_, err := io.WriteString(input, callLine(i, "echo", "{}")+"\n")
			require.NoError(t, err)
		}
		synctest.Wait()
		stop()
		require.NoError(t, <-ended)
		// What the pipes hold is released by their ends, as by the process's.
		require.NoError(t, output.Close())
		require.NoError(t, input.Close())
	})
}

func TestABrokenOutputEndsTheSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		output, out := io.Pipe()
		in, input := io.Pipe()
		require.NoError(t, output.CloseWithError(errors.New("broken pipe")))
		ended := make(chan error, 1)
		g := newGate()
		go func() { ended <- (&transport.Stdio{Server: g.server(), In: in, Out: out}).Run(t.Context()) }()
		_, err := io.WriteString(input, callLine(1, "gate", "{}")+"\n")
		require.NoError(t, err)
		<-g.began
		_, err = io.WriteString(input, pingLine(2)+"\n")
		require.NoError(t, err)
		assert.EqualError(t, <-ended, "writing to the client: broken pipe")
		<-g.cancelled
		require.NoError(t, input.Close())
	})
}

func TestABrokenInputEndsTheSessionAfterTheAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"echo": echo}))
		p.send(callLine(1, "echo", `{"text":"x"}`))
		require.NoError(t, p.input.CloseWithError(errors.New("broken pipe")))
		assert.EqualError(t, <-p.ended, "reading from the client: broken pipe")
		assert.Equal(t, "1", string(p.next().ID))
		p.stop()
	})
}

func TestCallsThatOutlastTheDrainTimeoutAreCancelledAndAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newGate().server(), func(s *transport.Stdio) { s.Workers = 1 })
		p.send(callLine(1, "gate", "{}"), callLine(2, "gate", "{}"))
		begin := time.Now()
		answers := p.finish()
		assert.Equal(t, 5*time.Minute, time.Since(begin), "by the bubble's clock")
		assert.ElementsMatch(t, []string{"1", "2"}, ids(answers), "also the one that never ran")
	})
}

func TestAHandlerThatIgnoresCancellationDoesNotHoldUpTheEnd(t *testing.T) {
	for name, end := range map[string]func(p *peer){
		"cancelled by the client": func(p *peer) { p.send(cancelLine(1)); _ = p.input.Close() },
		"drain timeout":           func(p *peer) { _ = p.input.Close() },
		"stopped":                 func(p *peer) { p.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				gate := make(chan struct{})
				p := start(t, newServer(map[string]handler{"deaf": func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
					<-gate
					return mcp.NewToolResultText("late"), nil
				}}), func(s *transport.Stdio) { s.DrainTimeout = time.Hour })
				p.send(callLine(1, "deaf", "{}"))
				synctest.Wait()
				end(p)
				require.NoError(t, <-p.ended)
				close(gate)
				for m := range p.messages {
					assert.Fail(t, "nothing is written any more", m.raw)
				}
				p.stop()
			})
		})
	}
}

func TestBothProtocolErasShareOnePipe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"echo": echo}))
		p.send(`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{` + modern + `}}`)
		assert.Contains(t, p.next().raw, `"supportedVersions"`)
		p.send(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"new"},` + modern + `}}`)
		assert.Contains(t, p.next().raw, `"resultType":"complete"`)
		p.send(initialize)
		assert.Contains(t, p.next().raw, `"protocolVersion":"2025-11-25"`)
		p.send(callLine(3, "echo", `{"text":"old"}`))
		old := p.next().raw
		assert.Contains(t, old, `"old"`)
		assert.NotContains(t, old, "resultType")
		assert.Empty(t, p.finish())
	})
}

func TestPipelinedInitializeIsAnsweredFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"who": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo)
			if !ok {
				return mcp.NewToolResultError("no session"), nil
			}
			return mcp.NewToolResultText("client " + session.GetClientInfo().Name), nil
		}}))
		p.send(initialize, callLine(1, "who", "{}"))
		assert.Equal(t, `"init"`, string(p.next().ID))
		assert.Contains(t, p.next().raw, "client test")
		assert.Empty(t, p.finish())
	})
}

func TestAnOpenSubscriptionDoesNotHoldUpTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(nil, server.WithToolCapabilities(true)))
		p.send(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + modern +
			`}}`)
		assert.Equal(t, "notifications/subscriptions/acknowledged", p.next().Method)
		synctest.Wait()
		begin := time.Now()
		assert.Equal(t, []string{"1"}, ids(p.finish()))
		assert.Zero(t, time.Since(begin), "by the bubble's clock")
	})
}

func TestSlowToolsNeverExceedTheWorkersNorHoldUpOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		var running, most atomic.Int32
		p := start(t, newServer(map[string]handler{"slow": func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			<-gate
			running.Add(-1)
			return mcp.NewToolResultText("done"), nil
		}}), func(s *transport.Stdio) { s.Workers = 3 })
		for i := range 20 {
			p.send(callLine(i, "slow", "{}"))
		}
		synctest.Wait()
		assert.EqualValues(t, 3, running.Load())
		p.send(`{"jsonrpc":"2.0","id":100,"method":"tools/list"}`)
		assert.Equal(t, "100", string(p.next().ID))
		close(gate)
		assert.Len(t, p.finish(), 20)
		assert.EqualValues(t, 3, most.Load())
	})
}

func TestThousandsOfPipelinedCallsAreAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"echo": echo}))
		for i := range 5000 {
			p.send(callLine(i, "echo", `{"text":"x"}`))
		}
		assert.Len(t, p.finish(), 5000)
	})
}

func TestNotificationsOfTheServerReachTheClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newServer(map[string]handler{"echo": echo}, server.WithToolCapabilities(true))
		p := start(t, s)
		p.initialize()
		s.AddTool(mcp.NewTool("another"), echo)
		assert.Equal(t, "notifications/tools/list_changed", p.next().Method)
		assert.Empty(t, p.finish())
	})
}

func TestALogLevelHoldsForTheRequestsBehindIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"log": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			for _, level := range []mcp.LoggingLevel{mcp.LoggingLevelDebug, mcp.LoggingLevelInfo} {
				assert.NoError(t, server.ServerFromContext(ctx).SendLogMessageToClient(ctx,
					mcp.NewLoggingMessageNotification(level, "test", "x")))
			}
			return mcp.NewToolResultText("done"), nil
		}}, server.WithLogging()))
		p.send(initialize, callLine(1, "log", "{}"))
		assert.Equal(t, `"init"`, string(p.next().ID))
		assert.Equal(t, "1", string(p.next().ID), "only errors unless asked for more")
		p.send(`{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"info"}}`, callLine(3, "log", "{}"))
		// What the second call notifies of may overtake the first one's answer.
		before := []message{p.next(), p.next()}
		slices.SortFunc(before, func(a, b message) int { return strings.Compare(a.Method, b.Method) })
		assert.Equal(t, "2", string(before[0].ID))
		assert.Equal(t, "notifications/message", before[1].Method)
		assert.Contains(t, before[1].raw, `"level":"info"`)
		assert.Equal(t, []string{"3"}, ids(p.finish()))
	})
}

func TestAServerServesSeveralPipesAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newServer(map[string]handler{"notifying": func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			text := request.GetString("text", "")
			return mcp.NewToolResultText(text), transport.Notify(ctx, "notifications/message",
				map[string]any{"level": "info", "data": text})
		}})
		first, second := start(t, s), start(t, s)
		for range 10 {
			first.send(callLine(1, "notifying", `{"text":"for the first"}`))
			second.send(callLine(1, "notifying", `{"text":"for the second"}`))
			for p, text := range map[*peer]string{first: "for the first", second: "for the second"} {
				for range 2 { // the notification, and the answer
					assert.Contains(t, p.next().raw, text)
				}
			}
		}
		assert.Empty(t, first.finish())
		second.send(pingLine(2))
		assert.Equal(t, []string{"2"}, ids(second.finish()))
	})
}

func TestNotifyOutsideARequestIsAnError(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, transport.Notify(t.Context(), "notifications/progress", nil), "notify: the context belongs to no MCP request")
}

func TestANotificationThatIsNotJSONIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, newServer(map[string]handler{"work": func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			assert.Error(t, transport.Notify(ctx, "notifications/x", map[string]any{"bad": func() {}}))
			return mcp.NewToolResultText("done"), nil
		}}))
		p.send(callLine(1, "work", "{}"))
		assert.Len(t, p.finish(), 1)
	})
}

// FuzzInput checks that whatever a client writes, Run ends in peace, every line of output is a JSON-RPC message, and a request that follows
// is answered.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{
		"", "\n\r\n", initialize, pingLine(1), "[]", "nonsense", pingLine("1e400"), "\xff\xfe", pingLine(`"\ud800"`),
		callLine(1, "echo", `{"text":5}`) + "\n" + cancelLine(1), `{"jsonrpc":"2.0","id":1,"result":{}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}`, `{"ID":1,"jsonrpc":"2.0","METHOD":"ping"}`,
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{` + modern + `}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if bytes.Contains(input, []byte("last")) {
			t.Skip("the id of the request that must be answered")
		}
		var out lockedBuffer
		in := io.MultiReader(bytes.NewReader(input), strings.NewReader("\n"+pingLine(`"last"`)+"\n"))
		s := newServer(map[string]handler{"echo": echo}, server.WithToolCapabilities(true))
		require.NoError(t, (&transport.Stdio{Server: s, In: in, Out: &out}).Run(t.Context()))
		answered := false
		for line := range strings.Lines(out.String()) {
			var m message
			require.NoError(t, json.Unmarshal([]byte(line), &m), line)
			answered = answered || string(m.ID) == `"last"`
		}
		isUTF16 := bytes.HasPrefix(input, []byte("\xff\xfe")) || bytes.HasPrefix(input, []byte("\xfe\xff"))
		require.True(t, answered || isUTF16, "%q: %s", input, out.String()) // in which the last request is not written
	})
}
