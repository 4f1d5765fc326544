package display

import (
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// Lacks tells what has to be known of the list that [CSV] writes, and what no cell of it says: what could not be read, which columns are
// bounds for that, how many rows are left out, and what the answer warns of. It is empty where there is nothing. next is the command that
// asks for the next page.
func Lacks(tool string, result []byte, screen Screen, next func(cursor string) string) (string, error) {
	p, err := newPage(tool, result, screen)
	if err != nil {
		return "", err
	}
	rows, main, err := mainList(p.layout, p.result)
	if err != nil {
		return "", err
	}
	if p.isPart() {
		p.lines = append(p.lines, p.written(p.standing(), yellow)...)
	}
	p.notes()
	for _, f := range p.layout.facts {
		if f.isLack || f.kind == missing {
			for _, text := range p.told([]fact{f}, p.result) {
				p.note(text)
			}
		}
	}
	for i := range p.layout.sections {
		if s := &p.layout.sections[i]; s.isLack && s.path != main.path {
			p.section(s)
		}
	}
	for _, w := range auditlog.Worths() {
		var names []string
		for _, f := range main.fields(rows) {
			if p.worth(f.bound) == w {
				names = append(names, f.name)
			}
		}
		if len(names) > 0 {
			p.note("not all could be read, so these are " + w.Said("what stands there: ") + strings.Join(names, ", "))
		}
	}
	if text, isAll := p.shown(&main, len(rows)); text != "" && !isAll {
		p.note(text)
	}
	p.onward(next)
	return p.text(), nil
}
