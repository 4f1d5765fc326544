package transport

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// Notify sends a notification to the client whose call ctx belongs to. Over stdio
// it waits until the notification is next to be written, which is before any
// result that the handler returns later, and gives progress the exact token of the
// call; after the call was cancelled or answered nothing is sent and the error is
// context.Canceled. Over other transports it is mcp-go's
// SendNotificationToClient, which promises neither.
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
	text, err := marshalLine(mcp.JSONRPCNotification{
		JSONRPC: mcp.JSONRPC_VERSION,
		Notification: mcp.Notification{
			Method: method,
			Params: mcp.NotificationParams{AdditionalFields: params},
		},
	})
	if err != nil {
		return fmt.Errorf("writing the notification %s as JSON: %w", method, err)
	}
	select {
	case <-c.done:
		return context.Canceled
	default:
	}
	select {
	case c.connection.outgoing <- outgoing{line: text, call: c}:
		return nil
	case <-c.done:
	case <-c.connection.ended:
	case <-ctx.Done():
	}
	return context.Canceled
}
