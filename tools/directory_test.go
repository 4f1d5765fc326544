package tools_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

func (c *caller) organizations() schemas.ListOrganizationsResult {
	c.T.Helper()
	r := c.Call("list_organizations", args{})
	require.False(c.T, r.IsError, r.Text)
	require.Less(c.T, len([]rune(string(r.Raw))), 8_000)
	return mcptest.Read[schemas.ListOrganizationsResult](c.T, r)
}

func (c *caller) filters(arguments args) schemas.ListFiltersResult {
	c.T.Helper()
	return ok[schemas.ListFiltersResult](c, "list_audit_log_filters", arguments)
}

func TestOrganizationsTellWhatAnAdminSees(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	got := u.caller(makesim.DemoToken).organizations()
	assert.Equal(t, schemas.User{Actor: auditlog.Actor{ID: "5001", Name: "Alena Veselá", Email: "alena.vesela@northwind.example"},
		Timezone: "Europe/Prague"}, got.User)
	require.Equal(t, 2, got.OrganizationsTotal)
	northwind := got.Organizations[slices.IndexFunc(got.Organizations, func(o schemas.Organization) bool { return o.ID == "4721" })]
	labs := got.Organizations[slices.IndexFunc(got.Organizations, func(o schemas.Organization) bool { return o.ID == "9034" })]
	assert.True(t, northwind.CanReadAuditLogs)
	assert.Empty(t, northwind.Reason)
	assert.Equal(t, "eu1.make.com", string(northwind.Zone))
	assert.NotEmpty(t, northwind.Role)
	assert.Equal(t, 1000, *northwind.APILimitPerMinute)
	assert.Equal(t, 365, *northwind.RetentionDays)
	held := u.Dump(demoOrganization)
	requireTime(t, held[len(held)-1].TriggeredAt, northwind.OldestEntryAt)
	assert.Equal(t, 8, northwind.TeamsTotal)
	for _, team := range northwind.Teams {
		assert.True(t, team.CanReadAuditLogs)
	}
	assert.False(t, labs.CanReadAuditLogs)
	assert.Contains(t, labs.Reason, "MAKE_ZONE")
	assert.Contains(t, labs.Reason, "us1.make.com")
	assert.Nil(t, labs.RetentionDays)
}

func TestOrganizationsTellWhatOthersSee(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	teamAdmin := u.caller(makesim.DemoTeamAdminToken)
	finance := teamAdmin.organizations().Organizations[0]
	assert.True(t, finance.CanReadAuditLogs)
	assert.NotEmpty(t, finance.Reason, "not all can be read, and why")
	var readable []auditlog.ID
	for _, team := range finance.Teams {
		if team.CanReadAuditLogs {
			readable = append(readable, team.ID)
		}
	}
	assert.Equal(t, []auditlog.ID{"8102"}, readable)
	got, pages := walk(t, func(cursor string) (*caller, args) { return teamAdmin, args{"limit": 500, "cursor": cursor} })
	assert.Equal(t, uuidsIn(newestFirst(u.Dumped(lastWeek, in(8102)))), got)
	for _, page := range pages {
		assert.Equal(t, "teams", page.Query.Endpoint)
		assert.Contains(t, strings.Join(page.Warnings, "\n"), "not the organization's")
	}
	teamAdmin.Fails("list_audit_logs", args{"team": 8105}, "8105", "may not read")
	filters := teamAdmin.filters(args{"kind": "teams"})
	assert.Equal(t, []auditlog.Ref{{ID: "8102", Name: "Finance & Billing"}}, filters.Teams)

	member := u.caller(makesim.DemoMemberToken)
	none := member.organizations().Organizations[0]
	assert.False(t, none.CanReadAuditLogs)
	assert.Contains(t, none.Reason, "Admin or Owner")
	assert.Nil(t, none.RetentionDays)
	for _, call := range []string{"list_audit_logs", "list_audit_log_filters"} {
		member.Fails(call, args{}, "Admin or Owner", "organizations:read")
	}
	member.Fails("get_audit_log", args{"uuid": u.Dump(demoOrganization)[0].UUID}, "Next: ")
}

func TestAPlanWithoutAuditLogsIsTold(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Organizations = slices.Clone(world.Organizations)
	world.Organizations[0].AuditLogsDays = 0
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	organization := c.organizations().Organizations[0]
	assert.False(t, organization.CanReadAuditLogs)
	assert.Contains(t, organization.Reason, "Enterprise")
	for tool, arguments := range map[string]args{
		"list_audit_logs": {}, "list_audit_log_filters": {}, "get_audit_log": {"uuid": missingUUID},
	} {
		c.Fails(tool, arguments, "402", "Enterprise")
	}
}

