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
	paging, err := c.rolesPage()
	if err != nil {
		return nil, err
	}
	users, err := c.usersOf(id, 0)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, u := range pageOf(paging, users, byUserID) {
		rows = append(rows, c.server.directory.organizationRoles[membership{u.ID, id}].row())
	}
	return json.Marshal(struct {
		Roles []row           `json:"userOrganizationRoles"`
		PG    directoryPaging `json:"pg"`
	}{rows, paging})
}

// teamRoles answers who holds which role in a team, to whom its users are listed.
func (c *call) teamRoles(id int64) ([]byte, error) {
	paging, err := c.rolesPage()
	if err != nil {
		return nil, err
	}
	users, err := c.usersOf(0, id)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, u := range pageOf(paging, users, byUserID) {
		rows = append(rows, c.server.directory.teamRoles[membership{u.ID, id}].row())
	}
	return json.Marshal(struct {
		Roles []row           `json:"userTeamRoles"`
		PG    directoryPaging `json:"pg"`
	}{rows, paging})
}

func (c *call) rolesPage() (directoryPaging, error) {
	paging := c.query.directoryPage("userId")
	c.query.accept(pagingNames()...)
	return paging, c.query.mistake()
}

func byUserID(_ string, a, b *User) int { return cmp.Compare(a.ID, b.ID) }
