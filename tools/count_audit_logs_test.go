package tools_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

func (c *caller) count(arguments args) schemas.CountAuditLogsResult {
	c.T.Helper()
	return ok[schemas.CountAuditLogsResult](c, "count_audit_logs", arguments)
}

// month30 are the 30 days before now, by the clocks of Prague: summer time ended amid them.
func month30(e makesim.Entry) bool {
	return audittest.Within(time.Date(2026, 10, 21, 11, 0, 0, 0, time.UTC), now())(e)
}

// tally counts entries by what key makes of them.
func tally(entries []makesim.Entry, key func(makesim.Entry) string) map[string]int {
	counts := map[string]int{}
	for _, e := range entries {
		counts[key(e)]++
	}
	return counts
}

// most is the key that counts most; the test must not hang on a tie.
func most(t testing.TB, counts map[string]int) string {
	t.Helper()
	best, ties := "", 0
	for key, n := range counts {
		switch {
		case n > counts[best]:
			best, ties = key, 0
		case n == counts[best]:
			ties++
		}
	}
	require.Zero(t, ties, "two are equal: %v", counts)
	return best
}

func actorOf(e makesim.Entry) string { return naiveKey(e, "actor", time.UTC) }

func TestCountsAnswerQuestionsInOneCall(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	prague := inZone(t, "Europe/Prague")
	everything := u.Dumped()
	counts := func(result schemas.CountAuditLogsResult, by string) map[string]int {
		found := map[string]int{}
		for _, g := range result.Groups {
			found[shownKey(t, g.Key, by)] = g.Count
		}
		return found
	}

	t.Run("who deleted how much in the last 30 days", func(t *testing.T) {
		t.Parallel()
		got := c.count(args{"event": "*_deleted", "group_by": "actor", "limit": 200})
		want := tally(u.Dumped(month30, events("*_deleted")), actorOf)
		assert.Equal(t, want, counts(got, "actor"))
		assert.Equal(t, "2026-10-21T13:00:00+02:00", got.Query.From)
		assert.Equal(t, auditlog.Actor{ID: "5028", Name: "Grzegorz Brzęczyszczykiewicz", Email: "grzegorz.b@northwind.example"},
			*got.Groups[0].Key.Actor)
	})
	t.Run("events of each category over everything", func(t *testing.T) {
		t.Parallel()
		got := c.count(args{"from": "all", "group_by": "category", "limit": 50})
		assert.Equal(t, tally(everything, func(e makesim.Entry) string { return naiveKey(e, "category", prague) }), counts(got, "category"))
		assert.True(t, got.Complete)
		assert.Equal(t, len(everything), *got.Total)
		assert.Empty(t, got.Coverage.Gaps)
		first := stampOf(t, got.Query.From)
		assert.False(t, first.After(everything[len(everything)-1].TriggeredAt))
	})
	t.Run("the busiest hour of the week", func(t *testing.T) {
		t.Parallel()
		hour := func(e makesim.Entry) string { return e.TriggeredAt.In(prague).Format("Monday 15") }
		want := tally(everything, hour)
		got := c.count(args{"from": "all", "group_by": []string{"weekday", "hour_of_day"}, "limit": 1})
		require.Len(t, got.Groups, 1)
		busiest := fmt.Sprintf("%s %02d", got.Groups[0].Key.Weekday, *got.Groups[0].Key.HourOfDay)
		assert.Equal(t, most(t, want), busiest)
		assert.Equal(t, want[busiest], got.Groups[0].Count)
		assert.Equal(t, len(want), got.GroupCount)
		assert.Equal(t, *got.Total-got.Groups[0].Count, got.OtherCount)
	})
	t.Run("a calendar month in two zones", func(t *testing.T) {
		t.Parallel()
		question := args{"event": "organization_variable_deleted", "period": "2026-10"}
		totals := map[string]int{}
		for _, zone := range []*time.Location{time.UTC, prague} {
			want := u.Dumped(func(e makesim.Entry) bool {
				return events("organization_variable_deleted")(e) && e.TriggeredAt.In(zone).Format("2006-01") == "2026-10"
			})
			got := c.count(with(question, "timezone", zone.String()))
			assert.Equal(t, len(want), *got.Total, zone)
			totals[zone.String()] = *got.Total
		}
		assert.Equal(t, 3, totals["UTC"]-totals["Europe/Prague"], "three stand between the two midnights")
		assert.Equal(t, totals["Europe/Prague"], *c.count(question).Total, "the user's zone is the default")
	})
}

// TestReviewsTakeOneSmallCall asks what took pages of entries, and counting by hand.
func TestReviewsTakeOneSmallCall(t *testing.T) {
	t.Parallel()
	const small = 4_000
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	ask := func(t *testing.T, arguments args) schemas.CountAuditLogsResult {
		t.Helper()
		r := c.Call("count_audit_logs", arguments)
		require.False(t, r.IsError, r.Text)
		assert.Less(t, utf8.RuneCountInString(r.Text), small)
		got := mcptest.Read[schemas.CountAuditLogsResult](t, r)
		assert.True(t, got.Complete)
		assert.Empty(t, got.Warnings)
		assert.Len(t, got.Groups, min(got.GroupCount, cmp.Or(arguments["limit"], any(20)).(int)), "none is cut")
		return got
	}
	different := func(entries []makesim.Entry, by string, least int) map[string]int {
		seen, counts := map[string]bool{}, map[string]int{}
		for _, e := range entries {
			group, value := actorOf(e), naiveKey(e, by, time.UTC)
			if by == "event" {
				group += " " + e.TargetID
			}
			if value != "none" && !seen[group+" "+value] {
				seen[group+" "+value] = true
				counts[group]++
			}
		}
		maps.DeleteFunc(counts, func(_ string, n int) bool { return n < least })
		return counts
	}

	t.Run("who was active in three teams or more", func(t *testing.T) {
		t.Parallel()
		got, found := ask(t, args{"group_by": "actor", "distinct": "team", "min_count": 3, "order_by": "distinct"}), map[string]int{}
		for _, g := range got.Groups {
			found[shownKey(t, g.Key, "actor")] = *g.Distinct
		}
		assert.Equal(t, different(u.Dumped(month30), "team", 3), found)
		assert.Len(t, found, 4)
		assert.Equal(t, "none", shownKey(t, got.Groups[0].Key, "actor"), "the system was in most")
	})
	t.Run("requests created and authorized by one person", func(t *testing.T) {
		t.Parallel()
		both := []string{"credential_request_created", "credential_request_authorized"}
		got, found := ask(t, args{
			"event": both, "group_by": []string{"target", "actor"}, "distinct": "event", "min_count": 2, "from": "60d",
		}), map[string]int{}
		for _, g := range got.Groups {
			found[shownKey(t, g.Key, "actor")+" "+string(*g.Key.Target)] = *g.Distinct
		}
		last60 := audittest.Within(time.Date(2026, 9, 21, 10, 0, 0, 0, time.UTC), now())
		requests := u.Dumped(last60, func(e makesim.Entry) bool { return slices.Contains(both, e.Event) })
		assert.Equal(t, different(requests, "event", 2), found)
		assert.NotEmpty(t, found)
	})
	t.Run("whose activity fell most", func(t *testing.T) {
		t.Parallel()
		got, found := ask(t, args{
			"group_by": "actor", "compare_to_previous": true, "order_by": "change", "order_dir": "asc", "limit": 3,
		}), [][2]string{}
		changes := tally(u.Dumped(month30), actorOf)
		before := audittest.Within(time.Date(2026, 9, 21, 11, 0, 0, 0, time.UTC), time.Date(2026, 10, 21, 11, 0, 0, 0, time.UTC))
		for actor, n := range tally(u.Dumped(before), actorOf) {
			changes[actor] -= n
		}
		for _, g := range got.Groups {
			found = append(found, [2]string{shownKey(t, g.Key, "actor"), fmt.Sprint(*g.Change)})
		}
		most := slices.SortedFunc(maps.Keys(changes), func(a, b string) int { return changes[a] - changes[b] })
		require.Less(t, changes[most[2]], changes[most[3]], "no tie")
		assert.Equal(t, [][2]string{
			{most[0], fmt.Sprint(changes[most[0]])}, {most[1], fmt.Sprint(changes[most[1]])}, {most[2], fmt.Sprint(changes[most[2]])},
		}, found)
	})
}

