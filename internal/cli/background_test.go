package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/makesim"
)

// serve runs http with the archive on a free port, until the test ends.
func (a *acme) serve(arguments ...string) (*running, *watched) {
	a.t.Helper()
	w := a.start(append([]string{"http", "--address", "127.0.0.1:0"}, arguments...)...)
	r := &running{t: a.t, log: w.log, stop: w.stop, code: w.code, http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}
	a.t.Cleanup(r.http.CloseIdleConnections)
	said := regexp.MustCompile(`url=(\S+)/mcp`)
	eventually(a.t, func() bool {
		if found := said.FindStringSubmatch(w.log.String()); found != nil {
			r.url = found[1]
		}
		return r.url != "" || len(w.code) > 0
	}, "it listens")
	require.NotEmpty(a.t, r.url, w.log.String())
	return r, w
}

// filled waits until a server says that it has filled the archive up.
func (w *watched) filled(t *testing.T, added int) {
	t.Helper()
	want := fmt.Sprintf("archive filled up organization=%d added=%d ", acmeID, added)
	eventually(t, func() bool { return strings.Contains(w.log.String(), want) }, want)
}

func uuidsIn(t *testing.T, result map[string]any) []string {
	t.Helper()
	text, err := json.Marshal(result)
	require.NoError(t, err)
	var parsed answer
	require.NoError(t, json.Unmarshal(text, &parsed))
	return parsed.uuids()
}

func TestAServerKeepsItsArchiveFilledUp(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	r, w := a.serve("--sync-every", "100ms", "--sync-details", "none")
	w.filled(t, 32)
	_, result, failed := r.call("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
	require.Empty(t, failed)
	assert.Equal(t, "archive", result["source"])
	a.advance(time.Minute)
	late := a.happen(time.Second, 21*24*time.Hour)
	w.filled(t, 2)
	_, result, failed = r.call("list_audit_logs", `{"from":"30d","to":"now","target_id":"late"}`)
	require.Empty(t, failed)
	assert.ElementsMatch(t, late, uuidsIn(t, result))

	a.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError})
	eventually(t, func() bool { return strings.Contains(w.log.String(), "the archive could not be filled up") }, "a failure is told, and is not the end")
	a.SetQuirks(makesim.Quirks{})
	a.advance(time.Minute)
	a.happen(time.Second)
	w.filled(t, 1)
	r.stop()
	assert.Equal(t, 0, <-r.code)
	assert.Equal(t, 0, a.run("verify").code)
}

