package archive

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// columns is a log in memory: what filters and counts look at. Grouping a million rows takes pure-Go SQLite half a second, and these a few
// milliseconds. They are read only; a refresh makes new ones.
type columns struct {
	rows []counted // in listing order
	// upTo is the first leaf that is not looked at yet, rewritten the log's count.
	upTo, rewritten int64
	words           words
	// targets is more than any id of a target; there are no more than records.
	targets int
	used    usedWords
}

// usedWords are the ids of the dictionaries that rows have: those may hold other logs' words.
type usedWords struct{ actors, teams, events []bool }

// counted is what is counted of an entry, in 32 bytes.
type counted struct {
	at                             int64
	id, actor, team, target, event int32 // actor, team and target may be 0, for none
}

// words are what the dictionaries' ids stand for; id 0 is none. They only grow: what is appended for later columns does not change those of
// earlier ones.
type words struct {
	events []auditlog.Text
	actors []*auditlog.Actor
	refs   []*auditlog.Ref
}

func (w words) event(id int32) auditlog.Text   { return wordOf(w.events, id) }
func (w words) actor(id int32) *auditlog.Actor { return wordOf(w.actors, id) }
func (w words) ref(id int32) *auditlog.Ref     { return wordOf(w.refs, id) }

func wordOf[T any](from []T, id int32) (word T) {
	if id > 0 && int(id) < len(from) {
		word = from[id]
	}
	return word
}

// load returns a log's columns, as of the log or later.
func (a *Archive) load(ctx context.Context, log *Log) (*columns, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held := a.columns[log.Number]
	switch {
	case log.Next > math.MaxInt32:
		return nil, a.refused(nil, "it has an entry of number %d, which cannot be", log.Next-1)
	case held != nil && held.rewritten >= log.Rewritten && held.upTo >= log.Next:
		return held, nil
	case held == nil || held.rewritten < log.Rewritten:
		held = &columns{rewritten: log.Rewritten}
		delete(a.columns, log.Number) // two at once are too much
	}
	merged, err := a.refresh(ctx, log.Number, held, log.Next)
	if err != nil {
		return nil, err
	}
	a.columns[log.Number] = merged
	return merged, nil
}

// refresh is what is held, with the rows up to an id.
func (a *Archive) refresh(ctx context.Context, log int64, held *columns, to int64) (*columns, error) {
	fresh, err := a.readColumns(ctx, log, held.upTo, to)
	if err != nil {
		return nil, err
	}
	merged := *held
	merged.upTo = to
	if len(fresh) == 0 && len(held.rows) > 0 { // what is new is of another log
		return &merged, nil
	}
	slices.SortFunc(fresh, newestFirst)
	merged.rows = merge(held.rows, fresh)
	if err := a.orderInstants(ctx, log, merged.rows, held.upTo); err != nil {
		return nil, err
	}
	if merged.words, err = a.readWords(ctx, log, held.words); err != nil {
		return nil, err
	}
	last, err := a.store.LastWord(ctx, log, Targets)
	if err != nil {
		return nil, err
	}
	merged.targets = int(last) + 1
	if !merged.fit() {
		return nil, a.refused(nil, "an entry refers to what is not in it")
	}
	merged.used = merged.usedBy(func(*counted) bool { return true })
	if len(fresh) > partSize {
		runtime.GC() // what is left of reading is as much as what was read
	}
	return &merged, nil
}

// usedBy are the ids that the rows have that are picked.
func (c *columns) usedBy(isPicked func(*counted) bool) usedWords {
	used := usedWords{make([]bool, len(c.words.actors)), make([]bool, len(c.words.refs)), make([]bool, len(c.words.events))}
	for i := range c.rows {
		if row := &c.rows[i]; isPicked(row) {
			used.actors[row.actor], used.teams[row.team], used.events[row.event] = true, true, true
		}
	}
	return used
}

// fit reports whether the ids are such as the dictionaries have.
func (c *columns) fit() bool {
	isIn := func(id int32, size int) bool { return id >= 0 && int(id) < size }
	return !slices.ContainsFunc(c.rows, func(row counted) bool {
		return !isIn(row.actor, len(c.words.actors)) || !isIn(row.team, len(c.words.refs)) || !isIn(row.event, len(c.words.events)) ||
			!isIn(row.target, c.targets)
	})
}

const (
	// partSize is how many ids are read at a time, readersAtOnce how many of such parts side by side: a store may take a processor for
	// each.
	partSize      = 1 << 16
	readersAtOnce = 2
)