// TestWhoFellSilentFellMost: groups that are gone are not left out of an order by change.
func TestWhoFellSilentFellMost(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	question := args{"from": "2026-11-13", "to": "2026-11-19", "group_by": "actor", "compare_to_previous": true, "order_by": "change",
		"order_dir": "asc", "actor": []any{5004, 5019}}
	got := u.caller(makesim.DemoToken).count(question)
	require.Len(t, got.Groups, 2)
	gone := got.Groups[0]
	assert.Equal(t, auditlog.ID("5019"), gone.Key.Actor.ID)
	assert.Equal(t, []int{0, -*gone.PreviousCount, 1}, []int{gone.Count, *gone.Change, got.Previous.GroupsGone})
	assert.Positive(t, *gone.PreviousCount)
	assert.Empty(t, gone.FirstAt+gone.LastAt)
	assert.Equal(t, 2, got.GroupCount)

	active := u.caller(makesim.DemoToken).count(with(question, "min_count", 1))
	require.Len(t, active.Groups, 1, "who is gone does not count 1")
	assert.Equal(t, 1, active.GroupCount)
	assert.Equal(t, 1, active.Previous.GroupsGone)
}

func TestGroupsThatShareTheFirstPlaceAreAllListed(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = nil
	for i, actor := range []int64{5001, 5002, 5003, 5001, 5002, 5003, 5004, 5005} {
		world.Entries = append(world.Entries, makesim.Entry{
			OrganizationID: demoOrganization, Event: "team_created", TargetID: fmt.Sprint("target-", i), Actor: &makesim.Actor{ID: actor},
			TriggeredAt: now().Add(-time.Duration(i+1) * time.Hour),
		})
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	for name, test := range map[string]struct {
		arguments args
		listed    []string
		other     int
		says      string
	}{
		"three are first":      {args{"limit": 1}, []string{"5001 2", "5002 2", "5003 2"}, 2, "3 groups share the first place"},
		"just as many":         {args{"limit": 3}, []string{"5001 2", "5002 2", "5003 2"}, 2, ""},
		"a tie behind the cut": {args{"limit": 4}, []string{"5001 2", "5002 2", "5003 2", "5004 1"}, 1, ""},
		"the least":            {args{"limit": 1, "order_dir": "asc"}, []string{"5004 1", "5005 1"}, 6, "2 groups share the first place"},
		"by different ones": {
			args{"limit": 2, "distinct": "event", "order_by": "distinct"}, []string{"5001 2", "5002 2", "5003 2", "5004 1", "5005 1"}, 0,
			"5 groups share the first place",
		},
		"one is the latest":   {args{"limit": 1, "order_by": "last_at"}, []string{"5001 2"}, 6, ""},
		"one is first by key": {args{"limit": 1, "order_by": "key"}, []string{"5001 2"}, 6, ""},
	} {
		got := c.count(with(test.arguments, "group_by", "actor"))
		var listed []string
		for _, g := range got.Groups {
			listed = append(listed, fmt.Sprint(g.Key.Actor.ID, " ", g.Count))
		}
		assert.Equal(t, test.listed, listed, name)
		assert.Equal(t, []int{test.other, 5}, []int{got.OtherCount, got.GroupCount}, name)
		warnings := strings.Join(got.Warnings, "\n")
		assert.Equal(t, test.says != "", strings.Contains(warnings, "share the first place"), name)
		assert.Contains(t, warnings, test.says, name)
	}
	assert.Len(t, c.count(args{"group_by": "target", "limit": 2}).Groups, 8, "all of them")
}

// TestSoManyMayShareTheFirstPlace that not all fit, which the answer says.
func TestSoManyMayShareTheFirstPlace(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = nil
	for i := range 300 {
		world.Entries = append(world.Entries, makesim.Entry{OrganizationID: demoOrganization, Event: "team_created",
			TargetID: fmt.Sprint("target-", i), TriggeredAt: now().Add(-time.Duration(i+1) * time.Minute)})
	}
	got := start(t, &world, makesim.Options{}).caller(makesim.DemoToken).count(args{"group_by": "target", "limit": 21})
	assert.Len(t, got.Groups, 200)
	assert.Equal(t, 100, got.OtherCount)
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "300 groups share the first place")
}

