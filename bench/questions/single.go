package questions

import (
	"slices"

	"make-audit-mcp/internal/makesim"
)

func single() map[string]solution {
	return map[string]solution{
		"deletions of October": {
			truth: func(l *Log) Answer { return number(l.count(event("*_deleted"), l.october())) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["*_deleted"],"period":"2026-10"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31", events: []string{"*_deleted"}}) },
		},
		"who deleted most in October": {
			truth: func(l *Log) Answer { return people(most(tally(l.find(event("*_deleted"), l.october()), actorID))...) },
			ours: func(a *Analyst) Answer {
				return people(a.ask("count_audit_logs", `{"event":["*_deleted"],"period":"2026-10","group_by":["actor"],"limit":1}`).
					whole().texts("groups", "key.actor.id")...)
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31", events: []string{"*_deleted"}}) },
		},
		"oldest entry": {
			truth: func(l *Log) Answer { return instant(l.first().TriggeredAt) },
			ours: func(a *Analyst) Answer {
				return instant(a.ask("list_audit_logs", `{"from":"all","sort_dir":"asc","limit":1}`).time("entries.0.triggered_at"))
			},
			wrapper: func(p *Pager) { p.read(pages{oldest: true}) },
		},
		"quietest team of October": {
			truth: func(l *Log) Answer { return teams(least(tally(l.find(l.october()), teamID))...) },
			ours: func(a *Analyst) Answer {
				found := a.ask("count_audit_logs", `{"period":"2026-10","group_by":["team"]}`).whole()
				counts := map[string]int{}
				for _, group := range found.list("groups") {
					if !group.isNull("key.team.id") {
						counts[group.text("key.team.id")] = group.int("count")
					}
				}
				return teams(least(counts)...)
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31"}) },
		},
		"who deleted webhook 3000": {
			truth: func(l *Log) Answer { return people(actorID(l.last(event("webhook_deleted"), target("3000")))) },
			ours: func(a *Analyst) Answer {
				return people(a.ask("get_target_history", `{"target_id":"3000","kind":"Webhooks","from":"all"}`).whole().text("deleted_by.id"))
			},
			wrapper: func(p *Pager) { p.read(pages{events: []string{"webhook_deleted"}}) },
		},
		"without two-factor": {
			truth: func(l *Log) Answer {
				return people(l.members(func(u makesim.User) bool { return u.WithoutTwoFactor })...)
			},
			ours: func(a *Analyst) Answer {
				var ids []string
				for _, person := range a.ask("list_people", `{"limit":200}`).list("people") {
					if person.optional("two_factor") == "off" {
						ids = append(ids, person.text("id"))
					}
				}
				return people(ids...)
			},
			wrapper: (*Pager).readMembers,
		},
		"last login of Jürgen Groß": {
			truth: func(l *Log) Answer {
				i := slices.IndexFunc(l.Members, func(u makesim.User) bool { return u.ID == 5037 })
				if i < 0 {
					return cannotBeKnown()
				}
				return instant(l.Members[i].LastLogin)
			},
			ours: func(a *Analyst) Answer {
				return instant(a.ask("list_people", `{"search":"Jürgen Groß"}`).time("people.0.last_login_at"))
			},
			wrapper: (*Pager).readMembers,
		},
		"idle since September": {
			truth: func(l *Log) Answer {
				worked := tally(l.find(from(l.midnight("2026-09-01", home))), actorID)
				return people(l.members(func(u makesim.User) bool { return worked[idText(u.ID)] == 0 })...)
			},
			ours: func(a *Analyst) Answer {
				return people(a.ask("list_people", `{"from":"2026-09-01","status":["dormant"]}`).whole().texts("people", "id")...)
			},
			wrapper: func(p *Pager) {
				p.readMembers()
				p.read(pages{from: "2026-08-31"})
			},
		},
	}
}

// members are the ids of the members whom something holds for.
func (l *Log) members(holds func(u makesim.User) bool) []string {
	var ids []string
	for _, u := range l.Members {
		if holds(u) {
			ids = append(ids, idText(u.ID))
		}
	}
	return ids
}
