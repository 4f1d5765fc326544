package tools_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/tools"
)

// questionsOfAllTools are questions of every form that each tool takes, about the demo's last 70 days, and such as no tool answers.
func questionsOfAllTools() map[string][]args {
	return map[string][]args{
		"list_organizations": {{}},
		"list_audit_log_filters": {
			{}, {"kind": "users", "search": "nov"}, {"kind": "events", "limit": 500}, {"kind": "teams", "organization_id": 4721},
			{"kind": "people"}, {"organization_id": 999},
		},
		"list_audit_logs":          questionsOfEntries(),
		"get_audit_log":            {{"uuid": []string{noEntry}}, {"uuid": []string{}}, {"uuid": someEntry, "organization_id": 4721}},
		"count_audit_logs":         questionsOfCounts(),
		"list_people":              questionsOfPeople(),
		"get_actor_activity":       questionsOfActivity(),
		"get_target_history":       questionsOfHistory(),
		"find_suspicious_activity": questionsOfFindings(),
		"search": {
			{"query": "webhooks deleted"}, {"query": "Marek Havelka last week"}, {"query": "blorb"}, {"query": ""},
			{"query": someEntry}, {"query": "keys in Sales EMEA since October"},
		},
		"fetch": {{"id": "4721/" + someEntry}, {"id": someEntry}, {"id": noEntry}, {"id": "no such"}},
	}
}

const (
	someEntry = "62463eb0-4c72-4572-b7d3-b73867b0de65" // the first of what Marek Havelka deleted
	noEntry   = "00000000-0000-4000-8000-000000000000"
)

// windows are those that a question can be about, all that words can say of time in one form or another.
func windows() []args {
	return []args{
		{"from": "yesterday"}, {"period": "yesterday"}, {"period": "2026-10"}, {"period": "2026-W45"}, {"period": "last month"},
		{"from": "2026-11-03", "to": "2026-11-05"}, {"from": "2026-11-03T14:00", "to": "2026-11-05T15:30", "timezone": "Asia/Kathmandu"},
		{"from": "2026-11-03T14:00:00Z", "to": "now-36h"}, {"from": "36h"}, {"from": "1793700000", "to": "1794000000"},
		{"from": "all", "to": "2026-10-01"}, {"from": "2026-10-24", "to": "2026-10-26", "timezone": "Atlantic/Azores"},
		{"from": "60d"}, {"from": "2027-01-01"}, {"from": "soon"}, {"from": "2026-11-05", "to": "2026-11-03"}, {"timezone": "Mars/Base"},
	}
}

// filters are what narrows a question.
func filters() []args {
	return []args{
		{"event": "*_deleted"}, {"event": []string{"Webhooks", "key_created"}}, {"exclude_event": []any{"Scenarios", "*_updated"}},
		{"event": "*ed", "exclude_event": "key_created"}, {"actor": "Marek Havelka"}, {"actor": []any{5028, "none"}}, {"actor": "none"},
		{"exclude_actor": []any{5004, "none"}, "team": "Marketing"}, {"team": "none"}, {"team": []any{8102, "none"}}, {"team": 8104},
		{"target_id": "3000"}, {"target_id": "no such"}, {"actor": 987654}, {"organization_id": 4721},
		{"event": "no_such_event"}, {"actor": "Nobody Known"}, {"team": "No Such Team"}, {"organization_id": 999}, {"actr": "x"},
	}
}

// both returns all windows and filters, each with the other arguments.
func both(other args) (all []args) {
	for _, narrowed := range slices.Concat(windows(), filters()) {
		question := args{}
		for _, part := range []args{other, narrowed} {
			for name, value := range part {
				question[name] = value
			}
		}
		all = append(all, question)
	}
	return all
}

func questionsOfEntries() []args {
	questions := both(args{"limit": 60})
	for _, order := range []string{"triggeredAt", "createdAt", "eventName", "organization", "team", "actor", "targetId", "delay", "size"} {
		for _, dir := range []string{"asc", "desc"} {
			questions = append(questions, args{"from": "12d", "sort_by": order, "sort_dir": dir, "limit": 100})
		}
	}
	return append(questions, args{}, args{"limit": 500, "from": "10d"}, args{"limit": 501}, args{"cursor": "made up"},
		args{"from": "20d", "limit": 500, "response_format": "detailed", "event": "*_deleted"},
		args{"from": "20d", "response_format": "concise", "sort_dir": "up"})
}

// dimensions are what entries are counted by.
func dimensions() []string {
	return []string{"actor", "event", "category", "team", "target", "hour", "day", "week", "month", "hour_of_day", "weekday"}
}

