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

func TestManyDeletionsWithinAnHourAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		entries  []*auditlog.Entry
		want     detect.Severity // empty: no finding
		observed float64
	}{
		"nine":     {series(9, "webhook_deleted", morning(), time.Minute), "", 0},
		"ten":      {series(10, "webhook_deleted", morning(), time.Minute), detect.SeverityMedium, 10},
		"nineteen": {series(19, "webhook_deleted", morning(), time.Minute), detect.SeverityMedium, 19},
		"twenty":   {series(20, "webhook_deleted", morning(), time.Minute), detect.SeverityHigh, 20},
		"removed":  {series(10, "team_member_removed", morning(), time.Minute), detect.SeverityMedium, 10},
		"of several events": {append(series(5, "webhook_deleted", morning(), time.Minute),
			series(5, "key_deleted", morning(), time.Second)...), detect.SeverityMedium, 10},
		"within an hour":      {series(10, "webhook_deleted", morning(), 399*time.Second), detect.SeverityMedium, 10},
		"in a whole hour":     {series(10, "webhook_deleted", morning(), 400*time.Second), "", 0},
		"spread over the day": {series(40, "webhook_deleted", morning(), 10*time.Minute), "", 0},
		"updates":             {series(40, "webhook_updated", morning(), time.Minute), "", 0},
		"as usual": {append(series(12, "webhook_deleted", morning(), time.Minute),
			series(7, "webhook_deleted", windowStart().Add(-30*time.Hour), time.Minute)...), "", 0},
		"twice as many as usual": {append(series(14, "webhook_deleted", morning(), time.Minute),
			series(7, "webhook_deleted", windowStart().Add(-30*time.Hour), time.Minute)...), detect.SeverityMedium, 14},
		"the busiest of two hours": {append(series(11, "webhook_deleted", morning(), time.Minute),
			series(13, "key_deleted", morning().Add(-30*time.Hour), time.Minute)...), detect.SeverityMedium, 13},
	} {
		got := finding(judgeAda(test.entries...), "mass_deletion")
		if test.want == "" {
			assert.Nil(t, got, name)
			continue
		}
		require.NotNil(t, got, name)
		assert.Equal(t, test.want, got.Severity, name)
		assert.InDelta(t, test.observed, got.Observed, 0, name)
		assert.Len(t, got.Evidence, int(test.observed), name)
		assert.GreaterOrEqual(t, got.Observed, got.Threshold, name)
		assert.True(t, slices.IsSortedFunc(got.Evidence, auditlog.CompareNewestFirst), name)
	}
}

func TestWorkOutsideUsualHoursIsFoundFromThreeEntriesOn(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 11, 18, 3, 30, 0, 0, time.UTC)
	find := func(entries ...*auditlog.Entry) *detect.Finding {
		return finding(judgeAda(append(daily(20, time.UTC, 9, 12), entries...)...), "outside_usual_hours")
	}
	assert.Nil(t, find(series(2, "key_created", night, time.Minute)...))
	assert.Nil(t, find(series(30, "key_created", morning(), time.Minute)...))
	low := find(series(3, "scenario_updated", night, time.Minute)...)
	require.NotNil(t, low)
	assert.Equal(t, detect.SeverityLow, low.Severity)
	assert.Contains(t, low.Reason, "08-14")
	medium := find(append(series(2, "scenario_updated", night, time.Minute),
		logtest.Did(logtest.Ada(), "webhook_deleted", night.Add(time.Second)))...)
	require.NotNil(t, medium)
	assert.Equal(t, detect.SeverityMedium, medium.Severity)
	assert.Len(t, medium.Evidence, 3)
	assert.Nil(t, finding(judgeAda(series(9, "key_created", night, time.Minute)...), "outside_usual_hours"),
		"with no baseline nothing is unusual")
}

func TestNotableEventsOfAFirstTimeAreFound(t *testing.T) {
	t.Parallel()
	find := func(days int, events ...auditlog.Text) *detect.Finding {
		entries := daily(days, time.UTC, 9, 12)
		for i, event := range events {
			entries = append(entries, logtest.Did(logtest.Ada(), event, morning().Add(-time.Duration(i)*time.Minute)))
		}
		return finding(judgeAda(entries...), "first_time_events")
	}
	got := find(20, "key_created", "key_created", "webhook_deleted", "webhook_updated")
	require.NotNil(t, got)
	assert.InDelta(t, 2, got.Observed, 0)
	assert.Len(t, got.Evidence, 3)
	assert.Nil(t, find(20, "webhook_updated", "scenario_created"), "not notable")
	assert.Nil(t, find(20, "webhook_created"), "not weighty")
	assert.Nil(t, find(14, "key_created"), "28 entries are too little a baseline")
	assert.NotNil(t, find(15, "key_created"))
	known := append(daily(20, time.UTC, 9, 12), logtest.Did(logtest.Ada(), "key_created", windowStart().Add(-time.Hour)),
		logtest.Did(logtest.Ada(), "key_created", morning()))
	assert.Nil(t, finding(judgeAda(known...), "first_time_events"))
}

