package prompts

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
)

func securityReview() prompt[schemas.SecurityReviewArguments] {
	const days = 30
	return prompt[schemas.SecurityReviewArguments]{
		name:  "security_review",
		title: "Security review of a period",
		description: "What stands out of a period, and what happened in it, against the period before: by category and person, changes " +
			"to access and secrets, deletions, work at night. Default: the last 30 days.",
		collect: func(ctx context.Context, service *analysis.Service, a schemas.SecurityReviewArguments) (string, []part, error) {
			f, _, err := resolve(ctx, service, a.Scope, days)
			if err != nil {
				return "", nil, err
			}
			f.Team = listOf(a.Team)
			parts := []part{
				suspicious(ctx, service, f),
				counted(ctx, service, f, schemas.CountAuditLogsArguments{GroupBy: []string{"category"}, CompareToPrevious: true}),
				counted(ctx, service, f, schemas.CountAuditLogsArguments{GroupBy: []string{"actor"}, CompareToPrevious: true, Limit: 15}),
				counted(ctx, service, f, schemas.CountAuditLogsArguments{GroupBy: []string{"actor"}, Hours: "22-06", Limit: 10}),
				counted(ctx, service, f.of("*_deleted", "*_removed"),
					schemas.CountAuditLogsArguments{GroupBy: []string{"actor", "event"}, Limit: 15}),
				ofEvents(ctx, f, service.AccessEvents, "count_audit_logs", func(f filter) part {
					return counted(ctx, service, f, schemas.CountAuditLogsArguments{GroupBy: []string{"event", "actor"}})
				}),
				listedOf(ctx, service, f, service.PowerEvents),
			}
			return "Security review of a Make.com organization's audit log, " + f.span() +
				": what needs attention, what is unusual against the period before, what should be asked next, and what does this " +
				"data not show?", parts, nil
		},
	}
}
