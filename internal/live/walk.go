package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// walk reads a set of listings down from their newest row and merges them into one log in order, newest first. It can stop anywhere and go
// on later. The fetcher brings the pages, the merger puts them together, and the walk drives the two for one reader.
//
// Its scope never changes and may be read by all. Everything else belongs to the reader that holds the turn: there is no lock in it.
type walk struct {
	reader *Reader
	scope  scope
	turn   chan struct{} // holds one token: whose turn it is

	asOf  time.Time // Make's now before the first page was asked for
	pages *fetcher
	news  *fetcher // of what was written since, while that is read; else nil
	log   *merger
}

// scope is the part of a log that a walk reads.
type scope struct {
	organization auditlog.ID
	signature    string            // of the plan
	lower        time.Time         // the window's beginning
	to           time.Time         // its end, unless open
	open         bool              // there is no upper date: everything up to asOf
	resumedAfter auditlog.Position // where a resumed walk may begin; zero: it is whole
	oneList      bool              // all listings are slices of one, so that entries have known places
}

func (r *Reader) newWalk(p *plan, q *auditlog.Query, oldest time.Time) *walk {
	now := r.client.Now()
	s := scope{
		organization: q.Organization.ID,
		signature:    p.signature,
		lower:        q.Window.From,
		to:           q.Window.To,
		open:         upperEdge(q.Window.To).After(now),
		oneList:      len(p.endpoints)*len(p.filters) == 1,
	}
	listings := p.listings(s.lower, s.to, oldest, s.open, !r.datesByTriggered.Load())
	start := 0
	if q.Resume != nil {
		s.resumedAfter = q.Resume.After
		if q.Resume.Offset > 0 && len(listings) == 1 {
			start = max(0, q.Resume.Offset-resumeOverlap)
			listings[0].next, listings[0].base = start, start
		}
	}
	w := r.walkOver(s, now, listings)
	w.pages.mayCut, w.log.start = true, start
	return w
}

func (r *Reader) walkOver(s scope, now time.Time, listings []*listing) *walk {
	return &walk{
		reader: r, scope: s, turn: make(chan struct{}, 1), asOf: now,
		pages: r.newFetcher(newInterner(), listings),
		log: &merger{
			scope: s, known: map[string]bool{}, frontier: farFuture(), unreadable: map[string]auditlog.Span{},
			observed: r.observedIn(s.organization), datesByTriggered: &r.datesByTriggered,
		},
	}
}

// resumeOverlap is how far above its hint a resumed walk begins, so that the instant it goes on from is seen whole.
const resumeOverlap = 20

// listings are all that the walk reads now.
func (w *walk) listings() []*listing {
	if w.news == nil {
		return w.pages.listings
	}
	return slices.Concat(w.news.listings, w.pages.listings)
}

// hasRead reports whether at least one page was read.
func (w *walk) hasRead() bool {
	return slices.ContainsFunc(w.pages.listings, func(l *listing) bool { return l.done || !l.reached.IsZero() })
}

// errStalled would be a mistake of this package: rows are wanted and none asked for.
var errStalled = errors.New("internal error: the read cannot go on")

// grace is how long pages under way are waited for when nobody needs them any more: they are paid for, and the next question may.
const grace = 200 * time.Millisecond

// crawl reads a fetcher's pages down to an instant, unless the reader has enough before or there are none left. deliver is called whenever
// more entries may be ready, and ends the crawl by false; wanted is how many pages the reader probably still wants. crawl returns what
// stopped it early; all that is ready was delivered then. What was read stays in the walk.
func (w *walk) crawl(ctx context.Context, f *fetcher, from time.Time, deliver func() bool, wanted func(stride int) int) error {
	callCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.begin()
	most := w.log.taken + w.reader.options.MaxEntries
	enough := false
	var failure error
	for {
		if !enough && failure == nil {
			wantsMore := deliver()
			enough = !wantsMore || w.log.frontier.Before(from)
			switch {
			case enough:
				time.AfterFunc(grace, cancel)
			case w.log.taken >= most:
				failure = fmt.Errorf("the bound of %d entries for one read is met", most)
			default:
				f.ask(callCtx, wanted)
			}
		}
		if f.underWay == 0 {
			break
		}
		result := f.arrival()
		if result.err == nil {
			for page := range f.inTurn(result.listing) {
				f.heed(page.listing, w.log.take(page))
			}
			w.release()
			auditlog.ReportProgress(ctx, auditlog.Progress{Entries: w.log.taken, Estimate: w.log.taken + w.estimate()})
			continue
		}
		goesOn := f.shrinkPages(result)
		if !goesOn && failure == nil && !enough {
			failure = result.err
			cancel()
		}
	}
	if failure != nil {
		enough = !deliver()
	}
	switch {
	case enough:
		return nil
	case failure == nil && slices.ContainsFunc(f.listings, func(l *listing) bool { return !l.done }):
		return errStalled
	}
	return failure
}

// release hands out the entries that no unread row of any listing can precede.
func (w *walk) release() {
	frontier := time.Time{}
	for _, l := range w.listings() {
		frontier = later(frontier, l.bound())
	}
	w.log.release(frontier)
}

func (w *walk) estimate() int {
	total := 0
	for _, l := range w.listings() {
		total += l.estimate()
	}
	return total
}

// report is what holds of everything that was read; what makes it less than complete although all was read goes into its warnings.
func (w *walk) report(p *plan, window auditlog.Window) auditlog.Report {
	var doubts []string
	if slices.ContainsFunc(w.pages.listings, func(l *listing) bool { return l.uncertain }) {
		doubts = append(doubts, "Make returned entries of one instant in changing order, or lost them between pages; some may be missing")
	}
	if slices.ContainsFunc(w.pages.listings, func(l *listing) bool { return l.unordered }) {
		doubts = append(doubts, "Make did not return entries in the order asked for")
	}
	return auditlog.Report{
		Source:     auditlog.SourceLive,
		Endpoint:   p.name,
		Unreadable: w.log.unreadableIn(window),
		Doubtful:   len(doubts) > 0,
		Warnings:   slices.Concat(p.warnings, doubts),
	}
}
