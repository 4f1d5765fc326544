package questions

import (
	"strings"

	"make-audit-mcp/internal/makesim"
)

// unanswerable are questions that the log cannot answer; each truth looks whether that still holds of the demo.
func unanswerable() map[string]solution {
	// unless answers wherever the reason is gone, so that it is seen.
	unless := func(known bool) Answer {
		if known {
			return text("it can be known")
		}
		return cannotBeKnown()
	}
	// notLogged asks whether there is an event about something.
	notLogged := func(a *Analyst, word string) Answer {
		return unless(a.ask("list_audit_log_filters", `{"kind":"events","search":%q}`, word).int("events_total") > 0)
	}
	hasEvent := func(l *Log, patterns ...string) bool { return l.count(event(patterns...)) > 0 }
	look := (*Pager).lookAround
	return map[string]solution{
		"before retention": {
			truth: func(l *Log) Answer { return unless(l.count(until(l.midnight("2025-10-01", home))) > 0) },
			ours: func(a *Analyst) Answer {
				found := a.ask("count_audit_logs", `{"event":["connection_deleted"],"period":"2025-09"}`)
				return unless(!found.isNull("total") || !found.isNull("coverage.from"))
			},
			wrapper: func(p *Pager) { p.read(pages{oldest: true}) },
		},
		"other organization": {
			truth: func(l *Log) Answer {
				return unless(l.count(func(e makesim.Entry) bool { return e.OrganizationID == makesim.DemoOtherZoneOrganizationID }) > 0)
			},
			ours: func(a *Analyst) Answer {
				known := true
				for _, o := range a.ask("list_organizations", `{}`).list("organizations") {
					if o.text("name") == "Northwind Labs" {
						readable, ok := o.at("can_read_audit_logs").value.(bool)
						known = !ok || readable
					}
				}
				return unless(known)
			},
			wrapper: func(p *Pager) { p.analyst.ask("lst-organizations", `{}`) },
		},
		"value of a secret": {
			// It stands in the log, and nobody who asks a model is to be told.
			truth: func(*Log) Answer { return cannotBeKnown() },
			ours: func(a *Analyst) Answer {
				found := a.ask("list_audit_logs", `{"event":["key_created"],"actor":["Lucie Marešová"],"period":"2026-11-17"}`).whole()
				key := a.ask("get_audit_log", `{"uuid":[%q]}`, found.text("entries.0.uuid"))
				return unless(key.text("entries.0.details.apiKey") != "[masked]")
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-11-16", to: "2026-11-17", events: []string{"key_created"}, people: []string{"5010"}})
				p.readDetails()
			},
		},
		"address on the network": {
			truth: func(l *Log) Answer {
				for _, e := range l.find(by(marek)) {
					for name := range e.Details {
						if name == "ip" || name == "ipAddress" {
							return unless(true)
						}
					}
				}
				return unless(false)
			},
			ours: func(a *Analyst) Answer {
				found := a.ask("list_audit_logs", `{"actor":["Marek Havelka"],"period":"2026-11-11","limit":1,"response_format":"detailed"}`)
				entry := a.ask("get_audit_log", `{"uuid":[%q]}`, found.text("entries.0.uuid"))
				return unless(!entry.isNull("entries.0.details.ip") || !entry.isNull("entries.0.details.ipAddress") ||
					!entry.isNull("entries.0.extra"))
			},
			wrapper: func(p *Pager) {
				p.read(pages{from: "2026-11-11", to: "2026-11-11", people: []string{idText(marek)}, newest: true})
			},
		},
		"runs of a scenario": {
			truth:   func(l *Log) Answer { return unless(hasEvent(l, "scenario_run*", "scenario_executed", "execution_*")) },
			ours:    func(a *Analyst) Answer { return notLogged(a, "run") },
			wrapper: look,
		},
		"two-factor in December 2025": {
			truth: func(l *Log) Answer {
				return unless(l.count(event("two_factor_*"), until(l.midnight("2026-03-04", home))) > 0)
			},
			ours: func(a *Analyst) Answer {
				found := a.ask("count_audit_logs", `{"event":["two_factor_*"],"period":"2025-12"}`)
				for _, warning := range found.list("warnings") {
					if said, _ := warning.value.(string); strings.Contains(said, "only since 2026-03-04") {
						return cannotBeKnown()
					}
				}
				return unless(true)
			},
			wrapper: look,
		},
	}
}
