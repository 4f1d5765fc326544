package detection

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// stageOccasions puts on the agenda what happens in every organization now and then, and what only looks like an incident.
func (g *generator) stageOccasions() {
	for _, p := range g.people {
		g.stageArrival(p)
		g.stageFarewell(p)
	}
	g.stageKeyRotation()
	g.stageDecommissioning()
	g.stageNightsOnCall()
	g.stageTransfers()
	g.stagePromotions()
	if g.migration && len(g.services) > 1 {
		g.stageMigration()
	}
	if g.reorganization && len(g.squad) > 2 {
		g.stageReorganization()
	}
	if g.feature {
		g.stageFeature()
	}
	if g.monthEnds {
		g.stageRecordCleanup()
	}
}

// admin draws one of those who run the organization.
func (g *generator) admin() *person {
	for {
		if p := oneOf(g, g.people); p.runs {
			return p
		}
	}
}

// members returns the people whose home a team is and who are there on a day.
func (g *generator) members(t *team, day int) []*person {
	var members []*person
	for _, p := range g.people {
		if p.teams[0] == t && p.belongs(day) {
			members = append(members, p)
		}
	}
	return members
}

// atWork returns an instant within a person's office hours.
func (g *generator) atWork(p *person, day int) time.Time {
	return g.clock(p.zone, day, p.start, g.between(30, max(60, p.hours*60-150)))
}

// nextWorkday returns the day itself, or the next that is none of the weekend's.
func (g *generator) nextWorkday(day int) int {
	for g.weekday(day) == time.Saturday || g.weekday(day) == time.Sunday || g.holidays[day] {
		day++
	}
	return day
}

// stageArrival lets a newcomer be given roles, days before the first one of work.
func (g *generator) stageArrival(p *person) {
	if p.from == 0 {
		return
	}
	admin := g.admin()
	at := g.atWork(admin, g.nextWorkday(p.from-5))
	for _, t := range p.teams {
		g.at(at, func(at time.Time) { g.giveRole(deed{at, admin, t}, p, "Team Member") })
		at = g.later(at, 10*time.Second, time.Minute)
	}
}

// stageFarewell lets somebody who leaves be removed from their teams by an admin, after a colleague took over some connections.
func (g *generator) stageFarewell(p *person) {
	if p.until == days || p.until < 30 {
		return
	}
	admin, heir := g.admin(), oneOf(g, append(g.members(p.teams[0], p.until), g.admin()))
	at := g.atWork(heir, g.nextWorkday(p.until-1))
	for range g.between(1, 4) {
		g.at(at, func(at time.Time) {
			if there := g.free(p.teams[0], connection); len(there) > 0 {
				g.change(deed{at, heir, p.teams[0]}, oneOf(g, there), "reauthorized")
			}
		})
		at = g.later(at, 20*time.Second, 4*time.Minute)
	}
	at = g.atWork(admin, g.nextWorkday(p.until))
	for _, t := range p.teams {
		g.at(at, func(at time.Time) {
			g.log(deed{at, admin, t}, "team_member_removed", string(p.ID), "userName", string(p.Name))
		})
		at = g.later(at, 10*time.Second, time.Minute)
	}
}

// stageKeyRotation lets the owner of keys replace them every 90 days.
func (g *generator) stageKeyRotation() {
	owner := g.admin()
	first, keys := g.nextWorkday(g.between(3, 22)), g.between(2, 5)
	for day := first; day < days; day = g.nextWorkday(day + 88) {
		at := g.atWork(owner, day)
		for range keys {
			g.at(at, func(at time.Time) { g.create(deed{at, owner, owner.teams[0]}, key) })
			at = g.later(at, 20*time.Second, 3*time.Minute)
		}
		for range keys {
			g.at(at, func(at time.Time) {
				if there := g.free(owner.teams[0], key); len(there) > keys {
					g.removeOwn(deed{at, owner, owner.teams[0]}, there)
				}
			})
			at = g.later(at, 20*time.Second, 3*time.Minute)
		}
	}
}

// stageDecommissioning lets people delete old scenarios of their own, which they switched off days before: once in the baseline and once in
// the window.
func (g *generator) stageDecommissioning() {
	for _, day := range []int{g.between(20, BaselineDays-10), g.between(BaselineDays+9, days-2)} {
		owner := oneOf(g, g.people)
		if owner.from > 0 || owner.until < days {
			owner = g.admin()
		}
		day = g.nextWorkday(day)
		var old []*object
		for range g.between(8, 15) {
			old = append(old, g.add(&object{kind: scenario, team: owner.teams[0], id: g.nextID(), owner: owner, reserved: true}))
		}
		announced, done := g.atWork(owner, g.nextWorkday(day-7)), g.atWork(owner, day)
		for _, o := range old {
			g.at(announced, func(at time.Time) { g.change(deed{at, owner, o.team}, o, "deactivated") })
			g.at(done, func(at time.Time) { g.remove(deed{at, owner, o.team}, o) })
			announced, done = g.later(announced, 5*time.Second, 2*time.Minute), g.later(done, 5*time.Second, 4*time.Minute)
		}
	}
}

