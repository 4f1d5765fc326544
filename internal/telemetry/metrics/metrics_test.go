package metrics_test

import (
	"compress/gzip"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/telemetry/metrics"
)

// answer is what the handler answers to a request with these headers, by name and value.
func answer(t *testing.T, handler http.Handler, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// own is what is served without the metrics of the Go runtime and of the process.
func own(t *testing.T, r *metrics.Registry) string {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(answer(t, r.Handler()).Body.String()) {
		name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			text.WriteString(line)
		}
	}
	return text.String()
}

func TestMetricsAreWrittenByNameWithHelpAndType(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	r.Counter("never_total", "Never counted.", "label")
	waits := r.Histogram("waits_seconds", "Waits.", []float64{.25, 1, 10}, "reason", "route")
	rows := r.Counter("rows_total", `A \ and`+"\na \xff.", "tool")
	r.Info("build_info", "1.", "version", "1.2.3")
	require.NoError(t, r.Gauge("sessions", "Open sessions.", func() float64 { return -1.5 }))
	rows.Add(2, "b")
	rows.Add(1e21, "a")
	rows.Add(.5, "a")
	for _, wait := range []float64{.25, .26, 1, 10, 11, math.Inf(1)} {
		waits.Observe(wait, "rate", "/x")
	}
	waits.Observe(.5, "rate", "/")
	assert.Equal(t, `# HELP build_info 1.
# TYPE build_info gauge
build_info{version="1.2.3"} 1
# HELP rows_total A \\ and\na �.
# TYPE rows_total counter
rows_total{tool="a"} 1e+21
rows_total{tool="b"} 2
# HELP sessions Open sessions.
# TYPE sessions gauge
sessions -1.5
# HELP waits_seconds Waits.
# TYPE waits_seconds histogram
waits_seconds_bucket{reason="rate",route="/",le="0.25"} 0
waits_seconds_bucket{reason="rate",route="/",le="1"} 1
waits_seconds_bucket{reason="rate",route="/",le="10"} 1
waits_seconds_bucket{reason="rate",route="/",le="+Inf"} 1
waits_seconds_sum{reason="rate",route="/"} 0.5
waits_seconds_count{reason="rate",route="/"} 1
waits_seconds_bucket{reason="rate",route="/x",le="0.25"} 1
waits_seconds_bucket{reason="rate",route="/x",le="1"} 3
waits_seconds_bucket{reason="rate",route="/x",le="10"} 4
waits_seconds_bucket{reason="rate",route="/x",le="+Inf"} 6
waits_seconds_sum{reason="rate",route="/x"} +Inf
waits_seconds_count{reason="rate",route="/x"} 6
`, own(t, r))
}

func TestWhatIsNoNumberIsInTheLastBucketAlone(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	r.Histogram("x", "X.", []float64{1}).Observe(math.NaN())
	assert.Contains(t, own(t, r), "x_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} 1\nx_sum NaN\nx_count 1\n")
}

func TestACounterNeverShrinks(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	counter := r.Counter("x_total", "X.")
	for _, number := range []float64{3, -1, math.NaN(), math.Inf(-1)} {
		counter.Add(number)
	}
	assert.Contains(t, own(t, r), "\nx_total 3\n")
}

func TestLabelValuesThatAreMissingAreEmptyAndFurtherOnesLeftOut(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	counter := r.Counter("x_total", "X.", "a", "b")
	counter.Add(1)
	counter.Add(2, "1", "2", "3")
	assert.Contains(t, own(t, r), "x_total{a=\"\",b=\"\"} 1\nx_total{a=\"1\",b=\"2\"} 2\n")
}

func TestEachCombinationOfLabelValuesIsCountedForItself(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	counter := r.Counter("x_total", "X.", "a", "b")
	values := []string{"", "a", "b", "ab", "ba", "aa", "\x00", "\x00a", ",", ",a", "\"", "\uFFFD", "\uFFFDa", "\n", "\na"}
	for _, first := range values {
		for _, second := range values {
			counter.Add(1, first, second)
		}
	}
	assert.Equal(t, len(values)*len(values), strings.Count(own(t, r), "} 1\n"))
}

func TestNamesThatPrometheusDoesNotTakeAreErrors(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	one := func() float64 { return 1 }
	for _, name := range []string{"", "1x", "a b", "a-b", "é", "a\n", "\xff"} {
		require.ErrorContains(t, r.Gauge(name, "X.", one), "is no name of a metric: want letters", name)
	}
	require.NoError(t, r.Gauge("a:b_1", "X.", one))
	require.EqualError(t, r.Gauge("a:b_1", "X.", one), "there is a metric a:b_1 already")
	assert.Panics(t, func() { r.Counter("a:b_1", "X.") })
	for _, labels := range [][]string{{"le"}, {"a", "a"}, {"a:b"}, {"1"}, {""}} {
		assert.Panics(t, func() { r.Histogram("labelled", "X.", nil, labels...) }, labels)
	}
	assert.Contains(t, own(t, r), "\na:b_1 1\n")
}

