package live

import (
	"context"
	"iter"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// fetcher asks Make for the pages of some listings, several side by side, and hands each over once its turn in its listing has come. Where
// a listing's next page begins is the listing's to say; the fetcher reads ahead of it and cuts long listings into slices where the reader
// wants that much.
//
// Its methods are called by one goroutine, that of the crawl. Each page is fetched by a goroutine of its own, which uses of the fetcher
// what never changes: the client, the interner, which has a lock, and the channel that it was given.
type fetcher struct {
	reader   *Reader
	in       *interner
	listings []*listing // those to read
	mayCut   bool       // long listings may still be cut into slices
	ahead    map[*listing]*lookahead

	arrivals chan pageResult // of this crawl
	underWay int
}

func (r *Reader) newFetcher(in *interner, listings []*listing) *fetcher {
	return &fetcher{reader: r, in: in, listings: listings, ahead: map[*listing]*lookahead{}}
}

// begin starts a crawl.
func (f *fetcher) begin() {
	f.arrivals, f.underWay = make(chan pageResult, f.reader.options.Parallel), 0 // no send blocks, even if nobody receives
	for _, ahead := range f.ahead {
		ahead.forgetUnderWay()
	}
}

// ask asks for as many pages as are wanted and may be under way.
func (f *fetcher) ask(ctx context.Context, wanted func(stride int) int) {
	if f.mayCut && wanted(largePage) >= f.reader.options.Parallel && f.allBegun() {
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
	ahead.underWay[offset] = true
	f.underWay++
	options := l.options
	options.Offset, options.Limit, options.KeepRaw = offset, f.pageLimit(l), f.reader.options.KeepRaw
	asked := pageResult{listing: l, generation: ahead.generation, offset: offset, limit: options.Limit}
	arrivals := f.arrivals
	go func() { arrivals <- f.fetch(ctx, asked, options) }()
}

// fetch makes one call.
func (f *fetcher) fetch(ctx context.Context, result pageResult, options makeapi.ListOptions) pageResult {
	result.page, result.err = result.listing.endpoint.fetch(ctx, f.reader.client, options)
	if result.err == nil {
		result.entries = make([]*auditlog.Entry, len(result.page.Entries))
		for i := range result.page.Entries {
			result.entries[i] = f.in.entry(&result.page.Entries[i])
		}
	}
	return result
}

// arrival waits for the next page that arrives, or fails to.
func (f *fetcher) arrival() pageResult {
	result := <-f.arrivals
	f.underWay--
	delete(f.lookahead(result.listing).underWay, result.offset)
	return result
}

// shrinkPages asks for smaller pages from now on if a page failed because of its size, which a 400 may mean. It reports whether that page
// is worth asking for again.
func (f *fetcher) shrinkPages(result pageResult) bool {
	return makeapi.IsKind(result.err, makeapi.KindBadRequest) && f.reader.pageSizes.refused(result.listing.endpoint, result.limit)
}

// keep lets a page that arrived wait for its turn, if it is of use still.
func (f *fetcher) keep(result pageResult) {
	l := result.listing
	f.reader.pageSizes.received(l.endpoint, result.limit, result.page.Received)
	ahead := f.lookahead(l)
	if result.generation == ahead.generation {
		ahead.waiting[result.offset] = result
	}
}

// inTurn hands over the pages of a listing whose turn has come, each after the one before it was taken.
func (f *fetcher) inTurn(l *listing) iter.Seq[pageResult] {
	return func(yield func(pageResult) bool) {
		ahead := f.lookahead(l)
		for !l.done {
			result, ok := ahead.pop(l.next)
			if !ok {
				return
			}
			isOfUse := result.offset+result.page.Received > l.next || result.page.Received == 0
			result.largest = f.reader.pageSizes.get(l.endpoint).largest
			if isOfUse && !yield(result) {
				return
			}
		}
		clear(ahead.waiting)
	}
}

// heed draws the consequences of how a page joined for those asked for behind it.
func (f *fetcher) heed(l *listing, how joining) {
	ahead := f.lookahead(l)
	switch how {
	case joined:
		ahead.noteJoined()
	case joinedCrowded:
		ahead.noteJoined()
		ahead.drop()
	case steppedBack:
		ahead.dropMoved()
	case beganAgain:
	}
}

func (f *fetcher) lookahead(l *listing) *lookahead {
	ahead, ok := f.ahead[l]
	if !ok {
		ahead = newLookahead()
		f.ahead[l] = ahead
	}
	return ahead
}

// allBegun reports whether each listing has shown how dense it is.
func (f *fetcher) allBegun() bool {
	return !slices.ContainsFunc(f.listings, func(l *listing) bool { return !l.done && l.reached.IsZero() })
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
			offset := ahead.uncovered(l.next, stride)
			if offset < l.next+l.estimate() && ahead.pages() < f.maxAhead(wanted(stride)) {
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

// maxAhead is how many pages a listing may have asked for whose turn has not come. Where the reader wants all that can be asked for side by
// side, those that came before their turn do not count, within reason: one slow page must not keep the others from being asked for.
func (f *fetcher) maxAhead(wanted int) int {
	if wanted >= f.reader.options.Parallel {
		return 2 * wanted
	}
	return wanted
}

// stride is how far apart pages are asked for side by side: a little less than a page, so that they overlap and can be seen to join.
func (f *fetcher) stride(l *listing) int {
	rows := min(f.reader.pageSizes.get(l.endpoint).largest, f.pageLimit(l))
	return rows - max(2, rows/32)
}

func (f *fetcher) pageLimit(l *listing) int {
	ask := f.reader.pageSizes.get(l.endpoint).ask
	if l.limit > 0 {
		return min(ask, l.limit)
	}
	return ask
}
