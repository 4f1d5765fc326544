package question

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// date is a calendar day; fields beyond their range carry over as in time.Date.
type date struct {
	year  int
	month time.Month
	day   int
}

// start returns the first instant of the day in a zone. Where clocks go back over midnight it is the earlier midnight; where they skip
// midnight, the end of the gap.
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

// clockReading is what a local time means in a zone. A time that is shown once has earlier and later the same. For one that is skipped both
// are the instant that the offset before the gap leads to; gapEnd is the instant of the clock change.
type clockReading struct {
	kind           clockKind
	earlier, later time.Time
	gapEnd         time.Time
}

// readClock finds the instants at which clocks in location show what clock shows in UTC. time.Date alone leaves open which one it takes
// around clock changes.
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
			return clockReading{kind: clockRepeated, earlier: clock.Add(-before).In(location), later: clock.Add(-after).In(location)}
		}
	}
	return clockReading{earlier: guess, later: guess}
}

// offsetAt returns how far the clocks of t's zone are ahead of UTC at t.
func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// Previous returns the period before a window that the window is fairly compared with, up to the window's beginning: for whole calendar
// months as many months; where both ends show the same time of day, as many calendar days; else as much time.
func Previous(w auditlog.Window) auditlog.Window {
	from, to := w.From.In(w.Location), w.To.In(w.Location)
	previous := auditlog.Window{From: from.Add(-to.Sub(from)), To: from, Location: w.Location}
	year, month, _ := from.Date()
	toYear, toMonth, _ := to.Date()
	first, next := date{year, month, 1}, date{toYear, toMonth, 1}
	length := clockBefore(to, 0).Sub(clockBefore(from, 0))
	switch {
	case first.start(w.Location).Equal(from) && next.start(w.Location).Equal(to):
		months := time.Month(12*(toYear-year)) + toMonth - month
		previous.From = date{year, month - months, 1}.start(w.Location)
	case length%(24*time.Hour) == 0:
		return DaysBefore(w, int(length/(24*time.Hour)))
	}
	return previous
}

// DaysBefore returns the time of so many calendar days up to a window's beginning.
func DaysBefore(w auditlog.Window, days int) auditlog.Window {
	from := w.From.In(w.Location)
	return auditlog.Window{From: readClock(clockBefore(from, days), w.Location).earlier, To: from, Location: w.Location}
}

// clockBefore is what clocks showed at the same time of day so many calendar days earlier, in UTC.
func clockBefore(t time.Time, days int) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day-days, hour, minute, second, t.Nanosecond(), time.UTC)
}
