package prompts_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/prompts"
	"make-audit-mcp/schemas"
)

func TestMistakesOfTheCallerAreInvalidParams(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld())
	c := u.caller(makesim.DemoToken)
	for name, test := range map[string]struct {
		prompt    string
		arguments map[string]string
		says      []string
	}{
		"nothing of what is required": {"offboarding_review", nil, []string{"actor", "required"}},
		"nothing in what is required": {"offboarding_review", map[string]string{"actor": ""}, []string{"actor", "required"}},
		"unknown argument": {"incident_timeline", map[string]string{"form": "7d"},
			[]string{"form", "did you mean from?", "target_id"}},
		"another's argument": {"security_review", map[string]string{"actor": "5001"},
			[]string{"actor", "unknown argument", "team"}},
		"two mistakes": {"offboarding_review", map[string]string{"aktor": "5001"},
			[]string{"did you mean actor?", "required"}},
		"unknown person": {"offboarding_review", map[string]string{"actor": "Marek Havalka"},
			[]string{"Marek Havalka", "Marek Havelka", "list_audit_log_filters"}},
		"two people": {"offboarding_review", map[string]string{"actor": "jan novak"},
			[]string{"jan.novak@northwind.example", "jan.novak2@northwind.example", "5006", "5009"}},
		"unknown person in a filter": {"incident_timeline", map[string]string{"actor": "Nobody At All"},
			[]string{"Nobody At All", "list_audit_log_filters"}},
		"what is not on Make's list": {"incident_timeline", map[string]string{"event": "logins"},
			[]string{"Make's list of 2026-03-04 does not have logins", "list_audit_log_filters"}},
		"no time": {"security_review", map[string]string{"from": "eventually"},
			[]string{"eventually", "7d", "2026-10"}},
		"no organization": {"security_review", map[string]string{"organization_id": "northwind"},
			[]string{"organization_id", "whole number"}},
		"another's organization": {"security_review", map[string]string{"organization_id": "12"}, []string{"not visible", "4721"}},
		"much too long": {"offboarding_review", map[string]string{"actor": strings.Repeat("x", 5_000)},
			[]string{"200 characters"}},
		"hostile": {"offboarding_review", map[string]string{"actor": "x\u202e\U000e0041y"},
			[]string{"list_audit_log_filters"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := c.in(t).fails(test.prompt, test.arguments)
			assert.Equal(t, mcp.INVALID_PARAMS, failed.Code)
			for _, words := range test.says {
				assert.Contains(t, failed.Message, words)
			}
			assert.Less(t, len(failed.Message), 2_000)
		})
	}
	failed := c.fails("security_audit", nil)
	assert.Equal(t, mcp.INVALID_PARAMS, failed.Code)
	assert.Contains(t, failed.Message, "security_audit")
}

func TestEmptyArgumentsCountAsLeftOut(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	c := start(t, demoWorld()).caller(makesim.DemoToken)
	empty := map[string]string{"from": "", "to": "", "timezone": "", "organization_id": ""}
	for name, more := range map[string][]string{"security_review": {"team"}, "incident_timeline": {"actor", "team", "event", "target_id"}} {
		for _, argument := range more {
			empty[argument] = ""
		}
		bare, filled := c.review(name, nil), c.review(name, empty)
		assert.Equal(t, bare.ask, filled.ask)
		require.Len(t, filled.parts, len(bare.parts))
		for i := range bare.parts {
			assert.Equal(t, bare.parts[i].arguments, filled.parts[i].arguments)
		}
		for _, argument := range more {
			delete(empty, argument)
		}
	}
}