func TestGroupsByTimeComeInItsOrderAndNoneIsLeftOut(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	at := func(text string) makesim.Entry {
		return makesim.Entry{OrganizationID: demoOrganization, Event: "team_created", TriggeredAt: stampOf(t, text)}
	}
	world.Entries = []makesim.Entry{
		at("2026-08-31T22:00:00Z"),                                                         // the log's oldest
		at("2026-10-25T00:59:59Z"), at("2026-10-25T01:00:00Z"), at("2026-10-25T01:30:00Z"), // 2:59 and twice 2:00 of Prague
		at("2026-11-16T09:00:00Z"), at("2026-11-16T10:00:00Z"), at("2026-11-19T09:00:00Z"),
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	for name, test := range map[string]struct {
		arguments args
		want      []string
	}{
		"days": {args{"from": "2026-11-15", "to": "2026-11-19", "group_by": "day"},
			[]string{"2026-11-15 0", "2026-11-16 2", "2026-11-17 0", "2026-11-18 0", "2026-11-19 1"}},
		"the newest days first": {
			args{"from": "2026-11-15", "to": "2026-11-19", "group_by": "day", "order_dir": "desc", "limit": 2},
			[]string{"2026-11-19 1", "2026-11-18 0"}},
		"by key": {args{"from": "2026-11-18", "to": "2026-11-19", "group_by": "day", "order_by": "key"},
			[]string{"2026-11-18 0", "2026-11-19 1"}},
		"by count": {args{"from": "2026-11-15", "to": "2026-11-19", "group_by": "day", "order_by": "count"},
			[]string{"2026-11-16 2", "2026-11-19 1"}},
		"days of one entry or more": {args{"from": "2026-11-15", "to": "2026-11-19", "group_by": "day", "min_count": 1},
			[]string{"2026-11-16 2", "2026-11-19 1"}},
		"workdays": {args{"from": "2026-11-13", "to": "2026-11-17", "group_by": "day", "weekdays": "workdays"},
			[]string{"2026-11-13 0", "2026-11-16 2", "2026-11-17 0"}},
		"weeks": {args{"from": "2026-10-20", "to": "2026-11-19", "group_by": "week"},
			[]string{"2026-10-19 3", "2026-10-26 0", "2026-11-02 0", "2026-11-09 0", "2026-11-16 3"}},
		"a week that begins before the window": {
			args{"from": "2026-11-17", "to": "2026-11-18", "group_by": "week", "compare_to_previous": true},
			[]string{"2026-11-16 0"}},
		"months": {args{"from": "2026-09-01", "to": "2026-11-19", "group_by": "month"},
			[]string{"2026-09 1", "2026-10 3", "2026-11 3"}},
		"months before the log's first": {args{"from": "2026-06", "to": "2026-10", "group_by": "month"},
			[]string{"2026-09 1", "2026-10 3"}},
		"an hour that clocks show twice": {
			args{"from": "2026-10-25T01:30:00+02:00", "to": "2026-10-25T04:00:00+01:00", "group_by": "hour"},
			[]string{"2026-10-25T01:00:00+02:00 0", "2026-10-25T02:00:00+02:00 1", "2026-10-25T02:00:00+01:00 2",
				"2026-10-25T03:00:00+01:00 0"}},
		"a day without midnight": {
			args{"from": "2026-09-05T22:30", "to": "2026-09-06T02:00", "group_by": "hour", "timezone": "America/Santiago"},
			[]string{"2026-09-05T22:00:00-04:00 0", "2026-09-05T23:00:00-04:00 0", "2026-09-06T01:00:00-03:00 0"}},
		"clocks put forward by half an hour": {
			args{"from": "2026-10-04T00:45", "to": "2026-10-04T04:00", "group_by": "hour", "timezone": "Australia/Lord_Howe"},
			[]string{"2026-10-04T00:00:00+10:30 0", "2026-10-04T01:00:00+10:30 0", "2026-10-04T02:00:00+11:00 0",
				"2026-10-04T03:00:00+11:00 0"}},
		"clocks put forward within an hour": {
			args{"from": "2026-09-27T02:00", "to": "2026-09-27T05:00", "group_by": "hour", "timezone": "Pacific/Chatham"},
			[]string{"2026-09-27T02:00:00+12:45 0", "2026-09-27T03:00:00+13:45 0", "2026-09-27T04:00:00+13:45 0"}},
		"hours of the night": {
			args{"from": "2026-11-16T20:00", "to": "2026-11-17T07:00", "group_by": "hour", "hours": "22:30-0:10"},
			[]string{"2026-11-16T22:00:00+01:00 0", "2026-11-16T23:00:00+01:00 0", "2026-11-17T00:00:00+01:00 0"}},
		"two keys": {args{"from": "2026-11-15", "to": "2026-11-19", "group_by": []string{"day", "event"}},
			[]string{"2026-11-16 2", "2026-11-19 1"}},
		"weekdays as ever": {args{"from": "2026-11-15", "to": "2026-11-19", "group_by": "weekday"},
			[]string{"Monday 2", "Thursday 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			got := c.count(test.arguments)
			for _, g := range got.Groups {
				key := g.Key.Hour + g.Key.Day + g.Key.Week + g.Key.Month + g.Key.Weekday
				found = append(found, fmt.Sprint(key, " ", g.Count))
				assert.Equal(t, g.Count == 0, g.FirstAt == "" && g.LastAt == "", key)
			}
			assert.Equal(t, test.want, found)
		})
	}
	cut := c.count(args{"from": "2026-09-02", "to": "2026-11-19", "group_by": "day"})
	assert.Equal(t, []int{79, 20, 6}, []int{cut.GroupCount, len(cut.Groups), cut.OtherCount})
	assert.Contains(t, strings.Join(cut.Warnings, "\n"), "the last 59 are not listed")
}

func TestCountsDoNotFetchTheSameEntriesTwice(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.count(args{"from": "60d", "group_by": "actor"})
	u.ResetRequests()
	for _, another := range []args{
		{"from": "60d", "group_by": "event"},
		{"from": "60d", "group_by": "team", "compare_to_previous": false},
		{"from": "60d", "group_by": []string{"weekday", "hour_of_day"}, "order_by": "key"},
		{"from": "60d", "group_by": "target", "hours": "22-06", "weekdays": "weekend", "limit": 200},
	} {
		assert.True(t, c.count(another).Complete, "%v", another)
	}
	assert.Empty(t, u.Requests(), "the same entries counted otherwise")
	for _, another := range []args{
		{"from": "60d", "group_by": "category"},
		{"from": "60d", "event": "*_deleted", "actor": "5028", "group_by": "day"},
		{"period": "2026-10", "group_by": "day"},
		{"from": "30d", "to": "2026-11-10", "group_by": "day", "timezone": "Asia/Kathmandu"},
		{"group_by": "actor", "compare_to_previous": true}, // the 30 days before it, too
	} {
		assert.True(t, c.count(another).Complete, "%v", another)
	}
	assert.Empty(t, u.lists(), "names are looked up at most")
	assert.LessOrEqual(t, len(u.Requests()), 1)
}

// lists are the requests for lists of entries.
func (u *upstream) lists() []makesim.Request {
	return slices.DeleteFunc(u.Requests(), func(r makesim.Request) bool {
		return !strings.Contains(r.Path, "audit-logs") || strings.Contains(r.Path, "filters") || r.Query.Get("pg[limit]") == ""
	})
}

// asks tells whether a request names values for a parameter, in any form of array.
func asks(r makesim.Request, parameter string) bool {
	for name := range r.Query {
		if name == parameter || strings.HasPrefix(name, parameter+"[") {
			return true
		}
	}
	return false
}

func TestCountsLetMakeFilterByFewValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments  args
		parameters []string
	}{
		"everything": {
			args{"actor": 5028, "event": "webhook_deleted", "team": 8106},
			[]string{"author", "event", "team"},
		},
		"a person":   {args{"actor": "grzegorz", "group_by": "day"}, []string{"author"}},
		"a category": {args{"event": "Webhooks", "group_by": "day"}, []string{"event"}},
		"a team":     {args{"team": "Marketing", "group_by": "day"}, []string{"team"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := recent(t, makesim.Quirks{})
			got := u.caller(makesim.DemoToken).count(with(test.arguments, "from", "60d"))
			assert.Positive(t, *got.Total)
			narrow := 0
			for _, r := range u.lists() {
				if !slices.ContainsFunc(test.parameters, func(p string) bool { return !asks(r, p) }) {
					narrow++
				}
			}
			assert.Positive(t, narrow, "%v", u.lists())
			// Finding out where the log begins may need a request without filters.
			assert.GreaterOrEqual(t, narrow, len(u.lists())-1, "%v", u.lists())
		})
	}
}

