package detection

import (
	"fmt"
	"math"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// team is a team of the organization.
type team struct {
	auditlog.Ref
	// closesMonths is a team that works longer and more around the end of each month.
	closesMonths bool
}

// person is somebody who works in the organization, or a service account.
type person struct {
	auditlog.Actor
	zone  *time.Location
	teams []*team // the home first
	// runs says that the person looks after the organization: its people, variables and settings.
	runs   bool
	perDay float64
	// start and hours are when a usual day begins and how long it is; weekdays are the days of work.
	start, hours int
	weekdays     [7]bool
	// rotates says that the person works in shifts, early, late and at night in turn.
	rotates    bool
	repertoire []kind // every kind of object as often as it is worked on
	// from and until are the first day and the one after the last; joins are later memberships.
	from, until int
	away        [2]int // a vacation
	history
}

// history is what a person did, incidents left out.
type history struct {
	inTeam  map[auditlog.ID]int
	ofEvent map[auditlog.Text]int
	onDay   map[int]int
}

func newHistory() history {
	return history{map[auditlog.ID]int{}, map[auditlog.Text]int{}, map[int]int{}}
}

// belongs reports whether the person was there on a day.
func (p *person) belongs(day int) bool { return day >= p.from && day < p.until }

// role is what somebody is there for, and the kinds of objects that it brings.
type role []struct {
	kind   kind
	weight float64
}

func roles() []role {
	return []role{
		{ // who builds
			{scenario, 60}, {webhook, 12}, {dataStructure, 5}, {function, 4}, {connection, 8}, {dataStore, 4}, {teamVariable, 3},
			{key, 0.7},
		},
		{ // who connects systems
			{scenario, 35}, {connection, 22}, {webhook, 20}, {key, 3}, {credentialRequest, 3}, {teamVariable, 4},
		},
		{ // who looks after data
			{record, 50}, {dataStore, 9}, {scenario, 25}, {dataStructure, 9},
		},
		{ // who operates
			{scenario, 70}, {webhook, 14}, {connection, 5}, {record, 4},
		},
	}
}

// found makes teams, people and service accounts, and what they own already.
func (g *generator) found() {
	names := []string{"Platform", "Finance", "Customer Care", "Sales", "Marketing", "Logistics", "People", "Data", "Legal", "Production",
		"Procurement", "Partners", "Research", "Facilities", "Security"}
	for i := range g.teams {
		g.squad = append(g.squad, &team{Ref: auditlog.Ref{ID: auditlog.ID(fmt.Sprint(8100 + i)), Name: auditlog.Text(names[i])},
			closesMonths: g.monthEnds && i == 1})
	}
	for range g.size {
		g.people = append(g.people, g.hire())
	}
	for i := range max(1, g.size/30) + 1 { // who runs the place
		p := g.people[i]
		p.runs, p.from, p.until, p.rotates = true, 0, days, false
		p.start, p.hours, p.weekdays = 8, 10, office()
	}
	g.retire()
	for i := range min(4, 1+g.size/15) {
		g.services = append(g.services, g.service(i))
	}
	for _, t := range g.squad {
		for _, owner := range g.people {
			if owner.teams[0] == t {
				g.stock(owner, g.between(4, 10))
			}
		}
	}
}

func office() [7]bool { return [7]bool{time.Monday: true, true, true, true, true} }

// hire makes a person, with teams and habits of their own.
func (g *generator) hire() *person {
	n := len(g.people)
	name, address := g.name(n)
	p := &person{
		Actor:  auditlog.Actor{ID: auditlog.ID(fmt.Sprint(5000 + n)), Name: auditlog.Text(name), Email: auditlog.Text(address)},
		zone:   g.zone,
		teams:  []*team{g.squad[n%len(g.squad)]},
		perDay: g.busyness * math.Exp(0.6*g.random.NormFloat64()),
		start:  g.between(7, 9), hours: g.between(8, 9), weekdays: office(), until: days, history: newHistory(),
	}
	if g.chance(0.3) {
		p.zone = oneOf(g, g.locations)
	}
	for len(p.teams) < min(4, len(g.squad)-1) && g.chance(0.35) {
		if t := oneOf(g, g.squad); !p.isIn(t) {
			p.teams = append(p.teams, t)
		}
	}
	if g.chance(0.2) { // works part of the week
		p.weekdays[g.between(1, 5)] = false
	}
	if g.chance(0.08) { // late riser
		p.start += 4
	}
	if g.chance(0.05) {
		p.weekdays[time.Saturday] = true
	}
	p.rotates = g.shifts && g.chance(0.3)
	if g.chance(0.6) {
		begin := g.random.IntN(days)
		p.away = [2]int{begin, begin + g.between(5, 21)}
	}
	for _, part := range oneOf(g, roles()) {
		times := part.weight * (0.4 + 1.4*g.random.Float64())
		if part.weight < 10 && g.chance(0.4) {
			continue // nobody does everything
		}
		for range int(math.Ceil(times)) {
			p.repertoire = append(p.repertoire, part.kind)
		}
	}
	return p
}

// isIn reports whether the person belongs to a team.
func (p *person) isIn(t *team) bool {
	for _, own := range p.teams {
		if own == t {
			return true
		}
	}
	return false
}

// retire lets some people have been idle for long, some leave, and some come; who runs the place stays.
func (g *generator) retire() {
	for i, p := range g.people {
		switch {
		case p.runs || g.size < 8:
		case i == g.size-1 || g.chance(0.03): // idle ever since
			p.until = g.between(8, 22)
		case i == g.size-2 || g.chance(0.03): // leaves in the window
			p.until = BaselineDays + g.between(10, 24)
		case g.chance(0.02):
			p.until = g.between(30, BaselineDays)
		case i == g.size-3 || g.chance(0.04): // comes in the window
			p.from = g.nextWorkday(BaselineDays + g.between(2, 22))
		case g.chance(0.06):
			p.from = g.nextWorkday(g.between(20, BaselineDays))
		}
		if p.from > 0 || p.until < days {
			p.away = [2]int{}
		}
	}
}

// service makes a service account; not every name says what it is.
func (g *generator) service(n int) *person {
	name := []string{"svc-sync", "ci-deploy-bot", "Orders Hub", "integration-service"}[n]
	return &person{
		Actor: auditlog.Actor{ID: auditlog.ID(fmt.Sprint(6000 + n)), Name: auditlog.Text(name),
			Email: auditlog.Text(fmt.Sprintf("automation%d@organization.example", n))},
		zone: time.UTC, teams: []*team{oneOf(g, g.squad)}, until: days, history: newHistory(),
	}
}

// name draws the name and address of a person; two may share a name, never an address.
func (g *generator) name(n int) (name, address string) {
	given := oneOf(g, []string{"Anna", "Bikash", "Chloé", "David", "Eliška", "Farid", "Grace", "Hiroshi", "Ines", "Jan", "Kateřina", "Liam",
		"Marta", "Nikhil", "Olga", "Pedro", "Quinn", "Radek", "Sofia", "Tomáš", "Uma", "Viktor", "Wen", "Yuki", "Zoë"})
	family := oneOf(g, []string{"Adhikari", "Brown", "Costa", "Dvořák", "Evans", "Fischer", "García", "Horák", "Ito", "Jones", "Kučera",
		"Lopes", "Müller", "Novák", "O'Neill", "Petrov", "Rai", "Shrestha", "Tanaka", "Wilson"})
	return given + " " + family, fmt.Sprintf("person%d@organization.example", n)
}
