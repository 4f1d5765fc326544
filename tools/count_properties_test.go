package tools_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/tz"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

// The naive count: it goes over the simulator's own entries one by one, knows clocks by time.In alone, and shares nothing with the product
// but the rules of time zones.

// countCase is a question as the tool gets it and as the naive count reads it.
type countCase struct {
	arguments  args
	zone       *time.Location
	keep       []func(makesim.Entry) bool
	start, end time.Time // zero start: everything
	// hours are seconds of the day; the same twice: all of them.
	hours    [2]int
	weekdays []time.Weekday // nil: all
	groupBy  []string
	distinct string
	minCount int
	orderBy  string
	orderDir string
	limit    int // 0: the default
}

// naiveGroup is one group of a naive count.
type naiveGroup struct {
	shown       []string // as shownKey has it
	rank        []string // what sorts in the order of keys
	count       int
	distinct    map[string]bool
	events      map[string]bool
	kinds       map[string]bool
	before      int // in the period before
	first, last time.Time
}

// matches tells whether an entry counts, the window aside.
func (q *countCase) matches(e makesim.Entry) bool {
	for _, keep := range q.keep {
		if !keep(e) {
			return false
		}
	}
	local := e.TriggeredAt.In(q.zone)
	second := local.Hour()*3600 + local.Minute()*60 + local.Second()
	since, until := q.hours[0], q.hours[1]
	switch {
	case since < until && (second < since || second >= until):
		return false
	case since > until && second < since && second >= until:
		return false
	}
	return q.weekdays == nil || slices.Contains(q.weekdays, local.Weekday())
}

// naiveNone are the values of entries that have no such thing.
func naiveNone() []string { return []string{"", "none", "none (not in Make's catalog)"} }

// grouped are all groups of a window, by their keys.
func (q *countCase) grouped(entries []makesim.Entry, from, to time.Time) (total int, distinct map[string]bool,
	found map[string]*naiveGroup) {
	found, distinct = map[string]*naiveGroup{}, map[string]bool{}
	for _, e := range entries {
		if e.TriggeredAt.Before(from) || !e.TriggeredAt.Before(to) || !q.matches(e) {
			continue
		}
		total++
		value := ""
		if q.distinct != "" {
			value = naiveKey(e, q.distinct, q.zone)
		}
		isValue := !slices.Contains(naiveNone(), value)
		if isValue {
			distinct[value] = true
		}
		if len(q.groupBy) == 0 {
			continue
		}
		var shown []string
		for _, by := range q.groupBy {
			shown = append(shown, naiveKey(e, by, q.zone))
		}
		name := strings.Join(shown, "\x00")
		g := found[name]
		if g == nil {
			g = &naiveGroup{shown: shown, first: e.TriggeredAt, last: e.TriggeredAt, distinct: map[string]bool{},
				events: map[string]bool{}, kinds: map[string]bool{}}
			for i, by := range q.groupBy {
				g.rank = append(g.rank, naiveRank(e, by, shown[i], q.zone))
			}
			found[name] = g
		}
		g.count++
		g.events[e.Event], g.kinds[cmp.Or(naiveCategories()[e.Event], "gizmo")] = true, true
		if isValue {
			g.distinct[value] = true
		}
		if e.TriggeredAt.Before(g.first) {
			g.first = e.TriggeredAt
		}
		if e.TriggeredAt.After(g.last) {
			g.last = e.TriggeredAt
		}
	}
	return total, distinct, found
}

// naiveEmpty adds the periods of a window that have no entries, minute by minute, but those that reach into what is not covered.
func (q *countCase) naiveEmpty(found map[string]*naiveGroup, window, covered [2]time.Time) {
	periods := map[string]*naiveGroup{}
	for at := window[0]; at.Before(window[1]); at = at.Truncate(time.Minute).Add(time.Minute) {
		e := makesim.Entry{TriggeredAt: at}
		if !(&countCase{zone: q.zone, hours: q.hours, weekdays: q.weekdays}).matches(e) {
			continue
		}
		name := naiveKey(e, q.groupBy[0], q.zone)
		if _, known := periods[name]; !known {
			periods[name] = &naiveGroup{shown: []string{name}, rank: []string{naiveRank(e, q.groupBy[0], name, q.zone)}}
		}
		if at.Before(covered[0]) || !at.Before(covered[1]) {
			periods[name] = nil
		}
	}
	for name, period := range periods {
		if found[name] == nil && period != nil {
			found[name] = period
		}
	}
}

// isInTime tells whether the order is that of time.
func (q *countCase) isInTime() bool {
	return len(q.groupBy) > 0 && isPeriod(q.groupBy[0]) && (q.orderBy == "" || q.orderBy == "key")
}