func TestABusyDayIsOneFarBeyondTheOthers(t *testing.T) {
	t.Parallel()
	find := func(usual, count int) *detect.Finding {
		usualDays := daily(20, time.UTC, slices.Repeat([]int{9}, usual)...)
		return finding(judgeAda(append(usualDays, series(count, "scenario_updated", morning(), time.Second)...)...), "busy_day")
	}
	assert.Nil(t, find(4, 30), "thirty entries a day are never many")
	got := find(4, 31)
	require.NotNil(t, got)
	assert.Equal(t, detect.SeverityLow, got.Severity)
	assert.Len(t, got.Evidence, 31)
	assert.Contains(t, got.Reason, "31 entries on 2026-11-18")
	assert.Contains(t, got.Reason, "has 4 (median)")
	assert.Nil(t, find(40, 43), "of somebody who is always busy")
	assert.NotNil(t, find(40, 44))
	assert.Nil(t, find(1, 100), "20 entries are too little a baseline")
}

func TestFindingsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	ask := func(count int) judged {
		night := time.Date(2026, 11, 18, 3, 59, 0, 0, time.UTC)
		return judgeAda(append(daily(20, time.UTC, 9, 12), series(count, "webhook_deleted", night, time.Minute)...)...)
	}
	first, again, other := ask(40), ask(40), ask(41)
	assert.Equal(t, []string{"mass_deletion", "outside_usual_hours", "first_time_events", "busy_day"}, rules(first),
		"the most severe first")
	ids := map[string]bool{}
	for i := range first.Findings {
		assert.Equal(t, first.Findings[i].ID(), again.Findings[i].ID())
		assert.NotEqual(t, first.Findings[i].ID(), other.Findings[i].ID(), "other evidence")
		ids[first.Findings[i].ID()] = true
	}
	assert.Len(t, ids, 4)
}

func TestTheSystemHasNoHabits(t *testing.T) {
	t.Parallel()
	var entries []*auditlog.Entry
	for _, entry := range slices.Concat(daily(30, time.UTC, 9, 12),
		series(40, "scenario_updated", morning().Add(-6*time.Hour), time.Minute), series(1, "key_created", morning(), time.Minute)) {
		entry.Actor = nil
		entries = append(entries, entry)
	}
	activity := judge(auditlog.Actor{}, time.UTC, nil, entries...)
	assert.Equal(t, detect.System, activity.ActorType)
	assert.Len(t, activity.Entries, 41)
	assert.False(t, activity.Usual.IsKnown())
	assert.Contains(t, activity.Usual.Reason, "system")
	assert.Empty(t, activity.Outside)
	assert.Empty(t, rules(activity))
}

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

// activeDays counts the days in UTC that have entries.
func activeDays(entries []*auditlog.Entry) int {
	days := map[string]bool{}
	for _, entry := range entries {
		days[entry.TriggeredAt.UTC().Format(time.DateOnly)] = true
	}
	return len(days)
}

func TestEveryPowerSaysWhyItIsNotable(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for power := auditlog.PowerNone + 1; power <= auditlog.PowerSignOn; power++ {
		why := detect.Notable{Power: power}.Why()
		assert.NotEmpty(t, why, power)
		said[why] = true
	}
	assert.Len(t, said, int(auditlog.PowerSignOn)-1, "only the two powers of connections share their words")
}

func TestWhatTouchesAccessIsNotable(t *testing.T) {
	t.Parallel()
	// From the weightiest down; the last are not notable at all.
	weighty := []auditlog.Text{
		"two_factor_authentication_enforcement_disabled", "team_role_updated", "organization_created", "key_created",
		"credential_request_authorized", "connection_deleted", "webhook_deleted", "organization_variable_updated", "connection_updated",
		"webhook_created",
	}
	plain := []auditlog.Text{"scenario_updated", "scenario_created", "webhook_updated", "team_variable_updated"}
	var entries []*auditlog.Entry
	for i, event := range append(plain, weighty...) {
		entries = append(entries, logtest.Did(logtest.Ada(), event, now().Add(-time.Duration(i+1)*time.Hour)))
	}
	notable := judgeAda(entries...).Notable
	var found []auditlog.Text
	for i, one := range notable {
		found = append(found, one.Entry.Event)
		assert.NotEmpty(t, one.Why())
		assert.True(t, i == 0 || one.Power <= notable[i-1].Power)
	}
	assert.Equal(t, weighty, found)
}

func TestNotableEntriesOfOneWeightComeNewestFirst(t *testing.T) {
	t.Parallel()
	older, newer := logtest.Did(logtest.Ada(), "key_deleted", now().Add(-2*time.Hour)), logtest.Did(logtest.Ada(), "key_created",
		now().Add(-time.Hour))
	notable := judgeAda(older, newer,
		logtest.Did(logtest.Ada(), "key_created", windowStart().Add(-time.Hour))).Notable
	require.Len(t, notable, 2, "the baseline's are not")
	assert.Equal(t, []*auditlog.Entry{newer, older}, []*auditlog.Entry{notable[0].Entry, notable[1].Entry})
}

