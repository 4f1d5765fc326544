package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	// IsNotable reports the events whose details NotableDetails means.
	IsNotable func(event auditlog.Text) bool
	// OnProgress, if set, is called with how it goes, from one goroutine at a time.
	OnProgress func(SyncProgress)
}

// SyncProgress is how far a sync is.
type SyncProgress struct {
	// Stage is what it does now, in words.
	Stage string
	// Entries counts those that the log holds, Reached is how far back a fill came, and Share which part of its time that is; zero in other
	// stages.
	Entries int
	Reached time.Time
	Share   float64
	// Details counts those that are wanted, whichever sync fetched them; zero in other stages.
	Details DetailCount
}

// Summary is what a sync did, and what the log holds after it.
type Summary struct {
	Organization auditlog.Organization
	// Added, Changed and Details count the records that came: new entries, entries that Make shows otherwise than before, and details.
	Added, Changed, Details int
	// Wanted counts the details that are wanted, whichever sync fetched them; zero if none are.
	Wanted DetailCount
	// What follows is known once there is a checkpoint.
	Span       auditlog.ArchiveSpan
	Gaps       []auditlog.Gap
	Unreadable int
	Doubts     []string
	Checkpoint *Checkpoint
	// PublicKey checks the checkpoint.
	PublicKey string
}

const (
	// fillAim is how many entries one reading of a fill should bring, firstSpan how much time the first one is about; maxSpan bounds the
	// others.
	fillAim   = 8_000
	firstSpan = 7 * 24 * time.Hour
	maxSpan   = 200 * 24 * time.Hour
	// overlap is how long before the last sync later ones begin: entries show up some time after they were written.
	overlap = 10 * time.Minute
	// anew is how long after the last sync all is read again, rather than all that was written since in one piece.
	anew = 14 * 24 * time.Hour
	// batchSize is how many entries are stored at once.
	batchSize = 4000
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
	pulse   *auditlog.Pulse
}

// Sync fills one organization's log up to now: everything that Make keeps at first, later what was written since, whenever it was
// triggered. What it has read is stored even if it fails or ctx ends, and the summary says what that is; the next one goes on from there.
// While another process syncs, the error is a [BusyError].
func (a *Archive) Sync(ctx context.Context, source Source, options SyncOptions) (*Summary, error) {
	unlock, err := a.store.Lock(ctx)
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
	w, err := a.newWriter(ctx, LogKey{options.Instance, string(options.Organization.ID)})
	if err != nil {
		return nil, err
	}
	if options.OnProgress == nil {
		options.OnProgress = func(SyncProgress) {}
	}
	s := &syncing{writer: w, source: source, options: options, access: access, summary: &Summary{Organization: options.Organization}}
	return s.summary, s.run(ctx)
}

// CanFill returns a [BusyError] while another process syncs.
func (a *Archive) CanFill(ctx context.Context) error {
	unlock, err := a.store.Lock(ctx)
	if err == nil {
		unlock()
	}
	return err
}

// FilledUpTo is up to when a log was filled, by Make's clock; the zero time if it never was to its end.
func (a *Archive) FilledUpTo(ctx context.Context, of LogKey) (time.Time, error) {
	log, err := a.findLog(ctx, of)
	if err != nil || log == nil {
		return time.Time{}, err
	}
	return log.state.AsOf, nil
}

