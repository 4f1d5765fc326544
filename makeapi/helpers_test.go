package makeapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// The small world of these tests.
const (
	home     = makeapi.ID("77")
	foreign  = makeapi.ID("88") // of another zone
	cheap    = makeapi.ID("99") // a plan without audit logs
	red      = makeapi.ID("701")
	blue     = makeapi.ID("702")
	ownerKey = "11111111-1111-4111-8111-111111111111"
	leadKey  = "22222222-2222-4222-8222-222222222222" // Team Admin of Red
	oauthKey = "an-oauth-access-token"                // of the owner
)

// now is the clock of the small world and of the clients that read it.
func now() time.Time { return time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC) }

func smallWorld() *makesim.World {
	return &makesim.World{
		Users: []makesim.User{
			{ID: 1, Name: "Olga Owner", Email: "olga@example.com", Timezone: "Europe/Prague", WithoutTwoFactor: true,
				LastLogin: time.Date(2026, 3, 9, 8, 7, 6, 500e6, time.UTC)},
			{ID: 2, Name: "Leo Lead", Email: "leo@example.com", Timezone: "America/New_York"},
		},
		Organizations: []makesim.Organization{
			{
				ID: 77, Name: "Home", Zone: "eu1.make.com", Timezone: "Europe/Prague", APILimit: 10_000, AuditLogsDays: 30,
				Teams: []makesim.Team{{ID: 701, Name: "Red"}, {ID: 702, Name: "Blue"}},
			},
			{ID: 88, Name: "Away", Zone: "us1.make.com", APILimit: 60, AuditLogsDays: 30},
			{ID: 99, Name: "Core plan", Zone: "eu1.make.com", Teams: []makesim.Team{{ID: 901, Name: "Thrift"}}},
		},
		Tokens: []makesim.Token{{Secret: ownerKey, UserID: 1}, {Secret: leadKey, UserID: 2}, {Secret: oauthKey, UserID: 1}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: 77, RoleID: makesim.RoleOrganizationOwner},
			{UserID: 1, OrganizationID: 88, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 1, OrganizationID: 99, RoleID: makesim.RoleOrganizationOwner},
			{UserID: 2, OrganizationID: 77, RoleID: makesim.RoleOrganizationMember},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: 701, RoleID: makesim.RoleTeamAdmin}},
		Entries: []makesim.Entry{
			entry("aaaaaaaa-0000-4000-8000-000000000001", time.Hour, func(e *makesim.Entry) { e.Event = "key_created" }),
			entry("aaaaaaaa-0000-4000-8000-000000000002", 2*time.Hour, func(e *makesim.Entry) { e.TeamID = 702 }),
			entry("aaaaaaaa-0000-4000-8000-000000000003", 3*time.Hour, func(e *makesim.Entry) { e.TeamID, e.Actor = 0, nil }),
			entry("aaaaaaaa-0000-4000-8000-000000000004", 50*time.Hour, func(e *makesim.Entry) {
				e.Actor = &makesim.Actor{ID: 2, Name: "Leo Lead", Email: "leo@example.com"}
			}),
		},
	}
}

// firstUUID is the newest entry's of the small world.
const firstUUID = "aaaaaaaa-0000-4000-8000-000000000001"

func entry(uuid string, ago time.Duration, change func(*makesim.Entry)) makesim.Entry {
	e := makesim.Entry{
		UUID: uuid, TriggeredAt: now().Add(-ago), CreatedAt: now().Add(1500*time.Millisecond - ago), OrganizationID: 77,
		Event: "webhook_created", TeamID: 701, Actor: &makesim.Actor{ID: 1, Name: "Olga Owner", Email: "olga@example.com"},
		TargetID: "3000", VersionFrom: "1.0.0", VersionTo: "1.0.1",
		Details: map[string]any{"webhookName": "Hook", "webhookType": "http"},
	}
	change(&e)
	return e
}

// simulate serves the small world over HTTP; url is its base URL.
func simulate(t testing.TB, quirks makesim.Quirks) (sim *makesim.Server, url string) {
	t.Helper()
	sim = makesim.New(smallWorld(), makesim.Options{Quirks: quirks, Now: now, Seed: 1})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL + makesim.BasePath
}

// paths are the paths of all requests that a simulator received, below the base.
func paths(sim *makesim.Server) []string {
	var paths []string
	for _, request := range sim.Requests() {
		paths = append(paths, strings.TrimPrefix(request.Path, makesim.BasePath))
	}
	return paths
}

// shortMinute is the rate limit's period in tests: waits shrink with it.
const shortMinute = 300 * time.Millisecond

func unlimited() *makeapi.Budget {
	return makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: shortMinute})
}

// limited is a budget of so many requests in a minute that no test outlives.
func limited(requests int) *makeapi.Budget {
	return makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: requests, Minute: time.Hour})
}

