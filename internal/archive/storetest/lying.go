package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// Failure is an error as a line, with what to do next.
func Failure(err error) string {
	var refused *archive.StoreError
	if errors.As(err, &refused) {
		return fmt.Sprintln("error:", err, refused.NextStep())
	}
	return fmt.Sprintln("error:", err)
}

// Ask asks all sorts of questions of an archive, and returns the answers as one text, and the entries of the year by themselves: a line
// each. Of some of known, such lines, it asks for the details as well.
func Ask(ctx context.Context, source archive.Source, a *archive.Archive, known []string) (answers string, lines []string) {
	var text strings.Builder
	say := func(what string, err error, values ...any) {
		data, _ := json.Marshal(values)
		_, _ = fmt.Fprintln(&text, what, string(data))
		if err != nil {
			text.WriteString(Failure(err))
		}
	}
	r := &archive.Reader{Source: source, Archive: a, Instance: audittest.Zone, IsOwn: true, IsUnreachable: makeapi.IsUnreachable}
	read := func(what string, q auditlog.Query, raw bool) (lines []string) {
		r.KeepRaw = raw
		report, err := r.Read(ctx, q, func(e *auditlog.Entry) bool {
			lines = append(lines, Line(e)+string(e.Raw)+string(e.Details))
			return q.Want == 0 || len(lines) < q.Want
		})
		say(what, err, lines, report)
		return lines
	}
	lines = read("all", Year(), true)
	page := Year()
	page.Want = 5
	read("page", page, false)
	page.Events = []auditlog.Event{{Value: "key_created"}, {Value: "webhook_created"}, {Value: "scenario_deleted"}}
	read("events", page, false)
	for _, by := range []auditlog.TallyBy{{}, {Actor: true}, {Target: true, Event: true, Clock: auditlog.ByDate}, {Team: true}} {
		bins := map[string]int{}
		report, err := r.Tally(ctx, Year(), by, func(b auditlog.Bin) {
			bins[fmt.Sprint(b.First.UTC(), b.Last.UTC())+Line(&b.Entry)] += b.Count
		})
		say("count", err, bins, report)
	}
	ofTarget := Year()
	ofTarget.TargetID = "9002"
	read("target", ofTarget, false)
	for i := 0; i < len(known); i += 6 {
		uuid, _, _ := strings.Cut(known[i], " ")
		entry, err := r.Detail(ctx, "77", uuid)
		say("detail", err, entry)
	}
	say("people", nil, r.ObservedActors(ctx, "77"), r.ObservedTeams(ctx, "77"), r.ObservedEvents(ctx, "77"))
	named, err := r.NamedTargets(ctx, "77", func(auditlog.Text) bool { return true })
	say("names", err, named)
	is, err := r.IsTarget(ctx, "77", "9001")
	say("target", err, is)
	access, err := r.Access(ctx, "77")
	say("access", err, access)
	status, err := r.ArchiveStatus(ctx)
	say("status", err, status)
	_, err = r.Since(ctx, Acme(), archive.Position{}, func(e *auditlog.Entry) error {
		_, _ = fmt.Fprint(&text, Line(e), string(e.Details))
		return nil
	})
	say("since", err)
	return text.String(), lines
}

// lying is a store in which somebody changed something: what it shows passes through these, each for what they are called by, wherever it
// is shown. What they return false for is gone.
type lying struct {
	archive.Store
	liar
}

type lyingReads struct {
	archive.Reads
	liar
}

type liar struct {
	log        func(*archive.Log) bool
	head       func([]byte) []byte
	directory  func([]byte) []byte
	record     func(*archive.Record) bool
	row        func(*archive.Row) bool
	word       func(*archive.Word) bool
	name       func(*archive.Name) bool
	checkpoint func(*archive.SignedCheckpoint) bool
}

