package detect_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

func TestHoursAreUsualOnceEnoughWasSeen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		baseline []*auditlog.Entry
		known    bool
	}{
		"thirty entries on ten days": {daily(10, time.UTC, 9, 12, 15), true},
		"nine days":                  {daily(9, time.UTC, 9, 10, 12, 15), false},
		"twenty-nine entries":        {daily(10, time.UTC, 9, 12, 15)[1:], false},
		"nothing":                    {nil, false},
		"what lies before the baseline": {[]*auditlog.Entry{logtest.Did(logtest.Ada(), "key_created",
			windowStart().AddDate(0, 0, -91))}, false},
		"many on a day are still of one day": {slices.Concat(daily(1, time.UTC, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
			daily(1, time.UTC, 17, 18, 19, 20, 21, 22, 23), daily(9, time.UTC, 0)), false},
	} {
		night := logtest.Did(logtest.Ada(), "key_created", now().Add(-9*time.Hour)) // 03:00
		activity := judgeAda(append(test.baseline, night)...)
		assert.Equal(t, test.known, activity.Usual.IsKnown(), name)
		if test.known {
			assert.Empty(t, activity.Usual.Reason)
			assert.Equal(t, []*auditlog.Entry{night}, activity.Outside)
			continue
		}
		assert.Contains(t, activity.Usual.Reason,
			fmt.Sprintf("%d entries on %d days", activity.BaselineEntries, activeDays(activity.baseline())), name)
		assert.Empty(t, activity.Outside, "where nothing is known, nothing is outside: "+name)
		assert.Empty(t, activity.Usual.Ranges())
	}
}

func TestUsualHoursHaveTheirNeighbours(t *testing.T) {
	t.Parallel()
	ranges := func(entries ...*auditlog.Entry) []string { return judgeAda(entries...).Usual.Ranges() }
	assert.Equal(t, []string{"08-17"}, ranges(daily(20, time.UTC, 9, 15)...), "a pause divides no day")
	assert.Equal(t, []string{"08-11", "17-20"}, ranges(daily(20, time.UTC, 9, 18)...), "an hour beside is as usual")
	assert.Equal(t, []string{"03-06", "11-21"}, ranges(daily(20, time.UTC, 4, 12, 15, 19)...), "never more than two")
	assert.Equal(t, []string{"20-07"}, ranges(daily(20, time.UTC, 21, 1, 5)...), "shifts go on beyond midnight")
	assert.Equal(t, []string{"22-02"}, ranges(daily(20, time.UTC, 23, 0)...), "around midnight")
	assert.Equal(t, []string{"00-24"}, ranges(daily(20, time.UTC, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22)...))
	assert.Equal(t, []string{"08-11"}, ranges(append(daily(20, time.UTC, 9, 9), daily(1, time.UTC, 3)...)...), "once is not usual")
	assert.Equal(t, []string{"02-11"}, ranges(append(daily(20, time.UTC, 9, 9), daily(2, time.UTC, 3)...)...),
		"twice in twenty days is")
	assert.Equal(t, []string{"08-11"}, ranges(append(daily(60, time.UTC, 9), daily(2, time.UTC, 3)...)...), "twice in sixty days is not")
	assert.Equal(t, []string{"02-11"}, ranges(append(daily(60, time.UTC, 9), daily(3, time.UTC, 3)...)...), "one day in twenty is")
}

func TestUsualHoursAreThoseOfTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	prague, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	kathmandu, err := time.LoadLocation("Asia/Kathmandu")
	require.NoError(t, err)
	// The clocks go back within this baseline.
	office := daily(60, prague, 9, 12, 16)
	at := func(zone *time.Location, hour, minute int) *auditlog.Entry {
		return logtest.Did(logtest.Ada(), "scenario_updated", time.Date(2026, 11, 18, hour, minute, 0, 0, zone))
	}
	early, late := at(prague, 7, 59), at(prague, 18, 0)
	activity := judge(logtest.Ada(), prague, nil, append(office, early, at(prague, 8, 0), at(prague, 17, 59), late)...)
	assert.Equal(t, []string{"08-18"}, activity.Usual.Ranges(), "summer and winter alike")
	assert.False(t, activity.Usual.IsOwn)
	assert.ElementsMatch(t, []*auditlog.Entry{early, late}, activity.Outside)

	// A zone that is off by 45 minutes, for a window of another zone.
	night := at(kathmandu, 3, 0)
	activity = judge(logtest.Ada(), prague, kathmandu, append(daily(20, kathmandu, 9, 12), at(kathmandu, 8, 0), night)...)
	assert.Equal(t, []string{"08-14"}, activity.Usual.Ranges())
	assert.True(t, activity.Usual.IsOwn)
	assert.Equal(t, "Asia/Kathmandu", activity.Usual.Location.String())
	assert.Equal(t, []*auditlog.Entry{night}, activity.Outside)
}

