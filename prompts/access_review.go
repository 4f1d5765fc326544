package prompts

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

func accessReview() prompt[schemas.AccessReviewArguments] {
	const days, everybody = 90, 200
	return prompt[schemas.AccessReviewArguments]{
		name:  "access_review",
		title: "Review of who has access",
		description: "Who is there, with which roles, last login and two-factor state, who is idle, new or gone, what they made that gives " +
			"access, and changes of roles and membership. Default: the last 90 days.",
		collect: func(ctx context.Context, service *analysis.Service, a schemas.AccessReviewArguments) (string, []part, error) {
			f, _, err := resolve(ctx, service, a.Scope, days)
			if err != nil {
				return "", nil, err
			}
			f.Team = listOf(a.Team)
			people := schemas.ListPeopleArguments{OrganizationID: a.OrganizationID, Team: f.Team, Window: f.Window, Limit: everybody}
			parts := []part{
				asked(ctx, service, "list_people", f, people, tools.People),
				listedOf(ctx, service, f, service.MembershipEvents),
			}
			return "Review of who has access to a Make.com organization, by its audit log and by Make's lists of people, " + f.span() +
				": whose access should end or shrink, who is gone though what they made still gives access, who signs in without a " +
				"second factor, and what does this data not show?", parts, nil
		},
	}
}
