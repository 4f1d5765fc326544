package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // tests change archives behind their back

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/cli"
	"make-audit-mcp/internal/makesim"
)

// The little world of the archive's tests: one organization with two teams, somebody who
// has left it, and keys with all, some and no rights.
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

// acme is a simulated Make over real HTTP, and where its archive is. Settings go by
// flags, so that tests can run side by side.
type acme struct {
	*makesim.Server
	t       *testing.T
	web     *httptest.Server
	url     string
	archive string
	keys    string // folder of key files

	mu        sync.Mutex
	now       time.Time
	onRequest func(*http.Request)
}

func newAcme(t *testing.T) *acme {
	t.Helper()
	folder := t.TempDir()
	a := &acme{t: t, now: acmeBegin(), archive: filepath.Join(folder, "audit.db"), keys: folder}
	a.Server = makesim.New(acmeWorld(), makesim.Options{Now: a.clock, Seed: 1, OnRequest: func(r *http.Request) {
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
			{ID: 1, Name: "Ada Admin", Email: "ada@acme.example", Timezone: "UTC"}, {ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example", Timezone: "UTC"},
			{ID: 3, Name: "Nora Norights", Email: "nora@acme.example", Timezone: "UTC"}, {ID: 4, Name: "Stan Stranger", Email: "stan@beta.example", Timezone: "UTC"},
		},
		Organizations: []makesim.Organization{
			{ID: acmeID, Name: "Acme", Zone: "eu1.make.com", APILimit: 1_000_000, AuditLogsDays: 365, Teams: []makesim.Team{{ID: salesTeam, Name: "Sales"}, {ID: opsTeam, Name: "Ops"}}},
			{ID: betaID, Name: "Beta", Zone: "eu1.make.com", APILimit: 1_000_000, AuditLogsDays: 365},
		},
		Tokens: []makesim.Token{{Secret: ownerKey, UserID: 1}, {Secret: salesKey, UserID: 2}, {Secret: norightsKey, UserID: 3}, {Secret: strangerKey, UserID: 4}},
		OrganizationRoles: []makesim.OrganizationRole{
			{UserID: 1, OrganizationID: acmeID, RoleID: makesim.RoleOrganizationOwner}, {UserID: 2, OrganizationID: acmeID, RoleID: makesim.RoleOrganizationMember},
			{UserID: 3, OrganizationID: acmeID, RoleID: makesim.RoleOrganizationMember}, {UserID: 4, OrganizationID: betaID, RoleID: makesim.RoleOrganizationOwner},
		},
		TeamRoles: []makesim.TeamRole{{UserID: 2, TeamID: salesTeam, RoleID: makesim.RoleTeamAdmin}},
	}
	leo := &makesim.Actor{ID: 9, Name: "Leo Left", Email: "leo@acme.example"}
	world.Entries = append(makesim.Bulk(makesim.BulkOptions{
		OrganizationID: acmeID, Count: bulkEntries, From: acmeBegin().AddDate(0, 0, -360), To: acmeBegin().Add(-time.Hour), Seed: 3,
		Teams: []int64{0, salesTeam, opsTeam}, Events: []string{"scenario_updated", "scenario_created", "data_store_updated"},
		Actors: []makesim.Actor{{ID: 1, Name: "Ada Admin", Email: "ada@acme.example"}, {ID: 2, Name: "Tea Teamadmin", Email: "tea@acme.example"}},
	}),
		makesim.Entry{
			OrganizationID: acmeID, TeamID: opsTeam, TriggeredAt: acmeBegin().AddDate(0, 0, -352), Event: "webhook_created", Actor: leo, TargetID: hookTarget,
			Details: map[string]any{"webhookName": hookName, "url": "https://hook.example/<x>&y"},
		},
		makesim.Entry{
			UUID: hookDeleted, OrganizationID: acmeID, TeamID: opsTeam, TriggeredAt: acmeBegin().AddDate(0, 0, -350), Event: "webhook_deleted", Actor: leo, TargetID: hookTarget,
			Details: map[string]any{"webhookName": hookName},
		},
	)
	for i := range 3 {
		world.Entries = append(world.Entries, makesim.Entry{OrganizationID: betaID, TriggeredAt: acmeBegin().AddDate(0, 0, -i-1), Event: "team_created", TargetID: fmt.Sprint(i)})
	}
	return world
}

func (a *acme) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *acme) advance(by time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(by)
}

// each has do called before each request is answered; nil for nothing.
func (a *acme) each(do func(*http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onRequest = do
}

// happen adds entries that were triggered so long ago and are written down now; it
// returns their uuids.
func (a *acme) happen(agos ...time.Duration) []string {
	now := a.clock()
	uuids := make([]string, len(agos))
	for i, ago := range agos {
		uuids[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", now.Unix(), i)
		a.AddEntries(makesim.Entry{
			UUID: uuids[i], OrganizationID: acmeID, TeamID: opsTeam, Event: "scenario_updated", TargetID: "late", TriggeredAt: now.Add(-ago), CreatedAt: now,
			Actor: &makesim.Actor{ID: 1, Name: "Ada Admin", Email: "ada@acme.example"},
		})
	}
	return uuids
}

// flags are the settings of every command.
func (a *acme) flags(key string) []string {
	return []string{"--api-url", a.url, "--api-key-file", filepath.Join(a.keys, key), "--organization-id", fmt.Sprint(acmeID), "--requests-per-minute", "unlimited", "--archive", a.archive}
}

// run runs a command with the owner's key.
func (a *acme) run(arguments ...string) outcome {
	a.t.Helper()
	return a.as(a.t.Context(), ownerKey, arguments...)
}

func (a *acme) as(ctx context.Context, key string, arguments ...string) outcome {
	a.t.Helper()
	var out, errOut bytes.Buffer
	code := cli.Run(ctx, append(a.flags(key), arguments...), cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, "1.2.3")
	return outcome{code: code, out: out.String(), errOut: errOut.String()}
}

// sync fills the archive, and returns what was said.
func (a *acme) sync(arguments ...string) string {
	a.t.Helper()
	got := a.run(append([]string{"sync"}, arguments...)...)
	require.Equal(a.t, 0, got.code, got.errOut)
	return got.out
}

// answer is what tests look at of a tool's result.
type answer struct {
	Source   string
	Complete bool
	Total    *int
	Entries  []struct {
		UUID, Event string
		Details     map[string]any
	}
	Coverage struct{ From, To *string }
	Warnings []string
	raw      string
}

func (r *answer) uuids() []string {
	uuids := make([]string, len(r.Entries))
	for i, entry := range r.Entries {
		uuids[i] = entry.UUID
	}
	return uuids
}

// call calls a tool with the owner's key.
func (a *acme) call(tool, arguments string) *answer {
	a.t.Helper()
	return parseAnswer(a.t, a.run("call", tool, arguments))
}

func parseAnswer(t *testing.T, got outcome) *answer {
	t.Helper()
	require.Equal(t, 0, got.code, got.errOut)
	result := &answer{raw: got.out}
	require.NoError(t, json.Unmarshal([]byte(got.out), result), got.out)
	return result
}

// logCalls counts the requests for entries since the last ResetRequests, but for those
// that find out what a key may read.
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

// checkpointIn is the checkpoint in what sync printed, as it is to be kept.
func checkpointIn(t *testing.T, printed string) (checkpoint, publicKey string) {
	t.Helper()
	_, after, found := strings.Cut(printed, "  checkpoint:\n")
	require.True(t, found, printed)
	for line := range strings.Lines(after) {
		rest, isIndented := strings.CutPrefix(line, "    ")
		if !isIndented {
			break
		}
		checkpoint += rest
	}
	key := regexp.MustCompile(`(?m)^  public key: (\S+)$`).FindStringSubmatch(printed)
	require.NotNil(t, key, printed)
	return checkpoint, key[1]
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestSyncFillsAnArchiveAndSaysWhatItHolds(t *testing.T) {
	a := newAcme(t)
	// As users do, by the environment.
	environment(t, map[string]string{"MAKE_API_URL": a.url, "MAKE_API_KEY": ownerKey, "MAKE_AUDIT_ARCHIVE": a.archive, "MAKE_REQUESTS_PER_MINUTE": "unlimited", "MAKE_AUDIT_SYNC_DETAILS": "all"})
	first := run(t, "", "sync")
	require.Equal(t, 0, first.code, first.errOut)
	assert.Empty(t, first.errOut, "it was quick, so nothing is told on the way")
	assert.NotContains(t, first.out, "\x1b", "no colour where there is no terminal")
	assert.Regexp(t, `^organization 77 "Acme": 32 entries added, 0 changed, 32 details\n  holds 32 entries, covered from 2025-11-2\d to 2026-11-20T12:00:\d\dZ\n  public key: make-audit-mcp/\w+\+\w+\+\S+\n  checkpoint:\n    make-audit-mcp/\w+\n    \d+\n    \S{44}\n    \n    — make-audit-mcp/\w+ \S+\n$`, first.out)
	for _, file := range []string{a.archive, a.archive + ".key"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	a.advance(time.Minute)
	a.happen(time.Second)
	second := run(t, "", "sync")
	require.Equal(t, 0, second.code, second.errOut)
	assert.Contains(t, second.out, "1 entries added, 0 changed, 1 details\n  holds 33 entries")
	_, firstKey := checkpointIn(t, first.out)
	_, secondKey := checkpointIn(t, second.out)
	assert.Equal(t, firstKey, secondKey, "the key stays")

	answered := run(t, "", "call", "count_audit_logs", `{"from":"all"}`)
	assert.Equal(t, "archive", parseAnswer(t, answered).Source, "by the environment, too")
	verified := run(t, "", "verify")
	assert.Equal(t, 0, verified.code, verified.out)

	t.Setenv("MAKE_AUDIT_ARCHIVE", "") // as a compose file sets what is not given
	answered = run(t, "", "call", "count_audit_logs", `{"from":"all"}`)
	assert.Equal(t, "live", parseAnswer(t, answered).Source)
	refused := run(t, "", "sync")
	assert.Equal(t, 1, refused.code)
	assert.Contains(t, refused.errOut, "MAKE_AUDIT_ARCHIVE is not set")
}

func TestSyncFillsEveryOrganizationOfItsKey(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.Update(func(w *makesim.World) {
		w.OrganizationRoles = append(w.OrganizationRoles, makesim.OrganizationRole{UserID: 1, OrganizationID: betaID, RoleID: makesim.RoleOrganizationOwner})
		w.Organizations = append(w.Organizations, makesim.Organization{ID: 99, Name: "No Plan", Zone: "eu1.make.com"})
		w.OrganizationRoles = append(w.OrganizationRoles, makesim.OrganizationRole{UserID: 1, OrganizationID: 99, RoleID: makesim.RoleOrganizationOwner})
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
	verified := a.run("verify")
	assert.Equal(t, 0, verified.code, verified.out)
	assert.Contains(t, verified.out, `organization 88 "Beta"`)
}

func TestOneOrganizationThatFailsDoesNotKeepTheOthersFromBeingFilled(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.Update(func(w *makesim.World) {
		w.OrganizationRoles = append(w.OrganizationRoles, makesim.OrganizationRole{UserID: 1, OrganizationID: betaID, RoleID: makesim.RoleOrganizationOwner})
	})
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isLog(r) {
			http.Error(w, `{"message":"boom","code":"IM005"}`, http.StatusInternalServerError)
			return
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(failing.Close)
	got := a.run("sync", "--details", "none", "--organization-id=", "--api-url", failing.URL+makesim.BasePath)
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.errOut, "organization 77")
	assert.Contains(t, got.errOut, "500")
	assert.NotContains(t, got.errOut, "organization 88")
	assert.Contains(t, got.out, `organization 88 "Beta": 3 entries added`)
}

func TestSyncFetchesTheDetailsThatAreAskedFor(t *testing.T) {
	t.Parallel()
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
	assert.Contains(t, got.errOut, `"all","notable","none"`)
	assert.Empty(t, a.Requests())
	got = a.run("sync", "--every", "-1s")
	assert.NotEqual(t, 0, got.code)
	assert.Contains(t, got.errOut, "--every")
	assert.Empty(t, a.Requests())
}

func TestALongSyncTellsHowItGoesInPlainLines(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	var slow sync.Once
	a.each(func(r *http.Request) {
		if isLog(r) {
			slow.Do(func() { time.Sleep(5100 * time.Millisecond) })
		}
	})
	got := a.run("sync", "--details", "none")
	require.Equal(t, 0, got.code, got.errOut)
	assert.Regexp(t, `(?m)^77: reading back +\[#*\.+\] +\d+ %  \d+ entries added, back to 2026-\d\d-\d\d$`, got.errOut)
	assert.NotContains(t, got.errOut, "\x1b")
	assert.NotContains(t, got.errOut, "\r")
	assert.Less(t, strings.Count(got.errOut, "\n"), 5)
}

// watched runs a command whose output can be looked at while it runs.
type watched struct {
	out, log *sharedBuffer
	code     chan int
	stop     context.CancelFunc
}

func (a *acme) start(arguments ...string) *watched {
	ctx, stop := context.WithCancel(a.t.Context())
	w := &watched{out: &sharedBuffer{}, log: &sharedBuffer{}, code: make(chan int, 1), stop: stop}
	go func() {
		w.code <- cli.Run(ctx, append(a.flags(ownerKey), arguments...), cli.Streams{In: strings.NewReader(""), Out: w.out, Err: w.log}, "1.2.3")
	}()
	a.t.Cleanup(stop)
	return w
}

// eventually waits for something that a command does in the background.
func eventually(t *testing.T, what func() bool, why string) {
	t.Helper()
	require.Eventually(t, what, 20*time.Second, 5*time.Millisecond, why)
}

func TestSyncGoesOnUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	w := a.start("sync", "--details", "none", "--every", "100ms")
	eventually(t, func() bool { return strings.Contains(w.out.String(), ": 32 entries added") }, "the first fill")
	a.advance(time.Minute)
	late := a.happen(21*24*time.Hour, time.Second)
	eventually(t, func() bool { return strings.Contains(w.out.String(), ": 2 entries added") }, "what came later, and late")

	a.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError})
	eventually(t, func() bool { return strings.Contains(w.log.String(), "this sync failed") }, "a failure is told")
	a.SetQuirks(makesim.Quirks{})
	a.advance(time.Minute)
	more := a.happen(time.Second)
	eventually(t, func() bool { return strings.Contains(w.out.String(), ": 1 entries added") }, "and does not end it")
	w.stop()
	assert.Equal(t, 0, <-w.code, w.log.String())
	assert.NotContains(t, w.log.String(), "interrupted")

	got := a.call("list_audit_logs", `{"from":"30d","to":"now","target_id":"late"}`)
	assert.ElementsMatch(t, append(late, more...), got.uuids())
	assert.Equal(t, 0, a.run("verify").code)
}

func TestAnInterruptedSyncIsGoneOnWith(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	ctx, interrupt := context.WithCancel(t.Context())
	asked := 0
	a.each(func(r *http.Request) {
		if isLog(r) {
			if asked++; asked == 4 {
				interrupt()
			}
		}
	})
	got := a.as(ctx, ownerKey, "sync", "--details", "none")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.errOut, "interrupted; what was read is stored, and the next sync goes on from there")
	assert.Empty(t, got.out)
	a.each(nil)

	half := a.run("verify")
	assert.Equal(t, 1, half.code)
	assert.Contains(t, half.out, "the first sync did not finish")
	assert.Equal(t, "live", a.call("count_audit_logs", `{"from":"all"}`).Source, "nothing is vouched for by half an archive")

	a.ResetRequests()
	printed := a.sync("--details", "none")
	assert.NotContains(t, printed, "32 entries added", "what was stored is not stored again")
	assert.Contains(t, printed, "holds 32 entries")
	whole := a.run("verify")
	assert.Equal(t, 0, whole.code, whole.out)
	a.sameAsUpstream()
}

// sameAsUpstream holds the archive's entries against the simulator's.
func (a *acme) sameAsUpstream() {
	a.t.Helper()
	got := a.run("export", "--to", "now")
	require.Equal(a.t, 0, got.code, got.errOut)
	var exported, want []string
	for line := range strings.Lines(got.out) {
		var entry struct{ UUID string }
		require.NoError(a.t, json.Unmarshal([]byte(line), &entry))
		exported = append(exported, entry.UUID)
	}
	for _, entry := range a.Dump(acmeID) {
		want = append(want, entry.UUID)
	}
	assert.ElementsMatch(a.t, want, exported)
}

func TestASyncWhoseUpstreamFailsHalfWayIsGoneOnWith(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	asked := 0
	a.each(func(r *http.Request) {
		if isLog(r) {
			if asked++; asked == 4 {
				a.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError})
			}
		}
	})
	got := a.run("sync", "--details", "none")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.errOut, "organization 77")
	assert.Contains(t, got.errOut, "500")
	assert.Empty(t, got.out)
	a.each(nil)
	a.SetQuirks(makesim.Quirks{})
	assert.Contains(t, a.sync("--details", "none"), "holds 32 entries")
	assert.Equal(t, 0, a.run("verify").code)
	a.sameAsUpstream()
}

func TestWhatCannotBeAnArchiveIsToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	folder := t.TempDir()
	text := writeFile(t, strings.Repeat("no archive\n", 1000))
	short := writeFile(t, "short")
	foreign := filepath.Join(folder, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE t (x)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	for name, test := range map[string]struct {
		archive string
		says    []string
	}{
		"none set":              {"", []string{"MAKE_AUDIT_ARCHIVE", "--archive"}},
		"no such folder":        {filepath.Join(folder, "none", "audit.db"), []string{"cannot be created", "folder"}},
		"a text file":           {text, []string{"not an archive", "name another file"}},
		"a short text file":     {short, []string{"not an archive", "name another file"}},
		"a folder":              {folder, []string{"it is a folder", "audit.db"}},
		"another's database":    {foreign, []string{"another program", "name another file"}},
		"a file in a text file": {filepath.Join(text, "audit.db"), []string{"cannot be", "Next:"}},
	} {
		before, _ := os.ReadFile(test.archive) // as far as it is a file
		for _, command := range [][]string{{"sync"}, {"verify"}} {
			got := a.run(append(command, "--archive="+test.archive)...)
			assert.Equal(t, 1, got.code, "%s %s", name, command)
			assert.Empty(t, got.out, "%s %s", name, command)
			if command[0] == "sync" {
				for _, want := range test.says {
					assert.Contains(t, got.errOut, want, "%s %s", name, command)
				}
			}
			assert.Contains(t, got.errOut, "Next:", "%s %s", name, command)
		}
		after, _ := os.ReadFile(test.archive)
		assert.True(t, bytes.Equal(before, after), "%s: it stays as it is", name)
	}
	assert.Zero(t, a.logCalls())
	missing := a.run("verify")
	assert.Equal(t, 1, missing.code)
	assert.Contains(t, missing.errOut, "no such file")
	assert.Contains(t, missing.errOut, "make-audit-mcp sync")
	assert.NoFileExists(t, a.archive, "verify makes none")
}

