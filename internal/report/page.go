package report

import (
	_ "embed"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/chart"
	"make-audit-mcp/internal/markup"
	"make-audit-mcp/resources/ui"
	"make-audit-mcp/schemas"
)

//go:embed report.css
var style string

// page writes a report as HTML.
type page struct {
	markup.Writer
	report *Report
}

// HTML is the report as one page that needs no script, no network and no other file.
func HTML(r *Report) []byte {
	p := &page{report: r}
	p.Doctype()
	p.Begin("html", "lang", "en")
	p.head()
	p.Begin("body")
	p.opening()
	p.contents()
	p.Begin("main")
	for i := range r.Sections {
		p.section(&r.Sections[i])
	}
	p.exceptions()
	p.proof()
	p.End()
	p.Begin("footer")
	p.Element("p", "This report shows what an audit log says, and how far that is known. It is evidence to be judged, and promises no "+
		"compliance with any standard or law.", "class", "quiet")
	p.End()
	p.End()
	p.End()
	p.Line()
	return p.Bytes()
}

func (p *page) head() {
	p.Begin("head")
	p.Void("meta", "charset", "utf-8")
	p.Void("meta", "http-equiv", "Content-Security-Policy", "content", "default-src 'none'; style-src 'unsafe-inline'")
	p.Void("meta", "name", "viewport", "content", "width=device-width, initial-scale=1")
	p.Void("meta", "name", "generator", "content", "make-audit-mcp "+p.report.Version)
	p.Element("title", p.report.Title+", "+p.span())
	p.Style(ui.ChartStyle() + style)
	p.End()
	p.Line()
}

// span is the window in words.
func (p *page) span() string { return day(p.report.Query.From) + " to " + day(p.report.Query.To) }

// opening says what the report is, and what has to be known before any of it is read.
func (p *page) opening() {
	r := p.report
	p.Begin("header")
	p.Element("h1", r.Title)
	p.Begin("p")
	p.Text("From ")
	p.when(r.Query.From)
	p.Text(" until ")
	p.when(r.Query.To)
	p.Text(" (which is not in it), in " + r.Query.Timezone + ", as all times below.")
	p.End()
	if len(r.Query.Team) > 0 {
		p.Begin("p")
		p.Text("Of these teams alone, where nothing else is said: ")
		p.refs(r.Query.Team, r.Query.TeamTotal)
		p.Text(".")
		p.End()
	}
	switch {
	case !r.IsCovered():
		p.alert("Nothing of this window is covered.", "No number below says anything of it: that there are no entries does not mean that "+
			"nothing happened. The reasons stand under coverage.")
	case !r.Complete:
		p.alert("Not all of this window could be read.", "The numbers below are lower bounds. What is missing stands under coverage and "+
			"under exceptions.")
	}
	if lacking := r.Lacking(); r.Complete && len(lacking) > 0 {
		p.alert("Not every question was answered whole.", "Numbers are missing, or are lower bounds: see exceptions.")
	}
	if r.Proof.State == Failed {
		p.alert("The archive is not as it was stored.", "The numbers below are not proved. See proof.")
	}
	p.glance()
	p.End()
}

func (p *page) alert(what, consequence string) {
	p.Begin("p", "class", "alert", "role", "note")
	p.Element("strong", what)
	p.Text(" " + consequence)
	p.End()
}

// glance is the report in a few numbers.
func (p *page) glance() {
	p.Begin("dl", "class", "facts", "id", "glance")
	p.fact("Entries", func() { p.Text(said(p.report.Total(), worth(&p.report.Answer))) })
	if q := p.report.question("findings"); q != nil {
		if found, ok := q.Answer.(*schemas.FindSuspiciousActivityResult); ok {
			p.fact("Findings", func() { p.Text(said(&found.FindingsTotal, worthOfFindings(found)) + ": " + severitiesInWords(found)) })
		}
	}
	if q := p.report.question("people"); q != nil {
		if found, ok := q.Answer.(*schemas.ListPeopleResult); ok {
			p.fact("People", func() { p.Text(statusesInWords(found)) })
		}
	}
	p.fact("Exceptions", func() { p.link("exceptions", chart.Number(len(p.report.Exceptions))) })
	p.fact("Proof", func() {
		text := p.report.Proof.State.inWords()
		if p.report.restsOnMore() {
			text += ", but not all was read from it"
		}
		p.link("proof", text)
	})
	p.End()
}

