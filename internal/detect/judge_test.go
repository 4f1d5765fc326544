package detect_test

import (
	"context"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

// series are entries of one event, so far apart, the last of them at an instant.
func series(count int, event auditlog.Text, last time.Time, apart time.Duration) []*auditlog.Entry {
	var entries []*auditlog.Entry
	for i := range count {
		entries = append(entries, logtest.Did(logtest.Ada(), event, last.Add(-time.Duration(i)*apart)))
	}
	return entries
}

func finding(activity judged, rule string) *detect.Finding {
	if i := slices.IndexFunc(activity.Findings, func(f detect.Finding) bool { return f.Rule == rule }); i >= 0 {
		return &activity.Findings[i]
	}
	return nil
}

func rules(activity judged) []string {
	var found []string
	for _, f := range activity.Findings {
		found = append(found, f.Rule)
	}
	return found
}

// morning is at a usual hour of [daily] with the hours 9 and 12.
func morning() time.Time { return time.Date(2026, 11, 18, 9, 59, 0, 0, time.UTC) }

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// windowStart is a Tuesday noon in UTC.
func windowStart() time.Time { return now().AddDate(0, 0, -10) }

// judged is a log, and what it was judged to show of its actor.
type judged struct {
	detect.Log
	detect.Assessment
	*detect.Report
}

// judge has the last ten days of somebody judged against ninety before; the zero actor is the system.
func judge(actor auditlog.Actor, zone, own *time.Location, entries ...*auditlog.Entry) judged {
	log := detect.Log{Entries: entries, Window: auditlog.Window{From: windowStart(), To: now(), Location: zone},
		Baseline: auditlog.Window{From: windowStart().AddDate(0, 0, -90), To: windowStart(), Location: zone},
		Catalog:  logtest.Documented(), Zone: func(auditlog.ID) *time.Location { return own }, OneActor: true}
	var who *auditlog.Actor
	if actor != (auditlog.Actor{}) {
		who = &actor
	}
	var detector *detect.Detector
	report, err := detector.Find(context.Background(), &log)
	if err != nil {
		panic(err)
	}
	return judged{log, report.Assess(who), report}
}

func judgeAda(entries ...*auditlog.Entry) judged {
	return judge(logtest.Ada(), time.UTC, nil, entries...)
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

// baseline are the entries that the window is measured by.
func (j *judged) baseline() []*auditlog.Entry {
	var found []*auditlog.Entry
	for _, entry := range j.Entries {
		if j.Log.Baseline.Contains(entry.TriggeredAt) {
			found = append(found, entry)
		}
	}
	return found
}

// window are the entries that are judged.
func (j *judged) window() []*auditlog.Entry {
	var found []*auditlog.Entry
	for _, entry := range j.Entries {
		if j.Log.Window.Contains(entry.TriggeredAt) {
			found = append(found, entry)
		}
	}
	return found
}
