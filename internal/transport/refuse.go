package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// internalError stands for whatever text a panic has, which may hold secrets.
const internalError = "internal error; the server's log has the details"

// Refuse has the error that a handler returns go out with a JSON-RPC code of its own: mcp-go sends every one as an internal error. It does
// nothing where ctx belongs to no request of this package.
func Refuse(ctx context.Context, code int) { RefuseWith(ctx, code, nil) }

// RefuseWith is Refuse with data for the error; nil means none.
func RefuseWith(ctx context.Context, code int, data any) {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		current.refusal.Store(&refusal{code, data})
	}
}

// refusal is how a handler wants its error to go out.
type refusal struct {
	code int
	data any
}

// rewriteError rewrites the error that mcp-go answers a call with: to the code that the handler chose, with the address of a resource that
// was not found (a SHOULD since 2026-07-28, which mcp-go leaves out), and without the text of a panic, which is logged instead.
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
		message.Code = chosen.code
	}
	var data any
	switch {
	case chosen != nil && chosen.data != nil:
		data = chosen.data
	case message.Data == nil && c.uri != "" && c.method == string(mcp.MethodResourcesRead):
		data = map[string]string{"uri": c.uri}
	default:
		return
	}
	if text, err := json.Marshal(data); err == nil {
		message.Data = json.RawMessage(text)
	}
}

// logPanic logs a panic that was recovered from, with where it came from.
func logPanic(ctx context.Context, logger *slog.Logger, method string, reason any) {
	logger.ErrorContext(ctx, "panic while serving a message",
		"method", truncate(method), "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
}