func TestCountsAskForLargePages(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	got := u.caller(makesim.DemoToken).count(args{"from": "all", "group_by": "month"})
	assert.Equal(t, len(u.Dumped()), *got.Total)
	lists, large := u.lists(), 0
	for _, r := range lists {
		if r.Query.Get("pg[limit]") == "1000" {
			large++
		}
	}
	assert.GreaterOrEqual(t, large, len(lists)-3)
	assert.LessOrEqual(t, len(lists), 2*(*got.Total)/1000+8)
}

func TestCountArgumentsAreCoercedOrRefused(t *testing.T) {
	t.Parallel()
	c := recent(t, makesim.Quirks{}).caller(makesim.DemoToken)
	for name, test := range map[string]struct {
		arguments args
		says      []string
	}{
		"three keys":         {args{"group_by": []string{"actor", "event", "day"}}, []string{"group_by", "2"}},
		"an unknown key":     {args{"group_by": "actr"}, []string{"group_by", "actr", "actor", "hour_of_day"}},
		"a near key":         {args{"group_by": []string{"hours"}}, []string{"group_by", "hour", "hour_of_day"}},
		"a key twice":        {args{"group_by": []string{"actor", "actor"}}, []string{"group_by", "actor", "twice"}},
		"in another case":    {args{"group_by": []string{"day", "DAY"}}, []string{"group_by", "day"}},
		"min_count 0":        {args{"min_count": 0, "group_by": "actor"}, []string{"min_count", "whole number from 1"}},
		"no min_count":       {args{"min_count": -3, "group_by": "actor"}, []string{"min_count", "whole number from 1"}},
		"min_count of none":  {args{"min_count": 2}, []string{"min_count", "group_by", `["actor"]`}},
		"distinct two":       {args{"distinct": []string{"team", "event"}}, []string{"distinct", "one of actor"}},
		"distinct month":     {args{"distinct": "month"}, []string{"distinct", "actor, event, category, team, target, day"}},
		"distinct keys":      {args{"group_by": "team", "distinct": "team"}, []string{"distinct: team is a key of group_by", `"team"`}},
		"distinct of a key":  {args{"group_by": []string{"day", "actor"}, "distinct": "day"}, []string{"distinct: day is a key of group_by"}},
		"ordered by nothing": {args{"group_by": "actor", "order_by": "distinct"}, []string{"order_by", "with distinct"}},
		"no change":          {args{"group_by": "actor", "order_by": "change"}, []string{"order_by", "compare_to_previous true"}},
		"no change of days": {
			args{"group_by": "day", "order_by": "change", "compare_to_previous": true}, []string{"order_by", "no counterpart", `["actor"]`},
		},
		"an unknown direction": {args{"order_dir": "down"}, []string{"order_dir", "asc, desc"}},
		"limit 0":              {args{"limit": 0}, []string{"limit", "1 to 200"}},
		"limit 201":            {args{"limit": 201}, []string{"limit", "1 to 200"}},
		"limit in words":       {args{"limit": "all"}, []string{"limit"}},
		"hours in words":       {args{"hours": "x"}, []string{"hours", "22-06"}},
		"equal hours":          {args{"hours": "22-22"}, []string{"hours", "22-06"}},
		"hour 25":              {args{"hours": "22-25"}, []string{"hours", "22-06"}},
		"hour 25 first":        {args{"hours": "25-06"}, []string{"hours", "22-06"}},
		"one hour":             {args{"hours": "22"}, []string{"hours", "22-06"}},
		"minute 60":            {args{"hours": "08:60-17:00"}, []string{"hours", "22-06"}},
		"half a range":         {args{"hours": "22-"}, []string{"hours", "22-06"}},
		"negative hours":       {args{"hours": "-1-5"}, []string{"hours", "22-06"}},
		"beyond midnight":      {args{"hours": "22-24:30"}, []string{"hours", "22-06"}},
		"hostile hours":        {args{"hours": "22-\u202e06\x1b[2J"}, []string{"hours", "22-06"}},
		"no weekday":           {args{"weekdays": "x"}, []string{"weekdays", "mon"}},
		"half a weekday":       {args{"weekdays": []string{"mon-"}}, []string{"weekdays", "mon"}},
		"an unknown range":     {args{"weekdays": []string{"mon-xyz"}}, []string{"weekdays", "mon"}},
		"a number":             {args{"weekdays": []any{8}}, []string{"weekdays", "mon"}},
		"hostile weekday":      {args{"weekdays": []string{"mon\u200b\u202e"}}, []string{"weekdays", "mon"}},
		"eight weekdays":       {args{"weekdays": slices.Repeat([]string{"mon"}, 8)}, []string{"weekdays", "7"}},
		"an unknown order":     {args{"order_by": "size"}, []string{"order_by", "count", "first_at", "last_at", "key"}},
		"an unknown name":      {args{"groupby": "actor"}, []string{"groupby", "did you mean group_by?"}},
		"another's argument":   {args{"cursor": "x"}, []string{"cursor", "group_by"}},
		"no truth":             {args{"compare_to_previous": "perhaps"}, []string{"compare_to_previous"}},
		"logins":               {args{"event": []string{"Login"}}, []string{"event", "2026-03-04 does not have logins"}},
		"logins by glob":       {args{"event": []string{"*login*"}}, []string{"event", "2026-03-04 does not have logins"}},
		"several at once":      {args{"hours": "x", "group_by": "y", "from": "soonish"}, []string{"group_by"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Log(c.Fails("count_audit_logs", test.arguments, test.says...))
		})
	}
}

