package display_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/display"
)

// partialAnswers are those of every tool whose result says whether it is complete, with the lists that the demo leaves empty.
func partialAnswers(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for tool, answer := range answers(t) {
		if bytes.Contains(answer, []byte(`"complete":`)) {
			all[tool] = answer
		}
	}
	add := func(tool, name, value string) {
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(all[tool], &fields))
		fields[name] = json.RawMessage(value)
		var err error
		all[tool], err = json.Marshal(fields)
		require.NoError(t, err)
	}
	add("count_audit_logs", "distinct_total", "1")
	add("count_audit_logs", "groups", `[{"key":{"event":"a"},"count":1,"distinct":1,"previous_count":1,"change":1,"first_at":"2026-11-01T00:00:00Z"}]`)
	add("count_audit_logs", "previous", `{"total":1,"complete":true,"groups_gone":2}`)
	add("find_suspicious_activity", "suppressed", `[{"signals":1,"why":"w","by":"b","until":"2027-01-01"}]`)
	require.Len(t, all, 7, "a new result that may be incomplete shows its bounds, too")
	return all
}

func TestEveryNumberOfAnIncompleteAnswerIsShownAsTheBoundThatItIs(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	nothing, everything := func(string) bool { return false }, func(string) bool { return true }
	for tool, answer := range partialAnswers(t) {
		for _, ascii := range []bool{false, true} {
			partial := audittest.Part(t, answer, nothing)
			shown := show(t, tool, partial.JSON(t), display.Screen{ASCII: ascii})
			assert.Empty(t, partial.Unmarked(shown), tool)
			assert.Contains(t, shown, "NOT COMPLETE", tool)
		}
		whole := audittest.Part(t, answer, everything)
		shown := show(t, tool, whole.JSON(t), display.Screen{})
		assert.NotRegexp(t, `([≥≤~]|at least |at most |about )\+?7,000|NOT COMPLETE`, shown, tool)
	}
}

func TestWhatANumberIsWorthDependsOnWhatWasNotRead(t *testing.T) {
	t.Parallel()
	counted := func(window, previous bool) string {
		return show(t, "count_audit_logs", fmt.Appendf(nil, `{"complete":%t,"previous":{"total":9,"complete":%t,"groups_gone":4},"total":8,
			"groups":[{"key":{"event":"a"},"count":5,"previous_count":3,"change":2}]}`, window, previous), display.Screen{})
	}
	assert.Regexp(t, `a +5 +█+ +3 +\+2\n\n8 entries · 9 in the period before · 4 groups of then are gone`, counted(true, true))
	assert.Regexp(t, `a +≥5 +█+ +3 +≥\+2\n\nat least 8 entries · 9 in the period before · at most 4 groups`, counted(false, true))
	assert.Regexp(t, `a +5 +█+ +≥3 +≤\+2\n\n8 entries · at least 9 in the period before · at least 4 groups`, counted(true, false))
	none := counted(false, false)
	assert.Regexp(t, `a +≥5 +█+ +≥3 +~\+2\n\nat least 8 entries · at least 9 in the period before · about 4 groups`, none)
	assert.Contains(t, none, "≥ at least, ~ about: not all could be read", "what the signs mean stands below")

	people := show(t, "list_people", []byte(`{"complete":false,"totals":{"gone":1,"dormant":2,"new":3,"active":4},"total":9,
		"people":[{"status":"active","name":"A","entries":7,"powers":[{"object":"key","made":2,"changed":1}]}]}`), display.Screen{})
	assert.Contains(t, people, "at least 1 gone · at most 2 dormant · at least 3 new · at least 4 active",
		"who is called dormant may have acted where nothing was read")
	assert.Regexp(t, `active +A +≥7 +key ≥3\n1 of about 9 shown`, people)

	activity := func(window, baseline bool) string {
		return show(t, "get_actor_activity", fmt.Appendf(nil, `{"complete":%t,"baseline":{"complete":%t,"entries":6,"days":90},"total":8,
			"outside_usual_hours":{"count":2},"by_event":[{"event":"a","count":5,"baseline_count":4}],"by_hour":[1]}`, window, baseline),
			display.Screen{})
	}
	assert.Regexp(t, `(?s)8 entries · 2 outside usual hours · at least 6 entries.*By hour of the day\n.*a +5 +█+ +≥4`, activity(true, false))
	assert.Regexp(t, `(?s)at least 8 entries · at least 2 outside.*By hour of the day, at least\n.*a +≥5 +█+ +4`, activity(false, true))
	assert.Contains(t, show(t, "list_audit_logs", []byte(`{"complete":false,"total":1,"entries":[{"event":"a"}]}`), display.Screen{}),
		"all 1 that could be read are shown")
}

