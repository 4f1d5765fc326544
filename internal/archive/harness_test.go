package archive_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// The little world of these tests: one organization with two teams, its admin, someone
// who administers one team only, and a member who may read nothing; and another one of
// the same admin.
const (
	organizationID = 77
	otherID        = 78
	salesTeam      = 5
	opsTeam        = 6
	adminKey       = "11111111-2222-4333-8444-555555555555"
	teamAdminKey   = "66666666-7777-4888-9999-aaaaaaaaaaaa"
	memberKey      = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
	instance       = "eu1.make.com"
)

func begin() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func acme() auditlog.Organization {
	return auditlog.Organization{Ref: auditlog.Ref{ID: "77", Name: "Acme"}, Zone: instance, Here: true}
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// upstream is a simulated Make over real HTTP.
type upstream struct {
	*makesim.Server
	t     testing.TB
	clock *clock
	url   string
}

func start(t testing.TB, entries []makesim.Entry, quirks makesim.Quirks) *upstream {
	t.Helper()
	u := &upstream{t: t, clock: &clock{now: begin()}}
	u.Server = makesim.New(&makesim.World{
		Users: []makesim.User{
			{ID: 1, Name: "Ada Admin", Email: "ada@acme.example", Timezone: "Europe/Prague"},
			{ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example", Timezone: "Europe/Prague"},
			{ID: 3, Name: "Mo Member", Email: "mo@acme.example", Timezone: "Europe/Prague"},
		},
		Organizations: []makesim.Organization{{
			ID: organizationID, Name: "Acme", Zone: instance, Timezone: "Europe/Prague", APILimit: 1_000_000, AuditLogsDays: 365,
			Teams: []makesim.Team{{ID: salesTeam, Name: "Sales"}, {ID: opsTeam, Name: "Ops"}},
		}, {
			ID: otherID, Name: "Beta", Zone: instance, Timezone: "Europe/Prague", APILimit: 1_000_000, AuditLogsDays: 365,
		}},
		Tokens: []makesim.Token{{Secret: adminKey, UserID: 1}, {Secret: teamAdminKey, UserID: 2}, {Secret: memberKey, UserID: 3}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: organizationID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 1, OrganizationID: otherID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 2, OrganizationID: organizationID, RoleID: makesim.RoleOrganizationMember},
			{UserID: 3, OrganizationID: organizationID, RoleID: makesim.RoleOrganizationMember},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: salesTeam, RoleID: makesim.RoleTeamAdmin}},
		Entries:   entries,
	}, makesim.Options{Now: u.clock.Now, Quirks: quirks, Seed: 1})
	server := httptest.NewServer(u.Server)
	t.Cleanup(server.Close)
	u.url = server.URL + makesim.BasePath
	return u
}

// session is a new client with a key, with nothing kept.
func (u *upstream) session(key string, options live.Options) *live.Reader {
	u.t.Helper()
	base, err := makeapi.ParseBaseURL(u.url)
	require.NoError(u.t, err)
	return live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(key), UserAgent: "archive-test/1", Now: u.clock.Now,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: 50 * time.Millisecond}),
	}), options)
}

// source is what archives are filled from.
func (u *upstream) source(key string) *live.Reader {
	return u.session(key, live.Options{KeepRaw: true})
}

func open(t testing.TB, path string) *archive.Archive {
	t.Helper()
	a, err := archive.Open(t.Context(), path, archive.Options{Create: true, Decode: live.Decode, Now: begin})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

func newArchive(t testing.TB) *archive.Archive {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "audit.db"))
}

func options() archive.SyncOptions {
	return archive.SyncOptions{Instance: instance, Organization: acme(), Details: archive.NoDetails}
}

// sync fills an archive with a new client.
func (u *upstream) sync(a *archive.Archive, key string) *archive.Summary {
	u.t.Helper()
	summary, err := a.Sync(u.t.Context(), u.source(key), options())
	require.NoError(u.t, err)
	return summary
}

// reader answers from an archive with somebody's key.
func (u *upstream) reader(a *archive.Archive, key string) *archive.Reader {
	return &archive.Reader{
		Source: u.session(key, live.Options{}), Archive: a, Instance: instance, IsOwn: key == adminKey,
		IsUnreachable: live.IsUnreachable,
	}
}

// entries makes so many entries of the year up to begin, of all kinds.
func entries(count int) []makesim.Entry {
	bulk := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: organizationID, Count: count, From: begin().AddDate(0, 0, -364), To: begin().Add(-time.Hour), Seed: 3,
		BurstSize: count / 20, Teams: []int64{0, salesTeam, opsTeam},
	})
	for i := range bulk {
		switch {
		case i%17 == 0:
			bulk[i].Actor = nil
		case i%29 == 0:
			bulk[i].VersionFrom, bulk[i].VersionTo = "1", "2"
		}
	}
	return bulk
}

// line is an entry as text, with all that a reader gives of it.
func line(e *auditlog.Entry) string {
	team, actor, version, organization := "-", "-", "-", "-"
	if e.Team != nil {
		team = fmt.Sprintf("%s %s", e.Team.ID, string(e.Team.Name))
	}
	if e.Actor != nil {
		actor = fmt.Sprintf("%s %s %s", e.Actor.ID, string(e.Actor.Name), string(e.Actor.Email))
	}
	if e.Version != nil {
		version = string(e.Version.From + ">" + e.Version.To)
	}
	if e.Organization != nil {
		organization = fmt.Sprintf("%s %s", e.Organization.ID, string(e.Organization.Name))
	}
	return fmt.Sprintln(e.UUID, e.TriggeredAt.UTC().Format(time.RFC3339Nano), e.CreatedAt.UTC().Format(time.RFC3339Nano), organization, string(e.Event), actor, team, string(e.TargetID), version, e.Extra)
}

func readAll(t testing.TB, reader auditlog.Reader, q auditlog.Query) ([]string, auditlog.Report) {
	t.Helper()
	var lines []string
	report, err := reader.Read(t.Context(), q, func(entry *auditlog.Entry) bool {
		lines = append(lines, line(entry))
		return true
	})
	require.NoError(t, err)
	return lines, report
}

func year() auditlog.Query {
	return auditlog.Query{
		Organization: acme().Ref,
		Window:       auditlog.Window{From: begin().AddDate(0, 0, -364), To: begin(), Location: time.UTC},
	}
}

var _ archive.Source = (*live.Reader)(nil)

func background() context.Context { return context.Background() }

// called fits one name.
func called(want string) func(auditlog.Text) bool {
	return func(name auditlog.Text) bool { return string(name) == want }
}
