package sigma

import (
	"fmt"
	"strconv"
	"time"
)

// maxHeld is how much an evaluator keeps in mind if its caller does not say.
const maxHeld = 500_000

// Evaluator is given records in the order of time and yields matches: those of single records at once, those of correlations when nothing
// more can come to them. A record is kept in mind until the timespan behind it, and the run that it is part of, are over.
type Evaluator struct {
	// MaxHeld bounds how many records correlations keep in mind together. Those that come beyond it are left out and counted by Dropped.
	MaxHeld int

	set     *Set
	yield   func(Match)
	watches []*watch
	byRule  map[*Rule][]feed

	number int
	now    time.Time
	held   int
	runs   int
}

// feed is where a rule's matches go: to a correlation, as those of the rule that stands at a place in its list.
type feed struct {
	*watch
	place int
}

// NewEvaluator returns an evaluator that hands each match to yield.
func NewEvaluator(set *Set, yield func(Match)) *Evaluator {
	e := &Evaluator{MaxHeld: maxHeld, set: set, yield: yield, byRule: map[*Rule][]feed{}}
	for _, rule := range set.correlations {
		w := &watch{Evaluator: e, rule: rule, groups: map[string]*group{}}
		e.watches = append(e.watches, w)
		for place, referred := range rule.Correlation.Rules {
			e.byRule[referred] = append(e.byRule[referred], feed{w, place})
		}
	}
	return e
}

// Add takes the next record. Records of one instant may come in any order; one from before the last is refused.
func (e *Evaluator) Add(at time.Time, record Record) error {
	switch {
	case e.number > 0 && at.Before(e.now):
		return fmt.Errorf("a record of %s came after one of %s; records must come oldest first",
			at.Format(time.RFC3339Nano), e.now.Format(time.RFC3339Nano))
	case e.number > 0 && at.After(e.now):
		e.settle()
		for _, w := range e.watches {
			oldest := at.Add(-w.rule.Correlation.Timespan)
			w.forget(func(at time.Time) bool { return at.Before(oldest) })
		}
	}
	e.now = at
	seen := sighting{e.number, at, record}
	e.number++
	for _, rule := range e.set.Rules {
		if !rule.Matches(record) {
			continue
		}
		if rule.Alerts {
			e.yield(Match{Rule: rule, Records: []Record{record}, From: at, To: at, Peak: 1, Total: 1, PeakFrom: at, PeakTo: at})
		}
		for _, to := range e.byRule[rule] {
			to.receive(event{
				at: at, place: to.place, source: seen, key: "record " + strconv.Itoa(seen.number), records: []sighting{seen},
			})
		}
	}
	return nil
}

// Close ends the stream and yields what is still open.
func (e *Evaluator) Close() {
	e.settle()
	for _, w := range e.watches {
		w.forget(func(time.Time) bool { return true })
	}
}

// settle decides about the windows that end now, when all records of this instant have come: what holds does not depend on their order.
func (e *Evaluator) settle() {
	for _, w := range e.watches {
		w.settle()
	}
}

// Dropped returns how many matches of other rules each correlation left out, because too much was kept in mind. It holds none where nothing
// was: then all is exact.
func (e *Evaluator) Dropped() map[*Rule]int {
	dropped := map[*Rule]int{}
	for _, w := range e.watches {
		if w.dropped > 0 {
			dropped[w.rule] = w.dropped
		}
	}
	return dropped
}
