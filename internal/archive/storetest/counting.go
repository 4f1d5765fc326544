package storetest

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
)

// selection is some of a log: every part of it is there half of the time.
func (s *suite) selection(log, size int64) *archive.Selection {
	within := func(least, most int64) archive.Range {
		r := archive.Range{From: math.MinInt64, To: math.MaxInt64}
		if s.random.IntN(2) == 0 {
			r.From = least + s.random.Int64N(most-least)
		}
		if s.random.IntN(2) == 0 {
			r.To = least + s.random.Int64N(most-least)
		}
		return r
	}
	ids := func() []int32 {
		if s.random.IntN(2) == 0 {
			return nil
		}
		some := []int32{}
		for id := range int32(4) {
			if s.random.IntN(3) > 0 {
				some = append(some, id)
			}
		}
		if s.random.IntN(4) == 0 { // more than a statement takes parameters
			for id := range int32(40_000) {
				some = append(some, 1000+id)
			}
		}
		return some
	}
	return &archive.Selection{Log: log, IDs: within(0, size), At: within(-500, 500), Actors: ids(), Teams: ids(), Targets: ids(),
		Events: ids()}
}

// selected are the rows of a selection, in the order of listings.
func (m *model) selected(of *archive.Selection) (rows []archive.Row) {
	has := func(ids []int32, id int32) bool { return ids == nil || slices.Contains(ids, id) }
	within := func(r archive.Range, n int64) bool { return n >= r.From && n < r.To }
	for _, row := range m.Rows {
		if row.Log == of.Log && within(of.IDs, row.ID) && within(of.At, row.At) && has(of.Actors, row.Actor) && has(of.Teams, row.Team) &&
			has(of.Targets, row.Target) && has(of.Events, row.Event) {
			rows = append(rows, archive.Row{ID: row.ID, Key: row.Key, At: row.At, Actor: row.Actor, Team: row.Team, Target: row.Target,
				Event: row.Event})
		}
	}
	slices.SortFunc(rows, func(a, b archive.Row) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Key.UUID, b.Key.UUID), cmp.Compare(a.ID, b.ID))
	})
	return rows
}

// counts are those of rows.
func counts(rows []archive.Row, by archive.Grouping) []archive.Count {
	type cell struct {
		group archive.Count
		begin int64
	}
	found := map[cell]*archive.Count{}
	for _, row := range rows {
		at := cell{}
		if by.Actor {
			at.group.Actor = row.Actor
		}
		if by.Team {
			at.group.Team = row.Team
		}
		if by.Target {
			at.group.Target = row.Target
		}
		if by.Event {
			at.group.Event = row.Event
		}
		if by.Unit != 0 {
			at.begin = int64(math.Floor(float64(row.At+by.Offset) / float64(by.Unit)))
		}
		c := found[at]
		if c == nil {
			c = &archive.Count{Actor: at.group.Actor, Team: at.group.Team, Target: at.group.Target, Event: at.group.Event, Last: row.At}
			found[at] = c
		}
		c.Rows++
		c.First = row.At // they come newest first
	}
	all := []archive.Count{}
	for _, c := range slices.Collect(maps.Values(found)) {
		all = append(all, *c)
	}
	return all
}

// counts has rows of two logs, some of which were replaced and many of one instant, counted in every way.
func (s *suite) counts() {
	m, one, other := s.countable()
	isSplit := func() bool { return s.random.IntN(2) == 0 }
	found := 0
	for range 150 {
		of := s.selection([]int64{one, other}[s.random.IntN(2)], m.size)
		by := archive.Grouping{Actor: isSplit(), Team: isSplit(), Target: isSplit(), Event: isSplit()}
		if isSplit() {
			by.Unit, by.Offset = 1+s.random.Int64N(90), s.random.Int64N(200)-100
		}
		got := collect(s, s.store.Counts(s.Context(), of, by))
		assert.ElementsMatch(s, counts(m.selected(of), by), got, "%+v by %+v", of, by)
		assert.True(s, slices.IsSortedFunc(got, func(a, b archive.Count) int { return cmp.Compare(b.Last, a.Last) }))
		found += len(got)
	}
	require.Greater(s, found, 1000)
	everything := archive.Selection{Log: 99, IDs: archive.Range{To: math.MaxInt64}, At: archive.Range{To: math.MaxInt64}}
	assert.Empty(s, collect(s, s.store.Counts(s.Context(), &everything, archive.Grouping{})), "there is no such log")
}

// pages has the same rows listed, from any place on.
func (s *suite) pages() {
	m, one, other := s.countable()
	found := 0
	for range 150 {
		of := s.selection([]int64{one, other}[s.random.IntN(2)], m.size)
		want := m.selected(of)
		var after *archive.Row
		if len(want) > 0 && s.random.IntN(3) > 0 {
			place := s.random.IntN(len(want))
			after, want = &want[place], want[place+1:]
		}
		limit := 1 + s.random.IntN(20)
		want = want[:min(limit, len(want))]
		assert.Equal(s, append([]archive.Row{}, want...), collect(s, s.store.Page(s.Context(), of, after, limit)),
			"%+v behind %+v", of, after)
		found += len(want)
	}
	require.Greater(s, found, 300)
}

// countable is a store with entries of two logs, in the years around 1970, a few of each instant.
func (s *suite) countable() (m *model, one, other int64) {
	m, one, other = s.filled()
	for range 12 {
		for _, log := range []int64{one, other} {
			b := m.batch(log, m.keys(10)...)
			for _, rows := range [][]archive.Row{b.New, b.Changed} {
				for i := range rows {
					rows[i].At = 20*(rows[i].At%50) - 500
				}
			}
			m.append(b)
		}
	}
	return m, one, other
}
