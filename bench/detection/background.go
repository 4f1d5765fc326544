package detection

import (
	"math"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// play lets everything on the agenda happen, in the order of time.
func (g *generator) play() {
	slices.SortStableFunc(g.agenda, func(a, b task) int { return a.at.Compare(b.at) })
	begin, end := g.dayAt(0), g.dayAt(days)
	for _, task := range g.agenda {
		if !task.at.Before(begin) && task.at.Before(end) {
			task.do(task.at)
		}
	}
}

// stageWork lets everybody work, and what never sleeps.
func (g *generator) stageWork() {
	for day := range days {
		for _, p := range g.people {
			if g.works(p, day) {
				g.stageDay(p, day)
			}
		}
		g.stageSystem(day)
	}
	for i, service := range g.services {
		g.stageService(service, i)
	}
}

// works reports whether a person works on a day.
func (g *generator) works(p *person, day int) bool {
	switch {
	case !p.belongs(day), day >= p.away[0] && day < p.away[1]:
		return false
	case p.rotates:
		return g.chance(5.0 / 7)
	case g.holidays[day] && p.zone == g.zone:
		return g.chance(0.03)
	case !p.weekdays[g.weekday(day)]:
		return p.weekdays[time.Friday] && g.chance(0.015)
	}
	return g.chance(0.94)
}

// stageDay spreads a day's work over sittings, with lunch between, and at times an evening.
func (g *generator) stageDay(p *person, day int) {
	start, hours := p.start, p.hours
	if p.rotates {
		start, hours = []int{6, 14, 22}[(day/7+len(p.Name))%3], 8
	}
	actions := g.count(p.perDay * []float64{0.3, 0.8, 1, 1, 2}[g.random.IntN(5)])
	if p.teams[0].closesMonths && g.closesMonth(day) {
		actions, hours = actions*4+g.between(8, 20), hours+3
	}
	if g.holidays[day-1] {
		actions += actions / 2 // what was left undone
	}
	for actions > 0 {
		minute := g.random.IntN(hours * 60)
		if !p.rotates && minute/60 == 4 && g.chance(0.8) {
			continue // lunch
		}
		if g.chance(0.01) {
			minute = hours*60 + g.random.IntN(180)
		}
		at := g.clock(p.zone, day, start, minute)
		for sitting := g.between(1, 6); sitting > 0 && actions > 0; sitting-- {
			g.at(at, func(at time.Time) { g.work(p, at) })
			actions--
			at = g.later(at, 3*time.Second, 9*time.Minute)
		}
	}
}

// count draws how often something happens that happens so often in the mean.
func (g *generator) count(mean float64) int {
	count, left := 0, mean
	for left -= g.random.ExpFloat64(); left > 0; left -= g.random.ExpFloat64() {
		count++
	}
	return count
}

// closesMonth reports whether a day is the last two of a month, or the first.
func (g *generator) closesMonth(day int) bool { return g.dayAt(day+2).Day() <= 3 }

// work is one action of a person: usually on something that is there already.
func (g *generator) work(p *person, at time.Time) {
	d := deed{at: at, by: p, team: p.teams[0]}
	if len(p.teams) > 1 && g.chance(0.3) {
		d.team = oneOf(g, p.teams[1:])
	}
	k := oneOf(g, p.repertoire)
	switch {
	case p.runs && g.chance(0.1):
		g.runOrganization(d)
		return
	case g.sharedConnections && k == connection && g.chance(0.5):
		g.useOthersConnection(d)
		return
	case g.helpfulPeople && g.chance(0.002):
		d.team, k = oneOf(g, g.squad), scenario
		if others := g.free(d.team, k); len(others) > 0 {
			g.change(d, oneOf(g, others), auditlog.VerbUpdated)
		}
		return
	}
	const few = 3
	there := g.free(d.team, k)
	switch roll := g.random.Float64(); {
	case k == record && roll < 0.6, k == credentialRequest, len(there) < few, roll < 0.09:
		g.create(d, k)
	case roll < 0.13:
		g.removeOwn(d, there)
	default:
		o := oneOf(g, there)
		g.change(d, o, g.verb(o))
	}
}

// removeOwn deletes something that the person made, if there is such a thing.
func (g *generator) removeOwn(d deed, there []*object) {
	for _, o := range there {
		if o.owner == d.by {
			g.remove(d, o)
			return
		}
	}
	o := oneOf(g, there)
	g.change(d, o, g.verb(o))
}

// verb is what happens to an object that stays.
func (g *generator) verb(o *object) string {
	switch {
	case o.kind == scenario && o.off && g.chance(0.6):
		return "activated"
	case o.kind == scenario && g.chance(0.1):
		return "deactivated"
	case o.kind == webhook && o.off && g.chance(0.7):
		return "enabled"
	case o.kind == webhook && g.chance(0.15):
		return "disabled"
	case o.kind == connection && g.chance(0.4):
		return "reauthorized"
	}
	return auditlog.VerbUpdated
}

// runOrganization is what only those do who run it: variables, roles, members.
func (g *generator) runOrganization(d deed) {
	other := oneOf(g, g.people)
	switch roll := g.random.Float64(); {
	case roll < 0.55:
		d.team = nil
		if there := g.free(nil, orgVariable); len(there) > 4 && !g.chance(0.1) {
			g.change(d, oneOf(g, there), auditlog.VerbUpdated)
			return
		}
		g.create(d, orgVariable)
	case roll < 0.75:
		g.create(d, key)
	case roll < 0.9 && other != d.by && other.belongs(g.dayOf(d.at)):
		g.giveRole(deed{d.at, d.by, other.teams[0]}, other, "Team Member")
	default:
		g.log(d, "team_updated", string(d.team.ID))
	}
}

func (g *generator) giveRole(d deed, to *person, role string) {
	g.log(d, "team_role_updated", string(to.ID), "userName", string(to.Name), "role", role)
}

func (g *generator) useOthersConnection(d deed) {
	for _, o := range g.free(d.team, connection) {
		if o.owner != d.by && g.chance(0.3) {
			g.log(d, "connection_used_by_another_user", o.id)
			return
		}
	}
}

// stageSystem lets Make itself stop what fails, at any hour.
func (g *generator) stageSystem(day int) {
	for range g.count(0.3 * math.Sqrt(float64(g.size))) {
		t := oneOf(g, g.squad)
		g.at(g.clock(g.zone, day, 0, g.random.IntN(24*60)), func(at time.Time) {
			k, verb := scenario, "deactivated"
			if g.chance(0.3) {
				k, verb = webhook, "disabled"
			}
			if there := g.free(t, k); len(there) > 0 {
				g.change(deed{at: at, team: t}, oneOf(g, there), verb)
			}
		})
	}
}

// stageService lets a service account run: the first round the clock, the second deploys on weekdays, the others once a night.
func (g *generator) stageService(service *person, n int) {
	perDay := g.machines / float64(len(g.services))
	for day := range days {
		amount := g.count(perDay)
		switch n {
		case 0:
			for range amount {
				g.at(g.clock(time.UTC, day, 0, g.random.IntN(24*60)), func(at time.Time) { g.synchronize(service, at) })
			}
		case 1:
			if weekday := g.weekday(day); weekday == time.Saturday || weekday == time.Sunday {
				continue
			}
			for amount > 0 {
				at := g.clock(g.zone, day, g.between(9, 16), g.random.IntN(60))
				for range min(amount, g.between(2, 12)) {
					g.at(at, func(at time.Time) { g.deploy(service, at) })
					at, amount = at.Add(time.Duration(g.random.IntN(3))*time.Second), amount-1
				}
			}
		default:
			at := g.clock(g.zone, day, n, 0)
			for range amount {
				g.at(at, func(at time.Time) { g.synchronize(service, at) })
				at = g.later(at, time.Second, 20*time.Second)
			}
		}
	}
}

// synchronize writes a record, or lets a connection in.
func (g *generator) synchronize(service *person, at time.Time) {
	d := deed{at, service, service.teams[0]}
	there := g.free(d.team, connection)
	switch roll := g.random.Float64(); {
	case roll < 0.05 && len(there) > 0:
		g.change(d, oneOf(g, there), "reauthorized")
	case roll < 0.4:
		g.log(d, "data_store_record_created", "rec-"+g.nextID())
	default:
		g.log(d, "data_store_record_updated", "rec-"+g.nextID())
	}
}

func (g *generator) deploy(service *person, at time.Time) {
	if there := g.free(service.teams[0], scenario); len(there) > 0 {
		g.change(deed{at, service, service.teams[0]}, oneOf(g, there), auditlog.VerbUpdated)
	}
}