// FuzzLabelValues holds that no value becomes anything but that value.
func FuzzLabelValues(f *testing.F) {
	f.Add("", "")
	f.Add("a\xffb", "\xff")
	f.Add("x\"} 7\nevil{y=\"", `\`)
	f.Add("\r\u2028\u202e", strings.Repeat("{", 10_000))
	f.Fuzz(func(t *testing.T, first, second string) {
		r := metrics.NewRegistry()
		counter := r.Counter("x_total", "X.", "a", "b")
		counter.Add(1, first, second)
		text := own(t, r)
		assert.True(t, utf8.ValidString(text))
		lines := strings.Split(text, "\n")
		require.Len(t, lines, 4, "help, type, value and nothing")
		rest, isFirst := strings.CutPrefix(lines[2], `x_total{a="`)
		gotFirst, rest := unescaped(rest)
		rest, isSecond := strings.CutPrefix(rest, `,b="`)
		gotSecond, rest := unescaped(rest)
		assert.True(t, isFirst && isSecond, text)
		assert.Equal(t, "} 1", rest)
		assert.Equal(t, strings.ToValidUTF8(first, "\uFFFD"), gotFirst)
		assert.Equal(t, strings.ToValidUTF8(second, "\uFFFD"), gotSecond)
		counter.Add(1, second, first)
		if gotFirst != gotSecond {
			assert.Equal(t, 3, strings.Count(own(t, r), "x_total")-1, "type and two values")
		}
	})
}

// unescaped is a value up to the quotation mark that ends it, and what follows behind.
func unescaped(text string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:]
		case '\\':
			i++
			if i < len(text) && text[i] == 'n' {
				b.WriteByte('\n')
				continue
			}
		}
		if i < len(text) {
			b.WriteByte(text[i])
		}
	}
	return b.String(), ""
}

func TestTheMetricsOfGoAndOfTheProcessAreServed(t *testing.T) {
	t.Parallel()
	text := answer(t, metrics.NewRegistry().Handler()).Body.String()
	value := func(name string) float64 {
		_, rest, found := strings.Cut(text, "\n"+name+" ")
		number, _, _ := strings.Cut(rest, "\n")
		read, err := strconv.ParseFloat(number, 64)
		require.NoError(t, err, name)
		require.True(t, found, name)
		return read
	}
	for name, least := range map[string]float64{
		"go_goroutines": 2, "go_threads": 2, "go_sched_gomaxprocs_threads": 1, "go_gc_gogc_percent": 1,
		"go_memstats_alloc_bytes": 1, "go_memstats_heap_inuse_bytes": 1, "go_memstats_sys_bytes": 1 << 20,
		"go_memstats_mallocs_total": 1, "go_memstats_next_gc_bytes": 1 << 20, "go_gc_duration_seconds_count": 0,
		"process_start_time_seconds": 1.7e9,
	} {
		assert.GreaterOrEqual(t, value(name), least, name)
	}
	assert.GreaterOrEqual(t, value("go_memstats_mallocs_total"), value("go_memstats_frees_total"))
	assert.GreaterOrEqual(t, value("go_memstats_heap_sys_bytes"), value("go_memstats_heap_inuse_bytes"))
	assert.Contains(t, text, `go_gc_duration_seconds{quantile="0.5"} `)
	assert.Contains(t, text, `go_info{version="go1.`)
	for line := range strings.Lines(text) {
		name, isType := strings.CutPrefix(line, "# TYPE ")
		if name, kind, _ := strings.Cut(name, " "); isType {
			assert.Equal(t, strings.HasSuffix(name, "_total"), kind == "counter\n", line)
			assert.Equal(t, 1, strings.Count(text, line))
			assert.Contains(t, text, "# HELP "+name+" ")
		}
	}
}

func TestTheMetricsAreCompressedForThoseWhoReadGzip(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	r.Counter("x_total", "X.").Add(1)
	for accepted, want := range map[string]bool{
		"gzip": true, "deflate, GZIP;q=0.5": true, "gzip ; q=1": true, "identity,gzip;q=0.001": true,
		"": false, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=much": false, "br": false, "x-gzip-not": false, "*": false,
	} {
		got := answer(t, r.Handler(), "Accept-Encoding", "br", "Accept-Encoding", accepted)
		assert.Equal(t, http.StatusOK, got.Code)
		assert.Equal(t, "text/plain; version=0.0.4; charset=utf-8", got.Header().Get("Content-Type"))
		assert.Equal(t, "Accept-Encoding", got.Header().Get("Vary"))
		body := io.Reader(got.Body)
		if assert.Equal(t, want, got.Header().Get("Content-Encoding") == "gzip", accepted) && want {
			plain, err := gzip.NewReader(body)
			require.NoError(t, err)
			body = plain
		}
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Contains(t, string(text), "\nx_total 1\n", accepted)
	}
}

func TestFourAreServedAtOnce(t *testing.T) {
	t.Parallel()
	r := metrics.NewRegistry()
	reading, release := make(chan struct{}), make(chan struct{})
	require.NoError(t, r.Gauge("slow", "Slow.", func() float64 {
		reading <- struct{}{}
		<-release
		return 1
	}))
	handler := r.Handler()
	var served sync.WaitGroup
	for range 4 {
		served.Go(func() { assert.Equal(t, http.StatusOK, answer(t, handler).Code) })
		<-reading
	}
	refused := answer(t, handler)
	assert.Equal(t, http.StatusServiceUnavailable, refused.Code)
	assert.Contains(t, refused.Body.String(), "try again later")
	close(release)
	served.Wait()
	served.Go(func() { <-reading })
	assert.Equal(t, http.StatusOK, answer(t, handler).Code)
	served.Wait()
}

func TestEverythingIsCountedAtOnce(t *testing.T) {
	t.Parallel()
	const rounds = 200
	r := metrics.NewRegistry()
	counter, histogram := r.Counter("x_total", "X.", "a"), r.Histogram("y", "Y.", []float64{1}, "a")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range rounds {
				counter.Add(1, strconv.Itoa(i%3))
				histogram.Observe(float64(i%2*2), "all")
			}
			_ = own(t, r)
		})
	}
	all.Wait()
	text := own(t, r)
	for _, want := range []string{`x_total{a="0"} 536`, `x_total{a="2"} 528`, `y_bucket{a="all",le="1"} 800`, `y_count{a="all"} 1600`} {
		assert.Contains(t, text, want+"\n")
	}
}