// naive counts what an answer covers, in the order that was asked for.
func (q *countCase) naive(t *testing.T, entries []makesim.Entry, got schemas.CountAuditLogsResult) (total, distinct int,
	groups []*naiveGroup) {
	t.Helper()
	window := [2]time.Time{stampOf(t, got.Query.From), stampOf(t, got.Query.To)}
	covered := [2]time.Time{window[1], window[1]}
	if got.Coverage.From != nil {
		covered = [2]time.Time{stampOf(t, *got.Coverage.From), stampOf(t, *got.Coverage.To)}
	}
	var before time.Time
	if got.Previous != nil {
		before = stampOf(t, got.Previous.From)
	}
	from, to := covered[0], covered[1]
	total, values, found := q.grouped(entries, from, to)
	if q.isInTime() && len(q.groupBy) == 1 {
		q.naiveEmpty(found, window, covered)
	}
	if !before.IsZero() {
		_, _, earlier := q.grouped(entries, before, window[0])
		for name, g := range earlier {
			if slices.ContainsFunc(q.groupBy, isPeriod) {
				break
			}
			if found[name] == nil {
				found[name] = &naiveGroup{shown: g.shown, rank: g.rank}
			}
			found[name].before = g.count
		}
	}
	for _, g := range found {
		enough := g.count
		if q.distinct != "" {
			enough = len(g.distinct)
		}
		if enough >= q.minCount && (g.count > 0 || g.before == 0 || q.orderBy == "change") {
			groups = append(groups, g)
		}
	}
	slices.SortFunc(groups, func(a, b *naiveGroup) int {
		byKey := slices.Compare(a.rank, b.rank)
		var order int
		isDescending, orderBy := q.orderDir != "asc", q.orderBy
		if q.isInTime() {
			orderBy = "key"
		}
		switch orderBy {
		case "first_at":
			order = a.first.Compare(b.first)
		case "last_at":
			order = a.last.Compare(b.last)
		case "distinct":
			order = cmp.Compare(len(a.distinct), len(b.distinct))
		case "change":
			order = cmp.Compare(a.count-a.before, b.count-b.before)
		case "key":
			order, isDescending = byKey, q.orderDir == "desc"
		default:
			order = cmp.Compare(a.count, b.count)
		}
		if isDescending {
			order = -order
		}
		return cmp.Or(order, byKey)
	})
	return total, len(values), groups
}

// naiveKey is what an entry has for a key, as an answer shows it.
func naiveKey(e makesim.Entry, by string, zone *time.Location) string {
	local := e.TriggeredAt.In(zone)
	switch by {
	case "actor":
		if e.Actor == nil {
			return "none"
		}
		return strconv.FormatInt(e.Actor.ID, 10)
	case "team":
		if e.TeamID == 0 {
			return "none"
		}
		return strconv.FormatInt(e.TeamID, 10)
	case "event":
		return e.Event
	case "category":
		return cmp.Or(naiveCategories()[e.Event], "none (not in Make's catalog)")
	case "target":
		return e.TargetID
	case "hour":
		return local.Format("2006-01-02 15 -0700")
	case "day":
		return local.Format(time.DateOnly)
	case "week":
		monday := local.Day() - (int(local.Weekday())+6)%7
		return time.Date(local.Year(), local.Month(), monday, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case "month":
		return local.Format("2006-01")
	case "hour_of_day":
		return strconv.Itoa(local.Hour())
	case "weekday":
		return local.Weekday().String()
	}
	panic(by)
}

// naiveRank sorts in the order of keys: none first, people and teams by name.
func naiveRank(e makesim.Entry, by, shown string, zone *time.Location) string {
	switch {
	case shown == "" || by == "category" && naiveCategories()[e.Event] == "":
		return ""
	case by == "actor" && e.Actor != nil:
		return fmt.Sprintf("1%s\x00%20d", auditlog.Fold(e.Actor.Name), e.Actor.ID)
	case by == "team" && e.TeamID != 0:
		return fmt.Sprintf("1%s\x00%20d", auditlog.Fold(naiveTeam(e.TeamID)), e.TeamID)
	case by == "actor" || by == "team":
		return ""
	case by == "hour": // what clocks show twice comes by its instant
		_, offset := e.TriggeredAt.In(zone).Zone()
		return strconv.FormatInt(onClocks(e.TriggeredAt, zone).Truncate(time.Hour).Unix()-int64(offset), 10)
	case by == "weekday":
		days := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
		return strconv.Itoa(slices.Index(days, shown))
	}
	if _, err := strconv.Atoi(shown); err == nil {
		return fmt.Sprintf("1%20s", shown)
	}
	return "2" + shown
}

// naiveCategories are the categories by event.
var naiveCategories = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			found[event.Value] = category.Header
		}
	}
	return found
})

func naiveTeam(id int64) string {
	organization := demoWorld().Organizations[0]
	for _, team := range slices.Concat(organization.Teams, organization.FormerTeams) {
		if team.ID == id {
			return team.Name
		}
	}
	return ""
}

