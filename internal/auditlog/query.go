package auditlog

import (
	"slices"
	"time"
)

// Query asks for entries of one organization. Every filter is resolved: ids and event values, no names. An empty filter lets everything
// through.
type Query struct {
	Organization Ref
	Window       Window

	// Teams lets through the entries of these teams; NoTeam, alone or beside them, those that have no team.
	Teams  []Ref
	NoTeam bool
	// Actors lets through what these did; System, alone or beside them, what has no actor.
	Actors []Actor
	System bool
	// Events lets through these events, by value.
	Events []Event
	// ExcludeActors, ExcludeSystem and ExcludeEvents keep back, after everything else.
	ExcludeActors []Actor
	ExcludeSystem bool
	ExcludeEvents []Event
	// TargetID lets through what was done to objects with this id, of any kind.
	TargetID Text

	// Want is how many entries the reader will probably take, so that no more is read ahead; 0 means all.
	Want int
	// WithDetails asks for the entries' details where the reader has them at hand; none asks Make for them, since each costs a call.
	WithDetails bool
	// Resume, where set, goes on behind an entry read before.
	Resume *Resume
}

// Resume says where an earlier read of the same query stopped.
type Resume struct {
	// After is the last entry that was delivered.
	After Position
	// Offset is a hint where it stood in Make's listing; 0 means none. It saves calls and is checked before it is believed.
	Offset int
}

// Position is an entry's place in the order of [CompareNewestFirst].
type Position struct {
	TriggeredAt time.Time
	UUID        string
}

// IsBefore reports whether the position comes before an entry in the listing.
func (p Position) IsBefore(e *Entry) bool {
	return CompareNewestFirst(&Entry{TriggeredAt: p.TriggeredAt, UUID: p.UUID}, e) < 0
}

// Matches reports whether an entry answers the query: its window and all filters. The organization and Resume are the reader's to keep.
func (q *Query) Matches(e *Entry) bool {
	return q.Window.Contains(e.TriggeredAt) && q.MatchesFilters(e)
}

// MatchesFilters is Matches without the window.
func (q *Query) MatchesFilters(e *Entry) bool {
	isTeam := func(t Ref) bool { return e.TeamID() != "" && t.ID == e.TeamID() }
	isActor := func(a Actor) bool { return e.Actor != nil && a.ID == e.Actor.ID }
	isEvent := func(t Event) bool { return t.Value == e.Event }
	switch {
	case (len(q.Teams) > 0 || q.NoTeam) && !(q.NoTeam && e.TeamID() == "") && !slices.ContainsFunc(q.Teams, isTeam),
		(len(q.Actors) > 0 || q.System) && !(q.System && e.Actor == nil) && !slices.ContainsFunc(q.Actors, isActor),
		q.ExcludeSystem && e.Actor == nil || slices.ContainsFunc(q.ExcludeActors, isActor),
		len(q.Events) > 0 && !slices.ContainsFunc(q.Events, isEvent),
		slices.ContainsFunc(q.ExcludeEvents, isEvent):
		return false
	}
	return q.TargetID == "" || q.TargetID == e.TargetID
}

// Window is a stretch of time: From inclusive, To exclusive. Location is the time zone in which its days and hours are meant.
type Window struct {
	From, To time.Time
	Location *time.Location
}

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.From) && t.Before(w.To)
}
