package tools_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// lastWeek are the days before now, as a listing means them by default.
func lastWeek(e makesim.Entry) bool { return audittest.Within(now().AddDate(0, 0, -7), now())(e) }

func uuidsIn(entries []makesim.Entry) []string {
	uuids := make([]string, 0, len(entries))
	for _, entry := range entries {
		uuids = append(uuids, entry.UUID)
	}
	return uuids
}

// newestFirst sorts as listings promise: newest first, then by uuid.
func newestFirst(entries []makesim.Entry) []makesim.Entry {
	slices.SortFunc(entries, func(a, b makesim.Entry) int {
		return cmp.Or(b.TriggeredAt.Compare(a.TriggeredAt), strings.Compare(a.UUID, b.UUID))
	})
	return entries
}

// walk follows the cursors to the end. next returns the arguments of each page from its cursor, and who asks.
func walk(t testing.TB, next func(cursor string) (*caller, args)) (uuids []string, pages []schemas.ListAuditLogsResult) {
	t.Helper()
	for cursor := ""; ; {
		c, arguments := next(cursor)
		page := c.list(arguments)
		require.True(t, page.Complete, "%+v", page.Coverage)
		require.Len(t, page.Entries, page.Returned)
		uuids, pages = append(uuids, uuidsOf(page.Entries)...), append(pages, page)
		if cursor = page.NextCursor; cursor == "" {
			return uuids, pages
		}
		require.NotEmpty(t, page.Entries)
		require.LessOrEqual(t, len(cursor), schemas.MaxCursor)
	}
}

func TestPagesMakeOneListing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	want := uuidsIn(newestFirst(u.Dumped(lastWeek)))
	two := uuidsIn(newestFirst(u.Dumped(audittest.Within(now().Add(-12*time.Hour), now()))))
	for name, arguments := range map[string]args{
		"one at a time":    {"limit": 1, "from": "12h"},
		"the default":      {},
		"large":            {"limit": 500},
		"large, detailed":  {"from": "12h", "limit": 500, "response_format": "detailed"},
		"detailed":         {"from": "12h", "limit": 25, "response_format": "detailed"},
		"named in advance": {"from": "12h", "to": "now", "limit": 25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := want
			if arguments["from"] == "12h" {
				want = two
			}
			same := u.caller(makesim.DemoToken)
			for how, next := range map[string]func(cursor string) (*caller, args){
				"the cursor alone": func(cursor string) (*caller, args) {
					if cursor == "" {
						return same, arguments
					}
					return same, args{"cursor": cursor, "limit": arguments["limit"]}
				},
				"the cursor and the same arguments": func(cursor string) (*caller, args) {
					return same, with(arguments, "cursor", cursor)
				},
			} {
				got, pages := walk(t, next)
				require.Equal(t, want, got, how)
				for _, page := range pages {
					if page.Total != nil {
						assert.Equal(t, len(want), *page.Total)
					}
				}
				assert.NotNil(t, pages[len(pages)-1].Total, "the last page knows the total")
			}
		})
	}
	t.Run("a new process for every page", func(t *testing.T) {
		t.Parallel()
		got, pages := walk(t, func(cursor string) (*caller, args) {
			limit := 40 // may change from page to page, as the format may
			if cursor == "" {
				return u.caller(makesim.DemoToken), args{"limit": limit, "team": "none", "exclude_actor": "none", "from": "300d"}
			}
			return u.caller(makesim.DemoToken), args{"limit": 30, "response_format": "detailed", "cursor": cursor}
		})
		recent := audittest.Within(now().AddDate(0, 0, -300), now())
		assert.Equal(t, uuidsIn(newestFirst(u.Dumped(recent, in(0), func(e makesim.Entry) bool { return e.Actor != nil }))), got)
		assert.Greater(t, len(pages), 1)
		for _, page := range pages {
			assert.Equal(t, pages[0].Query, page.Query, "the question stays as the first page resolved it")
		}
	})
}

