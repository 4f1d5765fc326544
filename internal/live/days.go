package live

import "time"

// day is a calendar day as Make's date filters take it, kept as its midnight in UTC. In which zone Make means it is unknown, so edges allow
// for all of them.
type day struct{ time.Time }

const (
	oneDay = 24 * time.Hour
	// Local days begin at most this much before and after those of UTC.
	eastmost = 14 * time.Hour
	westmost = 12 * time.Hour
)

func dayOf(t time.Time) day { return day{t.UTC().Truncate(oneDay)} }

func (d day) add(days int) day { return day{d.AddDate(0, 0, days)} }

func (d day) String() string { return d.Format(time.DateOnly) }

// lowerEdge is the latest day that, as dateFrom, leaves out nothing from from on: in the westmost zone it begins no later than from.
func lowerEdge(from time.Time) day { return dayOf(from.Add(-westmost)) }

// upperEdge is the earliest day that, as dateTo, leaves out nothing before to, even if dateTo means that day's midnight in the eastmost
// zone.
func upperEdge(to time.Time) day { return dayOf(to.Add(eastmost - time.Nanosecond)).add(1) }

// endOf is a time that no entry reaches that a list up to dateTo d returns, even if d is included and meant in the westmost zone.
func endOf(d day) time.Time { return d.Add(oneDay + westmost) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func daysBetween(from, to day) int { return int(to.Sub(from.Time) / oneDay) }
