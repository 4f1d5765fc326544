package cli

import (
	"context"
	"os"
	"time"

	"make-audit-mcp/internal/telemetry"
)

// flushTimeout is how long the last spans may take to go out.
const flushTimeout = 3 * time.Second

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

func (r *runtime) stopTelemetry() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), flushTimeout)
	defer cancel()
	if err := r.telemetry.Shutdown(ctx); err != nil {
		r.logger.WarnContext(ctx, "the last traces could not be sent", "error", err)
	}
}
