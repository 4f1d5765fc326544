package display

// layouts describe the results of tools, by their names.
func layouts(tool string) layout {
	switch tool {
	case "count_audit_logs":
		return countLayout()
	case "list_audit_logs":
		return layout{sections: []section{entriesSection("entries", "", "total")}, csv: "entries"}
	case "get_audit_log":
		return entryLayout()
	case "get_target_history":
		return historyLayout()
	case "list_people":
		return peopleLayout()
	case "get_actor_activity":
		return activityLayout()
	case "find_suspicious_activity":
		return findingsLayout()
	case "list_organizations":
		return organizationsLayout()
	case "list_audit_log_filters":
		return filtersLayout()
	case "search":
		return searchLayout()
	case "fetch":
		return fetchLayout()
	}
	return layout{}
}

func countLayout() layout {
	return layout{
		facts: []fact{
			{path: "total", text: "%s entries", one: "%s entry", bound: ofWindow},
			{path: "distinct_total", text: "%s different ones", bound: ofWindow},
			{path: "previous.total", text: "%s in the period before", bound: ofPrevious},
			{path: "previous.groups_gone", text: "%s groups of then are gone", bound: ofGone},
		},
		sections: []section{{
			path: "groups", total: "group_count", bound: ofWindow, more: "--limit 200 shows more groups",
			columns: []column{
				{title: "HOUR", path: "key.hour", kind: minute, asked: true},
				{title: "DAY", path: "key.day", asked: true},
				{title: "WEEK", path: "key.week", asked: true},
				{title: "MONTH", path: "key.month", asked: true},
				{title: "WEEKDAY", path: "key.weekday", asked: true},
				{title: "HOUR OF DAY", path: "key.hour_of_day", asked: true},
				{title: "ACTOR", path: "key.actor", kind: address, asked: true},
				{title: "TEAM", path: "key.team", kind: address, asked: true},
				{title: "CATEGORY", path: "key.category", asked: true},
				{title: "EVENT", path: "key.event", asked: true},
				{title: "OBJECT", path: "key.target", asked: true},
				{title: "NAME", path: "target_name", asked: true, drop: 2},
				{title: "KIND", path: "kind", asked: true, drop: 3},
				{title: "COUNT", path: "count", kind: number, bound: ofWindow},
				{path: "count", kind: bar, drop: 1},
				{title: "DIFFERENT", path: "distinct", kind: number, asked: true, bound: ofWindow},
				{title: "BEFORE", path: "previous_count", kind: number, asked: true, drop: 4, bound: ofPrevious},
				{title: "CHANGE", path: "change", kind: change, asked: true, bound: ofChange},
				{title: "EVENTS", path: "events", kind: list, asked: true, drop: 6},
				{title: "FIRST", path: "first_at", kind: minute, drop: 5},
				{title: "LAST", path: "last_at", kind: minute, drop: 5},
			},
		}},
		csv: "groups",
		alone: []column{
			{path: "total", bound: ofWindow}, {path: "distinct_total", asked: true, bound: ofWindow},
			{path: "previous.total", asked: true, bound: ofPrevious}, {path: "complete"},
		},
		hidden: []string{"other_count"},
	}
}

// entriesSection is a table of entries.
func entriesSection(path, title, total string) section {
	return section{path: path, title: title, total: total, bound: ofWindow, none: "no entries", columns: []column{
		{title: "TIME", path: "triggered_at", kind: second},
		{title: "EVENT", path: "event"},
		{title: "ACTOR", path: "actor", kind: address},
		{title: "OBJECT", path: "target_id", drop: 2},
		{title: "NAME", path: "target_name", drop: 3, asked: true},
		{title: "KIND", path: "target_kind", drop: 5, asked: true},
		{title: "TEAM", path: "team", kind: ref, drop: 4},
		{title: "VERSION", path: "version", kind: version, drop: 7},
		{title: "LOGGED", path: "created_at", kind: second, drop: 8, asked: true},
		{title: "CATEGORY", path: "category", drop: 8, asked: true},
		{title: "LABEL", path: "label", drop: 8, asked: true},
		{title: "UUID", path: "uuid", kind: whole, drop: dropFirst},
	}}
}

