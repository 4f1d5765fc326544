package storetest

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// The little world to fill archives from: one organization with two teams, its admin, someone who administers one team only, and a member
// who may read nothing; and another one of the same admin.
const (
	OrganizationID = 77
	OtherID        = 78
	SalesTeam      = 5
	OpsTeam        = 6
	AdminKey       = "11111111-2222-4333-8444-555555555555"
	TeamAdminKey   = "66666666-7777-4888-9999-aaaaaaaaaaaa"
	MemberKey      = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
	Instance       = "eu1.make.com"
)

// Begin is when the world begins; its clock stands until it is moved.
func Begin() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// Acme is the organization.
func Acme() auditlog.Organization {
	return auditlog.Organization{Ref: auditlog.Ref{ID: "77", Name: "Acme"}, Zone: Instance, Here: true}
}

// Clock is a clock that tests move.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that shows a time.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Upstream is a simulated Make over real HTTP. It is not audittest's, since that brings MCP along: what the archive takes of memory is
// measured with this one.
type Upstream struct {
	*makesim.Server
	T     testing.TB
	Clock *Clock
	URL   string
}

// Start starts an upstream with these entries.
func Start(t testing.TB, entries []makesim.Entry, quirks makesim.Quirks) *Upstream {
	t.Helper()
	u := &Upstream{T: t, Clock: NewClock(Begin())}
	u.Server = makesim.New(&makesim.World{
		Users: []makesim.User{
			{ID: 1, Name: "Ada Admin", Email: "ada@acme.example", Timezone: "Europe/Prague"},
			{ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example", Timezone: "Europe/Prague"},
			{ID: 3, Name: "Mo Member", Email: "mo@acme.example", Timezone: "Europe/Prague"},
		},
		Organizations: []makesim.Organization{{
			ID: OrganizationID, Name: "Acme", Zone: Instance, Timezone: "Europe/Prague", APILimit: 1_000_000, AuditLogsDays: 365,
			Teams: []makesim.Team{{ID: SalesTeam, Name: "Sales"}, {ID: OpsTeam, Name: "Ops"}},
		}, {ID: OtherID, Name: "Beta", Zone: Instance, Timezone: "Europe/Prague", APILimit: 1_000_000, AuditLogsDays: 365}},
		Tokens: []makesim.Token{{Secret: AdminKey, UserID: 1}, {Secret: TeamAdminKey, UserID: 2}, {Secret: MemberKey, UserID: 3}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: OrganizationID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 1, OrganizationID: OtherID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 2, OrganizationID: OrganizationID, RoleID: makesim.RoleOrganizationMember},
			{UserID: 3, OrganizationID: OrganizationID, RoleID: makesim.RoleOrganizationMember},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: SalesTeam, RoleID: makesim.RoleTeamAdmin}},
		Entries:   entries,
	}, makesim.Options{Now: u.Clock.Now, Quirks: quirks, Seed: 1})
	server := httptest.NewServer(u.Server)
	t.Cleanup(server.Close)
	u.URL = server.URL + makesim.BasePath
	return u
}

// Session is a new client with a key, with nothing read yet.
func (u *Upstream) Session(key string, options live.Options) *live.Reader {
	u.T.Helper()
	base, err := makeapi.ParseBaseURL(u.URL)
	require.NoError(u.T, err)
	return live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(key), UserAgent: "archive-test/1", Now: u.Clock.Now,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: 50 * time.Millisecond}),
	}), options)
}

// Happens has something happen to a key, which Make writes down at once.
func (u *Upstream) Happens(event string, at time.Time) {
	u.AddEntries(makesim.Entry{OrganizationID: OrganizationID, Event: event, TriggeredAt: at, TargetID: "1"})
}

// Source is what archives are filled from.
func (u *Upstream) Source(key string) *live.Reader {
	return u.Session(key, live.Options{KeepRaw: true})
}

// SyncOptions are those of a sync of Acme without details.
func SyncOptions() archive.SyncOptions {
	return archive.SyncOptions{Instance: Instance, Organization: Acme(), Details: archive.NoDetails}
}

