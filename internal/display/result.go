package display

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"make-audit-mcp/internal/auditlog"
)

// Result shows a tool's result. next is the command that asks for the next page, for results that have one.
func Result(tool string, result []byte, screen Screen, next func(cursor string) string) (string, error) {
	p, err := newPage(tool, result, screen)
	if err != nil {
		return "", err
	}
	p.head()
	p.noteUnknown()
	if p.layout.factsFirst {
		p.facts()
	}
	for i := range p.layout.sections {
		p.section(&p.layout.sections[i])
	}
	p.unknownSections()
	if !p.layout.factsFirst {
		p.facts()
	}
	p.legend()
	p.narrowed()
	p.onward(next)
	return p.text(), nil
}

func newPage(tool string, result []byte, screen Screen) (*page, error) {
	if !gjson.ValidBytes(result) {
		return nil, errors.New("the result is no JSON")
	}
	if screen.Width > 0 {
		screen.Width = max(screen.Width, narrowest)
	}
	return &page{Screen: screen, layout: layouts(tool), result: gjson.ParseBytes(result)}, nil
}

// text is all that was drawn.
func (p *page) text() string {
	if len(p.lines) == 0 {
		return ""
	}
	return strings.Join(p.lines, "\n") + "\n"
}

// onward says how to ask for the next page.
func (p *page) onward(next func(cursor string) string) {
	if cursor := p.result.Get("next_cursor").String(); cursor != "" && next != nil {
		p.paragraph(p.paint("More:", strong), next(cursor)) // in one line, to be copied
	}
}

// narrowest is the least width that anything is drawn for: an hour of the day takes a column.
const narrowest = 24

// page is a result while it is drawn.
type page struct {
	Screen

	layout  layout
	result  gjson.Result
	lines   []string
	dropped []string         // titles of columns for which there was no room
	unknown []string         // fields that the description does not know
	signed  []auditlog.Worth // signs that stand in tables
}

// paragraph begins behind an empty line, where there is something above it.
func (p *page) paragraph(lines ...string) {
	if len(lines) == 0 {
		return
	}
	if len(p.lines) > 0 {
		p.lines = append(p.lines, "")
	}
	p.lines = append(p.lines, lines...)
}

// isPart reports whether not all of the window was read, so that numbers are lower bounds.
func (p *page) isPart() bool {
	complete := p.result.Get("complete")
	return complete.Exists() && !complete.Bool()
}

// facts are those of the result, in as many lines as they take.
func (p *page) facts() {
	if parts := p.told(p.layout.facts, p.result); len(parts) > 0 {
		p.paragraph(p.joined(parts, plain)...)
	}
}

// joined puts facts into lines, each of as many as have room.
func (p *page) joined(parts []string, with style) []string {
	var lines []string
	line := ""
	for _, part := range parts {
		switch longer := line + p.dot() + part; {
		case line == "":
			line = part
		case widthOf(longer) <= p.prose():
			line = longer
		default:
			lines, line = append(lines, line), part
		}
	}
	var all []string
	for _, line := range append(lines, line) {
		all = append(all, p.written(line, with)...)
	}
	return all
}

// written is a text in lines that have room.
func (p *page) written(text string, with style) []string {
	lines := wrap(text, p.prose())
	for i := range lines {
		lines[i] = p.paint(lines[i], with)
	}
	return lines
}

func (p *page) section(s *section) {
	value := at(p.result, s.path)
	if !value.Exists() || value.Type == gjson.Null {
		return
	}
	rows := []gjson.Result{value}
	if value.IsArray() {
		rows = value.Array()
	}
	if len(rows) == 0 {
		if s.none != "" {
			p.paragraph(p.empty(s)...)
		}
		return
	}
	var lines []string
	if title := s.title; title != "" {
		if s.shape == hours && p.worth(s.bound) != auditlog.Exact {
			title += ", " + p.worth(s.bound).Words()
		}
		lines = append(lines, p.written(title, strong)...)
	}
	head := len(lines)
	switch s.shape {
	case records:
		lines = append(lines, p.records(s.columns, rows)...)
	case blocks:
		lines = append(lines, p.blocks(s, rows)...)
	case hours:
		lines = append(lines, p.hours(rows)...)
	case table:
		lines = append(lines, p.table(s, rows)...)
	}
	if len(lines) == head {
		return
	}
	if text, _ := p.shown(s, len(rows)); text != "" {
		lines = append(lines, p.written(text, faint)...)
	}
	p.paragraph(lines...)
}

// empty says that a list is, and that this means nothing where not all was read.
func (p *page) empty(s *section) []string {
	text := s.none
	if s.title != "" {
		text = s.title + ": " + text
	}
	if p.isPart() {
		text += " in what could be read"
	}
	return p.written(text, faint)
}

func (p *page) table(s *section, rows []gjson.Result) []string {
	g := &grid{columns: slices.Clone(s.columns)}
	shared := make([]map[string]bool, len(g.columns))
	for i := range g.columns {
		shared[i] = sharedNames(rows, &g.columns[i])
	}
	for _, row := range rows {
		cells := make([]cell, len(g.columns))
		for i := range g.columns {
			cells[i] = p.cell(&g.columns[i], row, shared[i])
		}
		g.rows = append(g.rows, cells)
		g.below = append(g.below, p.below(s.below, row))
	}
	lines, dropped := p.Screen.lines(g)
	for _, title := range dropped {
		if !slices.Contains(p.dropped, title) {
			p.dropped = append(p.dropped, title)
		}
	}
	return lines
}

