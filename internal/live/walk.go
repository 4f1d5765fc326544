package live

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// walk reads a set of listings down from their newest row, several pages side
// by side, and merges them into one log in order, newest first. It can stop
// anywhere and go on later. It is used by one reader at a time.
type walk struct {
	session *Reader
	turn    chan struct{} // holds one token: whose turn it is
	begun   time.Time
	expires time.Time // guarded by the cache

	organization auditlog.ID
	signature    string
	lower        time.Time         // the window's beginning
	to           time.Time         // its end, unless open
	open         bool              // there is no upper date: everything up to asOf
	asOf         time.Time         // Make's now before the first page was asked for
	resumedAfter auditlog.Position // where a resumed walk may begin; zero: it is whole
	start        int               // offset that it began at

	listings []*listing
	cut      bool // into slices
	in       *interner
	known    map[string]bool // entries read, by Key
	single   bool            // all listings are slices of one, so places can be told
	pending  entryHeap
	ready    []*auditlog.Entry // released: no unread row is newer
	frontier time.Time         // everything after it is released
	newer    int               // rows read that are not before to
	taken    int
	// unreadable are the records that could not be read, by what they stood next
	// to, so that pages and slices that overlap do not count them twice.
	unreadable map[string]auditlog.Span
	seen       *seenIn

	// For the cache, which looks without taking its turn.
	whole  atomic.Bool // read to its end
	held   int         // entries held; guarded by the cache
	newest []string    // uuids; guarded by the cache
	// askableAsOf is asOf, once something was read of an open walk; guarded by
	// the cache.
	askableAsOf time.Time
}

func (s *Reader) newWalk(p *plan, q *auditlog.Query, oldest time.Time) *walk {
	now := s.client.Now()
	to := q.Window.To
	w := &walk{
		session:      s,
		turn:         make(chan struct{}, 1),
		begun:        time.Now(),
		expires:      time.Now().Add(s.options.Keep),
		organization: q.Organization.ID,
		signature:    p.signature,
		lower:        q.Window.From,
		to:           to,
		open:         upperEdge(to).After(now),
		asOf:         now,
		in:           newInterner(),
		known:        map[string]bool{},
		seen:         s.seen.in(q.Organization.ID),
		frontier:     farFuture(),
	}
	w.listings = p.listings(w.lower, to, oldest, w.open, !s.datesByTriggered.Load())
	w.single = len(p.endpoints)*len(p.filters) == 1
	if q.Resume != nil {
		w.resumedAfter = q.Resume.After
		if q.Resume.Offset > 0 && len(w.listings) == 1 {
			w.start = max(0, q.Resume.Offset-resumeOverlap)
			w.listings[0].next, w.listings[0].base = w.start, w.start
		}
	}
	return w
}

// resumeOverlap is how far above its hint a resumed walk begins, so that the
// instant it goes on from is seen whole.
const resumeOverlap = 20

// finished tells that every row down to the window's beginning was read.
func (w *walk) finished() bool { return w.frontier.Before(w.lower) }

// hasRead tells that at least one page was read.
func (w *walk) hasRead() bool {
	return slices.ContainsFunc(w.listings, func(l *listing) bool { return l.done || !l.reached.IsZero() })
}

// reading is what one crawl is for.
type reading struct {
	listings []*listing // those to read on
	from     time.Time  // how far down rows are wanted; zero: to the end
	// mayCut lets long listings be cut into slices; listings are the walk's then.
	mayCut bool
	// deliver is called whenever more entries may be ready; false ends the crawl.
	deliver func() bool
	// pages is how many pages the reader probably still wants.
	pages func(stride int) int
	// maxTaken bounds the entries that the walk takes in altogether.
	maxTaken int
}

// tooManyError says that a read met its bound of entries.
type tooManyError struct{ entries int }

func (e *tooManyError) Error() string {
	return fmt.Sprintf("the bound of %d entries for one read is met", e.entries)
}

// errStalled would be a mistake of this package: rows are wanted and none asked for.
var errStalled = errors.New("internal error: the read cannot go on")

// grace is how long pages under way are waited for when nobody needs them any
// more: they are paid for, and the next question may.
const grace = 200 * time.Millisecond

