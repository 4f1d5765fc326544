package prompts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

func TestTheReportHasTheMainNumbersOfAPeriod(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld())
	review := u.caller(makesim.DemoToken).review("report", map[string]string{"period": "2026-10"})
	assert.Contains(t, review.ask, "2026-10-01T00:00:00+02:00 to 2026-11-01T00:00:00+01:00 (Europe/Prague)")
	counts := answers[schemas.CountAuditLogsResult](review, "count_audit_logs")
	month := u.entries(time.Date(2026, 10, 1, 0, 0, 0, 0, prague(t)), time.Date(2026, 11, 1, 0, 0, 0, 0, prague(t)))
	assert.Equal(t, len(month), *counts[0].Total)
	assert.Len(t, answers[schemas.FindSuspiciousActivityResult](review, "find_suspicious_activity"), 1)
	people := answers[schemas.ListPeopleResult](review, "list_people")
	require.Len(t, people, 1)
	assert.Equal(t, 3, people[0].Totals.Gone)
	assert.Len(t, answers[schemas.GetActorActivityResult](review, "get_actor_activity"), 1, "who left and did most")
	assert.Empty(t, answers[schemas.ListAuditLogsResult](review, "list_audit_logs"), "lists of entries are for documents")
}

func TestTheReportsKindChoosesItsParts(t *testing.T) {
	t.Parallel()
	c := start(t, demoWorld()).caller(makesim.DemoToken)
	tools := func(kind string) string {
		var names []string
		for _, p := range c.review("report", map[string]string{"period": "2026-11-11", "kind": kind}).parts {
			names = append(names, p.tool)
		}
		return strings.Join(names, " ")
	}
	assert.Contains(t, tools("access-review"), "list_people")
	assert.NotContains(t, tools("changes"), "list_people")
	assert.Contains(t, tools("incident"), "find_suspicious_activity")
	ofTeam := c.review("report", map[string]string{"period": "2026-11-11", "kind": "changes", "team": "Marketing"})
	assert.Contains(t, ofTeam.ask, "what single people did is of the whole organization")
	failed := c.fails("report", map[string]string{"kind": "soc2"})
	assert.Equal(t, mcp.INVALID_PARAMS, failed.Code)
	assert.Contains(t, failed.Message, "access-review")
}
