package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"make-audit-mcp/internal/auditlog/logtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

func TestReadDelivers60000EntriesOnceEachWith400InOneSecond(t *testing.T) {
	t.Parallel()
	w := everything()
	count := logtest.UnderRace(60_000, 30_000)
	entries := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: count, From: w.From, To: w.To, BurstSize: 400,
		Seed: 1})
	for _, pageCap := range []int{1000, 100} {
		t.Run(fmt.Sprintf("pages of %d", pageCap), func(t *testing.T) {
			t.Parallel()
			u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: pageCap, EchoRequestedLimit: true}})
			got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), query(w))
			require.Equal(t, u.expected(within(w)), sorted(got))
			assert.True(t, report.Exhausted)
			// Slices and overlapping pages may cost a tenth more than plain paging.
			pages := count / pageCap
			assert.Less(t, len(u.lists()), pages*12/10, "calls")
		})
	}
}

// busyMonths are entries as they are hard to read: bursts within one instant, whole seconds, and some that were written down days or weeks
// late.
func busyMonths(seed uint64) []makesim.Entry {
	random := rand.New(rand.NewPCG(seed, 7))
	from := now().AddDate(0, -6, 0)
	entries := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: 3000, From: from, To: now(), BurstSize: 60, Seed: seed,
		Teams: []int64{audittest.SalesTeam, audittest.OpsTeam, 0},
	})
	for i := range entries {
		switch random.IntN(20) {
		case 0: // late by up to four weeks, but never later than now
			late := time.Duration(random.IntN(28*24)) * time.Hour
			if at := entries[i].TriggeredAt.Add(late); at.Before(now()) {
				entries[i].CreatedAt = at
			}
		case 1, 2, 3: // whole seconds, so that pages end within an instant
			entries[i].TriggeredAt = entries[i].TriggeredAt.Truncate(time.Hour)
			entries[i].CreatedAt = entries[i].TriggeredAt.Add(time.Second)
		case 4:
			entries[i].Actor = nil
		}
	}
	return entries
}

func TestReadIsExactUnderEveryQuirk(t *testing.T) {
	t.Parallel()
	kathmandu := time.FixedZone("east", 14*3600)
	baker := time.FixedZone("west", -12*3600)
	quirks := map[string]makesim.Quirks{
		"none":                         {},
		"null when empty":              {NullWhenEmpty: true},
		"a single object":              {SingleObject: true, PageCap: 1},
		"seconds":                      {NumericTriggeredAt: makesim.TriggeredAtSeconds},
		"milliseconds":                 {NumericTriggeredAt: makesim.TriggeredAtMilliseconds},
		"unknown fields":               {UnknownFields: true},
		"odd types":                    {OddTypes: true, IDsAsText: true},
		"nulls":                        {NullActorTeam: true},
		"dateTo means midnight":        {BareDatesOnly: true, DateToMidnight: true},
		"dates in the far east":        {DateZone: kathmandu, DateToMidnight: true},
		"dates in the far west":        {DateZone: baker},
		"dates by createdAt":           {FilterByCreatedAt: true},
		"dates by createdAt, midnight": {FilterByCreatedAt: true, DateToMidnight: true, DateZone: kathmandu},
		"pages of 100":                 {PageCap: 100, EchoRequestedLimit: true},
		"pages of 50":                  {PageCap: 50, EchoRequestedLimit: true},
		"pages of 7":                   {PageCap: 7, EchoRequestedLimit: true},
		"large pages refused":          {MaxLimit: 100},
		"unstable ties":                {UnstableTies: true, PageCap: 100},
		"503 now and then":             {FailEvery: 9, FailStatus: 503},
		"cut bodies":                   {CutBodyEvery: 7},
		"no default user agent":        {HTMLForbiddenWithoutUserAgent: true},
		"no totals":                    {RejectTotalCount: true},
	}
	windows := map[string]auditlog.Window{
		"up to now":    window(now().AddDate(0, -5, -3), now()),
		"a past month": window(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)),
		"a past hour":  window(time.Date(2026, 9, 9, 22, 0, 0, 0, time.UTC), time.Date(2026, 9, 9, 23, 0, 0, 0, time.UTC)),
	}
	entries := busyMonths(3)
	for quirkName, quirk := range logtest.Sample(quirks) {
		for windowName, w := range windows {
			t.Run(quirkName+", "+windowName, func(t *testing.T) {
				t.Parallel()
				u := start(t, entries, makesim.Options{Quirks: quirk})
				keep := within(w)
				if quirk.NumericTriggeredAt == makesim.TriggeredAtSeconds {
					keep = func(e makesim.Entry) bool { return w.Contains(e.TriggeredAt.Truncate(time.Second)) }
				}
				got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), query(w))
				assert.Equal(t, u.expected(keep), sorted(got))
				assert.True(t, report.Complete, "%+v", report)
				assert.True(t, report.Exhausted)
				assert.Empty(t, report.Unreadable)
			})
		}
	}
}