func TestAKeyThatMayReadNothingFillsNothing(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	got := a.as(t.Context(), norightsKey, "sync")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.errOut, "no organization here whose audit log this key may read")
	assert.Contains(t, got.errOut, "make-audit-mcp check")
	assert.Empty(t, got.out)
	// The owner's archive is not spoilt by a key that may read less.
	a.sync("--details", "none")
	narrow := a.as(t.Context(), salesKey, "sync")
	assert.Equal(t, 1, narrow.code)
	assert.Contains(t, narrow.errOut, "team 5")
	assert.Contains(t, narrow.errOut, "another file")
	assert.Equal(t, 0, a.run("verify").code)
}

func TestOfTwoSyncsAtOnceTheSecondIsRefused(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	a.each(func(r *http.Request) {
		if isLog(r) {
			once.Do(func() { close(reached); <-release })
		}
	})
	w := a.start("sync", "--details", "none")
	<-reached
	got := a.run("sync", "--details", "none")
	close(release)
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.errOut, "another sync is filling the archive")
	assert.Contains(t, got.errOut, "let it finish")
	assert.Equal(t, 0, <-w.code, w.log.String())
	assert.Contains(t, w.out.String(), "holds 32 entries")
	assert.Equal(t, 0, a.run("verify").code)
}

