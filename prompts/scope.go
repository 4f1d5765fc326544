package prompts

import (
	"context"
	"fmt"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
	"make-audit-mcp/tools"
)

// filter is what a part of a prompt is about: as a call of a tool has it, so that it can be asked again, and the window that its instants
// stand for.
type filter struct {
	schemas.Filter
	window *auditlog.Window // nil: the instants say it
}

// resolve understands the scope once for all parts, which then are about the same instants. days is how far back the window reaches that
// has no beginning.
func resolve(
	ctx context.Context, service *analysis.Service, s schemas.Scope, days int, actors ...string,
) (filter, auditlog.Query, error) {
	asked, err := service.Resolve(ctx, tools.FilterOf(schemas.Filter{OrganizationID: s.OrganizationID, Actor: actors,
		Window: schemas.Window{From: s.From, To: s.To, Period: s.Period, Timezone: s.Timezone}}), days)
	if err != nil {
		return filter{}, auditlog.Query{}, err
	}
	window := asked.Query.Window
	return filter{window: &window, Filter: schemas.Filter{
		OrganizationID: s.OrganizationID, Actor: actors,
		Window: schemas.Window{From: answer.Time(window.From, window.Location), To: answer.Time(window.To, window.Location),
			Timezone: window.Location.String()},
	}}, asked.Query, nil
}

// ever is the filter without its window: over everything that there is.
func (f filter) ever() filter {
	f.From, f.To, f.window = "all", "", nil
	return f
}

// of is the filter for events.
func (f filter) of(events ...string) filter {
	f.Event = events
	return f
}

func (f filter) resolve(ctx context.Context, service *analysis.Service) (*question.Question, error) {
	asked := tools.FilterOf(f.Filter)
	asked.Window = f.window
	return service.Resolve(ctx, asked, 0) // each has a beginning
}

// span says in words which window the filter is about.
func (f filter) span() string {
	return fmt.Sprintf("%s to %s (%s)", f.From, f.To, f.Timezone)
}

// listOf leaves a list of a filter out where nothing was given.
func listOf(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
