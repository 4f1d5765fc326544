package cli_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/makesim"
)

// way is the one to a PostgreSQL server, which can be cut.
type way struct {
	mu     sync.Mutex
	isCut  bool
	isHung bool
	open   map[net.Conn]bool
}

// behind has the archive's database reached by a way of its own.
func (a *acme) behind(server *postgrestest.Server, schema string) *way {
	a.t.Helper()
	folder, err := os.MkdirTemp("", "pg-*")
	require.NoError(a.t, err)
	listener, err := net.Listen("unix", filepath.Join(folder, ".s.PGSQL.5432"))
	require.NoError(a.t, err)
	w := &way{open: map[net.Conn]bool{}}
	a.t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
		_ = os.RemoveAll(folder)
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(client, filepath.Join(server.Folder, ".s.PGSQL.5432"))
		}
	}()
	a.archive = (&url.URL{Scheme: "postgres", User: url.UserPassword(postgrestest.User, "Hunter2"), Path: "/postgres",
		RawQuery: url.Values{"host": {folder}, "search_path": {schema}}.Encode()}).String()
	return w
}

func (w *way) carry(client net.Conn, to string) {
	defer client.Close() //nolint:errcheck // it may be cut
	w.mu.Lock()
	isCut, isHung := w.isCut, w.isHung
	w.open[client] = true
	w.mu.Unlock()
	if isHung {
		_, _ = io.Copy(io.Discard, client)
	}
	if isCut || isHung {
		return
	}
	server, err := (&net.Dialer{}).DialContext(context.Background(), "unix", to)
	if err != nil {
		return
	}
	go func() {
		defer client.Close() //nolint:errcheck // as above
		_, _ = io.Copy(client, server)
	}()
	_, _ = io.Copy(server, client)
	_ = server.Close()
}

// cut breaks all connections, and those to come.
func (w *way) cut() { w.set(true, false) }

// hang breaks all connections, and has those to come wait without an answer.
func (w *way) hang() { w.set(false, true) }

func (w *way) mend() { w.set(false, false) }

func (w *way) set(isCut, isHung bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut, w.isHung = isCut, isHung
	for conn := range w.open {
		_ = conn.Close()
		delete(w.open, conn)
	}
}

// readyz waits until a server's readiness is so, and returns what it says.
func (r *running) readyz(status int) (text string) {
	r.t.Helper()
	eventually(r.t, func() bool {
		var got int
		got, text, _ = r.ask(http.MethodGet, "/readyz", "")
		return got == status
	}, fmt.Sprint("readiness is ", status))
	return text
}

func TestAServerWhoseArchiveIsAwayIsNotReady(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	server := postgrestest.Shared(t)
	schema := server.Schema()
	to := a.behind(server, schema)
	a.sync("--archive-key", a.signingKey(), "--details", "none")
	r := a.serve()
	assert.Contains(t, r.readyz(http.StatusOK), "ready\n")
	for _, breaks := range []func(){to.cut, to.hang} {
		breaks()
		assert.Equal(t, "the archive does not answer\n", r.readyz(http.StatusServiceUnavailable))
		to.mend()
		r.readyz(http.StatusOK)
	}
	server.Exec(t, schema, "ALTER TABLE archive ALTER COLUMN head DROP NOT NULL; UPDATE archive SET head = 'x'")
	assert.Equal(t, "the archive cannot be read: its head, which signs what it holds, cannot be believed\n",
		r.readyz(http.StatusServiceUnavailable))
	r.ends()
}

// While Make is away the archive answers the key that fills it, so that callers are still sent here; callers with keys of their own get
// nothing from it then.
func TestAServerIsReadyAsLongAsTheArchiveAnswersForMake(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "none")
	a.web.CloseClientConnections()
	a.web.Close()
	r := a.serve("--sync-every", "0")
	assert.Contains(t, r.readyz(http.StatusOK), "\nMake does not answer; the archive does\n")
	r.ends()
	r = a.start("http", "--address", "127.0.0.1:0", "--caller-credentials", "--sync-every", "0").listening()
	assert.Equal(t, "Make does not answer\n", r.readyz(http.StatusServiceUnavailable))
	r.ends()
}

func TestCheckTellsOfTheArchive(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	file := a.archive
	assert.Contains(t, a.run("check").succeeds().out, "note  archive: there is none at "+file+" yet, so Make answers alone")
	a.sync("--details", "none")
	got := a.run("check").succeeds().out
	assert.Contains(t, got, "ok    archive: "+file+" can be read; 1 log(s), 32 entries in")
	assert.Contains(t, got, "ok    archive's key: the signing key is at hand; its public half is make-audit-mcp/")
	assert.Contains(t, got, `ok    archived log of organization 77 "Acme": 32 entries, filled up to 2026-11-20T12:00:00Z, `)
	a.clock.Advance(49 * time.Hour)
	got = a.run("check").succeeds().out
	assert.Contains(t, got, `note  archived log of organization 77 "Acme": 32 entries, filled up to 2026-11-20T12:00:00Z, 49h0m`)
	assert.Contains(t, got, "- run make-audit-mcp sync")
	require.NoError(t, os.Remove(file+".key"))
	assert.Contains(t, a.run("check").succeeds().out, "note  archive's key: the archive "+file+": the signing key is not at hand")

	require.NoError(t, os.WriteFile(file, []byte("no archive"), 0o600))
	broken := a.run("check").fails("the archive cannot be read, so that nothing is answered")
	assert.Contains(t, broken.out, "FAIL  archive: the archive "+file)
	assert.Contains(t, broken.out, "ok    organization 77", "of Make it tells all the same")
}

