package telemetry_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	m.Gauge("unknown", "Not known.", math.NaN)
	m.Count("takeovers_total", "Takeovers.", func() float64 { return 7 })
	m.Waited(t.Context(), "the budget of 500 requests per minute is used up", time.Second)
	m.Waited(t.Context(), "Make answered 429", time.Second)
	m.Waited(t.Context(), "Make answered 503", time.Second)
	m.Waited(t.Context(), "the connection broke", time.Second)
	lines := scrape(t, m)
	const counted = `mcp_server_operation_duration_seconds_count{gen_ai_tool_name="count_audit_logs",mcp_method_name="tools/call",outcome=`
	assert.NotContains(t, strings.Join(lines, "\n"), "unknown")
	for _, want := range []string{
		counted + `"ok",transport="http"} 2`,
		counted + `"tool_error",transport="http"} 1`,
		counted + `"error",transport="http"} 1`,
		counted + `"cancelled",transport="http"} 1`,
		`make_audit_mcp_rows_total{gen_ai_tool_name="count_audit_logs"} 7`,
		`make_audit_mcp_answer_bytes_total{gen_ai_tool_name="count_audit_logs"} 1000`,
		`make_audit_mcp_refused_requests_total{reason="origin"} 1`,
		`make_audit_mcp_sessions 3`,
		`make_audit_mcp_takeovers_total 7`,
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
		// Not UTF-8 either.
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
	none.Count("x", "x", func() float64 { return 1 })
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

type answering int

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(a), Body: http.NoBody}, nil
}

var errBroken = errors.New("broken, with a secret")

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errBroken }

// used is a Telemetry that has measured one of everything.
func used(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	m := start(t)
	m.KnownTargets("count_audit_logs")
	operate(t, m, telemetry.Operation{Method: "tools/call", Target: "count_audit_logs", Transport: "stdio"}, "ok")
	m.Rows("count_audit_logs", 1, 2)
	m.Waited(t.Context(), "Make answered 503", time.Second)
	m.HTTPRefused("host")
	m.Gauge("sessions", "Open sessions.", func() float64 { return 1 })
	ask(t, m, http.StatusOK, get(t, "https://eu1.make.com/api/v2/ping"))
	return m
}

func TestAllMetricsAreServedInPrometheusTextFormat(t *testing.T) {
	t.Parallel()
	served := httptest.NewServer(used(t).Handler())
	defer served.Close()
	response, err := http.DefaultClient.Do(get(t, served.URL))
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, response.Header.Get("Content-Type"), "text/plain; version=0.0.4")
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)

	for _, name := range []string{
		"go_goroutines", "process_start_time_seconds", "make_audit_mcp_build_info", "make_audit_mcp_sessions",
		"mcp_server_operation_duration_seconds", "make_audit_mcp_upstream_request_duration_seconds", "make_audit_mcp_upstream_wait_seconds",
		"make_audit_mcp_refused_requests_total", "make_audit_mcp_rows_total", "make_audit_mcp_answer_bytes_total",
	} {
		assert.Contains(t, string(text), "# TYPE "+name+" ")
	}
	for _, bound := range []string{"0.005", "0.25", "10", "240", "+Inf"} {
		assert.Contains(t, string(text), `transport="stdio",le="`+bound+`"} 1`)
	}
}

func TestMethodsOfMCPAreDistinguished(t *testing.T) {
	t.Parallel()
	m := start(t)
	for _, method := range []string{"initialize", "server/discover", "tools/list", "prompts/get", "resources/read", "tools/Call",
		"sampling/createMessage", ""} {
		operate(t, m, telemetry.Operation{Method: method, Target: "made_up", Transport: "sse"}, "ok")
	}
	text := strings.Join(scrape(t, m), "\n")
	const counted = `mcp_server_operation_duration_seconds_count{gen_ai_tool_name="other",mcp_method_name="`
	for _, method := range []string{"initialize", "server/discover", "tools/list", "prompts/get", "resources/read"} {
		assert.Contains(t, text, counted+method+`",outcome="ok",transport="sse"} 1`)
	}
	assert.Contains(t, text, counted+`other",outcome="ok",transport="sse"} 3`)
}

func TestAGaugeIsReadAtEachScrape(t *testing.T) {
	t.Parallel()
	m := start(t)
	var sessions atomic.Int64
	m.Gauge("sessions", "Open sessions.", func() float64 { return float64(sessions.Load()) })
	assert.Contains(t, scrape(t, m), "make_audit_mcp_sessions 0")
	sessions.Store(5)
	assert.Contains(t, scrape(t, m), "make_audit_mcp_sessions 5")
}

func TestAGaugeThatCannotBeIsLoggedAndNothingMore(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test", Version: "bad \xff",
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	one := func() float64 { return 1 }
	m.Gauge("sessions", "Open sessions.", one)
	m.Gauge("sessions", "Open sessions.", one)
	m.Gauge("bad \xff", "", one)
	assert.Equal(t, 2, strings.Count(log.String(), "cannot be measured"))
	assert.Contains(t, scrape(t, m), "make_audit_mcp_sessions 1")
}

