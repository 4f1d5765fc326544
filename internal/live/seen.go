package live

import (
	"context"
	"maps"
	"slices"
	"sync"

	"make-audit-mcp/internal/auditlog"
)

// seen remembers who and what was seen in the entries read, by organization:
// people who left and rare events may be in no catalog.
type seen struct {
	mu sync.Mutex
	by map[auditlog.ID]*seenIn
}

// seenIn is what was seen of one organization.
type seenIn struct {
	mu     sync.Mutex
	actors map[auditlog.ID]auditlog.Actor
	events map[auditlog.Text]bool
}

// What is remembered of one organization is bounded.
const (
	maxSeenActors = 10_000
	maxSeenEvents = 1_000
)

// in is what is remembered of an organization that is being read.
func (s *seen) in(organization auditlog.ID) *seenIn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[auditlog.ID]*seenIn{}
	}
	if s.by[organization] == nil {
		s.by[organization] = &seenIn{actors: map[auditlog.ID]auditlog.Actor{}, events: map[auditlog.Text]bool{}}
	}
	return s.by[organization]
}

// find is what is remembered of an organization; nil if it was never read.
func (s *seen) find(organization auditlog.ID) *seenIn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[organization]
}

// add is called for every entry read.
func (s *seenIn) add(entry *auditlog.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if actor := entry.Actor; actor != nil {
		if _, known := s.actors[actor.ID]; !known && len(s.actors) < maxSeenActors {
			s.actors[actor.ID] = *actor
		}
	}
	if !s.events[entry.Event] && entry.Event != "" && len(s.events) < maxSeenEvents {
		s.events[entry.Event] = true
	}
}

// ObservedActors are the people in the entries read so far, by id.
func (s *Reader) ObservedActors(_ context.Context, organization auditlog.ID) []auditlog.Actor {
	found := s.seen.find(organization)
	if found == nil {
		return nil
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	return slices.SortedFunc(maps.Values(found.actors), func(a, b auditlog.Actor) int { return a.ID.Compare(b.ID) })
}

// ObservedEvents are the events of the entries read so far, sorted.
func (s *Reader) ObservedEvents(_ context.Context, organization auditlog.ID) []auditlog.Text {
	found := s.seen.find(organization)
	if found == nil {
		return nil
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	return slices.Sorted(maps.Keys(found.events))
}
