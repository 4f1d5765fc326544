package live_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// The little world of these tests: one organization with two teams, its admin, and someone who administers one team only.
const (
	organizationID = 77
	salesTeam      = 5
	opsTeam        = 6
	adminKey       = "11111111-2222-4333-8444-555555555555"
	teamAdminKey   = "66666666-7777-4888-9999-aaaaaaaaaaaa"
)

// now is the simulator's clock in tests that pin it.
func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func world(entries []makesim.Entry) *makesim.World {
	return &makesim.World{
		Users: []makesim.User{
			{ID: 1, Name: "Ada Admin", Email: "ada@acme.example", Timezone: "Europe/Prague"},
			{ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example", Timezone: "Europe/Prague"},
		},
		Organizations: []makesim.Organization{{
			ID: organizationID, Name: "Acme", Zone: "eu1.make.com", Timezone: "Europe/Prague", APILimit: 100_000, AuditLogsDays: 365,
			Teams: []makesim.Team{{ID: salesTeam, Name: "Sales"}, {ID: opsTeam, Name: "Ops"}},
		}},
		Tokens: []makesim.Token{{Secret: adminKey, UserID: 1}, {Secret: teamAdminKey, UserID: 2}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: organizationID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 2, OrganizationID: organizationID, RoleID: makesim.RoleOrganizationMember},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: salesTeam, RoleID: makesim.RoleTeamAdmin}},
		Entries:   entries,
	}
}

// upstream is a simulated Make over real HTTP.
type upstream struct {
	*makesim.Server
	t   testing.TB
	url string
}

func start(t testing.TB, entries []makesim.Entry, options makesim.Options) *upstream {
	t.Helper()
	if options.Now == nil {
		options.Now = now
	}
	sim := makesim.New(world(entries), options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &upstream{Server: sim, t: t, url: server.URL + makesim.BasePath}
}

// reader is a new client with a key, with nothing kept.
func (u *upstream) reader(key string, options live.Options) *live.Reader {
	u.t.Helper()
	base, err := makeapi.ParseBaseURL(u.url)
	require.NoError(u.t, err)
	return live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(key), UserAgent: "live-test/1",
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited}),
		Now:    now,
	}), options)
}

func window(from, to time.Time) auditlog.Window {
	return auditlog.Window{From: from, To: to, Location: time.UTC}
}

func everything() auditlog.Window { return window(now().AddDate(0, 0, -364), now()) }

func query(w auditlog.Window) auditlog.Query {
	return auditlog.Query{Organization: auditlog.Ref{ID: "77", Name: "Acme"}, Window: w}
}

// readAll reads a query to its end and checks what holds of every read: newest first, nothing twice, nothing outside the window.
func readAll(t testing.TB, reader auditlog.Reader, q auditlog.Query) ([]string, auditlog.Report) {
	t.Helper()
	var uuids []string
	seen := map[string]bool{}
	var last *auditlog.Entry
	report, err := reader.Read(context.WithoutCancel(t.Context()), q, func(e *auditlog.Entry) bool {
		require.True(t, q.Window.Contains(e.TriggeredAt), "%s is outside the window", e.TriggeredAt)
		require.False(t, seen[e.UUID], "%s came twice", e.UUID)
		if last != nil {
			require.Negative(t, auditlog.CompareNewestFirst(last, e), "not newest first")
		}
		seen[e.UUID], last = true, e
		uuids = append(uuids, e.UUID)
		return true
	})
	require.NoError(t, err)
	return uuids, report
}

// expected counts on its own what a read must deliver.
func (u *upstream) expected(keep func(makesim.Entry) bool) []string {
	var uuids []string
	for _, entry := range u.Dump(organizationID) {
		if keep(entry) {
			uuids = append(uuids, entry.UUID)
		}
	}
	slices.Sort(uuids)
	return uuids
}

func within(w auditlog.Window) func(makesim.Entry) bool {
	return func(e makesim.Entry) bool { return w.Contains(e.TriggeredAt) }
}

func sorted(uuids []string) []string {
	uuids = slices.Clone(uuids)
	slices.Sort(uuids)
	return uuids
}

// requests counts the calls that reached a path.
func (u *upstream) lists() []makesim.Request {
	var lists []makesim.Request
	for _, request := range u.Requests() {
		if request.Path == makesim.BasePath+"/audit-logs/organization/77" && request.Query.Get("pg[sortDir]") == "desc" {
			lists = append(lists, request)
		}
	}
	return lists
}
