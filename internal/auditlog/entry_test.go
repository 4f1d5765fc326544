package auditlog_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
)

func TestIDsAreNumbersInJSONWhereTheyAreNumbers(t *testing.T) {
	t.Parallel()
	for id, want := range map[auditlog.ID]string{
		"42": "42", "0": "0", "": "null", "007": `"007"`, "-3": `"-3"`, "abc": `"abc"`, "1e3": `"1e3"`,
		"9007199254740992": "9007199254740992", "9007199254740993": `"9007199254740993"`, "a\u202eb": `"ab"`,
	} {
		got, err := json.Marshal(id)
		require.NoError(t, err)
		assert.Equal(t, want, string(got), "id %q", id)
	}
}

func TestIDsComeBackAsTheyWent(t *testing.T) {
	t.Parallel()
	for _, id := range []auditlog.ID{"42", "", "007", "abc"} {
		data, err := json.Marshal(id)
		require.NoError(t, err)
		var back auditlog.ID
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, id, back)
	}
	var id auditlog.ID
	assert.Error(t, json.Unmarshal([]byte(`{"id":1}`), &id))
}

func TestIDsSortByValueAndNumbersFirst(t *testing.T) {
	t.Parallel()
	ids := []auditlog.ID{"b", "10", "9", "a", "100"}
	slices.SortFunc(ids, auditlog.ID.Compare)
	assert.Equal(t, []auditlog.ID{"9", "10", "100", "a", "b"}, ids)
}

func TestEntriesSortNewestFirstThenByUUID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	entries := []*auditlog.Entry{{UUID: "b", TriggeredAt: at}, {UUID: "z", TriggeredAt: at.Add(-time.Second)}, {UUID: "a", TriggeredAt: at},
		{UUID: "m", TriggeredAt: at.Add(time.Millisecond)}}
	slices.SortFunc(entries, auditlog.CompareNewestFirst)
	var order string
	for _, entry := range entries {
		order += entry.UUID
	}
	assert.Equal(t, "mabz", order)

	behind := auditlog.Position{TriggeredAt: at, UUID: "a"}
	assert.False(t, behind.IsBefore(entries[0]))
	assert.False(t, behind.IsBefore(entries[1]), "the position itself")
	assert.True(t, behind.IsBefore(entries[2]))
	assert.True(t, behind.IsBefore(entries[3]))
}

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

func TestRecordsHaveTheIDOfTheirDataStore(t *testing.T) {
	t.Parallel()
	for value, want := range map[auditlog.Text]auditlog.Text{
		"data_store_record_created": "data_store", "data_store_record_deleted": "data_store", "Data_Store_Record_emptied": "data_store",
		"data_store_created": "data_store", "webhook_created": "webhook", "record_created": "record",
	} {
		assert.Equal(t, want, auditlog.Event{Value: value}.Target("3000"), "%q", string(value))
	}
	for _, id := range []auditlog.Text{"", "rec-1", "a3f2c1"} {
		assert.Equal(t, auditlog.Text("data_store_record"), auditlog.Event{Value: "data_store_record_created"}.Target(id), "its own key")
	}
}

func TestOnlyAnObjectWithANumberIsCreatedOnce(t *testing.T) {
	t.Parallel()
	for _, creation := range [][2]auditlog.Text{{"webhook_created", "3000"}, {"Data_Store_created", "3000"},
		{"team_variable_created", "1"}} {
		assert.True(t, auditlog.Event{Value: creation[0]}.Creates(creation[1]), creation)
	}
	for _, other := range [][2]auditlog.Text{{"webhook_updated", "3000"}, {"data_store_record_created", "3000"},
		{"data_store_record_created", "rec-1"}, {"team_variable_created", "price"}, {"webhook_created", ""}} {
		assert.False(t, auditlog.Event{Value: other[0]}.Creates(other[1]), other)
	}
}

func TestRolesAndMembershipsHaveTheIDOfTheirUser(t *testing.T) {
	t.Parallel()
	team := &auditlog.Ref{ID: "8101"}
	for event, want := range map[auditlog.Text]auditlog.Text{
		"team_role_updated": "user", "team_member_removed": "user", "user_deactivated": "user", "organization_user_role_updated": "user",
		"webhook_created": "webhook", "controller_updated": "controller",
	} {
		e := &auditlog.Entry{Event: event, TargetID: "5001", Team: team}
		assert.Equal(t, auditlog.Target{Kind: want, ID: "5001"}, e.Target(), "%q", string(event))
	}
	assert.Equal(t, auditlog.Target{Kind: "team_role", ID: "8101"},
		(&auditlog.Entry{Event: "team_role_updated", TargetID: "8101", Team: team}).Target(), "the team's own id")
	assert.Equal(t, auditlog.Target{Kind: "data_store", ID: "8101"},
		(&auditlog.Entry{Event: "data_store_record_created", TargetID: "8101", Team: team}).Target(), "a data store may have the same number")
	assert.Zero(t, (&auditlog.Entry{Event: "team_role_updated", Team: team}).Target())
}

