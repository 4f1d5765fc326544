package answer

import (
	"fmt"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// How much of each list of an activity is shown.
const (
	maxTallies         = 25
	maxNotable         = 12
	maxNotablePerEvent = 3
	maxOutside         = 10
	maxFindings        = 6
	maxEvidence        = 5
)

// Activity shows what one actor did, and what the objects of [ShownNotable] are called.
func Activity(asked *question.Question, a *analysis.Activity, names analysis.TargetNames) *schemas.GetActorActivityResult {
	location := asked.Query.Window.Location
	result := &schemas.GetActorActivityResult{
		Answer: Common(asked, a.Report),
		Actor: schemas.ActivityActor{Actor: a.Actor, Kind: string(a.ActorType), KindReason: a.ActorTypeReason,
			Timezone: auditlog.Text(a.Timezone)},
		ByHour:     a.Hours[:],
		ActiveDays: a.ActiveDays,
		Baseline: schemas.Baseline{
			From: Time(a.Baseline.Window.From, location), To: Time(a.Baseline.Window.To, location), Days: a.Baseline.Days,
			Entries: a.Baseline.Entries, ActiveDays: a.Baseline.ActiveDays, Complete: a.Baseline.Report.Complete, Note: baselineNote(a),
		},
		UsualHours: schemas.UsualHours{Timezone: a.Usual.Location.String(), TimezoneSource: "window",
			Hours: append([]string{}, a.Usual.Ranges()...), Reason: a.Usual.Reason},
		OutsideUsualHours: schemas.OutsideHours{UUIDs: uuids(a.Outside, maxOutside)},
	}
	if !a.Report.Coverage.IsEmpty() {
		total := len(a.Entries)
		result.Total = &total
	}
	if a.ActorType == detect.System {
		result.Actor.Name = noActor
	}
	if len(a.Entries) > 0 {
		first, last := Time(a.Entries[len(a.Entries)-1].TriggeredAt, location), Time(a.Entries[0].TriggeredAt, location)
		result.FirstAt, result.LastAt = &first, &last
	}
	if a.Usual.IsOwn {
		result.UsualHours.TimezoneSource = "person"
	}
	if a.Usual.IsKnown() {
		count := len(a.Outside)
		result.OutsideUsualHours.Count = &count
	}
	addTallies(result, a, location)
	addNotable(result, a, EntryStyle{Location: location, WithKind: true, Names: names})
	WarnOfBounds(&result.Answer, a.Report)
	if len(a.Entries) == 0 {
		result.Warn(idle(a))
	}
	cutActivity(result)
	return result
}

// baselineNote says what a baseline is too small for.
func baselineNote(a *analysis.Activity) string {
	coverage := a.Baseline.Report.Coverage
	switch {
	case coverage.IsEmpty():
		return "nothing vouches for the time before the window, so nothing can be called new or unusual; a later from leaves room " +
			"for a baseline"
	case a.Baseline.Entries == 0:
		return "no baseline: no entry of this actor in the covered part of it, so everything in the window is new, and nothing can be " +
			"called unusual"
	case !a.Baseline.Report.Complete:
		return "part of the baseline is not covered: what is called new may only be unseen"
	}
	return ""
}

// idle says what an empty activity means.
func idle(a *analysis.Activity) string {
	if a.Actor.Name == "" && a.ActorType != detect.System && a.Baseline.Entries == 0 {
		return "no entry of an actor with this id, and Make's catalog does not know the id; list_audit_log_filters with kind users lists " +
			"who is known"
	}
	return "no entries of this actor in the covered part of the window"
}

func addTallies(result *schemas.GetActorActivityResult, a *analysis.Activity, location *time.Location) {
	type event = analysis.Tally[auditlog.Text]
	type team = analysis.Tally[*auditlog.Ref]
	result.ByEvent, result.ByEventTotal = firstOf(a.Events, maxTallies, func(t event) schemas.EventCount {
		return schemas.EventCount{Event: t.Value, Count: t.Count, BaselineCount: t.Baseline}
	})
	result.ByTeam, result.ByTeamTotal = firstOf(a.Teams, maxTallies, func(t team) schemas.TeamCount {
		return schemas.TeamCount{Team: teamOf(t.Value), Count: t.Count, BaselineCount: t.Baseline}
	})
	result.NewEvents, result.NewEventsTotal = firstOf(a.NewEvents(), maxTallies, func(t event) schemas.NewEvent {
		return schemas.NewEvent{Event: t.Value, Count: t.Count, FirstAt: Time(t.FirstAt, location)}
	})
	var unseen [][]auditlog.Event
	for _, event := range a.NewEvents() {
		unseen = append(unseen, []auditlog.Event{{Value: event.Value}})
	}
	for _, note := range question.NotesOnLate(unseen, a.Baseline.Window.From) {
		result.Warn(note)
	}
	result.NewTeams, result.NewTeamsTotal = firstOf(a.NewTeams(), maxTallies, func(t team) schemas.NewTeam {
		return schemas.NewTeam{Team: teamOf(t.Value), Count: t.Count, FirstAt: Time(t.FirstAt, location)}
	})
}

// ShownNotable are those of the notable entries that are shown: at most a few of each event.
func ShownNotable(a *analysis.Activity) []detect.Notable {
	var shown []detect.Notable
	ofEvent := map[auditlog.Text]int{}
	for _, notable := range a.Notable {
		ofEvent[notable.Entry.Event]++
		if ofEvent[notable.Entry.Event] <= maxNotablePerEvent && len(shown) < maxNotable {
			shown = append(shown, notable)
		}
	}
	return shown
}

func addNotable(result *schemas.GetActorActivityResult, a *analysis.Activity, style EntryStyle) {
	result.Notable, result.NotableTotal = []schemas.NotableEntry{}, len(a.Notable)
	for _, notable := range ShownNotable(a) {
		shown := schemas.NotableEntry{Entry: style.Entry(notable.Entry), Why: notable.Why()}
		shown.Actor = nil // whose activity it is, is said once
		result.Notable = append(result.Notable, shown)
	}
	result.Findings, result.FindingsTotal = firstOf(a.Findings, maxFindings, func(f detect.Finding) schemas.Finding {
		shown := Finding(&f, style.Location, maxEvidence)
		shown.Actor = nil // as above
		return shown
	})
}

// cutActivity cuts the lists to what fits, those first that say least.
func cutActivity(r *schemas.GetActorActivityResult) {
	// First down to a few of each list, then all: names may be long.
	for _, drop := range []func() bool{
		dropLast(&r.Notable, 3), dropLast(&r.ByEvent, 5), dropLast(&r.NewEvents, 3), dropLast(&r.ByTeam, 5), dropLast(&r.NewTeams, 3),
		dropLast(&r.OutsideUsualHours.UUIDs, 3),
		dropLast(&r.Findings, 3),
		dropLast(&r.Notable, 0), dropLast(&r.NewEvents, 0), dropLast(&r.NewTeams, 0), dropLast(&r.ByTeam, 0), dropLast(&r.ByEvent, 0),
	} {
		for dropped := true; dropped && Size(r) > DefaultSize-3*SpareSize; {
			dropped = drop()
		}
	}
	for _, list := range []struct {
		name         string
		shown, total int
	}{
		{"by_event", len(r.ByEvent), r.ByEventTotal}, {"by_team", len(r.ByTeam), r.ByTeamTotal},
		{"new_events", len(r.NewEvents), r.NewEventsTotal}, {"new_teams", len(r.NewTeams), r.NewTeamsTotal},
		{"findings", len(r.Findings), r.FindingsTotal},
	} {
		if list.shown < list.total {
			r.Warn(fmt.Sprintf("%s lists %d of %d", list.name, list.shown, list.total))
		}
	}
	if len(r.Notable) < r.NotableTotal {
		r.Warn(fmt.Sprintf("notable lists %d of %d; list_audit_logs with actor and event lists all", len(r.Notable), r.NotableTotal))
	}
}

// dropLast drops the last item of a list of more than so many, and reports whether it did.
func dropLast[T any](list *[]T, keep int) func() bool {
	return func() bool {
		drops := len(*list) > keep
		if drops {
			*list = withoutLast(*list)
		}
		return drops
	}
}

func withoutLast[T any](list []T) []T { return list[:len(list)-1] }

// uuids are those of the first entries, at most so many.
func uuids(entries []*auditlog.Entry, most int) []string {
	shown, _ := firstOf(entries, most, func(e *auditlog.Entry) string { return auditlog.Text(e.UUID).Clean() })
	return shown
}
