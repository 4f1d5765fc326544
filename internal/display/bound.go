package display

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"make-audit-mcp/internal/auditlog"
)

// bound is what a number rests on. Where that was not read as a whole, the number is only a bound.
type bound int

const (
	ofNothing  bound = iota // that could have been left unread
	ofWindow                // entries of the window, and what they have
	ofIdle                  // who has none there
	ofStatus                // who is of a status, of which some grow and others shrink with what is read
	ofPrevious              // entries of the period before
	ofChange                // the window's less those
	ofGone                  // what those have and the window's have not
	ofBaseline              // entries of the baseline
	ofNew                   // what the window's have and those have not
	ofFindings              // the window's, judged by those
)

// worth is that of a number, by what the result says of having been read as a whole.
func (p *page) worth(b bound) auditlog.Worth {
	isPart := func(path string) bool { return p.result.Get(path).Type == gjson.False }
	var more, fewer bool // what was not read may make it
	switch window, previous, baseline := isPart("complete"), isPart("previous.complete"), isPart("baseline.complete"); b {
	case ofNothing:
	case ofWindow:
		more = window
	case ofIdle:
		fewer = window
	case ofStatus:
		more, fewer = window, window
	case ofPrevious:
		more = previous
	case ofChange:
		more, fewer = window, previous
	case ofGone:
		more, fewer = previous, window
	case ofBaseline:
		more = baseline
	case ofNew:
		more, fewer = window, baseline
	case ofFindings:
		more, fewer = window, window && baseline // of the baseline alone, a fact says it
	}
	return auditlog.WorthOf(more, fewer)
}

// sign stands in front of a number in a table.
func (s *Screen) sign(w auditlog.Worth) string {
	if s.ASCII {
		return strings.NewReplacer("≥", ">=", "≤", "<=").Replace(w.Sign())
	}
	return w.Sign()
}

// cell writes a value, with the sign of what it is worth.
func (p *page) cell(c *column, row gjson.Result, twice map[string]bool) cell {
	w := p.worth(c.bound)
	shown := p.Screen.cell(c, row, twice, p.sign(w))
	if w != auditlog.Exact && shown.text != "" && !slices.Contains(p.signed, w) {
		p.signed = append(p.signed, w)
	}
	return shown
}

// legend says what the signs in tables mean.
func (p *page) legend() {
	if len(p.signed) == 0 {
		return
	}
	slices.Sort(p.signed)
	var parts []string
	for _, w := range p.signed {
		parts = append(parts, p.sign(w)+" "+w.Words())
	}
	p.paragraph(p.written(strings.Join(parts, ", ")+": not all could be read", faint)...)
}
