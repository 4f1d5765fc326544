package cli_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// checkpointIn is the checkpoint that sync printed, as a file that is kept elsewhere.
func (a *acme) checkpointIn(said string) string {
	a.t.Helper()
	_, after, found := strings.Cut(said, "checkpoint:\n")
	require.True(a.t, found, said)
	return writeFile(a.t, after)
}

// backedUp dumps a schema as docs/archive.md says, as a role that may read alone.
func (a *acme) backedUp(server *postgrestest.Server, schema string) (dump string) {
	a.t.Helper()
	role := "reads_" + schema
	server.Exec(a.t, "", "DO $$ BEGIN CREATE ROLE "+role+" LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; "+
		"GRANT USAGE ON SCHEMA "+schema+" TO "+role+"; GRANT SELECT ON ALL TABLES IN SCHEMA "+schema+" TO "+role)
	dump = filepath.Join(a.t.TempDir(), "audit.dump")
	server.Run(a.t, "pg_dump", "--format=custom", "--schema="+schema, "--username="+role, "--file="+dump, "postgres")
	return dump
}

// restore restores a dump into a database of its own, which the archive is from then on.
func (a *acme) restore(server *postgrestest.Server, dump, database string) {
	a.t.Helper()
	server.Run(a.t, "createdb", database)
	server.Run(a.t, "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname="+database, dump)
	a.archive = regexp.MustCompile(`/postgres\?`).ReplaceAllString(a.archive, "/"+database+"?")
}

// What docs/archive.md says of backups, step by step.
func TestAnArchiveInPostgreSQLIsBackedUpAndRestored(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	a := newAcme(t)
	server, schema := a.inPostgres()
	key := a.signingKey()
	kept := a.checkpointIn(a.sync("--archive-key", key, "--details", "all"))
	earlier := a.backedUp(server, schema)
	a.clock.Advance(time.Hour)
	a.happen(time.Minute)
	newer := a.checkpointIn(a.sync("--archive-key", key, "--details", "all"))
	later := a.run("export").succeeds().out

	// The last backup.
	a.restore(server, a.backedUp(server, schema), "last_"+schema)
	verified := a.run("verify", "--archive-key", key, "--checkpoint", newer).succeeds().out
	assert.Contains(t, verified, "33 entries")
	assert.Equal(t, later, a.run("export").succeeds().out)
	a.run("verify", "--checkpoint", kept).succeeds()

	// An earlier one: what is there is proved, and that something is missing is said.
	a.archive = strings.Replace(a.archive, "/last_"+schema, "/postgres", 1)
	a.restore(server, earlier, "earlier_"+schema)
	assert.Contains(t, a.run("verify", "--checkpoint", kept).succeeds().out, "32 entries")
	told := a.run("verify", "--checkpoint", newer).fails("the archive is not what it should be")
	assert.Regexp(t, `FAIL  records: 1 problem\(s\) in \d+ records\n +- record \d+: records are missing: the checkpoint that was given, of \S+, is `+
		`about \d+\n`, told.out)
	assert.Contains(t, told.out, "as in an earlier copy of the archive; if one was restored on purpose, make-audit-mcp sync reads what is missing")

	// Make still keeps what is missing.
	again := a.checkpointIn(a.sync("--archive-key", key, "--details", "all"))
	assert.Equal(t, later, a.run("export").succeeds().out)
	require.NoError(t, os.Remove(key+".verified"))
	assert.Contains(t, a.run("verify", "--archive-key", key, "--checkpoint", again).succeeds().out, "33 entries")
	r := a.serve("--archive-key", key)
	r.readyz(http.StatusOK)
	r.ends()
}
