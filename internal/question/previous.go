package question

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Previous returns the period before a window that the window is fairly compared with, up to the window's beginning: for whole
// calendar months as many months; where both ends show the same time of day, as many calendar days; else as much time.
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
