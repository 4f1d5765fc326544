package auditlog

import (
	"cmp"
	"iter"
	"slices"
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

// PulseOf is the pulse that instants, in order, have in the spans that are vouched for. Time without an entry ends where a span does: what
// lies between spans nobody knows. What the last span ends with does not count: it may go on.
func PulseOf(instants iter.Seq[time.Time], spans []Span) Pulse {
	var p Pulse
	for _, span := range spans {
		p.Time += span.To.Sub(span.From)
	}
	var last time.Time // the beginning of a span, or the entry before
	var day int64
	for at := range instants {
		for len(spans) > 0 && at.After(spans[0].To) {
			p.pause(last, spans[0].From, spans[0].To)
			spans = spans[1:]
		}
		if len(spans) == 0 {
			break
		}
		if at.Before(spans[0].From) {
			continue
		}
		p.pause(last, spans[0].From, at)
		last = at
		p.Entries++
		const secondsPerDay = 24 * 60 * 60
		if today := at.Unix() / secondsPerDay; p.Entries == 1 || today != day {
			day = today
			p.Days++
		}
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
	slices.SortFunc(holes, func(a, b Span) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
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