// shownKey is the value of one key in an answer, as naiveKey shows it.
func shownKey(t testing.TB, key schemas.GroupKey, by string) string {
	t.Helper()
	text := func(value *auditlog.Text) string {
		require.NotNil(t, value, by)
		return string(*value)
	}
	switch by {
	case "actor":
		require.NotNil(t, key.Actor)
		if key.Actor.ID == "" {
			require.Equal(t, auditlog.Actor{Name: "none (the system)"}, *key.Actor)
			return "none"
		}
		return string(key.Actor.ID)
	case "team":
		require.NotNil(t, key.Team)
		if key.Team.ID == "" {
			require.Equal(t, auditlog.Ref{Name: "none (no team on the entry)"}, *key.Team)
			return "none"
		}
		id, err := strconv.ParseInt(string(key.Team.ID), 10, 64)
		require.NoError(t, err)
		require.Equal(t, naiveTeam(id), string(key.Team.Name))
		return string(key.Team.ID)
	case "event":
		return text(key.Event)
	case "category":
		return text(key.Category)
	case "target":
		return text(key.Target)
	case "hour":
		begin, err := time.Parse(time.RFC3339, key.Hour)
		require.NoError(t, err)
		require.Zero(t, begin.Minute()+begin.Second(), key.Hour)
		return begin.Format("2006-01-02 15 -0700")
	case "day":
		return key.Day
	case "week":
		return key.Week
	case "month":
		return key.Month
	case "hour_of_day":
		require.NotNil(t, key.HourOfDay)
		return strconv.Itoa(*key.HourOfDay)
	case "weekday":
		return key.Weekday
	}
	panic(by)
}

// showings are the instants at which clocks of a zone show a local time, which is given in UTC: two where clocks go back over it. Where
// they skip it, it is the instant by the offset before.
func showings(clock time.Time, zone *time.Location) []time.Time {
	var found []time.Time
	offset := func(at time.Time) time.Duration {
		_, seconds := at.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	before := offset(clock.Add(-36 * time.Hour))
	for _, o := range []time.Duration{before, offset(clock.Add(36 * time.Hour))} {
		at := clock.Add(-o)
		if offset(at) == o && (len(found) == 0 || !found[0].Equal(at)) {
			found = append(found, at)
		}
	}
	if found == nil {
		return []time.Time{clock.Add(-before)}
	}
	slices.SortFunc(found, time.Time.Compare)
	return found
}

// onClocks is what clocks of a zone show at an instant, in UTC; midnight where a day begins, though clocks skip it.
func onClocks(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	if year, month, day := local.Date(); midnight(year, month, day, zone).Equal(at) {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
}

// daysBack is the same local time some days before.
func daysBack(at time.Time, days int, zone *time.Location) time.Time {
	return showings(onClocks(at, zone).AddDate(0, 0, -days), zone)[0]
}

// midnight is the beginning of a local date.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	return showings(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), zone)[0]
}

// naivePrevious is the beginning of the period before a window.
func naivePrevious(from, to time.Time, zone *time.Location) time.Time {
	a, b := onClocks(from, zone), onClocks(to, zone)
	isFirst := func(clock time.Time) bool {
		return clock.Equal(time.Date(clock.Year(), clock.Month(), 1, 0, 0, 0, 0, time.UTC))
	}
	if months := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month()); isFirst(a) && isFirst(b) && months > 0 {
		return midnight(a.Year(), a.Month()-time.Month(months), 1, zone)
	}
	if days := int(b.Sub(a) / (24 * time.Hour)); b.Sub(a)%(24*time.Hour) == 0 && days > 0 {
		return daysBack(from, days, zone)
	}
	return from.Add(-to.Sub(from))
}

// countWorld is a log to count in, served once and read by one session.
type countWorld struct {
	u       *upstream
	callers map[string]*caller // by what answers
	now     time.Time
	entries []makesim.Entry
	oldest  time.Time
}

func openCountWorld(t *testing.T, world *makesim.World, clock time.Time) *countWorld {
	t.Helper()
	u := start(t, world, makesim.Options{Now: func() time.Time { return clock }, Seed: 1})
	w := &countWorld{u: u, now: clock, callers: map[string]*caller{
		auditlog.SourceLive: u.caller(makesim.DemoToken), auditlog.SourceArchive: connect(t, u.archived(u.filled(), makesim.DemoToken)),
	}}
	w.entries = u.Dump(demoOrganization)
	w.oldest = w.entries[len(w.entries)-1].TriggeredAt
	return w
}

func stampOf(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return at
}

// check asks a question and compares every part of the answer.
func (w *countWorld) check(t *testing.T, source string, q countCase) {
	t.Helper()
	asked, err := json.Marshal(q.arguments)
	require.NoError(t, err)
	r := w.callers[source].Call("count_audit_logs", q.arguments)
	require.False(t, r.IsError, "%s: %s", asked, r.Text)
	got := mcptest.Read[schemas.CountAuditLogsResult](t, r)
	warnings := strings.Join(got.Warnings, "\n")
	require.Equal(t, source, got.Source, "%s", asked)

	from, to := stampOf(t, got.Query.From), stampOf(t, got.Query.To)
	if q.start.IsZero() {
		require.False(t, from.After(w.oldest), "%s: from %s", asked, from)
		require.True(t, got.Complete, "%s: %s", asked, warnings)
	} else {
		require.True(t, from.Equal(q.start), "%s: from %s, want %s", asked, from, q.start.In(q.zone))
	}
	require.True(t, to.Equal(q.end), "%s: to %s, want %s", asked, to, q.end.In(q.zone))
	require.Equal(t, q.zone.String(), got.Query.Timezone)
	switch {
	case !from.Before(w.oldest):
		require.True(t, got.Complete, "%s: %s", asked, warnings)
	case !q.start.IsZero() && from.Before(w.oldest.AddDate(0, 0, -2)):
		require.False(t, got.Complete, "%s: before the log began", asked)
		require.NotEmpty(t, got.Warnings, "%s", asked)
	}

	total, distinct, groups := q.naive(t, w.entries, got)
	require.Equal(t, to.After(w.oldest), got.Total != nil, "%s: zero is no fact where nothing is covered", asked)
	if got.Total == nil {
		require.Empty(t, got.Groups, "%s", asked)
		return
	}
	require.Equal(t, total, *got.Total, "%s", asked)
	if q.distinct != "" {
		require.NotNil(t, got.DistinctTotal, "%s", asked)
		require.Equal(t, distinct, *got.DistinctTotal, "%s", asked)
	} else {
		require.Nil(t, got.DistinctTotal, "%s", asked)
	}
	require.Len(t, groups, got.GroupCount, "%s", asked)
	q.checkGroups(t, got, groups, r, string(asked))
	if q.arguments["compare_to_previous"] == true {
		w.checkPrevious(t, q, got, groups[:len(got.Groups)], string(asked))
	} else {
		require.Nil(t, got.Previous)
	}
}