func TestReadCountsWhatItCannotReadAndSaysSo(t *testing.T) {
	t.Parallel()
	u := start(t, busyMonths(3), makesim.Options{Quirks: makesim.Quirks{BrokenRecords: 10, PageCap: 100}})
	got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), query(window(now().AddDate(0, -5, 0), now())))
	assert.NotEmpty(t, got)
	assert.NotEmpty(t, report.Unreadable)
	assert.False(t, report.Doubtful)
	assert.False(t, report.Complete)
}

func TestReadLosesNothingWhileEntriesArrive(t *testing.T) {
	t.Parallel()
	entries := busyMonths(5)
	w := window(now().AddDate(0, -5, 0), now())
	var u *upstream
	var arrived sync.Mutex
	count := 0
	u = start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 50}, OnRequest: func(*http.Request) {
		arrived.Lock()
		defer arrived.Unlock()
		for range 3 {
			count++
			u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TriggeredAt: now(), CreatedAt: now()})
		}
	}})
	want := u.expected(within(w))
	got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), query(w))
	assert.Equal(t, want, sorted(got))
	assert.True(t, report.Complete, "%+v", report)
	assert.Greater(t, count, 100, "entries arrived during the read")
}

func TestReadAppliesEveryFilterAgain(t *testing.T) {
	t.Parallel()
	entries := busyMonths(8)
	w := window(now().AddDate(0, -5, 0), now())
	many := make([]auditlog.Event, 0, 45)
	for i := range 44 {
		many = append(many, auditlog.Event{Value: auditlog.Text(fmt.Sprintf("made_up_%d", i))})
	}
	many = append(many, auditlog.Event{Value: "connection_deleted"})
	for name, test := range map[string]struct {
		change func(q *auditlog.Query)
		keep   func(e makesim.Entry) bool
	}{
		"a team": {func(q *auditlog.Query) { q.Teams = []auditlog.Ref{{ID: "5"}} },
			func(e makesim.Entry) bool { return e.TeamID == audittest.SalesTeam }},
		"no team": {func(q *auditlog.Query) { q.NoTeam = true }, func(e makesim.Entry) bool { return e.TeamID == 0 }},
		"a team or none": {func(q *auditlog.Query) { q.NoTeam, q.Teams = true, []auditlog.Ref{{ID: "6"}} },
			func(e makesim.Entry) bool { return e.TeamID != audittest.SalesTeam }},
		"the system": {func(q *auditlog.Query) { q.System = true }, func(e makesim.Entry) bool { return e.Actor == nil }},
		"two people": {func(q *auditlog.Query) { q.Actors = []auditlog.Actor{{ID: "901"}, {ID: "902"}} },
			func(e makesim.Entry) bool { return e.Actor != nil && (e.Actor.ID == 901 || e.Actor.ID == 902) }},
		"all but one": {func(q *auditlog.Query) { q.ExcludeActors = []auditlog.Actor{{ID: "901"}} },
			func(e makesim.Entry) bool { return e.Actor == nil || e.Actor.ID != 901 }},
		"all but the system": {func(q *auditlog.Query) { q.ExcludeSystem = true }, func(e makesim.Entry) bool { return e.Actor != nil }},
		"more events than 20": {func(q *auditlog.Query) { q.Events = many },
			func(e makesim.Entry) bool { return e.Event == "connection_deleted" }},
		"a target": {func(q *auditlog.Query) { q.TargetID = "3007" },
			func(e makesim.Entry) bool { return e.TargetID == "3007" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, entries, makesim.Options{})
			q := query(w)
			test.change(&q)
			got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), q)
			want := u.expected(func(e makesim.Entry) bool { return within(w)(e) && test.keep(e) })
			require.NotEmpty(t, want)
			assert.Equal(t, want, sorted(got))
			assert.True(t, report.Complete, "%+v", report)
		})
	}
}

