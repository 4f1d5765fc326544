package sigma

import (
	"cmp"
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
	places := []string{"contains", "startswith", "endswith"}
	texts := append(slices.Clone(places), "cased", "all", "neq")
	company := map[string][]string{"": texts, "fieldref": texts, "re": {"i", "m", "s", "all", "neq"}}
	known := append(slices.Clone(texts), "re", "i", "m", "s", "exists", "lt", "lte", "gt", "gte", "fieldref")
	kind := m.kind()
	placed := ""
	for i, name := range m {
		switch {
		case slices.Contains(refused, name):
			return fmt.Errorf("the modifier %q is not supported here; accepted: %s", name, strings.Join(known, ", "))
		case !slices.Contains(known, name):
			return fmt.Errorf("the modifier %q is unknown; %s", name, oneOf(name, known))
		case slices.Contains(m[:i], name):
			return fmt.Errorf("the modifier %q stands twice; write it once", name)
		case name != kind && !slices.Contains(company[kind], name) && kind == "":
			return fmt.Errorf("the modifier %q stands behind re alone, as in field|re|%s", name, name)
		case name != kind && !slices.Contains(company[kind], name):
			return fmt.Errorf("the modifier %q cannot go with %q; accepted with it: %s; write two fields of one selection instead",
				name, kind, cmp.Or(strings.Join(company[kind], ", "), "none"))
		case slices.Contains(places, name) && placed != "":
			return fmt.Errorf("the modifier %q cannot go with %q; for both ends write the value with a *, as in a*z", name, placed)
		case slices.Contains(places, name):
			placed = name
		}
	}
	return nil
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
	return strings.Join(slices.DeleteFunc(slices.Clone(m), func(name string) bool { return len(name) != 1 }), "")
}
