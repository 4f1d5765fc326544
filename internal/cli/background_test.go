package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAServerKeepsItsArchiveFilledUp(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	r := a.serve("--sync-every", "100ms", "--sync-details", "none")
	r.filled(32)
	assert.Equal(t, "archive", r.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`).Source)
	a.clock.Advance(time.Minute)
	late := a.happen(time.Second, 21*24*time.Hour)
	r.filled(2)
	assert.ElementsMatch(t, late, r.answers("list_audit_logs", `{"from":"30d","to":"now","target_id":"late"}`).uuids())

	a.failing(true)
	r.logs("the archive could not be filled up") // which is not the end
	a.failing(false)
	a.clock.Advance(time.Minute)
	a.happen(time.Second)
	r.filled(1)
	r.ends()
	a.run("verify").succeeds()
}

func TestAServerCanLeaveFillingToSync(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	r := a.serve("--sync-every", "0")
	assert.Equal(t, "live", r.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`).Source)
	assert.NoFileExists(t, a.archive)
	r.ends()

	// It answers from what sync fills all the same, while that fills it.
	a.sync("--details", "none")
	before := a.files()
	r = a.serve("--sync-every", "0")
	assert.Equal(t, "archive", r.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`).Source)
	assert.Equal(t, before[filepath.Base(a.archive)], a.files()[filepath.Base(a.archive)], "nothing was written")
	a.clock.Advance(time.Minute)
	late := a.happen(21 * 24 * time.Hour)
	a.sync("--details", "none")
	assert.Equal(t, late, r.answers("list_audit_logs", `{"from":"30d","to":"2026-11-19","target_id":"late"}`).uuids())
	r.ends()
}

func TestAnArchiveThatIsBeingFilledLeavesSomeOfTheLimitToClients(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.holds(350)
	a.sync("--details", "none")
	a.Update(func(w *makesim.World) { w.Organizations[0].APILimit = 100 })
	a.ResetRequests()
	in, toServer := io.Pipe()
	r := start(t, in, append(a.flags(ownerKey), "--requests-per-minute=", "--log-level", "debug", "stdio", "--sync-details", "all")...)
	r.logs("waiting")
	assert.LessOrEqual(t, a.detailCalls(), 25, "half of what is ours")
	uuid := a.Dump(acmeID)[349].UUID // the oldest, whose details come last
	_, err := fmt.Fprintf(toServer, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_audit_log","arguments":{"uuid":%q}}}`+"\n",
		uuid)
	require.NoError(t, err)
	r.prints(`"id":1`)
	assert.Contains(t, r.out.String(), uuid)
	require.NoError(t, toServer.Close())
	r.ends()
}

