package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"make-audit-mcp/internal/telemetry/metrics"
)

const (
	prefix = "make_audit_mcp_"
	other  = "other"
)

// Options set up a Telemetry.
type Options struct {
	// ServiceName and Version name the process.
	ServiceName, Version string
	// OTLPEndpoint has traces sent by OTLP over HTTP to where the OTEL_ environment variables say.
	OTLPEndpoint bool
	// CollectorWait is how long to wait before spans are sent a second time; 0 is 5 seconds.
	CollectorWait time.Duration
	// Logger gets a line for traces that cannot be sent; nil for none.
	Logger *slog.Logger
}

// Telemetry measures a process. It is for any number of goroutines at once.
type Telemetry struct {
	registry *metrics.Registry
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider // nil without traces
	logger   *slog.Logger

	operations metrics.Histogram
	upstream   metrics.Histogram
	waits      metrics.Histogram
	refused    metrics.Counter
	rows       metrics.Counter
	bytes      metrics.Counter

	mu      sync.RWMutex
	targets map[string]bool
}

// New returns a Telemetry with metrics of its own. It sends nothing yet, and does not ask whether the collector is there.
//
// Sources: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ (the environment) and https://prometheus.io/docs/practices/naming/
// (names and units).
func New(ctx context.Context, options Options) (*Telemetry, error) {
	seconds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 60, 120, 240}
	registry := metrics.NewRegistry()
	registry.Info(prefix+"build_info", "1, with the version as a label.", "version", options.Version)
	t := &Telemetry{
		registry: registry,
		tracer:   noop.NewTracerProvider().Tracer(options.ServiceName),
		logger:   cmp.Or(options.Logger, slog.New(slog.DiscardHandler)),
		targets:  map[string]bool{},
		// The name is the convention's mcp.server.operation.duration.
		operations: registry.Histogram("mcp_server_operation_duration_seconds", "MCP requests served.", seconds,
			"gen_ai_tool_name", "mcp_method_name", "outcome", "transport"),
		upstream: registry.Histogram(prefix+"upstream_request_duration_seconds", "Requests to Make, each try of its own.", seconds,
			"route", "status"),
		waits:   registry.Histogram(prefix+"upstream_wait_seconds", "Waits before requests to Make.", seconds, "reason"),
		refused: registry.Counter(prefix+"refused_requests_total", "HTTP requests that a guard refused.", "reason"),
		rows:    registry.Counter(prefix+"rows_total", "Rows that tools answered with.", "gen_ai_tool_name"),
		bytes:   registry.Counter(prefix+"answer_bytes_total", "Bytes that tools answered with.", "gen_ai_tool_name"),
	}
	if options.OTLPEndpoint {
		if err := t.exportTraces(ctx, options); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// exportTraces has traces sent by OTLP.
func (t *Telemetry) exportTraces(ctx context.Context, options Options) error {
	to, err := newCollector(options, t.logger)
	if err != nil {
		return err
	}
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(options.ServiceName), semconv.ServiceVersion(options.Version)),
		resource.WithFromEnv(), // OTEL_SERVICE_NAME goes before ours
	)
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return fmt.Errorf("describing this process for traces: %w", err)
	}
	t.provider = sdktrace.NewTracerProvider(
		// Spans are dropped when the collector is slow; nothing ever waits for it.
		sdktrace.WithBatcher(&loggingExporter{SpanExporter: to, logger: t.logger}),
		sdktrace.WithResource(about),
	)
	t.tracer = t.provider.Tracer(options.ServiceName)
	return nil
}

// loggingExporter logs what cannot be sent, instead of OpenTelemetry's global handler.
type loggingExporter struct {
	sdktrace.SpanExporter
	logger *slog.Logger
}

// ExportSpans sends spans.
func (e *loggingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.logger.WarnContext(ctx, "traces cannot be sent", "spans", len(spans), "error", err)
	}
	return nil
}

// Handler serves the metrics as Prometheus reads them; nothing without a Telemetry.
func (t *Telemetry) Handler() http.Handler {
	if t == nil {
		return http.NotFoundHandler()
	}
	return t.registry.Handler()
}

// Shutdown sends the last spans. What cannot be sent is logged; an error means that ctx has ended. Metrics stay readable.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t == nil || t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// KnownTargets adds the names of tools and prompts that labels may hold.
func (t *Telemetry) KnownTargets(names ...string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		t.targets[name] = true
	}
}

// target is a name that is known, "" for none, or other.
func (t *Telemetry) target(name string) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if name == "" || t.targets[name] {
		return name
	}
	return other
}

// Gauge has a number read whenever the metrics are; one that is no number (NaN) is left out. A name that is wrong or taken is logged: no
// metric is worth not starting.
func (t *Telemetry) Gauge(name, help string, read func() float64) {
	if t == nil {
		return
	}
	if err := t.registry.Known(prefix+name, help, read); err != nil {
		t.logger.Warn("a number cannot be measured", "name", name, "error", err)
	}
}

// Count is a Gauge of a number that only grows, which somebody else counts.
func (t *Telemetry) Count(name, help string, read func() float64) {
	if t == nil {
		return
	}
	if err := t.registry.Count(prefix+name, help, read); err != nil {
		t.logger.Warn("a number cannot be measured", "name", name, "error", err)
	}
}

// HTTPRefused counts a request that a guard refused, by the guard: a short word of our own, such as host or rate.
func (t *Telemetry) HTTPRefused(reason string) {
	if t != nil {
		t.refused.Add(1, reason)
	}
}

// Rows counts the rows and bytes that a tool answered with.
func (t *Telemetry) Rows(tool string, rows, bytes int) {
	if t == nil {
		return
	}
	name := t.target(tool)
	t.rows.Add(float64(rows), name)
	t.bytes.Add(float64(bytes), name)
}
