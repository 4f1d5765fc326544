package makesim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
)

// The small world of most tests.
const (
	organization = 77
	foreign      = 88 // of another zone
	cheap        = 99 // a plan without audit logs
	teamRed      = 701
	teamBlue     = 702

	ownerToken   = "11111111-1111-4111-8111-111111111111"
	leadToken    = "22222222-2222-4222-8222-222222222222" // Team Admin of Red
	memberToken  = "33333333-3333-4333-8333-333333333333"
	customToken  = "44444444-4444-4444-8444-444444444444" // a custom role that reads audit logs
	outsideToken = "55555555-5555-4555-8555-555555555555" // of no organization
	oauthToken   = "an-oauth-access-token"                // of the owner
	scopedToken  = "66666666-6666-4666-8666-666666666666" // of the owner, with user:read only
)

// clock is the pinned time of the small world.
func clock() time.Time { return time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC) }

func smallWorld() *makesim.World {
	return &makesim.World{
		Users: []makesim.User{
			{ID: 1, Name: "Olga Owner", Email: "olga@example.com", Timezone: "Europe/Prague"},
			{ID: 2, Name: "Leo Lead", Email: "leo@example.com", Timezone: "UTC"},
			{ID: 3, Name: "Mia Member", Email: "mia@example.com", Timezone: "UTC"},
			{ID: 4, Name: "Cem Custom", Email: "cem@example.com", Timezone: "UTC"},
			{ID: 5, Name: "Otto Outside", Email: "otto@example.com", Timezone: "UTC"},
		},
		Organizations: []makesim.Organization{
			{ID: organization, Name: "Home", Zone: "eu1.make.com", Timezone: "Europe/Prague", APILimit: 1000, AuditLogsDays: 30,
				Teams: []makesim.Team{{ID: teamRed, Name: "Red"}, {ID: teamBlue, Name: "Blue"}}},
			{ID: foreign, Name: "Away", Zone: "us1.make.com", APILimit: 60, AuditLogsDays: 30,
				Teams: []makesim.Team{{ID: 801, Name: "Far"}}},
			{ID: cheap, Name: "Core plan", Zone: "eu1.make.com", APILimit: 60, Teams: []makesim.Team{{ID: 901, Name: "Thrift"}}},
		},
		Tokens: []makesim.Token{
			{Secret: ownerToken, UserID: 1},
			{Secret: leadToken, UserID: 2},
			{Secret: memberToken, UserID: 3},
			{Secret: customToken, UserID: 4},
			{Secret: outsideToken, UserID: 5},
			{Secret: oauthToken, UserID: 1},
			{Secret: scopedToken, UserID: 1, Scopes: []string{"user:read"}},
		},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: organization, RoleID: makesim.RoleOrganizationOwner},
			{UserID: 1, OrganizationID: foreign, RoleID: makesim.RoleOrganizationAdmin},
			{UserID: 1, OrganizationID: cheap, RoleID: makesim.RoleOrganizationOwner},
			{UserID: 2, OrganizationID: organization, RoleID: makesim.RoleOrganizationMember},
			{UserID: 3, OrganizationID: organization, RoleID: makesim.RoleOrganizationMember},
			{UserID: 4, OrganizationID: organization, RoleID: 5001},
		},
		CustomRoles: []makesim.CustomRole{
			{ID: 5001, OrganizationID: organization, Name: "Reader", Permissions: []string{makesim.ReadsAuditLogs}},
		},
		TeamRoles: []makesim.TeamRole{
			{UserID: 2, TeamID: teamRed, RoleID: makesim.RoleTeamAdmin},
			{UserID: 3, TeamID: teamRed, RoleID: makesim.RoleTeamMember},
			{UserID: 3, TeamID: teamBlue, RoleID: makesim.RoleTeamMember},
		},
	}
}

