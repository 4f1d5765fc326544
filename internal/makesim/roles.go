package makesim

import (
	"cmp"
	"encoding/json"
)

func (r OrganizationRole) row() row {
	return row{{"usersRoleId", r.RoleID}, {"userId", r.UserID}, {"organizationId", r.OrganizationID}, {"invitation", nil}}
}

func (r TeamRole) row() row {
	return row{{"usersRoleId", r.RoleID}, {"userId", r.UserID}, {"teamId", r.TeamID}, {"changeable", true}}
}

// organizationRoles answers who holds which role in an organization, to whom its users are listed.
func (c *call) organizationRoles(id int64) ([]byte, error) {
	held := c.server.directory.organizationRoles
	return c.listHeldRoles("userOrganizationRoles", id, 0, func(u *User) row { return held[membership{u.ID, id}].row() })
}

// teamRoles answers who holds which role in a team, to whom its users are listed.
func (c *call) teamRoles(id int64) ([]byte, error) {
	held := c.server.directory.teamRoles
	return c.listHeldRoles("userTeamRoles", 0, id, func(u *User) row { return held[membership{u.ID, id}].row() })
}

// listHeldRoles answers with what the users of an organization or a team hold, one page of them.
func (c *call) listHeldRoles(name string, organization, team int64, held func(*User) row) ([]byte, error) {
	paging := c.query.directoryPage("userId")
	c.query.accept(pagingNames()...)
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	users, err := c.usersOf(organization, team)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, u := range pageOf(paging, users, func(_ string, a, b *User) int { return cmp.Compare(a.ID, b.ID) }) {
		rows = append(rows, held(u))
	}
	return json.Marshal(row{{name, rows}, {"pg", paging}})
}

// documentedRoles are Make's own, by the example of GET /users/roles in its OpenAPI description, and which of them may read audit logs, by
// its reference of these.
func documentedRoles() []row {
	var rows []row
	for _, r := range []struct {
		id       int64
		name     string
		ofTeams  bool
		mayAudit bool
	}{
		{RoleTeamAdmin, "Team Admin", true, true},
		{RoleTeamMember, "Team Member", true, false},
		{RoleTeamMonitoring, "Team Monitoring", true, false},
		{RoleTeamOperator, "Team Operator", true, false},
		{RoleOrganizationOwner, "Owner", false, true},
		{RoleOrganizationAdmin, "Admin", false, true},
		{RoleOrganizationMember, "Member", false, false},
		{RoleOrganizationAccountant, "Accountant", false, false},
	} {
		permissions := []string{"scenarios view"}
		if r.mayAudit {
			permissions = append(permissions, ReadsAuditLogs)
		}
		rows = append(rows, row{{"id", r.id}, {"name", r.name}, {"category", roleCategory(r.ofTeams)}, {"managementType", "system_locked"},
			{"description", nil}, {"permissions", permissions}})
	}
	return rows
}

func roleCategory(ofTeams bool) string {
	if ofTeams {
		return "team"
	}
	return "organization"
}

// listRoles answers Make's own roles, and those of an organization that is named, if its license has custom roles. Shape: roles.ts of
// @makehq/sdk and its mocks.
func (c *call) listRoles() ([]byte, error) {
	organization := c.query.integer("organizationId", 0, 1)
	c.query.accept("organizationId")
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	rows, d := documentedRoles(), c.server.directory
	if organization != 0 {
		o, served := d.served(organization)
		if !served || !d.isMember(c.caller.user.ID, organization) {
			return nil, notFound()
		}
		for _, r := range d.world.CustomRoles {
			if o.HasCustomRoles && r.OrganizationID == organization {
				rows = append(rows, row{{"id", r.ID}, {"name", r.Name}, {"category", roleCategory(r.OfTeams)},
					{"managementType", "custom_managed"}, {"description", nil}, {"permissions", r.Permissions}})
			}
		}
	}
	return json.Marshal(row{{"usersRoles", rows}})
}

// listPermissions answers what roles may be allowed. Source: as of [call.listRoles].
func (c *call) listPermissions() ([]byte, error) {
	c.query.accept()
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	rows := []row{}
	for _, ofTeams := range []bool{false, true} {
		for _, p := range []struct{ name, label, category string }{
			{"scenarios view", "View scenarios", "scenarios"}, {ReadsAuditLogs, "View audit logs", "audit logs"},
		} {
			rows = append(rows, row{{"id", 101 + len(rows)}, {"name", p.name}, {"note", p.label}, {"category", p.category},
				{"roleCategory", roleCategory(ofTeams)}, {"label", p.label}, {"customRolesHidden", false}, {"requires", []string{}}})
		}
	}
	return json.Marshal(row{{"usersRolesPermissions", rows}})
}
