package makesim_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

func TestListenServesUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	made := 0
	base, err := makesim.Listen(ctx, func() *makesim.Server {
		made++
		return makesim.New(smallWorld(), makesim.Options{})
	})
	require.NoError(t, err)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+/api/v2$`, base)
	s := &sim{t: t, base: base, token: ownerToken}
	assert.Zero(t, made, "a world is made when somebody asks")
	for range 2 {
		assert.Equal(t, http.StatusOK, s.status("/ping"))
	}
	assert.Equal(t, 1, made)
	stop()
	assert.Eventually(t, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/ping", http.NoBody)
		require.NoError(t, err)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			answer.Body.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond)
}

func TestDateHeaderIsMakesClock(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	assert.Equal(t, "Wed, 20 May 2026 12:00:00 GMT", s.send(listPath).header.Get("Date"))
	assert.Equal(t, "Wed, 20 May 2026 12:00:00 GMT", s.as("").send(listPath).header.Get("Date"), "on a refusal, too")
}

func TestEntriesCanChangeAmidAWalk(t *testing.T) {
	t.Parallel()
	var server *makesim.Server
	arrived := 0
	w := smallWorld()
	w.Entries = []makesim.Entry{entry("a", 2*time.Hour), entry("b", 3*time.Hour)}
	s := serve(t, w, makesim.Options{OnRequest: func(*http.Request) {
		arrived++
		server.AddEntries(entry(fmt.Sprintf("new%d", arrived), time.Hour-time.Duration(arrived)*time.Minute))
	}})
	server = s.Server
	assert.Equal(t, []string{"new1", "a"}, s.uuids("pg[limit]=2"))
	assert.Equal(t, []string{"a", "b"}, s.uuids("pg[limit]=2&pg[offset]=2"), "what arrived shifts the rest")
	s.RemoveEntries("a", "new1", "unknown")
	assert.Equal(t, []string{"new3", "new2", "b"}, s.uuids(""))
	s.refuses(http.StatusNotFound, "/audit-logs/77/a")
}

func TestAddedEntriesAreCompleted(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{})
	s.AddEntries(makesim.Entry{OrganizationID: organization, TriggeredAt: clock().Add(-time.Hour + 1234567), Event: "key_created"})
	dumped := s.Dump(organization)
	require.Len(t, dumped, 1)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, dumped[0].UUID)
	assert.Equal(t, clock().Add(-time.Hour+time.Millisecond), dumped[0].TriggeredAt, "cut to milliseconds")
	assert.Equal(t, dumped[0].TriggeredAt, dumped[0].CreatedAt)
	assert.Equal(t, []string{dumped[0].UUID}, s.uuids(""))
	assert.Empty(t, s.Dump(12345))
}

func TestTheWorldIsReadOnce(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	s := serve(t, w, makesim.Options{})
	w.Tokens = nil
	w.Organizations[0].Teams[0].Name = "Crimson"
	var team struct{ Team struct{ Name string } }
	s.get("/teams/701", &team)
	assert.Equal(t, "Red", team.Team.Name)
}

func TestUpdateTakesEffectWhileServing(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, entry("a", 10*day), entry("b", 20*day))
	assert.Equal(t, "Red", s.list("").AuditLogs[0].Team.Name)
	s.Update(func(w *makesim.World) {
		assert.Empty(t, w.Entries)
		w.Organizations[0].Teams = w.Organizations[0].Teams[1:]
		w.Organizations[0].FormerTeams = []makesim.Team{{ID: teamRed, Name: "Ex Red"}}
		w.Organizations[0].AuditLogsDays = 15
	})
	l := s.list("")
	assert.Equal(t, []string{"a"}, l.uuids())
	assert.Equal(t, "Ex Red", l.AuditLogs[0].Team.Name, "a former team still names its entries")
	s.refuses(http.StatusNotFound, "/audit-logs/team/701")
	s.Update(func(w *makesim.World) { w.Tokens = nil })
	s.refuses(http.StatusUnauthorized, listPath)
}

func TestRateLimitSlidesPerOrganization(t *testing.T) {
	t.Parallel()
	at := clock()
	w := smallWorld()
	w.Organizations[0].APILimit = 3
	s := serve(t, w, makesim.Options{Clock: func() time.Time { return at }, Minute: 10 * time.Second})
	at = at.Add(time.Second)
	assert.Equal(t, http.StatusOK, s.status(listPath))
	at = at.Add(4 * time.Second)
	assert.Equal(t, http.StatusOK, s.status("/organizations/77"))
	assert.Equal(t, http.StatusOK, s.status("/teams/701"))
	s.refuses(http.StatusTooManyRequests, listPath)
	s.refuses(http.StatusTooManyRequests, "/audit-logs/team/701")
	s.refuses(http.StatusTooManyRequests, "/users?teamId=701")
	assert.Equal(t, http.StatusOK, s.status("/users/me"), "counts to nobody")
	assert.Equal(t, http.StatusOK, s.status("/organizations"), "counts to nobody")
	assert.Equal(t, http.StatusOK, s.status("/organizations/99"), "counts to another")

	at = at.Add(6*time.Second - 1) // the first is still in the window
	assert.Equal(t, http.StatusTooManyRequests, s.status(listPath))
	at = at.Add(1)
	assert.Equal(t, http.StatusOK, s.status(listPath), "refused requests did not count")
	assert.Equal(t, http.StatusTooManyRequests, s.status(listPath), "the others are still in the window")
}

func TestRateLimitAnswers(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	w.Organizations[0].APILimit = 1
	s := serve(t, w, makesim.Options{Clock: clock})
	s.status(listPath)
	r := s.send(listPath)
	assert.Contains(t, string(r.body), "Requests limit for organization exceeded, please try again later.")
	assert.Empty(t, r.header.Values("Retry-After"))

	s.SetQuirks(makesim.Quirks{PlainText429: true, RetryAfter: "17"})
	r = s.send(listPath)
	assert.Equal(t, http.StatusTooManyRequests, r.status)
	assert.Equal(t, "Requests limit for organization exceeded, please try again later.", string(r.body))
	assert.Equal(t, "17", r.header.Get("Retry-After"))
}

func TestFailedRequestsCountToTheLimit(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	w.Organizations[0].APILimit = 2
	s := serve(t, w, makesim.Options{Clock: clock, Quirks: makesim.Quirks{FailEvery: 1}})
	assert.Equal(t, 503, s.status(listPath))
	assert.Equal(t, 503, s.status(listPath))
	assert.Equal(t, 429, s.status(listPath))
}

func TestAbsentLimitIsNone(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	w.Organizations[0].APILimit = 0
	s := serve(t, w, makesim.Options{Clock: clock})
	for range 100 {
		require.Equal(t, http.StatusOK, s.status(listPath))
	}
}

func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	s := serve(t, smallWorld(), makesim.Options{Clock: clock})
	s.status(listPath + "?event[0]=a&pg%5Blimit%5D=5")
	s.as(memberToken).status("/audit-logs/team/701")
	s.as("").status("/users/me")
	s.status("/audit-logs/away")
	log := s.Requests()
	require.Len(t, log, 4)
	first := log[0]
	assert.Equal(t, clock(), first.At)
	assert.Equal(t, http.MethodGet, first.Method)
	assert.Equal(t, "/api/v2/audit-logs/organization/77", first.Path)
	assert.Equal(t, "5", first.Query.Get("pg[limit]"))
	assert.Equal(t, "makesim-test/1", first.UserAgent)
	var got [][2]int64
	for _, r := range log {
		got = append(got, [2]int64{int64(r.Status), r.OrganizationID})
	}
	assert.Equal(t, [][2]int64{{200, 77}, {403, 77}, {401, 0}, {404, 0}}, got)
	s.ResetRequests()
	assert.Empty(t, s.Requests())
}

func TestLatencyEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	s := serve(t, smallWorld(), makesim.Options{Latency: time.Hour})
	ctx, stop := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/ping", http.NoBody)
		if err == nil {
			var answer *http.Response
			if answer, err = http.DefaultTransport.RoundTrip(r); err == nil {
				answer.Body.Close()
			}
		}
		failed <- err
	}()
	assert.Eventually(t, func() bool { return len(s.Requests()) == 1 }, 10*time.Second, time.Millisecond)
	stop()
	require.ErrorIs(t, <-failed, context.Canceled)
	assert.Zero(t, s.Requests()[0].Status, "never answered")
}

func TestEverythingIsSafeWhileServing(t *testing.T) {
	t.Parallel()
	s := serveEntries(t, makesim.Quirks{}, hundred()...)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := range 25 {
				assert.Equal(t, http.StatusOK, s.status(listPath+"?author=3"))
				uuid := fmt.Sprintf("x%d-%d", i, n)
				s.AddEntries(entry(uuid, time.Hour))
				s.SetQuirks(makesim.Quirks{UnknownFields: n%2 == 0, UnstableTies: n%3 == 0})
				s.Update(func(w *makesim.World) { w.Users[0].Name += "." })
				s.RemoveEntries(uuid)
				s.Dump(organization)
				s.Requests()
			}
		})
	}
	group.Wait()
	assert.Len(t, s.Dump(organization), 100)
}
