package questions

import (
	"time"

	"make-audit-mcp/internal/makesim"
)

func traps() map[string]solution {
	return map[string]solution{
		"Alena since October": {
			truth: func(l *Log) Answer { return number(l.count(by(5001), from(l.midnight("2026-10-01", home)))) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"actor":["Alena Veselá"],"from":"2026-10"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-09-30", people: []string{"5001"}})
			},
		},
		"roles of Sofia": {
			truth: func(l *Log) Answer {
				return number(l.count(event("team_role_updated"), target("5040"), from(l.midnight("2026-11-01", home))))
			},
			ours: func(a *Analyst) Answer {
				who := a.ask("list_people", `{"search":"Sofia Lindqvist"}`).text("people.0.id")
				return number(a.ask("count_audit_logs", `{"event":["team_role_updated"],"target_id":%q,"from":"2026-11-01"}`, who).whole().
					int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-10-31", events: []string{"team_role_updated"}})
			},
		},
		"scenarios of Ivana": {
			truth: func(l *Log) Answer { return number(l.count(event("scenario_created"), by(5030))) },
			ours: func(a *Analyst) Answer {
				who := ""
				for _, person := range a.ask("list_people", `{"from":"all","search":"Ivana Horáková"}`).whole().list("people") {
					who = person.text("id")
				}
				return number(a.ask("count_audit_logs", `{"event":["scenario_created"],"actor":[%q],"from":"all"}`, who).whole().
					int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{events: []string{"scenario_created"}}) },
		},
		"evenings of Emily": {
			truth: func(l *Log) Answer {
				zone := "America/New_York" // hers, as Make's world has it
				return number(l.count(by(5021), l.daysIn(zone, "2026-09-01", "2026-09-30"), l.hoursIn(zone, 17, 24)))
			},
			ours: func(a *Analyst) Answer {
				zone := a.ask("get_actor_activity", `{"actor":"Emily Carter","period":"2026-09"}`).text("actor.timezone")
				return number(a.ask("count_audit_logs", `{"actor":["Emily Carter"],"period":"2026-09","timezone":%q,"hours":"17-24"}`, zone).
					whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-08-31", to: "2026-10-01", people: []string{"5021"}})
			},
		},
		"variables in November": {
			truth: func(l *Log) Answer {
				return number(l.count(event("organization_variable_deleted"), l.days("2026-11-01", "2026-11-10")))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["organization_variable_deleted"],"from":"2026-11-01","to":"2026-11-10"}`).
					whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-10-31", to: "2026-11-10", events: []string{"organization_variable_deleted"}})
			},
		},
		"entries of scenario 3000": {
			truth: func(l *Log) Answer { return number(l.count(event("scenario_*"), target("3000"))) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["scenario_*"],"target_id":"3000","from":"all"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{events: []string{"scenario_*"}}) },
		},
		"written down late": {
			truth: func(l *Log) Answer {
				return number(l.count(l.october(), func(e makesim.Entry) bool { return e.CreatedAt.Sub(e.TriggeredAt) > 24*time.Hour }))
			},
			ours: func(a *Analyst) Answer {
				n := 0
				found := a.ask("list_audit_logs", `{"period":"2026-10","sort_by":"delay","limit":50}`)
				for _, e := range found.list("entries") {
					if e.optional("created_at") != "" && e.time("created_at").Sub(e.time("triggered_at")) > 24*time.Hour {
						n++
					}
				}
				return number(n)
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31"}) },
		},
	}
}
