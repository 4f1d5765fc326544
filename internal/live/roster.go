package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// maxTeamRoles bounds the teams that are asked who holds which role in them.
const maxTeamRoles = 50

// users are an organization's users.
func (r *Reader) users(ctx context.Context, organization auditlog.ID) ([]makeapi.Member, error) {
	return getAnswer(ctx, &r.members, organization, func(ctx context.Context) ([]makeapi.Member, error) {
		return r.client.Users.ListOrganization(ctx, makeapi.ID(organization))
	})
}

// Roster returns the people whom Make lists in an organization: its users where the key may list them, else those of the catalog. What it
// may not read of them, or what cannot be read now, is left out, and said.
func (r *Reader) Roster(ctx context.Context, organization auditlog.ID) (*auditlog.Roster, error) {
	access, err := r.Access(ctx, organization)
	if err != nil {
		return nil, err
	}
	catalog, err := r.Catalog(ctx, organization)
	if err != nil {
		return nil, err
	}
	roster := &auditlog.Roster{Source: auditlog.RosterOfUsers}
	users, err := r.users(ctx, organization)
	for _, user := range users {
		member := auditlog.Member{Actor: actorOf(user.User), LastLoginAt: user.LastLogin, TwoFactor: twoFactorOf(user.TFAStatus)}
		roster.Members = append(roster.Members, member)
	}
	if err != nil {
		roster.Source = auditlog.RosterOfFilters
		roster.Members = membersOf(catalog)
		of := "these are the people whom the log can be filtered by, who may not be all or may have left"
		if roster.OfTeams = !access.Organization; roster.OfTeams {
			of = fmt.Sprintf("these are the people of %d team(s) only", len(access.ReadableTeams()))
		}
		roster.Unknown = append(roster.Unknown,
			"the organization's users cannot be listed ("+reasonOf(err)+"): "+of+"; last logins and two-factor states are not known")
	}
	if makeapi.IsUnreachable(err) { // each further call would wait for all its tries
		roster.Unknown = append(roster.Unknown, "roles are not known, for the same reason")
	} else {
		r.addRoles(ctx, organization, catalog.Teams, roster)
	}
	return roster, ctx.Err()
}

func membersOf(catalog *auditlog.Catalog) []auditlog.Member {
	members := make([]auditlog.Member, 0, len(catalog.Users))
	for _, user := range catalog.Users {
		members = append(members, auditlog.Member{Actor: user})
	}
	return members
}

// twoFactorOf puts the state into words, as far as its value says it by itself.
func twoFactorOf(status string) auditlog.Text {
	switch status {
	case "0", "false":
		return "off"
	case "1", "true":
		return "on"
	}
	return auditlog.Text(status)
}

// addRoles fills in who holds which role, as far as it may be known.
func (r *Reader) addRoles(ctx context.Context, organization auditlog.ID, teams []auditlog.Ref, roster *auditlog.Roster) {
	asked := teams[:min(len(teams), maxTeamRoles)]
	places := []endpoint{{organization: organization}}
	for _, team := range asked {
		places = append(places, endpoint{organization, team.ID})
	}
	roles, failures := make([][]makeapi.UserRole, len(places)), make([]error, len(places))
	var group errgroup.Group
	group.SetLimit(r.options.Parallel)
	for i, place := range places {
		group.Go(func() error {
			roles[i], failures[i] = r.rolesIn(ctx, place)
			return nil
		})
	}
	_ = group.Wait() // failures has them

	members := make(map[auditlog.ID]*auditlog.Member, len(roster.Members))
	for i := range roster.Members {
		members[roster.Members[i].ID] = &roster.Members[i]
	}
	var unnamed error
	for i := range places {
		for _, held := range roles[i] {
			role, err := r.roleName(ctx, organization, held.Role)
			unnamed = cmp.Or(unnamed, err)
			member := members[auditlog.ID(held.User)]
			switch {
			case member == nil:
			case i == 0:
				member.Role = role
			default:
				member.TeamRoles = append(member.TeamRoles, auditlog.TeamRole{Team: asked[i-1], Role: role})
			}
		}
	}
	if unnamed != nil {
		roster.Unknown = append(roster.Unknown, "custom roles are named by their ids, since roles cannot be listed ("+reasonOf(unnamed)+")")
	}
	if failures[0] != nil {
		roster.Unknown = append(roster.Unknown, "roles in the organization are not known ("+reasonOf(failures[0])+")")
	}
	ofTeams := slices.DeleteFunc(failures[1:], func(err error) bool { return err == nil })
	if unknown := len(ofTeams) + len(teams) - len(asked); unknown > 0 {
		reason := fmt.Sprintf("only the first %d are asked", maxTeamRoles)
		if len(ofTeams) > 0 {
			reason = reasonOf(ofTeams[0])
		}
		roster.Unknown = append(roster.Unknown, fmt.Sprintf("roles in %d of %d teams are not known (%s)", unknown, len(teams), reason))
	}
}
