package transport

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// Notify sends a notification to the client whose call ctx belongs to, on the very stream that the call's answer will take. When it
// returns, the notification is written, or next to be, before any result that the handler returns later; progress carries the exact token
// of the call. After the call was cancelled or answered nothing is sent and the error is context.Canceled. Outside of this package's
// transports it is mcp-go's SendNotificationToClient, which promises neither order nor delivery.
func Notify(ctx context.Context, method string, params map[string]any) error {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		return current.notify(ctx, method, params)
	}
	mcpServer := server.ServerFromContext(ctx)
	if mcpServer == nil {
		return errors.New("notify: the context belongs to no MCP request")
	}
	return mcpServer.SendNotificationToClient(ctx, method, params)
}

func (c *call) notify(ctx context.Context, method string, params map[string]any) error {
	if method == string(mcp.MethodNotificationProgress) && c.progressToken != nil {
		// mcp-go hands numbers to handlers as float64, which rounds large ones.
		params = maps.Clone(params)
		if params == nil {
			params = make(map[string]any, 1)
		}
		params["progressToken"] = c.progressToken
	}
	line, err := marshalLine(mcp.JSONRPCNotification{
		JSONRPC:      mcp.JSONRPC_VERSION,
		Notification: mcp.Notification{Method: method, Params: mcp.NotificationParams{AdditionalFields: params}},
	})
	if err != nil {
		return fmt.Errorf("writing the notification %s as JSON: %w", method, err)
	}
	if c.closed.Load() {
		return context.Canceled
	}
	return c.deliver(ctx, line)
}
