package tools

import (
	"strconv"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// FilterOf maps the arguments to the question's filter.
func FilterOf(f schemas.Filter) question.Filter {
	return question.Filter{
		OrganizationID: organizationID(f.OrganizationID),
		Teams:          f.Team,
		Actors:         f.Actor,
		ExcludeActors:  f.ExcludeActor,
		Events:         f.Event,
		ExcludeEvents:  f.ExcludeEvent,
		TargetID:       f.TargetID,
		From:           f.From,
		To:             f.To,
		Period:         f.Period,
		Timezone:       f.Timezone,
	}
}

func organizationID(id int64) auditlog.ID {
	if id == 0 {
		return ""
	}
	return auditlog.ID(strconv.FormatInt(id, 10))
}
