package tools

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// tool is one tool: A are its arguments, R its result.
type tool[A any, R warner] struct {
	name        string
	title       string
	description string
	// handle answers. A result beside an error is shown with it.
	handle func(ctx context.Context, service *analysis.Service, arguments A) (R, error)
	// source, if set, is all that an answer is made of, arguments included, and
	// comparable: answers are kept for as long as it is the same.
	source func(ctx context.Context, service *analysis.Service, arguments A) (any, error)
	kept   *kept[A]
}

// warner is a result that warnings can be added to.
type warner interface{ Warn(warning string) }

// definition is the tool as clients see it. Schemas are passed raw: mcp-go's own
// reflection would drop our constraints.
func (t tool[A, R]) definition() (mcp.Tool, json.RawMessage) {
	input := schemas.Input[A]()
	definition := mcp.NewToolWithRawSchema(t.name, t.description, input)
	definition.RawOutputSchema = schemas.Output[R]()
	definition.Title = t.title
	yes, no := true, false
	definition.Annotations = mcp.ToolAnnotation{
		Title: t.title, ReadOnlyHint: &yes, DestructiveHint: &no, IdempotentHint: &yes,
		OpenWorldHint: &yes, // results carry text that others wrote
	}
	return definition, input
}

// add registers a tool.
func add[A any, R warner](s *server.MCPServer, config Config, t tool[A, R]) {
	definition, input := t.definition()
	arguments, err := schemas.NewArguments(input)
	if err != nil {
		panic("tools: " + t.name + ": " + err.Error()) // a mistake in A, found by any test
	}
	if t.source != nil {
		t.kept = newKept[A]()
	}
	s.AddTool(definition, func(ctx context.Context, request mcp.CallToolRequest) (result *mcp.CallToolResult, _ error) {
		organization, rows := "", 0
		defer func() {
			if r := recover(); r != nil {
				reference := rand.Text()[:8]
				config.Logger.ErrorContext(ctx, "a tool panicked", slog.String("tool", t.name), slog.String("reference", reference), slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
				result = mcp.NewToolResultError("internal error (reference " + reference + "). Next: ask again; if it stays, report the reference, which the server's log explains")
			}
			config.Summarize(ctx, organization, rows, result.IsError)
		}()
		result, organization, rows = t.call(ctx, config, arguments, request)
		return result, nil
	})
}

// call answers one call, and tells which organization the answer is about and how
// many rows it has.
func (t tool[A, R]) call(ctx context.Context, config Config, check *schemas.Arguments, request mcp.CallToolRequest) (answered *mcp.CallToolResult, organization string, rows int) {
	raw := request.GetRawArguments()
	arguments, err := t.kept.decode(raw, func(into any) error { return check.Decode(raw, into) })
	if err != nil {
		return mcp.NewToolResultError(answer.Explain(err)), "", 0
	}
	service, err := config.Service(ctx)
	if err != nil {
		return mcp.NewToolResultError(answer.Explain(err)), "", 0
	}
	follower := newFollower(ctx, config.Notify, request.Params.Meta)
	ctx, cancel := context.WithTimeout(follower.follow(ctx), follower.callTime(config))
	defer cancel()
	var source any
	if t.source != nil {
		// What goes wrong here goes wrong in handle, which puts it into words.
		if source, err = t.source(ctx, service, arguments); err != nil {
			source = nil
		} else if known, ok := t.kept.answers.Get(source); ok {
			return mcp.NewToolResultStructured(known.data, string(known.data)), known.organization, known.rows
		}
	}
	result, err := t.handle(ctx, service, arguments)
	organization, rows = accountOf(result)
	var withResult *resultError
	if err != nil && !errors.As(err, &withResult) {
		return mcp.NewToolResultError(answer.Explain(err)), organization, rows
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
		failed := mcp.NewToolResultError(answer.Explain(withResult.err))
		failed.StructuredContent = json.RawMessage(data)
		return failed, organization, rows
	}
	if source != nil {
		t.kept.answers.Add(source, keptAnswer{data, organization, rows})
	}
	return mcp.NewToolResultStructured(json.RawMessage(data), string(data)), organization, rows
}

// resultError is an error that comes with a result.
type resultError struct{ err error }

func (e *resultError) Error() string { return e.err.Error() }

func (e *resultError) Unwrap() error { return e.err }
