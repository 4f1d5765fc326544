package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/makesim"
)

// outcome is what a run of the program left behind.
type outcome struct {
	t           *testing.T
	arguments   []string
	code        int
	out, errOut string
}

// run runs the program as users do. Tests that set the environment first, as users do too, cannot run in parallel.
func run(t *testing.T, stdin string, arguments ...string) outcome {
	t.Helper()
	return runUntil(t.Context(), t, stdin, arguments...)
}

func runUntil(ctx context.Context, t *testing.T, stdin string, arguments ...string) outcome {
	t.Helper()
	var out, errOut bytes.Buffer
	code := cli.Run(ctx, arguments, cli.Streams{In: strings.NewReader(stdin), Out: &out, Err: &errOut}, "1.2.3")
	return outcome{t: t, arguments: arguments, code: code, out: out.String(), errOut: errOut.String()}
}

// succeeds requires that the program did.
func (o outcome) succeeds() outcome {
	o.t.Helper()
	require.Equal(o.t, 0, o.code, "%s: %s", o.arguments, o.out+o.errOut)
	return o
}

// fails checks that the program failed, and said so in such words on standard error.
func (o outcome) fails(says ...string) outcome {
	o.t.Helper()
	return o.ended(1, says...)
}

// refuses checks that the program could not use what it was given, and said so in such words on standard error.
func (o outcome) refuses(says ...string) outcome {
	o.t.Helper()
	return o.ended(2, says...)
}

func (o outcome) ended(code int, says ...string) outcome {
	o.t.Helper()
	assert.Equal(o.t, code, o.code, "%s: %s", o.arguments, o.out+o.errOut)
	for _, want := range says {
		assert.Contains(o.t, o.errOut, want, o.arguments)
	}
	return o
}

// answer is the tool's result that call printed.
func (o outcome) answer() *answer {
	o.t.Helper()
	return parseAnswer(o.t, o.succeeds().out)
}

// messages are the results that stdio printed, by the id of their request.
func (o outcome) messages() map[string]json.RawMessage {
	o.t.Helper()
	results := map[string]json.RawMessage{}
	for line := range strings.Lines(o.succeeds().out) {
		var message struct{ ID, Result json.RawMessage }
		require.NoError(o.t, json.Unmarshal([]byte(line), &message), line)
		results[string(message.ID)] = message.Result
	}
	return results
}

// answer is what tests look at of a tool's result.
type answer struct {
	Source   string
	Complete bool
	Returned int
	Total    *int
	Entries  []struct {
		UUID, Event string
		Details     map[string]any
	}
	Organizations, Teams []any
	Warnings             []string
	NextCursor           string `json:"next_cursor"`
	raw                  string
}

func parseAnswer(t *testing.T, text string) *answer {
	t.Helper()
	result := &answer{raw: text}
	require.NoError(t, json.Unmarshal([]byte(text), result), text)
	return result
}

func (r *answer) uuids() []string {
	uuids := make([]string, len(r.Entries))
	for i, entry := range r.Entries {
		uuids[i] = entry.UUID
	}
	return uuids
}

// environment clears what the machine may have set, and sets what a test needs, each as NAME=value.
func environment(t *testing.T, set ...string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "MAKE_") || strings.HasPrefix(name, "MCP_") ||
			strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "") // so that it is as it was afterwards
			require.NoError(t, os.Unsetenv(name))
		}
	}
	for _, pair := range set {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

// upstream serves the demo organization as if it were Make, with a plan without audit logs beside it.
func upstream(t *testing.T) (*makesim.Server, string) {
	t.Helper()
	demo, now := audittest.Demo(), audittest.Now()
	world := *demo
	world.Organizations = append(slices.Clone(demo.Organizations),
		makesim.Organization{ID: planlessID, Name: "Teams Plan", Zone: world.Organizations[0].Zone, APILimit: 240})
	world.OrganizationRoles = append(slices.Clone(demo.OrganizationRoles),
		makesim.OrganizationRole{UserID: 5001, OrganizationID: planlessID, RoleID: makesim.RoleOrganizationOwner})
	sim := makesim.New(&world, makesim.Options{Now: func() time.Time { return now }})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL + makesim.BasePath
}

type sharedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *sharedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *sharedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// running is the program under way, whose output can be looked at meanwhile.
type running struct {
	t        *testing.T
	out, log *sharedBuffer
	stop     context.CancelFunc
	code     chan int
	url      string // of a server that listens
	http     *http.Client
}

// start starts the program, which is stopped when the test ends.
func start(t *testing.T, in io.Reader, arguments ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := newRunning(t)
	r.stop = stop
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.code <- cli.Run(ctx, arguments, cli.Streams{In: in, Out: r.out, Err: r.log}, "1.2.3")
	}()
	t.Cleanup(func() { // before what it works in is removed
		stop()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			assert.Fail(t, "it does not stop", r.log.String())
		}
	})
	return r
}