func TestAServerCanLeaveFillingToSync(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	r, _ := a.serve("--sync-every", "0")
	_, result, failed := r.call("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
	require.Empty(t, failed)
	assert.Equal(t, "live", result["source"])
	assert.NoFileExists(t, a.archive)
	r.stop()
	assert.Equal(t, 0, <-r.code)

	// It answers from what sync fills all the same, while that fills it.
	a.sync("--details", "none")
	before := a.files()
	r, _ = a.serve("--sync-every", "0")
	_, result, failed = r.call("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
	require.Empty(t, failed)
	assert.Equal(t, "archive", result["source"])
	assert.Equal(t, before[filepath.Base(a.archive)], a.files()[filepath.Base(a.archive)], "nothing was written")
	a.advance(time.Minute)
	late := a.happen(21 * 24 * time.Hour)
	a.sync("--details", "none")
	_, result, failed = r.call("list_audit_logs", `{"from":"30d","to":"2026-11-19","target_id":"late"}`)
	require.Empty(t, failed)
	assert.Equal(t, late, uuidsIn(t, result))
	r.stop()
	assert.Equal(t, 0, <-r.code)
}

func TestTwoServersShareAnArchive(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	one, first := a.serve("--sync-every", "100ms", "--sync-details", "none")
	two, second := a.serve("--sync-every", "100ms", "--sync-details", "none")
	eventually(t, func() bool { return strings.Contains(first.log.String()+second.log.String(), "added=32 ") }, "one of them fills it")
	for _, r := range []*running{one, two} {
		eventually(t, func() bool {
			_, result, _ := r.call("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
			return result["source"] == "archive"
		}, "both answer from it")
	}
	for _, r := range []*running{one, two} {
		r.stop()
		assert.Equal(t, 0, <-r.code)
		assert.NotContains(t, r.log.String(), "WRN", "that the other fills it is no trouble")
	}
	assert.Equal(t, 0, a.run("verify").code)
}

// stuckAt has the nth request for the log wait until its caller gives up.
func (a *acme) stuckAt(n int) (reached chan struct{}) {
	reached = make(chan struct{})
	var mu sync.Mutex
	asked := 0
	a.each(func(r *http.Request) {
		if !isLog(r) {
			return
		}
		mu.Lock()
		asked++
		now := asked
		mu.Unlock()
		if now == n {
			close(reached)
		}
		if now >= n {
			<-r.Context().Done()
		}
	})
	return reached
}

func TestAServerStopsAmidASync(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{"http": {"http", "--address", "127.0.0.1:0"}, "stdio": {"stdio"}} {
		a := newAcme(t)
		reached := a.stuckAt(3)
		ctx, stop := context.WithCancel(t.Context())
		in, toServer := io.Pipe()
		log, code := &sharedBuffer{}, make(chan int, 1)
		go func() {
			code <- cli.Run(ctx, append(a.flags(ownerKey), append(arguments, "--sync-every", "1h", "--sync-details", "none")...), cli.Streams{In: in, Out: io.Discard, Err: log}, "1.2.3")
		}()
		<-reached
		stop()
		select {
		case got := <-code:
			assert.Equal(t, 0, got, "%s: %s", name, log)
		case <-time.After(10 * time.Second):
			require.Fail(t, name+" does not stop")
		}
		_ = toServer.Close()
		assert.NotContains(t, log.String(), "could not be filled up", name)
		a.each(nil)
		assert.Contains(t, a.sync("--details", "none"), "holds 32 entries", name)
		assert.Equal(t, 0, a.run("verify").code, name)
	}
}

func TestStdioFillsItsArchiveUntilItsInputEnds(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	in, toServer := io.Pipe()
	out, log, code := &sharedBuffer{}, &sharedBuffer{}, make(chan int, 1)
	go func() {
		code <- cli.Run(t.Context(), append(a.flags(ownerKey), "--log-level", "info", "stdio", "--sync-every", "100ms", "--sync-details", "none"), cli.Streams{In: in, Out: out, Err: log}, "1.2.3")
	}()
	w := &watched{out: out, log: log}
	w.filled(t, 32)
	_, err := io.WriteString(toServer, hello+"\n"+`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"count_audit_logs","arguments":{"from":"60d","to":"2026-11-19"}}}`+"\n")
	require.NoError(t, err)
	eventually(t, func() bool { return strings.Contains(out.String(), `"source":"archive"`) }, "it answers from the archive")
	reached := a.stuckAt(1) // its end comes amid a sync
	<-reached
	require.NoError(t, toServer.Close())
	assert.Equal(t, 0, <-code, log.String())
	for line := range strings.Lines(out.String()) {
		assert.True(t, json.Valid([]byte(line)), "nothing but MCP on standard output: %s", line)
	}
}

func TestAServerWhoseArchiveCannotBeOneSaysSo(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.archive = writeFile(t, strings.Repeat("no archive\n", 100))
	got := a.run("http", "--address", "127.0.0.1:0")
	assert.Equal(t, 1, got.code, "it does not start")
	assert.Contains(t, got.errOut, "not an archive")
	call := a.run("call", "count_audit_logs")
	assert.Equal(t, 1, call.code, "nor does it answer as if there were none")
	assert.Contains(t, call.errOut, "not an archive")
}

// ours are the goroutines that run code of this module.
func ours() []string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "make-audit-mcp/") && !strings.Contains(stack, "testing.tRunner") && !strings.Contains(stack, "makesim") {
			found = append(found, stack)
		}
	}
	return found
}

func TestNoGoroutineOutlivesAServerWithAnArchive(t *testing.T) {
	// Alone, or others' goroutines would be seen.
	a := newAcme(t)
	r, w := a.serve("--sync-every", "50ms", "--sync-details", "notable")
	w.filled(t, 32)
	_, _, failed := r.call("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`)
	assert.Empty(t, failed)
	r.stop()
	assert.Equal(t, 0, <-r.code)
	for deadline := time.Now().Add(10 * time.Second); len(ours()) > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	assert.Empty(t, ours())
}

// process starts the program in a process of its own.
func (a *acme) process(arguments ...string) (*exec.Cmd, *sharedBuffer) {
	a.t.Helper()
	out := &sharedBuffer{}
	child := exec.CommandContext(a.t.Context(), os.Args[0], "-test.run=^TestServerProcess$", "-test.timeout=0")
	child.Env = append(os.Environ(), serverProcess+"="+strings.Join(append(a.flags(ownerKey), arguments...), " "))
	child.Stderr = out
	require.NoError(a.t, child.Start())
	a.t.Cleanup(func() { _ = child.Process.Kill() })
	return child, out
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
		require.NoError(t, child.Process.Signal(syscall.SIGTERM))
		_ = child.Wait()
		assert.Equal(t, test.code, child.ProcessState.ExitCode(), "%s: %s", test.arguments, log)
		assert.Contains(t, log.String(), test.says, test.arguments)
		a.each(nil)
		assert.Contains(t, a.sync("--details", "none"), "holds 32 entries", test.arguments)
	}
}

