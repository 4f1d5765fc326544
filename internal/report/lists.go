package report

import (
	"fmt"
	"strconv"
	"strings"

	"make-audit-mcp/internal/chart"
	"make-audit-mcp/schemas"
)

// entries writes a list of entries.
func (p *page) entries(q *Question, listed *schemas.ListAuditLogsResult) {
	p.Begin("p", "class", "total")
	switch {
	case listed.Total != nil:
		p.Element("strong", bound(listed.Total, listed.Complete))
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
		p.cut(len(listed.Entries), *listed.Total, "entries", 0)
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
	t := found.Totals
	p.Element("p", fmt.Sprintf("%d active, %d new, %d dormant, %d gone.", t.Active, t.New, t.Dormant, t.Gone), "class", "total")
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
		p.person(&found.People[i])
	}
	p.endTable()
	p.cut(len(found.People), found.Total, "people", 0)
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

func (p *page) person(person *schemas.Person) {
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
		p.more(len(person.TeamRoles), person.TeamRolesTotal)
	})
	p.nameCell(person.TwoFactor.Clean())
	p.timeCell(person.LastLoginAt)
	p.numberCell(person.Entries)
	p.timeCell(person.FirstAt)
	p.timeCell(person.LastAt)
	p.cell(func() {
		for i, use := range person.Powers {
			if i > 0 {
				p.Text("; ")
			}
			p.Name(use.Object.Clean())
			p.Text(": " + usesInWords(use))
		}
		p.more(len(person.Powers), person.PowersTotal)
	})
	p.cell(func() {
		if f := person.Findings; f != nil {
			p.Text(fmt.Sprintf("%d, %s", f.Total, f.Severest))
		}
	})
	p.End()
}

func usesInWords(use schemas.PowerUse) string {
	switch made, changed := chart.Number(use.Made)+" made", chart.Number(use.Changed)+" changed"; {
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
	s := found.BySeverity
	p.Begin("p", "class", "total")
	p.Element("strong", chart.Number(found.FindingsTotal))
	p.Text(fmt.Sprintf(" findings: %d critical, %d high, %d medium, %d low; measured by %s entries of ", s.Critical, s.High, s.Medium, s.Low,
		chart.Number(found.Baseline.Entries)))
	p.when(found.Baseline.From)
	p.Text(" to ")
	p.when(found.Baseline.To)
	p.Text(".")
	p.End()
	for i := range found.Findings {
		p.finding(&found.Findings[i], "reported")
	}
	p.cut(len(found.Findings), found.FindingsTotal, "findings", 0)
	if len(found.Suppressed) > 0 {
		p.table("Kept back by suppress entries of the rules", "list", number("Signals"), column{"Why", ""}, column{"By", ""}, column{"Until", ""})
		for _, one := range found.Suppressed {
			p.Begin("tr")
			p.numberCell(one.Signals)
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
		p.numberCell(rule.Findings)
		p.nameCell(rule.WhyNot)
		p.End()
	}
	p.endTable()
}

func (p *page) finding(f *schemas.Finding, state string) {
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
		p.Text(chart.Number(f.EvidenceCount) + " entries: ")
		p.Element("small", strings.Join(f.Evidence, ", "))
		p.more(len(f.Evidence), f.EvidenceCount)
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
	p.fact("Entries", func() { p.Text(bound(a.Total, a.Complete) + fmt.Sprintf(", on %d days", a.ActiveDays)) })
	p.fact("First and last", func() { p.between(a.FirstAt, a.LastAt) })
	p.fact("The time before", func() {
		p.Text(fmt.Sprintf("%s entries on %d of %d days", chart.Number(a.Baseline.Entries), a.Baseline.ActiveDays, a.Baseline.Days))
	})
	if hours := a.UsualHours.Hours; len(hours) > 0 && a.OutsideUsualHours.Count != nil {
		p.fact("Outside the usual hours", func() {
			p.Text(fmt.Sprintf("%d entries (usual: %s, %s)", *a.OutsideUsualHours.Count, strings.Join(hours, ", "), a.UsualHours.Timezone))
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
		p.numberCell(event.Count)
		p.numberCell(event.BaselineCount)
		p.End()
	}
	p.endTable()
	p.cut(len(a.ByEvent), a.ByEventTotal, "events", 0)
	if len(a.Notable) > 0 {
		p.table("Worth a look", "list", texts("When", "Event", "Object", "Why", "Entry")...)
		for i := range a.Notable {
			p.notable(&a.Notable[i])
		}
		p.endTable()
		p.cut(len(a.Notable), a.NotableTotal, "such entries", 0)
	}
	for i := range a.Findings {
		p.finding(&a.Findings[i], "reported")
	}
	p.cut(len(a.Findings), a.FindingsTotal, "findings", 0)
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
