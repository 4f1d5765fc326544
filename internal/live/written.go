package live

import (
	"cmp"
	"context"
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
	w := r.writtenWalk(p, organization.ID, asOf, since.Add(-writeSlack))
	if asOf.Sub(since) < recently {
		for _, l := range w.pages.listings {
			l.limit = smallPage
		}
	}
	err = w.crawlAll(ctx, w.pages)
	if err != nil && (w.log.taken == 0 || ctx.Err() != nil) {
		return time.Time{}, auditlog.Report{}, cmp.Or(ctx.Err(), err)
	}
	for _, entry := range w.log.all() {
		entry.Offset = 0 // a place in another listing
		yield(entry)
	}
	doubts := w.doubts()
	report = auditlog.Report{
		Source: auditlog.SourceLive, Endpoint: p.name, Exhausted: err == nil, Doubtful: len(doubts) > 0 || err != nil,
		Unreadable: w.log.unreadableIn(auditlog.Window{To: farFuture()}), Warnings: slices.Concat(p.warnings, doubts),
	}
	if err != nil {
		report.Warnings = append(report.Warnings, "not all that was written since could be read: "+auditlog.Text(stopReason(err)).Clean())
	}
	report.SetComplete()
	return asOf, report, nil
}

// writtenWalk is a walk over a plan's lists, newest first by createdAt.
func (r *Reader) writtenWalk(p *plan, organization auditlog.ID, now, since time.Time) *walk {
	listings := make([]*listing, 0, len(p.endpoints))
	for _, e := range p.endpoints {
		listings = append(listings, &listing{
			endpoint: e, lower: since, end: since, upper: farFuture(),
			options: makeapi.ListOptions{SortBy: makeapi.SortByCreatedAt, SortDir: makeapi.Descending},
		})
	}
	return r.walkOver(scope{organization: organization, open: true}, now, listings)
}
