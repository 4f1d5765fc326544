package tools_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

const (
	// simulatorProcess tells a child process of this test binary to be Make.
	simulatorProcess = "MAKE_AUDIT_TEST_SIMULATOR"
	benchEntries     = 60_000
	benchLatency     = 20 * time.Millisecond
	benchPage        = 100
)

// BenchmarkCount60000 counts 60,000 entries over a whole MCP session: the first question reads them in 600 pages of 100 at 20 ms latency,
// the second is answered from what was kept. Make is another process, so that memory is the server's and the client's alone. The limits of
// the first: 1.5 times 600/8 pages one after another, which is 2.25 s; and 60 MB.
func BenchmarkCount60000(b *testing.B) {
	url := startSimulatorProcess(b)
	ask := func(c *caller, group string) schemas.CountAuditLogsResult {
		return ok[schemas.CountAuditLogsResult](c, "count_audit_logs", args{"from": "364d", "group_by": group})
	}
	b.Run("first question", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			runtime.GC()
			c := connect(b, serviceAt(b, url, makesim.DemoToken, time.Now))
			b.StartTimer()
			require.Equal(b, benchEntries, ask(c, "actor").Total)
		}
		b.ReportMetric(residentMB(b), "MB-peak")
	})
	b.Run("next question", func(b *testing.B) {
		c := connect(b, serviceAt(b, url, makesim.DemoToken, time.Now))
		ask(c, "actor")
		for b.Loop() {
			require.Equal(b, benchEntries, ask(c, "day").Total)
		}
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc)/(1<<20), "MB-kept")
	})
}

// residentMB is the most memory that this process had, where the system tells.
func residentMB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); err == nil {
			return kilobytes / 1024
		}
	}
	return 0
}

func startSimulatorProcess(b *testing.B) (url string) {
	b.Helper()
	child := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestSimulatorProcess$", "-test.timeout=0")
	child.Env = append(os.Environ(), simulatorProcess+"=1")
	out, err := child.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, child.Start())
	b.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, found := strings.CutPrefix(lines.Text(), "simulator at "); found {
			return address
		}
	}
	b.Fatal("the simulator did not start")
	return ""
}

// TestSimulatorProcess is no test: it is Make, in a process that a benchmark starts.
func TestSimulatorProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv(simulatorProcess) == "" {
		t.Skip("only for benchmarks, which start it in a process of its own")
	}
	world := *demoWorld()
	world.Organizations[0].APILimit = 0
	world.Entries = makesim.Bulk(makesim.BulkOptions{
		OrganizationID: demoOrganization, Count: benchEntries, From: time.Now().AddDate(0, 0, -360), To: time.Now(), BurstSize: 400,
		Seed: 1,
	})
	simulated := makesim.New(&world, makesim.Options{Latency: benchLatency,
		Quirks: makesim.Quirks{PageCap: benchPage, EchoRequestedLimit: true}})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fmt.Printf("simulator at http://%s%s\n", listener.Addr(), makesim.BasePath)
	_ = http.Serve(listener, simulated) // until the benchmark kills this process
}