func TestTheDemoLeavesARealArchiveAlone(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "none")
	before := a.files()

	got := a.run("call", "--demo", "--demo-now", demoNow, "count_audit_logs", `{"from":"7d"}`)
	assert.Equal(t, "live", parseAnswer(t, got).Source)
	assert.Contains(t, got.errOut, "the demo does not use this archive")
	assert.Contains(t, got.errOut, a.archive)
	exported := a.run("export", "--demo", "--demo-now", demoNow, "--from", "24h")
	assert.Equal(t, 0, exported.code, exported.errOut)
	assert.Contains(t, exported.out, `"Northwind Automation"`)
	for _, command := range [][]string{{"sync"}, {"verify"}} {
		refused := a.run(append(command, "--demo", "--demo-now", demoNow)...)
		assert.Equal(t, 1, refused.code, command)
		assert.Contains(t, refused.errOut, "holds logs of Make, not of the demo", command)
	}
	assert.Equal(t, before, a.files(), "to the byte")
}

func TestAnArchiveThatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "nope.db")
	for _, command := range [][]string{{"call", "count_audit_logs", `{"from":"24h"}`}, {"export", "--from", "24h"}, {"check"}} {
		got := run(t, "", append([]string{"--demo", "--demo-now", demoNow, "--archive", missing}, command...)...)
		assert.Equal(t, 0, got.code, command)
		assert.Contains(t, got.errOut+got.out, "no such archive", command)
		assert.Contains(t, got.errOut+got.out, missing, command)
	}
	assert.NoFileExists(t, missing)
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

