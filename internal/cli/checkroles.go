package cli

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// reportRoles says which roles may read audit logs, as Make's lists have it. They are hints: whether the log can be read has been tried.
func reportRoles(ctx context.Context, report *checkReport, operator *upstream, organization auditlog.Organization,
	access *auditlog.Access) {
	permissions, err := operator.live.AuditPermissions(ctx)
	if err != nil {
		report.hint("which roles may read audit logs is not known: " + explain(err))
		return
	}
	if len(permissions) == 0 {
		report.hint("which roles may read audit logs is not known: Make's list of permissions has none that speaks of them")
		return
	}
	roles, err := operator.live.Roles(ctx, organization.ID)
	if err != nil {
		report.hint("which roles may read audit logs is not known: " + explain(err))
		return
	}
	allowed := slices.DeleteFunc(slices.Clone(roles), func(role makeapi.Role) bool {
		return !slices.ContainsFunc(role.Permissions, func(name string) bool { return slices.Contains(permissions, name) })
	})
	if len(allowed) == 0 {
		report.hint("which roles may read audit logs is not known: Make's list of roles does not say what each may do")
		return
	}
	var names []string
	for _, role := range allowed {
		name := auditlog.Text(role.Name).Quote()
		if _, documented := makeapi.RoleName(role.ID); !documented {
			name += " (custom)"
		}
		names = append(names, name)
	}
	text := "roles that may read audit logs, by Make's list: " + strings.Join(names, ", ")
	if !access.Readable() && !isAnyHeld(allowed, organization, access) {
		text += "; this key's user has none of them: an Owner or Admin of the organization can give one"
	}
	report.hint(text)
}

// isAnyHeld reports whether the key's user has one of the roles, as far as these are told.
func isAnyHeld(roles []makeapi.Role, organization auditlog.Organization, access *auditlog.Access) bool {
	return slices.ContainsFunc(roles, func(role makeapi.Role) bool {
		name := auditlog.Text(role.Name)
		if role.OfTeams {
			return slices.ContainsFunc(access.Teams, func(team auditlog.TeamAccess) bool { return team.Role == name })
		}
		return organization.Role == name
	})
}
