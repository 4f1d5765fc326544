package tools_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
	"make-audit-mcp/schemas"
)

// clocked is the demo of the last weeks by a clock that stands until it is moved.
func clocked(t *testing.T) (*upstream, *audittest.Clock) {
	t.Helper()
	clock := audittest.NewClock(now())
	return start(t, lastDays(12), makesim.Options{Seed: 1, Now: clock.Now}), clock
}

func TestAsOfNeverMovesBackwards(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*upstream, *audittest.Clock) *analysis.Service{
		"from Make": func(u *upstream, clock *audittest.Clock) *analysis.Service {
			return serviceAt(u.T, u.URL, makesim.DemoToken, clock.Now)
		},
		"from the archive": func(u *upstream, clock *audittest.Clock) *analysis.Service {
			service, _ := u.archivedReaderAt(u.filled(), makesim.DemoToken, clock.Now)
			return service
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, clock := clocked(t)
			c := connect(t, serve(u, clock))
			to := func(tool string, arguments args) time.Time {
				got := c.Call(tool, with(arguments, "timezone", "UTC"))
				require.False(t, got.IsError, got.Text)
				end, err := time.Parse(time.RFC3339, mcptest.Read[schemas.Answer](t, got).Query.To)
				require.NoError(t, err)
				return end
			}
			first := clock.Now()
			assert.Equal(t, first, to("count_audit_logs", args{"from": "2d"}))
			clock.Advance(time.Minute)
			u.AddEntries(makesim.Entry{OrganizationID: demoOrganization, Event: "key_created", TriggeredAt: clock.Now().Add(-time.Second),
				TargetID: "4711"})
			assert.Equal(t, first, to("list_audit_logs", args{"from": "3d", "team": "none", "limit": 1}), "as of the read a minute ago")
			clock.Advance(time.Minute)
			fresh := clock.Now()
			assert.Equal(t, fresh, to("list_audit_logs", args{"from": "1d", "event": "webhook_*", "to": "now", "limit": 1}))
			for range 3 {
				clock.Advance(10 * time.Second)
				assert.Equal(t, fresh, to("count_audit_logs", args{"from": "2d"}), "as of the fresh read, whatever was asked before it")
				assert.Equal(t, fresh, to("get_actor_activity", args{"actor": "none", "from": "2d", "baseline_days": 1}))
			}
			counted := ok[schemas.CountAuditLogsResult](c, "count_audit_logs", args{"from": "2d", "target_id": "4711"})
			assert.Equal(t, 1, *counted.Total)
			assert.Contains(t, c.Call("list_audit_logs", args{"from": "1d", "target_id": "4711"}).Text, `"returned":1,`,
				"what was written before the fresh read is in the answers after it")
			u.ResetRequests()
			assert.Equal(t, fresh, to("count_audit_logs", args{"from": "2d"}))
			assert.Empty(t, u.Requests(), "and what was read up to there is not read again")

			last := fresh
			for range 8 {
				clock.Advance(time.Minute)
				next := to("count_audit_logs", args{"from": "1d"})
				assert.False(t, next.Before(last), "%s after %s", next, last)
				last = next
			}
			assert.True(t, last.After(fresh), "what is older than five minutes is read anew")
		})
	}
}

func TestWhatIsNotAsOfTheMomentOfAskingSaysSoInTheQuery(t *testing.T) {
	t.Parallel()
	u, clock := clocked(t)
	c := connect(t, serviceAt(t, u.URL, makesim.DemoToken, clock.Now))
	questions := map[string]args{
		"count_audit_logs": {"from": "2d"}, "list_audit_logs": {"from": "2d", "limit": 1},
		"get_actor_activity": {"actor": 5004, "from": "2d", "baseline_days": 1},
		"get_target_history": {"target_id": "no such", "from": "2d"},
	}
	answers := func(question func(args) args) map[string]schemas.Answer {
		found := map[string]schemas.Answer{}
		for tool, arguments := range questions {
			got := c.Call(tool, question(arguments))
			require.False(t, got.IsError, got.Text)
			found[tool] = mcptest.Read[schemas.Answer](t, got)
		}
		return found
	}
	asItStands := func(question args) args { return question }
	warnings := map[string][]string{}
	for tool, got := range answers(asItStands) {
		assert.Empty(t, got.Query.AsOf, "%s: it is the moment of asking", tool)
		warnings[tool] = got.Warnings
	}
	clock.Advance(90 * time.Second)
	for tool, got := range answers(asItStands) {
		assert.Equal(t, "2026-11-20T13:00:00+01:00", got.Query.AsOf, tool)
		assert.Equal(t, got.Query.To, got.Query.AsOf, tool)
		assert.Equal(t, warnings[tool], got.Warnings, "%s: it misleads nobody", tool)
	}
	for tool, got := range answers(func(question args) args { return with(question, "to", "2026-11-20T11:00:00Z") }) {
		assert.Empty(t, got.Query.AsOf, "%s: its end was asked for", tool)
	}
	for tool, got := range answers(func(question args) args { return with(question, "to", "now") }) {
		assert.Empty(t, got.Query.AsOf, tool)
		assert.Equal(t, "2026-11-20T13:01:30+01:00", got.Query.To, tool)
	}
}

func TestWhatAPatternStandsForIsInTheQuery(t *testing.T) {
	t.Parallel()
	c := start(t, lastDays(12), makesim.Options{Seed: 1}).caller(makesim.DemoToken)
	for pattern, want := range map[string][]auditlog.Text{
		"team_variable_*": {"team_variable_created", "team_variable_deleted", "team_variable_updated"},
		"key_?eleted":     {"key_deleted"},
	} {
		got := c.count(args{"from": "10d", "event": pattern})
		assert.ElementsMatch(t, want, got.Query.Event, pattern)
		assert.NotContains(t, strings.Join(got.Warnings, "\n"), "pattern")
	}
}

// A sync that began before a question and ended after it has read less than the question had.
func TestASyncThatIsOlderThanAQuestionDoesNotTakeTheAnswersBack(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u, clock := clocked(t)
	service, reader := u.archivedReaderAt(u.filled(), makesim.DemoToken, clock.Now)
	c := connect(t, service)
	clock.Advance(2 * time.Minute)
	question := args{"from": "1d", "timezone": "UTC"}
	end := func(question args) string {
		return ok[schemas.CountAuditLogsResult](c, "count_audit_logs", question).Query.To
	}
	var hasAsked atomic.Bool
	u.RefuseWhere(func(r *http.Request) bool {
		isOfSync := r.URL.Query().Get("pg[sortBy]") == string(makeapi.SortByCreatedAt)
		if isOfSync && hasAsked.CompareAndSwap(false, true) {
			clock.Advance(time.Minute)
			assert.Equal(t, "2026-11-20T12:03:00Z", end(with(question, "to", "now")))
		}
		return false
	})
	source := audittest.Access{URL: u.URL, Key: makesim.DemoToken, Now: clock.Now, Live: live.Options{Zone: audittest.Zone, KeepRaw: true}}
	u.syncFrom(reader.Archive, source.Reader(t))
	require.True(t, hasAsked.Load())
	require.Equal(t, "2026-11-20T12:02:00Z", reader.AsOf(t.Context(), "4721").UTC().Format(time.RFC3339))
	clock.Advance(time.Minute)
	assert.Equal(t, "2026-11-20T12:03:00Z", end(question))
}
