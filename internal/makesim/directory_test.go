package makesim_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

func TestPingNeedsNoCredential(t *testing.T) {
	t.Parallel()
	r := serveEntries(t, makesim.Quirks{}).as("").send("/ping")
	assert.Equal(t, http.StatusOK, r.status)
	assert.Equal(t, "pong", string(r.body))
	assert.Contains(t, r.header.Get("Content-Type"), "text/plain")
}

func TestCurrentUserShowsRolesOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}).as(leadToken)
	var me struct {
		AuthUser map[string]any `json:"authUser"`
	}
	s.get("/users/me", &me)
	assert.Equal(t, "Leo Lead", me.AuthUser["name"])
	assert.Equal(t, "UTC", me.AuthUser["timezone"])
	assert.NotContains(t, me.AuthUser, "userOrganizationRoles")
	assert.NotContains(t, me.AuthUser, "userTeamRoles")

	r := s.send("/users/me?cols[]=id&cols[]=userOrganizationRoles&cols[1]=userTeamRoles")
	assert.JSONEq(t, `{"authUser": {"id": 2,
		"userOrganizationRoles": [{"usersRoleId": 13, "userId": 2, "organizationId": 77, "invitation": null}],
		"userTeamRoles": [{"usersRoleId": 1, "userId": 2, "teamId": 701, "changeable": true}]}}`, string(r.body))
	s.refuses(http.StatusBadRequest, "/users/me?cols[]=password")
	assert.JSONEq(t, `{"authUser": {"id": 5, "userTeamRoles": []}}`,
		string(s.as(outsideToken).send("/users/me?cols[]=id&cols[]=userTeamRoles").body))
}

func TestCurrentAuthorizationTellsTheScopes(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	assert.JSONEq(t, `{"authorization": {"scope": ["organizations:read", "teams:read", "user:read"], "authUsed": "token"}}`,
		string(s.send("/users/me/current-authorization").body))
	assert.JSONEq(t, `{"authorization": {"scope": ["user:read"], "authUsed": "token"}}`,
		string(s.as(scopedToken).send("/users/me/current-authorization").body))
	r := s.send("/users/me/current-authorization", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+oauthToken) })
	assert.Contains(t, string(r.body), `"authUsed":"oauth"`)
}

type organizations struct {
	Organizations []map[string]any `json:"organizations"`
	PG            map[string]any   `json:"pg"`
}

func TestOrganizationsOfAllZonesAreListed(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	var all organizations
	s.get("/organizations", &all)
	assert.Equal(t, map[string]any{"sortBy": "name", "limit": 10000.0, "sortDir": "asc", "offset": 0.0, "returnTotalCount": false}, all.PG)
	var names []any
	for _, o := range all.Organizations {
		names = append(names, o["name"])
		assert.Len(t, o, 4, "id, name, timezoneId, zone")
	}
	assert.Equal(t, []any{"Away", "Core plan", "Home"}, names)

	var page organizations
	s.get("/organizations?pg[limit]=1&pg[offset]=1&pg[sortBy]=id&pg[sortDir]=desc", &page)
	assert.Len(t, page.Organizations, 1)
	assert.Equal(t, "Away", page.Organizations[0]["name"])
	var zone organizations
	s.get("/organizations?zone=us1.make.com", &zone)
	assert.Len(t, zone.Organizations, 1)
	var none organizations
	s.as(outsideToken).get("/organizations", &none)
	assert.NotNil(t, none.Organizations)
	assert.Empty(t, none.Organizations)
}

func TestLicenseIsShownInItsZoneOnly(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	for _, cols := range []string{"cols[]=*", "cols[]=id&cols[]=license"} {
		var all organizations
		s.get("/organizations?pg[sortBy]=id&"+cols, &all)
		home, away, cheapOne := all.Organizations[0], all.Organizations[1], all.Organizations[2]
		assert.Equal(t, map[string]any{"apiLimit": 1000.0, "auditLogsDays": 30.0, "teams": 2.0, "users": 4.0}, home["license"])
		assert.NotContains(t, away, "license")
		assert.NotContains(t, cheapOne["license"], "auditLogsDays")
	}
	s.refuses(http.StatusBadRequest, "/organizations?cols[]=secrets")
}

