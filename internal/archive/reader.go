package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Reader answers from an archive what it covers, from Make what was written since, and all from Make where the archive does not have the
// log, or may not be read. It is a [Source] for questions: auditlog.Reader, Tallier and Directory.
//
// Who may read what is for Make to say, at every question: its answer is believed for as long as the source keeps it, some minutes.
type Reader struct {
	Source

	Archive *Archive
	// Instance names the instance of Make that the source asks.
	Instance string
	// IsOwn means that the source has the key that the archive is filled with: where Make cannot be asked, that key's rights are those of
	// the last sync.
	IsOwn bool
	// IsUnreachable reports failures of reaching Make, as opposed to its answers.
	IsUnreachable func(error) bool
	// KeepRaw has entries carry what Make sent, and their details as far as these are here; the source must do the same.
	KeepRaw bool
	// Keep is how long what was written since is believed to be all; 0 means 5 minutes.
	Keep time.Duration

	mu    sync.Mutex
	tails map[auditlog.ID]*tail
	// down is why Make could not be reached lately, until when that is believed.
	down      error
	downUntil time.Time
}

var (
	_ auditlog.Reader    = (*Reader)(nil)
	_ auditlog.Tallier   = (*Reader)(nil)
	_ auditlog.Directory = (*Reader)(nil)
)

// tail is what was written since a log was filled.
type tail struct {
	base    time.Time // the log's AsOf
	asOf    time.Time
	entries []*auditlog.Entry // newest first
	report  auditlog.Report
	// failure is why Make could not be asked up to the end of the question.
	failure error
}

func (r *Reader) keep() time.Duration {
	if r.Keep > 0 {
		return r.Keep
	}
	return 5 * time.Minute
}

// sourceAccess is what may be read with the source's key.
func (r *Reader) sourceAccess(ctx context.Context, organization auditlog.ID) (*auditlog.Access, error) {
	access, err := ask(ctx, r, func(ctx context.Context) (*auditlog.Access, error) { return r.Source.Access(ctx, organization) })
	if snapshot := r.recalled(ctx, organization, err); snapshot != nil {
		return &snapshot.Access, nil
	}
	return access, err
}

// open finds the log of an organization, as far as it may be read with the source's key: nil if there is none. The caller closes it.
func (r *Reader) open(ctx context.Context, organization auditlog.ID) (*view, error) {
	access, err := r.sourceAccess(ctx, organization)
	if err != nil || !access.Readable() {
		return nil, err
	}
	v, err := r.Archive.view(ctx, LogKey{r.Instance, string(organization)}, access)
	if err == nil && v != nil && !v.state.Scope.has(v.rights) {
		v.close()
		return nil, nil
	}
	return v, err
}

// prepare opens the log for a query, with what was written since if the query reaches that far. It is nil where Make has to answer.
func (r *Reader) prepare(ctx context.Context, q *auditlog.Query) (*view, error) {
	v, err := r.open(ctx, q.Organization.ID)
	if err != nil || v == nil {
		return nil, err
	}
	v.keepRaw = r.KeepRaw
	if !v.rights.Organization {
		_, v.warnings, err = v.access.TeamsFor(q)
	}
	if err == nil && q.Window.To.After(v.state.AsOf) {
		v.tail, err = r.tail(ctx, q, v)
	}
	if err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// tail reads what was written since a log was filled, up to the end of a query. What the log holds already is left out, also where Make
// shows it otherwise now: the next sync takes that in.
func (r *Reader) tail(ctx context.Context, q *auditlog.Query, v *view) (*tail, error) {
	filled := v.state.AsOf
	r.mu.Lock()
	before := r.tails[q.Organization.ID]
	r.mu.Unlock()
	if before == nil || !before.base.Equal(filled) {
		before = &tail{base: filled, asOf: filled}
	}
	if !q.Window.To.After(before.asOf) {
		return before, nil
	}
	next := &tail{base: filled}
	asOf, err := ask(ctx, r, func(ctx context.Context) (asOf time.Time, err error) {
		asOf, next.report, err = r.Source.Written(ctx, q.Organization, before.asOf,
			func(entry *auditlog.Entry) { next.entries = append(next.entries, entry) })
		return asOf, err
	})
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case err != nil:
		// What is here still answers, and the report says what is missing.
		failed := *before
		failed.failure = err
		return &failed, nil
	}
	if next.entries, err = v.lacking(ctx, next.entries); err != nil {
		return nil, err
	}
	next.asOf = asOf
	if !next.report.Exhausted {
		next.asOf = before.asOf // some of it is missing, nobody knows which
	}
	next.join(before)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tails == nil {
		r.tails = map[auditlog.ID]*tail{}
	}
	if r.tails[q.Organization.ID] == nil && len(r.tails) >= tailsKept { // which is read again when it is asked for
		delete(r.tails, oldestOf(r.tails))
	}
	r.tails[q.Organization.ID] = next
	return next, nil
}

// tailsKept bounds the tails that a reader remembers.
const tailsKept = 100

// oldestOf is the organization whose tail was read the longest ago.
func oldestOf(tails map[auditlog.ID]*tail) (oldest auditlog.ID) {
	for organization, t := range tails {
		if last := tails[oldest]; last == nil || t.asOf.Before(last.asOf) {
			oldest = organization
		}
	}
	return oldest
}

