package answer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// What stands for the lack of something, where there is no id.
const (
	noActor    auditlog.Text = "none (the system)"
	noTeam     auditlog.Text = "none (no team on the entry)"
	noCategory auditlog.Text = "none (not in Make's catalog)"
)

const (
	// maxSharingFirst bounds how many groups are listed beyond the limit, as what can be asked for.
	maxSharingFirst = 200
	// maxEvents bounds the events that are listed of a target.
	maxEvents = 5
)

// Counted shows a count with at most limit groups, more where the first place is shared, fewer where they do not fit into size characters.
func Counted(asked *question.Question, request analysis.CountRequest, counting *analysis.Counting, limit,
	size int) *schemas.CountAuditLogsResult {
	location := asked.Query.Window.Location
	isCovered := !counting.Report.Coverage.IsEmpty()
	if !isCovered {
		counting = &analysis.Counting{Previous: counting.Previous, Report: counting.Report} // no number says anything of the window
	}
	result := &schemas.CountAuditLogsResult{
		Answer:     Common(asked, counting.Report),
		Groups:     []schemas.CountGroup{},
		GroupCount: len(counting.Groups),
	}
	if isCovered {
		result.Total = &counting.Total
	}
	if isCovered && request.Distinct != "" {
		result.DistinctTotal = &counting.Distinct
	}
	if !request.Hours.IsWholeDay() {
		result.Query.Hours = request.Hours.String()
	}
	result.Query.Weekdays = request.Weekdays.Names()
	byGroup := false
	if previous := counting.Previous; previous != nil {
		byGroup = previous.ByGroup
		result.Previous = &schemas.PreviousPeriod{
			From: Time(previous.Window.From, location), To: Time(previous.Window.To, location), Complete: previous.Report.Complete,
		}
		if !previous.Report.Coverage.IsEmpty() {
			result.Previous.Total, result.Previous.GroupsGone = &previous.Total, previous.Gone
		}
		warnOfPrevious(result, asked, request, previous)
	}
	if counting.Total == 0 && counting.Report.Complete {
		result.Warn(WhyEmpty(&result.Answer, &asked.Query))
	}
	WarnOfBounds(&result.Answer, counting.Report)
	WarnOfNames(result, counting.NamesError)
	if over := len(counting.Groups) - limit; over > 0 && request.OrderBy == "" && request.OrderDir == "" &&
		request.GroupBy[0].IsPeriod() {
		result.Warn(fmt.Sprintf("groups come in order of time, and the last %d are not listed: a larger limit lists them, order_dir desc "+
			"begins with them", over))
	}
	if counting.SharingFirst > limit {
		limit = min(counting.SharingFirst, maxSharingFirst)
		result.Warn(fmt.Sprintf("%d groups share the first place, so more than limit are listed", counting.SharingFirst))
	}
	for _, group := range counting.Groups[:min(len(counting.Groups), limit)] {
		result.Groups = append(result.Groups, countGroup(group, request.Distinct != "", byGroup, location))
	}
	const ownWarnings = 100 // what the cut itself adds
	fitting := Fit(result.Groups, size-Size(result)+Size(result.Groups)-SpareSize-ownWarnings)
	if fitting < len(result.Groups) {
		result.Groups = result.Groups[:fitting]
		result.Warn(fmt.Sprintf("%d groups are listed, more would be too large an answer; other_count has the rest", fitting))
	}
	if slices.ContainsFunc(counting.Groups[:len(result.Groups)], func(g *analysis.Group) bool { return g.MixesKinds }) {
		result.Warn("target ids are unique only within a kind of object, and some groups hold several kinds: group by target and " +
			"category, or filter by event, to part them")
	}
	warnOfOddDays(result, asked.Query.Window)
	if len(request.GroupBy) > 0 {
		result.OtherCount = counting.Total
		for _, group := range result.Groups {
			result.OtherCount -= group.Count
		}
	}
	return result
}

// warnOfPrevious says what the comparison does not rest on.
func warnOfPrevious(result *schemas.CountAuditLogsResult, asked *question.Question, request analysis.CountRequest,
	previous *analysis.PreviousCounting) {
	location := asked.Query.Window.Location
	for _, note := range question.NotesOnClocks(previous.Window) {
		result.Warn("the period before: " + note)
	}
	for _, note := range asked.NotesOnLate(previous.Window.From) {
		if !slices.Contains(result.Warnings, note) {
			result.Warn(note)
		}
	}
	switch {
	case previous.Failure != nil:
		result.Warn("the period before could not be read, so nothing is compared: " + auditlog.Text(Explain(previous.Failure)).Clean())
	case previous.Report.Coverage.IsEmpty():
		result.Warn("nothing vouches for the period before" + lacking(previous.Report, location) + ", so nothing is compared")
	case !previous.Report.Complete:
		result.Warn("the period before is not wholly covered" + lacking(previous.Report, location) + ": its numbers are lower bounds")
	}
	switch {
	case previous.ByGroup || len(request.GroupBy) == 0:
	case request.OrderBy == analysis.OrderByChange:
		result.Warn("groups come by count, since their change is not known")
	case result.Previous.Total != nil:
		result.Warn("groups by hour, day, week or month have no counterpart in the period before: only the totals are compared")
	}
}