// sharingFirst counts the groups at the first place.
func (q *countCase) sharingFirst(groups []*naiveGroup) int {
	place := func(g *naiveGroup) string {
		switch {
		case q.isInTime() || q.orderBy == "key":
			return strings.Join(g.rank, "\x00")
		case q.orderBy == "first_at":
			return g.first.String()
		case q.orderBy == "last_at":
			return g.last.String()
		case q.orderBy == "distinct":
			return strconv.Itoa(len(g.distinct))
		case q.orderBy == "change":
			return strconv.Itoa(g.count - g.before)
		}
		return strconv.Itoa(g.count)
	}
	for i, g := range groups {
		if place(g) != place(groups[0]) {
			return i
		}
	}
	return len(groups)
}

// checkGroups compares the listed groups with those of the naive count.
func (q *countCase) checkGroups(t *testing.T, got schemas.CountAuditLogsResult, groups []*naiveGroup, r mcptest.Result, asked string) {
	t.Helper()
	expected := min(len(groups), max(cmp.Or(q.limit, 20), min(q.sharingFirst(groups), 200)))
	size := 8_000
	if q.limit > 20 {
		size = 40_000
	}
	length := len([]rune(string(r.Raw)))
	require.LessOrEqual(t, length, size, asked)
	if len(got.Groups) < expected { // cut to the size of an answer
		require.Contains(t, strings.Join(got.Warnings, "\n"), "other_count", asked)
		require.Greater(t, length, size*3/4, "%s: cut to %d of %d without need", asked, len(got.Groups), expected)
		expected = len(got.Groups)
	}
	require.Len(t, got.Groups, expected, asked)
	other := *got.Total
	if len(q.groupBy) == 0 {
		other = 0
	}
	stamp := func(at time.Time) string { return at.In(q.zone).Format(time.RFC3339Nano) }
	for i, listed := range got.Groups {
		want := groups[i]
		var shown []string
		for _, by := range q.groupBy {
			shown = append(shown, shownKey(t, listed.Key, by))
		}
		require.Equal(t, want.shown, shown, "%s: group %d", asked, i)
		require.Equal(t, want.count, listed.Count, "%s: %q", asked, shown)
		if want.count == 0 {
			require.Empty(t, listed.FirstAt+listed.LastAt, "%s: %q", asked, shown)
		} else {
			require.Equal(t, [2]string{stamp(want.first), stamp(want.last)}, [2]string{
				stampOf(t, listed.FirstAt).Format(time.RFC3339Nano), stampOf(t, listed.LastAt).Format(time.RFC3339Nano),
			}, "%s: %q", asked, shown)
		}
		requireEvents(t, q, want, listed, asked)
		if q.distinct == "" {
			require.Nil(t, listed.Distinct, asked)
		} else {
			require.NotNil(t, listed.Distinct, asked)
			require.Equal(t, len(want.distinct), *listed.Distinct, "%s: %q", asked, shown)
		}
		raw, err := json.Marshal(listed.Key)
		require.NoError(t, err)
		var keys map[string]any
		require.NoError(t, json.Unmarshal(raw, &keys))
		require.Len(t, keys, len(q.groupBy), "%s: keys that were not asked for", asked)
		other -= listed.Count
	}
	require.Equal(t, other, got.OtherCount, asked)
}

// requireEvents compares what is said of a group by target.
func requireEvents(t *testing.T, q *countCase, want *naiveGroup, listed schemas.CountGroup, asked string) {
	t.Helper()
	at := slices.Index(q.groupBy, "target")
	if at < 0 {
		require.Empty(t, listed.Kind, asked)
	}
	if at < 0 || want.count == 0 { // of what is gone, its kind is known
		require.Empty(t, listed.Events, asked)
		return
	}
	switch {
	case want.shown[at] == "":
		require.Empty(t, listed.Kind, asked)
	case listed.Kind != "":
		require.Equal(t, map[string]bool{string(listed.Kind): true}, want.kinds, asked)
	case q.arguments["compare_to_previous"] == nil: // else the object of the other kind may be of the period before
		require.Greater(t, len(want.kinds), 1, asked)
	}
	var events []auditlog.Text
	for _, event := range slices.Sorted(maps.Keys(want.events)) {
		events = append(events, auditlog.Text(event))
	}
	total := 0
	if len(events) > 5 {
		events, total = events[:5], len(events)
	}
	if slices.Contains(q.groupBy, "event") {
		events, total = nil, 0
	}
	require.Equal(t, events, listed.Events, asked)
	require.Equal(t, total, listed.EventsTotal, asked)
}

