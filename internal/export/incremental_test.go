package export_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

// growingLog is a log that is written on, and an archive of it.
type growingLog struct {
	now     time.Time
	entries []*auditlog.Entry // in the order of writing
	bound   int               // of the entries that one read yields; 0 for none
	partly  bool              // not everything can be read
}

// write adds an entry that was triggered so long ago and shows up so late, and returns its uuid.
func (l *growingLog) write(ago, late time.Duration) string {
	uuid := fmt.Sprint(len(l.entries))
	l.entries = append(l.entries, &auditlog.Entry{UUID: uuid, TriggeredAt: l.now.Add(-ago), CreatedAt: l.now.Add(-late),
		Event: "webhook_created"})
	return uuid
}

func (l *growingLog) Now() time.Time { return l.now }

func (l *growingLog) Read(_ context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	count := 0
	for _, entry := range slices.SortedFunc(slices.Values(l.entries), auditlog.CompareNewestFirst) {
		if q.Resume != nil && !q.Resume.After.IsBefore(entry) {
			continue
		}
		if l.bound > 0 && count == l.bound {
			return auditlog.Report{}, nil
		}
		count++
		if !yield(entry) {
			break
		}
	}
	return auditlog.Report{Exhausted: !l.partly}, nil
}

// Written yields older entries, too, as pages do.
func (l *growingLog) Written(_ context.Context, _ auditlog.Ref, since time.Time,
	yield func(*auditlog.Entry)) (time.Time, auditlog.Report, error) {
	for _, entry := range l.entries {
		if entry.CreatedAt.After(since.Add(-time.Hour)) {
			yield(entry)
		}
	}
	return l.now, auditlog.Report{Exhausted: !l.partly}, nil
}

func (l *growingLog) Since(_ context.Context, from export.ArchivePosition,
	yield func(*auditlog.Entry) error) (export.ArchivePosition, error) {
	if from.Next < 0 || from.Next > int64(len(l.entries)) {
		return from, errors.New("no place in this archive")
	}
	for _, entry := range l.entries[from.Next:] {
		if err := yield(entry); err != nil {
			return from, err
		}
	}
	return export.ArchivePosition{Archive: "a", Next: int64(len(l.entries))}, nil
}

// series exports a log again and again; stored is its checkpoint.
type series struct {
	*export.Incremental
	t      *testing.T
	stored []byte
}

// next returns what an export writes.
func (s *series) next() ([]string, error) {
	s.t.Helper()
	var last *export.Checkpoint
	if s.stored != nil {
		var err error
		last, err = s.Resume(s.stored)
		require.NoError(s.t, err)
	}
	written := []string{}
	next, err := s.Run(s.t.Context(), last, func(entry *auditlog.Entry) error {
		written = append(written, entry.UUID)
		return nil
	})
	if err == nil {
		var marshalErr error
		s.stored, marshalErr = json.Marshal(next)
		require.NoError(s.t, marshalErr)
	}
	return written, err
}

func (s *series) exports(want ...string) {
	s.t.Helper()
	written, err := s.next()
	require.NoError(s.t, err)
	assert.ElementsMatch(s.t, want, written)
}

