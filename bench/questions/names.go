package questions

import "make-audit-mcp/internal/makesim"

// Those of the demo whom questions are about.
const (
	marek         int64 = 5019
	teamSales     int64 = 8104
	teamMarketing int64 = 8105
)

func names() map[string]solution {
	return map[string]solution{
		"webhooks deleted by Grzegorz": {
			truth: func(l *Log) Answer {
				return number(l.count(event("webhook_deleted"), by(5028), from(l.midnight("2026-11-01", home))))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs",
					`{"event":["webhook_deleted"],"actor":["Grzegorz Brzeczyszczykiewicz"],"from":"2026-11-01"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-10-31", events: []string{"webhook_deleted"}, people: []string{"5028"}})
			},
		},
		"the twin in Finance": {
			truth: func(l *Log) Answer { return number(l.count(by(5009), l.october())) },
			ours: func(a *Analyst) Answer {
				who := ""
				for _, person := range a.ask("list_people", `{"search":"Jan Novak","team":["Finance & Billing"]}`).list("people") {
					who = person.text("id")
				}
				return number(a.ask("count_audit_logs", `{"actor":[%q],"period":"2026-10"}`, who).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-09-30", to: "2026-10-31", people: []string{"5009"}})
			},
		},
		"namesakes": {
			truth: func(l *Log) Answer {
				named := map[string]int{}
				for _, u := range l.Members {
					named[u.Name]++
				}
				return people(l.members(func(u makesim.User) bool { return named[u.Name] > 1 })...)
			},
			ours: func(a *Analyst) Answer {
				named := map[string][]string{}
				for _, user := range a.ask("list_audit_log_filters", `{"kind":"users","limit":1000}`).list("users") {
					named[user.text("name")] = append(named[user.text("name")], user.text("id"))
				}
				var ids []string
				for _, same := range named {
					if len(same) > 1 {
						ids = append(ids, same...)
					}
				}
				return people(ids...)
			},
			wrapper: (*Pager).readMembers,
		},
		"functions of Łukasz": {
			truth: func(l *Log) Answer {
				return number(l.count(event("function_created"), by(5036), from(l.midnight("2026-01-01", home))))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["function_created"],"actor":["lukasz wisniewski"],"from":"2026"}`).whole().
					int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2025-12-31", events: []string{"function_created"}, people: []string{"5036"}})
			},
		},
		"by an address": {
			truth: func(l *Log) Answer {
				return number(l.count(event("data_structure_*"), by(5037), l.days("2026-07-01", "2026-09-30")))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs",
					`{"event":["data_structure_*"],"actor":["juergen.gross@northwind.example"],"period":"2026-Q3"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-06-30", to: "2026-09-30", events: []string{"data_structure_*"}, people: []string{"5037"}})
			},
		},
		"who deleted a former team": {
			truth: func(l *Log) Answer { return people(actorID(l.last(event("team_deleted")))) },
			ours: func(a *Analyst) Answer {
				found := a.ask("list_audit_logs", `{"event":["team_deleted"],"from":"all"}`)
				for _, e := range a.ask("get_audit_log", `{"uuid":%s}`, list(found.texts("entries", "uuid"))).list("entries") {
					if e.optional("details.teamName") == "Campaign Sandbox" {
						return people(e.text("actor.id"))
					}
				}
				return cannotBeKnown()
			},
			wrapper: func(p *Pager) {
				p.read(pages{events: []string{"team_deleted"}})
				p.readDetails(event("team_deleted"))
			},
		},
		"deactivated by nobody": {
			truth: func(l *Log) Answer { return number(l.count(event("scenario_deactivated"), bySystem, l.october())) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["scenario_deactivated"],"actor":["none"],"period":"2026-10"}`).whole().
					int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-09-30", to: "2026-10-31", events: []string{"scenario_deactivated"}})
			},
		},
	}
}