func TestOrganizationIsShownToMembers(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	var got struct{ Organization map[string]any }
	s.as(memberToken).get("/organizations/77", &got)
	assert.Equal(t, "eu1.make.com", got.Organization["zone"])
	assert.Len(t, got.Organization["teams"], 2)
	assert.Contains(t, got.Organization["license"], "apiLimit")
	s.as(outsideToken).refuses(http.StatusForbidden, "/organizations/77")

	s.Update(func(w *makesim.World) { w.Organizations[0].APILimit = 0 })
	s.get("/organizations/77", &got)
	assert.NotContains(t, got.Organization["license"], "apiLimit", "0 is absent")
}

type teams struct {
	Teams []map[string]any `json:"teams"`
}

func TestTeamsAreThoseThatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	var all, own teams
	s.get("/teams?organizationId=77&includePrivateSpaces=true", &all)
	assert.Equal(t, []map[string]any{
		{"id": 702.0, "name": "Blue", "organizationId": 77.0}, {"id": 701.0, "name": "Red", "organizationId": 77.0},
	}, all.Teams)
	s.as(leadToken).get("/teams?organizationId=77", &own)
	assert.Len(t, own.Teams, 1)
	s.refuses(http.StatusBadRequest, "/teams")
	s.refuses(http.StatusBadRequest, "/teams?organizationId=home")
	s.as(outsideToken).refuses(http.StatusForbidden, "/teams?organizationId=77")

	assert.JSONEq(t, `{"team": {"id": 701, "name": "Red", "organizationId": 77}}`, string(s.as(leadToken).send("/teams/701").body))
	s.as(leadToken).refuses(http.StatusForbidden, "/teams/702")
}

func TestUsersAreListedForAdmins(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	names := func(s *sim, query string) []any {
		var got struct{ Users []map[string]any }
		s.get("/users?"+query, &got)
		names := []any{}
		for _, u := range got.Users {
			names = append(names, u["name"])
		}
		return names
	}
	assert.Equal(t, []any{"Cem Custom", "Leo Lead", "Mia Member", "Olga Owner"}, names(s, "organizationId=77"))
	assert.Equal(t, []any{"Leo Lead", "Mia Member"}, names(s.as(leadToken), "teamId=701"))
	assert.Equal(t, []any{"Olga Owner"}, names(s, "organizationId=77&name=Olga+Owner"))
	assert.Equal(t, []any{"Mia Member"}, names(s, "organizationId=77&email=mia@example.com"))
	assert.Equal(t, []any{"Mia Member", "Leo Lead"}, names(s, "organizationId=77&ids[]=2&ids[]=3&pg[sortBy]=id&pg[sortDir]=desc"))
	assert.Equal(t, []any{"Leo Lead"}, names(s, "organizationId=77&pg[sortBy]=email&pg[limit]=1&pg[offset]=1"))
	s.refuses(http.StatusBadRequest, "/users")
	s.refuses(http.StatusBadRequest, "/users?organizationId=77&teamId=701")
	s.as(leadToken).refuses(http.StatusForbidden, "/users?organizationId=77")
	s.as(leadToken).refuses(http.StatusForbidden, "/users?teamId=702")
	s.as(memberToken).refuses(http.StatusForbidden, "/users?teamId=701")
}

func TestUsersSayWhenTheyLoggedIn(t *testing.T) {
	t.Parallel()
	world := smallWorld()
	world.Users[0].LastLogin, world.Users[0].WithoutTwoFactor = time.Date(2026, 3, 9, 8, 7, 6, 0, time.UTC), true
	s := serve(t, world, makesim.Options{})
	var got struct{ Users []map[string]any }
	s.get("/users?organizationId=77&ids[]=1&ids[]=2&pg[sortBy]=id", &got)
	require.Len(t, got.Users, 2)
	assert.Equal(t, []any{"2026-03-09T08:07:06.000Z", 0.0}, []any{got.Users[0]["lastLogin"], got.Users[0]["tfaStatus"]})
	assert.Equal(t, []any{nil, 1.0}, []any{got.Users[1]["lastLogin"], got.Users[1]["tfaStatus"]})
}

