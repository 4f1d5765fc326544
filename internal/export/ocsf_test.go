package export_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

// ocsfSchema is the part of the published schema that is used, see the file's sources.
type ocsfSchema struct {
	Version     string   `json:"version"`
	Sources     []string `json:"sources"`
	CategoryUID int      `json:"category_uid"`
	Base        struct {
		Required               []string          `json:"required"`
		RequiredByProfileCloud []string          `json:"required_by_profile_cloud"`
		Attributes             []string          `json:"attributes"`
		SeverityID             map[string]string `json:"severity_id"`
		StatusID               map[string]string `json:"status_id"`
	} `json:"base"`
	Classes map[string]struct {
		Name       string            `json:"name"`
		Required   []string          `json:"required"`
		Attributes []string          `json:"attributes"`
		ActivityID map[string]string `json:"activity_id"`
		// CategoryUID and StatusID are the class's own, if it is of another category than entries are.
		CategoryUID int               `json:"category_uid"`
		StatusID    map[string]string `json:"status_id"`
	} `json:"classes"`
	Objects map[string]struct {
		Required            []string          `json:"required"`
		AtLeastOne          []string          `json:"at_least_one"`
		Attributes          map[string]string `json:"attributes"`
		TypeID              map[string]string `json:"type_id"`
		PopulatedWithTypeID map[string]string `json:"populated_with_type_id"`
	} `json:"objects"`
	ObjectsOfEvents map[string]string `json:"objects_of_events"`
}

// validate holds an event to the schema.
func (s *ocsfSchema) validate(t *testing.T, event map[string]any) {
	t.Helper()
	class, ok := s.Classes[fmt.Sprint(event["class_uid"])]
	require.True(t, ok, "class %v", event["class_uid"])
	assert.Equal(t, class.Name, event["class_name"])
	category, statuses := s.CategoryUID, s.Base.StatusID
	if class.CategoryUID != 0 {
		category, statuses = class.CategoryUID, class.StatusID
	}
	assert.Equal(t, strconv.Itoa(category), fmt.Sprint(event["category_uid"]))
	for _, name := range slices.Concat(s.Base.Required, s.Base.RequiredByProfileCloud, class.Required) {
		assert.NotEmpty(t, event[name], "required: %s", name)
	}
	for name := range event {
		assert.True(t, slices.Contains(s.Base.Attributes, name) || slices.Contains(class.Attributes, name), "%s is no attribute of %s",
			name, class.Name)
	}
	activity := fmt.Sprint(event["activity_id"])
	caption, ok := class.ActivityID[activity]
	require.True(t, ok, "%s has no activity %s", class.Name, activity)
	if caption != "Other" {
		assert.Equal(t, caption, event["activity_name"])
	}
	assert.NotEmpty(t, event["activity_name"])
	assert.Equal(t, class.Name+": "+caption, event["type_name"])
	classUID, _ := event["class_uid"].(json.Number).Int64()
	activityID, _ := event["activity_id"].(json.Number).Int64()
	assert.Equal(t, strconv.FormatInt(classUID*100+activityID, 10), fmt.Sprint(event["type_uid"]))
	assert.Equal(t, s.Base.SeverityID[fmt.Sprint(event["severity_id"])], event["severity"])
	assert.Equal(t, statuses[fmt.Sprint(event["status_id"])], event["status"])
	for attribute, object := range s.ObjectsOfEvents {
		if value, ok := event[attribute]; ok {
			s.validateObject(t, attribute, object, value)
		}
	}
	metadata := within(event, "metadata")
	assert.Equal(t, s.Version, metadata["version"])
	assert.Equal(t, []any{"cloud"}, metadata["profiles"], "the profile that adds cloud")
}

