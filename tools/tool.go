package tools

import (
	"context"
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
)

// Tool is one tool: a value that can be listed, chosen and served. [New] makes one.
type Tool struct {
	Name  string
	Title string
	// Description is what a model chooses by.
	Description string
	// Answers is the tool's part of the server's instructions: which questions it answers, as a sentence with its name. Empty where a
	// sibling's part names it.
	Answers string
	// Example is arguments, as JSON, that the demo answers.
	Example string
	// View is the address (ui://…) of what clients with MCP Apps show beside a result; empty if there is none.
	View string

	// schemas returns those of the arguments and of the result.
	schemas func() (input, output json.RawMessage)
	serve   func(name string, config Config) server.ToolHandlerFunc
}

// result is what every result of a tool must be able to do.
type result interface {
	comparable
	schemas.Result
}

// New makes a tool of what it says of itself and of its handler. Arguments are checked by the schema of A before handle gets them. A result
// that comes with an error is shown only where the error is a resultError.
func New[A any, R result](t Tool, handle func(ctx context.Context, service *analysis.Service, arguments A) (R, error)) Tool {
	return newTool(t, handle, nil)
}

func newTool[A any, R result](t Tool, handle func(context.Context, *analysis.Service, A) (R, error), source source[A]) Tool {
	t.schemas = func() (input, output json.RawMessage) { return schemas.Input[A](), schemas.Output[R]() }
	t.serve = func(name string, config Config) server.ToolHandlerFunc {
		check, err := schemas.NewArguments(schemas.Input[A]())
		if err != nil {
			panic("tools: " + name + ": " + err.Error()) // a mistake in A, found by any test
		}
		h := &handler[A, R]{name: name, config: config, check: check, handle: handle}
		if source != nil {
			h.cache = newAnswerCache(source)
		}
		return h.serve
	}
	return t
}

// definition is the tool as clients see it. Schemas are passed raw: mcp-go's own reflection would drop our constraints.
func (t Tool) definition() mcp.Tool {
	input, output := t.schemas()
	definition := mcp.NewToolWithRawSchema(t.Name, t.Description, input)
	definition.RawOutputSchema = output
	definition.Title = t.Title
	yes, no := true, false
	definition.Annotations = mcp.ToolAnnotation{
		Title: t.Title, ReadOnlyHint: &yes, DestructiveHint: &no, IdempotentHint: &yes,
		OpenWorldHint: &yes, // results carry text that others wrote
	}
	if t.View != "" {
		// Clients of the first drafts of MCP Apps read the flat key.
		definition.Meta = mcp.NewMetaFromMap(map[string]any{"ui": map[string]any{"resourceUri": t.View}, "ui/resourceUri": t.View})
	}
	return definition
}