func TestEventsOfAnyNameAreJudgedByTheirWords(t *testing.T) {
	t.Parallel()
	for event, want := range map[auditlog.Text]bool{
		"sso_enabled": true, "user_2fa_reset": true, "organization_member_added": true, "API_KEYS_ROTATED": true,
		"certificate_created": true, "folder_deleted": true,
		"folder_removed": true, "keyboard_created": false, "monkey_updated": false, "folder_created": false, "": false, "_": false,
		"\u202ekey_created": true,
	} {
		notable := judgeAda(logtest.Did(logtest.Ada(), event, now().Add(-time.Hour))).Notable
		assert.Equal(t, want, len(notable) == 1, "%q", string(event))
	}
}

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
			fmt.Sprintf("%d entries on %d days", len(activity.Baseline), activeDays(activity.Baseline)), name)
		assert.Empty(t, activity.Outside, "where nothing is known, nothing is outside: "+name)
		assert.Empty(t, activity.Usual.Ranges())
	}
}

func TestUsualHoursHaveTheirNeighbours(t *testing.T) {
	t.Parallel()
	ranges := func(entries ...*auditlog.Entry) []string { return judgeAda(entries...).Usual.Ranges() }
	assert.Equal(t, []string{"08-11", "14-17"}, ranges(daily(20, time.UTC, 9, 15)...), "an hour beside is as usual")
	assert.Equal(t, []string{"00-02", "22-24"}, ranges(daily(20, time.UTC, 23, 0)...), "around midnight")
	assert.Equal(t, []string{"00-24"}, ranges(daily(20, time.UTC, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22)...))
	assert.Equal(t, []string{"08-11"}, ranges(append(daily(20, time.UTC, 9, 9), daily(1, time.UTC, 3)...)...), "once is not usual")
	assert.Equal(t, []string{"02-05", "08-11"}, ranges(append(daily(20, time.UTC, 9, 9), daily(2, time.UTC, 3)...)...),
		"twice in twenty days is")
	assert.Equal(t, []string{"08-11"}, ranges(append(daily(60, time.UTC, 9), daily(2, time.UTC, 3)...)...), "twice in sixty days is not")
	assert.Equal(t, []string{"02-05", "08-11"}, ranges(append(daily(60, time.UTC, 9), daily(3, time.UTC, 3)...)...), "one day in twenty is")
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
	assert.Equal(t, []string{"08-14", "15-18"}, activity.Usual.Ranges(), "summer and winter alike")
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

func TestMachinesAreToldByNameOrByHours(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		actor auditlog.Actor
		want  detect.ActorType
	}{
		{logtest.Ada(), detect.Person},
		{auditlog.Actor{ID: "5", Name: "svc-deploy"}, detect.ServiceAccount},
		{auditlog.Actor{ID: "5", Name: "SVC_Backup"}, detect.ServiceAccount},
		{auditlog.Actor{ID: "5", Name: "x", Email: "no-reply.service@example.com"}, detect.ServiceAccount},
		{auditlog.Actor{ID: "5", Name: "ci"}, detect.ServiceAccount},
		{auditlog.Actor{ID: "5", Name: "Bot Nguyen", Email: "bot.nguyen@example.com"}, detect.Person},
		{auditlog.Actor{ID: "5", Name: "Jana Svcova", Email: "jana@service.example"}, detect.Person},
		{auditlog.Actor{ID: "5"}, detect.Person},
	} {
		activity := judge(test.actor, time.UTC, nil)
		assert.Equal(t, test.want, activity.ActorType, "%+v", test.actor)
		assert.Equal(t, test.want == detect.ServiceAccount, activity.ActorTypeReason != "", "%+v", test.actor)
	}
	hours := make([]int, 0, 24)
	for hour := range 20 {
		hours = append(hours, hour)
	}
	assert.Equal(t, detect.ServiceAccount, judgeAda(daily(5, time.UTC, hours...)...).ActorType)
	assert.Equal(t, detect.Person, judgeAda(daily(4, time.UTC, hours...)...).ActorType, "too little to tell")
	assert.Equal(t, detect.Person, judgeAda(daily(40, time.UTC, hours[:19]...)...).ActorType)

	night := logtest.Did(auditlog.Actor{ID: "5", Name: "svc-deploy"}, "key_created", now().Add(-9*time.Hour))
	activity := judge(auditlog.Actor{ID: "5", Name: "svc-deploy"}, time.UTC, nil, append(daily(20, time.UTC, 9, 12), night)...)
	assert.Equal(t, []*auditlog.Entry{night}, activity.Outside, "a name exempts nobody")
}
