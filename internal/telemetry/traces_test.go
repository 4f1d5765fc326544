package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"make-audit-mcp/internal/telemetry"
)

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

func TestWithoutATraceOfTheClientSpansBelongToTheContexts(t *testing.T) {
	m, traces := traced(t)
	ctx, endOuter := m.Begin(t.Context(), telemetry.Operation{Method: "initialize", Transport: "stdio"}, "", "")
	_, endInner := m.Begin(ctx, telemetry.Operation{Method: "ping", Transport: "stdio"}, "not a trace", "")
	endInner("ok")
	endOuter("cancelled")
	require.NoError(t, m.Shutdown(t.Context()))
	outer, inner := traces.named(t, "initialize"), traces.named(t, "ping")
	assert.Empty(t, outer.GetParentSpanId())
	assert.Equal(t, outer.GetSpanId(), inner.GetParentSpanId())
	assert.Equal(t, outer.GetTraceId(), inner.GetTraceId())
	assert.Equal(t, "pipe", attributes(inner)["network.transport"])
	for _, span := range []*v1.Span{outer, inner} {
		assert.Equal(t, v1.Status_STATUS_CODE_UNSET, span.GetStatus().GetCode(), "neither is an error")
		assert.NotContains(t, attributes(span), "error.type")
	}
}

func TestTheClientsTraceGoesBeforeTheContexts(t *testing.T) {
	m, traces := traced(t)
	ctx, endOuter := m.Begin(t.Context(), telemetry.Operation{Method: "initialize", Transport: "http"}, "", "")
	_, endInner := m.Begin(ctx, telemetry.Operation{Method: "ping", Transport: "http"},
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1,other=2")
	endInner("ok")
	endOuter("ok")
	require.NoError(t, m.Shutdown(t.Context()))
	inner := traces.named(t, "ping")
	assert.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", inner.GetParentSpanId()))
	assert.Equal(t, "vendor=1,other=2", inner.GetTraceState())
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
	_, err := m.RoundTripper(failing{}).RoundTrip(get(t,
		"http://eu1.make.com/api/v2/ping").WithContext(ctx)) //nolint:bodyclose // there is none
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