func TestEveryOrderIsKept(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	from := now().AddDate(0, 0, -2)
	teams := map[int64]string{}
	for _, organization := range demoWorld().Organizations {
		for _, team := range slices.Concat(organization.Teams, organization.FormerTeams) {
			teams[team.ID] = team.Name
		}
	}
	number := func(id int64) string { return fmt.Sprintf("%20d", id) }
	keys := map[string]func(makesim.Entry) string{
		"triggeredAt":  func(makesim.Entry) string { return "" },
		"delay":        func(e makesim.Entry) string { return number(int64(e.CreatedAt.Sub(e.TriggeredAt))) },
		"createdAt":    func(e makesim.Entry) string { return e.CreatedAt.Format("2006-01-02T15:04:05.000") },
		"eventName":    func(e makesim.Entry) string { return e.Event },
		"organization": func(makesim.Entry) string { return "" },
		"team": func(e makesim.Entry) string {
			if e.TeamID == 0 {
				return ""
			}
			return auditlog.Fold(teams[e.TeamID]) + number(e.TeamID)
		},
		"actor": func(e makesim.Entry) string {
			if e.Actor == nil {
				return ""
			}
			return auditlog.Fold(e.Actor.Name) + number(e.Actor.ID)
		},
		"targetId": func(e makesim.Entry) string {
			if n, err := strconv.ParseInt(e.TargetID, 10, 64); err == nil {
				return "0" + number(n)
			}
			return "1" + e.TargetID
		},
	}
	for by, key := range keys {
		for _, direction := range []string{"asc", "desc"} {
			t.Run(by+" "+direction, func(t *testing.T) {
				t.Parallel()
				want := u.Dumped(audittest.Within(from, now()))
				slices.SortFunc(want, func(a, b makesim.Entry) int {
					c := cmp.Or(strings.Compare(key(a), key(b)), a.TriggeredAt.Compare(b.TriggeredAt))
					if direction == "desc" {
						c = -c
					}
					return cmp.Or(c, strings.Compare(a.UUID, b.UUID))
				})
				one := u.caller(makesim.DemoToken)
				page := 0
				got, pages := walk(t, func(cursor string) (*caller, args) {
					if page++; page%4 == 2 {
						one = u.caller(makesim.DemoToken) // a new process with the same key
					}
					return one, with(args{"from": "2d", "sort_by": by, "sort_dir": direction, "limit": 90}, "cursor", cursor)
				})
				require.Equal(t, uuidsIn(want), got)
				for _, page := range pages {
					assert.Equal(t, []string{by, direction}, []string{page.Query.SortBy, page.Query.SortDir})
					if by != "triggeredAt" || direction != "desc" {
						require.NotNil(t, page.Total)
						assert.Equal(t, len(want), *page.Total)
					}
				}
			})
		}
	}
}

