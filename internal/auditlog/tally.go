package auditlog

import (
	"context"
	"time"
)

// Tallier is a Reader that can count entries without handing each of them over.
type Tallier interface {
	// Tally calls yield with bins that hold, together, the entries that Read would yield for the query: those that are equal in what by
	// distinguishes lie in one bin, or in several. Bins come newest first by Last. q.Resume and q.Want are not heeded.
	Tally(ctx context.Context, q Query, by TallyBy, yield func(Bin)) (Report, error)
}

// TallyBy is what a tally distinguishes.
type TallyBy struct {
	Actor, Event, Team, Target bool
	// Clock parts entries by the clocks of the query's zone.
	Clock Clock
	// Split, if set, parts what was triggered before it from what was not.
	Split time.Time
}

// Clock is how finely local time is distinguished.
type Clock int

// What a bin's entries share of local time: nothing, the date, the date and hour, the date, hour and minute.
const (
	NoClock Clock = iota
	ByDate
	ByHour
	ByMinute
)

// Bin is some entries that are equal in what was to be distinguished.
type Bin struct {
	// Entry has what all have in common of actor, event, team and target, and when the newest was triggered.
	Entry Entry
	Count int
	// First and Last are when the oldest and the newest was triggered.
	First, Last time.Time
}

// BinOf is a bin of one entry.
func BinOf(e *Entry) Bin {
	return Bin{Entry: *e, Count: 1, First: e.TriggeredAt, Last: e.TriggeredAt}
}
