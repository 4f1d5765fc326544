package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/report"
	"make-audit-mcp/schemas"
)

func TestEveryNumberOfAnAnswerThatIsNotWholeIsShownAsABound(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	made, err := report.Gather(t.Context(), recent(t).Service(makesim.DemoToken), request(report.Full, "2026-11"))
	require.NoError(t, err)
	partials := map[string]*audittest.Partial{}
	for s := range made.Sections {
		for i := range made.Sections[s].Questions {
			if q := &made.Sections[s].Questions[i]; q.Tool != "list_organizations" && q.Answer != nil {
				answer, err := auditlog.PlainJSON(q.Answer)
				require.NoError(t, err)
				partials[q.ID] = audittest.Part(t, answer, func(string) bool { return false })
				q.Answer = decoded(t, q.Answer, partials[q.ID].JSON(t))
			}
		}
	}
	g := read(t, made)
	for id, partial := range partials {
		shown := g.article(id).withoutStacks()
		assert.Empty(t, partial.Unmarked(shown), id)
		assert.Regexp(t, `(≥|at least )7,000,0`, shown, id)
	}
	for _, id := range []string{"total", "by_category", "by_team", "scenarios_by_actor", "findings", "people",
		"leaver_5019", "role_entries"} {
		assert.Contains(t, partials, id)
	}
}

// decoded is an answer of the same tool as another.
func decoded(t *testing.T, like schemas.Result, data []byte) schemas.Result {
	t.Helper()
	var result schemas.Result
	switch like.(type) {
	case *schemas.CountAuditLogsResult:
		result = new(schemas.CountAuditLogsResult)
	case *schemas.ListAuditLogsResult:
		result = new(schemas.ListAuditLogsResult)
	case *schemas.ListPeopleResult:
		result = new(schemas.ListPeopleResult)
	case *schemas.GetActorActivityResult:
		result = new(schemas.GetActorActivityResult)
	case *schemas.FindSuspiciousActivityResult:
		result = new(schemas.FindSuspiciousActivityResult)
	}
	require.NoError(t, json.Unmarshal(data, result))
	return result
}

// withoutStacks is the text without the numbers of which a picture shows the sum, which is marked.
func (e *element) withoutStacks() string {
	var out strings.Builder
	var write func(*element)
	write = func(one *element) {
		if one.name == "td" && one.attributes["role"] == "cell" && strings.HasPrefix(one.attributes["class"], "s") &&
			one.attributes["class"] != "sum" {
			return
		}
		out.WriteString(one.data)
		if one.name == "td" || one.name == "th" {
			out.WriteString(" ")
		}
		for _, child := range one.children {
			write(child)
		}
	}
	write(e)
	return out.String()
}

func TestPicturesMarkWhatIsABoundWithoutAGap(t *testing.T) {
	t.Parallel()
	made, err := report.Gather(t.Context(), recent(t).Service(makesim.DemoToken), request(report.Changes, "2026-11-18"))
	require.NoError(t, err)
	rows := func() (marked, all int) {
		for _, id := range []string{"over_time", "over_time_by_category", "by_hour", "by_actor"} {
			for _, table := range read(t, made).article(id).tables(true) {
				for _, row := range table.all(named("tr"))[1:] {
					all++
					if slices.Contains(strings.Fields(row.attributes["class"]), "least") {
						marked++
					}
				}
			}
		}
		return marked, all
	}
	marked, _ := rows()
	assert.Zero(t, marked)
	for s := range made.Sections {
		for _, q := range made.Sections[s].Questions {
			if counted, ok := q.Answer.(*schemas.CountAuditLogsResult); ok {
				counted.Complete, counted.Unreadable = false, 1
			}
		}
	}
	marked, all := rows()
	assert.Equal(t, all, marked, "nobody knows when the record was that could not be read")
}

func TestAReportOfTeamsSaysWhatInItIsOfTheWholeOrganization(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	u := recent(t)
	about := func(kind report.Kind, teams ...string) map[string]string {
		r := request(kind, "2026-11")
		r.Teams = teams
		g := u.gather(r)
		texts := map[string]string{"top": g.page.all(named("header"))[0].text()}
		for _, section := range g.json.Sections {
			texts[section.ID] = section.About
			assert.Contains(t, g.html, section.About)
		}
		return texts
	}
	all := about(report.Full)
	assert.NotContains(t, all["top"], "alone")
	teams := about(report.Full, "Sales EMEA", "8105")
	assert.Contains(t, teams["top"], "Of these teams alone, where nothing else is said: Sales EMEA 8104, Marketing 8105.")
	for id, says := range map[string]string{
		"scope":      "What the key may read is of the whole organization.",
		"leavers":    "That is of the whole organization, and not of the teams alone",
		"findings":   "What the whole organization did was judged",
		"people":     "who is gone is gone from the whole organization",
		"access":     "what was done to the organization itself has no team, and is not.",
		"privileged": "what was done to the organization itself has no team, and is not.",
	} {
		assert.Contains(t, teams[id], says)
		assert.NotContains(t, all[id], says)
	}
	assert.Contains(t, teams["leavers"], "1 who are gone")
	assert.NotContains(t, about(report.Changes, "8102", "none")["privileged"], "has no team")
}

func TestQuestionsAboutWeeksSayWhereTheyBegin(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	u := recent(t)
	for day, first := range map[string]string{"sunday": "2026-11-08", "monday": "2026-11-09"} {
		service := u.Service(makesim.DemoToken)
		require.NoError(t, service.WeekStart.UnmarshalText([]byte(day)))
		made, err := report.Gather(t.Context(), service, request(report.Changes, "last week"))
		require.NoError(t, err)
		g := read(t, made)
		assert.Equal(t, day, g.WeekStart)
		assert.True(t, strings.HasPrefix(g.Query.From, first), "the report's own window: %s", g.Query.From)
		assert.Contains(t, strings.ToLower(g.page.text()), "weeks begin on"+day)
		weekly := g.article("scenarios_by_week")
		assert.Equal(t, "--week-start "+day, weekly.all(named("code"))[1].text())
		assert.Contains(t, weekly.text(), first)
		assert.Len(t, g.article("scenarios_by_actor").all(named("code")), 1, "weeks change nothing there")
		rows := g.article("by_hour").tables(true)[0].table()
		assert.Equal(t, day, strings.ToLower(rows[1][0]), "the map of the week begins there, too")
		require.Len(t, rows, 8)
	}
}
