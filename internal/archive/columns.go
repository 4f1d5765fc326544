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

// columns is a log in memory, in listing order: what filters and counts look at, 28 bytes an entry. Grouping a million rows takes pure-Go
// SQLite half a second, and these a few milliseconds. They are read only; a refresh makes new ones.
type columns struct {
	at     []int64 // descending; ties as CompareNewestFirst has them
	id     []int32
	actor  []int32 // 0 for none, like team and target
	team   []int32
	target []int32
	event  []int32

	// upTo is the first leaf that is not looked at yet, rewritten the log's count.
	upTo, rewritten int64
	words           words
	// targets is more than any id of a target; there are no more than records.
	targets int
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
	if len(fresh.at) == 0 && len(held.at) > 0 { // what is new is of another log
		same := *held
		same.upTo = to
		return &same, nil
	}
	order, err := a.order(ctx, log, held, fresh)
	if err != nil {
		return nil, err
	}
	merged := held.merge(fresh, order)
	merged.upTo, merged.rewritten = to, held.rewritten
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
	if len(fresh.at) > partSize {
		runtime.GC() // what is left of reading is as much as what was read
	}
	return merged, nil
}

// fit reports whether the ids are such as the dictionaries have.
func (c *columns) fit() bool {
	for column, size := range map[*[]int32]int{&c.actor: len(c.words.actors), &c.team: len(c.words.refs), &c.event: len(c.words.events),
		&c.target: c.targets} {
		if slices.ContainsFunc(*column, func(id int32) bool { return id < 0 || int(id) >= size }) {
			return false
		}
	}
	return true
}

const (
	// partSize is how many ids are read at a time, readersAtOnce how many of such parts side by side: a store may take a processor for
	// each.
	partSize      = 1 << 16
	readersAtOnce = 2
)

// readColumns reads the rows with ids in [from, to), in any order.
func (a *Archive) readColumns(ctx context.Context, log, from, to int64) (*columns, error) {
	count, err := a.store.CountRows(ctx, log, from, to)
	if err != nil {
		return nil, err
	}
	read := newColumns(count)
	for from < to {
		var parts [readersAtOnce]*columns
		group, groupCtx := errgroup.WithContext(ctx)
		for i := range parts {
			begin, end := from, min(from+partSize, to)
			group.Go(func() (err error) {
				parts[i], err = a.readPart(groupCtx, log, begin, end)
				return err
			})
			from = end
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for _, part := range parts {
			read.at, read.id, read.actor = append(read.at, part.at...), append(read.id, part.id...), append(read.actor, part.actor...)
			read.team, read.target, read.event = append(read.team, part.team...), append(read.target, part.target...), append(read.event,
				part.event...)
		}
	}
	return read, nil
}

func newColumns(count int) *columns {
	return &columns{
		at: make([]int64, 0, count), id: make([]int32, 0, count), actor: make([]int32, 0, count),
		team: make([]int32, 0, count), target: make([]int32, 0, count), event: make([]int32, 0, count),
	}
}

func (a *Archive) readPart(ctx context.Context, log, from, to int64) (*columns, error) {
	read := newColumns(int(to - from))
	for row, err := range a.store.Columns(ctx, log, from, to) {
		if err != nil {
			return nil, err
		}
		read.at, read.id = append(read.at, row.At), append(read.id, int32(row.ID)) //nolint:gosec // below to, which fits
		read.actor, read.target = append(read.actor, row.Actor), append(read.target, row.Target)
		read.team, read.event = append(read.team, row.Team), append(read.event, row.Event)
	}
	return read, nil
}

// place is where a row is: its number among the fresh ones, or among those that are held, as minus the number minus 1.
type place int32

// merge is the columns in an order of held and fresh rows. It uses up the fresh ones: where there is nothing else they are put in order
// where they lie, since a second copy of all is too much.
func (c *columns) merge(fresh *columns, order []place) *columns {
	if len(c.at) == 0 {
		permute(fresh.at, order)
		for _, column := range [][]int32{fresh.id, fresh.actor, fresh.team, fresh.target, fresh.event} {
			permute(column, order)
		}
		return fresh
	}
	return &columns{
		at: gather(c.at, fresh.at, order), id: gather(c.id, fresh.id, order), actor: gather(c.actor, fresh.actor, order),
		team: gather(c.team, fresh.team, order), target: gather(c.target, fresh.target, order), event: gather(c.event, fresh.event, order),
	}
}

func gather[T any](held, fresh []T, order []place) []T {
	gathered := make([]T, len(order))
	for i, p := range order {
		if p < 0 {
			gathered[i] = held[-p-1]
		} else {
			gathered[i] = fresh[p]
		}
	}
	return gathered
}

// permute puts in place i what is in place order[i], for each i.
func permute[T any](column []T, order []place) {
	done := make([]bool, len(order))
	for begin := range order {
		if done[begin] {
			continue
		}
		first, i := column[begin], begin
		for next := int(order[i]); next != begin; next = int(order[i]) { // around the cycle
			column[i], done[i] = column[next], true
			i = next
		}
		column[i], done[i] = first, true
	}
}

// order is the listing order of held and fresh rows; held ones have it.
func (a *Archive) order(ctx context.Context, log int64, held, fresh *columns) ([]place, error) {
	at := func(p place) int64 {
		if p < 0 {
			return held.at[-p-1]
		}
		return fresh.at[p]
	}
	added := make([]place, len(fresh.at))
	for row := range added {
		added[row] = place(row)
	}
	slices.SortFunc(added, func(p, q place) int { return cmp.Compare(fresh.at[q], fresh.at[p]) })
	order := added
	if old := len(held.at); old > 0 {
		order = make([]place, 0, old+len(added))
		row := 0
		for _, p := range added {
			for ; row < old && held.at[row] >= fresh.at[p]; row++ {
				order = append(order, place(-row-1))
			}
			order = append(order, p)
		}
		for ; row < old; row++ {
			order = append(order, place(-row-1))
		}
	}
	return order, a.orderInstants(ctx, log, order, at, func(p place) int32 {
		if p < 0 {
			return held.id[-p-1]
		}
		return fresh.id[p]
	})
}

// orderInstants orders the rows of one instant by uuid. The uuids are read for those only; held rows alone have their order.
func (a *Archive) orderInstants(ctx context.Context, log int64, order []place, at func(place) int64, id func(place) int32) error {
	const enough = 500 // are worth a query
	var runs [][]place
	var ids []int32
	for begin := 0; begin < len(order); {
		end := begin + 1
		for end < len(order) && at(order[end]) == at(order[begin]) {
			end++
		}
		run := order[begin:end]
		begin = end
		if len(run) > 1 && slices.ContainsFunc(run, func(p place) bool { return p >= 0 }) {
			runs = append(runs, run)
			for _, p := range run {
				ids = append(ids, id(p))
			}
		}
		if len(ids) == 0 || len(ids) < enough && end < len(order) {
			continue
		}
		uuids, err := a.uuids(ctx, log, ids)
		if err != nil {
			return err
		}
		for _, run := range runs {
			slices.SortFunc(run, func(p, q place) int { return cmp.Compare(uuids[id(p)], uuids[id(q)]) })
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
		at, _ := slices.BinarySearchFunc(c.at, bound, func(at int64, bound time.Time) int {
			if fromMicros(at).Before(bound) {
				return 1
			}
			return -1
		})
		return at
	}
	return reached(to), reached(from)
}
