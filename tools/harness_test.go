package tools_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

const demoOrganization = makesim.DemoOrganizationID

func now() time.Time { return audittest.Now() }

func demoWorld() *makesim.World { return audittest.Demo() }

// recentWorld is the demo with the entries of its last 70 days: quicker to serve.
var recentWorld = sync.OnceValue(func() *makesim.World { return lastDays(70) })

// lastWeeks is the demo with the entries of its last 16 days: for tests that fill many servers.
var lastWeeks = sync.OnceValue(func() *makesim.World { return lastDays(16) })

func lastDays(days int) *makesim.World {
	world := *demoWorld()
	world.Entries = slices.DeleteFunc(slices.Clone(world.Entries), func(e makesim.Entry) bool {
		return e.TriggeredAt.Before(now().AddDate(0, 0, -days))
	})
	return &world
}

type upstream struct {
	*audittest.Upstream
	clock func() time.Time // nil: the pinned one
}

// Access is the way of one key to the API.
func (u *upstream) Access(key string) audittest.Access {
	access := u.Upstream.Access(key)
	access.Now = u.clock
	return access
}

// Service is what one process keeps for a key.
func (u *upstream) Service(key string) *analysis.Service { return u.Access(key).Service(u.T) }

func start(t testing.TB, world *makesim.World, options makesim.Options) *upstream {
	t.Helper()
	return &upstream{Upstream: audittest.Start(t, world, options), clock: options.Now}
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

func serviceAt(t testing.TB, url, key string, clock func() time.Time) *analysis.Service {
	t.Helper()
	return audittest.Access{URL: url, Key: key, Now: clock, Live: live.Options{Zone: audittest.Zone}}.Service(t)
}

// caller is a client that calls tools.
type caller struct {
	*mcptest.Client
	log *bytes.Buffer // of a server of its own
}

// serviceOf is where a context has its connection's service.
type serviceOf struct{}

// oneServer serves every connection from the service that it brings, as a server for many callers does.
var oneServer = sync.OnceValue(func() *server.MCPServer {
	return serverWith(tools.Config{Tools: tools.All(), Service: func(ctx context.Context) (*analysis.Service, error) {
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
	return &caller{Client: mcptest.Connect(context.WithValue(t.Context(), serviceOf{}, service), t, oneServer())}
}

// caller opens a session with a service of its own.
func (u *upstream) caller(key string) *caller {
	u.T.Helper()
	return connect(u.T, u.Service(key))
}

// connectTo opens a session with a server of its own.
func connectTo(t testing.TB, config tools.Config) *caller {
	t.Helper()
	var log bytes.Buffer
	config.Logger = slog.New(slog.NewTextHandler(&lockedWriter{to: &log}, nil))
	return &caller{mcptest.Connect(t.Context(), t, serverWith(config)), &log}
}

// ok calls a tool that must succeed, and reads its result.
func ok[R any](c *caller, tool string, arguments any) R {
	c.T.Helper()
	return mcptest.OK[R](c.Client, tool, arguments)
}

func (c *caller) list(arguments args) schemas.ListAuditLogsResult {
	c.T.Helper()
	return ok[schemas.ListAuditLogsResult](c, "list_audit_logs", arguments)
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

// configWithTime serves a service with so much time per call.
func configWithTime(service *analysis.Service, callTime time.Duration) tools.Config {
	return tools.Config{
		Service: func(context.Context) (*analysis.Service, error) { return service, nil }, CallTime: callTime,
	}
}