// TestCountsEchoHoursAndWeekdays leaves what they let through to TestCountsAreThoseOfANaiveCount.
func TestCountsEchoHoursAndWeekdays(t *testing.T) {
	t.Parallel()
	c := recent(t, makesim.Quirks{}).caller(makesim.DemoToken)
	for asked, understood := range map[string]string{
		"22-06": "22:00-06:00", "22-6": "22:00-06:00", "9-17": "09:00-17:00", "08:30-17:00": "08:30-17:00", "8:30-17": "08:30-17:00",
		"22-24": "22:00-24:00", "0-6": "00:00-06:00", " 22 - 06 ": "22:00-06:00",
	} {
		assert.Equal(t, understood, c.count(args{"hours": asked}).Query.Hours)
	}
	workdays := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}
	weekend := []string{"Saturday", "Sunday"}
	for _, test := range []struct {
		asked      any
		understood []string
	}{
		{"mon-fri", workdays}, {"workdays", workdays}, {[]string{"WORKDAYS"}, workdays}, {[]string{"Monday-Friday"}, workdays},
		{"weekend", weekend}, {[]string{"sat", "sun"}, weekend}, {[]string{"Sunday", "SATURDAY"}, weekend},
		{[]string{"sat", "weekend", "Sat"}, weekend},
		{"fri-mon", []string{"Monday", "Friday", "Saturday", "Sunday"}}, {"wed", []string{"Wednesday"}}, {"wed-wed", []string{"Wednesday"}},
		{[]string{"mon", "wed-thu"}, []string{"Monday", "Wednesday", "Thursday"}},
	} {
		assert.ElementsMatch(t, test.understood, c.count(args{"weekdays": test.asked}).Query.Weekdays, "%v", test.asked)
	}
}

func TestCountsIncludeTheFirstInstantOfHoursAndNotTheLast(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	at := func(hour, minute, second, millisecond int) time.Time {
		return time.Date(2026, 11, 18, hour, minute, second, millisecond*1e6, inZone(t, "Europe/Prague"))
	}
	for i, instant := range []time.Time{
		at(21, 59, 59, 999), at(22, 0, 0, 0), at(23, 59, 59, 999), at(24, 0, 0, 0), at(29, 59, 59, 999), at(30, 0, 0, 0),
	} {
		u.AddEntries(makesim.Entry{
			OrganizationID: demoOrganization, Event: "team_created", TargetID: fmt.Sprint("edge-", i), TriggeredAt: instant,
		})
	}
	got := u.caller(makesim.DemoToken).count(args{
		"from": "2026-11-18", "to": "2026-11-19", "hours": "22-06", "event": "team_created", "group_by": "target", "order_by": "key",
	})
	var counted []string
	for _, g := range got.Groups {
		counted = append(counted, string(*g.Key.Target))
	}
	assert.Equal(t, []string{"edge-1", "edge-2", "edge-3", "edge-4"}, counted)
}

