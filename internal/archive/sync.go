package archive

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// Details is which entries' details a sync fetches, one call to Make each.
type Details string

// The choices.
const (
	AllDetails     Details = "all"
	NotableDetails Details = "notable"
	NoDetails      Details = "none"
)

// SyncOptions say what to sync, and how.
type SyncOptions struct {
	// Instance names the instance of Make that the source asks.
	Instance     string
	Organization auditlog.Organization
	Details      Details
	// IsNotable tells the events whose details NotableDetails means.
	IsNotable func(event auditlog.Text) bool
	// OnProgress, if set, is told how it goes, from one goroutine at a time.
	OnProgress func(SyncProgress)
}

// SyncProgress is how far a sync is.
type SyncProgress struct {
	// Stage is what it does now, in words.
	Stage string
	// Done and Of measure the stage; Of is 0 if there is no telling.
	Done, Of float64
	// Added counts the entries stored so far.
	Added int
	// Reached is how far back a fill came; zero in other stages.
	Reached time.Time
}

// Summary is what a sync did, and what the log holds after it.
type Summary struct {
	Organization auditlog.Organization
	// Added, Changed and Details count the records that came: new entries, entries that
	// Make shows otherwise than before, and details.
	Added, Changed, Details int
	Span                    auditlog.ArchiveSpan
	Gaps                    []auditlog.Gap
	Unreadable              int
	Doubts                  []string
	Checkpoint              *Checkpoint
	// PublicKey checks the checkpoint.
	PublicKey string
}

const (
	// fillAim is how many entries one reading of a fill should bring, firstSpan how much
	// time the first one is about; maxSpan bounds the others.
	fillAim   = 8_000
	firstSpan = 7 * 24 * time.Hour
	maxSpan   = 200 * 24 * time.Hour
	// overlap is how long before the last sync later ones begin: entries show up some
	// time after they were written.
	overlap = 10 * time.Minute
	// anew is how long after the last sync all is read again, rather than all that was
	// written since in one piece.
	anew = 14 * 24 * time.Hour
	// batchSize is how many entries are stored at once.
	batchSize = 1000
	// edgeSlack is how much earlier than the oldest entry a fill ends.
	edgeSlack = 24 * time.Hour
)

// syncing is one sync of one log.
type syncing struct {
	*writer
	source  Source
	options SyncOptions
	access  *auditlog.Access
	summary *Summary
}

// Sync fills one organization's log up to now: everything that Make keeps at first,
// later what was written since, whenever it was triggered. What it has read is stored
// even if it fails or ctx ends; the next one goes on from there. While another
// process syncs, the error is a [BusyError].
func (a *Archive) Sync(ctx context.Context, source Source, options SyncOptions) (*Summary, error) {
	unlock, err := a.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	access, err := source.Access(ctx, options.Organization.ID)
	if err != nil {
		return nil, err
	}
	if !access.Readable() {
		return nil, &auditlog.AccessError{Organization: options.Organization.Ref, Reason: access.Reason}
	}
	w, err := a.newWriter(ctx, owner{options.Instance, string(options.Organization.ID)})
	if err != nil {
		return nil, err
	}
	if options.OnProgress == nil {
		options.OnProgress = func(SyncProgress) {}
	}
	s := &syncing{writer: w, source: source, options: options, access: access, summary: &Summary{Organization: options.Organization}}
	if err := s.run(ctx); err != nil {
		return s.summary, err
	}
	return s.summary, s.sumUp(ctx)
}

// sumUp tells what the log holds now.
func (s *syncing) sumUp(ctx context.Context) error {
	var first, last sql.NullInt64
	span := auditlog.ArchiveSpan{From: s.state.From, AsOf: s.state.AsOf}
	if err := s.archive.db.QueryRowContext(ctx, "SELECT count(*), min(at), max(at) FROM entries NOT INDEXED WHERE log = ?", s.log).Scan(&span.Entries, &first, &last); err != nil {
		return s.archive.explain("reading it", err)
	}
	if first.Valid {
		span.FirstAt, span.LastAt = fromMicros(first.Int64), fromMicros(last.Int64)
	}
	s.summary.Span, s.summary.Gaps, s.summary.Unreadable, s.summary.Doubts = span, s.state.Gaps, len(s.state.Unreadable), s.state.Doubts
	return nil
}