func TestAnArchiveOfTheDemoIsNoneOfMakes(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	demo, err := archive.Open(t.Context(), a.archive, archive.Options{Create: true, World: "demo"})
	require.NoError(t, err)
	require.NoError(t, demo.Close())
	got := a.run("verify", "--demo")
	assert.Equal(t, 0, got.code, got.errOut)
	before := a.files()
	for _, command := range [][]string{{"sync"}, {"verify"}, {"export"}, {"call", "count_audit_logs"}} {
		refused := a.run(command...)
		assert.Equal(t, 1, refused.code, command)
		assert.Contains(t, refused.errOut, "holds logs of the demo, not of Make", command)
		assert.Contains(t, refused.errOut, "name another file", command)
	}
	assert.Equal(t, before, a.files())
	assert.Zero(t, a.logCalls())
}

func TestVerifyHoldsTheArchiveAgainstWhatWasKeptElsewhere(t *testing.T) {
	t.Parallel()
	a, other := newAcme(t), newAcme(t)
	kept, key := checkpointIn(t, a.sync("--details", "none"))
	a.advance(time.Minute)
	a.happen(time.Second)
	a.sync("--details", "none")
	foreign, foreignKey := checkpointIn(t, other.sync("--details", "none"))

	got := a.run("verify")
	assert.Equal(t, 0, got.code, got.out)
	assert.True(t, strings.HasSuffix(got.out, "\nVerified.\n"), got.out)
	assert.Contains(t, got.out, `33 entries of `+a.url)
	assert.NotContains(t, got.out+got.errOut, "\x1b")
	assert.Contains(t, got.out, key)
	for name, arguments := range map[string][]string{
		"a checkpoint": {"--checkpoint", writeFile(t, kept)}, "a key": {"--public-key", key},
		"both": {"--checkpoint", writeFile(t, kept), "--public-key", key},
	} {
		got := a.run(append([]string{"verify"}, arguments...)...)
		assert.Equal(t, 0, got.code, "%s: %s", name, got.out+got.errOut)
	}
	origin, rest, _ := strings.Cut(kept, "\n")
	size, _, _ := strings.Cut(rest, "\n")
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"a file that is none":  {[]string{"--checkpoint", writeFile(t, "no checkpoint")}, "the checkpoint that was given cannot be used"},
		"another's checkpoint": {[]string{"--checkpoint", writeFile(t, foreign)}, "the checkpoint that was given cannot be used"},
		"another's, its key":   {[]string{"--checkpoint", writeFile(t, foreign), "--public-key", foreignKey}, "cannot be"},
		"a forged one":         {[]string{"--checkpoint", writeFile(t, strings.Replace(kept, origin+"\n"+size, origin+"\n"+size+"0", 1))}, "signature"},
		"another's key":        {[]string{"--public-key", foreignKey}, "cannot be believed"},
		"a key that is none":   {[]string{"--public-key", "nonsense"}, "nonsense"},
	} {
		got := a.run(append([]string{"verify"}, test.arguments...)...)
		assert.Equal(t, 1, got.code, "%s: %s", name, got.out)
		assert.Contains(t, got.out, "FAIL", name)
		assert.Contains(t, got.out, test.says, name)
		assert.NotContains(t, got.out, "Verified", name)
	}
	missing := a.run("verify", "--checkpoint", filepath.Join(t.TempDir(), "none"))
	assert.Equal(t, 1, missing.code)
	assert.Contains(t, missing.errOut, "the checkpoint cannot be read")
	empty := a.run("verify", "--checkpoint", writeFile(t, "\n"))
	assert.Equal(t, 1, empty.code, "what holds nothing proves nothing")
	assert.Contains(t, empty.errOut, "empty")
}

