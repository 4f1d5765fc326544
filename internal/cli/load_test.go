package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/makesim"
)

const (
	// loadSeconds asks for the load of many callers, and says how long a wave is.
	loadSeconds = "MAKE_AUDIT_LOAD_SECONDS"
	// serverProcess tells a child process of this test binary to be the server.
	serverProcess = "MAKE_AUDIT_TEST_SERVER"
)

// crowd is who asks at once: of all callers the first make up a key for each request, and those behind them ask without a pause. Each has
// so many entries.
type crowd struct{ all, madeUp, greedy, entries int }

func (c crowd) isMadeUp(caller int) bool { return caller < c.madeUp }
func (c crowd) isModest(caller int) bool { return caller >= c.madeUp+c.greedy }

// TestServerProcess is no test: it is the server, in a process that the load test starts, so that memory is the server's alone. A line of
// input has it collect garbage.
func TestServerProcess(t *testing.T) {
	arguments := os.Getenv(serverProcess)
	if arguments == "" {
		t.Skip("only for the load test, which starts it in a process of its own")
	}
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			debug.FreeOSMemory()
			debug.FreeOSMemory() // what is pooled outlives the first one
		}
	}()
	os.Exit(cli.Main(strings.Fields(arguments), cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: os.Stderr}, "load"))
}

// childProcess is the program in a process of its own, not yet started, which ends with the test.
func childProcess(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServerProcess$", "-test.timeout=0")
	child.Env = append(os.Environ(), serverProcess+"="+strings.Join(arguments, " "))
	return child
}

// TestManyCallersWithKeysOfTheirOwn has 200 callers at once, each with an own key and an own organization, ask for a while, twice; some of
// them make up keys or are greedy, and the others are served. No answer may hold another's entries, nothing but 429 may go wrong, and once
// they have left, the second wave must have taken no more memory than the first. It is part of scripts/long.
func TestManyCallersWithKeysOfTheirOwn(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv(loadSeconds))
	if err != nil {
		t.Skip("only with " + loadSeconds + "; see scripts/long")
	}
	environment(t)
	crowd := crowd{all: 200, madeUp: 10, greedy: 10, entries: 300}
	simulated := httptest.NewServer(makesim.New(crowd.world(), makesim.Options{}))
	defer simulated.Close()
	r, process, collect := startServer(t, "--caller-credentials", "--session-idle", "20s", "--rate-limit", "20", "--total-rate-limit",
		"400", "--requests-per-minute", "unlimited", "--api-url", simulated.URL+makesim.BasePath)
	report := newLoadReport(crowd)
	before := numbers(r)
	after := make([]map[string]float64, 2)
	for wave := range after {
		report.run(t, r.url, time.Duration(seconds)*time.Second, math.MaxInt)
		// Whoever left is forgotten by and by; what is then in use is what stays.
		require.Eventually(t, func() bool {
			after[wave] = numbers(r)
			return after[wave]["make_audit_mcp_sessions"] == 0 && after[wave]["go_goroutines"] < before["go_goroutines"]+60
		}, time.Minute, 500*time.Millisecond)
		collect()
		after[wave] = numbers(r)
	}
	t.Logf("calls %d, of them 429: %d; heap before %.1f MB, after the first wave %.1f MB, after the second %.1f MB; resident %.1f, %.1f, "+
		"%.1f MB; goroutines %.0f, %.0f, %.0f",
		report.calls.Load(), report.limited.Load(),
		before["go_memstats_heap_alloc_bytes"]/1e6, after[0]["go_memstats_heap_alloc_bytes"]/1e6,
		after[1]["go_memstats_heap_alloc_bytes"]/1e6,
		before["process_resident_memory_bytes"]/1e6, after[0]["process_resident_memory_bytes"]/1e6,
		after[1]["process_resident_memory_bytes"]/1e6,
		before["go_goroutines"], after[0]["go_goroutines"], after[1]["go_goroutines"])
	least, most := report.requireServed(t)
	t.Logf("answers of tools that each got who has a key: %d to %d", least, most)
	assert.Less(t, after[1]["go_memstats_heap_alloc_bytes"], after[0]["go_memstats_heap_alloc_bytes"]*1.1+2e6,
		"memory grows with every wave")
	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, process.Wait(), "it stops cleanly")
}

