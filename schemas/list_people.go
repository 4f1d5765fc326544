package schemas

import "make-audit-mcp/internal/auditlog"

// ListPeopleArguments choose people.
type ListPeopleArguments struct {
	OrganizationID int64    `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Needed only if several are visible and no default is set."`
	Team           []string `json:"team,omitempty" jsonschema_description:"Names or ids: only their people and entries."`
	Window
	Status []string `json:"status,omitempty" jsonschema:"enum=gone,enum=dormant,enum=new,enum=active" jsonschema_description:"gone: entries, but not listed any more; dormant: listed, idle in the window; new: first seen in it."`
	Search string   `json:"search,omitempty" jsonschema_description:"Part of a name, address or id."`
	Limit  int      `json:"limit,omitempty" jsonschema:"minimum=1,maximum=200" jsonschema_description:"Default 50, within 8,000 characters; above it, within 40,000."`
	Cursor string   `json:"cursor,omitempty" jsonschema:"maxLength=4000" jsonschema_description:"next_cursor of the page before."`
}

// ListPeopleResult is who is there, and what they did.
type ListPeopleResult struct {
	Answer
	People     []Person     `json:"people" jsonschema_description:"Gone first, then dormant, new and active; by id."`
	Returned   int          `json:"returned"`
	Total      int          `json:"total" jsonschema_description:"People that match, on this page or not."`
	Totals     PeopleTotals `json:"totals"`
	Roster     Roster       `json:"roster"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

// Summary implements [Result].
func (r *ListPeopleResult) Summary() Summary { return r.summary(len(r.People)) }

// PeopleTotals counts people by status, whatever statuses were asked for.
type PeopleTotals struct {
	Gone    int `json:"gone"`
	Dormant int `json:"dormant"`
	New     int `json:"new"`
	Active  int `json:"active"`
}

// Roster is which of Make's lists says who is there.
type Roster struct {
	Source   string `json:"source" jsonschema:"enum=users,enum=filters,enum=archive" jsonschema_description:"The organization's users; the people that its log can be filtered by; or those of the archive's last sync."`
	Complete bool   `json:"complete" jsonschema_description:"All of it could be read: logins, two-factor states and roles, too. Else what is absent of people is not known."`
	Reason   string `json:"reason,omitempty" jsonschema_description:"What is not known, and why."`
}

// Person is somebody who is listed, or whom the log has.
type Person struct {
	auditlog.Actor
	Kind             string          `json:"kind" jsonschema:"enum=person,enum=service_account" jsonschema_description:"Told by the name: Make does not say."`
	Status           string          `json:"status" jsonschema:"enum=gone,enum=dormant,enum=new,enum=active"`
	Entries          int             `json:"entries" jsonschema_description:"In the window."`
	FirstAt          string          `json:"first_at,omitempty" jsonschema_description:"Of all that is covered, before the window and after it as well. Absent: no entry."`
	LastAt           string          `json:"last_at,omitempty"`
	OrganizationRole auditlog.Text   `json:"organization_role,omitempty"`
	TeamRoles        []PersonRole    `json:"team_roles,omitempty" jsonschema_description:"The first of them; team_roles_total where there are more."`
	TeamRolesTotal   int             `json:"team_roles_total,omitempty"`
	Teams            []auditlog.Ref  `json:"teams,omitempty" jsonschema_description:"Acted in, in the window: the first of them."`
	TeamsTotal       int             `json:"teams_total,omitempty"`
	LastLoginAt      string          `json:"last_login_at,omitempty"`
	TwoFactor        auditlog.Text   `json:"two_factor,omitempty" jsonschema_description:"on, off, or Make's own value."`
	Powers           []PowerUse      `json:"powers,omitempty" jsonschema_description:"What they made or changed in the window that gives access: roles, keys, credentials, connections, webhooks."`
	PowersTotal      int             `json:"powers_total,omitempty"`
	Findings         *PersonFindings `json:"findings,omitempty" jsonschema_description:"What stands out of what they did in the window; find_suspicious_activity has the evidence."`
}

// PersonFindings are the findings about somebody, in short.
type PersonFindings struct {
	Total    int      `json:"total"`
	Severest string   `json:"severest" jsonschema:"enum=low,enum=medium,enum=high,enum=critical"`
	Rules    []string `json:"rules" jsonschema_description:"The severest first, at most three."`
}

// PersonRole is a role in a team.
type PersonRole struct {
	auditlog.Ref
	Role auditlog.Text `json:"role"`
}

// PowerUse is how often a sort of object that gives access was made and changed.
type PowerUse struct {
	Object  auditlog.Text `json:"object" jsonschema_description:"As the events have it: key, connection, team_role ..."`
	Made    int           `json:"made,omitempty"`
	Changed int           `json:"changed,omitempty"`
}
