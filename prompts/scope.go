package prompts

import (
	"context"
	"fmt"
	"strconv"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// scope are the arguments that all prompts have. A client shows them as fields of
// a form, so that all are text.
type scope struct {
	From           string `json:"from,omitempty" jsonschema:"maxLength=60" jsonschema_description:"Start: 7d, last month, 2026-10, 2026-10-03T14:00 ..."`
	To             string `json:"to,omitempty" jsonschema:"maxLength=60" jsonschema_description:"End, same forms; now if left out."`
	Timezone       string `json:"timezone,omitempty" jsonschema:"maxLength=60" jsonschema_description:"IANA zone in which days and hours are meant."`
	OrganizationID int64  `json:"organization_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Organization id; needed only if several are visible and no default is set."`
}

// resolve understands the scope once for all parts, which then are about the same
// instants. days is how far back the window reaches that has no beginning.
func (s scope) resolve(ctx context.Context, service *analysis.Service, days int, actors ...string) (schemas.Filter, auditlog.Query, error) {
	filter := question.Filter{OrganizationID: s.organization(), Actors: actors, From: s.From, To: s.To, Timezone: s.Timezone}
	asked, err := service.Resolve(ctx, filter, days)
	if err != nil {
		return schemas.Filter{}, auditlog.Query{}, err
	}
	window := asked.Query.Window
	return schemas.Filter{
		OrganizationID: s.OrganizationID, Actor: actors, Timezone: window.Location.String(),
		From: answer.Time(window.From, window.Location), To: answer.Time(window.To, window.Location),
	}, asked.Query, nil
}

func (s scope) organization() auditlog.ID {
	if s.OrganizationID == 0 {
		return ""
	}
	return auditlog.ID(strconv.FormatInt(s.OrganizationID, 10))
}

// window says which window a filter is about, in words.
func window(f schemas.Filter) string {
	return fmt.Sprintf("%s to %s (%s)", f.From, f.To, f.Timezone)
}

// listOf leaves a list of a filter out where nothing was given.
func listOf(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