func TestVerifyFindsAnArchiveThatWasMadeAnew(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	kept, key := checkpointIn(t, a.sync("--details", "none"))
	for name := range a.files() {
		require.NoError(t, os.Remove(filepath.Join(filepath.Dir(a.archive), name)))
	}
	a.RemoveEntries(hookDeleted)
	a.sync("--details", "none")
	assert.Equal(t, 0, a.run("verify").code, "by itself it is sound")
	for _, arguments := range [][]string{{"--checkpoint", writeFile(t, kept)}, {"--public-key", key}, {"--checkpoint", writeFile(t, kept), "--public-key", key}} {
		got := a.run(append([]string{"verify"}, arguments...)...)
		assert.Equal(t, 1, got.code, got.out)
	}
}

func TestVerifyNamesTheEntryThatWasChanged(t *testing.T) {
	t.Parallel()
	key, err := hex.DecodeString(strings.ReplaceAll(hookDeleted, "-", ""))
	require.NoError(t, err)
	a := newAcme(t)
	a.sync("--details", "notable")
	require.Equal(t, 0, a.run("verify").code)
	files := a.files()
	for name, query := range map[string]string{
		"a byte of what Make sent": `UPDATE records SET raw = CAST(substr(raw, 1, 20) || CASE WHEN substr(raw, 21, 1) = x'41' THEN x'42' ELSE x'41' END || substr(raw, 22) AS BLOB) WHERE leaf = (SELECT record FROM entries WHERE key = ?)`,
		"a byte of the hash":       `UPDATE records SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE leaf = (SELECT record FROM entries WHERE key = ?)`,
		"when it happened":         `UPDATE entries SET at = at + 1 WHERE key = ?`,
		"who did it":               `UPDATE entries SET actor = (SELECT min(id) FROM actors) WHERE key = ?`,
		"the whole row":            `DELETE FROM entries WHERE key = ?`,
		"the whole record":         `DELETE FROM records WHERE leaf = (SELECT record FROM entries WHERE key = ?)`,
	} {
		for file, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(a.archive), file), []byte(text), 0o600))
		}
		a.change(query, key)
		got := a.run("verify")
		assert.Equal(t, 1, got.code, name)
		assert.Contains(t, got.out, "FAIL  records:", name)
		assert.Contains(t, got.out, hookDeleted, name)
		assert.Contains(t, got.errOut, "not what it should be", name)
		assert.NotContains(t, got.out, "Verified", name)
	}
}

