package tools_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/schemas"
)

func (c *caller) people(arguments args) schemas.ListPeopleResult {
	c.T.Helper()
	return ok[schemas.ListPeopleResult](c, "list_people", arguments)
}

// allPeople asks for all pages of some people.
func (c *caller) allPeople(arguments args) []schemas.Person {
	c.T.Helper()
	var people []schemas.Person
	for page := c.people(arguments); ; page = c.people(with(arguments, "cursor", page.NextCursor)) {
		people = append(people, page.People...)
		require.Equal(c.T, len(page.People), page.Returned)
		if page.NextCursor == "" {
			require.Len(c.T, people, page.Total)
			return people
		}
		require.NotEmpty(c.T, page.People)
	}
}

// known is what the dumped log says of somebody.
type known struct {
	first, last time.Time
	entries     int
	teams       map[int64]bool
	events      map[string]int
}

// crowdOf counts a dumped log by who acted, as list_people must.
func crowdOf(entries []makesim.Entry, from, to time.Time) map[int64]*known {
	crowd := map[int64]*known{}
	for _, e := range entries { // newest first
		if e.Actor == nil {
			continue
		}
		who := crowd[e.Actor.ID]
		if who == nil {
			who = &known{last: e.TriggeredAt, teams: map[int64]bool{}, events: map[string]int{}}
			crowd[e.Actor.ID] = who
		}
		who.first = e.TriggeredAt
		if !e.TriggeredAt.Before(from) && e.TriggeredAt.Before(to) {
			who.entries++
			who.events[e.Event]++
			if e.TeamID != 0 {
				who.teams[e.TeamID] = true
			}
		}
	}
	return crowd
}

// accessGiven is what events of the demo give access, the weightiest first.
func accessGiven(events map[string]int) []schemas.PowerUse {
	var uses []schemas.PowerUse
	for _, ways := range []struct {
		object  string
		changes []string
	}{
		{"team_role", []string{"updated"}}, {"key", []string{"updated"}}, {"credential_request", []string{"authorized"}},
		{"connection", []string{"updated", "authorized", "reauthorized"}}, {"webhook", nil},
	} {
		use := schemas.PowerUse{Object: auditlog.Text(ways.object), Made: events[ways.object+"_created"]}
		for _, verb := range ways.changes {
			use.Changed += events[ways.object+"_"+verb]
		}
		if use.Made+use.Changed > 0 {
			uses = append(uses, use)
		}
	}
	return uses
}

// requirePeople compares people with the dumped log and with the world's lists.
func requirePeople(t *testing.T, world *makesim.World, crowd map[int64]*known, from, to time.Time, people []schemas.Person) {
	t.Helper()
	listed := map[int64]bool{}
	for _, role := range world.OrganizationRoles {
		if role.OrganizationID == demoOrganization {
			listed[role.UserID] = true
		}
	}
	everybody := map[int64]bool{}
	for id := range crowd {
		everybody[id] = true
	}
	for id := range listed {
		everybody[id] = true
	}
	require.Len(t, people, len(everybody))
	for _, person := range people {
		id, _ := person.ID.Integer()
		delete(everybody, id)
		who := crowd[id]
		want := "active"
		switch {
		case !listed[id]:
			want = "gone"
		case who == nil || who.entries == 0:
			want = "dormant"
		case !who.first.Before(from) && who.first.Before(to):
			want = "new"
		}
		require.Equal(t, want, person.Status, "%d", id)
		if who == nil {
			assert.Zero(t, person.Entries)
			assert.Empty(t, person.FirstAt+person.LastAt)
			continue
		}
		assert.Equal(t, who.entries, person.Entries, "%d", id)
		requireTime(t, who.first, person.FirstAt, id)
		requireTime(t, who.last, person.LastAt, id)
		teams := max(person.TeamsTotal, len(person.Teams))
		assert.Len(t, who.teams, teams, "%d", id)
		assert.Equal(t, accessGiven(who.events), person.Powers, "%d", id)
	}
	assert.Empty(t, everybody)
}

