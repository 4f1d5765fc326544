package live

import (
	"container/heap"
	"slices"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// merger merges the pages of a walk's listings into one log in order, newest first. Pages come to it in the order of their listing; it
// makes no calls. It is used by one goroutine at a time and has no lock; what it shares with other walks, observed and datesByTriggered,
// guards itself.
type merger struct {
	scope scope
	start int // offset that a resumed walk began at

	known    map[string]bool // entries read, by Key
	pending  entryHeap
	ready    []*auditlog.Entry // released: no unread row is newer
	frontier time.Time         // everything after it is released
	newer    int               // rows read that are not before the window's end
	taken    int
	// unreadable are the records that could not be read, by what they stood next to, so that pages and slices that overlap do not count
	// them twice.
	unreadable map[string]auditlog.Span

	observed         *observed
	datesByTriggered *atomic.Bool
}

func newMerger(s scope, observed *observed, datesByTriggered *atomic.Bool) *merger {
	return &merger{scope: s, known: map[string]bool{}, frontier: farFuture(), observed: observed, datesByTriggered: datesByTriggered}
}

// take takes in the page whose turn it is in its listing.
func (m *merger) take(result pageResult) joining {
	l := result.listing
	if l.base > 0 && l.reached.IsZero() && !m.startsAbove(result.entries) {
		// The hint where the last read stopped is wrong.
		m.start, l.next, l.base = 0, 0, 0
		return beganAgain
	}
	how := l.take(&result)
	if how == steppedBack {
		return how
	}
	for _, entry := range result.entries {
		m.add(l, entry)
	}
	m.noteUnreadable(&result)
	return how
}

// startsAbove reports whether a page begins above the place that the walk was resumed at, so that nothing behind that place is left out.
func (m *merger) startsAbove(entries []*auditlog.Entry) bool {
	return len(entries) > 0 && entries[0].TriggeredAt.After(m.scope.resumedAfter.TriggeredAt)
}

func (m *merger) add(l *listing, entry *auditlog.Entry) {
	key := entry.Key()
	if m.known[key] {
		return
	}
	m.known[key] = true
	l.fresh++
	if l.options.DateTo != "" && !entry.CreatedAt.Before(l.upper) {
		// Written after the upper date and returned all the same: the dates are compared with triggeredAt.
		m.datesByTriggered.Store(true)
	}
	if entry.TriggeredAt.Before(m.scope.lower) {
		return
	}
	if !m.scope.open && !entry.TriggeredAt.Before(m.scope.to) {
		m.newer++
		return
	}
	m.taken++
	m.observed.add(entry)
	heap.Push(&m.pending, entry)
}

// release moves what is newer than any unread row from pending to ready.
func (m *merger) release(frontier time.Time) {
	m.frontier = frontier
	for len(m.pending) > 0 && m.pending[0].TriggeredAt.After(frontier) {
		entry, _ := heap.Pop(&m.pending).(*auditlog.Entry)
		place := len(m.ready)
		if place > 0 && auditlog.CompareNewestFirst(m.ready[place-1], entry) > 0 {
			// It arrived after its neighbours had been read; later reads of this walk find it in its place.
			place, _ = slices.BinarySearchFunc(m.ready, entry, auditlog.CompareNewestFirst)
		}
		if m.scope.oneList {
			entry.Offset = m.start + m.newer + place
		}
		m.ready = slices.Insert(m.ready, place, entry)
	}
}

// all returns what was read, released or not, newest first. Nothing can be taken in afterwards.
func (m *merger) all() []*auditlog.Entry {
	slices.SortFunc(m.pending, auditlog.CompareNewestFirst)
	return slices.Concat(m.ready, m.pending)
}

// entryHeap has the newest entry on top.
type entryHeap []*auditlog.Entry

func (h entryHeap) Len() int           { return len(h) }
func (h entryHeap) Less(i, j int) bool { return auditlog.CompareNewestFirst(h[i], h[j]) < 0 }
func (h entryHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push and Pop serve container/heap.
func (h *entryHeap) Push(x any) {
	if entry, ok := x.(*auditlog.Entry); ok {
		*h = append(*h, entry)
	}
}

func (h *entryHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
