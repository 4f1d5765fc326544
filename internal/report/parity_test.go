package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/report"
)

// lists are those of answers, of which a report may have more than a page.
var lists = []string{"groups", "entries", "people", "findings"}

// asked are the answers of a tool to a question of a report, all pages joined up to as many rows as the report has.
func asked(t testing.TB, c *mcptest.Client, q question, rows int) map[string]any {
	t.Helper()
	var arguments map[string]any
	require.NoError(t, json.Unmarshal(q.Arguments, &arguments))
	if q.Tool == "find_suspicious_activity" {
		return mcptest.OK[map[string]any](c, q.Tool, arguments)
	}
	whole := mcptest.OK[map[string]any](c, q.Tool, arguments)
	name := map[string]string{"list_audit_logs": "entries", "list_people": "people"}[q.Tool]
	joined, _ := whole[name].([]any)
	for cursor, goesOn := whole["next_cursor"]; goesOn && len(joined) < rows; {
		arguments["cursor"] = cursor
		page := mcptest.OK[map[string]any](c, q.Tool, arguments)
		joined = append(joined, page[name].([]any)...)
		cursor, goesOn = page["next_cursor"]
	}
	delete(whole, "next_cursor")
	if name != "" {
		whole[name] = joined[:min(len(joined), rows)]
	}
	return whole
}

// requireSame holds every number of a report against what the tools answer to the same question.
func requireSame(t testing.TB, u *upstream, g *gathered) {
	t.Helper()
	c := u.caller()
	compared := 0
	for _, q := range g.json.questions() {
		if q.Error != "" {
			continue
		}
		var have map[string]any
		require.NoError(t, json.Unmarshal(q.Answer, &have))
		rows := 0
		for _, list := range lists {
			if of, ok := have[list].([]any); ok {
				rows = len(of)
			}
		}
		want := asked(t, c, q, rows)
		for name, value := range have {
			switch of, isList := value.([]any); {
			case name == "warnings", name == "returned", name == "other_count" && rows != len(want["groups"].([]any)):
				// They say how much of a list there is.
			case isList && (name == "groups" || q.Tool != "get_actor_activity" && name == "findings"):
				// The tool may have fewer of them, and of a finding's evidence.
				shown, _ := want[name].([]any)
				require.LessOrEqual(t, len(shown), len(of), q.ID)
				for i := range shown {
					requireSameRow(t, q.ID, shown[i], of[i])
				}
			default:
				assert.Equal(t, want[name], value, "%s: %s", q.ID, name)
			}
		}
		compared++
	}
	require.Positive(t, compared)
}

func requireSameRow(t testing.TB, id string, want, have any) {
	t.Helper()
	for _, row := range []any{want, have} {
		if of, ok := row.(map[string]any); ok {
			delete(of, "evidence")
		}
	}
	require.Equal(t, want, have, id)
}

func TestEveryNumberIsWhatTheToolsAnswer(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for name, r := range map[string]report.Request{
		"a month":               request(report.Full, "2026-10"),
		"an access review":      request(report.AccessReview, "2026-W46"),
		"a day of an incident":  request(report.Incident, "2026-11-11"),
		"in part before Make's": request(report.Changes, "2025-11"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := recent(t)
			if r.Period == "2025-11" {
				u = demo(t)
			}
			requireSame(t, u, u.gather(r))
		})
	}
	t.Run("two teams", func(t *testing.T) {
		t.Parallel()
		u := recent(t)
		r := request(report.Full, "2026-W45")
		r.Teams = []string{"Marketing", "8106"}
		g := u.gather(r)
		requireSame(t, u, g)
		assert.Len(t, g.Query.Team, 2)
	})
}

// key is a group's value in a dimension, as the JSON has it.
func key(t testing.TB, group map[string]any, dimension string) string {
	t.Helper()
	value := group["key"].(map[string]any)[dimension]
	switch value := value.(type) {
	case map[string]any:
		id, name := value["id"], value["name"]
		if id == nil {
			return fmt.Sprint(name)
		}
		text := fmt.Sprint(name)
		if email := value["email"]; email != nil {
			text += " " + fmt.Sprint(email)
		}
		return text + " " + asText(id)
	case float64:
		return fmt.Sprintf("%02.0f", value)
	}
	return fmt.Sprint(value)
}

