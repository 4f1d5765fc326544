package tools

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// handler answers the calls of one tool on one server: A are its arguments, R its result.
type handler[A any, R result] struct {
	name   string
	config Config
	check  *schemas.Arguments
	handle func(context.Context, *analysis.Service, A) (R, error)
	cache  *answerCache[A] // nil for most tools
}

// serve answers a call whatever happens, and passes on its summary.
func (h *handler[A, R]) serve(ctx context.Context, request mcp.CallToolRequest) (result *mcp.CallToolResult, _ error) {
	var summary schemas.Summary
	defer func() {
		if r := recover(); r != nil {
			result = h.panicked(ctx, r)
		}
		h.config.Summarize(ctx, summary.Organization, summary.Rows, result.IsError)
	}()
	result, summary = h.call(ctx, request)
	return result, nil
}

// panicked logs a panic under a reference, which is all that the caller gets of it.
func (h *handler[A, R]) panicked(ctx context.Context, reason any) *mcp.CallToolResult {
	reference := rand.Text()[:8]
	h.config.Logger.ErrorContext(ctx, "a tool panicked", slog.String("tool", h.name), slog.String("reference", reference),
		slog.Any("panic", reason), slog.String("stack", string(debug.Stack())))
	return mcp.NewToolResultError("internal error (reference " + reference +
		"). Next: ask again; if it stays, report the reference, which the server's log explains")
}

func (h *handler[A, R]) call(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, schemas.Summary) {
	arguments, err := h.cache.decode(request.GetRawArguments(), h.check)
	if err != nil {
		return failed(err), schemas.Summary{}
	}
	service, err := h.config.Service(ctx)
	if err != nil {
		return failed(err), schemas.Summary{}
	}
	follower := newFollower(ctx, h.config.Notify, request.Params.Meta)
	ctx, cancel := context.WithTimeout(follower.follow(ctx), follower.callTime(h.config))
	defer cancel()
	source, known := h.cache.find(ctx, service, arguments)
	if known != nil {
		return known.result(), known.summary
	}
	result, err := h.handle(ctx, service, arguments)
	var summary schemas.Summary
	var none R
	if result != none {
		summary = result.Summary()
	}
	var withResult *resultError
	if err != nil && !errors.As(err, &withResult) {
		return failed(err), summary
	}
	if waited := follower.waited(); waited != "" {
		result.Warn(waited)
		source = nil // the next answer need not wait
	}
	data, failure := auditlog.PlainJSON(result)
	if failure != nil {
		panic(failure) // results are plain data; see the recovery above
	}
	if err != nil {
		shown := failed(withResult.err)
		shown.StructuredContent = json.RawMessage(data)
		return shown, summary
	}
	written := writtenAnswer{data, summary}
	h.cache.add(source, written)
	return written.result(), summary
}

func failed(err error) *mcp.CallToolResult { return mcp.NewToolResultError(answer.Explain(err)) }

// writtenAnswer is a result as it goes out.
type writtenAnswer struct {
	data    json.RawMessage
	summary schemas.Summary
}

func (w writtenAnswer) result() *mcp.CallToolResult {
	return mcp.NewToolResultStructured(w.data, string(w.data))
}

// resultError is an error that comes with a result.
type resultError struct{ err error }

func (e *resultError) Error() string { return e.err.Error() }

func (e *resultError) Unwrap() error { return e.err }
