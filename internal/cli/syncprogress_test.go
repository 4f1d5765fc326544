package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

// A sync goes by Make's clock: a test moves that.

// isDetail tells a request for the details of an entry.
func isDetail(path string) bool {
	return strings.Contains(path, fmt.Sprint("/audit-logs/", acmeID, "/")) && !strings.HasSuffix(path, "/filters")
}

// atDetail has something done before the nth request for details is answered.
func (a *acme) atDetail(n int64, do func(*http.Request)) {
	var asked atomic.Int64
	a.each(func(r *http.Request) {
		if isDetail(r.URL.Path) && asked.Add(1) == n {
			do(r)
		}
	})
}

// passesAtDetail has time pass before the nth request for details is answered.
func (a *acme) passesAtDetail(n int64, time time.Duration) {
	a.atDetail(n, func(*http.Request) { a.clock.Advance(time) })
}

// detailCalls counts the requests for details since the last ResetRequests.
func (a *acme) detailCalls() int {
	count := 0
	for _, request := range a.Requests() {
		if isDetail(request.Path) {
			count++
		}
	}
	return count
}

// holds makes the log one of so many entries.
func (a *acme) holds(entries int) {
	a.AddEntries(makesim.Bulk(makesim.BulkOptions{
		OrganizationID: acmeID, Count: entries - bulkEntries - 2, From: acmeBegin().AddDate(0, 0, -300), To: acmeBegin().Add(-time.Hour),
		Seed: 4, Events: []string{"scenario_updated"}, Actors: []makesim.Actor{{ID: 1, Name: "Ada Admin", Email: "ada@acme.example"}},
	})...)
}

func TestALongSyncTellsHowItGoesInPlainLines(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.holds(132)
	a.atLogCall(1, func() { a.clock.Advance(31 * time.Second) })
	got := a.run("sync", "--details", "none").succeeds()
	assert.Equal(t, "77: entries: 0 stored, back to 2026-11-20 (0 % of the time), 6 more read\n", got.errOut)

	a = newAcme(t)
	a.holds(132)
	a.passesAtDetail(41, 73*time.Second)
	got = a.run("sync", "--details", "all", "--timezone", "Asia/Tokyo").succeeds()
	// 80 in 73 seconds, so that the other 52 take 47 more.
	assert.Equal(t, "77: details: 80 of 132 done, all done at about 21:02 JST\n", got.errOut, "the limit holds nothing up")
	assert.Contains(t, got.out, "\n  details: 132 of 132 done\n")
}

func TestAnEndOfAnotherDayIsTold(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.holds(132)
	a.passesAtDetail(1, 20*time.Hour)
	got := a.run("sync", "--details", "all", "--timezone", "UTC").succeeds()
	assert.Contains(t, got.errOut, "77: details: 40 of 132 done, all done at about 2026-11-23 06:00 UTC\n", "92 more at 2 an hour")
}

// TestASyncThatTheLimitHoldsUpSaysSoAndGoesOnCounting has a sync use up its half of the limit, and interrupts it then.
func TestASyncThatTheLimitHoldsUpSaysSoAndGoesOnCounting(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.holds(350)
	a.Update(func(w *makesim.World) { w.Organizations[0].APILimit = 220 })
	a.passesAtDetail(81, 31*time.Second)
	w := a.start("sync", "--details", "all", "--timezone", "UTC", "--requests-per-minute=")
	// 270 are left. As fast as the first 80 they would be there at 12:02, but a minute has no more than 110.
	w.logs("77: details: 80 of 350 done, all done at about 12:03 UTC; waiting for Make's limit (110 of 220 calls a minute are ours)\n")
	w.stop()
	assert.Equal(t, 1, <-w.code)
	assert.Equal(t, 1, strings.Count(w.log.String(), "waiting"), "once for all calls")
	assert.Contains(t, w.log.String(), "interrupted; what was read is stored, and the next sync goes on from there")
	counted := regexp.MustCompile(`: 350 entries added, 0 changed, (\d+) details\n`).FindStringSubmatch(w.out.String())
	require.NotNil(t, counted, w.out.String())
	done, err := strconv.Atoi(counted[1])
	require.NoError(t, err)
	assert.Greater(t, done, 80)
	assert.InDelta(t, a.detailCalls(), done, 3, "but for those under way when it was interrupted")
	assert.Contains(t, w.out.String(), fmt.Sprintf("\n  details: %d of 350 done, %d left: interrupted\n", done, 350-done))
	assert.Contains(t, w.out.String(), "\n  checkpoint:\n", "the entries are vouched for")
	a.run("verify").succeeds()

	a.Update(func(w *makesim.World) { w.Organizations[0].APILimit = 1_000_000 })
	a.ResetRequests()
	a.passesAtDetail(1, time.Minute)
	got := a.run("sync", "--details", "all", "--timezone", "UTC").succeeds()
	// Of the whole, but as fast as this run is: 40 a minute.
	assert.Contains(t, got.errOut, fmt.Sprintf("77: details: %d of 350 done, all done at about 12:07 UTC\n", done+40))
	assert.Contains(t, got.out, fmt.Sprintf(": 0 entries added, 0 changed, %d details\n", 350-done))
	assert.Contains(t, got.out, "\n  details: 350 of 350 done\n")
	assert.Equal(t, 350-done, a.detailCalls(), "none is asked for again")
}

