package archive

import (
	"cmp"
	"context"
	"math/bits"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// group is what the rows of a cell share.
type group struct{ actor, team, target, event int32 }

// cell counts the rows of a group; times are microseconds.
type cell struct {
	group
	older, count int32 // older is the number of the next cell with its place; 0 for none
	first, last  int64
}

// tally calls yield with the bins of a query, as auditlog.Tallier has it.
func (v *view) tally(ctx context.Context, q *auditlog.Query, by auditlog.TallyBy, yield func(auditlog.Bin)) error {
	m, err := v.matcher(ctx, q)
	if err != nil {
		return err
	}
	from, to := v.columns.window(q.Window.From, q.Window.To)
	split := to
	if !by.Split.IsZero() {
		_, split = v.columns.window(by.Split, q.Window.To)
		split = min(max(split, from), to)
	}
	t := &tallying{columns: v.columns, by: by, clock: newLocalClock(by.Clock, q.Window.Location), yield: yield}
	if t.news, err = v.lacking(ctx, v.news(q)); err != nil {
		return err
	}
	if by.Target {
		if t.targets, err = v.archive.targetTexts(ctx, v.head); err != nil {
			return err
		}
	}
	t.index = newIndex(v.columns, by)
	for _, part := range [][2]int{{from, split}, {split, to}} {
		if err := t.count(ctx, m, part[0], part[1]); err != nil {
			return err
		}
	}
	for _, entry := range t.news {
		yield(auditlog.BinOf(entry))
	}
	return nil
}

// lacking are those of some entries that the view's rows lack. A sync may have stored them since, in rows of later views.
func (v *view) lacking(ctx context.Context, some []*auditlog.Entry) ([]*auditlog.Entry, error) {
	keys := make([]Key, len(some))
	for i, entry := range some {
		keys[i] = keyOf(entry)
	}
	here := map[Key]bool{}
	for row, err := range v.archive.store.RowsOf(ctx, v.log, keys) {
		if err != nil {
			return nil, err
		}
		here[row.Key] = row.ID < v.columns.upTo
	}
	var lacking []*auditlog.Entry
	for i, entry := range some {
		if !here[keys[i]] {
			lacking = append(lacking, entry)
		}
	}
	return lacking, nil
}

// tallying counts rows that come newest first, and hands over the bins of each stretch of the clock when it is through: as each cell begins
// with its newest row, bins come newest first as well.
type tallying struct {
	columns *columns
	by      auditlog.TallyBy
	clock   *localClock
	targets []auditlog.Text
	yield   func(auditlog.Bin)
	news    []*auditlog.Entry // that are still to come, newest first

	cells []cell
	index *index
}

// count counts the rows [from, to); those of one stretch of the clock go into the same bins.
func (t *tallying) count(ctx context.Context, m *matcher, from, to int) error {
	var key group
	rows := t.columns.rows[from:to]
	for i := range rows {
		row := &rows[i]
		if !m.matches(row) {
			continue
		}
		if t.clock.passes(row.at) {
			if err := ctx.Err(); err != nil {
				return err
			}
			t.flush()
		}
		if t.by.Actor {
			key.actor = row.actor
		}
		if t.by.Team {
			key.team = row.team
		}
		if t.by.Target {
			key.target = row.target
		}
		if t.by.Event {
			key.event = row.event
		}
		c := t.cell(key, row.at)
		c.count++
		c.first = row.at
	}
	t.flush()
	return ctx.Err()
}

// cell is that of a group, which is new if this row of that instant is its first.
func (t *tallying) cell(key group, at int64) *cell {
	newest := &t.index.newest[t.index.place(key)]
	for number := *newest; number > 0; {
		c := &t.cells[number-1]
		if c.group == key {
			return c
		}
		number = c.older
	}
	t.cells = append(t.cells, cell{group: key, older: *newest, last: at})
	*newest = int32(len(t.cells)) //nolint:gosec // there are no more cells than rows
	return &t.cells[len(t.cells)-1]
}

// flush hands over what was counted.
func (t *tallying) flush() {
	w := t.columns.words
	t.index.forget(t.cells)
	for i := range t.cells {
		c := &t.cells[i]
		entry := auditlog.Entry{
			TriggeredAt: fromMicros(c.last), Event: w.event(c.event), Actor: w.actor(c.actor), Team: w.ref(c.team),
			TargetID: wordOf(t.targets, c.target),
		}
		for len(t.news) > 0 && t.news[0].TriggeredAt.After(entry.TriggeredAt) {
			t.yield(auditlog.BinOf(t.news[0]))
			t.news = t.news[1:]
		}
		t.yield(auditlog.Bin{Entry: entry, Count: int(c.count), First: fromMicros(c.first), Last: entry.TriggeredAt})
	}
	t.cells = t.cells[:0]
}

// index finds the cell of a group: a hash table whose chains go through the cells. Where there are few groups each has a place of its own.
type index struct {
	teams, targets, events uint64  // how many there are of each, 1 if they are not distinguished
	newest                 []int32 // by place, the number of the cell that was added last; 0 if none was
}

// maxPlaces bounds the table, to 4 MB.
const maxPlaces = 1 << 20

func newIndex(c *columns, by auditlog.TallyBy) *index {
	size := func(isSplit bool, size int) uint64 {
		if isSplit {
			return uint64(size) //nolint:gosec // a length
		}
		return 1
	}
	i := &index{teams: size(by.Team, len(c.words.refs.words)), targets: size(by.Target, c.targets.Count+1),
		events: size(by.Event, len(c.words.events.words))}
	places := uint64(1)
	for _, n := range []uint64{size(by.Actor, len(c.words.actors.words)), i.teams, i.targets, i.events} {
		places = min(places*n, maxPlaces) // each n is below 1<<31
	}
	i.newest = make([]int32, 1<<bits.Len64(places-1)) // a power of two, so that a mask finds the place
	return i
}

// place is where a group's chain begins. What overflows only moves it: the groups themselves are compared.
func (i *index) place(key group) uint64 {
	//nolint:gosec // ids of dictionaries are not negative
	number := ((uint64(key.actor)*i.teams+uint64(key.team))*i.targets+uint64(key.target))*i.events + uint64(key.event)
	return number & uint64(len(i.newest)-1) //nolint:gosec // a length
}

// forget takes out all that it has: these cells.
func (i *index) forget(cells []cell) {
	for _, c := range cells {
		i.newest[i.place(c.group)] = 0
	}
}

// localClock notices when local time, going back, leaves a date, hour or minute.
type localClock struct {
	unit     int64 // microseconds; 0: time is not distinguished
	location *time.Location
	begin    int64 // of the stretch that the last instant lies in
	started  bool

	zoneBegin, zoneEnd int64 // of the stretch in which offset holds
	offset             int64
}

func newLocalClock(clock auditlog.Clock, location *time.Location) *localClock {
	units := map[auditlog.Clock]time.Duration{auditlog.ByDate: 24 * time.Hour, auditlog.ByHour: time.Hour, auditlog.ByMinute: time.Minute}
	return &localClock{unit: units[clock].Microseconds(), location: cmp.Or(location, time.UTC)}
}

// passes reports whether an instant, not later than the one before, lies in another date, hour or minute than that one. Where local time
// jumps, one of them may be told apart into two.
func (c *localClock) passes(at int64) bool {
	if c.unit == 0 || c.started && at >= c.begin {
		return false
	}
	if !c.started || at < c.zoneBegin || at >= c.zoneEnd {
		c.enter(at)
	}
	local := at + c.offset
	floor := local - ((local%c.unit)+c.unit)%c.unit
	isFirst := !c.started
	c.begin, c.started = max(floor-c.offset, c.zoneBegin), true
	return !isFirst
}

// enter finds the stretch of time in which the zone's offset is that of an instant.
func (c *localClock) enter(at int64) {
	t := fromMicros(at).In(c.location)
	_, seconds := t.Zone()
	begin, end := t.ZoneBounds()
	c.offset = int64(seconds) * time.Second.Microseconds()
	c.zoneBegin, c.zoneEnd = -1<<62, 1<<62
	if !begin.IsZero() {
		c.zoneBegin = begin.UnixMicro()
	}
	if !end.IsZero() {
		c.zoneEnd = end.UnixMicro()
	}
}
