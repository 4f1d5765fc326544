package transport

import (
	"context"
	"log/slog"
	"regexp"
)

// withoutSessions keeps session ids out of what mcp-go logs: whoever has one, and the
// token, could take a session over.
type withoutSessions struct{ next slog.Handler }

// Enabled asks the next handler.
func (w *withoutSessions) Enabled(ctx context.Context, level slog.Level) bool {
	return w.next.Enabled(ctx, level)
}

// Handle passes a record on.
func (w *withoutSessions) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, hideSessions(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(hideSession(a))
		return true
	})
	return w.next.Handle(ctx, clean)
}

// WithAttrs returns a handler with attributes.
func (w *withoutSessions) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		clean = append(clean, hideSession(a))
	}
	return &withoutSessions{w.next.WithAttrs(clean)}
}

// WithGroup returns a handler whose attributes are in a group.
func (w *withoutSessions) WithGroup(name string) slog.Handler {
	return &withoutSessions{w.next.WithGroup(name)}
}

func hideSession(a slog.Attr) slog.Attr {
	return slog.String(a.Key, hideSessions(a.Value.Resolve().String()))
}

func hideSessions(text string) string {
	return regexp.MustCompile(sessionPrefix+`\S+`).ReplaceAllStringFunc(text, short)
}
