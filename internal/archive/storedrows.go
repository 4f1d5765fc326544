package archive

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
)

// storedRows are the rows of a log that does not fit into memory: the store counts and lists them. That there are as many as were signed is
// all that they are held against.
type storedRows struct {
	archive *Archive
	log     int64
	// upTo is the first leaf that is not looked at yet, rewritten the log's count.
	upTo, rewritten int64
	all             Count
	// signed are the dictionaries that they refer to.
	signed signedWords

	mu  sync.Mutex
	ids [Dictionaries]usedIDs
	// checked is the first leaf whose row was not held against the head yet, by a sync.
	checked int64
}

// usedIDs are the words of a dictionary that rows have whose id is below upTo, ascending.
type usedIDs struct {
	upTo int64
	ids  []int32
}

// askStore returns a log's rows as of a head, for a question that is left to the store. The caller has the log's turn.
func (a *Archive) askStore(ctx context.Context, h *head, log int64, held *heldLog) (*storedRows, error) {
	signed := h.log(log)
	before := a.cache.storedRows(held)
	if before == nil || before.rewritten != signed.Rewritten || before.all.Rows > int64(signed.Rows) {
		before = &storedRows{archive: a, log: log, rewritten: signed.Rewritten}
	}
	next, err := before.refresh(ctx, h)
	if err == nil && next.all.Rows != int64(signed.Rows) && before.upTo > 0 { // what was counted before may be of a copy that is gone
		before = &storedRows{archive: a, log: log, rewritten: signed.Rewritten}
		next, err = before.refresh(ctx, h)
	}
	if err != nil {
		return nil, err
	}
	if next.all.Rows != int64(signed.Rows) {
		return nil, a.refused(nil, "it has %d entries, and %d were signed", next.all.Rows, signed.Rows)
	}
	a.cache.pushDown(held, next)
	return next, nil
}

// refresh is what was counted, with the rows up to those of a head.
func (r *storedRows) refresh(ctx context.Context, h *head) (*storedRows, error) {
	if r.upTo >= h.Tree.Size {
		return r, nil
	}
	next := &storedRows{archive: r.archive, log: r.log, upTo: h.Tree.Size, rewritten: r.rewritten, all: r.all, signed: h.Words}
	r.mu.Lock()
	next.ids, next.checked = r.ids, r.checked
	r.mu.Unlock()
	if int(r.all.Rows) == h.log(r.log).Rows { // what is new is of another log
		return next, nil
	}
	since := Selection{Log: r.log, IDs: Range{r.upTo, h.Tree.Size}, At: anywhere()}
	for count, err := range r.archive.store.Counts(ctx, &since, Grouping{}) {
		if err != nil {
			return nil, err
		}
		if next.all.Rows == 0 {
			next.all.First, next.all.Last = count.First, count.Last
		}
		next.all.Rows += count.Rows
		next.all.First, next.all.Last = min(next.all.First, count.First), max(next.all.Last, count.Last)
	}
	return next, nil
}

func (r *storedRows) end() int64 { return r.upTo }

func (r *storedRows) whole() Count { return r.all }

func (r *storedRows) words() signedWords { return r.signed }

func (r *storedRows) isProven() bool { return false }

func (r *storedRows) used(ctx context.Context, d Dictionary) ([]int32, error) {
	r.mu.Lock()
	known := r.ids[d]
	r.mu.Unlock()
	if known.upTo == r.upTo {
		return known.ids, nil
	}
	since := Selection{Log: r.log, IDs: Range{known.upTo, r.upTo}, At: anywhere()}
	ids := slices.Clone(known.ids)
	for count, err := range r.archive.store.Counts(ctx, &since, d.grouping()) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, count.word(d))
	}
	slices.Sort(ids)
	known = usedIDs{r.upTo, slices.Compact(ids)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids[d] = known
	return known.ids, nil
}

// grouping distinguishes the words of a dictionary.
func (d Dictionary) grouping() Grouping {
	return Grouping{Actor: d == Actors, Team: d == Refs, Target: d == Targets, Event: d == Events}
}

// word is what a count has of a dictionary.
func (c *Count) word(d Dictionary) int32 { return [...]int32{c.Event, c.Team, c.Actor, c.Target}[d] }

// errReplaced says that the store no longer has the rows as they were.
var errReplaced = errors.New("a sync replaced entries of the log meanwhile: ask again")

// counts asks for all stretches at one moment, so that no row is counted twice, or in none. If rows were replaced since, the error is
// errReplaced, before anything is yielded.
func (r *storedRows) counts(ctx context.Context, of Selection, by Grouping, over []stretch, yield func(*Count) error) error {
	of.Log, of.IDs = r.log, Range{0, r.upTo}
	within := of.At
	return r.archive.store.Snapshot(ctx, func(from Reads) error {
		if h, err := r.archive.headIn(ctx, from); err != nil {
			return err
		} else if int(r.log) > len(h.Logs) || h.log(r.log).Rewritten != r.rewritten {
			return errReplaced
		}
		for _, s := range over {
			of.At, by.Offset = within.within(s.Range), s.offset
			for count, err := range from.Counts(ctx, &of, by) {
				if err == nil {
					err = yield(count)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// list asks for pages, each longer than the one before: a store may look at all rows for each. A row that a sync replaces meanwhile may
// come where it is by then, as it does on pages that are asked for one by one.
func (r *storedRows) list(ctx context.Context, of Selection, enough int) iter.Seq2[counted, error] {
	of.Log, of.IDs = r.log, Range{0, r.upTo}
	return func(yield func(counted, error) bool) {
		var after *Row
		for limit := enough; ; limit = min(4*limit, chunkSize) {
			rows := make([]counted, 0, limit)
			for row, err := range r.archive.store.Page(ctx, &of, after, limit) {
				if err != nil {
					yield(counted{}, err)
					return
				}
				if rows = append(rows, countedOf(row)); len(rows) == limit {
					last := *row
					after = &last
				}
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < limit {
				return
			}
		}
	}
}

// check holds the rows against a head, as loading them would: those that were not before.
func (r *storedRows) check(ctx context.Context, h *head) error {
	r.mu.Lock()
	from := r.checked
	r.mu.Unlock()
	if from >= h.Tree.Size {
		return nil
	}
	signed := &h.log(r.log).Chunks
	var rows []counted
	for chunk := signed.of(from); chunk <= signed.last(); chunk++ {
		ids := signed.ids(chunk)
		ids.To = min(ids.To, h.Tree.Size)
		var err error
		if rows, err = readRows(ctx, r.archive.store, r.log, ids, rows[:0]); err != nil {
			return err
		}
		if !signed.have(chunk, rows) {
			return r.archive.refusedChunk(ids.From, ids.To)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked = h.Tree.Size
	return nil
}
