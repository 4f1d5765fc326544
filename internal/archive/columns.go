package archive

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// columns is a log in memory, in listing order: what filters and counts look at, 28
// bytes an entry. Grouping a million rows takes pure-Go SQLite half a second, and
// these a few milliseconds. They are read only; a refresh makes new ones.
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

// words are what the dictionaries' ids stand for; id 0 is none. They only grow: what
// is appended for later columns does not change those of earlier ones.
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

// load returns a log's columns as of now.
func (a *Archive) load(ctx context.Context, log, rewritten int64) (*columns, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := a.columns[log]
	var next int64
	if err := a.db.QueryRowContext(ctx, "SELECT coalesce(max(id) + 1, 0) FROM entries").Scan(&next); err != nil {
		return nil, a.explain("reading it", err)
	}
	switch {
	case next > math.MaxInt32:
		return nil, &FileError{Path: a.path, Problem: fmt.Sprintf("it has an entry of number %d, which cannot be", next-1), Next: "run make-audit-mcp verify"}
	case kept != nil && kept.rewritten == rewritten && kept.upTo == next:
		return kept, nil
	case kept == nil || kept.rewritten != rewritten:
		kept = &columns{rewritten: rewritten}
		delete(a.columns, log) // two at once are too much
	}
	merged, err := a.refresh(ctx, log, kept, next)
	if err != nil {
		return nil, a.explain("reading it", err)
	}
	a.columns[log] = merged
	return merged, nil
}

// refresh is kept with the rows up to an id.
func (a *Archive) refresh(ctx context.Context, log int64, kept *columns, to int64) (*columns, error) {
	fresh, err := a.readColumns(ctx, log, kept.upTo, to)
	if err != nil {
		return nil, err
	}
	if len(fresh.at) == 0 && len(kept.at) > 0 { // what is new is of another log
		same := *kept
		same.upTo = to
		return &same, nil
	}
	order, err := a.order(ctx, kept, fresh)
	if err != nil {
		return nil, err
	}
	merged := kept.merge(fresh, order)
	merged.upTo, merged.rewritten = to, kept.rewritten
	if merged.words, err = a.readWords(ctx, kept.words); err != nil {
		return nil, err
	}
	if err := a.db.QueryRowContext(ctx, "SELECT 1 + min((SELECT coalesce(max(id), 0) FROM targets), (SELECT coalesce(max(leaf) + 1, 0) FROM records))").Scan(&merged.targets); err != nil {
		return nil, err
	}
	if !merged.fit() {
		return nil, &FileError{Path: a.path, Problem: "an entry refers to what is not in it", Next: "run make-audit-mcp verify"}
	}
	if len(fresh.at) > partSize {
		runtime.GC() // what is left of reading is as much as what was read
	}
	return merged, nil
}

// fit tells whether the ids are such as the dictionaries have.
func (c *columns) fit() bool {
	for column, size := range map[*[]int32]int{&c.actor: len(c.words.actors), &c.team: len(c.words.refs), &c.event: len(c.words.events), &c.target: c.targets} {
		if slices.ContainsFunc(*column, func(id int32) bool { return id < 0 || int(id) >= size }) {
			return false
		}
	}
	return true
}

const (
	// partSize is how many ids are read at a time, readersAtOnce how many of such parts
	// side by side: SQLite takes a processor for each.
	partSize      = 1 << 16
	readersAtOnce = 2
)