func (s ProofState) inWords() string {
	switch s {
	case Verified:
		return "the archive was verified"
	case Failed:
		return "the archive is not as it was stored"
	case NotProved:
	}
	return "nothing is proved"
}

// fact writes a term and what holds of it.
func (p *page) fact(term string, say func()) {
	p.Element("dt", term)
	p.Begin("dd")
	say()
	p.End()
}

func (p *page) link(to, text string) { p.Element("a", text, "href", "#"+to) }

func (p *page) contents() {
	p.Begin("nav", "aria-labelledby", "contents")
	p.Element("h2", "Contents", "id", "contents")
	p.Begin("ol")
	for _, section := range p.report.Sections {
		p.Begin("li")
		p.link(section.ID, section.Title)
		p.End()
		if section.ID == ScopeID {
			p.Begin("li")
			p.link("coverage", coverageTitle)
			p.End()
		}
	}
	for _, last := range [][2]string{{"exceptions", "Exceptions"}, {"proof", "Proof"}} {
		p.Begin("li")
		p.link(last[0], last[1])
		p.End()
	}
	p.End()
	p.End()
	p.Line()
}

const coverageTitle = "What the log covers, and what not"

func (p *page) section(s *Section) {
	p.Begin("section", "aria-labelledby", s.ID)
	p.Element("h2", s.Title, "id", s.ID)
	p.Element("p", s.About)
	if s.ID == ScopeID {
		p.scope()
	}
	for i := range s.Questions {
		p.question(&s.Questions[i], s.ID != ScopeID)
	}
	p.End()
	p.Line()
	if s.ID == ScopeID {
		p.coverage()
	}
}

// question writes an answer, and how to ask for it again.
func (p *page) question(q *Question, withAnswer bool) {
	p.Begin("article", "id", "q-"+q.ID)
	if withAnswer {
		p.Begin("h3")
		p.Name(q.Title)
		p.End()
		if q.Error != "" {
			p.alert("Not answered.", q.Error)
		}
		p.answer(q)
	}
	p.Begin("p", "class", "ask")
	p.Text("Ask again: ")
	arguments, err := auditlog.PlainJSON(q.Arguments)
	if err != nil {
		panic(err) // arguments are plain data
	}
	// People put it between single quotes in a shell, which nothing in it may end.
	p.Element("code", q.Tool+" "+strings.ReplaceAll(string(arguments), "'", `\u0027`))
	if q.countsWeeks() {
		p.Text(", with ")
		p.Element("code", "--week-start "+p.report.WeekStart)
	}
	p.End()
	p.End()
	p.Line()
}

func (p *page) answer(q *Question) {
	switch result := q.Answer.(type) {
	case *schemas.CountAuditLogsResult:
		p.count(q, result)
	case *schemas.ListAuditLogsResult:
		p.entries(q, result)
	case *schemas.ListPeopleResult:
		p.people(q, result)
	case *schemas.GetActorActivityResult:
		p.activity(result)
	case *schemas.FindSuspiciousActivityResult:
		p.findings(result)
	}
}

// scope says who asked, and what the key may read.
func (p *page) scope() {
	r := p.report
	p.Begin("dl", "class", "facts")
	p.fact("Organization", func() { p.ref(r.Query.Organization) })
	if len(r.Query.Team) > 0 {
		p.fact("Teams", func() { p.refs(r.Query.Team, r.Query.TeamTotal) })
	}
	if r.Account != nil {
		p.fact("Asked with the key of", func() { p.actor(&r.Account.Actor) })
	}
	if o := r.Organization; o != nil {
		p.fact("Role of that person", func() { p.orUnknown(o.Role.Clean()) })
		p.fact("Zone of Make", func() { p.orUnknown(o.Zone.Clean()) })
		p.fact("The key may read", func() {
			switch {
			case !o.CanReadAuditLogs:
				p.Text("nothing now: " + o.Reason)
			case o.Reason != "":
				p.Text("not all: " + o.Reason)
			default:
				p.Text("the whole organization's log")
			}
		})
	}
	p.fact("Window", func() { p.Text(r.Query.From + " (inclusive) to " + r.Query.To + " (exclusive), " + r.Query.Timezone) })
	p.fact("Weeks begin on", func() { p.Text(r.firstOfWeek.String()) })
	p.fact("Made", func() { p.when(r.MadeAt); p.Text(" by make-audit-mcp " + r.Version) })
	p.fact("Kind of report", func() { p.Text(string(r.Kind)) })
	p.End()
}

// coverage says what the log can tell of the window, and what not.
func (p *page) coverage() {
	r := p.report
	p.Begin("section", "aria-labelledby", "coverage")
	p.Element("h2", coverageTitle, "id", "coverage")
	p.Begin("dl", "class", "facts")
	p.fact("Covered", func() {
		if !r.IsCovered() {
			p.Text("nothing of the window")
			return
		}
		p.when(*r.Coverage.From)
		p.Text(" to ")
		p.when(*r.Coverage.To)
	})
	p.fact("Complete", func() {
		if r.Complete {
			p.Text("yes: the whole window was read, for all that the key may see")
		} else {
			p.Text("no: numbers are lower bounds, unless something else is said")
		}
	})
	p.fact("Signs in tables", func() {
		p.Text("of what was not read as a whole: ")
		for i, w := range auditlog.Worths() {
			if i > 0 {
				p.Text(", ")
			}
			p.Text(w.Sign() + " " + w.Words())
		}
	})
	p.fact("Read from", func() { p.Text(sourceInWords(r.Source)) })
	p.fact("Records that could not be read", func() { p.Text(chart.Number(r.Unreadable)) })
	if o := r.Organization; o != nil {
		if o.RetentionDays != nil {
			p.fact("Make keeps", func() { p.Text(chart.Number(*o.RetentionDays) + " days: what is older only an archive has") })
		}
		if o.OldestEntryAt != "" {
			p.fact("Oldest entry at Make", func() { p.when(o.OldestEntryAt) })
		}
		if a := o.Archive; a != nil {
			p.fact("Archive", func() { p.Text(chart.Number(a.Entries) + " entries, last filled "); p.when(a.AsOf) })
		}
	}
	p.End()
	p.gaps("Gaps: parts of the window of which nothing is known", r.Coverage.Gaps)
	p.Element("h3", "What no entry tells")
	p.Begin("ul")
	for _, late := range r.NotLogged.Late {
		text := "Make logs " + late.Events + " only since " + late.Since + "."
		if late.InWindow {
			text += " The window begins before: that it has none from then proves nothing."
		}
		p.Element("li", text)
	}
	p.Element("li", "Not on Make's list of events of "+r.NotLogged.NeverAsOf+", and so perhaps in no entry: "+r.NotLogged.Never+".")
	p.Element("li", "What scenarios do when they run, and the records that they write to data stores.")
	p.End()
	p.End()
	p.Line()
}

func sourceInWords(source string) string {
	switch source {
	case auditlog.SourceArchive:
		return "the archive"
	case auditlog.SourceArchiveAndLive:
		return "the archive, and from Make what it did not have yet"
	case auditlog.SourceLive:
		return "Make, when the report was made"
	}
	return source
}

func (p *page) gaps(caption string, gaps []schemas.Gap) {
	if len(gaps) == 0 {
		return
	}
	p.table(caption, "list", column{"From", ""}, column{"To", ""}, column{"Why", ""})
	for _, gap := range gaps {
		p.Begin("tr")
		p.cell(func() { p.when(gap.From) })
		p.cell(func() { p.when(gap.To) })
		p.cell(func() { p.Text(gap.Reason) })
		p.End()
	}
	p.endTable()
}

func (p *page) exceptions() {
	p.Begin("section", "aria-labelledby", "exceptions")
	p.Element("h2", "Exceptions", "id", "exceptions")
	p.Element("p", "All that could not be read or proved, and whatever else has to be known before a number is relied on.")
	p.Begin("ul")
	for _, e := range p.report.Exceptions {
		p.Begin("li")
		p.Text(e.Problem)
		for i, id := range e.Questions {
			if i == 0 {
				p.Text(" (")
			} else {
				p.Text(", ")
			}
			title := id
			if q := p.report.question(id); q != nil {
				title = q.Title
			}
			p.link("q-"+id, title)
			if i == len(e.Questions)-1 {
				p.Text(")")
			}
		}
		p.End()
	}
	p.End()
	p.End()
	p.Line()
}

func (p *page) proof() {
	proof := &p.report.Proof
	p.Begin("section", "aria-labelledby", "proof")
	p.Element("h2", "Proof", "id", "proof")
	p.Element("p", proof.Meaning)
	if proof.State != NotProved {
		p.Begin("dl", "class", "facts")
		p.fact("Result of verify", func() {
			if proof.State == Verified {
				p.Text("every record is as it was stored")
			} else {
				p.Text(chart.Number(proof.ProblemsTotal) + " problems")
			}
		})
		p.fact("Records", func() {
			p.Text(chart.Number(int(proof.Records)) + ", of which " + chart.Number(proof.Entries) + " are entries")
		})
		p.fact("Signed checkpoints", func() { p.Text(chart.Number(proof.Checkpoints)) })
		if log := proof.Log; log != nil {
			p.fact("This organization", func() {
				p.Text(chart.Number(log.Entries) + " entries, covered from ")
				p.when(log.CoveredFrom)
				p.Text(" to ")
				p.when(log.LastSync)
			})
		}
		if proof.CheckpointAt != "" {
			p.fact("Last checkpoint signed", func() { p.when(proof.CheckpointAt) })
		}
		p.End()
		if proof.Log != nil {
			p.gaps("Gaps of the archive", proof.Log.Gaps)
		}
	}
	p.proofTexts()
	p.End()
	p.Line()
}

func (p *page) proofTexts() {
	proof := &p.report.Proof
	if len(proof.Problems) > 0 {
		p.Element("h3", "Problems")
		p.Begin("ul")
		for _, problem := range proof.Problems {
			p.Element("li", problem)
		}
		p.End()
	}
	if proof.Checkpoint != "" {
		p.Element("h3", "Checkpoint")
		p.Element("pre", proof.Checkpoint)
	}
	if len(proof.PublicKeys) > 0 {
		p.Element("h3", "Public key")
		p.Element("pre", strings.Join(proof.PublicKeys, "\n"))
	}
}

// when writes an instant as the clocks of the window's zone show it; the attribute has it whole.
func (p *page) when(instant string) {
	if instant == "" {
		p.Text("not known")
		return
	}
	text := instant
	if t, err := time.Parse(time.RFC3339Nano, instant); err == nil {
		if p.report.location != nil {
			t = t.In(p.report.location)
		}
		text = t.Format("2006-01-02 15:04:05")
	}
	p.Element("time", text, "datetime", instant)
}

// day is the date of an instant.
func day(instant string) string {
	date, _, _ := strings.Cut(instant, "T")
	return date
}
