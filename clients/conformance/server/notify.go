package main

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/transport"
)

// notify sends a notification to the client whose call ctx belongs to.
func notify(ctx context.Context, method string, params map[string]any) error {
	return transport.Notify(ctx, method, params)
}

// log sends a log message, if the client asked for messages of its level.
func log(ctx context.Context, level mcp.LoggingLevel, message string) error {
	wanted := wantedLevel(ctx)
	if wanted == "" || !level.ShouldSendTo(wanted) {
		return nil
	}
	return notify(ctx, string(mcp.MethodNotificationMessage), map[string]any{
		"level":  level,
		"logger": "conformance",
		"data":   message,
	})
}

// wantedLevel is the least level that the client wants to see: of the request, or, up to 2025-11-25, of the session. It is empty if the
// client wants none.
func wantedLevel(ctx context.Context) mcp.LoggingLevel {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		return info.LogLevel
	}
	if session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithLogging); ok {
		return session.GetLogLevel()
	}
	return ""
}
