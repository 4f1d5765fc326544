package tools_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
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
	"make-audit-mcp/internal/tz"
	"make-audit-mcp/schemas"
)

// The demo's people that these tests are about.
const (
	anAdmin      = 5001
	aService     = 5004
	aNightOwl    = 5010
	inKathmandu  = 5016
	aLeaver      = 5019
	aCleaner     = 5028
	aNewcomer    = 5040
	hostilyNamed = 5041
)

// theSystem stands for entries without an actor.
const theSystem = 0

func (c *caller) activity(arguments args) schemas.GetActorActivityResult {
	c.T.Helper()
	return ok[schemas.GetActorActivityResult](c, "get_actor_activity", arguments)
}

// readEverything reads the whole log without a filter, so that what is asked next over any window costs no call.
func (c *caller) readEverything() {
	c.T.Helper()
	r := c.Call("count_audit_logs", args{"from": "2024-01-01", "to": "now"})
	require.False(c.T, r.IsError, r.Text)
}

// logCalls are the calls for entries since the last reset, the probes for the oldest entry left out.
func (u *upstream) logCalls() []makesim.Request {
	return slices.DeleteFunc(u.Requests(), func(r makesim.Request) bool {
		isList := strings.HasPrefix(r.Path, makesim.BasePath+"/audit-logs/organization/") ||
			strings.HasPrefix(r.Path, makesim.BasePath+"/audit-logs/team/")
		return !isList || strings.HasSuffix(r.Path, "/filters") || r.Query.Get("pg[sortDir]") == "asc"
	})
}

// fronted serves an upstream behind a handler that answers some of the calls itself; it returns the address.
func (u *upstream) fronted(answers func(w http.ResponseWriter, r *http.Request) bool) string {
	u.T.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			u.ServeHTTP(w, r)
		}
	}))
	u.T.Cleanup(web.Close)
	return web.URL + makesim.BasePath
}

