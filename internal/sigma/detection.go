package sigma

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// detection reads the search identifiers and the condition of a rule (rules, Detection).
func (l *loader) detection(s source, rule *Rule, node *yaml.Node) expression {
	before := len(l.problems)
	among := selections{byName: map[string]expression{}}
	var condition *yaml.Node
	entries(node, func(name, value *yaml.Node) {
		if name.Value == "condition" {
			condition = value
			return
		}
		among.names = append(among.names, name.Value)
		among.byName[name.Value] = l.selection(s, rule, name, value)
	})
	if condition == nil {
		s.at(node, "the detection has no condition; add one, as in condition: %s", strings.Join(append(among.names, "selection")[:1], ""))
		return allOf{}
	}
	if len(among.names) > maxIdentifiers {
		s.at(node, "the detection has more than %d search identifiers; make lists of values, or several rules", maxIdentifiers)
		return allOf{}
	}
	var whole anyOf // A list of conditions is linked with or.
	length := 0
	for _, one := range listed(condition) {
		if length += len(one.Value); length > maxCondition {
			s.at(one, "the condition is longer than %d characters; use 1 of name* and all of name*", maxCondition)
			break
		}
		if one.Kind != yaml.ScalarNode || isNull(one) || one.Value == "" {
			s.at(condition, "a condition is a text, as in condition: selection and not filter")
			continue
		}
		parsed, err := parseCondition(one.Value, among)
		if err != nil {
			s.at(one, "the condition %s", err)
			continue
		}
		whole = append(whole, parsed)
	}
	if len(l.problems) == before && whole.always() > 0 {
		s.at(condition, "the rule matches everything; name a value that not every record has, as in field: value")
	}
	return whole
}

// selection reads one search identifier: a map, all of which must hold, or a list of maps and keywords, one of which must (rules, Lists,
// Maps and Keywords search).
func (l *loader) selection(s source, rule *Rule, name, node *yaml.Node) expression {
	switch {
	case len(node.Content) == 0 || node.Kind == yaml.ScalarNode:
		s.at(name, "%s is empty or no list and no map; write what it looks for, as in %s: {field: value}", name.Value, name.Value)
	case node.Kind == yaml.MappingNode:
		var all allOf
		entries(node, func(key, value *yaml.Node) { all = append(all, l.item(s, rule, key, value)) })
		return all
	default:
		var some anyOf
		for _, element := range node.Content {
			if element.Kind == yaml.ScalarNode {
				some = append(some, l.compare(s, Term{Rule: rule}, element, []*yaml.Node{element}))
				continue
			}
			some = append(some, l.selection(s, rule, name, element))
		}
		return some
	}
	return allOf{}
}

// item reads a field with its modifiers and values.
func (l *loader) item(s source, rule *Rule, key, value *yaml.Node) expression {
	parts := strings.Split(key.Value, "|")
	term := Term{Rule: rule, Field: parts[0], Modifiers: parts[1:]}
	switch {
	case term.Field != "":
		l.checkField(s, key, term.Field)
	case len(term.Modifiers) == 0 || slices.ContainsFunc(term.Modifiers, func(name string) bool {
		return !slices.Contains([]string{"all", "cased", "contains", "re", "i", "m", "s"}, name)
	}):
		s.at(key, "%q has no field; write field: value, or '|all': [word, another] for words anywhere in the record", key.Value)
	}
	if err := modifiers(term.Modifiers).check(); err != nil {
		s.at(key, "%q: %s", key.Value, err)
		return allOf{}
	}
	return l.compare(s, term, key, listed(value))
}

// compare reads the values that a field is compared with.
func (l *loader) compare(s source, term Term, key *yaml.Node, values []*yaml.Node) expression {
	m := modifiers(term.Modifiers)
	compared := &item{field: term.Field, all: m.has("all"), differs: m.has("neq")}
	switch {
	case len(values) == 0:
		s.at(key, "%q has no values; write at least one", key.Value)
	case compared.all && len(values) < 2:
		s.at(key, "%q has one value, and all needs several; drop all", key.Value)
	}
	for _, value := range values {
		switch {
		case value.Kind != yaml.ScalarNode:
			s.at(value, "%q needs a value or a list of values, no maps or lists in it; write nested names with a dot, as in details.name", key.Value)
		case len(value.Value) > maxPattern:
			s.at(value, "the value is longer than %d bytes; use contains with a part of it", maxPattern)
		case isNull(value) && (len(values) > 1 || len(m) > 0 || term.Field == ""):
			s.at(value, "null stands alone and without modifiers, as in field: null; make two selections and link them with or")
		default:
			compared.tests = append(compared.tests, l.test(s, term, value))
		}
	}
	return compared
}