func TestCountsOfThePeriodBefore(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	everything := u.Dumped()
	for _, test := range []struct {
		window             args
		wantFrom, wantUpto string
	}{
		// Calendar months, whatever their length.
		{args{"period": "2026-10"}, "2026-09-01T00:00:00+02:00", "2026-10-01T00:00:00+02:00"},
		{args{"period": "last quarter"}, "2026-04-01T00:00:00+02:00", "2026-07-01T00:00:00+02:00"},
		{args{"period": "2026-10", "timezone": "Australia/Lord_Howe"}, "2026-09-01T00:00:00+10:30", "2026-10-01T00:00:00+10:30"},
		// Calendar days at the same local time.
		{args{}, "2026-09-21T13:00:00+02:00", "2026-10-21T13:00:00+02:00"},
		{args{"period": "2026-10-25"}, "2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00"},
		{args{"from": "2026-10-20T09:30", "to": "2026-11-03T09:30"}, "2026-10-06T09:30:00+02:00", "2026-10-20T09:30:00+02:00"},
		{args{"from": "2026-10-26T02:30", "to": "2026-10-27T02:30"}, "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}, // twice
		// Else exactly as long.
		{args{"from": "this month"}, "2026-10-12T12:00:00+02:00", "2026-11-01T00:00:00+01:00"},
		{args{"from": "2026-10-25T00:00", "to": "2026-10-25T12:00"}, "2026-10-24T11:00:00+02:00", "2026-10-25T00:00:00+02:00"},
	} {
		got := c.count(with(with(test.window, "group_by", "actor"), "compare_to_previous", true))
		require.NotNil(t, got.Previous)
		assert.Equal(t, [2]string{test.wantFrom, test.wantUpto}, [2]string{got.Previous.From, got.Previous.To}, "%+v", test)
		want, before := 0, audittest.Within(stampOf(t, test.wantFrom), stampOf(t, test.wantUpto))
		for _, e := range everything {
			if before(e) {
				want++
			}
		}
		assert.Equal(t, want, *got.Previous.Total, "%+v", test)
		assert.True(t, got.Previous.Complete, "%+v", test)
	}
}

func TestWhatWasNotLoggedYetIsSaidOfThePeriodBeforeToo(t *testing.T) {
	t.Parallel()
	c := demo(t, makesim.Quirks{}).caller(makesim.DemoToken)
	const note = "Make logs enforcement of two-factor authentication only since 2026-03-04: that there are no entries from before proves nothing"
	for period, want := range map[string]int{"2026-03": 1, "2026-04": 1, "2026-05": 0} {
		got := c.count(args{"period": period, "event": "2fa", "compare_to_previous": true})
		assert.Equal(t, want, strings.Count(strings.Join(got.Warnings, "\n"), note), period)
	}
	alone := c.count(args{"period": "2026-04", "event": "2fa"})
	assert.NotContains(t, alone.Warnings, note)

	const requests = "Make logs credential requests only since 2026-02-10: that there are no entries from before proves nothing"
	window := args{"actor": 5005, "from": "2026-02-10", "to": "2026-03-20", "baseline_days": 60}
	assert.Contains(t, c.activity(window).Warnings, requests, "one of them is new in the window")
	assert.NotContains(t, c.activity(args{"actor": 5005, "period": "2026-08"}).Warnings, requests)
}

func TestCountsTellOfGroupsThatAreGone(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	// Marek Havelka left on November 12; Sofia Lindqvist came on the 8th.
	got := c.count(args{"from": "2026-11-13", "to": "2026-11-19", "group_by": "actor", "limit": 200, "compare_to_previous": true})
	count := func(from, to string, id int64) int {
		return len(u.Dumped(audittest.Within(stampOf(t, from), stampOf(t, to)), by(id)))
	}
	const before, start, end = "2026-11-06T00:00:00+01:00", "2026-11-13T00:00:00+01:00", "2026-11-20T00:00:00+01:00"
	require.Positive(t, count(before, start, 5019))
	assert.Positive(t, got.Previous.GroupsGone)
	for _, g := range got.Groups {
		assert.NotEqual(t, auditlog.ID("5019"), g.Key.Actor.ID)
		if g.Key.Actor.ID == "5040" {
			now, then := count(start, end, 5040), count(before, start, 5040)
			assert.Equal(t, []int{now, then, now - then}, []int{g.Count, *g.PreviousCount, *g.Change})
		}
	}
	// Somebody new has nothing to compare with: zero, and not absent.
	newcomer := c.count(args{"from": "2026-11-08", "to": "2026-11-14", "actor": 5040, "group_by": "actor", "compare_to_previous": true})
	require.Len(t, newcomer.Groups, 1)
	assert.Equal(t, 0, *newcomer.Groups[0].PreviousCount)
	assert.Equal(t, newcomer.Groups[0].Count, *newcomer.Groups[0].Change)
	assert.Equal(t, 0, *newcomer.Previous.Total)
	assert.True(t, newcomer.Previous.Complete)
	// And who is gone altogether is a group of the period before alone.
	leaver := c.count(args{"from": "2026-11-13", "to": "2026-11-19", "actor": 5019, "group_by": "actor", "compare_to_previous": true})
	assert.Empty(t, leaver.Groups)
	assert.Equal(t, 1, leaver.Previous.GroupsGone)
	assert.Equal(t, count(before, start, 5019), *leaver.Previous.Total)
}

func TestCountsOfZeroAreNoFactWhereNothingIsKept(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	old := c.count(args{"from": "2024-01-01", "to": "2024-06-30", "group_by": "actor"})
	assert.Nil(t, old.Total)
	assert.Empty(t, old.Groups)
	assert.Zero(t, old.GroupCount)
	assert.Nil(t, c.count(args{"from": "2024-01-01", "to": "2024-06-30", "distinct": "actor"}).DistinctTotal)
	assert.Contains(t, c.Call("count_audit_logs", args{"from": "2024-01-01", "to": "2024-06-30"}).Text, `"total":null`)
	assert.Contains(t, c.Call("list_audit_logs", args{"from": "2024-01-01", "to": "2024-06-30"}).Text, `"total":null`)
	assert.False(t, old.Complete)
	assert.Nil(t, old.Coverage.From)
	assert.Nil(t, old.Coverage.To)
	assert.NotEmpty(t, old.Coverage.Gaps)
	assert.NotEmpty(t, old.Warnings)

	world := *demoWorld()
	world.Entries = nil
	for _, from := range []string{"", "all"} {
		empty := start(t, &world, makesim.Options{}).caller(makesim.DemoToken).count(args{"from": from, "group_by": "actor"})
		assert.Nil(t, empty.Total, from)
		assert.False(t, empty.Complete, "an empty log vouches for nothing: %q", from)
		assert.NotEmpty(t, empty.Warnings, from)
	}
}

// checkPartial tells whether an answer is exact over what it says that it covers.
func (q *countCase) checkPartial(t *testing.T, entries []makesim.Entry, r mcptest.Result) schemas.CountAuditLogsResult {
	t.Helper()
	got := mcptest.Read[schemas.CountAuditLogsResult](t, r)
	if !got.Complete {
		assert.NotEmpty(t, got.Coverage.Gaps)
		assert.Contains(t, strings.Join(got.Warnings, "\n"), "lower bound")
	}
	if got.Coverage.From == nil {
		assert.Nil(t, got.Total)
		assert.Empty(t, got.Groups)
		return got
	}
	total, _, groups := q.naive(t, entries, got)
	assert.Equal(t, total, *got.Total, "%v: %+v", q.arguments, got.Coverage)
	assert.Len(t, groups, got.GroupCount, "%v: %+v", q.arguments, got.Coverage)
	q.checkGroups(t, got, groups, r, "partly")
	if got.Previous != nil {
		before, _, _ := q.grouped(entries, stampOf(t, got.Previous.From), stampOf(t, got.Previous.To))
		switch {
		case got.Previous.Complete:
			assert.Equal(t, before, *got.Previous.Total)
		case got.Previous.Total == nil:
			assert.Contains(t, strings.Join(got.Warnings, "\n"), "nothing is compared")
			for _, group := range got.Groups {
				assert.Nil(t, group.PreviousCount)
				assert.Nil(t, group.Change)
			}
		default:
			assert.LessOrEqual(t, *got.Previous.Total, before)
			assert.Contains(t, strings.Join(got.Warnings, "\n"), "lower bound")
		}
	}
	return got
}

// failing is Make with a front that fails for lists once so many were answered, until it is well again.
type failing struct {
	*upstream
	url    string
	left   atomic.Int32
	isWell atomic.Bool
}

func newFailing(t *testing.T, after int32, quirks makesim.Quirks) *failing {
	t.Helper()
	f := &failing{upstream: recent(t, quirks)}
	f.left.Store(after)
	f.url = f.fronted(func(w http.ResponseWriter, r *http.Request) bool {
		isList := path.Base(path.Dir(r.URL.Path)) == "organization" && strings.Contains(r.URL.Path, "/audit-logs/")
		if !isList || f.left.Add(-1) >= 0 || f.isWell.Load() {
			return false
		}
		w.Header().Set("Date", now().Format(http.TimeFormat)) // its clock is pinned, too
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	return f
}

func TestCountsOfFailingReadsAreThoseOfWhatIsCovered(t *testing.T) {
	t.Parallel()
	prague := inZone(t, "Europe/Prague")
	questions := []countCase{
		{arguments: args{"from": "30d", "group_by": "actor", "compare_to_previous": true}, groupBy: []string{"actor"}},
		{
			arguments: args{"from": "30d", "group_by": []string{"team", "day"}, "hours": "12-14", "weekdays": "mon-thu", "order_by": "key"},
			groupBy:   []string{"team", "day"}, orderBy: "key", hours: [2]int{12 * 3600, 14 * 3600}, weekdays: []time.Weekday{1, 2, 3, 4},
		},
		{
			arguments: args{"from": "30d", "group_by": "event", "event": "*ed", "exclude_actor": "none", "order_by": "last_at"},
			groupBy:   []string{"event"}, orderBy: "last_at",
			keep: []func(makesim.Entry) bool{func(e makesim.Entry) bool { return e.Actor != nil && strings.HasSuffix(e.Event, "ed") }},
		},
		{
			arguments: args{"from": "30d", "group_by": "day", "limit": 50, "weekdays": "mon-sat"}, groupBy: []string{"day"}, limit: 50,
			weekdays: []time.Weekday{1, 2, 3, 4, 5, 6},
		},
	}
	var partial atomic.Int32
	t.Cleanup(func() { assert.Positive(t, partial.Load(), "no answer was partial") })
	for i, after := range []int32{1, 2, 4, 7, 11, 16, 25} {
		q := questions[i%len(questions)]
		q.zone = prague
		t.Run(fmt.Sprintf("lists after %d", after), func(t *testing.T) {
			t.Parallel()
			f := newFailing(t, after, makesim.Quirks{PageCap: 100})
			c := connect(t, serviceAt(t, f.url, makesim.DemoToken, now))
			everything := f.Dumped()
			r := c.Call("count_audit_logs", q.arguments)
			if !r.IsError {
				got := q.checkPartial(t, everything, r)
				assert.False(t, got.Complete)
				partial.Add(1)
			}
			f.isWell.Store(true)
			r = c.Call("count_audit_logs", q.arguments)
			require.False(t, r.IsError, r.Text)
			healed := q.checkPartial(t, everything, r)
			assert.True(t, healed.Complete, "%+v", healed.Coverage)
			assert.True(t, healed.Previous == nil || healed.Previous.Complete)
		})
	}
}

func TestCountsOutliveAnUnreadablePeriodBefore(t *testing.T) {
	t.Parallel()
	f := newFailing(t, 1_000, makesim.Quirks{PageCap: 100})
	c := connect(t, serviceAt(t, f.url, makesim.DemoToken, now))
	q := countCase{arguments: args{"from": "20d", "group_by": "actor"}, groupBy: []string{"actor"}, zone: inZone(t, "Europe/Prague")}
	c.count(q.arguments)
	f.left.Store(0)
	q.arguments["compare_to_previous"] = true
	r := c.Call("count_audit_logs", q.arguments)
	require.False(t, r.IsError, r.Text)
	got := q.checkPartial(t, f.Dumped(), r)
	assert.True(t, got.Complete)
	require.NotNil(t, got.Previous)
	assert.False(t, got.Previous.Complete)
	assert.Nil(t, got.Previous.Total)

	q.arguments["order_by"] = "change"
	r = c.Call("count_audit_logs", q.arguments)
	require.False(t, r.IsError, r.Text)
	byCount := q.checkPartial(t, f.Dumped(), r)
	assert.Equal(t, got.Groups, byCount.Groups, "there is no change to order by")
	warnings := strings.Join(byCount.Warnings, "\n")
	assert.Contains(t, warnings, "groups come by count, since their change is not known")
	assert.NotContains(t, warnings, "groups by hour, day, week or month")
}

func TestNothingIsComparedWithAPeriodThatNobodyHas(t *testing.T) {
	t.Parallel()
	u := start(t, lastDays(12), makesim.Options{Seed: 1})
	c := u.caller(makesim.DemoToken)
	for _, by := range []any{"actor", "day", nil} {
		question := args{"from": "2026-11-08", "to": "2026-11-19", "compare_to_previous": true}
		if by != nil {
			question["group_by"] = by
		}
		got := c.count(question)
		require.NotNil(t, got.Previous)
		assert.Nil(t, got.Previous.Total, by)
		assert.False(t, got.Previous.Complete)
		assert.Zero(t, got.Previous.GroupsGone)
		for _, group := range got.Groups {
			assert.Nil(t, group.PreviousCount, by)
			assert.Nil(t, group.Change, by)
		}
		warnings := strings.Join(got.Warnings, "\n")
		assert.Contains(t, warnings, "nothing vouches for the period before (not from 2026-10-27T", by)
		assert.Contains(t, warnings, "nothing is compared")
		assert.NotContains(t, warnings, "only the totals are compared")
		assert.Positive(t, *got.Total)
	}
	// A period of which a part is covered is still compared, with lower bounds.
	partly := c.count(args{"from": "2026-11-14", "to": "2026-11-19", "group_by": "actor", "compare_to_previous": true})
	require.NotNil(t, partly.Previous)
	require.NotNil(t, partly.Previous.Total)
	assert.Len(t, u.Dumped(audittest.Within(stampOf(t, partly.Previous.From), stampOf(t, partly.Previous.To))), *partly.Previous.Total)
	assert.NotNil(t, partly.Groups[0].Change)
}

func TestWhatACountDoesNotShowIsSaidOnceAndOnlyWhereItHolds(t *testing.T) {
	t.Parallel()
	c := recent(t, makesim.Quirks{}).caller(makesim.DemoToken)
	byDay := args{"from": "5d", "group_by": "day", "limit": 2}
	said := func(question args, words string) int {
		count := 0
		for _, warning := range c.count(question).Warnings {
			count += strings.Count(warning, words)
		}
		return count
	}
	assert.Equal(t, 1, said(with(byDay, "compare_to_previous", true), "have no counterpart in the period before"))
	assert.Equal(t, 1, said(byDay, "order_dir desc"))
	assert.Zero(t, said(with(byDay, "order_dir", "desc"), "order_dir desc"), "that is what was asked for")
}

func TestCountsWithUnreadableRecordsAreLowerBounds(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{BrokenRecords: 10})
	got := u.caller(makesim.DemoToken).count(args{"group_by": "event"})
	want := len(u.Dumped(month30))
	assert.False(t, got.Complete)
	assert.Positive(t, got.Unreadable)
	assert.Less(t, *got.Total, want)
	assert.GreaterOrEqual(t, *got.Total+got.Unreadable, want)
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "lower bound")
}

func TestEventsThatTheCatalogLacksAreCounted(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	for i := range 3 { // as when Make adds a kind of event
		u.AddEntries(makesim.Entry{OrganizationID: demoOrganization, Event: "gizmo_deleted",
			TriggeredAt: now().Add(-time.Duration(i+1) * time.Hour)})
	}
	c := u.caller(makesim.DemoToken)
	got := c.count(args{"from": "2d", "group_by": []string{"category", "event"}, "order_by": "key", "limit": 50})
	require.Equal(t, len(u.Dumped(audittest.Within(now().AddDate(0, 0, -2), now()))), *got.Total)
	require.Equal(t, "none (not in Make's catalog)", string(*got.Groups[0].Key.Category))
	assert.Equal(t, "gizmo_deleted", string(*got.Groups[0].Key.Event))
	assert.Equal(t, 3, got.Groups[0].Count)
	// The answer must not hang on what the session has happened to see before.
	for session, c := range map[string]*caller{"a session that has seen them": c, "a new session": u.caller(makesim.DemoToken)} {
		for _, glob := range []string{"*", "*_deleted", "gizmo_*"} {
			want := len(u.Dumped(audittest.Within(now().AddDate(0, 0, -2), now()), events(glob)))
			r := c.Call("count_audit_logs", args{"from": "2d", "event": glob})
			if r.IsError {
				assert.Contains(t, r.Text, "no event", glob) // no wrong answer, at least
				continue
			}
			if got := mcptest.Read[schemas.CountAuditLogsResult](t, r); *got.Total != want {
				assert.NotEmpty(t, got.Warnings, "%s, %s: %d instead of %d, and nothing says so", session, glob, *got.Total, want)
			}
		}
	}
}

func TestWhoMayReadOneTeamCountsThatTeam(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoTeamAdminToken)
	got := c.count(args{"group_by": "team"})
	assert.Equal(t, "teams", got.Query.Endpoint)
	assert.True(t, got.Complete)
	require.Len(t, got.Groups, 1)
	assert.Equal(t, auditlog.Ref{ID: "8102", Name: "Finance & Billing"}, *got.Groups[0].Key.Team)
	assert.Equal(t, len(u.Dumped(month30, in(8102))), *got.Total)
	u.caller(makesim.DemoMemberToken).Fails("count_audit_logs", args{"group_by": "team"}, "403", "Admin or Owner")
}