// warnOfOddDays says of the days that are listed which of them are longer or shorter than others.
func warnOfOddDays(result *schemas.CountAuditLogsResult, window auditlog.Window) {
	for _, odd := range question.OddDays(window) {
		isListed := slices.ContainsFunc(result.Groups, func(g schemas.CountGroup) bool {
			return strings.HasPrefix(cmp.Or(g.Key.Day, g.Key.Hour), odd.Date)
		})
		if isListed && !slices.Contains(result.Warnings, odd.Note) {
			result.Warn(odd.Note)
		}
	}
}

// WarnOfBounds says what numbers are that do not rest on the whole window.
func WarnOfBounds(a *schemas.Answer, report auditlog.Report) {
	switch {
	case report.Complete:
	case report.Coverage.IsEmpty():
		a.Warn("nothing vouches for this window, so these numbers say nothing of it: see coverage.gaps")
	case len(report.Coverage.Gaps) > 0:
		a.Warn("the numbers are of the covered part of the window; what happened in coverage.gaps is not known, so they are lower bounds " +
			"for the whole of it")
	default:
		a.Warn("records are missing or could not be read, so the numbers are lower bounds")
	}
}

// WarnOfTeams says how many entries a filter for those without a team keeps out, though they are of the same events; failure is why they
// could not be counted.
func WarnOfTeams(a *schemas.Answer, keptOut int, failure error) {
	switch atLeast := ""; {
	case failure != nil:
		a.Warn("team none may keep out entries of the same events that have a team; they could not be counted")
	case keptOut > 0:
		if !a.Complete {
			atLeast = "at least "
		}
		a.Warn(fmt.Sprintf("team none keeps out %s%d entries of the same events that have a team: leave team out to have them, too",
			atLeast, keptOut))
	}
}

// lacking returns the first gap of a report.
func lacking(report auditlog.Report, location *time.Location) string {
	if len(report.Coverage.Gaps) == 0 {
		return ""
	}
	gap := report.Coverage.Gaps[0]
	return fmt.Sprintf(" (not from %s to %s: %s)", Time(gap.From, location), Time(gap.To, location), gap.Reason)
}

func countGroup(group *analysis.Group, withDistinct, withPrevious bool, location *time.Location) schemas.CountGroup {
	shown := schemas.CountGroup{Count: group.Count, TargetName: group.TargetName}
	if group.Count > 0 {
		shown.FirstAt, shown.LastAt = Time(group.FirstAt, location), Time(group.LastAt, location)
	}
	if withDistinct {
		shown.Distinct = &group.Distinct
	}
	for _, value := range group.Values {
		addKey(&shown.Key, value)
	}
	if !group.MixesKinds {
		shown.Kind = group.Kind
	}
	if shown.Key.Event == nil {
		events := slices.Sorted(slices.Values(group.Events))
		shown.Events = events[:min(len(events), maxEvents)]
		if len(events) > maxEvents {
			shown.EventsTotal = len(events)
		}
	}
	if withPrevious {
		change := group.Count - group.Previous
		shown.PreviousCount, shown.Change = &group.Previous, &change
	}
	return shown
}

func addKey(key *schemas.GroupKey, value analysis.Value) {
	text := auditlog.Text(value.ID)
	switch value.Dimension {
	case analysis.GroupByActor:
		actor := actorOf(value.Actor)
		key.Actor = &actor
	case analysis.GroupByTeam:
		team := teamOf(value.Team)
		key.Team = &team
	case analysis.GroupByEvent:
		key.Event = &text
	case analysis.GroupByCategory:
		if text == "" {
			text = noCategory
		}
		key.Category = &text
	case analysis.GroupByTarget:
		key.Target = &text
	case analysis.GroupByHour:
		key.Hour = value.ID
	case analysis.GroupByDay:
		key.Day = value.ID
	case analysis.GroupByWeek:
		key.Week = value.ID
	case analysis.GroupByMonth:
		key.Month = value.ID
	case analysis.GroupByHourOfDay:
		hour, _ := strconv.Atoi(value.ID) // 0 to 23
		key.HourOfDay = &hour
	case analysis.GroupByWeekday:
		day, _ := strconv.Atoi(value.ID) // 0 to 6, from Monday on
		key.Weekday = time.Weekday((day + 1) % 7).String()
	}
}

func actorOf(actor *auditlog.Actor) auditlog.Actor {
	if actor == nil {
		return auditlog.Actor{Name: noActor}
	}
	return *actor
}

func teamOf(team *auditlog.Ref) auditlog.Ref {
	if team == nil || team.ID == "" {
		return auditlog.Ref{Name: noTeam}
	}
	return *team
}
