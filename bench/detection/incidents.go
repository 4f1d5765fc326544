package detection

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// plan is a kind of incident: the level that one of its size deserves, and how it is staged. Staging reports whether the organization has
// who and what it takes; if not, it logs nothing.
type plan struct {
	kind  string
	level Level
	stage func(p *plot) bool
}

// plans are the kinds, by what they are about.
func plans() []plan {
	return slices.Concat(accessPlans(), destructionPlans(), conductPlans())
}

// Kinds returns the names of all kinds of incident.
func Kinds() []string {
	var kinds []string
	for _, plan := range plans() {
		kinds = append(kinds, plan.kind)
	}
	return kinds
}

// plot is an incident while it is staged.
type plot struct {
	*generator
	Incident
	// involved are the actors of other incidents.
	involved map[auditlog.ID]bool
	actor    *person
	entries  []*auditlog.Entry
}

// plantIncidents plants the seed's share of all kinds: over the seeds of a half each comes equally often, as far as it can be staged.
func (g *generator) plantIncidents() []Incident {
	g.random = rand.New(rand.NewPCG(g.seed, 4)) // what is planted changes nothing of the rest
	wanted, first := g.share(g.seed)
	kinds := rand.New(rand.NewPCG(g.seed%2, 3)).Perm(len(plans()))
	involved := map[auditlog.ID]bool{}
	var incidents []Incident
	for i := 0; len(incidents) < wanted && i < len(kinds); i++ {
		plan := plans()[kinds[(first+i)%len(kinds)]]
		p := &plot{generator: g, Incident: Incident{Kind: plan.kind, Level: plan.level}, involved: involved}
		if plan.stage(p) {
			incidents = append(incidents, p.seal())
		}
	}
	slices.SortFunc(incidents, func(a, b Incident) int { return a.From.Compare(b.From) })
	return incidents
}

// share returns how many incidents a seed gets, and how many the seeds of its half have before it.
func (g *generator) share(seed uint64) (wanted, first int) {
	for place, p := range sizes() {
		wanted = min(15, max(2, p.size/3))
		if uint64(place) == seed/2%organizations {
			break
		}
		first += wanted
	}
	return wanted, first
}

// seal says what was staged.
func (p *plot) seal() Incident {
	slices.SortFunc(p.entries, func(a, b *auditlog.Entry) int { return auditlog.CompareNewestFirst(b, a) })
	p.Actor = p.actor.ID
	p.involved[p.Actor] = true
	p.From, p.To = p.entries[0].TriggeredAt, p.entries[len(p.entries)-1].TriggeredAt
	teams := map[auditlog.ID]int{}
	for _, entry := range p.entries {
		p.UUIDs = append(p.UUIDs, entry.UUID)
		if teams[entry.TeamID()]++; teams[entry.TeamID()] > teams[p.Team] {
			p.Team = entry.TeamID()
		}
	}
	return p.Incident
}

// does logs an entry of the incident.
func (p *plot) does(at time.Time, t *team, event auditlog.Text, target string, details ...string) *auditlog.Entry {
	// The history of the actor is what incidents are measured by: it stays without them.
	entry := p.log(deed{at: at, team: t}, event, target, details...)
	actor := p.actor.Actor
	entry.Actor = &actor
	p.entries = append(p.entries, entry)
	return entry
}

// cast draws an established person, who is there throughout and has no part in another incident, of whom is holds; false if there is none.
func (p *plot) cast(is func(*person) bool) bool {
	const established = 15 // days with entries in the baseline
	var fit []*person
	for _, candidate := range p.people {
		isThroughout := candidate.from == 0 && candidate.until == days && candidate.daysBefore(BaselineDays) >= established
		if isThroughout && !p.involved[candidate.ID] && is(candidate) {
			fit = append(fit, candidate)
		}
	}
	if len(fit) == 0 {
		return false
	}
	p.actor = oneOf(p.generator, fit)
	return true
}