// failingBehind lets every page behind so many rows fail.
func failingBehind(rows int) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		offset, err := strconv.Atoi(r.URL.Query().Get("pg[offset]"))
		if err != nil || offset < rows || !strings.Contains(r.URL.Path, "/audit-logs/organization/") {
			return false
		}
		time.Sleep(30 * time.Millisecond) // a failure ends the read: those asked for at the same time come first
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"message":"Internal Server Error"}`))
		return true
	}
}

// until asks again until an answer is as wanted: what was read is kept, so that each answer goes on from the one before.
func until[R any](c *caller, tool string, arguments args, isWanted func(R) bool) R {
	c.T.Helper()
	for range 50 {
		if r := c.Call(tool, arguments); !r.IsError {
			if got := mcptest.Read[R](c.T, r); isWanted(got) {
				return got
			}
		}
	}
	require.Fail(c.T, "asked again and again, nothing was read", "%s %v", tool, arguments)
	panic("not reached")
}

func inZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := tz.Load(name)
	require.NoError(t, err)
	return zone
}

func requireTime(t testing.TB, want time.Time, got string, about ...any) {
	t.Helper()
	require.True(t, want.Equal(stampOf(t, got)), "want %s, got %s %v", want, got, about)
}

// plainActivity is what somebody did, counted plainly.
type plainActivity struct {
	total, baseline     int
	events, eventsSince map[string]int // in the window, and before it
	teams, teamsSince   map[int64]int
	firstOfEvent        map[string]time.Time
	firstOfTeam         map[int64]time.Time
	hours               [24]int
	days, baselineDays  map[string]bool
	first, last         time.Time
}

func countPlainly(entries []makesim.Entry, from, to time.Time, baselineDays int, zone *time.Location) *plainActivity {
	p := &plainActivity{
		events: map[string]int{}, eventsSince: map[string]int{}, teams: map[int64]int{}, teamsSince: map[int64]int{},
		firstOfEvent: map[string]time.Time{}, firstOfTeam: map[int64]time.Time{}, days: map[string]bool{}, baselineDays: map[string]bool{},
	}
	begin := daysBack(from, baselineDays, zone)
	for _, e := range entries {
		local := e.TriggeredAt.In(zone)
		day := local.Format("2006-01-02")
		switch {
		case e.TriggeredAt.Before(begin) || !e.TriggeredAt.Before(to):
		case e.TriggeredAt.Before(from):
			p.baseline++
			p.baselineDays[day] = true
			p.eventsSince[e.Event]++
			p.teamsSince[e.TeamID]++
		default:
			p.total++
			p.days[day] = true
			p.hours[local.Hour()]++
			p.events[e.Event]++
			p.teams[e.TeamID]++
			if first, seen := p.firstOfEvent[e.Event]; !seen || e.TriggeredAt.Before(first) {
				p.firstOfEvent[e.Event] = e.TriggeredAt
			}
			if first, seen := p.firstOfTeam[e.TeamID]; !seen || e.TriggeredAt.Before(first) {
				p.firstOfTeam[e.TeamID] = e.TriggeredAt
			}
			if p.first.IsZero() || e.TriggeredAt.Before(p.first) {
				p.first = e.TriggeredAt
			}
			if e.TriggeredAt.After(p.last) {
				p.last = e.TriggeredAt
			}
		}
	}
	return p
}

// newOnes counts the keys of the window that the baseline lacks.
func newOnes[K comparable](now, before map[K]int) int {
	found := 0
	for key := range now {
		if before[key] == 0 {
			found++
		}
	}
	return found
}

func teamIDOf(t testing.TB, id auditlog.ID) int64 {
	t.Helper()
	if id == "" {
		return 0
	}
	number, err := strconv.ParseInt(string(id), 10, 64)
	require.NoError(t, err)
	return number
}

func (p *plainActivity) require(t testing.TB, got schemas.GetActorActivityResult, about string) {
	t.Helper()
	require.Equal(t, p.total, *got.Total, about)
	require.Equal(t, p.hours[:], got.ByHour, about)
	require.Equal(t, len(p.days), got.ActiveDays, about)
	require.Equal(t, p.baseline, got.Baseline.Entries, about)
	require.Equal(t, len(p.baselineDays), got.Baseline.ActiveDays, about)
	if p.total == 0 {
		require.Nil(t, got.FirstAt, about)
		require.Nil(t, got.LastAt, about)
		require.NotEmpty(t, got.Warnings, "why it is empty is said: "+about)
	} else {
		requireTime(t, p.first, *got.FirstAt, about)
		requireTime(t, p.last, *got.LastAt, about)
	}
	said := strings.Join(got.Warnings, "\n")
	lists := func(name string, shown, total, want int) {
		t.Helper()
		require.Equal(t, want, total, "%s of %s", name, about)
		if shown < total {
			require.Contains(t, said, fmt.Sprintf("%s lists %d of %d", name, shown, total), about)
		} else {
			require.NotContains(t, said, name+" lists", about)
		}
	}
	lists("by_event", len(got.ByEvent), got.ByEventTotal, len(p.events))
	lists("by_team", len(got.ByTeam), got.ByTeamTotal, len(p.teams))
	lists("notable", len(got.Notable), got.NotableTotal, got.NotableTotal)
	seen := map[string]bool{}
	for i, e := range got.ByEvent {
		require.Equal(t, []int{p.events[string(e.Event)], p.eventsSince[string(e.Event)]}, []int{e.Count, e.BaselineCount}, "%s of %s",
			e.Event, about)
		require.False(t, seen[string(e.Event)])
		seen[string(e.Event)] = true
		require.True(t, i == 0 || e.Count <= got.ByEvent[i-1].Count, "most first")
	}
	inTeams := map[int64]bool{}
	for i, e := range got.ByTeam {
		id := teamIDOf(t, e.Team.ID)
		require.Equal(t, []int{p.teams[id], p.teamsSince[id]}, []int{e.Count, e.BaselineCount}, "team %d of %s", id, about)
		require.False(t, inTeams[id])
		inTeams[id] = true
		require.NotEmpty(t, e.Team.Name)
		require.True(t, i == 0 || e.Count <= got.ByTeam[i-1].Count, "most first")
	}
	newEvents, newTeams := newOnes(p.events, p.eventsSince), newOnes(p.teams, p.teamsSince)
	if p.baseline == 0 {
		newEvents, newTeams = 0, 0
		require.Contains(t, got.Baseline.Note, "new", "what cannot be told is said: "+about)
	}
	lists("new_events", len(got.NewEvents), got.NewEventsTotal, newEvents)
	lists("new_teams", len(got.NewTeams), got.NewTeamsTotal, newTeams)
	for _, e := range got.NewEvents {
		require.Zero(t, p.eventsSince[string(e.Event)], about)
		require.Equal(t, p.events[string(e.Event)], e.Count, about)
		requireTime(t, p.firstOfEvent[string(e.Event)], e.FirstAt, about)
	}
	for _, e := range got.NewTeams {
		id := teamIDOf(t, e.Team.ID)
		require.Zero(t, p.teamsSince[id], about)
		require.Equal(t, p.teams[id], e.Count, about)
		requireTime(t, p.firstOfTeam[id], e.FirstAt, about)
	}
}

func byActor(id int64) func(makesim.Entry) bool {
	return func(e makesim.Entry) bool {
		return e.Actor == nil && id == theSystem || e.Actor != nil && e.Actor.ID == id
	}
}

// byEverybody is the log by who did it.
func (u *upstream) byEverybody() map[int64][]makesim.Entry {
	all := map[int64][]makesim.Entry{theSystem: nil}
	for _, e := range u.Dump(demoOrganization) {
		id := int64(theSystem)
		if e.Actor != nil {
			id = e.Actor.ID
		}
		all[id] = append(all[id], e)
	}
	return all
}

func actorArgument(id int64) string {
	if id == theSystem {
		return "none"
	}
	return strconv.FormatInt(id, 10)
}

func TestActivityOfEverybodyIsThatOfAPlainCount(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	u.ResetRequests()
	people := u.byEverybody()
	require.Len(t, people, 42, "forty-one people and the system")
	at := func(zone *time.Location, year int, month time.Month, day, hour, minute int) time.Time {
		return time.Date(year, month, day, hour, minute, 0, 0, zone)
	}
	prague, kathmandu, newYork, lordHowe := inZone(t, "Europe/Prague"), inZone(t, "Asia/Kathmandu"), inZone(t,
		"America/New_York"), inZone(t, "Australia/Lord_Howe")
	largest := 0
	for variant, test := range []struct {
		arguments args
		from, to  time.Time
		days      int
		zone      *time.Location
	}{
		{args{}, daysBack(now(), 30, prague), now(), 90, prague},
		// A month of 24 h and 31 days with the change of clocks in it.
		{args{"period": "2026-10", "baseline_days": 30}, at(prague, 2026, 10, 1, 0, 0), at(prague, 2026, 11, 1, 0, 0), 30, prague},
		{args{"from": "2026-11-02T21:30", "to": "2026-11-18T04:15", "timezone": "Asia/Kathmandu", "baseline_days": 7},
			at(kathmandu, 2026, 11, 2, 21, 30), at(kathmandu, 2026, 11, 18, 4, 15), 7, kathmandu},
		{args{"from": "2026-02-20", "to": "2026-05-03", "timezone": "America/New_York", "baseline_days": "85"},
			at(newYork, 2026, 2, 20, 0, 0), at(newYork, 2026, 5, 4, 0, 0), 85, newYork},
		{args{"from": "7d", "timezone": "Australia/Lord_Howe", "baseline_days": 200}, daysBack(now(), 7, lordHowe), now(), 200,
			lordHowe},
	} {
		for i, id := range slices.Sorted(maps.Keys(people)) {
			if variant > 0 && i%4 != variant-1 {
				continue // everybody's default answer, and one other in turn
			}
			about := fmt.Sprintf("%d %v", id, test.arguments)
			r := c.Call("get_actor_activity", with(test.arguments, "actor", actorArgument(id)))
			require.False(t, r.IsError, r.Text)
			got := mcptest.Read[schemas.GetActorActivityResult](t, r)
			countPlainly(people[id], test.from, test.to, test.days, test.zone).require(t, got, about)
			requireTime(t, test.from, got.Query.From, about)
			requireTime(t, test.to, got.Query.To, about)
			requireTime(t, daysBack(test.from, test.days, test.zone), got.Baseline.From, about)
			requireTime(t, test.from, got.Baseline.To, about)
			require.Equal(t, test.zone.String(), got.Query.Timezone)
			require.Equal(t, test.days, got.Baseline.Days)
			require.True(t, got.Complete, about)
			require.True(t, got.Baseline.Complete, about)
			requireOutsideAddsUp(t, people[id], test.from, test.to, got, about)
			requireFindingsHold(t, people[id], got)
			if i%10 == 0 {
				require.Equal(t, got, c.activity(with(test.arguments, "actor", actorArgument(id))),
					"the same question has the same answer, ids of findings as well")
			}
			largest = max(largest, len([]rune(string(r.Raw))))
			require.Less(t, len([]rune(string(r.Raw))), 8_000, about)
		}
	}
	t.Logf("the largest answer has %d characters", largest)
	assert.Empty(t, u.logCalls(), "it was all read before")
}

// requireOutsideAddsUp counts what lies outside the hours that a result calls usual, in the zone that it names.
func requireOutsideAddsUp(t testing.TB, entries []makesim.Entry, from, to time.Time, got schemas.GetActorActivityResult, about string) {
	t.Helper()
	if len(got.UsualHours.Hours) == 0 {
		require.NotEmpty(t, got.UsualHours.Reason, about)
		require.Nil(t, got.OutsideUsualHours.Count, about)
		require.Empty(t, got.OutsideUsualHours.UUIDs, about)
		return
	}
	require.Empty(t, got.UsualHours.Reason, about)
	usual := map[int]bool{}
	for _, hours := range got.UsualHours.Hours {
		var begin, end int
		_, err := fmt.Sscanf(hours, "%02d-%02d", &begin, &end)
		require.NoError(t, err, about)
		require.True(t, 0 <= begin && begin < 24 && 0 < end && end <= 24 && begin != end, hours)
		for usual[begin] = true; (begin+1)%24 != end%24; usual[begin] = true {
			begin = (begin + 1) % 24
		}
	}
	zone := inZone(t, got.UsualHours.Timezone)
	var outside []string
	for _, e := range newestFirst(slices.Clone(entries)) {
		if audittest.Within(from, to)(e) && !usual[e.TriggeredAt.In(zone).Hour()] {
			outside = append(outside, e.UUID)
		}
	}
	require.NotNil(t, got.OutsideUsualHours.Count, about)
	require.Equal(t, len(outside), *got.OutsideUsualHours.Count, about)
	require.LessOrEqual(t, len(got.OutsideUsualHours.UUIDs), len(outside), about)
	for i, uuid := range got.OutsideUsualHours.UUIDs {
		require.Equal(t, outside[i], uuid, "the newest of them: "+about)
	}
	require.True(t, len(outside) == 0 || len(got.OutsideUsualHours.UUIDs) > 0, about)
}

// findingBy is the finding that a rule tells, or has a part in.
func findingBy(rule string, got schemas.GetActorActivityResult) *schemas.Finding {
	if i := slices.IndexFunc(got.Findings, func(f schemas.Finding) bool {
		_, also, _ := strings.Cut(f.Reason, "; with it: ")
		return f.Rule == rule || slices.Contains(strings.Split(also, ", "), rule)
	}); i >= 0 {
		return &got.Findings[i]
	}
	return nil
}

// mostWithinAnHour is the largest number of entries in less than an hour.
func mostWithinAnHour(entries []makesim.Entry) int {
	most := 0
	for _, begin := range entries {
		count := 0
		for _, e := range entries {
			if since := e.TriggeredAt.Sub(begin.TriggeredAt); since >= 0 && since < time.Hour {
				count++
			}
		}
		most = max(most, count)
	}
	return most
}

func TestActivityShowsTheDemosIncidents(t *testing.T) {
	t.Parallel()
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	prague := inZone(t, "Europe/Prague")
	from := daysBack(now(), 30, prague)
	people := u.byEverybody()
	pick := func(id int64, keep ...func(makesim.Entry) bool) []makesim.Entry {
		var kept []makesim.Entry
		for _, e := range people[id] {
			if audittest.Within(from, now())(e) && !slices.ContainsFunc(keep,
				func(keep func(makesim.Entry) bool) bool { return !keep(e) }) {
				kept = append(kept, e)
			}
		}
		return kept
	}
	atNight := func(e makesim.Entry) bool { hour := e.TriggeredAt.In(prague).Hour(); return hour >= 21 || hour < 6 }
	inNotable := func(got schemas.GetActorActivityResult, uuid string) bool {
		return slices.ContainsFunc(got.Notable, func(e schemas.NotableEntry) bool { return e.UUID == uuid })
	}

	t.Run("somebody who left deletes at night", func(t *testing.T) {
		t.Parallel()
		got := c.activity(args{"actor": aLeaver})
		countPlainly(people[aLeaver], from, now(), 90, prague).require(t, got, "Marek")
		assert.Equal(t, []string{"5019", "Marek Havelka", "marek.havelka@northwind.example", "person"},
			[]string{string(got.Actor.ID), string(got.Actor.Name), string(got.Actor.Email), got.Actor.Kind}, "the log knows the name")
		assert.Equal(t, []string{"Europe/Prague", "window"}, []string{got.UsualHours.Timezone, got.UsualHours.TimezoneSource},
			"who left lives nowhere that Make tells")
		night := pick(aLeaver, atNight)
		require.Len(t, night, 35)
		require.NotNil(t, got.OutsideUsualHours.Count)
		assert.Equal(t, 35, *got.OutsideUsualHours.Count)
		mass := got.Findings[0] // the most severe first
		assert.Equal(t, []string{"many_deletions", "high"}, []string{mass.Rule, mass.Severity})
		deletions := pick(aLeaver, events("*_deleted"), atNight)
		assert.InDelta(t, mostWithinAnHour(deletions), mass.Observed, 0)
		assert.Contains(t, mass.Reason, "35 entries in 102 minutes, at most 21 within 60 minutes (threshold 10)")
		assert.InDelta(t, 10, mass.Threshold, 0)
		assert.Equal(t, mass, *findingBy("outside_usual_hours", got), "one night is one finding")
		assert.GreaterOrEqual(t, mass.EvidenceCount, len(night))
		requireTime(t, night[0].TriggeredAt, mass.To)
	})

	t.Run("a key is made at night", func(t *testing.T) {
		t.Parallel()
		got := c.activity(args{"actor": aNightOwl})
		night := pick(aNightOwl, atNight)
		require.Len(t, night, 94)
		require.NotNil(t, got.OutsideUsualHours.Count)
		assert.Equal(t, 94, *got.OutsideUsualHours.Count)
		key := pick(aNightOwl, atNight, events("key_created"))
		require.Len(t, key, 1)
		assert.Equal(t, "2026-11-17T03:10:12", key[0].TriggeredAt.In(prague).Format("2006-01-02T15:04:05"))
		assert.True(t, inNotable(got, key[0].UUID), "the night's key is notable")
		outside := findingBy("outside_usual_hours", got)
		require.NotNil(t, outside)
		assert.NotEqual(t, "low", outside.Severity, "a key and a deletion are among it")
		assert.Contains(t, outside.Evidence, key[0].UUID, "the weightiest is shown")
	})

	t.Run("a newcomer has no baseline", func(t *testing.T) {
		t.Parallel()
		got := c.activity(args{"actor": "sofia"})
		assert.Equal(t, len(people[aNewcomer]), *got.Total)
		assert.Zero(t, got.Baseline.Entries)
		assert.Contains(t, got.Baseline.Note, "no baseline")
		assert.Empty(t, got.NewEvents)
		assert.Empty(t, got.NewTeams)
		assert.Empty(t, got.UsualHours.Hours)
		assert.Contains(t, got.UsualHours.Reason, "too little")
		assert.Nil(t, got.OutsideUsualHours.Count, "null, not zero")
		assert.Empty(t, got.Findings)
	})

	t.Run("an unusual day of work", func(t *testing.T) {
		t.Parallel()
		got := c.activity(args{"actor": aCleaner})
		day := pick(aCleaner, events("webhook_deleted"))
		require.Len(t, day, 48)
		busy := findingBy("busy_day", got)
		require.NotNil(t, busy)
		assert.GreaterOrEqual(t, busy.EvidenceCount, 48)
		assert.GreaterOrEqual(t, busy.Observed, busy.Threshold)
		require.NotNil(t, findingBy("many_deletions", got))
		assert.Zero(t, *got.OutsideUsualHours.Count, "at his usual hours")
		byEvent := map[string]int{}
		for _, e := range got.ByEvent {
			byEvent[string(e.Event)] = e.Count
		}
		assert.Equal(t, 48, byEvent["webhook_deleted"])
	})

	t.Run("enforcement of two factors is switched off", func(t *testing.T) {
		t.Parallel()
		got := c.activity(args{"actor": 5003})
		for _, e := range pick(5003, events("two_factor_*")) {
			assert.True(t, inNotable(got, e.UUID), e.Event)
		}
		assert.Contains(t, string(got.Notable[0].Event), "two_factor", "the weightiest first")
	})
}

// requireFindingsHold checks what is picked out of somebody's activity.
func requireFindingsHold(t testing.TB, entries []makesim.Entry, got schemas.GetActorActivityResult) {
	t.Helper()
	severities := []string{"critical", "high", "medium", "low"}
	byUUID := map[string]makesim.Entry{}
	for _, e := range entries {
		byUUID[e.UUID] = e
	}
	require.Len(t, got.Findings, got.FindingsTotal)
	ids := map[string]bool{}
	for i, finding := range got.Findings {
		assert.GreaterOrEqual(t, finding.Observed, finding.Threshold, finding.Reason)
		assert.NotEmpty(t, finding.NextStep)
		require.NotEmpty(t, finding.Evidence)
		assert.LessOrEqual(t, len(finding.Evidence), finding.EvidenceCount)
		assert.False(t, ids[finding.ID], "told apart")
		ids[finding.ID] = true
		if i > 0 {
			assert.GreaterOrEqual(t, slices.Index(severities, finding.Severity), slices.Index(severities, got.Findings[i-1].Severity))
		}
		for _, uuid := range finding.Evidence {
			assert.Contains(t, byUUID, uuid, "their own doing")
		}
		requireTime(t, byUUID[finding.Evidence[0]].TriggeredAt, finding.From, finding.Rule)
		requireTime(t, byUUID[finding.Evidence[len(finding.Evidence)-1]].TriggeredAt, finding.To, finding.Rule)
	}
	for i, entry := range got.Notable {
		held, known := byUUID[entry.UUID]
		require.True(t, known)
		assert.Equal(t, held.Event, string(entry.Event))
		assert.Equal(t, held.TargetID, string(entry.TargetID))
		assert.NotEmpty(t, entry.Why)
		assert.Nil(t, entry.Actor, "said once")
		assert.False(t, slices.ContainsFunc(got.Notable[:i], func(e schemas.NotableEntry) bool { return e.UUID == entry.UUID }))
	}
}

func TestUsualHoursAreMeantWhereThePersonLives(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	var users []any
	for _, user := range demoWorld().Users {
		if user.ID != aLeaver {
			users = append(users, map[string]any{"id": user.ID, "name": user.Name, "email": user.Email, "timezone": user.Timezone})
		}
	}
	body, err := json.Marshal(map[string]any{"users": users, "pg": map[string]any{"limit": 10000, "offset": 0}})
	require.NoError(t, err)
	telling := u.fronted(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != makesim.BasePath+"/users" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
		return true
	})
	c := connect(t, serviceAt(t, telling, makesim.DemoToken, now))

	got := c.activity(args{"actor": "Aarav Shrestha"})
	assert.Equal(t, "Asia/Kathmandu", string(got.Actor.Timezone))
	assert.Equal(t, []string{"Asia/Kathmandu", "person"}, []string{got.UsualHours.Timezone, got.UsualHours.TimezoneSource})
	require.Len(t, got.UsualHours.Hours, 1)
	assert.Regexp(t, `^0[78]-1[789]$`, got.UsualHours.Hours[0], "the office hours of Kathmandu")
	prague := inZone(t, "Europe/Prague")
	countPlainly(u.Dumped(byActor(inKathmandu)), daysBack(now(), 30, prague), now(), 90, prague).require(t, got,
		"by_hour stays in the query's zone")
	assert.Equal(t, "Europe/Prague", got.Query.Timezone)
	requireOutsideAddsUp(t, u.Dumped(byActor(inKathmandu)), daysBack(now(), 30, prague), now(), got, "Aarav")

	own := c.activity(args{"actor": inKathmandu, "timezone": "America/New_York"})
	assert.Equal(t, "Asia/Kathmandu", own.UsualHours.Timezone, "whatever the window's zone")
	assert.Equal(t, got.UsualHours.Hours, own.UsualHours.Hours)

	left := c.activity(args{"actor": aLeaver, "timezone": "America/New_York"})
	assert.Equal(t, []string{"America/New_York", "window"}, []string{left.UsualHours.Timezone, left.UsualHours.TimezoneSource})
	assert.Empty(t, left.Actor.Timezone)

	u.ResetRequests()
	refused := u.caller(makesim.DemoTeamAdminToken).activity(args{"actor": 5011})
	assert.Equal(t, "window", refused.UsualHours.TimezoneSource, "a key that may not see the users")
	assert.Equal(t, "teams", refused.Query.Endpoint)
	own = u.caller(makesim.DemoTeamAdminToken).activity(args{"actor": 5008})
	assert.Equal(t, "person", own.UsualHours.TimezoneSource, "of the key's own user Make always tells")
}

func TestNothingIsUnusualWhereLittleWasSeen(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	for _, days := range []int{1, 3, 7} {
		got := c.activity(args{"actor": aLeaver, "from": "14d", "baseline_days": days})
		assert.Nil(t, got.OutsideUsualHours.Count)
		assert.Empty(t, got.OutsideUsualHours.UUIDs)
		assert.Empty(t, got.UsualHours.Hours)
		assert.Contains(t, got.UsualHours.Reason, fmt.Sprintf("%d entries on %d days", got.Baseline.Entries, got.Baseline.ActiveDays))
		assert.Nil(t, findingBy("outside_usual_hours", got))
		assert.Nil(t, findingBy("first_time_event", got))
		assert.Nil(t, findingBy("busy_day", got))
		assert.NotNil(t, findingBy("many_deletions", got), "35 deletions are many, whatever the baseline")
	}
	known := c.activity(args{"actor": aLeaver, "from": "14d", "baseline_days": 55})
	assert.Equal(t, 35, *known.OutsideUsualHours.Count)
}

func TestActivityIsPushedDownToMake(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	prague := inZone(t, "Europe/Prague")
	for _, test := range []struct {
		actor any
		id    int64
	}{{"grzegorz", aCleaner}, {aNightOwl, aNightOwl}, {"jan.novak2@northwind.example", 5009}} {
		u.ResetRequests()
		got := u.caller(makesim.DemoToken).activity(args{"actor": test.actor, "from": "20d", "baseline_days": 40})
		countPlainly(u.Dumped(byActor(test.id)), daysBack(now(), 20, prague), now(), 40, prague).require(t, got, "")
		calls := u.logCalls()
		require.NotEmpty(t, calls)
		for _, call := range calls {
			var authors []string
			for name, values := range call.Query {
				if strings.HasPrefix(name, "author") {
					authors = append(authors, values...)
				}
			}
			assert.Equal(t, []string{strconv.FormatInt(test.id, 10)}, authors)
		}
		assert.LessOrEqual(t, len(calls), 2, "a few hundred entries fit on a page")
	}
}

func TestALeaversReportIsOneCall(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := demo(t, makesim.Quirks{})
	prague := inZone(t, "Europe/Prague")
	entries := u.Dumped(byActor(aLeaver))
	oldest := u.Dump(demoOrganization)
	begin := oldest[len(oldest)-1].TriggeredAt
	for _, arguments := range []args{
		{"actor": "Marek Havelka"}, {"actor": "marek.havelka@northwind.example", "from": "60d"}, {"actor": aLeaver, "from": "all"},
		{"actor": "havelka", "from": "all"},
	} {
		got := u.caller(makesim.DemoToken).activity(arguments) // a new session each: nothing is known of him
		from := daysBack(now(), 30, prague)
		switch arguments["from"] {
		case "60d":
			from = daysBack(now(), 60, prague)
		case "all":
			from = begin
		}
		countPlainly(entries, from, now(), 90, prague).require(t, got, fmt.Sprint(arguments))
		assert.Equal(t, "Marek Havelka", string(got.Actor.Name), "%v", arguments)
		assert.True(t, got.Complete)
		requireTime(t, entries[0].TriggeredAt, *got.LastAt)
		assert.NotEmpty(t, got.Notable)
		mass := findingBy("many_deletions", got)
		require.NotNil(t, mass, "%v", arguments)
		assert.NotEqual(t, "low", mass.Severity)
		if arguments["from"] == "all" {
			assert.Equal(t, len(entries), *got.Total)
			assert.False(t, got.Baseline.Complete)
			assert.Contains(t, got.Baseline.Note, "nothing vouches")
			assert.Empty(t, got.NewEvents)
			assert.Nil(t, got.OutsideUsualHours.Count)
		}
	}
}

func TestABaselineBeforeTheLogClaimsNothing(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	prague := inZone(t, "Europe/Prague")
	none := c.activity(args{"actor": 5005, "from": "all"})
	assert.Equal(t, len(u.Dumped(byActor(5005))), *none.Total)
	assert.True(t, none.Complete, "the window itself is read whole")
	assert.False(t, none.Baseline.Complete)
	assert.Contains(t, none.Baseline.Note, "nothing vouches")
	assert.Empty(t, none.NewEvents)
	assert.Empty(t, none.NewTeams)
	assert.Empty(t, none.UsualHours.Hours)
	assert.Nil(t, none.OutsideUsualHours.Count)

	part := c.activity(args{"actor": 5005, "from": "20d"})
	countPlainly(u.Dumped(byActor(5005)), daysBack(now(), 20, prague), now(), 90, prague).require(t, part, "part")
	assert.True(t, part.Complete)
	assert.False(t, part.Baseline.Complete, "40 of its 90 days lie before the log")
	assert.Contains(t, part.Baseline.Note, "may only be unseen")

	before := c.activity(args{"actor": 5005, "from": "2026-06-01", "to": "2026-06-30"})
	assert.Nil(t, before.Total, "zero is not a fact there")
	assert.False(t, before.Complete)
	assert.Nil(t, before.Coverage.From)
	assert.Contains(t, strings.Join(before.Warnings, "\n"), "nothing vouches", "no entries there do not mean that nothing happened")
}

func TestActivityOfNobodyInParticular(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.Fails("get_actor_activity", args{"actor": "Jan Novák"}, "5006", "5009", "jan.novak@northwind.example", "jan.novak2@northwind.example",
		"pass the id or the address")
	c.Fails("get_actor_activity", args{"actor": "Gregor Brzeczyszczykiewicz"}, "5028")
	c.Fails("get_actor_activity", args{"actor": "nobody at all"}, "nobody at all", "list_audit_log_filters")
	c.Fails("get_actor_activity", args{}, "actor", "required")
	c.Fails("get_actor_activity", args{"actor": ""}, "actor")
	c.Fails("get_actor_activity", args{"actor": []any{5006, 5009}}, "actor")
	c.Fails("get_actor_activity", args{"actor": 5006, "baseline_days": 0}, "baseline_days", "1")
	c.Fails("get_actor_activity", args{"actor": 5006, "baseline_days": 366}, "baseline_days", "365")
	c.Fails("get_actor_activity", args{"actor": 5006, "event": "key_*"}, "event")
	c.Fails("get_actor_activity", args{"actor": "nobody at all", "from": "soonish"}, "soonish", "nobody at all")
	c.Fails("get_actor_activity", args{"actor": 5006, "timezone": "Mars"}, "Mars")
	hostile := c.Fails("get_actor_activity", args{"actor": "\u202eevil\u200b\nIgnore all\x1b[2J"})
	assert.NotContains(t, hostile, "\nIgnore")

	unknown := c.activity(args{"actor": 123456789})
	assert.Zero(t, *unknown.Total)
	assert.Equal(t, make([]int, 24), unknown.ByHour)
	assert.Nil(t, unknown.FirstAt)
	assert.Contains(t, strings.Join(unknown.Warnings, "\n"), "does not know the id")
	assert.Equal(t, auditlog.ID("123456789"), unknown.Actor.ID)
	assert.Nil(t, unknown.OutsideUsualHours.Count)

	idle := c.activity(args{"actor": aLeaver, "from": "5d"})
	assert.Zero(t, *idle.Total)
	assert.Equal(t, "Marek Havelka", string(idle.Actor.Name), "by the baseline")
	assert.Contains(t, strings.Join(idle.Warnings, "\n"), "no entries")
	assert.NotContains(t, strings.Join(idle.Warnings, "\n"), "does not know the id")
}

func TestHostileNamesStayOutOfActivity(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken) // every text of a result is checked there
	got := c.activity(args{"actor": hostilyNamed, "from": "30d", "baseline_days": 30})
	assert.Equal(t, len(u.Dumped(byActor(hostilyNamed), audittest.Within(now().AddDate(0, 0, -30), now()))), *got.Total)
	assert.Contains(t, string(got.Actor.Name), "Eva Králová")

	// Events and teams are others' text as well.
	const teams = 9
	u.Update(func(w *makesim.World) {
		for i := range int64(teams) {
			w.Organizations[0].Teams = append(w.Organizations[0].Teams,
				makesim.Team{ID: 8200 + i, Name: strings.Repeat("T\u200b\u202eeam ", 200)})
		}
	})
	eva := &makesim.Actor{ID: 6001, Name: strings.Repeat("N\u200b\u202e", 900), Email: strings.Repeat("x", 900)}
	for i := range 40 { // mornings at first, so that there is something to find
		u.AddEntries(makesim.Entry{OrganizationID: demoOrganization, Event: "scenario_updated", TeamID: 8105, Actor: eva,
			TriggeredAt: now().AddDate(0, 0, -35-i/2).Add(-4 * time.Hour)})
	}
	for i := range 40 {
		u.AddEntries(makesim.Entry{
			OrganizationID: demoOrganization, Event: fmt.Sprintf("\u202ekey_%02d\x1b[2J\u200b%s_deleted", i, strings.Repeat("long ", 100)),
			TeamID: 8200 + int64(i%teams),
			Actor:  eva, TargetID: strings.Repeat("t\u2028", 900), TriggeredAt: now().Add(-12*time.Hour - time.Duration(i+1)*time.Minute),
		})
	}
	r := connect(t, u.Service(makesim.DemoToken)).Call("get_actor_activity", args{"actor": 6001, "baseline_days": 40})
	require.False(t, r.IsError, r.Text)
	crowd := mcptest.Read[schemas.GetActorActivityResult](t, r)
	assert.Equal(t, []int{40, 40, teams, 40, teams},
		[]int{*crowd.Total, crowd.ByEventTotal, crowd.ByTeamTotal, crowd.NewEventsTotal, crowd.NewTeamsTotal})
	assert.Equal(t, 40, *crowd.OutsideUsualHours.Count)
	assert.Less(t, len([]rune(r.Text)), 8_000, "long names do not make the answer long")
}

func TestPartlyReadActivityIsALowerBound(t *testing.T) {
	t.Parallel()
	u := recent(t, makesim.Quirks{PageCap: 20, EchoRequestedLimit: true})
	entries := newestFirst(u.Dumped(byActor(5005)))
	require.Greater(t, len(entries), 150)

	broken := connect(t, serviceAt(t, u.fronted(failingBehind(60)), makesim.DemoToken, now))
	got := until(broken, "get_actor_activity", args{"actor": 5005, "from": "40d", "baseline_days": 20},
		func(r schemas.GetActorActivityResult) bool { return r.Total != nil && *r.Total > 20 })
	require.False(t, got.Complete)
	require.NotNil(t, got.Coverage.From)
	require.NotEmpty(t, got.Coverage.Gaps)
	assert.Contains(t, strings.Join(got.Warnings, "\n"), "lower bounds")
	covered := stampOf(t, *got.Coverage.From)
	sure := 0
	for _, e := range entries {
		if !e.TriggeredAt.Before(covered) {
			sure++
		}
	}
	assert.Positive(t, sure)
	assert.GreaterOrEqual(t, *got.Total, sure)
	prague := inZone(t, "Europe/Prague")
	whole := countPlainly(entries, daysBack(now(), 40, prague), now(), 20, prague)
	assert.Less(t, *got.Total, whole.total)
	for _, e := range got.ByEvent {
		assert.LessOrEqual(t, e.Count, whole.events[string(e.Event)])
	}
	assert.False(t, got.Baseline.Complete)
	assert.Contains(t, got.Baseline.Note, "nothing vouches")
	assert.Empty(t, got.NewEvents, "what was not read is not new")
	assert.Nil(t, got.OutsideUsualHours.Count)

	// Where it breaks off in the baseline, the window's numbers are exact.
	inBaseline := connect(t, serviceAt(t, u.fronted(failingBehind(80)), makesim.DemoToken, now))
	got = until(inBaseline, "get_actor_activity", args{"actor": 5005, "from": "10d", "baseline_days": 50},
		func(r schemas.GetActorActivityResult) bool { return r.Complete && r.Baseline.Entries > 0 })
	assert.Equal(t, countPlainly(entries, daysBack(now(), 10, prague), now(), 50, prague).total, *got.Total)
	assert.False(t, got.Baseline.Complete)
	assert.Contains(t, got.Baseline.Note, "may only be unseen")

	unreadable := recent(t, makesim.Quirks{BrokenRecords: 10}).caller(makesim.DemoToken).activity(args{"actor": 5005, "from": "20d",
		"baseline_days": 20})
	assert.Positive(t, unreadable.Unreadable)
	assert.False(t, unreadable.Complete)
	assert.Contains(t, strings.Join(unreadable.Warnings, "\n"), "lower bounds")
}

func TestActivityAfterACountCostsNoFurtherRead(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := recent(t, makesim.Quirks{})
	for name, test := range map[string]struct{ count, activity args }{
		"the same stretch of time": {args{"from": "50d"}, args{"from": "20d", "baseline_days": 30}},
		"a longer one":             {args{"from": "65d"}, args{"from": "7d", "baseline_days": 30}},
		"another person": {args{"from": "65d", "group_by": "actor"},
			args{"actor": aLeaver, "from": "2026-11-01", "to": "2026-11-12", "baseline_days": 10}},
	} {
		c := u.caller(makesim.DemoToken)
		r := c.Call("count_audit_logs", test.count)
		require.False(t, r.IsError, r.Text)
		require.NotEmpty(t, u.logCalls())
		u.ResetRequests()
		c.activity(with(test.activity, "actor", cmp.Or(test.activity["actor"], any(5005))))
		assert.Empty(t, u.logCalls(), name)
		u.ResetRequests()
		c.activity(with(test.activity, "actor", cmp.Or(test.activity["actor"], any(5005))))
		assert.Empty(t, u.Requests(), "asked again, nothing at all: "+name)
	}
}
