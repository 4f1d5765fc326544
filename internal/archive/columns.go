package archive

import (
	"cmp"
	"context"
	"errors"
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
	// targets is the dictionary of targets as it was signed.
	targets chain
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
	events wordList[auditlog.Text]
	actors wordList[*auditlog.Actor]
	refs   wordList[*auditlog.Ref]
}

// wordList is one of them by id, with the sum of its texts.
type wordList[T any] struct {
	words []T
	chain chain
}

func (w words) event(id int32) auditlog.Text   { return wordOf(w.events.words, id) }
func (w words) actor(id int32) *auditlog.Actor { return wordOf(w.actors.words, id) }
func (w words) ref(id int32) *auditlog.Ref     { return wordOf(w.refs.words, id) }

func wordOf[T any](from []T, id int32) (word T) {
	if id > 0 && int(id) < len(from) {
		word = from[id]
	}
	return word
}

// load returns a log's columns, as of a head or later. Those that are not as the head signs them are refused.
func (a *Archive) load(ctx context.Context, h *head, log int64) (*columns, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held, to, signed := a.columns[log], h.Tree.Size, h.log(log)
	switch {
	case to > math.MaxInt32:
		return nil, a.refused(nil, "it has %d records, more than there can be", to)
	case held != nil && held.rewritten >= signed.Rewritten && held.upTo >= to:
		return held, nil
	case held == nil || held.rewritten < signed.Rewritten:
		held = &columns{rewritten: signed.Rewritten}
		delete(a.columns, log) // two at once are too much
	}
	merged, err := a.refresh(ctx, h, log, held)
	if _, isRefused := errors.AsType[*StoreError](err); isRefused && held.upTo > 0 { // it may be of a copy that is no longer there
		delete(a.columns, log)
		merged, err = a.refresh(ctx, h, log, &columns{rewritten: signed.Rewritten})
	}
	if err != nil {
		return nil, err
	}
	a.columns[log] = merged
	return merged, nil
}

// refresh is what is held, with the rows up to those of a head.
func (a *Archive) refresh(ctx context.Context, h *head, log int64, held *columns) (*columns, error) {
	merged, signed := *held, h.log(log)
	merged.upTo = h.Tree.Size
	if len(held.rows) == signed.Rows && held.upTo > 0 { // what is new is of another log
		return &merged, nil
	}
	fresh, err := a.readColumns(ctx, h, log, held)
	if err != nil {
		return nil, err
	}
	if len(held.rows)+len(fresh) != signed.Rows {
		return nil, a.refused(nil, "it has %d entries, and %d were signed", len(held.rows)+len(fresh), signed.Rows)
	}
	slices.SortFunc(fresh, newestFirst)
	merged.rows = merge(held.rows, fresh)
	if err := a.orderInstants(ctx, log, merged.rows, held.upTo); err != nil {
		return nil, err
	}
	if merged.words, err = a.readWords(ctx, a.store, h, held.words); err != nil {
		return nil, err
	}
	merged.targets = h.Words[Targets]
	if !merged.fit() {
		return nil, a.refused(nil, "an entry refers to what is not in it")
	}
	merged.used = merged.usedBy(func(*counted) bool { return true })
	if len(fresh) > chunkSize {
		runtime.GC() // what is left of reading is as much as what was read
	}
	return &merged, nil
}

// usedBy are the ids that the rows have that are picked.
func (c *columns) usedBy(isPicked func(*counted) bool) usedWords {
	used := usedWords{make([]bool, len(c.words.actors.words)), make([]bool, len(c.words.refs.words)),
		make([]bool, len(c.words.events.words))}
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
		return !isIn(row.actor, len(c.words.actors.words)) || !isIn(row.team, len(c.words.refs.words)) ||
			!isIn(row.event, len(c.words.events.words)) || !isIn(row.target, c.targets.Count+1)
	})
}

// readersAtOnce is how many chunks are read side by side: a store may take a processor for each.
const readersAtOnce = 2

