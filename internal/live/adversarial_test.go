package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
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
	"make-audit-mcp/makeapi"
)

// ladder makes count entries, one every step, the newest at newest.
func ladder(count int, newest time.Time, step time.Duration) []makesim.Entry {
	entries := make([]makesim.Entry, count)
	for i := range entries {
		when := newest.Add(-time.Duration(i) * step)
		entries[i] = makesim.Entry{
			UUID: fmt.Sprintf("%08d-0000-4000-8000-%012d", i%7, i), OrganizationID: audittest.OrganizationID,
			Event: "webhook_created", TriggeredAt: when, CreatedAt: when,
			Actor: &makesim.Actor{ID: 900 + int64(i%3), Name: "Actor"},
		}
	}
	return entries
}

// requireHonest checks that all inside a report's coverage was delivered.
func requireHonest(t testing.TB, u *upstream, report auditlog.Report, got []*auditlog.Entry) {
	t.Helper()
	want := u.expected(within(window(report.Coverage.From, report.Coverage.To)))
	require.Empty(t, missing(got, want), "entries inside the coverage %+v were not delivered (%d were)", report.Coverage, len(got))
}

func offsetOf(r *http.Request) int {
	offset, _ := strconv.Atoi(r.URL.Query().Get("pg[offset]"))
	return offset
}

func isWalk(r *http.Request) bool { return r.URL.Query().Get("pg[sortDir]") == "desc" }

// Pages that arrive after the read was stopped must be delivered, or the coverage must not speak for them.
func TestCoverageSpeaksForDeliveredEntriesOnlyWhenTheBoundIsMet(t *testing.T) {
	t.Parallel()
	u := start(t, ladder(5000, now().Add(-time.Minute), time.Minute),
		makesim.Options{Quirks: makesim.Quirks{PageCap: 100}, Latency: 3 * time.Millisecond})
	slow := &slowReader{Reader: u.reader(audittest.AdminKey, live.Options{MaxEntries: 1000}), after: 950, pause: 300 * time.Millisecond}
	got, report := read(t, slow, query(window(now().AddDate(0, 0, -3), now())), -1)
	require.False(t, report.Complete)
	requireHonest(t, u, report, got)
}

func TestCoverageSpeaksForDeliveredEntriesOnlyWhenMakeFails(t *testing.T) {
	t.Parallel()
	var u *upstream
	quirks := makesim.Quirks{PageCap: 100}
	u = start(t, ladder(5000, now().Add(-time.Minute), time.Minute), makesim.Options{Quirks: quirks, OnRequest: func(r *http.Request) {
		// The last page that is read ahead fails, and is answered before the others.
		switch offset := offsetOf(r); {
		case !isWalk(r) || offset < 150:
		case offset > 650:
			time.Sleep(60 * time.Millisecond)
			failing := quirks
			failing.FailEvery, failing.FailStatus = 1, 500
			u.SetQuirks(failing)
			time.AfterFunc(30*time.Millisecond, func() { u.SetQuirks(quirks) })
		default:
			time.Sleep(130 * time.Millisecond)
		}
	}})
	slow := &slowReader{Reader: u.reader(audittest.AdminKey, live.Options{}), after: 110, pause: 500 * time.Millisecond}
	got, report := read(t, slow, query(window(now().AddDate(0, 0, -3), now())), -1)
	requireHonest(t, u, report, got)
}

// slowReader pauses once before an entry, as a consumer does that is busy.
type slowReader struct {
	auditlog.Reader
	after int
	pause time.Duration
}

func (s *slowReader) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	count := 0
	return s.Reader.Read(ctx, q, func(e *auditlog.Entry) bool {
		count++
		if count == s.after {
			time.Sleep(s.pause)
		}
		return yield(e)
	})
}

// Rows that a neighbouring slice has read are no sign of trouble.
func TestSharedBorderDaysRaiseNoDoubt(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, ladder(60_000, now().Add(-time.Minute), 24*time.Second), makesim.Options{Quirks: makesim.Quirks{PageCap: 100}})
	w := window(now().AddDate(0, 0, -16), now())
	got, report := read(t, u.reader(audittest.AdminKey, live.Options{}), query(w), -1)
	require.Len(t, got, len(u.expected(within(w))))
	assert.Empty(t, report.Warnings)
}

// A walk that goes on after many arrivals finds its place again.
func TestArrivalsBetweenReadsRaiseNoDoubt(t *testing.T) {
	t.Parallel()
	var clock moving
	u := start(t, ladder(3000, now().Add(-time.Minute), time.Minute), makesim.Options{Now: clock.now, Quirks: makesim.Quirks{PageCap: 100}})
	reader := u.readerAt(audittest.AdminKey, clock.now, nil, live.Options{})
	read(t, reader, query(window(now().AddDate(0, 0, -2), clock.now())), 25)
	clock.moveOn(time.Minute)
	fresh := ladder(2500, clock.now().Add(-time.Second), 20*time.Millisecond)
	for i := range fresh {
		fresh[i].UUID = "f" + fresh[i].UUID[1:]
	}
	u.AddEntries(fresh...)
	w := window(now().AddDate(0, 0, -2), clock.now())
	u.ResetRequests()
	got, report := read(t, reader, query(w), -1)
	require.Len(t, got, len(u.expected(within(w))))
	t.Logf("%d calls for %d entries in pages of 100", len(u.lists()), len(got))
	assert.True(t, report.Complete, "%+v", report)
}

