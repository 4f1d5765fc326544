package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"strings"

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
	if method == string(mcp.MethodNotificationProgress) && c.about.Meta.ProgressToken != nil {
		// mcp-go hands numbers to handlers as float64, which rounds large ones.
		params = maps.Clone(params)
		if params == nil {
			params = make(map[string]any, 1)
		}
		params["progressToken"] = c.about.Meta.ProgressToken
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

// CallSummary is what a handler reports of its answer for the operator's log and metrics: never arguments, never contents.
type CallSummary struct {
	Organization string // id, "" for none
	Rows         int    // entries, groups or objects
	Failed       bool   // the answer is an error in words
}

// Summarize reports on the answer to the request that ctx belongs to. The last summary counts.
func Summarize(ctx context.Context, summary CallSummary) {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		current.summary.Store(&summary)
	}
}

// internalError stands for whatever text a panic has, which may hold secrets.
const internalError = "internal error; the server's log has the details"

// Refuse has the error that a handler returns go out with a JSON-RPC code of its own: mcp-go sends every one as an internal error. It does
// nothing where ctx belongs to no request of this package.
func Refuse(ctx context.Context, code int) { RefuseWith(ctx, code, nil) }

// RefuseWith is Refuse with data for the error; nil means none.
func RefuseWith(ctx context.Context, code int, data any) {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		current.refusal.Store(&mcp.JSONRPCErrorDetails{Code: code, Data: data})
	}
}

// isOrdinaryName reports whether a name may be repeated: it is empty, or made of what names of tools, prompts and methods and addresses are
// made of.
func isOrdinaryName(name string) bool {
	const longest = 200
	return len(name) <= longest && !strings.ContainsFunc(name, func(r rune) bool {
		isLetter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !isLetter && !strings.ContainsRune("_-./: ", r)
	})
}

// rewriteError rewrites the error that mcp-go answers a call with: to the code that the handler chose, with the address of a resource that
// was not found (a SHOULD since 2026-07-28, which mcp-go leaves out), without names that nobody would give, and without
// the text of a panic, which is logged instead.
func (c *call) rewriteError(logger *slog.Logger, message *mcp.JSONRPCErrorDetails) {
	if c == nil {
		return
	}
	c.refused.Store(true)
	if strings.Contains(message.Message, "panic recovered in ") { // by mcp-go's WithRecovery
		logger.Error("panic while serving a message", "method", truncate(c.method), "panic", message.Message)
		*message = mcp.JSONRPCErrorDetails{Code: mcp.INTERNAL_ERROR, Message: internalError}
		return
	}
	chosen := c.refusal.Load()
	if chosen != nil {
		message.Code = chosen.Code
	} else {
		// mcp-go repeats what it was asked for, which may have come out of the log.
		for _, asked := range []string{c.about.Name, c.about.URI, c.method} {
			if !isOrdinaryName(asked) {
				message.Message = strings.ReplaceAll(message.Message, asked, "…")
			}
		}
	}
	switch {
	case chosen != nil && chosen.Data != nil:
		message.Data = chosen.Data
	case message.Data == nil && c.about.URI != "" && c.method == string(mcp.MethodResourcesRead):
		message.Data = map[string]string{"uri": c.about.URI}
	}
}

// logPanic logs a panic that was recovered from, with where it came from.
func logPanic(ctx context.Context, logger *slog.Logger, method string, reason any) {
	logger.ErrorContext(ctx, "panic while serving a message",
		"method", truncate(method), "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
}
