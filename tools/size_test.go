package tools_test

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/tools"
)

// The most characters of structured content: of an answer that nobody asked to be large, and of any.
const (
	defaultAnswer = 8_000
	largestAnswer = 40_000
)

// TestDefaultAnswersStaySmall asks every tool on the demo what fills its answer most.
func TestDefaultAnswersStaySmall(t *testing.T) {
	t.Parallel()
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything()
	held := u.Dump(demoOrganization)

	type question struct {
		tool      string
		arguments args
	}
	questions := []question{
		{"list_audit_log_filters", args{}},
		{"list_audit_log_filters", args{"kind": "events"}},
		{"list_audit_log_filters", args{"kind": "users"}},
		{"list_audit_logs", args{}},
		{"list_audit_logs", args{"from": "all"}},
		{"get_audit_log", args{"uuid": held[0].UUID}},
		{"count_audit_logs", args{}},
	}
	dimensions := []string{"actor", "event", "category", "team", "target", "day", "week", "month", "hour_of_day", "weekday"}
	for i, dimension := range dimensions {
		questions = append(questions, question{"count_audit_logs", args{"group_by": dimension, "from": "all"}})
		if i%3 == 0 {
			questions = append(questions, question{"count_audit_logs",
				args{"group_by": []string{dimension, dimensions[(i+1)%len(dimensions)]}, "compare_to_previous": true}})
		}
	}
	people := u.byEverybody()
	busiest := []int64{aLeaver, aNightOwl, aCleaner, hostilyNamed, theSystem}
	for id := range people {
		busiest = append(busiest, id)
	}
	slices.SortStableFunc(busiest[5:], func(a, b int64) int { return len(people[b]) - len(people[a]) })
	for _, id := range busiest[:9] {
		questions = append(questions, question{"get_actor_activity", args{"actor": actorArgument(id)}})
	}
	questions = append(questions, question{"get_actor_activity", args{"actor": actorArgument(busiest[5]), "from": "all"}})
	for _, objects := range u.objects() {
		questions = append(questions, question{"get_target_history", objects[0].arguments()})
	}
	for _, tool := range tools.All() {
		if !slices.ContainsFunc(questions, func(q question) bool { return q.tool == tool.Name }) {
			arguments := args{}
			if tool.Example != "" {
				require.NoError(t, json.Unmarshal([]byte(tool.Example), &arguments))
			}
			questions = append(questions, question{tool.Name, arguments})
		}
	}
	asked := map[string]int{}
	for _, q := range questions {
		r := c.Call(q.tool, q.arguments)
		require.False(t, r.IsError, r.Text)
		size := utf8.RuneCountInString(r.Text) // what is structured, written as JSON
		assert.Less(t, size, defaultAnswer, "%s %v", q.tool, q.arguments)
		asked[q.tool] = max(asked[q.tool], size)
	}
	t.Log(asked)

	for kind, objects := range u.objects() {
		r := c.Call("get_target_history", with(objects[0].arguments(), "limit", 50))
		require.False(t, r.IsError, r.Text)
		requireNoSecrets(t, r)
		assert.Less(t, utf8.RuneCountInString(r.Text), largestAnswer, kind)
	}
	several := c.Call("get_target_history", args{"target_id": "3000"})
	require.True(t, several.IsError)
	assert.Less(t, utf8.RuneCount(several.Raw), defaultAnswer)
	assert.Less(t, utf8.RuneCountInString(several.Text), defaultAnswer)
}

// TestWhatIsNotCoveredIsSaid asks every tool with a window for a time that nobody has.
func TestWhatIsNotCoveredIsSaid(t *testing.T) {
	t.Parallel()
	u := demo(t, makesim.Quirks{})
	c := u.caller(makesim.DemoToken)
	c.readEverything() // else whoever left is not known
	for name, definition := range definitions(t) {
		schema, _ := definition["inputSchema"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		arguments := args{}
		example := tools.All()[slices.IndexFunc(tools.All(), func(tool tools.Tool) bool { return tool.Name == name })].Example
		if properties["from"] == nil || example == "" {
			continue
		}
		require.NoError(t, json.Unmarshal([]byte(example), &arguments))
		arguments["from"], arguments["to"] = "2020", "2021"
		result := ok[map[string]any](c, name, arguments)
		assert.Equal(t, false, result["complete"], name)
		assert.NotEmpty(t, result["warnings"], name)
	}
}
