package transport_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/transport"
)

// promptServer has prompts besides a tool that returns the text it was given.
func promptServer(handlers map[string]server.PromptHandlerFunc, options ...server.ServerOption) *server.MCPServer {
	s := newServer(map[string]handler{"echo": echo}, append([]server.ServerOption{server.WithPromptCapabilities(false)}, options...)...)
	for name, handle := range handlers {
		s.AddPrompt(mcp.NewPrompt(name), handle)
	}
	return s
}

func promptLine(id any, name string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":"prompts/get","params":{"name":%q}}`, id, name)
}

func refused(ctx context.Context, _ mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	transport.Refuse(ctx, mcp.INVALID_PARAMS)
	return nil, errors.New("no such month")
}

func failed(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	return nil, errors.New("Make is down")
}

func TestARefusalDecidesTheCodeOfAnErrorOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, promptServer(map[string]server.PromptHandlerFunc{
			"refused": refused,
			"failed":  failed,
			"content": func(ctx context.Context, _ mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				transport.Refuse(ctx, mcp.INVALID_PARAMS)
				return mcp.NewGetPromptResult("all is well", nil), nil
			},
			"panics": func(ctx context.Context, _ mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				transport.Refuse(ctx, mcp.INVALID_PARAMS)
				panic("a secret place")
			},
		}))
		p.initialize()
		for _, test := range []struct{ prompt, want string }{
			{"refused", `{"code":-32602,"message":"no such month"}`},
			{"failed", `{"code":-32603,"message":"Make is down"}`}, // another request, though it has the same id
			{"content", `"all is well"`},
			{"panics", `{"code":-32603,"message":"internal error; the server's log has the details"}`}, // our mistake in any case
		} {
			p.send(promptLine(1, test.prompt))
			answer := p.next()
			assert.Equal(t, "1", string(answer.ID))
			assert.Contains(t, answer.raw, test.want)
			assert.NotContains(t, answer.raw, "secret")
		}
		assert.Empty(t, p.finish())
	})
}

func TestOnlyTheRefusedOneOfManyRequestsHasTheCode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		gated := func(handle server.PromptHandlerFunc) server.PromptHandlerFunc {
			return func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				result, err := handle(ctx, request)
				<-gate
				return result, err
			}
		}
		p := start(t, promptServer(map[string]server.PromptHandlerFunc{"refused": gated(refused), "failed": gated(failed)}))
		p.initialize()
		for i := range 40 {
			p.send(promptLine(i, []string{"refused", "failed"}[i%2]))
		}
		p.send(callLine(100, "echo", `{"text":"hello"}`), promptLine(101, "unknown"),
			`{"jsonrpc":"2.0","id":102,"method":"no/such/method"}`)
		synctest.Wait() // all have run by now, side by side
		close(gate)
		codes := map[string]int{}
		for _, answer := range p.finish() {
			codes[string(answer.ID)] = 0
			if answer.Error != nil {
				codes[string(answer.ID)] = answer.Error.Code
			}
		}
		assert.Len(t, codes, 43)
		for i := range 40 {
			want := mcp.INVALID_PARAMS
			if i%2 == 1 {
				want = mcp.INTERNAL_ERROR
			}
			assert.Equal(t, want, codes[fmt.Sprint(i)], "%d", i)
		}
		assert.Zero(t, codes["100"])
		assert.Equal(t, mcp.INVALID_PARAMS, codes["101"], "mcp-go's own")
		assert.Equal(t, mcp.METHOD_NOT_FOUND, codes["102"], "mcp-go's own")
	})
}

func TestWhatTheErrorsOfMCPGoRepeatIsClean(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := start(t, promptServer(nil))
		p.initialize()
		const hostile = `![x](//e.example)<img>\u202e\u001b[31m`
		for method, params := range map[string]string{
			"prompts/get": `{"name":"` + hostile + `"}`, "tools/call": `{"name":"` + hostile + `"}`, hostile: `{}`,
		} {
			p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}`, method, params))
			message := p.next().Error.Message
			assert.Contains(t, message, "…")
			assert.Contains(t, message, "not found")
			assert.NotContains(t, message, "e.example")
			assert.NotContains(t, message, "\x1b")
		}
		assert.Empty(t, p.finish())
	})
}

func TestRefuseIsHarmlessOutsideOfARequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		assert.NotPanics(t, func() { transport.Refuse(t.Context(), mcp.INVALID_PARAMS) })
		// Nor does it matter once the request is answered or cancelled.
		var kept context.Context
		p := start(t, promptServer(map[string]server.PromptHandlerFunc{
			"kept": func(ctx context.Context, _ mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				kept = context.WithoutCancel(ctx)
				return nil, errors.New("answered")
			},
			"slow": func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				<-ctx.Done()
				return refused(ctx, request)
			},
		}))
		p.initialize()
		p.send(promptLine(1, "kept"))
		assert.Equal(t, mcp.INTERNAL_ERROR, p.next().Error.Code)
		transport.Refuse(kept, mcp.INVALID_PARAMS)
		p.send(promptLine(2, "slow"), cancelLine(2), promptLine(3, "kept"))
		answer := p.next()
		assert.Equal(t, "3", string(answer.ID), "what is cancelled is not answered")
		assert.Equal(t, mcp.INTERNAL_ERROR, answer.Error.Code)
		assert.Empty(t, p.finish())
	})
}