func entryLayout() layout {
	return layout{
		sections: []section{
			{path: "entries", shape: records, none: "no entries", columns: []column{
				{title: "uuid", path: "uuid"},
				{title: "time", path: "triggered_at", kind: second},
				{title: "logged", path: "created_at", kind: second},
				{title: "event", path: "event"},
				{title: "label", path: "label"},
				{title: "category", path: "category"},
				{title: "actor", path: "actor", kind: address},
				{title: "address", path: "actor.email"},
				{title: "team", path: "team", kind: address},
				{title: "object", path: "target_id"},
				{title: "kind", path: "target_kind"},
				{title: "name", path: "target_name"},
				{title: "version", path: "version", kind: version},
				{title: "masked", path: "masked", kind: list},
				{title: "details", path: "details", kind: data},
				{title: "extra", path: "extra", kind: data},
			}},
			{path: "not_found", title: "Not found", isLack: true, columns: []column{{title: "UUID", path: "@this"}}},
			{path: "not_read", title: "Not read", isLack: true, columns: []column{{title: "UUID", path: "@this"}}},
		},
		csv: "entries",
	}
}

func historyLayout() layout {
	entries := entriesSection("entries", "", "total")
	entries.columns = append(entries.columns, column{title: "DETAILS", path: "details", kind: data, drop: dropFirst + 1})
	entries.below = []column{{path: "changes", kind: changes}}
	return layout{
		facts: []fact{{path: "total", text: "%s entries", one: "%s entry", bound: ofWindow}},
		sections: []section{
			{path: "@this", shape: records, columns: []column{
				{title: "created", path: "created_at", kind: second},
				{title: "by", path: "created_by", kind: address},
				{title: "last changed", path: "last_changed_at", kind: second},
				{title: "by", path: "last_changed_by", kind: address},
				{title: "deleted", path: "deleted_at", kind: second},
				{title: "by", path: "deleted_by", kind: address},
			}},
			entries,
			{path: "actors", title: "Who touched it", total: "actors_total", bound: ofWindow, columns: []column{
				{title: "ACTOR", path: "@this", kind: address},
				{title: "COUNT", path: "count", kind: number, bound: ofWindow},
				{path: "count", kind: bar, drop: 1},
				{title: "FIRST", path: "first_at", kind: minute, drop: 2},
				{title: "LAST", path: "last_at", kind: minute, drop: 2},
			}},
			{path: "kinds", title: "Kinds of object with this id", total: "kinds_total", bound: ofWindow, columns: []column{
				{title: "KIND", path: "kind"},
				{title: "ENTRIES", path: "entries", kind: number, bound: ofWindow},
				{title: "FIRST", path: "first_at", kind: minute, drop: 2},
				{title: "LAST", path: "last_at", kind: minute, drop: 2},
			}},
		},
		csv: "entries",
	}
}

func peopleLayout() layout {
	return layout{
		facts: []fact{
			{path: "totals.gone", text: "%s gone", bound: ofWindow}, {path: "totals.dormant", text: "%s dormant", bound: ofIdle},
			{path: "totals.new", text: "%s new", bound: ofWindow}, {path: "totals.active", text: "%s active", bound: ofWindow},
			{path: "roster.source", text: "who is there by Make's list of %s", kind: text},
			{path: "roster.reason", text: "%s", kind: text, isLack: true},
		},
		sections: []section{{path: "people", total: "total", bound: ofStatus, none: "nobody", more: "--limit 200 shows more people",
			columns: []column{
				{title: "STATUS", path: "status", kind: status},
				{title: "NAME", path: "@this", kind: address, name: "name"},
				{title: "ADDRESS", path: "email", drop: 7},
				{title: "ENTRIES", path: "entries", kind: number, bound: ofWindow},
				{title: "LAST", path: "last_at", kind: minute},
				{title: "ROLE", path: "organization_role", drop: 4},
				{title: "2FA", path: "two_factor", kind: yes, drop: 3},
				{title: "FINDINGS", path: "findings.severest", kind: severity, drop: 2},
				{title: "MADE OR CHANGED", path: "powers", kind: powers, drop: 5, bound: ofWindow},
				{title: "TEAMS", path: "teams", kind: list, drop: 6},
				{title: "ROLES", path: "team_roles", kind: list, drop: dropFirst},
				{title: "FIRST", path: "first_at", kind: minute, drop: 8},
				{title: "SIGNED IN", path: "last_login_at", kind: minute, drop: 8},
				{title: "KIND", path: "kind", drop: 8},
			}}},
		csv: "people",
	}
}

