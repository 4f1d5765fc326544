package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"make-audit-mcp/internal/telemetry"
)

// These tests set the environment, as operators do, and so cannot run in parallel.

// otlp is a collector of traces on loopback.
type otlp struct {
	mu    sync.Mutex
	spans []*v1.Span
	names map[string]string // of the resource
}

func (c *otlp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &request) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names = map[string]string{}
	for _, resource := range request.GetResourceSpans() {
		for _, attribute := range resource.GetResource().GetAttributes() {
			c.names[attribute.GetKey()] = attribute.GetValue().GetStringValue()
		}
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// sending starts a Telemetry that sends its traces to a collector on loopback.
func sending(t *testing.T, collector http.Handler, logger *slog.Logger) *telemetry.Telemetry {
	t.Helper()
	served := httptest.NewServer(collector)
	t.Cleanup(served.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", served.URL)
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "make-audit-mcp", Version: "1.2.3", OTLPEndpoint: true,
		Logger: logger})
	require.NoError(t, err)
	return m
}

// traced starts a Telemetry with a collector of its own.
func traced(t *testing.T) (*telemetry.Telemetry, *otlp) {
	t.Helper()
	traces := &otlp{}
	return sending(t, traces, nil), traces
}

// named is the one span of a name.
func (c *otlp) named(t *testing.T, name string) *v1.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*v1.Span
	for _, span := range c.spans {
		if span.GetName() == name {
			found = append(found, span)
		}
	}
	require.Len(t, found, 1, name)
	return found[0]
}

func TestSpansFollowTheConventionAndTheClientsTrace(t *testing.T) {
	m, traces := traced(t)
	m.KnownTargets("list_audit_logs")
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx, end := m.Begin(t.Context(), telemetry.Operation{
		Method: "tools/call", Target: "list_audit_logs", Transport: "http", ProtocolVersion: "2026-07-28", SessionHash: "abcd",
		RequestID: "R1",
	}, parent, "vendor=1")
	request := get(t, "https://eu1.make.com/api/v2/audit-logs/organization/4721?authorId%5B%5D=secret").WithContext(ctx)
	request.Header.Set("Authorization", "Token secret")
	ask(t, m, http.StatusTooManyRequests, request)
	assert.Empty(t, request.Header.Get("Traceparent"), "Make is a third party")
	end("tool_error")
	for _, bad := range []string{"", "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01", strings.Repeat("0", 10_000)} {
		_, end := m.Begin(t.Context(), telemetry.Operation{Method: "evil\nsecret", Target: "secret", Transport: "sse"}, bad, "")
		end("ok")
	}
	require.NoError(t, m.Shutdown(t.Context()))

	require.Len(t, traces.spans, 6)
	client, operation := traces.spans[0], traces.spans[1]
	assert.Equal(t, "make-audit-mcp", traces.names["service.name"])
	assert.Equal(t, "1.2.3", traces.names["service.version"])
	assert.Equal(t, "tools/call list_audit_logs", operation.GetName())
	assert.Equal(t, v1.Span_SPAN_KIND_SERVER, operation.GetKind())
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", fmt.Sprintf("%x", operation.GetTraceId()))
	assert.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", operation.GetParentSpanId()))
	assert.Equal(t, v1.Status_STATUS_CODE_ERROR, operation.GetStatus().GetCode())
	assert.Equal(t, map[string]string{
		"mcp.method.name": "tools/call", "gen_ai.tool.name": "list_audit_logs", "gen_ai.operation.name": "execute_tool",
		"mcp.session.id":       "abcd",
		"mcp.protocol.version": "2026-07-28", "network.transport": "tcp", "make_audit_mcp.transport": "http",
		"make_audit_mcp.request.id": "R1", "make_audit_mcp.outcome": "tool_error", "error.type": "tool_error",
	}, attributes(operation))
	assert.Equal(t, "GET /audit-logs/organization/{id}", client.GetName())
	assert.Equal(t, v1.Span_SPAN_KIND_CLIENT, client.GetKind())
	assert.Equal(t, operation.GetSpanId(), client.GetParentSpanId())
	for _, span := range traces.spans {
		assert.NotContains(t, span.String(), "secret")
	}
	assert.NotEqual(t, operation.GetTraceId(), traces.spans[2].GetTraceId())
}