// join adds what was read before.
func (t *tail) join(before *tail) {
	known := make(map[string]bool, len(t.entries))
	for _, entry := range t.entries {
		known[entry.Key()] = true
	}
	for _, entry := range before.entries {
		if !known[entry.Key()] {
			t.entries = append(t.entries, entry)
		}
	}
	slices.SortFunc(t.entries, auditlog.CompareNewestFirst)
	t.report.Unreadable = slices.Concat(t.report.Unreadable, before.report.Unreadable)
	t.report.Doubtful = t.report.Doubtful || before.report.Doubtful
}

// Read implements auditlog.Reader.
func (r *Reader) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	v, err := r.prepare(ctx, &q)
	if err != nil {
		return auditlog.Report{}, err
	}
	if v == nil {
		return r.Source.Read(ctx, q, yield)
	}
	defer v.close()
	all, err := v.read(ctx, &q, yield)
	if err != nil {
		return auditlog.Report{}, err
	}
	return v.report(&q, r.Now(), all), nil
}

// Tally implements auditlog.Tallier.
func (r *Reader) Tally(ctx context.Context, q auditlog.Query, by auditlog.TallyBy, yield func(auditlog.Bin)) (auditlog.Report, error) {
	for {
		report, err := r.tally(ctx, &q, by, yield)
		if !errors.Is(err, errReplaced) { // before anything was yielded
			return report, err
		}
	}
}

func (r *Reader) tally(ctx context.Context, q *auditlog.Query, by auditlog.TallyBy, yield func(auditlog.Bin)) (auditlog.Report, error) {
	v, err := r.prepare(ctx, q)
	if err != nil {
		return auditlog.Report{}, err
	}
	if v == nil {
		return r.Source.Read(ctx, *q, func(entry *auditlog.Entry) bool {
			yield(auditlog.BinOf(entry))
			return true
		})
	}
	defer v.close()
	if err := v.tally(ctx, q, by, yield); err != nil {
		return auditlog.Report{}, err
	}
	return v.report(q, r.Now(), true), nil
}

// stale is how long after a sync an answer that rests on it alone says so.
const stale = time.Hour

// report says what an answer rests on.
func (v *view) report(q *auditlog.Query, now time.Time, all bool) auditlog.Report {
	window, state := q.Window, v.state
	report := auditlog.Report{
		Source: auditlog.SourceArchive, Endpoint: "organization", Exhausted: all,
		Coverage: auditlog.Coverage{From: window.From, To: window.To},
		Doubtful: len(state.Doubts) > 0, Warnings: slices.Clone(state.Doubts),
		Unreadable: within(state.Unreadable, window),
	}
	v.coverEnd(&report, now)
	if state.From.IsZero() {
		report.Coverage.TruncateBefore(window.To, "Make returned no entry at all that this key may read, so nothing vouches for this time")
	} else {
		report.Coverage.TruncateBefore(state.From,
			"before the oldest entry that Make had when the archive was begun: it cannot be told whether nothing happened or "+
				"nothing was kept")
	}
	for _, gap := range state.Gaps {
		if gap.From.Before(report.Coverage.To) && gap.To.After(report.Coverage.From) {
			report.Coverage.Gaps = append(report.Coverage.Gaps, gap)
		}
	}
	if !v.rights.Organization {
		report.Endpoint = "teams"
	}
	report.Warnings = append(report.Warnings, v.warnings...)
	if !v.isProven {
		report.Warnings = append(report.Warnings, v.archive.unproven())
	}
	report.SetComplete()
	return report
}

// coverEnd says up to when an answer speaks.
func (v *view) coverEnd(report *auditlog.Report, now time.Time) {
	asOf := v.state.AsOf
	if v.tail == nil {
		if age := now.Sub(asOf); age > stale {
			report.Warnings = append(report.Warnings,
				fmt.Sprintf("from the archive as of its last sync, %s: what Make wrote down since, of this time, is not in it",
					asOf.Format(time.RFC3339)))
		}
		return
	}
	t := v.tail
	report.Source = auditlog.SourceArchiveAndLive
	report.Unreadable = append(report.Unreadable,
		within(t.report.Unreadable, auditlog.Window{From: report.Coverage.From, To: report.Coverage.To})...)
	report.Doubtful = report.Doubtful || t.report.Doubtful
	if t.report.Doubtful {
		report.Warnings = append(report.Warnings, t.report.Warnings...)
	}
	// Some slack, since Make's clock is known to the second only.
	const slack = 2 * time.Minute
	switch {
	case t.failure != nil:
		report.Source = auditlog.SourceArchive
		if !t.asOf.Equal(t.base) {
			report.Source = auditlog.SourceArchiveAndLive
		}
		report.Coverage.TruncateAfter(t.asOf, fmt.Sprintf("not in the archive yet, which was last synced at %s, and Make could not be asked "+
			"(%s); ask again", asOf.Format(time.RFC3339), auditlog.Text(t.failure.Error()).Clean()))
	case t.report.Doubtful && !t.report.Exhausted:
		report.Coverage.TruncateAfter(t.asOf, "not in the archive yet, and Make could not be asked for all of it; ask again")
	default:
		report.Coverage.TruncateAfter(t.asOf.Add(slack), "in the future")
	}
}

func within(spans []auditlog.Span, window auditlog.Window) []auditlog.Span {
	var found []auditlog.Span
	for _, span := range spans {
		if span.From.Before(window.To) && !span.To.Before(window.From) {
			found = append(found, span)
		}
	}
	return found
}

// unproven says that the store counted.
func (a *Archive) unproven() string {
	return fmt.Sprintf("counted by the archive's database, without holding every row against the archive's signature, since the log does not "+
		"fit into %d MB of memory: make-audit-mcp verify proves it, and with a larger --cache-memory so does each answer",
		a.cache.limit/1_000_000)
}
