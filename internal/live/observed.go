package live

import (
	"context"
	"maps"
	"slices"
	"sync"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// observed remembers who and what occurs in the entries read of one organization: people who left and rare events may be in no catalog.
type observed struct {
	mu     sync.Mutex
	actors map[auditlog.ID]auditlog.Actor
	teams  map[auditlog.ID]auditlog.Ref
	events map[auditlog.Text]bool
}

// What is remembered of one organization is bounded.
const (
	maxObservedActors = 10_000
	maxObservedTeams  = 10_000
	maxObservedEvents = 1_000
)

// observedIn is what is remembered of an organization.
func (r *Reader) observedIn(organization auditlog.ID) *observed {
	r.observing.Lock()
	defer r.observing.Unlock()
	o, ok := r.observed[organization]
	if !ok {
		o = &observed{actors: map[auditlog.ID]auditlog.Actor{}, teams: map[auditlog.ID]auditlog.Ref{}, events: map[auditlog.Text]bool{}}
		r.observed[organization] = o
	}
	return o
}

// add is called for every entry read.
func (o *observed) add(entry *auditlog.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if actor := entry.Actor; actor != nil {
		if _, known := o.actors[actor.ID]; !known && len(o.actors) < maxObservedActors {
			o.actors[actor.ID] = *actor
		}
	}
	if team := entry.Team; team != nil {
		if _, known := o.teams[team.ID]; !known && len(o.teams) < maxObservedTeams {
			o.teams[team.ID] = *team
		}
	}
	if !o.events[entry.Event] && entry.Event != "" && len(o.events) < maxObservedEvents {
		o.events[entry.Event] = true
	}
}

// ObservedActors are the people in the entries read so far, by id.
func (r *Reader) ObservedActors(_ context.Context, organization auditlog.ID) []auditlog.Actor {
	found := r.observedIn(organization)
	found.mu.Lock()
	defer found.mu.Unlock()
	return order.Sorted(maps.Values(found.actors), func(a, b auditlog.Actor) int { return a.ID.Compare(b.ID) })
}

// ObservedTeams are the teams of the entries read so far, by id.
func (r *Reader) ObservedTeams(_ context.Context, organization auditlog.ID) []auditlog.Ref {
	found := r.observedIn(organization)
	found.mu.Lock()
	defer found.mu.Unlock()
	return order.Sorted(maps.Values(found.teams), func(a, b auditlog.Ref) int { return a.ID.Compare(b.ID) })
}

// ObservedEvents are the events of the entries read so far, sorted.
func (r *Reader) ObservedEvents(_ context.Context, organization auditlog.ID) []auditlog.Text {
	found := r.observedIn(organization)
	found.mu.Lock()
	defer found.mu.Unlock()
	return slices.Sorted(maps.Keys(found.events))
}
