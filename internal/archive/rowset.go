package archive

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"
)

// rowSet are the rows of a log as of one moment: columns in memory, or storedRows, which the store is asked about.
type rowSet interface {
	// end is the first leaf that is not looked at.
	end() int64
	// whole counts all rows; the zero value if there are none.
	whole() Count
	// used are the words of a dictionary that rows have, ascending, and 0 if some have none; Targets has no such list.
	used(ctx context.Context, d Dictionary) ([]int32, error)
	// counts calls yield with the counts of a selection in each of some stretches of its time, which come newest first, as the counts do.
	counts(ctx context.Context, of Selection, by Grouping, over []stretch, yield func(*Count) error) error
	// list yields the rows of a selection in the order of listings, of which so many may be enough.
	list(ctx context.Context, of Selection, enough int) iter.Seq2[counted, error]
	// words are the dictionaries that they refer to.
	words() signedWords
	// isProven says whether they were held against what was signed.
	isProven() bool
}

// rowsOf returns a log's rows, as of a head or later, and what ends their use. What is in memory is held against the head; a log that does
// not fit there is left to the store.
func (a *Archive) rowsOf(ctx context.Context, h *head, log int64) (rows rowSet, done func(), err error) {
	if h.Tree.Size > math.MaxInt32 {
		return nil, nil, a.refused(nil, "it has %d records, more than there can be", h.Tree.Size)
	}
	signed, held := h.log(log), a.cache.log(log)
	borrowed := a.cache.borrow(held, signed, h.Tree.Size)
	if borrowed == nil {
		leave, err := enter(ctx, held.turn)
		if err != nil {
			return nil, nil, err
		}
		defer leave()
		if borrowed = a.cache.borrow(held, signed, h.Tree.Size); borrowed == nil { // nobody else has read it meanwhile
			if borrowed, err = a.load(ctx, h, log, held); err != nil {
				return nil, nil, err
			}
		}
	}
	if borrowed != nil {
		return borrowed, func() { a.cache.giveBack(borrowed) }, nil
	}
	stored, err := a.askStore(ctx, h, log, held)
	return stored, func() {}, err
}

// load reads a log's columns, for a question that gives them back; nil if they do not fit into memory. Those that are not as the head signs
// them are refused. The caller has the log's turn.
func (a *Archive) load(ctx context.Context, h *head, log int64, held *heldLog) (*columns, error) {
	leave, err := enter(ctx, a.cache.loading)
	if err != nil {
		return nil, err
	}
	defer leave()
	signed := h.log(log)
	before := a.cache.current(held)
	if before == nil || before.rewritten < signed.Rewritten {
		a.cache.release(0, held, true) // two at once are too much
		before = &columns{rewritten: signed.Rewritten}
	}
	need := max(0, mostBytes(h, log)-before.bytes())
	if !a.cache.reserve(need, held) {
		a.cache.release(0, held, true)
		return nil, nil
	}
	loaded, err := a.refresh(ctx, h, log, before)
	if _, isRefused := errors.AsType[*StoreError](err); isRefused && before.upTo > 0 { // it may be of a copy that is no longer there
		a.cache.release(need, held, true)
		if need = mostBytes(h, log); !a.cache.reserve(need, held) {
			return nil, nil
		}
		loaded, err = a.refresh(ctx, h, log, &columns{rewritten: signed.Rewritten})
	}
	if err != nil {
		a.cache.release(need, held, false)
		return nil, err
	}
	a.cache.hold(log, held, loaded, need)
	return loaded, nil
}

// inMicros is the microseconds of a window.
func inMicros(from, to time.Time) Range {
	up := func(t time.Time) int64 { // so that what is triggered before is before
		n := t.UnixMicro()
		if t.Nanosecond()%1000 != 0 {
			n++
		}
		return n
	}
	return Range{up(from), up(to)}
}

// within is what two ranges share.
func (r Range) within(other Range) Range {
	r.From = max(r.From, other.From)
	r.To = max(r.From, min(r.To, other.To))
	return r
}
