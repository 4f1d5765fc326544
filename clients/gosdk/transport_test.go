package gosdk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// authToken is what the server wants over the network.
const authToken = "a-token-of-sufficient-length"

// patience is how long a server may take to listen, and to end.
const patience = 20 * time.Second

// open starts the server and returns the way to it.
func open(t testing.TB, transport string) mcp.Transport {
	t.Helper()
	switch transport {
	case "http":
		return &mcp.StreamableClientTransport{Endpoint: listen(t) + "/mcp", HTTPClient: authorized()}
	case "sse":
		return &mcp.SSEClientTransport{Endpoint: listen(t) + "/sse", HTTPClient: authorized()}
	}
	return &mcp.CommandTransport{Command: command(t, "stdio")}
}

// command is the server on the demo.
func command(t testing.TB, arguments ...string) *exec.Cmd {
	t.Helper()
	// The test's own context ends before its cleanup, and would kill the server.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), serverBinary,
		append([]string{"--demo", "--demo-now", demoNow, "--log-format", "json"}, arguments...)...)
	command.Env = append(os.Environ(), "MAKE_API_KEY=not-to-be-used", "MAKE_ZONE=unreachable.invalid", "MCP_AUTH_TOKEN="+authToken)
	command.Stderr = os.Stderr
	return command
}

// listen starts the server over the network, until the test has ended, and returns its address.
func listen(t testing.TB) string {
	t.Helper()
	server := command(t, "http", "--address", "127.0.0.1:0")
	server.Stderr = nil
	said, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	late := time.AfterFunc(patience, func() { _ = server.Process.Kill() })
	defer late.Stop()
	var before []string // what it said until it listened
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			before = append(before, lines.Text())
			continue
		}
		go func() {
			for lines.Scan() {
				continue // or the server would wait for a reader
			}
		}()
		t.Cleanup(func() {
			assert.NoError(t, server.Process.Signal(syscall.SIGTERM))
			defer time.AfterFunc(patience, func() { _ = server.Process.Kill() }).Stop()
			assert.NoError(t, server.Wait())
		})
		return strings.TrimSuffix(line.URL, "/mcp")
	}
	_ = server.Process.Kill()
	require.Fail(t, "the server does not listen", "%v\n%s", server.Wait(), strings.Join(before, "\n"))
	return ""
}

type bearer struct{}

// RoundTrip shows the token.
func (bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+authToken)
	return http.DefaultTransport.RoundTrip(r)
}

func authorized() *http.Client { return &http.Client{Transport: bearer{}} }

func TestNobodyIsLetInWithoutTheToken(t *testing.T) {
	t.Parallel()
	address := listen(t)
	client := mcp.NewClient(&mcp.Implementation{Name: "stranger", Version: "1"}, nil)
	for _, transport := range []mcp.Transport{&mcp.StreamableClientTransport{Endpoint: address + "/mcp"},
		&mcp.SSEClientTransport{Endpoint: address + "/sse"}} {
		_, err := client.Connect(t.Context(), transport, nil)
		require.ErrorContains(t, err, http.StatusText(http.StatusUnauthorized))
	}
}

// TestTheTransportsAnswerAlike has a whole session over each transport, in the stateless era and in the older one.
func TestTheTransportsAnswerAlike(t *testing.T) {
	t.Parallel()
	var first map[string]any
	for _, revision := range []string{"2026-07-28", "2025-11-25"} {
		for _, transport := range []string{"stdio", "http", "sse"} {
			s := connectOver(t, transport, revision)
			which := transport + " " + revision
			assert.Equal(t, revision, s.InitializeResult().ProtocolVersion, which)
			assert.Equal(t, transport == "http" && revision == "2025-11-25", s.ID() != "", which)
			s.cancelACall()
			answers := s.answers()
			if first == nil {
				first = answers
			}
			assert.Equal(t, first, answers, which)
			assert.NoError(t, s.Close(), which)
		}
	}
}

// answers are to questions of each kind.
func (s *session) answers() map[string]any {
	s.t.Helper()
	counted := s.call("count_audit_logs", map[string]any{"actor": "Marek Havelka", "from": "30d", "to": "now", "group_by": "category"})
	assert.InDelta(s.t, 98, counted["total"], 0)
	mistaken, err := s.CallTool(s.t.Context(), &mcp.CallToolParams{Name: "count_audit_logs", Arguments: map[string]any{"form": "7d"}})
	require.NoError(s.t, err)
	assert.True(s.t, mistaken.IsError)
	read, err := s.ReadResource(s.t.Context(), &mcp.ReadResourceParams{URI: "make://organizations"})
	require.NoError(s.t, err)
	prompt, err := s.GetPrompt(s.t.Context(),
		&mcp.GetPromptParams{Name: "offboarding_review", Arguments: map[string]string{"actor": "Marek Havelka", "from": "30d"}})
	require.NoError(s.t, err)
	completed, err := s.Complete(s.t.Context(), &mcp.CompleteParams{
		Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "incident_timeline"},
		Argument: mcp.CompleteParamsArgument{Name: "team", Value: "market"},
	})
	require.NoError(s.t, err)
	return map[string]any{
		"tools":      slices.Sorted(maps.Keys(s.tools())),
		"counted":    counted,
		"mistake":    text(mistaken),
		"read":       read.Contents[0].Text,
		"prompt":     prompt.Messages[:2], // those behind hold cursors, which are sealed anew each time
		"completion": completed.Completion.Values,
	}
}

// cancelACall cancels a call that is known to run, for it has told of progress.
func (s *session) cancelACall() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	go func() {
		for !s.toldProgress() && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := s.CallTool(ctx, &mcp.CallToolParams{
		Name: "count_audit_logs", Arguments: map[string]any{"from": "all", "group_by": "day"}, Meta: mcp.Meta{"progressToken": "cancelled"},
	})
	require.ErrorIs(s.t, err, context.Canceled)
}

func TestACancelledCallLeavesTheSessionUsable(t *testing.T) {
	t.Parallel()
	s := connect(t)
	s.cancelACall()
	assert.NotEmpty(t, s.call("list_organizations", nil)["organizations"])
}

func TestASessionThatWasEndedIsGone(t *testing.T) {
	t.Parallel()
	s := connectOver(t, "http", "2025-11-25")
	way, ok := s.way.(*mcp.StreamableClientTransport)
	require.True(t, ok)
	id := s.ID()
	ping := func() int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, way.Endpoint,
			strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "application/json, text/event-stream")
		request.Header.Set("Mcp-Session-Id", id)
		response, err := way.HTTPClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	assert.Equal(t, http.StatusOK, ping())
	require.NoError(t, s.Close())
	assert.Equal(t, http.StatusNotFound, ping())
}