func newRunning(t *testing.T) *running {
	t.Helper()
	r := &running{t: t, out: &sharedBuffer{}, log: &sharedBuffer{}, code: make(chan int, 1),
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}
	t.Cleanup(r.http.CloseIdleConnections)
	return r
}

// listen starts http on a free port.
func listen(t *testing.T, set []string, arguments ...string) *running {
	t.Helper()
	environment(t, set...)
	return start(t, strings.NewReader(""), append([]string{"http", "--address", "127.0.0.1:0"}, arguments...)...).listening()
}

// listening waits until a server says where it listens.
func (r *running) listening() *running {
	r.t.Helper()
	said := regexp.MustCompile(`url=(\S+)/mcp`)
	eventually(r.t, func() bool {
		if found := said.FindStringSubmatch(r.log.String()); found != nil {
			r.url = found[1]
		}
		return r.url != "" || len(r.code) > 0
	}, "it listens")
	require.NotEmpty(r.t, r.url, r.log.String())
	return r
}

// ends stops the program and checks that it ends as it should.
func (r *running) ends() {
	r.t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		assert.Equal(r.t, 0, code, r.log.String())
	case <-time.After(20 * time.Second):
		require.Fail(r.t, "it does not stop", r.log.String())
	}
}

// logs waits until the program's log says something.
func (r *running) logs(want string) {
	r.t.Helper()
	eventually(r.t, func() bool { return strings.Contains(r.log.String(), want) }, want)
}

// prints waits until the program's output has something.
func (r *running) prints(want string) {
	r.t.Helper()
	eventually(r.t, func() bool { return strings.Contains(r.out.String(), want) }, want)
}

// ask sends a request; headers are pairs of name and value.
func (r *running) ask(method, path, body string, headers ...string) (int, string, http.Header) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := r.http.Do(request)
	require.NoError(r.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	return response.StatusCode, string(text), response.Header
}

// call calls a tool and returns its result, or the text of its error.
func (r *running) call(tool, arguments string, headers ...string) (status int, result *answer, failed string) {
	r.t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`, tool, arguments)
	status, text, _ := r.ask(http.MethodPost, "/mcp", body,
		append(headers, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", tool)...)
	var message struct {
		Result struct {
			StructuredContent json.RawMessage `json:"structuredContent"`
			IsError           bool            `json:"isError"`
			Content           []struct {
				Text string `json:"text"`
			} `json:"content"`
		} `json:"result"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	require.NoError(r.t, json.Unmarshal([]byte(text), &message), text)
	switch {
	case message.Result.IsError:
		return status, &answer{}, message.Result.Content[0].Text
	case message.Result.StructuredContent == nil:
		return status, &answer{}, message.Error.Message
	}
	return status, parseAnswer(r.t, string(message.Result.StructuredContent)), message.Error.Message
}

// answers calls a tool that must answer.
func (r *running) answers(tool, arguments string, headers ...string) *answer {
	r.t.Helper()
	_, result, failed := r.call(tool, arguments, headers...)
	require.Empty(r.t, failed)
	return result
}

// eventually waits for something that a command does in the background.
func eventually(t *testing.T, what func() bool, why string) {
	t.Helper()
	require.Eventually(t, what, 20*time.Second, 5*time.Millisecond, why)
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// isPrivate checks that nobody else may read a file.
func isPrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
}