// TestCallersWithKeysOfTheirOwnAreServedBesideGreedyOnes is the same in little, for the gate.
func TestCallersWithKeysOfTheirOwnAreServedBesideGreedyOnes(t *testing.T) {
	t.Parallel()
	crowd := crowd{all: 10, madeUp: 2, greedy: 2, entries: 10}
	simulated := httptest.NewServer(makesim.New(crowd.world(), makesim.Options{}))
	defer simulated.Close()
	r := start(t, strings.NewReader(""), "http", "--address", "127.0.0.1:0", "--caller-credentials", "--rate-limit", "100",
		"--total-rate-limit", "2000", "--requests-per-minute", "unlimited", "--api-url", simulated.URL+makesim.BasePath).listening()
	report := newLoadReport(crowd)
	report.run(t, r.url, time.Minute, 2)
	report.requireServed(t)
	assert.Positive(t, report.refused.Load(), "made-up keys are told so")
}

func ownKey(caller int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", caller) }

// world has an organization of its own for each caller; its entries' target tells whose they are.
func (c crowd) world() *makesim.World {
	world := &makesim.World{Zone: "eu1.make.com"}
	now := time.Now()
	for i := range c.all {
		user, organization := int64(10_000+i), int64(20_000+i)
		world.Users = append(world.Users, makesim.User{ID: user, Name: fmt.Sprint("Caller ", i),
			Email: fmt.Sprintf("caller%d@load.example", i), Timezone: "UTC"})
		world.Tokens = append(world.Tokens, makesim.Token{Secret: ownKey(i), UserID: user})
		world.Organizations = append(world.Organizations,
			makesim.Organization{ID: organization, Name: fmt.Sprint("Organization ", i), Zone: "eu1.make.com", AuditLogsDays: 365})
		world.OrganizationRoles = append(world.OrganizationRoles,
			makesim.OrganizationRole{UserID: user, OrganizationID: organization, RoleID: makesim.RoleOrganizationOwner})
		for _, entry := range makesim.Bulk(makesim.BulkOptions{OrganizationID: organization, Count: c.entries,
			From: now.AddDate(0, 0, -30), To: now, Seed: uint64(i)}) {
			entry.TargetID = fmt.Sprint("of-", i)
			world.Entries = append(world.Entries, entry)
		}
	}
	return world
}

// startServer starts http in a process of its own, on a free port.
func startServer(t *testing.T, flags ...string) (r *running, process *exec.Cmd, collect func()) {
	t.Helper()
	r, process = newRunning(t), childProcess(t, append([]string{"http", "--address", "127.0.0.1:0"}, flags...)...)
	process.Stderr = r.log
	input, err := process.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	return r.listening(), process, func() {
		_, err := fmt.Fprintln(input)
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
	}
}

// numbers reads the server's gauges and counters without labels.
func numbers(r *running) map[string]float64 {
	r.t.Helper()
	_, text, _ := r.ask(http.MethodGet, "/metrics", "")
	found := map[string]float64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			found[name] = number
		}
	}
	return found
}

// loadReport is what came of the load.
type loadReport struct {
	crowd                                      crowd
	mayFail                                    bool // Make goes wrong: errors of tools are counted
	calls, limited, crossed, refused, failures atomic.Int64
	served                                     []atomic.Int64 // answers of tools, by caller

	mu     sync.Mutex
	errors map[string]int
}

func newLoadReport(of crowd) *loadReport {
	return &loadReport{crowd: of, served: make([]atomic.Int64, of.all)}
}

// requireServed checks that whoever has a key was served, with own entries only. It returns how many answers they got at least and at most.
func (l *loadReport) requireServed(t *testing.T) (least, most int64) {
	t.Helper()
	assert.Zero(t, l.crossed.Load(), "answers that held another's entries")
	assert.Empty(t, l.wrong(), "what went wrong, but for 429")
	least = math.MaxInt64
	for i := l.crowd.madeUp; i < l.crowd.all; i++ {
		served := l.served[i].Load()
		least, most = min(least, served), max(most, served)
		assert.Positive(t, served, "caller %d was never served", i)
	}
	return least, most
}

func (l *loadReport) wrong() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errors
}

func (l *loadReport) failed(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.errors == nil {
		l.errors = map[string]int{}
	}
	l.errors[what[:min(len(what), 200)]]++
}

// run has all ask for a while, or until modest callers have come so many times.
func (l *loadReport) run(t *testing.T, url string, duration time.Duration, visits int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: l.crowd.all}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var modest, others sync.WaitGroup
	for i := range l.crowd.all {
		caller := &loadCaller{report: l, number: i, url: url, client: client, random: rand.New(rand.NewPCG(uint64(i), 7))}
		group, left := &others, math.MaxInt
		if l.crowd.isModest(i) {
			group, left = &modest, visits
		}
		group.Go(func() {
			for ; left > 0 && ctx.Err() == nil; left-- {
				caller.visit(ctx)
			}
		})
	}
	modest.Wait()
	cancel()
	others.Wait()
}