// Rows that vanish above an instant larger than a page move its rows up.
func TestRemovalAmidAGiantInstantLosesNothing(t *testing.T) {
	t.Parallel()
	second := now().AddDate(0, 0, -3)
	entries := append(ladder(300, now().AddDate(0, 0, -1), time.Minute), crowd(1000, second)...)
	var u *upstream
	var once sync.Once
	u = start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 100}, OnRequest: func(r *http.Request) {
		if isWalk(r) && offsetOf(r) > 700 {
			once.Do(func() {
				for _, e := range entries[:50] {
					u.RemoveEntries(e.UUID)
				}
			})
		}
	}})
	w := window(now().AddDate(0, 0, -30), now())
	got, report := read(t, u.reader(audittest.AdminKey, live.Options{Parallel: 1}), query(w), -1)
	assert.Empty(t, missing(got, u.expected(within(w))), "rows do overlap further up: stepping back finds them; %v", report.Warnings)
}

// A resumed walk is kept for the position that it was made for.
func TestAResumedWalkServesNoPositionAboveItsStart(t *testing.T) {
	t.Parallel()
	entries := ladder(3000, now().Add(-time.Minute), time.Minute)
	var hang atomic.Bool
	ctx, cancel := context.WithCancel(t.Context())
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 100}, OnRequest: func(r *http.Request) {
		if hang.Load() && isWalk(r) {
			cancel()
			<-r.Context().Done()
		}
	}})
	reader := u.reader(audittest.AdminKey, live.Options{})
	_, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	w := window(now().AddDate(0, 0, -2), now())
	first := query(w)
	first.Resume = resume(entries[500].TriggeredAt, entries[500].UUID, 1500)
	hang.Store(true)
	_, _, err = readUntil(ctx, reader, first, -1)
	require.Error(t, err)
	hang.Store(false)
	second := query(w)
	second.Resume = resume(entries[1800].TriggeredAt, entries[1800].UUID, 1800)
	read(t, reader, second, 10)
	got, report := read(t, reader, first, -1)
	require.Equal(t, entries[501].UUID, got[0].UUID, "complete=%v, but the first entry is %s", report.Complete, got[0].UUID)
}

// Guards against this: a consumer that panics leaves pages marked as under way for ever; the next read of the same query ends at once and
// says that it is complete.
func TestAPanickingConsumerDoesNoHarmToTheNext(t *testing.T) {
	t.Parallel()
	u := start(t, ladder(3000, now().Add(-time.Minute), time.Minute),
		makesim.Options{Quirks: makesim.Quirks{PageCap: 100}, Latency: 2 * time.Millisecond})
	reader := u.reader(audittest.AdminKey, live.Options{})
	w := window(now().AddDate(0, 0, -2), now())
	count := 0
	assert.Panics(t, func() {
		_, _ = reader.Read(t.Context(), query(w), func(*auditlog.Entry) bool {
			count++
			if count > 250 {
				panic("consumer")
			}
			return true
		})
	})
	got, report := read(t, reader, query(w), -1)
	want := u.expected(within(w))
	require.True(t, len(got) == len(want) || !report.Complete, "complete with %d of %d", len(got), len(want))
	require.Len(t, got, len(want))
}

// Guards against this: a resumed walk takes the rows above its start for rows that it read, and cuts and reads ahead as if the log were
// that dense.
func TestADeepResumeCostsFewCalls(t *testing.T) {
	t.Parallel()
	entries := ladder(9000, now().Add(-time.Minute), time.Hour-24*time.Minute)
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 1000}})
	q := query(window(now().AddDate(0, 0, -200), now()))
	q.Resume = resume(entries[6000].TriggeredAt, entries[6000].UUID, 6000)
	reader := u.reader(audittest.AdminKey, live.Options{})
	_, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	u.ResetRequests()
	got, report := read(t, reader, q, -1)
	require.True(t, report.Complete)
	assert.Len(t, got, len(u.expected(within(q.Window)))-6001)
	assert.LessOrEqual(t, len(u.lists()), 5, "calls for %d entries in pages of 1000", len(got))
}

// Guards against this: what the oldest entry is, is believed for ten minutes even where the log was empty.
func TestALogIsCoveredFromItsFirstEntryOn(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Options{})
	reader := u.reader(audittest.AdminKey, live.Options{})
	w := window(now().Add(-time.Hour), now())
	_, report := read(t, reader, query(w), -1)
	require.False(t, report.Complete)
	u.AddEntries(ladder(1, now().Add(-30*time.Minute), time.Second)...)
	got, report := read(t, u.reader(audittest.AdminKey, live.Options{}), query(w), -1)
	require.Len(t, got, 1)
	fresh := report.Coverage

	got, report = read(t, reader, query(window(w.From.Add(-time.Hour), now())), -1)
	require.Len(t, got, 1)
	assert.False(t, report.Coverage.IsEmpty())
	assert.Equal(t, fresh.From, report.Coverage.From, "the delivered entry itself vouches; gaps: %+v", report.Coverage.Gaps)
}