func TestReadFallsBackToTheTeamsThatMayBeRead(t *testing.T) {
	t.Parallel()
	u := start(t, busyMonths(8), makesim.Options{})
	w := window(now().AddDate(0, -5, 0), now())
	got, report := readAll(t, u.reader(audittest.TeamAdminKey, live.Options{}), query(w))
	assert.Equal(t, u.expected(func(e makesim.Entry) bool { return within(w)(e) && e.TeamID == audittest.SalesTeam }), sorted(got))
	assert.Equal(t, "teams", report.Endpoint)
	assert.True(t, report.Complete, "complete for all that the key may see: %+v", report)
	assert.Contains(t, report.Warnings[0], "1 team(s) only")
}

func TestAskingAgainCostsNoCall(t *testing.T) {
	t.Parallel()
	u := start(t, busyMonths(8), makesim.Options{})
	reader := u.reader(audittest.AdminKey, live.Options{})
	w := window(now().AddDate(0, -5, 0), now())
	first, _ := readAll(t, reader, query(w))
	u.ResetRequests()
	again, report := readAll(t, reader, query(w))
	assert.Equal(t, first, again)
	assert.True(t, report.Complete)

	narrower := query(window(now().AddDate(0, -2, 0), now().AddDate(0, -1, 0)))
	narrower.Events = []auditlog.Event{{Value: "webhook_created"}}
	got, _ := readAll(t, reader, narrower)
	assert.Equal(t, u.expected(func(e makesim.Entry) bool { return within(narrower.Window)(e) && e.Event == "webhook_created" }),
		sorted(got))
	assert.Empty(t, u.Requests())
}

func TestAReadThatRunsOutOfTimeGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	entries := busyMonths(9)
	w := window(now().AddDate(0, -5, 0), now())
	var served atomic.Int64
	var works atomic.Bool
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 20}, OnRequest: func(r *http.Request) {
		if served.Add(1) > 40 && !works.Load() {
			<-r.Context().Done()
		}
	}})
	reader := u.reader(audittest.AdminKey, live.Options{Parallel: 4})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	part, report, err := readUntil(ctx, reader, query(w), -1)
	require.NoError(t, err)
	assert.False(t, report.Complete)
	require.NotEmpty(t, report.Coverage.Gaps)
	requireHonest(t, u, report, part)
	assert.NotEmpty(t, part)

	works.Store(true)
	u.ResetRequests()
	got, whole := readAll(t, reader, query(w))
	assert.True(t, whole.Complete, "%+v", whole)
	assert.Equal(t, u.expected(within(w)), sorted(got))
	assert.Less(t, len(u.Requests()), 3000/18-20, "it went on, and did not begin again")
}

