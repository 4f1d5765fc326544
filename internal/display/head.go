package display

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// head says what was asked, and what the answer covers.
func (p *page) head() {
	query := p.result.Get("query")
	if !query.Exists() {
		if organization := p.result.Get("organization"); organization.Exists() {
			p.lines = append(p.lines, p.written(organizationName(organization), strong)...)
		}
		p.notes()
		return
	}
	const apart = ", "
	window := instant(query.Get("from").String(), minute) + " to " + instant(query.Get("to").String(), minute) + apart +
		clean(query.Get("timezone").String())
	p.lines = append(p.lines, p.joined([]string{organizationName(query.Get("organization")), window}, strong)...)
	stands := plain
	if p.isPart() {
		stands = yellow
	}
	p.lines = append(p.lines, p.joined(append([]string{p.standing(), "source: " + clean(p.result.Get("source").String())},
		filters(query)...), stands)...)
	p.notes()
}

func organizationName(organization gjson.Result) string {
	name, id := nameOf(organization), clean(organization.Get("id").String())
	if id == "" || id == name {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// standing is whether the numbers are all there is.
func (p *page) standing() string {
	switch {
	case !p.isPart():
		return "complete"
	case p.result.Get("coverage.from").Type == gjson.Null:
		return "NOT COMPLETE: nothing of it is covered"
	}
	return fmt.Sprintf("NOT COMPLETE: covered from %s to %s", instant(p.result.Get("coverage.from").String(), minute),
		instant(p.result.Get("coverage.to").String(), minute))
}

// filters are what narrows the question, as it was understood.
func filters(query gjson.Result) []string {
	isUsual := map[string]string{"endpoint": "organization", "sort_by": "triggeredAt", "sort_dir": "desc"}
	told := []string{"organization", "from", "to", "timezone", "as_of"}
	var parts []string
	query.ForEach(func(key, value gjson.Result) bool {
		name := key.String()
		if slices.Contains(told, name) || strings.HasSuffix(name, "_total") || isUsual[name] == value.String() {
			return true
		}
		const most = 5
		text := words(value)
		if items := value.Array(); value.IsArray() && len(items) > most {
			var shown []string
			for _, item := range items[:most] {
				shown = append(shown, words(item))
			}
			all := query.Get(name + "_total").Int()
			text = fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), max(all, int64(len(items)))-most)
		}
		parts = append(parts, strings.ReplaceAll(clean(name), "_", " ")+": "+text)
		return true
	})
	return parts
}

// notes are what to know before relying on the answer.
func (p *page) notes() {
	for _, gap := range p.result.Get("coverage.gaps").Array() {
		p.note(fmt.Sprintf("not covered: %s to %s: %s", instant(gap.Get("from").String(), minute), instant(gap.Get("to").String(), minute),
			clean(gap.Get("reason").String())))
	}
	if unreadable := p.result.Get("unreadable"); unreadable.Int() > 0 {
		p.note(grouped(unreadable) + " records could not be read")
	}
	for _, warning := range p.result.Get("warnings").Array() {
		p.note("note: " + clean(warning.String()))
	}
}

func (p *page) note(text string) {
	const indent = "  "
	for i, line := range wrap(text, max(p.prose()-len(indent), 1)) {
		if i > 0 {
			line = indent + line
		}
		p.lines = append(p.lines, p.paint(line, yellow))
	}
}
