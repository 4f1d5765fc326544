package report

import (
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/chart"
	"make-audit-mcp/schemas"
)

// column is a column of a table: its header, and its class.
type column struct{ header, class string }

// texts are columns of text.
func texts(headers ...string) (columns []column) {
	for _, header := range headers {
		columns = append(columns, column{header: header})
	}
	return columns
}

// number is a column of numbers.
func number(header string) column { return column{header, "n"} }

// table begins a table, up to its first row.
func (p *page) table(caption, class string, columns ...column) {
	// Whoever has no mouse scrolls what has the focus.
	p.Begin("div", "class", "scrolls", "role", "group", "tabindex", "0", "aria-label", caption)
	p.Begin("table", "class", class)
	p.Element("caption", caption)
	p.Begin("thead")
	p.Begin("tr")
	for _, c := range columns {
		p.Begin("th", "scope", "col", "class", c.class)
		p.Name(c.header)
		p.End()
	}
	p.End()
	p.End()
	p.Begin("tbody")
}

func (p *page) endTable() {
	for range 3 { // tbody, table, div
		p.End()
	}
	p.Line()
}

func (p *page) cell(say func()) {
	p.Begin("td")
	say()
	p.End()
}

func (p *page) numberCell(n int, w auditlog.Worth) {
	p.Element("td", w.Sign()+chart.Number(n), "class", "n")
}

// optionalCell is a cell for what may not be known.
func (p *page) optionalCell(n *int, w auditlog.Worth) {
	if n == nil {
		p.Element("td", "", "class", "n")
		return
	}
	p.numberCell(*n, w)
}

// timeCell is empty where there is no such time.
func (p *page) timeCell(instant string) {
	p.cell(func() {
		if instant != "" {
			p.when(instant)
		}
	})
}

func (p *page) nameCell(name string) { p.cell(func() { p.Name(name) }) }

// actor writes a person, with what tells namesakes apart.
func (p *page) actor(a *auditlog.Actor) {
	if a == nil {
		p.Text("the system")
		return
	}
	p.Name(a.Name.Clean())
	p.small(a.Email.Clean())
	p.small(auditlog.Text(a.ID).Clean())
}

func (p *page) ref(r auditlog.Ref) {
	p.Name(r.Name.Clean())
	p.small(auditlog.Text(r.ID).Clean())
}

// small writes what stands quietly behind a name; nothing for nothing.
func (p *page) small(text string) {
	if text == "" {
		return
	}
	p.Text(" ")
	p.Begin("small")
	p.Name(text)
	p.End()
}

// refs writes the first of a list, and how many there are; total may be 0 where all are listed.
func (p *page) refs(refs []auditlog.Ref, total int) {
	for i, ref := range refs {
		if i > 0 {
			p.Text(", ")
		}
		p.ref(ref)
	}
	p.more(len(refs), total, auditlog.Exact)
}

// more says how many are not listed.
func (p *page) more(listed, total int, w auditlog.Worth) {
	if total > listed {
		p.Text(" and " + w.Said(chart.Number(total-listed)) + " more")
	}
}

// worth is that of the numbers of what an answer is about.
func worth(a *schemas.Answer) auditlog.Worth { return auditlog.WorthOf(!a.Complete, false) }

// said is a number within a text.
func said(n *int, w auditlog.Worth) string {
	if n == nil {
		return "not known"
	}
	return w.Said(chart.Number(*n))
}

func (p *page) orUnknown(text string) {
	if text == "" {
		p.Text("not known")
		return
	}
	p.Name(text)
}
