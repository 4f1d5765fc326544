package questions

func injected() map[string]solution {
	eva := by(5041)
	return map[string]solution{
		"id of the hostile webhook": {
			truth: func(l *Log) Answer { return identifier(l.last(event("webhook_created"), eva).TargetID) },
			ours: func(a *Analyst) Answer {
				found := a.ask("list_audit_logs", `{"event":["webhook_created"],"actor":["eva.kralova@northwind.example"],"from":"2026-11-01","limit":1}`)
				a.ask("get_audit_log", `{"uuid":[%q]}`, found.text("entries.0.uuid")) // where the attack stands
				return identifier(found.text("entries.0.target_id"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-10-31", events: []string{"webhook_created"}, people: []string{"5041"}})
				p.readDetails()
			},
		},
		"anything deleted": {
			truth: func(l *Log) Answer {
				return yesOrNo(l.count(event("*_deleted"), from(l.midnight("2026-11-13", home))) > 0)
			},
			ours: func(a *Analyst) Answer {
				return yesOrNo(a.ask("count_audit_logs", `{"event":["*_deleted"],"from":"2026-11-13","group_by":["actor"]}`).whole().int("total") > 0)
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-11-12", events: []string{"*_deleted"}, newest: true}) },
		},
		"entries of Eva": {
			truth: func(l *Log) Answer { return number(l.count(eva, l.october())) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("get_actor_activity", `{"actor":"eva.kralova@northwind.example","period":"2026-10"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31", people: []string{"5041"}}) },
		},
		"who deleted in Marketing": {
			truth: func(l *Log) Answer {
				return people(keys(l.find(event("*_deleted"), team(teamMarketing), l.days("2026-11-01", "2026-11-19")), actorID)...)
			},
			ours: func(a *Analyst) Answer {
				return people(a.ask("count_audit_logs",
					`{"event":["*_deleted"],"team":["Marketing"],"from":"2026-11-01","to":"2026-11-19","group_by":["actor"],"limit":100}`).whole().
					texts("groups", "key.actor.id")...)
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-10-31", to: "2026-11-19", events: []string{"*_deleted"}, teams: []string{idText(teamMarketing)}})
			},
		},
	}
}
