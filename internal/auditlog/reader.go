package auditlog

import (
	"context"
	"errors"
	"time"
)

// Reader is what entries are read through, wherever they come from.
type Reader interface {
	// Read calls yield with every entry that answers the query, newest first in the order of CompareNewestFirst, none twice, until yield
	// returns false or there are no more. It returns an error only if nothing can be said; where a bound or a failure stops it half-way,
	// what was yielded is the newest contiguous part and the report says how far it goes. yield must be quick, since other readers may wait
	// for it, and must not call Read.
	Read(ctx context.Context, q Query, yield func(*Entry) bool) (Report, error)
}

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

// Progress is how a long read goes.
type Progress struct {
	// Entries is how many entries were read so far.
	Entries int
	// Estimate is how many there may be in all; 0 if there is no estimate.
	Estimate int
	// Wait, if not 0, is a pause that the read makes now, with its reason; Limit means that this is the limit on calls.
	Wait   time.Duration
	Reason string
	Limit  bool
}

// ErrBehindAnother says that a question's time was over while another one asked Make for the same. How Make fares is the other's to learn.
var ErrBehindAnother = errors.New("another question asks Make for the same")

type progressKey struct{}

// WithProgress returns a context whose reads report their progress to report. report may be called from several goroutines and must not
// block for long.
func WithProgress(ctx context.Context, report func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// ReportProgress returns the context's listener, if there is one.
func ReportProgress(ctx context.Context, p Progress) {
	if report, ok := ctx.Value(progressKey{}).(func(Progress)); ok {
		report(p)
	}
}
