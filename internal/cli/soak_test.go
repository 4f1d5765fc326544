package cli_test

import (
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

// soakSeconds asks for the soak, and says how long it is.
const soakSeconds = "MAKE_AUDIT_SOAK_SECONDS"

// badDay is a Make that goes wrong in another way from one stretch of time to the next.
type badDay struct {
	*makesim.Server
	requests, failures atomic.Int64
	fault              atomic.Pointer[fault]
}

// fault goes wrong instead of Make.
type fault func(d *badDay, w http.ResponseWriter, r *http.Request)

func (d *badDay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const often = 3
	if fails := d.fault.Load(); fails != nil && d.requests.Add(1)%often == 0 {
		d.failures.Add(1)
		(*fails)(d, w, r)
		return
	}
	d.Server.ServeHTTP(w, r)
}

// faults are what goes wrong, by name; none is among them.
func faults() map[string]fault {
	status := func(code int) fault {
		return func(_ *badDay, w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
	}
	return map[string]fault{
		"500": status(http.StatusInternalServerError), "502": status(http.StatusBadGateway), "503": status(http.StatusServiceUnavailable),
		"429 for a second": func(_ *badDay, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		},
		"a broken connection": func(*badDay, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half an answer": func(d *badDay, w http.ResponseWriter, r *http.Request) {
			whole := httptest.NewRecorder()
			d.Server.ServeHTTP(whole, r)
			maps.Copy(w.Header(), whole.Header())
			w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
			w.WriteHeader(whole.Code)
			_, _ = io.CopyN(w, whole.Body, int64(whole.Body.Len()/2))
		},
		"no JSON": func(_ *badDay, w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>Checking your browser")
		},
		"silence": func(d *badDay, w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
				d.Server.ServeHTTP(w, r)
			}
		},
		"nothing": nil,
	}
}

// TestMemoryStaysFlatWhileMakeFails has callers ask for a while through a Make that goes wrong in all the ways in turn. No answer may hold
// another's entries, memory and goroutines must be those of the first round when the last is over, and everybody must be served again once
// Make is well. It is part of scripts/long.
func TestMemoryStaysFlatWhileMakeFails(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv(soakSeconds))
	if err != nil {
		t.Skip("only with " + soakSeconds + "; see scripts/long")
	}
	environment(t)
	crowd := crowd{all: 40, madeUp: 2, greedy: 4, entries: 300}
	simulated := &badDay{Server: makesim.New(crowd.world(), makesim.Options{})}
	web := httptest.NewServer(simulated)
	defer web.Close()
	r, process, collect := startServer(t, "--caller-credentials", "--session-idle", "5s", "--rate-limit", "20", "--total-rate-limit", "400",
		"--requests-per-minute", "unlimited", "--api-url", web.URL+makesim.BasePath)

	const rounds = 4
	kinds := faults()
	each := time.Duration(seconds) * time.Second / time.Duration(rounds*len(kinds))
	report := newLoadReport(crowd)
	report.mayFail = true
	var after []map[string]float64
	for range rounds {
		for _, name := range slices.Sorted(maps.Keys(kinds)) {
			kind := kinds[name]
			simulated.fault.Store(nil)
			if kind != nil {
				simulated.fault.Store(&kind)
			}
			report.run(t, r.url, each, math.MaxInt)
		}
		simulated.fault.Store(nil)
		require.Eventually(t, func() bool { return numbers(r)["make_audit_mcp_sessions"] == 0 }, time.Minute, 500*time.Millisecond)
		collect()
		after = append(after, numbers(r))
	}
	for i, found := range after {
		t.Logf("after round %d: heap %.1f MB, resident %.1f MB, goroutines %.0f", i+1, found["go_memstats_heap_alloc_bytes"]/1e6,
			found["process_resident_memory_bytes"]/1e6, found["go_goroutines"])
	}
	t.Logf("calls %d, of them 429: %d, failed: %d; requests of Make that went wrong: %d", report.calls.Load(), report.limited.Load(),
		report.failures.Load(), simulated.failures.Load())
	assert.Positive(t, simulated.failures.Load())
	assert.Zero(t, report.crossed.Load(), "answers that held another's entries")
	assert.Empty(t, report.wrong(), "what went wrong, but for what Make did")
	first, last := after[0], after[rounds-1]
	assert.Less(t, last["go_memstats_heap_alloc_bytes"], first["go_memstats_heap_alloc_bytes"]*1.1+2e6, "memory grows")
	assert.Less(t, last["go_goroutines"], first["go_goroutines"]+10, "goroutines are left")

	well := newLoadReport(crowd)
	well.run(t, r.url, time.Minute, 2)
	well.requireServed(t)
	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, process.Wait(), "it stops cleanly")
}
