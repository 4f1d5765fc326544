package prompts

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/schemas"
)

// incidentTimelineArguments narrow an incident.
type incidentTimelineArguments struct {
	scope
	Actor    string `json:"actor,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One person only."`
	Team     string `json:"team,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One team only."`
	Event    string `json:"event,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One event, category or glob such as *_deleted only."`
	TargetID string `json:"target_id,omitempty" jsonschema:"maxLength=200" jsonschema_description:"One object only, by its id."`
}

// timelineEntries is how many entries a timeline has at most.
const timelineEntries = 80

func incidentTimeline() prompt[incidentTimelineArguments] {
	const days = 1
	return prompt[incidentTimelineArguments]{
		name:        "incident_timeline",
		title:       "Timeline of an incident",
		description: "What stands out of a window, what happened in it, oldest first, and who did how much of it. Default: the last day.",
		collect: func(ctx context.Context, service *analysis.Service, a incidentTimelineArguments) (string, []part, error) {
			f, _, err := a.resolve(ctx, service, days)
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
