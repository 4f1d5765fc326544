package analysis

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/question"
)

// DefaultBaselineDays is how long the baseline is that nobody chose.
const DefaultBaselineDays = 90

// Activity is what one actor did in a window, against the time before it.
type Activity struct {
	// Actor is the zero actor for the system.
	Actor auditlog.Actor
	// Timezone is the actor's own, as Make has it; empty if it has none.
	Timezone string

	// Entries are those of the window, newest first.
	Entries []*auditlog.Entry
	// Events and Teams are tallied, most first; a team may be nil.
	Events []Tally[auditlog.Text]
	Teams  []Tally[*auditlog.Ref]
	// Hours counts by hour of the day, and ActiveDays days, by the window's clocks.
	Hours      [24]int
	ActiveDays int

	Baseline Baseline
	Report   auditlog.Report

	detect.Assessment
	Findings []detect.Finding
}

// Tally counts one value, in the window and in the baseline.
type Tally[T any] struct {
	Value    T
	Count    int
	Baseline int
	// FirstAt is the oldest in the window.
	FirstAt time.Time
}

// Baseline is the time before the window.
type Baseline struct {
	Window     auditlog.Window
	Days       int
	Entries    int
	ActiveDays int
	Report     auditlog.Report
}

// NewEvents are the events of the window that the baseline lacks; none where the baseline has no entry, since everything is new then.
func (a *Activity) NewEvents() []Tally[auditlog.Text] { return onlyNew(a, a.Events) }

// NewTeams are the teams of the window that the baseline lacks, as NewEvents.
func (a *Activity) NewTeams() []Tally[*auditlog.Ref] { return onlyNew(a, a.Teams) }

func onlyNew[T any](a *Activity, tallies []Tally[T]) []Tally[T] {
	if a.Baseline.Entries == 0 {
		return nil
	}
	var found []Tally[T]
	for _, tally := range tallies {
		if tally.Baseline == 0 {
			found = append(found, tally)
		}
	}
	return found
}

// Activity reads what the one actor of a query did, in its window and in so many days before; both at once.
func (s *Service) Activity(ctx context.Context, q auditlog.Query, baselineDays int) (*Activity, error) {
	catalog, err := s.Directory.Catalog(ctx, q.Organization.ID)
	if err != nil {
		return nil, err
	}
	a := &Activity{Baseline: Baseline{Days: baselineDays, Window: question.DaysBefore(q.Window, baselineDays)}}
	isSystem := len(q.Actors) == 0
	if !isSystem {
		a.Actor = q.Actors[0]
		a.Timezone = s.Directory.UserTimezone(ctx, q.Organization.ID, a.Actor.ID)
	}
	window := q.Window
	q.Window.From = a.Baseline.Window.From
	var before []*auditlog.Entry
	report, err := s.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
		if entry.TriggeredAt.Before(window.From) {
			before = append(before, entry)
		} else {
			a.Entries = append(a.Entries, entry)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	a.Report, a.Baseline.Report = report.Within(window), report.Within(a.Baseline.Window)
	a.tally(before, window.Location)
	log := &detect.Log{Entries: slices.Concat(a.Entries, before), Window: window, Baseline: a.Baseline.Window, Catalog: catalog,
		Zone: a.zone, OneActor: true}
	var who *auditlog.Actor
	if !isSystem {
		a.name(before)
		who = &a.Actor
	}
	found, err := s.Detector.Find(ctx, log)
	if err != nil {
		return nil, err
	}
	a.Assessment, a.Findings = found.Assess(who), found.Findings
	return a, nil
}

// zone is the actor's own; one that this machine does not know is as good as none.
func (a *Activity) zone(auditlog.ID) *time.Location {
	own, err := question.ParseLocation(a.Timezone)
	if err != nil {
		return nil
	}
	return own
}

// name takes name and address from the log where the catalog does not have them: someone who left is known by id only.
func (a *Activity) name(before []*auditlog.Entry) {
	if a.Actor.Name != "" {
		return
	}
	for _, entries := range [][]*auditlog.Entry{a.Entries, before} {
		if len(entries) > 0 && entries[0].Actor != nil {
			a.Actor = *entries[0].Actor
			return
		}
	}
}

func (a *Activity) tally(before []*auditlog.Entry, location *time.Location) {
	events, teams := map[auditlog.Text]*Tally[auditlog.Text]{}, map[auditlog.ID]*Tally[*auditlog.Ref]{}
	days := map[string]bool{}
	for _, entry := range a.Entries {
		local := entry.TriggeredAt.In(location)
		days[local.Format(time.DateOnly)] = true
		a.Hours[local.Hour()]++
		event, team := tallyOf(events, entry.Event, entry.Event), tallyOf(teams, entry.TeamID(), entry.Team)
		event.Count++
		team.Count++
		event.FirstAt, team.FirstAt = entry.TriggeredAt, entry.TriggeredAt // they come newest first
	}
	a.ActiveDays = len(days)
	clear(days)
	for _, entry := range before {
		days[entry.TriggeredAt.In(location).Format(time.DateOnly)] = true
		tallyOf(events, entry.Event, entry.Event).Baseline++
		tallyOf(teams, entry.TeamID(), entry.Team).Baseline++
	}
	a.Baseline.Entries, a.Baseline.ActiveDays = len(before), len(days)
	a.Events = sortedTallies(events, cmp.Compare[auditlog.Text])
	a.Teams = sortedTallies(teams, auditlog.ID.Compare)
}

func tallyOf[K comparable, T any](tallies map[K]*Tally[T], key K, value T) *Tally[T] {
	tally, ok := tallies[key]
	if !ok {
		tally = &Tally[T]{Value: value}
		tallies[key] = tally
	}
	return tally
}

// sortedTallies are those of the window, most first.
func sortedTallies[K comparable, T any](tallies map[K]*Tally[T], compare func(a, b K) int) []Tally[T] {
	keys := slices.SortedFunc(maps.Keys(tallies), func(a, b K) int {
		return cmp.Or(cmp.Compare(tallies[b].Count, tallies[a].Count), compare(a, b))
	})
	var sorted []Tally[T]
	for _, key := range keys {
		if tallies[key].Count > 0 {
			sorted = append(sorted, *tallies[key])
		}
	}
	return sorted
}