// Guards against this: Make refuses a deep offset with 400; that is taken for a refusal of the page's size, for the rest of the reader.
func TestARefusedOffsetKeepsPagesLarge(t *testing.T) {
	t.Parallel()
	u := start(t, ladder(20_000, now().Add(-time.Second), 20*time.Second), makesim.Options{Quirks: makesim.Quirks{MaxOffset: 10_000}})
	reader := u.reader(audittest.AdminKey, live.Options{})
	w := window(now().AddDate(0, 0, -5), now())
	got, report := read(t, reader, query(w), -1)
	requireHonest(t, u, report, got)
	t.Logf("%d entries of %d, %d calls, complete %v, %+v", len(got), len(u.expected(within(w))), len(u.lists()), report.Complete,
		report.Coverage)
	assert.Less(t, len(u.lists()), 30)
	u.ResetRequests()
	q := query(window(now().AddDate(0, 0, -1), now()))
	q.Events = []auditlog.Event{{Value: "webhook_created"}}
	read(t, reader, q, -1)
	assert.LessOrEqual(t, len(u.lists()), 7, "calls for 4320 entries")
}

// Guards against this: unreadable records outside of the window make an answer incomplete.
func TestUnreadableRecordsOutsideTheWindowDoNotCount(t *testing.T) {
	t.Parallel()
	entries := ladder(2000, now().Add(-time.Minute), 30*time.Minute)
	// Every 900th is broken; entries are added newest first.
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{BrokenRecords: 900}})
	reader := u.reader(audittest.AdminKey, live.Options{})
	read(t, reader, query(window(now().AddDate(0, 0, -35), now())), -1)
	narrow := window(now().AddDate(0, 0, -2), now().AddDate(0, 0, -1))
	_, fresh := read(t, u.reader(audittest.AdminKey, live.Options{}), query(narrow), -1)
	assert.True(t, fresh.Complete, "the sweep above the window: %+v", fresh)
	_, kept := read(t, reader, query(narrow), -1)
	assert.True(t, kept.Complete, "kept walk: %+v", kept)
}

// Guards against this: the same unreadable record is counted once for every slice that it is in.
func TestUnreadableRecordsAreCountedOnce(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	entries := ladder(60_000, now().Add(-time.Minute), 30*time.Second)
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{BrokenRecords: 500}})
	w := window(now().AddDate(0, 0, -60), now())
	_, report := read(t, u.reader(audittest.AdminKey, live.Options{}), query(w), -1)
	assert.Len(t, report.Unreadable, 60_000/500)
}

// Guards against this: a page cap that shrinks during a reader looks like the end.
func TestAShrinkingPageCapIsNoEnd(t *testing.T) {
	t.Parallel()
	var u *upstream
	u = start(t, ladder(5000, now().Add(-time.Minute), time.Minute), makesim.Options{OnRequest: func(r *http.Request) {
		if isWalk(r) && offsetOf(r) > 2000 {
			u.SetQuirks(makesim.Quirks{PageCap: 500}) // and pg.limit says so
		}
	}})
	w := window(now().AddDate(0, 0, -3), now())
	got, report := read(t, u.reader(audittest.AdminKey, live.Options{Parallel: 1}), query(w), -1)
	require.True(t, len(got) == 4320 || !report.Complete, "complete with %d of 4320", len(got))
}

// Guards against this: a value that Make's filter refuses (someone who left) fails the read.
func TestAPersonWhoLeftCanBeAskedForWhereMakeChecksValues(t *testing.T) {
	t.Parallel()
	u := start(t, ladder(50, now().Add(-time.Minute), time.Minute),
		makesim.Options{Quirks: makesim.Quirks{RejectUnknownFilterValues: true}})
	q := query(window(now().AddDate(0, 0, -1), now()))
	q.Actors = []auditlog.Actor{{ID: "901"}}
	got, report := read(t, u.reader(audittest.AdminKey, live.Options{}), q, -1)
	assert.Len(t, got, 17)
	assert.False(t, report.Coverage.IsEmpty())
}

// Guards against this: a hint is taken from an unfiltered walk for a filtered one.
func TestAKeptUnfilteredWalkGivesNoHint(t *testing.T) {
	t.Parallel()
	entries := ladder(900, now().Add(-time.Minute), time.Minute)
	u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: 100}})
	w := window(now().AddDate(0, 0, -2), now())
	reader := u.reader(audittest.AdminKey, live.Options{})
	read(t, reader, query(w), -1)
	q := query(w)
	q.Actors = []auditlog.Actor{{ID: "900"}}
	got, _ := read(t, reader, q, 100)
	q.Resume = resume(got[99].TriggeredAt, got[99].UUID, got[99].Offset)
	assert.Zero(t, got[99].Offset, "its places are those of another listing")
	again, _ := read(t, u.reader(audittest.AdminKey, live.Options{}), q, 25)
	assert.Len(t, again, 25)
}