func TestCallersGetOfTheArchiveWhatMakeLetsThemRead(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "notable")
	r, _ := a.serve("--caller-credentials", "--sync-every", "100ms")
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
	_, result, failed := r.call("count_audit_logs", whole, key(ownerKey)...)
	require.Empty(t, failed)
	assert.Equal(t, "archive", result["source"])
	assert.InEpsilon(t, 32, result["total"], 0)
	_, result, failed = r.call("list_audit_logs", `{"target_id":"`+hookName+`","from":"all"}`, key(ownerKey)...)
	require.Empty(t, failed)
	assert.Len(t, uuidsIn(t, result), 2)
	assert.Zero(t, a.logCalls())

	_, result, failed = r.call("list_audit_logs", `{"from":"all","to":"2026-11-20T11:30:00Z","limit":500}`, key(salesKey)...)
	require.Empty(t, failed)
	assert.Equal(t, "archive", result["source"])
	assert.ElementsMatch(t, sales, uuidsIn(t, result), "one team's, and no other")
	_, result, failed = r.call("list_organizations", `{}`, key(salesKey)...)
	require.Empty(t, failed)
	text, err := json.Marshal(result)
	require.NoError(t, err)
	assert.Contains(t, string(text), fmt.Sprintf(`"entries":%d`, counts[salesTeam]), "nor how many there are of others")
	for tool, arguments := range map[string]string{
		"get_audit_log": `{"uuid":"` + hookDeleted + `"}`, "get_target_history": `{"target_id":"` + hookTarget + `"}`,
		"list_audit_logs": `{"target_id":"` + hookName + `","from":"all"}`, "get_actor_activity": `{"actor":"Leo Left","from":"all"}`,
	} {
		_, result, failed := r.call(tool, arguments, key(salesKey)...)
		text, err := json.Marshal(result)
		require.NoError(t, err)
		for _, secret := range []string{`"` + hookName + `"`, ops[0], hookDeleted, "leo@acme.example"} {
			if !strings.Contains(arguments, strings.Trim(secret, `"`)) {
				assert.NotContains(t, string(text)+failed, secret, tool)
			}
		}
		assert.NotContains(t, string(text), "webhook_deleted", tool)
	}

	for _, secret := range []string{norightsKey, strangerKey, "99999999-9999-4999-8999-999999999999"} {
		for tool, arguments := range map[string]string{
			"count_audit_logs": whole, "list_audit_logs": `{"from":"all","organization_id":77}`, "get_audit_log": `{"uuid":"` + hookDeleted + `","organization_id":77}`,
			"get_target_history": `{"target_id":"orders","organization_id":77}`, "list_organizations": `{}`, "get_actor_activity": `{"actor":"Leo Left","organization_id":77}`,
		} {
			_, result, failed := r.call(tool, arguments, key(secret)...)
			text, err := json.Marshal(result)
			require.NoError(t, err)
			if tool != "list_organizations" && !(tool == "count_audit_logs" && secret == strangerKey) {
				assert.NotEmpty(t, failed, "%s %s", tool, secret)
			}
			assert.NotContains(t, string(text), `"archive"`, "%s %s", tool, secret)
			assert.NotContains(t, string(text)+failed, "webhook_deleted", "%s %s", tool, secret)
			assert.NotContains(t, string(text)+failed, hookTarget+`"`, "%s %s", tool, secret)
		}
	}
	assert.Equal(t, before[filepath.Base(a.archive)], a.files()[filepath.Base(a.archive)], "nobody's key fills it")
	assert.NotContains(t, r.log.String(), "filled up")

	// While Make cannot be asked, nobody's rights are known, whoever they say they are.
	a.web.CloseClientConnections()
	a.web.Close()
	_, _, failed = r.call("count_audit_logs", whole, key("88888888-8888-4888-8888-888888888888")...)
	assert.Contains(t, failed, "no answer from")
	r.stop()
	assert.Equal(t, 0, <-r.code)
}
