package live

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// recently is how long ago a reading of what was written is expected to be short.
const recently = time.Hour

// Written calls yield with every entry that was written down since an instant, whenever it was triggered, newest first by when it was
// triggered; and with some that were written a little before. asOf is the instant up to which it reads. Where a bound or a failure stops
// it, report.Complete is false, and entries may be missing anywhere.
func (r *Reader) Written(ctx context.Context, organization auditlog.Ref, since time.Time,
	yield func(*auditlog.Entry)) (asOf time.Time, report auditlog.Report, err error) {
	access, err := r.mayRead(ctx, organization)
	if err != nil {
		return time.Time{}, auditlog.Report{}, err
	}
	p, err := newPlan(&auditlog.Query{Organization: organization}, access)
	if err != nil {
		return time.Time{}, auditlog.Report{}, err
	}
	asOf = r.client.Now()
	limit := 0
	if asOf.Sub(since) < recently {
		limit = smallPage
	}
	since = since.Add(-writeSlack)
	var listings []*listing
	for _, e := range p.endpoints {
		listings = append(listings, &listing{
			endpoint: e, limit: limit, lower: since, end: since, upper: farFuture(),
			options: makeapi.ListOptions{SortBy: makeapi.SortByCreatedAt, SortDir: makeapi.Descending},
		})
	}
	w := r.walkOver(scope{organization: organization.ID, open: true}, asOf, listings)
	err = w.crawlAll(ctx, w.pages)
	if err != nil && (w.log.taken == 0 || ctx.Err() != nil) {
		return time.Time{}, auditlog.Report{}, cmp.Or(ctx.Err(), err)
	}
	for _, entry := range w.log.all() {
		yield(entry)
	}
	report = w.report(p, auditlog.Window{To: farFuture()})
	report.Exhausted = err == nil
	if err != nil {
		report.Doubtful = true
		report.Warnings = append(report.Warnings, "not all that was written since could be read: "+auditlog.Text(stopReason(err)).Clean())
	}
	report.SetComplete()
	return asOf, report, nil
}

// writeSlack allows for clocks that differ and entries that show up a little after they were written.
const writeSlack = 2 * time.Minute

// errNotByCreatedAt says that Make did not sort by createdAt when it was asked to.
var errNotByCreatedAt = errors.New("Make did not sort by the time of writing")

// catchUp makes sure that a walk holds what was written up to to. It reads all that was written since the walk began, newest first by
// createdAt.
func (w *walk) catchUp(ctx context.Context, to time.Time) error {
	if !w.scope.open || !to.After(w.asOf) {
		return nil
	}
	now := w.reader.Now()
	if !w.hasRead() {
		w.asOf = now
		return nil
	}
	since := w.asOf.Add(-writeSlack)
	var news, olds []*listing
	for _, l := range w.pages.listings {
		if !l.ascending() && l.options.DateTo == "" {
			options := l.options
			options.SortBy, options.DateFrom = makeapi.SortByCreatedAt, lowerEdge(w.scope.lower).String()
			news = append(news, &listing{
				endpoint: l.endpoint, options: options, limit: smallPage, lower: since, end: since, upper: l.upper,
			})
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
	err := w.crawl(ctx, f, time.Time{}, inOrder, func(int) int { return w.reader.options.Parallel })
	if !inOrder() {
		err = cmp.Or(err, errNotByCreatedAt)
	}
	return err
}