func questionsOfCounts() []args {
	questions := both(args{"group_by": "event", "limit": 200})
	for i, first := range dimensions() {
		questions = append(questions, args{"from": "20d", "group_by": first, "timezone": "America/New_York", "limit": 200})
		for _, second := range dimensions()[i:] {
			questions = append(questions, args{"from": "12d", "group_by": []string{second, first}, "limit": 60})
		}
		if !slices.Contains([]string{"hour", "week", "month", "hour_of_day", "weekday"}, first) {
			questions = append(questions, args{"from": "20d", "group_by": "weekday", "distinct": first},
				args{"from": "20d", "distinct": first, "hours": "06-18"})
		}
	}
	for _, order := range []string{"count", "distinct", "change", "first_at", "last_at", "key", "size"} {
		for _, dir := range []string{"asc", "desc"} {
			questions = append(questions, args{"from": "20d", "group_by": "actor", "distinct": "team", "compare_to_previous": true,
				"order_by": order, "order_dir": dir})
		}
	}
	return append(questions,
		args{}, args{"limit": 201}, args{"group_by": []string{"day", "event", "team"}}, args{"group_by": "colour"},
		args{"from": "30d", "hours": "22-06", "group_by": "actor"},
		args{"from": "30d", "hours": "08:30-17:15", "weekdays": "weekend", "group_by": "hour_of_day"},
		args{"from": "30d", "hours": "25-26"}, args{"from": "30d", "weekdays": []string{"mon-fri"}, "group_by": "day", "order_by": "key"},
		args{"from": "30d", "weekdays": "someday"},
		args{"from": "60d", "group_by": []string{"weekday", "hour_of_day"}, "limit": 200, "timezone": "Australia/Lord_Howe"},
		args{"from": "this month", "compare_to_previous": true, "group_by": []string{"event", "team"}, "limit": 200},
		args{"from": "50d", "compare_to_previous": true}, args{"from": "all", "compare_to_previous": true, "group_by": "category"},
		args{"period": "2026-10-25", "group_by": "hour_of_day", "timezone": "Atlantic/Azores", "compare_to_previous": true},
		args{"from": "60d", "group_by": "actor", "distinct": "team", "min_count": 3, "order_by": "distinct"},
		args{"from": "60d", "group_by": "actor", "min_count": 50, "limit": 2}, args{"group_by": "target", "from": "60d", "limit": 1},
	)
}

func questionsOfPeople() []args {
	questions := []args{{"from": "50d", "limit": 200}, {"from": "20d", "team": 8104, "limit": 200}, {"from": "20d", "search": "marek"},
		{"organization_id": 4721, "limit": 201}, {"cursor": "made up"}, {"team": "none"}, {"search": "nobody"}}
	for _, status := range []string{"gone", "dormant", "new", "active", "asleep"} {
		questions = append(questions, args{"from": "2026-10-01", "to": "2026-10-31", "status": []string{status}})
	}
	for _, window := range windows() {
		questions = append(questions, with(window, "limit", 200)) // so that all have room
	}
	return questions
}

func questionsOfActivity() []args {
	questions := []args{{"actor": "Marek Havelka"}, {"actor": 5004, "from": "20d", "baseline_days": 30},
		{"actor": "none", "from": "20d", "baseline_days": 30}, {"actor": 5028, "from": "50d", "baseline_days": 10}, {"actor": 987654},
		{"actor": "Nobody Known"}, {}, {"actor": 5010, "organization_id": 4721, "baseline_days": 366}}
	for _, window := range windows()[3:] {
		questions = append(questions, with(window, "actor", "Lucie Marešová"))
	}
	return questions
}

func questionsOfHistory() []args {
	questions := []args{{"target_id": "3000", "from": "60d", "limit": 50}, {"target_id": "3001", "from": "60d", "kind": "Webhooks"},
		{"target_id": "no such", "from": "60d"}, {"target_id": "3000", "from": "60d", "kind": "Shoes"},
		{"target_id": "3024", "from": "60d"},
		{"target_id": "3024", "from": "60d", "kind": "Keys", "organization_id": 4721}, {"target_id": "3000", "cursor": "made up"},
		{"target_id": "3000", "limit": 51}, {}}
	for _, window := range windows() {
		questions = append(questions, with(with(window, "target_id", "3001"), "kind", "Webhooks"))
	}
	return questions
}

func questionsOfFindings() []args {
	questions := []args{{}, {"from": "14d", "baseline_days": 20}, {"from": "30d", "min_severity": "high"},
		{"from": "14d", "rule": "leaver"},
		{"from": "14d", "rule": "no such"}, {"from": "14d", "team": "Sales EMEA"}, {"from": "14d", "actor": "Marek Havelka"},
		{"from": "14d", "exclude_actor": "Marek Havelka"}, {"from": "14d", "event": "*_deleted"}, {"from": "14d", "exclude_event": "Keys"},
		{"from": "14d", "target_id": "3000"}, {"from": "14d", "organization_id": 999}}
	for _, severity := range []string{"low", "medium", "critical", "dire"} {
		questions = append(questions, args{"from": "14d", "min_severity": severity})
	}
	return append(questions, windows()[3:]...)
}

func TestQuestionsHaveEveryArgumentAndValueThatToolsTake(t *testing.T) {
	t.Parallel()
	questions := questionsOfAllTools()
	for _, tool := range tools.All() {
		var schema struct {
			Properties map[string]struct {
				Enum  []string
				Items struct{ Enum []string }
			}
		}
		require.NoError(t, json.Unmarshal(tool.Definition().RawInputSchema, &schema))
		asked := map[string]string{}
		for _, question := range questions[tool.Name] {
			for name, value := range question {
				asked[name] += fmt.Sprintln(value)
			}
		}
		for name, property := range schema.Properties {
			assert.Contains(t, asked, name, tool.Name)
			for _, value := range slices.Concat(property.Enum, property.Items.Enum) {
				words := strings.Fields(strings.NewReplacer("[", " ", "]", " ").Replace(asked[name]))
				assert.Contains(t, words, value, "%s %s", tool.Name, name)
			}
		}
	}
}
