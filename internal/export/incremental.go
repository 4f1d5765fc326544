package export

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Series is what exports that go on from each other have in common. A checkpoint is good for its own series only.
type Series struct {
	Organization auditlog.ID `json:"organization"`
	Format       Format      `json:"format"`
	// Output is the file that is continued; empty for standard output.
	Output string `json:"output,omitempty"`
	// Question is what was asked for besides, in the caller's words, such as "team: Sales"; none for everything.
	Question []string `json:"question,omitempty"`
}

// Checkpoint is how far a series came: what its next export goes on from. It is stored as JSON.
type Checkpoint struct {
	Series
	// Position is how far the archive was read; nil for an export from Make.
	Position *ArchivePosition `json:"position,omitempty"`
	// AsOf is, for an export from Make, the instant up to which it was read, and Recent the keys of the entries that were written shortly
	// before: the next export reads them again.
	AsOf   time.Time `json:"as_of,omitzero"`
	Recent []string  `json:"recent,omitempty"`
	// From and Until bounded what was exported. Until is kept only if it had passed: what was triggered later was passed over.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Bytes is how long the output was.
	Bytes int64 `json:"bytes,omitempty"`
}

// ArchivePosition is a place in the order in which an archive stored things. It means nothing in another archive.
type ArchivePosition struct {
	Archive string `json:"archive"`
	Next    int64  `json:"next"`
}

// checkFor refuses a checkpoint of another series. That of another output is refused too: else that file would be cut to the length of this
// one; and that of another question, which says nothing of entries that only this one asks for.
func (s *Series) checkFor(other *Series) error {
	switch {
	case s.Organization != other.Organization:
		return errors.New("it is about organization " + auditlog.Text(s.Organization).Clean())
	case s.Format != other.Format:
		return errors.New("it is of an export as " + auditlog.Text(s.Format).Clean())
	case !slices.Equal(s.Question, other.Question):
		return errors.New("it is of an export of " + s.asked() + ", and not of " + other.asked())
	case s.Output == other.Output:
		return nil
	case s.Output == "":
		return errors.New("it is of an export to standard output")
	}
	return errors.New("it is of an export to " + auditlog.Text(s.Output).Quote())
}

// asked says what the series is about.
func (s *Series) asked() string {
	if len(s.Question) == 0 {
		return "everything"
	}
	return auditlog.Text(strings.Join(s.Question, "; ")).Quote()
}

// Make is the log itself, which knows when entries were written, but shows them some time later.
type Make interface {
	auditlog.Reader
	// Now is Make's clock.
	Now() time.Time
	// Written calls yield with every entry that was written since an instant, and with some that were written before. It returns the
	// instant up to which it read.
	Written(ctx context.Context, organization auditlog.Ref, since time.Time, yield func(*auditlog.Entry)) (
		asOf time.Time, report auditlog.Report, err error)
}

// Incremental exports what became known since the last export of its series: late entries too, and each only once.
type Incremental struct {
	Series Series
	// Query says whose entries are exported, and which. Its window bounds only the first export from Make.
	Query auditlog.Query
	// From and Until bound when the entries of all exports of the series were triggered; zero is no bound.
	From, Until time.Time
	// Archive reads a durable copy of the log, which knows in which order entries became known to it; nil where entries come from Make. It
	// calls yield with every entry that was stored since a position, in the order of storing, and returns the position behind the last one.
	// The zero position is the beginning.
	Archive func(ctx context.Context, from ArchivePosition, yield func(*auditlog.Entry) error) (ArchivePosition, error)
	Make    Make
}

// Resume reads the checkpoint that the last export of the series left. One of another series is an error.
func (i *Incremental) Resume(stored []byte) (*Checkpoint, error) {
	last := &Checkpoint{}
	err := json.Unmarshal(stored, last)
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read: " + err.Error())
	case last.Position == nil && last.AsOf.IsZero():
		return nil, errors.New("it is not of an export")
	}
	if err := last.checkFor(&i.Series); err != nil {
		return nil, err
	}
	if i.From.Before(last.From) || !last.Until.IsZero() && !last.Until.Equal(i.Until) {
		return nil, errors.New("its window was another one, and what that passed over would never come: give a window that does not move " +
			"with the time, or none")
	}
	if (last.Position != nil) != (i.Archive != nil) {
		return nil, errors.New("the last export was with an archive and this one is not, or the other way round")
	}
	return last, nil
}

