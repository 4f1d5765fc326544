package analysis_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
)

// knowing is a directory that also tells zones and details.
type knowing struct {
	*directory
	zones    map[auditlog.ID]string
	details  map[string]string
	failures map[string]error
}

func (k *knowing) UserTimezone(_ context.Context, _, user auditlog.ID) string { return k.zones[user] }

func (k *knowing) Detail(_ context.Context, _ auditlog.ID, uuid string) (*auditlog.Entry, error) {
	if err := k.failures[uuid]; err != nil {
		return nil, err
	}
	return &auditlog.Entry{UUID: uuid, Details: []byte(k.details[uuid])}, nil
}

// documented are some of the events that Make documents.
func documented() *auditlog.Catalog {
	catalog := &auditlog.Catalog{}
	for category, values := range map[string][]auditlog.Text{
		"Scenarios":                             {"scenario_created", "scenario_updated", "scenario_deleted"},
		"Connections":                           {"connection_created", "connection_updated", "connection_deleted", "connection_reauthorized"},
		"Webhooks":                              {"webhook_created", "webhook_updated", "webhook_deleted"},
		"Keys":                                  {"key_created", "key_updated", "key_deleted"},
		"Team":                                  {"team_created", "team_role_updated", "team_member_removed"},
		"Team Variables":                        {"team_variable_created", "team_variable_updated", "team_variable_deleted"},
		"Organization Variables":                {"organization_variable_created", "organization_variable_updated"},
		"Organization":                          {"organization_created"},
		"Two-factor authentication enforcement": {"two_factor_authentication_enforcement_disabled"},
		"Credential requests":                   {"credential_request_authorized"},
	} {
		for _, value := range values {
			catalog.Events = append(catalog.Events, auditlog.EventType{Value: value, Category: auditlog.Text(category)})
		}
	}
	slices.SortFunc(catalog.Events, func(a, b auditlog.EventType) int { return slices.Compare([]byte(a.Value), []byte(b.Value)) })
	return catalog
}

func ada() auditlog.Actor {
	return auditlog.Actor{ID: "5", Name: "Ada Lovelace", Email: "ada@example.com"}
}

// did is an entry of somebody's.
func did(actor auditlog.Actor, event auditlog.Text, at time.Time) *auditlog.Entry {
	return &auditlog.Entry{UUID: fmt.Sprintf("%s-%d", event, at.UnixNano()), Event: event, TriggeredAt: at, Actor: &actor, Team: &auditlog.Ref{ID: "1"}}
}

// activityOf asks for the last ten days of somebody, against ninety before.
func activityOf(t *testing.T, actor auditlog.Actor, zone *time.Location, own string, entries ...*auditlog.Entry) *analysis.Activity {
	t.Helper()
	slices.SortFunc(entries, auditlog.CompareNewestFirst)
	service := &analysis.Service{
		Reader:    &log{entries: entries},
		Directory: &knowing{directory: &directory{catalog: documented()}, zones: map[auditlog.ID]string{actor.ID: own}},
	}
	activity, err := service.Activity(t.Context(), auditlog.Query{Actors: []auditlog.Actor{actor}, Window: auditlog.Window{From: windowStart(), To: now(), Location: zone}}, 90)
	require.NoError(t, err)
	return activity
}

// windowStart is a Tuesday noon in UTC.
func windowStart() time.Time { return now().AddDate(0, 0, -10) }

// daily are entries of the baseline, at some hours of so many days up to the day
// before the window.
func daily(days int, zone *time.Location, hours ...int) []*auditlog.Entry {
	var entries []*auditlog.Entry
	for day := range days {
		date := windowStart().In(zone).AddDate(0, 0, -1-day)
		for i, hour := range hours {
			entries = append(entries, did(ada(), "scenario_updated", time.Date(date.Year(), date.Month(), date.Day(), hour, 10+i, day, 0, zone)))
		}
	}
	return entries
}