func TestTwoServersShareAnArchive(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	one := a.serve("--sync-every", "100ms", "--sync-details", "none")
	two := a.serve("--sync-every", "100ms", "--sync-details", "none")
	eventually(t, func() bool { return strings.Contains(one.log.String()+two.log.String(), "added=32 ") }, "one of them fills it")
	for _, r := range []*running{one, two} {
		eventually(t, func() bool {
			_, result, _ := r.call("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
			return result.Source == "archive"
		}, "both answer from it")
	}
	for _, r := range []*running{one, two} {
		r.ends()
		assert.NotContains(t, r.log.String(), "WRN", "that the other fills it is no trouble")
	}
	a.run("verify").succeeds()
}

func TestAServerStopsAmidASync(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{"http": {"http", "--address", "127.0.0.1:0"}, "stdio": {"stdio"}} {
		a := newAcme(t)
		reached := a.stuckAt(3)
		in, toServer := io.Pipe()
		r := start(t, in, append(a.flags(ownerKey), append(arguments, "--sync-every", "1h", "--sync-details", "none")...)...)
		<-reached
		r.ends()
		_ = toServer.Close()
		assert.NotContains(t, r.log.String(), "could not be filled up", name)
		a.each(nil)
		assert.Contains(t, a.sync("--details", "none"), "holds 32 entries", name)
		a.run("verify").succeeds()
	}
}

func TestStdioFillsItsArchiveUntilItsInputEnds(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	in, toServer := io.Pipe()
	r := start(t, in, append(a.flags(ownerKey), "--log-level", "info", "stdio", "--sync-every", "100ms", "--sync-details", "none")...)
	r.filled(32)
	_, err := io.WriteString(toServer, hello+"\n"+
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"count_audit_logs","arguments":{"from":"60d","to":"2026-11-19"}}}`+
		"\n")
	require.NoError(t, err)
	r.prints(`"source":"archive"`)
	reached := a.stuckAt(1) // its end comes amid a sync
	<-reached
	require.NoError(t, toServer.Close())
	assert.Equal(t, 0, <-r.code, r.log.String())
	for line := range strings.Lines(r.out.String()) {
		assert.True(t, json.Valid([]byte(line)), "nothing but MCP on standard output: %s", line)
	}
}

func TestAServerWhoseArchiveCannotBeOneSaysSo(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.archive = writeFile(t, strings.Repeat("no archive\n", 100))
	a.run("http", "--address", "127.0.0.1:0").fails("not an archive")
	a.run("call", "count_audit_logs").fails("not an archive")
}

// ours are the goroutines that run code of this module.
func ours() []string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "make-audit-mcp/") && !strings.Contains(stack, "testing.tRunner") &&
			!strings.Contains(stack, "makesim") {
			found = append(found, stack)
		}
	}
	return found
}

func TestNoGoroutineOutlivesAServerWithAnArchive(t *testing.T) {
	// Alone, or others' goroutines would be seen.
	a := newAcme(t)
	r := a.serve("--sync-every", "50ms", "--sync-details", "notable")
	r.filled(32)
	r.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
	r.ends()
	for deadline := time.Now().Add(10 * time.Second); len(ours()) > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	assert.Empty(t, ours())
}

func TestSIGTERMStopsASyncUnderWay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		arguments []string
		code      int
		says      string
	}{
		{[]string{"http", "--address", "127.0.0.1:0", "--sync-details", "none"}, 0, ""},
		{[]string{"sync", "--details", "none"}, 1, "the next sync goes on from there"},
	} {
		a := newAcme(t)
		reached := a.stuckAt(3)
		child, log := a.process(test.arguments...)
		<-reached
		for range 5 { // as a terminal and a launcher do, both
			_ = child.Process.Signal(syscall.SIGTERM)
			time.Sleep(time.Millisecond)
		}
		_ = child.Wait()
		assert.Equal(t, test.code, child.ProcessState.ExitCode(), "%s: %s", test.arguments, log)
		assert.Contains(t, log.String(), test.says, test.arguments)
		a.each(nil)
		assert.Contains(t, a.sync("--details", "none"), "holds 32 entries", test.arguments)
	}
}

func TestCallersGetOfTheArchiveWhatMakeLetsThemRead(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "notable")
	r := a.serve("--caller-credentials", "--sync-every", "100ms")
	before := a.files()
	key := func(secret string) []string { return []string{"X-Make-Api-Key", secret} }
	counts := map[int64]int{}
	var sales, ops []string
	for _, entry := range a.Dump(acmeID) {
		counts[entry.TeamID]++
		switch entry.TeamID {
		case salesTeam:
			sales = append(sales, entry.UUID)
		case opsTeam:
			ops = append(ops, entry.UUID)
		}
	}

	a.ResetRequests()
	whole := `{"from":"all","to":"2026-11-20T11:30:00Z"}`
	counted := r.answers("count_audit_logs", whole, key(ownerKey)...)
	assert.Equal(t, "archive", counted.Source)
	assert.Equal(t, 32, *counted.Total)
	assert.Len(t, r.answers("list_audit_logs", `{"target_id":"`+hookName+`","from":"all"}`, key(ownerKey)...).Entries, 2)
	assert.Zero(t, a.logCalls())

	listed := r.answers("list_audit_logs", `{"from":"all","to":"2026-11-20T11:30:00Z","limit":500}`, key(salesKey)...)
	assert.Equal(t, "archive", listed.Source)
	assert.ElementsMatch(t, sales, listed.uuids(), "one team's, and no other")
	organizations := r.answers("list_organizations", `{}`, key(salesKey)...)
	assert.Contains(t, organizations.raw, fmt.Sprintf(`"entries":%d`, counts[salesTeam]), "nor how many there are of others")
	for tool, arguments := range map[string]string{
		"get_audit_log": `{"uuid":"` + hookDeleted + `"}`, "get_target_history": `{"target_id":"` + hookTarget + `"}`,
		"list_audit_logs": `{"target_id":"` + hookName + `","from":"all"}`, "get_actor_activity": `{"actor":"Leo Left","from":"all"}`,
	} {
		_, result, failed := r.call(tool, arguments, key(salesKey)...)
		for _, secret := range []string{`"` + hookName + `"`, ops[0], hookDeleted, "leo@acme.example"} {
			if !strings.Contains(arguments, strings.Trim(secret, `"`)) {
				assert.NotContains(t, result.raw+failed, secret, tool)
			}
		}
		assert.NotContains(t, result.raw, "webhook_deleted", tool)
	}

	for _, secret := range []string{norightsKey, strangerKey, "99999999-9999-4999-8999-999999999999"} {
		for tool, arguments := range map[string]string{
			"count_audit_logs": whole, "list_audit_logs": `{"from":"all","organization_id":77}`,
			"get_audit_log":      `{"uuid":"` + hookDeleted + `","organization_id":77}`,
			"get_target_history": `{"target_id":"orders","organization_id":77}`, "list_organizations": `{}`,
			"get_actor_activity": `{"actor":"Leo Left","organization_id":77}`,
		} {
			_, result, failed := r.call(tool, arguments, key(secret)...)
			if tool != "list_organizations" && !(tool == "count_audit_logs" && secret == strangerKey) {
				assert.NotEmpty(t, failed, "%s %s", tool, secret)
			}
			assert.NotContains(t, result.raw, `"archive"`, "%s %s", tool, secret)
			assert.NotContains(t, result.raw+failed, "webhook_deleted", "%s %s", tool, secret)
			assert.NotContains(t, result.raw+failed, hookTarget+`"`, "%s %s", tool, secret)
		}
	}
	assert.Equal(t, before[filepath.Base(a.archive)], a.files()[filepath.Base(a.archive)], "nobody's key fills it")
	assert.NotContains(t, r.log.String(), "filled up")

	// While Make cannot be asked, nobody's rights are known, whoever they say they are.
	a.web.CloseClientConnections()
	a.web.Close()
	_, _, failed := r.call("count_audit_logs", whole, key("88888888-8888-4888-8888-888888888888")...)
	assert.Contains(t, failed, "no answer from")
	r.ends()
}
