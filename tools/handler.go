package tools

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// maxCachedAnswers bounds the answers of a tool that are kept.
const maxCachedAnswers = 64

// source returns all that an answer is made of, arguments included, as a comparable value: an answer holds for as long as it is the same.
type source[A any] func(ctx context.Context, service *analysis.Service, arguments A) (any, error)

// handler answers the calls of one tool on one server: A are its arguments, R its result.
type handler[A any, R result] struct {
	name   string
	config Config
	check  *schemas.Arguments[A]
	handle func(context.Context, *analysis.Service, A) (R, error)
	// source is nil but for tools whose answers cost more to make than finding out that they still hold: filter values from a catalog that
	// is known take four times as long without it (BenchmarkHTTPCalls).
	source  source[A]
	answers *lru.Cache[any, writtenAnswer] // by what they are made of
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
	arguments, dropped, err := h.check.DecodeCall(request.GetRawArguments())
	if err != nil {
		return h.failed(err), schemas.Summary{}
	}
	service, err := h.config.Service(ctx)
	if err != nil {
		return h.failed(err), schemas.Summary{}
	}
	ctx, cancel, waited := Follow(ctx, h.config.Notify, request.Params.Meta, h.config.CallTime)
	defer cancel()
	source := h.sourceOf(ctx, service, arguments)
	if dropped != "" {
		source = nil // who calls without it is not told
	}
	if known, ok := h.answers.Get(source); ok {
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
		return h.failed(err), summary
	}
	if dropped != "" {
		result.Warn(dropped)
	}
	if wait := waited(); wait != "" {
		result.Warn(wait)
		source = nil // the next answer need not wait
	}
	result.Reword(h.config.unserved.LeaveOut)
	data, failure := auditlog.PlainJSON(result)
	if failure != nil {
		panic(failure) // results are plain data; see the recovery above
	}
	if err != nil {
		shown := h.failed(withResult.error)
		shown.StructuredContent = json.RawMessage(data)
		return shown, summary
	}
	written := writtenAnswer{data, summary}
	if source != nil {
		h.answers.Add(source, written)
	}
	return written.result(), summary
}

// sourceOf returns what an answer is made of now; nil where that is not known. What goes wrong here goes wrong again in the tool's handler,
// which puts it into words.
func (h *handler[A, R]) sourceOf(ctx context.Context, service *analysis.Service, arguments A) any {
	if h.source == nil {
		return nil
	}
	source, err := h.source(ctx, service, arguments)
	if err != nil {
		return nil
	}
	return source
}

func (h *handler[A, R]) failed(err error) *mcp.CallToolResult {
	return mcp.NewToolResultError(h.config.unserved.LeaveOut(answer.Explain(err)))
}

// writtenAnswer is a result as it goes out.
type writtenAnswer struct {
	data    json.RawMessage
	summary schemas.Summary
}

func (w writtenAnswer) result() *mcp.CallToolResult {
	return mcp.NewToolResultStructured(w.data, string(w.data))
}

// resultError is an error that comes with a result.
type resultError struct{ error }

func (e *resultError) Unwrap() error { return e.error }
