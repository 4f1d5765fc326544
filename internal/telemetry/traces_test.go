package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
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

	"make-audit-mcp/internal/telemetry"
)

// These tests set the environment, as operators do, and so cannot run in parallel.

// span is what tests read of one.
type span struct {
	TraceID, SpanID, ParentSpanID, TraceState, Name string

	Kind       int
	Attributes []keyValue
	Events     []json.RawMessage
	Status     struct {
		Code    int
		Message string
	}
}

type keyValue struct {
	Key   string
	Value struct{ StringValue, IntValue string }
}

// What kinds of spans and statuses are in JSON.
//
// Source: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto/trace/v1/trace.proto
const (
	kindServer  = 2
	kindClient  = 3
	statusUnset = 0
	statusError = 2
)

// otlp is a collector of traces on loopback.
type otlp struct {
	mu    sync.Mutex
	text  strings.Builder // of all requests
	spans []span
	names map[string]string // of the resource
}

func (c *otlp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []keyValue }
			ScopeSpans []struct{ Spans []span }
		}
	}
	if err != nil || r.URL.Path != "/v1/traces" || json.Unmarshal(body, &request) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(body)
	for _, resource := range request.ResourceSpans {
		c.names = texts(resource.Resource.Attributes)
		for _, scope := range resource.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
}

// texts are the attributes that are texts; others are empty there.
func texts(attributes []keyValue) map[string]string {
	all := map[string]string{}
	for _, attribute := range attributes {
		all[attribute.Key] = attribute.Value.StringValue
	}
	return all
}

// sending starts a Telemetry that sends its traces to a collector on loopback.
func sending(t *testing.T, collector http.Handler, logger *slog.Logger) *telemetry.Telemetry {
	t.Helper()
	served := httptest.NewServer(collector)
	t.Cleanup(served.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", served.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
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
func (c *otlp) named(t *testing.T, name string) span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []span
	for _, span := range c.spans {
		if span.Name == name {
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
	assert.Equal(t, "tools/call list_audit_logs", operation.Name)
	assert.Equal(t, kindServer, operation.Kind)
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", operation.TraceID)
	assert.Equal(t, "b7ad6b7169203331", operation.ParentSpanID)
	assert.Equal(t, statusError, operation.Status.Code)
	assert.Equal(t, map[string]string{
		"mcp.method.name": "tools/call", "gen_ai.tool.name": "list_audit_logs", "gen_ai.operation.name": "execute_tool",
		"mcp.session.id":       "abcd",
		"mcp.protocol.version": "2026-07-28", "network.transport": "tcp", "make_audit_mcp.transport": "http",
		"make_audit_mcp.request.id": "R1", "make_audit_mcp.outcome": "tool_error", "error.type": "tool_error",
	}, attributes(operation))
	assert.Equal(t, "GET /audit-logs/organization/{id}", client.Name)
	assert.Equal(t, kindClient, client.Kind)
	assert.Equal(t, operation.SpanID, client.ParentSpanID)
	assert.NotContains(t, traces.text.String(), "secret")
	assert.NotEqual(t, operation.TraceID, traces.spans[2].TraceID)
}

func attributes(of span) map[string]string { return texts(of.Attributes) }

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
	assert.Empty(t, outer.ParentSpanID)
	assert.Equal(t, outer.SpanID, inner.ParentSpanID)
	assert.Equal(t, outer.TraceID, inner.TraceID)
	assert.Equal(t, "pipe", attributes(inner)["network.transport"])
	for _, span := range []span{outer, inner} {
		assert.Equal(t, statusUnset, span.Status.Code, "neither is an error")
		assert.NotContains(t, attributes(span), "error.type")
	}
	assert.Equal(t, "b7ad6b7169203331", other.ParentSpanID)
	assert.Equal(t, "vendor=1,other=2", other.TraceState)
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
		assert.Empty(t, span.TraceState)
		if span.Name == "ping" {
			assert.Empty(t, span.ParentSpanID)
		} else {
			assert.Equal(t, "b7ad6b7169203331", span.ParentSpanID, "the parent is right even if the state is not")
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

	assert.NotContains(t, traces.text.String(), "evil")
	assert.NotContains(t, traces.text.String(), "secret", "of the error's text")
	require.Len(t, traces.spans, 5)
	for _, span := range traces.spans {
		assert.Empty(t, span.Events)
		assert.NotContains(t, fmt.Sprint(attributes(span)), "666", "the ids in a path are arguments")
	}
	prompt := traces.named(t, "prompts/get audit_week")
	assert.Equal(t, "audit_week", attributes(prompt)["gen_ai.prompt.name"])
	assert.Equal(t, "error", attributes(prompt)["error.type"])
	assert.Equal(t, statusError, prompt.Status.Code)
	assert.Empty(t, prompt.Status.Message)

	known, unknown, broken := traces.named(t, "GET /audit-logs/organization/{id}"), traces.named(t, "GET other"), traces.named(t,
		"GET /ping")
	assert.Equal(t, "https://eu1.make.com:8443/api/v2/audit-logs/organization/{id}", attributes(known)["url.full"])
	assert.Equal(t, "eu1.make.com", attributes(known)["server.address"])
	assert.Equal(t, "8443", number(known, "server.port"))
	assert.Equal(t, "200", number(known, "http.response.status_code"))
	assert.Equal(t, statusUnset, known.Status.Code)
	assert.Equal(t, "https://eu1.make.com", attributes(unknown)["url.full"])
	assert.Equal(t, "443", number(unknown, "server.port"))
	assert.Equal(t, "80", number(broken, "server.port"))
	assert.Equal(t, statusError, broken.Status.Code)
	assert.Equal(t, "error", attributes(broken)["error.type"])
}

func number(of span, key string) string {
	for _, attribute := range of.Attributes {
		if attribute.Key == key {
			return attribute.Value.IntValue
		}
	}
	return ""
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
