package audittest

import (
	"sync"
	"time"

	"make-audit-mcp/internal/makesim"
)

// The little world: one organization with two teams, its admin, someone who administers one team only, and a member who may read nothing;
// and another one of the same admin.
const (
	OrganizationID = 77
	OtherID        = 78
	SalesTeam      = 5
	OpsTeam        = 6
	AdminKey       = "11111111-2222-4333-8444-555555555555"
	TeamAdminKey   = "66666666-7777-4888-9999-aaaaaaaaaaaa"
	MemberKey      = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"
)

// LittleWorld is the little world with entries.
func LittleWorld(entries []makesim.Entry) *makesim.World {
	return &makesim.World{
		Users: []makesim.User{
			{ID: 1, Name: "Ada Admin", Email: "ada@acme.example", Timezone: "Europe/Prague"},
			{ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example", Timezone: "Europe/Prague"},
			{ID: 3, Name: "Mo Member", Email: "mo@acme.example", Timezone: "Europe/Prague"},
		},
		Organizations: []makesim.Organization{{
			ID: OrganizationID, Name: "Acme", Zone: Zone, Timezone: "Europe/Prague", APILimit: 1_000_000, AuditLogsDays: 365,
			Teams: []makesim.Team{{ID: SalesTeam, Name: "Sales"}, {ID: OpsTeam, Name: "Ops"}},
		}, {ID: OtherID, Name: "Beta", Zone: Zone, Timezone: "Europe/Prague", APILimit: 1_000_000, AuditLogsDays: 365}},
		Tokens: []makesim.Token{{Secret: AdminKey, UserID: 1}, {Secret: TeamAdminKey, UserID: 2}, {Secret: MemberKey, UserID: 3}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: OrganizationID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 1, OrganizationID: OtherID, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 2, OrganizationID: OrganizationID, RoleID: makesim.RoleOrganizationMember},
			{UserID: 3, OrganizationID: OrganizationID, RoleID: makesim.RoleOrganizationMember},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: SalesTeam, RoleID: makesim.RoleTeamAdmin}},
		Entries:   entries,
	}
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
