package tools_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

// The demo's clock is pinned: a Friday noon in UTC, 13:00 in Prague.
func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

const demoOrganization = makesim.DemoOrganizationID

// demoWorld is made once; servers copy what is in it.
var demoWorld = sync.OnceValue(func() *makesim.World { return makesim.Demo(now(), 1) })

// recentWorld is the demo with the entries of its last 70 days: quicker to serve.
var recentWorld = sync.OnceValue(func() *makesim.World {
	world := *demoWorld()
	world.Entries = slices.DeleteFunc(slices.Clone(world.Entries), func(e makesim.Entry) bool {
		return e.TriggeredAt.Before(now().AddDate(0, 0, -70))
	})
	return &world
})

// lastWeeks is the demo with the entries of its last 16 days: for tests that fill many
// servers.
var lastWeeks = sync.OnceValue(func() *makesim.World {
	world := *demoWorld()
	world.Entries = slices.DeleteFunc(slices.Clone(world.Entries), func(e makesim.Entry) bool {
		return e.TriggeredAt.Before(now().AddDate(0, 0, -16))
	})
	return &world
})

// upstream is a simulated Make over real HTTP.
type upstream struct {
	*makesim.Server
	t   testing.TB
	url string
}

func start(t testing.TB, world *makesim.World, options makesim.Options) *upstream {
	t.Helper()
	if options.Now == nil {
		options.Now = now
	}
	if options.Minute == 0 {
		options.Minute = time.Millisecond // Make's rate limit is not the matter here
	}
	simulated := makesim.New(world, options)
	web := httptest.NewServer(simulated)
	t.Cleanup(web.Close)
	return &upstream{Server: simulated, t: t, url: web.URL + makesim.BasePath}
}

// demo is the demo organization with some quirks.
func demo(t testing.TB, quirks makesim.Quirks) *upstream {
	t.Helper()
	return start(t, demoWorld(), makesim.Options{Quirks: quirks, Seed: 1})
}

// recent is the demo organization of the last 70 days.
func recent(t testing.TB, quirks makesim.Quirks) *upstream {
	t.Helper()
	return start(t, recentWorld(), makesim.Options{Quirks: quirks, Seed: 1})
}

// service is what one process keeps for one key: nothing is shared with others.
func (u *upstream) service(key string) *analysis.Service {
	u.t.Helper()
	return serviceAt(u.t, u.url, key, now)
}

func serviceAt(t testing.TB, url, key string, clock func() time.Time) *analysis.Service {
	t.Helper()
	return serviceIn(t, "eu1.make.com", url, key, clock)
}

func serviceIn(t testing.TB, zone, url, key string, clock func() time.Time) *analysis.Service {
	t.Helper()
	// A short minute makes the waits between tries short, too.
	return serviceWaiting(t, zone, url, key, clock, 50*time.Millisecond)
}

func serviceWaiting(t testing.TB, zone, url, key string, clock func() time.Time, minute time.Duration) *analysis.Service {
	t.Helper()
	base, err := makeapi.ParseBaseURL(url)
	require.NoError(t, err)
	credential := makeapi.StaticKey(key)
	api := makeapi.New(makeapi.Options{
		BaseURL: base, Credential: credential, UserAgent: "tools-test/1", Now: clock, OnWait: live.ReportWait,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: minute}),
	})
	session := live.New(api, live.Options{Zone: zone})
	return &analysis.Service{Resolver: question.Resolver{
		Reader: session, Directory: session,
		Cursors: &question.Sealer{Secret: credential.Secret, Instance: "test"},
	}}
}

// caller is an MCP client on pipes, whose every result is checked for what holds
// of all results.
type caller struct {
	*client.Client
	t   testing.TB
	log *bytes.Buffer // of a server of its own
	// onResult is called as soon as a result is there.
	onResult func()

	mu       sync.Mutex
	progress []map[string]any
}

// serviceOf is where a context has its connection's service.
type serviceOf struct{}