func asText(value any) string {
	if n, ok := value.(float64); ok {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprint(value)
}

// TestThePageHasTheNumbersOfTheJSON reads both, and compares every count of them.
func TestThePageHasTheNumbersOfTheJSON(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	g := recent(t).gather(request(report.Full, "2026-10"))
	compared := map[string]int{}
	for _, q := range g.json.questions() {
		if q.Tool != "count_audit_logs" || q.Error != "" {
			continue
		}
		var arguments struct {
			GroupBy []string `json:"group_by"`
		}
		require.NoError(t, json.Unmarshal(q.Arguments, &arguments))
		var counted struct {
			Total  int
			Groups []map[string]any
		}
		require.NoError(t, json.Unmarshal(q.Answer, &counted))
		place := g.article(q.ID)
		assert.True(t, strings.HasPrefix(strings.TrimPrefix(place.text(), q.Title), number(counted.Total)+" entries"), q.ID)
		switch {
		case len(counted.Groups) == 0:
			assert.Empty(t, place.tables(false), q.ID)
		case q.ID == "over_time", q.ID == "by_hour":
			comparePicture(t, q.ID, place, arguments.GroupBy, counted.Groups)
			compared["pictures"]++
		case len(arguments.GroupBy) == 1:
			compareGroups(t, q.ID, place, arguments.GroupBy[0], counted.Groups)
			compared["lists"]++
		default:
			compareCross(t, q.ID, place, arguments.GroupBy, counted.Groups)
			compared["crosses"]++
		}
	}
	assert.Equal(t, map[string]int{"pictures": 2, "lists": 5, "crosses": 6}, compared)
	comparePeopleAndEntries(t, g)
}

func count(group map[string]any) int { return int(group["count"].(float64)) }

func compareGroups(t *testing.T, id string, place *element, dimension string, groups []map[string]any) {
	t.Helper()
	tables := place.tables(false)
	require.Len(t, tables, 1, id)
	rows := tables[0].table()
	require.Len(t, rows, len(groups)+1, id)
	for i, group := range groups {
		row := rows[i+1]
		if dimension != "target" { // whose name stands in front
			assert.Equal(t, key(t, group, dimension), row[0], id)
		}
		assert.Equal(t, number(count(group)), row[1], "%s: %s", id, row[0])
		if distinct, ok := group["distinct"]; ok {
			assert.Equal(t, number(int(distinct.(float64))), row[2], "%s: %s", id, row[0])
		}
	}
}

func compareCross(t *testing.T, id string, place *element, by []string, groups []map[string]any) {
	t.Helper()
	rows := joined(t, id, place.tables(false))
	across, below := by[1], by[0]
	if across == "actor" {
		across, below = below, across
	}
	cells, total := map[string]string{}, 0
	for _, row := range rows[1:] {
		for i, cell := range row[1 : len(row)-1] {
			if cell != "" && cell != "?" {
				cells[row[0]+" | "+rows[0][i+1]] = cell
			}
		}
	}
	want := map[string]string{}
	for _, group := range groups {
		want[key(t, group, below)+" | "+key(t, group, across)] = number(count(group))
		total += count(group)
	}
	assert.Equal(t, want, cells, id)
	sum := 0
	for _, row := range rows[1:] {
		n := 0
		_, err := fmt.Sscan(strings.ReplaceAll(row[len(row)-1], ",", ""), &n)
		require.NoError(t, err)
		sum += n
	}
	assert.Equal(t, total, sum, id)
}

// joined is a table that goes on in further ones, for columns that have no room beside the first.
func joined(t *testing.T, id string, tables []*element) (rows [][]string) {
	t.Helper()
	for i, table := range tables {
		part := table.table()
		require.LessOrEqual(t, len(part[0]), 12, "%s: more columns than paper has room for", id)
		if i == 0 {
			rows = part
			continue
		}
		require.Len(t, part, len(rows), id)
		for j, row := range part {
			require.True(t, j == 0 || row[0] == rows[j][0], id)
			rows[j] = append(rows[j], row[1:]...)
		}
	}
	return rows
}

func comparePicture(t *testing.T, id string, place *element, by []string, groups []map[string]any) {
	t.Helper()
	tables := place.tables(true)
	require.Len(t, tables, 1, id)
	rows := tables[0].table()
	if len(by) == 1 {
		require.Len(t, rows, len(groups)+1, id)
		for i, group := range groups {
			assert.Equal(t, []string{number(count(group)), number(count(group))}, rows[i+1][1:], id)
		}
		return
	}
	want := map[string]string{}
	for _, group := range groups {
		want[key(t, group, by[0])+" "+key(t, group, by[1])] = number(count(group))
	}
	seen := 0
	for _, row := range rows[1:] {
		for i, cell := range row[1:] {
			if wanted, ok := want[row[0]+" "+rows[0][i+1]]; ok {
				assert.Equal(t, wanted, cell, id)
				seen++
				continue
			}
			assert.Equal(t, "0", cell, id)
		}
	}
	assert.Equal(t, len(want), seen, id)
}

func comparePeopleAndEntries(t *testing.T, g *gathered) {
	t.Helper()
	type listing struct {
		Total    int
		Entries  []struct{ UUID string }
		People   []struct{ Entries int }
		Findings []struct {
			ID            string
			EvidenceCount int `json:"evidence_count"`
		}
		ByEvent []struct {
			Event string
			Count int
		} `json:"by_event"`
	}
	for _, id := range []string{"scenario_entries", "privileged_entries"} {
		listed, rows := in[listing](g, id), g.article(id).tables(false)[0].table()
		require.Len(t, rows, len(listed.Entries)+1, id)
		for i, entry := range listed.Entries {
			assert.Equal(t, entry.UUID, rows[i+1][5])
		}
		assert.Contains(t, g.article(id).text(), number(listed.Total)+" entries")
	}
	people, rows := in[listing](g, "people"), g.article("people").tables(false)[0].table()
	require.Len(t, rows, len(people.People)+1)
	for i, person := range people.People {
		assert.Equal(t, number(person.Entries), rows[i+1][6], rows[i+1][0])
	}
	for _, finding := range in[listing](g, "findings").Findings {
		assert.Contains(t, g.article("findings").text(), finding.ID)
		assert.Contains(t, g.article("findings").text(), number(finding.EvidenceCount)+" entries: ")
	}
	for _, section := range g.json.Sections {
		for _, q := range section.Questions {
			if q.Tool != "get_actor_activity" {
				continue
			}
			rows := g.article(q.ID).tables(false)[0].table()
			for i, event := range in[listing](g, q.ID).ByEvent {
				assert.Equal(t, []string{event.Event, number(event.Count)}, rows[i+1][:2])
			}
		}
	}
}
