package tools_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

// TestDaysWithoutMidnightAreWholeDays has entries at the edges of days that begin at 01:00.
func TestDaysWithoutMidnightAreWholeDays(t *testing.T) {
	t.Parallel()
	for zone, test := range map[string]struct {
		day        string   // begins at 01:00
		dayBefore  []string // when things were done the day before
		onTheDay   []string
		weekBefore string // something in the first hour of the week before the one that begins on the day
		previous   [2]string
		note       string
	}{
		"America/Santiago": {
			day: "2026-09-06", dayBefore: []string{"2026-09-05T04:30:00Z", "2026-09-06T03:59:59Z"},
			onTheDay: []string{"2026-09-06T04:00:00Z", "2026-09-07T02:59:59Z"}, weekBefore: "2026-08-30T04:30:00Z",
			previous: [2]string{"2026-09-05T00:00:00-04:00", "2026-09-06T01:00:00-03:00"},
			note:     "2026-09-06 has 23 hours in America/Santiago: clocks go forward, and 00:00 to 01:00 is missing",
		},
		"Africa/Cairo": {
			day: "2026-04-24", dayBefore: []string{"2026-04-22T22:30:00Z", "2026-04-23T21:59:59Z"},
			onTheDay: []string{"2026-04-23T22:00:00Z", "2026-04-24T20:59:59Z"}, weekBefore: "2026-04-16T22:30:00Z",
			previous: [2]string{"2026-04-23T00:00:00+02:00", "2026-04-24T01:00:00+03:00"},
			note:     "2026-04-24 has 23 hours in Africa/Cairo: clocks go forward, and 00:00 to 01:00 is missing",
		},
		"Asia/Beirut": {
			day: "2026-03-29", dayBefore: []string{"2026-03-27T22:30:00Z", "2026-03-28T21:59:59Z"},
			onTheDay: []string{"2026-03-28T22:00:00Z", "2026-03-29T20:59:59Z"}, weekBefore: "2026-03-21T22:30:00Z",
			previous: [2]string{"2026-03-28T00:00:00+02:00", "2026-03-29T01:00:00+03:00"},
			note:     "2026-03-29 has 23 hours in Asia/Beirut: clocks go forward, and 00:00 to 01:00 is missing",
		},
	} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			world := *demoWorld()
			world.Entries = nil
			u := start(t, &world, makesim.Options{})
			do := func(instants ...string) {
				for _, text := range append(instants, "2025-12-01T00:00:00Z") { // the log begins before all of them
					at, err := time.Parse(time.RFC3339, text)
					require.NoError(t, err)
					u.AddEntries(makesim.Entry{OrganizationID: demoOrganization, Event: "team_created", TargetID: "t",
						Actor: &makesim.Actor{ID: 5004}, TriggeredAt: at})
				}
			}
			do(append(append([]string{test.weekBefore}, test.dayBefore...), test.onTheDay...)...)
			c := u.caller(makesim.DemoToken)

			day := c.count(args{"period": test.day, "timezone": zone, "compare_to_previous": true})
			assert.Equal(t, 2, *day.Total)
			require.NotNil(t, day.Previous)
			requireSpan(t, test.previous, day.Previous.From, day.Previous.To)
			assert.Equal(t, 2, *day.Previous.Total)
			assert.Contains(t, day.Warnings, test.note)

			first, err := time.Parse(time.DateOnly, test.day)
			require.NoError(t, err)
			until := first.AddDate(0, 0, 6).Format(time.DateOnly)
			week := c.count(args{"from": test.day, "to": until, "timezone": zone, "compare_to_previous": true})
			assert.Equal(t, 2, *week.Total)
			assert.Equal(t, 3, *week.Previous.Total)
			assert.NotContains(t, week.Warnings, test.note, "an hour of seven days misleads nobody")

			activity := c.activity(args{"actor": 5004, "period": test.day, "timezone": zone, "baseline_days": 1})
			assert.Equal(t, 2, *activity.Total)
			assert.Equal(t, 2, activity.Baseline.Entries)
			requireSpan(t, test.previous, activity.Baseline.From, activity.Baseline.To)

			byDay := c.count(args{"from": first.AddDate(0, 0, -2).Format(time.DateOnly), "to": until, "timezone": zone, "group_by": "day",
				"order_by": "key"})
			counts := map[string]int{}
			for _, group := range byDay.Groups {
				counts[group.Key.Day] = group.Count
			}
			want := map[string]int{}
			for day := range 9 {
				want[first.AddDate(0, 0, day-2).Format(time.DateOnly)] = 0
			}
			want[first.AddDate(0, 0, -1).Format(time.DateOnly)], want[test.day] = 2, 2
			assert.Equal(t, want, counts)
			assert.Contains(t, byDay.Warnings, test.note)
		})
	}
}

func TestADayOfAnotherLengthIsSaidWhereDaysAreCompared(t *testing.T) {
	t.Parallel()
	c := demo(t, makesim.Quirks{}).caller(makesim.DemoToken)
	const note = "2026-10-25 has 25 hours in Europe/Prague: clocks go back, and 02:00 to 03:00 comes twice"
	for name, test := range map[string]struct {
		arguments args
		want      string
	}{
		"its hours":          {args{"period": "2026-10-25", "group_by": "hour_of_day"}, note},
		"the day itself":     {args{"period": "2026-10-25"}, note},
		"days":               {args{"from": "2026-10-20", "to": "2026-11-01", "group_by": "day"}, note},
		"the day before it":  {args{"period": "2026-10-26", "compare_to_previous": true}, "the period before: " + note},
		"days without it":    {args{"from": "2026-10-26", "to": "2026-11-01", "group_by": "day"}, ""},
		"it is not listed":   {args{"from": "2026-10-24", "to": "2026-10-26", "group_by": "day", "limit": 1}, ""},
		"people":             {args{"from": "2026-10-20", "to": "2026-11-01", "group_by": "actor"}, ""},
		"a zone without any": {args{"period": "2026-10-25", "timezone": "Asia/Kathmandu", "group_by": "hour_of_day"}, ""},
	} {
		got := c.count(test.arguments)
		if test.want == "" {
			assert.NotContains(t, strings.Join(got.Warnings, "; "), " hours in ", name)
			continue
		}
		assert.Equal(t, []string{test.want}, got.Warnings, name)
	}
}

func requireSpan(t *testing.T, want [2]string, from, to string) {
	t.Helper()
	require.Equal(t, want[0], from)
	require.Equal(t, want[1], to)
}
