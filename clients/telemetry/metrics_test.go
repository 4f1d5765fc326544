package telemetry_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/telemetry"
	"make-audit-mcp/internal/telemetry/metrics"
)

// scrape is what a handler answers to a Prometheus.
func scrape(t *testing.T, handler http.Handler) []byte {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, recorder.Code)
	return recorder.Body.Bytes()
}

// used is a Telemetry that has measured one of everything.
func used(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	m, err := telemetry.New(t.Context(), telemetry.Options{ServiceName: "test", Version: "1.2.3"})
	require.NoError(t, err)
	m.KnownTargets("count_audit_logs")
	_, end := m.Begin(t.Context(), telemetry.Operation{Method: "tools/call", Target: "count_audit_logs", Transport: "stdio"}, "", "")
	end("ok")
	m.Rows("count_audit_logs", 1, 2)
	m.Waited(t.Context(), "Make answered 503", 1)
	m.HTTPRefused("host")
	m.Gauge("sessions", "Open sessions.", func() float64 { return 1 })
	m.Gauge("unknown", "Left out while it is not known.", math.NaN)
	m.Count("takeovers_total", "Takeovers.", func() float64 { return 7 })
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://eu1.make.com/api/v2/ping", http.NoBody)
	response, err := m.RoundTripper(answering{}).RoundTrip(request)
	require.NoError(t, err)
	_ = response.Body.Close()
	return m
}

type answering struct{}

func (answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestPrometheusReadsTheMetricsAndFindsNoFault(t *testing.T) {
	t.Parallel()
	text := scrape(t, used(t).Handler())
	// The linter parses with Prometheus' own parser, then looks at names and units.
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	require.NoError(t, err)
	assert.Empty(t, problems)

	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	require.NoError(t, err)
	for _, name := range []string{
		"make_audit_mcp_build_info", "make_audit_mcp_sessions", "mcp_server_operation_duration_seconds",
		"make_audit_mcp_upstream_request_duration_seconds", "make_audit_mcp_upstream_wait_seconds", "make_audit_mcp_refused_requests_total",
		"make_audit_mcp_rows_total", "make_audit_mcp_answer_bytes_total",
	} {
		require.Contains(t, families, name)
		assert.NotEmpty(t, families[name].GetHelp(), name)
	}
}

// What dashboards for programs in Go ask for is what Prometheus' own client has; of the network it counts all that is in the same
// namespace.
func TestTheMetricsOfGoAndOfTheProcessAreThoseOfPrometheusClient(t *testing.T) {
	t.Parallel()
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	types := func(text []byte) map[string]bool {
		found := map[string]bool{}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "# TYPE ") && !strings.HasPrefix(line, "# TYPE process_network_") {
				found[line] = true
			}
		}
		return found
	}
	want := types(scrape(t, promhttp.HandlerFor(theirs, promhttp.HandlerOpts{})))
	assert.Equal(t, want, types(scrape(t, metrics.NewRegistry().Handler())))
}

func TestMetricsAreWrittenAsPrometheusClientWritesThem(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	values := []string{"", "a", "b", `"`, `\`, "\n", "a\"} 1\n", "é\u202e\u2028", "{}", strings.Repeat("x", 10_000)}
	numbers := []float64{0, .1, .25, 1, 2.5, 1e-9, 1e21, 123456789, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN()}
	bounds := []float64{.005, .1, .25, 1, 2.5, 10, 1e6, 1e21}
	for round := range 200 {
		ours, theirs := metrics.NewRegistry(), prometheus.NewRegistry()
		for i := range random.IntN(6) {
			name, help := "m"+strconv.Itoa(i), "Help "+values[random.IntN(len(values))]
			labels := []string{"a", "b_2", "c"}[:random.IntN(4)]
			observe, theirObserve := ours.Histogram(name, help, bounds, labels...),
				prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
			add, theirAdd := ours.Counter(name+"_total", help, labels...),
				prometheus.NewCounterVec(prometheus.CounterOpts{Name: name + "_total", Help: help}, labels)
			gauge := numbers[random.IntN(len(numbers))]
			require.NoError(t, ours.Gauge(name+"_gauge", help, func() float64 { return gauge }))
			theirs.MustRegister(theirObserve, theirAdd, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name + "_gauge", Help: help},
				func() float64 { return gauge }))
			for range random.IntN(20) {
				given := make([]string, len(labels))
				for j := range given {
					given[j] = values[random.IntN(len(values))]
				}
				number := numbers[random.IntN(len(numbers))]
				observe.Observe(number, given...)
				theirObserve.WithLabelValues(given...).Observe(number)
				add.Add(float64(round), given...)
				theirAdd.WithLabelValues(given...).Add(float64(round))
			}
		}
		want := scrape(t, promhttp.HandlerFor(theirs, promhttp.HandlerOpts{}))
		var got strings.Builder
		for line := range strings.Lines(string(scrape(t, ours.Handler()))) {
			name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")
			if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
				got.WriteString(line)
			}
		}
		require.Equal(t, string(want), got.String())
	}
}