func TestReadSaysWhatMakeNoLongerKeeps(t *testing.T) {
	t.Parallel()
	u := start(t, busyMonths(8), makesim.Options{})
	_, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), query(window(now().AddDate(-2, 0, 0), now())))
	assert.False(t, report.Complete)
	assert.True(t, report.Exhausted)
	require.Len(t, report.Coverage.Gaps, 2)
	assert.Contains(t, report.Coverage.Gaps[0].Reason, "365 days")
	assert.Contains(t, report.Coverage.Gaps[1].Reason, "oldest entry")
	oldest := u.Dump(audittest.OrganizationID)
	require.NotEmpty(t, oldest)
	for _, entry := range oldest {
		assert.False(t, entry.TriggeredAt.Before(report.Coverage.From), "the oldest entry bounds the coverage")
	}
}

func TestReadGoesOnBehindAPositionEvenWithAWrongHint(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	w := window(now().AddDate(0, -5, 0), now())
	u := start(t, busyMonths(11), makesim.Options{})
	all, _ := read(t, u.reader(audittest.AdminKey, live.Options{}), query(w), -1)
	for _, at := range []int{0, 24, 900, 1700, len(all) - 2} {
		for _, shift := range []int{0, -300, 5, 100_000} {
			q := query(w)
			q.Resume = resume(all[at].TriggeredAt, all[at].UUID, max(0, all[at].Offset+shift))
			got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), q)
			require.True(t, report.Complete, "%+v", report)
			require.Equal(t, uuids(all[at+1:]), got, "from %d, hint off by %d", at, shift)
		}
	}
}

func TestAHintSavesTheCallsAboveIt(t *testing.T) {
	t.Parallel()
	w := window(now().AddDate(0, -5, 0), now())
	u := start(t, busyMonths(11), makesim.Options{Quirks: makesim.Quirks{PageCap: 100}})
	all, _ := read(t, u.reader(audittest.AdminKey, live.Options{}), query(w), -1)
	u.ResetRequests()
	q := query(w)
	q.Resume = resume(all[2000].TriggeredAt, all[2000].UUID, all[2000].Offset)
	read(t, u.reader(audittest.AdminKey, live.Options{}), q, 25)
	assert.Len(t, u.lists(), 1)
}

func TestAPastWindowStaysExactOnceMakesDatesAreKnown(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]makesim.Quirks{
		"days included":         {},
		"midnight":              {DateToMidnight: true},
		"midnight, in the east": {DateToMidnight: true, DateZone: time.FixedZone("east", 14*3600)},
		"in the west":           {DateZone: time.FixedZone("west", -12*3600)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, busyMonths(3), makesim.Options{Quirks: quirks})
			reader := u.reader(audittest.AdminKey, live.Options{})
			// Late entries in this month show which time Make compares; from then on only the upper date itself guards the window's end.
			readAll(t, reader, query(window(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))))
			u.ResetRequests()
			for hour := range 24 {
				w := window(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 9, hour, 30, 0, 0, time.UTC))
				got, report := readAll(t, reader, query(w))
				assert.Equal(t, u.expected(within(w)), sorted(got))
				assert.True(t, report.Complete, "%+v", report)
			}
			for _, request := range u.Requests() {
				assert.NotEqual(t, "asc", request.Query.Get("pg[sortDir]"), "nothing is left to find above the window")
			}
		})
	}
}

func TestAFailureBeforeAnythingWasReadIsAnErrorAndNoEmptyAnswer(t *testing.T) {
	t.Parallel()
	u := start(t, busyMonths(3), makesim.Options{})
	reader := u.reader(audittest.AdminKey, live.Options{})
	_, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	u.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: 500})
	got, _, err := readUntil(t.Context(), reader, query(everything()), -1)
	require.ErrorContains(t, err, "500")
	assert.Empty(t, got)
}