// Guards against this: entries written down late between two reads are missing from what is kept, although the newest part is read again
// and the answer says complete.
func TestLateArrivalsBetweenReadsAreFound(t *testing.T) {
	t.Parallel()
	var clock moving
	entries := ladder(300, now().Add(-time.Minute), time.Minute)
	entries[130].CreatedAt = now().Add(30 * time.Second) // triggered two hours ago
	u := start(t, entries, makesim.Options{Now: clock.now, Quirks: makesim.Quirks{PageCap: 50}})
	reader := u.readerAt(audittest.AdminKey, clock.now, nil, live.Options{})
	read(t, reader, query(window(now().Add(-4*time.Hour), clock.now())), -1)
	clock.moveOn(time.Minute)
	w := window(now().Add(-4*time.Hour), clock.now())
	got, report := read(t, reader, query(w), -1)
	assert.True(t, len(got) == len(u.expected(within(w))) || !report.Complete, "complete with %d of %d", len(got),
		len(u.expected(within(w))))
}

// Guards against this: where the newest part cannot be read, the coverage of a window that lies in it is upside down.
func TestCoverageIsNeverUpsideDown(t *testing.T) {
	t.Parallel()
	var clock moving
	u := start(t, ladder(300, now().Add(-time.Minute), time.Minute), makesim.Options{Now: clock.now})
	reader := u.readerAt(audittest.AdminKey, clock.now, nil, live.Options{})
	read(t, reader, query(window(now().Add(-4*time.Hour), clock.now())), -1)
	clock.moveOn(3 * time.Minute)
	u.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: 500})
	_, report, err := readUntil(t.Context(), reader, query(window(now().Add(time.Minute), clock.now())), -1)
	if err == nil {
		assert.False(t, report.Complete)
		assert.False(t, report.Coverage.From.After(report.Coverage.To), "%+v", report.Coverage)
	}
}

// Guards against this: who has enough waits up to two seconds for pages that nobody needs.
func TestStoppingDoesNotWaitForPagesThatNobodyNeeds(t *testing.T) {
	t.Parallel()
	u := start(t, ladder(5000, now().Add(-time.Minute), time.Minute),
		makesim.Options{Quirks: makesim.Quirks{PageCap: 100}, OnRequest: func(r *http.Request) {
			if isWalk(r) && offsetOf(r) > 150 {
				<-r.Context().Done()
			}
		}})
	var enough time.Time
	count := 0
	_, err := u.reader(audittest.AdminKey, live.Options{}).Read(t.Context(), query(window(now().AddDate(0, 0, -3), now())),
		func(*auditlog.Entry) bool {
			count++
			enough = time.Now()
			return count < 150
		})
	require.NoError(t, err)
	require.Equal(t, 150, count)
	assert.Less(t, time.Since(enough), time.Second)
}

func TestStoppingEarlyCostsFewCalls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ most, want, pageCap, calls int }{
		{25, 0, 0, 1}, {25, 25, 0, 1}, {500, 500, 100, 8}, {1500, 1500, 0, 3}, {25, 25, 7, 6},
	} {
		t.Run(fmt.Sprintf("%d of 12000, %d wanted, in pages of %d", test.most, test.want, test.pageCap), func(t *testing.T) {
			t.Parallel()
			w := everything()
			entries := makesim.Bulk(makesim.BulkOptions{
				OrganizationID: audittest.OrganizationID, Count: 12_000, From: w.From, To: w.To, Seed: 1})
			u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: test.pageCap}, Latency: 5 * time.Millisecond})
			q := query(w)
			q.Want = test.want
			_, report := read(t, u.reader(audittest.AdminKey, live.Options{}), q, test.most)
			assert.False(t, report.Exhausted)
			assert.LessOrEqual(t, len(u.lists()), test.calls)
		})
	}
}

func TestOneGiantSecond(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	const ordinary = 500
	second := now().AddDate(0, 0, -3)
	for pageCap, size := range map[int]int{1000: 5000, 100: 2500, 7: 500} {
		for _, unstable := range []bool{false, true} {
			for _, broken := range []int{0, 50} {
				t.Run(fmt.Sprintf("pages of %d, unstable %v, broken %d", pageCap, unstable, broken), func(t *testing.T) {
					t.Parallel()
					entries := append(ladder(ordinary, now().Add(-time.Minute), 30*time.Minute), crowd(size, second)...)
					u := start(t, entries, makesim.Options{Quirks: makesim.Quirks{PageCap: pageCap, UnstableTies: unstable,
						BrokenRecords: broken}})
					w := window(now().AddDate(0, 0, -30), now())
					started := time.Now()
					got, report := read(t, u.reader(audittest.AdminKey, live.Options{}), query(w), -1)
					want := ordinary + size
					if broken > 0 {
						want -= want / broken
					}
					t.Logf("%d of %d, %d calls, %s, complete %v, warnings %v", len(got), want, len(u.lists()), time.Since(started),
						report.Complete, report.Warnings)
					if len(got) < want {
						assert.False(t, report.Complete)
						assert.NotEmpty(t, report.Warnings)
					}
					if !unstable {
						assert.Len(t, got, want)
					}
					if !unstable && broken == 0 { // where pages meet at a record that cannot be read, nothing shows that they do
						assert.Empty(t, report.Warnings)
					}
				})
			}
		}
	}
}

