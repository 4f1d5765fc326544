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
	// Service gives the service of the caller that a request's context belongs
	// to. An error becomes the tool's.
	Service func(ctx context.Context) (*analysis.Service, error)
	// Notify sends a notification to the caller, before any result that follows.
	Notify Notify
	// Summarize is told of every answer, for the operator's books: the organization's
	// id ("" for none), how many rows it has, and whether it is an error. nil means
	// that nobody keeps any.
	Summarize func(ctx context.Context, organization string, rows int, failed bool)
	// Logger is told of panics.
	Logger *slog.Logger
	// CallTime bounds a call; CallTimeWithProgress one whose caller follows its
	// progress, and so waits longer. 0 means 50 s and 240 s.
	CallTime             time.Duration
	CallTimeWithProgress time.Duration
}

const (
	// Clients give up after 60 s, or 300 s where progress comes.
	defaultCallTime             = 50 * time.Second
	defaultCallTimeWithProgress = 240 * time.Second
)

// Register adds all tools to a server.
func Register(s *server.MCPServer, config Config) {
	if config.CallTime <= 0 {
		config.CallTime = defaultCallTime
	}
	if config.CallTimeWithProgress <= 0 {
		config.CallTimeWithProgress = defaultCallTimeWithProgress
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Summarize == nil {
		config.Summarize = func(context.Context, string, int, bool) {}
	}
	add(s, config, listOrganizations())
	add(s, config, listAuditLogFilters())
	add(s, config, listAuditLogs())
	add(s, config, getAuditLog())
	add(s, config, countAuditLogs())
	add(s, config, getActorActivity())
	add(s, config, getTargetHistory())
}