func (s *ocsfSchema) validateObject(t *testing.T, path, name string, value any) {
	t.Helper()
	schema, ok := s.Objects[name]
	require.True(t, ok, name)
	if list, ok := value.([]any); ok {
		for _, element := range list {
			s.validateObject(t, path+"[]", name, element)
		}
		return
	}
	object, ok := value.(map[string]any)
	require.True(t, ok, path)
	for _, required := range schema.Required {
		assert.NotEmpty(t, object[required], "%s.%s", path, required)
	}
	if len(schema.AtLeastOne) > 0 {
		assert.True(t, slices.ContainsFunc(schema.AtLeastOne, func(one string) bool { return object[one] != nil && object[one] != "" }),
			"%s: one of %v", path, schema.AtLeastOne)
	}
	for attribute, value := range object {
		of, known := schema.Attributes[attribute]
		assert.True(t, known, "%s.%s", path, attribute)
		if of != "" {
			s.validateObject(t, path+"."+attribute, of, value)
		}
	}
	if typeID, ok := object["type_id"]; ok {
		caption, known := schema.TypeID[fmt.Sprint(typeID)]
		assert.True(t, known, "%s.type_id %v", path, typeID)
		if caption != "Other" {
			assert.Equal(t, caption, object["type"])
		}
		assert.NotEmpty(t, object["type"])
		if populated, ok := schema.PopulatedWithTypeID[fmt.Sprint(typeID)]; ok {
			assert.NotEmpty(t, object[populated], "%s.%s goes with type_id %v", path, populated, typeID)
		}
	}
}

func TestOCSFKeepsToThePublishedSchema(t *testing.T) {
	t.Parallel()
	var schema ocsfSchema
	readJSON(t, "ocsf-required.json", &schema)
	for _, options := range []export.Options{options(), {}} {
		for _, name := range slices.Concat(documented(), undocumented()) {
			full, bare := event(name), &auditlog.Entry{TriggeredAt: event(name).TriggeredAt, Event: name}
			noTarget, nobody := event(name), event(name)
			noTarget.TargetID, nobody.Actor, nobody.Team = "", &auditlog.Actor{}, nil
			for _, line := range lines(t, written(t, export.OCSF, options, full, bare, noTarget, nobody)) {
				schema.validate(t, decoded(t, line))
			}
		}
		for _, line := range lines(t, written(t, export.OCSF, options, entries()...)) {
			schema.validate(t, decoded(t, line))
		}
	}
}

func TestOCSFTypeOfEvents(t *testing.T) {
	t.Parallel()
	want := map[auditlog.Text]int{
		"scenario_created": 300401, "scenario_updated": 300403, "scenario_deleted": 300404, "scenario_activated": 300410,
		"scenario_deactivated": 300411, "connection_created": 300401, "connection_authorized": 300499, "connection_reauthorized": 300499,
		"webhook_enabled": 300408, "webhook_disabled": 300409, "key_deleted": 300404, "team_created": 300401, "team_deleted": 300404,
		"team_role_updated": 300501, "team_member_removed": 300604, "team_variable_created": 300401,
		"organization_variable_deleted": 300404, "data_store_record_updated": 300403, "organization_created": 300401,
		"two_factor_authentication_enforcement_enabled": 300408, "two_factor_authentication_enforcement_disabled": 300409,
		"credential_request_authorized": 300499, "requested_connection_used": 300499, "connection_used_by_another_user": 300499,
		// Not documented, but it would be read.
		"user_created": 300101, "user_disabled": 300105, "user_password_reset": 300104, "user_2fa_enabled": 300110,
		"user_mfa_disabled": 300111, "organization_member_added": 300603, "organization_role_revoked": 300502, "role_created": 300401,
		"sso_updated": 300403, "webhook_paused": 300412, "scenario.created": 300401, "Webhook created": 300401,
		"quasar_frobnicated": 300499, "": 300400,
	}
	for name, typeUID := range want {
		assert.Equal(t, strconv.Itoa(typeUID), fmt.Sprint(exported(t, export.OCSF, event(name))["type_uid"]), name)
	}
}

func TestEveryDocumentedEventIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, name := range documented() {
		assert.Equal(t, "Success", exported(t, export.OCSF, event(name))["status"], name)
	}
	for name, status := range map[auditlog.Text]string{"login_failed": "Failure", "quasar_frobnicated": "Unknown"} {
		assert.Equal(t, status, exported(t, export.OCSF, event(name))["status"])
	}
}

