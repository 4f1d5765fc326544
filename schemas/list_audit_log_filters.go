package schemas

import "make-audit-mcp/internal/auditlog"

// ListFiltersArguments choose what to list of an organization's catalog.
type ListFiltersArguments struct {
	OrganizationID int64  `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Needed only if several are visible and no default is set."`
	Kind           string `json:"kind,omitempty" jsonschema:"enum=teams,enum=users,enum=events" jsonschema_description:"Only this list; default all three."`
	Search         string `json:"search,omitempty" jsonschema_description:"Only what contains this, ignoring case and accents."`
	Limit          int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"Most items per list; default: as many as fit."`
}

// ListFiltersResult is the catalog of names, each list with the total of what search leaves, before kind and limit.
type ListFiltersResult struct {
	Organization auditlog.Ref     `json:"organization"`
	Teams        []auditlog.Ref   `json:"teams"`
	TeamsTotal   int              `json:"teams_total" jsonschema_description:"Totals count what search leaves, before kind and limit."`
	Users        []auditlog.Actor `json:"users"`
	UsersTotal   int              `json:"users_total"`
	Events       []auditlog.Event `json:"events"`
	EventsTotal  int              `json:"events_total"`
	Warnings     []string         `json:"warnings"`
}

// Warn implements [Result].
func (r *ListFiltersResult) Warn(warning string) { r.Warnings = append(r.Warnings, warning) }

// Reword implements [Result].
func (r *ListFiltersResult) Reword(change func(string) string) { reword(r.Warnings, change) }

// Summary implements [Result].
func (r *ListFiltersResult) Summary() Summary {
	return Summary{string(r.Organization.ID), len(r.Teams) + len(r.Users) + len(r.Events)}
}
