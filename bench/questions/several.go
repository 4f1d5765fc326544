package questions

import "make-audit-mcp/internal/makesim"

func several() map[string]solution {
	return map[string]solution{
		"updates of who deleted most webhooks": {
			truth: func(l *Log) Answer {
				november := l.days("2026-11-01", "2026-11-30")
				who := most(tally(l.find(event("webhook_deleted"), november), actorID))
				return number(l.count(event("scenario_updated"), november, func(e makesim.Entry) bool { return actorID(e) == theOne(who) }))
			},
			ours: func(a *Analyst) Answer {
				who := a.ask("count_audit_logs", `{"event":["webhook_deleted"],"from":"2026-11-01","group_by":["actor"],"limit":1}`).whole().
					texts("groups", "key.actor.id")
				return number(a.ask("count_audit_logs", `{"event":["scenario_updated"],"from":"2026-11-01","actor":[%q]}`, theOne(who)).
					whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-10-31", events: []string{"webhook_deleted"}})
				who := most(tally(p.log.find(event("webhook_deleted"), p.log.days("2026-11-01", "2026-11-30")), actorID))
				p.read(pages{from: "2026-10-31", events: []string{"scenario_updated"}, people: who})
			},
		},
		"maker of the connection deleted last": {
			truth: func(l *Log) Answer {
				gone := l.last(event("connection_deleted"), l.october())
				return people(actorID(l.last(event("connection_created"), target(gone.TargetID))))
			},
			ours: func(a *Analyst) Answer {
				gone := a.ask("list_audit_logs", `{"event":["connection_deleted"],"period":"2026-10","limit":1}`).text("entries.0.target_id")
				return people(a.ask("get_target_history", `{"target_id":%q,"kind":"Connections"}`, gone).text("created_by.id"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-09-30", to: "2026-10-31", events: []string{"connection_deleted"}, newest: true})
				p.read(pages{to: "2026-10-31", events: []string{"connection_created"}})
			},
		},
		"SAP connections of the leaver": {
			truth: func(l *Log) Answer {
				n := 0
				for _, e := range l.find(event("connection_deleted"), by(marek), l.days("2026-11-11", "2026-11-11")) {
					if e.Details["connectionType"] == "SAP" {
						n++
					}
				}
				return number(n)
			},
			ours: func(a *Analyst) Answer {
				found := a.ask("list_audit_logs", `{"event":["connection_deleted"],"actor":["Marek Havelka"],"period":"2026-11-11","limit":50}`).whole()
				n := 0
				for _, e := range a.ask("get_audit_log", `{"uuid":%s}`, list(found.texts("entries", "uuid"))).list("entries") {
					if e.optional("details.connectionType") == "SAP" {
						n++
					}
				}
				return number(n)
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-11-10", to: "2026-11-11", events: []string{"connection_deleted"}, people: []string{idText(marek)}})
				p.readDetails(p.log.days("2026-11-11", "2026-11-11"))
			},
		},
		"who made and deleted keys": {
			truth: func(l *Log) Answer {
				q3 := l.days("2026-07-01", "2026-09-30")
				return people(both(keys(l.find(event("key_created"), q3), actorID), keys(l.find(event("key_deleted"), q3), actorID))...)
			},
			ours: func(a *Analyst) Answer {
				who := func(event string) []string {
					return a.ask("count_audit_logs", `{"event":[%q],"period":"2026-Q3","group_by":["actor"],"limit":200}`, event).whole().
						texts("groups", "key.actor.id")
				}
				return people(both(who("key_created"), who("key_deleted"))...)
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-06-30", to: "2026-09-30", events: []string{"key_created", "key_deleted"}})
			},
		},
		"Sales EMEA after the removal": {
			truth: func(l *Log) Answer {
				removal := l.last(event("team_member_removed"), target(idText(marek)), team(teamSales))
				return number(l.count(team(teamSales), from(removal.TriggeredAt)))
			},
			ours: func(a *Analyst) Answer {
				removal := a.ask("list_audit_logs", `{"event":["team_member_removed"],"target_id":"5019","team":["Sales EMEA"],"from":"30d"}`).
					whole().text("entries.0.triggered_at")
				return number(a.ask("count_audit_logs", `{"team":["Sales EMEA"],"from":%q}`, removal).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-11-12", events: []string{"team_member_removed"}})
				p.read(pages{from: "2026-11-12", teams: []string{idText(teamSales)}})
			},
		},
		"who updated the busiest scenario most": {
			truth: func(l *Log) Answer {
				updates := l.find(event("scenario_updated"), l.october())
				busiest := theOne(most(tally(updates, targetID)))
				return people(most(tally((&Log{Entries: updates}).find(target(busiest)), actorID))...)
			},
			ours: func(a *Analyst) Answer {
				busiest := a.ask("count_audit_logs", `{"event":["scenario_updated"],"period":"2026-10","group_by":["target"],"limit":1}`).whole().
					texts("groups", "key.target")
				return people(a.ask("count_audit_logs",
					`{"event":["scenario_updated"],"period":"2026-10","target_id":%q,"group_by":["actor"],"limit":1}`, theOne(busiest)).
					whole().texts("groups", "key.actor.id")...)
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-09-30", to: "2026-10-31", events: []string{"scenario_updated"}})
			},
		},
		"whose roles were set": {
			truth: func(l *Log) Answer {
				return people(keys(l.find(event("team_role_updated"), from(l.midnight("2026-09-01", home))), targetID)...)
			},
			ours: func(a *Analyst) Answer {
				return people(a.ask("list_audit_logs", `{"event":["team_role_updated"],"from":"2026-09-01","limit":100}`).whole().
					texts("entries", "target_id")...)
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-08-31", events: []string{"team_role_updated"}}) },
		},
		"entries of who was removed first": {
			truth: func(l *Log) Answer {
				gone := l.first(event("team_member_removed")).TargetID
				return number(l.count(func(e makesim.Entry) bool { return actorID(e) == gone }))
			},
			ours: func(a *Analyst) Answer {
				gone := a.ask("list_audit_logs", `{"event":["team_member_removed"],"from":"all","sort_dir":"asc","limit":1}`).
					text("entries.0.target_id")
				return number(a.ask("count_audit_logs", `{"actor":[%q],"from":"all"}`, gone).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{events: []string{"team_member_removed"}})
				p.read(pages{people: []string{p.log.first(event("team_member_removed")).TargetID}})
			},
		},
		"change of Marketing": {
			truth: func(l *Log) Answer {
				return number(l.count(team(teamMarketing), l.october()) - l.count(team(teamMarketing), l.days("2026-09-01", "2026-09-30")))
			},
			ours: func(a *Analyst) Answer {
				found := a.ask("count_audit_logs", `{"team":["Marketing"],"period":"2026-10","compare_to_previous":true}`).whole()
				return number(found.int("total") - found.int("previous.total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-08-31", to: "2026-10-31", teams: []string{idText(teamMarketing)}})
			},
		},
	}
}

// theOne of a list that has one; no other answer is meant.
func theOne(all []string) string {
	if len(all) != 1 {
		return ""
	}
	return all[0]
}

// both are in either list.
func both(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	var found []string
	for _, s := range a {
		if in[s] {
			found = append(found, s)
		}
	}
	return found
}
