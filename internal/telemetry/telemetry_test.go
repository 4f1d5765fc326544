package telemetry_test

import (
	"errors"
	"fmt"
	"io"
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

// operate serves an operation.
func operate(t *testing.T, m *telemetry.Telemetry, operation telemetry.Operation, outcome string) {
	t.Helper()
	_, end := m.Begin(t.Context(), operation, "", "")
	end(outcome)
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	return request
}

// ask sends a request to Make, which answers with a status.
func ask(t *testing.T, m *telemetry.Telemetry, status answering, request *http.Request) {
	t.Helper()
	response, err := m.RoundTripper(status).RoundTrip(request)
	require.NoError(t, err)
	_ = response.Body.Close()
}

// scrape reads the metrics as Prometheus does; without the process's own.
func scrape(t *testing.T, of *telemetry.Telemetry) []string {
	t.Helper()
	served := httptest.NewServer(of.Handler())
	defer served.Close()
	response, err := http.DefaultClient.Do(get(t, served.URL))
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
	for _, outcome := range []string{"ok", "ok", "tool_error", "error", "cancelled"} {
		operate(t, m, telemetry.Operation{Method: "tools/call", Target: "count_audit_logs", Transport: "http"}, outcome)
	}
	m.Rows("count_audit_logs", 7, 1000)
	m.HTTPRefused("origin")
	m.Gauge("sessions", "Sessions.", func() float64 { return 3 })
	m.Waited(t.Context(), "the budget of 500 requests per minute is used up", time.Second)
	m.Waited(t.Context(), "Make answered 429", time.Second)
	m.Waited(t.Context(), "Make answered 503", time.Second)
	m.Waited(t.Context(), "the connection broke", time.Second)
	lines := scrape(t, m)
	const counted = `mcp_server_operation_duration_seconds_count{gen_ai_tool_name="count_audit_logs",mcp_method_name="tools/call",outcome=`
	for _, want := range []string{
		counted + `"ok",transport="http"} 2`,
		counted + `"tool_error",transport="http"} 1`,
		counted + `"error",transport="http"} 1`,
		counted + `"cancelled",transport="http"} 1`,
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
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		// Not UTF-8 either, at which Prometheus' client panics.
		word := fmt.Sprintf("%x\"\n\xff{evil=%d}", random.Uint64(), random.Int())
		_, end := m.Begin(t.Context(), telemetry.Operation{Method: word, Target: word, Transport: "http", ProtocolVersion: word}, word, word)
		end("ok")
		m.Rows(word, 1, 1)
		m.Waited(t.Context(), word, time.Second)
		ask(t, m, http.StatusOK,
			get(t, fmt.Sprintf("https://eu1.make.com/api/v2/audit-logs/organization/%d/%x", random.Uint32(), random.Uint64())))
	}
	lines := scrape(t, m)
	assert.Less(t, len(lines), 120)
	text := strings.Join(lines, "\n")
	assert.NotContains(t, text, "evil")
	assert.Contains(t, text, `_count{gen_ai_tool_name="other",mcp_method_name="other",outcome="ok",transport="http"} 10000`)
}

func TestWithoutTelemetryNothingHappens(t *testing.T) {
	t.Parallel()
	var none *telemetry.Telemetry
	none.KnownTargets("x")
	none.Rows("x", 1, 1)
	none.HTTPRefused("x")
	none.Gauge("x", "x", func() float64 { return 1 })
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

type answering int

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(a), Body: http.NoBody}, nil
}

var errBroken = errors.New("broken, with a secret")

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }
