package telemetry

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Operation is an MCP request that is served.
type Operation struct {
	// Method is the request's; those that MCP does not have count as other.
	Method string
	// Target is the tool or prompt, "" for none; unknown ones count as other.
	Target string
	// Transport is stdio, http or sse.
	Transport string
	// ProtocolVersion is MCP's, a date; anything else is left out.
	ProtocolVersion string
	// SessionHash stands for the session, whose id nobody else may have.
	SessionHash string
	// RequestID is our own name of the request, as in the log, and so not what the convention calls jsonrpc.request.id.
	RequestID string
}

// Begin begins an operation: a span, in the trace that the client names or else in ctx's. A traceparent that is wrong or too long is
// ignored. The function that it returns ends the operation, with ok, tool_error, error or cancelled. Neither waits for anything.
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
	return ctx, func(outcome string) {
		t.operations.Observe(time.Since(begin).Seconds(), target, method, outcome, operation.Transport)
		if outcome == "error" || outcome == "tool_error" {
			span.SetAttributes(attribute.String("error.type", outcome))
			span.SetStatus(codes.Error, "")
		}
		span.SetAttributes(attribute.String(prefixDotted+"outcome", outcome))
		span.End()
	}
}

const prefixDotted = "make_audit_mcp."

func attributes(operation Operation, method, target string) []attribute.KeyValue {
	network := "tcp"
	if operation.Transport == "stdio" {
		network = "pipe"
	}
	all := []attribute.KeyValue{
		attribute.String("mcp.method.name", method),
		attribute.String("mcp.session.id", operation.SessionHash),
		attribute.String("mcp.protocol.version", knownVersion(operation.ProtocolVersion)),
		attribute.String("network.transport", network),
		attribute.String(prefixDotted+"transport", operation.Transport),
		attribute.String(prefixDotted+"request.id", operation.RequestID),
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

// remote is the trace that a client says it is in, if it says so rightly.
func remote(ctx context.Context, traceparent, tracestate string) context.Context {
	const longest = 512 // W3C Trace Context, section 3.3.1.5: at least so much of tracestate
	if traceparent == "" || len(traceparent) > longest {
		return ctx
	}
	carrier := propagation.MapCarrier{"traceparent": traceparent}
	if len(tracestate) <= longest {
		carrier["tracestate"] = tracestate
	}
	return propagation.TraceContext{}.Extract(ctx, carrier)
}
