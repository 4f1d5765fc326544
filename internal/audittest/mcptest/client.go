package mcptest

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/transport"
)

// Client is an MCP client on pipes.
type Client struct {
	*client.Client
	T testing.TB
	// OnResult, if set, is called as soon as a tool's result is there.
	OnResult func()

	progress *notifications
}

type notifications struct {
	mu       sync.Mutex
	received []map[string]any
}

// Connect opens a session with a server, whose handlers get the values of the context.
func Connect(ctx context.Context, t testing.TB, served *server.MCPServer) *Client {
	t.Helper()
	c := &Client{T: t, progress: &notifications{}}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = (&transport.Stdio{Server: served, In: toServer, Out: fromServer}).Run(ctx)
		_ = fromServer.Close()
	}()
	c.Client = client.NewClient(clienttransport.NewIO(toClient, fromClient, io.NopCloser(strings.NewReader(""))))
	c.OnNotification(func(n mcp.JSONRPCNotification) {
		c.progress.mu.Lock()
		defer c.progress.mu.Unlock()
		if n.Method == "notifications/progress" {
			c.progress.received = append(c.progress.received, n.Params.AdditionalFields)
		}
	})
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

// In is the client for a subtest.
func (c *Client) In(t testing.TB) *Client {
	return &Client{Client: c.Client, T: t, OnResult: c.OnResult, progress: c.progress}
}

// Progress returns the notifications of progress that came so far.
func (c *Client) Progress() []map[string]any {
	c.progress.mu.Lock()
	defer c.progress.mu.Unlock()
	return slices.Clone(c.progress.received)
}