func TestNothingIsCountedBackwards(t *testing.T) {
	t.Parallel()
	m := start(t)
	m.KnownTargets("count_audit_logs")
	m.Rows("count_audit_logs", -7, -1)
	m.Waited(t.Context(), "the budget of 60 requests per minute is used up", -time.Hour)
	lines := scrape(t, m)
	assert.Contains(t, lines, `make_audit_mcp_rows_total{gen_ai_tool_name="count_audit_logs"} 0`)
	assert.Contains(t, lines, `make_audit_mcp_answer_bytes_total{gen_ai_tool_name="count_audit_logs"} 0`)
	assert.Contains(t, lines, `make_audit_mcp_upstream_wait_seconds_sum{reason="budget"} 0`)
}

// Make, on loopback: what a client really sends, tries and receives.
func TestEachTryIsCountedAndMakeLearnsNothingOfTheTrace(t *testing.T) {
	t.Parallel()
	m := start(t)
	answers := []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusOK}
	var tries atomic.Int64
	var seen sync.Map // names of headers
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			seen.Store(name, true)
		}
		w.WriteHeader(answers[tries.Add(1)-1])
		_, _ = io.WriteString(w, "body")
	}))
	defer served.Close()
	client := &http.Client{Transport: m.RoundTripper(http.DefaultTransport)}
	ctx, end := m.Begin(t.Context(), telemetry.Operation{Method: "ping", Transport: "http"},
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1")
	for _, want := range answers {
		response, err := client.Do(get(t, served.URL+"/api/v2/audit-logs/team/12?pg%5Blimit%5D=1").WithContext(ctx))
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, want, response.StatusCode)
		assert.Equal(t, "body", string(body))
	}
	end("ok")
	lines := scrape(t, m)
	for _, status := range []string{"429", "502", "200"} {
		assert.Contains(t, lines, `make_audit_mcp_upstream_request_duration_seconds_count{route="/audit-logs/team/{id}",status="`+status+
			`"} 1`)
	}
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage", "B3"} {
		_, found := seen.Load(name)
		assert.False(t, found, name)
	}
}

func TestRoutesHoldNoIDs(t *testing.T) {
	t.Parallel()
	for path, route := range map[string]string{
		"/api/v2/users/me":                                             "/users/me",
		"/api/v2/users/me/current-authorization":                       "/users/me/current-authorization",
		"/api/v2/organizations":                                        "/organizations",
		"/api/v2/organizations/11":                                     "/organizations/{id}",
		"/api/v2/teams/22":                                             "/teams/{id}",
		"/api/v2/enums/timezones":                                      "/enums/timezones",
		"/api/v2/audit-logs/80a63a49-dec4-400a-82b4-4718a03af019":      "/audit-logs/{id}",
		"/api/v2/audit-logs/organization/4721":                         "/audit-logs/organization/{id}",
		"/api/v2/audit-logs/organization/1/filters":                    "/audit-logs/organization/{id}/filters",
		"/api/v2/audit-logs/team/1/filters":                            "/audit-logs/team/{id}/filters",
		"/api/v2/audit-logs/4721/80a63a49-dec4-400a-82b4-4718a03af019": "/audit-logs/{id}/{id}",
		"/elsewhere/4":                                                 "other",
		"/api/v2/organizations/eleven":                                 "other",
		"/api/v2/organizations/-":                                      "other",
		"/api/v2/organizations/11/":                                    "other",
		"/api/v2/" + strings.Repeat("1", 10_000):                       "other",
		"/api/v3/ping":                                                 "other",
		"/":                                                            "other",
	} {
		m := start(t)
		ask(t, m, http.StatusOK, get(t, "https://eu1.make.com"+path+"?secret=x"))
		_, err := m.RoundTripper(failing{}).RoundTrip(get(t, "https://eu1.make.com"+path)) //nolint:bodyclose // there is none
		require.ErrorIs(t, err, errBroken)
		for _, status := range []string{"200", "error"} {
			assert.Contains(t, scrape(t, m),
				`make_audit_mcp_upstream_request_duration_seconds_count{route="`+route+`",status="`+status+`"} 1`, path)
		}
	}
}

func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	m := start(t)
	next := m.RoundTripper(answering(http.StatusOK))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				m.KnownTargets("count_audit_logs")
				ctx, end := m.Begin(t.Context(), telemetry.Operation{Method: "tools/call", Target: "count_audit_logs", Transport: "http"},
					"", "")
				response, err := next.RoundTrip(get(t, "https://eu1.make.com/api/v2/ping").WithContext(ctx))
				if assert.NoError(t, err) {
					_ = response.Body.Close()
				}
				m.Rows("count_audit_logs", 2, 3)
				m.Waited(ctx, "Make answered 503", time.Second)
				m.HTTPRefused("rate")
				end("ok")
			}
			m.Handler().ServeHTTP(httptest.NewRecorder(), get(t, "http://localhost/metrics"))
		})
	}
	all.Wait()
	lines := scrape(t, m)
	assert.Contains(t, lines, `mcp_server_operation_duration_seconds_count{gen_ai_tool_name="count_audit_logs",mcp_method_name="tools/call",outcome="ok",transport="http"} 1000`)
	assert.Contains(t, lines, `make_audit_mcp_rows_total{gen_ai_tool_name="count_audit_logs"} 2000`)
	assert.Contains(t, lines, `make_audit_mcp_upstream_request_duration_seconds_count{route="/ping",status="200"} 1000`)
}