// checkPrevious compares what is said of the period before.
func (w *countWorld) checkPrevious(t *testing.T, q countCase, got schemas.CountAuditLogsResult, groups []*naiveGroup, asked string) {
	t.Helper()
	require.NotNil(t, got.Previous, asked)
	from, to := stampOf(t, got.Query.From), stampOf(t, got.Query.To)
	start, end := stampOf(t, got.Previous.From), stampOf(t, got.Previous.To)
	require.True(t, end.Equal(from), "%s: ends at %s", asked, end)
	want := naivePrevious(from, to, q.zone)
	require.True(t, start.Equal(want), "%s: begins at %s, want %s", asked, start, want.In(q.zone))
	total, _, before := q.grouped(w.entries, start, end)
	require.Equal(t, end.After(w.oldest), got.Previous.Total != nil, "%s: zero is no fact where nothing is covered", asked)
	if got.Previous.Total == nil {
		for _, g := range got.Groups {
			require.Nil(t, g.PreviousCount, asked)
			require.Nil(t, g.Change, asked)
		}
		require.NotEmpty(t, got.Warnings, "%s: why nothing is compared", asked)
		return
	}
	require.Equal(t, total, *got.Previous.Total, asked)
	switch {
	case !start.Before(w.oldest):
		require.True(t, got.Previous.Complete, "%s: %v", asked, got.Warnings)
	case start.Before(w.oldest.AddDate(0, 0, -2)):
		require.False(t, got.Previous.Complete, "%s: before the log began", asked)
	}
	if slices.ContainsFunc(q.groupBy, isPeriod) {
		for _, g := range got.Groups {
			require.Nil(t, g.PreviousCount, asked)
			require.Nil(t, g.Change, asked)
		}
		require.Zero(t, got.Previous.GroupsGone, asked)
		require.NotEmpty(t, got.Warnings, "%s: why groups are not compared", asked)
		return
	}
	gone := 0
	_, _, now := q.grouped(w.entries, from, to)
	for name := range before {
		if now[name] == nil {
			gone++
		}
	}
	require.Equal(t, gone, got.Previous.GroupsGone, asked)
	for i, g := range got.Groups {
		earlier := groups[i].before
		require.NotNil(t, g.PreviousCount, asked)
		require.NotNil(t, g.Change, asked)
		require.Equal(t, [2]int{earlier, g.Count - earlier}, [2]int{*g.PreviousCount, *g.Change}, "%s: %q", asked, groups[i].shown)
	}
}

// isPeriod tells whether the groups of a key are parts of one window.
func isPeriod(by string) bool { return slices.Contains([]string{"hour", "day", "week", "month"}, by) }

// countZones have whole hours, quarters, half an hour of summer time, midnights that are skipped or repeated, both ends of the world.
func countZones() []string {
	return []string{
		"UTC", "Europe/Prague", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia",
		"America/St_Johns", "America/Havana", "Asia/Beirut", "Atlantic/Azores",
	}
}

func countKeys() []string {
	return []string{"actor", "event", "category", "team", "target", "hour", "day", "week", "month", "hour_of_day", "weekday"}
}

// changesOfClocks are the instants at which a zone's clocks are put forward or back, which they are at half hours of UTC at the finest.
func changesOfClocks(zone *time.Location, from, to time.Time) []time.Time {
	var found []time.Time
	for at := from.Truncate(time.Hour); at.Before(to); at = at.Add(30 * time.Minute) {
		_, before := at.Add(-time.Second).In(zone).Zone()
		if _, after := at.In(zone).Zone(); before != after {
			found = append(found, at)
		}
	}
	return found
}

// clockWorld is the demo's organization with made-up entries, crowded where clocks change, and with some at and just before the hours that
// matter.
func clockWorld(t testing.TB, from, to time.Time, seed uint64, days ...time.Time) *makesim.World {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	world := *demoWorld()
	options := makesim.BulkOptions{
		OrganizationID: demoOrganization, Count: 700, From: from, To: to, BurstSize: 12, Seed: seed,
		Teams: []int64{0, 8101, 8102, 8103, 8104, 8090},
	}
	for _, user := range world.Users {
		if user.ID <= 5012 || user.ID == 5019 || user.ID == 5041 {
			options.Actors = append(options.Actors, makesim.Actor{ID: user.ID, Name: user.Name, Email: user.Email})
		}
	}
	for _, category := range makesim.DocumentedEvents() {
		for _, event := range category.Items {
			options.Events = append(options.Events, event.Value)
		}
	}
	options.Events = append(options.Events, "gizmo_frobbed") // not in the catalog
	world.Entries = makesim.Bulk(options)
	options.BurstSize = 0
	crowd := func(at time.Time, around time.Duration, count int) {
		options.Seed++
		options.From, options.To, options.Count = at.Add(-around), at.Add(around), count
		world.Entries = append(world.Entries, makesim.Bulk(options)...)
	}
	for _, name := range countZones() {
		zone, err := tz.Load(name)
		require.NoError(t, err)
		for _, change := range changesOfClocks(zone, from.AddDate(0, 0, 1), to.AddDate(0, 0, -1)) {
			crowd(change, 3*time.Hour, 15)
		}
		for _, day := range days {
			for _, hour := range []int{0, 6, 22} {
				at := showings(day.Add(time.Duration(hour)*time.Hour), zone)[0]
				crowd(at, time.Nanosecond, 1)
				crowd(at.Add(-time.Millisecond), time.Nanosecond, 1)
			}
		}
	}
	for i := range world.Entries {
		e := &world.Entries[i]
		e.TriggeredAt = e.TriggeredAt.Truncate(time.Millisecond)
		if random.IntN(10) == 0 {
			e.Actor = nil
		}
		switch random.IntN(12) {
		case 0:
			e.TargetID = ""
		case 1:
			e.TargetID = "rec-" + strconv.Itoa(random.IntN(40))
		case 2:
			e.TargetID = strconv.Itoa(random.IntN(40))
		}
	}
	return &world
}

