package analysis

import (
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// addEmptyPeriods adds the groups of those parts of the window that have no entries. A part is left out where the report does not vouch for
// all of it, and where it has no hour that counts.
func (c *counter) addEmptyPeriods(report *auditlog.Report) {
	dimension, vouched := c.request.GroupBy[0], map[string]bool{}
	for from := c.window.From; from.Before(c.window.To); {
		to := c.endOfHour(from)
		if c.hasTimeThatCounts(from, to) {
			id := idIn(dimension, &auditlog.Entry{}, from.In(c.window.Location), c.weekStart, c.catalog)
			before, known := vouched[id]
			vouched[id] = (before || !known) && vouchesFor(report, from, to)
		}
		from = to
	}
	for id, is := range vouched {
		if key := [2]string{id}; is && c.groups[key] == nil {
			c.groups[key] = &Group{Values: []Value{{Dimension: dimension, ID: id}}}
		}
	}
}

// endOfHour is when clocks leave the hour that they show, or the window ends.
func (c *counter) endOfHour(from time.Time) time.Time {
	local := from.In(c.window.Location)
	end := from.Add(time.Hour - sinceHour(local))
	if _, change := local.ZoneBounds(); !change.IsZero() && change.Before(end) { // not all zones change on the hour
		end = change
	}
	if end.After(c.window.To) {
		return c.window.To
	}
	return end
}

func sinceHour(local time.Time) time.Duration {
	return time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
}

// hasTimeThatCounts reports whether entries of some time within an hour are counted.
func (c *counter) hasTimeThatCounts(from, to time.Time) bool {
	local, hours := from.In(c.window.Location), c.request.Hours
	begin := from.Add(time.Duration(hours.From-60*local.Hour())*time.Minute - sinceHour(local))
	return c.request.Weekdays.Contains(local) && (hours.Contains(local) || begin.After(from) && begin.Before(to))
}

// vouchesFor reports whether all entries of a time are known.
func vouchesFor(report *auditlog.Report, from, to time.Time) bool {
	return !report.Doubtful && !report.Coverage.From.After(from) && !report.Coverage.To.Before(to) &&
		!slices.ContainsFunc(report.Coverage.Gaps, func(g auditlog.Gap) bool { return g.From.Before(to) && g.To.After(from) }) &&
		!slices.ContainsFunc(report.Unreadable, func(s auditlog.Span) bool { return s.From.Before(to) && !s.To.Before(from) })
}