// Guards against this: one row in the right place by luck passes for the whole overlap: two pages of an instant in changing order "join",
// and what neither had is lost.
func TestOneRowByLuckIsNoJoin(t *testing.T) {
	t.Parallel()
	second := now().AddDate(0, 0, -3)
	for _, test := range []struct{ crowd, pageCap, worlds int }{{11, 7, 60}, {40, 32, 100}, {101, 100, 30}} {
		entries := append(ladder(5, now().Add(-time.Minute), 30*time.Minute), crowd(test.crowd, second)...)
		var silent []uint64
		for seed := range uint64(logtest.UnderRace(test.worlds, test.worlds/4)) {
			u := start(t, entries, makesim.Options{Seed: seed, Quirks: makesim.Quirks{PageCap: test.pageCap, UnstableTies: true}})
			got, report := read(t, u.reader(audittest.AdminKey, live.Options{}), query(window(second.Add(-time.Hour), now())), -1)
			if len(got) < len(entries) && len(report.Warnings) == 0 {
				silent = append(silent, seed)
			}
		}
		assert.Empty(t, silent, "seeds that lost rows without a word, of %d, with %d ties in pages of %d", test.worlds, test.crowd,
			test.pageCap)
	}
}

// Guards against this: an unreadable record that moves among ties is counted at each of its places, and makes up for rows that were not
// found.
func TestUnreadableRecordsDoNotHideThatTiesMoved(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	second := now().AddDate(0, 0, -3)
	entries := append(ladder(10, now().Add(-time.Minute), 30*time.Minute), crowd(12, second)...)
	silent := 0
	for seed := range uint64(20) {
		u := start(t, entries, makesim.Options{Seed: seed, Quirks: makesim.Quirks{PageCap: 3, UnstableTies: true, BrokenRecords: 3}})
		got, report := read(t, u.reader(audittest.AdminKey, live.Options{}), query(window(now().AddDate(0, 0, -30), now())), -1)
		if len(got) < 22-7 && report.Complete {
			silent++
		}
	}
	assert.Zero(t, silent, "of 20 reads that lost rows were called complete")
}

func TestSeveralReadersShareASmallBudget(t *testing.T) {
	t.Parallel()
	entries := ladder(600, now().Add(-time.Minute), time.Minute)
	minute := 400 * time.Millisecond
	u := start(t, entries, makesim.Options{Minute: minute, Quirks: makesim.Quirks{PageCap: 50}})
	u.Update(func(w *makesim.World) { w.Organizations[0].APILimit = 40 })
	budget := makeapi.NewBudget(makeapi.BudgetOptions{Minute: minute})
	var group sync.WaitGroup
	for i := range 3 {
		reader := u.readerAt(audittest.AdminKey, now, budget, live.Options{})
		for j := range 3 {
			group.Go(func() {
				q := query(window(now().Add(-time.Duration(5+j%2)*time.Hour), now()))
				if i == 0 && j == 2 {
					q.Actors = []auditlog.Actor{{ID: "901"}}
				}
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				defer cancel()
				got, report, err := readUntil(ctx, reader, q, -1)
				if assert.NoError(t, err) {
					assert.True(t, report.Complete, "%+v", report)
					want := u.expected(func(e makesim.Entry) bool {
						return within(q.Window)(e) &&
							(len(q.Actors) == 0 || e.Actor.ID == 901)
					})
					assert.Len(t, got, len(want))
				}
			})
		}
	}
	group.Wait()
	for _, r := range u.Requests() {
		assert.NotEqual(t, http.StatusTooManyRequests, r.Status)
	}
}

func TestWhatIsKeptOfManyEntriesStaysSmall(t *testing.T) {
	logtest.NotUnderRace(t)
	if testing.Short() {
		t.Skip()
	}
	const entries, most = 20_000, 660 // bytes an entry
	w := everything()
	u := start(t, makesim.Bulk(makesim.BulkOptions{
		OrganizationID: audittest.OrganizationID, Count: entries, From: w.From, To: w.To, Seed: 1}),
		makesim.Options{Quirks: makesim.Quirks{PageCap: 1000}})
	other := u.reader(audittest.AdminKey, live.Options{})
	read(t, other, query(w), -1) // encodes and warms up
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	reader := u.reader(audittest.AdminKey, live.Options{})
	count := 0
	_, err := reader.Read(t.Context(), query(w), func(*auditlog.Entry) bool { count++; return true })
	require.NoError(t, err)
	after := heap()
	require.Equal(t, entries, count)
	runtime.KeepAlive(reader)
	assert.Less(t, after-before, uint64(entries*most))
	runtime.KeepAlive(other)
}

func TestNoGoroutineStaysBehind(t *testing.T) {
	for name, read := range map[string]func(u *upstream, s *live.Reader){
		"early stop": func(_ *upstream, s *live.Reader) {
			_, _, _ = readUntil(context.Background(), s, query(window(now().AddDate(0, 0, -4), now())), 600)
		},
		"cancelled": func(_ *upstream, s *live.Reader) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
			defer cancel()
			_, _, _ = readUntil(ctx, s, query(window(now().AddDate(0, 0, -4), now())), -1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := start(t, ladder(5000, now().Add(-time.Minute), time.Minute),
				makesim.Options{Quirks: makesim.Quirks{PageCap: 100}, Latency: 10 * time.Millisecond})
			s := u.reader(audittest.AdminKey, live.Options{})
			read(u, s)
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			assert.NotContains(t, string(stacks), "live.endpoint.fetch")
		})
	}
}