func TestAWindowLaidOnTheEdgeOfWhatMakeKeepsHasNoGapThere(t *testing.T) {
	t.Parallel()
	edge := now().AddDate(0, 0, -365)
	u := start(t, ladder(10, now().Add(-time.Minute), 40*24*time.Hour), makesim.Options{})
	for before, hasGap := range map[time.Duration]bool{
		-time.Hour: false, 0: false, time.Millisecond: false, 10*time.Minute - time.Millisecond: false,
		10 * time.Minute: true, 24 * time.Hour: true,
	} {
		_, report := readAll(t, u.reader(audittest.AdminKey, live.Options{}), query(window(edge.Add(-before), now())))
		gaps := slices.DeleteFunc(report.Coverage.Gaps, func(g auditlog.Gap) bool { return !strings.Contains(g.Reason, "365 days") })
		if !hasGap {
			assert.Empty(t, gaps, "a window that begins %s before the edge", before)
			continue
		}
		if assert.Len(t, gaps, 1, "a window that begins %s before the edge", before) {
			assert.Equal(t, edge.Add(-before), gaps[0].From)
			assert.Equal(t, edge, gaps[0].To)
		}
	}
}

// TestAReadThatIsCutShowsWhatIsNewest: what older slices bring is of no use to an answer that has to end before they join.
func TestAReadThatIsCutShowsWhatIsNewest(t *testing.T) {
	t.Parallel()
	const bound = 6_000
	entries := makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: 24_000, From: now().AddDate(0, 0, -360), To: now(),
		Seed: 3})
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 100, EchoRequestedLimit: true}})
	got, report := readAll(t, u.reader(audittest.AdminKey, live.Options{MaxEntries: bound}),
		query(window(now().AddDate(0, 0, -362), now())))
	assert.False(t, report.Complete)
	assert.Greater(t, len(got), bound*2/3)
}

// writtenSince are the uuids of what was written since an instant.
func writtenSince(t *testing.T, reader *live.Reader, since time.Time) (map[string]bool, auditlog.Report) {
	t.Helper()
	found := map[string]bool{}
	var last *auditlog.Entry
	asOf, report, err := reader.Written(t.Context(), auditlog.Ref{ID: "77", Name: "Acme"}, since, func(entry *auditlog.Entry) {
		assert.False(t, found[entry.UUID], "none comes twice")
		assert.True(t, last == nil || auditlog.CompareNewestFirst(last, entry) < 0, "newest first")
		found[entry.UUID], last = true, entry
	})
	require.NoError(t, err)
	assert.Equal(t, now(), asOf)
	return found, report
}

func TestWhatWasWrittenSinceIsRead(t *testing.T) {
	t.Parallel()
	entries := makesim.Bulk(makesim.BulkOptions{OrganizationID: audittest.OrganizationID, Count: 1200, From: now().AddDate(0, 0, -200),
		To: now().Add(-time.Minute), Seed: 4, Teams: []int64{0, audittest.SalesTeam, audittest.OpsTeam}})
	for i := range 40 { // written down weeks after they happened
		entries[i].TriggeredAt, entries[i].CreatedAt = now().AddDate(0, 0, -60-i), now().Add(-time.Duration(i)*10*time.Hour)
	}
	for name, quirks := range map[string]makesim.Quirks{
		"as documented": {}, "small pages": {PageCap: 30}, "limits": {MaxLimit: 100}, "unstable ties": {UnstableTies: true, PageCap: 50},
		"dates by creation": {FilterByCreatedAt: true}, "failing now and then": {FailEvery: 4},
	} {
		for key, sees := range map[string]func(*makesim.Entry) bool{
			audittest.AdminKey:     func(*makesim.Entry) bool { return true },
			audittest.TeamAdminKey: func(e *makesim.Entry) bool { return e.TeamID == audittest.SalesTeam },
		} {
			t.Run(name+" for "+key, func(t *testing.T) {
				t.Parallel()
				u := start(t, entries, makesim.Options{Quirks: quirks})
				for _, since := range []time.Duration{30 * time.Minute, 30 * time.Hour, 20 * 24 * time.Hour, 400 * 24 * time.Hour} {
					found, report := writtenSince(t, u.reader(key, live.Options{}), now().Add(-since))
					assert.True(t, report.Exhausted)
					for _, entry := range u.Dump(audittest.OrganizationID) {
						if !entry.CreatedAt.Before(now().Add(-since)) && sees(&entry) != found[entry.UUID] {
							assert.Fail(t, "lost, or not to be seen", "since %s: %s", since, entry.UUID)
						}
					}
				}
			})
		}
	}
}

