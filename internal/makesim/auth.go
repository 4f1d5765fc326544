package makesim

import (
	"net/http"
	"slices"
	"strings"
)

const (
	scopeOrganizations = "organizations:read"
	scopeTeams         = "teams:read"
	scopeUser          = "user:read"
)

// isUUIDv4 reports whether a secret has the form of an API token, which Make takes as `Token`; anything else it takes as `Bearer`.
func isUUIDv4(secret string) bool {
	const shape = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"
	if len(secret) != len(shape) {
		return false
	}
	for i, c := range []byte(strings.ToLower(secret)) {
		allowed := string(shape[i])
		switch allowed {
		case "x":
			allowed = "0123456789abcdef"
		case "y":
			allowed = "89ab"
		}
		if strings.IndexByte(allowed, c) < 0 {
			return false
		}
	}
	return true
}

// caller is who a request comes from.
type caller struct {
	user   *User
	token  Token
	scopes []string
}

// authenticate finds the caller by the Authorization header.
func (d *directory) authenticate(r *http.Request) (caller, error) {
	header := r.Header.Values("Authorization")
	if len(header) != 1 {
		return caller{}, unauthorized("Exactly one Authorization header is required.")
	}
	scheme, secret, ok := strings.Cut(header[0], " ")
	if !ok {
		return caller{}, unauthorized("The Authorization header has no scheme.")
	}
	expected := "Bearer"
	if isUUIDv4(secret) {
		expected = "Token"
	}
	token, known := d.tokens[secret]
	user := d.users[token.UserID]
	if scheme != expected || !known || user == nil {
		return caller{}, unauthorized("Access denied.")
	}
	scopes := token.Scopes
	if scopes == nil {
		scopes = DefaultScopes()
	}
	return caller{user: user, token: token, scopes: scopes}, nil
}

// hasScope reports whether the token carries the scope; none is always carried.
func (c caller) hasScope(scope string) bool {
	return scope == "" || slices.Contains(c.scopes, scope)
}

// isMember reports whether the user belongs to the organization.
func (d *directory) isMember(user, organization int64) bool {
	_, ok := d.organizationRoles[membership{user, organization}]
	return ok
}

// isOrganizationAdmin reports whether the user is Admin or Owner.
func (d *directory) isOrganizationAdmin(user, organization int64) bool {
	role := d.organizationRoles[membership{user, organization}].RoleID
	return role == RoleOrganizationOwner || role == RoleOrganizationAdmin
}

// readsOrganizationLog reports whether the user may list the organization's log.
func (d *directory) readsOrganizationLog(user, organization int64) bool {
	return d.isOrganizationAdmin(user, organization) || d.readsAuditLogs(d.organizationRoles[membership{user, organization}].RoleID)
}

// readsTeamLog reports whether the user may list the log of a team: its Team Admin, or who reads the whole organization's.
func (d *directory) readsTeamLog(user, organization, team int64) bool {
	role := d.teamRoles[membership{user, team}].RoleID
	return role == RoleTeamAdmin || d.readsAuditLogs(role) || d.readsOrganizationLog(user, organization)
}

// readsAuditLogs reports whether a role is a custom one that may read audit logs.
func (d *directory) readsAuditLogs(role int64) bool {
	return slices.ContainsFunc(d.world.CustomRoles, func(r CustomRole) bool {
		return r.ID == role && slices.Contains(r.Permissions, ReadsAuditLogs)
	})
}
