package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/audittest/postgrestest"
)

// budgetBinary names the program whose processes are to share a budget for some minutes; see scripts/long.
const budgetBinary = "MAKE_AUDIT_BUDGET_BINARY"

// TestProcessesKeepToOneBudgetInAnyMinute has several processes of the program ask as much as they may, and Make count.
func TestProcessesKeepToOneBudgetInAnyMinute(t *testing.T) {
	t.Parallel()
	binary := os.Getenv(budgetBinary)
	if binary == "" {
		t.Skip("only with " + budgetBinary + "; see scripts/long")
	}
	const minute = time.Minute
	t.Run("three servers over PostgreSQL", func(t *testing.T) {
		t.Parallel()
		m := newMinutes(t, binary)
		m.inPostgres()
		m.fill()
		for range 3 {
			m.serves()
		}
		m.askFor(2 * minute)
		m.keptTo(minute, 2*minute, budget*9/10)
	})
	t.Run("three servers over PostgreSQL, which goes away and comes back", func(t *testing.T) {
		t.Parallel()
		m := newMinutes(t, binary)
		server := postgrestest.Start(t)
		m.archive = server.Address("archive")
		m.fill()
		for range 3 {
			m.serves()
		}
		m.askFor(5*minute, meanwhile{20 * time.Second, server.GoAway}, meanwhile{3 * minute, server.ComeBack})
		m.keptTo(4*minute, 5*minute, budget*9/10)
	})
	t.Run("two processes over stdio and one file", func(t *testing.T) {
		t.Parallel()
		m := newMinutes(t, binary)
		m.fill()
		for range 2 {
			m.speaks()
		}
		m.askFor(2 * minute)
		m.keptTo(minute, 2*minute, budget*2/3*9/10) // a third is what one caller's details may take
	})
}

// minutes are those in which processes share a budget.
type minutes struct {
	*acme
	binary  string
	began   time.Time
	clients []*client.Client
	asked   atomic.Int64

	mu     sync.Mutex
	calls  []time.Time    // that count against the organization's limit
	failed map[string]int // reasons that were given, without numbers
}

// budget is the ceiling of all processes together, in requests a minute.
const budget = 60

func newMinutes(t *testing.T, binary string) *minutes {
	t.Helper()
	// By the machine's clock, which a process goes by until it has heard of Make's.
	return &minutes{acme: newAcmeOf(t, acmeWorld(), time.Now().UTC().Truncate(time.Second)), binary: binary,
		failed: map[string]int{}}
}

// fill fills the archive, which is not counted.
func (m *minutes) fill() {
	m.t.Helper()
	m.sync("--archive-key", m.signingKey(), "--details", "none")
	m.each(func(r *http.Request) {
		if strings.Contains(r.URL.Path, "/users/") {
			return // of no organization
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.calls = append(m.calls, time.Now())
	})
}

func (m *minutes) command(arguments ...string) []string {
	return append([]string{"--api-url", m.url, "--api-key-file", filepath.Join(m.keys, ownerKey), "--organization-id", fmt.Sprint(acmeID),
		"--archive", m.archive, "--archive-key", m.signingKey(), "--requests-per-minute", fmt.Sprint(budget)}, arguments...)
}

// serves starts a server.
func (m *minutes) serves() {
	m.t.Helper()
	r := newRunning(m.t)
	process := exec.CommandContext(m.t.Context(), m.binary, m.command("http", "--address", "127.0.0.1:0", "--rate-limit", "10000",
		"--total-rate-limit", "10000")...)
	process.Stderr = r.log
	require.NoError(m.t, process.Start())
	m.t.Cleanup(func() { // before what it works in is removed
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	r.listening()
	c, err := client.NewStreamableHttpClient(r.url + "/mcp")
	require.NoError(m.t, err)
	m.speaksTo(c)
}

// speaks starts a process for one client.
func (m *minutes) speaks() {
	m.t.Helper()
	c, err := client.NewStdioMCPClient(m.binary, nil, m.command("stdio")...)
	require.NoError(m.t, err)
	m.speaksTo(c)
}

func (m *minutes) speaksTo(c *client.Client) {
	m.t.Helper()
	m.t.Cleanup(func() { _ = c.Close() })
	_, err := c.Initialize(m.t.Context(), mcp.InitializeRequest{Params: mcp.InitializeParams{ProtocolVersion: mcp.LATEST_PROTOCOL_VERSION}})
	require.NoError(m.t, err)
	m.clients = append(m.clients, c)
}

// meanwhile is what happens so long after callers began to ask.
type meanwhile struct {
	after time.Duration
	do    func(testing.TB)
}

// askFor has three callers of each process ask for so long what only Make can tell.
func (m *minutes) askFor(long time.Duration, happens ...meanwhile) {
	m.t.Helper()
	m.began = time.Now()
	ctx, stop := context.WithTimeout(m.t.Context(), long)
	defer stop()
	var callers sync.WaitGroup
	for _, c := range m.clients {
		for range 3 {
			callers.Go(func() {
				for ctx.Err() == nil {
					uuid := fmt.Sprintf("%08x-0000-4000-8000-00000000abcd", m.asked.Add(1))
					result, err := ask(ctx, c, "get_audit_log", `{"uuid":["`+uuid+`"]}`)
					if ctx.Err() == nil {
						m.note(result, err)
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
	}
	for _, next := range happens {
		time.Sleep(time.Until(m.began.Add(next.after)))
		next.do(m.t)
	}
	callers.Wait()
}

// note counts the reasons that were given for there being no answer.
func (m *minutes) note(result *mcp.CallToolResult, err error) {
	reason := ""
	switch {
	case err != nil:
		reason = err.Error()
	case len(result.Content) > 0:
		text, _ := result.Content[0].(mcp.TextContent)
		reason, _, _ = strings.Cut(text.Text, "Next:")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed[regexp.MustCompile(`\S*\d\S*`).ReplaceAllString(reason, "#")]++
}

// keptTo requires that no minute had more calls than there may be, and at least so many were made between two moments, where nothing is
// in the way.
func (m *minutes) keptTo(from, to time.Duration, least int) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	most := 0
	for first, last := 0, 0; last < len(m.calls); last++ {
		for m.calls[last].Sub(m.calls[first]) >= time.Minute {
			first++
		}
		most = max(most, last-first+1)
	}
	each := make([]int, int(to/(10*time.Second))+1)
	used := 0
	for _, at := range m.calls {
		since := at.Sub(m.began)
		if i := int(since / (10 * time.Second)); i < len(each) {
			each[i]++
		}
		if since >= from && since < to {
			used++
		}
	}
	m.t.Logf("at most %d calls in a minute, where %d are allowed; in each 10 s: %v; %d questions: %v", most, budget, each, m.asked.Load(),
		m.failed)
	assert.LessOrEqual(m.t, most, budget)
	assert.GreaterOrEqual(m.t, used, least, "what is allowed can be used")
	for reason := range m.failed {
		assert.NotContains(m.t, reason, "the time for one call was used up", "the budget is the reason")
	}
}
