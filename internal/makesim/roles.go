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