// world of one seed: entries, quirks and questions drawn at random.
type gamble struct {
	*rand.Rand
	t      testing.TB
	seed   uint64
	quirks makesim.Quirks
	moving
	up     *upstream
	broken map[string]bool
	number int
	amid   bool // entries arrive amid reads
	log    []string
}

func (g *gamble) chance(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *gamble, values ...T) T { return values[g.IntN(len(values))] }

func (g *gamble) drawQuirks() makesim.Quirks {
	q := makesim.Quirks{
		NullWhenEmpty: g.chance(2), SingleObject: g.chance(2), UnknownFields: g.chance(4), OddTypes: g.chance(4),
		NullActorTeam: g.chance(2),
		IDsAsText:     g.chance(4), BareDatesOnly: g.chance(2), DateToMidnight: g.chance(2), FilterByCreatedAt: g.chance(3),
		EchoRequestedLimit: g.chance(2), PageCap: pick(g, 0, 0, 1000, 100, 50, 7, 3), UnstableTies: g.chance(5),
	}
	q.NumericTriggeredAt = pick(g, "", "", makesim.TriggeredAtMilliseconds)
	q.DateZone = pick(g, nil, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600), time.FixedZone("half", 5*3600+1800))
	if g.chance(6) {
		q.BrokenRecords = pick(g, 2, 5, 40)
	}
	if g.chance(6) {
		q.MaxLimit = pick(g, 100, 500)
	}
	if g.chance(8) {
		q.CutBodyEvery = pick(g, 7, 13)
	}
	q.ForbidOrganizationList = g.chance(6)
	return q
}

// add makes entries; their number, which decides who is broken, is counted.
func (g *gamble) draw(count int, from, to time.Time) []makesim.Entry {
	entries := make([]makesim.Entry, 0, count)
	grain := pick(g, time.Millisecond, time.Second, time.Minute, time.Hour, 12*time.Hour)
	for range count {
		at := from.Add(time.Duration(g.Int64N(int64(to.Sub(from)))))
		if g.chance(3) {
			at = at.Truncate(grain)
		}
		if at.Before(from) {
			at = from
		}
		g.number++
		e := makesim.Entry{
			UUID: fmt.Sprintf("%08x-0000-4000-8000-%012d", g.Uint32(), g.number), OrganizationID: audittest.OrganizationID, TriggeredAt: at,
			CreatedAt: at,
			Event:     pick(g, "webhook_created", "connection_deleted", "scenario_updated"), TeamID: pick(g, int64(0), audittest.SalesTeam, audittest.OpsTeam),
			TargetID: strconv.Itoa(g.IntN(5)),
		}
		if !g.chance(4) {
			e.Actor = &makesim.Actor{ID: 900 + int64(g.IntN(4)), Name: "Actor"}
		}
		if g.chance(5) {
			e.CreatedAt = at.Add(time.Duration(g.Int64N(int64(40 * 24 * time.Hour))))
		}
		if e.CreatedAt.After(to) && !g.chance(3) {
			e.CreatedAt = to
		}
		if g.quirks.BrokenRecords > 0 && g.number%g.quirks.BrokenRecords == 0 {
			g.broken[e.UUID] = true
		}
		entries = append(entries, e)
	}
	return entries
}

func (g *gamble) drawQuery(back time.Duration) auditlog.Query {
	to := g.now()
	if g.chance(2) {
		to = g.now().Add(-time.Duration(g.Int64N(int64(back))))
	}
	to = to.Truncate(time.Millisecond) // what arrives amid a read is not before its end
	from := to.Add(-time.Duration(g.Int64N(int64(pick(g, time.Hour, 30*time.Hour, back)))) - time.Millisecond)
	q := query(window(from, to))
	if g.chance(4) {
		q.Teams = []auditlog.Ref{{ID: auditlog.ID(pick(g, "5", "6"))}}
	}
	if g.chance(6) {
		q.NoTeam = true
	}
	if g.chance(4) {
		q.Actors = []auditlog.Actor{{ID: auditlog.ID(pick(g, "900", "901"))}}
	}
	if g.chance(8) {
		q.System = true
	}
	if g.chance(8) {
		q.ExcludeActors = []auditlog.Actor{{ID: "902"}}
	}
	if g.chance(8) {
		q.ExcludeSystem = true
	}
	if g.chance(4) {
		q.Events = []auditlog.Event{{Value: auditlog.Text(pick(g, "webhook_created", "connection_deleted"))}}
		for i := range pick(g, 0, 0, 25) {
			q.Events = append(q.Events, auditlog.Event{Value: auditlog.Text(fmt.Sprintf("made_up_%d", i))})
		}
	}
	if g.chance(8) {
		q.ExcludeEvents = []auditlog.Event{{Value: "webhook_created"}}
	}
	return q
}

