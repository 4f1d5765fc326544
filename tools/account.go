package tools

import (
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// accountOf tells what a result is about and how much it holds, for the operator's
// books. It is zero where there is no result.
func accountOf(result any) (organization string, rows int) {
	var of auditlog.Ref
	switch r := result.(type) {
	case *schemas.ListOrganizationsResult:
		if r != nil {
			rows = len(r.Organizations)
		}
	case *schemas.ListFiltersResult:
		if r != nil {
			of, rows = r.Organization, len(r.Teams)+len(r.Users)+len(r.Events)
		}
	case *schemas.ListAuditLogsResult:
		if r != nil {
			of, rows = r.Query.Organization, len(r.Entries)
		}
	case *schemas.GetAuditLogResult:
		if r != nil {
			of, rows = r.Organization, len(r.Entries)
		}
	case *schemas.CountAuditLogsResult:
		if r != nil {
			of, rows = r.Query.Organization, len(r.Groups)
		}
	case *schemas.GetActorActivityResult:
		if r != nil {
			of, rows = r.Query.Organization, len(r.Notable)
		}
	case *schemas.GetTargetHistoryResult:
		if r != nil {
			of, rows = r.Query.Organization, len(r.Entries)
		}
	}
	return string(of.ID), rows
}
