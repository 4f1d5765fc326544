package archive

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// columns is a log in memory: what filters and counts look at. Grouping a million rows takes pure-Go SQLite half a second, and these a few
// milliseconds. They are read only; a refresh makes new ones.
type columns struct {
	rows []counted // in listing order
	// upTo is the first leaf that is not looked at yet, rewritten the log's count.
	upTo, rewritten int64
	// signed are the dictionaries that they refer to.
	signed signedWords
	// ids are the words that rows have: the dictionaries may hold other logs' words.
	ids [Dictionaries][]int32

	// questions is how many look at them, isHeld whether they are for further ones: both are the cache's.
	questions int
	isHeld    bool
}

// bytesOfRow is what a counted takes.
const bytesOfRow = 32

// counted is what is counted of an entry.
type counted struct {
	at                             int64
	id, actor, team, target, event int32 // actor, team and target may be 0, for none
}

// refresh is what is held, with the rows up to those of a head.
func (a *Archive) refresh(ctx context.Context, h *head, log int64, held *columns) (*columns, error) {
	signed := h.log(log)
	merged := &columns{rows: held.rows, upTo: h.Tree.Size, rewritten: held.rewritten, signed: held.signed, ids: held.ids}
	if len(held.rows) == signed.Rows && held.upTo > 0 { // what is new is of another log
		return merged, nil
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
	merged.signed = h.Words
	if !merged.fit() {
		return nil, a.refused(nil, "an entry refers to what is not in it")
	}
	merged.findUsed()
	if len(fresh) > chunkSize {
		runtime.GC() // what is left of reading is as much as what was read
	}
	return merged, nil
}

// fit reports whether the ids are such as the dictionaries have.
func (c *columns) fit() bool {
	isIn := func(id int32, d Dictionary) bool { return id >= 0 && int(id) <= c.signed[d].Count }
	return !slices.ContainsFunc(c.rows, func(row counted) bool {
		return !isIn(row.actor, Actors) || !isIn(row.team, Refs) || !isIn(row.event, Events) || !isIn(row.target, Targets)
	})
}

// findUsed finds the words that rows have.
func (c *columns) findUsed() {
	all := func(d Dictionary) []bool { return make([]bool, c.signed[d].Count+1) }
	actors, teams, events := all(Actors), all(Refs), all(Events)
	for i := range c.rows {
		row := &c.rows[i]
		actors[row.actor], teams[row.team], events[row.event] = true, true, true
	}
	for d, isUsed := range map[Dictionary][]bool{Actors: actors, Refs: teams, Events: events} {
		var ids []int32
		for id, is := range isUsed {
			if is {
				ids = append(ids, int32(id))
			}
		}
		c.ids[d] = slices.Clone(ids)
	}
}

// mostBytes is how many bytes a log's columns take at most.
func mostBytes(h *head, log int64) int64 {
	rows := h.log(log).Rows
	size := bytesOfRow * int64(rows)
	for d := range Dictionaries {
		if d != Targets {
			size += 4 * int64(min(rows, h.Words[d].Count+1))
		}
	}
	return size
}

// bytes is how many they take.
func (c *columns) bytes() int64 {
	size := bytesOfRow * int64(cap(c.rows))
	for _, ids := range c.ids {
		size += 4 * int64(cap(ids))
	}
	return size
}

func (c *columns) end() int64 { return c.upTo }

func (c *columns) words() signedWords { return c.signed }

func (c *columns) isProven() bool { return true }

func (c *columns) whole() (all Count) {
	if n := len(c.rows); n > 0 {
		all = Count{Rows: int64(n), First: c.rows[n-1].at, Last: c.rows[0].at}
	}
	return all
}

func (c *columns) used(_ context.Context, d Dictionary) ([]int32, error) { return c.ids[d], nil }

func (c *columns) list(_ context.Context, of Selection, _ int) iter.Seq2[counted, error] {
	return func(yield func(counted, error) bool) {
		m := newMatcher(&of)
		begin, end := c.window(of.At)
		for i := begin; i < end; i++ {
			if row := &c.rows[i]; m.matches(row) && !yield(*row, nil) {
				return
			}
		}
	}
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
			begin, chunk := from, signed.Chunks.of(from)
			ids := signed.Chunks.ids(chunk)
			end := min(ids.To, h.Tree.Size)
			parts[i] = parts[i][:0]
			if begin >= end {
				break
			}
			group.Go(func() (err error) {
				whole := held.between(ids.From, begin, parts[i])
				before := len(whole)
				if whole, err = readRows(groupCtx, a.store, log, Range{begin, end}, whole); err != nil {
					return err
				}
				if !signed.Chunks.have(chunk, whole) {
					return a.refusedChunk(ids.From, end)
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

func (a *Archive) refusedChunk(begin, end int64) error {
	return a.refused(nil, "the entries among its records %d to %d are not those that were signed", begin, end-1)
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

// readRows appends the rows of a chunk with some ids, by id, and no more than show that it has more than it can have.
func readRows(ctx context.Context, store Reads, log int64, ids Range, rows []counted) ([]counted, error) {
	for row, err := range store.Columns(ctx, log, ids.From, ids.To) {
		if err != nil {
			return nil, err
		}
		if rows = append(rows, countedOf(row)); len(rows) > chunkSize {
			break
		}
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

// window is where the rows of a time are: from begin (inclusive) to end (exclusive).
func (c *columns) window(at Range) (begin, end int) {
	reached := func(bound int64) int {
		place, _ := slices.BinarySearchFunc(c.rows, bound, func(row counted, bound int64) int {
			if row.at >= bound {
				return -1
			}
			return 1
		})
		return place
	}
	begin, end = reached(at.To), reached(at.From)
	return begin, max(begin, end)
}
