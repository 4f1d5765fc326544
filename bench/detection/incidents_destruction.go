package detection

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// destructionPlans are about what is deleted, or taken from others.
func destructionPlans() []plan {
	return []plan{
		{"mass_deletion", LevelHigh, func(p *plot) bool {
			if !p.cast(isOrdinary) {
				return false
			}
			at, k := p.anyTime(), oneOf(p.generator, []kind{scenario, webhook, connection})
			count := p.between(25, 110)
			pace := time.Duration(p.between(3, 25)) * time.Second
			p.repeat(at, p.home(), deleted(k), p.victims(p.home(), k, count, at), pace/2, pace)
			return true
		}},
		{"mass_deletion_of_kinds", LevelCritical, func(p *plot) bool {
			if !p.cast(anybody) {
				return false
			}
			at := p.byDay()
			if p.chance(0.5) {
				at = p.clock(p.actor.zone, p.day(1), 20, 0)
			}
			rounds := p.between(4, 10)
			for range rounds {
				for _, k := range []kind{scenario, connection, webhook, dataStore} {
					at = p.repeat(at, p.home(), deleted(k), p.victims(p.home(), k, p.between(4, 10), at), 20*time.Second, 70*time.Second)
				}
			}
			return true
		}},
		{"slow_deletion", LevelHigh, func(p *plot) bool {
			if !p.cast(keepsDays) {
				return false
			}
			const nights = 10
			first, k := p.between(BaselineDays+1, days-nights-5), oneOf(p.generator, []kind{scenario, connection, dataStore})
			for night := range nights {
				at := p.byNight(first + night)
				p.repeat(at, p.home(), deleted(k), p.victims(p.home(), k, p.between(4, 8), at), 20*time.Second, 8*time.Minute)
			}
			return true
		}},
		{"records_deleted", LevelHigh, func(p *plot) bool {
			if !p.cast(func(who *person) bool { return !who.did(deleted(record)) }) {
				return false
			}
			var records []string
			for _, id := range p.fresh(p.between(150, 700)) {
				records = append(records, "rec-"+id)
			}
			p.repeat(p.anyTime(), p.home(), deleted(record), records, time.Second, time.Duration(p.between(2, 9))*time.Second)
			return true
		}},
		{"variables_burst", LevelMedium, func(p *plot) bool {
			if !p.cast(isOrdinary) {
				return false
			}
			at := p.anyTime()
			p.repeat(at, nil, variableUpdated, p.victims(nil, orgVariable, p.between(6, 20), at), 20*time.Second, 90*time.Second)
			return true
		}},
		{"variables_deleted", LevelHigh, func(p *plot) bool {
			if !p.cast(func(who *person) bool { return !who.did(variableDeleted) }) {
				return false
			}
			at := p.anyTime()
			p.repeat(at, nil, variableDeleted, p.victims(nil, orgVariable, p.between(3, 12), at), 10*time.Second, 4*time.Minute)
			return true
		}},
		{"members_removed", LevelHigh, func(p *plot) bool {
			if !p.cast(anybody) {
				return false
			}
			at := p.anyTime()
			removed, wanted := 0, p.between(6, 20)
			for _, i := range p.random.Perm(len(p.people)) {
				if other := p.people[i]; other != p.actor && removed < wanted {
					p.does(at, other.teams[0], memberRemoved, string(other.ID), "userName", string(other.Name))
					at = p.later(at, 5*time.Second, 100*time.Second)
					removed++
				}
			}
			return true
		}},
		{"foreign_scenarios_changed", LevelMedium, func(p *plot) bool {
			if !p.cast(p.hasForeign) {
				return false
			}
			at, t := p.anyTime(), p.foreign()
			for _, id := range p.victims(t, scenario, p.between(3, 6), at) {
				p.does(at, t, scenarioUpdated, id)
				at = p.later(at, 20*time.Second, 5*time.Minute)
				if p.chance(0.5) {
					p.does(at, t, scenarioDeactivated, id)
					at = p.later(at, 20*time.Second, 5*time.Minute)
				}
			}
			return true
		}},
		{"foreign_scenarios_deleted", LevelHigh, func(p *plot) bool {
			if !p.cast(p.hasForeign) {
				return false
			}
			at, t := p.anyTime(), p.foreign()
			p.repeat(at, t, scenarioDeleted, p.victims(t, scenario, p.between(3, 8), at), 10*time.Second, 6*time.Minute)
			return true
		}},
		{"webhook_repointed", LevelMedium, func(p *plot) bool {
			if !p.cast(p.hasForeign) {
				return false
			}
			at, t := p.anyTime(), p.foreign()
			for _, id := range p.victims(t, webhook, p.between(1, 3), at) {
				for _, event := range []auditlog.Text{"webhook_disabled", webhookUpdated, "webhook_enabled"} {
					p.does(at, t, event, id, "url", "https://collector.example/"+id)
					at = p.later(at, 20*time.Second, 3*time.Minute)
				}
			}
			return true
		}},
		{"webhook_toggled", LevelMedium, func(p *plot) bool {
			if !p.cast(isOrdinary) {
				return false
			}
			at := p.anyTime()
			id := p.victims(p.home(), webhook, 1, at)[0]
			for range p.between(6, 16) {
				p.does(at, p.home(), "webhook_disabled", id)
				at = p.later(at, 20*time.Second, 5*time.Minute)
				p.does(at, p.home(), "webhook_enabled", id)
				at = p.later(at, 20*time.Second, 5*time.Minute)
			}
			return true
		}},
		{"leaver", LevelHigh, stageLeaver},
	}
}

func deleted(k kind) auditlog.Text { return auditlog.Text(k) + "_" + auditlog.VerbDeleted }

// stageLeaver lets somebody who leaves delete what they made, and take a key and connections along, in the last days.
func stageLeaver(p *plot) bool {
	for _, candidate := range p.people {
		if candidate.until > BaselineDays+5 && candidate.until < days && !p.involved[candidate.ID] &&
			candidate.daysBefore(candidate.until) > 10 {
			p.actor = candidate
		}
	}
	if p.actor == nil {
		return false
	}
	for _, before := range []int{4, 2, 1}[p.random.IntN(2):] {
		at := p.clock(p.actor.zone, p.actor.until-before, p.actor.start+p.actor.hours, p.between(0, 150))
		at = p.repeat(at, p.home(), reauthorized, p.victims(p.home(), connection, p.between(1, 3), at), 30*time.Second, 5*time.Minute)
		k := oneOf(p.generator, []kind{scenario, webhook})
		p.repeat(at, p.home(), deleted(k), p.victims(p.home(), k, p.between(6, 18), at), 10*time.Second, 2*time.Minute)
	}
	return true
}