func TestMakesCategoryTellsWhatTheNameDoesNot(t *testing.T) {
	t.Parallel()
	options := options()
	options.Category = func(auditlog.Text) auditlog.Text { return "Two-factor authentication enforcement" }
	line := decoded(t, written(t, export.OCSF, options, event("enforcement_disabled")))
	assert.Equal(t, "Policy", within(line, "entity")["type"])
}

func TestOCSFSaysWhoWhatWhereAndWhen(t *testing.T) {
	t.Parallel()
	line := exported(t, export.OCSF, entries()[0])
	assert.Equal(t, json.Number("1791963015123"), line["time"])
	assert.Equal(t, map[string]any{"user": map[string]any{
		"uid": "7", "name": "Ada Lovelace", "email_addr": "ada@example.com", "type_id": json.Number("0"), "type": "Unknown",
	}}, line["actor"])
	assert.Equal(t, map[string]any{"uid": "3000", "type_id": json.Number("99"), "type": "webhook", "version": "1.0.1"}, line["entity"])
	assert.Equal(t, map[string]any{"provider": "Make", "region": "eu1.make.com", "org": map[string]any{
		"uid": "1001", "name": "Northwind", "ou_uid": "21", "ou_name": "Sales",
	}}, line["cloud"])
	metadata := within(line, "metadata")
	assert.Equal(t, "2026-10-14T09:30:15.123+02:00", metadata["original_time"], "as Make wrote it")
	assert.Equal(t, json.Number("1791963075123"), metadata["logged_time"])
	assert.Equal(t, entries()[0].UUID, metadata["uid"])
	assert.Equal(t, map[string]any{
		"category": "Webhooks", "targetId": "3000", "version": map[string]any{"from": "1.0.0", "to": "1.0.1"},
		"extra": map[string]any{"html": "<b>&", "sequence": json.Number("12345678901234567890123")},
	}, line["unmapped"])
	raw, _ := line["raw_data"].(string)
	assert.Equal(t, string(written(t, export.NDJSON, options(), entries()[0])), raw+"\n")
	assert.Equal(t, `webhook_created by "Ada Lovelace" (id "7"), target "3000", team "Sales" (id "21")`, line["message"])
}

func TestOCSFNamesTheSystemAsAnApplication(t *testing.T) {
	t.Parallel()
	line := exported(t, export.OCSF, entries()[2])
	assert.Equal(t, map[string]any{"app_name": "Make"}, line["actor"])
	assert.Equal(t, "1791963017123", within(line, "metadata")["original_time"])
}

func TestOCSFNamesTeamsAndOrganizationsThatWereActedOn(t *testing.T) {
	t.Parallel()
	entity := func(name, target auditlog.Text) any {
		entry := event(name)
		entry.TargetID = target
		return exported(t, export.OCSF, entry)["entity"]
	}
	assert.Equal(t, map[string]any{
		"uid": "21", "name": "Sales", "type_id": json.Number("3"), "type": "Group",
		"group": map[string]any{"uid": "21", "name": "Sales", "type": "team"},
	}, entity("team_updated", "21"))
	assert.Equal(t, map[string]any{
		"uid": "22", "type_id": json.Number("3"), "type": "Group", "group": map[string]any{"uid": "22", "type": "team"},
	}, entity("team_updated", "22"), "another team's name is not its name")
	assert.Equal(t, map[string]any{
		"uid": "1001", "name": "Northwind", "type_id": json.Number("4"), "type": "Organization",
		"org": map[string]any{"uid": "1001", "name": "Northwind"},
	}, entity("organization_created", "1001"))
}

func TestOCSFNamesTheUserWhomItConcerns(t *testing.T) {
	t.Parallel()
	concerned := func(name, target auditlog.Text) any {
		entry := event(name)
		entry.TargetID = target
		return within(exported(t, export.OCSF, entry), "user")["uid"]
	}
	for _, name := range []auditlog.Text{"team_role_updated", "team_member_removed", "user_disabled"} {
		assert.Equal(t, "42", concerned(name, "42"), name)
	}
	assert.Equal(t, "7", concerned("user_2fa_enabled", ""), "their own")
	assert.Nil(t, concerned("team_member_removed", "21"), "the target is the team")
	assert.Nil(t, concerned("webhook_created", "42"))
}
