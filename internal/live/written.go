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

// Written calls yield with every entry that was written down since an instant,
// whenever it was triggered, newest first by when it was triggered; and with some
// that were written a little before. asOf is the instant up to which it reads. Where
// a bound or a failure stops it, report.Complete is false, and entries may be missing
// anywhere.
func (s *Reader) Written(ctx context.Context, organization auditlog.Ref, since time.Time, yield func(*auditlog.Entry)) (asOf time.Time, report auditlog.Report, err error) {
	access, err := s.Access(ctx, organization.ID)
	if err != nil {
		return time.Time{}, auditlog.Report{}, err
	}
	if !access.Readable() {
		return time.Time{}, auditlog.Report{}, &auditlog.AccessError{Organization: organization, Reason: access.Reason}
	}
	p, err := newPlan(&auditlog.Query{Organization: organization}, access)
	if err != nil {
		return time.Time{}, auditlog.Report{}, err
	}
	asOf = s.client.Now()
	w := s.writtenWalk(p, organization.ID, asOf, since.Add(-writeSlack))
	if asOf.Sub(since) < recently {
		for _, l := range w.listings {
			l.limit = smallPage
		}
	}
	inOrder := func() bool { return !slices.ContainsFunc(w.listings, func(l *listing) bool { return l.unordered }) }
	err = w.crawl(ctx, &reading{listings: w.listings, deliver: inOrder, pages: w.everyPage, maxTaken: s.options.MaxEntries})
	if err == nil && !inOrder() {
		err = errNotByCreatedAt
	}
	if err != nil && (w.taken == 0 || ctx.Err() != nil) {
		return time.Time{}, auditlog.Report{}, cmp.Or(ctx.Err(), err)
	}
	slices.SortFunc(w.pending, auditlog.CompareNewestFirst)
	for _, entry := range slices.Concat(w.ready, w.pending) {
		entry.Offset = 0 // a place in another listing
		yield(entry)
	}
	doubts := w.doubts()
	report = auditlog.Report{
		Source: auditlog.SourceLive, Endpoint: p.name, Exhausted: err == nil, Doubtful: len(doubts) > 0 || err != nil,
		Unreadable: w.unreadableIn(auditlog.Window{To: farFuture()}), Warnings: slices.Concat(p.warnings, doubts),
	}
	if err != nil {
		report.Warnings = append(report.Warnings, "not all that was written since could be read: "+auditlog.Text(stopReason(err)).Clean())
	}
	report.SetComplete()
	return asOf, report, nil
}

// writtenWalk is a walk over a plan's lists, newest first by createdAt.
func (s *Reader) writtenWalk(p *plan, organization auditlog.ID, now, since time.Time) *walk {
	w := &walk{
		session: s, organization: organization, open: true, asOf: now, in: newInterner(),
		known: map[string]bool{}, seen: s.seen.in(organization), frontier: farFuture(), cut: true,
	}
	for _, e := range p.endpoints {
		w.listings = append(w.listings, &listing{
			endpoint: e, lower: since, end: since, upper: farFuture(),
			options: makeapi.ListOptions{SortBy: makeapi.SortByCreatedAt, SortDir: makeapi.Descending},
		})
	}
	return w
}