// countWindow draws a window: how it is written, and what it means.
func countWindow(random *rand.Rand, w *countWorld, zone *time.Location) (from, to string, start, end time.Time) {
	now := w.now
	span := now.Add(-time.Hour).Sub(w.oldest)
	changes := changesOfClocks(zone, w.oldest.AddDate(0, 0, 2), now.AddDate(0, 0, -2))
	someInstant := func() time.Time {
		if len(changes) > 0 && random.IntN(3) == 0 {
			change := changes[random.IntN(len(changes))]
			return change.Add(time.Duration(random.Int64N(int64(6*time.Hour))) - 3*time.Hour).Truncate(time.Minute)
		}
		return w.oldest.Add(time.Duration(random.Int64N(int64(span)))).Truncate(time.Minute)
	}
	two := func() (time.Time, time.Time) {
		a, b := someInstant(), someInstant()
		if b.Before(a) {
			a, b = b, a
		}
		return a, b.Add(3 * time.Hour)
	}
	earlier := func(a, b time.Time) time.Time {
		if a.Before(b) {
			return a
		}
		return b
	}
	year, month, day := now.In(zone).Date()
	monday := day - (int(now.In(zone).Weekday())+6)%7
	const minute = "2006-01-02T15:04"
	switch random.IntN(16) {
	case 0:
		return "", "", daysBack(now, 30, zone), now
	case 1:
		days := 1 + random.IntN(45)
		return fmt.Sprintf("%dd", days), "", daysBack(now, days, zone), now
	case 2:
		weeks := 1 + random.IntN(5)
		return fmt.Sprintf("%dw", weeks), "now", daysBack(now, 7*weeks, zone), now
	case 3:
		hours := 1 + random.IntN(900)
		return fmt.Sprintf("now-%dh", hours), "", now.Add(-time.Duration(hours) * time.Hour), now
	case 4:
		y, m, d := someInstant().In(zone).Date()
		return fmt.Sprintf("%d-%02d-%02d", y, m, d), "", midnight(y, m, d, zone), now
	case 5:
		a, b := two()
		y, m, d := a.In(zone).Date()
		y2, m2, d2 := b.In(zone).Date()
		return fmt.Sprintf("%d-%02d-%02d", y, m, d), fmt.Sprintf("%d-%02d-%02d", y2, m2, d2), midnight(y, m, d, zone),
			earlier(midnight(y2, m2, d2+1, zone), now)
	case 6:
		y, m, _ := someInstant().In(zone).Date()
		return fmt.Sprintf("%d-%02d", y, m), "", midnight(y, m, 1, zone), now
	case 7:
		a, b := two()
		y, m, _ := a.In(zone).Date()
		y2, m2, _ := b.In(zone).Date()
		return fmt.Sprintf("%d-%02d", y, m), fmt.Sprintf("%d-%02d", y2, m2), midnight(y, m, 1, zone),
			earlier(midnight(y2, m2+1, 1, zone), now)
	case 8, 9:
		a, b := two()
		b = earlier(b, now)
		begins, ends := showings(onClocks(a, zone), zone), showings(onClocks(b, zone), zone)
		return a.In(zone).Format(minute), b.In(zone).Format(minute + ":05"), begins[0], earlier(ends[len(ends)-1], now)
	case 10:
		a, b := two()
		b = earlier(b, now)
		elsewhere := time.FixedZone("", -7*3600)
		a = a.Add(123 * time.Millisecond)
		return a.In(elsewhere).Format(time.RFC3339Nano), b.Format(time.RFC3339Nano), a, b
	case 11: // both ends by the same clock, but not at midnight
		a, b := two()
		clock := onClocks(a, zone)
		last := onClocks(b, zone)
		until := time.Date(last.Year(), last.Month(), last.Day()+1, clock.Hour(), clock.Minute(), 0, 0, time.UTC)
		ends := showings(until, zone)
		if !ends[len(ends)-1].Before(now) {
			until = clock.AddDate(0, 0, 1)
			ends = showings(until, zone)
		}
		if !ends[len(ends)-1].Before(now) {
			return "2d", "", daysBack(now, 2, zone), now
		}
		return clock.Format(minute), until.Format(minute), showings(clock, zone)[0], ends[len(ends)-1]
	case 12:
		y, m, d := someInstant().In(zone).Date()
		end := earlier(midnight(y, m, d+1, zone), now)
		return "", fmt.Sprintf("%d-%02d-%02d", y, m, d), daysBack(end, 30, zone), end
	case 13:
		return "last month", "", midnight(year, month-1, 1, zone), now
	case 14:
		return "last week", "", midnight(year, month, monday-7, zone), now
	}
	return "all", "", time.Time{}, now
}