func TestCheckTellsOfAnArchiveInPostgreSQL(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	server, schema := a.inPostgres()
	key := a.signingKey()
	assert.Contains(t, a.run("check").fails("the archive cannot be read").out, "it is empty. Next: fill it with make-audit-mcp sync")
	a.sync("--archive-key", key, "--details", "none")
	whole := a.archive

	got := a.run("check", "--archive-key", key).succeeds().out
	assert.Contains(t, got, "ok    archive: postgres://postgres:xxxxx@")
	assert.NotContains(t, got, "Hunter2")
	assert.Contains(t, got, "; without TLS, within this machine; it is a primary")
	assert.Contains(t, got, "- nobody holds the lease to fill it now; 1 were granted so far")
	assert.Contains(t, got, `role "postgres" may fill the archive, take the lease for it, and share the budget of calls to Make`)
	assert.Contains(t, got, "the signing key is at hand")
	assert.Contains(t, a.run("check").succeeds().out, "archive's key: none is named by --archive-key, so this process reads and fills nothing")

	other := newAcme(t)
	other.inPostgres()
	other.sync("--archive-key", other.signingKey(), "--details", "none")
	assert.Contains(t, a.run("check", "--archive-key", other.signingKey()).out, "FAIL  archive: ")

	server.Exec(t, schema, "UPDATE leases SET holder = 'x', until = clock_timestamp() + INTERVAL '15 s' WHERE name = 'fill'")
	assert.Contains(t, a.run("check").succeeds().out, "- a process holds the lease to fill it; 1 were granted so far")

	a.archive = whole + "&default_transaction_read_only=on"
	got = a.run("check").succeeds().out
	assert.Contains(t, got, "note  archive's server: PostgreSQL ")
	assert.Contains(t, got, "; it is read only\n      - it answers, and nothing is filled through it: look at default_transaction_read_only")

	server.Exec(t, schema, fmt.Sprintf("CREATE ROLE reads_%[1]s LOGIN; GRANT USAGE ON SCHEMA %[1]s TO reads_%[1]s; "+
		"GRANT SELECT ON ALL TABLES IN SCHEMA %[1]s TO reads_%[1]s", schema))
	a.archive = strings.Replace(whole, postgrestest.User+":Hunter2", "reads_"+schema, 1)
	got = a.run("check").succeeds().out
	assert.Contains(t, got, `note  archive's rights: role "reads_`+schema+`" may only read the archive`)
	assert.Contains(t, got, "- lacks UPDATE (term, holder, until) on leases")
	assert.Contains(t, got, "- docs/archive.md has the statements that grant rights")
	server.Exec(t, schema, "GRANT INSERT, UPDATE (value) ON budget TO reads_"+schema)
	assert.Contains(t, a.run("check").succeeds().out, "reads the archive and shares the budget of calls to Make; it may not fill the archive")

	a.archive = "postgres://ann:Hunter2@127.0.0.1:1/audit"
	got = a.run("check").fails("the archive cannot be read").out
	assert.Contains(t, got, "FAIL  archive: the archive postgres://ann:xxxxx@127.0.0.1:1/audit: it cannot be reached")
	assert.Contains(t, got, "ok    organization 77")
	assert.NotContains(t, got, "Hunter2")
}