func TestPeopleAreThoseOfTheLogAndOfMakesLists(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{FormerUsersInFilters: true}) // the list of users still tells who left
	c := u.caller(makesim.DemoToken)
	all := u.Dumped()
	for name, test := range map[string]struct {
		arguments args
		from, to  time.Time
	}{
		"the last 90 days":       {args{}, now().In(inZone(t, "Europe/Prague")).AddDate(0, 0, -90), now()},
		"the last 30 days":       {args{"from": "30d", "limit": 200}, now().In(inZone(t, "Europe/Prague")).AddDate(0, 0, -30), now()},
		"a month that is over":   {args{"from": "2026-06-01", "to": "2026-06-30", "timezone": "UTC", "limit": 7}, date(6, 1), date(7, 1)},
		"the week of a newcomer": {args{"from": "2026-11-05", "to": "2026-11-11", "timezone": "UTC"}, date(11, 5), date(11, 12)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			people := c.allPeople(test.arguments)
			requirePeople(t, demoWorld(), crowdOf(all, test.from, test.to), test.from, test.to, people)
			ranks := map[string]int{"gone": 0, "dormant": 1, "new": 2, "active": 3}
			assert.True(t, slices.IsSortedFunc(people, func(a, b schemas.Person) int {
				if ranks[a.Status] != ranks[b.Status] {
					return ranks[a.Status] - ranks[b.Status]
				}
				return a.ID.Compare(b.ID)
			}))
		})
	}
}

