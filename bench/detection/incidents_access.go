package detection

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

const (
	keyCreated          auditlog.Text = "key_created"
	connectionCreated   auditlog.Text = "connection_created"
	reauthorized        auditlog.Text = "connection_reauthorized"
	roleUpdated         auditlog.Text = "team_role_updated"
	memberRemoved       auditlog.Text = "team_member_removed"
	factorOff           auditlog.Text = "two_factor_authentication_enforcement_disabled"
	factorOn            auditlog.Text = "two_factor_authentication_enforcement_enabled"
	requestCreated      auditlog.Text = "credential_request_created"
	requestAuthorized   auditlog.Text = "credential_request_authorized"
	othersUsed          auditlog.Text = "connection_used_by_another_user"
	scenarioUpdated     auditlog.Text = "scenario_updated"
	scenarioDeactivated auditlog.Text = "scenario_deactivated"
	scenarioDeleted     auditlog.Text = "scenario_deleted"
	webhookUpdated      auditlog.Text = "webhook_updated"
	variableUpdated     auditlog.Text = "organization_variable_updated"
	variableDeleted     auditlog.Text = "organization_variable_deleted"
)

// accessPlans are about who may do what, and get at what.
func accessPlans() []plan {
	return []plan{
		{"two_factor_off", LevelHigh, func(p *plot) bool {
			if !p.cast(anybody) {
				return false
			}
			p.does(p.anyTime(), nil, factorOff, string(p.organization.ID))
			return true
		}},
		{"two_factor_gap", LevelCritical, func(p *plot) bool {
			if !p.cast(anybody) {
				return false
			}
			at := p.anyTime()
			p.does(at, nil, factorOff, string(p.organization.ID))
			at = p.later(at, 2*time.Minute, 20*time.Minute)
			at = p.repeat(at, p.home(), keyCreated, p.fresh(p.between(1, 2)), time.Minute, 9*time.Minute)
			at = p.repeat(at, p.home(), reauthorized, p.victims(p.home(), connection, p.between(1, 4), at), time.Minute, 9*time.Minute)
			p.does(at, nil, factorOn, string(p.organization.ID))
			return true
		}},
		{"key_then_connection", LevelHigh, func(p *plot) bool {
			if !p.cast(p.hasForeign) {
				return false
			}
			at, t := p.anyTime(), p.foreign()
			p.does(at, t, keyCreated, p.nextID())
			at = p.later(at, 2*time.Minute, 50*time.Minute)
			if p.chance(0.5) {
				p.does(at, t, reauthorized, p.victims(t, connection, 1, at)[0])
			} else {
				p.does(at, t, connectionCreated, p.nextID())
			}
			return true
		}},
		{"own_role_raised", LevelCritical, func(p *plot) bool {
			if !p.cast(isOrdinary) {
				return false
			}
			p.does(p.anyTime(), p.home(), roleUpdated, string(p.actor.ID), "userName", string(p.actor.Name), "role", "Team Admin")
			return true
		}},
		{"role_granted_by_stranger", LevelHigh, func(p *plot) bool {
			if !p.cast(func(who *person) bool { return !who.runs && !who.did(roleUpdated) }) {
				return false
			}
			other := p.somebodyElse()
			p.does(p.anyTime(), p.home(), roleUpdated, string(other.ID), "userName", string(other.Name), "role", "Team Admin")
			return true
		}},
		{"credential_self_authorized", LevelMedium, func(p *plot) bool {
			if !p.cast(func(who *person) bool { return !who.runs && !who.did(requestCreated) }) {
				return false
			}
			at := p.anyTime()
			for _, request := range p.fresh(p.between(1, 2)) {
				p.does(at, p.home(), requestCreated, request)
				at = p.later(at, time.Minute, 15*time.Minute)
				p.does(at, p.home(), requestAuthorized, request)
				at = p.later(at, time.Minute, 15*time.Minute)
			}
			return true
		}},
		{"others_connection_used", LevelMedium, func(p *plot) bool {
			if !p.cast(func(who *person) bool { return p.hasForeign(who) && !who.did(othersUsed) }) {
				return false
			}
			at, t := p.anyTime(), p.foreign()
			used := p.victims(t, connection, p.between(1, 3), at)
			for range p.between(3, 12) {
				p.does(at, t, othersUsed, oneOf(p.generator, used))
				at = p.later(at, 20*time.Second, 15*time.Minute)
			}
			return true
		}},
		{"new_team_and_key", LevelHigh, func(p *plot) bool {
			if !p.cast(p.hasForeign) {
				return false
			}
			at, t := p.anyTime(), p.foreign()
			at = p.repeat(at, t, scenarioUpdated, p.victims(t, scenario, p.between(1, 4), at), time.Minute, 10*time.Minute)
			p.does(at, t, keyCreated, p.nextID())
			return true
		}},
		{"key_burst", LevelHigh, func(p *plot) bool {
			if !p.cast(isOrdinary) {
				return false
			}
			p.repeat(p.anyTime(), p.home(), keyCreated, p.fresh(p.between(6, 25)), 3*time.Second, 50*time.Second)
			return true
		}},
		{"settings_at_weekend", LevelHigh, func(p *plot) bool {
			if !p.cast(func(who *person) bool { return !who.weekdays[time.Saturday] && !who.rotates }) {
				return false
			}
			day := p.between(BaselineDays+1, days-9)
			for p.weekday(day) != time.Saturday {
				day++
			}
			at := p.clock(p.actor.zone, day+p.random.IntN(2), p.between(8, 21), 0)
			p.does(at, nil, "sso_configuration_updated", string(p.organization.ID))
			for range p.between(1, 3) {
				at = p.later(at, time.Minute, 20*time.Minute)
				p.does(at, nil, "organization_updated", string(p.organization.ID))
			}
			return true
		}},
		{"new_actor_powers", LevelHigh, func(p *plot) bool {
			n := len(p.people) + 900
			name, address := p.name(n)
			p.actor = &person{Actor: auditlog.Actor{ID: auditlog.ID("7" + p.nextID()), Name: auditlog.Text(name), Email: auditlog.Text(address)},
				zone: p.zone, start: 8, hours: 9, history: newHistory()}
			at, t := p.byDay(), oneOf(p.generator, p.squad)
			for range p.between(2, 4) {
				p.does(at, t, keyCreated, p.nextID())
				at = p.later(at, 30*time.Second, 12*time.Minute)
				p.does(at, t, connectionCreated, p.nextID())
				at = p.later(at, 30*time.Second, 12*time.Minute)
			}
			return true
		}},
		{"service_does_peoples_work", LevelCritical, func(p *plot) bool {
			if !p.castService() {
				return false
			}
			at, t := p.clock(p.zone, p.between(BaselineDays+1, days-3), p.random.IntN(24), 7), p.actor.teams[0]
			at = p.repeat(at, t, keyCreated, p.fresh(p.between(1, 3)), time.Minute, 9*time.Minute)
			for range p.between(1, 3) {
				other := p.somebodyElse()
				p.does(at, t, roleUpdated, string(other.ID), "userName", string(other.Name), "role", "Team Admin")
				at = p.later(at, time.Minute, 9*time.Minute)
			}
			return true
		}},
	}
}

// castService draws a service account that has no part in another incident.
func (p *plot) castService() bool {
	for _, i := range p.random.Perm(len(p.services)) {
		if service := p.services[i]; !p.involved[service.ID] && service.daysBefore(BaselineDays) > 0 {
			p.actor = service
			return true
		}
	}
	return false
}

// somebodyElse draws a person who is not the actor.
func (p *plot) somebodyElse() *person {
	for {
		if other := oneOf(p.generator, p.people); other != p.actor {
			return other
		}
	}
}