// fromMake is a series of an empty log, without an archive.
func fromMake(t *testing.T) (*growingLog, *series) {
	l := &growingLog{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	return l, &series{t: t, Incremental: &export.Incremental{Series: export.Series{Organization: "77", Format: export.NDJSON,
		Output: "out"}, Make: l}}
}

// eachSource runs a test of a series without an archive, and of one with it.
func eachSource(t *testing.T, test func(l *growingLog, s *series)) {
	t.Helper()
	l, s := fromMake(t)
	test(l, s)
	l, s = fromMake(t)
	s.Archive = l.Since
	test(l, s)
}

func TestEveryEntryIsExportedOnceHoweverLateItShowsUp(t *testing.T) {
	t.Parallel()
	eachSource(t, func(l *growingLog, s *series) {
		l.bound = 2 // what it cuts short is read on
		s.exports(l.write(0, 0), l.write(time.Hour, 0), l.write(300*24*time.Hour, 0), l.write(time.Minute, time.Minute))
		s.exports()
		for range 5 {
			l.now = l.now.Add(4 * time.Minute)
			s.exports(l.write(0, 0), l.write(24*time.Hour, 0), l.write(9*time.Minute, 9*time.Minute))
		}
		l.now = l.now.Add(72 * time.Hour)
		s.exports(l.write(time.Second, 0))
		s.exports()
	})
}

func TestAFilterAndItsBoundsHoldForEveryExport(t *testing.T) {
	t.Parallel()
	eachSource(t, func(l *growingLog, s *series) {
		s.Query.Events = []auditlog.Event{{Value: "webhook_created"}}
		s.From, s.Until = l.now.Add(-time.Hour), l.now.Add(time.Minute)
		l.write(time.Hour+1, 0)
		first := l.write(time.Hour, 0)
		l.write(0, 0)
		l.entries[2].Event = "webhook_deleted"
		s.exports(first)
		l.now = l.now.Add(time.Minute)
		l.write(0, 0)
		s.exports(l.write(1, 0))
	})
}

// Such as "--period 'last month'", twice in one month and once in the next: what the second export passed over would never come.
func TestAWindowThatPassedOverEntriesMayNotMove(t *testing.T) {
	t.Parallel()
	eachSource(t, func(l *growingLog, s *series) {
		s.From, s.Until = l.now.Add(-48*time.Hour), l.now.Add(-24*time.Hour)
		wanted := l.write(25*time.Hour, 0)
		passedOver := l.write(23*time.Hour, 0)
		s.exports(wanted)
		s.exports()
		s.Until = l.now
		_, err := s.Resume(s.stored)
		require.ErrorContains(t, err, "would never come")
		s.Until = l.now.Add(-24 * time.Hour)
		s.From = s.From.Add(-1)
		_, err = s.Resume(s.stored)
		require.ErrorContains(t, err, "would never come")
		s.stored = nil
		s.Until = l.now.Add(time.Hour)
		s.exports(wanted, passedOver)
		s.From, s.Until = s.From.Add(time.Hour), l.now.Add(2*time.Hour) // as "7d" and "today" move: nothing was passed over
		s.exports()
	})
}

func TestWhatCouldNotAllBeReadIsNotRemembered(t *testing.T) {
	t.Parallel()
	l, s := fromMake(t)
	for range 2 { // the first export, and a later one
		entry := l.write(0, 0)
		l.partly = true
		_, err := s.next()
		require.ErrorContains(t, err, "not all of it could be read, so it is not remembered")
		l.partly = false
		s.exports(entry)
		l.now = l.now.Add(time.Minute)
	}
}

func TestACheckpointIsGoodForItsSeriesOnly(t *testing.T) {
	t.Parallel()
	eachSource(t, func(l *growingLog, s *series) {
		s.exports()
		other := func(change func(*export.Incremental)) *export.Incremental {
			changed := *s.Incremental
			change(&changed)
			return &changed
		}
		for problem, of := range map[string]*export.Incremental{
			"it is about organization 77":  other(func(i *export.Incremental) { i.Series.Organization = "88" }),
			"it is of an export as ndjson": other(func(i *export.Incremental) { i.Series.Format = export.CSV }),
			`it is of an export to "out"`:  other(func(i *export.Incremental) { i.Series.Output = "" }),
			"with an archive and this one is": other(func(i *export.Incremental) {
				if i.Archive == nil {
					i.Archive = l.Since
				} else {
					i.Archive = nil
				}
			}),
		} {
			_, err := of.Resume(s.stored)
			assert.ErrorContains(t, err, problem)
		}
		s.Series.Output = ""
		s.stored = nil
		s.exports()
		_, err := other(func(i *export.Incremental) { i.Series.Output = "out" }).Resume(s.stored)
		assert.ErrorContains(t, err, "it is of an export to standard output")
		for text, problem := range map[string]string{"": "cannot be read", "no state": "cannot be read", "[]": "cannot be read",
			`{"name":"package"}`: "not of an export"} {
			_, err := s.Resume([]byte(text))
			assert.ErrorContains(t, err, problem)
		}
	})
}

// FuzzExportCheckpoints gives any bytes for a stored checkpoint: it is refused, or an export can go on from it and stores one that is good.
func FuzzExportCheckpoints(f *testing.F) {
	for _, seed := range []string{
		`{"organization":"77","format":"ndjson","output":"out","as_of":"2026-11-20T11:00:00Z","recent":["a"],"bytes":3}`,
		`{"organization":"77","format":"ndjson","output":"out","position":{"archive":"x","next":-1}}`,
		`{"organization":"77","format":"ndjson","output":"out","as_of":"9999-12-31T23:59:59Z","until":"0001-01-01T00:00:00Z"}`, "{}", "null", "",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, stored []byte, archived bool) {
		l, s := fromMake(t)
		if archived {
			s.Archive = l.Since
		}
		l.write(time.Minute, 0)
		last, err := s.Resume(stored)
		if err != nil {
			return
		}
		require.Equal(t, s.Series, last.Series)
		next, err := s.Run(t.Context(), last, func(*auditlog.Entry) error { return nil })
		if err != nil {
			return
		}
		kept, err := json.Marshal(next)
		require.NoError(t, err)
		_, err = s.Resume(kept)
		require.NoError(t, err)
	})
}
