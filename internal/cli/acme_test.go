package cli_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // tests change archives behind their back

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/makesim"
)

// The little world of the archive's tests: one organization with two teams, somebody who has left it, and keys with all, some and no
// rights.
const (
	acmeID    int64 = 77
	betaID    int64 = 88
	salesTeam int64 = 5
	opsTeam   int64 = 6

	ownerKey    = "11111111-2222-4333-8444-555555555555"
	salesKey    = "22222222-2222-4333-8444-555555555555" // administers one team
	norightsKey = "33333333-2222-4333-8444-555555555555" // belongs to it, and may read nothing
	strangerKey = "44444444-2222-4333-8444-555555555555" // belongs to another organization

	// hookName is what details call an object whose deletion Leo Left is known for.
	hookName    = "Orders intake"
	hookTarget  = "991"
	hookDeleted = "aaaaaaaa-0000-4000-8000-000000000991"
	bulkEntries = 30
)

func acmeBegin() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// acme is a simulated Make over real HTTP, and where its archive is. Settings go by flags, so that tests can run side by side.
type acme struct {
	*makesim.Server
	t       *testing.T
	web     *httptest.Server
	url     string
	archive string
	keys    string // folder of key files

	clock *audittest.Clock

	mu        sync.Mutex
	onRequest func(*http.Request)
}

func newAcme(t *testing.T) *acme {
	t.Helper()
	return newAcmeOf(t, acmeWorld(), acmeBegin())
}

// newAcmeOf is one of another world, at another time.
func newAcmeOf(t *testing.T, world *makesim.World, now time.Time) *acme {
	t.Helper()
	folder := t.TempDir()
	a := &acme{t: t, clock: audittest.NewClock(now), archive: filepath.Join(folder, "audit.db"), keys: folder}
	a.Server = makesim.New(world, makesim.Options{Now: a.clock.Now, Seed: 1, OnRequest: func(r *http.Request) {
		a.mu.Lock()
		do := a.onRequest
		a.mu.Unlock()
		if do != nil {
			do(r)
		}
	}})
	a.web = httptest.NewServer(a.Server)
	t.Cleanup(func() {
		a.each(nil)
		a.web.CloseClientConnections()
		a.web.Close()
	})
	a.url = a.web.URL + makesim.BasePath
	for _, key := range []string{ownerKey, salesKey, norightsKey, strangerKey} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, key), []byte(key+"\n"), 0o600))
	}
	return a
}

