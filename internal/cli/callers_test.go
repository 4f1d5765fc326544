package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

func TestMadeUpKeysStopNobody(t *testing.T) {
	simulated, url := upstream(t)
	r := listen(t, []string{"MAKE_API_URL=" + url, "MAKE_REQUESTS_PER_MINUTE=40"}, "--caller-credentials", "--rate-limit", "1e5",
		"--total-rate-limit", "1e5")
	proven := []string{"X-Make-Api-Key", makesim.DemoToken}
	_, result, failed := r.call("list_audit_log_filters", `{"kind":"teams"}`, proven...)
	require.NotEmpty(t, result.Teams, failed)
	_, result, failed = r.call("list_organizations", `{}`, proven...)
	require.NotEmpty(t, result.Organizations, failed)
	spent := len(simulated.Requests())
	for i := range 270 { // more than there are callers kept
		_, _, failed := r.call("list_organizations", `{}`, "X-Make-Api-Key", fmt.Sprintf("%08d-0000-4000-8000-00000000000f", i))
		assert.Contains(t, failed, "key")
	}
	assert.Len(t, simulated.Requests(), spent+39, "what an address may spend, less the call that proved the good key")
	spent = len(simulated.Requests())
	for range 20 {
		_, _, failed := r.call("list_organizations", `{}`, "X-Make-Api-Key", "00000000-0000-4000-8000-00000000000f")
		assert.Contains(t, failed, "does not know this API key")
	}
	assert.Len(t, simulated.Requests(), spent, "a bad key shown again costs nothing")
	_, result, failed = r.call("list_organizations", `{}`, proven...)
	assert.NotEmpty(t, result.Organizations, failed)
	assert.Len(t, simulated.Requests(), spent, "what is kept of a proven key stays")
	_, result, failed = r.call("list_audit_logs", `{"limit":1}`, proven...)
	assert.NotEmpty(t, result.NextCursor, failed)
	status, _, _ := r.ask(http.MethodGet, "/readyz", "")
	assert.Equal(t, http.StatusOK, status)
	assert.LessOrEqual(t, strings.Count(r.log.String(), "outcome=tool_error"), 1, "what anybody can cause is summed up")
}

func TestMadeUpUUIDsLeaveRoomForTheNext(t *testing.T) {
	simulated, url := upstream(t)
	r := listen(t, []string{"MAKE_API_URL=" + url, "MAKE_API_KEY=" + makesim.DemoToken, "MAKE_REQUESTS_PER_MINUTE=60"})
	const uuid = "00000000-0000-4000-8000-000000000000"
	ask := func(call int) {
		var uuids []string
		for i := range 20 {
			uuids = append(uuids, fmt.Sprintf(`"%08d-0000-4000-8000-%012d"`, call, i))
		}
		_, _, failed := r.call("get_audit_log", `{"uuid":[`+strings.Join(uuids, ",")+`]}`)
		assert.NotEmpty(t, failed)
	}
	for call := range 26 {
		ask(call)
	}
	details := slices.DeleteFunc(simulated.Requests(), func(r makesim.Request) bool { return len(path.Base(r.Path)) != len(uuid) })
	assert.Len(t, details, 20, "two thirds of half")
	spent := len(simulated.Requests())
	_, _, failed := r.call("get_audit_log", `{"uuid":["`+uuid+`"]}`)
	assert.Contains(t, failed, "none of these uuids exists")
	assert.Len(t, simulated.Requests(), spent, "a uuid that Make does not know is remembered")
	_, result, failed := r.call("list_audit_logs", `{"limit":1}`)
	assert.NotEmpty(t, result.NextCursor, failed)
}

func TestALimitOfMakesThatIsUsedUpLeavesTheServerReady(t *testing.T) {
	var down atomic.Bool
	limited := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer limited.Close()
	set := []string{"MAKE_API_URL=" + limited.URL + "/api/v2", "MAKE_API_KEY=" + makesim.DemoToken}
	r := listen(t, set)
	_, _, failed := r.call("list_organizations", `{}`)
	assert.Contains(t, failed, "limit of requests per minute")
	status, _, _ := r.ask(http.MethodGet, "/readyz", "")
	assert.Equal(t, http.StatusOK, status, "Make answers")
	r.ends()
	down.Store(true)
	r = listen(t, set)
	status, _, _ = r.ask(http.MethodGet, "/readyz", "")
	assert.Equal(t, http.StatusServiceUnavailable, status)
}
