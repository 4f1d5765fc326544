package answer

import (
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// How much a result repeats of each list of its filter: so many items, and so many characters of them.
const (
	maxEchoed     = 30
	maxEchoedSize = 1_200
)

// Common is the part that every result of a query has.
func Common(asked *question.Question, report auditlog.Report) schemas.Answer {
	q := &asked.Query
	location := q.Window.Location
	common := schemas.Answer{
		Query: schemas.Query{
			Organization: q.Organization,
			Endpoint:     report.Endpoint,
			From:         Time(q.Window.From, location),
			To:           Time(q.Window.To, location),
			Timezone:     location.String(),
			TargetID:     q.TargetID,
		},
		Source:     report.Source,
		Coverage:   coverage(report.Coverage, location),
		Complete:   report.Complete,
		Unreadable: len(report.Unreadable),
		Warnings:   append([]string{}, asked.Notes...),
	}
	if !asked.AsOf.IsZero() {
		common.Query.AsOf = common.Query.To
	}
	organization, system := teamOf(nil), actorOf(nil)
	shown := &common.Query
	shown.Team, shown.TeamTotal = echo(with(q.NoTeam, organization, q.Teams))
	shown.Actor, shown.ActorTotal = echo(with(q.System, system, q.Actors))
	shown.ExcludeActor, shown.ExcludeActorTotal = echo(with(q.ExcludeSystem, system, q.ExcludeActors))
	shown.Event, shown.EventTotal = echo(valuesOf(q.Events))
	shown.ExcludeEvent, shown.ExcludeEventTotal = echo(valuesOf(q.ExcludeEvents))
	common.Warnings = append(common.Warnings, report.Warnings...)
	return common
}

func with[T any](is bool, item T, items []T) []T {
	if !is {
		return items
	}
	return append([]T{item}, items...)
}

func valuesOf(events []auditlog.Event) []auditlog.Text {
	values, _ := firstOf(events, len(events), func(e auditlog.Event) auditlog.Text { return e.Value })
	return values
}

// echo cuts a list of the filter to what a result repeats of it.
func echo[T any](items []T) (shown []T, total int) {
	shown = items[:min(len(items), maxEchoed)]
	return shown[:Fit(shown, maxEchoedSize)], len(items)
}

func coverage(c auditlog.Coverage, location *time.Location) schemas.Coverage {
	var result schemas.Coverage
	if !c.IsEmpty() {
		from, to := Time(c.From, location), Time(c.To, location)
		result.From, result.To = &from, &to
	}
	result.Gaps, _ = firstOf(c.Gaps, len(c.Gaps), func(gap auditlog.Gap) schemas.Gap {
		return schemas.Gap{From: Time(gap.From, location), To: Time(gap.To, location), Reason: gap.Reason}
	})
	return result
}

// Time writes an instant in a zone, as RFC 3339 with as many digits of the second as it has.
func Time(t time.Time, location *time.Location) string {
	return t.In(location).Format(time.RFC3339Nano)
}

// WhyEmpty says why there are no entries: an empty list must not be taken for more than it says.
func WhyEmpty(a *schemas.Answer, q *auditlog.Query) string {
	switch {
	case a.Coverage.From == nil:
		return "no entries, and nothing vouches for this window: see coverage.gaps"
	case len(a.Coverage.Gaps) > 0:
		return "no entries in the covered part of the window; what happened in coverage.gaps is not known"
	case !a.Complete:
		return "no entries that could be read; unreadable and warnings say what may be missing"
	case q.TargetID != "":
		why := "the whole window was read, and nothing in it matches these filters: no entry that they let through has the target_id " +
			q.TargetID.Quote()
		if strings.Trim(string(q.TargetID), "0123456789") != "" {
			why += ", which was taken for an id: objects are known by name only where an archive holds their details"
		}
		return why
	case hasFilters(q):
		return "the whole window was read, and nothing in it matches these filters"
	}
	return "the whole window was read, and it has no entries"
}

func hasFilters(q *auditlog.Query) bool {
	return len(q.Teams)+len(q.Actors)+len(q.ExcludeActors)+len(q.Events)+len(q.ExcludeEvents) > 0 || q.NoTeam || q.System ||
		q.ExcludeSystem || q.TargetID != ""
}