func TestAWindowThatNobodyHasIsAnAnswer(t *testing.T) {
	t.Parallel()
	c := start(t, demoWorld()).caller(makesim.DemoToken)
	for _, name := range []string{"security_review", "incident_timeline"} {
		review := c.review(name, map[string]string{"period": "2024-05"})
		for _, result := range answers[schemas.CountAuditLogsResult](review, "count_audit_logs") {
			assert.False(t, result.Complete)
			assert.Nil(t, result.Coverage.From)
			require.NotEmpty(t, result.Coverage.Gaps)
			assert.Contains(t, result.Coverage.Gaps[0].Reason, "365 days")
			assert.NotEmpty(t, result.Warnings)
		}
	}
	leaver := c.review("offboarding_review", map[string]string{"actor": "5019", "period": "2024-05"})
	activity := answers[schemas.GetActorActivityResult](leaver, "get_actor_activity")[0]
	assert.False(t, activity.Complete)
	assert.Nil(t, activity.Total, "zero is not a fact there")
	assert.NotEmpty(t, answers[schemas.ListAuditLogsResult](leaver, "list_audit_logs")[0].Entries,
		"what they own is not asked of the window")
}

// all gets every prompt, with what it needs.
func (c *caller) all(t *testing.T, check func(t *testing.T, name string, arguments map[string]string)) {
	t.Helper()
	for name, arguments := range map[string]map[string]string{"security_review": nil, "offboarding_review": {"actor": "5019"},
		"incident_timeline": {"from": "7d"}, "report": {"kind": "changes"}} {
		t.Run(name, func(t *testing.T) { check(t, name, arguments) })
	}
}

func TestAFailingUpstreamIsAnErrorThatSaysWhatNext(t *testing.T) {
	t.Parallel()
	everything := func(*http.Request) bool { return true }
	for name, test := range map[string]struct {
		key    string
		refuse func(*http.Request) bool
		quirks makesim.Quirks
		says   []string
	}{
		"a wrong key":  {"00000000-0000-4000-8000-00000000dead", nil, makesim.Quirks{}, []string{"401", "MAKE_ZONE"}},
		"no role":      {makesim.DemoMemberToken, nil, makesim.Quirks{}, []string{"Admin or Owner"}},
		"Make is down": {makesim.DemoToken, everything, makesim.Quirks{}, []string{"500", "Next: ", "status.make.com"}},
		"the log is down": {makesim.DemoToken, func(r *http.Request) bool { return r.URL.Path == listPath }, makesim.Quirks{},
			[]string{"500", "Next: "}},
		"this is not Make": {makesim.DemoToken, nil, makesim.Quirks{NotJSON: true}, []string{"MAKE_ZONE"}},
		"every call fails": {makesim.DemoToken, nil, makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError},
			[]string{"500", "Next: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, demoWorld())
			u.SetQuirks(test.quirks)
			u.RefuseWhere(test.refuse)
			c := u.caller(test.key)
			c.all(t, func(t *testing.T, name string, arguments map[string]string) {
				t.Helper()
				failed := c.in(t).fails(name, arguments)
				assert.Equal(t, mcp.INTERNAL_ERROR, failed.Code, "no other arguments would help")
				for _, words := range test.says {
					assert.Contains(t, failed.Message, words)
				}
				assert.NotContains(t, failed.Message, test.key)
			})
		})
	}
	noService := connect(t, func(context.Context) (*analysis.Service, error) { return nil, errors.New("no key \u202eset") })
	noService.all(t, func(t *testing.T, name string, arguments map[string]string) {
		t.Helper()
		assert.Contains(t, noService.in(t).fails(name, arguments).Message, "no key set")
	})
}

