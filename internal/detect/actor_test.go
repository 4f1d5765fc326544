package detect_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

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

	var shifts []*auditlog.Entry // early, late and at night in turn
	for week, start := range []int{6, 14, 22, 6, 14, 22} {
		for day := range 5 {
			for hour := range 8 {
				shifts = append(shifts, logtest.Did(logtest.Ada(), "scenario_updated",
					windowStart().AddDate(0, 0, -7*week-day-1).Truncate(24*time.Hour).Add(time.Duration(start+hour)*time.Hour)))
			}
		}
	}
	byShift := judgeAda(shifts...)
	assert.Equal(t, detect.Person, byShift.ActorType, "people who work in shifts sleep")
	assert.Equal(t, []string{"00-24"}, byShift.Usual.Ranges())

	restless := judgeAda(append(daily(60, time.UTC, 9, 12), series(200, "scenario_updated", morning(), 10*time.Minute)...)...)
	assert.Equal(t, detect.Person, restless.ActorType, "who was a person stays one")

	night := logtest.Did(auditlog.Actor{ID: "5", Name: "svc-deploy"}, "key_created", now().Add(-9*time.Hour))
	activity := judge(auditlog.Actor{ID: "5", Name: "svc-deploy"}, time.UTC, nil, append(daily(20, time.UTC, 9, 12), night)...)
	assert.Equal(t, []*auditlog.Entry{night}, activity.Outside, "a name exempts nobody")
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
	assert.Len(t, activity.window(), 41)
	assert.False(t, activity.Usual.IsKnown())
	assert.Contains(t, activity.Usual.Reason, "system")
	assert.Empty(t, activity.Outside)
	assert.Empty(t, rules(activity))
}

func TestWhoHasNoIDIsTheSystem(t *testing.T) {
	t.Parallel()
	log := world([]ruleEntry{{Event: "key_created", Team: "other"}})
	for _, entry := range log.Entries {
		if entry.ActorID() == "5" {
			entry.Actor = &auditlog.Actor{Name: "Nobody"}
		}
	}
	detector, err := detector()
	require.NoError(t, err)
	report, err := detector.Find(t.Context(), log)
	require.NoError(t, err)
	assert.Empty(t, report.Findings)
	assert.Equal(t, detect.System, report.Assess(nil).ActorType)
}