// shown says how many of how many are there, and whether those are all.
func (p *page) shown(s *section, shown int) (text string, isAll bool) {
	all := p.result.Get(s.total)
	hasNext := p.result.Get("next_cursor").String() != "" && s.title == ""
	switch {
	case s.total == "" || !all.Exists():
		return "", true
	case all.Type == gjson.Null && hasNext:
		return fmt.Sprintf("%d shown; there are more", shown), false
	case all.Type == gjson.Null || all.Int() <= int64(shown):
		if s.title != "" {
			return "", true
		}
		text = fmt.Sprintf("all %d shown", shown)
		if p.isPart() {
			text = fmt.Sprintf("all %d that could be read are shown", shown)
		}
		return text, true
	}
	text = fmt.Sprintf("%d of %s shown", shown, p.worth(s.bound).Said(grouped(all)))
	if s.more != "" && !hasNext {
		text += "; " + s.more
	}
	return text, false
}

// sharedNames are the names that stand for several ids in a column, which then stand beside them.
func sharedNames(rows []gjson.Result, c *column) map[string]bool {
	if c.kind != address {
		return nil
	}
	ids, shared := map[string]string{}, map[string]bool{}
	for _, row := range rows {
		value := at(row, c.path)
		name, id := nameOf(value), value.Get("id").Raw
		if known, isThere := ids[name]; isThere && known != id {
			shared[name] = true
		}
		ids[name] = id
	}
	return shared
}

// below are the lines under a row.
func (p *page) below(columns []column, row gjson.Result) []string {
	const indent = "    "
	var lines []string
	for i := range columns {
		shown := p.cell(&columns[i], row, nil)
		if shown.text == "" {
			continue
		}
		if columns[i].title != "" {
			shown.text = columns[i].title + ": " + shown.text
		}
		for _, line := range wrap(shown.text, max(p.prose()-len(indent), 1)) {
			lines = append(lines, indent+p.paint(line, shown.style))
		}
	}
	return lines
}

// records draws blocks of lines, each a field.
func (p *page) records(columns []column, rows []gjson.Result) []string {
	label := 0
	for i := range columns {
		label = max(label, widthOf(columns[i].title))
	}
	label = min(label, p.prose()/2)
	everyName := map[string]bool{}
	var lines []string
	for _, row := range rows {
		var block []string
		for i := range columns {
			if columns[i].kind == address {
				everyName[nameOf(at(row, columns[i].path))] = true // ids stand beside names: there is room
			}
			block = append(block, p.field(&columns[i], row, label, everyName)...)
		}
		if len(lines) > 0 && len(block) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, block...)
	}
	return lines
}

// field is a line of a record, or several.
func (p *page) field(c *column, row gjson.Result, label int, names map[string]bool) []string {
	texts := []string{p.cell(c, row, names).text}
	if value := at(row, c.path); c.kind == data {
		texts = dataLines(value)
	}
	var lines []string
	title := c.title
	for _, text := range texts {
		if text == "" {
			continue
		}
		for _, line := range wrap(text, max(p.prose()-label-len(gap), least)) {
			lines = append(lines, p.padded(cell{text: title, style: faint}, label, false)+gap+line)
			title = ""
		}
	}
	return lines
}

// maxDataLines bounds what is shown of details.
const maxDataLines = 200

// dataLines are the fields of JSON, a line each; the lines of a text.
func dataLines(value gjson.Result) []string {
	var lines []string
	if value.Type == gjson.String {
		for line := range strings.Lines(value.String()) {
			lines = append(lines, strings.TrimRight(clean(line), " "))
		}
	} else {
		lines = flattened(value, "", nil)
	}
	if len(lines) > maxDataLines {
		lines = append(lines[:maxDataLines], "and more")
	}
	return lines
}

func flattened(value gjson.Result, path string, lines []string) []string {
	if !value.IsObject() && !value.IsArray() || value.Raw == "{}" || value.Raw == "[]" {
		text := words(value)
		if path != "" {
			text = path + ": " + text
		}
		return append(lines, text)
	}
	place := 0
	value.ForEach(func(key, field gjson.Result) bool {
		name := clean(key.String())
		if value.IsArray() {
			name = fmt.Sprintf("[%d]", place)
		} else if path != "" {
			name = "." + name
		}
		lines = flattened(field, path+name, lines)
		place++
		return len(lines) <= maxDataLines
	})
	return lines
}

// hours draws numbers by the hour of the day.
func (p *page) hours(rows []gjson.Result) []string {
	values := make([]float64, len(rows))
	for i, row := range rows {
		values[i] = row.Float()
	}
	columns, every := 2, 3
	if p.Width > 0 && p.Width < 2*len(values) {
		columns, every = 1, 6
	}
	axis := ""
	for hour := 0; hour < len(values); hour += every {
		axis += fmt.Sprintf("%-*d", columns*every, hour)
	}
	return []string{p.paint(strings.TrimRight(p.heights(values, columns), " "), cyan), p.paint(strings.TrimRight(axis, " "), faint)}
}

// narrowed says which columns there was no room for.
func (p *page) narrowed() {
	if len(p.dropped) == 0 {
		return
	}
	text := fmt.Sprintf("no room in %d columns for: %s; --output json has everything", p.Width, strings.Join(p.dropped, ", "))
	p.paragraph(p.written(text, faint)...)
}
