package live

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
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

// take takes in the page whose turn it is in its listing.
func (m *merger) take(result *pageResult) joining {
	l := result.listing
	startsAbove := len(result.entries) > 0 && result.entries[0].TriggeredAt.After(m.scope.resumedAfter.TriggeredAt)
	if l.base > 0 && l.reached.IsZero() && !startsAbove {
		// The hint where the last read stopped is wrong: something behind that place would be left out.
		m.start, l.next, l.base = 0, 0, 0
		return joined
	}
	how := l.take(result)
	if how == steppedBack {
		return how
	}
	for _, entry := range result.entries {
		m.add(l, entry)
	}
	m.noteUnreadable(result)
	return how
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

// noteUnreadable keeps the page's unreadable records with the times of their neighbours. What stands behind the last readable row stands in
// the next page too, unless this is the last one.
func (m *merger) noteUnreadable(result *pageResult) {
	l, places := result.listing, result.places()
	for _, place := range result.page.Unreadable {
		next, _ := slices.BinarySearch(places, place) // the readable row behind it
		around := auditlog.Span{To: l.upper}
		key := ""
		if next > 0 {
			around.To = result.entries[next-1].TriggeredAt
			key = fmt.Sprintf("%s+%d", result.entries[next-1].Key(), place-places[next-1])
		}
		if next < len(result.entries) {
			around.From = result.entries[next].TriggeredAt
			key = fmt.Sprintf("%s-%d", result.entries[next].Key(), places[next]-place)
		} else if !l.done && len(result.entries) > 0 {
			continue
		}
		if key == "" {
			key = fmt.Sprintf("%s %s %d", l.options.DateFrom, l.options.DateTo, result.offset+place)
		}
		if around.From.After(around.To) {
			around.From, around.To = around.To, around.From
		}
		m.unreadable[key] = around
	}
}

// unreadableIn are the unreadable records that may belong to a window, newest first.
func (m *merger) unreadableIn(window auditlog.Window) []auditlog.Span {
	var spans []auditlog.Span
	for _, around := range m.unreadable {
		if around.From.Before(window.To) && !around.To.Before(window.From) {
			spans = append(spans, around)
		}
	}
	order.By(spans, func(a, b auditlog.Span) int {
		return cmp.Or(b.To.Compare(a.To), b.From.Compare(a.From))
	})
	return spans
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
