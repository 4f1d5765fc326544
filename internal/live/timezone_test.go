package live_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// startWithUsers is an upstream whose list of users is answered by users.
func startWithUsers(t *testing.T, users http.HandlerFunc) *upstream {
	t.Helper()
	sim := makesim.New(world(nil), makesim.Options{Now: now})
	mux := http.NewServeMux()
	mux.Handle("/", sim)
	mux.HandleFunc(makesim.BasePath+"/users", users)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &upstream{Server: sim, t: t, url: server.URL + makesim.BasePath}
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
	}).reader(adminKey, live.Options{})

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
	reader := u.reader(teamAdminKey, live.Options{})
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
	}).reader(adminKey, live.Options{})

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
	reader := u.reader(adminKey, live.Options{})
	for range 2 {
		assert.Equal(t, "Europe/Prague", reader.UserTimezone(t.Context(), "77", "2"))
	}
	assert.Len(t, u.calls("/enums/timezones"), 1)
}
