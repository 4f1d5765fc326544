package telemetry

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Operation is an MCP request that is served.
type Operation struct {
	// Method is the request's; those that MCP does not have count as other.
	Method string
	// Target is the tool or prompt, "" for none; unknown ones count as other.
	Target string
	// Transport is stdio, http or sse; anything else counts as other.
	Transport string
	// ProtocolVersion is MCP's, a date; anything else is left out.
	ProtocolVersion string
	// SessionHash stands for the session, whose id nobody else may have.
	SessionHash string
	// RequestID is our own name of the request, as in the log. It is not JSON-RPC's id, which is the client's, and so does not go under
	// jsonrpc.request.id.
	RequestID string
}

// Begin begins an operation: a span, in the trace that the client names or else in ctx's. A traceparent that is wrong or too long is
// ignored. The function that it returns ends the operation, with ok, tool_error, error or cancelled; only its first call counts. Neither
// waits for anything.
//
// Sources: https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/ (names and attributes) and https://www.w3.org/TR/trace-context/
// (traceparent, tracestate).
func (t *Telemetry) Begin(ctx context.Context, operation Operation, traceparent,
	tracestate string) (context.Context, func(outcome string)) {
	if t == nil {
		return ctx, func(string) {}
	}
	method, target := knownMethod(operation.Method), t.target(operation.Target)
	name := method
	if target != "" {
		name += " " + target
	}
	begin := time.Now()
	ctx, span := t.tracer.Start(remote(ctx, traceparent, tracestate), name, trace.WithSpanKind(trace.SpanKindServer))
	if span.IsRecording() {
		span.SetAttributes(attributes(operation, method, target)...)
	}
	once := sync.Once{}
	finish := func(outcome string) {
		outcome = knownOutcome(outcome)
		t.operations.WithLabelValues(method, target, knownTransport(operation.Transport), outcome).Observe(time.Since(begin).Seconds())
		if outcome == "error" || outcome == "tool_error" {
			span.SetAttributes(attribute.String("error.type", outcome))
			span.SetStatus(codes.Error, "")
		}
		span.SetAttributes(attribute.String(prefixDotted+"outcome", outcome))
		span.End()
	}
	return ctx, func(outcome string) { once.Do(func() { finish(outcome) }) }
}

const prefixDotted = "make_audit_mcp."

func attributes(operation Operation, method, target string) []attribute.KeyValue {
	all := []attribute.KeyValue{
		attribute.String("mcp.method.name", method),
		attribute.String("mcp.session.id", printable(operation.SessionHash)),
		attribute.String("mcp.protocol.version", knownVersion(operation.ProtocolVersion)),
		attribute.String("network.transport", network(operation.Transport)),
		attribute.String(prefixDotted+"transport", knownTransport(operation.Transport)),
		attribute.String(prefixDotted+"request.id", printable(operation.RequestID)),
	}
	switch method {
	case "tools/call":
		all = append(all, attribute.String("gen_ai.tool.name", target), attribute.String("gen_ai.operation.name", "execute_tool"))
	case "prompts/get":
		all = append(all, attribute.String("gen_ai.prompt.name", target))
	}
	return slices.DeleteFunc(all, func(a attribute.KeyValue) bool { return a.Value.AsString() == "" })
}

// knownMethod is a method that clients of MCP send, or other.
//
// Sources: https://modelcontextprotocol.io/specification/2025-11-25/schema and
// https://modelcontextprotocol.io/specification/2026-07-28/schema
func knownMethod(method string) string {
	switch method {
	case "initialize", "ping", "server/discover", "subscriptions/listen", "logging/setLevel", "completion/complete",
		"tools/list", "tools/call", "prompts/list", "prompts/get",
		"resources/list", "resources/read", "resources/templates/list", "resources/subscribe", "resources/unsubscribe",
		"tasks/get", "tasks/list", "tasks/result", "tasks/cancel",
		"notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/roots/list_changed":
		return method
	}
	return other
}

// knownVersion is a version as MCP writes them, a date.
func knownVersion(version string) string {
	if _, err := time.Parse(time.DateOnly, version); err != nil {
		return ""
	}
	return version
}

// knownOutcome is an outcome that an operation can have, or other.
func knownOutcome(outcome string) string {
	switch outcome {
	case "ok", "tool_error", "error", "cancelled":
		return outcome
	}
	return other
}

// knownTransport is a transport that we have, or other.
func knownTransport(transport string) string {
	switch transport {
	case "stdio", "http", "sse":
		return transport
	}
	return other
}

// network is what the convention calls a transport.
func network(transport string) string {
	switch transport {
	case "stdio":
		return "pipe"
	case "http", "sse":
		return "tcp"
	}
	return ""
}

// printable leaves the printable ASCII of an id, and not much of it. Protobuf takes UTF-8 only: one bad byte would cost the whole batch of
// spans.
func printable(id string) string {
	const longest = 64
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c > '~' {
			return -1
		}
		return c
	}, id[:min(len(id), longest)])
}