func TestALongWaitIsToldWhenItBegins(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	w := a.start("sync", "--details", "all", "--timezone", "UTC", "--requests-per-minute", "40")
	w.logs("77: details: 0 of 32 done, all done at about 12:01 UTC; waiting for Make's limit (40 of 1,000,000 calls a minute are ours)\n")
	w.stop()
	assert.Equal(t, 1, <-w.code)
	assert.Regexp(t, `\n  details: \d\d? of 32 done, \d\d? left: interrupted\n`, w.out.String())
}

func TestAnotherReasonToWaitIsTold(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	var failed atomic.Bool
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isDetail(r.URL.Path) && failed.CompareAndSwap(false, true) {
			a.clock.Advance(31 * time.Second)
			w.Header().Set("Date", a.clock.Now().Format(http.TimeFormat))
			http.Error(w, "Bad Gateway", http.StatusBadGateway)
			return
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(failing.Close)
	got := a.run("sync", "--details", "all", "--api-url", failing.URL+makesim.BasePath).succeeds()
	assert.Contains(t, got.errOut, "77: details: 0 of 32 done; waiting: Make answered 502\n")
}

func TestAKilledSyncIsGoneOnWithFromItsCount(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.holds(132)
	reached := make(chan struct{})
	const stored, atOnce = 80, 4
	var asked atomic.Int64
	a.each(func(r *http.Request) {
		if !isDetail(r.URL.Path) {
			return
		}
		n := asked.Add(1)
		if n == stored+atOnce {
			close(reached) // no more can come
		}
		if n > stored {
			<-r.Context().Done()
		}
	})
	child, _ := a.process("sync", "--details", "all")
	<-reached
	require.NoError(t, child.Process.Signal(syscall.SIGKILL))
	var killed *exec.ExitError
	require.ErrorAs(t, child.Wait(), &killed)
	eventually(t, func() bool { return a.detailCalls() == stored+atOnce }, "nothing of the killed process is under way")

	a.ResetRequests()
	a.passesAtDetail(1, time.Minute)
	got := a.run("sync", "--details", "all", "--timezone", "UTC").succeeds()
	assert.Contains(t, got.errOut, "77: details: 120 of 132 done, all done at about 12:01 UTC\n")
	assert.Contains(t, got.out, "0 entries added, 0 changed, 52 details\n")
	assert.Contains(t, got.out, "\n  details: 132 of 132 done\n")
	assert.Equal(t, 52, a.detailCalls())
	a.run("verify").succeeds()
}

func TestASyncSaysWhichDetailsItLacksAndWhy(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.atDetail(1, func(*http.Request) { a.RemoveEntries(hookDeleted) })
	assert.Contains(t, a.sync("--details", "all"), "\n  details: 32 of 32 done, 1 of which Make does not have\n")
	a.ResetRequests()
	assert.Contains(t, a.sync("--details", "all"), "\n  details: 32 of 32 done, 1 of which Make does not have\n")
	assert.Zero(t, a.detailCalls(), "it is known to be gone")
	assert.NotContains(t, a.sync("--details", "none"), "\n  details:", "none are wanted")

	a = newAcme(t)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isDetail(r.URL.Path) {
			http.Error(w, `{"message":"Permission denied","code":"SC403"}`, http.StatusForbidden)
			return
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(refusing.Close)
	got := a.run("sync", "--details", "all", "--api-url", refusing.URL+makesim.BasePath).fails("organization 77: ")
	assert.Contains(t, got.out, ": 32 entries added, 0 changed, 0 details\n")
	assert.Regexp(t, `\n  details: 0 of 32 done, 32 left: .*403.*\n`, got.out)
	assert.Contains(t, got.out, "\n  checkpoint:\n")
}

func TestAServerLogsHowFarItsArchiveIsFilled(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.holds(132)
	a.passesAtDetail(41, 73*time.Second)
	r := a.serve("--sync-every", "1h", "--sync-details", "all", "--timezone", "UTC")
	r.logs("archive filled up organization=77 added=132 details=132 details_done=132 details_wanted=132 entries=132")
	said := regexp.MustCompile(`.*filling the archive up.*`).FindAllString(r.log.String(), -1)
	require.Len(t, said, 1)
	assert.Contains(t, said[0], `INF filling the archive up progress="77: details: 80 of 132 done, all done at about 12:02 UTC"`)
	r.ends()
}