// AllDetails are those of one with all details.
func AllDetails() archive.SyncOptions {
	options := SyncOptions()
	options.Details = archive.AllDetails
	return options
}

// Sync fills an archive with a new client.
func (u *Upstream) Sync(a *archive.Archive, key string) *archive.Summary {
	u.T.Helper()
	summary, err := a.Sync(u.T.Context(), u.Source(key), SyncOptions())
	require.NoError(u.T, err)
	return summary
}

// SyncWith fills an archive in another way, with the admin's key.
func (u *Upstream) SyncWith(a *archive.Archive, options archive.SyncOptions) *archive.Summary {
	u.T.Helper()
	summary, err := a.Sync(u.T.Context(), u.Source(AdminKey), options)
	require.NoError(u.T, err)
	return summary
}

// Reader answers from an archive with somebody's key.
func (u *Upstream) Reader(a *archive.Archive, key string) *archive.Reader {
	return &archive.Reader{
		Source: u.Session(key, live.Options{}), Archive: a, Instance: Instance, IsOwn: key == AdminKey,
		IsUnreachable: live.IsUnreachable,
	}
}

// Entries makes so many entries of the year up to begin, of all kinds.
func Entries(count int) []makesim.Entry {
	bulk := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: OrganizationID, Count: count, From: Begin().AddDate(0, 0, -364), To: Begin().Add(-time.Hour), Seed: 3,
		BurstSize: count / 20, Teams: []int64{0, SalesTeam, OpsTeam},
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

// Line is an entry as text, with all that a reader gives of it.
func Line(e *auditlog.Entry) string {
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
	return fmt.Sprintln(e.UUID, e.TriggeredAt.UTC().Format(time.RFC3339Nano), e.CreatedAt.UTC().Format(time.RFC3339Nano), organization,
		string(e.Event), actor, team, string(e.TargetID), version, e.Extra)
}

// ReadAll are the entries that answer a query, as text.
func ReadAll(t testing.TB, reader auditlog.Reader, q auditlog.Query) ([]string, auditlog.Report) {
	t.Helper()
	var lines []string
	report, err := reader.Read(t.Context(), q, func(entry *auditlog.Entry) bool {
		lines = append(lines, Line(entry))
		return true
	})
	require.NoError(t, err)
	return lines, report
}

// Year is a query for all of the year.
func Year() auditlog.Query {
	return auditlog.Query{
		Organization: Acme().Ref,
		Window:       auditlog.Window{From: Begin().AddDate(0, 0, -364), To: Begin(), Location: time.UTC},
	}
}

// UpToNow is the year up to now, as it is asked for later.
func (u *Upstream) UpToNow() auditlog.Query {
	q := Year()
	q.Window.To = u.Clock.Now()
	return q
}

// Same requires that an archive holds what the upstream has, entry for entry.
func (u *Upstream) Same(a *archive.Archive) {
	u.T.Helper()
	q := u.UpToNow()
	q.Window.From = Begin().AddDate(-3, 0, 0)
	want, _ := ReadAll(u.T, u.Session(AdminKey, live.Options{}), q)
	got, report := ReadAll(u.T, u.Reader(a, AdminKey), q)
	require.Equal(u.T, want, got)
	assert.Equal(u.T, auditlog.SourceArchive, report.Source)
	Intact(u.T, a)
}

// Verify verifies an archive, which may be damaged.
func Verify(t testing.TB, a *archive.Archive, options archive.VerifyOptions) *archive.Verification {
	t.Helper()
	found, err := a.Verify(t.Context(), options)
	require.NoError(t, err)
	return found
}

// Intact requires that an archive verifies.
func Intact(t testing.TB, a *archive.Archive) *archive.Verification {
	t.Helper()
	found := Verify(t, a, archive.VerifyOptions{})
	require.True(t, found.Intact(), Problems(found))
	return found
}

// Problems are what a verification found, a line each.
func Problems(v *archive.Verification) string {
	texts := make([]string, len(v.Problems))
	for i, problem := range v.Problems {
		texts[i] = problem.String()
	}
	return strings.Join(texts, "\n")
}
