package prompts

import (
	"context"
	"strconv"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

// offboardingReviewArguments name who leaves.
type offboardingReviewArguments struct {
	Actor string `json:"actor" jsonschema:"minLength=1,maxLength=200" jsonschema_description:"Who leaves or has left: name, e-mail address or id."`
	scope
}

func offboardingReview() prompt[offboardingReviewArguments] {
	const days = 90
	return prompt[offboardingReviewArguments]{
		name:        "offboarding_review",
		title:       "Review of somebody who leaves",
		description: "What somebody who leaves did, against the time before it, what they made, which connections, keys and webhooks are theirs, and what was done to their membership. Default: the last 90 days.",
		collect: func(ctx context.Context, service *analysis.Service, a offboardingReviewArguments) (string, []part, error) {
			filter, query, err := a.resolve(ctx, service, days, a.Actor)
			if err != nil {
				return "", nil, err
			}
			// What somebody made matters however long ago that was.
			ever := filter
			ever.From, ever.To = "all", ""
			made := ever
			made.Event = []string{"*_created"}
			parts := []part{
				asked(ctx, service, "get_actor_activity", schemas.GetActorActivityArguments{
					Actor: a.Actor, OrganizationID: a.OrganizationID, From: filter.From, To: filter.To, Timezone: filter.Timezone,
				}, tools.GetActorActivity),
				asked(ctx, service, "count_audit_logs", schemas.CountAuditLogsArguments{Filter: made, GroupBy: []string{"event", "team"}, Limit: 15}, tools.CountAuditLogs),
				listed(ctx, service, ever, service.OwnershipEvents),
			}
			if len(query.Actors) > 0 {
				// Changes of membership are logged under the id of whom they are about.
				membership := ever
				membership.Actor, membership.TargetID = nil, string(query.Actors[0].ID)
				parts = append(parts, listed(ctx, service, membership, service.MembershipEvents))
			}
			return "Review of " + strconv.Quote(a.Actor) + ", who leaves or has left a Make.com organization, by its audit log, " + window(filter) + ": what did they do that needs a look, what did they make that needs a new owner or an end, and what does this data not show?", parts, nil
		},
	}
}
