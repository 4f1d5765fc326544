package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Make cannot be asked for an id, only for the events of a kind. An object whose kind was not named is therefore looked for among the
// newest entries of all kinds.
const (
	// perCall is how many entries Make returns at once.
	perCall = 1_000
	// leastLookedAt shows whether objects of other kinds have the id. It is a little less than what one call brings, as mostLookedAt is
	// less than that of ten, so that it is seen without another where the last second ends.
	leastLookedAt = perCall - perCall/10
	// mostLookedAt is more than many organizations have log. What more is spent is for whoever asks to choose: with a kind, far fewer
	// entries have to be read.
	mostLookedAt = 10*perCall - perCall/10
)

// trace is the entries of one object, as far back as they were read.
type trace struct {
	query   auditlog.Query    // that they answer
	entries []*auditlog.Entry // newest first
	report  auditlog.Report
	// kind is what the object is taken for where that was not asked; entries of other kinds were looked at since othersSince only, if set.
	kind        auditlog.Text
	othersSince time.Time

	catalog  *auditlog.Catalog
	lookedAt int             // entries, of the object or not
	kinds    []auditlog.Text // of the object's
	created  time.Time       // the second in which it was; zero if that was not found
	end      time.Time       // the second that the read was ended with; zero if it went on
}

// KindNeededError says that an object was not found among the newest entries, and that its kind has to be known to look further.
type KindNeededError struct {
	TargetID auditlog.Text
	// LookedAt is how many entries were looked at, back to Since; Calls is about how many calls the rest of them would take.
	LookedAt int
	Since    time.Time
	Calls    int
}

func (e *KindNeededError) Error() string {
	return fmt.Sprintf("target_id %s is not among the newest %d entries, which go back to %s, and to read all older ones would take about "+
		"%d calls of Make's limit: pass kind, such as Webhooks, to read those of one kind back to the object's creation; or from, such as "+
		"90d, to read all kinds since then (all: everything)", e.TargetID.Quote(), e.LookedAt, e.Since.Format(time.RFC3339), e.Calls)
}

// CallersMistake reports that other arguments would help.
func (*KindNeededError) CallersMistake() bool { return true }

// traceWindow reads an object's entries in the whole window.
func (s *Service) traceWindow(ctx context.Context, q auditlog.Query, catalog *auditlog.Catalog) (*trace, error) {
	t := &trace{query: q, catalog: catalog}
	var err error
	t.report, err = s.Reader.Read(ctx, q, func(entry *auditlog.Entry) bool {
		t.add(entry)
		return true
	})
	return t, err
}

// traceToCreation reads an object's entries back to its creation, and narrows the window to the time since.
func (s *Service) traceToCreation(ctx context.Context, q auditlog.Query, catalog *auditlog.Catalog) (*trace, error) {
	access, err := s.Directory.Access(ctx, q.Organization.ID)
	if err != nil {
		return nil, err
	}
	read := s.traceNewest
	switch {
	case access.Archive != nil:
		read = s.traceWindow // it finds an object's entries by themselves
	case len(q.Events) > 0:
		read = s.traceKind
	}
	t, err := read(ctx, q, catalog)
	if err != nil {
		return nil, err
	}
	if len(t.query.Events) > 0 || len(t.kinds) == 1 {
		t.beginAt(t.created)
	}
	return t, nil
}

// traceKind reads the entries of an object of a known kind.
func (s *Service) traceKind(ctx context.Context, q auditlog.Query, catalog *auditlog.Catalog) (*trace, error) {
	return s.traceBack(ctx, q, catalog, 0, func(t *trace) bool { return !t.created.IsZero() })
}

// traceNewest looks for an object among the newest entries, and goes on among those of its kind where they tell that.
func (s *Service) traceNewest(ctx context.Context, q auditlog.Query, catalog *auditlog.Catalog) (*trace, error) {
	t, err := s.traceBack(ctx, q, catalog, leastLookedAt, func(t *trace) bool {
		isTold := len(t.kinds) > 1 || !t.created.IsZero()
		return isTold && t.lookedAt >= leastLookedAt || t.lookedAt >= mostLookedAt
	})
	if err != nil {
		return nil, err
	}
	switch {
	case len(t.kinds) > 1:
		t.beginAt(t.end)
	case !t.created.IsZero():
		t.othersSince = t.readSince()
	case t.end.IsZero(), t.report.Exhausted:
	case len(t.kinds) == 0:
		window := q.Window
		unread := float64(t.lookedAt) * t.end.Sub(window.From).Seconds() / window.To.Sub(t.end).Seconds()
		return nil, &KindNeededError{TargetID: q.TargetID, LookedAt: t.lookedAt, Since: t.end.In(window.Location),
			Calls: int(math.Ceil(unread / perCall))}
	default:
		kind, events, err := s.ResolveKind(ctx, q.Organization.ID, string(t.kinds[0]))
		if err != nil {
			t.beginAt(t.end) // it has no name to ask for, so that what was read has to do
			return t, nil    //nolint:nilerr // see above
		}
		q.Events = events
		whole, err := s.traceKind(ctx, q, catalog)
		if err != nil {
			return nil, err
		}
		whole.kind, whole.othersSince = kind, t.end
		return whole, nil
	}
	return t, nil
}

// traceBack reads an object's entries, newest first, to the end of the second in which isEnough first holds. want is how many entries that
// probably takes; 0: not known.
func (s *Service) traceBack(ctx context.Context, q auditlog.Query, catalog *auditlog.Catalog, want int,
	isEnough func(*trace) bool) (*trace, error) {
	t := &trace{query: q, catalog: catalog}
	every := q
	every.TargetID, every.Want = "", want // else the read could end at the object's own entries only
	var err error
	t.report, err = s.Reader.Read(ctx, every, func(entry *auditlog.Entry) bool {
		if entry.TriggeredAt.Before(t.end) {
			return false
		}
		t.lookedAt++
		if entry.TargetID == q.TargetID {
			t.add(entry)
		}
		if t.end.IsZero() && isEnough(t) {
			t.end = entry.TriggeredAt.Truncate(time.Second)
		}
		return true
	})
	return t, err
}

// add takes in an entry of the object.
func (t *trace) add(entry *auditlog.Entry) {
	t.entries = append(t.entries, entry)
	if kind := t.catalog.Kind(entry.Event); !slices.Contains(t.kinds, kind) {
		t.kinds = append(t.kinds, kind)
	}
	if (auditlog.Event{Value: entry.Event}).Creates(t.query.TargetID) {
		t.created = entry.TriggeredAt.Truncate(time.Second)
	}
}

// readSince returns since when all was read; zero where that is the whole window.
func (t *trace) readSince() time.Time {
	switch {
	case t.report.Exhausted:
		return time.Time{}
	case t.end.IsZero():
		return t.report.Coverage.From
	}
	return t.end
}

// beginAt narrows a trace to the time since an instant; zero leaves it as it is.
func (t *trace) beginAt(at time.Time) {
	if !at.After(t.query.Window.From) {
		return
	}
	t.query.Window.From = at.In(t.query.Window.Location)
	t.report = t.report.Within(t.query.Window)
	for last := len(t.entries) - 1; last >= 0 && t.entries[last].TriggeredAt.Before(at); last-- {
		t.entries = t.entries[:last]
	}
}
