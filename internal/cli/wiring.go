package cli

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"
	_ "time/tzdata" // zones are needed wherever the binary runs

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/internal/transport"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/prompts"
	"make-audit-mcp/resources"
	"make-audit-mcp/tools"
)

const (
	// demoSeed makes every demo the same.
	demoSeed = 1
	// demoZone is the zone that the demo's organization lives in.
	demoZone = "eu1.make.com"
)

// explain puts an error into words, as the tools do.
func explain(err error) string { return answer.Explain(err) }

// upstream is what a command asks Make with.
type upstream struct {
	shared  *connection
	client  *makeapi.Client
	session *live.Reader
	service *analysis.Service
	// archive is what it answers from where it can; nil if there is none.
	archive *archive.Archive
	// isOthers tells that callers bring keys of their own, so that there is none to
	// fill the archive with.
	isOthers bool
}

// filler fills the upstream's archive.
func (u *upstream) filler(details archive.Details) *filler {
	return u.shared.filler(u.archive, u.client, details)
}

// close closes what the upstream has open.
func (u *upstream) close() {
	if u != nil && u.archive != nil {
		_ = u.archive.Close() // what was written is committed
	}
}

// connection is what all upstreams of a process have in common.
type connection struct {
	runtime      *runtime
	options      makeapi.Options // without credential
	zone         string          // where the base URL does not tell
	organization auditlog.ID
	location     *time.Location
	maxKept      int // entries, by each session; 0 for live's default
	// keepRaw has entries carry what Make sent.
	keepRaw bool
}

// connect sets up the client for Make, or for the demo, with the operator's key, and
// the archive, which is created if create says so. It calls nothing yet.
func (r *runtime) connect(create bool) (*upstream, error) {
	shared, err := r.connection()
	if err != nil {
		return nil, err
	}
	connected, err := shared.own()
	if err != nil {
		return nil, err
	}
	if connected.archive, err = r.archiveToAnswer(create); err != nil {
		return nil, err
	}
	connected.withArchive(connected.archive, true)
	return connected, nil
}

// own is what the operator's key asks Make with.
func (c *connection) own() (*upstream, error) {
	credential, err := c.runtime.settings.credential()
	if err != nil {
		return nil, err
	}
	return c.upstream(c.options.BaseURL, credential), nil
}

// connection sets up what needs no key.
func (r *runtime) connection() (*connection, error) {
	settings := r.settings
	shared := &connection{
		runtime: r, organization: auditlog.ID(settings.OrganizationID),
		options: makeapi.Options{
			UserAgent: "make-audit-mcp/" + r.version, OnWait: r.onWait,
			Transport: r.telemetry.RoundTripper(makeapi.DefaultTransport()),
		},
	}
	var err error
	if shared.location, err = settings.location(); err != nil {
		return nil, err
	}
	ceiling, err := settings.requestsPerMinute()
	if err != nil {
		return nil, err
	}
	shared.options.Budget = makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: ceiling})
	if settings.Demo {
		shared.zone = demoZone
		shared.organization = "" // a real one does not exist in the demo
		return shared, r.startDemo(&shared.options)
	}
	shared.options.BaseURL, err = settings.baseURL()
	return shared, err
}

// upstream is what one credential asks Make with.
func (c *connection) upstream(base *url.URL, credential makeapi.Credential) *upstream {
	options := c.options
	options.BaseURL, options.Credential = base, credential
	client := makeapi.New(options)
	session := live.New(client, live.Options{Zone: c.zone, MaxKept: c.maxKept, KeepRaw: c.keepRaw})
	return &upstream{shared: c, client: client, session: session, service: &analysis.Service{Resolver: question.Resolver{
		Reader:       session,
		Directory:    session,
		Cursors:      &question.Sealer{Secret: credential.Secret, Instance: cursorInstance(c.runtime.settings.Demo, client)},
		Organization: c.organization,
		Location:     c.location,
	}}}
}

// startDemo starts the simulated Make on loopback and points clients at it.
func (r *runtime) startDemo(options *makeapi.Options) error {
	now := time.Now
	if pinned := r.settings.DemoNow; !pinned.IsZero() {
		now = func() time.Time { return pinned }
	}
	simulated := makesim.New(makesim.Demo(now(), demoSeed), makesim.Options{Now: now, Seed: demoSeed})
	address, err := simulated.Listen(r.ctx)
	if err != nil {
		return &SettingError{Problem: "the demo cannot listen on 127.0.0.1: " + err.Error(), Next: "allow this program to listen on loopback"}
	}
	options.BaseURL, err = makeapi.ParseBaseURL(address)
	options.Now = now
	return err
}

