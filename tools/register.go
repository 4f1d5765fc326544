package tools

import (
	"context"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
)

// Config is what the tools are served with.
type Config struct {
	// Tools are those that are served; nil means all. [Choose] picks them by name.
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
	// CallTime bounds a call; 0 means as [Follow] does.
	CallTime time.Duration
}

// Register adds the tools to a server.
func Register(s *server.MCPServer, config Config) {
	if config.Tools == nil {
		config.Tools = All()
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Summarize == nil {
		config.Summarize = func(context.Context, string, int, bool) {}
	}
	for _, tool := range config.Tools {
		s.AddTools(tool.serve(tool, config))
	}
}
