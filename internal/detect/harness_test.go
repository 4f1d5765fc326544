package detect_test

import (
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// windowStart is a Tuesday noon in UTC.
func windowStart() time.Time { return now().AddDate(0, 0, -10) }

// judged is a record and what it was judged to show.
type judged struct {
	detect.Record
	detect.Assessment
}

// judge has the last ten days of somebody assessed against ninety before; the zero actor is the system.
func judge(actor auditlog.Actor, zone, own *time.Location, entries ...*auditlog.Entry) judged {
	record := detect.Record{Location: zone, Own: own, Catalog: logtest.Documented()}
	if actor != (auditlog.Actor{}) {
		record.Actor = &actor
	}
	slices.SortFunc(entries, auditlog.CompareNewestFirst)
	for _, entry := range entries {
		switch {
		case entry.TriggeredAt.Before(windowStart().AddDate(0, 0, -90)):
		case entry.TriggeredAt.Before(windowStart()):
			record.Baseline = append(record.Baseline, entry)
		default:
			record.Entries = append(record.Entries, entry)
		}
	}
	return judged{record, record.Assess()}
}

// daily are entries of the baseline, at some hours of so many days up to the day before the window.
func daily(days int, zone *time.Location, hours ...int) []*auditlog.Entry {
	var entries []*auditlog.Entry
	for day := range days {
		date := windowStart().In(zone).AddDate(0, 0, -1-day)
		for i, hour := range hours {
			entries = append(entries, logtest.Did(logtest.Ada(), "scenario_updated",
				time.Date(date.Year(), date.Month(), date.Day(), hour, 10+i, day, 0, zone)))
		}
	}
	return entries
}

// activeDays counts the days in UTC that have entries.
func activeDays(entries []*auditlog.Entry) int {
	days := map[string]bool{}
	for _, entry := range entries {
		days[entry.TriggeredAt.UTC().Format(time.DateOnly)] = true
	}
	return len(days)
}