func (s *syncing) run(ctx context.Context) error {
	now := scopeOf(s.access)
	filled := s.state.Scope
	isNew := s.state.AsOf.IsZero() && s.state.Fill == nil
	if !isNew && !now.has(filled) {
		return &ScopeError{Filled: filled.String(), Now: now.String()}
	}
	isWider := !filled.has(now)
	age := s.source.Now().Sub(s.state.AsOf)
	// Make's clock may have been ahead then: what it wrote down since looks older.
	isLate := !s.state.AsOf.IsZero() && (age > min(anew, s.retention()) || age < -overlap)
	if isNew || isWider || isLate && s.state.Fill == nil {
		if err := s.beginFill(ctx, now); err != nil {
			return err
		}
	}
	if s.state.Fill != nil {
		if err := s.fill(ctx); err != nil {
			return err
		}
	}
	if err := s.readWritten(ctx); err != nil {
		return err
	}
	// Details may take long, and entries can be vouched for without them.
	if err := s.conclude(ctx); err != nil {
		return err
	}
	if err := s.fetchDetails(ctx); err != nil || s.summary.Details == 0 {
		return err
	}
	return s.conclude(ctx)
}

// retention is how long Make keeps the log.
func (s *syncing) retention() time.Duration {
	if s.access.RetentionDays <= 0 {
		return anew
	}
	return time.Duration(s.access.RetentionDays) * 24 * time.Hour
}

// beginFill notes that everything is to be read.
func (s *syncing) beginFill(ctx context.Context, of scope) error {
	now := s.source.Now().Truncate(time.Millisecond) // as finely as Make tells times
	until := now
	if !s.access.Oldest.IsZero() {
		until = s.access.Oldest.Add(-edgeSlack)
	}
	err := s.change(ctx, func(state *logState) {
		state.Name, state.Scope = s.options.Organization.Name, of
		state.Fill = &fill{At: now, Reached: now, Until: until}
		state.Unreadable, state.Doubts = nil, nil // all is read again
	})
	return err
}

// fill reads back from where it is to where Make's log begins, in windows of about
// equal numbers of entries.
func (s *syncing) fill(ctx context.Context) error {
	span := firstSpan
	for f := s.state.Fill; f.Reached.After(f.Until); f = s.state.Fill {
		s.progress("reading back", f.At.Sub(f.Reached).Hours(), f.At.Sub(f.Until).Hours(), f.Reached)
		window := auditlog.Window{From: f.Reached.Add(-span), To: f.Reached, Location: time.UTC}
		if window.From.Before(f.Until) {
			window.From = f.Until
		}
		count, err := s.fillWindow(ctx, window)
		if err != nil {
			return err
		}
		switch {
		case count < fillAim/2:
			span = min(2*span, maxSpan)
		case count > 2*fillAim:
			span = max(span/2, time.Hour)
		}
	}
	err := s.change(ctx, func(state *logState) {
		oldest := s.access.Oldest
		if last := state.AsOf; !state.From.IsZero() && oldest.After(last) {
			// Make has dropped what was written between.
			state.Gaps = append(slices.Clone(state.Gaps), auditlog.Gap{From: last, To: oldest, Reason: "no sync ran before Make dropped it"})
		}
		if !oldest.IsZero() && (state.From.IsZero() || oldest.Before(state.From)) {
			state.From = oldest
		}
		state.AsOf, state.Fill = state.Fill.At, nil
	})
	return err
}

// fillWindow reads one window and stores it.
func (s *syncing) fillWindow(ctx context.Context, window auditlog.Window) (count int, err error) {
	var entries []*auditlog.Entry
	report, err := s.source.Read(ctx, auditlog.Query{Organization: s.options.Organization.Ref, Window: window}, func(entry *auditlog.Entry) bool {
		entries = append(entries, entry)
		return true
	})
	if err != nil {
		return 0, err
	}
	reached := window.From
	if !report.Exhausted {
		if reached = report.Coverage.From; report.Coverage.IsEmpty() || !reached.Before(window.To) {
			return 0, errors.New("nothing more could be read: " + reasonOf(&report))
		}
	}
	if err := s.store(ctx, entries); err != nil {
		return 0, err
	}
	err = s.change(ctx, func(state *logState) {
		next := *state.Fill
		next.Reached = reached
		state.Fill = &next
		state.note(&report)
	})
	return len(entries), err
}

