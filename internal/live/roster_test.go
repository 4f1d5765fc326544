package live_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// startWithPeople is the little world, with logins and a role in each team for its member.
func startWithPeople(t *testing.T) *upstream {
	t.Helper()
	world := audittest.LittleWorld(nil)
	world.Users[0].LastLogin, world.Users[2].WithoutTwoFactor = now().Add(-time.Hour), true
	world.TeamRoles = append(world.TeamRoles,
		makesim.TeamRole{UserID: 3, TeamID: audittest.SalesTeam, RoleID: makesim.RoleTeamMember},
		makesim.TeamRole{UserID: 3, TeamID: audittest.OpsTeam, RoleID: 4711})
	return &upstream{audittest.Start(t, world, makesim.Options{})}
}

func TestTheRosterHasAllThatMakeSays(t *testing.T) {
	t.Parallel()
	u := startWithPeople(t)
	reader := u.reader(audittest.AdminKey, live.Options{})
	roster, err := reader.Roster(t.Context(), "77")
	require.NoError(t, err)
	sales, ops := auditlog.Ref{ID: "5", Name: "Sales"}, auditlog.Ref{ID: "6", Name: "Ops"}
	assert.Equal(t, &auditlog.Roster{Source: auditlog.RosterOfUsers, Members: []auditlog.Member{
		{Actor: auditlog.Actor{ID: "1", Name: "Ada Admin", Email: "ada@acme.example"}, Role: "Admin", TwoFactor: "on",
			LastLoginAt: now().Add(-time.Hour)},
		{Actor: auditlog.Actor{ID: "3", Name: "Mo Member", Email: "mo@acme.example"}, Role: "Member", TwoFactor: "off",
			TeamRoles: []auditlog.TeamRole{{Team: sales, Role: "Team Member"}, {Team: ops, Role: "role 4711"}}},
		{Actor: auditlog.Actor{ID: "2", Name: "Tea Teamadmin", Email: "tea@acme.example"}, Role: "Member", TwoFactor: "on",
			TeamRoles: []auditlog.TeamRole{{Team: sales, Role: "Team Admin"}}},
	}}, roster)

	u.ResetRequests()
	again, err := reader.Roster(t.Context(), "77")
	require.NoError(t, err)
	assert.Equal(t, roster, again)
	assert.Empty(t, u.Requests())
	assert.Equal(t, "Europe/Prague", reader.UserTimezone(t.Context(), "77", "2"))
	assert.Empty(t, u.calls("/users"), "zones come from the list that is known")
}

func TestTheRosterSaysWhatTheKeyMayNotRead(t *testing.T) {
	t.Parallel()
	u := startWithPeople(t)
	reader := u.reader(audittest.TeamAdminKey, live.Options{})
	for range 2 {
		roster, err := reader.Roster(t.Context(), "77")
		require.NoError(t, err)
		assert.Equal(t, auditlog.RosterOfFilters, roster.Source)
		assert.True(t, roster.OfTeams)
		require.Len(t, roster.Members, 2, "of the one team that may be read")
		for _, member := range roster.Members {
			assert.Empty(t, member.Role)
			assert.Empty(t, member.TwoFactor)
			assert.Zero(t, member.LastLoginAt)
			require.Len(t, member.TeamRoles, 1, "which a team's admin may read")
		}
		require.Len(t, roster.Unknown, 2)
		assert.Contains(t, roster.Unknown[0], "the people of 1 team(s) only; last logins and two-factor states are not known")
		assert.Contains(t, roster.Unknown[1], "roles in the organization are not known")
	}
	assert.Len(t, u.calls("/users"), 1, "a refusal is remembered")
}

func TestARosterWithoutItsPartsIsStillOne(t *testing.T) {
	t.Parallel()
	for path, test := range map[string]struct {
		source  auditlog.RosterSource
		unknown string
	}{
		"/users":                   {auditlog.RosterOfFilters, "users cannot be listed"},
		"/user-organization-roles": {auditlog.RosterOfUsers, "roles in the organization are not known"},
		"/6/user-team-roles":       {auditlog.RosterOfUsers, "roles in 1 of 2 teams are not known"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			u := startWithPeople(t)
			reader := u.reader(audittest.AdminKey, live.Options{})
			u.RefuseWhere(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, path) })
			roster, err := reader.Roster(t.Context(), "77")
			require.NoError(t, err)
			assert.Equal(t, test.source, roster.Source)
			assert.Len(t, roster.Members, 3)
			assert.Contains(t, fmt.Sprint(roster.Unknown), test.unknown)

			u.RefuseWhere(nil)
			roster, err = reader.Roster(t.Context(), "77")
			require.NoError(t, err)
			assert.Equal(t, auditlog.RosterOfUsers, roster.Source)
			assert.Empty(t, roster.Unknown, "a failure is not remembered")
		})
	}
}

func TestOnlySomeTeamsAreAskedForRoles(t *testing.T) {
	t.Parallel()
	world := audittest.LittleWorld(nil)
	for id := range int64(60) {
		world.Organizations[0].Teams = append(world.Organizations[0].Teams, makesim.Team{ID: 100 + id, Name: fmt.Sprint("Team ", id)})
	}
	u := &upstream{audittest.Start(t, world, makesim.Options{})}
	roster, err := u.reader(audittest.AdminKey, live.Options{}).Roster(t.Context(), "77")
	require.NoError(t, err)
	assert.Equal(t, []string{"roles in 12 of 62 teams are not known (only the first 50 are asked)"}, roster.Unknown)
}
