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
	// CallTime bounds a call; CallTimeWithProgress one whose caller follows its progress, and so waits longer. 0 means 50 s and 240 s.
	CallTime             time.Duration
	CallTimeWithProgress time.Duration
}

const (
	// Clients give up after 60 s, or 300 s where progress comes.
	defaultCallTime             = 50 * time.Second
	defaultCallTimeWithProgress = 240 * time.Second
)

// Register adds the tools to a server.
func Register(s *server.MCPServer, config Config) {
	config = config.withDefaults()
	for _, tool := range config.Tools {
		s.AddTool(tool.definition(), tool.serve(tool.Name, config))
	}
}

func (c Config) withDefaults() Config {
	if c.Tools == nil {
		c.Tools = All()
	}
	if c.CallTime <= 0 {
		c.CallTime = defaultCallTime
	}
	if c.CallTimeWithProgress <= 0 {
		c.CallTimeWithProgress = defaultCallTimeWithProgress
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Summarize == nil {
		c.Summarize = func(context.Context, string, int, bool) {}
	}
	return c
}