func TestAGapIsTold(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "none")
	a.advance(10 * time.Hour)
	lost := a.happen(time.Second)
	a.advance(400 * 24 * time.Hour)
	found := a.happen(time.Hour)
	printed := a.sync("--details", "none")
	assert.Regexp(t, `  GAP from 2026-11-20T12:\S+ to 2027-\S+: no sync ran before Make dropped it`, printed)
	got := a.run("verify")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.out, "with 1 gap(s)")
	assert.Contains(t, got.out, "no sync ran before Make dropped it")
	assert.Contains(t, got.out, "ok    records", "what is there is as it was stored")

	all := a.call("list_audit_logs", `{"from":"2026-11-01","to":"now","target_id":"late"}`)
	assert.False(t, all.Complete)
	assert.Contains(t, all.raw, "no sync ran before Make dropped it")
	assert.Contains(t, all.uuids(), found[0])
	assert.NotContains(t, all.uuids(), lost[0])
}

func TestTheArchiveAnswersWithoutCallsForTheLog(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	assert.Equal(t, "live", a.call("count_audit_logs", `{"from":"all"}`).Source, "there is none yet")
	assert.NoFileExists(t, a.archive, "and asking makes none")
	a.sync("--details", "all")

	a.ResetRequests()
	for _, question := range [][2]string{
		{"count_audit_logs", `{"from":"all"}`}, {"list_audit_logs", `{"from":"60d","limit":20}`}, {"get_target_history", `{"target_id":"991"}`},
		{"get_actor_activity", `{"actor":"Ada Admin"}`}, {"get_audit_log", `{"uuid":"` + hookDeleted + `"}`},
	} {
		got := a.call(question[0], question[1])
		if question[0] != "get_audit_log" {
			assert.Equal(t, "archive", got.Source, question)
			assert.True(t, got.Complete, question)
		}
	}
	assert.Zero(t, a.logCalls())
	assert.Equal(t, len(a.Dump(acmeID)), *a.call("count_audit_logs", `{"from":"all"}`).Total)

	a.advance(10 * time.Minute)
	a.ResetRequests()
	news := a.happen(time.Minute, 21*24*time.Hour)
	got := a.call("list_audit_logs", `{"from":"30d","target_id":"late"}`)
	assert.Equal(t, "archive+live", got.Source)
	assert.True(t, got.Complete)
	assert.ElementsMatch(t, news, got.uuids(), "late ones, too")
	assert.LessOrEqual(t, a.logCalls(), 2, "only for what is new")
	old := a.call("count_audit_logs", `{"from":"60d","to":"2026-11-18"}`)
	assert.Equal(t, "archive", old.Source)

	organizations := a.call("list_organizations", `{}`)
	assert.Regexp(t, `"archive": \{\s+"first_at": "2025-11-\S+",\s+"last_at": "2026-11-\S+",\s+"entries": 32,\s+"as_of": "2026-11-20T12:00:\d\d\S*"`, organizations.raw)
}