// countPeriod draws a period: how it is written, and what it means.
func countPeriod(random *rand.Rand, w *countWorld, zone *time.Location) (period string, start, end time.Time) {
	at := w.oldest.Add(time.Duration(random.Int64N(int64(w.now.Sub(w.oldest)))))
	if changes := changesOfClocks(zone, w.oldest, w.now); len(changes) > 0 && random.IntN(2) == 0 {
		at = changes[random.IntN(len(changes))]
	}
	year, month, day := at.In(zone).Date()
	monday := day - (int(at.In(zone).Weekday())+6)%7
	switch random.IntN(4) {
	case 0:
		period, start, end = fmt.Sprintf("%d-%02d-%02d", year, month, day), midnight(year, month, day, zone), midnight(year, month, day+1, zone)
	case 1:
		period, start, end = fmt.Sprintf("%d-%02d", year, month), midnight(year, month, 1, zone), midnight(year, month+1, 1, zone)
	case 2:
		quarter := (int(month) - 1) / 3
		period = fmt.Sprintf("%d-Q%d", year, quarter+1)
		start, end = midnight(year, time.Month(3*quarter+1), 1, zone), midnight(year, time.Month(3*quarter+4), 1, zone)
	default:
		ofYear, week := at.In(zone).ISOWeek()
		period = fmt.Sprintf("%d-W%02d", ofYear, week)
		start, end = midnight(year, month, monday, zone), midnight(year, month, monday+7, zone)
	}
	if end.After(w.now) {
		end = w.now
	}
	return period, start, end
}

// countFilter draws a filter: how it is written, and what it means.
func countFilter(random *rand.Rand, q *countCase) {
	people := []int64{5001, 5004, 5006, 5009, 5010, 5011, 5019, 5041}
	some := func(ids []int64) (named []any, chosen []int64, none bool) {
		for _, i := range random.Perm(len(ids))[:1+random.IntN(3)] {
			named, chosen = append(named, ids[i]), append(chosen, ids[i])
		}
		if random.IntN(3) == 0 {
			return append(named, "none"), chosen, true
		}
		return named, chosen, false
	}
	if random.IntN(4) == 0 {
		named, ids, none := some([]int64{8101, 8102, 8103, 8104, 8090})
		q.arguments["team"] = named
		q.keep = append(q.keep, func(e makesim.Entry) bool { return slices.Contains(ids, e.TeamID) || none && e.TeamID == 0 })
	}
	if random.IntN(4) == 0 {
		named, ids, none := some(people)
		q.arguments["actor"] = named
		q.keep = append(q.keep, func(e makesim.Entry) bool { return by(ids...)(e) || none && e.Actor == nil })
	}
	if random.IntN(4) == 0 {
		named, ids, none := some(people)
		q.arguments["exclude_actor"] = named
		q.keep = append(q.keep, func(e makesim.Entry) bool { return !by(ids...)(e) && (!none || e.Actor != nil) })
	}
	someEvents := func() (named []string, fits func(makesim.Entry) bool) {
		var globs []string
		for range 1 + random.IntN(3) {
			switch random.IntN(4) {
			case 0:
				named, globs = append(named, "Webhooks"), append(globs, "webhook_*")
			case 1:
				named, globs = append(named, "Data Store Records"), append(globs, "data_store_record_*")
			case 2:
				glob := []string{"*_deleted", "scenario_*", "*_created", "key_?reated", "team_*"}[random.IntN(5)]
				named, globs = append(named, glob), append(globs, glob)
			default:
				value := []string{"scenario_updated", "connection_reauthorized", "team_member_removed", "key_created"}[random.IntN(4)]
				named, globs = append(named, value), append(globs, value)
			}
		}
		return named, events(globs...)
	}
	if random.IntN(3) == 0 {
		named, fits := someEvents()
		q.arguments["event"] = named
		q.keep = append(q.keep, fits)
	}
	if random.IntN(4) == 0 {
		named, fits := someEvents()
		q.arguments["exclude_event"] = named
		q.keep = append(q.keep, not(fits))
	}
	if random.IntN(12) == 0 {
		target := strconv.Itoa(3000 + random.IntN(40))
		q.arguments["target_id"] = target
		q.keep = append(q.keep, func(e makesim.Entry) bool { return e.TargetID == target })
	}
}

