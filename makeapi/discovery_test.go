package makeapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

func TestMeTellsUserRolesAndTimezoneInOneCall(t *testing.T) {
	t.Parallel()
	sim, base := simulate(t, makesim.Quirks{})
	me, err := newClient(t, base).Users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, makeapi.User{ID: "1", Name: "Olga Owner", Email: "olga@example.com", Timezone: "Europe/Prague"}, me.User)
	assert.Equal(t, map[makeapi.ID]makeapi.ID{
		home: "11", foreign: "12", cheap: "11",
	}, me.OrganizationRoles)
	assert.Empty(t, me.TeamRoles)
	assert.Equal(t, []string{"/users/me"}, paths(sim))

	lead, err := newClient(t, base, withKey(leadKey)).Users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "America/New_York", lead.Timezone)
	assert.Equal(t, map[makeapi.ID]makeapi.ID{red: makeapi.RoleTeamAdmin}, lead.TeamRoles)
}

// plainMe is /users/me without cols; withCols is what it answers to them.
func serveMe(t *testing.T, plain, withCols string, withColsStatus int) *upstream {
	t.Helper()
	return serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("cols[]") {
			write(w, withColsStatus, withCols)
			return
		}
		write(w, http.StatusOK, plain)
	})
}

func TestMeFindsTheTimezoneWhereColumnsLackIt(t *testing.T) {
	t.Parallel()
	const plain = `{"authUser":{"id":1,"name":"Olga","email":"olga@example.com","timezone":"Europe/Prague","tfaStatus":1}}`
	const roles = `"userOrganizationRoles":[{"usersRoleId":11,"userId":1,"organizationId":77,"invitation":null}],"userTeamRoles":[]`
	for name, test := range map[string]struct {
		plain, withCols string
		status          int
		calls           int
		timezone        string
		roles           int
	}{
		"columns refused": {plain, `{"message":"Validation failed","code":"SC400"}`, 400, 2, "Europe/Prague", 0},
		"no timezone among columns": {plain, `{"authUser":{"id":1,"name":"Olga","email":"olga@example.com",` + roles + `}}`, 200, 2,
			"Europe/Prague", 1},
		"timezone null in columns": {plain, `{"authUser":{"id":1,"name":"Olga","email":"olga@example.com","timezone":null,` + roles + `}}`,
			200, 2, "Europe/Prague", 1},
		"columns ignored": {plain, plain, 200, 1, "Europe/Prague", 0},
		"no timezone anywhere": {`{"authUser":{"id":1}}`,
			`{"authUser":{"id":1,"name":"Olga","email":"olga@example.com",` + roles + `}}`, 200, 2, "", 1},
		"plain call odd": {`[]`, `{"authUser":{"id":1,"name":"Olga","email":"olga@example.com",` + roles + `}}`, 200, 2, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serveMe(t, test.plain, test.withCols, test.status)
			me, err := newClient(t, api.url).Users.Me(t.Context())
			require.NoError(t, err)
			assert.Equal(t, makeapi.User{ID: "1", Name: "Olga", Email: "olga@example.com", Timezone: test.timezone}, me.User)
			assert.Len(t, me.OrganizationRoles, test.roles)
			assert.Equal(t, test.calls, api.count())
		})
	}
}

func TestMeWithoutAUserIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"authUser":null}`, `{"authUser":[]}`, `{"authUser":{"name":"Nobody"}}`} {
		api := serve(t, says(http.StatusOK, body))
		_, err := newClient(t, api.url).Users.Me(t.Context())
		assert.Equal(t, makeapi.KindNotJSON, answerError(t, err).Kind, body)
	}
}

func TestMeSurvivesOddMembers(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, `{"authUser":{"id":"1","name":null,"email":["x"],"timezone":"UTC",
		"userOrganizationRoles":[{"usersRoleId":"11","organizationId":"77"},null,5,
		{"usersRoleId":{},"organizationId":78},{"usersRoleId":12}],
		"userTeamRoles":{"usersRoleId":1,"teamId":701}}}`))
	me, err := newClient(t, api.url).Users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, makeapi.ID("1"), me.ID)
	assert.Equal(t, map[makeapi.ID]makeapi.ID{home: "11"}, me.OrganizationRoles)
	assert.Equal(t, map[makeapi.ID]makeapi.ID{red: makeapi.RoleTeamAdmin}, me.TeamRoles)
}

func TestAuthorizationTellsScopes(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	authorization, err := newClient(t, base).Users.Authorization(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &makeapi.Authorization{Scopes: makesim.DefaultScopes(), AuthUsed: "token"}, authorization)
	authorization, err = newClient(t, base, withKey(oauthKey)).Users.Authorization(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "oauth", authorization.AuthUsed)
}

func TestOrganizationsOfAllZonesAreListed(t *testing.T) {
	t.Parallel()
	sim, base := simulate(t, makesim.Quirks{})
	organizations, err := newClient(t, base).Organizations.List(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []makeapi.Organization{
		{ID: foreign, Name: "Away", Zone: "us1.make.com"},
		{ID: cheap, Name: "Core plan", Zone: "eu1.make.com"},
		{ID: home, Name: "Home", Zone: "eu1.make.com"},
	}, organizations)
	assert.Equal(t, []string{"/organizations"}, paths(sim))
}

func TestOneOrganizationHasLicenseAndTeams(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	client := newClient(t, base)
	organization, err := client.Organizations.Get(t.Context(), home)
	require.NoError(t, err)
	assert.Equal(t, &makeapi.Organization{
		ID: home, Name: "Home", Zone: "eu1.make.com",
		License: &makeapi.License{APILimit: 10_000, AuditLogsDays: 30},
		Teams:   []makeapi.Ref{{ID: red, Name: "Red"}, {ID: blue, Name: "Blue"}},
	}, organization)
	organization, err = client.Organizations.Get(t.Context(), cheap)
	require.NoError(t, err)
	assert.Equal(t, &makeapi.License{}, organization.License, "a license that names neither")
	_, err = client.Organizations.Get(t.Context(), foreign)
	assert.Equal(t, makeapi.KindNotFound, answerError(t, err).Kind)
}

func TestOddOrganizationIsReadAsFarAsPossible(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*makeapi.Organization{
		`{"organization":{"id":"77"}}`:                                      {ID: home},
		`{"organization":{"id":77,"name":["x"],"license":[],"teams":null}}`: {ID: home},
		`{"organization":{"id":77,"license":{"apiLimit":"240","auditLogsDays":null}}}`: {ID: home,
			License: &makeapi.License{APILimit: 240}},
		`{"organization":{"id":77,"zone":null,"teams":{"id":701,"name":"Red"}}}`: {ID: home,
			Teams: []makeapi.Ref{{ID: red, Name: "Red"}}},
		`{"organization":{"id":77,"teams":[null,7,{"id":701},{"id":{}},{"name":"R"}]}}`: {ID: home,
			Teams: []makeapi.Ref{{ID: red}, {Name: "R"}}},
	} {
		api := serve(t, says(http.StatusOK, body))
		organization, err := newClient(t, api.url).Organizations.Get(t.Context(), home)
		if assert.NoError(t, err, body) {
			assert.Equal(t, want, organization, body)
		}
	}
	for _, body := range []string{`{}`, `{"organization":null}`, `{"organization":[]}`, `{"organization":{"name":"x"}}`} {
		api := serve(t, says(http.StatusOK, body))
		_, err := newClient(t, api.url).Organizations.Get(t.Context(), home)
		assert.Equal(t, makeapi.KindNotJSON, answerError(t, err).Kind, body)
	}
}

func TestTeams(t *testing.T) {
	t.Parallel()
	sim, base := simulate(t, makesim.Quirks{})
	client := newClient(t, base)
	teams, err := client.Teams.List(t.Context(), home)
	require.NoError(t, err)
	assert.Equal(t, []makeapi.Team{{ID: blue, Name: "Blue", Organization: home}, {ID: red, Name: "Red", Organization: home}}, teams)
	assert.Equal(t, url.Values{"organizationId": {"77"}}, sim.Requests()[0].Query)

	team, err := client.Teams.Get(t.Context(), red)
	require.NoError(t, err)
	assert.Equal(t, &makeapi.Team{ID: red, Name: "Red", Organization: home}, team)

	_, err = client.Teams.Get(t.Context(), "4711")
	assert.Equal(t, makeapi.KindNotFound, answerError(t, err).Kind)
	odd := serve(t, says(http.StatusOK, `{"team":null}`))
	_, err = newClient(t, odd.url).Teams.Get(t.Context(), red)
	assert.Equal(t, makeapi.KindNotJSON, answerError(t, err).Kind)
}

func TestUsersOfAnOrganization(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	users, err := newClient(t, base).Users.ListOrganization(t.Context(), home)
	require.NoError(t, err)
	zones, err := newClient(t, base).Enums.Timezones(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 2)
	lastLogins, states := []time.Time{{}, time.Date(2026, 3, 9, 8, 7, 6, 500e6, time.UTC)}, []string{"1", "0"}
	for i, want := range []makeapi.User{{ID: "2", Name: "Leo Lead", Email: "leo@example.com"},
		{ID: "1", Name: "Olga Owner", Email: "olga@example.com"}} {
		want.TimezoneID = users[i].TimezoneID
		assert.Equal(t, makeapi.Member{User: want, LastLogin: lastLogins[i], TFAStatus: states[i]}, users[i])
	}
	assert.Equal(t, "Europe/Prague", zones["113"])
	_, err = newClient(t, base, withKey(leadKey)).Users.ListOrganization(t.Context(), home)
	assert.Equal(t, makeapi.KindForbidden, answerError(t, err).Kind)

	api := serve(t, says(http.StatusOK, `{"users":[{"id":5,"name":"E","email":"e@example.com","timezone":"Asia/Tokyo","timezoneId":"77",`+
		`"lastLogin":"2026-11-02T10:00:00.000Z","tfaStatus":2},{"id":6,"lastLogin":null,"tfaStatus":null},null,"x"]}`))
	users, err = newClient(t, api.url).Users.ListOrganization(t.Context(), home)
	require.NoError(t, err)
	assert.Equal(t, []makeapi.Member{
		{User: makeapi.User{ID: "5", Name: "E", Email: "e@example.com", Timezone: "Asia/Tokyo", TimezoneID: "77"},
			LastLogin: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), TFAStatus: "2"},
		{User: makeapi.User{ID: "6"}},
	}, users)
}

func TestRolesOfOthers(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	client := newClient(t, base)
	roles, err := client.Organizations.UserRoles(t.Context(), home)
	require.NoError(t, err)
	assert.Equal(t, []makeapi.UserRole{{User: "1", Role: "11"}, {User: "2", Role: "13"}}, roles)
	roles, err = client.Teams.UserRoles(t.Context(), home, red)
	require.NoError(t, err)
	assert.Equal(t, []makeapi.UserRole{{User: "2", Role: "1"}}, roles)
	roles, err = newClient(t, base, withKey(leadKey)).Teams.UserRoles(t.Context(), home, red)
	require.NoError(t, err, "a team's admin may ask for it")
	assert.Len(t, roles, 1)
	_, err = newClient(t, base, withKey(leadKey)).Organizations.UserRoles(t.Context(), home)
	assert.Equal(t, makeapi.KindForbidden, answerError(t, err).Kind)

	odd := serve(t, says(http.StatusOK, `{"userTeamRoles":[{"userId":"5","usersRoleId":1},{"userId":6},{"usersRoleId":1},null,7]}`))
	roles, err = newClient(t, odd.url).Teams.UserRoles(t.Context(), home, red)
	require.NoError(t, err)
	assert.Equal(t, []makeapi.UserRole{{User: "5", Role: "1"}}, roles)
}

func TestTimezonesByID(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, `{"timezones":[{"id":113,"name":"(GMT+01:00) Europe/Prague","code":"Europe/Prague","offset":"+0100"},{"id":5},{"code":"UTC"},null,7,{"id":"8","code":"Asia/Kathmandu"}]}`))
	zones, err := newClient(t, api.url).Enums.Timezones(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[makeapi.ID]string{"113": "Europe/Prague", "8": "Asia/Kathmandu"}, zones)
	_, err = newClient(t, serve(t, says(http.StatusNotFound, `{}`)).url).Enums.Timezones(t.Context())
	assert.Equal(t, makeapi.KindNotFound, answerError(t, err).Kind)
}

func TestListsOfThingsAreWalkedToTheirEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		total, limit int
		offsets      []string
	}{
		"one page":        {3, 10, []string{""}},
		"a full last one": {4, 2, []string{"", "2", "4"}},
		"a short last":    {5, 2, []string{"", "2", "4"}},
		"empty":           {0, 2, []string{""}},
		"no limit told":   {5, 0, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				var offset int
				_, _ = fmt.Sscan(r.URL.Query().Get("pg[offset]"), &offset) // absent: 0
				var rows []string
				for id := offset + 1; id <= test.total && (test.limit == 0 || len(rows) < test.limit); id++ {
					rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"T%d","organizationId":77}`, id, id))
				}
				write(w, http.StatusOK, fmt.Sprintf(`{"teams":[%s],"pg":{"limit":%d}}`, strings.Join(rows, ","), test.limit))
			})
			teams, err := newClient(t, api.url).Teams.List(t.Context(), home)
			require.NoError(t, err)
			assert.Len(t, teams, test.total)
			var offsets []string
			for _, request := range api.received() {
				query := mustParse(t, request.path).Query()
				assert.Equal(t, "77", query.Get("organizationId"))
				offsets = append(offsets, query.Get("pg[offset]"))
			}
			assert.Equal(t, test.offsets, offsets)
		})
	}
}

