package live

import (
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// listing is one list with its filters, dates and order, read page by page. It decides where the next page begins and whether pages join;
// it makes no calls. It belongs to the crawl's goroutine: the merger has it take pages, the fetcher asks it where to go on.
type listing struct {
	endpoint endpoint
	options  makeapi.ListOptions // filters, dates and order; no offset and limit
	// limit is the size of its pages; 0 means as large as the instance takes.
	limit int
	// upper is a time that no row of the listing reaches.
	upper time.Time
	// until ends an ascending listing: rows from there on are not wanted. It is zero for listings newest first.
	until time.Time
	// lower is where the window begins; rows before it are not wanted.
	lower time.Time
	// end is where its rows probably end; only estimates rest on it.
	end time.Time

	base     int       // offset that reading began at
	next     int       // offset of the next page
	overlaps overlap   // how the next page does
	reached  time.Time // instant of the last row read; zero before the first
	rows     int       // places read, for estimates
	first    time.Time // instant of the first row read
	done     bool

	lastPage []string // keys of the rows of the page before, in order
	shared   int      // how many of them the next page begins with, if byRows
	stepped  int      // steps back since pages joined
	crowded  int      // steps back in vain within one instant

	unordered bool // a page was not in the order asked for
	uncertain bool // pages could not be seen to join

	fresh int // entries that it was the first to bring
}

// joining is how a page joined what was read of its listing before it.
type joining int

const (
	// joined: without a gap, or its listing begins again from the top.
	joined joining = iota
	// joinedCrowded: without a gap, but one instant fills pages from here on, and pages must overlap more than those asked for so far.
	joinedCrowded
	// steppedBack: not; the listing goes on further up, where places have moved.
	steppedBack
)

// overlap is how a page overlaps what was read before it.
type overlap int

const (
	// noOverlap: it does not.
	noOverlap overlap = iota
	// byInstant: it begins at the first row of the last instant read, which it holds whole.
	byInstant
	// byRows: the last instant fills pages; it begins with the last rows read, in the same order if places are stable.
	byRows
)

const (
	// maxStepsBack bounds how often in a row pages may fail to join.
	maxStepsBack = 8
	// maxCrowdedSteps bounds the same within one instant: where its rows change places, further steps find nothing better.
	maxCrowdedSteps = 4
	// minOverlap is how many rows pages within one instant share, where they are that large: fewer could match by luck.
	minOverlap = 4
)

func (l *listing) ascending() bool { return !l.until.IsZero() }

// at is the instant that the listing is sorted by.
func (l *listing) at(e *auditlog.Entry) time.Time {
	if l.options.SortBy == makeapi.SortByCreatedAt && !e.CreatedAt.IsZero() {
		return e.CreatedAt
	}
	return e.TriggeredAt
}

// bound is a time above which no unread row was triggered. In listings by createdAt too, since nothing is written before it is triggered.
func (l *listing) bound() time.Time {
	switch {
	case l.done:
		return time.Time{}
	case l.ascending(), l.unordered, l.reached.IsZero(), l.reached.After(l.upper):
		return l.upper
	}
	return l.reached
}

// compare is negative where a row at a comes before one at b.
func (l *listing) compare(a, b time.Time) int {
	if l.ascending() {
		return a.Compare(b)
	}
	return b.Compare(a)
}

// take adds a page at or above l.next to what was read and returns how it joins; where it does not, l.next is further up.
func (l *listing) take(result *pageResult) joining {
	page, entries := result.page, result.entries
	end := result.offset + page.Received
	if page.Received == 0 {
		l.done = true
		return joined
	}
	if !slices.IsSortedFunc(entries, func(a, b *auditlog.Entry) int { return l.compare(l.at(a), l.at(b)) }) {
		l.unordered = true
	}
	if !l.joins(result.offset, entries) {
		if l.stepBack(result) {
			return steppedBack
		}
		l.uncertain = true
	}
	l.stepped = 0
	l.rows = max(l.rows, end-l.base)
	next, overlaps := l.placeNext(result)
	isCrowded := overlaps == byRows && l.overlaps != byRows
	l.next, l.overlaps = max(l.next, next), overlaps
	// A page as large as the instance says its pages are is no last one, even if larger ones were seen.
	limit := page.Pagination.Limit
	isLast := page.Received < min(result.limit, result.largest) && (limit <= 0 || page.Received < limit)
	switch {
	case isLast:
		l.done = true
	case l.unordered || len(entries) == 0:
	case l.ascending() && !l.reached.Before(l.until), !l.ascending() && l.reached.Before(l.lower):
		l.done = true
	}
	if isCrowded {
		return joinedCrowded
	}
	return joined
}

// stepBack moves the next page further up, where it overlaps more of what was read; it reports false where that was tried often enough.
func (l *listing) stepBack(result *pageResult) bool {
	if l.stepped >= maxStepsBack || l.overlaps == byRows && l.crowded >= maxCrowdedSteps {
		return false
	}
	l.stepped++
	if l.overlaps == byRows {
		l.crowded++
	}
	l.next = max(0, result.offset-max(1, result.page.Received/4)*l.stepped)
	return true
}

// joins reports whether a page follows on what was read without a gap.
func (l *listing) joins(offset int, entries []*auditlog.Entry) bool {
	if offset == 0 || l.overlaps == noOverlap || l.unordered || len(entries) == 0 {
		return true
	}
	if l.compare(l.at(entries[0]), l.reached) < 0 {
		return true // it begins above the last instant, and holds it whole
	}
	from := slices.Index(l.lastPage, entries[0].Key())
	if l.overlaps == byInstant {
		return from >= 0 && l.at(entries[0]).Equal(l.reached)
	}
	if from < 0 || from > len(l.lastPage)-l.shared {
		return false
	}
	for i, key := range l.lastPage[from:] {
		if i < len(entries) && entries[i].Key() != key {
			return false
		}
	}
	return true
}

// placeNext returns where the next page begins: at the first row of the last instant, so that the instant is seen whole in one page; or,
// where it fills pages, some rows before the end.
func (l *listing) placeNext(result *pageResult) (next int, overlaps overlap) {
	entries, received := result.entries, result.page.Received
	end := result.offset + received
	if len(entries) == 0 {
		return end, noOverlap
	}
	if l.first.IsZero() {
		l.first = l.at(entries[0])
	}
	before := l.reached
	l.reached = l.at(entries[len(entries)-1])
	l.lastPage = l.lastPage[:0]
	for _, entry := range entries {
		l.lastPage = append(l.lastPage, entry.Key())
	}
	places := result.places()
	start := slices.IndexFunc(entries, func(e *auditlog.Entry) bool { return l.at(e).Equal(l.reached) })
	// Counted in rows that can be read; what cannot be lies between them.
	l.shared = min(received-1, max(minOverlap, received/16), len(entries)-1)
	switch {
	case l.unordered:
		return end, noOverlap
	case start > 0 && !l.reached.Equal(before):
		l.crowded = 0
		return result.offset + places[start], byInstant
	case l.shared == 0:
		return end, noOverlap
	}
	return result.offset + places[len(entries)-l.shared], byRows
}

// shift moves the listing by rows that have come in above what was read.
func (l *listing) shift(rows int) {
	l.next += rows
	l.base += rows
}

// estimate is how many rows the listing may still have below what was read, from how dense it was so far; 0 if that is not known.
func (l *listing) estimate() int {
	if l.done || l.ascending() || l.reached.IsZero() || !l.reached.Before(l.first) {
		return 0
	}
	perSecond := float64(l.rows) / l.first.Sub(l.reached).Seconds()
	return int(perSecond * max(0, l.reached.Sub(l.end).Seconds()))
}
