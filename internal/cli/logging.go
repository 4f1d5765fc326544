package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lmittmann/tint"

	"make-audit-mcp/internal/telemetry"
)

// logger writes to standard error: text, in colour only on a terminal, or JSON. Whatever a line holds, the key is never in it.
func (s *Settings) logger(to io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // the flag takes only names that it knows
	hide := redactor(os.Getenv(environmentKey))
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level, ReplaceAttr: hide}))
	}
	return slog.New(tint.NewTextHandler(to, &tint.Options{
		Level: level, ReplaceAttr: hide, TimeFormat: time.DateTime,
		NoColor: !terminalColour(to),
	}))
}

// redactor hides attributes that are named like secrets, and the secret itself wherever it stands.
func redactor(secret string) func([]string, slog.Attr) slog.Attr {
	const hidden = "[hidden]"
	telling := []string{"authorization", "token", "secret", "password", "api_key", "apikey", "credential"}
	return func(_ []string, attribute slog.Attr) slog.Attr {
		name := strings.ToLower(attribute.Key)
		if slices.ContainsFunc(telling, func(word string) bool { return strings.Contains(name, word) }) {
			return slog.String(attribute.Key, hidden)
		}
		value := attribute.Value.Resolve()
		mayHold := secret != "" && (value.Kind() == slog.KindString || value.Kind() == slog.KindAny)
		if mayHold && strings.Contains(value.String(), secret) {
			return slog.String(attribute.Key, strings.ReplaceAll(value.String(), secret, hidden))
		}
		return attribute
	}
}

// startTelemetry sets up metrics where somebody can read them, and traces where the environment says where they go.
func (r *runtime) startTelemetry(metrics bool) error {
	traces := os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	if !metrics && !traces {
		return nil
	}
	started, err := telemetry.New(r.ctx, telemetry.Options{ServiceName: "make-audit-mcp", Version: r.version, OTLPEndpoint: traces,
		Logger: r.logger})
	if err != nil {
		return &SettingError{Problem: "traces cannot be sent: " + err.Error(),
			Next: "correct the OTEL_ variables, or unset OTEL_EXPORTER_OTLP_ENDPOINT"}
	}
	r.telemetry = started
	return nil
}

// stopTelemetry gives the last spans some time to go out.
func (r *runtime) stopTelemetry() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), 3*time.Second)
	defer cancel()
	if err := r.telemetry.Shutdown(ctx); err != nil {
		r.logger.WarnContext(ctx, "the last traces could not be sent", "error", err)
	}
}