func TestWorkOutsideUsualHoursIsFoundFromThreeEntriesOn(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 11, 18, 3, 30, 0, 0, time.UTC)
	find := func(entries ...*auditlog.Entry) *detect.Finding {
		return finding(judgeAda(append(daily(20, time.UTC, 9, 12), entries...)...), "outside_usual_hours")
	}
	assert.Nil(t, find(series(2, "scenario_updated", night, time.Minute)...))
	assert.Nil(t, find(series(30, "key_created", morning(), time.Minute)...))
	low := find(series(3, "scenario_updated", night, time.Minute)...)
	require.NotNil(t, low)
	assert.Equal(t, detect.SeverityLow, low.Severity)
	assert.Contains(t, low.Reason, "08-14")
	medium := find(append(series(2, "webhook_deleted", night, time.Minute),
		logtest.Did(logtest.Ada(), "scenario_updated", night.Add(time.Second)))...)
	require.NotNil(t, medium)
	assert.Equal(t, detect.SeverityMedium, medium.Severity)
	assert.Len(t, medium.Evidence, 3)
	assert.Nil(t, finding(judgeAda(series(9, "key_created", night, time.Minute)...), "outside_usual_hours"),
		"with no baseline nothing is unusual")
}

// activeDays counts the days in UTC that have entries.
func activeDays(entries []*auditlog.Entry) int {
	days := map[string]bool{}
	for _, entry := range entries {
		days[entry.TriggeredAt.UTC().Format(time.DateOnly)] = true
	}
	return len(days)
}

func TestHoursAsFarFromWhatWasSeenAreJudgedAlike(t *testing.T) {
	t.Parallel()
	// Nineteen and twenty-one o'clock were worked in now and then, which must not make the hours between them stranger than they are.
	office := slices.Concat(daily(60, time.UTC, 8, 10, 12, 15), daily(4, time.UTC, 19, 21))
	at := func(hour, minute int) *auditlog.Entry {
		return logtest.Did(logtest.Ada(), "scenario_updated", time.Date(2026, 11, 18, hour, minute, 0, 0, time.UTC))
	}
	activity := judgeAda(append(office, at(17, 40), at(21, 30), at(22, 59), at(23, 0))...)
	assert.Equal(t, []string{"07-23"}, activity.Usual.Ranges())
	assert.Len(t, activity.Outside, 1)
	early := judgeAda(append(daily(60, time.UTC, 9, 12, 16), at(6, 59), at(19, 1))...)
	assert.Equal(t, []string{"08-18"}, early.Usual.Ranges())
	assert.Len(t, early.Outside, 2, "an hour and a minute before, and after")
}

func TestWorkShortlyBeforeOrAfterUsualHoursIsNoFinding(t *testing.T) {
	t.Parallel()
	for clock, want := range map[time.Duration]bool{6*time.Hour + 30*time.Minute: false, 5*time.Hour + 30*time.Minute: true,
		15*time.Hour + 30*time.Minute: false, 16*time.Hour + 30*time.Minute: true} {
		start := time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC).Add(clock)
		activity := judgeAda(append(daily(20, time.UTC, 9, 12), series(3, "scenario_updated", start, time.Minute)...)...)
		assert.Equal(t, []string{"08-14"}, activity.Usual.Ranges())
		assert.Len(t, activity.Outside, 3)
		assert.Equal(t, want, finding(activity, "outside_usual_hours") != nil, clock)
	}
}

func TestAServiceAccountHasNoOfficeHours(t *testing.T) {
	t.Parallel()
	service := auditlog.Actor{ID: "5", Name: "svc-deploy"}
	var entries []*auditlog.Entry
	night := time.Date(2026, 11, 18, 3, 30, 0, 0, time.UTC)
	for _, entry := range append(daily(20, time.UTC, 9, 12), series(4, "scenario_updated", night, 20*time.Minute)...) {
		entry.Actor = &service
		entries = append(entries, entry)
	}
	activity := judge(service, time.UTC, nil, entries...)
	assert.Len(t, activity.Outside, 4, "it is told")
	assert.Empty(t, activity.Findings, "and no finding")
}

func TestADayOnWhichNearlyNobodyWorksIsAHoliday(t *testing.T) {
	t.Parallel()
	log := world([]ruleEntry{{Event: "webhook_deleted", Times: 12, Every: time.Minute}})
	for _, id := range []auditlog.ID{"41", "42", "43", "44", "45", "46"} {
		for day := range 103 {
			at := log.Baseline.From.AddDate(0, 0, day).Add(10 * time.Hour)
			if at.YearDay() != wednesday().YearDay() && at.Weekday() != time.Saturday && at.Weekday() != time.Sunday {
				log.Entries = append(log.Entries, logtest.Did(auditlog.Actor{ID: id}, "scenario_updated", at))
			}
		}
	}
	var detector *detect.Detector
	find := func() *detect.Report {
		report, err := detector.Find(t.Context(), log)
		require.NoError(t, err)
		return report
	}
	assert.True(t, saw(find(), "outside_usual_days"))
	for _, id := range []auditlog.ID{"41", "42", "43"} {
		log.Entries = append(log.Entries, logtest.Did(auditlog.Actor{ID: id}, "scenario_updated", wednesday()))
	}
	assert.False(t, saw(find(), "outside_usual_days"), "half of them work")
}

func TestADayOffOfTheWeekIsTold(t *testing.T) {
	t.Parallel()
	saturday := find(t, ruleEntry{Event: "webhook_deleted", After: 72 * time.Hour, Times: 12, Every: time.Minute})
	assert.Contains(t, only(t, saturday).Also, "outside_usual_days")
	wednesday := find(t, ruleEntry{Event: "webhook_deleted", Times: 12, Every: time.Minute})
	assert.NotContains(t, only(t, wednesday).Also, "outside_usual_days")
}