// countCases draws questions: every grouping once, all else at random.
func countCases(t testing.TB, random *rand.Rand, w *countWorld) []countCase {
	t.Helper()
	groupings := [][]string{nil, {}}
	for _, a := range countKeys() {
		groupings = append(groupings, []string{a})
		for _, b := range countKeys() {
			if a != b {
				groupings = append(groupings, []string{a, b})
			}
		}
	}
	hours := []struct {
		text         string
		since, until int
	}{
		{"22-06", 22 * 3600, 6 * 3600}, {"9-17", 9 * 3600, 17 * 3600}, {"08:30-17:00", 8*3600 + 1800, 17 * 3600},
		{"22-24", 22 * 3600, 24 * 3600},
		{"0-3", 0, 3 * 3600}, {"23:45-00:15", 23*3600 + 2700, 900}, {"01:30-02:30", 5400, 9000}, {"18-00", 18 * 3600, 24 * 3600},
	}
	weekdays := []struct {
		named any
		days  []time.Weekday
	}{
		{"mon", []time.Weekday{time.Monday}},
		{[]string{"Sat", "SUNDAY"}, []time.Weekday{time.Saturday, time.Sunday}},
		{[]string{"weekend"}, []time.Weekday{time.Saturday, time.Sunday}},
		{[]string{"mon-fri"}, []time.Weekday{1, 2, 3, 4, 5}},
		{[]string{"Workdays"}, []time.Weekday{1, 2, 3, 4, 5}},
		{[]string{"fri-mon"}, []time.Weekday{5, 6, 0, 1}},
		{[]string{"tuesday", "thu-Fri", "tue"}, []time.Weekday{2, 4, 5}},
	}
	var cases []countCase
	for _, grouping := range groupings {
		q := countCase{arguments: args{}, groupBy: grouping}
		if grouping != nil {
			q.arguments["group_by"] = grouping
		}
		name := "Europe/Prague" // the user's
		if random.IntN(6) > 0 {
			zones := countZones()
			name = zones[random.IntN(len(zones))]
			q.arguments["timezone"] = name
		}
		zone, err := tz.Load(name)
		require.NoError(t, err)
		q.zone = zone
		var from, to, period string
		for {
			if random.IntN(4) == 0 {
				from, to = "", ""
				period, q.start, q.end = countPeriod(random, w, zone)
				break
			}
			if from, to, q.start, q.end = countWindow(random, w, zone); q.start.Before(q.end) {
				break // else clocks that go back have turned it around
			}
		}
		for name, value := range map[string]string{"from": from, "to": to, "period": period} {
			if value != "" {
				q.arguments[name] = value
			}
		}
		countFilter(random, &q)
		if random.IntN(3) == 0 {
			chosen := hours[random.IntN(len(hours))]
			q.arguments["hours"], q.hours = chosen.text, [2]int{chosen.since, chosen.until}
		}
		if random.IntN(3) == 0 {
			chosen := weekdays[random.IntN(len(weekdays))]
			q.arguments["weekdays"], q.weekdays = chosen.named, chosen.days
		}
		q.orderBy = []string{"", "count", "first_at", "last_at", "key"}[random.IntN(5)]
		if q.limit = []int{0, 0, 1, 7, 20, 60, 200}[random.IntN(7)]; q.limit != 0 {
			q.arguments["limit"] = q.limit
		}
		if random.IntN(5) < 2 {
			q.arguments["compare_to_previous"] = true
			if !slices.ContainsFunc(grouping, isPeriod) && random.IntN(2) == 0 {
				q.orderBy = "change"
			}
		}
		if value := []string{"", "actor", "event", "category", "team", "target", "day"}[random.IntN(7)]; value != "" &&
			!slices.Contains(grouping, value) {
			q.distinct, q.arguments["distinct"] = value, value
			if random.IntN(3) == 0 {
				q.orderBy = "distinct"
			}
		}
		if len(grouping) > 0 && random.IntN(3) == 0 {
			q.minCount = 1 + random.IntN(5)
			q.arguments["min_count"] = q.minCount
		}
		if q.orderBy != "" {
			q.arguments["order_by"] = q.orderBy
		}
		if q.orderDir = []string{"", "asc", "desc"}[random.IntN(3)]; q.orderDir != "" {
			q.arguments["order_dir"] = q.orderDir
		}
		cases = append(cases, q)
	}
	return cases
}

func TestCountsAreThoseOfANaiveCount(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	for name, test := range map[string]struct {
		world *makesim.World
		clock time.Time
	}{
		"the demo's last weeks": {recentWorld(), now()},
		"a leap day and clocks put forward": {
			clockWorld(t, day(2028, 2, 10), day(2028, 4, 12), 1, day(2028, 2, 28), day(2028, 2, 29), day(2028, 3, 1), day(2028, 3, 26),
				day(2028, 4, 1)),
			time.Date(2028, 4, 12, 10, 17, 30, 0, time.UTC),
		},
		"clocks put back": {
			clockWorld(t, day(2027, 9, 20), day(2027, 11, 20), 2, day(2027, 10, 1), day(2027, 10, 3), day(2027, 10, 31), day(2027, 11, 1),
				day(2027, 11, 7)),
			time.Date(2027, 11, 20, 23, 59, 30, 0, time.UTC),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openCountWorld(t, test.world, test.clock)
			random := rand.New(rand.NewPCG(20261120, uint64(len(name))))
			for i, q := range countCases(t, random, w) {
				t.Run(fmt.Sprintf("%d %s", i, strings.Join(q.groupBy, " and ")), func(t *testing.T) {
					t.Parallel()
					for source := range w.callers {
						w.check(t, source, q)
					}
				})
			}
		})
	}
}
