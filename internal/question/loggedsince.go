package question

import (
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// late is a sort of events that Make began to log on a day that is known: that there are none from before says nothing.
type late struct {
	// called is what they are, in words.
	called string
	since  time.Time
	// words are in the names of all of them, as plainWords has them.
	words []string
}

// loggedLate are the sorts of events whose first day is known. Source: help.make.com's release notes of 2026, which have the enforcement of
// two-factor authentication itself from 2026-02-12 on.
func loggedLate() []late {
	return []late{
		{"enforcement of two-factor authentication", time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC), []string{"2fa", "enforcement"}},
		{"credential requests", time.Date(2026, time.February, 10, 0, 0, 0, 0, time.UTC), []string{"credential", "request"}},
	}
}

// FirstLogged is a sort of events, in words, and the day since when Make logs it.
type FirstLogged struct {
	Events string
	Since  time.Time
}

// LoggedSince are the sorts of events that Make did not always log, as far as their first day is known.
func LoggedSince() []FirstLogged {
	return mapAll(loggedLate(), func(l late) FirstLogged { return FirstLogged{l.called, l.since} })
}

// NotesOnLate says which events that the filter names were not logged yet at an instant. What a word of the filter fits among others, as
// *_deleted does, it does not name.
func (q *Question) NotesOnLate(at time.Time) []string { return NotesOnLate(q.named, at) }

// NotesOnLate says which sorts of events were not logged yet at an instant, of those that some list is wholly of.
func NotesOnLate(lists [][]auditlog.Event, at time.Time) []string {
	var notes []string
	for _, sort := range loggedLate() {
		if at.Before(sort.since) && slices.ContainsFunc(lists, func(events []auditlog.Event) bool {
			return len(events) > 0 && !slices.ContainsFunc(events, func(event auditlog.Event) bool { return !sort.has(event) })
		}) {
			notes = append(notes, "Make logs "+sort.called+" only since "+sort.since.Format(time.DateOnly)+
				": that there are no entries from before proves nothing")
		}
	}
	return notes
}

// has reports whether an event is of the sort.
func (s late) has(event auditlog.Event) bool {
	said := plainWords(namesOf(event))
	return !slices.ContainsFunc(s.words, func(word string) bool { return !slices.Contains(said, word) })
}
