package makesim

import (
	"cmp"
	"slices"
)

// directory is the world without its entries, indexed for look-ups.
type directory struct {
	world             *World
	zone              string
	users             map[int64]*User
	organizations     map[int64]*Organization
	teams             map[int64]teamPlace
	teamNames         map[int64]string // of existing and former teams
	tokens            map[string]Token
	organizationRoles map[membership]OrganizationRole
	teamRoles         map[membership]TeamRole
}

// membership is a user in an organization or in a team.
type membership struct{ user, of int64 }

// teamPlace is an existing team and whose it is.
type teamPlace struct {
	Team
	organization int64
}

// newDirectory indexes w, which must not change while the directory is in use.
func newDirectory(w *World) *directory {
	d := &directory{
		world:             w,
		zone:              w.Zone,
		users:             map[int64]*User{},
		organizations:     map[int64]*Organization{},
		teams:             map[int64]teamPlace{},
		teamNames:         map[int64]string{},
		tokens:            map[string]Token{},
		organizationRoles: map[membership]OrganizationRole{},
		teamRoles:         map[membership]TeamRole{},
	}
	if d.zone == "" && len(w.Organizations) > 0 {
		d.zone = w.Organizations[0].Zone
	}
	for i := range w.Users {
		d.users[w.Users[i].ID] = &w.Users[i]
	}
	for i := range w.Organizations {
		o := &w.Organizations[i]
		d.organizations[o.ID] = o
		for _, t := range o.FormerTeams {
			d.teamNames[t.ID] = t.Name
		}
		for _, t := range o.Teams {
			d.teamNames[t.ID] = t.Name
			d.teams[t.ID] = teamPlace{Team: t, organization: o.ID}
		}
	}
	for _, t := range w.Tokens {
		d.tokens[t.Secret] = t
	}
	for _, r := range w.OrganizationRoles {
		d.organizationRoles[membership{r.UserID, r.OrganizationID}] = r
	}
	for _, r := range w.TeamRoles {
		d.teamRoles[membership{r.UserID, r.TeamID}] = r
	}
	return d
}

// served finds an organization that this zone answers for.
func (d *directory) served(id int64) (*Organization, bool) {
	o, ok := d.organizations[id]
	return o, ok && o.Zone == d.zone
}

// servedTeam finds a team of an organization that this zone answers for.
func (d *directory) servedTeam(id int64) (teamPlace, bool) {
	t, ok := d.teams[id]
	if !ok {
		return teamPlace{}, false
	}
	_, ok = d.served(t.organization)
	return t, ok
}

// organizationUsers are the members of an organization, by name.
func (d *directory) organizationUsers(organization int64) []*User {
	return d.usersWhere(func(id int64) bool {
		_, ok := d.organizationRoles[membership{id, organization}]
		return ok
	})
}

// teamUsers are the members of a team, by name.
func (d *directory) teamUsers(team int64) []*User {
	return d.usersWhere(func(id int64) bool {
		_, ok := d.teamRoles[membership{id, team}]
		return ok
	})
}

func (d *directory) usersWhere(belongs func(id int64) bool) []*User {
	var users []*User
	for i := range d.world.Users {
		if u := &d.world.Users[i]; belongs(u.ID) {
			users = append(users, u)
		}
	}
	slices.SortStableFunc(users, func(a, b *User) int { return cmp.Compare(a.Name, b.Name) })
	return users
}
