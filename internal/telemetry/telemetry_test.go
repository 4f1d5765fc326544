package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
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

func start(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	started, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test", Version: "1.2.3"})
	require.NoError(t, err)
	return started
}

// scrape reads the metrics as Prometheus does; without the process's own.
func scrape(t *testing.T, of *telemetry.Telemetry) []string {
	t.Helper()
	served := httptest.NewServer(of.Handler())
	defer served.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, served.URL, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "make_audit_mcp_") || strings.HasPrefix(line, "mcp_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestOperationsAreCountedByWhatIsKnownOfThem(t *testing.T) {
	t.Parallel()
	m := start(t)
	m.KnownTargets("count_audit_logs")
	for _, outcome := range []string{"ok", "ok", "tool_error"} {
		_, end := m.Begin(t.Context(), telemetry.Operation{Method: "tools/call", Target: "count_audit_logs", Transport: "http"}, "", "")
		end(outcome)
	}
	m.Rows("count_audit_logs", 7, 1000)
	m.HTTPRefused("origin")
	m.Gauge("sessions", "Sessions.", func() float64 { return 3 })
	m.Waited(t.Context(), "the budget of 500 requests per minute is used up", time.Second)
	m.Waited(t.Context(), "Make answered 429", time.Second)
	m.Waited(t.Context(), "Make answered 503", time.Second)
	m.Waited(t.Context(), "the connection broke", time.Second)
	lines := scrape(t, m)
	for _, want := range []string{
		`mcp_server_operation_duration_seconds_count{gen_ai_tool_name="count_audit_logs",mcp_method_name="tools/call",outcome="ok",transport="http"} 2`,
		`mcp_server_operation_duration_seconds_count{gen_ai_tool_name="count_audit_logs",mcp_method_name="tools/call",outcome="tool_error",transport="http"} 1`,
		`make_audit_mcp_rows_total{gen_ai_tool_name="count_audit_logs"} 7`,
		`make_audit_mcp_answer_bytes_total{gen_ai_tool_name="count_audit_logs"} 1000`,
		`make_audit_mcp_refused_requests_total{reason="origin"} 1`,
		`make_audit_mcp_sessions 3`,
		`make_audit_mcp_build_info{version="1.2.3"} 1`,
		`make_audit_mcp_upstream_wait_seconds_count{reason="budget"} 1`,
		`make_audit_mcp_upstream_wait_seconds_count{reason="rate_limited"} 1`,
		`make_audit_mcp_upstream_wait_seconds_count{reason="retry"} 2`,
	} {
		assert.Contains(t, lines, want)
	}
}

func TestNobodyCanMakeUpSeries(t *testing.T) {
	t.Parallel()
	m := start(t)
	next := m.RoundTripper(answering(http.StatusOK))
	random := rand.New(rand.NewPCG(1, 2))
	verbs := []string{http.MethodGet, "EVIL", http.MethodPost}
	for i := range 10_000 {
		// Not UTF-8 either, at which Prometheus' client panics.
		word := fmt.Sprintf("%x\"\n\xff{evil=%d}", random.Uint64(), random.Int())
		_, end := m.Begin(t.Context(), telemetry.Operation{
			Method: word, Target: word, Transport: word, ProtocolVersion: word, SessionHash: word, RequestID: word,
		}, word, word)
		end(word)
		m.Rows(word, 1, 1)
		m.HTTPRefused(word)
		m.Waited(t.Context(), word, time.Second)
		request, err := http.NewRequestWithContext(t.Context(), verbs[i%len(verbs)],
			fmt.Sprintf("https://eu1.make.com/api/v2/audit-logs/organization/%d/%x", random.Uint32(), random.Uint64()), http.NoBody)
		require.NoError(t, err)
		response, err := next.RoundTrip(request)
		require.NoError(t, err)
		_ = response.Body.Close()
	}
	lines := scrape(t, m)
	assert.Less(t, len(lines), 120)
	text := strings.Join(lines, "\n")
	assert.NotContains(t, text, "evil")
	assert.Contains(t, text, `mcp_server_operation_duration_seconds_count{gen_ai_tool_name="other",mcp_method_name="other",outcome="other",transport="other"} 10000`)
	assert.Contains(t, text, `make_audit_mcp_refused_requests_total{reason="other"} 10000`)
}