func through[T any](change func(*T) bool, sequence iter.Seq2[*T, error]) iter.Seq2[*T, error] {
	if change == nil {
		return sequence
	}
	return func(yield func(*T, error) bool) {
		for one, err := range sequence {
			if err == nil {
				changed := *one
				if one = &changed; !change(one) {
					continue
				}
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

func (l liar) logs(logs []archive.Log, err error) ([]archive.Log, error) {
	if l.log == nil {
		return logs, err
	}
	var changed []archive.Log
	for i := range logs {
		if l.log(&logs[i]) {
			changed = append(changed, logs[i])
		}
	}
	return changed, err
}

func changed(change func([]byte) []byte, data []byte, err error) ([]byte, error) {
	if change == nil || err != nil {
		return data, err
	}
	return change(data), nil
}

func (l lying) Snapshot(ctx context.Context, read func(archive.Reads) error) error {
	return l.Store.Snapshot(ctx, func(from archive.Reads) error { return read(lyingReads{from, l.liar}) })
}

func (l lying) all() lyingReads { return lyingReads{l.Store, l.liar} }

func (l lying) Logs(ctx context.Context, match archive.LogKey) ([]archive.Log, error) {
	return l.all().Logs(ctx, match)
}

func (l lying) Head(ctx context.Context) ([]byte, error) { return l.all().Head(ctx) }

func (l lying) Directory(ctx context.Context, log int64) ([]byte, error) {
	return l.all().Directory(ctx, log)
}

func (l lying) Records(ctx context.Context, log, from int64, limit int) iter.Seq2[*archive.Record, error] {
	return l.all().Records(ctx, log, from, limit)
}

func (l lying) RecordsAt(ctx context.Context, log int64, numbers []int64) iter.Seq2[*archive.Record, error] {
	return l.all().RecordsAt(ctx, log, numbers)
}

func (l lying) Columns(ctx context.Context, log, from, to int64) iter.Seq2[*archive.Row, error] {
	return l.all().Columns(ctx, log, from, to)
}

func (l lying) RowsAt(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return l.all().RowsAt(ctx, log, ids)
}

func (l lying) RowsOf(ctx context.Context, log int64, keys []archive.Key) iter.Seq2[*archive.Row, error] {
	return l.all().RowsOf(ctx, log, keys)
}

func (l lying) Keys(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return l.all().Keys(ctx, log, ids)
}

func (l lying) Words(ctx context.Context, d archive.Dictionary, after int32) iter.Seq2[*archive.Word, error] {
	return l.all().Words(ctx, d, after)
}

func (l lying) WordsAt(ctx context.Context, d archive.Dictionary, ids []int32) iter.Seq2[*archive.Word, error] {
	return l.all().WordsAt(ctx, d, ids)
}

func (l lying) Names(ctx context.Context, log int64) iter.Seq2[*archive.Name, error] {
	return l.all().Names(ctx, log)
}

func (l lyingReads) Logs(ctx context.Context, match archive.LogKey) ([]archive.Log, error) {
	return l.logs(l.Reads.Logs(ctx, match))
}

func (l lyingReads) Head(ctx context.Context) ([]byte, error) {
	data, err := l.Reads.Head(ctx)
	return changed(l.head, data, err)
}

func (l lyingReads) Directory(ctx context.Context, log int64) ([]byte, error) {
	data, err := l.Reads.Directory(ctx, log)
	return changed(l.directory, data, err)
}

func (l lyingReads) Records(ctx context.Context, log, from int64, limit int) iter.Seq2[*archive.Record, error] {
	return through(l.record, l.Reads.Records(ctx, log, from, limit))
}

func (l lyingReads) RecordsAt(ctx context.Context, log int64, numbers []int64) iter.Seq2[*archive.Record, error] {
	return through(l.record, l.Reads.RecordsAt(ctx, log, numbers))
}

func (l lyingReads) Columns(ctx context.Context, log, from, to int64) iter.Seq2[*archive.Row, error] {
	return through(l.row, l.Reads.Columns(ctx, log, from, to))
}

func (l lyingReads) RowsAt(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return through(l.row, l.Reads.RowsAt(ctx, log, ids))
}

func (l lyingReads) RowsOf(ctx context.Context, log int64, keys []archive.Key) iter.Seq2[*archive.Row, error] {
	return through(l.row, l.Reads.RowsOf(ctx, log, keys))
}

func (l lyingReads) Keys(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return through(l.row, l.Reads.Keys(ctx, log, ids))
}

func (l lyingReads) Links(ctx context.Context) iter.Seq2[*archive.Row, error] {
	return through(l.row, l.Reads.Links(ctx))
}

func (l lyingReads) Words(ctx context.Context, d archive.Dictionary, after int32) iter.Seq2[*archive.Word, error] {
	return through(l.word, l.Reads.Words(ctx, d, after))
}

func (l lyingReads) WordsAt(ctx context.Context, d archive.Dictionary, ids []int32) iter.Seq2[*archive.Word, error] {
	return through(l.word, l.Reads.WordsAt(ctx, d, ids))
}

func (l lyingReads) Names(ctx context.Context, log int64) iter.Seq2[*archive.Name, error] {
	return through(l.name, l.Reads.Names(ctx, log))
}

func (l lyingReads) Checkpoints(ctx context.Context) iter.Seq2[*archive.SignedCheckpoint, error] {
	return through(l.checkpoint, l.Reads.Checkpoints(ctx))
}

// lie is some change.
func lie(random *rand.Rand, records int) (l liar, what string) {
	at, by := int64(random.IntN(records)), int64(random.IntN(7)-3)
	byte1 := func(data []byte) []byte {
		if len(data) > 0 {
			data = append([]byte(nil), data...)
			data[at%int64(len(data))] ^= byte(1 << (by & 7))
		}
		return data
	}
	field := random.IntN(24)
	what = fmt.Sprintf("lie %d about %d by %d", field, at, by)
	row := func(change func(r *archive.Row)) func(*archive.Row) bool {
		return func(r *archive.Row) bool {
			if r.ID == at {
				change(r)
			}
			return true
		}
	}
	word := func(change func(w *archive.Word) bool) func(*archive.Word) bool {
		return func(w *archive.Word) bool {
			return int64(w.ID) != at%5+1 || int64(w.Dictionary) != (by+4)%4 || change(w)
		}
	}
	switch field {
	case 0:
		l.row = func(r *archive.Row) bool { return r.ID != at }
	case 1:
		l.row = row(func(r *archive.Row) { r.ID += by << 20 })
	case 2:
		l.row = row(func(r *archive.Row) { r.At += by })
	case 3:
		l.row = row(func(r *archive.Row) { r.Actor += int32(by) })
	case 4:
		l.row = row(func(r *archive.Row) { r.Team += int32(by) })
	case 5:
		l.row = row(func(r *archive.Row) { r.Target += int32(by) })
	case 6:
		l.row = row(func(r *archive.Row) { r.Event += int32(by) })
	case 7:
		l.row = row(func(r *archive.Row) { r.Record += by })
	case 8:
		l.row = row(func(r *archive.Row) { r.Details += by })
	case 9:
		l.row = row(func(r *archive.Row) { r.Key.UUID += "x" })
	case 10:
		l.record = func(r *archive.Record) bool { return r.Number != at }
	case 11:
		l.record = func(r *archive.Record) bool {
			if r.Number == at {
				r.Packed = byte1(r.Packed)
			}
			return true
		}
	case 12:
		l.record = func(r *archive.Record) bool {
			if r.Number == at {
				r.Hash = byte1(r.Hash)
			}
			return true
		}
	case 13:
		l.record = func(r *archive.Record) bool {
			if r.Number == at {
				r.Kind += archive.Kind(by)
			}
			return true
		}
	case 14:
		l.record = func(r *archive.Record) bool {
			if r.Number == at {
				r.Log += by
			}
			return true
		}
	case 15:
		l.word = word(func(*archive.Word) bool { return false })
	case 16:
		l.word = word(func(w *archive.Word) bool { w.Texts[0] += "x"; return true })
	case 17:
		l.word = word(func(w *archive.Word) bool { w.ID += int32(by); return true })
	case 18:
		l.name = func(n *archive.Name) bool { n.Name += "x"; return by > 0 }
	case 19:
		l.checkpoint = func(c *archive.SignedCheckpoint) bool { c.Note += " "; return by > 0 }
	case 20:
		l.head = byte1
	case 21:
		l.directory = byte1
	case 22:
		l.log = func(g *archive.Log) bool { g.State = byte1(g.State); return true }
	case 23:
		l.log = func(g *archive.Log) bool { g.Number += by; return by >= 0 }
	}
	return l, what
}

// proves has an archive in the store, and the store show something else than was stored: verify names it, or no answer changes.
func (s *suite) proves() {
	u := Start(s, Entries(30), makesim.Quirks{})
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TriggeredAt: Begin().Add(-time.Hour),
		TargetID: "9001", Details: map[string]any{"webhookName": "Invoices in"}})
	options := archive.Options{Decode: live.Decode, KeyFile: filepath.Join(s.TempDir(), "key"), Now: Begin}
	last := u.SyncWith(archive.New(s.store, options), AllDetails())
	kept := archive.VerifyOptions{Checkpoint: []byte(last.Checkpoint.Note), PublicKey: last.PublicKey}
	source := u.Source(audittest.AdminKey)
	_, lines := Ask(s.Context(), source, archive.New(s.store, options), nil)
	require.Len(s, lines, 31)
	want, _ := Ask(s.Context(), source, archive.New(s.store, options), lines)
	require.NotContains(s, want, "error:")
	named, count := 0, logtest.UnderRace(200, 40)
	for range count {
		changes, what := lie(s.random, int(last.Checkpoint.Size))
		a := archive.New(lying{s.store, changes}, options)
		found, err := a.Verify(s.Context(), kept)
		if err != nil || !found.Intact() {
			named++
			continue
		}
		got, _ := Ask(s.Context(), source, a, lines)
		assert.Equal(s, want, got, what)
	}
	assert.Greater(s, named, count/3)
}
