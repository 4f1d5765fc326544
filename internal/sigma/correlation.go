package sigma

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// CorrelationType says what a correlation counts (correlations, Correlation Types).
type CorrelationType string

// The types. value_sum, value_avg and value_percentile are refused.
const (
	// EventCount counts records; of a correlation that is referred to, its matches.
	EventCount CorrelationType = "event_count"
	// ValueCount counts the distinct values of fields, exactly as they are written.
	ValueCount CorrelationType = "value_count"
	// Temporal counts which of the rules that are referred to matched; all, if there is no condition.
	Temporal CorrelationType = "temporal"
	// TemporalOrdered counts as Temporal does, but only rules that match in the order in which they are listed. Records of one instant are
	// in whatever order serves, and a record that several rules match serves for each.
	TemporalOrdered CorrelationType = "temporal_ordered"
)

// Correlation says which records belong together (correlations, Correlation section). Records that lack a value of GroupBy take no part;
// one with several values takes part in a group of each.
type Correlation struct {
	Type CorrelationType
	// Rules are those referred to.
	Rules    []*Rule
	GroupBy  []string
	Timespan time.Duration
	// Condition must hold of the count, all of it.
	Condition []Bound
	// Fields are those whose values a ValueCount counts, as one where there are several.
	Fields []string
	// Aliases say, for a name of GroupBy or Fields and a rule's name, which field of that rule's records is meant.
	Aliases map[string]map[string]string
	// Generate lets the rules that are referred to alert too.
	Generate bool
}

// Bound is a part of a correlation's condition.
type Bound struct {
	// Operator is gt, gte, lt, lte, eq or neq.
	Operator string
	Value    int
}

// reference is where a correlation names a rule.
type reference struct {
	source
	node *yaml.Node
	text string
}

const (
	// maxReferences bounds how many rules a correlation refers to, maxGroupBy how many fields it groups by or counts.
	maxReferences = 50
	maxGroupBy    = 10
	maxTimespan   = 366 * 24 * time.Hour
)

// correlation reads a correlation; what it refers to is looked up when all rules are read.
func (l *loader) correlation(s source, node *yaml.Node) *Correlation {
	parsed := &Correlation{}
	given := map[string]*yaml.Node{}
	known := []string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}
	entries(node, func(name, value *yaml.Node) {
		given[name.Value] = name
		switch name.Value {
		case "type":
			parsed.Type = correlationType(s, name, value)
		case "rules":
			for _, text := range s.texts(name, value) {
				l.references[parsed] = append(l.references[parsed], reference{s, value, text})
			}
		case "group-by":
			parsed.GroupBy = s.texts(name, value)
		case "timespan":
			parsed.Timespan = timespan(s, name, value)
		case "condition":
			if s.mapOf(name, value) {
				parsed.bounds(s, value)
			}
		case "aliases":
			if s.mapOf(name, value) {
				parsed.aliases(s, value)
			}
		case "generate":
			parsed.Generate = s.flag(name, value)
		default:
			s.at(name, "a correlation has no %q; %s", name.Value, oneOf(name.Value, known))
		}
	})
	for _, name := range known[:4] {
		if given[name] == nil {
			s.at(node, "the correlation has no %s; its form is {type: event_count, rules: [name], group-by: [field], timespan: 1h, "+
				"condition: {gte: 10}}, and group-by: [] counts all together", name)
		}
	}
	switch references := len(l.references[parsed]); {
	case given["rules"] != nil && references == 0:
		s.at(node, "the correlation refers to no rule; name one, by its name or id")
	case references > maxReferences || max(len(parsed.GroupBy), len(parsed.Fields)) > maxGroupBy:
		s.at(node, "the correlation is too large; at most %d rules, and %d fields to group by or to count", maxReferences, maxGroupBy)
	}
	parsed.checkCondition(s, node, given, len(l.references[parsed]))
	return parsed
}

