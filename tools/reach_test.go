package tools_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/mcptest"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/schemas"
)

// questionsWithoutMake are questions about ten days up to now, which the archive can answer up to its last sync.
func questionsWithoutMake() map[string]args {
	const from = "2026-11-10T00:00:00Z"
	return map[string]args{
		"list_organizations": {}, "list_audit_log_filters": {},
		"list_audit_logs":    {"from": "2026-11-19T12:00:00Z", "limit": 500},
		"count_audit_logs":   {"from": from, "group_by": "actor"},
		"get_actor_activity": {"actor": "Marek Havelka", "from": from},
		"get_target_history": {"target_id": "3000", "kind": "Connections", "from": from},
	}
}

// withoutMake is a client of the archive an hour after its last sync, whose Make is somewhere else.
func withoutMake(t *testing.T, a *archive.Archive, url string, callTime time.Duration) (*caller, *archive.Reader) {
	t.Helper()
	service, reader := (&upstream{Upstream: &audittest.Upstream{T: t, URL: url}}).archivedReaderAt(a, makesim.DemoToken, anHourLater)
	reader.IsOwn = true
	return connectTo(t, configWithTime(service, callTime)), reader
}

func anHourLater() time.Time { return now().Add(time.Hour) }

func TestTheArchiveAnswersWhateverKeepsMakeFromAnswering(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := start(t, lastWeeks(), makesim.Options{Seed: 1})
	a := u.filled()
	happened := u.Dumped(audittest.Within(time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC), now()))
	var lastDay []string
	for _, entry := range u.Dumped(audittest.Within(now().AddDate(0, 0, -1), now())) {
		lastDay = append(lastDay, entry.UUID)
	}
	require.NotEmpty(t, lastDay)
	const callTime = 4 * time.Second
	for name, url := range logtest.Sample(audittest.OutOfReach(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := withoutMake(t, a, url, callTime)
			begun := time.Now()
			_ = ok[schemas.ListOrganizationsResult](c, "list_organizations", args{})
			assert.Less(t, time.Since(begun), callTime)
			begun = time.Now()
			for tool, question := range questionsWithoutMake() {
				got := c.Call(tool, question)
				require.False(t, got.IsError, "%s: %s", tool, got.Text)
				if tool == "list_organizations" || tool == "list_audit_log_filters" {
					assert.Contains(t, got.Text, "from the archive's last sync, 2026-11-20T12:00:00Z", tool)
					continue
				}
				assertUpToTheSync(t, got)
			}
			assert.Less(t, time.Since(begun), callTime, "Make is not waited for again at once")
			listed := c.list(questionsWithoutMake()["list_audit_logs"])
			assert.ElementsMatch(t, lastDay, uuidsOf(listed.Entries))
			counted := ok[schemas.CountAuditLogsResult](c, "count_audit_logs", questionsWithoutMake()["count_audit_logs"])
			assert.Len(t, happened, *counted.Total)
		})
	}
}

// assertUpToTheSync asserts that an answer covers what the archive had at its last sync, and says so.
func assertUpToTheSync(t *testing.T, got mcptest.Result) {
	t.Helper()
	common := mcptest.Read[schemas.Answer](t, got)
	assert.Equal(t, auditlog.SourceArchive, common.Source)
	assert.False(t, common.Complete)
	require.NotNil(t, common.Coverage.To)
	assert.Equal(t, "2026-11-20T13:00:00+01:00", *common.Coverage.To)
	require.NotEmpty(t, common.Coverage.Gaps)
	gap := common.Coverage.Gaps[len(common.Coverage.Gaps)-1]
	assert.Equal(t, "2026-11-20T14:00:00+01:00", gap.To)
	assert.Contains(t, gap.Reason, "last synced at 2026-11-20T12:00:00Z")
	assert.Contains(t, gap.Reason, "Make could not be asked (")
}

// What Make said before it went away is believed for a while, so that only what was written since is asked for in vain.
func TestTheArchiveAnswersWhenMakeGoesAwayAmidAConversation(t *testing.T) {
	t.Parallel()
	world := lastDays(12)
	a := start(t, world, makesim.Options{Seed: 1}).filled()
	for name, breakage := range logtest.Sample(audittest.Breakages()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, world, makesim.Options{Seed: 1})
			clock := audittest.NewClock(now())
			service, reader := u.archivedReaderAt(a, makesim.DemoToken, clock.Now)
			reader.IsOwn = true
			c := connectTo(t, configWithTime(service, 4*time.Second))
			question := args{"from": "2026-11-15T00:00:00Z"}
			before := ok[schemas.CountAuditLogsResult](c, "count_audit_logs", question)
			require.True(t, before.Complete, "%+v", before.Coverage)
			clock.Advance(time.Hour)
			u.Break(breakage)
			after := c.Call("count_audit_logs", question)
			require.False(t, after.IsError, after.Text)
			assertUpToTheSync(t, after)
			assert.Contains(t, after.Text, fmt.Sprintf(`"total":%d,`, *before.Total))
		})
	}
}

func TestWithoutAnArchiveItIsSaidWhyMakeCannotBeAsked(t *testing.T) {
	t.Parallel()
	for name, url := range logtest.Sample(audittest.OutOfReach(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connectTo(t, configWithTime(serviceAt(t, url, makesim.DemoToken, now), 400*time.Millisecond))
			for tool, question := range questionsWithoutMake() {
				got := c.Call(tool, question)
				require.True(t, got.IsError, tool)
				assert.Regexp(t, `(?s)^(no answer from|Make answered|the time for one call).*Next: .*(MAKE_ZONE|MAKE_API_URL|status\.make\.com)`,
					got.Text, tool)
			}
		})
	}
}

// Rights of others' keys are Make's to say, so without Make they get nothing.
func TestKeysOfOthersGetNothingWhileMakeCannotBeAsked(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := start(t, lastWeeks(), makesim.Options{Seed: 1}).filled()
	for name, url := range logtest.Sample(audittest.OutOfReach(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, reader := withoutMake(t, a, url, 400*time.Millisecond)
			reader.IsOwn = false
			for tool, question := range questionsWithoutMake() {
				got := c.Call(tool, question)
				assert.True(t, got.IsError, tool)
				assert.Empty(t, got.Raw, tool)
			}
		})
	}
}