// sumUp says what the log holds now, as a reader would see it.
func (s *syncing) sumUp(ctx context.Context) error {
	rows, done, err := s.archive.rowsOf(ctx, s.head, s.log)
	if err != nil {
		return err
	}
	defer done()
	span := spanOf(rows.whole())
	span.From, span.AsOf = s.state.From, s.state.AsOf
	if s.pulse, err = s.archive.pulse(ctx, s.log, s.state, rows); err != nil {
		return err
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
	longest := anew
	if days := s.access.RetentionDays; days > 0 {
		longest = min(anew, time.Duration(days)*24*time.Hour)
	}
	// Make's clock may have been ahead then: what it wrote down since looks older.
	isLate := !s.state.AsOf.IsZero() && (age > longest || age < -overlap)
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
	if err := s.sumUp(ctx); err != nil {
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

// beginFill notes that everything is to be read.
func (s *syncing) beginFill(ctx context.Context, of scope) error {
	now := s.source.Now().Truncate(time.Millisecond) // as finely as Make shows times
	until := now
	if !s.access.Oldest.IsZero() {
		until = s.access.Oldest.Add(-edgeSlack)
	}
	return s.change(ctx, func(state *logState) {
		state.Name, state.Scope = s.options.Organization.Name, of
		state.Fill = &fill{At: now, Reached: now, Until: until}
		state.Unreadable, state.Doubts = nil, nil // all is read again
	})
}

// fill reads back from where it is to where Make's log begins, in windows of about equal numbers of entries.
func (s *syncing) fill(ctx context.Context) error {
	before := s.head.log(s.log).Rows - s.summary.Added
	span := firstSpan
	for f := s.state.Fill; f.Reached.After(f.Until); f = s.state.Fill {
		s.options.OnProgress(SyncProgress{Stage: "reading back", Entries: before + s.summary.Added, Reached: f.Reached,
			Share: f.At.Sub(f.Reached).Hours() / f.At.Sub(f.Until).Hours()})
		window := auditlog.Window{From: f.Reached.Add(-min(span, f.Reached.Sub(f.Until))), To: f.Reached, Location: time.UTC}
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
	return s.change(ctx, func(state *logState) {
		oldest := s.access.Oldest
		if last := state.AsOf; !state.From.IsZero() && oldest.After(last) {
			// Make has dropped what was written between.
			state.Gaps = append(slices.Clone(state.Gaps),
				auditlog.Gap{From: last, To: oldest, Reason: "no sync ran before Make dropped it"})
		}
		if !oldest.IsZero() && (state.From.IsZero() || oldest.Before(state.From)) {
			state.From = oldest
		}
		state.AsOf, state.Fill = state.Fill.At, nil
	})
}

// fillWindow reads one window and stores it.
func (s *syncing) fillWindow(ctx context.Context, window auditlog.Window) (count int, err error) {
	var entries []*auditlog.Entry
	report, err := s.source.Read(ctx, auditlog.Query{Organization: s.options.Organization.Ref, Window: window},
		func(entry *auditlog.Entry) bool {
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
			added, changed, err := s.write(groupCtx, leaves)
			if err != nil {
				return err
			}
			s.summary.Added += added
			s.summary.Changed += changed
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
	s.options.OnProgress(SyncProgress{Stage: "reading what was written since"})
	since := s.since()
	var entries []*auditlog.Entry
	asOf, report, err := s.source.Written(ctx, s.options.Organization.Ref, since,
		func(entry *auditlog.Entry) { entries = append(entries, entry) })
	if err != nil {
		return err
	}
	if err := s.store(ctx, entries); err != nil {
		return err
	}
	if !report.Exhausted {
		return fmt.Errorf("not all that was written since %s could be read, run sync again: %s", since.Format(time.RFC3339),
			reasonOf(&report))
	}
	return s.change(ctx, func(state *logState) {
		state.AsOf = asOf.Truncate(time.Millisecond)
		if state.From.IsZero() && len(entries) > 0 { // the log was empty before
			state.From = entries[len(entries)-1].TriggeredAt
		}
		state.note(&report)
	})
}

// since is where reading what was written begins: the last sync by Make's clock, or the last that Make had written by then, should that
// clock have been wrong.
func (s *syncing) since() time.Time {
	since := s.state.AsOf
	if last := s.head.log(s.log).Written; last != 0 && fromMicros(last).Before(since) {
		since = fromMicros(last)
	}
	return since.Add(-overlap)
}

const (
	// detailsAtOnce is how many details are asked for side by side, detailsBatch how many are stored at once.
	detailsAtOnce = 4
	detailsBatch  = 40
	// detailsAtATime is how many that lack them are looked up at once.
	detailsAtATime = 20_000
)

// fetchDetails fetches the details that are missing, the newest entries' first.
func (s *syncing) fetchDetails(ctx context.Context) error {
	if s.options.Details == NoDetails {
		return nil
	}
	events, err := s.detailedEvents(ctx)
	if err != nil {
		return err
	}
	for {
		count, missing, err := s.archive.store.Undetailed(ctx, s.log, events, detailsAtATime)
		if err != nil {
			return err
		}
		if s.summary.Wanted = count; len(missing) == 0 {
			return nil
		}
		for part := range slices.Chunk(missing, detailsBatch) {
			s.options.OnProgress(SyncProgress{Stage: "reading details", Details: s.summary.Wanted})
			if err := s.fetchSome(ctx, part); err != nil {
				return err
			}
		}
	}
}

// detailedEvents are the ids of the events whose entries' details are wanted.
func (s *syncing) detailedEvents(ctx context.Context) ([]int32, error) {
	var events []int32
	for event, err := range s.archive.store.Words(ctx, Events, 0) {
		if err != nil {
			return nil, err
		}
		if s.options.Details == AllDetails || s.options.IsNotable(auditlog.Text(event.Texts[0])) {
			events = append(events, event.ID)
		}
	}
	return events, nil
}

// fetchSome fetches some details and stores those that came, even if others failed.
func (s *syncing) fetchSome(ctx context.Context, some []Row) error {
	fetched := make([]*auditlog.Entry, len(some))
	known := make([]bool, len(some)) // what Make says of it
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(detailsAtOnce)
	for i, row := range some {
		group.Go(func() error {
			entry, err := s.source.Detail(groupCtx, s.options.Organization.ID, row.Key.UUID)
			var gone *auditlog.NotFoundError
			if errors.As(err, &gone) {
				entry, err = nil, nil
			}
			fetched[i], known[i] = entry, err == nil
			return err
		})
	}
	failure := group.Wait()
	var rows []Row
	var found []*auditlog.Entry
	gone := 0
	for i, row := range some {
		if !known[i] {
			continue
		}
		rows, found = append(rows, row), append(found, fetched[i])
		if fetched[i] == nil {
			gone++
		}
	}
	ctx = context.WithoutCancel(ctx) // what came is stored even where the caller has gone
	b := s.begin()
	err := b.details(ctx, rows, found)
	if err == nil {
		err = b.commit(ctx)
	}
	if err == nil {
		s.summary.Details += len(rows) - gone
		s.summary.Wanted.Gone += gone
		s.summary.Wanted.Left -= len(rows)
	}
	return errors.Join(failure, err)
}

// conclude states what the sync vouches for, and has a checkpoint of it kept.
func (s *syncing) conclude(ctx context.Context) error {
	account, err := s.source.Account(ctx)
	if err != nil {
		return err
	}
	catalog, err := s.source.Catalog(ctx, s.options.Organization.ID)
	if err != nil {
		return err
	}
	snapshot, err := json.Marshal(directorySnapshot{
		Account: account, Organization: s.options.Organization, Access: *s.access, Catalog: catalog,
	})
	if err != nil {
		return err
	}
	statement := s.begin()
	statement.next.Directory, statement.Directory = hashDirectory(snapshot), snapshot
	statement.next.Pulse = s.pulse
	statement.isCheckpoint = true
	if err := statement.commit(ctx); err != nil {
		return err
	}
	s.summary.Checkpoint, s.summary.PublicKey = s.head.checkpoint, s.public
	return nil
}
