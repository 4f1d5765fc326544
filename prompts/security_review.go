package prompts

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

// securityReviewArguments choose what is reviewed.
type securityReviewArguments struct {
	scope
	Team string `json:"team,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One team only, by name or id."`
}

func securityReview() prompt[securityReviewArguments] {
	const days = 30
	return prompt[securityReviewArguments]{
		name:        "security_review",
		title:       "Security review of a period",
		description: "What happened in a period, against the period before: by category and person, changes to access and secrets, deletions, work at night. Default: the last 30 days.",
		collect: func(ctx context.Context, service *analysis.Service, a securityReviewArguments) (string, []part, error) {
			filter, _, err := a.resolve(ctx, service, days)
			if err != nil {
				return "", nil, err
			}
			filter.Team = listOf(a.Team)
			deleted := filter
			deleted.Event = []string{"*_deleted", "*_removed"}
			var parts []part
			for _, count := range []schemas.CountAuditLogsArguments{
				{Filter: filter, GroupBy: []string{"category"}, CompareToPrevious: true},
				{Filter: filter, GroupBy: []string{"actor"}, CompareToPrevious: true, Limit: 15},
				{Filter: filter, GroupBy: []string{"actor"}, Hours: "22-06", Limit: 10},
				{Filter: deleted, GroupBy: []string{"actor", "event"}, Limit: 15},
			} {
				parts = append(parts, asked(ctx, service, "count_audit_logs", count, tools.CountAuditLogs))
			}
			parts = append(parts, ofEvents(ctx, filter, service.AccessEvents, "count_audit_logs", func(filter schemas.Filter) part {
				count := schemas.CountAuditLogsArguments{Filter: filter, GroupBy: []string{"event", "actor"}}
				return asked(ctx, service, "count_audit_logs", count, tools.CountAuditLogs)
			}), listed(ctx, service, filter, service.PowerEvents))
			return "Security review of a Make.com organization's audit log, " + window(filter) + ": what needs attention, what is unusual against the period before, what should be asked next, and what does this data not show?", parts, nil
		},
	}
}