// matching are the entries of a dump that answer a query, in the order in which they must come. It does not use MatchesFilters.
func (g *gamble) matching(dump []makesim.Entry, q auditlog.Query, key string) []*auditlog.Entry {
	var found []*auditlog.Entry
	for _, e := range dump {
		team, actor := "", ""
		if e.TeamID != 0 {
			team = strconv.FormatInt(e.TeamID, 10)
		}
		if e.Actor != nil {
			actor = strconv.FormatInt(e.Actor.ID, 10)
		}
		ok := !g.broken[e.UUID] && !e.TriggeredAt.Before(q.Window.From) && e.TriggeredAt.Before(q.Window.To)
		if len(q.Teams) > 0 || q.NoTeam {
			ok = ok && (team == "" && q.NoTeam || len(q.Teams) > 0 && team == string(q.Teams[0].ID))
		}
		if len(q.Actors) > 0 || q.System {
			ok = ok && (actor == "" && q.System || len(q.Actors) > 0 && actor == string(q.Actors[0].ID))
		}
		ok = ok && !(q.ExcludeSystem && actor == "") && !(len(q.ExcludeActors) > 0 && actor == "902")
		ok = ok && (len(q.Events) == 0 || string(q.Events[0].Value) == e.Event)
		ok = ok && !(len(q.ExcludeEvents) > 0 && e.Event == "webhook_created")
		switch {
		case key == audittest.TeamAdminKey:
			ok = ok && e.TeamID == audittest.SalesTeam
		case g.quirks.ForbidOrganizationList:
			ok = ok && e.TeamID != 0
		}
		entry := &auditlog.Entry{UUID: e.UUID, TriggeredAt: e.TriggeredAt}
		if ok && (q.Resume == nil || q.Resume.After.IsBefore(entry)) {
			found = append(found, entry)
		}
	}
	slices.SortFunc(found, auditlog.CompareNewestFirst)
	return found
}

// read reads once and checks the answer against the log before and after.
func (g *gamble) read(reader *live.Reader, key string, q auditlog.Query, most int, snapshot []makesim.Entry) []*auditlog.Entry {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var got []*auditlog.Entry
	g.log = append(g.log, fmt.Sprintf("key %.1s read [%s, %s) teams %v none %v actors %v system %v events %d resume %+v most %d at %s",
		key, q.Window.From.Format(time.RFC3339Nano), q.Window.To.Format(time.RFC3339Nano), q.Teams, q.NoTeam, q.Actors, q.System, len(
			q.Events), q.Resume, most, g.now().Format(time.RFC3339)))
	report, err := reader.Read(ctx, q, func(e *auditlog.Entry) bool {
		got = append(got, e)
		return len(got) != most
	})
	fail := func(format string, args ...any) {
		g.t.Errorf("seed %d: %s\n quirks %+v\n report %+v\n %s", g.seed, fmt.Sprintf(format, args...), g.quirks, report,
			strings.Join(g.log, "\n "))
	}
	if err != nil {
		if _, ok := err.(*auditlog.AccessError); !ok { //nolint:errorlint // as it comes
			fail("error %v", err)
		}
		return nil
	}
	may := map[string]bool{}
	for _, e := range g.matching(g.up.Dump(audittest.OrganizationID), q, key) {
		may[e.UUID] = true
	}
	delivered := map[string]bool{}
	for i, e := range got {
		if i > 0 && auditlog.CompareNewestFirst(got[i-1], e) >= 0 {
			fail("entry %d is out of order or twice", i)
		}
		if !may[e.UUID] {
			fail("entry %d (%s) does not belong", i, e.UUID)
		}
		delivered[e.UUID] = true
	}
	stopped := most > 0 && len(got) == most
	missing := 0
	for _, e := range g.matching(snapshot, q, key) {
		switch {
		case delivered[e.UUID]:
		case stopped && auditlog.CompareNewestFirst(e, got[len(got)-1]) > 0:
		case !window(report.Coverage.From, report.Coverage.To).Contains(e.TriggeredAt):
		case len(report.Warnings) > 0 && !report.Complete:
		case g.quirks.UnstableTies && g.quirks.BrokenRecords > 0: // see TestUnreadableRecordsDoNotHideThatTiesMoved
		default:
			missing++
		}
	}
	if missing > 0 {
		fail("%d entries inside the coverage are missing silently, %d came", missing, len(got))
	}
	oldest := g.up.Dump(audittest.OrganizationID)
	reaches := len(oldest) > 0 && !q.Window.From.Before(oldest[len(oldest)-1].TriggeredAt) && key == audittest.AdminKey &&
		!g.quirks.ForbidOrganizationList
	outrun := g.amid && g.quirks.PageCap > 0 && g.quirks.PageCap < 50 // rows arrive as fast as they are read
	if reaches && !outrun && !report.Complete && !g.quirks.UnstableTies && g.quirks.BrokenRecords == 0 {
		fail("incomplete without need, %d came", len(got))
	}
	return got
}

