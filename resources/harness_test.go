package resources_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/resources"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

var demoWorld = sync.OnceValue(func() *makesim.World { return makesim.Demo(now(), 1) })

// upstream is a simulated Make over real HTTP.
type upstream struct {
	*makesim.Server
	t   testing.TB
	url string
}

func start(t testing.TB, world *makesim.World, quirks makesim.Quirks) *upstream {
	t.Helper()
	simulated := makesim.New(world, makesim.Options{Quirks: quirks, Now: now, Minute: time.Millisecond, Seed: 1})
	web := httptest.NewServer(simulated)
	t.Cleanup(web.Close)
	return &upstream{Server: simulated, t: t, url: web.URL + makesim.BasePath}
}

func (u *upstream) service(key string) *analysis.Service {
	u.t.Helper()
	session := u.session(key, live.Options{Zone: "eu1.make.com"})
	return &analysis.Service{Resolver: question.Resolver{Reader: session, Directory: session, Cursors: &question.Sealer{Secret: makeapi.StaticKey(key).Secret, Instance: "test"}}}
}

func (u *upstream) session(key string, options live.Options) *live.Reader {
	u.t.Helper()
	base, err := makeapi.ParseBaseURL(u.url)
	require.NoError(u.t, err)
	return live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(key), UserAgent: "resources-test/1", Now: now,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: 50 * time.Millisecond}),
	}), options)
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
	config := resources.Config{Service: service}
	served := server.NewMCPServer("test", "1", server.WithResourceCapabilities(false, false), server.WithCompletions(),
		server.WithResourceCompletionProvider(&resources.Completer{Config: config}))
	resources.Register(served, config)
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

// read reads a resource.
func (c *caller) read(uri string) (string, error) {
	c.t.Helper()
	request := mcp.ReadResourceRequest{}
	request.Params.URI = uri
	result, err := c.ReadResource(c.t.Context(), request)
	if err != nil {
		requireClean(c.t, err.Error())
		return "", err
	}
	require.Len(c.t, result.Contents, 1)
	content, isText := result.Contents[0].(mcp.TextResourceContents)
	require.True(c.t, isText)
	require.Equal(c.t, uri, content.URI)
	require.Equal(c.t, "application/json", content.MIMEType)
	require.Less(c.t, len([]rune(content.Text)), 40_000)
	requireClean(c.t, content.Text)
	return content.Text, nil
}

func ok[R any](c *caller, uri string) R {
	c.t.Helper()
	text, err := c.read(uri)
	require.NoError(c.t, err)
	var result R
	require.NoError(c.t, json.Unmarshal([]byte(text), &result))
	return result
}

// fails reads what must not be readable, and returns why.
func (c *caller) fails(uri string) string {
	c.t.Helper()
	text, err := c.read(uri)
	require.Error(c.t, err, text)
	return err.Error()
}

func (c *caller) complete(uri, argument, typed string, earlier map[string]string) *mcp.CompleteResult {
	c.t.Helper()
	request := mcp.CompleteRequest{}
	request.Params.Ref = mcp.ResourceReference{Type: "ref/resource", URI: uri}
	request.Params.Argument = mcp.CompleteArgument{Name: argument, Value: typed}
	request.Params.Context = mcp.CompleteContext{Arguments: earlier}
	result, err := c.Complete(c.t.Context(), request)
	require.NoError(c.t, err)
	require.LessOrEqual(c.t, len(result.Completion.Values), 100)
	require.NotNil(c.t, result.Completion.Values)
	return result
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