// loadCaller is one caller, who comes and goes.
type loadCaller struct {
	report  *loadReport
	number  int
	url     string
	client  *http.Client
	random  *rand.Rand
	session string
}

// visit opens a session or does without, asks a few questions, and leaves.
func (c *loadCaller) visit(ctx context.Context) {
	c.session = ""
	if c.random.IntN(2) == 0 {
		c.session = c.send(ctx, http.MethodPost, hello, nil)
	}
	for range 1 + c.random.IntN(5) {
		question := [][2]string{
			{"list_audit_logs", `{"limit":20}`}, {"count_audit_logs", `{"group_by":["target"],"from":"30d"}`},
			{"list_audit_log_filters", `{"kind":"users"}`},
			{"list_organizations", `{}`}, {"get_target_history",
				fmt.Sprintf(`{"target_id":"of-%d","kind":"Webhooks","limit":2}`, c.number)},
			{"list_audit_logs", `{"from":"3d","sort_by":"actor"}`},
		}[c.random.IntN(6)]
		c.ask(ctx, question[0], question[1])
		if ctx.Err() != nil {
			break
		}
		if c.report.crowd.isModest(c.number) || c.report.crowd.isMadeUp(c.number) {
			time.Sleep(time.Duration(c.random.IntN(100)) * time.Millisecond)
		}
	}
	if c.session != "" {
		c.send(context.WithoutCancel(ctx), http.MethodDelete, "", nil)
	}
}

func (c *loadCaller) ask(ctx context.Context, tool, arguments string) {
	meta, headers := "", map[string]string(nil)
	if c.session == "" {
		meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
		headers = map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool}
	}
	c.send(ctx, http.MethodPost, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s%s}}`,
		c.random.IntN(3), tool, arguments, meta), headers)
}

// send sends a request, looks at the answer, and returns the session that it opens.
func (c *loadCaller) send(ctx context.Context, method, body string, headers map[string]string) (session string) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+"/mcp", strings.NewReader(body))
	if err != nil {
		c.report.failed(err.Error())
		return ""
	}
	request.Header.Set("Content-Type", "application/json")
	key := ownKey(c.number)
	if c.report.crowd.isMadeUp(c.number) {
		key = fmt.Sprintf("%08d-0000-4000-8000-0000000bad00", c.random.IntN(1e8))
	}
	request.Header.Set("X-Make-Api-Key", key)
	if c.session != "" {
		request.Header.Set("Mcp-Session-Id", c.session)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := c.client.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			c.report.failed(err.Error())
		}
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	c.report.calls.Add(1)
	switch {
	case err != nil && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)):
	case err != nil:
		c.report.failed(err.Error())
	case response.StatusCode == http.StatusTooManyRequests:
		c.report.limited.Add(1)
		time.Sleep(time.Duration(200+c.random.IntN(800)) * time.Millisecond)
	case c.report.crowd.isMadeUp(c.number):
		if strings.Contains(string(text), `"structuredContent"`) {
			c.report.failed("a made-up key got an answer: " + string(text))
		}
		c.report.refused.Add(1)
	case response.StatusCode != http.StatusOK:
		c.report.failed(fmt.Sprint(method, " ", response.StatusCode, " ", string(text)))
	default:
		c.look(string(text))
	}
	return response.Header.Get("Mcp-Session-Id")
}

// look checks that an answer is whole, no error, and the caller's own.
func (c *loadCaller) look(text string) {
	isToolError := strings.Contains(text, `"isError":true`)
	switch {
	case isToolError && c.report.mayFail:
		c.report.failures.Add(1)
	case isToolError, strings.Contains(text, `"error":`):
		c.report.failed(text)
		return
	}
	if text != "" && !json.Valid([]byte(text)) {
		c.report.failed("no JSON: " + text)
	}
	if strings.Contains(text, `"structuredContent"`) {
		c.report.served[c.number].Add(1)
	}
	// In quotes, as a cursor may hold anything.
	for _, pattern := range []string{`"of-(\d+)\\?"`, `Organization (\d+)`, `Caller (\d+)`, `caller(\d+)@`} {
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			if found[1] != strconv.Itoa(c.number) {
				c.report.crossed.Add(1)
				c.report.failed(fmt.Sprintf("caller %d got %q", c.number, found[0]))
			}
		}
	}
}