// readColumns reads the rows that are not held yet, up to those of a head, by id, and holds them against it chunk by chunk.
func (a *Archive) readColumns(ctx context.Context, h *head, log int64, held *columns) ([]counted, error) {
	signed := h.log(log)
	read := make([]counted, 0, max(0, min(signed.Rows, int(h.Tree.Size))-len(held.rows)))
	var parts [readersAtOnce][]counted // of which the memory is used again
	for from := held.upTo; from < h.Tree.Size; {
		group, groupCtx := errgroup.WithContext(ctx)
		for i := range parts {
			begin, chunk := from, from/chunkSize
			end := min((chunk+1)*chunkSize, h.Tree.Size)
			parts[i] = parts[i][:0]
			if begin >= end {
				break
			}
			group.Go(func() (err error) {
				whole := held.between(chunk*chunkSize, begin, parts[i])
				before := len(whole)
				if whole, err = readRows(groupCtx, a.store, log, begin, end, whole); err != nil {
					return err
				}
				if !signed.isChunk(chunk, whole) {
					return a.refused(nil, "the entries among its records %d to %d are not those that were signed", chunk*chunkSize, end-1)
				}
				parts[i] = slices.Delete(whole, 0, before)
				return nil
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

// between appends the rows with ids from (inclusive) to (exclusive), by id.
func (c *columns) between(from, to int64, rows []counted) []counted {
	if from == to {
		return rows
	}
	for _, row := range c.rows {
		if int64(row.id) >= from && int64(row.id) < to {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, byID)
	return rows
}

func byID(a, b counted) int { return cmp.Compare(a.id, b.id) }

// readRows appends the rows with ids from (inclusive) to (exclusive), by id.
func readRows(ctx context.Context, store Reads, log, from, to int64, rows []counted) ([]counted, error) {
	rows = slices.Grow(rows, int(to-from))
	for row, err := range store.Columns(ctx, log, from, to) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, countedOf(row))
	}
	return rows, nil
}

func countedOf(row *Row) counted {
	return counted{at: row.At, id: int32(row.ID), //nolint:gosec // there are no more records
		actor: row.Actor, team: row.Team, target: row.Target, event: row.Event}
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
	for some := range slices.Chunk(ids, chunkSize) {
		for row, err := range a.store.Keys(ctx, log, some) {
			if err != nil {
				return nil, err
			}
			uuids[int32(row.ID)] = row.Key.UUID //nolint:gosec // one of ids
		}
	}
	return uuids, nil
}

// readWords are those that are known, and what the dictionaries have beyond, as a head signs them.
func (a *Archive) readWords(ctx context.Context, from Reads, h *head, known words) (words, error) {
	var err error
	known.events, err = readDictionary(ctx, a, from, h, Events, known.events, textOf)
	if err != nil {
		return words{}, err
	}
	known.actors, err = readDictionary(ctx, a, from, h, Actors, known.actors, func(t Texts) *auditlog.Actor {
		return &auditlog.Actor{ID: auditlog.ID(t[0]), Name: auditlog.Text(t[1]), Email: auditlog.Text(t[2])}
	})
	if err != nil {
		return words{}, err
	}
	known.refs, err = readDictionary(ctx, a, from, h, Refs, known.refs, func(t Texts) *auditlog.Ref {
		return &auditlog.Ref{ID: auditlog.ID(t[0]), Name: auditlog.Text(t[1])}
	})
	return known, err
}

func textOf(t Texts) auditlog.Text { return auditlog.Text(t[0]) }

// readDictionary appends what a dictionary has beyond known, by ids, which are 1, 2, 3, …: no word is ever taken away.
func readDictionary[T any](ctx context.Context, a *Archive, from Reads, h *head, d Dictionary, known wordList[T],
	of func(Texts) T) (wordList[T], error) {
	signed := h.Words[d]
	if known.words == nil {
		known.words = make([]T, 1)
	}
	if known.chain.Count > signed.Count || known.chain.equal(signed) {
		return known, nil
	}
	for word, err := range from.Words(ctx, d, int32(known.chain.Count)) { //nolint:gosec // they have ids
		if err != nil {
			return known, err
		}
		if int(word.ID) != len(known.words) {
			break // and what is signed is not reached
		}
		known.chain.add(word.Texts[:]...)
		if known.chain.isBeyond(signed) {
			break
		}
		known.words = append(known.words, of(word.Texts))
		if known.chain.Count == signed.Count {
			break
		}
	}
	if !known.chain.equal(signed) {
		return known, a.refused(nil, "the words that its entries refer to are not those that were signed")
	}
	return known, nil
}

// targetTexts are the ids of targets by their ids in the dictionary, as many as were signed or more.
func (a *Archive) targetTexts(ctx context.Context, h *head) ([]auditlog.Text, error) {
	a.targetsMu.Lock()
	defer a.targetsMu.Unlock()
	read, err := readDictionary(ctx, a, a.store, h, Targets, a.targets, textOf)
	if _, isRefused := errors.AsType[*StoreError](err); isRefused { // as in load
		read, err = readDictionary(ctx, a, a.store, h, Targets, wordList[auditlog.Text]{}, textOf)
	}
	if err != nil {
		return nil, err
	}
	a.targets = read
	return read.words, nil
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
