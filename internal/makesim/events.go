package makesim

// DocumentedEvents is the tree of events that Make's Help Center lists (March 2026). Only a handful of the values are attested; the others
// follow the pattern <entity>_<past verb>.
func DocumentedEvents() []EventCategory {
	return []EventCategory{
		category("Scenarios", "scenario", "Scenario", "created", "updated", "deleted", "activated", "deactivated"),
		category("Connections", "connection", "Connection", "created", "updated", "deleted", "authorized", "reauthorized"),
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
		category("Data Store", "data_store", "Data store", "created", "updated", "deleted"),
		category("Data Store Records", "data_store_record", "Data store record", "created", "updated", "deleted"),
		category("Data Structure", "data_structure", "Data structure", "created", "updated", "deleted"),
		category("Functions", "function", "Function", "created", "updated", "deleted"),
		category("Organization", "organization", "Organization", "created"),
		category("Two-factor authentication enforcement", "two_factor_authentication_enforcement",
			"Two-factor authentication enforcement", "enabled", "disabled"),
		category("Credential requests", "credential_request", "Credential request", "created", "authorized", "deleted"),
	}
}

func category(header, entity, label string, verbs ...string) EventCategory {
	c := EventCategory{Header: header}
	for _, verb := range verbs {
		c.Items = append(c.Items, EventType{Label: label + " " + verb, Value: entity + "_" + verb})
	}
	return c
}