func activityLayout() layout {
	withBaseline := func(of column) []column {
		return []column{
			of,
			{title: "COUNT", path: "count", kind: number, bound: ofWindow},
			{path: "count", kind: bar, drop: 1},
			{title: "IN BASELINE", path: "baseline_count", kind: number, bound: ofBaseline},
		}
	}
	return layout{
		facts: []fact{
			{path: "total", text: "%s entries", one: "%s entry", bound: ofWindow},
			{path: "active_days", text: "on %s days", one: "on %s day", bound: ofWindow},
			{path: "outside_usual_hours.count", text: "%s outside usual hours", bound: ofFindings},
			{path: "baseline.entries", text: "%s entries in the baseline", bound: ofBaseline},
			{path: "baseline.days", text: "of %s days"},
			{path: "baseline.complete", text: "not all of the baseline is covered", kind: missing},
		},
		sections: []section{
			{path: "@this", shape: records, columns: []column{
				{title: "actor", path: "actor", kind: address},
				{title: "address", path: "actor.email"},
				{title: "kind", path: "actor.kind"},
				{title: "because", path: "actor.kind_reason"},
				{title: "time zone", path: "actor.timezone"},
				{title: "usual hours", path: "usual_hours.hours", kind: list},
				{title: "because", path: "usual_hours.reason"},
				{title: "first", path: "first_at", kind: second},
				{title: "last", path: "last_at", kind: second},
			}},
			findingsSection("Findings"),
			{path: "by_hour", title: "By hour of the day", shape: hours, bound: ofWindow},
			{path: "by_event", title: "By event", total: "by_event_total", bound: ofWindow,
				columns: withBaseline(column{title: "EVENT", path: "event"})},
			{path: "by_team", title: "By team", total: "by_team_total", bound: ofWindow,
				columns: withBaseline(column{title: "TEAM", path: "team", kind: address})},
			{path: "new_events", title: "Events that are new", total: "new_events_total", bound: ofNew, columns: []column{
				{title: "EVENT", path: "event"}, {title: "COUNT", path: "count", kind: number, bound: ofWindow},
				{title: "FIRST", path: "first_at", kind: second},
			}},
			{path: "new_teams", title: "Teams that are new", total: "new_teams_total", bound: ofNew, columns: []column{
				{title: "TEAM", path: "team", kind: address}, {title: "COUNT", path: "count", kind: number, bound: ofWindow},
				{title: "FIRST", path: "first_at", kind: second},
			}},
			{path: "notable", title: "Notable entries", total: "notable_total", bound: ofWindow, columns: []column{
				{title: "TIME", path: "triggered_at", kind: second},
				{title: "EVENT", path: "event"},
				{title: "WHY", path: "why", drop: 1},
				{title: "OBJECT", path: "target_id", drop: 2},
				{title: "NAME", path: "target_name", drop: 3, asked: true},
				{title: "TEAM", path: "team", kind: ref, drop: 4},
				{title: "UUID", path: "uuid", kind: whole, drop: dropFirst},
			}},
		},
		csv:        "by_event",
		factsFirst: true,
	}
}

// findingsSection tells findings, each with its reason. The columns behind the title are CSV's.
// Who it was stands first in a line, where the result is not about one person.
func findingsSection(title string, who ...fact) section {
	return section{
		path: "findings", title: title, shape: blocks, total: "findings_total", bound: ofFindings, none: "nothing stands out",
		columns: []column{
			{path: "severity", kind: severity},
			{path: "title"},
			{path: "from", kind: minute},
			{path: "to", kind: minute},
			{path: "actor", kind: address},
			{path: "team", kind: ref},
			{path: "evidence_count", kind: number, bound: ofWindow},
			{path: "reason"},
			{path: "next_step"},
			{path: "rule"},
			{path: "id", kind: whole},
			{path: "evidence", kind: list},
		},
		lines: []line{
			{apart: ", ", facts: append(who, fact{path: "team.name", text: "team %s"}, fact{path: "@this", text: "%s", kind: span},
				fact{path: "evidence_count", text: "%s entries", one: "%s entry", bound: ofWindow})},
			{facts: []fact{{path: "reason", text: "%s"}}},
			{facts: []fact{{path: "next_step", text: "next: %s"}}},
			{apart: "; ", facts: []fact{{path: "rule", text: "rule %s"}, {path: "@this", text: "entries: %s", kind: sample}}},
		},
	}
}

// ofSeverity is how many findings there are of a severity.
func ofSeverity(severity string) fact {
	return fact{path: "by_severity." + severity, text: "%s " + severity, bound: ofFindings}
}