func TestHoursAreUsualOnceEnoughWasSeen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		baseline []*auditlog.Entry
		known    bool
	}{
		"thirty entries on ten days":         {daily(10, time.UTC, 9, 12, 15), true},
		"nine days":                          {daily(9, time.UTC, 9, 10, 12, 15), false},
		"twenty-nine entries":                {daily(10, time.UTC, 9, 12, 15)[1:], false},
		"nothing":                            {nil, false},
		"what lies before the baseline":      {[]*auditlog.Entry{did(ada(), "key_created", windowStart().AddDate(0, 0, -91))}, false},
		"many on a day are still of one day": {slices.Concat(daily(1, time.UTC, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), daily(1, time.UTC, 17, 18, 19, 20, 21, 22, 23), daily(9, time.UTC, 0)), false},
	} {
		night := did(ada(), "key_created", now().Add(-9*time.Hour)) // 03:00
		activity := activityOf(t, ada(), time.UTC, "", append(test.baseline, night)...)
		assert.Equal(t, test.known, activity.Usual.IsKnown(), name)
		if test.known {
			assert.Empty(t, activity.Usual.Reason)
			assert.Equal(t, []*auditlog.Entry{night}, activity.Outside)
			continue
		}
		assert.Contains(t, activity.Usual.Reason, fmt.Sprintf("%d entries on %d days", activity.Baseline.Entries, activity.Baseline.ActiveDays), name)
		assert.Empty(t, activity.Outside, "where nothing is known, nothing is outside: "+name)
		assert.Empty(t, activity.Usual.Ranges())
	}
}

func TestUsualHoursHaveTheirNeighbours(t *testing.T) {
	t.Parallel()
	ranges := func(entries ...*auditlog.Entry) []string {
		return activityOf(t, ada(), time.UTC, "", entries...).Usual.Ranges()
	}
	assert.Equal(t, []string{"08-11", "14-17"}, ranges(daily(20, time.UTC, 9, 15)...), "an hour beside is as usual")
	assert.Equal(t, []string{"00-02", "22-24"}, ranges(daily(20, time.UTC, 23, 0)...), "around midnight")
	assert.Equal(t, []string{"00-24"}, ranges(daily(20, time.UTC, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22)...))
	assert.Equal(t, []string{"08-11"}, ranges(append(daily(20, time.UTC, 9, 9), daily(1, time.UTC, 3)...)...), "once is not usual")
	assert.Equal(t, []string{"02-05", "08-11"}, ranges(append(daily(20, time.UTC, 9, 9), daily(2, time.UTC, 3)...)...), "twice in twenty days is")
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
		return did(ada(), "scenario_updated", time.Date(2026, 11, 18, hour, minute, 0, 0, zone))
	}
	early, late := at(prague, 7, 59), at(prague, 18, 0)
	activity := activityOf(t, ada(), prague, "", append(office, early, at(prague, 8, 0), at(prague, 17, 59), late)...)
	assert.Equal(t, []string{"08-14", "15-18"}, activity.Usual.Ranges(), "summer and winter alike")
	assert.False(t, activity.Usual.IsOwn)
	assert.ElementsMatch(t, []*auditlog.Entry{early, late}, activity.Outside)

	// A zone that is off by 45 minutes, for a window of another zone.
	night := at(kathmandu, 3, 0)
	activity = activityOf(t, ada(), prague, "Asia/Kathmandu", append(daily(20, kathmandu, 9, 12), at(kathmandu, 8, 0), night)...)
	assert.Equal(t, []string{"08-14"}, activity.Usual.Ranges())
	assert.True(t, activity.Usual.IsOwn)
	assert.Equal(t, "Asia/Kathmandu", activity.Usual.Location.String())
	assert.Equal(t, "Asia/Kathmandu", activity.Timezone)
	assert.Equal(t, []*auditlog.Entry{night}, activity.Outside)

	for _, useless := range []string{"", "Local", "Middle/Earth"} {
		activity = activityOf(t, ada(), prague, useless, office...)
		assert.Equal(t, prague, activity.Usual.Location, useless)
		assert.False(t, activity.Usual.IsOwn, useless)
	}
}

