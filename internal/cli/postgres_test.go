package cli_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// inPostgres has the archive lie in a schema of its own; the address has a password, which its server does not ask for.
func (a *acme) inPostgres() (server *postgrestest.Server, schema string) {
	a.t.Helper()
	server = postgrestest.Shared(a.t)
	schema = server.Schema()
	address, err := url.Parse(server.Address(schema))
	require.NoError(a.t, err)
	address.User = url.UserPassword(postgrestest.User, "Hunter2")
	a.archive = address.String()
	return server, schema
}

func (a *acme) signingKey() string { return filepath.Join(a.keys, "archive.key") }

func TestAnArchiveInPostgreSQLDoesWhatAFileDoes(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a, file := newAcme(t), newAcme(t)
	a.inPostgres()
	key := a.signingKey()
	file.sync("--details", "all")

	a.run("verify").fails("it is empty", "make-audit-mcp sync")
	a.run("sync").refuses("--archive-key", "MAKE_AUDIT_ARCHIVE_KEY")
	got := a.sync("--archive-key", key, "--details", "all")
	assert.Contains(t, got, "organization 77 \"Acme\": 32 entries added")
	info, err := os.Stat(key)
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
	a.ResetRequests()
	passing := regexp.MustCompile(`(T12:00:00)\.\d+Z`) // what passes of the second in which it is asked
	for _, question := range [][2]string{
		{"count_audit_logs", `{"from":"all","group_by":"actor"}`}, {"list_audit_logs", `{"from":"60d","limit":20}`},
		{"get_target_history", `{"target_id":"` + hookTarget + `"}`},
	} {
		answer := a.call(question[0], question[1])
		assert.Equal(t, "archive", answer.Source)
		inFile := file.call(question[0], question[1])
		assert.Equal(t, passing.ReplaceAllString(inFile.raw, "${1}Z"), passing.ReplaceAllString(answer.raw, "${1}Z"))
	}
	assert.Zero(t, a.logCalls())
	assert.Equal(t, file.run("export").succeeds().out, a.run("export").succeeds().out)

	a.run("verify").succeeds()
	assert.NoFileExists(t, key+".verified", "it is not known where to remember it")
	assert.Contains(t, a.run("verify", "--archive-key", key).succeeds().out, "none is remembered here")
	assert.FileExists(t, key+".verified")
	a.run("sync", "--archive-key", key+".another").fails("signing key")
}

func TestAnArchiveInPostgreSQLThatSomebodyChangedIsNamed(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	server, schema := a.inPostgres()
	a.sync("--archive-key", a.signingKey(), "--details", "none")
	server.Exec(t, schema, "UPDATE entries SET actor = actor % 2 + 1 WHERE id = 7 AND actor > 0")
	a.run("verify").fails("not what it should be")
	a.run("call", "count_audit_logs", `{"from":"all"}`).fails("make-audit-mcp verify")
}

func TestThePasswordOfADatabaseIsInNoMessage(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.inPostgres()
	for _, archive := range []string{
		a.archive, "postgres://ann:Hunter2@127.0.0.1:1/audit", "postgres://ann:Hun/ter2@db/audit", "postgres://ann:Hunter2@db/audit?sslmode=require",
		"postgres://127.0.0.1:1/audit?user=ann&password=Hunter2", "postgres://ann:Hunter2@127.0.0.1:port/audit",
	} {
		a.archive = archive
		for _, command := range [][]string{
			{"verify"}, {"sync", "--archive-key", a.signingKey()}, {"call", "list_organizations"}, {"check"}, {"export"}, {"detect"},
		} {
			got := a.run(append([]string{"--log-level", "debug"}, command...)...)
			assert.NotContains(t, got.out+got.errOut, "ter2", "%s %s", archive, command)
		}
	}
}

// Replicas with the key fill the archive, the others answer from it.
func TestReplicasShareAnArchiveInPostgreSQL(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.inPostgres()
	key := a.signingKey()
	one := a.serve("--sync-every", "100ms", "--sync-details", "none", "--archive-key", key)
	one.filled(32)
	two := a.serve("--sync-every", "100ms", "--sync-details", "none", "--archive-key", key)
	reader := a.serve("--sync-every", "100ms", "--log-level", "info")
	reader.logs("the archive is only read")
	for _, r := range []*running{one, two, reader} {
		assert.Equal(t, "archive", r.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`).Source)
	}
	one.ends()
	a.clock.Advance(3600e9)
	late := a.happen(21 * 24 * 3600e9)
	two.filled(1)
	for _, r := range []*running{two, reader} {
		assert.Equal(t, late, r.answers("list_audit_logs", `{"from":"30d","to":"2026-11-19","target_id":"late"}`).uuids())
	}
	for _, r := range []*running{two, reader} {
		r.ends()
		assert.NotContains(t, r.log.String(), "WRN")
	}
	a.run("verify").succeeds()
}

func TestAServerGoesOnWhereAnotherProcessDied(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	server, schema := a.inPostgres()
	key := a.signingKey()
	reached := a.stuckAt(3)
	died, _ := a.process("sync", "--archive-key", key, "--details", "none")
	<-reached
	next := a.serve("--sync-every", "1h", "--sync-details", "none", "--archive-key", key, "--log-level", "debug")
	next.logs("another process is filling the archive")
	require.NoError(t, died.Process.Kill())
	_ = died.Wait()
	a.each(nil)
	server.Exec(t, schema, "UPDATE leases SET until = clock_timestamp() WHERE name = 'fill'") // as time does
	next.logs("archive filled up")
	assert.Equal(t, "archive", next.answers("count_audit_logs", `{"from":"60d","to":"2026-11-19"}`).Source)
	next.ends()
	assert.Contains(t, a.run("verify").succeeds().out, "32 entries")
}

func TestAnArchiveIsMovedIntoPostgreSQL(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	a.sync("--details", "all")
	exported := a.run("export").succeeds().out
	file, key := a.archive, a.archive+".key"
	a.run("archive", "copy", file, "x").refuses("archive can move")
	a.run("archive", "move", file).refuses("needs TO")
	a.run("archive", "move", file, file).refuses("the same")
	a.run("archive", "move", file+".none", file+".new").fails("no such file")
	assert.NoFileExists(t, file+".new")

	a.inPostgres()
	moved := a.run("archive", "move", file, a.archive).succeeds()
	assert.Contains(t, moved.out, "32 entries")
	assert.Contains(t, moved.out, "the copy verifies")
	assert.Contains(t, moved.out, key)
	assert.NotContains(t, moved.out+moved.errOut, "Hunter2")
	a.run("archive", "move", file, a.archive).fails("something in it already", "name one that is empty")
	assert.Equal(t, exported, a.run("export").succeeds().out)
	a.run("verify", "--archive-key", key).succeeds()
	a.clock.Advance(3600e9)
	a.happen(24 * 3600e9)
	assert.Contains(t, a.sync("--archive-key", key, "--details", "none"), "1 entries added")
	back := a.run("archive", "move", a.archive, file+".back", "--archive-key", key).succeeds()
	assert.NotContains(t, back.out, "Hunter2")
	a.archive = file + ".back"
	assert.Contains(t, a.run("verify", "--archive-key", key).succeeds().out, "33 entries")
}
