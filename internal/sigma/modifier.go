package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// modifiers are what stands behind a field's name, as in name|contains|all (modifiers appendix).
type modifiers []string

func (m modifiers) has(name string) bool { return slices.Contains(m, name) }

// kind returns the modifier that says what sort of comparison is made; a plain text's has none.
func (m modifiers) kind() string {
	for _, name := range m {
		if slices.Contains([]string{"re", "exists", "lt", "lte", "gt", "gte", "fieldref"}, name) {
			return name
		}
	}
	return ""
}

// check says what is wrong with the modifiers, if anything is.
func (m modifiers) check() error {
	refused := []string{"windash", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide", "cidr", "expand",
		"minute", "hour", "day", "week", "month", "year"}
	texts := []string{"contains", "startswith", "endswith", "cased", "all", "neq"}
	company := map[string][]string{
		"": texts, "fieldref": texts, "re": {"i", "m", "s", "all", "neq"}, "exists": {}, "lt": {}, "lte": {}, "gt": {}, "gte": {},
	}
	var known []string
	known = append(known, texts...)
	known = append(known, "re", "i", "m", "s", "exists", "lt", "lte", "gt", "gte", "fieldref")
	places := 0
	for i, name := range m {
		switch {
		case slices.Contains(refused, name):
			return fmt.Errorf("the modifier %q is not supported here; accepted: %s", name, strings.Join(known, ", "))
		case !slices.Contains(known, name):
			return fmt.Errorf("the modifier %q is unknown; %s", name, oneOf(name, known))
		case slices.Contains(m[:i], name):
			return fmt.Errorf("the modifier %q stands twice; write it once", name)
		case name != m.kind() && !slices.Contains(company[m.kind()], name):
			return m.alone(name, company[m.kind()])
		}
		if slices.Contains(texts[:3], name) {
			places++
		}
	}
	if places > 1 {
		return fmt.Errorf("one of contains, startswith and endswith is enough; for both ends write the value with a *, as in a*z")
	}
	return nil
}

func (m modifiers) alone(name string, company []string) error {
	switch {
	case m.kind() == "":
		return fmt.Errorf("the modifier %q stands behind re alone, as in field|re|%s", name, name)
	case len(company) == 0:
		return fmt.Errorf("the modifier %q cannot go with %q, which stands alone; write two fields of one selection", name, m.kind())
	}
	return fmt.Errorf("the modifier %q cannot go with %q; accepted with it: %s", name, m.kind(), strings.Join(company, ", "))
}

// placed reports whether a value is looked for in a part of a text.
func (m modifiers) placed() bool {
	return m.has("contains") || m.has("startswith") || m.has("endswith")
}

// place lets text stand before and after a pattern, as contains, startswith and endswith say.
func (m modifiers) place(p pattern) pattern {
	return p.within(m.has("contains") || m.has("endswith"), m.has("contains") || m.has("startswith"))
}

// flags are those of a regular expression.
func (m modifiers) flags() string {
	var flags strings.Builder
	for _, name := range []string{"i", "m", "s"} {
		if m.has(name) {
			flags.WriteString(name)
		}
	}
	return flags.String()
}