// entry is an entry of the small world that happened some time ago.
func entry(uuid string, ago time.Duration, change ...func(*makesim.Entry)) makesim.Entry {
	e := makesim.Entry{
		UUID: uuid, TriggeredAt: clock().Add(-ago), CreatedAt: clock().Add(-ago), OrganizationID: organization,
		Event: "webhook_created", TeamID: teamRed, Actor: &makesim.Actor{ID: 3, Name: "Mia Member", Email: "mia@example.com"},
		TargetID: "3000", VersionFrom: "1.0.0", VersionTo: "1.0.1",
		Details: map[string]any{"webhookName": "Hook", "webhookType": "http"},
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func event(value string) func(*makesim.Entry)   { return func(e *makesim.Entry) { e.Event = value } }
func team(id int64) func(*makesim.Entry)        { return func(e *makesim.Entry) { e.TeamID = id } }
func target(id string) func(*makesim.Entry)     { return func(e *makesim.Entry) { e.TargetID = id } }
func by(a *makesim.Actor) func(*makesim.Entry)  { return func(e *makesim.Entry) { e.Actor = a } }
func written(at time.Time) func(*makesim.Entry) { return func(e *makesim.Entry) { e.CreatedAt = at } }
func happened(at time.Time) func(*makesim.Entry) {
	return func(e *makesim.Entry) { e.TriggeredAt, e.CreatedAt = at, at }
}

// sim is a server and a client that says what it means.
type sim struct {
	*makesim.Server
	t     *testing.T
	base  string
	token string
}

// serve starts a world over real HTTP, with the pinned clock unless another is given; requests carry the owner's token.
func serve(t *testing.T, w *makesim.World, o makesim.Options) *sim {
	t.Helper()
	if o.Now == nil {
		o.Now = clock
	}
	server := makesim.New(w, o)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	return &sim{Server: server, t: t, base: web.URL + makesim.BasePath, token: ownerToken}
}

// serveEntries starts the small world with entries and quirks.
func serveEntries(t *testing.T, q makesim.Quirks, entries ...makesim.Entry) *sim {
	t.Helper()
	w := smallWorld()
	w.Entries = entries
	return serve(t, w, makesim.Options{Quirks: q, Seed: 1})
}

// as is the same server with another token.
func (s *sim) as(token string) *sim {
	c := *s
	c.token = token
	return &c
}

// response is an answer that was read.
type response struct {
	status int
	header http.Header
	body   []byte
	err    error // of reading the body
}

// send makes a request; change may touch it before it goes out.
func (s *sim) send(path string, change ...func(*http.Request)) response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, http.NoBody)
	require.NoError(s.t, err)
	r.Header.Set("User-Agent", "makesim-test/1")
	if s.token != "" {
		r.Header.Set("Authorization", "Token "+s.token)
	}
	for _, c := range change {
		c(r)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return response{answer.StatusCode, answer.Header, body, err}
}

// get makes a request that has to succeed and decodes it into out.
func (s *sim) get(path string, out any) {
	s.t.Helper()
	r := s.send(path)
	require.Equal(s.t, http.StatusOK, r.status, "%s: %s", path, r.body)
	require.NoError(s.t, r.err)
	require.NoError(s.t, json.Unmarshal(r.body, out), "%s", r.body)
}

// status is the status of a request.
func (s *sim) status(path string) int {
	s.t.Helper()
	return s.send(path).status
}

// refuses asserts a refusal in Make's JSON.
func (s *sim) refuses(status int, path string) {
	s.t.Helper()
	r := s.send(path)
	if !assert.Equal(s.t, status, r.status, "%s: %s", path, r.body) {
		return
	}
	var e struct{ Detail, Message, Code string }
	require.NoError(s.t, json.Unmarshal(r.body, &e), "%s", r.body)
	assert.Equal(s.t, "SC"+strconv.Itoa(status), e.Code)
	assert.NotEmpty(s.t, e.Detail)
	assert.NotEmpty(s.t, e.Message)
}

// item is an entry as lists show it.
type item struct {
	UUID           string `json:"uuid"`
	CreatedAt      string `json:"createdAt"`
	TriggeredAt    any    `json:"triggeredAt"`
	OrganizationID any    `json:"organizationId"`
	Organization   *named `json:"organization"`
	EventName      string `json:"eventName"`
	Team           *named `json:"team"`
	Actor          *named `json:"actor"`
	TargetID       any    `json:"targetId"`
	Version        any    `json:"version"`
	Details        any    `json:"details"`
}

type named struct {
	ID    any    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// listing is the answer of a list.
type listing struct {
	AuditLogs []item         `json:"auditLogs"`
	PG        map[string]any `json:"pg"`
}

const listPath = "/audit-logs/organization/77"

// list asks for a list; query is encoded as it stands.
func (s *sim) list(query string) listing {
	s.t.Helper()
	var l listing
	s.get(listPath+"?"+query, &l)
	return l
}

// uuids are those of a list in its order.
func (s *sim) uuids(query string) []string {
	s.t.Helper()
	return s.list(query).uuids()
}

func (l listing) uuids() []string {
	uuids := []string{}
	for _, i := range l.AuditLogs {
		uuids = append(uuids, i.UUID)
	}
	return uuids
}

// encoded is a query of names and values.
func encoded(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}
