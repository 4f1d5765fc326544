package live

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// fetcher asks Make for the pages of some listings, several side by side, and hands each over once its turn in its listing has come. Where
// a listing's next page begins is the listing's to say; the fetcher reads ahead of it and cuts long listings into slices where the reader
// wants that much.
//
// Its methods are called by one goroutine, that of the crawl. Each page is fetched by a goroutine of its own, which uses nothing of the
// fetcher but the client and the channel that it was given.
type fetcher struct {
	reader   *Reader
	in       *interner
	listings []*listing // those to read
	mayCut   bool       // long listings may still be cut into slices
	ahead    map[*listing]*lookahead

	arrivals chan *pageResult // of this crawl
	underWay int
}

func (r *Reader) newFetcher(in *interner, listings []*listing) *fetcher {
	return &fetcher{reader: r, in: in, listings: listings, ahead: map[*listing]*lookahead{}}
}

// begin starts a crawl.
func (f *fetcher) begin() {
	if f.underWay > 0 {
		clear(f.ahead) // whoever asked for them is gone
	}
	f.arrivals, f.underWay = make(chan *pageResult, f.reader.options.Parallel), 0 // no send blocks, even if nobody receives
}

// ask asks for as many pages as are wanted and may be under way.
func (f *fetcher) ask(ctx context.Context, wanted func(stride int) int) {
	isOfUnknownDensity := func(l *listing) bool { return !l.done && l.reached.IsZero() }
	if f.mayCut && wanted(largePage) >= f.reader.options.Parallel && !slices.ContainsFunc(f.listings, isOfUnknownDensity) {
		f.cutIntoSlices()
	}
	for f.underWay < f.reader.options.Parallel {
		l, offset, ok := f.nextPage(wanted)
		if !ok {
			return
		}
		f.start(ctx, l, offset)
	}
}

// start asks for a page.
func (f *fetcher) start(ctx context.Context, l *listing, offset int) {
	ahead := f.lookahead(l)
	ahead.pages[offset] = nil
	f.underWay++
	options := l.options
	options.Offset, options.Limit, options.KeepRaw = offset, f.pageLimit(l), f.reader.options.KeepRaw
	result := &pageResult{listing: l, generation: ahead.generation, offset: offset, limit: options.Limit}
	client, arrivals := f.reader.client, f.arrivals
	go func() {
		result.page, result.err = l.endpoint.fetch(ctx, client, options)
		arrivals <- result
	}()
}

// arrival waits for the next page that arrives, or fails to. One that is of use still is kept until its turn.
func (f *fetcher) arrival() *pageResult {
	result := <-f.arrivals
	f.underWay--
	ahead := f.lookahead(result.listing)
	delete(ahead.pages, result.offset)
	if result.err != nil {
		return result
	}
	f.reader.pageSizes.received(result.listing.endpoint, result.limit, result.page.Received)
	if result.generation == ahead.generation {
		for i := range result.page.Entries {
			result.entries = append(result.entries, f.in.entry(&result.page.Entries[i]))
		}
		ahead.pages[result.offset] = result
	}
	return result
}

// shrinkPages asks for smaller pages from now on if a page failed because of its size, which a 400 may mean. It reports whether that page
// is worth asking for again.
func (f *fetcher) shrinkPages(result *pageResult) bool {
	return makeapi.IsKind(result.err, makeapi.KindBadRequest) && f.reader.pageSizes.refused(result.listing.endpoint, result.limit)
}

// inTurn hands over the pages of a listing whose turn has come, each after the one before it was taken.
func (f *fetcher) inTurn(l *listing) iter.Seq[*pageResult] {
	return func(yield func(*pageResult) bool) {
		ahead := f.lookahead(l)
		for !l.done {
			result := ahead.pop(l.next)
			if result == nil {
				return
			}
			isOfUse := result.offset+result.page.Received > l.next || result.page.Received == 0
			result.largest = f.reader.pageSizes.get(l.endpoint).largest
			if isOfUse && !yield(result) {
				return
			}
		}
		ahead.drop()
	}
}

// heed draws the consequences of how a page joined for those asked for behind it.
func (f *fetcher) heed(l *listing, how joining) {
	ahead := f.lookahead(l)
	if how == steppedBack {
		ahead.joinsDue = joinsAfterStepBack
	} else {
		ahead.joinsDue = max(0, ahead.joinsDue-1)
	}
	if how != joined {
		ahead.drop()
	}
}