func TestEntriesSayWhatTheirTargetIs(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = nil
	for i, e := range []makesim.Entry{
		{Event: "team_role_updated", TargetID: "5001"}, {Event: "team_role_updated", TargetID: "5002"},
		{Event: "webhook_updated", TargetID: "5001"}, {Event: "data_store_record_created", TargetID: "77"},
		{Event: "data_store_created", TargetID: "77"}, {Event: "data_store_record_deleted"},
		{Event: "data_store_record_deleted", TargetID: "rec-1"},
	} {
		e.OrganizationID, e.TeamID, e.Actor = demoOrganization, 8101, &makesim.Actor{ID: 5001, Name: "Alena Veselá"}
		e.UUID, e.TriggeredAt = fmt.Sprintf("00000000-0000-4000-8000-%012d", i), now().Add(-time.Duration(i+1)*time.Hour)
		world.Entries = append(world.Entries, e)
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	type said struct {
		isActor bool
		kind    string
	}
	concise := []said{{true, "user"}, {false, "user"}, {}, {false, "data_store"}, {}, {}, {}}
	want := []said{{true, "user"}, {false, "user"}, {false, "webhook"}, {false, "data_store"}, {false, "data_store"}, {},
		{false, "data_store_record"}}
	saidOf := func(entries []schemas.Entry) (all []said) {
		for _, e := range entries {
			all = append(all, said{e.ActorIsTarget, string(e.TargetKind)})
		}
		return all
	}
	listing := c.list(args{}).Entries
	assert.Equal(t, concise, saidOf(listing), "a concise entry leaves out what its event says")
	assert.Equal(t, want, saidOf(c.list(args{"response_format": "detailed"}).Entries))
	assert.Equal(t, want, saidOf(ok[schemas.GetAuditLogResult](c, "get_audit_log", args{"uuid": uuidsOf(listing)}).Entries))
	history := ok[schemas.GetTargetHistoryResult](c, "get_target_history", args{"target_id": "5001", "kind": "Webhooks"})
	require.Len(t, history.Entries, 1)
	assert.Equal(t, want[2:3], saidOf([]schemas.Entry{history.Entries[0].Entry}))
	var notable []schemas.Entry
	for _, e := range ok[schemas.GetActorActivityResult](c, "get_actor_activity", args{"actor": 5001}).Notable {
		notable = append(notable, e.Entry)
	}
	assert.Equal(t, []said{{true, "user"}, {false, "user"}, {}, {false, "data_store_record"}}, saidOf(notable))
}

func TestWhatWasWrittenLateTakesOneCallToFind(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	delay := func(e makesim.Entry) time.Duration { return e.CreatedAt.Sub(e.TriggeredAt) }
	want := u.Dumped(audittest.Within(time.Date(2026, 10, 21, 11, 0, 0, 0, time.UTC), now()))
	slices.SortFunc(want, func(a, b makesim.Entry) int {
		return cmp.Or(cmp.Compare(delay(b), delay(a)), b.TriggeredAt.Compare(a.TriggeredAt))
	})
	got := u.caller(makesim.DemoToken).list(args{"from": "30d", "sort_by": "delay", "limit": 25})
	for i, e := range got.Entries {
		assert.Equal(t, want[i].UUID, e.UUID)
		assert.True(t, stampOf(t, e.CreatedAt).Equal(want[i].CreatedAt), "%d: %s", i, e.CreatedAt)
	}
	assert.Greater(t, delay(want[0]), 24*time.Hour)
	assert.Less(t, delay(want[24]), time.Hour, "those in time are shown, too")
}

func TestWhatWasWrittenLateSaysSoInEveryFormat(t *testing.T) {
	t.Parallel()
	world := *demoWorld()
	world.Entries = nil
	triggered := now().Add(-5 * time.Hour)
	for target, delay := range map[string]time.Duration{"at once": 0, "an hour": time.Hour, "late": time.Hour + time.Millisecond} {
		world.Entries = append(world.Entries, makesim.Entry{OrganizationID: demoOrganization, Event: "team_created", TargetID: target,
			TriggeredAt: triggered, CreatedAt: triggered.Add(delay)})
	}
	c := start(t, &world, makesim.Options{}).caller(makesim.DemoToken)
	for format, shown := range map[string]map[string]string{
		"concise": {"at once": "", "an hour": "", "late": "2026-11-20T09:00:00.001+01:00"},
		"detailed": {
			"at once": "2026-11-20T08:00:00+01:00", "an hour": "2026-11-20T09:00:00+01:00", "late": "2026-11-20T09:00:00.001+01:00",
		},
	} {
		found := map[string]string{}
		for _, e := range c.list(args{"response_format": format}).Entries {
			found[string(e.TargetID)] = e.CreatedAt
		}
		assert.Equal(t, shown, found, format)
	}
	history := ok[schemas.GetTargetHistoryResult](c, "get_target_history", args{"target_id": "late"})
	assert.Equal(t, "2026-11-20T09:00:00.001+01:00", history.Entries[0].CreatedAt)
}

func TestWhatArrivesBetweenPagesDisturbsNothing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for _, order := range []args{{}, {"sort_dir": "asc"}, {"sort_by": "eventName"}} {
		u := recent(t, makesim.Quirks{})
		want := uuidsIn(newestFirst(u.Dumped(lastWeek)))
		same := u.caller(makesim.DemoToken)
		page := 0
		got, _ := walk(t, func(cursor string) (*caller, args) {
			page++
			u.AddEntries(makesim.Entry{
				OrganizationID: demoOrganization, Event: "webhook_created",
				// Newer than the window, and in view all the same.
				TriggeredAt: now(), CreatedAt: now(),
			})
			if page%3 == 0 {
				same = u.caller(makesim.DemoToken)
			}
			arguments := with(args{"limit": 90}, "cursor", cursor)
			for name, value := range order {
				arguments[name] = value
			}
			return same, arguments
		})
		assert.ElementsMatch(t, want, got)
	}
}