func TestABoundOnWhatWasWrittenIsTold(t *testing.T) {
	t.Parallel()
	u := start(t, makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: 3000, From: now().AddDate(0, 0, -20), To: now(),
		Seed: 5}), makesim.Options{})
	found, report := writtenSince(t, u.reader(audittest.AdminKey, live.Options{MaxEntries: 1000, Parallel: 1}), now().AddDate(0, 0, -30))
	assert.NotEmpty(t, found)
	assert.Less(t, len(found), 3000)
	assert.False(t, report.Exhausted)
	assert.False(t, report.Complete)
	assert.Contains(t, fmt.Sprint(report.Warnings), "bound")
}

func TestEntriesCarryWhatMakeSentIfAsked(t *testing.T) {
	t.Parallel()
	u := start(t, makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: 50, From: now().AddDate(0, 0, -2), To: now(),
		Seed: 6}), makesim.Options{Quirks: makesim.Quirks{UnknownFields: true}})
	q := auditlog.Query{Organization: auditlog.Ref{ID: "77"},
		Window: auditlog.Window{From: now().AddDate(0, 0, -3), To: now(), Location: time.UTC}}
	var plain, kept []*auditlog.Entry
	for keep, into := range map[bool]*[]*auditlog.Entry{false: &plain, true: &kept} {
		_, err := u.reader(audittest.AdminKey, live.Options{KeepRaw: keep}).Read(t.Context(), q, func(entry *auditlog.Entry) bool {
			*into = append(*into, entry)
			return true
		})
		require.NoError(t, err)
	}
	require.Len(t, kept, len(plain))
	for i, entry := range kept {
		assert.Empty(t, plain[i].Raw)
		require.NotEmpty(t, entry.Raw)
		back, ok := live.Decode(entry.Raw)
		require.True(t, ok)
		back.Raw, back.Offset = entry.Raw, entry.Offset
		assert.Equal(t, entry, back, "what was sent says all that the entry says")
	}
	detailed, err := u.reader(audittest.AdminKey, live.Options{KeepRaw: true}).Detail(t.Context(), "77", kept[0].UUID)
	require.NoError(t, err)
	assert.Contains(t, string(detailed.Raw), `"details"`)
	for _, bad := range []string{"", "{}", "[]", `{"uuid":`, `{"uuid":"x"}`} {
		_, ok := live.Decode([]byte(bad))
		assert.False(t, ok, bad)
	}
}

// BenchmarkWalk60000 reads 60,000 entries at 20 ms latency per request, one page after another and side by side. The design asks for a
// third of the time.
func BenchmarkWalk60000(b *testing.B) {
	w := everything()
	for _, spread := range []time.Duration{364 * 24 * time.Hour, 17 * time.Hour} {
		entries := makesim.Bulk(makesim.BulkOptions{
			OrganizationID: audittest.OrganizationID, Count: 60_000, From: now().Add(-spread), To: now(),
			BurstSize: 400, Seed: 1})
		for _, pageCap := range []int{1000, 100} {
			for _, parallel := range []int{1, live.DefaultParallel} {
				b.Run(fmt.Sprintf("over %s/pages of %d/%d at a time", spread, pageCap, parallel), func(b *testing.B) {
					u := start(b, entries, makesim.Options{Latency: 20 * time.Millisecond,
						Quirks: makesim.Quirks{PageCap: pageCap, EchoRequestedLimit: true}})
					for b.Loop() {
						count := 0
						_, err := u.reader(audittest.AdminKey, live.Options{Parallel: parallel}).Read(b.Context(), query(w),
							func(*auditlog.Entry) bool { count++; return true })
						require.NoError(b, err)
						require.Equal(b, 60_000, count)
					}
					b.ReportMetric(float64(len(u.Requests()))/float64(b.N), "calls/op")
				})
			}
		}
	}
}
