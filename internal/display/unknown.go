package display

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// noteUnknown finds the fields that no description knows.
func (p *page) noteUnknown() {
	known := []string{"query", "organization", "source", "coverage", "complete", "unreadable", "warnings", "returned", "next_cursor"}
	know := func(path string) {
		first, _, _ := strings.Cut(path, ".")
		known = append(known, first)
	}
	for _, path := range p.layout.hidden {
		know(path)
	}
	for _, f := range p.layout.facts {
		know(f.path)
	}
	for _, s := range p.layout.sections {
		know(s.path)
		know(s.total)
		if s.path == "@this" {
			for _, c := range s.columns {
				know(c.path)
			}
		}
	}
	p.result.ForEach(func(key, _ gjson.Result) bool {
		if name := key.String(); !slices.Contains(known, name) {
			p.unknown = append(p.unknown, name)
		}
		return true
	})
}

// unknownSections shows them by their own names: numbers and texts as lines, lists of objects as tables.
func (p *page) unknownSections() {
	fields := p.result.Map()
	var single []column
	for _, name := range p.unknown {
		value := fields[name]
		if !value.IsArray() && !value.IsObject() {
			single = append(single, column{title: heading(name), path: gjson.Escape(name)})
		}
	}
	if lines := p.records(single, []gjson.Result{p.result}); len(lines) > 0 {
		p.paragraph(lines...)
	}
	for _, name := range p.unknown {
		value := fields[name]
		s := section{title: heading(name), path: gjson.Escape(name), shape: records}
		switch {
		case value.IsArray():
			s.shape, s.columns = table, columnsOf(value.Array())
		case value.IsObject():
			s.columns = []column{{path: "@this", kind: data}}
		default:
			continue
		}
		p.section(&s)
	}
}

// heading is the name of a field as people write it.
func heading(name string) string { return strings.ReplaceAll(clean(name), "_", " ") }

// columnsOf are the fields that the rows of a list have.
func columnsOf(rows []gjson.Result) []column {
	var names []string
	for _, row := range rows {
		if !row.IsObject() {
			return []column{{title: "VALUE", path: "@this"}}
		}
		row.ForEach(func(key, _ gjson.Result) bool {
			if !slices.Contains(names, key.String()) {
				names = append(names, key.String())
			}
			return true
		})
	}
	var columns []column
	for i, name := range names {
		columns = append(columns, column{title: strings.ToUpper(heading(name)), path: gjson.Escape(name), drop: i})
	}
	return columns
}