func TestMachinesAreToldByNameOrByHours(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		actor auditlog.Actor
		want  analysis.ActorKind
	}{
		{ada(), analysis.KindPerson},
		{auditlog.Actor{ID: "5", Name: "svc-deploy"}, analysis.KindServiceAccount},
		{auditlog.Actor{ID: "5", Name: "SVC_Backup"}, analysis.KindServiceAccount},
		{auditlog.Actor{ID: "5", Name: "x", Email: "no-reply.service@example.com"}, analysis.KindServiceAccount},
		{auditlog.Actor{ID: "5", Name: "ci"}, analysis.KindServiceAccount},
		{auditlog.Actor{ID: "5", Name: "Bot Nguyen", Email: "bot.nguyen@example.com"}, analysis.KindPerson},
		{auditlog.Actor{ID: "5", Name: "Jana Svcova", Email: "jana@service.example"}, analysis.KindPerson},
		{auditlog.Actor{ID: "5"}, analysis.KindPerson},
	} {
		activity := activityOf(t, test.actor, time.UTC, "")
		assert.Equal(t, test.want, activity.Kind, "%+v", test.actor)
		assert.Equal(t, test.want == analysis.KindServiceAccount, activity.KindReason != "", "%+v", test.actor)
	}
	hours := make([]int, 0, 24)
	for hour := range 20 {
		hours = append(hours, hour)
	}
	assert.Equal(t, analysis.KindServiceAccount, activityOf(t, ada(), time.UTC, "", daily(5, time.UTC, hours...)...).Kind)
	assert.Equal(t, analysis.KindPerson, activityOf(t, ada(), time.UTC, "", daily(4, time.UTC, hours...)...).Kind, "too little to tell")
	assert.Equal(t, analysis.KindPerson, activityOf(t, ada(), time.UTC, "", daily(40, time.UTC, hours[:19]...)...).Kind)

	night := did(auditlog.Actor{ID: "5", Name: "svc-deploy"}, "key_created", now().Add(-9*time.Hour))
	activity := activityOf(t, auditlog.Actor{ID: "5", Name: "svc-deploy"}, time.UTC, "", append(daily(20, time.UTC, 9, 12), night)...)
	assert.Equal(t, []*auditlog.Entry{night}, activity.Outside, "a name exempts nobody")
}

func TestWhoLeftIsNamedByTheLog(t *testing.T) {
	t.Parallel()
	entry := did(ada(), "key_created", windowStart().AddDate(0, 0, -3))
	assert.Equal(t, ada(), activityOf(t, auditlog.Actor{ID: "5"}, time.UTC, "", entry).Actor)
	assert.Equal(t, auditlog.Actor{ID: "5"}, activityOf(t, auditlog.Actor{ID: "5"}, time.UTC, "").Actor)
}

func TestTheWindowBeginsWhereTheBaselineEnds(t *testing.T) {
	t.Parallel()
	begin := windowStart().AddDate(0, 0, -90)
	activity := activityOf(t, ada(), time.UTC, "",
		did(ada(), "too_old", begin.Add(-time.Millisecond)), did(ada(), "just_before", begin), did(ada(), "just_before", windowStart().Add(-time.Millisecond)),
		did(ada(), "first", windowStart()), did(ada(), "last", now().Add(-time.Millisecond)), did(ada(), "too_late", now()))
	assert.Equal(t, 2, activity.Baseline.Entries)
	assert.Equal(t, auditlog.Window{From: begin, To: windowStart(), Location: time.UTC}, activity.Baseline.Window)
	require.Len(t, activity.Entries, 2)
	assert.Equal(t, []auditlog.Text{"last", "first"}, []auditlog.Text{activity.Entries[0].Event, activity.Entries[1].Event})
	assert.Len(t, activity.NewEvents(), 2)
}
