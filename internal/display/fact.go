package display

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// told are the facts that a result or a row has.
func (p *page) told(facts []fact, of gjson.Result) []string {
	var parts []string
	for i := range facts {
		f := &facts[i]
		shown := p.value(f, of)
		if shown == "" {
			continue
		}
		text := f.text
		if f.one != "" && shown == "1" {
			text = f.one
		}
		parts = append(parts, strings.Replace(text, "%s", p.worth(f.bound).Said(shown), 1))
	}
	return parts
}

// value is what a fact says; empty where it says nothing.
func (p *page) value(f *fact, of gjson.Result) string {
	value := at(of, f.path)
	switch {
	case f.kind == somebody:
		return somebodyOf(value)
	case f.kind == span:
		return spanOf(value.Get("from").String(), value.Get("to").String())
	case f.kind == sample:
		return p.sampleOf(value)
	case f.kind == missing && value.Type == gjson.False:
		return f.text
	case f.kind == missing || !value.Exists() || value.Type == gjson.Null:
		return ""
	case f.kind == minute:
		return instant(value.String(), minute)
	case value.Type == gjson.Number:
		return grouped(value)
	}
	return words(value)
}

func somebodyOf(value gjson.Result) string {
	if !value.Exists() {
		return "several people, or the system"
	}
	id := clean(value.Get("id").String())
	if name := nameOf(value); id == "" || name == id {
		return name
	}
	return nameOf(value) + " (" + id + ")"
}

// spanOf is when something was: once, within a day, or over several.
func spanOf(from, to string) string {
	begin, end := instant(from, minute), instant(to, minute)
	first, firstErr := time.Parse(time.RFC3339, from)
	last, lastErr := time.Parse(time.RFC3339, to)
	switch {
	case begin == "":
		return ""
	case firstErr == nil && lastErr == nil && last.Sub(first) < time.Minute || end == "":
		return begin
	case instant(from, day) == instant(to, day) && len(end) > len(time.DateOnly):
		return begin + " to " + end[len(time.DateOnly)+1:]
	}
	return begin + " to " + end
}

// sampleOf are the first entries of a finding's evidence.
func (p *page) sampleOf(finding gjson.Result) string {
	const most = 3
	evidence := finding.Get("evidence").Array()
	var shown []string
	for _, uuid := range evidence[:min(most, len(evidence))] {
		shown = append(shown, words(uuid))
	}
	if len(shown) > 0 && finding.Get("evidence_count").Int() > int64(len(shown)) {
		shown = append(shown, p.mark())
	}
	return strings.Join(shown, ", ")
}

// blocks draws a block for each row.
func (p *page) blocks(s *section, rows []gjson.Result) []string {
	mark, title := &s.columns[0], &s.columns[1]
	const left = 8 // as wide as the longest severity
	indent := strings.Repeat(" ", left) + gap
	room := max(p.Width-len(indent), least)
	if p.Width <= 0 {
		room = 0
	}
	var lines []string
	for _, row := range rows {
		for i, text := range wrap(p.cell(title, row, nil).text, room) {
			beside := indent
			if i == 0 {
				beside = p.padded(p.cell(mark, row, nil), left, false) + gap
			}
			lines = append(lines, beside+p.paint(text, strong))
		}
		for _, l := range s.lines {
			if parts := p.told(l.facts, row); len(parts) > 0 {
				for _, text := range wrap(strings.Join(parts, l.apart), room) {
					lines = append(lines, indent+text)
				}
			}
		}
	}
	return lines
}
