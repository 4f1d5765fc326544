package sigma

import "slices"

// expression is what a rule says of a record.
type expression interface {
	matches(record Record) bool
	// always is 1 if the expression is true of whatever record, as * is, -1 if of none, and 0 if that depends on the record.
	always() int
}

type (
	allOf []expression
	anyOf []expression
	not   struct{ expression }
)

func (parts allOf) matches(record Record) bool {
	for _, one := range parts {
		if !one.matches(record) {
			return false
		}
	}
	return true
}

func (parts allOf) always() int {
	least := 1
	for _, one := range parts {
		least = min(least, one.always())
	}
	return least
}

func (parts anyOf) matches(record Record) bool {
	return slices.ContainsFunc(parts, func(one expression) bool { return one.matches(record) })
}

func (parts anyOf) always() int {
	most := -1
	for _, one := range parts {
		most = max(most, one.always())
	}
	return most
}

func (n not) matches(record Record) bool { return !n.expression.matches(record) }
func (n not) always() int                { return -n.expression.always() }

// item compares one field with values.
type item struct {
	field string
	tests []test
	// all wants every test to hold, where otherwise one is enough (modifiers, all).
	all bool
	// differs wants the field to be there, as well as the field that it is compared with, and no test to hold (modifiers, neq).
	differs bool
}

// test is one value of a rule.
type test struct {
	holds func(record Record, values []Value, exists bool) bool
	// always says that any text would do.
	always bool
	// other is the field that this one is compared with, if it is (modifiers, fieldref).
	other string
}

func (i *item) matches(record Record) bool {
	values, exists := record.Field(i.field)
	if i.differs && (!hasText(values) || slices.ContainsFunc(i.tests, func(t test) bool { return t.other != "" && lacks(record, t.other) })) {
		return false
	}
	return i.holds(record, values, exists) != i.differs
}

func (i *item) holds(record Record, values []Value, exists bool) bool {
	for _, t := range i.tests {
		if t.holds(record, values, exists) != i.all {
			return !i.all
		}
	}
	return i.all
}

func (i *item) always() int {
	trivial := 0
	for _, t := range i.tests {
		if t.always {
			trivial++
		}
	}
	switch {
	case trivial == 0 || i.all && trivial < len(i.tests):
		return 0
	case i.differs:
		return -1
	}
	return 1
}

func hasText(values []Value) bool {
	return slices.ContainsFunc(values, func(value Value) bool { return !value.Null })
}

func lacks(record Record, field string) bool {
	values, _ := record.Field(field)
	return !hasText(values)
}
