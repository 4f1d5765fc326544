package auditlog

import (
	"iter"
	"slices"
	"sort"
	"time"
)

// Pulse is how often a log has entries: what a time without any is measured by.
type Pulse struct {
	// Entries were triggered in Time, which something vouches for, on so many Days (of UTC).
	Entries int           `json:"entries"`
	Days    int           `json:"days"`
	Time    time.Duration `json:"time"`
	// Longest is the longest time without an entry.
	Longest time.Duration `json:"longest"`
}

// Activity are entries of a stretch of time: one of them alone, or some that follow each other so soon that it does not matter how.
type Activity struct {
	First, Last time.Time
	Entries     int
}

// PulseOf is the pulse that activities, in order, have in the spans that are vouched for. Time without an entry ends where a span does:
// what lies between spans nobody knows. What the last span ends with does not count: it may go on.
func PulseOf(activities iter.Seq[Activity], spans []Span) Pulse {
	var p Pulse
	for _, span := range spans {
		p.Time += span.To.Sub(span.From)
	}
	var last time.Time // the beginning of a span, or the entry before
	var day int64
	for some := range activities {
		for len(spans) > 0 && some.First.After(spans[0].To) {
			p.pause(last, spans[0].From, spans[0].To)
			spans = spans[1:]
		}
		if len(spans) == 0 {
			break
		}
		if some.First.Before(spans[0].From) {
			continue
		}
		p.pause(last, spans[0].From, some.First)
		last = some.Last
		const secondsPerDay = 24 * 60 * 60
		if today := some.Last.Unix() / secondsPerDay; p.Entries == 0 || today != day {
			day = today
			p.Days++
		}
		p.Entries += some.Entries
	}
	for len(spans) > 1 {
		p.pause(last, spans[0].From, spans[0].To)
		spans = spans[1:]
	}
	return p
}

// pause notes a time without an entry, from the last one or the beginning of a span on.
func (p *Pulse) pause(last, begin, to time.Time) {
	p.Longest = max(p.Longest, to.Sub(later(last, begin)))
}

// Vouched are the spans of time for which nothing is missing, in order.
func (r *Report) Vouched() []Span {
	if r.Doubtful || r.Coverage.IsEmpty() {
		return nil
	}
	return Without(Span{From: r.Coverage.From, To: r.Coverage.To}, r.Coverage.Gaps, r.Unreadable)
}

// Without is what a span has beside gaps, and beside the times of records that could not be read.
func Without(span Span, gaps []Gap, unreadable []Span) (left []Span) {
	holes := slices.Clone(unreadable)
	for _, gap := range gaps {
		holes = append(holes, Span{From: gap.From, To: gap.To})
	}
	sort.Slice(holes, func(i, j int) bool { return holes[i].From.Before(holes[j].From) })
	from := span.From
	for _, hole := range holes {
		if hole.To.Before(from) || hole.From.After(span.To) {
			continue
		}
		if from.Before(hole.From) {
			left = append(left, Span{From: from, To: hole.From})
		}
		from = later(from, hole.To)
	}
	if from.Before(span.To) {
		left = append(left, Span{From: from, To: span.To})
	}
	return left
}
