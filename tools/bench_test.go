package tools_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
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
			require.Equal(b, benchEntries, *ask(c, "actor").Total)
		}
		b.ReportMetric(residentMB(b), "MB-peak")
	})
	b.Run("next question", func(b *testing.B) {
		c := connect(b, serviceAt(b, url, makesim.DemoToken, time.Now))
		ask(c, "actor")
		for b.Loop() {
			require.Equal(b, benchEntries, *ask(c, "day").Total)
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

// BenchmarkHTTPCalls measures, side by side on one server, calls of list_audit_log_filters that are answered from the cache and calls of a
// bare mcp-go tool: one that says a word where the answer is small, and one that says the same answer where it is large, since most of the
// time then goes into mcp-go's writing of it. Turns of a second alternate, so that whatever else the machine does hits both. ratio is the
// first's calls per second by the second's; its limit is 0.8.
func BenchmarkHTTPCalls(b *testing.B) {
	service := demo(b, makesim.Quirks{}).Service(makesim.DemoToken)
	s := server.NewMCPServer("benchmark", "1", server.WithToolCapabilities(false))
	tools.Register(s, tools.Config{Service: func(context.Context) (*analysis.Service, error) { return service, nil },
		Notify: transport.Notify})
	s.AddTool(mcp.NewTool("echo", mcp.WithString("text")),
		func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText(request.GetString("text", "")), nil
		})
	large := ok[json.RawMessage](connect(b, service), "list_audit_log_filters", args{})
	s.AddTool(mcp.NewTool("same"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultStructured(large, string(large)), nil
	})
	h := &transport.HTTP{Server: s, Limits: transport.Limits{PerCaller: 1e9, Overall: 1e9}}
	served := httptest.NewServer(h.Handler(b.Context()))
	b.Cleanup(served.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	hello, err := client.Post(served.URL+"/mcp", "application/json", //nolint:noctx // a benchmark
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",`+
			`"capabilities":{},"clientInfo":{"name":"b","version":"1"}}}`))
	require.NoError(b, err)
	require.NoError(b, hello.Body.Close())
	session := hello.Header.Get("Mcp-Session-Id")
	turn := func(tool, arguments string) float64 {
		var calls atomic.Int64
		var all sync.WaitGroup
		begin := time.Now()
		for range 8 {
			all.Go(func() {
				for time.Since(begin) < time.Second {
					post(b, client, served.URL+"/mcp", session, tool, arguments)
					calls.Add(1)
				}
			})
		}
		all.Wait()
		return float64(calls.Load()) / time.Since(begin).Seconds()
	}
	for _, pair := range []struct{ name, filters, bare, arguments string }{
		{"small answer", `{"kind":"teams","limit":1}`, "echo", `{"text":"hello"}`},
		{"large answer", `{}`, "same", `{}`},
	} {
		b.Run(pair.name, func(b *testing.B) {
			post(b, client, served.URL+"/mcp", session, "list_audit_log_filters", pair.filters) // fills the cache
			var ours, bare, turns float64
			for b.Loop() {
				ours += turn("list_audit_log_filters", pair.filters)
				bare += turn(pair.bare, pair.arguments)
				turns++
			}
			b.ReportMetric(ours/turns, "filters/s")
			b.ReportMetric(bare/turns, "bare/s")
			b.ReportMetric(ours/bare, "ratio")
		})
	}
}

func post(b *testing.B, client *http.Client, url, session, tool, arguments string) {
	b.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, arguments)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader([]byte(body)))
	require.NoError(b, err)
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2025-11-25", "Mcp-Session-Id": session} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	require.NoError(b, err)
	defer response.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	require.NoError(b, err)
	if response.StatusCode != http.StatusOK || bytes.Contains(text.Bytes(), []byte(`"isError":true`)) {
		b.Errorf("%d %s", response.StatusCode, text.String())
	}
}

// BenchmarkSuspicions60000 judges 30 days against the 90 before, over a whole MCP session, from an archive of 60,000 entries in 120 days.
// The limit is 2 s.
func BenchmarkSuspicions60000(b *testing.B) {
	world := *demoWorld()
	var people []makesim.Actor
	for _, user := range world.Users {
		people = append(people, makesim.Actor{ID: user.ID, Name: user.Name, Email: user.Email})
	}
	var teams []int64
	for _, team := range world.Organizations[0].Teams {
		teams = append(teams, team.ID)
	}
	var events []string
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			events = append(events, event.Value)
		}
	}
	world.Entries = makesim.Bulk(makesim.BulkOptions{OrganizationID: demoOrganization, Count: benchEntries, From: now().AddDate(0, 0, -120),
		To: now(), Seed: 1, Teams: teams, Actors: people, Events: events})
	u := start(b, &world, makesim.Options{})
	service := u.archived(u.filled(), makesim.DemoToken)
	for b.Loop() {
		result := ok[schemas.FindSuspiciousActivityResult](connect(b, service), "find_suspicious_activity", args{"from": "30d"})
		require.True(b, result.Complete)
		require.Greater(b, result.Baseline.Entries, benchEntries/2)
	}
}
