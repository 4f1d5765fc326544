package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// maxCondition bounds the length of a rule's conditions in bytes, maxBrackets how deep brackets and nots are nested.
	maxCondition = 10_000
	maxBrackets  = 50
	// maxIdentifiers bounds what 1 of them can stand for.
	maxIdentifiers = 200
)

// selections are the search identifiers of a rule, in the order of its document.
type selections struct {
	names  []string
	byName map[string]expression
}

// condition reads what a rule makes of its search identifiers (rules, Condition). From the loosest bond to the tightest: or, and, not,
// x of identifiers, brackets.
type condition struct {
	tokens []string
	among  selections
	depth  int
}

func parseCondition(text string, among selections) (expression, error) {
	if strings.Contains(text, "|") {
		return nil, errors.New("has a |: counting is not a part of Sigma 2 conditions; write a correlation rule, as in correlation: {type: event_count, …}")
	}
	c := &condition{tokens: tokens(text), among: among}
	parsed, err := c.or()
	if err == nil && len(c.tokens) > 0 {
		err = fmt.Errorf("goes on with %q where and, or or its end is expected", c.tokens[0])
	}
	return parsed, err
}

func tokens(text string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
}

// next takes the next token if it is the word.
func (c *condition) next(word string) bool {
	if len(c.tokens) == 0 || !strings.EqualFold(c.tokens[0], word) {
		return false
	}
	c.tokens = c.tokens[1:]
	return true
}

func (c *condition) or() (expression, error) {
	return c.chain("or", c.and, func(parts []expression) expression { return anyOf(parts) })
}

func (c *condition) and() (expression, error) {
	return c.chain("and", c.not, func(parts []expression) expression { return allOf(parts) })
}

func (c *condition) chain(word string, part func() (expression, error), join func([]expression) expression) (expression, error) {
	var parts []expression
	for {
		parsed, err := part()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, parsed); !c.next(word) {
			return join(parts), nil
		}
	}
}

func (c *condition) not() (expression, error) {
	if c.depth++; c.depth > maxBrackets {
		return nil, fmt.Errorf("is nested too deep; at most %d brackets and nots may lie in each other", maxBrackets)
	}
	defer func() { c.depth-- }()
	if c.next("not") {
		negated, err := c.not()
		return not{negated}, err
	}
	if c.next("(") {
		inner, err := c.or()
		if err == nil && !c.next(")") {
			err = errors.New("has a ( without its )")
		}
		return inner, err
	}
	return c.identifiers()
}

func (c *condition) identifiers() (expression, error) {
	if len(c.tokens) == 0 || slices.Contains([]string{"and", "or", ")"}, strings.ToLower(c.tokens[0])) {
		return nil, fmt.Errorf("lacks a search identifier; accepted: %s, or 1 of name*, all of name*, 1 of them", strings.Join(c.among.names, ", "))
	}
	name := c.tokens[0]
	c.tokens = c.tokens[1:]
	if !c.next("of") {
		if found, ok := c.among.byName[name]; ok {
			return found, nil
		}
		return nil, fmt.Errorf("speaks of %q, which the detection does not have; %s", name, oneOf(name, c.among.names))
	}
	if name != "1" && !strings.EqualFold(name, "all") {
		return nil, fmt.Errorf("has %q before of; accepted: 1, all", name)
	}
	if len(c.tokens) == 0 {
		return nil, errors.New("ends behind of; go on with them, or with a pattern such as selection_*")
	}
	among := c.tokens[0]
	c.tokens = c.tokens[1:]
	found := c.like(among)
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("finds no search identifier in %q (those that begin with _ are left out); there are: %s",
			among, strings.Join(c.among.names, ", "))
	case name == "1":
		return anyOf(found), nil
	}
	return allOf(found), nil
}

// like returns the expressions of them, or of those whose names match a pattern; names that begin with _ are not among either.
func (c *condition) like(among string) []expression {
	if strings.EqualFold(among, "them") {
		among = "*"
	}
	matching := pattern{cased: true}
	for _, r := range among {
		if r == '*' {
			r = anyText
		}
		matching.runes = append(matching.runes, r)
	}
	var found []expression
	for _, name := range c.among.names {
		if !strings.HasPrefix(name, "_") && matching.matches(name) {
			found = append(found, c.among.byName[name])
		}
	}
	return found
}