func TestListWhoseOffsetIsIgnoredComesOnce(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, `{"teams":[{"id":1},{"id":2}],"pg":{"limit":2}}`))
	teams, err := newClient(t, api.url).Teams.List(t.Context(), home)
	require.NoError(t, err)
	assert.Len(t, teams, 2)
	assert.Equal(t, 2, api.count())
}

func TestListWithoutEndIsAnError(t *testing.T) {
	t.Parallel()
	api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, fmt.Sprintf(`{"teams":[{"id":%d}],"pg":{"limit":1}}`, number))
	})
	_, err := newClient(t, api.url).Teams.List(t.Context(), home)
	require.ErrorContains(t, err, "more than 100 entries")
	assert.Equal(t, 100, api.count())
}

func TestListThatFailsMidwayIsAnError(t *testing.T) {
	t.Parallel()
	api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		if number == 0 {
			write(w, http.StatusOK, `{"organizations":[{"id":1}],"pg":{"limit":1}}`)
			return
		}
		write(w, http.StatusInternalServerError, "")
	})
	_, err := newClient(t, api.url).Organizations.List(t.Context())
	assert.Equal(t, makeapi.KindUnavailable, answerError(t, err).Kind)
}

func TestDocumentedRolesHaveNames(t *testing.T) {
	t.Parallel()
	for id, want := range map[makeapi.ID]string{makeapi.RoleTeamAdmin: "Team Admin", "11": "Owner", "12": "Admin"} {
		name, ok := makeapi.RoleName(id)
		assert.Equal(t, want, name)
		assert.True(t, ok)
	}
	name, ok := makeapi.RoleName("5001")
	assert.Equal(t, "role 5001", name)
	assert.False(t, ok)
}

