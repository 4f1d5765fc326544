package detect

import (
	"fmt"
	"math/bits"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Usual is what the baseline shows of the hours that somebody works in.
type Usual struct {
	// Location is the zone that the hours are meant in; IsOwn says that it is the person's, as Make has it.
	Location *time.Location
	IsOwn    bool
	// hours has a bit for each hour of the day; none if they are not known.
	hours uint32
	// Reason says why the hours are not known.
	Reason string
}

// How much must have been seen before any hour is called unusual, and how often an hour must have been worked in, or next to, to be usual:
// on so many days, and on such a share of the active ones.
const (
	minBaselineEntries = 30
	minBaselineDays    = 10
	minUsualDays       = 2
	minUsualShare      = 0.05
)

// IsKnown reports whether anything can be called unusual.
func (u *Usual) IsKnown() bool { return u.hours != 0 }

// Contains reports whether an instant lies in the usual hours.
func (u *Usual) Contains(at time.Time) bool { return u.hours&(1<<at.In(u.Location).Hour()) != 0 }

// Ranges are the usual hours as 08-18, from midnight on.
func (u *Usual) Ranges() []string {
	const hoursPerDay = 24
	if bits.OnesCount32(u.hours) == hoursPerDay {
		return []string{"00-24"}
	}
	var ranges []string
	for hour := range hoursPerDay {
		if u.hours&(1<<hour) == 0 || hour > 0 && u.hours&(1<<(hour-1)) != 0 {
			continue
		}
		end := hour + 1
		for end < hoursPerDay && u.hours&(1<<end) != 0 {
			end++
		}
		ranges = append(ranges, fmt.Sprintf("%02d-%02d", hour, end))
	}
	return ranges
}

// learnUsual learns from the entries of a baseline.
func learnUsual(baseline []*auditlog.Entry, location *time.Location) *Usual {
	usual := &Usual{Location: location}
	days := map[string]uint32{} // the hours worked in, or next to, a bit for each
	for _, entry := range baseline {
		local := entry.TriggeredAt.In(location)
		day := local.Format(time.DateOnly)
		// Work at 08:58 makes 9 o'clock no less usual.
		for _, hour := range []int{local.Hour() - 1, local.Hour(), local.Hour() + 1} {
			days[day] |= 1 << ((hour + 24) % 24)
		}
	}
	if len(baseline) < minBaselineEntries || len(days) < minBaselineDays {
		usual.Reason = fmt.Sprintf("too little was seen in the baseline: %d entries on %d days, and at least %d entries on %d days "+
			"are needed", len(baseline), len(days), minBaselineEntries, minBaselineDays)
		return usual
	}
	for hour := range 24 {
		count := 0
		for _, hours := range days {
			count += int(hours >> hour & 1)
		}
		if count >= minUsualDays && float64(count) >= minUsualShare*float64(len(days)) {
			usual.hours |= 1 << hour
		}
	}
	return usual
}
