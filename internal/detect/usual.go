package detect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/order"
)

const (
	hoursPerDay = 24
	oneDay      = hoursPerDay * time.Hour
)

// Usual is what the baseline shows of the hours that somebody works in: at most two spans of the day.
type Usual struct {
	// Location is the zone that the hours are meant in; IsOwn says that it is the person's, as Make has it.
	Location *time.Location
	IsOwn    bool
	spans    []hourSpan
	// Reason says why the hours are not known.
	Reason string
}

// hourSpan goes on from the beginning of an hour for so many, beyond midnight if need be.
type hourSpan struct{ from, length int }

func (h hourSpan) lasts() time.Duration { return time.Duration(h.length) * time.Hour }

func (h hourSpan) end() int { return (h.from + h.length) % hoursPerDay }

// IsKnown reports whether anything can be called unusual.
func (u *Usual) IsKnown() bool { return len(u.spans) > 0 }

// Contains reports whether an instant lies in the usual hours.
func (u *Usual) Contains(at time.Time) bool {
	return slices.ContainsFunc(u.spans, func(span hourSpan) bool { return u.since(span, at) < span.lasts() })
}

// distance returns how far an instant lies from the usual hours.
func (u *Usual) distance(at time.Time) time.Duration {
	if u.Contains(at) {
		return 0
	}
	nearest := oneDay
	for _, span := range u.spans {
		since := u.since(span, at)
		nearest = min(nearest, since-span.lasts(), oneDay-since)
	}
	return nearest
}

// since returns how long a span has begun by the clock of an instant.
func (u *Usual) since(span hourSpan, at time.Time) time.Duration {
	local := at.In(u.Location)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	return (clock - time.Duration(span.from)*time.Hour + oneDay) % oneDay
}

// Ranges are the usual hours as 08-18; 22-06 goes on beyond midnight.
func (u *Usual) Ranges() []string {
	var ranges []string
	for _, span := range u.spans {
		if span.length == hoursPerDay {
			return []string{"00-24"}
		}
		end := span.end()
		if end == 0 {
			end = hoursPerDay
		}
		ranges = append(ranges, fmt.Sprintf("%02d-%02d", span.from, end))
	}
	return ranges
}

// learnUsual learns from what was seen on so many days. An hour counts that was worked in, or next to, often enough; pauses that are no
// longer than people take them do not divide a day's work.
func learnUsual(instants []time.Time, days int, location *time.Location, limits Limits) *Usual {
	usual := &Usual{Location: location}
	type hourOfDay struct{ day, hour int }
	seen := map[hourOfDay]bool{}
	var worked [hoursPerDay]int
	for _, at := range instants {
		day, hour := dayOf(at, location), at.In(location).Hour()
		// Work at 08:58 makes 9 o'clock no less usual.
		for _, near := range []int{hour - 1, hour, hour + 1} {
			if near = (near + hoursPerDay) % hoursPerDay; !seen[hourOfDay{day, near}] {
				seen[hourOfDay{day, near}] = true
				worked[near]++
			}
		}
	}
	var usually []int
	for hour, count := range worked {
		if float64(count) >= max(limits[MinUsualDays], limits[UsualHourShare]*float64(days)) {
			usually = append(usually, hour)
		}
	}
	if len(usually) == 0 {
		usual.Reason = "no hour of the day was worked in often enough in the baseline"
		return usual
	}
	// The longest pauses are what lies between the spans.
	var pauses []hourSpan
	for i, hour := range usually {
		next := usually[(i+1)%len(usually)]
		if length := (next - hour - 1 + hoursPerDay) % hoursPerDay; length > 0 {
			pauses = append(pauses, hourSpan{(hour + 1) % hoursPerDay, length})
		}
	}
	order.By(pauses, func(a, b hourSpan) int { return cmp.Compare(b.length, a.length) })
	if len(pauses) > 1 && pauses[1].length <= int(limits[LongestPauseHours]) {
		pauses = pauses[:1]
	}
	pauses = pauses[:min(len(pauses), 2)]
	order.By(pauses, func(a, b hourSpan) int { return cmp.Compare(a.from, b.from) })
	for i, pause := range pauses {
		next := pauses[(i+1)%len(pauses)]
		length := (next.from - pause.end() + hoursPerDay) % hoursPerDay
		if len(pauses) == 1 {
			length = hoursPerDay - pause.length
		}
		usual.spans = append(usual.spans, hourSpan{pause.end(), length})
	}
	if len(pauses) == 0 {
		usual.spans = []hourSpan{{0, hoursPerDay}}
	}
	order.By(usual.spans, func(a, b hourSpan) int { return cmp.Compare(a.from, b.from) })
	return usual
}