// oneServer serves every connection from the service that it brings, as a server for
// many callers does.
var oneServer = sync.OnceValue(func() *server.MCPServer {
	return serverWith(tools.Config{Service: func(ctx context.Context) (*analysis.Service, error) {
		return ctx.Value(serviceOf{}).(*analysis.Service), nil
	}})
})

func serverWith(config tools.Config) *server.MCPServer {
	config.Notify = transport.Notify
	served := server.NewMCPServer("test", "1", server.WithToolCapabilities(false))
	tools.Register(served, config)
	return served
}

// connect opens a session with a service.
func connect(t testing.TB, service *analysis.Service) *caller {
	t.Helper()
	return open(context.WithValue(t.Context(), serviceOf{}, service), t, oneServer())
}

// caller opens a session with a service of its own.
func (u *upstream) caller(key string) *caller {
	u.t.Helper()
	return connect(u.t, u.service(key))
}

// connectTo opens a session with a server of its own.
func connectTo(t testing.TB, config tools.Config) *caller {
	t.Helper()
	var log bytes.Buffer
	config.Logger = slog.New(slog.NewTextHandler(&lockedWriter{to: &log}, nil))
	c := open(t.Context(), t, serverWith(config))
	c.log = &log
	return c
}

func open(ctx context.Context, t testing.TB, served *server.MCPServer) *caller {
	t.Helper()
	c := &caller{t: t}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	stdio := &transport.Stdio{Server: served, In: toServer, Out: fromServer}
	go func() {
		done <- stdio.Run(ctx)
		_ = fromServer.Close()
	}()
	c.Client = client.NewClient(clienttransport.NewIO(toClient, fromClient, io.NopCloser(strings.NewReader(""))))
	c.OnNotification(func(n mcp.JSONRPCNotification) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if n.Method == "notifications/progress" {
			c.progress = append(c.progress, n.Params.AdditionalFields)
		}
	})
	t.Cleanup(func() {
		_ = c.Close()
		stop()
		<-done
	})
	require.NoError(t, c.Start(ctx))
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	_, err := c.Initialize(ctx, hello)
	require.NoError(t, err)
	return c
}

// reply is a tool's result.
type reply struct {
	isError bool
	// text is the text block; raw the structured content, nil if there is none.
	text string
	raw  []byte
}

// call calls a tool and checks what holds of every result: it is valid by the
// output schema, the text says the same, nothing in it deceives, and it fits.
func (c *caller) call(tool string, arguments any) reply {
	c.t.Helper()
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = tool, arguments
	return c.send(request)
}

// outputs are the schemas of the tools' results by name, which are the same to all.
var outputs sync.Map

// output is the schema of a tool's results.
func (c *caller) output(tool string) *validator.Schema {
	c.t.Helper()
	if known, ok := outputs.Load(tool); ok {
		return known.(*validator.Schema)
	}
	listed, err := c.ListTools(context.WithoutCancel(c.t.Context()), mcp.ListToolsRequest{})
	require.NoError(c.t, err)
	at := slices.IndexFunc(listed.Tools, func(t mcp.Tool) bool { return t.Name == tool })
	require.GreaterOrEqual(c.t, at, 0, tool)
	known, _ := outputs.LoadOrStore(tool, compile(c.t, listed.Tools[at].OutputSchema))
	return known.(*validator.Schema)
}

func (c *caller) send(request mcp.CallToolRequest) reply {
	c.t.Helper()
	result, err := c.CallTool(context.WithoutCancel(c.t.Context()), request)
	if c.onResult != nil {
		c.onResult()
	}
	require.NoError(c.t, err, "a protocol error instead of a tool's")
	require.Len(c.t, result.Content, 1)
	content, ok := result.Content[0].(mcp.TextContent)
	require.True(c.t, ok)
	r := reply{isError: result.IsError, text: content.Text}
	requireClean(c.t, r.text)
	if result.StructuredContent == nil {
		require.True(c.t, r.isError, "a result without structured content")
		return r
	}
	r.raw, err = json.Marshal(result.StructuredContent)
	require.NoError(c.t, err)
	require.NoError(c.t, c.output(request.Params.Name).Validate(result.StructuredContent), "%s", r.raw)
	requireClean(c.t, flatten(result.StructuredContent))
	require.Less(c.t, utf8.RuneCount(r.raw), 40_000)
	if !r.isError {
		var told any
		require.NoError(c.t, json.Unmarshal([]byte(r.text), &told))
		require.Equal(c.t, result.StructuredContent, told)
	}
	return r
}