func runGamble(t testing.TB, seed uint64) {
	t.Helper()
	g := &gamble{Rand: rand.New(rand.NewPCG(seed, 1)), t: t, seed: seed, broken: map[string]bool{}}
	g.quirks = g.drawQuirks()
	back := pick(g, 3*time.Hour, 3*24*time.Hour, 100*24*time.Hour)
	entries := g.draw(pick(g, 0, 1, 20, 150, 600), now().Add(-back), now())
	if g.chance(3) { // a burst in one instant
		burst := g.draw(pick(g, 8, 60, 150), now().Add(-back), now())
		for i := range burst {
			burst[i].TriggeredAt = burst[0].TriggeredAt
			if burst[i].CreatedAt.Before(burst[i].TriggeredAt) { // never earlier
				burst[i].CreatedAt = burst[i].TriggeredAt
			}
		}
		entries = append(entries, burst...)
	}
	var busy sync.Mutex
	// With tiny pages, arrivals outrun the reader within an instant: LIVE_HARSH=1 shows TestRemovalAmidAGiantInstantLosesNothing's cause in
	// other clothes.
	g.amid = g.chance(4) && g.quirks.BrokenRecords == 0 &&
		(g.quirks.PageCap == 0 || g.quirks.PageCap >= 50 || os.Getenv("LIVE_HARSH") != "")
	arriving := rand.New(rand.NewPCG(seed, 2))
	g.up = start(t, entries, makesim.Options{Seed: seed, Quirks: g.quirks, Now: g.now, OnRequest: func(*http.Request) {
		if !g.amid {
			return
		}
		busy.Lock()
		defer busy.Unlock()
		if arriving.IntN(3) == 0 {
			for i := range 1 + arriving.IntN(4) {
				g.up.AddEntries(makesim.Entry{
					UUID: fmt.Sprintf("%08x-1111-4000-8000-%012d", arriving.Uint32(), i), OrganizationID: audittest.OrganizationID,
					Event: "webhook_created", TriggeredAt: g.now(), CreatedAt: g.now(),
				})
			}
		}
	}})
	options := live.Options{Parallel: pick(g, 1, 2, 8), Keep: pick(g, 0, 0, 0, time.Nanosecond)}
	readers := map[string]*live.Reader{}
	reader := func(key string) *live.Reader {
		if readers[key] == nil || g.chance(4) {
			g.log = append(g.log, fmt.Sprintf("new reader, amid %v", g.amid))
			readers[key] = g.up.readerAt(key, g.now, nil, options)
		}
		return readers[key]
	}
	// What a reader keeps lacks what was written down late since; such arrivals happen between rounds only if they are new.
	var q auditlog.Query
	snapshot := g.up.Dump(audittest.OrganizationID)
	for range 1 + g.IntN(6) {
		key := audittest.AdminKey
		if g.chance(6) {
			key = audittest.TeamAdminKey
		}
		if q.Window.To.IsZero() || g.chance(2) {
			q = g.drawQuery(back)
		}
		q.Resume = nil
		most := pick(g, -1, -1, 1, 5, 40)
		got := g.read(reader(key), key, q, most, snapshot)
		for rounds := 0; len(got) > 0 && g.chance(2) && rounds < 4; rounds++ {
			at := got[g.IntN(len(got))]
			if g.chance(2) {
				at = got[len(got)-1]
			}
			q.Resume = &auditlog.Resume{
				After:  auditlog.Position{TriggeredAt: at.TriggeredAt, UUID: at.UUID},
				Offset: max(0, pick(g, 0, at.Offset, at.Offset, at.Offset+g.IntN(60)-30, g.IntN(1000))),
			}
			got = g.read(reader(key), key, q, pick(g, -1, 5, 40), snapshot)
		}
		if g.chance(3) && !lateness(entries) {
			moved := time.Duration(g.Int64N(int64(10 * time.Minute)))
			before := g.now()
			g.moveOn(moved)
			fresh := g.draw(g.IntN(30), before.Add(time.Millisecond), before.Add(moved+2*time.Millisecond))
			for i := range fresh {
				fresh[i].CreatedAt = fresh[i].TriggeredAt
			}
			g.log = append(g.log, fmt.Sprintf("%d entries arrive within %s", len(fresh), moved))
			g.up.AddEntries(fresh...)
			snapshot = g.up.Dump(audittest.OrganizationID)
		}
	}
}

// lateness reports whether entries will still be written down after now: known to be missed by what a reader keeps.
func lateness(entries []makesim.Entry) bool {
	return slices.ContainsFunc(entries, func(e makesim.Entry) bool { return e.CreatedAt.After(now()) })
}

// TestReadIsExactInRandomWorlds draws small worlds. LIVE_SEEDS=from:count runs others, as scripts/long does.
func TestReadIsExactInRandomWorlds(t *testing.T) {
	t.Parallel()
	from, count := uint64(1), uint64(45)
	if _, err := fmt.Sscanf(os.Getenv("LIVE_SEEDS"), "%d:%d", &from, &count); err != nil {
		from, count = 1, 45
	}
	var group sync.WaitGroup // most of the time is spent waiting for retries
	var next atomic.Uint64
	next.Store(from)
	for range 6 {
		group.Go(func() {
			for seed := next.Add(1) - 1; seed < from+count; seed = next.Add(1) - 1 {
				runGamble(t, seed)
			}
		})
	}
	group.Wait()
}