func acmeWorld() *makesim.World {
	world := &makesim.World{
		Zone: "eu1.make.com",
		Users: []makesim.User{
			{ID: 1, Name: "Ada Admin", Email: "ada@acme.example", Timezone: "UTC"},
			{ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example", Timezone: "UTC"},
			{ID: 3, Name: "Nora Norights", Email: "nora@acme.example", Timezone: "UTC"},
			{ID: 4, Name: "Stan Stranger", Email: "stan@beta.example", Timezone: "UTC"},
		},
		Organizations: []makesim.Organization{
			{ID: acmeID, Name: "Acme", Zone: "eu1.make.com", APILimit: 1_000_000, AuditLogsDays: 365,
				Teams: []makesim.Team{{ID: salesTeam, Name: "Sales"}, {ID: opsTeam, Name: "Ops"}}},
			{ID: betaID, Name: "Beta", Zone: "eu1.make.com", APILimit: 1_000_000, AuditLogsDays: 365},
		},
		Tokens: []makesim.Token{{Secret: ownerKey, UserID: 1}, {Secret: salesKey, UserID: 2}, {Secret: norightsKey, UserID: 3},
			{Secret: strangerKey, UserID: 4}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: acmeID, RoleID: makesim.RoleOrganizationOwner},
			{UserID: 2, OrganizationID: acmeID, RoleID: makesim.RoleOrganizationMember},
			{UserID: 3, OrganizationID: acmeID, RoleID: makesim.RoleOrganizationMember},
			{UserID: 4, OrganizationID: betaID, RoleID: makesim.RoleOrganizationOwner},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: salesTeam, RoleID: makesim.RoleTeamAdmin}},
	}
	leo := &makesim.Actor{ID: 9, Name: "Leo Left", Email: "leo@acme.example"}
	world.Entries = append(makesim.Bulk(makesim.BulkOptions{
		OrganizationID: acmeID, Count: bulkEntries, From: acmeBegin().AddDate(0, 0, -360), To: acmeBegin().Add(-time.Hour), Seed: 3,
		Teams: []int64{0, salesTeam, opsTeam}, Events: []string{"scenario_updated", "scenario_created", "data_store_updated"},
		Actors: []makesim.Actor{{ID: 1, Name: "Ada Admin", Email: "ada@acme.example"},
			{ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example"}},
	}),
		makesim.Entry{
			OrganizationID: acmeID, TeamID: opsTeam, TriggeredAt: acmeBegin().AddDate(0, 0, -352), Event: "webhook_created", Actor: leo,
			TargetID: hookTarget,
			Details:  map[string]any{"webhookName": hookName, "url": "https://hook.example/<x>&y"},
		},
		makesim.Entry{
			UUID: hookDeleted, OrganizationID: acmeID, TeamID: opsTeam, TriggeredAt: acmeBegin().AddDate(0, 0, -350),
			Event: "webhook_deleted", Actor: leo, TargetID: hookTarget,
			Details: map[string]any{"webhookName": hookName},
		},
	)
	for i := range 3 {
		world.Entries = append(world.Entries, makesim.Entry{OrganizationID: betaID, TriggeredAt: acmeBegin().AddDate(0, 0, -i-1),
			Event: "team_created", TargetID: fmt.Sprint(i)})
	}
	return world
}

// each has do called before each request is answered; nil for nothing.
func (a *acme) each(do func(*http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onRequest = do
}

// ownsBetaToo gives the owner's key another organization.
func (a *acme) ownsBetaToo() {
	a.Update(func(w *makesim.World) {
		w.OrganizationRoles = append(w.OrganizationRoles,
			makesim.OrganizationRole{UserID: 1, OrganizationID: betaID, RoleID: makesim.RoleOrganizationOwner})
	})
}

// happen adds entries that were triggered so long ago and are written down now; it returns their uuids.
func (a *acme) happen(agos ...time.Duration) []string {
	now := a.clock.Now()
	uuids := make([]string, len(agos))
	for i, ago := range agos {
		uuids[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", now.Unix(), i)
		a.AddEntries(makesim.Entry{
			UUID: uuids[i], OrganizationID: acmeID, TeamID: opsTeam, Event: "scenario_updated", TargetID: "late",
			TriggeredAt: now.Add(-ago), CreatedAt: now,
			Actor: &makesim.Actor{ID: 1, Name: "Ada Admin", Email: "ada@acme.example"},
		})
	}
	return uuids
}

// flags are the settings of every command.
func (a *acme) flags(key string) []string {
	return []string{"--api-url", a.url, "--api-key-file", filepath.Join(a.keys, key), "--organization-id", fmt.Sprint(acmeID),
		"--requests-per-minute", "unlimited", "--archive", a.archive}
}

// environment has the environment lead every run here, with the owner's key.
func (a *acme) environment(set ...string) {
	a.t.Helper()
	environment(a.t, append([]string{"MAKE_API_URL=" + a.url, "MAKE_API_KEY=" + ownerKey, fmt.Sprint("MAKE_ORGANIZATION_ID=", acmeID),
		"MAKE_REQUESTS_PER_MINUTE=unlimited"}, set...)...)
}

// run runs a command with the owner's key.
func (a *acme) run(arguments ...string) outcome {
	a.t.Helper()
	return a.as(a.t.Context(), ownerKey, arguments...)
}

func (a *acme) as(ctx context.Context, key string, arguments ...string) outcome {
	a.t.Helper()
	return runUntil(ctx, a.t, "", append(a.flags(key), arguments...)...)
}

// start starts a command with the owner's key.
func (a *acme) start(arguments ...string) *running {
	a.t.Helper()
	return start(a.t, strings.NewReader(""), append(a.flags(ownerKey), arguments...)...)
}

// serve starts http on a free port.
func (a *acme) serve(arguments ...string) *running {
	a.t.Helper()
	return a.start(append([]string{"http", "--address", "127.0.0.1:0"}, arguments...)...).listening()
}

// sync fills the archive, and returns what was said.
func (a *acme) sync(arguments ...string) string {
	a.t.Helper()
	return a.run(append([]string{"sync"}, arguments...)...).succeeds().out
}

// call calls a tool with the owner's key.
func (a *acme) call(tool, arguments string) *answer {
	a.t.Helper()
	return a.run("call", tool, arguments).answer()
}

// logCalls counts the requests for entries since the last ResetRequests, but for those that find out what a key may read.
func (a *acme) logCalls() int {
	count := 0
	for _, request := range a.Requests() {
		isProbe := request.Query.Get("pg[sortDir]") == "asc" && request.Query.Get("pg[limit]") == "10"
		if strings.Contains(request.Path, "/audit-logs/") && !strings.HasSuffix(request.Path, "/filters") && !isProbe {
			count++
		}
	}
	return count
}

// isLog tells a request for a page of the log.
func isLog(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, fmt.Sprint("/audit-logs/organization/", acmeID)) && r.URL.Query().Get("pg[sortDir]") != "asc"
}

// change changes the archive's file behind its back.
func (a *acme) change(query string, arguments ...any) {
	a.t.Helper()
	db, err := sql.Open("sqlite", a.archive)
	require.NoError(a.t, err)
	defer func() { require.NoError(a.t, db.Close()) }()
	result, err := db.ExecContext(a.t.Context(), query, arguments...)
	require.NoError(a.t, err)
	changed, err := result.RowsAffected()
	require.NoError(a.t, err)
	require.EqualValues(a.t, 1, changed)
}

// files are the archive's files and what is in them.
func (a *acme) files() map[string]string {
	a.t.Helper()
	names, err := filepath.Glob(a.archive + "*")
	require.NoError(a.t, err)
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(a.t, err)
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// filled waits until a server says that it has filled the archive up.
func (r *running) filled(added int) {
	r.t.Helper()
	r.logs(fmt.Sprintf("archive filled up organization=%d added=%d ", acmeID, added))
}

// atLogCall has something done before the nth request for the log is answered.
func (a *acme) atLogCall(n int64, do func()) {
	var asked atomic.Int64
	a.each(func(r *http.Request) {
		if isLog(r) && asked.Add(1) == n {
			do()
		}
	})
}

// failing has Make answer everything with an error, until it is told not to.
func (a *acme) failing(is bool) {
	quirks := makesim.Quirks{}
	if is {
		quirks = makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError}
	}
	a.SetQuirks(quirks)
}

// stuckAt has the nth request for the log, and those after it, wait until their caller gives up.
func (a *acme) stuckAt(n int64) (reached chan struct{}) {
	reached = make(chan struct{})
	var asked atomic.Int64
	a.each(func(r *http.Request) {
		if !isLog(r) {
			return
		}
		now := asked.Add(1)
		if now == n {
			close(reached)
		}
		if now >= n {
			<-r.Context().Done()
		}
	})
	return reached
}

// process starts the program in a process of its own.
func (a *acme) process(arguments ...string) (*exec.Cmd, *sharedBuffer) {
	a.t.Helper()
	out := &sharedBuffer{}
	child := childProcess(a.t, append(a.flags(ownerKey), arguments...)...)
	child.Stderr = out
	require.NoError(a.t, child.Start())
	return child, out
}