// crawl reads pages until the reader has enough or there are none left. It
// returns what stopped it early; all that is ready was delivered then. What was
// read stays in the walk.
func (w *walk) crawl(ctx context.Context, r *reading) error {
	callCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, l := range r.listings {
		l.ahead.reset()
	}
	results := make(chan pageResult, w.session.options.Parallel) // none blocks, even if nobody reads it
	underWay, enough := 0, false
	var failure error
	for {
		if !enough && failure == nil {
			enough = !r.deliver() || w.frontier.Before(r.from)
			switch {
			case enough:
				time.AfterFunc(grace, cancel)
			case w.taken >= r.maxTaken:
				failure = &tooManyError{entries: r.maxTaken}
			default:
				underWay += w.askPages(callCtx, r, underWay, results)
			}
		}
		if underWay == 0 {
			break
		}
		result := <-results
		underWay--
		delete(result.listing.ahead.underWay, result.offset)
		switch {
		case result.err == nil:
			w.integrate(result)
			auditlog.ReportProgress(ctx, auditlog.Progress{Entries: w.taken, Estimate: w.taken + w.estimate()})
		case w.session.retrySmaller(result):
		case failure == nil && !enough:
			failure = result.err
			cancel()
		}
	}
	switch {
	case enough, failure != nil && !r.deliver():
		return nil
	case failure == nil && slices.ContainsFunc(r.listings, func(l *listing) bool { return !l.done }):
		return errStalled
	}
	return failure
}

// askPages asks for as many pages as are wanted and may be under way; it
// returns how many it asked for.
func (w *walk) askPages(ctx context.Context, r *reading, underWay int, results chan<- pageResult) int {
	w.cutIntoSlices(r)
	asked := 0
	for underWay+asked < w.session.options.Parallel {
		l, offset, ok := w.nextPage(r)
		if !ok {
			break
		}
		l.ahead.ask(offset)
		asked++
		generation := l.ahead.generation
		go func() { results <- w.fetchPage(ctx, l, generation, offset) }()
	}
	return asked
}

// fetchPage makes one call.
func (w *walk) fetchPage(ctx context.Context, l *listing, generation, offset int) pageResult {
	options := l.options
	options.Offset, options.Limit = offset, w.pageLimit(l)
	options.KeepRaw = w.session.options.KeepRaw
	result := pageResult{listing: l, generation: generation, offset: offset, limit: options.Limit}
	result.page, result.err = l.endpoint.fetch(ctx, w.session.client, options)
	if result.err == nil {
		result.entries = make([]*auditlog.Entry, len(result.page.Entries))
		for i := range result.page.Entries {
			result.entries[i] = w.in.entry(&result.page.Entries[i])
		}
	}
	return result
}

func (w *walk) pageLimit(l *listing) int {
	ask := w.session.pageSizes.get(l.endpoint).ask
	if l.limit > 0 {
		return min(ask, l.limit)
	}
	return ask
}

// retrySmaller tells whether a failed page is worth asking for again, smaller: a
// 400 may mean the size of the page.
func (s *Reader) retrySmaller(result pageResult) bool {
	return makeapi.IsKind(result.err, makeapi.KindBadRequest) && s.pageSizes.refused(result.listing.endpoint, result.limit)
}

// integrate takes in a page and those behind it that were waiting for it.
func (w *walk) integrate(result pageResult) {
	l := result.listing
	w.session.pageSizes.received(l.endpoint, result.limit, result.page.Received)
	if result.generation != l.ahead.generation || l.done {
		return
	}
	l.ahead.keep(result)
	for !l.done {
		page, ok := l.ahead.pop(l.next)
		if !ok {
			break
		}
		if end := page.offset + page.page.Received; end > l.next || page.page.Received == 0 {
			w.takePage(l, page)
		}
	}
	if l.done {
		l.ahead.waiting = nil
	}
	w.release()
}

func (w *walk) takePage(l *listing, result pageResult) {
	if l.base > 0 && l.reached.IsZero() && !w.startsAbove(result.entries) {
		// The hint where the last read stopped is wrong: begin at the top.
		w.start, l.next, l.base = 0, 0, 0
		return
	}
	if !l.take(result, w.session.pageSizes.get(l.endpoint).largest) {
		return
	}
	for _, entry := range result.entries {
		w.add(l, entry)
	}
	w.noteUnreadable(l, &result)
}

