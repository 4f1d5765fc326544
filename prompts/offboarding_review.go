package prompts

import (
	"context"
	"strconv"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

func offboardingReview() prompt[schemas.OffboardingReviewArguments] {
	const days = 90
	return prompt[schemas.OffboardingReviewArguments]{
		name:  "offboarding_review",
		title: "Review of somebody who leaves",
		description: "What somebody who leaves did, against the time before it, what they made, which connections, keys and webhooks are " +
			"theirs, and what was done to their membership. Default: the last 90 days.",
		collect: func(ctx context.Context, service *analysis.Service, a schemas.OffboardingReviewArguments) (string, []part, error) {
			f, query, err := resolve(ctx, service, a.Scope, days, a.Actor)
			if err != nil {
				return "", nil, err
			}
			activity := schemas.GetActorActivityArguments{Actor: a.Actor, OrganizationID: a.OrganizationID, Window: f.Window}
			ever := f.ever() // what somebody made matters however long ago that was
			parts := []part{
				asked(ctx, service, "get_actor_activity", f, activity, tools.Activity),
				counted(ctx, service, ever.of("*_created"), schemas.CountAuditLogsArguments{GroupBy: []string{"event", "team"}, Limit: 15}),
				listedOf(ctx, service, ever, service.OwnershipEvents),
			}
			if len(query.Actors) > 0 {
				// Changes of membership are logged under the id of whom they are about.
				membership := ever
				membership.Actor, membership.TargetID = nil, string(query.Actors[0].ID)
				parts = append(parts, listedOf(ctx, service, membership, service.MembershipEvents))
			}
			return "Review of " + strconv.Quote(a.Actor) + ", who leaves or has left a Make.com organization, by its audit log, " +
				f.span() + ": what did they do that needs a look, what did they make that needs a new owner or an end, and what does " +
				"this data not show?", parts, nil
		},
	}
}
