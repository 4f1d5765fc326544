package questions

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

// shared is the demo, made once.
var shared = sync.OnceValues(func() (*Make, error) { return StartMake(context.Background()) })

func demo(t *testing.T) (*Make, *Log) {
	t.Helper()
	logtest.NotUnderRace(t)
	m, err := shared()
	require.NoError(t, err)
	return m, m.Log()
}

func TestThereAreSixtyQuestionsOfAllKindsAndNoneTwice(t *testing.T) {
	t.Parallel()
	all, err := All()
	require.NoError(t, err)
	assert.Len(t, all, 60)
	known, used := solutions(), map[string]bool{}
	byKind := map[Kind]int{}
	for _, q := range all {
		byKind[q.Kind]++
		for _, what := range []string{q.ID, q.Question, q.ComputedBy} {
			assert.False(t, used[what], "twice: %s", what)
			used[what] = true
		}
		s, ok := known[q.ComputedBy]
		assert.True(t, ok && s.truth != nil && s.ours != nil && s.wrapper != nil, q.ComputedBy)
	}
	assert.Len(t, known, 60, "each solution is of a question")
	assert.Equal(t, map[Kind]int{Single: 8, Several: 9, Calendar: 11, Name: 7, Incident: 8, Trap: 7, Unanswerable: 6, Injected: 4}, byKind)
}

func TestEachTruthIsInItsFormAndGradedRight(t *testing.T) {
	t.Parallel()
	m, l := demo(t)
	all, err := All()
	require.NoError(t, err)
	grader, known := m.Grader(), solutions()
	for _, q := range all {
		truth := known[q.ComputedBy].truth(l)
		assert.Equal(t, q.Kind == Unanswerable, truth.unknown, q.ID)
		if !truth.unknown {
			assert.Equal(t, q.Form, truth.form, q.ID)
		}
		verdict, reason := grader.Grade(q.Form, truth, "So.\n"+truth.line())
		assert.Equal(t, Right, verdict, "%s: %s", q.ID, reason)
		assert.NotContains(t, []string{"0", noneWord, ""}, truth.String(), "%s: an empty result must not be right", q.ID)
	}
}

// What the story of the demo says, in README.md and in makesim.
func TestTruthsAreThoseOfTheDemosStory(t *testing.T) {
	t.Parallel()
	_, l := demo(t)
	known := solutions()
	for name, want := range map[string]string{
		"who switched two-factor off":  "5003",
		"minutes without two-factor":   "40",
		"who made a key at night":      "5010",
		"webhooks deleted by Grzegorz": "48",
		"day of the clean-up":          "2026-11-04",
		"deleted in the evening":       "35",
		"who is new":                   "5040",
		"variables in November":        "3",
		"namesakes":                    "5006; 5009",
		"without two-factor":           "5025; 5042",
		"idle since September":         "5042",
		"oldest entry":                 "2025-11-24T07:02:11Z",
	} {
		assert.Equal(t, want, known[name].truth(l).String(), name)
	}
}

func TestAWrongReadingGivesAnotherAnswer(t *testing.T) {
	t.Parallel()
	_, l := demo(t)
	known := solutions()
	const newYork = "America/New_York"
	october := l.october()
	for name, wrong := range map[string]int{
		// Whose zone.
		"afternoon in New York":           l.count(l.days("2026-11-02", "2026-11-02"), l.hoursIn(home, 12, 18)),
		"mornings in Kathmandu":           l.count(by(5016), october, l.hoursIn(home, 8, 10)),
		"morning after the autumn change": l.count(l.days("2026-10-26", "2026-10-26"), until(time.Date(2026, 10, 26, 7, 0, 0, 0, time.UTC))),
		"variables in October by UTC":     l.count(event("organization_variable_deleted"), october),
		"variables in November":           l.count(event("organization_variable_deleted"), l.daysIn("UTC", "2026-11-01", "2026-11-10")),
		"evenings of Emily":               l.count(by(5021), l.daysIn(newYork, "2026-09-01", "2026-09-30"), l.hoursIn(home, 17, 24)),
		// Which week.
		"ISO week 44":      l.count(l.days("2026-10-25", "2026-10-31")),
		"week from Sunday": l.count(event("connection_*"), l.days("2026-11-02", "2026-11-08")),
		// Since, not in.
		"Alena since October": l.count(by(5001), october),
		// Of whom, not by whom.
		"roles of Sofia": l.count(event("team_role_updated"), by(5040)),
		// Who of two.
		"the twin in Finance": l.count(by(5006), october),
		// Whose id.
		"entries of scenario 3000": l.count(target("3000")),
		// Those in the catalog alone.
		"scenarios of Ivana": 0,
		// By when it was written down.
		"written down late": l.count(func(e makesim.Entry) bool {
			return october(makesim.Entry{TriggeredAt: e.CreatedAt}) && e.CreatedAt.Sub(e.TriggeredAt) > 24*time.Hour
		}),
		// By people as well.
		"deactivated by nobody": l.count(event("scenario_deactivated"), october),
	} {
		assert.NotEqual(t, fmt.Sprint(wrong), known[name].truth(l).String(), name)
	}
}