// readColumns reads the rows with ids in [from, to), in any order.
func (a *Archive) readColumns(ctx context.Context, log, from, to int64) ([]counted, error) {
	count, err := a.store.CountRows(ctx, log, from, to)
	if err != nil {
		return nil, err
	}
	read := make([]counted, 0, count)
	var parts [readersAtOnce][]counted // of which the memory is used again
	for from < to {
		group, groupCtx := errgroup.WithContext(ctx)
		for i := range parts {
			begin, end := from, min(from+partSize, to)
			group.Go(func() (err error) {
				parts[i], err = a.readPart(groupCtx, log, begin, end, parts[i][:0])
				return err
			})
			from = end
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for _, part := range parts {
			read = append(read, part...)
		}
	}
	return read, nil
}

func (a *Archive) readPart(ctx context.Context, log, from, to int64, read []counted) ([]counted, error) {
	read = slices.Grow(read, int(to-from))
	for row, err := range a.store.Columns(ctx, log, from, to) {
		if err != nil {
			return nil, err
		}
		read = append(read, counted{at: row.At, id: int32(row.ID), //nolint:gosec // below to, which fits
			actor: row.Actor, team: row.Team, target: row.Target, event: row.Event})
	}
	return read, nil
}

func newestFirst(a, b counted) int { return cmp.Compare(b.at, a.at) }

// merge is two lists, each newest first, as one. A second copy of all that a log has would be too much, so that the fresh ones are used up.
func merge(held, fresh []counted) []counted {
	if len(held) == 0 {
		return fresh
	}
	merged := make([]counted, 0, len(held)+len(fresh))
	for _, row := range fresh {
		older, _ := slices.BinarySearchFunc(held, row, func(other, row counted) int { return cmp.Or(newestFirst(other, row), -1) })
		merged = append(append(merged, held[:older]...), row)
		held = held[older:]
	}
	return append(merged, held...)
}

// orderInstants orders the rows of one instant by uuid. The uuids are read for those only; rows that were held before, whose ids are below
// fresh, have their order.
func (a *Archive) orderInstants(ctx context.Context, log int64, rows []counted, fresh int64) error {
	const enough = 500 // are worth a query
	var runs [][]counted
	var ids []int32
	for begin := 0; begin < len(rows); {
		end := begin + 1
		for end < len(rows) && rows[end].at == rows[begin].at {
			end++
		}
		run := rows[begin:end]
		begin = end
		if len(run) > 1 && slices.ContainsFunc(run, func(row counted) bool { return int64(row.id) >= fresh }) {
			runs = append(runs, run)
			for _, row := range run {
				ids = append(ids, row.id)
			}
		}
		if len(ids) == 0 || len(ids) < enough && end < len(rows) {
			continue
		}
		uuids, err := a.uuids(ctx, log, ids)
		if err != nil {
			return err
		}
		for _, run := range runs {
			slices.SortFunc(run, func(a, b counted) int { return cmp.Compare(uuids[a.id], uuids[b.id]) })
		}
		runs, ids = runs[:0], ids[:0]
	}
	return nil
}

func (a *Archive) uuids(ctx context.Context, log int64, ids []int32) (map[int32]string, error) {
	uuids := make(map[int32]string, len(ids))
	for some := range slices.Chunk(ids, partSize) {
		for row, err := range a.store.Keys(ctx, log, some) {
			if err != nil {
				return nil, err
			}
			uuids[int32(row.ID)] = row.Key.UUID //nolint:gosec // one of ids
		}
	}
	return uuids, nil
}

// readWords are those that are known, and what the dictionaries have beyond.
func (a *Archive) readWords(ctx context.Context, log int64, known words) (words, error) {
	if known.events == nil {
		known = words{events: make([]auditlog.Text, 1), actors: make([]*auditlog.Actor, 1), refs: make([]*auditlog.Ref, 1)}
	}
	var err error
	known.events, err = readDictionary(ctx, a, log, Events, known.events, func(t Texts) auditlog.Text { return auditlog.Text(t[0]) })
	if err != nil {
		return words{}, err
	}
	known.actors, err = readDictionary(ctx, a, log, Actors, known.actors, func(t Texts) *auditlog.Actor {
		return &auditlog.Actor{ID: auditlog.ID(t[0]), Name: auditlog.Text(t[1]), Email: auditlog.Text(t[2])}
	})
	if err != nil {
		return words{}, err
	}
	known.refs, err = readDictionary(ctx, a, log, Refs, known.refs, func(t Texts) *auditlog.Ref {
		return &auditlog.Ref{ID: auditlog.ID(t[0]), Name: auditlog.Text(t[1])}
	})
	return known, err
}

// readDictionary appends what a dictionary has beyond known, by ids, which are 1, 2, 3, …: no word is ever taken away.
func readDictionary[T any](ctx context.Context, a *Archive, log int64, d Dictionary, known []T, of func(Texts) T) ([]T, error) {
	for word, err := range a.store.Words(ctx, log, d, int32(len(known)-1)) { //nolint:gosec // they have ids
		switch {
		case err != nil:
			return nil, err
		case int(word.ID) != len(known):
			return nil, a.refused(nil, "row %d of a dictionary is missing", len(known))
		}
		known = append(known, of(word.Texts))
	}
	return known, nil
}

// window is the rows [begin, end) that were triggered in [from, to).
func (c *columns) window(from, to time.Time) (begin, end int) {
	reached := func(bound time.Time) int {
		at, _ := slices.BinarySearchFunc(c.rows, bound, func(row counted, bound time.Time) int {
			if fromMicros(row.at).Before(bound) {
				return 1
			}
			return -1
		})
		return at
	}
	return reached(to), reached(from)
}