// newClient makes a client with the owner's key and no limit of requests.
func newClient(t testing.TB, baseURL string, change ...func(*makeapi.Options)) *makeapi.Client {
	t.Helper()
	base, err := makeapi.ParseBaseURL(baseURL)
	require.NoError(t, err)
	options := makeapi.Options{BaseURL: base, Credential: makeapi.StaticKey(ownerKey), UserAgent: "makeapi-test/1", Budget: unlimited(),
		Now: now}
	for _, c := range change {
		c(&options)
	}
	return makeapi.New(options)
}

func withKey(key string) func(*makeapi.Options) {
	return func(o *makeapi.Options) { o.Credential = makeapi.StaticKey(key) }
}

func withBudget(budget *makeapi.Budget) func(*makeapi.Options) {
	return func(o *makeapi.Options) { o.Budget = budget }
}

func withTransport(transport http.RoundTripper) func(*makeapi.Options) {
	return func(o *makeapi.Options) { o.Transport = transport }
}

// waits collects what OnWait is called with; do, if not nil, is called each time.
type waits struct {
	mu  sync.Mutex
	all []makeapi.Wait
	do  func()
}

func (w *waits) told(o *makeapi.Options) {
	o.OnWait = func(_ context.Context, wait makeapi.Wait) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.all = append(w.all, wait)
		if w.do != nil {
			w.do()
		}
	}
}

func (w *waits) list() []makeapi.Wait {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]makeapi.Wait{}, w.all...)
}

// arrival is a request as it came in.
type arrival struct {
	at     time.Time
	path   string // with the query, as it stood
	header http.Header
}

// upstream is a server that answers as a test says and records what came in.
type upstream struct {
	url string // with the API's path

	mu       sync.Mutex
	arrivals []arrival
}

// serve starts a server; number counts its requests from 0.
func serve(t testing.TB, answer func(number int, w http.ResponseWriter, r *http.Request)) *upstream {
	t.Helper()
	u := &upstream{}
	server := httptest.NewServer(u.recording(answer))
	t.Cleanup(server.Close)
	u.url = server.URL + "/api/v2"
	return u
}

func (u *upstream) recording(answer func(number int, w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		number := len(u.arrivals)
		u.arrivals = append(u.arrivals, arrival{at: time.Now(), path: r.RequestURI, header: r.Header.Clone()})
		u.mu.Unlock()
		answer(number, w, r)
	})
}

func (u *upstream) received() []arrival {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]arrival{}, u.arrivals...)
}

func (u *upstream) count() int { return len(u.received()) }

// says answers every request with a status and a body.
func says(status int, body string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) { write(w, status, body) }
}

// saysFirst answers the first requests in one way and the others with an empty page.
func saysFirst(count, status int, body string) func(int, http.ResponseWriter, *http.Request) {
	return func(number int, w http.ResponseWriter, _ *http.Request) {
		if number < count {
			write(w, status, body)
			return
		}
		write(w, http.StatusOK, emptyPage)
	}
}

const emptyPage = `{"auditLogs":[],"pg":{"limit":100}}`

func write(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client has gone: nobody to tell
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// answering is a transport that answers everything with a status and a body.
func answering(status int, body []byte) roundTrip {
	return func(request *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Header: http.Header{},
			Body: io.NopCloser(strings.NewReader(string(body))), Request: request,
		}, nil
	}
}

// listHome makes the call that most tests make.
func listHome(ctx context.Context, client *makeapi.Client) (*makeapi.AuditLogPage, error) {
	return client.AuditLogs.ListOrganization(ctx, home, makeapi.ListOptions{})
}

func mustList(t testing.TB, client *makeapi.Client) *makeapi.AuditLogPage {
	t.Helper()
	page, err := listHome(t.Context(), client)
	require.NoError(t, err)
	return page
}

// refusal makes the call and asserts that it ends with an answer of Make that is an error.
func refusal(t testing.TB, client *makeapi.Client) *makeapi.Error {
	t.Helper()
	_, err := listHome(t.Context(), client)
	return answerError(t, err)
}

// answerError asserts that err is an answer of Make.
func answerError(t testing.TB, err error) *makeapi.Error {
	t.Helper()
	var answer *makeapi.Error
	require.ErrorAs(t, err, &answer)
	return answer
}

// assertDiscreet asserts that a text shows neither key nor URL.
func assertDiscreet(t testing.TB, text string) {
	t.Helper()
	for _, secret := range []string{ownerKey, oauthKey, "Bearer", "Token ", "http://", "https://", "?", "%5B"} {
		assert.NotContains(t, text, secret)
	}
}

func mustParse(t testing.TB, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	require.NoError(t, err)
	return parsed
}
