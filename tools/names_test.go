package tools_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

// namedWorld is the little world with a team called 2025, people whose names are hard to tell apart, and one who has left: each with
// another number of entries.
func namedWorld() *makesim.World {
	people := []makesim.User{
		{ID: 21, Name: "10"}, {ID: 22, Name: "ヤマザキ"}, {ID: 23, Name: "パパ"}, {ID: 24, Name: "Jan Novák"}, {ID: 25, Name: "Jan Novak"},
	}
	var entries []makesim.Entry
	act := func(count int, team int64, actor *makesim.Actor) {
		for range count {
			entries = append(entries, makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TeamID: team,
				Actor: actor, TriggeredAt: now().Add(-time.Duration(len(entries)+1) * time.Minute)})
		}
	}
	for i, user := range people {
		act(i+1, audittest.SalesTeam, &makesim.Actor{ID: user.ID, Name: user.Name})
	}
	act(6, 0, &makesim.Actor{ID: 404, Name: "Left Lately"})
	act(7, 24, nil)
	act(8, 90, nil) // a team that is gone
	entries = append(entries, makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "organization_created",
		TriggeredAt: now().AddDate(0, 0, -40)})
	world := audittest.LittleWorld(entries)
	world.Organizations[0].Teams = append(world.Organizations[0].Teams, makesim.Team{ID: 24, Name: "2025"}, makesim.Team{ID: 30, Name: "none"})
	for _, user := range people {
		world.Users = append(world.Users, user)
		world.OrganizationRoles = append(world.OrganizationRoles, makesim.OrganizationRole{
			UserID: user.ID, OrganizationID: audittest.OrganizationID, RoleID: makesim.RoleOrganizationMember})
	}
	return world
}

func namedCaller(t *testing.T) *caller {
	t.Helper()
	return start(t, namedWorld(), makesim.Options{}).caller(audittest.AdminKey)
}

func (c *caller) countOf(arguments args) schemas.CountAuditLogsResult {
	c.T.Helper()
	return ok[schemas.CountAuditLogsResult](c, "count_audit_logs",
		with(with(arguments, "from", "24h"), "organization_id", audittest.OrganizationID))
}

func TestNamesFindThoseWhoAreMeant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments args
		total     int
	}{
		"a team called by a number":            {args{"team": []string{"2025"}}, 7},
		"and as a JSON number":                 {args{"team": 2025}, 7},
		"by its id":                            {args{"team": 24}, 7},
		"a team that is gone, by its id":       {args{"team": 90}, 8},
		"a person called by a number":          {args{"actor": []string{"10"}}, 1},
		"and as a JSON number, left out":       {args{"exclude_actor": 10}, 35},
		"a person who left, by id":             {args{"actor": 404}, 6},
		"a person who left, by id, left out":   {args{"exclude_actor": "404"}, 30},
		"kana":                                 {args{"actor": "ヤマザキ"}, 2},
		"half-width kana":                      {args{"actor": "ﾔﾏｻﾞｷ"}, 2},
		"the exact spelling of one":            {args{"actor": "Jan Novák"}, 4},
		"the exact spelling of the other":      {args{"actor": "Jan Novak"}, 5},
		"both, exactly":                        {args{"actor": []string{"Jan Novák", "Jan Novak"}}, 9},
		"ids before names, with a JSON number": {args{"actor": []any{21, "パパ"}}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counted := namedCaller(t).countOf(test.arguments)
			assert.Equal(t, test.total, *counted.Total)
			assert.True(t, counted.Complete)
			assert.Empty(t, counted.Warnings)
		})
	}
	c := namedCaller(t)
	one := audittest.OrganizationID
	c.Fails("count_audit_logs", args{"actor": "ヤマサキ", "organization_id": one}, `no actor "ヤマサキ"; nearest: "ヤマザキ" (id 22`)
	c.Fails("count_audit_logs", args{"actor": "ハハ", "organization_id": one}, `no actor "ハハ"`)
	c.Fails("count_audit_logs", args{"actor": "jan novak", "organization_id": one}, "fits 2 people", `"Jan Novák" (id 24`, `"Jan Novak" (id 25`)
}