func TestCountsOfWhoIsRenamedAreOneGroup(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = nil
	for i := range 40 {
		actor := makesim.Actor{ID: 5033, Name: "Michaela Křížová", Email: "michaela.krizova@northwind.example"}
		if i < 15 { // the later ones
			actor.Name, actor.Email = "Michaela Dvořáková", "michaela.dvorakova@northwind.example"
		}
		world.Entries = append(world.Entries, makesim.Entry{
			OrganizationID: demoOrganization, Event: "webhook_created", TeamID: 8107, Actor: &actor,
			TriggeredAt: now().Add(-time.Duration(i+1) * 7 * time.Hour),
		})
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	for _, more := range []args{{}, {"order_by": "first_at"}, {"group_by": []string{"team", "actor"}}} {
		arguments := args{"from": "all", "group_by": "actor"}
		for name, value := range more {
			arguments[name] = value
		}
		got := c.count(arguments)
		require.Len(t, got.Groups, 1)
		assert.Equal(t, 40, got.Groups[0].Count)
		assert.Equal(t, auditlog.Actor{ID: "5033", Name: "Michaela Dvořáková", Email: "michaela.dvorakova@northwind.example"},
			*got.Groups[0].Key.Actor, "as the latest entry has it")
	}
}

func TestCountsCleanHostileTextInGroups(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Organizations = slices.Clone(world.Organizations)
	world.Organizations[0].Teams = append(slices.Clone(world.Organizations[0].Teams), makesim.Team{ID: 8999, Name: hostileText})
	world.Events = append(makesim.DocumentedEvents(),
		makesim.EventCategory{Header: hostileText, Items: []makesim.EventType{{Label: hostileText, Value: "evil_" + hostileText}}})
	world.Entries = nil
	for i := range 60 {
		world.Entries = append(world.Entries, makesim.Entry{
			OrganizationID: demoOrganization, Event: "evil_" + hostileText, TeamID: 8999,
			Actor:    &makesim.Actor{ID: 9000 + int64(i), Name: hostileText + strings.Repeat("long ", 500), Email: hostileText},
			TargetID: strings.Repeat(hostileText, 30) + fmt.Sprint(i), TriggeredAt: now().Add(-time.Duration(i+1) * time.Hour),
		})
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken) // every result is checked for what it holds
	for _, by := range countKeys() {
		assert.Equal(t, 60, *c.count(args{"from": "all", "group_by": by}).Total, by)
	}
	long := c.count(args{"from": "all", "group_by": []string{"actor", "target"}, "limit": 200})
	assert.Equal(t, 60, long.GroupCount)
	assert.Len(t, long.Groups, 60-long.OtherCount)
	assert.NotEmpty(t, long.Groups)
}

// TestObjectsOfOneIDAreToldApart: a webhook and a scenario may share an id.
func TestObjectsOfOneIDAreToldApart(t *testing.T) {
	t.Parallel()
	c := recent(t, makesim.Quirks{}).caller(makesim.DemoToken)
	says := func(arguments args) bool {
		return strings.Contains(strings.Join(c.count(arguments).Warnings, "\n"), "unique only within a kind")
	}
	assert.True(t, says(args{"group_by": "target", "limit": 200}))
	assert.False(t, says(args{"group_by": []string{"target", "category"}, "limit": 200}))
	assert.False(t, says(args{"group_by": "target", "event": "Webhooks", "limit": 200}))
	assert.False(t, says(args{"group_by": "actor"}))
}

// TestTeamNoneSaysWhatItKeepsOut: what is about the organization may have a team on the entry.
func TestTeamNoneSaysWhatItKeepsOut(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	world := *demoWorld()
	world.Entries = nil
	for i, e := range []makesim.Entry{
		{Event: "organization_variable_updated"}, {Event: "organization_variable_updated", TeamID: 8101},
		{Event: "organization_variable_updated", TeamID: 8102}, {Event: "organization_variable_deleted", TeamID: 8101},
		{Event: "webhook_created", TeamID: 8101}, {Event: "organization_created"},
	} {
		e.OrganizationID, e.TriggeredAt = demoOrganization, now().Add(-time.Duration(10*i+1)*time.Hour)
		world.Entries = append(world.Entries, e)
	}
	u := start(t, &world, makesim.Options{})
	both := map[string]*caller{"live": u.caller(makesim.DemoToken), "archive": connect(t, u.archived(u.filled(), makesim.DemoToken))}
	for name, test := range map[string]struct {
		arguments args
		keptOut   int
	}{
		"an event":                        {args{"event": "organization_variable_updated"}, 2},
		"an event that always has a team": {args{"event": "organization_variable_deleted"}, 1},
		"a pattern":                       {args{"event": "organization_variable_*"}, 2},
		"one that has no team ever":       {args{"event": "organization_created"}, 0},
		"nothing there":                   {args{"event": "webhook_deleted"}, 0},
		"a part of the window":            {args{"event": "organization_variable_updated", "from": "2026-11-20"}, 1},
		"everything":                      {args{"from": "30d"}, 2},
	} {
		says := func(warnings []string) string {
			for _, warning := range warnings {
				if strings.Contains(warning, "team none") {
					return warning
				}
			}
			return ""
		}
		want := func(isComplete bool) string {
			atLeast := "at least "
			if isComplete {
				atLeast = ""
			}
			if test.keptOut == 0 {
				return ""
			}
			return fmt.Sprintf("team none keeps out %s%d entries of the same events that have a team: leave team out to have them, too",
				atLeast, test.keptOut)
		}
		for source, c := range both {
			counted := c.count(with(test.arguments, "team", "none"))
			assert.Equal(t, want(counted.Complete), says(counted.Warnings), "%s, %s", name, source)
			if test.arguments["event"] != nil {
				listed := c.list(with(test.arguments, "team", "none"))
				assert.Equal(t, want(listed.Complete), says(listed.Warnings), "%s, listed, %s", name, source)
			}
			assert.Empty(t, says(c.count(with(test.arguments, "team", []any{"none", 8101})).Warnings), "%s and a team, %s", name, source)
			assert.Empty(t, says(c.count(test.arguments).Warnings), "%s without a filter, %s", name, source)
		}
	}
	night := both["live"].count(args{"team": "none", "event": "organization_variable_updated", "hours": "1-3"})
	assert.Equal(t, 0, *night.Total)
	assert.Contains(t, strings.Join(night.Warnings, "\n"), "team none keeps out at least 1 entries", "the one at two o'clock")
}
