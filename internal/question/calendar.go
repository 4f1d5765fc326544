package question

import (
	"fmt"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// date is a calendar day; fields beyond their range carry over as in time.Date.
type date struct {
	year  int
	month time.Month
	day   int
}

// midnight is the beginning of the day as clocks show it, in UTC.
func (d date) midnight() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

// start returns the first instant of the day in a zone.
func (d date) start(location *time.Location) time.Time { return instantOf(d.midnight(), location) }

// dateOf returns the day of a local time.
func dateOf(local time.Time) date {
	year, month, day := local.Date()
	return date{year, month, day}
}

// WeekStart is where weeks begin: how many days before Monday. The zero WeekStart is Monday; weeks that are named by their number (ISO
// 8601) always begin there.
type WeekStart int

// UnmarshalText reads monday or sunday; what is empty is monday.
func (w *WeekStart) UnmarshalText(text []byte) error {
	switch strings.ToLower(strings.TrimSpace(string(text))) {
	case "", "monday":
		*w = 0
	case "sunday":
		*w = 1
	default:
		return fmt.Errorf("%s is no beginning of a week; accepted: monday, sunday", auditlog.Text(text).Quote())
	}
	return nil
}

// Weekday returns the first day of weeks.
func (w WeekStart) Weekday() time.Weekday { return (time.Monday - time.Weekday(w) + 7) % 7 }

// date returns the first day of the week that a local time lies in.
func (w WeekStart) date(local time.Time) date {
	first := dateOf(local)
	first.day -= (WeekdayIndex(local.Weekday()) + int(w)) % 7
	return first
}

// Of returns the first day of the week that a local time lies in, as 2026-10-05.
func (w WeekStart) Of(local time.Time) string {
	return w.date(local).midnight().Format(time.DateOnly)
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
	year, month, _ := from.Date()
	toYear, toMonth, _ := to.Date()
	first, next := date{year, month, 1}, date{toYear, toMonth, 1}
	length := wallClock(to).Sub(wallClock(from))
	switch {
	case first.start(w.Location).Equal(from) && next.start(w.Location).Equal(to):
		months := time.Month(12*(toYear-year)) + toMonth - month
		return auditlog.Window{From: date{year, month - months, 1}.start(w.Location), To: from, Location: w.Location}
	case length > 0 && length%(24*time.Hour) == 0: // an hour that comes twice has none
		return DaysBefore(w, int(length/(24*time.Hour)))
	}
	return auditlog.Window{From: from.Add(-to.Sub(from)), To: from, Location: w.Location}
}

// DaysBefore returns the time of so many calendar days up to a window's beginning.
func DaysBefore(w auditlog.Window, days int) auditlog.Window {
	from := w.From.In(w.Location)
	return auditlog.Window{From: instantOf(wallClock(from).AddDate(0, 0, -days), w.Location), To: from, Location: w.Location}
}

// wallClock returns what clocks show at t, in UTC; at the first instant of a day always midnight, so that days count as whole ones where
// clocks skip it. [instantOf] is the way back.
func wallClock(t time.Time) time.Time {
	if day := dateOf(t); t.Equal(day.start(t.Location())) {
		return day.midnight()
	}
	return t.UTC().Add(offsetAt(t))
}

// instantOf returns the instant at which clocks in a zone show what clock shows in UTC. Of midnight it is always the first instant of the
// day: the earlier midnight where clocks go back over it, the end of the gap where they skip it. Of other times that are shown twice it is
// the earlier; of those that are skipped, the one that the offset before the gap leads to.
func instantOf(clock time.Time, location *time.Location) time.Time {
	reading := readClock(clock, location)
	if reading.kind == clockSkipped && isMidnight(clock) {
		return reading.gapEnd
	}
	return reading.earlier
}

func isMidnight(clock time.Time) bool { return clock.Equal(dateOf(clock).midnight()) }

// OddDay is a day on which the clocks of a zone change.
type OddDay struct {
	// Date is the day, as 2026-10-25.
	Date string
	// Length is how long it is.
	Length time.Duration
	// Note says so in words.
	Note string
}

// OddDays returns the days of a window on which clocks change, oldest first.
func OddDays(w auditlog.Window) []OddDay {
	var odd []OddDay
	for at := w.From.In(w.Location).Add(-1); ; { // a day may begin with the change
		_, at = at.ZoneBounds()
		if at.IsZero() || at.After(w.To) {
			return odd
		}
		before, after := offsetAt(at.Add(-1)), offsetAt(at)
		if before == after {
			continue // only the zone's name changes
		}
		first, last, what := at.UTC().Add(before), at.UTC().Add(after), "forward, and %s to %s is missing"
		if after < before {
			first, last, what = last, first, "back, and %s to %s comes twice"
		}
		// The day is the one that the missing or repeated time is of: the change may also be where it ends.
		day := dateOf(first)
		start, end := day.start(w.Location), date{day.year, day.month, day.day + 1}.start(w.Location)
		if !start.Before(w.To) || !end.After(w.From) {
			continue
		}
		odd = append(odd, OddDay{Date: first.Format(time.DateOnly), Length: end.Sub(start),
			Note: fmt.Sprintf("%s has %g hours in %s: clocks go "+what, first.Format(time.DateOnly), end.Sub(start).Hours(), w.Location,
				first.Format("15:04"), last.Format("15:04"))})
	}
}

// NotesOnClocks says of a window of not more than a day that its day is an odd one: its hours are then not what they seem.
func NotesOnClocks(w auditlog.Window) []string {
	var notes []string
	for _, odd := range OddDays(w) {
		if w.To.Sub(w.From) <= max(odd.Length, 24*time.Hour) {
			notes = append(notes, odd.Note)
		}
	}
	return notes
}