func TestWhatMakeHasDroppedIsStillFound(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "notable")
	gone := a.Dump(acmeID)[0].UUID // deleted at Make, however that may come about
	a.RemoveEntries(gone)
	a.advance(40 * 24 * time.Hour)
	require.Len(t, a.Dump(acmeID), bulkEntries+2-1-dropped(a), "some are older than what Make keeps")
	a.happen(time.Minute)
	a.sync("--details", "notable")

	all := a.call("count_audit_logs", `{"from":"all"}`)
	assert.Equal(t, 33, *all.Total, all.raw)
	assert.True(t, all.Complete, all.raw)
	byPerson := a.call("list_audit_logs", `{"actor":"Leo Left","from":"all"}`)
	assert.Len(t, byPerson.Entries, 2, "somebody who left, whom Make no longer knows")
	byObject := a.call("list_audit_logs", `{"target_id":"`+hookName+`","from":"all"}`)
	assert.Len(t, byObject.Entries, 2)
	assert.Contains(t, strings.Join(byObject.Warnings, " "), `"`+hookName+`" is the name of object "`+hookTarget+`"`)
	history := a.call("get_target_history", `{"target_id":"orders"}`)
	assert.Contains(t, history.raw, hookDeleted)
	detail := a.call("get_audit_log", `{"uuid":"`+hookDeleted+`"}`)
	assert.Contains(t, detail.raw, hookName)
	activity := a.call("get_actor_activity", `{"actor":"leo@acme.example","from":"all"}`)
	assert.Equal(t, 2, *activity.Total)
	removed := a.call("get_audit_log", `{"uuid":"`+gone+`"}`)
	assert.Contains(t, removed.raw, gone)
	assert.Contains(t, strings.Join(removed.Warnings, " "), "shown without details: the archive does not hold them, and Make no longer has the entry")
}

// dropped is how many entries of the world Make has dropped by now.
func dropped(a *acme) int {
	count := 0
	for _, entry := range acmeWorld().Entries {
		if entry.OrganizationID == acmeID && !entry.TriggeredAt.Add(365*24*time.Hour).After(a.clock()) {
			count++
		}
	}
	return count
}

func TestTheOwnKeyIsAnsweredEvenWhileMakeIsDown(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	a.sync("--details", "notable")
	held := a.Dump(acmeID)
	a.web.CloseClientConnections()
	a.web.Close()
	got := a.call("list_audit_logs", fmt.Sprintf(`{"from":"2025-12-01","to":"2025-12-31","target_id":%q}`, hookName))
	assert.Equal(t, "archive", got.Source)
	assert.Contains(t, got.uuids(), hookDeleted)
	assert.True(t, got.Complete, "of a time that the archive covers")
	known := a.call("get_audit_log", fmt.Sprintf(`{"uuid":%q}`, hookDeleted))
	assert.Contains(t, known.raw, hookName)
	assert.Empty(t, known.Warnings)
	at := slices.IndexFunc(held, func(e makesim.Entry) bool { return e.Event == "scenario_updated" })
	require.GreaterOrEqual(t, at, 0)
	for tool, question := range map[string]string{
		"get_audit_log":      fmt.Sprintf(`{"uuid":%q}`, held[at].UUID),
		"get_target_history": fmt.Sprintf(`{"target_id":%q,"kind":"Scenarios","to":"2026-11-19"}`, held[at].TargetID),
	} {
		bare := a.call(tool, question)
		assert.Contains(t, bare.raw, held[at].UUID, tool)
		assert.Regexp(t, "details.*no answer from", strings.Join(bare.Warnings, " "), tool)
	}
}

func TestHelpTellsOfTheArchive(t *testing.T) {
	t.Parallel()
	help := func(arguments ...string) string {
		var out, errOut bytes.Buffer
		code := cli.Run(t.Context(), append(arguments, "--help"), cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, "1.2.3")
		assert.Equal(t, 0, code, errOut.String())
		return strings.Join(strings.Fields(out.String()), " ")
	}
	for command, wants := range map[string][]string{
		"":       {"sync", "verify", "export", "--archive=FILE", "$MAKE_AUDIT_ARCHIVE"},
		"sync":   {"$MAKE_AUDIT_ARCHIVE", "--every=TIME", "$MAKE_AUDIT_SYNC_DETAILS", "all,notable,none", "make-audit-mcp --demo --archive demo.db sync", "whoever holds both can sign anew"},
		"verify": {"$MAKE_AUDIT_ARCHIVE", "--checkpoint=FILE", "--public-key=KEY", "$MAKE_AUDIT_PUBLIC_KEY", "Exit code 0 if everything is there, 1 if not"},
		"export": {"$MAKE_AUDIT_ARCHIVE", "--since-checkpoint=FILE", "ndjson, csv, ocsf or ecs", "-o, --output=FILE", "unmasked"},
		"stdio":  {"$MAKE_AUDIT_ARCHIVE", "--sync-every=TIME", "default: 15m", "$MAKE_AUDIT_SYNC_EVERY", "$MAKE_AUDIT_SYNC_DETAILS"},
		"http":   {"$MAKE_AUDIT_ARCHIVE", "--sync-every=TIME", "default: 15m", "$MAKE_AUDIT_SYNC_EVERY", "$MAKE_AUDIT_SYNC_DETAILS"},
	} {
		text := help(strings.Fields(command)...)
		for _, want := range wants {
			assert.Contains(t, text, want, command)
		}
	}
}
