package question_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func kinds() *auditlog.Catalog {
	return &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "webhook_created", Label: "Webhook created", Category: "Webhooks"},
		{Value: "webhook_deleted", Category: "Webhooks"},
		{Value: "team_created", Category: "Team"},
		{Value: "team_member_removed", Category: "Team"},
		{Value: "team_variable_created", Category: "Team Variables"},
		{Value: "organization_variable_created", Category: "Organization Variables"},
		{Value: "data_store_created", Category: "Data Store"},
		{Value: "data_store_record_created", Category: "Data Store Records"},
		{Value: "gizmo_created"}, // the catalog gives it no category
		{Value: "gizmo_deleted"},
		{Value: "odd", Category: "Ödd \u202ethings"},
	}}
}

func TestAKindIsTheEventsCategoryOrThatOfItsLike(t *testing.T) {
	t.Parallel()
	for event, want := range map[auditlog.Text]auditlog.Text{
		"webhook_created":      "Webhooks",
		"webhook_paused":       "Webhooks", // not in the catalog
		"team_variable_pruned": "Team Variables",
		"data_store_emptied":   "Data Store",
		"gizmo_created":        "gizmo",
		"rocket_launched":      "rocket",
		"launched":             "launched",
		"_x":                   "_x",
		"":                     "",
	} {
		assert.Equal(t, want, kinds().Kind(event), "%q", event)
	}
	assert.Empty(t, kinds().Event("webhook_paused").Category, "only Make says what belongs to a category")
	assert.Empty(t, kinds().Event("gizmo_created").Category)
}

func TestEveryKindIsFoundByItsOwnName(t *testing.T) {
	t.Parallel()
	for _, event := range kinds().Events {
		kind := kinds().Kind(event.Value)
		for _, want := range []string{string(kind), strings.ToUpper(string(kind)), "  " + string(kind) + " "} {
			got, events, err := question.MatchKind(kinds(), want)
			require.NoError(t, err, want)
			assert.Equal(t, kind, got)
			assert.Contains(t, events, event)
		}
	}
}

func TestKindsAreFoundByABeginning(t *testing.T) {
	t.Parallel()
	for want, kind := range map[string]auditlog.Text{
		"webhook": "Webhooks", "web": "Webhooks", "team": "Team", "team var": "Team Variables", "organization": "Organization Variables",
		"data store": "Data Store", "data store r": "Data Store Records", "records": "Data Store Records", "odd": "Ödd \u202ethings",
		"GIZ": "gizmo",
	} {
		got, events, err := question.MatchKind(kinds(), want)
		require.NoError(t, err, want)
		assert.Equal(t, kind, got, want)
		assert.NotEmpty(t, events)
	}
}

func TestUnknownAndDoubtfulKindsAreErrorsThatNameKinds(t *testing.T) {
	t.Parallel()
	for want, says := range map[string][]string{
		"variables": {"fits 2 kinds", "Team Variables", "Organization Variables", "whole category"},
		"rocket":    {`no kind "rocket"`, "there are", "Webhooks", "accepted: a category"},
		"":          {`no kind ""`},
		"\u202e":    {"no kind"},
	} {
		_, _, err := question.MatchKind(kinds(), want)
		var wrong *question.NameError
		require.ErrorAs(t, err, &wrong, want)
		for _, part := range says {
			require.ErrorContains(t, err, part)
		}
		assert.NotContains(t, err.Error(), "\u202e", "text of others is cleaned")
	}
}

func TestAnEventUnderTwoCategoriesIsOfBothKinds(t *testing.T) {
	t.Parallel()
	catalog := kinds()
	catalog.Events = append(catalog.Events, auditlog.Event{Value: "data_store_record_created", Category: "Data Store"})
	for want, count := range map[string]int{"data store": 2, "data store records": 1} {
		_, events, err := question.MatchKind(catalog, want)
		require.NoError(t, err)
		assert.Len(t, events, count, want)
	}
}
