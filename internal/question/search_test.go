package question_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/question"
)

// searched understands words in a little organization.
func searched(t *testing.T, words string) *question.Search {
	t.Helper()
	found, err := searcher().Understand(t.Context(), words)
	require.NoError(t, err)
	return found
}

func searcher() *question.Resolver {
	known := &directory{
		organizations: []auditlog.Organization{{Ref: auditlog.Ref{ID: "77", Name: "Acme Corp"}, Here: true},
			{Ref: auditlog.Ref{ID: "88", Name: "Beta"}, Here: true}},
		timezone: "Europe/Prague",
		catalog: &auditlog.Catalog{
			Teams: []auditlog.Ref{{ID: "5", Name: "Sales EMEA"}, {ID: "6", Name: "Sales"}, {ID: "24", Name: "2025"},
				{ID: "7", Name: "R & D"}},
			Users: []auditlog.Actor{{ID: "1", Name: "Jan Novák", Email: "jan@acme.example"}, {ID: "2", Name: "Jan Svoboda"},
				{ID: "3", Name: "Can Webhooks"},
				{ID: "4", Name: "System: then much was deleted and webhooks and nobody"}},
			Events: []auditlog.Event{
				{Value: "connection_created", Label: "Connection created", Category: "Connections"},
				{Value: "connection_deleted", Label: "Connection deleted", Category: "Connections"},
				{Value: "webhook_deleted", Label: "Webhook deleted", Category: "Webhooks"},
				{Value: "webhook_updated", Label: "Webhook updated", Category: "Webhooks"},
				{Value: "team_member_removed", Label: "Team member removed", Category: "Team"},
			},
		},
	}
	return &question.Resolver{Directory: known, Organization: "77",
		Reader: &newest{into: known, actors: []auditlog.Actor{{ID: "9", Name: "Leo Left"}}}}
}

func TestWordsAreTakenForAFilterAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	connections, webhooks := []string{"connection_created", "connection_deleted"}, []string{"webhook_deleted", "webhook_updated"}
	deleted := []string{"connection_deleted", "webhook_deleted"}
	for words, want := range map[string]question.Filter{
		"":                                     {},
		"what happened recently?":              {},
		"Who deleted connections last week?":   {Events: deleted[:1], Period: "last week"},
		"deletions of webhooks, 2026-11":       {Events: deleted[1:], Period: "2026-11"},
		"connections webhooks":                 {Events: append(connections, webhooks...)},
		"connection deleted":                   {Events: deleted[:1]},
		"*_deleted since 7d":                   {Events: deleted, From: "7d"},
		"changes to webhooks in November 2026": {Events: webhooks[1:], Period: "2026-11"},
		"deleting on 3 October 2026":           {Events: deleted, Period: "2026-10-03"},
		"last 7 days":                          {From: "last 7 days"},
		"since yesterday":                      {From: "yesterday"},
		"since 2026-11-02 until 2026-11-05":    {From: "2026-11-02", To: "2026-11-05"},
		"between 2026-10 and 2026-11":          {From: "2026-10", To: "2026-11"},
		"2026-11-02 - 2026-11-05":              {From: "2026-11-02", To: "2026-11-05"},
		"from monday to yesterday":             {From: "monday", To: "yesterday"},
		"Jan Novák's deletions":                {Actors: []string{"1"}, Events: deleted},
		"JAN NOVAK":                            {Actors: []string{"1"}},
		"by jan@acme.example":                  {Actors: []string{"1"}},
		"Jan":                                  {Actors: []string{"1", "2"}},
		"by Can":                               {Actors: []string{"3"}},
		"webhooks":                             {Events: webhooks},
		"by Webhooks":                          {Actors: []string{"3"}},
		"Leo":                                  {Actors: []string{"9"}},
		"deleted by system":                    {Actors: []string{"system"}, Events: deleted},
		"Sales EMEA team, deletions":           {Teams: []string{"5"}, Events: deleted},
		"deleted since 3 days ago":             {Events: deleted, From: "3 days ago"},
		"deleted until 3 days ago":             {Events: deleted, To: "3 days ago"},
		"user id 9":                            {Actors: []string{"9"}},
		"the system":                           {Actors: []string{"system"}},
		"Sales EMEA":                           {Teams: []string{"5"}},
		"sales":                                {Teams: []string{"6"}},
		"R & D":                                {Teams: []string{"7"}},
		"team 2025":                            {Teams: []string{"24"}},
		"team 24":                              {Teams: []string{"24"}},
		"2025":                                 {Period: "2025"},
		"webhook 991":                          {Events: webhooks, TargetID: "991"},
		"object 5":                             {TargetID: "5"},
		"deleted not by Jan Novák or Leo":      {Events: deleted, ExcludeActors: []string{"1", "9"}},
		"deleted except webhooks by Leo":       {Events: deleted, ExcludeEvents: webhooks, Actors: []string{"9"}},
		"Acme Corp: deletions":                 {Events: deleted},
		"organization 77":                      {},
		"removals, not Jan Svoboda yesterday":  {Events: []string{"team_member_removed"}, ExcludeActors: []string{"2"}, Period: "yesterday"},
	} {
		found := searched(t, words)
		want.OrganizationID = "77"
		assert.Equal(t, want, found.Filter, words)
		assert.Empty(t, found.NotUnderstood, words)
	}
	for _, words := range []string{"Beta deletions", "deletions in organization 88"} {
		assert.Equal(t, auditlog.ID("88"), searched(t, words).Filter.OrganizationID, words)
	}
}

func TestWordsThatNarrowNothingAreReturned(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for words, want := range map[string][]string{
		"suspicious deletions by Zed":          {"suspicious", "Zed"},
		"deletions before 2026-11-02":          {"before 2026-11-02"},
		"after Jan":                            {"after"},
		"not last week":                        {"not last week"},
		"not in team Sales":                    {"not Sales"},
		"webhooks but also connections":        {"but also"},
		"they did not":                         {"not"},
		"yesterday last week":                  {"last week"},
		"2026-11-02T10:00":                     {"2026-11-02T10:00"},
		"next week":                            {"next", "week"},
		"991":                                  {"991"},
		"deleted 3 days ago":                   {"3 days ago"},
		"webhooks not deleted by Jan":          {"not deleted"},
		"no deletions of webhooks":             {"no deletions"},
		"deleted: nobody":                      {"nobody"},
		"teams created by Jan":                 {"teams"},
		"team yesterday":                       {"team"},
		"top 10 deletions":                     {"top", "10"},
		"removed webhooks":                     {"removed"},
		"deleted not by \u202eZed\u0007 since": {"not Zed"},
	} {
		assert.Equal(t, want, searched(t, words).NotUnderstood, words)
		assert.NotContains(t, searched(t, words).Filter.ExcludeActors, "4", words)
	}
	logins := searched(t, "logins yesterday")
	assert.Equal(t, []string{"logins"}, logins.NotUnderstood)
	require.Len(t, logins.Notes, 1)
	assert.Contains(t, logins.Notes[0], "does not have logins")
}
