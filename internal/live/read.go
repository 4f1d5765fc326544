package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// Read implements auditlog.Reader. A deadline of ctx bounds the read: what can
// be read by then is delivered, and the report says how far it goes.
func (s *Reader) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	access, err := s.Access(ctx, q.Organization.ID)
	if err != nil {
		return auditlog.Report{}, err
	}
	if !access.Readable() {
		return auditlog.Report{}, &auditlog.AccessError{Organization: q.Organization, Reason: access.Reason}
	}
	p, err := newPlan(&q, access)
	if err != nil {
		return auditlog.Report{}, err
	}
	if _, refused := s.filtersRefused.Load(p.signature); refused {
		p = p.unfiltered()
	}
	report, err := s.readPlan(ctx, p, &q, access, yield)
	if bare := p.unfiltered(); makeapi.IsKind(err, makeapi.KindBadRequest) && bare.signature != p.signature {
		// Make may not know a value, such as someone who left: the filters are
		// applied here all the same.
		s.filtersRefused.Store(p.signature, true)
		return s.readPlan(ctx, bare, &q, access, yield)
	}
	return report, err
}

// readPlan reads what a plan names. An error means that nothing was yielded.
func (s *Reader) readPlan(ctx context.Context, p *plan, q *auditlog.Query, access *auditlog.Access, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	w := s.walks.find(q, access.Oldest, p.signature, p.unfiltered().signature)
	if w == nil {
		w = s.newWalk(p, q, access.Oldest)
		s.walks.add(w)
	}
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return auditlog.Report{}, ctx.Err()
	}
	cut := false
	defer func() { s.walks.settle(w, cut) }()

	// A kept walk lacks what was written since. If that cannot be read now, what
	// is kept still answers, and the report says what is missing.
	newsErr := w.catchUp(ctx, q.Window.To)
	if newsErr != nil && !q.Window.From.Before(w.asOf) {
		return auditlog.Report{}, newsErr
	}
	d := &delivery{walk: w, query: q, yield: yield, isOwn: w.signature == p.signature}
	err := w.crawl(ctx, &reading{
		listings: w.listings, mayCut: true, from: q.Window.From,
		deliver: d.deliver, pages: d.pages, maxTaken: w.taken + s.options.MaxEntries,
	})
	cut = err != nil
	if errors.Is(ctx.Err(), context.Canceled) {
		return auditlog.Report{}, ctx.Err()
	}
	if err != nil && !d.hasCovered() {
		return auditlog.Report{}, err
	}
	doubts := w.doubts()
	report := auditlog.Report{
		Source:     auditlog.SourceLive,
		Endpoint:   p.name,
		Exhausted:  err == nil && newsErr == nil && !d.stopped,
		Unreadable: w.unreadableIn(q.Window),
		Doubtful:   len(doubts) > 0,
		Warnings:   slices.Concat(p.warnings, doubts),
		Coverage:   d.coverage(access, err),
	}
	if newsErr != nil {
		report.Coverage.TruncateAfter(w.asOf, "the newest part could not be read ("+auditlog.Text(newsErr.Error()).Clean()+"); ask again")
	}
	report.SetComplete()
	return report, nil
}

// delivery hands a walk's entries to one reader.
type delivery struct {
	walk  *walk
	query *auditlog.Query
	yield func(*auditlog.Entry) bool
	// isOwn tells that the walk was made for the query's filters, so that its
	// places are those of the query's own listing.
	isOwn bool

	next    int             // place in walk.ready
	last    *auditlog.Entry // the one before it
	count   int             // entries yielded
	stopped bool            // the reader wants no more
}

// deliver yields what is ready; false means that the reader needs no more.
func (d *delivery) deliver() bool {
	ready := d.walk.ready
	if d.next > 0 && (d.next > len(ready) || ready[d.next-1] != d.last) {
		// Something was put in before; find the place again.
		place, found := slices.BinarySearchFunc(ready, d.last, auditlog.CompareNewestFirst)
		d.next = place + boolRank(found)
	}
	for ; d.next < len(ready); d.next++ {
		entry := ready[d.next]
		d.last = entry
		switch {
		case d.stopped || entry.TriggeredAt.Before(d.query.Window.From):
			return false
		case !entry.TriggeredAt.Before(d.query.Window.To):
		case d.query.Resume != nil && !d.query.Resume.After.IsBefore(entry):
		case d.query.MatchesFilters(entry):
			d.count++
			if !d.yield(d.shown(entry)) {
				d.stopped = true
				d.next++
				return false
			}
		}
	}
	return true
}

