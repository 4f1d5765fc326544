package live

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// Roles returns the roles that there are in an organization, as Make lists them. It may be refused.
func (r *Reader) Roles(ctx context.Context, organization auditlog.ID) ([]makeapi.Role, error) {
	return getAnswer(ctx, &r.roles, organization, func(ctx context.Context) ([]makeapi.Role, error) {
		return r.client.Users.Roles(ctx, makeapi.ID(organization))
	})
}

// AuditPermissions returns the names of the permissions to read audit logs; none where Make's list speaks of none. It may be refused.
func (r *Reader) AuditPermissions(ctx context.Context) ([]string, error) {
	permissions, err := getAnswer(ctx, &r.permissions, struct{}{}, r.client.Users.Permissions)
	var names []string
	for _, permission := range permissions {
		// No source has the name, so that each of its words counts.
		said := strings.ToLower(permission.Name + " " + permission.Label + " " + permission.Category)
		if strings.Contains(said, "audit") && !slices.Contains(names, permission.Name) {
			names = append(names, permission.Name)
		}
	}
	return names, err
}

// roleName puts a role into words. Make is asked only for one that its documentation does not have; where it does not say, the role is
// called by its id, and the error says why.
func (r *Reader) roleName(ctx context.Context, organization auditlog.ID, role makeapi.ID) (auditlog.Text, error) {
	name, ok := makeapi.RoleName(role)
	if ok {
		return auditlog.Text(name), nil
	}
	roles, err := r.Roles(ctx, organization)
	for _, known := range roles {
		if known.ID == role && known.Name != "" {
			name = known.Name
		}
	}
	return auditlog.Text(name), err
}

// rolesIn returns who holds which role in an organization or a team.
func (r *Reader) rolesIn(ctx context.Context, place endpoint) ([]makeapi.UserRole, error) {
	return getAnswer(ctx, &r.held, place, func(ctx context.Context) ([]makeapi.UserRole, error) {
		if place.team == "" {
			return r.client.Organizations.UserRoles(ctx, makeapi.ID(place.organization))
		}
		return r.client.Teams.UserRoles(ctx, makeapi.ID(place.organization), makeapi.ID(place.team))
	})
}
