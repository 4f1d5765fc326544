package archive

import (
	"context"
	"math"
	"math/bits"
)

// group is what the rows of a cell share.
type group struct{ actor, team, target, event int32 }

// cell counts the rows of a group; times are microseconds.
type cell struct {
	group
	older, count int32 // older is the number of the next cell with its place; 0 for none
	first, last  int64
}

// allowed are the ids of a dictionary that a selection lets through; nil is all of them.
type allowed []bool

func allow(ids []int32) allowed {
	if ids == nil {
		return nil
	}
	most := int32(-1)
	for _, id := range ids {
		most = max(most, id)
	}
	let := make(allowed, most+1)
	for _, id := range ids {
		if id >= 0 {
			let[id] = true
		}
	}
	return let
}

func (a allowed) has(id int32) bool { return a == nil || int(id) < len(a) && a[id] }

// matcher says which rows are of a selection, but for their times.
type matcher struct{ actor, team, target, event allowed }

func newMatcher(of *Selection) *matcher {
	return &matcher{allow(of.Actors), allow(of.Teams), allow(of.Targets), allow(of.Events)}
}

func (m *matcher) matches(row *counted) bool {
	return m.event.has(row.event) && m.actor.has(row.actor) && m.team.has(row.team) && m.target.has(row.target)
}

func (c *columns) counts(ctx context.Context, of Selection, by Grouping, over []stretch, yield func(*Count) error) error {
	t := &tallying{columns: c, by: by, index: newIndex(c, by), yield: yield}
	m := newMatcher(&of)
	for _, s := range over {
		begin, end := c.window(of.At.within(s.Range))
		if err := t.count(ctx, m, c.rows[begin:end], s.offset); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// tallying counts rows that come newest first, and hands over the counts of each stretch of the clock when it is through: as each cell
// begins with its newest row, they come newest first as well.
type tallying struct {
	columns *columns
	by      Grouping
	yield   func(*Count) error

	cells []cell
	index *index
}

// count counts rows by a clock that is so far ahead of UTC; those of one unit of it go into the same counts.
func (t *tallying) count(ctx context.Context, m *matcher, rows []counted, offset int64) error {
	var key group
	begin := int64(math.MinInt64) // of the unit that the last row lies in
	for i := range rows {
		row := &rows[i]
		if !m.matches(row) {
			continue
		}
		if unit := t.by.Unit; unit != 0 && (row.at < begin || len(t.cells) == 0) {
			if err := t.flush(ctx); err != nil {
				return err
			}
			local := row.at + offset
			begin = row.at - (local%unit+unit)%unit
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
	return t.flush(ctx)
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
func (t *tallying) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.index.forget(t.cells)
	for i := range t.cells {
		c := &t.cells[i]
		if err := t.yield(&Count{Actor: c.actor, Team: c.team, Target: c.target, Event: c.event, Rows: int64(c.count), First: c.first,
			Last: c.last}); err != nil {
			return err
		}
	}
	t.cells = t.cells[:0]
	return nil
}

// index finds the cell of a group: a hash table whose chains go through the cells. Where there are few groups each has a place of its own.
type index struct {
	teams, targets, events uint64  // how many there are of each, 1 if they are not distinguished
	newest                 []int32 // by place, the number of the cell that was added last; 0 if none was
}

// maxPlaces bounds the table, to 4 MB.
const maxPlaces = 1 << 20

func newIndex(c *columns, by Grouping) *index {
	size := func(isSplit bool, d Dictionary) uint64 {
		if isSplit {
			return uint64(c.signed[d].Count) + 1 //nolint:gosec // a length
		}
		return 1
	}
	i := &index{teams: size(by.Team, Refs), targets: size(by.Target, Targets), events: size(by.Event, Events)}
	places := uint64(1)
	for _, n := range []uint64{size(by.Actor, Actors), i.teams, i.targets, i.events} {
		places = min(places*n, maxPlaces) // each n is below 1<<31
	}
	places = min(places, 2*uint64(len(c.rows))+1)
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