func attributes(span *v1.Span) map[string]string {
	all := map[string]string{}
	for _, attribute := range span.GetAttributes() {
		all[attribute.GetKey()] = attribute.GetValue().GetStringValue()
	}
	return all
}

func TestTheClientsTraceGoesBeforeTheContexts(t *testing.T) {
	m, traces := traced(t)
	ctx, endOuter := m.Begin(t.Context(), telemetry.Operation{Method: "initialize", Transport: "stdio"}, "", "")
	_, endInner := m.Begin(ctx, telemetry.Operation{Method: "ping", Transport: "stdio"}, "not a trace", "")
	_, endOther := m.Begin(ctx, telemetry.Operation{Method: "tools/list", Transport: "http"},
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1,other=2")
	endOther("ok")
	endInner("ok")
	endOuter("cancelled")
	require.NoError(t, m.Shutdown(t.Context()))
	outer, inner, other := traces.named(t, "initialize"), traces.named(t, "ping"), traces.named(t, "tools/list")
	assert.Empty(t, outer.GetParentSpanId())
	assert.Equal(t, outer.GetSpanId(), inner.GetParentSpanId())
	assert.Equal(t, outer.GetTraceId(), inner.GetTraceId())
	assert.Equal(t, "pipe", attributes(inner)["network.transport"])
	for _, span := range []*v1.Span{outer, inner} {
		assert.Equal(t, v1.Status_STATUS_CODE_UNSET, span.GetStatus().GetCode(), "neither is an error")
		assert.NotContains(t, attributes(span), "error.type")
	}
	assert.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", other.GetParentSpanId()))
	assert.Equal(t, "vendor=1,other=2", other.GetTraceState())
}

func TestHostileTraceContextIsIgnored(t *testing.T) {
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	m, traces := traced(t)
	bad := []string{
		good[:54], good + "x", good + "-extra", strings.ToUpper(good), "ff" + good[2:], "00-" + strings.Repeat("g", 32) + good[35:],
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", good + strings.Repeat("-0", 1000), "\xff\x00", good + "\r\nx: y",
	}
	for _, traceparent := range bad {
		_, end := m.Begin(t.Context(), telemetry.Operation{Method: "ping", Transport: "http"}, traceparent, strings.Repeat("a=b,", 100_000))
		end("ok")
	}
	for _, tracestate := range []string{strings.Repeat("a=b,", 100_000), "=", "evil\r\n=1", "\xff"} {
		_, end := m.Begin(t.Context(), telemetry.Operation{Method: "tools/list", Transport: "http"}, good, tracestate)
		end("ok")
	}
	require.NoError(t, m.Shutdown(t.Context()))
	require.Len(t, traces.spans, len(bad)+4)
	for _, span := range traces.spans {
		assert.Empty(t, span.GetTraceState())
		if span.GetName() == "ping" {
			assert.Empty(t, span.GetParentSpanId())
		} else {
			assert.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", span.GetParentSpanId()), "the parent is right even if the state is not")
		}
	}
}

func TestNoTextOfClientsOrUsersComesIntoASpan(t *testing.T) {
	m, traces := traced(t)
	m.KnownTargets("audit_week")
	ctx, end := m.Begin(t.Context(), telemetry.Operation{Method: "prompts/get", Target: "audit_week", Transport: "sse"}, "", "")
	for _, address := range []string{
		"https://evil:evil@eu1.make.com:8443/api/v2/audit-logs/organization/666?evil=evil#evil",
		"https://eu1.make.com/evil/666?evil",
	} {
		request := get(t, address).WithContext(ctx)
		request.Header.Set("Authorization", "Token evil")
		ask(t, m, http.StatusOK, request)
	}
	ping := get(t, "http://eu1.make.com/api/v2/ping").WithContext(ctx)
	_, err := m.RoundTripper(failing{}).RoundTrip(ping) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errBroken)
	end("error")
	operate(t, m, telemetry.Operation{Method: "tools/call", Target: "evil", Transport: "sse", ProtocolVersion: "evil"}, "ok")
	require.NoError(t, m.Shutdown(t.Context()))

	require.Len(t, traces.spans, 5)
	for _, span := range traces.spans {
		assert.NotContains(t, span.String(), "evil")
		assert.NotContains(t, span.String(), "secret", "of the error's text")
		assert.Empty(t, span.GetEvents())
		assert.NotContains(t, fmt.Sprint(attributes(span)), "666", "the ids in a path are arguments")
	}
	prompt := traces.named(t, "prompts/get audit_week")
	assert.Equal(t, "audit_week", attributes(prompt)["gen_ai.prompt.name"])
	assert.Equal(t, "error", attributes(prompt)["error.type"])
	assert.Equal(t, v1.Status_STATUS_CODE_ERROR, prompt.GetStatus().GetCode())
	assert.Empty(t, prompt.GetStatus().GetMessage())

	known, unknown, broken := traces.named(t, "GET /audit-logs/organization/{id}"), traces.named(t, "GET other"), traces.named(t,
		"GET /ping")
	assert.Equal(t, "https://eu1.make.com:8443/api/v2/audit-logs/organization/{id}", attributes(known)["url.full"])
	assert.Equal(t, "eu1.make.com", attributes(known)["server.address"])
	assert.Equal(t, int64(8443), number(known, "server.port"))
	assert.Equal(t, int64(200), number(known, "http.response.status_code"))
	assert.Equal(t, v1.Status_STATUS_CODE_UNSET, known.GetStatus().GetCode())
	assert.Equal(t, "https://eu1.make.com", attributes(unknown)["url.full"])
	assert.Equal(t, int64(443), number(unknown, "server.port"))
	assert.Equal(t, int64(80), number(broken, "server.port"))
	assert.Equal(t, v1.Status_STATUS_CODE_ERROR, broken.GetStatus().GetCode())
	assert.Equal(t, "error", attributes(broken)["error.type"])
}