func TestRolesAndPermissionsAreListed(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/permissions"):
			write(w, http.StatusOK, `{"usersRolesPermissions":[{"id":7,"name":"audit logs view","label":"View audit logs","category":null}]}`)
		case r.URL.Query().Has("organizationId"):
			write(w, http.StatusBadRequest, `{"detail":"Unknown parameter"}`)
		default:
			write(w, http.StatusOK, `{"usersRoles":[{"id":1,"name":"Team Admin","category":"team","permissions":["a"]},{"name":"no id"},
				{"id":"42","name":"Custom","category":"organization","permissions":[{"id":7,"name":"audit logs view"},3]},{"id":3}]}`)
		}
	})
	client := newClient(t, api.url)
	roles, err := client.Users.Roles(t.Context(), "77")
	require.NoError(t, err)
	assert.Equal(t, []makeapi.Role{{ID: "1", Name: "Team Admin", OfTeams: true, Permissions: []string{"a"}},
		{ID: "42", Name: "Custom", Permissions: []string{"audit logs view", "3"}}, {ID: "3"}}, roles)
	permissions, err := client.Users.Permissions(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []makeapi.Permission{{Name: "audit logs view", Label: "View audit logs"}}, permissions)
}

func TestPingNeedsNoKey(t *testing.T) {
	t.Parallel()
	_, base := simulate(t, makesim.Quirks{})
	client := newClient(t, base, func(o *makeapi.Options) { o.Credential = nil })
	require.NoError(t, client.Ping(t.Context()))
	api := serve(t, says(http.StatusInternalServerError, ""))
	assert.Equal(t, makeapi.KindUnavailable, answerError(t, newClient(t, api.url).Ping(t.Context())).Kind)
	for _, request := range api.received() {
		assert.NotContains(t, request.header, "Authorization")
	}
}
