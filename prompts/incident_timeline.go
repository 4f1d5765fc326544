package prompts

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
)

// timelineEntries is how many entries a timeline has at most.
const timelineEntries = 80

func incidentTimeline() prompt[schemas.IncidentTimelineArguments] {
	const days = 1
	return prompt[schemas.IncidentTimelineArguments]{
		name:        "incident_timeline",
		title:       "Timeline of an incident",
		description: "What stands out of a window, what happened in it, oldest first, and who did how much of it. Default: the last day.",
		collect: func(ctx context.Context, service *analysis.Service, a schemas.IncidentTimelineArguments) (string, []part, error) {
			f, _, err := resolve(ctx, service, a.Scope, days)
			if err != nil {
				return "", nil, err
			}
			f.Actor, f.Team, f.Event, f.TargetID = listOf(a.Actor), listOf(a.Team), listOf(a.Event), a.TargetID
			return "Timeline of an incident in a Make.com organization, by its audit log, " + f.span() +
					": what happened in which order, who did it, what belongs together, and what does this data not show?", []part{
					listed(ctx, service, f, schemas.ListAuditLogsArguments{SortDir: "asc", Limit: timelineEntries}),
					counted(ctx, service, f, schemas.CountAuditLogsArguments{GroupBy: []string{"actor", "event"}}),
					suspicious(ctx, service, f), // last, since it reads much more
				}, nil
		},
	}
}