func date(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func TestWhoIsListedAndIdleTakesOneSmallCall(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	r := c.Call("list_people", args{"status": "dormant", "from": "60d"})
	require.False(t, r.IsError, r.Text)
	assert.Less(t, utf8.RuneCountInString(r.Text), 4_000)
	got := mcptest.Read[schemas.ListPeopleResult](t, r)
	assert.Equal(t, []schemas.Person{{
		Actor: auditlog.Actor{ID: "5042", Name: "Henrik Solberg", Email: "henrik.solberg@northwind.example"},
		Kind:  "person", Status: "dormant", OrganizationRole: "Member", LastLoginAt: "2026-06-30T11:12:00+02:00", TwoFactor: "off",
		TeamRoles: []schemas.PersonRole{{Ref: auditlog.Ref{ID: "8106", Name: "Logística Ibérica"}, Role: "Team Member"}},
	}}, got.People)
	assert.Equal(t, schemas.PeopleTotals{Gone: 3, Dormant: 1, New: 1, Active: 37}, got.Totals)
	assert.Equal(t, schemas.Roster{Source: "users", Complete: true}, got.Roster)
	assert.True(t, got.Complete)
	assert.Empty(t, got.Warnings)
}

func TestWhoIsGoneComesWithWhatGivesAccess(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	gone := c.people(args{"status": "gone"}).People
	require.Len(t, gone, 3)
	leaver := gone[0]
	assert.Equal(t, auditlog.ID("5019"), leaver.ID)
	done := crowdOf(u.Dumped(), now().AddDate(0, 0, -90), now())[aLeaver].events
	require.Positive(t, done["connection_deleted"]*done["webhook_deleted"], "which take access away, and do not count")
	assert.Equal(t, accessGiven(done), leaver.Powers)
	assert.Len(t, leaver.Powers, 4)
}

func TestPeopleOfATeamAreItsMembersAndWhoActedInIt(t *testing.T) {
	t.Parallel()
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	const sales, from = 8104, "30d"
	members := map[int64]bool{}
	for _, role := range demoWorld().TeamRoles {
		if role.TeamID == sales {
			members[role.UserID] = true
		}
	}
	inTeam := u.Dumped(func(e makesim.Entry) bool { return e.TeamID == sales })
	begin := now().In(inZone(t, "Europe/Prague")).AddDate(0, 0, -30)
	crowd := crowdOf(inTeam, begin, now())
	organization := demoWorld().OrganizationRoles
	isListed := func(id int64) bool {
		return slices.ContainsFunc(organization, func(r makesim.OrganizationRole) bool {
			return r.UserID == id && r.OrganizationID == demoOrganization
		})
	}
	want := map[int64]string{}
	for id := range members {
		want[id] = "dormant"
	}
	for id, who := range crowd {
		switch {
		case !isListed(id):
			want[id] = "gone"
		case who.entries > 0 && !who.first.Before(begin):
			want[id] = "new"
		case who.entries > 0:
			want[id] = "active"
		}
	}
	got := map[int64]string{}
	for _, person := range c.allPeople(args{"team": "Sales EMEA", "from": from}) {
		id, _ := person.ID.Integer()
		got[id] = person.Status
		if who := crowd[id]; who != nil {
			assert.Equal(t, who.entries, person.Entries, id)
		}
	}
	assert.Equal(t, want, got)
	assert.Equal(t, "gone", got[aLeaver])
}

func TestPeopleAreFoundByPartOfANameAddressOrID(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	c := demo(t, makesim.Quirks{}).caller(makesim.DemoToken)
	for search, want := range map[string][]string{
		"procházková": {"5008"}, "PROCHAZKOVA": {"5008"}, "jan.novak": {"5006", "5009"}, "5040": {"5040"}, "solberg@": {"5042"},
		"nobody": nil, "kralova system: ignore": {"5041"},
	} {
		got := c.people(args{"search": search})
		var ids []string
		for _, person := range got.People {
			ids = append(ids, string(person.ID))
		}
		assert.Equal(t, want, ids, search)
		totals := got.Totals
		assert.Equal(t, len(want), totals.Active+totals.New+totals.Dormant+totals.Gone, search)
		if len(want) == 0 {
			assert.Contains(t, strings.Join(got.Warnings, "\n"), "nobody matches")
		}
	}
	service := c.people(args{"search": "svc-deploy"}).People
	require.Len(t, service, 1)
	assert.Equal(t, "service_account", service[0].Kind)
	hostile := c.people(args{"search": strconv.Itoa(hostilyNamed)}).People
	require.Len(t, hostile, 1)
	assert.NotContains(t, fmt.Sprint(hostile), "\u202e")
}

func TestWhatTheKeyMayNotReadOfPeopleIsSaid(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	got := u.caller(makesim.DemoTeamAdminToken).people(args{"limit": 200})
	assert.Equal(t, "teams", got.Query.Endpoint)
	assert.Equal(t, "filters", got.Roster.Source)
	assert.False(t, got.Roster.Complete)
	assert.Contains(t, got.Roster.Reason, "the people of 1 team(s) only; last logins and two-factor states are not known")
	assert.Contains(t, got.Roster.Reason, "roles in the organization are not known")
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "who is called dormant may have acted elsewhere")
	finance := u.Dumped(func(e makesim.Entry) bool { return e.TeamID == 8102 })
	begin := now().In(inZone(t, "Europe/Prague")).AddDate(0, 0, -90)
	acted, before := 0, 0
	for id, who := range crowdOf(finance, begin, now()) {
		isMember := slices.ContainsFunc(demoWorld().TeamRoles, func(r makesim.TeamRole) bool { return r.UserID == id && r.TeamID == 8102 })
		switch {
		case who.entries > 0:
			acted++
		case !isMember:
			before++
		}
	}
	assert.Equal(t, acted, got.Totals.Active+got.Totals.New)
	assert.Zero(t, got.Totals.Gone, "others may still belong to the organization")
	require.Positive(t, before)
	assert.Contains(t, strings.Join(got.Warnings, "\n"), fmt.Sprintf("nobody is called gone; %d more acted before the window", before))
	for _, person := range got.People {
		assert.Empty(t, person.LastLoginAt)
		assert.Empty(t, person.TwoFactor)
		assert.Empty(t, person.OrganizationRole)
	}
	u.caller(makesim.DemoMemberToken).Fails("list_people", args{}, "needs the role Admin or Owner")

	admins := u.caller(makesim.DemoToken)
	u.RefuseWhere(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/user-organization-roles") })
	partly := admins.people(args{"status": "gone"})
	assert.Contains(t, partly.Roster.Reason, "roles in the organization are not known")
	assert.NotContains(t, partly.Roster.Reason, "logins")
}

func TestACustomRoleIsNamedWhereRolesAreListed(t *testing.T) {
	t.Parallel()
	world := audittest.LittleWorld(nil)
	const auditor, unlisted = 1041, 1099
	world.Organizations[0].HasCustomRoles = true
	world.CustomRoles = []makesim.CustomRole{{ID: auditor, OrganizationID: audittest.OrganizationID, Name: "Auditor",
		Permissions: []string{makesim.ReadsAuditLogs}}}
	world.OrganizationRoles[2].RoleID, world.OrganizationRoles[3].RoleID = auditor, unlisted
	roles := func(u *upstream, key string) (of map[auditlog.ID]string, unknown string) {
		of = map[auditlog.ID]string{}
		got := u.caller(key).people(args{"organization_id": audittest.OrganizationID})
		for _, person := range got.People {
			of[person.ID] = string(person.OrganizationRole)
		}
		return of, got.Roster.Reason
	}
	u := start(t, world, makesim.Options{Seed: 1})
	of, unknown := roles(u, audittest.AdminKey)
	assert.Equal(t, map[auditlog.ID]string{"1": "Admin", "2": "Auditor", "3": "role 1099"}, of)
	assert.NotContains(t, unknown, "role")
	organizations := u.caller(audittest.TeamAdminKey).organizations().Organizations
	assert.Equal(t, auditlog.Text("Auditor"), organizations[0].Role)
	assert.True(t, organizations[0].CanReadAuditLogs, "by that role")

	u.RefuseWhere(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/users/roles") })
	of, unknown = roles(u, audittest.AdminKey)
	assert.Equal(t, map[auditlog.ID]string{"1": "Admin", "2": "role 1041", "3": "role 1099"}, of)
	assert.Contains(t, unknown, "custom roles are named by their ids, since roles cannot be listed (")
}

func TestNobodyIsCalledDormantOrNewWithoutALogToShowForIt(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	c := recent(t, makesim.Quirks{}).caller(makesim.DemoToken)
	uncovered := c.people(args{"from": "2020", "to": "2021", "status": "dormant"})
	assert.Contains(t, strings.Join(uncovered.Warnings, "\n"), "dormant proves nothing here, since the window is not wholly covered")
	assert.False(t, uncovered.Complete)

	longer := c.people(args{"from": "all"})
	assert.Zero(t, longer.Totals.New, "there is nothing before")
	assert.Contains(t, strings.Join(longer.Warnings, "\n"), "nobody is called new")
	covered := c.people(args{"from": "30d"})
	assert.Equal(t, 1, covered.Totals.New)
	assert.Empty(t, covered.Warnings)
}

func TestAPartOfTheLogThatFailsLeavesDormancyOpen(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	url := u.fronted(failingBehind(1000))
	c := connect(t, serviceAt(t, url, makesim.DemoToken, now))
	got := c.people(args{"from": "60d", "status": "dormant"})
	assert.False(t, got.Complete)
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "dormant proves nothing here")
}

func TestWhatIsMissingBehindTheWindowLeavesTheLastTimeOpen(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	const says = "the time after the window is not wholly covered"
	question := args{"from": "2026-08-01", "to": "2026-08-03"}
	assert.NotContains(t, strings.Join(u.caller(makesim.DemoToken).people(question).Warnings, "\n"), says)
	c := connect(t, serviceAt(t, u.fronted(failingBehind(1000)), makesim.DemoToken, now))
	assert.Contains(t, strings.Join(c.people(question).Warnings, "\n"), says)
}

func TestArgumentsOfPeopleThatCannotBeUsedAreSaid(t *testing.T) {
	t.Parallel()
	c := start(t, lastWeeks(), makesim.Options{}).caller(makesim.DemoToken)
	c.Fails("list_people", args{"status": "idle"}, `"idle" is not one of them`, "gone, dormant, new, active")
	c.Fails("list_people", args{"team": "none"}, `"none" has no people`, "Marketing")
	c.Fails("list_people", args{"team": "Narnia"}, `no team "Narnia"`)
	c.Fails("list_people", args{"limit": 201}, "limit", "200")
	first := c.people(args{"from": "10d", "limit": 3})
	require.NotEmpty(t, first.NextCursor)
	for _, other := range []args{{"status": "gone"}, {"from": "11d"}, {"from": "10d", "search": "a"}} {
		c.Fails("list_people", with(other, "cursor", first.NextCursor), "it belongs to another query")
	}
	c.Fails("list_audit_logs", args{"cursor": first.NextCursor}, "it belongs to list_people")
	listed := c.list(args{"limit": 1})
	c.Fails("list_people", args{"cursor": listed.NextCursor}, "it belongs to list_audit_logs")
	next := c.people(args{"from": "10d", "limit": 5, "cursor": first.NextCursor})
	assert.Equal(t, first.Query, next.Query, "the window stays")
}

func TestPeopleAskedForAgainCostNoCall(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.people(args{"from": "30d"})
	u.ResetRequests()
	c.people(args{"from": "60d", "status": "dormant"})
	c.allPeople(args{"from": "7d", "team": "Sales EMEA"})
	assert.Empty(t, slices.DeleteFunc(u.Requests(), func(r makesim.Request) bool {
		return r.Path == makesim.BasePath+"/audit-logs/team/8104/filters" // who belongs to it was not asked before
	}))
}

func TestPeopleAreCalledWhatMakeCallsThemNow(t *testing.T) {
	t.Parallel()
	world := audittest.LittleWorld([]makesim.Entry{
		{OrganizationID: audittest.OrganizationID, Event: "key_created", TriggeredAt: now().Add(-time.Hour),
			Actor: &makesim.Actor{ID: 1, Name: "Ada"}},
		{OrganizationID: audittest.OrganizationID, Event: "key_created", TriggeredAt: now().AddDate(0, 0, -100)},
	})
	c := start(t, world, makesim.Options{}).caller(audittest.AdminKey)
	got := c.people(args{"organization_id": audittest.OrganizationID})
	assert.Equal(t, schemas.PeopleTotals{New: 1, Dormant: 2}, got.Totals)
	require.Len(t, got.People, 3)
	assert.Equal(t, "Ada Admin", string(got.People[2].Name))
}

func TestWithoutMakePeopleAreThoseOfTheArchive(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{})
	a := u.filled()
	service := serviceAt(t, "http://127.0.0.1:1"+makesim.BasePath, makesim.DemoToken, now)
	source, isSource := service.Reader.(archive.Source)
	require.True(t, isSource)
	reader := &archive.Reader{Source: source, Archive: a, Instance: "test", IsOwn: true, IsUnreachable: makeapi.IsUnreachable}
	service.Reader, service.Directory, service.Entries = reader, reader, reader

	got := connect(t, service).people(args{"from": "7d", "limit": 200})
	assert.Equal(t, "archive", got.Roster.Source)
	assert.False(t, got.Roster.Complete)
	assert.Contains(t, got.Roster.Reason, "from the archive's last sync")
	assert.Contains(t, got.Roster.Reason, "roles, last logins and two-factor states are not known")
	asMakeSays := u.caller(makesim.DemoToken).people(args{"from": "7d", "limit": 200})
	assert.Equal(t, asMakeSays.Totals, got.Totals)
}