func number(span *v1.Span, key string) int64 {
	for _, attribute := range span.GetAttributes() {
		if attribute.GetKey() == key {
			return attribute.GetValue().GetIntValue()
		}
	}
	return 0
}

func TestTheEnvironmentNamesTheService(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "audit-of-acme")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=production")
	m, traces := traced(t)
	operate(t, m, telemetry.Operation{Method: "ping", Transport: "stdio"}, "ok")
	require.NoError(t, m.Shutdown(t.Context()))
	assert.Equal(t, "audit-of-acme", traces.names["service.name"])
	assert.Equal(t, "1.2.3", traces.names["service.version"])
	assert.Equal(t, "production", traces.names["deployment.environment.name"])
}

func TestAfterShutdownAllGoesOnWithoutTraces(t *testing.T) {
	m, traces := traced(t)
	require.NoError(t, m.Shutdown(t.Context()))
	require.NoError(t, m.Shutdown(t.Context()))
	operate(t, m, telemetry.Operation{Method: "ping", Transport: "stdio"}, "ok")
	assert.Empty(t, traces.spans)
	assert.Contains(t, strings.Join(scrape(t, m), "\n"), `mcp_method_name="ping"`)
}

func TestACollectorThatHangsHoldsNobodyUp(t *testing.T) {
	hold := make(chan struct{})
	m := sending(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }), nil)
	t.Cleanup(func() { close(hold) }) // before the server is closed, which waits for its handlers
	begun := time.Now()
	for range 10_000 { // more than the queue of 2048 holds
		operate(t, m, telemetry.Operation{Method: "ping", Transport: "stdio"}, "ok")
	}
	assert.Less(t, time.Since(begun), 5*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun = time.Now()
	require.ErrorIs(t, m.Shutdown(ctx), context.DeadlineExceeded)
	assert.Less(t, time.Since(begun), 5*time.Second)
	assert.Contains(t, strings.Join(scrape(t, m), "\n"), "} 10000", "the metrics count them all the same")
}

func TestACollectorThatRefusesIsLogged(t *testing.T) {
	var log bytes.Buffer
	m := sending(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }),
		slog.New(slog.NewTextHandler(&log, nil)))
	operate(t, m, telemetry.Operation{Method: "ping", Transport: "stdio"}, "ok")
	require.NoError(t, m.Shutdown(t.Context()), "what cannot be sent is no reason to stop wrongly")
	assert.Contains(t, log.String(), "traces cannot be sent")
	assert.Contains(t, log.String(), "spans=1")
}