func findingsLayout() layout {
	return layout{
		facts: []fact{
			ofSeverity("critical"), ofSeverity("high"), ofSeverity("medium"), ofSeverity("low"),
			{path: "baseline.entries", text: "measured by %s entries before", bound: ofBaseline},
			{path: "baseline.from", text: "from %s", kind: minute},
			{path: "baseline.complete", text: "not all of the time before is covered", kind: missing},
		},
		sections: []section{
			findingsSection("", fact{path: "actor", text: "%s", kind: somebody}),
			{path: "suppressed", title: "Silenced by suppress entries", isLack: true, columns: []column{
				{title: "SIGNALS", path: "signals", kind: number, bound: ofFindings}, {title: "WHY", path: "why"},
				{title: "BY", path: "by", drop: 2}, {title: "UNTIL", path: "until", drop: 1},
			}},
			{path: `rules_evaluated.#(why_not!="")#`, title: "Rules that could not be judged", isLack: true, columns: []column{
				{title: "RULE", path: "rule"}, {title: "WHY NOT", path: "why_not"},
			}},
		},
		csv:    "findings",
		hidden: []string{"limits", "rules_evaluated"},
	}
}

func organizationsLayout() layout {
	return layout{
		facts: []fact{
			{path: "user.name", text: "key of %s", kind: text}, {path: "user.email", text: "%s", kind: text},
			{path: "user.timezone", text: "%s", kind: text},
		},
		sections: []section{
			{path: "organizations", total: "organizations_total", none: "this key sees no organization",
				columns: []column{
					{title: "ID", path: "id"},
					{title: "ORGANIZATION", path: "name"},
					{title: "READABLE", path: "can_read_audit_logs", kind: yes},
					{title: "ROLE", path: "role", drop: 1},
					{title: "ZONE", path: "zone", drop: 2},
					{title: "TEAMS", path: "teams_total", kind: number, drop: 3},
					{title: "KEPT DAYS", path: "retention_days", kind: number, drop: 4},
					{title: "OLDEST", path: "oldest_entry_at", kind: day, drop: 5},
					{title: "CALLS A MINUTE", path: "api_limit_per_minute", kind: number, drop: 6},
					{title: "ARCHIVED", path: "archive.entries", kind: number, drop: 3, asked: true},
				},
				below: []column{{path: "reason"}}},
			{path: "organizations.#.teams|@flatten", title: "Teams", columns: []column{
				{title: "ID", path: "id"},
				{title: "TEAM", path: "name"},
				{title: "READABLE", path: "can_read_audit_logs", kind: yes},
				{title: "ROLE", path: "role", drop: 1},
			}},
		},
		csv:    "organizations",
		hidden: []string{"user"},
	}
}

func filtersLayout() layout {
	const more = "--limit, --search and --kind choose others"
	return layout{choose: "--kind", sections: []section{
		{path: "teams", title: "Teams", total: "teams_total", more: more, columns: []column{
			{title: "ID", path: "id"}, {title: "TEAM", path: "name"},
		}},
		{path: "users", title: "People", total: "users_total", more: more, columns: []column{
			{title: "ID", path: "id"}, {title: "NAME", path: "name"}, {title: "ADDRESS", path: "email", drop: 1},
		}},
		{path: "events", title: "Events", total: "events_total", more: more, columns: []column{
			{title: "EVENT", path: "value"}, {title: "LABEL", path: "label", drop: 2}, {title: "CATEGORY", path: "category", drop: 1},
		}},
	}}
}

func searchLayout() layout {
	return layout{
		facts: []fact{
			{path: "total", text: "%s entries found", one: "%s entry found", bound: ofWindow},
			{path: "not_understood", text: "not understood: %s", kind: list, isLack: true},
		},
		sections: []section{{path: "results", none: "nothing was found", columns: []column{
			{title: "ENTRY", path: "title", wide: true}, {title: "ID", path: "id", kind: whole, drop: dropFirst},
			{title: "ADDRESS", path: "url", kind: whole, drop: dropFirst + 1},
		}}},
		csv: "results",
	}
}

func fetchLayout() layout {
	return layout{
		sections: []section{{path: "@this", shape: records, columns: []column{
			{title: "id", path: "id"}, {title: "entry", path: "title"}, {title: "address", path: "url"},
			{title: "text", path: "text", kind: data},
		}}},
		csv: "@this", hidden: []string{"metadata"},
	}
}