func TestRequestsToMakeAreCountedByRoute(t *testing.T) {
	t.Parallel()
	m := start(t)
	for path, status := range map[string]int{
		"/api/v2/audit-logs/organization/4721": 200, "/api/v2/audit-logs/team/1/filters": 429, "/api/v2/ping": 503,
		"/api/v2/audit-logs/4721/80a63a49-dec4-400a-82b4-4718a03af019": 404, "/elsewhere/4": 200,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://eu1.make.com"+path+"?secret=x", http.NoBody)
		require.NoError(t, err)
		response, err := m.RoundTripper(answering(status)).RoundTrip(request)
		require.NoError(t, err)
		_ = response.Body.Close()
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://eu1.make.com/api/v2/ping", http.NoBody)
	require.NoError(t, err)
	_, err = m.RoundTripper(failing{}).RoundTrip(request) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errBroken)
	lines := scrape(t, m)
	for _, labels := range []string{
		`route="/audit-logs/organization/{id}",status="200"`, `route="/audit-logs/team/{id}/filters",status="429"`,
		`route="/ping",status="503"`,
		`route="/ping",status="error"`, `route="/audit-logs/{id}/{id}",status="404"`, `route="other",status="200"`,
	} {
		assert.Contains(t, lines, "make_audit_mcp_upstream_request_duration_seconds_count{"+labels+"} 1")
	}
}

func TestWithoutTelemetryNothingHappens(t *testing.T) {
	t.Parallel()
	var none *telemetry.Telemetry
	none.KnownTargets("x")
	none.Rows("x", 1, 1)
	none.HTTPRefused("x")
	none.Gauge("x", "x", nil)
	none.Waited(t.Context(), "x", 0)
	ctx, end := none.Begin(t.Context(), telemetry.Operation{}, "", "")
	end("ok")
	assert.Equal(t, t.Context(), ctx)
	next := answering(http.StatusOK)
	assert.Equal(t, next, none.RoundTripper(next), "the very same")
	require.NoError(t, none.Shutdown(t.Context()))
	recorder := httptest.NewRecorder()
	none.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	assert.Equal(t, http.StatusNotFound, recorder.Code)
}

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

// These tests set the environment, as operators do, and so cannot run in parallel.

func TestSpansFollowTheConventionAndTheClientsTrace(t *testing.T) {
	traces := &otlp{}
	served := httptest.NewServer(traces)
	defer served.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", served.URL)
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "make-audit-mcp", Version: "1.2.3", OTLPEndpoint: true})
	require.NoError(t, err)
	m.KnownTargets("list_audit_logs")
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx, end := m.Begin(t.Context(), telemetry.Operation{
		Method: "tools/call", Target: "list_audit_logs", Transport: "http", ProtocolVersion: "2026-07-28", SessionHash: "abcd",
		RequestID: "R1",
	}, parent, "vendor=1")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"https://eu1.make.com/api/v2/audit-logs/organization/4721?authorId%5B%5D=secret", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Token secret")
	response, err := m.RoundTripper(answering(http.StatusTooManyRequests)).RoundTrip(request)
	require.NoError(t, err)
	_ = response.Body.Close()
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

func TestACollectorThatIsDownHoldsNobodyUp(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	var log strings.Builder
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test", OTLPEndpoint: true,
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	for range 10_000 {
		_, end := m.Begin(t.Context(), telemetry.Operation{Method: "ping"}, "", "")
		end("ok")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_ = m.Shutdown(ctx)
	assert.Greater(t, len(scrape(t, m)), 10, "the metrics are there all the same")
}

type answering int

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(a), Body: http.NoBody}, nil
}

var errBroken = errors.New("broken, with a secret")

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }
