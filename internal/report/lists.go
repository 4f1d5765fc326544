package report

import (
	"fmt"
	"strconv"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/chart"
	"make-audit-mcp/schemas"
)

// entries writes a list of entries.
func (p *page) entries(q *Question, listed *schemas.ListAuditLogsResult) {
	p.Begin("p", "class", "total")
	switch {
	case listed.Total != nil:
		p.Element("strong", said(listed.Total, worth(&listed.Answer)))
		p.Text(" entries.")
	default:
		p.Text("How many there are in all is not known.")
	}
	p.End()
	if len(listed.Entries) == 0 {
		return
	}
	p.table(q.Title, "list said", texts("When", "Who", "Event", "Object", "Team", "Entry")...)
	for i := range listed.Entries {
		p.entry(&listed.Entries[i])
	}
	p.endTable()
	if listed.Total != nil {
		p.cut(len(listed.Entries), *listed.Total, "entries", 0, worth(&listed.Answer))
	}
}

func (p *page) entry(e *schemas.Entry) {
	p.Begin("tr")
	p.Begin("td")
	p.when(e.TriggeredAt)
	if e.CreatedAt != "" {
		p.Text(" written ")
		p.when(e.CreatedAt)
	}
	p.End()
	p.cell(func() { p.actor(e.Actor) })
	p.nameCell(e.Event.Clean())
	p.cell(func() {
		p.Name(e.TargetName.Clean())
		p.small(strings.TrimSpace(e.TargetKind.Clean() + " " + e.TargetID.Clean()))
	})
	p.cell(func() {
		if e.Team != nil {
			p.ref(*e.Team)
		}
	})
	p.cell(func() { p.Element("small", e.UUID) })
	p.End()
}

// people writes who is there.
func (p *page) people(q *Question, found *schemas.ListPeopleResult) {
	p.Element("p", statusesInWords(found)+".", "class", "total")
	p.Begin("p")
	p.Text("List of people: " + rosterInWords(found.Roster.Source))
	if !found.Roster.Complete {
		p.Text("; not complete: " + found.Roster.Reason)
	}
	p.Text(".")
	p.End()
	columns := append(texts("Person", "Status", "Role", "Roles in teams", "2FA", "Last login"), number("Entries"))
	columns = append(columns, texts("First entry", "Last entry", "Made or changed what gives access", "Findings")...)
	p.table(q.Title, "list said people", columns...)
	for i := range found.People {
		p.person(&found.People[i], worth(&found.Answer))
	}
	p.endTable()
	p.cut(len(found.People), found.Total, "people", 0, auditlog.WorthOf(!found.Complete, !found.Complete))
}

// statusesInWords are how many people are of each status. Who is called dormant may have acted where nothing was read.
func statusesInWords(found *schemas.ListPeopleResult) string {
	t, w := found.Totals, worth(&found.Answer)
	return fmt.Sprintf("%s active, %s new, %s dormant, %s gone", said(&t.Active, w), said(&t.New, w),
		said(&t.Dormant, auditlog.WorthOf(false, !found.Complete)), said(&t.Gone, w))
}

func rosterInWords(source string) string {
	switch source {
	case "users":
		return "the organization's users, as Make lists them"
	case "filters":
		return "the people whom the log can be filtered by"
	case "archive":
		return "those of the archive's last sync"
	}
	return source
}

func (p *page) person(person *schemas.Person, w auditlog.Worth) {
	p.Begin("tr")
	p.Begin("th", "scope", "row")
	p.actor(&person.Actor)
	if person.Kind == "service_account" {
		p.Text(" (by its name a service account)")
	}
	p.End()
	p.nameCell(person.Status)
	p.nameCell(person.OrganizationRole.Clean())
	p.cell(func() {
		for i, role := range person.TeamRoles {
			if i > 0 {
				p.Text("; ")
			}
			p.Name(role.Name.Clean() + ": " + role.Role.Clean())
		}
		p.more(len(person.TeamRoles), person.TeamRolesTotal, auditlog.Exact)
	})
	p.nameCell(person.TwoFactor.Clean())
	p.timeCell(person.LastLoginAt)
	p.numberCell(person.Entries, w)
	p.timeCell(person.FirstAt)
	p.timeCell(person.LastAt)
	p.cell(func() {
		for i, use := range person.Powers {
			if i > 0 {
				p.Text("; ")
			}
			p.Name(use.Object.Clean())
			p.Text(": " + usesInWords(use, w))
		}
		p.more(len(person.Powers), person.PowersTotal, w)
	})
	p.cell(func() {
		if f := person.Findings; f != nil {
			p.Text(fmt.Sprintf("%s, %s", said(&f.Total, w), f.Severest))
		}
	})
	p.End()
}

func usesInWords(use schemas.PowerUse, w auditlog.Worth) string {
	switch made, changed := said(&use.Made, w)+" made", said(&use.Changed, w)+" changed"; {
	case use.Changed == 0:
		return made
	case use.Made == 0:
		return changed
	default:
		return made + ", " + changed
	}
}

// findings writes what stands out.
func (p *page) findings(found *schemas.FindSuspiciousActivityResult) {
	w := worthOfFindings(found)
	p.Begin("p", "class", "total")
	p.Element("strong", said(&found.FindingsTotal, w))
	p.Text(fmt.Sprintf(" findings: %s; measured by %s entries of ", severitiesInWords(found),
		said(&found.Baseline.Entries, auditlog.WorthOf(!found.Baseline.Complete, false))))
	p.when(found.Baseline.From)
	p.Text(" to ")
	p.when(found.Baseline.To)
	if !found.Baseline.Complete {
		p.Text(", not all of which is covered, so that what seems new may only be unseen")
	}
	p.Text(".")
	p.End()
	for i := range found.Findings {
		p.finding(&found.Findings[i], "reported", worth(&found.Answer))
	}
	p.cut(len(found.Findings), found.FindingsTotal, "findings", 0, w)
	if len(found.Suppressed) > 0 {
		p.table("Kept back by suppress entries of the rules", "list", number("Signals"), column{"Why", ""}, column{"By", ""}, column{"Until", ""})
		for _, one := range found.Suppressed {
			p.Begin("tr")
			p.numberCell(one.Signals, w)
			p.nameCell(one.Why)
			p.nameCell(one.By)
			p.timeCell(one.Until)
			p.End()
		}
		p.endTable()
	}
	p.table("What the window was held against", "list", column{"Rule", ""}, number("Findings"),
		column{"Why it could find nothing, or not all", ""})
	for _, rule := range found.RulesEvaluated {
		p.Begin("tr")
		p.Begin("th", "scope", "row")
		p.Name(rule.Rule)
		p.End()
		p.numberCell(rule.Findings, w)
		p.nameCell(rule.WhyNot)
		p.End()
	}
	p.endTable()
}

// severitiesInWords are how many findings there are of each severity.
func severitiesInWords(found *schemas.FindSuspiciousActivityResult) string {
	s, w := found.BySeverity, worthOfFindings(found)
	return fmt.Sprintf("%s critical, %s high, %s medium, %s low", said(&s.Critical, w), said(&s.High, w), said(&s.Medium, w), said(&s.Low, w))
}

// worthOfFindings is what their number is worth. By more of the time before, what seems new may not be.
func worthOfFindings(found *schemas.FindSuspiciousActivityResult) auditlog.Worth {
	return auditlog.WorthOf(!found.Complete, !found.Complete && !found.Baseline.Complete)
}

func (p *page) finding(f *schemas.Finding, state string, w auditlog.Worth) {
	p.Begin("div", "class", "finding "+f.Severity)
	p.Begin("h4")
	p.Text(strings.ToUpper(f.Severity[:1]) + f.Severity[1:] + ": ")
	p.Name(f.Title)
	p.End()
	p.Begin("p")
	p.Name(f.Reason)
	p.End()
	p.Begin("dl", "class", "facts")
	p.fact("Who", func() {
		if f.Actor == nil {
			p.Text("several people, or the system")
			return
		}
		p.actor(f.Actor)
	})
	if f.Team != nil {
		p.fact("Team", func() { p.ref(*f.Team) })
	}
	p.fact("When", func() { p.when(f.From); p.Text(" to "); p.when(f.To) })
	p.fact("Observed", func() { p.Text(plainNumber(f.Observed) + ", threshold " + plainNumber(f.Threshold)) })
	p.fact("State", func() { p.Text(state) })
	p.fact("Rule and id", func() { p.Name(f.Rule); p.small(f.ID) })
	p.fact("Evidence", func() {
		p.Text(said(&f.EvidenceCount, w) + " entries: ")
		p.Element("small", strings.Join(f.Evidence, ", "))
		p.more(len(f.Evidence), f.EvidenceCount, w)
	})
	if f.NextStep != "" {
		p.fact("Next", func() { p.Name(f.NextStep) })
	}
	p.End()
	p.End()
}

// plainNumber is a number without more digits than it has.
func plainNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// activity writes what one person did.
func (p *page) activity(a *schemas.GetActorActivityResult) {
	p.Begin("dl", "class", "facts")
	p.fact("Who", func() { p.actor(&a.Actor.Actor) })
	now, before := worth(&a.Answer), auditlog.WorthOf(!a.Baseline.Complete, false)
	judged := auditlog.WorthOf(!a.Complete, !a.Complete && !a.Baseline.Complete)
	p.fact("Entries", func() { p.Text(fmt.Sprintf("%s, on %s days", said(a.Total, now), said(&a.ActiveDays, now))) })
	p.fact("First and last", func() { p.between(a.FirstAt, a.LastAt) })
	p.fact("The time before", func() {
		p.Text(fmt.Sprintf("%s entries on %s of %d days", said(&a.Baseline.Entries, before), said(&a.Baseline.ActiveDays, before),
			a.Baseline.Days))
		if !a.Baseline.Complete {
			p.Text("; not all of it is covered")
		}
	})
	if hours := a.UsualHours.Hours; len(hours) > 0 && a.OutsideUsualHours.Count != nil {
		p.fact("Outside the usual hours", func() {
			p.Text(fmt.Sprintf("%s entries (usual: %s, %s)", said(a.OutsideUsualHours.Count, judged), strings.Join(hours, ", "),
				a.UsualHours.Timezone))
		})
	}
	p.End()
	hours := chart.Chart{Kind: chart.HeatMap, Caption: "By hour of the day", Corner: "Hour"}
	row := chart.Row{Name: "Entries", Least: !a.Complete}
	for hour := range a.ByHour {
		hours.Columns = append(hours.Columns, fmt.Sprintf("%02d", hour))
		row.Values = append(row.Values, &a.ByHour[hour])
	}
	hours.Rows = append(hours.Rows, row)
	chart.Draw(&p.Writer, &hours)
	p.table("By event", "list", column{"Event", ""}, number("Entries"), number("Before"))
	for _, event := range a.ByEvent {
		p.Begin("tr")
		p.Begin("th", "scope", "row")
		p.Name(event.Event.Clean())
		p.End()
		p.numberCell(event.Count, now)
		p.numberCell(event.BaselineCount, before)
		p.End()
	}
	p.endTable()
	p.cut(len(a.ByEvent), a.ByEventTotal, "events", 0, now)
	if len(a.Notable) > 0 {
		p.table("Worth a look", "list", texts("When", "Event", "Object", "Why", "Entry")...)
		for i := range a.Notable {
			p.notable(&a.Notable[i])
		}
		p.endTable()
		p.cut(len(a.Notable), a.NotableTotal, "such entries", 0, now)
	}
	for i := range a.Findings {
		p.finding(&a.Findings[i], "reported", now)
	}
	p.cut(len(a.Findings), a.FindingsTotal, "findings", 0, judged)
}

func (p *page) between(from, to *string) {
	if from == nil || to == nil {
		p.Text("none")
		return
	}
	p.when(*from)
	p.Text(" and ")
	p.when(*to)
}

func (p *page) notable(n *schemas.NotableEntry) {
	p.Begin("tr")
	p.timeCell(n.TriggeredAt)
	p.nameCell(n.Event.Clean())
	p.cell(func() {
		p.Name(n.TargetName.Clean())
		p.small(strings.TrimSpace(n.TargetKind.Clean() + " " + n.TargetID.Clean()))
	})
	p.nameCell(n.Why)
	p.cell(func() { p.Element("small", n.UUID) })
	p.End()
}
