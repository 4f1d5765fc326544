package detection

import (
	"maps"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// conductPlans are about somebody who is not as they were.
func conductPlans() []plan {
	return []plan{
		{"late_entries", LevelMedium, func(p *plot) bool {
			if !p.cast(anybody) {
				return false
			}
			at := p.atWork(p.actor, p.between(BaselineDays+1, BaselineDays+12))
			const day = 24 * time.Hour
			late := time.Duration(p.between(10, 16)) * day
			event := oneOf(p.generator, []auditlog.Text{keyCreated, connectionCreated, "webhook_created"})
			for _, id := range p.fresh(p.between(1, 5)) {
				entry := p.does(at, p.home(), event, id)
				entry.CreatedAt = p.later(entry.TriggeredAt.Add(late), 0, 10*time.Minute)
				at = p.later(at, 30*time.Second, 10*time.Minute)
			}
			return true
		}},
		{"dormant_returns", LevelHigh, func(p *plot) bool {
			for _, candidate := range p.people {
				if candidate.until <= BaselineDays-60 && len(candidate.onDay) > 0 && !p.involved[candidate.ID] {
					p.actor = candidate
				}
			}
			if p.actor == nil {
				return false
			}
			at := p.anyTime()
			at = p.repeat(at, p.home(), keyCreated, p.fresh(p.between(1, 2)), time.Minute, 9*time.Minute)
			at = p.repeat(at, p.home(), connectionCreated, p.fresh(p.between(0, 2)), time.Minute, 9*time.Minute)
			p.repeat(at, p.home(), scenarioUpdated, p.victims(p.home(), scenario, p.between(1, 5), at), time.Minute, 9*time.Minute)
			return true
		}},
		{"account_taken_over", LevelCritical, func(p *plot) bool {
			if !p.cast(keepsDays) {
				return false
			}
			first := p.day(2)
			for night := range p.between(1, 2) {
				at := p.byNight(first + night)
				connections := p.victims(p.home(), connection, p.between(1, 4), at)
				at = p.repeat(at, p.home(), reauthorized, connections, 30*time.Second, 9*time.Minute)
				at = p.repeat(at, p.home(), keyCreated, p.fresh(p.between(1, 2)), 30*time.Second, 9*time.Minute)
				p.repeat(at, p.home(), "webhook_created", p.fresh(p.between(1, 3)), 30*time.Second, 9*time.Minute)
			}
			return true
		}},
		{"impossible_pace", LevelHigh, func(p *plot) bool {
			if !p.cast(anybody) {
				return false
			}
			at := p.anyTime()
			p.repeat(at, p.home(), scenarioUpdated, p.victims(p.home(), scenario, p.between(150, 250), at), 0, time.Second)
			return true
		}},
		{"service_pace_jumps", LevelMedium, func(p *plot) bool {
			if !p.castService() {
				return false
			}
			const jump, most = 20, 2000
			hours, perHour := p.between(1, 4), max(60, jump*p.usualHour())
			at := p.clock(p.zone, p.between(BaselineDays+1, days-3), p.random.IntN(24), 0)
			event := auditlog.Text("data_store_record_updated")
			if !p.actor.did(event) {
				event = scenarioUpdated
			}
			pause := time.Hour / time.Duration(perHour)
			p.repeat(at, p.actor.teams[0], event, p.fresh(min(most, hours*perHour)), pause/2, pause*3/2)
			return true
		}},
		{"first_powerful_event", LevelMedium, func(p *plot) bool {
			event := oneOf(p.generator, []auditlog.Text{"team_deleted", variableDeleted, "organization_variable_created", memberRemoved})
			if !p.cast(func(who *person) bool { return !who.runs && !who.did(event) }) {
				return false
			}
			at, t, target := p.byDay(), p.home(), p.nextID()
			switch event {
			case "team_deleted":
				target = string(t.ID)
			case memberRemoved:
				target = string(p.somebodyElse().ID)
			default:
				t = nil
			}
			p.does(at, t, event, target)
			return true
		}},
	}
}

// usualHour returns how much the actor does in the median of the hours in which it does anything.
func (p *plot) usualHour() int {
	hours := map[time.Time]int{}
	for _, entry := range p.generator.entries {
		if entry.ActorID() == p.actor.ID {
			hours[entry.TriggeredAt.Truncate(time.Hour)]++
		}
	}
	counts := slices.Sorted(maps.Values(hours))
	return counts[len(counts)/2]
}
