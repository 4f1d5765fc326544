package gosdk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
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

// open starts the server and returns the way to it.
func open(t testing.TB) mcp.Transport {
	t.Helper()
	switch os.Getenv("CLIENT_TRANSPORT") {
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
	command := exec.CommandContext(context.WithoutCancel(t.Context()), serverBinary, append([]string{"--demo", "--demo-now", demoNow, "--log-format", "json"}, arguments...)...)
	command.Env = append(os.Environ(), "MAKE_API_KEY=not-to-be-used", "MAKE_ZONE=unreachable.invalid", "MCP_AUTH_TOKEN="+authToken)
	command.Stderr = os.Stderr
	return command
}

// listen starts the server over the network, until the test has ended, and returns
// its address.
func listen(t testing.TB) string {
	t.Helper()
	server := command(t, "http", "--address", "127.0.0.1:0")
	server.Stderr = nil
	said, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		go func() {
			for lines.Scan() {
				continue // or the server would wait for a reader
			}
		}()
		t.Cleanup(func() {
			assert.NoError(t, server.Process.Signal(syscall.SIGTERM))
			assert.NoError(t, server.Wait())
		})
		return strings.TrimSuffix(line.URL, "/mcp")
	}
	_ = server.Process.Kill()
	require.Fail(t, "the server does not listen", server.Wait())
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
	for _, transport := range []mcp.Transport{&mcp.StreamableClientTransport{Endpoint: address + "/mcp"}, &mcp.SSEClientTransport{Endpoint: address + "/sse"}} {
		_, err := client.Connect(t.Context(), transport, nil)
		require.Error(t, err)
	}
}

// TestTheTransportsAnswerAlike has one question answered over all three.
func TestTheTransportsAnswerAlike(t *testing.T) {
	t.Parallel()
	address := listen(t)
	answers := map[string]any{}
	for name, transport := range map[string]mcp.Transport{
		"stdio": &mcp.CommandTransport{Command: command(t, "stdio")},
		"http":  &mcp.StreamableClientTransport{Endpoint: address + "/mcp", HTTPClient: authorized()},
		"sse":   &mcp.SSEClientTransport{Endpoint: address + "/sse", HTTPClient: authorized()},
	} {
		client := mcp.NewClient(&mcp.Implementation{Name: "gosdk-test", Version: "1"}, nil)
		session, err := client.Connect(t.Context(), transport, nil)
		require.NoError(t, err, name)
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "count_audit_logs", Arguments: map[string]any{"from": "30d", "to": "now", "group_by": "category"}})
		require.NoError(t, err, name)
		require.False(t, result.IsError, text(result))
		answers[name] = result.StructuredContent
		require.NoError(t, session.Close(), name)
	}
	assert.Equal(t, answers["stdio"], answers["http"])
	assert.Equal(t, answers["stdio"], answers["sse"])
}

// TestACancelledCallLeavesTheSessionUsable: the next call is answered.
func TestACancelledCallLeavesTheSessionUsable(t *testing.T) {
	t.Parallel()
	s := connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "count_audit_logs", Arguments: map[string]any{"from": "all", "group_by": "day"}})
	if err != nil { // else it was faster
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	assert.NotEmpty(t, s.call("list_organizations", nil)["organizations"])
}