// readColumns reads the rows with ids in [from, to), in any order.
func (a *Archive) readColumns(ctx context.Context, log, from, to int64) (*columns, error) {
	var count int
	if err := a.db.QueryRowContext(ctx, "SELECT count(*) FROM entries WHERE log = ? AND id >= ? AND id < ?", log, from, to).Scan(&count); err != nil {
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
			read.team, read.target, read.event = append(read.team, part.team...), append(read.target, part.target...), append(read.event, part.event...)
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
	// Not by the index, which has rows in another order than they lie in the file; and
	// two ids at a time, since each value costs an allocation.
	rows, err := a.db.QueryContext(ctx, `SELECT at, id, coalesce(actor, 0) << 32 | coalesce(target, 0), coalesce(team, 0) << 32 | event
		FROM entries NOT INDEXED WHERE id >= ? AND id < ? AND log = ?`, from, to, log)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // it was read
	const low = 1<<32 - 1
	var at, id, actorTarget, teamEvent int64
	for rows.Next() {
		if err := rows.Scan(&at, &id, &actorTarget, &teamEvent); err != nil {
			return nil, err
		}
		read.at, read.id = append(read.at, at), append(read.id, int32(id))                                                //nolint:gosec // ids fit, or are found to be wrong
		read.actor, read.target = append(read.actor, int32(actorTarget>>32)), append(read.target, int32(actorTarget&low)) //nolint:gosec // as above
		read.team, read.event = append(read.team, int32(teamEvent>>32)), append(read.event, int32(teamEvent&low))         //nolint:gosec // as above
	}
	return read, rows.Err()
}

// place is where a row is: its number among the fresh ones, or among the kept ones, as
// minus the number minus 1.
type place int32

// merge is the columns in an order of kept and fresh rows. It uses up the fresh ones:
// where there is nothing else they are put in order where they lie, since a second
// copy of all is too much.
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

func gather[T any](kept, fresh []T, order []place) []T {
	gathered := make([]T, len(order))
	for i, p := range order {
		if p < 0 {
			gathered[i] = kept[-p-1]
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

// order tells the listing order of kept and fresh rows; kept ones have it.
func (a *Archive) order(ctx context.Context, kept, fresh *columns) ([]place, error) {
	at := func(p place) int64 {
		if p < 0 {
			return kept.at[-p-1]
		}
		return fresh.at[p]
	}
	added := make([]place, len(fresh.at))
	for row := range added {
		added[row] = place(row)
	}
	slices.SortFunc(added, func(p, q place) int { return cmp.Compare(fresh.at[q], fresh.at[p]) })
	order := added
	if old := len(kept.at); old > 0 {
		order = make([]place, 0, old+len(added))
		row := 0
		for _, p := range added {
			for ; row < old && kept.at[row] >= fresh.at[p]; row++ {
				order = append(order, place(-row-1))
			}
			order = append(order, p)
		}
		for ; row < old; row++ {
			order = append(order, place(-row-1))
		}
	}
	return order, a.orderInstants(ctx, order, at, func(p place) int32 {
		if p < 0 {
			return kept.id[-p-1]
		}
		return fresh.id[p]
	})
}

// orderInstants orders the rows of one instant by uuid. The uuids are read for those
// only; kept rows alone have their order.
func (a *Archive) orderInstants(ctx context.Context, order []place, at func(place) int64, id func(place) int32) error {
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
		uuids, err := a.uuids(ctx, ids)
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

func (a *Archive) uuids(ctx context.Context, ids []int32) (map[int32]string, error) {
	uuids := make(map[int32]string, len(ids))
	for some := range slices.Chunk(ids, partSize) {
		if err := eachRow(ctx, a.db, "SELECT id, key FROM entries WHERE id >= ? AND id IN "+listOf(some), 0, func(rows *sql.Rows) error {
			var id int32
			var key any
			err := rows.Scan(&id, &key)
			uuids[id] = uuidOf(key)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return uuids, nil
}

// listOf is ids as SQL has a list.
func listOf(ids []int32) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.Itoa(int(id))
	}
	return "(" + strings.Join(texts, ",") + ")"
}

// readWords are those that are known, and what the dictionaries have beyond.
func (a *Archive) readWords(ctx context.Context, known words) (words, error) {
	if known.events == nil {
		known = words{events: make([]auditlog.Text, 1), actors: make([]*auditlog.Actor, 1), refs: make([]*auditlog.Ref, 1)}
	}
	if err := eachRow(ctx, a.db, "SELECT id, value FROM events WHERE id >= ? ORDER BY id", len(known.events), func(rows *sql.Rows) error {
		var id int
		var value string
		err := rows.Scan(&id, &value)
		known.events = append(known.events, auditlog.Text(value))
		return a.isLast(err, id, len(known.events))
	}); err != nil {
		return words{}, err
	}
	if err := eachRow(ctx, a.db, "SELECT id, actor, name, email FROM actors WHERE id >= ? ORDER BY id", len(known.actors), func(rows *sql.Rows) error {
		var id int
		var actor, name, email string
		err := rows.Scan(&id, &actor, &name, &email)
		known.actors = append(known.actors, &auditlog.Actor{ID: auditlog.ID(actor), Name: auditlog.Text(name), Email: auditlog.Text(email)})
		return a.isLast(err, id, len(known.actors))
	}); err != nil {
		return words{}, err
	}
	err := eachRow(ctx, a.db, "SELECT id, ref, name FROM refs WHERE id >= ? ORDER BY id", len(known.refs), func(rows *sql.Rows) error {
		var id int
		var ref, name string
		err := rows.Scan(&id, &ref, &name)
		known.refs = append(known.refs, &auditlog.Ref{ID: auditlog.ID(ref), Name: auditlog.Text(name)})
		return a.isLast(err, id, len(known.refs))
	})
	return known, err
}

// isLast checks that a dictionary's rows, of which none is ever taken away, have the
// ids 1, 2, 3, …
func (a *Archive) isLast(err error, id, size int) error {
	if err == nil && id != size-1 {
		return &FileError{Path: a.path, Problem: fmt.Sprintf("row %d of a dictionary is missing", size-1), Next: "run make-audit-mcp verify"}
	}
	return err
}

func eachRow(ctx context.Context, from querier, query string, argument any, do func(*sql.Rows) error) error {
	rows, err := from.QueryContext(ctx, query, argument)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // it was read
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
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