func TestManyOrganizationsAndTeamsFit(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = world.Entries[:10]
	world.Organizations, world.OrganizationRoles = slices.Clone(world.Organizations), slices.Clone(world.OrganizationRoles)
	for i := range 120 {
		world.Organizations[0].Teams = append(slices.Clone(world.Organizations[0].Teams),
			makesim.Team{ID: 20_000 + int64(i), Name: strings.Repeat("Long name ", 20)})
		if i < 60 {
			world.Organizations = append(world.Organizations,
				makesim.Organization{ID: 30_000 + int64(i), Name: "The " + strings.Repeat("Corp ", 30), Zone: "eu1.make.com",
					AuditLogsDays: 30})
			world.OrganizationRoles = append(world.OrganizationRoles,
				makesim.OrganizationRole{UserID: 5001, OrganizationID: 30_000 + int64(i), RoleID: makesim.RoleOrganizationOwner})
		}
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	got := c.organizations()
	assert.Equal(t, 62, got.OrganizationsTotal)
	assert.Equal(t, 128, got.Organizations[0].TeamsTotal)
	assert.Less(t, len(got.Organizations[0].Teams), 128)
	assert.NotEmpty(t, got.Warnings)
	c.Fails("list_audit_logs", args{}, "name one", "4721", "and 41 more")
	c.Fails("list_audit_log_filters", args{"organization_id": 1}, "not visible")
}

func TestFailuresOfOneOrganizationSpareTheOthers(t *testing.T) {
	t.Parallel()
	u := start(t, twoOrganizations(), makesim.Options{})
	service := u.Service(makesim.DemoToken)
	service.Directory = failingAccess{service.Directory, "5555"}
	got := connect(t, service).organizations()
	for _, organization := range got.Organizations {
		assert.Equal(t, organization.ID == "4721", organization.CanReadAuditLogs)
		if organization.ID == "5555" {
			assert.Contains(t, organization.Reason, "not known now")
		}
	}
	u.Update(func(w *makesim.World) { w.Organizations = w.Organizations[2:] })
	alone := u.Service(makesim.DemoToken)
	alone.Directory = failingAccess{alone.Directory, "5555"}
	connect(t, alone).Fails("list_organizations", args{}, "boom")
}

func TestFiltersAreSearchedAndCut(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	r := c.Call("list_audit_log_filters", args{})
	require.Less(t, len([]rune(string(r.Raw))), 8_000)
	all := mcptest.Read[schemas.ListFiltersResult](t, r)
	known := 0
	for _, category := range makesim.DocumentedEvents() {
		known += len(category.Items)
	}
	people := 0
	for _, role := range demoWorld().OrganizationRoles {
		if role.OrganizationID == demoOrganization {
			people++
		}
	}
	totals := func(r schemas.ListFiltersResult) [3]int { return [3]int{r.TeamsTotal, r.UsersTotal, r.EventsTotal} }
	assert.Equal(t, [3]int{8, people, known}, totals(all))
	assert.Len(t, all.Events, known, "events come first")
	assert.Len(t, all.Teams, 8)
	if len(all.Users) < people {
		assert.Contains(t, strings.Join(all.Warnings, "\n"), fmt.Sprintf("%d items are not listed", people-len(all.Users)))
	}

	whole := c.filters(args{"limit": 1000})
	assert.Len(t, whole.Users, people)
	assert.Empty(t, whole.Warnings)

	users := c.filters(args{"kind": "users"})
	assert.Len(t, users.Users, people)
	assert.Empty(t, users.Teams)
	assert.Empty(t, users.Events)
	assert.Equal(t, [3]int{8, people, known}, totals(users), "a total is no zero because nobody asked")
	assert.Empty(t, users.Warnings)

	found := c.filters(args{"search": "WEBHOOK", "limit": 2})
	assert.Len(t, found.Events, 2)
	assert.Equal(t, 5, found.EventsTotal)
	assert.Contains(t, strings.Join(found.Warnings, "\n"), "3 items are not listed")

	assert.Equal(t, auditlog.ID("5036"), c.filters(args{"search": "wisniewski"}).Users[0].ID)
	assert.Equal(t, auditlog.ID("8103"), c.filters(args{"search": "péče", "kind": "teams"}).Teams[0].ID)
	assert.Equal(t, auditlog.ID("5009"), c.filters(args{"search": "jan.novak2@"}).Users[0].ID)
	assert.Equal(t, auditlog.ID("5009"), c.filters(args{"search": 5009}).Users[0].ID)
	nothing := c.filters(args{"search": "Marek Havelka"})
	assert.Contains(t, strings.Join(nothing.Warnings, "\n"), "people who have left")
	c.Fails("list_audit_log_filters", args{"kind": "actors"}, "teams, users, events")
	c.Fails("list_audit_log_filters", args{"limit": 0}, "limit")
	c.Fails("list_audit_log_filters", args{"organization_id": makesim.DemoOtherZoneOrganizationID}, "another zone")
}

func TestASearchForWhatWasNotOnMakesListAsksTheCatalogFirst(t *testing.T) {
	t.Parallel()
	const hint = "Make's list of 2026-03-04 does not have logins and sessions"
	u := start(t, audittest.LittleWorld(nil), makesim.Options{Now: now})
	search := func(c *caller, arguments args) (events int, warnings string) {
		got := mcptest.Read[schemas.ListFiltersResult](t,
			c.Call("list_audit_log_filters", with(arguments, "organization_id", audittest.OrganizationID)))
		return len(got.Events), strings.Join(got.Warnings, "\n")
	}
	events, warnings := search(u.caller(audittest.AdminKey), args{"search": "login"})
	assert.Zero(t, events)
	assert.Contains(t, warnings, hint)

	world := audittest.LittleWorld(nil)
	world.Events = append(makesim.DocumentedEvents(), makesim.EventCategory{
		Header: "Access", Items: []makesim.EventType{{Label: "User login failed", Value: "user_login_failed"}},
	})
	newer := start(t, world, makesim.Options{Now: now}).caller(audittest.AdminKey)
	events, warnings = search(newer, args{"search": "login"})
	assert.Equal(t, 1, events)
	assert.NotContains(t, warnings, hint)
	events, warnings = search(newer, args{"search": "login", "kind": "teams"})
	assert.Zero(t, events)
	assert.NotContains(t, warnings, hint, "there is one, though not among teams")
}

func TestWhatMakeDidItselfIsNoPersons(t *testing.T) {
	t.Parallel()
	hour := func(n int) time.Time { return now().Add(-time.Duration(n) * time.Hour) }
	ada := &makesim.Actor{ID: 1, Name: "Ada Admin", Email: "ada@acme.example"}
	var entries []makesim.Entry
	did := func(actor *makesim.Actor, event, target string, ago int) {
		entries = append(entries, makesim.Entry{
			OrganizationID: audittest.OrganizationID, TeamID: audittest.SalesTeam, Actor: actor, Event: event, TargetID: target,
			TriggeredAt: hour(ago),
		})
	}
	did(ada, "scenario_created", "7", 9)
	did(ada, "scenario_activated", "7", 8)
	did(nil, "scenario_deactivated", "7", 3) // Make itself, at an error
	did(nil, "key_deleted", "1", 2)          // the id of a person, whoever did it
	c := start(t, audittest.LittleWorld(entries), makesim.Options{Now: now}).caller(audittest.AdminKey)

	const nobody = "none (the system)"
	listed := c.list(args{"organization_id": audittest.OrganizationID, "event": "scenario_deactivated"})
	require.Len(t, listed.Entries, 1)
	assert.Nil(t, listed.Entries[0].Actor)
	assert.Len(t, c.list(args{"organization_id": audittest.OrganizationID, "actor": "ada"}).Entries, 2)
	assert.Len(t, c.list(args{"organization_id": audittest.OrganizationID, "actor": "none"}).Entries, 2)
	counted := map[string]int{}
	for _, group := range c.count(args{"organization_id": audittest.OrganizationID, "group_by": "actor"}).Groups {
		counted[string(group.Key.Actor.Name)] = group.Count
	}
	assert.Equal(t, map[string]int{"Ada Admin": 2, nobody: 2}, counted)
	activity := c.activity(args{"organization_id": audittest.OrganizationID, "actor": "none"})
	assert.Equal(t, "system", activity.Actor.Kind)
	assert.Equal(t, auditlog.Text(nobody), activity.Actor.Name)
	require.Len(t, activity.Notable, 1, "the deletion, and it is the system's")
	hers := c.activity(args{"organization_id": audittest.OrganizationID, "actor": "ada"})
	assert.Equal(t, 2, *hers.Total)
	assert.Empty(t, hers.Notable)
	for _, person := range c.allPeople(args{"organization_id": audittest.OrganizationID}) {
		want := map[auditlog.ID]int{"1": 2}[person.ID]
		assert.Equal(t, want, person.Entries, "%s", person.Name)
	}
}