func correlationType(s source, name, value *yaml.Node) CorrelationType {
	text := s.text(name, value)
	known := []string{string(EventCount), string(ValueCount), string(Temporal), string(TemporalOrdered)}
	switch {
	case slices.Contains([]string{"value_sum", "value_avg", "value_percentile"}, text):
		s.at(value, "the correlation type %q is not supported here; accepted: %s", text, strings.Join(known, ", "))
	case !slices.Contains(known, text):
		s.at(value, "the correlation type %q is unknown; %s", text, oneOf(text, known))
	}
	return CorrelationType(text)
}

// timespan reads a number and a unit (correlations, Time Selection).
func timespan(s source, name, value *yaml.Node) time.Duration {
	text := s.text(name, value)
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if text != "" {
		number, err := strconv.ParseInt(text[:len(text)-1], 10, 64)
		unit := units[text[len(text)-1]]
		if err == nil && unit > 0 && text[0] != '+' && number > 0 && number <= int64(maxTimespan/unit) {
			return time.Duration(number) * unit
		}
	}
	s.at(value, "the timespan %q is not understood; accepted: a number above 0 and s, m, h or d, up to 366d, as in 90m", text)
	return 0
}

func (c *Correlation) bounds(s source, node *yaml.Node) {
	known := []string{"gt", "gte", "lt", "lte", "eq", "neq", "field"}
	entries(node, func(name, value *yaml.Node) {
		switch {
		case name.Value == "field":
			c.Fields = s.texts(name, value)
		case !slices.Contains(known, name.Value):
			s.at(name, "the condition has no %q; %s", name.Value, oneOf(name.Value, known))
		default:
			bound := Bound{Operator: name.Value}
			if value.ShortTag() != "!!int" || value.Decode(&bound.Value) != nil {
				s.at(value, "%s needs a whole number, as in %s: 10", name.Value, name.Value)
			}
			c.Condition = append(c.Condition, bound)
		}
	})
}

func (c *Correlation) aliases(s source, node *yaml.Node) {
	c.Aliases = map[string]map[string]string{}
	entries(node, func(alias, value *yaml.Node) {
		if !s.mapOf(alias, value) {
			return
		}
		c.Aliases[alias.Value] = map[string]string{}
		entries(value, func(rule, field *yaml.Node) { c.Aliases[alias.Value][rule.Value] = s.text(rule, field) })
	})
}

// checkCondition fills in the condition that a temporal correlation need not have, and refuses those without meaning here. A condition
// must say how many there are at least: a run of any size begins with a window of one record, so that lt, lte and neq alone would tell of
// every run.
func (c *Correlation) checkCondition(s source, node *yaml.Node, given map[string]*yaml.Node, rules int) {
	counts := c.Type == EventCount || c.Type == ValueCount
	if !counts && given["condition"] == nil {
		c.Condition = []Bound{{"gte", rules}}
	}
	if at := given["condition"]; at != nil {
		node = at
	}
	least, most := 0, int(^uint(0)>>1)
	if !counts {
		most = rules
	}
	for _, bound := range c.Condition {
		switch bound.Operator {
		case "gt":
			least = max(least, bound.Value+1)
		case "gte":
			least = max(least, bound.Value)
		case "eq":
			least, most = max(least, bound.Value), min(most, bound.Value)
		case "lt":
			most = min(most, bound.Value-1)
		case "lte":
			most = min(most, bound.Value)
		}
	}
	hasFields := len(c.Fields) > 0
	switch {
	case hasFields != (c.Type == ValueCount):
		s.at(node, "field stands in the condition of value_count and only there, as in condition: {field: target, gte: 10}")
	case least < 1:
		s.at(node, "the condition says nothing of how many there are at least, above 0; add gt, gte or eq, as in condition: {gte: 10}")
	case least > most && (counts || rules > 0):
		s.at(node, "the condition can never hold: at least %d and at most %d", least, most)
	}
}

// holds reports whether a count is what the condition wants.
func (c *Correlation) holds(count int) bool {
	return !slices.ContainsFunc(c.Condition, func(bound Bound) bool {
		return !holdsInOrder(bound.Operator, cmp.Compare(count, bound.Value))
	})
}