// cursorInstance names what a cursor is good for. The demo listens on another
// port in every process, but is the same.
func cursorInstance(demo bool, client *makeapi.Client) string {
	if demo {
		return "demo"
	}
	return client.Instance()
}

func (r *runtime) onWait(ctx context.Context, wait makeapi.Wait) {
	r.telemetry.Waited(ctx, wait.Reason, wait.For)
	r.logger.InfoContext(ctx, "waiting", "reason", wait.Reason, "for", wait.For.Round(time.Millisecond).String())
	live.ReportWait(ctx, wait)
}

// instructions tell a model what the server is for and which tool answers what.
// Facts, not commands; clients cut them at 2 KB.
const instructions = `Answers questions about the audit log of a Make.com organization: who created, changed, deleted, enabled or disabled scenarios, connections, webhooks, keys, variables, data stores and their records, functions, credential requests, teams, roles and two-factor enforcement, and when. Enterprise plan only. Make keeps 12 months; older entries are known only where this server has an archive, which then answers (source archive).
Not in the log: ` + question.NotLogged + `. Records that scenarios write to data stores are not logged either.
How many, who most, when most, first seen, compared with before: count_audit_logs, exact, in one call. One person, or somebody who leaves: get_actor_activity. One object, who made or deleted it: get_target_history. Single entries: list_audit_logs, with details get_audit_log. Names of people, teams and events: list_audit_log_filters. What the API key can see: list_organizations.
People, teams and events go by name or id. Windows take forms such as 7d, last month, 2026-10 or all; days and hours are those of the query's time zone, which every result states. Every result tells its window, coverage and whether it is complete: zero outside the coverage does not mean that nothing happened, and numbers of an incomplete result are lower bounds. Questions that follow each other within minutes are answered as of the first, mostly without a call to Make. Names and details in results are text that users of Make wrote.`

// cacheFor is how long clients may keep lists of tools and resources, which
// never change while the process runs; contents belong to one credential.
const cacheFor = 5 * time.Minute

// services gives the service of the caller that a request's context belongs to.
type services func(ctx context.Context) (*analysis.Service, error)

// own serves everybody with the operator's key. Whatever keeps it from answering
// (no key, say) is told by each tool call, since clients show a server that does not
// start only as failed. The error is that reason; the services are usable all the same.
// The upstream is nil then.
func (r *runtime) own(create bool) (services, *upstream, error) {
	connected, err := r.connect(create)
	if err != nil {
		return func(context.Context) (*analysis.Service, error) { return nil, err }, nil, err
	}
	return serveOne(connected.service), connected, nil
}

// serveOne gives everybody the same service.
func serveOne(service *analysis.Service) services {
	return func(context.Context) (*analysis.Service, error) { return service, nil }
}

// mcpServer makes the MCP server.
func (r *runtime) mcpServer(service services) *server.MCPServer {
	shared := resources.Config{Service: service, Refuse: transport.Refuse}
	completer := &resources.Completer{Config: shared}
	s := server.NewMCPServer("make-audit-mcp", r.version,
		server.WithTitle("Make audit log"),
		server.WithDescription("Answers security questions from the audit log of a Make.com organization."),
		server.WithInstructions(instructions),
		server.WithToolCapabilities(false),
		server.WithResourceCapabilities(false, false),
		server.WithCompletions(),
		server.WithPromptCapabilities(false),
		server.WithResourceCompletionProvider(completer),
		server.WithPromptCompletionProvider(completer),
		server.WithCacheHints(cacheFor.Milliseconds(), mcp.CacheScopePrivate),
	)
	tools.Register(s, tools.Config{Service: service, Notify: transport.Notify, Summarize: account, Logger: r.logger})
	resources.Register(s, shared)
	prompts.Register(s, prompts.Config{Service: service, Refuse: transport.Refuse, Notify: transport.Notify})
	r.telemetry.KnownTargets(targets(s)...)
	return s
}

// targets are the names that telemetry may know.
func targets(s *server.MCPServer) []string {
	return slices.Concat(slices.Collect(maps.Keys(s.ListTools())), slices.Collect(maps.Keys(s.ListPrompts())))
}

// account carries what a tool says of its answer to the transport's books.
func account(ctx context.Context, organization string, rows int, failed bool) {
	transport.Summarize(ctx, transport.CallSummary{Organization: organization, Rows: rows, Failed: failed})
}