// stageNightsOnCall lets who is on call repair something at night: rarely, and twice in the window.
func (g *generator) stageNightsOnCall() {
	nights := []int{g.between(5, 40), g.between(41, BaselineDays-5), g.between(BaselineDays+2, days-12), g.between(days-11, days-3)}
	onCall := []*person{g.admin(), g.admin()}
	for i, night := range nights {
		p := onCall[i%2]
		at := g.clock(p.zone, night, 24+g.between(1, 4), g.random.IntN(60))
		for range g.between(3, 8) {
			g.at(at, func(at time.Time) {
				if there := g.free(p.teams[0], scenario); len(there) > 0 {
					g.change(deed{at, p, p.teams[0]}, there[0], g.verb(there[0]))
				}
			})
			at = g.later(at, 30*time.Second, 10*time.Minute)
		}
	}
}

// stageTransfers lets some people come into another team, where they work from then on.
func (g *generator) stageTransfers() {
	for range g.size / 12 {
		p, t, admin := oneOf(g, g.people), oneOf(g, g.squad), g.admin()
		if p.isIn(t) || p.runs || p.until < days {
			continue
		}
		day := g.nextWorkday(g.between(max(p.from+1, 20), days-5))
		g.at(g.atWork(admin, day), func(at time.Time) {
			g.giveRole(deed{at, admin, t}, p, "Team Member")
			p.teams = append(p.teams, t)
		})
	}
}

// stagePromotions lets somebody be put in charge now and then, who does from then on what they never did.
func (g *generator) stagePromotions() {
	for range g.size / 25 {
		p, admin := oneOf(g, g.people), g.admin()
		if p.runs || p.from > 0 || p.until < days {
			continue
		}
		g.at(g.atWork(admin, g.nextWorkday(g.between(10, days-8))), func(at time.Time) {
			g.giveRole(deed{at, admin, p.teams[0]}, p, "Team Admin")
			p.runs = true
		})
	}
}

// stageMigration lets a service account change thousands of objects over a weekend.
func (g *generator) stageMigration() {
	service := g.services[1]
	day := g.between(10, days-12)
	for g.weekday(day) != time.Saturday {
		day++
	}
	at := g.clock(g.zone, day, 7, 0)
	for range g.size * g.between(15, 30) {
		g.at(at, func(at time.Time) {
			t := oneOf(g, g.squad)
			if there := g.free(t, oneOf(g, []kind{scenario, scenario, connection, webhook})); len(there) > 0 {
				g.change(deed{at, service, t}, oneOf(g, there), auditlog.VerbUpdated)
			}
		})
		at = g.later(at, 5*time.Second, time.Minute)
	}
}

// stageReorganization lets an admin make a team, move people to it from others, and give some of them other roles.
func (g *generator) stageReorganization() {
	admin := g.admin()
	t := &team{Ref: auditlog.Ref{ID: auditlog.ID(g.nextID()), Name: "Growth"}}
	day := g.nextWorkday(g.between(15, days-6))
	at := g.atWork(admin, day)
	g.at(at, func(at time.Time) {
		g.squad = append(g.squad, t)
		g.log(deed{at, admin, t}, "team_created", string(t.ID))
		g.giveRole(deed{at.Add(2 * time.Second), admin, t}, admin, "Team Admin") // as Make has it for who makes a team
	})
	for _, p := range g.people {
		if p.runs || p.from > 0 || p.until < days || !g.chance(0.25) {
			continue
		}
		at = g.later(at, 8*time.Second, 50*time.Second)
		g.at(at, func(at time.Time) {
			role := "Team Member"
			if g.chance(0.15) {
				role = "Team Admin"
			}
			g.giveRole(deed{at, admin, t}, p, role)
			left := p.teams[0]
			g.log(deed{at.Add(4 * time.Second), admin, left}, "team_member_removed", string(p.ID), "userName", string(p.Name))
			p.teams = append([]*team{t}, p.teams[1:]...)
		})
	}
}

// stageFeature lets many people take up something new within days.
func (g *generator) stageFeature() {
	first := g.between(15, days-10)
	adopters := g.between(6, 10)
	for i := range adopters {
		p := g.people[i*len(g.people)/adopters]
		if p.until < days || p.from > 0 {
			continue
		}
		for day := first + g.random.IntN(6); day < days; day = g.nextWorkday(day + g.between(1, 6)) {
			g.at(g.atWork(p, g.nextWorkday(day)), func(at time.Time) {
				if there := g.free(p.teams[0], function); len(there) > 3 {
					g.change(deed{at, p, p.teams[0]}, oneOf(g, there), auditlog.VerbUpdated)
					return
				}
				g.create(deed{at, p, p.teams[0]}, function)
			})
		}
	}
}

// stageRecordCleanup lets the team that closes months delete old records at each end.
func (g *generator) stageRecordCleanup() {
	t := g.squad[min(1, len(g.squad)-1)]
	staff := g.members(t, 0)
	for day := range days {
		if g.dayAt(day+1).Day() != 1 || len(staff) == 0 {
			continue
		}
		p := staff[0]
		at := g.atWork(p, day)
		for range g.between(20, 60) {
			g.at(at, func(at time.Time) { g.log(deed{at, p, t}, "data_store_record_deleted", "rec-"+g.nextID()) })
			at = g.later(at, time.Second, 6*time.Second)
		}
	}
}
