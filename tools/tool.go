package tools

import (
	"context"
	"encoding/json"
	"regexp"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
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
	// Example is arguments, as JSON, that keep to the schema and that the demo answers.
	Example string
	// View is the address (ui://…) of what clients with MCP Apps show beside a result; empty if there is none.
	View string
	// Optional keeps the tool from being served where nobody asks for it.
	Optional bool

	serve func(t Tool, config Config) server.ServerTool
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
	t.serve = func(t Tool, config Config) server.ServerTool {
		answers, err := lru.New[any, writtenAnswer](maxCachedAnswers)
		if err != nil {
			panic(err) // only for a size below one
		}
		h := &handler[A, R]{name: t.Name, config: config, check: schemas.NewArguments[A](), handle: handle,
			source: source, answers: answers}
		return server.ServerTool{Tool: t.definition(schemas.Schema[A](), schemas.Schema[R](), config.unserved), Handler: h.serve}
	}
	return t
}

// Definition is the tool as clients see it where all of them are served.
func (t Tool) Definition() mcp.Tool { return t.serve(t, Config{}).Tool }

// definition is the tool as clients see it. Schemas are passed raw: mcp-go's own reflection would drop our constraints.
func (t Tool) definition(input, output json.RawMessage, unserved answer.Unserved) mcp.Tool {
	definition := mcp.NewToolWithRawSchema(t.Name, unserved.LeaveOut(t.Description), leaveOut(input, unserved))
	definition.RawOutputSchema = leaveOut(output, unserved)
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

// described finds what a schema says of its parts; as text, since decoding would lose the order of arguments.
var described = regexp.MustCompile(`"description":"(?:[^"\\]|\\.)*"`)

// leaveOut is a schema whose descriptions name no tool that is not served.
func leaveOut(schema json.RawMessage, unserved answer.Unserved) json.RawMessage {
	if unserved == (answer.Unserved{}) {
		return schema
	}
	return described.ReplaceAllFunc(schema, func(found []byte) []byte {
		var text string
		if err := json.Unmarshal(found[len(`"description":`):], &text); err != nil {
			panic(err) // schemas are our own
		}
		quoted, err := auditlog.PlainJSON(unserved.LeaveOut(text))
		if err != nil {
			panic(err) // a text always can
		}
		return append([]byte(`"description":`), quoted...)
	})
}
