package makesim

import "time"

// DocumentedEvents is the tree of events that Make's Help Center lists (help.make.com/audit-logs of 2026-03-04), and the two that are new
// on that page by 2026-10-03. Only a handful of the values are attested; the others follow the pattern <entity>_<past verb>, or are
// guessed where that is said.
func DocumentedEvents() []EventCategory {
	// The page has one line for both.
	const authorized = "Connection authorized/reauthorized"
	connections := category("Connections", "connection", "Connection", "created", "updated", "deleted")
	connections.Items = append(connections.Items,
		EventType{authorized, "connection_authorized"},
		EventType{authorized, "connection_reauthorized"},
		// The labels are Make's; these values, and that they are Connections, are guessed.
		EventType{"Connection used belongs to someone else", EventOthersConnectionUsed},
		EventType{"Requested connection used", EventRequestedConnectionUsed})
	records := category("Data Store Records", "data_store_record", "Data store record", "created", "updated", "deleted")
	stores := category("Data Store", "data_store", "Data store", "created", "updated", "deleted")
	stores.Items = append(stores.Items, records.Items...) // the page has them under both
	return []EventCategory{
		category("Scenarios", "scenario", "Scenario", "created", "updated", "deleted", "activated", "deactivated"),
		connections,
		category("Webhooks", "webhook", "Webhook", "created", "updated", "deleted", "enabled", "disabled"),
		category("Keys", "key", "Key", "created", "updated", "deleted"),
		{Header: "Team", Items: []EventType{
			{"Team created", "team_created"},
			{"Team updated", "team_updated"},
			{"Team deleted", "team_deleted"},
			{"Team role updated", "team_role_updated"},
			{"Team member removed", "team_member_removed"},
		}},
		category("Team Variables", "team_variable", "Team variable", "created", "updated", "deleted"),
		category("Organization Variables", "organization_variable", "Organization variable", "created", "updated", "deleted"),
		stores,
		records,
		category("Data Structure", "data_structure", "Data structure", "created", "updated", "deleted"),
		category("Functions", "function", "Function", "created", "updated", "deleted"),
		category("Organization", "organization", "Organization", "created"),
		category("Two-factor authentication enforcement", twoFactorEnforcement, "Organization 2FA enforcement", "enabled", "disabled"),
		category("Credential requests", string(kindCredential), "Credential request", "created", "authorized", "deleted"),
	}
}

// The values of the two events that are new since March 2026 are guessed: Make's page has only their labels.
const (
	EventOthersConnectionUsed    = "connection_used_by_another_user"
	EventRequestedConnectionUsed = "requested_connection_used"
)

// twoFactorEnforcement is the beginning of its events' values.
const twoFactorEnforcement = "two_factor_authentication_enforcement"

// loggedSince returns the day since when Make's log has an event; zero if it always had it. Make's release notes of 2026 say so of
// two-factor enforcement and credential requests; the two new events are on Make's page of that day, and were not on that of March.
func loggedSince(event string) time.Time {
	switch event {
	case twoFactorEnforcement + "_enabled", twoFactorEnforcement + "_disabled":
		return time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC)
	case string(kindCredential) + "_created", string(kindCredential) + "_authorized", string(kindCredential) + "_deleted":
		return time.Date(2026, time.February, 10, 0, 0, 0, 0, time.UTC)
	case EventOthersConnectionUsed, EventRequestedConnectionUsed:
		return time.Date(2026, time.October, 3, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}
}

func category(header, entity, label string, verbs ...string) EventCategory {
	c := EventCategory{Header: header}
	for _, verb := range verbs {
		c.Items = append(c.Items, EventType{Label: label + " " + verb, Value: entity + "_" + verb})
	}
	return c
}
