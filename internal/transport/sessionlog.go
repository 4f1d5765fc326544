package transport

import (
	"context"
	"log/slog"
	"regexp"
)

// sessionRedactor keeps session ids out of what mcp-go logs: whoever has one, and the token, could take a session over.
type sessionRedactor struct{ slog.Handler }

// Handle passes a record on.
func (s *sessionRedactor) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, redactSessions(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redactAttr(a))
		return true
	})
	return s.Handler.Handle(ctx, clean)
}

// WithAttrs returns a handler with attributes.
func (s *sessionRedactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		clean = append(clean, redactAttr(a))
	}
	return &sessionRedactor{s.Handler.WithAttrs(clean)}
}

// WithGroup returns a handler whose attributes are in a group.
func (s *sessionRedactor) WithGroup(name string) slog.Handler {
	return &sessionRedactor{s.Handler.WithGroup(name)}
}

func redactAttr(a slog.Attr) slog.Attr {
	return slog.String(a.Key, redactSessions(a.Value.Resolve().String()))
}

func redactSessions(text string) string {
	return regexp.MustCompile(sessionPrefix+`\S+`).ReplaceAllStringFunc(text, fingerprint)
}
