package prompts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/prompts"
)

// maxPrompt is how many characters a prompt may have in all.
const maxPrompt = 60_000

// listPath is where the organization's log is read.
var listPath = fmt.Sprintf("%s/audit-logs/organization/%d", makesim.BasePath, makesim.DemoOrganizationID)

func now() time.Time { return audittest.Now() }

func demoWorld() *makesim.World { return audittest.Demo() }

type upstream struct{ *audittest.Upstream }

func start(t testing.TB, world *makesim.World) *upstream {
	t.Helper()
	return &upstream{audittest.Start(t, world, makesim.Options{Seed: 1})}
}

// reads are the requests for the organization's log so far.
func (u *upstream) reads() []makesim.Request {
	var found []makesim.Request
	for _, request := range u.Requests() {
		if request.Path == listPath {
			found = append(found, request)
		}
	}
	return found
}

// entries are those of the organization in a window, newest first.
func (u *upstream) entries(from, to time.Time) []makesim.Entry {
	return u.Dumped(audittest.Within(from, to))
}

// caller is a client that gets prompts.
type caller struct{ *mcptest.Client }

func (u *upstream) caller(key string) *caller {
	u.T.Helper()
	service := u.Service(key)
	return connect(u.T, func(context.Context) (*analysis.Service, error) { return service, nil })
}

func connect(t testing.TB, service func(context.Context) (*analysis.Service, error)) *caller {
	t.Helper()
	return serve(t, prompts.Config{Service: service, Refuse: transport.Refuse})
}

func serve(t testing.TB, config prompts.Config) *caller {
	t.Helper()
	served := server.NewMCPServer("test", "1", server.WithPromptCapabilities(false))
	prompts.Register(served, config)
	return &caller{mcptest.Connect(t.Context(), t, served)}
}

// in is the caller for a subtest.
func (c *caller) in(t testing.TB) *caller { return &caller{c.In(t)} }

// part is one question of a prompt and what became of it.
type part struct {
	tool      string
	arguments map[string]any
	// answer is the tool's result as JSON; empty where problem says why.
	answer  string
	problem string
}

// review is a prompt as it was got: what it asks, and its parts.
type review struct {
	t     testing.TB
	ask   string
	parts []part
}

func (c *caller) get(name string, arguments map[string]string) (*mcp.GetPromptResult, error) {
	request := mcp.GetPromptRequest{}
	request.Params.Name, request.Params.Arguments = name, arguments
	return c.GetPrompt(c.T.Context(), request)
}

// review gets a prompt that must succeed, and checks what holds of each.
func (c *caller) review(name string, arguments map[string]string) review {
	c.T.Helper()
	result, err := c.get(name, arguments)
	require.NoError(c.T, err)
	assert.NotEmpty(c.T, result.Description)
	require.NotEmpty(c.T, result.Messages)
	found, size := review{t: c.T}, 0
	for i, message := range result.Messages {
		require.Equal(c.T, mcp.RoleUser, message.Role)
		content, isText := message.Content.(mcp.TextContent)
		require.True(c.T, isText, "%T", message.Content)
		mcptest.RequireClean(c.T, content.Text)
		require.NotContains(c.T, content.Text, "demo-not-a-secret")
		size += utf8.RuneCountInString(content.Text)
		if i == 0 {
			found.ask = content.Text
			continue
		}
		found.parts = append(found.parts, parsePart(c.T, content.Text))
	}
	require.Less(c.T, size, maxPrompt)
	c.T.Logf("%s %v: %d messages, %d characters", name, arguments, len(result.Messages), size)
	return found
}

func parsePart(t testing.TB, text string) part {
	t.Helper()
	head, body, found := strings.Cut(text, "\n")
	require.True(t, found, text)
	tool, arguments, found := strings.Cut(head, " ")
	require.True(t, found, head)
	p := part{tool: tool}
	require.NoError(t, json.Unmarshal([]byte(arguments), &p.arguments), head)
	if problem, failed := strings.CutPrefix(body, "could not be answered: "); failed {
		p.problem = problem
	} else {
		require.True(t, json.Valid([]byte(body)), body)
		p.answer = body
	}
	return p
}

// answers are the answers of the parts that asked one tool.
func answers[R any](r review, tool string) []R {
	r.t.Helper()
	var found []R
	for _, p := range r.parts {
		if p.tool != tool || p.problem != "" {
			continue
		}
		var result R
		require.NoError(r.t, json.Unmarshal([]byte(p.answer), &result))
		found = append(found, result)
	}
	return found
}

// fails gets what must not be given, and returns the JSON-RPC error.
func (c *caller) fails(name string, arguments map[string]string) *mcp.JSONRPCErrorDetails {
	c.T.Helper()
	_, err := c.get(name, arguments)
	require.Error(c.T, err, "%v", arguments)
	mcptest.RequireClean(c.T, err.Error())
	// The client of mcp-go makes errors of its own of the codes.
	details := &mcp.JSONRPCErrorDetails{Message: err.Error()}
	switch {
	case errors.Is(err, mcp.ErrInvalidParams):
		details.Code = mcp.INVALID_PARAMS
	case errors.Is(err, mcp.ErrInternalError):
		details.Code = mcp.INTERNAL_ERROR
	}
	return details
}
