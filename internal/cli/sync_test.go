package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/makesim"
)

func TestSyncFillsAnArchiveAndSaysWhatItHolds(t *testing.T) {
	logtest.NotUnderRace(t)
	a := newAcme(t)
	// As users do, by the environment.
	environment(t, "MAKE_API_URL="+a.url, "MAKE_API_KEY="+ownerKey, "MAKE_AUDIT_ARCHIVE="+a.archive, "MAKE_REQUESTS_PER_MINUTE=unlimited",
		"MAKE_AUDIT_SYNC_DETAILS=all")
	first := run(t, "", "sync").succeeds()
	assert.Empty(t, first.errOut, "it was quick, so nothing is told on the way")
	assert.NotContains(t, first.out, "\x1b", "no colour where there is no terminal")
	assert.Regexp(t, `^organization 77 "Acme": 32 entries added, 0 changed, 32 details\n  holds 32 entries, covered from 2025-11-2\d to 2026-11-20T12:00:\d\dZ\n  details: 32 of 32 done\n  public key: make-audit-mcp/\w+\+\w+\+\S+\n  checkpoint:\n    make-audit-mcp/\w+\n    \d+\n    \S{44}\n    head \S{44}\n    time \S{20}\n    \n    — make-audit-mcp/\w+ \S+\n$`, first.out)
	for _, file := range []string{a.archive, a.archive + ".key"} {
		isPrivate(t, file)
	}
	a.clock.Advance(time.Minute)
	a.happen(time.Second)
	second := run(t, "", "sync").succeeds()
	assert.Contains(t, second.out, "1 entries added, 0 changed, 1 details\n  holds 33 entries")
	_, firstKey := checkpointIn(t, first.out)
	_, secondKey := checkpointIn(t, second.out)
	assert.Equal(t, firstKey, secondKey, "the key stays")

	assert.Equal(t, "archive", run(t, "", "call", "count_audit_logs", `{"from":"all"}`).answer().Source, "by the environment, too")
	run(t, "", "verify").succeeds()

	t.Setenv("MAKE_AUDIT_ARCHIVE", "") // as a compose file sets what is not given
	assert.Equal(t, "live", run(t, "", "call", "count_audit_logs", `{"from":"all"}`).answer().Source)
	run(t, "", "sync").refuses("MAKE_AUDIT_ARCHIVE is not set")
}

func TestSyncFillsEveryOrganizationOfItsKey(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.ownsBetaToo()
	a.Update(func(w *makesim.World) {
		w.Organizations = append(w.Organizations, makesim.Organization{ID: 99, Name: "No Plan", Zone: "eu1.make.com"})
		w.OrganizationRoles = append(w.OrganizationRoles,
			makesim.OrganizationRole{UserID: 1, OrganizationID: 99, RoleID: makesim.RoleOrganizationOwner})
	})
	only := a.sync("--details", "none")
	assert.Contains(t, only, "organization 77")
	assert.NotContains(t, only, "organization 88", "MAKE_ORGANIZATION_ID names one")

	all := a.sync("--details", "none", "--organization-id=")
	assert.Contains(t, all, `organization 77 "Acme": 0 entries added`)
	assert.Contains(t, all, `organization 88 "Beta": 3 entries added`)
	assert.NotContains(t, all, "No Plan", "what cannot be read is no failure")
	for organization, want := range map[int64]int{acmeID: bulkEntries + 2, betaID: 3} {
		got := a.call("count_audit_logs", fmt.Sprintf(`{"from":"all","organization_id":%d}`, organization))
		assert.Equal(t, "archive", got.Source)
		assert.Equal(t, want, *got.Total, "never mixed")
	}
	verified := a.run("verify").succeeds()
	assert.Contains(t, verified.out, `organization 88 "Beta"`)
}

func TestOneOrganizationThatFailsDoesNotKeepTheOthersFromBeingFilled(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.ownsBetaToo()
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isLog(r) {
			http.Error(w, `{"message":"boom","code":"IM005"}`, http.StatusInternalServerError)
			return
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(failing.Close)
	got := a.run("sync", "--details", "none", "--organization-id=", "--api-url", failing.URL+makesim.BasePath).fails("organization 77",
		"500")
	assert.NotContains(t, got.errOut, "organization 88")
	assert.Contains(t, got.out, `organization 88 "Beta": 3 entries added`)
}

func TestSyncFetchesTheDetailsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	for details, want := range map[string]string{"none": ", 0 details", "all": ", 32 details"} {
		a := newAcme(t)
		assert.Contains(t, a.sync("--details", details), want, details)
	}
	a := newAcme(t)
	assert.Contains(t, a.sync(), ", 2 details", "the default is notable")
	assert.Contains(t, a.sync(), ", 0 details", "once is enough")
	a.ResetRequests()
	got := a.run("sync", "--details", "some")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.errOut, "all, notable, none")
	a.run("sync", "--every=-1s").refuses("--every is negative")
	assert.Empty(t, a.Requests())
}

func TestSyncGoesOnUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	w := a.start("sync", "--details", "none", "--every", "100ms")
	w.prints(": 32 entries added")
	a.clock.Advance(time.Minute)
	late := a.happen(21*24*time.Hour, time.Second)
	w.prints(": 2 entries added") // late ones, too

	a.failing(true)
	w.logs("this sync failed")
	a.failing(false)
	a.clock.Advance(time.Minute)
	more := a.happen(time.Second)
	w.prints(": 1 entries added") // which did not end it
	w.ends()
	assert.NotContains(t, w.log.String(), "interrupted")

	got := a.call("list_audit_logs", `{"from":"30d","to":"now","target_id":"late"}`)
	assert.ElementsMatch(t, append(late, more...), got.uuids())
	a.run("verify").succeeds()
}

func TestAnInterruptedSyncIsGoneOnWith(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	ctx, interrupt := context.WithCancel(t.Context())
	a.atLogCall(4, interrupt)
	got := a.as(ctx, ownerKey, "sync", "--details", "none")
	got.fails("interrupted; what was read is stored, and the next sync goes on from there")
	assert.Empty(t, got.out)
	a.each(nil)

	half := a.run("verify").fails()
	assert.Contains(t, half.out, "the first sync did not finish")
	assert.Equal(t, "live", a.call("count_audit_logs", `{"from":"all"}`).Source, "nothing is vouched for by half an archive")

	a.ResetRequests()
	printed := a.sync("--details", "none")
	assert.NotContains(t, printed, "32 entries added", "what was stored is not stored again")
	assert.Contains(t, printed, "holds 32 entries")
	a.run("verify").succeeds()
	a.allAre(uuidsOf(t, a.export("--to", "now")))
}

// allAre checks that every entry of the simulator's log is there, once.
func (a *acme) allAre(uuids []string) {
	a.t.Helper()
	var want []string
	for _, entry := range a.Dump(acmeID) {
		want = append(want, entry.UUID)
	}
	assert.ElementsMatch(a.t, want, uuids)
}

func TestASyncWhoseUpstreamFailsHalfWayIsGoneOnWith(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.atLogCall(4, func() { a.failing(true) })
	got := a.run("sync", "--details", "none").fails("organization 77", "500")
	assert.Empty(t, got.out)
	a.each(nil)
	a.failing(false)
	assert.Contains(t, a.sync("--details", "none"), "holds 32 entries")
	a.run("verify").succeeds()
	a.allAre(uuidsOf(t, a.export("--to", "now")))
}

func TestAKeyThatMayReadNothingFillsNothing(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	got := a.as(t.Context(), norightsKey, "sync").fails("no organization here whose audit log this key may read", "make-audit-mcp check")
	assert.Empty(t, got.out)
	// The owner's archive is not spoilt by a key that may read less.
	a.sync("--details", "none")
	a.as(t.Context(), salesKey, "sync").fails("team 5", "another file")
	a.run("verify").succeeds()
}

func TestOfTwoSyncsAtOnceTheSecondIsRefused(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	reached, release := make(chan struct{}), make(chan struct{})
	a.atLogCall(1, func() { close(reached); <-release })
	w := a.start("sync", "--details", "none")
	<-reached
	got := a.run("sync", "--details", "none")
	close(release)
	got.fails("another sync is filling the archive", "let it finish")
	assert.Equal(t, 0, <-w.code, w.log.String())
	assert.Contains(t, w.out.String(), "holds 32 entries")
	a.run("verify").succeeds()
}

func TestAGapIsTold(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	a.clock.Advance(10 * time.Hour)
	lost := a.happen(time.Second)
	a.clock.Advance(400 * 24 * time.Hour)
	found := a.happen(time.Hour)
	printed := a.sync("--details", "none")
	assert.Regexp(t, `  GAP from 2026-11-20T12:\S+ to 2027-\S+: no sync ran before Make dropped it`, printed)
	got := a.run("verify").fails()
	assert.Contains(t, got.out, "with 1 gap(s)")
	assert.Contains(t, got.out, "no sync ran before Make dropped it")
	assert.Contains(t, got.out, "ok    records", "what is there is as it was stored")

	all := a.call("list_audit_logs", `{"from":"2026-11-01","to":"now","target_id":"late"}`)
	assert.False(t, all.Complete)
	assert.Contains(t, all.raw, "no sync ran before Make dropped it")
	assert.Contains(t, all.uuids(), found[0])
	assert.NotContains(t, all.uuids(), lost[0])
}
