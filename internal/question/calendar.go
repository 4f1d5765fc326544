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
	location := w.Location
	if location == nil {
		location = time.UTC
	}
	from, to := w.From.In(location), w.To.In(location)
	return auditlog.Window{From: previousFrom(from, to).In(location), To: from, Location: w.Location}
}

func previousFrom(from, to time.Time) time.Time {
	location := from.Location()
	year, month, day := from.Date()
	toYear, toMonth, toDay := to.Date()
	first, next := date{year, month, 1}, date{toYear, toMonth, 1}
	if first.start(location).Equal(from) && next.start(location).Equal(to) {
		months := time.Month(12*(toYear-year)) + toMonth - month
		return date{year, month - months, 1}.start(location)
	}
	if clockOf(from).Equal(clockOf(to)) {
		days := int(midnightOf(toYear, toMonth, toDay).Sub(midnightOf(year, month, day)) / (24 * time.Hour))
		return daysBack(from, days)
	}
	return from.Add(-to.Sub(from))
}

// clockOf is the time of day, on a day that is the same for all.
func clockOf(t time.Time) time.Time {
	hour, minute, second := t.Clock()
	return time.Date(minYear, 1, 1, hour, minute, second, t.Nanosecond(), time.UTC)
}

func midnightOf(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// DaysBefore returns the time of so many calendar days up to a window's beginning.
func DaysBefore(w auditlog.Window, days int) auditlog.Window {
	location := w.Location
	if location == nil {
		location = time.UTC
	}
	from := w.From.In(location)
	return auditlog.Window{From: daysBack(from, days).In(location), To: from, Location: w.Location}
}

// daysBack is the same time of day so many calendar days earlier.
func daysBack(t time.Time, days int) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return readClock(time.Date(year, month, day-days, hour, minute, second, t.Nanosecond(), time.UTC), t.Location()).earlier
}
