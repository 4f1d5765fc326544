package live

import (
	"context"
	"maps"
	"slices"
	"sync"

	"make-audit-mcp/internal/auditlog"
)

// observed remembers who and what occurs in the entries read, by organization:
// people who left and rare events may be in no catalog.
type observed struct {
	mu sync.Mutex
	by map[auditlog.ID]*observedIn
}

// observedIn is what was observed of one organization.
type observedIn struct {
	mu     sync.Mutex
	actors map[auditlog.ID]auditlog.Actor
	events map[auditlog.Text]bool
}

// What is remembered of one organization is bounded.
const (
	maxObservedActors = 10_000
	maxObservedEvents = 1_000
)

// in is what is remembered of an organization that is being read.
func (o *observed) in(organization auditlog.ID) *observedIn {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[auditlog.ID]*observedIn{}
	}
	if o.by[organization] == nil {
		o.by[organization] = &observedIn{actors: map[auditlog.ID]auditlog.Actor{}, events: map[auditlog.Text]bool{}}
	}
	return o.by[organization]
}

// find is what is remembered of an organization; nil if it was never read.
func (o *observed) find(organization auditlog.ID) *observedIn {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.by[organization]
}

// add is called for every entry read.
func (o *observedIn) add(entry *auditlog.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if actor := entry.Actor; actor != nil {
		if _, known := o.actors[actor.ID]; !known && len(o.actors) < maxObservedActors {
			o.actors[actor.ID] = *actor
		}
	}
	if !o.events[entry.Event] && entry.Event != "" && len(o.events) < maxObservedEvents {
		o.events[entry.Event] = true
	}
}

// ObservedActors are the people in the entries read so far, by id.
func (r *Reader) ObservedActors(_ context.Context, organization auditlog.ID) []auditlog.Actor {
	found := r.observed.find(organization)
	if found == nil {
		return nil
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	return slices.SortedFunc(maps.Values(found.actors), func(a, b auditlog.Actor) int { return a.ID.Compare(b.ID) })
}

// ObservedEvents are the events of the entries read so far, sorted.
func (r *Reader) ObservedEvents(_ context.Context, organization auditlog.ID) []auditlog.Text {
	found := r.observed.find(organization)
	if found == nil {
		return nil
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	return slices.Sorted(maps.Keys(found.events))
}