func TestCursorsAreRefused(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	first := c.list(args{"event": "webhook_*", "from": "30d"})
	cursor := first.NextCursor
	require.NotEmpty(t, cursor)
	refuse := func(c *caller, arguments args) {
		t.Helper()
		c.Fails("list_audit_logs", arguments, "cursor: ", "start again")
	}
	for name, changed := range map[string]any{
		"event": "webhook_created", "from": "29d", "actor": "5006", "team": "none", "target_id": "3000",
		"sort_dir": "asc", "sort_by": "actor", "timezone": "Asia/Kathmandu", "to": "yesterday", "exclude_actor": "none",
		"organization_id": demoOrganization,
	} {
		refuse(c, with(with(args{"event": "webhook_*", "from": "30d"}, "cursor", cursor), name, changed))
	}
	refuse(c, args{"from": "30d", "cursor": cursor})
	for i := range len(cursor) {
		replacement := byte('A')
		if cursor[i] == replacement {
			replacement = 'B'
		}
		refuse(c, args{"cursor": cursor[:i] + string(replacement) + cursor[i+1:]})
	}
	last := cursor[len(cursor)-1]
	for _, other := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		if other != last {
			refuse(c, args{"cursor": cursor[:len(cursor)-1] + string(other)})
		}
	}
	for _, length := range []int{1, 5, 15, 16, 17, len(cursor) / 2, len(cursor) - 1} {
		refuse(c, args{"cursor": cursor[:length]})
	}
	refuse(c, args{"cursor": cursor + cursor})
	refuse(c, args{"cursor": "next"})
	refuse(u.caller(makesim.DemoTeamAdminToken), args{"cursor": cursor})
	c.Fails("list_audit_logs", args{"cursor": strings.Repeat("A", schemas.MaxCursor+1)}, "cursor")

	elsewhere := u.Service(makesim.DemoToken)
	elsewhere.Cursors.Instance = "another Make"
	refuse(connect(t, elsewhere), args{"cursor": cursor})

	assert.NotEmpty(t, c.list(args{"cursor": cursor}).Entries, "untouched it still works")
	assert.NotEmpty(t, c.list(args{"cursor": cursor, "from": "30d", "event": []string{"webhook_*"}, "limit": "3"}).Entries)
}

func TestCursorsAgeByTheLogsClock(t *testing.T) {
	t.Parallel()
	clock := now()
	u := start(t, demoWorld(), makesim.Options{Now: func() time.Time { return clock }})
	at := func() *caller {
		frozen := clock
		return connect(t, serviceAt(t, u.URL, makesim.DemoToken, func() time.Time { return frozen }))
	}
	cursor := at().list(args{}).NextCursor
	clock = now().Add(24*time.Hour - time.Second)
	page := at().list(args{"cursor": cursor})
	assert.NotEmpty(t, page.Entries)
	clock = now().Add(24*time.Hour + 3*time.Second)
	at().Fails("list_audit_logs", args{"cursor": cursor}, "older than 24h", "start again")
	at().Fails("list_audit_logs", args{"cursor": page.NextCursor}, "older than 24h", "start again")
}

func TestLongFiltersFitIntoACursor(t *testing.T) {
	t.Parallel()
	people := make([]any, 100)
	for i := range people {
		people[i] = 70_000_000 + i*7919
	}
	people[0] = "bob.miller@northwind.example"
	c := recent(t, makesim.Quirks{}).caller(makesim.DemoToken)
	arguments := args{"exclude_actor": people, "event": []string{"*"}, "from": "30d", "team": []any{8101, 8102, "Marketing"},
		"target_id": ""}
	first := c.list(arguments)
	require.NotEmpty(t, first.NextCursor)
	second := c.list(with(arguments, "cursor", first.NextCursor))
	assert.Equal(t, first.Query, second.Query)
	assert.NotEmpty(t, second.Entries)
	assert.Equal(t, 100, first.Query.ExcludeActorTotal)
	assert.Equal(t, auditlog.Actor{ID: "5011", Name: "Bob Miller", Email: "bob.miller@northwind.example"}, first.Query.ExcludeActor[0])
	assert.Less(t, len(first.Query.ExcludeActor), 100)
}

