package question

import (
	"time"
)

// date is a calendar day; fields beyond their range carry over as in time.Date.
type date struct {
	year  int
	month time.Month
	day   int
}

// start returns the first instant of the day in a zone. Where clocks go back over
// midnight it is the earlier midnight; where they skip midnight, the end of the gap.
func (d date) start(location *time.Location) time.Time {
	midnight := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC)
	reading := readClock(midnight, location)
	if reading.kind == clockSkipped {
		return reading.gapEnd
	}
	return reading.earlier
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// clockKind returns how often clocks show a local time.
type clockKind int

const (
	clockOnce clockKind = iota
	clockSkipped
	clockRepeated
)

// clockReading is what a local time means in a zone. A time that is shown once has
// earlier and later the same. For one that is skipped both are the instant that
// the offset before the gap leads to; gapEnd is the instant of the clock change.
type clockReading struct {
	kind           clockKind
	earlier, later time.Time
	gapEnd         time.Time
}

// readClock finds the instants at which clocks in location show what clock shows
// in UTC. time.Date alone leaves open which one it takes around clock changes.
func readClock(clock time.Time, location *time.Location) clockReading {
	year, month, day := clock.Date()
	hour, minute, second := clock.Clock()
	guess := time.Date(year, month, day, hour, minute, second, clock.Nanosecond(), location)
	start, end := guess.ZoneBounds()
	for _, change := range []time.Time{start, end} {
		if change.IsZero() {
			continue // the zone does not change on that side
		}
		before, after := offsetAt(change.Add(-1)), offsetAt(change)
		// What clocks show at the change, by the old offset and by the new.
		oldShown, newShown := change.UTC().Add(before), change.UTC().Add(after)
		switch {
		case before < after && !clock.Before(oldShown) && clock.Before(newShown):
			at := clock.Add(-before).In(location)
			return clockReading{kind: clockSkipped, earlier: at, later: at, gapEnd: change}
		case after < before && !clock.Before(newShown) && clock.Before(oldShown):
			return clockReading{
				kind:    clockRepeated,
				earlier: clock.Add(-before).In(location),
				later:   clock.Add(-after).In(location),
			}
		}
	}
	return clockReading{earlier: guess, later: guess}
}

// offsetAt returns how far the clocks of t's zone are ahead of UTC at t.
func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
