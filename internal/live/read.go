package live

import (
	"context"
	"errors"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// Read implements auditlog.Reader. A deadline of ctx bounds the read: what can be read by then is delivered, and the report says how far it
// goes.
func (r *Reader) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	access, err := r.mayRead(ctx, q.Organization)
	if err != nil {
		return auditlog.Report{}, err
	}
	p, err := newPlan(&q, access)
	if err != nil {
		return auditlog.Report{}, err
	}
	if _, refused := r.filtersRefused.Load(p.signature); refused {
		p = p.unfiltered()
	}
	report, err := r.readPlan(ctx, p, &q, access, yield)
	if bare := p.unfiltered(); makeapi.IsKind(err, makeapi.KindBadRequest) && bare.signature != p.signature {
		// Make may not know a value, such as someone who left: the filters are applied here all the same.
		r.filtersRefused.Store(p.signature, true)
		return r.readPlan(ctx, bare, &q, access, yield)
	}
	return report, err
}

// mayRead returns the access to an organization's log; an error if there is none.
func (r *Reader) mayRead(ctx context.Context, organization auditlog.Ref) (*auditlog.Access, error) {
	access, err := r.Access(ctx, organization.ID)
	if err == nil && !access.Readable() {
		err = &auditlog.AccessError{Organization: organization, Reason: access.Reason}
	}
	return access, err
}

// readPlan reads what a plan names. An error means that nothing was yielded.
func (r *Reader) readPlan(ctx context.Context, p *plan, q *auditlog.Query, access *auditlog.Access,
	yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	w := r.walks.find(q, access.Oldest, p.signature, p.unfiltered().signature)
	if w == nil {
		w = r.walks.add(r.newWalk(p, q, access.Oldest))
	}
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return auditlog.Report{}, ctx.Err()
	}
	cut := false
	defer func() { r.walks.noteRead(w, w.holdings(), cut) }()

	// A kept walk lacks what was written since. If that cannot be read now, what is kept still answers, and the report says what is
	// missing.
	newsErr := w.catchUp(ctx, q.Window.To)
	if newsErr != nil && !q.Window.From.Before(w.asOf) {
		return auditlog.Report{}, newsErr
	}
	d := &delivery{walk: w.walk, query: q, yield: yield, isOwn: w.scope.signature == p.signature}
	err := w.crawl(ctx, w.pages, q.Window.From, d.deliver, d.pages)
	cut = err != nil
	if errors.Is(ctx.Err(), context.Canceled) {
		return auditlog.Report{}, ctx.Err()
	}
	if err != nil && !d.hasCovered() {
		return auditlog.Report{}, err
	}
	report := w.report(p, q.Window)
	report.Exhausted = err == nil && newsErr == nil && !d.stopped
	report.Coverage = d.coverage(access, err)
	if newsErr != nil {
		report.Coverage.TruncateAfter(w.asOf, "the newest part could not be read ("+auditlog.Text(newsErr.Error()).Clean()+"); ask again")
	}
	report.SetComplete()
	return report, nil
}