// startsAbove tells whether a page begins above the place that the walk was
// resumed at, so that nothing behind that place is left out.
func (w *walk) startsAbove(entries []*auditlog.Entry) bool {
	return len(entries) > 0 && entries[0].TriggeredAt.After(w.resumedAfter.TriggeredAt)
}

// noteUnreadable keeps the page's unreadable records with the times of their
// neighbours. What stands behind the last readable row stands in the next page
// too, unless this is the last one.
func (w *walk) noteUnreadable(l *listing, result *pageResult) {
	places := result.places()
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
		if w.unreadable == nil {
			w.unreadable = map[string]auditlog.Span{}
		}
		w.unreadable[key] = around
	}
}

// unreadableIn are the unreadable records that may belong to a window, newest
// first.
func (w *walk) unreadableIn(window auditlog.Window) []auditlog.Span {
	var spans []auditlog.Span
	for _, around := range w.unreadable {
		if around.From.Before(window.To) && !around.To.Before(window.From) {
			spans = append(spans, around)
		}
	}
	slices.SortFunc(spans, func(a, b auditlog.Span) int {
		return cmp.Or(b.To.Compare(a.To), b.From.Compare(a.From))
	})
	return spans
}

func (w *walk) add(l *listing, entry *auditlog.Entry) {
	key := entry.Key()
	if w.known[key] {
		return
	}
	w.known[key] = true
	l.ahead.fresh++
	if l.options.DateTo != "" && !entry.CreatedAt.Before(l.upper) {
		// Written after the upper date and returned all the same: the dates
		// are compared with triggeredAt.
		w.session.datesByTriggered.Store(true)
	}
	if entry.TriggeredAt.Before(w.lower) {
		return
	}
	if !w.open && !entry.TriggeredAt.Before(w.to) {
		w.newer++
		return
	}
	w.taken++
	w.seen.add(entry)
	heap.Push(&w.pending, entry)
}

// release moves what no unread row can precede from pending to ready.
func (w *walk) release() {
	w.frontier = time.Time{}
	for _, l := range w.listings {
		if bound := l.bound(); bound.After(w.frontier) {
			w.frontier = bound
		}
	}
	for len(w.pending) > 0 && w.pending[0].TriggeredAt.After(w.frontier) {
		entry, _ := heap.Pop(&w.pending).(*auditlog.Entry)
		place := len(w.ready)
		if place > 0 && auditlog.CompareNewestFirst(w.ready[place-1], entry) > 0 {
			// It arrived after its neighbours had been read; later reads of
			// this walk find it in its place.
			place, _ = slices.BinarySearchFunc(w.ready, entry, auditlog.CompareNewestFirst)
		}
		if w.single {
			entry.Offset = w.start + w.newer + place
		}
		w.ready = slices.Insert(w.ready, place, entry)
	}
}

// nextPage chooses the page to ask for next. Listings whose unread part is the
// newest come before older slices, so that a read that is cut short has a newest
// part to show; among them first a page that its listing cannot go on without,
// then, as far as the reader wants more, pages ahead of long listings.
func (w *walk) nextPage(r *reading) (*listing, int, bool) {
	newest, older := byAge(r.listings)
	for _, listings := range [][]*listing{newest, older} {
		for _, l := range listings {
			if l.ahead.uncovered(l.next, w.stride(l)) == l.next {
				return l, l.next, true
			}
		}
		for _, l := range listings {
			stride := w.stride(l)
			if l.reached.IsZero() || l.unordered || l.ahead.settling > 0 || stride < 1 {
				continue
			}
			offset := l.ahead.uncovered(l.next, stride)
			if offset < l.next+l.estimate() && l.ahead.pages() < w.aheadOf(r, stride) {
				return l, offset, true
			}
		}
	}
	return nil, 0, false
}

// borderSlack is how much neighbouring slices overlap at most: the day that they
// share, and what a day may mean.
const borderSlack = 3 * 24 * time.Hour