func TestOneFailingPartLeavesTheOthers(t *testing.T) {
	t.Parallel()
	isEvents := func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "event") }
	isAuthor := func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "author") }
	isCatalog := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/filters") }
	leaver := map[string]string{"actor": "5019", "from": "30d"}
	for name, test := range map[string]struct {
		prompt    string
		arguments map[string]string
		refuse    func(*http.Request) bool
		failed    []int // the parts
		parts     int
	}{
		// Who did how much needs no names from Make's catalog.
		"the catalog":    {"security_review", nil, isCatalog, []int{0, 1, 4, 5, 6}, 7},
		"reads by event": {"offboarding_review", leaver, isEvents, []int{1, 2, 3}, 4},
		"reads of a person": {"offboarding_review", leaver, func(r *http.Request) bool { return isAuthor(r) && isEvents(r) }, []int{1, 2},
			4},
		// What somebody made and owns can be told without their activity.
		"the activity": {"offboarding_review", leaver, func(r *http.Request) bool { return isAuthor(r) && !isEvents(r) }, []int{0}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, demoWorld())
			u.RefuseWhere(test.refuse)
			review := u.caller(makesim.DemoToken).review(test.prompt, test.arguments)
			require.Len(t, review.parts, test.parts)
			var failed []int
			for i, p := range review.parts {
				if p.problem == "" {
					continue
				}
				failed = append(failed, i)
				assert.Contains(t, p.problem, "500")
				assert.Contains(t, p.problem, "Next: ")
				assert.NotEmpty(t, p.arguments, "it says which one is missing")
			}
			assert.Equal(t, test.failed, failed)
		})
	}
}

// TestTheLogFailsAfterSomeReads lets parts fail at every request that there is.
func TestTheLogFailsAfterSomeReads(t *testing.T) {
	t.Parallel()
	leaver := map[string]string{"actor": "5019", "from": "30d"}
	outcomes := map[string]int{}
	for good := 0; good < 12; good += logtest.UnderRace(1, 5) {
		u := start(t, demoWorld())
		var served atomic.Int64
		u.RefuseWhere(func(*http.Request) bool { return served.Add(1) > int64(good) })
		c := u.caller(makesim.DemoToken)
		if _, err := c.get("offboarding_review", leaver); err != nil {
			require.ErrorContains(t, err, "Next: ")
			outcomes["error"]++
			continue
		}
		u.RefuseWhere(nil)
		again := c.review("offboarding_review", leaver)
		for _, p := range again.parts {
			assert.Empty(t, p.problem, "what failed is not kept")
		}
		outcomes["answer"]++
	}
	assert.Positive(t, outcomes["error"])
	assert.Positive(t, outcomes["answer"])
}

// What was read before the time was up is not thrown away with the rest.
func TestATimeThatRunsOutLeavesWhatWasRead(t *testing.T) {
	t.Parallel()
	u := start(t, demoWorld())
	service := func(service *analysis.Service) func(context.Context) (*analysis.Service, error) {
		return func(context.Context) (*analysis.Service, error) { return service, nil }
	}(u.Service(makesim.DemoToken))
	leaver := map[string]string{"actor": "5019", "from": "30d"}
	isEvents := func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "event") }
	// The activity is read before, so that however slow the machine is, it is not what the time runs out for.
	u.RefuseWhere(isEvents)
	connect(t, service).review("offboarding_review", leaver)
	u.RefuseWhere(func(r *http.Request) bool {
		if isEvents(r) {
			<-r.Context().Done() // hangs until the client gives up
		}
		return false
	})
	review := serve(t, prompts.Config{Service: service, Time: time.Second}).review("offboarding_review", leaver)
	require.Len(t, review.parts, 4)
	assert.Equal(t, 98, *answers[schemas.GetActorActivityResult](review, "get_actor_activity")[0].Total)
	for _, p := range review.parts[1:] {
		if p.problem == "" {
			// An answer as well, if it says that it knows nothing.
			assert.Contains(t, p.answer, `"complete":false`)
			continue
		}
		assert.Contains(t, p.problem, "Next: ")
	}
}

func TestWithoutRefuseTheMessageIsTheSame(t *testing.T) {
	t.Parallel()
	c := serve(t, prompts.Config{Service: func(context.Context) (*analysis.Service, error) { return nil, errors.New("not reached") }})
	failed := c.fails("offboarding_review", nil)
	assert.Equal(t, mcp.INTERNAL_ERROR, failed.Code)
	assert.Contains(t, failed.Message, "actor: is missing and required")
}