// fieldsOf returns which fields of a rule's records are meant by names that may be aliases (correlations, Field Name Aliases).
func (c *Correlation) fieldsOf(rule *Rule, names []string) []string {
	fields := slices.Clone(names)
	for i, name := range names {
		if byRule, ok := c.Aliases[name]; ok {
			fields[i] = cmp.Or(byRule[rule.Name], byRule[rule.ID])
		}
	}
	return fields
}

// link looks up what correlations refer to and puts them in order.
func (l *loader) link() {
	byReference := map[string]*Rule{}
	for _, rule := range l.set.Rules {
		rule.Alerts = true
		for i, text := range []string{rule.ID, rule.Name} {
			if text == "" || i == 1 && text == rule.ID {
				continue
			}
			if other := byReference[text]; other != nil {
				l.problems.add(rule.File, rule.Line, "the rule at %s:%d is called %q too; give one of them another id or name",
					other.File, other.Line, text)
			}
			byReference[text] = rule
		}
	}
	for _, rule := range l.set.Rules {
		if rule.Correlation != nil {
			l.resolve(rule, byReference)
		}
	}
	l.order()
}

func (l *loader) resolve(rule *Rule, byReference map[string]*Rule) {
	c := rule.Correlation
	c.Generate = c.Generate || rule.generate
	for _, r := range l.references[c] {
		found := byReference[r.text]
		switch {
		case found == nil:
			near := nearest(r.text, slices.Sorted(maps.Keys(byReference)))
			r.at(r.node, "no rule has the name or id %q%s", r.text, didYouMean(near))
			continue
		case slices.Contains(c.Rules, found):
			r.at(r.node, "the rule %q is referred to twice; name it once", r.text)
		}
		found.Alerts = found.Alerts && c.Generate
		c.Rules = append(c.Rules, found)
		l.checkNames(r, c, found)
	}
	for _, alias := range slices.Sorted(maps.Keys(c.Aliases)) {
		for _, name := range slices.Sorted(maps.Keys(c.Aliases[alias])) {
			if !slices.ContainsFunc(c.Rules, func(r *Rule) bool { return r.Name == name || r.ID == name }) {
				l.problems.add(rule.File, rule.Line, "the alias %q speaks of %q, which is none of the correlation's rules", alias, name)
			}
		}
	}
}

// checkNames reports a field that a rule's records cannot have. The matches of a correlation have what it groups by, and the fields of
// the records that they are made of.
func (l *loader) checkNames(r reference, c *Correlation, rule *Rule) {
	names := slices.Concat(c.GroupBy, c.Fields)
	for i, field := range c.fieldsOf(rule, names) {
		switch {
		case field == "":
			r.at(r.node, "the alias %q does not say which field of %q it means; add %s: field", names[i], r.text, r.text)
		case rule.Correlation == nil || !slices.Contains(rule.Correlation.GroupBy, field):
			l.checkField(r.source, r.node, field)
		}
	}
}

func didYouMean(name string) string {
	if name == "" {
		return "; give the rule a name, as in name: key_created"
	}
	return fmt.Sprintf("; did you mean %q?", name)
}

// order puts correlations behind those that they refer to, and reports circles.
func (l *loader) order() {
	const open, done = 1, 2
	state := map[*Rule]int{}
	var path []string
	var visit func(rule *Rule)
	visit = func(rule *Rule) {
		if rule.Correlation == nil || state[rule] == done {
			return
		}
		path = append(path, fmt.Sprintf("%q", rule.Title))
		defer func() { path = path[:len(path)-1] }()
		if state[rule] == open {
			l.problems.add(rule.File, rule.Line, "the correlations refer to each other in a circle: %s; take one reference out",
				strings.Join(path, " → "))
			return
		}
		state[rule] = open
		for _, other := range rule.Correlation.Rules {
			visit(other)
		}
		state[rule] = done
		l.set.correlations = append(l.set.correlations, rule)
	}
	for _, rule := range l.set.Rules {
		visit(rule)
	}
}