func TestLongNamesSortAndPage(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	actor := makesim.Actor{ID: 6001, Name: strings.Repeat("Ž", 30_000), Email: strings.Repeat("x", 5000) + "@example.com"}
	for i := range 3 {
		u.AddEntries(makesim.Entry{
			OrganizationID: demoOrganization, Event: "webhook_created", Actor: &actor, TargetID: strings.Repeat("t", 9000+i),
			TriggeredAt: now().Add(-time.Duration(i+1) * time.Minute),
		})
	}
	c := u.caller(makesim.DemoToken)
	for _, by := range []string{"actor", "targetId"} {
		got, _ := walk(t, func(cursor string) (*caller, args) {
			return c, with(args{"from": "1h", "sort_by": by, "limit": 1}, "cursor", cursor)
		})
		assert.Len(t, got, len(u.Dumped(audittest.Within(now().Add(-time.Hour), now()))), by)
	}
}

func TestPartialAnswersGoOn(t *testing.T) {
	t.Parallel()
	u := start(t, recentWorld(), makesim.Options{Latency: 60 * time.Millisecond, Quirks: makesim.Quirks{PageCap: 10}})
	want := uuidsIn(newestFirst(u.Dumped(audittest.Within(now().AddDate(0, 0, -6), now()))))
	for name, order := range map[string]args{"sorted": {"sort_by": "eventName"}, "newest first": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connectTo(t, configWithTime(u.Service(makesim.DemoToken), 300*time.Millisecond))
			var got []string
			calls, interrupted := 0, 0
			arguments := func(cursor string) args {
				arguments := with(args{"from": "6d", "limit": 500}, "cursor", cursor)
				for k, v := range order {
					arguments[k] = v
				}
				return arguments
			}
			for cursor := ""; ; {
				calls++
				require.Less(t, calls, 400)
				r := c.Call("list_audit_logs", arguments(cursor))
				if r.IsError {
					interrupted++
					assert.Contains(t, r.Text, "ask again")
					continue
				}
				page := mcptest.Read[schemas.ListAuditLogsResult](t, r)
				if !page.Complete {
					interrupted++
					require.NotEmpty(t, page.Coverage.Gaps)
					assert.Contains(t, page.Coverage.Gaps[0].Reason, "ask again")
					if name == "sorted" || page.Returned == 0 {
						assert.Empty(t, page.NextCursor)
						continue // the same question goes on
					}
					assert.NotEmpty(t, page.NextCursor)
				}
				got = append(got, uuidsOf(page.Entries)...)
				if cursor = page.NextCursor; cursor == "" {
					break
				}
			}
			if name == "sorted" {
				// Over fifty pages, eight at a time, take longer than one call has; on a busy machine the first calls may read nothing
				// at all.
				assert.Positive(t, interrupted)
			}
			assert.ElementsMatch(t, want, got)
		})
	}
}

func TestTotalsAreExactOrAbsent(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for _, quirks := range []makesim.Quirks{{}, {BrokenRecords: 10}, {TotalCountOfOrganization: true, TotalCountAsString: true}} {
		u := recent(t, quirks)
		c := u.caller(makesim.DemoToken)
		want := len(u.Dumped(audittest.Within(now().Add(-48*time.Hour), now())))
		page := c.list(args{"from": "48h", "limit": 500})
		assert.Equal(t, quirks.BrokenRecords > 0, page.Unreadable > 0)
		assert.Equal(t, quirks.BrokenRecords == 0, page.Complete)
		if quirks.BrokenRecords > 0 {
			assert.Nil(t, page.Total)
		} else if assert.NotNil(t, page.Total) {
			assert.Equal(t, want, *page.Total)
		}
	}
}

func TestCursorsOutliveRefusedNames(t *testing.T) {
	t.Parallel()
	// A name that Make forgets between pages: the cursor goes on by id.
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	first := c.list(args{"actor": "grzegorz", "from": "60d", "limit": 5})
	require.Equal(t, auditlog.ID("5028"), first.Query.Actor[0].ID)
	u.Update(func(w *makesim.World) {
		w.OrganizationRoles = slices.DeleteFunc(w.OrganizationRoles, func(r makesim.OrganizationRole) bool { return r.UserID == 5028 })
	})
	fresh := u.caller(makesim.DemoToken)
	second := fresh.list(args{"cursor": first.NextCursor})
	assert.Equal(t, auditlog.ID("5028"), second.Query.Actor[0].ID)
	assert.NotEmpty(t, second.Entries)
	assert.Equal(t, question.SortKey("triggeredAt"), question.SortKey(second.Query.SortBy))
}
