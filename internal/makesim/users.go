package makesim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
)

// userRow is all of a user but roles.
func userRow(u *User) row {
	var lastLogin any
	if !u.LastLogin.IsZero() {
		lastLogin = u.LastLogin.UTC().Format(millisecondTime)
	}
	tfaStatus := 1
	if u.WithoutTwoFactor {
		tfaStatus = 0
	}
	return row{
		{"id", u.ID}, {"name", u.Name}, {"email", u.Email}, {"language", "en"}, {"timezoneId", timezoneID(u.Timezone)},
		{"localeId", 1}, {"countryId", 1}, {"features", map[string]bool{}}, {"avatar", nil}, {"lastLogin", lastLogin},
		{"tfaStatus", tfaStatus},
	}
}

// currentUser answers who the token belongs to. The roles are there only when cols[] asks for them.
func (c *call) currentUser() ([]byte, error) {
	d, u := c.server.directory, c.caller.user
	organizationRoles, teamRoles := []row{}, []row{}
	for _, r := range d.world.OrganizationRoles {
		if r.UserID == u.ID {
			organizationRoles = append(organizationRoles, r.row())
		}
	}
	for _, r := range d.world.TeamRoles {
		if r.UserID == u.ID {
			teamRoles = append(teamRoles, r.row())
		}
	}
	user := append(userRow(u),
		column{"timezone", u.Timezone}, column{"locale", "en_US"},
		column{"userOrganizationRoles", organizationRoles}, column{"userTeamRoles", teamRoles})
	var all []string
	for _, c := range user {
		all = append(all, c.name)
	}
	columns := c.query.columns(all[:len(all)-2], all)
	c.query.accept("cols")
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	return json.Marshal(row{{"authUser", user.only(columns)}})
}

func (c *call) currentAuthorization() ([]byte, error) {
	c.query.accept()
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	used := "token"
	if !isUUIDv4(c.caller.token.Secret) {
		used = "oauth"
	}
	return json.Marshal(row{{"authorization", row{{"scope", c.caller.scopes}, {"authUsed", used}}}})
}

// listUsers answers the people of an organization or of a team, to its admins.
func (c *call) listUsers() ([]byte, error) {
	q := c.query
	organization := q.integer("organizationId", 0, 1)
	team := q.integer("teamId", 0, 1)
	if (organization == 0) == (team == 0) {
		q.fail("Exactly one of the parameters 'organizationId' and 'teamId' is required.")
	}
	name, byName := q.text("name")
	email, byEmail := q.text("email")
	ids := q.list("ids", false)
	paging := q.directoryPage("name", "id", "email")
	q.accept(pagingNames("organizationId", "teamId", "name", "email", "ids")...)
	if err := q.mistake(); err != nil {
		return nil, err
	}
	users, err := c.usersOf(organization, team)
	if err != nil {
		return nil, err
	}
	users = slices.DeleteFunc(users, func(u *User) bool {
		return byName && u.Name != name || byEmail && u.Email != email || ids != nil && !slices.Contains(ids, strconv.FormatInt(u.ID, 10))
	})
	rows := []row{}
	for _, u := range pageOf(paging, users, func(by string, a, b *User) int {
		switch by {
		case "id":
			return cmp.Compare(a.ID, b.ID)
		case "email":
			return cmp.Compare(a.Email, b.Email)
		}
		return cmp.Compare(a.Name, b.Name)
	}) {
		rows = append(rows, userRow(u))
	}
	return json.Marshal(struct {
		Users []row           `json:"users"`
		PG    directoryPaging `json:"pg"`
	}{rows, paging})
}

// usersOf are the people of an organization, or of a team if that is not 0.
func (c *call) usersOf(organization, team int64) ([]*User, error) {
	d, user := c.server.directory, c.caller.user.ID
	if team != 0 {
		t, ok := d.servedTeam(team)
		if !ok {
			return nil, notFound()
		}
		if d.teamRoles[membership{user, team}].RoleID != RoleTeamAdmin && !d.isOrganizationAdmin(user, t.organization) {
			return nil, forbidden()
		}
		return d.teamUsers(team), nil
	}
	if _, ok := d.served(organization); !ok {
		return nil, notFound()
	}
	if !d.isOrganizationAdmin(user, organization) {
		return nil, forbidden()
	}
	return d.organizationUsers(organization), nil
}