func TestIDsThatNothingHasAreToldAndNotCountedAsZero(t *testing.T) {
	t.Parallel()
	c := namedCaller(t)
	const says = " fits nothing: neither Make's list nor any entry that was read so far has it as an id or a name"
	window := args{"from": "24h", "organization_id": audittest.OrganizationID}
	for argument, total := range map[string]int{"team": 0, "actor": 0, "exclude_actor": 36} {
		want := argument + ` "777"` + says
		listed := c.list(with(window, argument, 777))
		assert.Contains(t, listed.Warnings, want)
		assert.Equal(t, total, len(listed.Entries)+max(0, total-listed.Returned))
		counted := c.countOf(args{argument: 777})
		assert.Contains(t, counted.Warnings, want)
		assert.Equal(t, total, *counted.Total)
	}
	activity := ok[schemas.GetActorActivityResult](c, "get_actor_activity", with(window, "actor", "777"))
	assert.Contains(t, activity.Warnings, `actor "777"`+says)
	both := c.countOf(args{"actor": []any{404, 777}})
	assert.Equal(t, 6, *both.Total)
	assert.Equal(t, []string{`actor "777"` + says}, both.Warnings)

	history := ok[schemas.GetTargetHistoryResult](c, "get_target_history", with(window, "target_id", "777"))
	assert.Contains(t, history.Warnings,
		`the whole window was read, and nothing in it matches these filters: no entry that they let through has the target_id "777"`)
}

func TestATeamCalledNoneIsNotWhatTheWordMeans(t *testing.T) {
	t.Parallel()
	c := namedCaller(t)
	counted := c.countOf(args{"team": "none"})
	assert.Equal(t, 6, *counted.Total)
	assert.Contains(t, counted.Warnings,
		`team: ids and the word none count before names; also called so: "none" (id 30); to ask for that, pass its id`)
	assert.Equal(t, []auditlog.Ref{{ID: "30", Name: "none"}}, c.countOf(args{"team": 30}).Query.Team)
}

// call sends arguments as they are.
func (c *caller) call(tool string, arguments any) *mcp.CallToolResult {
	c.T.Helper()
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = tool, arguments
	result, err := c.CallTool(c.T.Context(), request)
	require.NoError(c.T, err)
	return result
}

func TestArgumentsMayBeNothingInEveryForm(t *testing.T) {
	t.Parallel()
	c := demo(t, makesim.Quirks{}).caller(makesim.DemoToken)
	want := c.list(args{"limit": 3})
	for _, nothing := range []any{nil, args{}, []any{}, "", " ", json.RawMessage(`"{}"`)} {
		result := c.call("list_organizations", nothing)
		require.False(t, result.IsError, "%#v", nothing)
	}
	result := c.call("list_audit_logs", `{"limit": "3"}`)
	require.False(t, result.IsError)
	text, _ := mcp.AsTextContent(result.Content[0])
	var got schemas.ListAuditLogsResult
	require.NoError(t, json.Unmarshal([]byte(text.Text), &got))
	assert.Equal(t, uuidsOf(want.Entries), uuidsOf(got.Entries))
	for _, other := range []any{[]any{args{"limit": 3}}, "limit=3", 3, true} {
		assert.True(t, c.call("list_audit_logs", other).IsError, "%#v", other)
	}
}

// TestOnlyWhoeverSendsMoreIsWarned also asks the tool whose answers are kept.
func TestOnlyWhoeverSendsMoreIsWarned(t *testing.T) {
	t.Parallel()
	c := demo(t, makesim.Quirks{}).caller(makesim.DemoToken)
	isWarned := func(warnings []string) bool {
		return slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, `"tool" (n8n), "toolCallId" (n8n)`) })
	}
	for range 2 {
		for _, sent := range []args{{"kind": "teams"}, {"kind": "teams", "toolCallId": "c", "tool": "list_audit_log_filters"}} {
			listed := mcptest.OK[schemas.ListFiltersResult](c.Client, "list_audit_log_filters", sent)
			assert.Equal(t, len(sent) > 1, isWarned(listed.Warnings))
		}
	}
	counted := ok[schemas.CountAuditLogsResult](c, "count_audit_logs", args{"from": "7d", "toolCallId": "c", "tool": "count_audit_logs"})
	assert.Equal(t, ok[schemas.CountAuditLogsResult](c, "count_audit_logs", args{"from": "7d"}).Total, counted.Total)
	assert.True(t, isWarned(counted.Warnings))
	organizations := ok[schemas.ListOrganizationsResult](c, "list_organizations", args{"random_string": "x"})
	require.Len(t, organizations.Warnings, 1)
	assert.Contains(t, organizations.Warnings[0], `"random_string" (Cursor)`)
	c.Fails("list_audit_logs", args{"action": "deleted"}, "unknown argument")
}
