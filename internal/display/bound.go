package display

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
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

// worth is what a number tells.
type worth int

const (
	exact worth = iota
	atLeast
	atMost
	moreOrFewer
)

// worth is that of a number, by what the result says of having been read as a whole.
func (p *page) worth(b bound) worth {
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
		more, fewer = window || baseline, baseline
	}
	switch {
	case more && fewer:
		return moreOrFewer
	case more:
		return atLeast
	case fewer:
		return atMost
	}
	return exact
}

// inWords stands in front of a number within a text.
func (w worth) inWords() string {
	return [...]string{exact: "", atLeast: "at least ", atMost: "at most ", moreOrFewer: "about "}[w]
}

// sign stands in front of a number in a table.
func (s *Screen) sign(w worth) string {
	if s.ASCII {
		return [...]string{exact: "", atLeast: ">=", atMost: "<=", moreOrFewer: "~"}[w]
	}
	return [...]string{exact: "", atLeast: "≥", atMost: "≤", moreOrFewer: "~"}[w]
}

// cell writes a value, with the sign of what it is worth.
func (p *page) cell(c *column, row gjson.Result, twice map[string]bool) cell {
	w := p.worth(c.bound)
	shown := p.Screen.cell(c, row, twice, p.sign(w))
	if w != exact && shown.text != "" && !slices.Contains(p.signed, w) {
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
		parts = append(parts, p.sign(w)+" "+strings.TrimSpace(w.inWords()))
	}
	p.paragraph(p.written(strings.Join(parts, ", ")+": not all could be read", faint)...)
}