func TestDetailsNameOnlyTheObjectItself(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		event, details, kind auditlog.Text
		want                 []auditlog.Text
	}{
		{"webhook_created", `{"webhookName":"Orders","webhookType":"http"}`, "webhook", []auditlog.Text{"Orders"}},
		{"webhook_updated", `{"name":"b","Webhook_Name":"a","scenarioName":"of what it starts","newName":"c","webhookname":""}`, "webhook",
			[]auditlog.Text{"a", "b"}},
		{"webhook_updated", `{"name":{"from":"a","to":"b"}}`, "webhook", nil},
		{"webhook_updated", `["name"]`, "webhook", nil},
		{"credential_request_created", `{"requestName":"CRM"}`, "credential_request", []auditlog.Text{"CRM"}},
		{"data_store_record_created", `{"name":"row 1","dataStoreName":"Customers"}`, "data_store", []auditlog.Text{"Customers"}},
		{"data_store_record_created", `{"name":"row 1","dataStoreName":"Customers"}`, "data_store_record", []auditlog.Text{"row 1"}},
		{"team_role_updated", `{"name":"Admin","userName":"Marek"}`, "user", []auditlog.Text{"Marek"}},
	} {
		e := &auditlog.Entry{Event: test.event, TargetID: "1", Details: json.RawMessage(test.details)}
		assert.Equal(t, test.want, e.NamesOf(test.kind), "%s %s", string(test.event), string(test.details))
	}
}

func TestOnlyWhatIsDoneToAPersonCanBeDoneToOneself(t *testing.T) {
	t.Parallel()
	self := &auditlog.Actor{ID: "5001"}
	for event, is := range map[auditlog.Text]bool{
		"team_role_updated": true, "team_member_removed": true, "organization_user_role_updated": true, "user_deactivated": true,
		"TEAM_ROLE_UPDATED": true,
		// An object may have the number of a person.
		"webhook_updated": false, "team_updated": false, "connection_used_by_another_user": false, "controller_updated": false, "": false,
	} {
		assert.Equal(t, is, (&auditlog.Entry{Event: event, Actor: self, TargetID: "5001"}).IsOfActor(), "%q", string(event))
		assert.False(t, (&auditlog.Entry{Event: event, Actor: self, TargetID: "5002"}).IsOfActor())
		assert.False(t, (&auditlog.Entry{Event: event, Actor: self}).IsOfActor())
		assert.False(t, (&auditlog.Entry{Event: event, TargetID: "5001"}).IsOfActor(), "the system")
		assert.False(t, (&auditlog.Entry{Event: event, Actor: &auditlog.Actor{Name: "5001"}}).IsOfActor(), "nobody's id is nothing's")
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

func TestEventsSayWhetherTheyAreAboutTheWholeOrganization(t *testing.T) {
	t.Parallel()
	for value, want := range map[auditlog.Text]bool{
		"team_role_updated": true, "team_member_removed": true, "team_created": true, "sso_enabled": true,
		"organization_variable_created": true, "organization_variable_deleted": true, "organization_updated": true,
		"team_variable_deleted": false, "key_created": false, "scenario_deleted": false, "": false,
	} {
		assert.Equal(t, want, auditlog.Event{Value: value}.Administers(), value)
	}
}

func TestEventsSayWhatTheySwitchOff(t *testing.T) {
	t.Parallel()
	assert.True(t, auditlog.Event{Value: "scenario_deactivated"}.Stops())
	assert.True(t, auditlog.Event{Value: "webhook_disabled"}.Stops())
	assert.False(t, auditlog.Event{Value: "webhook_enabled"}.Stops())
	assert.True(t, auditlog.Event{Value: "webhook_updated"}.IsWayIn())
	assert.False(t, auditlog.Event{Value: "web_hooked_updated"}.IsWayIn())
}

func TestAnEventMayStandUnderTwoCategories(t *testing.T) {
	t.Parallel()
	catalog := &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "data_store_created", Category: "Data Store"}, {Value: "data_store_record_created", Category: "Data Store"},
		{Value: "data_store_record_created", Category: "Data Store Records"},
	}}
	for range 2 { // in either order
		assert.Equal(t, auditlog.Text("Data Store Records"), catalog.Kind("data_store_record_created"), "what is of its own says more")
		assert.Equal(t, auditlog.Text("Data Store Records"), catalog.Kind("data_store_record_emptied"))
		assert.Equal(t, auditlog.Text("Data Store"), catalog.Kind("data_store_created"))
		slices.Reverse(catalog.Events)
	}
	assert.Equal(t, auditlog.PowerNone, catalog.Event("data_store_record_created").Touches())
	unsorted := &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "key_created"}, {Value: "key_created", Category: "Keys"}, {Value: "key_deleted", Category: "Keys"},
	}}
	assert.Equal(t, auditlog.Text("Keys"), unsorted.Event("key_created").Category)
}
