package questions

import (
	"time"

	"make-audit-mcp/internal/makesim"
)

const (
	twoFactorOff = "two_factor_authentication_enforcement_disabled"
	twoFactorOn  = "two_factor_authentication_enforcement_enabled"
)

func incidents() map[string]solution {
	readTwoFactor := func(p *Pager) { p.read(pages{from: "2026-11-12", events: []string{twoFactorOff, twoFactorOn}}) }
	readNight := func(p *Pager) { p.read(pages{from: "2026-10-31", events: []string{"key_created"}}) }
	isNight := func(l *Log) where {
		return func(e makesim.Entry) bool {
			hour := e.TriggeredAt.In(l.zones[home]).Hour()
			return hour >= 22 || hour < 6
		}
	}
	november := func(l *Log) where { return from(l.midnight("2026-11-01", home)) }
	evening := func(l *Log) []makesim.Entry {
		return l.find(event("*_deleted"), by(marek), l.days("2026-11-11", "2026-11-11"), l.hoursIn(home, 20, 24))
	}
	readEvening := func(p *Pager) {
		p.read(pages{from: "2026-11-10", to: "2026-11-12", people: []string{idText(marek)}})
	}
	const askNight = `{"event":["key_created"],"from":"2026-11-01","hours":"22-06","group_by":["actor"]}`
	return map[string]solution{
		"who switched two-factor off": {
			truth: func(l *Log) Answer {
				return people(keys(l.find(event(twoFactorOff), from(l.midnight("2026-11-13", home))), actorID)...)
			},
			ours: func(a *Analyst) Answer {
				return people(a.ask("list_audit_logs", `{"event":[%q],"from":"2026-11-13"}`, twoFactorOff).whole().texts("entries", "actor.id")...)
			},
			wrapper: readTwoFactor,
		},
		"minutes without two-factor": {
			truth: func(l *Log) Answer {
				week := from(l.midnight("2026-11-13", home))
				return number(wholeMinutes(l.last(event(twoFactorOff), week).TriggeredAt, l.last(event(twoFactorOn), week).TriggeredAt))
			},
			ours: func(a *Analyst) Answer {
				found := a.ask("list_audit_logs", `{"event":["two_factor_*"],"from":"2026-11-13","sort_dir":"asc"}`).whole()
				return number(wholeMinutes(found.time("entries.0.triggered_at"), found.time("entries.1.triggered_at")))
			},
			wrapper: readTwoFactor,
		},
		"who made a key at night": {
			truth: func(l *Log) Answer {
				return people(keys(l.find(event("key_created"), november(l), isNight(l)), actorID)...)
			},
			ours: func(a *Analyst) Answer {
				return people(a.ask("count_audit_logs", askNight).whole().texts("groups", "key.actor.id")...)
			},
			wrapper: readNight,
		},
		"name of the night's key": {
			truth: func(l *Log) Answer {
				name, _ := l.last(event("key_created"), november(l), isNight(l)).Details["keyName"].(string)
				return text(name)
			},
			ours: func(a *Analyst) Answer {
				at := a.ask("count_audit_logs", askNight).whole().text("groups.0.first_at")
				uuid := a.ask("list_audit_logs", `{"event":["key_created"],"from":%q,"sort_dir":"asc","limit":1}`, at).text("entries.0.uuid")
				return text(a.ask("get_audit_log", `{"uuid":[%q]}`, uuid).text("entries.0.details.keyName"))
			},
			wrapper: func(p *Pager) {
				readNight(p)
				p.readDetails(isNight(p.log))
			},
		},
		"day of the clean-up": {
			truth: func(l *Log) Answer {
				return dayText(theOne(most(tally(l.find(event("webhook_deleted"), november(l)), l.dayOf))))
			},
			ours: func(a *Analyst) Answer {
				return dayText(theOne(a.ask("count_audit_logs",
					`{"event":["webhook_deleted"],"from":"2026-11-01","group_by":["day"],"order_by":"count","limit":1}`).whole().
					texts("groups", "key.day")))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-10-31", events: []string{"webhook_deleted"}}) },
		},
		"when the evening began": {
			truth: func(l *Log) Answer { return instant(last(evening(l)).TriggeredAt) },
			ours: func(a *Analyst) Answer {
				return instant(a.ask("list_audit_logs",
					`{"event":["*_deleted"],"actor":["Marek Havelka"],"from":"2026-11-11T20:00","to":"2026-11-11","sort_dir":"asc","limit":1}`).
					time("entries.0.triggered_at"))
			},
			wrapper: readEvening,
		},
		"deleted in the evening": {
			truth: func(l *Log) Answer { return number(len(evening(l))) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["*_deleted"],"actor":["Marek Havelka"],"period":"2026-11-11","hours":"20-24"}`).
					whole().int("total"))
			},
			wrapper: readEvening,
		},
		"who is new": {
			truth: func(l *Log) Answer {
				before := tally(l.find(until(l.midnight("2026-11-01", home))), actorID)
				var ids []string
				for _, id := range keys(l.find(november(l)), actorID) {
					if before[id] == 0 {
						ids = append(ids, id)
					}
				}
				return people(ids...)
			},
			ours: func(a *Analyst) Answer {
				return people(a.ask("list_people", `{"from":"2026-11-01","status":["new"]}`).whole().texts("people", "id")...)
			},
			wrapper: func(p *Pager) { p.read(pages{}) },
		},
	}
}

func wholeMinutes(from, to time.Time) int { return int(to.Sub(from) / time.Minute) }