func TestRolesOfOthersAreForAdmins(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	const ofOrganization, ofTeam = "/organizations/77/user-organization-roles", "/teams/701/user-team-roles"
	assert.JSONEq(t, `{"userTeamRoles":[{"usersRoleId":1,"userId":2,"teamId":701,"changeable":true},
		{"usersRoleId":3,"userId":3,"teamId":701,"changeable":true}],
		"pg":{"sortBy":"name","limit":10000,"sortDir":"asc","offset":0,"returnTotalCount":false}}`,
		string(s.as(leadToken).send(ofTeam).body))
	var got struct{ UserOrganizationRoles []map[string]any }
	s.get(ofOrganization+"?pg[limit]=1&pg[sortBy]=userId", &got)
	assert.Equal(t, []map[string]any{{"usersRoleId": 11.0, "userId": 1.0, "organizationId": 77.0, "invitation": nil}},
		got.UserOrganizationRoles)

	for _, path := range []string{ofOrganization, "/teams/702/user-team-roles"} {
		s.as(leadToken).refuses(http.StatusForbidden, path)
		s.as(memberToken).refuses(http.StatusForbidden, path)
		assert.Equal(t, http.StatusOK, s.status(path), path)
		s.refuses(http.StatusBadRequest, path+"?x=y")
		s.refuses(http.StatusNotFound, path+"/")
	}
	s.as(memberToken).refuses(http.StatusForbidden, ofTeam)
	s.refuses(http.StatusNotFound, "/organizations/88/user-organization-roles")
	s.refuses(http.StatusNotFound, "/teams/801/user-team-roles")
	s.refuses(http.StatusNotFound, "/organizations/77/user-team-roles")
}

func TestRolesAreMakes(t *testing.T) {
	t.Parallel()
	var got struct {
		UsersRoles []named `json:"usersRoles"`
	}
	serveEntries(t, makesim.Quirks{}).get("/users/roles", &got)
	assert.Contains(t, got.UsersRoles, named{ID: 1.0, Name: "Team Admin"})
	assert.Contains(t, got.UsersRoles, named{ID: 11.0, Name: "Owner"})
	assert.Contains(t, got.UsersRoles, named{ID: 12.0, Name: "Admin"})
}

func TestCustomRolesAreListedWhereTheLicenseHasThem(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	const ofHome = "/users/roles?organizationId=77"
	var got struct {
		UsersRoles []struct {
			ID          int64    `json:"id"`
			Name        string   `json:"name"`
			Permissions []string `json:"permissions"`
		} `json:"usersRoles"`
	}
	s.get(ofHome, &got)
	assert.Len(t, got.UsersRoles, 8)
	s.Update(func(w *makesim.World) { w.Organizations[0].HasCustomRoles = true })
	s.get(ofHome, &got)
	require.Len(t, got.UsersRoles, 9)
	assert.Equal(t, "Reader", got.UsersRoles[8].Name)
	assert.Equal(t, []string{makesim.ReadsAuditLogs}, got.UsersRoles[8].Permissions)

	var permissions struct {
		Permissions []struct{ Name, Label, Category string } `json:"usersRolesPermissions"`
	}
	s.get("/users/roles/permissions", &permissions)
	assert.Contains(t, permissions.Permissions,
		struct{ Name, Label, Category string }{makesim.ReadsAuditLogs, "View audit logs", "audit logs"})
	s.refuses(http.StatusBadRequest, "/users/roles/permissions?x=y")
	s.as(outsideToken).refuses(http.StatusNotFound, ofHome)
}