// byAge parts the listings that are not done: those with unread rows as new as any,
// and those that begin where the newest of them ends.
func byAge(listings []*listing) (newest, older []*listing) {
	var first *listing
	for _, l := range listings {
		if !l.done && !l.ascending() && (first == nil || l.bound().After(first.bound())) {
			first = l
		}
	}
	for _, l := range listings {
		switch {
		case l.done:
		case l == first || l.ascending() || l.bound().After(first.end.Add(borderSlack)):
			newest = append(newest, l)
		default:
			older = append(older, l)
		}
	}
	return newest, older
}

// aheadOf is how many pages a listing may have asked for whose turn has not come.
// Where the reader wants all that can be asked for side by side, those that came
// before their turn do not count, within reason: one slow page must not keep the
// others from being asked for.
func (w *walk) aheadOf(r *reading, stride int) int {
	pages := r.pages(stride)
	if pages >= w.session.options.Parallel {
		return 2 * pages
	}
	return pages
}

// stride is how far apart pages are asked for side by side: a little less than
// a page, so that they overlap and can be seen to join.
func (w *walk) stride(l *listing) int {
	rows := min(w.session.pageSizes.get(l.endpoint).largest, w.pageLimit(l))
	return rows - max(2, rows/32)
}

// cutIntoSlices cuts what remains of long listings into slices of days, once
// their first page has shown how dense they are.
func (w *walk) cutIntoSlices(r *reading) {
	if !r.mayCut || w.cut || r.pages(largePage) < w.session.options.Parallel || slices.ContainsFunc(r.listings, func(l *listing) bool { return !l.done && l.reached.IsZero() }) {
		return
	}
	w.cut = true
	var all []*listing
	for _, l := range r.listings {
		all = append(all, l)
		if l.done || l.ascending() || l.unordered {
			continue
		}
		borders := sliceDays(l)
		if len(borders) == 0 {
			continue
		}
		oldest, end := l.options.DateFrom, l.end
		for i, border := range borders {
			slice := &listing{endpoint: l.endpoint, options: l.options, lower: l.lower, end: end, upper: endOf(border)}
			slice.options.DateTo, slice.options.DateFrom = border.String(), oldest
			if i+1 < len(borders) {
				slice.options.DateFrom, slice.end = borders[i+1].String(), borders[i+1].Time
			}
			all = append(all, slice)
		}
		// The rows above the first border stand at the same places whether
		// older ones are in the list or not, so the listing goes on as it is.
		l.options.DateFrom, l.end = borders[0].String(), borders[0].Time
	}
	w.listings, r.listings = all, all
}

func (w *walk) estimate() int {
	total := 0
	for _, l := range w.listings {
		total += l.estimate()
	}
	return total
}

// topUp reads what was written since the walk began, whenever it was triggered:
// newest first by createdAt, down to what was written before.
func (w *walk) topUp(ctx context.Context) error {
	now := w.session.client.Now()
	since := w.asOf.Add(-writeSlack)
	before := w.listings
	var news, olds []*listing
	for _, l := range before {
		if !l.ascending() && l.options.DateTo == "" {
			options := l.options
			options.SortBy, options.DateFrom = makeapi.SortByCreatedAt, lowerEdge(w.lower).String()
			news = append(news, &listing{endpoint: l.endpoint, options: options, limit: smallPage, lower: since, end: since, upper: l.upper})
			olds = append(olds, l)
		}
	}
	w.listings = slices.Concat(news, before)
	inOrder := func() bool { return !slices.ContainsFunc(news, func(l *listing) bool { return l.unordered }) }
	err := w.crawl(ctx, &reading{listings: news, deliver: inOrder, pages: w.everyPage, maxTaken: w.taken + w.session.options.MaxEntries})
	for i, l := range news {
		if l.unordered {
			err = cmp.Or(err, errNotByCreatedAt)
		}
		// What came in above moves the rows that are still to be read.
		olds[i].shift(l.ahead.fresh)
	}
	w.listings = before
	w.release()
	if err == nil {
		w.asOf = now
	}
	return err
}

func (w *walk) everyPage(int) int { return w.session.options.Parallel }

// errNotByCreatedAt says that Make did not sort by createdAt when it was asked to.
var errNotByCreatedAt = errors.New("Make did not sort by the time of writing")

// writeSlack allows for clocks that differ and entries that show up a little
// after they were written.
const writeSlack = 2 * time.Minute

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