func TestFindingsOfATeamsPeopleCostNoCallsForOtherTeams(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	got := c.people(args{"from": "30d", "team": "Marketing"})
	assert.Contains(t, strings.Join(got.Warnings, " "), "findings were left out")
	assert.NotEmpty(t, u.logCalls())
	for _, request := range u.logCalls() {
		assert.Contains(t, request.Query.Encode(), "team", "only its own entries are read")
	}
	all := c.allPeople(args{"from": "14d"})
	assert.True(t, slices.ContainsFunc(all, func(p schemas.Person) bool {
		return p.ID == "5010" && p.Findings != nil && p.Findings.Total > 0
	}), "of everybody they are told")
}

func TestWhatWasNotReadIsNotJudged(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	got := connect(t, serviceAt(t, u.fronted(failingBehind(1000)), makesim.DemoToken, now)).people(args{"from": "60d"})
	assert.False(t, got.Complete)
	for _, person := range got.People {
		assert.Nil(t, person.Findings, person.ID)
	}
	assert.Contains(t, strings.Join(got.Warnings, " "), "findings were left out, since the log could not be read back")

	whole := demo(t, makesim.Quirks{}).caller(makesim.DemoToken).allPeople(args{"from": "60d"})
	assert.True(t, slices.ContainsFunc(whole, func(p schemas.Person) bool { return p.Findings != nil }))
}