func (f *fetcher) lookahead(l *listing) *lookahead {
	ahead, ok := f.ahead[l]
	if !ok {
		ahead = &lookahead{pages: map[int]*pageResult{}}
		f.ahead[l] = ahead
	}
	return ahead
}

// nextPage chooses the page to ask for next. Listings whose unread part is the newest come before older slices, so that a read that is cut
// short has a newest part to show; among them first a page that its listing cannot go on without, then, as far as the reader wants more,
// pages ahead of long listings.
func (f *fetcher) nextPage(wanted func(stride int) int) (*listing, int, bool) {
	newest, older := byAge(f.listings)
	for _, listings := range [][]*listing{newest, older} {
		for _, l := range listings {
			if f.lookahead(l).uncovered(l.next, f.stride(l)) == l.next {
				return l, l.next, true
			}
		}
		for _, l := range listings {
			stride, ahead := f.stride(l), f.lookahead(l)
			if l.reached.IsZero() || l.unordered || ahead.joinsDue > 0 || stride < 1 {
				continue
			}
			most := wanted(stride)
			if most >= f.reader.options.Parallel {
				most *= 2 // one slow page must not keep the others from being asked for
			}
			offset := ahead.uncovered(l.next, stride)
			if offset < l.next+l.estimate() && len(ahead.pages) < most {
				return l, offset, true
			}
		}
	}
	return nil, 0, false
}

// borderSlack is how much neighbouring slices overlap at most: the day that they share, and what a day may mean.
const borderSlack = 3 * 24 * time.Hour

// byAge parts the listings that are not done: those with unread rows as new as any, and those that begin where the newest of them ends.
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

// stride is how far apart pages are asked for side by side: a little less than a page, so that they overlap and can be seen to join.
func (f *fetcher) stride(l *listing) int {
	rows := min(f.reader.pageSizes.get(l.endpoint).largest, f.pageLimit(l))
	return rows - max(2, rows/32)
}

func (f *fetcher) pageLimit(l *listing) int {
	ask := f.reader.pageSizes.get(l.endpoint).ask
	return min(ask, cmp.Or(l.limit, ask))
}

// lookahead is the pages that were asked for of one listing and whose turn has not come.
type lookahead struct {
	pages map[int]*pageResult // by offset; nil while they are under way
	// generation parts pages asked for before the places moved from later ones.
	generation int
	// joinsDue is how many more pages have to join before reading ahead again.
	joinsDue int
}

// joinsAfterStepBack is how many pages must join after a step back before pages are asked for ahead again.
const joinsAfterStepBack = 4

// drop forgets the pages that came; those under way will not be kept.
func (a *lookahead) drop() {
	maps.DeleteFunc(a.pages, func(_ int, page *pageResult) bool { return page != nil })
	a.generation++
}

// pop returns the first page that came, if it begins at or above an offset; else nil.
func (a *lookahead) pop(offset int) *pageResult {
	var first *pageResult
	for _, page := range a.pages {
		if page != nil && page.offset <= offset && (first == nil || page.offset < first.offset) {
			first = page
		}
	}
	if first != nil {
		delete(a.pages, first.offset)
	}
	return first
}

// uncovered is the first offset from next on that no page covers; a page is good for stride rows.
func (a *lookahead) uncovered(next, stride int) int {
	for offset := next; ; {
		reach := offset
		for at := range a.pages {
			if at <= offset {
				reach = max(reach, at+max(1, stride))
			}
		}
		if reach == offset {
			return offset
		}
		offset = reach
	}
}

// pageResult is a page that arrived, or why it did not.
type pageResult struct {
	listing    *listing
	generation int // of the listing's lookahead, when the page was asked for
	offset     int
	limit      int
	largest    int // the largest page received of this kind of list; set when its turn has come
	page       *makeapi.AuditLogPage
	entries    []*auditlog.Entry // those of the page, in its order
	err        error
}

// places returns the place in the page of each entry, and then the place behind the page: unreadable records lie between.
func (r *pageResult) places() []int {
	places := make([]int, 0, len(r.entries)+1)
	unreadable := r.page.Unreadable
	for place := range r.page.Received {
		if len(unreadable) > 0 && unreadable[0] == place {
			unreadable = unreadable[1:]
			continue
		}
		places = append(places, place)
	}
	return append(places, r.page.Received)
}