func TestWhatCSVLacksIsToldBesideIt(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	lacks := func(tool string, result []byte) string {
		text, err := display.Lacks(tool, result, display.Screen{}, func(string) string { return "the next page" })
		require.NoError(t, err)
		return text
	}
	for tool, answer := range partialAnswers(t) {
		partial := audittest.Part(t, answer, func(string) bool { return false })
		told := lacks(tool, partial.JSON(t))
		assert.Contains(t, told, "NOT COMPLETE", tool)
		var out bytes.Buffer
		require.NoError(t, display.CSV(&out, tool, partial.JSON(t)))
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\ufeff")))).ReadAll()
		require.NoError(t, err)
		for i, name := range rows[0] {
			for _, row := range rows[1:] {
				assert.NotRegexp(t, "^[≥≤~>]", row[i], "CSV itself is for programs")
				if len(partial.Unmarked(row[i])) > 0 {
					assert.Regexp(t, `(at least|at most|about) what stands there: .*\b`+name+`\b`, told, tool)
				}
			}
		}
		whole := audittest.Part(t, answer, func(string) bool { return true })
		assert.NotContains(t, lacks(tool, whole.JSON(t)), "not all could be read", tool)
	}
	for result, says := range map[string]string{
		`{"entries":[{"event":"a"}],"total":null,"next_cursor":"x"}`:                          "1 shown; there are more\n\nMore:\nthe next page\n",
		`{"entries":[{"event":"a"}],"total":3}`:                                               "1 of 3 shown\n",
		`{"entries":[],"complete":false,"coverage":{"from":null}}`:                            "NOT COMPLETE: nothing of it is covered\n",
		`{"entries":[],"complete":true,"total":0}`:                                            "",
		`{"entries":[],"unreadable":2,"warnings":["w"],"coverage":{"gaps":[{"reason":"g"}]}}`: "not covered:  to : g\n2 records could not be read\nnote: w\n",
	} {
		assert.Equal(t, says, lacks("list_audit_logs", []byte(result)))
	}
	told := lacks("get_audit_log", []byte(`{"entries":[],"not_found":["u1"],"not_read":["u2"]}`))
	assert.Contains(t, told, "Not found\nUUID\nu1\n")
	assert.Contains(t, told, "Not read\nUUID\nu2\n")
	assert.Contains(t, lacks("count_audit_logs", []byte(`{"groups":[],"total":7,"complete":false}`)), "what stands there: total")
	assert.Contains(t, lacks("count_audit_logs", []byte(`{"groups":[{"key":{"event":"a"},"count":1}],"group_count":9,"complete":true}`)),
		"1 of 9 shown; --limit 200 shows more groups")
	assert.Contains(t, lacks("list_people", []byte(`{"people":[],"roster":{"reason":"roles are not known"}}`)), "roles are not known")
	assert.Contains(t, lacks("search", []byte(`{"results":[],"not_understood":["blorb"]}`)), "not understood: blorb")
	assert.Contains(t, lacks("get_actor_activity", []byte(`{"by_event":[],"baseline":{"complete":false}}`)), "not all of the baseline is covered")
	assert.Contains(t, lacks("find_suspicious_activity", []byte(`{"findings":[],"suppressed":[{"signals":2,"why":"w"}],
		"rules_evaluated":[{"rule":"r","why_not":"no baseline"}]}`)), "Rules that could not be judged")
	_, err := display.Lacks("x", []byte("{"), display.Screen{}, nil)
	require.Error(t, err)
}
