package live_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// moving is a clock that tests move on.
type moving struct{ by atomic.Int64 }

func (m *moving) now() time.Time          { return now().Add(time.Duration(m.by.Load())) }
func (m *moving) moveOn(by time.Duration) { m.by.Add(int64(by)) }

func TestWhatWasReadLatelyCostsNoCallAsOfThen(t *testing.T) {
	t.Parallel()
	var clock moving
	u := start(t, ladder(3000, now().Add(-time.Minute), time.Minute), makesim.Options{Now: clock.now, Quirks: makesim.Quirks{PageCap: 100}})
	reader := u.readerAt(audittest.AdminKey, clock.now, nil, live.Options{})
	ofActor := func(to time.Time) auditlog.Query {
		q := query(window(now().AddDate(0, 0, -1), to))
		q.Actors = []auditlog.Actor{{ID: "901"}}
		return q
	}
	ofEvent := func(to time.Time) auditlog.Query {
		q := query(window(now().AddDate(0, 0, -1), to))
		q.Events = []auditlog.Event{{Value: "webhook_created"}}
		return q
	}
	first, _ := readAll(t, reader, ofActor(clock.now()))

	clock.moveOn(90 * time.Second)
	fresh := makesim.Entry{
		UUID: "f0000000-0000-4000-8000-000000000001", OrganizationID: audittest.OrganizationID, Event: "webhook_created",
		TriggeredAt: now().Add(time.Minute), CreatedAt: now().Add(time.Minute), Actor: &makesim.Actor{ID: 901, Name: "Actor"},
	}
	u.AddEntries(fresh)
	assert.Equal(t, now(), reader.AsOf(t.Context(), "77"))
	u.ResetRequests()
	again, report := readAll(t, reader, ofActor(reader.AsOf(t.Context(), "77")))
	assert.Equal(t, first, again)
	assert.True(t, report.Complete, "%+v", report)
	assert.Empty(t, u.Requests())

	other, _ := readAll(t, reader, ofEvent(clock.now()))
	assert.Equal(t, fresh.UUID, other[0])
	assert.Equal(t, now(), reader.AsOf(t.Context(), "77"), "what was asked in between does not move it")
	u.ResetRequests()
	again, _ = readAll(t, reader, ofActor(reader.AsOf(t.Context(), "77")))
	assert.Equal(t, first, again)
	before, _ := readAll(t, reader, ofEvent(reader.AsOf(t.Context(), "77")))
	assert.Equal(t, other[1:], before)
	assert.Empty(t, u.Requests())

	later, report := readAll(t, reader, ofActor(clock.now()))
	assert.Equal(t, append([]string{fresh.UUID}, first...), later)
	assert.True(t, report.Complete, "%+v", report)
	assert.NotEmpty(t, u.Requests())
	assert.Equal(t, clock.now(), reader.AsOf(t.Context(), "77"), "all that is kept was read up to here")
}

func TestAsOfIsZeroWhereNothingCanBeAskedAgain(t *testing.T) {
	t.Parallel()
	entries := ladder(300, now().Add(-time.Minute), time.Minute)
	open := query(window(now().Add(-time.Hour), now()))

	t.Run("nothing was read", func(t *testing.T) {
		t.Parallel()
		u := start(t, entries, makesim.Options{})
		reader := u.reader(audittest.AdminKey, live.Options{})
		assert.Zero(t, reader.AsOf(t.Context(), "77"))
		_, err := reader.Access(t.Context(), "77")
		require.NoError(t, err)
		u.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: 501})
		_, _, err = readUntil(t.Context(), reader, open, -1)
		require.Error(t, err)
		assert.Zero(t, reader.AsOf(t.Context(), "77"), "the read failed before the first page")
	})
	t.Run("another organization", func(t *testing.T) {
		t.Parallel()
		reader := start(t, entries, makesim.Options{}).reader(audittest.AdminKey, live.Options{})
		readAll(t, reader, open)
		assert.Equal(t, now(), reader.AsOf(t.Context(), "77"))
		assert.Zero(t, reader.AsOf(t.Context(), "78"))
	})
	t.Run("a window in the past", func(t *testing.T) {
		t.Parallel()
		reader := start(t, entries, makesim.Options{}).reader(audittest.AdminKey, live.Options{})
		readAll(t, reader, query(window(now().AddDate(0, 0, -9), now().AddDate(0, 0, -5))))
		assert.Zero(t, reader.AsOf(t.Context(), "77"))
	})
	t.Run("nothing is kept any more", func(t *testing.T) {
		t.Parallel()
		reader := start(t, entries, makesim.Options{}).reader(audittest.AdminKey, live.Options{Keep: time.Nanosecond})
		readAll(t, reader, open)
		assert.Zero(t, reader.AsOf(t.Context(), "77"))
	})
}

func TestAsOfHasWholeMilliseconds(t *testing.T) {
	t.Parallel()
	var clock moving
	clock.moveOn(2*time.Millisecond - time.Nanosecond)
	u := start(t, ladder(30, now().Add(-time.Minute), time.Minute), makesim.Options{Now: clock.now})
	reader := u.readerAt(audittest.AdminKey, clock.now, nil, live.Options{})
	readAll(t, reader, query(window(now().Add(-time.Hour), clock.now())))
	assert.Equal(t, now().Add(time.Millisecond), reader.AsOf(t.Context(), "77"))
}

// For the race detector: reads move what AsOf looks at.
func TestAsOfMayBeAskedAmidReads(t *testing.T) {
	t.Parallel()
	var clock moving
	u := start(t, ladder(300, now().Add(-time.Minute), time.Minute), makesim.Options{Now: clock.now})
	reader := u.readerAt(audittest.AdminKey, clock.now, nil, live.Options{})
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for range 10 {
				clock.moveOn(time.Second)
				_, _, err := readUntil(t.Context(), reader, query(window(now().Add(-time.Hour), clock.now())), -1)
				assert.NoError(t, err)
				assert.False(t, reader.AsOf(t.Context(), "77").Before(now()))
			}
		})
	}
	group.Wait()
}

// TestAReadThatWasCutIsGoneOnWith guards long reads, whose last part would be read for ever if what came before were forgotten in between.
func TestAReadThatWasCutIsGoneOnWith(t *testing.T) {
	t.Parallel()
	const keep = 1200 * time.Millisecond
	u := start(t, ladder(4000, now().Add(-time.Minute), time.Minute), makesim.Options{Quirks: makesim.Quirks{PageCap: 100}})
	reader := u.reader(audittest.AdminKey, live.Options{Keep: keep, MaxEntries: 300})
	q := query(window(now().AddDate(0, 0, -3), now()))
	counts := []int{}
	for len(counts) < 12 {
		uuids, report := readAll(t, reader, q)
		counts = append(counts, len(uuids))
		if report.Exhausted {
			break
		}
		time.Sleep(keep / 2)
	}
	assert.Equal(t, 4000, counts[len(counts)-1], "%v", counts)
	assert.IsNonDecreasing(t, counts)
	assert.Greater(t, len(counts), 2, "%v", counts)
	assert.Less(t, len(u.Requests()), 60, "each page once, and what starting takes")
	time.Sleep(keep + keep/2)
	assert.Zero(t, reader.AsOf(t.Context(), "77"), "and no longer than is of use")
}
