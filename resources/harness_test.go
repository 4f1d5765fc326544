package resources_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/resources"
)

func now() time.Time { return audittest.Now() }

func demoWorld() *makesim.World { return audittest.Demo() }

type upstream struct{ *audittest.Upstream }

func start(t testing.TB, world *makesim.World, quirks makesim.Quirks) *upstream {
	t.Helper()
	return &upstream{audittest.Start(t, world, makesim.Options{Quirks: quirks, Seed: 1})}
}

func (u *upstream) session(key string, options live.Options) *live.Reader {
	u.T.Helper()
	return audittest.Access{URL: u.URL, Key: key, Live: options}.Reader(u.T)
}

// caller is a client that reads resources.
type caller struct{ *mcptest.Client }

func (u *upstream) caller(key string) *caller {
	u.T.Helper()
	service := u.Service(key)
	return connect(u.T, func(context.Context) (*analysis.Service, error) { return service, nil })
}

func connect(t testing.TB, service func(context.Context) (*analysis.Service, error)) *caller {
	t.Helper()
	config := resources.Config{Service: service}
	served := server.NewMCPServer("test", "1", server.WithResourceCapabilities(false, false), server.WithCompletions(),
		server.WithResourceCompletionProvider(&resources.Completer{Config: config}))
	resources.Register(served, config)
	return &caller{mcptest.Connect(t.Context(), t, served)}
}

// read reads a resource.
func (c *caller) read(uri string) (string, error) {
	c.T.Helper()
	request := mcp.ReadResourceRequest{}
	request.Params.URI = uri
	result, err := c.ReadResource(c.T.Context(), request)
	if err != nil {
		mcptest.RequireClean(c.T, err.Error())
		return "", err
	}
	require.Len(c.T, result.Contents, 1)
	content, isText := result.Contents[0].(mcp.TextResourceContents)
	require.True(c.T, isText)
	require.Equal(c.T, uri, content.URI)
	require.Equal(c.T, "application/json", content.MIMEType)
	require.Less(c.T, len([]rune(content.Text)), 40_000)
	mcptest.RequireClean(c.T, content.Text)
	return content.Text, nil
}

func ok[R any](c *caller, uri string) R {
	c.T.Helper()
	text, err := c.read(uri)
	require.NoError(c.T, err)
	var result R
	require.NoError(c.T, json.Unmarshal([]byte(text), &result))
	return result
}

// fails reads what must not be readable, and returns why.
func (c *caller) fails(uri string) string {
	c.T.Helper()
	text, err := c.read(uri)
	require.Error(c.T, err, text)
	return err.Error()
}

func (c *caller) complete(uri, argument, typed string, earlier map[string]string) *mcp.CompleteResult {
	c.T.Helper()
	request := mcp.CompleteRequest{}
	request.Params.Ref = mcp.ResourceReference{Type: "ref/resource", URI: uri}
	request.Params.Argument = mcp.CompleteArgument{Name: argument, Value: typed}
	request.Params.Context = mcp.CompleteContext{Arguments: earlier}
	result, err := c.Complete(c.T.Context(), request)
	require.NoError(c.T, err)
	require.LessOrEqual(c.T, len(result.Completion.Values), 100)
	require.NotNil(c.T, result.Completion.Values)
	return result
}
