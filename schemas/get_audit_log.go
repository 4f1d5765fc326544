package schemas

import "make-audit-mcp/internal/auditlog"

// GetAuditLogArguments name entries.
type GetAuditLogArguments struct {
	UUID           []string `json:"uuid" jsonschema:"minItems=1,maxItems=20,maxLength=128" jsonschema_description:"1 to 20, e.g. of evidence; list_audit_logs finds them."`
	OrganizationID int64    `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Needed only if several are visible and no default is set."`
}

// GetAuditLogResult is entries with their details.
type GetAuditLogResult struct {
	Organization auditlog.Ref `json:"organization"`
	Entries      []Entry      `json:"entries" jsonschema_description:"With details, in the order asked for."`
	NotFound     []string     `json:"not_found" jsonschema_description:"uuids that do not exist here or may not be seen."`
	NotRead      []string     `json:"not_read,omitempty" jsonschema_description:"uuids left out of an answer too large, or that could not be read now: ask for them again."`
	Warnings     []string     `json:"warnings"`
}

// Warn implements [Result].
func (r *GetAuditLogResult) Warn(warning string) { r.Warnings = append(r.Warnings, warning) }

// Reword implements [Result].
func (r *GetAuditLogResult) Reword(change func(string) string) { reword(r.Warnings, change) }

// Summary implements [Result].
func (r *GetAuditLogResult) Summary() Summary {
	return Summary{string(r.Organization.ID), len(r.Entries)}
}