// Run writes what became known since the last checkpoint, nil for everything, and returns the next one. That may be stored once all that
// was written is safe; after an error, what was written must be forgotten: the next export writes it anew.
func (i *Incremental) Run(ctx context.Context, last *Checkpoint, write func(*auditlog.Entry) error) (*Checkpoint, error) {
	next := &Checkpoint{Series: i.Series, From: i.From}
	if i.Until.Before(i.Make.Now()) {
		next.Until = i.Until
	}
	wanted := func(entry *auditlog.Entry) error {
		if !i.wants(entry) {
			return nil
		}
		return write(entry)
	}
	if i.Archive == nil {
		return next, i.fromMake(ctx, last, next, wanted)
	}
	var from ArchivePosition
	if last != nil {
		from = *last.Position
	}
	position, err := i.Archive(ctx, from, wanted)
	next.Position = &position
	return next, err
}

func (i *Incremental) wants(entry *auditlog.Entry) bool {
	at := entry.TriggeredAt
	return (i.Until.IsZero() || at.Before(i.Until)) && !at.Before(i.From) && i.Query.MatchesFilters(entry)
}

// Overlap is how long before the last export from Make the next one reads it again: entries show up some time after they were written. What
// shows up later than that is missed; an archive, which knows in which order entries came, misses none.
const Overlap = 10 * time.Minute

// fromMake writes what was written down since the last export.
func (i *Incremental) fromMake(ctx context.Context, last, next *Checkpoint, write func(*auditlog.Entry) error) error {
	news := newsSince(last)
	take := func(entry *auditlog.Entry) error {
		isNew := news.add(entry)
		if !isNew {
			return nil
		}
		return write(entry)
	}
	var report auditlog.Report
	var err error
	if last == nil {
		next.AsOf = i.Make.Now()
		report, err = ReadAll(ctx, i.Make, auditlog.Query{Organization: i.Query.Organization, Window: i.Query.Window}, take)
	} else {
		var failure error
		next.AsOf, report, err = i.Make.Written(ctx, i.Query.Organization, news.since, func(entry *auditlog.Entry) {
			if failure == nil {
				failure = take(entry)
			}
		})
		err = errors.Join(err, failure)
	}
	switch {
	case err != nil:
		return err
	case !report.Exhausted:
		return errors.New("not all of it could be read, so it is not remembered; run it again")
	}
	next.Recent = news.recent(next.AsOf)
	return nil
}

// news is what Make shows that no export has had yet.
type news struct {
	since    time.Time            // whatever was written before, an export had
	exported map[string]bool      // keys of what the last export had from then on
	written  map[string]time.Time // when what this export saw was written, by key
}

func newsSince(last *Checkpoint) *news {
	n := &news{exported: map[string]bool{}, written: map[string]time.Time{}}
	if last != nil {
		n.since = last.AsOf.Add(-Overlap)
		for _, key := range last.Recent {
			n.exported[key] = true
		}
	}
	return n
}

// add takes note of an entry and returns whether it is new. Pages bring older ones as well, which the last export need not have read.
func (n *news) add(entry *auditlog.Entry) bool {
	written := entry.CreatedAt
	if written.IsZero() {
		written = entry.TriggeredAt
	}
	n.written[entry.Key()] = written
	return !written.Before(n.since) && !n.exported[entry.Key()]
}

// recent are the keys of what the next export may see again: as far back as it may reach, and some more for its slack.
func (n *news) recent(asOf time.Time) []string {
	maps.DeleteFunc(n.written, func(_ string, written time.Time) bool { return written.Before(asOf.Add(-2 * Overlap)) })
	return slices.Sorted(maps.Keys(n.written))
}

// ReadAll writes every entry that answers a query, newest first. What a bound cuts short is read on, until nothing more comes. It returns
// the report of the last read: unless that is Exhausted, entries are missing.
func ReadAll(ctx context.Context, from auditlog.Reader, q auditlog.Query, write func(*auditlog.Entry) error) (auditlog.Report, error) {
	for {
		var failure error
		more := false
		report, err := from.Read(ctx, q, func(entry *auditlog.Entry) bool {
			failure = write(entry)
			if failure != nil {
				return false
			}
			more = true
			q.Resume = &auditlog.Resume{After: auditlog.Position{TriggeredAt: entry.TriggeredAt, UUID: entry.UUID}}
			return true
		})
		if err != nil || failure != nil || report.Exhausted || !more {
			return report, errors.Join(err, failure)
		}
	}
}
