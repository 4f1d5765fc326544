package schemas

import "make-audit-mcp/internal/auditlog"

// ListOrganizationsArguments are none.
type ListOrganizationsArguments struct{}

// ListOrganizationsResult is what the key can see.
type ListOrganizationsResult struct {
	User               User           `json:"user"`
	Organizations      []Organization `json:"organizations"`
	OrganizationsTotal int            `json:"organizations_total"`
	Warnings           []string       `json:"warnings"`
}

// User is whose key it is.
type User struct {
	auditlog.Actor
	Timezone string `json:"timezone,omitempty"`
}

// Organization is an organization and what the key may read of its log.
type Organization struct {
	auditlog.Ref
	Zone              auditlog.Text `json:"zone,omitempty" jsonschema_description:"Host of the organization's zone."`
	Role              auditlog.Text `json:"role,omitempty"`
	CanReadAuditLogs  bool          `json:"can_read_audit_logs" jsonschema_description:"The organization's log, or at least one team's."`
	Reason            string        `json:"reason,omitempty" jsonschema_description:"Why not, or not all, and what helps."`
	APILimitPerMinute *int          `json:"api_limit_per_minute" jsonschema:"nullable"`
	RetentionDays     *int          `json:"retention_days" jsonschema:"nullable" jsonschema_description:"How long Make keeps the log."`
	OldestEntryAt     string        `json:"oldest_entry_at,omitempty"`
	Archive           *Archive      `json:"archive,omitempty" jsonschema_description:"The local copy of the log, which reaches beyond what Make keeps."`
	Teams             []Team        `json:"teams"`
	TeamsTotal        int           `json:"teams_total"`
}

// Archive is what a local copy of a log holds.
type Archive struct {
	FirstAt string `json:"first_at,omitempty"`
	LastAt  string `json:"last_at,omitempty"`
	Entries int    `json:"entries"`
	AsOf    string `json:"as_of" jsonschema_description:"When it was last filled up."`
}

// Team is a team and whether its log may be read.
type Team struct {
	auditlog.Ref
	Role             auditlog.Text `json:"role,omitempty"`
	CanReadAuditLogs bool          `json:"can_read_audit_logs"`
}

// Warn implements [Result].
func (r *ListOrganizationsResult) Warn(warning string) { r.Warnings = append(r.Warnings, warning) }

// Reword implements [Result].
func (r *ListOrganizationsResult) Reword(change func(string) string) { reword(r.Warnings, change) }

// Summary implements [Result].
func (r *ListOrganizationsResult) Summary() Summary { return Summary{Rows: len(r.Organizations)} }
