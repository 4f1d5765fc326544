package makeapi

import (
	"context"
	"net/url"

	"github.com/tidwall/gjson"
)

// RoleTeamAdmin is the id of the role that can read a team's audit log. Custom roles exist too, so it is a hint.
const RoleTeamAdmin ID = "1"

// RoleName names the roles that Make documents (GET /users/roles of its OpenAPI description); others by their id, and ok is false.
func RoleName(role ID) (name string, ok bool) {
	name, ok = map[ID]string{
		"1": "Team Admin", "3": "Team Member", "4": "Team Monitoring", "6": "Team Operator",
		"11": "Owner", "12": "Admin", "13": "Member", "14": "Accountant",
	}[role]
	if !ok {
		name = "role " + string(role)
	}
	return name, ok
}

// UserRole is the role that a user holds, in an organization or in a team.
type UserRole struct{ User, Role ID }

func decodeUserRole(record gjson.Result) (UserRole, bool) {
	user, okUser := decodeID(record.Get("userId"))
	role, okRole := decodeID(record.Get("usersRoleId"))
	return UserRole{User: user, Role: role}, okUser && okRole && user != "" && role != ""
}

func decodeRoles(records gjson.Result, subject string) map[ID]ID {
	roles := map[ID]ID{}
	for _, record := range list(records) {
		id, okID := decodeID(record.Get(subject))
		role, okRole := decodeID(record.Get("usersRoleId"))
		if okID && okRole && id != "" {
			roles[id] = role
		}
	}
	return roles
}

// Role is one that users can hold: Make's own, or a custom one of an organization.
type Role struct {
	ID   ID
	Name string
	// OfTeams says that it is held in teams, and not in the organization.
	OfTeams bool
	// Permissions are the names of what it allows; none where the instance does not tell.
	Permissions []string
}

// Roles returns Make's own roles and, where its license has them, the custom ones of an organization. It needs the scope user:read and may
// be refused. GET /users/roles?organizationId=; source of its shape: roles.ts of @makehq/sdk. An instance that does not know the parameter
// is asked for its own roles.
func (s *UsersService) Roles(ctx context.Context, organization ID) ([]Role, error) {
	answer, err := s.client.get(ctx, organization, url.Values{"organizationId": {string(organization)}}, "users", "roles")
	if IsKind(err, KindBadRequest) {
		answer, err = s.client.get(ctx, "", nil, "users", "roles")
	}
	if err != nil {
		return nil, err
	}
	var roles []Role
	for _, record := range list(answer.Get("usersRoles")) {
		id, _ := decodeID(record.Get("id"))
		if id == "" {
			continue
		}
		role := Role{ID: id, OfTeams: record.Get("category").String() == "team"}
		role.Name, _ = decodeText(record.Get("name"))
		for _, permission := range list(record.Get("permissions")) {
			if permission.IsObject() { // as custom roles have them when they are changed
				permission = permission.Get("name")
			}
			if name, ok := decodeText(permission); ok {
				role.Permissions = append(role.Permissions, name)
			}
		}
		roles = append(roles, role)
	}
	return roles, nil
}

// Permission is something that roles can allow.
type Permission struct {
	Name, Label, Category string
}

// Permissions returns what roles can allow, in organizations and in teams. It needs the scope user:read and may be refused. GET
// /users/roles/permissions; source of its shape: roles.ts of @makehq/sdk.
func (s *UsersService) Permissions(ctx context.Context) ([]Permission, error) {
	answer, err := s.client.get(ctx, "", nil, "users", "roles", "permissions")
	if err != nil {
		return nil, err
	}
	var permissions []Permission
	for _, record := range list(answer.Get("usersRolesPermissions")) {
		var permission Permission
		permission.Name, _ = decodeText(record.Get("name"))
		permission.Label, _ = decodeText(record.Get("label"))
		permission.Category, _ = decodeText(record.Get("category"))
		permissions = append(permissions, permission)
	}
	return permissions, nil
}
