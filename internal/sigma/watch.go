package sigma

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// maxCombinations bounds how many groups, or values to count, one record has whose fields are lists.
const maxCombinations = 100

// watch follows one correlation.
type watch struct {
	*Evaluator
	rule *Rule
	// incoming are the events of this instant.
	incoming []event
	groups   map[string]*group
	// queue has an element for each event of all groups, oldest first: what to forget next.
	queue   []queued
	dropped int
}

type queued struct {
	at time.Time
	*group
}

// event is a match of a rule that a correlation refers to.
type event struct {
	at     time.Time
	place  int // of the rule in the correlation's list
	source Record
	// key is what an event_count tells the event by: the record, or the run that it belongs to.
	key string
	// records are what this event adds, sofar all of the run that it is a part of; there is none if the event is a single record.
	records []sighting
	sofar   evidence
	of      *run

	// number counts the events of the group, keys are what the correlation counts in it.
	number int
	keys   []string
}

// group is what a correlation knows of the records that have the same values.
type group struct {
	key    string
	values []Named
	// window has the events of the timespan up to now, counts how many of them have each key.
	window []event
	counts map[string]int
	next   int
	run    *run
	// touched is true while the group has got events of this instant.
	touched bool
	// chains are for temporal_ordered: chains[i][n] is when the latest chain of n+1 rules in order began that ends with rule i.
	chains [][]time.Time
}

// forget drops the oldest events, and yields the runs that are over.
func (w *watch) forget(isOver func(at time.Time) bool) {
	for len(w.queue) > 0 && isOver(w.queue[0].at) {
		g := w.queue[0].group
		w.queue[0] = queued{}
		w.queue = w.queue[1:]
		oldest := g.window[0]
		g.window[0] = event{}
		g.window = g.window[1:]
		w.held--
		for _, key := range oldest.keys {
			if g.counts[key]--; g.counts[key] == 0 {
				delete(g.counts, key)
			}
		}
		if g.run != nil && g.run.last == oldest.number {
			if w.rule.Alerts {
				w.yield(g.run.finished())
			}
			w.held -= len(g.run.evidence)
			g.run = nil
		}
		if len(g.window) == 0 {
			delete(w.groups, g.key)
		}
	}
}

// receive notes an event of this instant.
func (w *watch) receive(e event) {
	if w.held+len(w.incoming) >= w.MaxHeld {
		w.dropped++
		return
	}
	w.incoming = append(w.incoming, e)
}

// settle takes the events of this instant into their groups, and decides which of those hold.
func (w *watch) settle() {
	var touched []*group
	// In the order of the rules: so records of one instant are in the order that serves.
	sort.SliceStable(w.incoming, func(i, j int) bool { return w.incoming[i].place < w.incoming[j].place })
	for _, incoming := range w.incoming {
		for _, g := range w.groupsOf(&incoming) {
			if w.take(g, incoming) && !g.touched {
				g.touched = true
				touched = append(touched, g)
			}
		}
	}
	w.incoming = nil
	for _, g := range touched {
		g.touched = false
		count := len(g.counts)
		if g.chains != nil {
			count = g.longestChain(w.now.Add(-w.rule.Correlation.Timespan))
		}
		if w.rule.Correlation.holds(count) {
			w.grow(g, count)
		}
	}
}

// groupsOf returns the groups that an event belongs to, and says what is counted of it.
func (w *watch) groupsOf(e *event) []*group {
	c := w.rule.Correlation
	rule := c.Rules[e.place]
	switch c.Type {
	case EventCount:
		e.keys = []string{e.key}
	case Temporal, TemporalOrdered:
		e.keys = []string{strconv.Itoa(e.place)}
	default:
		counted, cut := combinations(e.source, c.fieldsOf(rule, c.Fields))
		e.keys = make([]string, len(counted))
		for i, values := range counted {
			e.keys[i] = joined(values)
		}
		if cut {
			w.dropped++
		}
	}
	if len(e.keys) == 0 {
		return nil
	}
	combined, cut := combinations(e.source, c.fieldsOf(rule, c.GroupBy))
	if cut {
		w.dropped++
	}
	groups := make([]*group, len(combined))
	for i, values := range combined {
		key := joined(values)
		if w.groups[key] == nil {
			w.groups[key] = w.newGroup(key, values)
		}
		groups[i] = w.groups[key]
	}
	return groups
}