// store stores entries in batches, and packs each while the one before is written.
func (s *syncing) store(ctx context.Context, entries []*auditlog.Entry) error {
	packed := make(chan []leaf)
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(packed)
		for some := range slices.Chunk(entries, batchSize) {
			leaves, err := s.leavesOf(some)
			if err != nil {
				return err
			}
			select {
			case packed <- leaves:
			case <-groupCtx.Done():
				return groupCtx.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		for leaves := range packed {
			stored, err := s.write(groupCtx, leaves)
			if err != nil {
				return err
			}
			s.summary.Added += stored.Added
			s.summary.Changed += stored.Changed
		}
		return nil
	})
	return group.Wait()
}

// maxNoted bounds what a log's state remembers of what could not be read.
const maxNoted = 500

// note remembers what a report says against its entries.
func (l *logState) note(report *auditlog.Report) {
	for _, span := range report.Unreadable {
		if !slices.Contains(l.Unreadable, span) && len(l.Unreadable) < maxNoted {
			l.Unreadable = append(slices.Clone(l.Unreadable), span)
		}
	}
	if !report.Doubtful {
		return
	}
	for _, warning := range report.Warnings {
		if !slices.Contains(l.Doubts, warning) && len(l.Doubts) < maxNoted {
			l.Doubts = append(slices.Clone(l.Doubts), warning)
		}
	}
}

func reasonOf(report *auditlog.Report) string {
	if gaps := report.Coverage.Gaps; len(gaps) > 0 {
		return gaps[len(gaps)-1].Reason
	}
	return "Make gave no reason"
}

// readWritten reads what was written since the last sync.
func (s *syncing) readWritten(ctx context.Context) error {
	s.progress("reading what was written since", 0, 0, time.Time{})
	since, err := s.since(ctx)
	if err != nil {
		return err
	}
	var entries []*auditlog.Entry
	asOf, report, err := s.source.Written(ctx, s.options.Organization.Ref, since, func(entry *auditlog.Entry) { entries = append(entries, entry) })
	if err != nil {
		return err
	}
	if err := s.store(ctx, entries); err != nil {
		return err
	}
	if !report.Exhausted {
		return fmt.Errorf("not all that was written since %s could be read, run sync again: %s", since.Format(time.RFC3339), reasonOf(&report))
	}
	oldest := time.Time{}
	if len(entries) > 0 {
		oldest = entries[len(entries)-1].TriggeredAt
	}
	err = s.change(ctx, func(state *logState) {
		state.AsOf = asOf.Truncate(time.Millisecond)
		if state.From.IsZero() {
			state.From = oldest // the log was empty before
		}
		state.note(&report)
	})
	return err
}

// since is where reading what was written begins: the last sync by Make's clock, or
// the last that Make had written by then, should that clock have been wrong.
func (s *syncing) since(ctx context.Context) (time.Time, error) {
	since := s.state.AsOf
	var last sql.NullInt64
	if err := s.archive.db.QueryRowContext(ctx, "SELECT max(written) FROM entries NOT INDEXED WHERE log = ?", s.log).Scan(&last); err != nil {
		return time.Time{}, s.archive.explain("reading it", err)
	}
	if last.Valid && fromMicros(last.Int64).Before(since) {
		since = fromMicros(last.Int64)
	}
	return since.Add(-overlap), nil
}

const (
	// detailsAtOnce is how many details are asked for side by side, detailsBatch how
	// many are stored at once.
	detailsAtOnce = 4
	detailsBatch  = 40
	// detailsAtATime is how many that lack them are looked up at once.
	detailsAtATime = 20_000
	// noDetails marks an entry whose details Make does not have.
	noDetails = -1
)

// wanted is an entry whose details are missing.
type wanted struct {
	id   int64
	uuid string
}

// fetchDetails fetches the details that are missing, the newest entries' first.
func (s *syncing) fetchDetails(ctx context.Context) error {
	if s.options.Details == NoDetails {
		return nil
	}
	from, err := s.lackingDetails(ctx)
	if err != nil {
		return err
	}
	var total int
	if err := s.archive.db.QueryRowContext(ctx, "SELECT count(*)"+from, s.log).Scan(&total); err != nil {
		return s.archive.explain("reading it", err)
	}
	for done := 0; ; {
		missing, err := s.nextLacking(ctx, from)
		if err != nil || len(missing) == 0 {
			return err
		}
		for part := range slices.Chunk(missing, detailsBatch) {
			s.progress("reading details", float64(done), float64(total), time.Time{})
			if err := s.fetchSome(ctx, part); err != nil {
				return err
			}
			done += len(part)
		}
	}
}