// test reads one value.
func (l *loader) test(s source, term Term, node *yaml.Node) test {
	m := modifiers(term.Modifiers)
	switch kind := m.kind(); {
	case isNull(node): // Of a field that is not there too: the two are the same to most logs (rules, Special Field Values).
		return test{holds: func(_ Record, values []Value, _ bool) bool { return !hasText(values) }}
	case kind == "exists":
		want := s.flag(&yaml.Node{Line: node.Line, Value: term.Field + "|exists"}, node)
		return test{holds: func(_ Record, _ []Value, exists bool) bool { return exists == want }}
	case kind == "fieldref":
		return l.reference(s, term, node)
	case kind == "re":
		expression, err := l.compileRegex(node.Value, m.flags())
		if err != nil {
			s.at(node, "the regular expression of %s is refused: %s", term.Field, err)
			return test{}
		}
		return textTest(expression.MatchString, matchesAnything(expression))
	case kind != "" || isNumeric(node) && !m.placed():
		return numberTest(s, kind, term, node)
	}
	return textTest(anyPattern(l.patterns(s, term, node)))
}

// patterns are what a text stands for.
func (l *loader) patterns(s source, term Term, node *yaml.Node) []pattern {
	m := modifiers(term.Modifiers)
	if term.Field == "" { // Keywords are searched in whole texts (rules, Keywords search).
		m = append(slices.Clone(m), "contains")
	}
	texts := []string{node.Value}
	if l.Bind != nil && term.Field != "" && !isNumeric(node) {
		term.Value = node.Value
		bound, err := l.Bind(term)
		if err != nil {
			s.at(node, "%s", err)
		}
		texts = bound
	}
	var patterns []pattern
	for _, text := range texts {
		patterns = append(patterns, m.place(parsePattern(text, m.has("cased"))))
	}
	return patterns
}

func anyPattern(patterns []pattern) (matches func(string) bool, always bool) {
	return func(text string) bool {
		return slices.ContainsFunc(patterns, func(p pattern) bool { return p.matches(text) })
	}, slices.ContainsFunc(patterns, pattern.always)
}

// textTest holds if one of a field's texts matches.
func textTest(matches func(string) bool, always bool) test {
	return test{always: always, holds: func(_ Record, values []Value, _ bool) bool {
		return slices.ContainsFunc(values, func(value Value) bool { return !value.Null && matches(value.Text) })
	}}
}

func isNumeric(node *yaml.Node) bool {
	return node.ShortTag() == "!!int" || node.ShortTag() == "!!float"
}

// numberTest compares numbers (modifiers, Numeric Modifiers); a text that is a number counts as one.
func numberTest(s source, kind string, term Term, node *yaml.Node) test {
	limit := node.Value
	if whole := int64(0); node.ShortTag() == "!!int" && node.Decode(&whole) == nil {
		limit = Of(whole)[0].Text // 0x17 is 23.
	}
	if !isNumber(limit) {
		s.at(node, "%s needs a decimal number, as in %s: 100; %q is none", term.Field, strings.Join(append([]string{term.Field}, term.Modifiers...), "|"),
			node.Value)
	}
	return textTest(func(text string) bool {
		order, ok := compareNumbers(text, limit)
		return ok && holdsInOrder(kind, order)
	}, false)
}

// holdsInOrder reports whether a comparison is true of an order as [cmp.Compare] returns it.
func holdsInOrder(operator string, order int) bool {
	switch operator {
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "neq":
		return order != 0
	}
	return order == 0
}

// reference compares a field with another of the same record (modifiers, fieldref); wildcards in it mean themselves.
func (l *loader) reference(s source, term Term, node *yaml.Node) test {
	m := modifiers(term.Modifiers)
	l.checkField(s, node, node.Value)
	return test{other: node.Value, holds: func(record Record, values []Value, _ bool) bool {
		others, _ := record.Field(node.Value)
		return slices.ContainsFunc(others, func(other Value) bool {
			return !other.Null && slices.ContainsFunc(values, func(value Value) bool {
				return !value.Null && m.place(literal(other.Text, m.has("cased"))).matches(value.Text)
			})
		})
	}}
}