// daysBefore returns on how many days before that one the person did something.
func (p *person) daysBefore(day int) int {
	count := 0
	for on := range p.onDay {
		if on < day {
			count++
		}
	}
	return count
}

func anybody(*person) bool { return true }

// keepsDays is somebody who sleeps at night.
func keepsDays(p *person) bool { return !p.rotates && !p.runs && p.start < 11 }

func isOrdinary(p *person) bool { return !p.runs }

// did reports whether the person ever did one of these.
func (p *person) did(events ...auditlog.Text) bool {
	return slices.ContainsFunc(events, func(event auditlog.Text) bool { return p.ofEvent[event] > 0 })
}

// foreign draws a team that the actor neither belongs to nor ever touched; nil if there is none.
func (p *plot) foreign() *team {
	var foreign []*team
	for _, t := range p.squad {
		if p.isForeignTo(p.actor, t) {
			foreign = append(foreign, t)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return oneOf(p.generator, foreign)
}

func (p *plot) isForeignTo(who *person, t *team) bool { return !who.isIn(t) && who.inTeam[t.ID] == 0 }

// hasForeign reports whether there is a team that somebody never touched.
func (p *plot) hasForeign(who *person) bool {
	return slices.ContainsFunc(p.squad, func(t *team) bool { return p.isForeignTo(who, t) })
}

// home is the team that the actor does most in.
func (p *plot) home() *team {
	home := p.actor.teams[0]
	for _, t := range p.actor.teams {
		if p.actor.inTeam[t.ID] > p.actor.inTeam[home.ID] {
			home = t
		}
	}
	return home
}

// day draws a day of the window for something that lasts so many days: one on which the actor works, and at times the busiest.
func (p *plot) day(lasts int) int {
	first, last := BaselineDays+1, days-2-lasts
	var worked []int
	busiest := first
	for day := first; day <= last; day++ {
		if p.actor.onDay[day] > 0 {
			worked = append(worked, day)
		}
		if p.actor.onDay[day] > p.actor.onDay[busiest] {
			busiest = day
		}
	}
	switch {
	case len(worked) == 0:
		return p.between(first, last)
	case p.chance(0.25):
		return busiest
	}
	return oneOf(p.generator, worked)
}

// byDay is an instant of the actor's office hours.
func (p *plot) byDay() time.Time { return p.atWork(p.actor, p.day(0)) }

// byNight is an instant between one and four in the morning, where the actor lives, of the night behind a day.
func (p *plot) byNight(day int) time.Time {
	return p.clock(p.actor.zone, day, 24+p.between(1, 3), p.random.IntN(60))
}

// anyTime is by day, or more seldom by night.
func (p *plot) anyTime() time.Time {
	if p.chance(0.3) {
		return p.byNight(p.day(1))
	}
	return p.byDay()
}

// victims returns so many objects of a kind in a team that nobody touches after an instant: known ones, then some that are older than the
// log.
func (p *plot) victims(t *team, k kind, count int, at time.Time) []string {
	var ids []string
	for _, o := range p.free(t, k) {
		if len(ids) < count && o.touched.Before(at) {
			o.reserved = true // gone, or somebody would wonder
			ids = append(ids, o.id)
		}
	}
	for len(ids) < count {
		p.oldID -= p.between(1, 4)
		ids = append(ids, fmt.Sprint(p.oldID))
	}
	return ids
}

// repeat does an event to each of some targets, with pauses between; it returns when it is done.
func (p *plot) repeat(at time.Time, t *team, event auditlog.Text, targets []string, least, most time.Duration) time.Time {
	for _, target := range targets {
		p.does(at, t, event, target)
		at = p.later(at, least, most)
	}
	return at
}

// fresh returns ids that nothing has yet.
func (p *plot) fresh(count int) []string {
	var ids []string
	for range count {
		ids = append(ids, p.nextID())
	}
	return ids
}
