package tools

import (
	"cmp"
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

func getActorActivity() Tool {
	return New(Tool{
		Name:  "get_actor_activity",
		Title: "Activity of one person",
		Description: "Shows what one person did in a window (default the last 30 days) against the time before it: by event, team and " +
			"hour, what is new, work outside usual hours, notable entries and findings. Serves as a report on somebody who leaves. " +
			"count_audit_logs compares people.",
		Answers: "One person, or somebody who leaves: get_actor_activity.",
		Example: `{"actor": "Marek Havelka", "from": "30d"}`,
		View:    answer.PersonView,
	}, handleGetActorActivity)
}

func handleGetActorActivity(
	ctx context.Context, service *analysis.Service, arguments schemas.GetActorActivityArguments,
) (*schemas.GetActorActivityResult, error) {
	asked, err := service.Resolve(ctx, question.Filter{
		OrganizationID: organizationID(arguments.OrganizationID), Actors: []string{arguments.Actor},
		From: arguments.From, To: arguments.To, Period: arguments.Period, Timezone: arguments.Timezone,
	}, defaultCountDays)
	if err != nil {
		return nil, err
	}
	return Activity(ctx, service, asked, arguments)
}

// Activity answers get_actor_activity for a question that was resolved from the arguments.
func Activity(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.GetActorActivityArguments,
) (*schemas.GetActorActivityResult, error) {
	activity, err := service.Activity(ctx, asked.Query, cmp.Or(arguments.BaselineDays, analysis.DefaultBaselineDays))
	if err != nil {
		return nil, err
	}
	if len(asked.Query.Actors) > 0 {
		asked.Query.Actors = []auditlog.Actor{activity.Actor} // with the name that only the log may know
	}
	asked.Notes = append(asked.Notes, service.Unfound(ctx, asked)...)
	var shown []*auditlog.Entry
	for _, notable := range answer.ShownNotable(activity) {
		shown = append(shown, notable.Entry)
	}
	names, err := service.TargetNames(ctx, asked.Query.Organization.ID, shown)
	result := answer.Activity(asked, activity, names)
	answer.WarnOfNames(result, err)
	return result, nil
}
