package live

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"make-audit-mcp/makeapi"
)

// writeSlack allows for clocks that differ and entries that show up a little after they were written.
const writeSlack = 2 * time.Minute

// errNotByCreatedAt says that Make did not sort by createdAt when it was asked to.
var errNotByCreatedAt = errors.New("Make did not sort by the time of writing")

// catchUp makes sure that a walk holds what was written up to to.
func (w *walk) catchUp(ctx context.Context, to time.Time) error {
	if !w.scope.open || !to.After(w.asOf) {
		return nil
	}
	if !w.hasRead() {
		w.asOf = w.reader.Now() // nothing was read yet
		return nil
	}
	return w.topUp(ctx)
}

// topUp reads what was written since the walk began, whenever it was triggered: newest first by createdAt, down to what was written before.
func (w *walk) topUp(ctx context.Context) error {
	now := w.reader.Now()
	since := w.asOf.Add(-writeSlack)
	var news, olds []*listing
	for _, l := range w.pages.listings {
		if !l.ascending() && l.options.DateTo == "" {
			options := l.options
			options.SortBy, options.DateFrom = makeapi.SortByCreatedAt, lowerEdge(w.scope.lower).String()
			news = append(news, &listing{endpoint: l.endpoint, options: options, limit: smallPage, lower: since, end: since,
				upper: l.upper})
			olds = append(olds, l)
		}
	}
	w.news = w.reader.newFetcher(w.pages.in, news)
	err := w.crawlAll(ctx, w.news)
	w.news = nil
	for i, l := range news {
		// What came in above moves the rows that are still to be read.
		olds[i].shift(l.fresh)
	}
	w.release()
	if err == nil {
		w.asOf = now
	}
	return err
}

// crawlAll reads all of listings by createdAt.
func (w *walk) crawlAll(ctx context.Context, f *fetcher) error {
	inOrder := func() bool { return !slices.ContainsFunc(f.listings, func(l *listing) bool { return l.unordered }) }
	options := w.reader.options
	err := w.crawl(ctx, f, &reading{
		deliver: inOrder, pages: func(int) int { return options.Parallel }, maxTaken: w.log.taken + options.MaxEntries,
	})
	if !inOrder() {
		err = cmp.Or(err, errNotByCreatedAt)
	}
	return err
}
