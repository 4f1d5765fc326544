package makesim

import (
	"cmp"
	"encoding/json"
)

// teamRow is a team as the teams calls show it.
type teamRow struct {
	ID             int64  `json:"id"`
	Name           string `json:"name"`
	OrganizationID int64  `json:"organizationId"`
}

// listTeams answers the teams of an organization: all of them to its admins, to others those that they belong to.
func (c *call) listTeams() ([]byte, error) {
	d := c.server.directory
	organization := c.query.integer("organizationId", 0, 1)
	if organization == 0 {
		c.query.fail("Parameter 'organizationId' is required.")
	}
	c.query.flag("includePrivateSpaces")
	paging := c.query.directoryPage("name", "id")
	c.query.accept(pagingNames("organizationId", "includePrivateSpaces")...)
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	o, ok := d.served(organization)
	user := c.caller.user.ID
	switch {
	case !ok:
		return nil, notFound()
	case !d.isMember(user, organization):
		return nil, forbidden()
	}
	seesAll := d.isOrganizationAdmin(user, organization)
	rows := []teamRow{}
	for _, t := range o.Teams {
		if _, belongs := d.teamRoles[membership{user, t.ID}]; seesAll || belongs {
			rows = append(rows, teamRow{t.ID, t.Name, organization})
		}
	}
	rows = pageOf(paging, rows, func(by string, a, b teamRow) int {
		if by == "id" {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return json.Marshal(struct {
		Teams []teamRow       `json:"teams"`
		PG    directoryPaging `json:"pg"`
	}{rows, paging})
}

func (c *call) showTeam(id int64) ([]byte, error) {
	d := c.server.directory
	c.query.accept()
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	t, ok := d.servedTeam(id)
	if !ok {
		return nil, notFound()
	}
	user := c.caller.user.ID
	if _, belongs := d.teamRoles[membership{user, id}]; !belongs && !d.isOrganizationAdmin(user, t.organization) {
		return nil, forbidden()
	}
	return json.Marshal(row{{"team", teamRow{t.ID, t.Name, t.organization}}})
}