// shown is the entry as the reader gets it: a place in another query's listing
// would mislead.
func (d *delivery) shown(entry *auditlog.Entry) *auditlog.Entry {
	if d.isOwn || entry.Offset == 0 {
		return entry
	}
	shown := *entry
	shown.Offset = 0
	return &shown
}

// pages tells how many pages the reader probably still wants, from how many rows
// it took so far to find one that it gets.
func (d *delivery) pages(stride int) int {
	parallel := d.walk.session.options.Parallel
	if d.query.Want == 0 || d.count == 0 {
		return parallel
	}
	rows := (d.query.Want - d.count) * d.next / d.count
	return min(parallel, rows/max(1, stride)+1)
}

// hasCovered tells whether any part of what the reader wants was read.
func (d *delivery) hasCovered() bool {
	begin := d.query.Window.To
	if d.query.Resume != nil {
		begin = d.query.Resume.After.TriggeredAt
	}
	return d.count > 0 || d.walk.frontier.Before(begin)
}

// coverage tells which part of the window the delivered entries speak for;
// stop is what stopped the read, nil if it came to its end or was not needed.
func (d *delivery) coverage(access *auditlog.Access, stop error) auditlog.Coverage {
	window := d.query.Window
	now := d.walk.session.Now()
	coverage := auditlog.Coverage{From: window.From, To: window.To}
	// Some slack, since Make's clock is known to the second only.
	coverage.TruncateAfter(now.Add(writeSlack), "in the future")
	if kept := now.AddDate(0, 0, -access.RetentionDays); !kept.Before(window.From.Add(retentionSlack)) {
		coverage.TruncateBefore(kept, fmt.Sprintf("Make keeps %d days of audit log", access.RetentionDays))
	}
	oldest := access.Oldest
	if ready := d.walk.ready; oldest.IsZero() && len(ready) > 0 {
		oldest = ready[len(ready)-1].TriggeredAt // the log was empty when it was asked
	}
	if oldest.IsZero() {
		coverage.TruncateBefore(window.To, "Make returned no entry at all that this key may read, so nothing vouches for this time")
	} else {
		coverage.TruncateBefore(oldest, "before the oldest entry that Make returns: it cannot be told whether nothing happened or nothing was kept")
	}
	if stop != nil {
		// Entries of the frontier's own instant may be unread; the part that
		// is surely read begins with the next millisecond, Make's precision.
		surely := d.walk.frontier.Truncate(time.Millisecond).Add(time.Millisecond)
		coverage.TruncateBefore(surely, "not read: "+auditlog.Text(stopReason(stop)).Clean()+"; ask again to go on from here, or narrow the question")
	}
	return coverage
}

// retentionSlack is how far before what Make keeps a window may begin and still
// count as kept whole: the edge moves on between a question's beginning, laid on
// it, and its end, and what bounds such questions is believed for that long.
const retentionSlack = directoryKeep

func stopReason(stop error) string {
	if errors.Is(stop, context.DeadlineExceeded) {
		return "the time for one call was used up"
	}
	return stop.Error()
}

// catchUp makes sure that a walk holds what was written up to to.
func (w *walk) catchUp(ctx context.Context, to time.Time) error {
	if !w.open || !to.After(w.asOf) {
		return nil
	}
	if !w.hasRead() {
		w.asOf = w.session.Now() // nothing was read yet
		return nil
	}
	return w.topUp(ctx)
}

// doubts are what makes an answer less than complete although all was read.
func (w *walk) doubts() []string {
	var doubts []string
	if slices.ContainsFunc(w.listings, func(l *listing) bool { return l.uncertain }) {
		doubts = append(doubts, "Make returned entries of one instant in changing order, or lost them between pages; some may be missing")
	}
	if slices.ContainsFunc(w.listings, func(l *listing) bool { return l.unordered }) {
		doubts = append(doubts, "Make did not return entries in the order asked for")
	}
	return doubts
}
