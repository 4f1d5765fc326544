package live_test

import (
	"context"
	"fmt"
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
	return u.readerAt(key, now, nil, options)
}

// readerAt is a reader with a clock and, unless it is nil, a budget of its own.
func (u *upstream) readerAt(key string, clock func() time.Time, budget *makeapi.Budget, options live.Options) *live.Reader {
	u.t.Helper()
	base, err := makeapi.ParseBaseURL(u.url)
	require.NoError(u.t, err)
	if budget == nil {
		budget = makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited})
	}
	return live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(key), UserAgent: "live-test/1", Budget: budget, Now: clock,
	}), options)
}

func window(from, to time.Time) auditlog.Window {
	return auditlog.Window{From: from, To: to, Location: time.UTC}
}

func everything() auditlog.Window { return window(now().AddDate(0, 0, -364), now()) }

func query(w auditlog.Window) auditlog.Query {
	return auditlog.Query{Organization: auditlog.Ref{ID: "77", Name: "Acme"}, Window: w}
}

// read reads a query up to most entries, -1 to its end, and checks what holds of every read: newest first, nothing twice, nothing outside
// the window.
func read(t testing.TB, reader auditlog.Reader, q auditlog.Query, most int) ([]*auditlog.Entry, auditlog.Report) {
	t.Helper()
	got, report, err := readUntil(t.Context(), reader, q, most)
	require.NoError(t, err)
	for i, e := range got {
		require.True(t, q.Window.Contains(e.TriggeredAt), "%s is outside the window", e.TriggeredAt)
		require.True(t, i == 0 || auditlog.CompareNewestFirst(got[i-1], e) < 0, "entry %d is out of order or twice", i)
	}
	return got, report
}

func readUntil(ctx context.Context, reader auditlog.Reader, q auditlog.Query, most int) ([]*auditlog.Entry, auditlog.Report, error) {
	var got []*auditlog.Entry
	report, err := reader.Read(ctx, q, func(e *auditlog.Entry) bool {
		got = append(got, e)
		return len(got) != most
	})
	return got, report, err
}

// readAll reads a query to its end and returns the uuids.
func readAll(t testing.TB, reader auditlog.Reader, q auditlog.Query) ([]string, auditlog.Report) {
	t.Helper()
	got, report := read(t, reader, q, -1)
	return uuids(got), report
}

func uuids(entries []*auditlog.Entry) []string {
	var uuids []string
	for _, e := range entries {
		uuids = append(uuids, e.UUID)
	}
	return uuids
}

// missing are those of want that are not among the entries.
func missing(entries []*auditlog.Entry, want []string) []string {
	got := map[string]bool{}
	for _, e := range entries {
		got[e.UUID] = true
	}
	return slices.DeleteFunc(want, func(uuid string) bool { return got[uuid] })
}

// resume goes on behind an entry.
func resume(triggeredAt time.Time, uuid string, offset int) *auditlog.Resume {
	return &auditlog.Resume{After: auditlog.Position{TriggeredAt: triggeredAt, UUID: uuid}, Offset: offset}
}

// crowd are entries of one instant.
func crowd(size int, at time.Time) []makesim.Entry {
	entries := make([]makesim.Entry, size)
	for i := range entries {
		entries[i] = makesim.Entry{UUID: fmt.Sprintf("c0000000-0000-4000-8000-%012d", i), OrganizationID: organizationID,
			Event: "webhook_created", TriggeredAt: at}
	}
	return entries
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

// lists are the calls for the organization's list, newest first.
func (u *upstream) lists() []makesim.Request {
	return slices.DeleteFunc(u.calls("/audit-logs/organization/77"), func(r makesim.Request) bool {
		return r.Query.Get("pg[sortDir]") != "desc"
	})
}

func (u *upstream) calls(path string) []makesim.Request {
	return slices.DeleteFunc(u.Requests(), func(r makesim.Request) bool { return r.Path != makesim.BasePath+path })
}