// lackingDetails is the part of a query that chooses the entries whose details are
// wanted and missing: those with a uuid, and an event that is asked for. It does not go
// by the index, which has rows in another order than they lie in the file.
func (s *syncing) lackingDetails(ctx context.Context) (string, error) {
	var events []int32
	err := eachRow(ctx, s.archive.db, "SELECT id, value FROM events WHERE id > ?", 0, func(rows *sql.Rows) error {
		var id int32
		var event string
		err := rows.Scan(&id, &event)
		if s.options.Details == AllDetails || s.options.IsNotable(auditlog.Text(event)) {
			events = append(events, id)
		}
		return err
	})
	return " FROM entries NOT INDEXED WHERE log = ? AND details IS NULL AND event IN " + listOf(events) + " AND (typeof(key) = 'text' OR length(key) = 16)", s.archive.explain("reading it", err)
}

// nextLacking are some of the entries whose details are missing.
func (s *syncing) nextLacking(ctx context.Context, from string) ([]wanted, error) {
	var missing []wanted
	err := eachRow(ctx, s.archive.db, "SELECT id, key"+from+" ORDER BY at DESC LIMIT "+strconv.Itoa(detailsAtATime), s.log, func(rows *sql.Rows) error {
		var one wanted
		var key any
		err := rows.Scan(&one.id, &key)
		one.uuid = uuidOf(key)
		missing = append(missing, one)
		return err
	})
	return missing, s.archive.explain("reading it", err)
}

// fetchSome fetches some details and stores those that came, even if others failed.
func (s *syncing) fetchSome(ctx context.Context, some []wanted) error {
	found := make([]*auditlog.Entry, len(some))
	gone := make([]bool, len(some))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(detailsAtOnce)
	for i, one := range some {
		group.Go(func() error {
			entry, err := s.source.Detail(groupCtx, s.options.Organization.ID, one.uuid)
			var missing *auditlog.NotFoundError
			if errors.As(err, &missing) {
				gone[i] = true
				return nil
			}
			found[i] = entry
			return err
		})
	}
	failure := group.Wait()
	_, err := s.commit(context.WithoutCancel(ctx), nil, func(b *batch) error {
		for i, one := range some {
			switch {
			case gone[i]:
				if err := b.exec("UPDATE entries SET details = ? WHERE id = ?", noDetails, one.id); err != nil {
					return err
				}
			case found[i] != nil:
				if err := b.details(one.id, found[i]); err != nil {
					return err
				}
				s.summary.Details++
			}
		}
		return nil
	})
	return errors.Join(failure, err)
}

// conclude states what the sync vouches for, and signs it.
func (s *syncing) conclude(ctx context.Context) error {
	around, err := s.around(ctx)
	if err != nil {
		return err
	}
	if _, err := s.commit(ctx, func(state *logState) { state.Around = hashAround(around) }, func(b *batch) error {
		return b.exec("UPDATE logs SET known = ? WHERE id = ?", around, b.log)
	}); err != nil {
		return err
	}
	if _, err := s.commit(ctx, nil, func(b *batch) error {
		s.summary.Checkpoint, err = b.sign()
		return err
	}); err != nil {
		return err
	}
	_, s.summary.PublicKey, err = s.archive.signer()
	return err
}

// around is what is known around the log now.
func (s *syncing) around(ctx context.Context) ([]byte, error) {
	account, err := s.source.Account(ctx)
	if err != nil {
		return nil, err
	}
	catalog, err := s.source.Catalog(ctx, s.options.Organization.ID)
	if err != nil {
		return nil, err
	}
	return json.Marshal(known{Account: account, Organization: s.options.Organization, Access: *s.access, Catalog: catalog})
}

func (s *syncing) progress(stage string, done, of float64, reached time.Time) {
	s.options.OnProgress(SyncProgress{Stage: stage, Done: done, Of: of, Added: s.summary.Added, Reached: reached})
}
