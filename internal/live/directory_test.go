package live_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

const detailUUID = "abcdef00-0000-4000-8000-000000000001"

func withDetails(details string) []makesim.Entry {
	return []makesim.Entry{{
		UUID: detailUUID, OrganizationID: audittest.OrganizationID, Event: "webhook_created", TriggeredAt: now().Add(-time.Hour),
		Details: map[string]any{"name": details},
	}}
}

func TestDetailsAskedAgainCostNoCall(t *testing.T) {
	t.Parallel()
	u := start(t, withDetails("hook"), makesim.Options{})
	reader := u.reader(audittest.AdminKey, live.Options{})
	first, err := reader.Detail(t.Context(), "77", detailUUID)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"hook"}`, string(first.Details))
	want := *first
	first.Event, first.Details, first.Actor = "changed", nil, &auditlog.Actor{}
	u.ResetRequests()
	for _, uuid := range []string{detailUUID, strings.ToUpper(detailUUID), detailUUID} {
		again, err := reader.Detail(t.Context(), "77", uuid)
		require.NoError(t, err)
		assert.Equal(t, &want, again)
		again.Event = "changed"
	}
	assert.Empty(t, u.Requests())

	_, err = reader.Detail(t.Context(), "78", detailUUID)
	require.Error(t, err, "what is kept of one organization is not shown of another")
}

func TestDetailsAreNotRememberedForLongNorIfLarge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		details string
		keep    time.Duration
	}{
		"expired": {"hook", time.Nanosecond},
		"large":   {strings.Repeat("x", 16<<10), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, withDetails(test.details), makesim.Options{})
			reader := u.reader(audittest.AdminKey, live.Options{Keep: test.keep})
			for range 2 {
				u.ResetRequests()
				entry, err := reader.Detail(t.Context(), "77", detailUUID)
				require.NoError(t, err)
				assert.Contains(t, string(entry.Details), test.details)
				assert.Len(t, u.Requests(), 1)
			}
		})
	}
}

func TestAnEntryThatWasNotFoundIsAskedForAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Options{})
	patient, hasty := u.reader(audittest.AdminKey, live.Options{}), u.reader(audittest.AdminKey, live.Options{Keep: time.Nanosecond})
	var notFound *auditlog.NotFoundError
	for _, reader := range []*live.Reader{patient, hasty} {
		_, err := reader.Detail(t.Context(), "77", detailUUID)
		require.ErrorAs(t, err, &notFound)
	}
	u.AddEntries(withDetails("hook")...)
	u.ResetRequests()
	_, err := patient.Detail(t.Context(), "77", strings.ToUpper(detailUUID))
	require.ErrorAs(t, err, &notFound)
	assert.Empty(t, u.Requests(), "asking again costs nothing")
	entry, err := hasty.Detail(t.Context(), "77", detailUUID)
	require.NoError(t, err)
	assert.Equal(t, detailUUID, entry.UUID)
}

func TestAKeyThatMayNotSeeTheLicenseLeavesTheCeiling(t *testing.T) {
	t.Parallel()
	const narrow = "cccccccc-cccc-4ddd-8eee-ffffffffffff"
	world := audittest.LittleWorld(nil)
	world.Organizations[0].APILimit = 60
	world.Tokens = append(world.Tokens, makesim.Token{Secret: narrow, UserID: 1, Scopes: []string{"teams:read", "user:read"}})
	u := &upstream{audittest.Start(t, world, makesim.Options{})}
	budget := makeapi.NewBudget(makeapi.BudgetOptions{})
	base, err := makeapi.ParseBaseURL(u.URL)
	require.NoError(t, err)
	for _, key := range []string{audittest.AdminKey, narrow, audittest.MemberKey} {
		_, _ = u.readerAt(key, now, budget, live.Options{}).Access(t.Context(), "77")
		assert.Equal(t, 30, budget.Ceiling(base.String(), "77"), key)
	}
}

func TestActorsTeamsAndEventsOfEntriesReadAreRemembered(t *testing.T) {
	t.Parallel()
	entries := ladder(40, now().Add(-time.Minute), time.Minute)
	entries[7].Event, entries[9].Event, entries[11].Event = "webhook_deleted", "a_rare_one", "a_rare_one"
	entries[3].TeamID, entries[5].TeamID = audittest.OpsTeam, audittest.SalesTeam
	reader := start(t, entries, makesim.Options{}).reader(audittest.AdminKey, live.Options{})
	assert.Empty(t, reader.ObservedEvents(t.Context(), "77"))
	assert.Empty(t, reader.ObservedActors(t.Context(), "77"))
	assert.Empty(t, reader.ObservedTeams(t.Context(), "77"))
	readAll(t, reader, query(window(now().Add(-time.Hour), now())))
	assert.Equal(t, []auditlog.Text{"a_rare_one", "webhook_created", "webhook_deleted"}, reader.ObservedEvents(t.Context(), "77"))
	var actors []auditlog.ID
	for _, actor := range reader.ObservedActors(t.Context(), "77") {
		actors = append(actors, actor.ID)
	}
	assert.Equal(t, []auditlog.ID{"900", "901", "902"}, actors)
	var teams []auditlog.ID
	for _, team := range reader.ObservedTeams(t.Context(), "77") {
		teams = append(teams, team.ID)
	}
	assert.Equal(t, []auditlog.ID{"5", "6"}, teams)
	assert.Empty(t, reader.ObservedEvents(t.Context(), "78"))
	assert.Empty(t, reader.ObservedActors(t.Context(), "78"))
}

func TestObservedEventsAreBounded(t *testing.T) {
	t.Parallel()
	entries := ladder(1200, now().Add(-time.Minute), time.Second)
	for i := range entries {
		entries[i].Event = fmt.Sprintf("event_%04d", i)
	}
	reader := start(t, entries, makesim.Options{}).reader(audittest.AdminKey, live.Options{})
	readAll(t, reader, query(window(now().Add(-time.Hour), now())))
	assert.Len(t, reader.ObservedEvents(t.Context(), "77"), 1000)
	assert.True(t, slices.IsSorted(reader.ObservedEvents(t.Context(), "77")))
}

// startWithUsers is an upstream whose list of users is answered by users.
func startWithUsers(t *testing.T, users http.HandlerFunc) *upstream {
	t.Helper()
	u := start(t, nil, makesim.Options{})
	mux := http.NewServeMux()
	mux.Handle("/", u.Server)
	mux.HandleFunc(makesim.BasePath+"/users", users)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	u.URL = server.URL + makesim.BasePath
	return u
}

const usersWithZones = `{"users":[
	{"id":1,"name":"Ada","timezone":"Asia/Tokyo"},
	{"id":8,"name":"Bo","timezone":"America/New_York"},
	{"id":9,"name":"Cy","timezone":"Middle/Earth"},
	{"id":10,"name":"Di"}]}`

func TestUserTimezoneIsThatOfTheListOfUsers(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	reader := startWithUsers(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		assert.Equal(t, "77", r.URL.Query().Get("organizationId"))
		_, _ = w.Write([]byte(usersWithZones))
	}).reader(audittest.AdminKey, live.Options{})

	assert.Equal(t, "Europe/Prague", reader.UserTimezone(t.Context(), "77", "1"), "the key's own account is asked itself")
	assert.Zero(t, calls.Load())
	assert.Equal(t, "America/New_York", reader.UserTimezone(t.Context(), "77", "8"))
	assert.Empty(t, reader.UserTimezone(t.Context(), "77", "9"), "no such zone")
	assert.Empty(t, reader.UserTimezone(t.Context(), "77", "10"), "no zone")
	assert.Empty(t, reader.UserTimezone(t.Context(), "77", "11"), "no such user")
	assert.Equal(t, int64(1), calls.Load())
}

func TestARefusedListOfUsersIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Options{})
	reader := u.reader(audittest.TeamAdminKey, live.Options{})
	for range 3 {
		assert.Empty(t, reader.UserTimezone(t.Context(), "77", "1"))
	}
	assert.Len(t, u.calls("/users"), 1)
}

func TestAListOfUsersThatFailedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	reader := startWithUsers(t, func(w http.ResponseWriter, _ *http.Request) {
		if works.Load() {
			_, _ = w.Write([]byte(usersWithZones))
			return
		}
		_, _ = w.Write([]byte("<html>"))
	}).reader(audittest.AdminKey, live.Options{})

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Empty(t, reader.UserTimezone(cancelled, "77", "8"))
	assert.Empty(t, reader.UserTimezone(t.Context(), "77", "8"))
	works.Store(true)
	assert.Equal(t, "America/New_York", reader.UserTimezone(t.Context(), "77", "8"))
}

func TestUserTimezoneIsFoundByItsID(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Options{}) // which has ids only, as Make does
	reader := u.reader(audittest.AdminKey, live.Options{})
	for range 2 {
		assert.Equal(t, "Europe/Prague", reader.UserTimezone(t.Context(), "77", "2"))
	}
	assert.Len(t, u.calls("/enums/timezones"), 1)
}