// ok calls a tool that must succeed, and reads its result.
func ok[R any](c *caller, tool string, arguments any) R {
	c.t.Helper()
	r := c.call(tool, arguments)
	require.False(c.t, r.isError, r.text)
	return read[R](c.t, r)
}

func read[R any](t testing.TB, r reply) R {
	t.Helper()
	var result R
	require.NoError(t, json.Unmarshal(r.raw, &result))
	return result
}

func (c *caller) list(arguments args) schemas.ListAuditLogsResult {
	c.t.Helper()
	return ok[schemas.ListAuditLogsResult](c, "list_audit_logs", arguments)
}

// fails calls a tool that must answer with an error, and returns its text.
func (c *caller) fails(tool string, arguments any, says ...string) string {
	c.t.Helper()
	r := c.call(tool, arguments)
	require.True(c.t, r.isError, "no error: %s", r.text)
	for _, words := range says {
		assert.Contains(c.t, r.text, words)
	}
	return r.text
}

// args are a call's arguments.
type args = map[string]any

// with returns a copy of arguments with one more.
func with(arguments args, name string, value any) args {
	copied := args{name: value}
	for k, v := range arguments {
		if k != name {
			copied[k] = v
		}
	}
	return copied
}

// requireClean fails for anything in a text that is invisible, reorders or
// controls; the newline of our own prose aside.
func requireClean(t testing.TB, text string) {
	t.Helper()
	for _, r := range text {
		if r >= ' ' && r <= '~' {
			continue // most of it, and there is much of it
		}
		if r != '\n' && (unicode.Is(unicode.C, r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Variation_Selector) || r == utf8.RuneError) {
			require.Failf(t, "hostile character", "%U in %q", r, text)
		}
	}
}

// flatten is all the text in a decoded value, keys included.
func flatten(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var all strings.Builder
		for _, item := range value {
			all.WriteString(flatten(item))
		}
		return all.String()
	case map[string]any:
		var all strings.Builder
		for key, item := range value {
			all.WriteString(key + flatten(item))
		}
		return all.String()
	}
	return ""
}

func compile(t testing.TB, described any) *validator.Schema {
	t.Helper()
	raw, err := json.Marshal(described)
	require.NoError(t, err)
	document, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	compiler := validator.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("mem://schema", document))
	schema, err := compiler.Compile("mem://schema")
	require.NoError(t, err)
	return schema
}

type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

func uuidsOf(entries []schemas.Entry) []string {
	uuids := make([]string, 0, len(entries))
	for _, entry := range entries {
		uuids = append(uuids, entry.UUID)
	}
	return uuids
}

// dump is what the log really holds, newest first, of those kept.
func (u *upstream) dump(keep func(makesim.Entry) bool) []makesim.Entry {
	var kept []makesim.Entry
	for _, entry := range u.Dump(demoOrganization) {
		if keep(entry) {
			kept = append(kept, entry)
		}
	}
	return kept
}

func within(from, to time.Time) func(makesim.Entry) bool {
	window := auditlog.Window{From: from, To: to}
	return func(e makesim.Entry) bool { return window.Contains(e.TriggeredAt) }
}

// configWithTime serves a service with so much time per call.
func configWithTime(service *analysis.Service, callTime time.Duration) tools.Config {
	return tools.Config{
		Service:  func(context.Context) (*analysis.Service, error) { return service, nil },
		CallTime: callTime, CallTimeWithProgress: callTime,
	}
}
