package prompts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/prompts"
)

// maxPrompt is how many characters a prompt may have in all.
const maxPrompt = 60_000

// listPath is where the organization's log is read.
var listPath = fmt.Sprintf("%s/audit-logs/organization/%d", makesim.BasePath, makesim.DemoOrganizationID)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

var demoWorld = sync.OnceValue(func() *makesim.World { return makesim.Demo(now(), 1) })

// upstream is a simulated Make over real HTTP, of which single answers can be
// refused.
type upstream struct {
	*makesim.Server
	t   testing.TB
	url string

	mu     sync.Mutex
	refuse func(*http.Request) bool
}

func start(t testing.TB, world *makesim.World) *upstream {
	t.Helper()
	u := &upstream{Server: makesim.New(world, makesim.Options{Now: now, Minute: time.Millisecond, Seed: 1}), t: t}
	web := httptest.NewServer(u)
	t.Cleanup(web.Close)
	u.url = web.URL + makesim.BasePath
	return u
}

// ServeHTTP answers with a 500, which is not retried, whatever refuse picks.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	refuse := u.refuse
	u.mu.Unlock()
	if refuse != nil && refuse(r) {
		w.Header().Set("Date", now().Format(http.TimeFormat)) // Make's clock
		http.Error(w, `{"message":"Internal Server Error","detail":"Out of order."}`, http.StatusInternalServerError)
		return
	}
	u.Server.ServeHTTP(w, r)
}

func (u *upstream) refuseWhere(refuse func(*http.Request) bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refuse = refuse
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
	var found []makesim.Entry
	for _, entry := range u.Dump(makesim.DemoOrganizationID) {
		if !entry.TriggeredAt.Before(from) && entry.TriggeredAt.Before(to) {
			found = append(found, entry)
		}
	}
	return found
}

func (u *upstream) service(key string) *analysis.Service {
	u.t.Helper()
	base, err := makeapi.ParseBaseURL(u.url)
	require.NoError(u.t, err)
	credential := makeapi.StaticKey(key)
	session := live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: credential, UserAgent: "prompts-test/1", Now: now,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: 50 * time.Millisecond}),
	}), live.Options{Zone: "eu1.make.com"})
	return &analysis.Service{Resolver: question.Resolver{Reader: session, Directory: session, Cursors: &question.Sealer{Secret: credential.Secret, Instance: "test"}}}
}

// caller is an MCP client on pipes.
type caller struct {
	*client.Client
	t testing.TB
}

func (u *upstream) caller(key string) *caller {
	u.t.Helper()
	service := u.service(key)
	return connect(u.t, func(context.Context) (*analysis.Service, error) { return service, nil })
}

func connect(t testing.TB, service func(context.Context) (*analysis.Service, error)) *caller {
	t.Helper()
	return serve(t, prompts.Config{Service: service, Refuse: transport.Refuse})
}

func serve(t testing.TB, config prompts.Config) *caller {
	t.Helper()
	served := server.NewMCPServer("test", "1", server.WithPromptCapabilities(false))
	prompts.Register(served, config)
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- (&transport.Stdio{Server: served, In: toServer, Out: fromServer}).Run(ctx)
		_ = fromServer.Close()
	}()
	c := &caller{t: t, Client: client.NewClient(clienttransport.NewIO(toClient, fromClient, io.NopCloser(strings.NewReader(""))))}
	t.Cleanup(func() {
		_ = c.Close()
		stop()
		<-done
	})
	require.NoError(t, c.Start(ctx))
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	_, err := c.Initialize(ctx, hello)
	require.NoError(t, err)
	return c
}

// in is the caller for a subtest.
func (c *caller) in(t testing.TB) *caller { return &caller{Client: c.Client, t: t} }

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
	return c.GetPrompt(c.t.Context(), request)
}

// review gets a prompt that must succeed, and checks what holds of each.
func (c *caller) review(name string, arguments map[string]string) review {
	c.t.Helper()
	result, err := c.get(name, arguments)
	require.NoError(c.t, err)
	assert.NotEmpty(c.t, result.Description)
	require.NotEmpty(c.t, result.Messages)
	found, size := review{t: c.t}, 0
	for i, message := range result.Messages {
		require.Equal(c.t, mcp.RoleUser, message.Role)
		content, isText := message.Content.(mcp.TextContent)
		require.True(c.t, isText, "%T", message.Content)
		requireClean(c.t, content.Text)
		require.NotContains(c.t, content.Text, "demo-not-a-secret")
		size += utf8.RuneCountInString(content.Text)
		if i == 0 {
			found.ask = content.Text
			continue
		}
		found.parts = append(found.parts, parsePart(c.t, content.Text))
	}
	require.Less(c.t, size, maxPrompt)
	c.t.Logf("%s %v: %d messages, %d characters", name, arguments, len(result.Messages), size)
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
	c.t.Helper()
	_, err := c.get(name, arguments)
	require.Error(c.t, err, "%v", arguments)
	requireClean(c.t, err.Error())
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

func requireClean(t testing.TB, text string) {
	t.Helper()
	for _, r := range text {
		if r >= ' ' && r <= '~' {
			continue // most of it, and there is much of it
		}
		if r != '\n' && (unicode.Is(unicode.C, r) || unicode.In(r, unicode.Zl, unicode.Zp)) {
			require.Failf(t, "hostile character", "%U in %q", r, text)
		}
	}
}
