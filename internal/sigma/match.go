package sigma

import (
	"slices"
	"sort"
	"time"
)

// Match is what a rule found: one record, or a run of records that a correlation describes.
//
// Whether a correlation holds is decided by sliding windows: each is of the length of its timespan and ends with a record of the group
// (correlations, Compatibility: no static boundaries). What is told are runs: windows that share a record and of which each holds make one
// match, from the first record of the first window to the last of the last.
type Match struct {
	Rule *Rule
	// Group is what a correlation's records have in common.
	Group []Named
	// Records are those that took part, each once, in the order in which they came; those behind a correlation's match are in it too.
	Records []Record
	// From and To are the times of the first and the last of them.
	From, To time.Time
	// Peak is the largest count of one window, which is what the condition looked at; PeakFrom and PeakTo are when that window's first and
	// last records were. Total counts over the whole run.
	Peak, Total      int
	PeakFrom, PeakTo time.Time
}

// Named is a value of a field.
type Named struct{ Field, Value string }

// sighting is a record with its place in the stream.
type sighting struct {
	number int
	at     time.Time
	Record
}

// evidence are sightings in the order of their numbers, each once. What was taken of it stays as it is when it grows.
type evidence []sighting

func (e evidence) with(more []sighting) evidence {
	sortByNumber := func(list []sighting) {
		sort.Slice(list, func(i, j int) bool { return list[i].number < list[j].number })
	}
	sameNumber := func(a, b sighting) bool { return a.number == b.number }
	sortByNumber(more)
	more = slices.CompactFunc(more, sameNumber)
	if len(e) == 0 || len(more) == 0 || e[len(e)-1].number < more[0].number {
		return append(e, more...)
	}
	all := slices.Concat(e, more)
	sortByNumber(all)
	return slices.CompactFunc(all, sameNumber)
}

// run is a match while it may still grow.
type run struct {
	// number tells the runs of one evaluator apart.
	number int
	match  Match
	// last is the number, in its group, of the last event of the last window that held.
	last     int
	evidence evidence
	counted  map[string]struct{}
	// included are the runs whose records are part of this one's.
	included map[*run]struct{}
}

func (r *run) finished() Match {
	match := r.match
	match.Total = len(r.counted)
	match.Records = make([]Record, len(r.evidence))
	for i, one := range r.evidence {
		match.Records[i] = one.Record
	}
	match.From, match.To = r.evidence[0].at, r.evidence[len(r.evidence)-1].at
	return match
}

// take adds events of a window that holds.
func (r *run) take(events []event) {
	var records []sighting
	for _, e := range events {
		r.last = e.number
		for _, key := range e.keys {
			r.counted[key] = struct{}{}
		}
		if _, included := r.included[e.of]; e.of == nil || included {
			records = append(records, e.records...)
			continue
		}
		r.included[e.of] = struct{}{}
		records = append(records, e.sofar...)
	}
	r.evidence = r.evidence.with(records)
}

// grown is what a correlation that refers to another sees of its match: a record with the values that it was grouped by, and otherwise
// those of the records that were added to it last.
type grown struct {
	group   []Named
	records []sighting
}

// Field implements [Record].
func (g grown) Field(name string) ([]Value, bool) {
	for _, named := range g.group {
		if named.Field == name {
			return []Value{{Text: named.Value}}, true
		}
	}
	var values []Value
	exists := false
	for _, one := range g.records {
		held, has := one.Field(name)
		exists = exists || has
		for _, value := range held {
			if !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
	}
	return values, exists
}
