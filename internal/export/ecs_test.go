package export_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/export"
)

// ecsAllowed is what the published schema allows, see the file's sources.
type ecsAllowed struct {
	Version         string              `json:"version"`
	Sources         []string            `json:"sources"`
	Kind            []string            `json:"kind"`
	Outcome         []string            `json:"outcome"`
	TypesOfCategory map[string][]string `json:"types_of_category"`
	IAMObjects      []string            `json:"iam_objects"`
}

// validate holds a document to the schema.
func (a *ecsAllowed) validate(t *testing.T, document map[string]any) {
	t.Helper()
	assert.NotEmpty(t, document["@timestamp"])
	assert.Equal(t, map[string]any{"version": a.Version}, document["ecs"])
	event := within(document, "event")
	require.NotNil(t, event)
	assert.Contains(t, a.Kind, event["kind"])
	if outcome, ok := event["outcome"]; ok {
		assert.Contains(t, a.Outcome, outcome)
	}
	categories, types := texts(event["category"]), texts(event["type"])
	assert.Equal(t, len(categories) > 0, len(types) > 0, "both or none")
	for _, category := range categories {
		allowed, known := a.TypesOfCategory[category]
		assert.True(t, known, category)
		assert.True(t, slices.ContainsFunc(types, func(one string) bool { return slices.Contains(allowed, one) }), "%s has none of %v",
			category, types)
	}
	for _, one := range types {
		assert.True(t, slices.ContainsFunc(categories,
			func(category string) bool { return slices.Contains(a.TypesOfCategory[category], one) }), "%s goes with none of %v", one,
			categories)
	}
	if slices.Contains(categories, "iam") {
		assert.Len(t, types, 2, "what was done, and to what")
		assert.True(t, slices.ContainsFunc(types, func(one string) bool { return slices.Contains(a.IAMObjects, one) }), "%v", types)
	}
}

func texts(list any) []string {
	var found []string
	elements, _ := list.([]any)
	for _, element := range elements {
		text, _ := element.(string)
		found = append(found, text)
	}
	return found
}

func TestECSKeepsToTheAllowedValues(t *testing.T) {
	t.Parallel()
	var allowed ecsAllowed
	readJSON(t, "ecs-allowed.json", &allowed)
	for _, options := range []export.Options{options(), {}} {
		for _, name := range slices.Concat(documented(), undocumented()) {
			bare := &auditlog.Entry{TriggeredAt: event(name).TriggeredAt, Event: name}
			for _, line := range lines(t, written(t, export.ECS, options, event(name), bare)) {
				allowed.validate(t, decoded(t, line))
			}
		}
		for _, line := range lines(t, written(t, export.ECS, options, entries()...)) {
			allowed.validate(t, decoded(t, line))
		}
	}
}

func TestECSCategoriesOfEvents(t *testing.T) {
	t.Parallel()
	type categorized struct {
		categories, types []string
		outcome           any
	}
	configuration, iam := []string{"configuration"}, []string{"iam"}
	want := map[auditlog.Text]categorized{
		"webhook_created":                                {configuration, []string{"creation"}, "success"},
		"connection_reauthorized":                        {configuration, []string{"change"}, "success"},
		"requested_connection_used":                      {configuration, []string{"info"}, "success"},
		"key_deleted":                                    {configuration, []string{"deletion"}, "success"},
		"data_store_deleted":                             {configuration, []string{"deletion"}, "success"},
		"data_store_record_deleted":                      {[]string{"database"}, []string{"change"}, "success"},
		"data_store_record_read":                         {[]string{"database"}, []string{"info"}, "success"},
		"team_created":                                   {iam, []string{"group", "creation"}, "success"},
		"team_member_removed":                            {iam, []string{"user", "change"}, "success"},
		"team_role_updated":                              {iam, []string{"user", "change"}, "success"},
		"organization_created":                           {iam, []string{"admin", "creation"}, "success"},
		"two_factor_authentication_enforcement_disabled": {[]string{"iam", "configuration"}, []string{"admin", "change"}, "success"},
		"user_deleted":                                   {iam, []string{"user", "deletion"}, "success"},
		"login_failed":                                   {nil, nil, "failure"},
		"quasar_frobnicated":                             {nil, nil, nil},
	}
	for name, expected := range want {
		got := within(exported(t, export.ECS, event(name)), "event")
		assert.Equal(t, expected, categorized{texts(got["category"]), texts(got["type"]), got["outcome"]}, name)
	}
	for _, name := range documented() {
		assert.NotEmpty(t, within(exported(t, export.ECS, event(name)), "event")["category"], name)
	}
}

func TestECSSaysWhoWhatWhereAndWhen(t *testing.T) {
	t.Parallel()
	document := exported(t, export.ECS, entries()[0])
	assert.Equal(t, "2026-10-14T07:30:15.123Z", document["@timestamp"])
	assert.Equal(t, map[string]any{
		"id": "7", "name": "ada@example.com", "full_name": "Ada Lovelace", "email": "ada@example.com",
	}, document["user"])
	assert.Equal(t, map[string]any{"user": []any{"ada@example.com", "Ada Lovelace", "7"}}, document["related"])
	assert.Equal(t, map[string]any{"id": "1001", "name": "Northwind"}, document["organization"])
	assert.Equal(t, map[string]any{"type": "make-audit-mcp", "version": "1.2.3"}, document["agent"])
	assert.Equal(t, map[string]any{"audit": map[string]any{
		"zone": "eu1.make.com", "category": "Webhooks", "team": map[string]any{"id": "21", "name": "Sales"},
		"target": map[string]any{"id": "3000"}, "version": map[string]any{"from": "1.0.0", "to": "1.0.1"},
	}}, document["make"])
	event := within(document, "event")
	assert.Equal(t, "webhook_created", event["action"])
	assert.Equal(t, entries()[0].UUID, event["id"])
	assert.Equal(t, "2026-10-14T07:31:15.123Z", event["created"])
	original, _ := event["original"].(string)
	assert.Equal(t, string(written(t, export.NDJSON, options(), entries()[0])), original+"\n")
}

func TestECSNamesTheUserWhomItConcerns(t *testing.T) {
	t.Parallel()
	document := exported(t, export.ECS, event("team_member_removed"))
	assert.Equal(t, map[string]any{
		"id": "7", "name": "Ada", "full_name": "Ada",
		"target": map[string]any{"id": "42", "group": map[string]any{"id": "21", "name": "Sales"}},
	}, document["user"])
	assert.Equal(t, map[string]any{"user": []any{"Ada", "7", "42"}}, document["related"])

	document = exported(t, export.ECS, event("webhook_created"))
	assert.NotContains(t, document["user"], "target", "a webhook is nobody")
}

func TestECSNamesTheTeamThatWasActedOnAndNobodyForTheSystem(t *testing.T) {
	t.Parallel()
	ofTheSystem := exported(t, export.ECS, entries()[2])
	assert.NotContains(t, ofTheSystem, "user")
	assert.NotContains(t, ofTheSystem, "related")

	entry := event("team_deleted")
	entry.TargetID = "21"
	assert.Equal(t, map[string]any{"id": "21", "name": "Sales"}, exported(t, export.ECS, entry)["group"])
}

func TestDetailsInECSAreTextSinceTheirFormVaries(t *testing.T) {
	t.Parallel()
	audit := func(entry *auditlog.Entry) map[string]any {
		return within(within(exported(t, export.ECS, entry), "make"), "audit")
	}
	text, _ := audit(entries()[1])["details"].(string)
	assert.JSONEq(t, string(entries()[1].Details), text)
	assert.NotContains(t, audit(entries()[0]), "details")
}
