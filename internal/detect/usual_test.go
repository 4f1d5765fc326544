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