func (w *watch) newGroup(key string, values []string) *group {
	c := w.rule.Correlation
	g := &group{key: key, counts: map[string]int{}}
	for i, value := range values {
		g.values = append(g.values, Named{c.GroupBy[i], value})
	}
	if c.Type == TemporalOrdered {
		g.chains = make([][]time.Time, len(c.Rules))
		for i := range g.chains {
			g.chains[i] = make([]time.Time, i+1)
		}
	}
	return g
}

// take adds an event to a group, unless too much is held already.
func (w *watch) take(g *group, e event) bool {
	if w.held >= w.MaxHeld {
		w.dropped++
		if len(g.window) == 0 {
			delete(w.groups, g.key)
		}
		return false
	}
	w.held++
	e.number = g.next
	g.next++
	g.window = append(g.window, e)
	w.queue = append(w.queue, queued{e.at, g})
	for _, key := range e.keys {
		g.counts[key]++
	}
	if g.chains != nil {
		g.follow(e)
	}
	return true
}

// follow notes which chains an event makes longer.
func (g *group) follow(e event) {
	g.chains[e.place][0] = e.at
	for before := range e.place {
		for length, began := range g.chains[before] {
			if began.After(g.chains[e.place][length+1]) {
				g.chains[e.place][length+1] = began
			}
		}
	}
}

// longestChain returns of how many rules the longest chain is that began since.
func (g *group) longestChain(since time.Time) int {
	longest := 0
	for _, chains := range g.chains {
		for length, began := range chains {
			if !began.IsZero() && !began.Before(since) {
				longest = max(longest, length+1)
			}
		}
	}
	return longest
}

// grow begins a run with a window that holds, or makes it longer, and hands what came to it to the correlations that refer to this one.
func (w *watch) grow(g *group, count int) {
	if g.run == nil {
		w.runs++
		g.run = &run{number: w.runs, last: -1, counted: map[string]struct{}{}, included: map[*run]struct{}{}}
		g.run.match = Match{Rule: w.rule, Group: g.values}
	}
	r := g.run
	before := len(r.evidence)
	come := g.window[max(0, r.last+1-g.window[0].number):]
	r.take(come)
	w.held += len(r.evidence) - before
	if count > r.match.Peak {
		r.match.Peak, r.match.PeakFrom, r.match.PeakTo = count, g.window[0].at, w.now
	}
	var added []sighting
	for _, e := range come {
		added = append(added, e.records...)
	}
	for _, to := range w.byRule[w.rule] {
		to.receive(event{
			at: w.now, place: to.place, source: grown{g.values, added}, key: "run " + strconv.Itoa(r.number),
			records: added, sofar: r.evidence, of: r,
		})
	}
}

// combinations returns each way to take one value of each field. There is none if a field has none.
func combinations(record Record, fields []string) (all [][]string, cut bool) {
	all = [][]string{nil}
	for _, field := range fields {
		values, _ := record.Field(field)
		var longer [][]string
		for _, before := range all {
			for _, value := range values {
				if value.Null {
					continue
				}
				if len(longer) == maxCombinations {
					cut = true
					break
				}
				longer = append(longer, append(slices.Clone(before), value.Text))
			}
		}
		all = longer
	}
	return all, cut
}

// joined makes one key of values that no others make.
func joined(values []string) string {
	var key strings.Builder
	for _, value := range values {
		key.WriteString(strconv.Itoa(len(value)))
		key.WriteByte(' ')
		key.WriteString(value)
	}
	return key.String()
}
