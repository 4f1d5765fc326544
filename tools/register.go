package tools

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
)

// Config is what the tools are served with.
type Config struct {
	// Tools are those that are served; nil means [Default]. [Choose] picks them by name.
	Tools []Tool
	// Service gives the service of the caller that a request's context belongs to. An error becomes the tool's.
	Service func(ctx context.Context) (*analysis.Service, error)
	// Notify sends a notification to the caller, before any result that follows.
	Notify Notify
	// Summarize gets the summary of every answer, for the operator's log: the organization's id ("" for none), how many rows it has, and
	// whether it is an error. nil means that nobody keeps one.
	Summarize func(ctx context.Context, organization string, rows int, failed bool)
	// Logger gets panics.
	Logger *slog.Logger
	// TextOnly leaves out output schemas and structured content, which some clients hand to a model beside the text that says the same.
	TextOnly bool
	// CallTime bounds a call; 0 means as [Follow] does.
	CallTime time.Duration

	unserved answer.Unserved
}

// Register adds the tools to a server.
func Register(s *server.MCPServer, config Config) {
	if config.Tools == nil {
		config.Tools = Default()
	}
	config.unserved = Unserved(config.Tools)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Summarize == nil {
		config.Summarize = func(context.Context, string, int, bool) {}
	}
	for _, tool := range config.Tools {
		served := tool.serve(tool, config)
		if config.TextOnly {
			served = textOnly(served)
		}
		s.AddTools(served)
	}
}

// textOnly is a tool whose results are text alone. What an error has beside its words is a text of its own.
func textOnly(tool server.ServerTool) server.ServerTool {
	answer := tool.Handler
	tool.Tool.RawOutputSchema = nil
	tool.Handler = func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		result, err := answer(ctx, request)
		if data, ok := result.StructuredContent.(json.RawMessage); ok && result.IsError {
			result.Content = append(result.Content, mcp.NewTextContent(string(data)))
		}
		result.StructuredContent = nil
		return result, err
	}
	return tool
}
