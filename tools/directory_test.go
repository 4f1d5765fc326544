package tools_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
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