// A standby answers, and says why nothing is filled through it.
func TestCheckTellsOfAStandby(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	pair := postgrestest.StartPair(t)
	a.archive = pair.Primary.Address("audit")
	key := a.signingKey()
	a.sync("--archive-key", key, "--details", "none")
	a.archive = pair.Standby.Address("audit")
	eventually(t, func() bool {
		return strings.Contains(a.run("check", "--archive-key", key).out, "it is a standby, which is read only\n      - it answers, and nothing is")
	}, "the standby has what the primary has")
	a.run("sync", "--archive-key", key).fails("it is read only, as a replica is", "name the primary")
	a.run("verify").succeeds()
	r := a.serve()
	r.readyz(http.StatusOK)
	assert.Equal(t, "archive", r.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`).Source)
	r.ends()
}

// What was meant to be an address, and is none, is neither repeated nor made a file of.
func TestAPasswordInAnAddressThatIsNoneIsInNoMessage(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	for _, archive := range []string{"postgres:ann:Hunter2@db/audit", "postgres:/ann:Hunter2@db/audit", "Postgresql:ann:Hunter2@db", "mysql://ann:Hunter2@db",
		"host=db user=ann password=Hunter2"} {
		a.archive = archive
		for _, command := range [][]string{{"verify"}, {"sync"}, {"check"}, {"export"}, {"call", "list_organizations"}} {
			got := a.run(append([]string{"--log-level", "debug"}, command...)...)
			assert.NotContains(t, got.out+got.errOut, "ter2", "%s %s", archive, command)
			assert.Contains(t, got.out+got.errOut, "neither a file nor an address of PostgreSQL", command)
			assert.NotZero(t, got.code, "%s %s", archive, command)
		}
	}
}

// metric is what a server says of a number of its own; false if it says nothing.
func (r *running) metric(name string) (value float64, is bool) {
	r.t.Helper()
	_, text, _ := r.ask(http.MethodGet, "/metrics", "")
	for line := range strings.Lines(text) {
		if after, found := strings.CutPrefix(line, "make_audit_mcp_"+name+" "); found {
			_, err := fmt.Sscan(after, &value)
			require.NoError(r.t, err)
			return value, true
		}
	}
	return 0, false
}

// measures waits until a number is as it should be.
func (r *running) measures(name string, want float64) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		value, is := r.metric(name)
		return is && value == want
	}, time.Minute, 50*time.Millisecond, name)
}

// hourly leaves the last of the log away, and adds an entry for each hour of the 100 days before.
func (a *acme) hourly(last time.Duration) {
	for _, entry := range a.Dump(acmeID) {
		if entry.TriggeredAt.After(acmeBegin().Add(-last)) {
			a.RemoveEntries(entry.UUID)
		}
	}
	for hour := range 100 * 24 {
		a.AddEntries(makesim.Entry{OrganizationID: acmeID, Event: "key_created", TargetID: "1",
			TriggeredAt: acmeBegin().Add(-last - time.Duration(hour)*time.Hour)})
	}
}

func TestMetricsTellOfTheArchive(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.hourly(time.Hour)
	server := postgrestest.Shared(t)
	schema := server.Schema()
	to := a.behind(server, schema)
	a.sync("--archive-key", a.signingKey(), "--details", "none")
	a.ResetRequests()
	r := a.serve()
	for name, want := range map[string]float64{
		"archive_readable": 1, "archive_logs": 1, "archive_entries": bulkEntries + 2 + 100*24, "archive_lulls": 0,
		"archive_lull_seconds": 3600,
		"archive_lease_held":   0, "archive_lease_takeovers_total": 0, "archive_connections_limit": 10, "archive_memory_hits_total": 0,
	} {
		got, is := r.metric(name)
		assert.True(t, is, name)
		assert.InDelta(t, want, got, 1, name)
	}
	_, isHeld := r.metric("archive_lease_term")
	assert.False(t, isHeld)
	limit, _ := r.metric("archive_lull_limit_seconds")
	assert.InDelta(t, 20*time.Hour.Seconds(), limit, time.Hour.Seconds(), "as long as 20 entries take")
	lag, _ := r.metric("archive_lag_seconds")
	assert.Less(t, lag, 20*24*time.Hour.Seconds())
	assert.Zero(t, a.logCalls(), "Make is not asked")

	to.hang()
	for range 3 {
		entries, is := r.metric("archive_entries")
		assert.True(t, is, "as it was known last")
		assert.InDelta(t, bulkEntries+2+100*24, entries, 0)
	}
	r.measures("archive_readable", 0)
	to.mend()
	r.measures("archive_readable", 1)
	failed, _ := r.metric("archive_connection_failures_total")
	assert.Positive(t, failed)
	text := r.log.String()
	_, metrics, _ := r.ask(http.MethodGet, "/metrics", "")
	assert.NotContains(t, text+metrics, "Hunter2")
	r.ends()
}

// A log that nothing was written to for long shows in the metrics, and in check.
func TestMetricsTellOfALogThatFellSilent(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.hourly(50 * time.Hour)
	a.sync("--details", "none")
	r := a.serve("--sync-every", "0")
	r.measures("archive_lulls", 1)
	lasts, _ := r.metric("archive_lull_seconds")
	assert.InDelta(t, 50*time.Hour.Seconds(), lasts, 60)
	r.ends()
	assert.Contains(t, a.run("check").succeeds().out, "- nothing was logged for 50h0m0s before that, and")
}

func TestMetricsTellWhoFillsTheArchive(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	server, schema := a.inPostgres()
	a.sync("--archive-key", a.signingKey(), "--details", "none")
	server.Exec(t, schema, "UPDATE leases SET holder = 'one that died', until = clock_timestamp() WHERE name = 'fill'")
	a.clock.Advance(time.Hour)
	reached := a.stuckAt(1)
	r := a.serve("--archive-key", a.signingKey(), "--sync-details", "none", "--sync-every", "1h")
	<-reached
	r.measures("archive_lease_held", 1)
	r.measures("archive_lease_takeovers_total", 1)
	term, is := r.metric("archive_lease_term")
	assert.True(t, is)
	assert.Greater(t, term, 1.0)
	a.each(nil)
	r.ends()
}
