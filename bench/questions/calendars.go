package questions

import (
	"time"

	"make-audit-mcp/internal/makesim"
)

func calendars() map[string]solution {
	return map[string]solution{
		"webhooks deleted in Q3": {
			truth: func(l *Log) Answer {
				return number(l.count(event("webhook_deleted"), l.days("2026-07-01", "2026-09-30")))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["webhook_deleted"],"period":"2026-Q3"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-06-30", to: "2026-09-30", events: []string{"webhook_deleted"}})
			},
		},
		"ISO week 44": {
			truth: func(l *Log) Answer {
				return number(l.count(func(e makesim.Entry) bool {
					year, week := e.TriggeredAt.In(l.zones[home]).ISOWeek()
					return year == 2026 && week == 44
				}))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"period":"2026-W44"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-10-25", to: "2026-11-01"}) },
		},
		"afternoon in New York": {
			truth: func(l *Log) Answer {
				zone := "America/New_York"
				return number(l.count(l.daysIn(zone, "2026-11-02", "2026-11-02"), l.hoursIn(zone, 12, 18)))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"period":"2026-11-02","timezone":"America/New_York","hours":"12-18"}`).whole().
					int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-11-02", to: "2026-11-03"}) },
		},
		"morning after the autumn change": {
			truth: func(l *Log) Answer { return number(l.count(l.days("2026-10-26", "2026-10-26"), l.hoursIn(home, 0, 9))) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"from":"2026-10-26T00:00","to":"2026-10-26T09:00"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-10-25", to: "2026-10-26"}) },
		},
		"mornings in Kathmandu": {
			truth: func(l *Log) Answer {
				return number(l.count(by(5016), l.daysIn("Asia/Kathmandu", "2026-10-01", "2026-10-31"), l.hoursIn("Asia/Kathmandu", 8, 10)))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs",
					`{"actor":["Aarav Shrestha"],"period":"2026-10","timezone":"Asia/Kathmandu","hours":"08-10"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31", people: []string{"5016"}}) },
		},
		"weekends of Q2": {
			truth: func(l *Log) Answer {
				return number(l.count(l.days("2026-04-01", "2026-06-30"), func(e makesim.Entry) bool {
					weekday := e.TriggeredAt.In(l.zones[home]).Weekday()
					return weekday == time.Saturday || weekday == time.Sunday
				}))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"period":"2026-Q2","weekdays":["weekend"]}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-03-31", to: "2026-06-30"}) },
		},
		"week from Sunday": {
			truth: func(l *Log) Answer { return number(l.count(l.days("2026-11-01", "2026-11-07"), event("connection_*"))) },
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["connection_*"],"from":"2026-11-01","to":"2026-11-07"}`).whole().int("total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-10-31", to: "2026-11-07", events: []string{"connection_*"}}) },
		},
		"worst month for scenarios": {
			truth: func(l *Log) Answer {
				month := theOne(most(tally(l.find(event("scenario_deleted"), l.days("2026-01-01", "2026-10-31")), func(e makesim.Entry) string {
					return e.TriggeredAt.In(l.zones[home]).Format("2006-01")
				})))
				return monthText(month)
			},
			ours: func(a *Analyst) Answer {
				return monthText(theOne(a.ask("count_audit_logs",
					`{"event":["scenario_deleted"],"from":"2026-01-01","to":"2026-10","group_by":["month"],"order_by":"count","limit":1}`).whole().
					texts("groups", "key.month")))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2025-12-31", to: "2026-10-31", events: []string{"scenario_deleted"}})
			},
		},
		"busiest day of October": {
			truth: func(l *Log) Answer { return dayText(theOne(most(tally(l.find(l.october()), l.dayOf)))) },
			ours: func(a *Analyst) Answer {
				return dayText(theOne(a.ask("count_audit_logs", `{"period":"2026-10","group_by":["day"],"order_by":"count","limit":1}`).whole().
					texts("groups", "key.day")))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31"}) },
		},
		"idle days of a team": {
			truth: func(l *Log) Answer { return number(31 - len(keys(l.find(team(8107), l.october()), l.dayOf))) },
			ours: func(a *Analyst) Answer {
				return number(31 - a.ask("count_audit_logs", `{"team":["People & Culture"],"period":"2026-10","distinct":"day"}`).whole().
					int("distinct_total"))
			},
			wrapper: func(p *Pager) { p.read(pages{from: "2026-09-30", to: "2026-10-31", teams: []string{"8107"}}) },
		},
		"variables in October by UTC": {
			truth: func(l *Log) Answer {
				return number(l.count(event("organization_variable_deleted"), l.daysIn("UTC", "2026-10-01", "2026-10-31")))
			},
			ours: func(a *Analyst) Answer {
				return number(a.ask("count_audit_logs", `{"event":["organization_variable_deleted"],"period":"2026-10","timezone":"UTC"}`).
					whole().int("total"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-09-30", to: "2026-11-01", events: []string{"organization_variable_deleted"}})
			},
		},
	}
}

// monthText is a month such as 2026-05, in all ways that people write it.
func monthText(month string) Answer {
	at, err := time.Parse("2006-01", month)
	if err != nil {
		return cannotBeKnown()
	}
	return text(at.Format("January 2006"), month, at.Format("January"), at.Format("01/2006"))
}

func dayText(day string) Answer {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return cannotBeKnown()
	}
	return date(at)
}
