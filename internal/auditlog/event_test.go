package auditlog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
)

func TestEventsAreTakenApartAtTheirVerb(t *testing.T) {
	t.Parallel()
	for value, want := range map[auditlog.Text][2]string{
		"webhook_created":                     {"webhook", "created"},
		"data_store_record_deleted":           {"data_store_record", "deleted"},
		"credential_request_authorized":       {"credential_request", "authorized"},
		"WEBHOOK_Created":                     {"webhook", "created"},
		"scenario_paused":                     {"scenario", "paused"},
		"requested_connection_used":           {"connection", "used"},
		"requested_key_used":                  {"key", "used"},
		"connection_used_by_another_user":     {"connection", "used"},
		"connection_used_belongs_to_somebody": {"connection", "used"},
		"used_space_exceeded":                 {"used_space", "exceeded"},
		"launched":                            {"launched", "launched"},
		"_x":                                  {"_x", "x"},
		"_":                                   {"_", ""},
		"":                                    {"", ""},
		"two_factor_authentication_enforcement_disabled": {"two_factor_authentication_enforcement", "disabled"},
	} {
		event := auditlog.Event{Value: value}
		assert.Equal(t, want, [2]string{string(event.Object()), event.Verb()}, "%q", string(value))
	}
}

func TestEventsSayWhatTheyTouch(t *testing.T) {
	t.Parallel()
	catalog := logtest.Documented()
	for value, want := range map[auditlog.Text]auditlog.Power{
		"two_factor_authentication_enforcement_disabled": auditlog.PowerSignOn,
		"team_role_updated":             auditlog.PowerRole,
		"team_created":                  auditlog.PowerOrganization,
		"key_deleted":                   auditlog.PowerKey,
		"credential_request_authorized": auditlog.PowerCredential,
		"connection_reauthorized":       auditlog.PowerConnection,
		"connection_updated":            auditlog.PowerConnectionUpdate,
		"requested_connection_used":     auditlog.PowerConnection,
		"webhook_deleted":               auditlog.PowerDeletion,
		"webhook_created":               auditlog.PowerWebhook,
		"organization_variable_created": auditlog.PowerOrganizationVariable,
		"team_variable_created":         auditlog.PowerNone,
		"monkey_updated":                auditlog.PowerNone,
	} {
		assert.Equal(t, want, catalog.Event(value).Touches(), "%q", string(value))
	}
	assert.Equal(t, auditlog.PowerKey, auditlog.Event{Value: "box_opened", Label: "API keys opened"}.Touches(), "the label speaks too")
	assert.Equal(t, auditlog.PowerSignOn, auditlog.Event{Value: "policy_changed", Category: "SSO"}.Touches(), "and the category")
}

func TestAnEventMayStandUnderTwoCategories(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "data_store_created", Category: "Data Store"}, {Value: "data_store_record_created", Category: "Data Store"},
		{Value: "data_store_record_created", Category: "Data Store Records"},
	}}
	assert.Equal(t, auditlog.Text("Data Store"), catalog.Kind("data_store_record_created"), "the first counts")
	assert.Equal(t, auditlog.Text("Data Store"), catalog.Kind("data_store_record_emptied"))
	assert.Equal(t, auditlog.PowerNone, catalog.Event("data_store_record_created").Touches())
}
