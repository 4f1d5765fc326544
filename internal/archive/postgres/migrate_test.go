package postgres_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// versionOne are the statements that made archives of version 1.
const versionOne = `
CREATE TABLE leases (name text NOT NULL, term bigint NOT NULL, holder text NOT NULL, until timestamp with time zone NOT NULL,
	PRIMARY KEY (name));
CREATE TABLE records (log bigint NOT NULL, leaf bigint NOT NULL, kind integer NOT NULL, hash bytea NOT NULL, raw bytea NOT NULL,
	PRIMARY KEY (log, leaf));
CREATE INDEX records_by_leaf ON records (leaf);
CREATE TABLE entries (log bigint NOT NULL, id bigint NOT NULL, key bytea NOT NULL, at bigint NOT NULL, event integer NOT NULL,
	actor integer NOT NULL, team integer NOT NULL, target integer NOT NULL, record bigint NOT NULL, details bigint NOT NULL,
	PRIMARY KEY (log, id));
CREATE UNIQUE INDEX entries_by_key ON entries (log, key);
CREATE TABLE words (dictionary integer NOT NULL, id integer NOT NULL, sum bytea NOT NULL, first bytea NOT NULL, second bytea NOT NULL,
	third bytea NOT NULL, PRIMARY KEY (dictionary, id));
CREATE UNIQUE INDEX words_by_sum ON words (dictionary, sum);
CREATE TABLE names (log bigint NOT NULL, sum bytea NOT NULL, target integer NOT NULL, object bytea NOT NULL, name bytea NOT NULL,
	record bigint NOT NULL, PRIMARY KEY (log, sum));
CREATE TABLE logs (id bigint NOT NULL, instance bytea NOT NULL, organization bytea NOT NULL, state bytea NOT NULL, known bytea NOT NULL,
	PRIMARY KEY (id));
CREATE UNIQUE INDEX logs_by_organization ON logs (instance, organization);
CREATE TABLE checkpoints (size bigint NOT NULL, note bytea NOT NULL, PRIMARY KEY (size));
CREATE TABLE archive (key integer NOT NULL, program text NOT NULL, version integer NOT NULL, world bytea NOT NULL, id text NOT NULL,
	head bytea NOT NULL, PRIMARY KEY (key));
INSERT INTO leases VALUES ('migrate', 1, '', TIMESTAMPTZ '2000-01-01 00:00:00Z'), ('fill', 7, '', TIMESTAMPTZ '2000-01-01 00:00:00Z');
INSERT INTO archive VALUES (1, 'make-audit-mcp', 1, '', 'an id', 'one');
INSERT INTO logs VALUES (1, 'eu1.make.com', '77', '{}', '{}')`

// madeByVersionOne is the name of a schema with such an archive.
func madeByVersionOne(t testing.TB, server *postgrestest.Server) (schema string) {
	t.Helper()
	schema = server.Schema()
	server.Exec(t, "", "CREATE SCHEMA "+schema)
	server.Exec(t, schema, versionOne)
	return schema
}

// isBroughtUp asserts that an archive is of this version, and has what it had.
func isBroughtUp(t testing.TB, server *postgrestest.Server, schema string) {
	t.Helper()
	store := open(t, server.Address(schema), postgres.Options{})
	t.Cleanup(func() { _ = store.Close() })
	damage, err := store.Damage(t.Context())
	require.NoError(t, err)
	assert.Empty(t, damage)
	assert.Equal(t, "an id", store.ID())
	head, err := store.Head(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "one", string(head))
	logs, err := store.Logs(t.Context(), archive.LogKey{})
	require.NoError(t, err)
	assert.Len(t, logs, 1)
	assert.Equal(t, [][]string{{"7"}}, server.Query(t, schema, "SELECT term::text FROM leases WHERE name = 'fill'"))
}

func TestAnOlderArchiveIsBroughtUp(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := madeByVersionOne(t, server)
	is := refused(t, server.Address(schema), postgres.Options{})
	assert.Contains(t, is.Error(), "it is of version 1, and this program needs version 2")
	assert.Contains(t, is.NextStep(), "make-audit-mcp sync")
	assert.Equal(t, [][]string{{"1"}}, server.Query(t, schema, "SELECT version::text FROM archive"))

	store := open(t, server.Address(schema), postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	unlock, err := store.Lock(t.Context())
	require.NoError(t, err)
	t.Cleanup(unlock)
	require.NoError(t, store.Append(t.Context(), batch("one", "two")))
	require.NoError(t, open(t, server.Address(schema), postgres.Options{Create: true}).Close(), "once more")
}

func TestProcessesThatBringAnArchiveUpTogetherDoNotCollide(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	for range 5 {
		schema := madeByVersionOne(t, server)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				store, err := postgres.Open(t.Context(), server.Address(schema), postgres.Options{Create: true})
				if assert.NoError(t, err) {
					assert.NoError(t, store.Close())
				}
			})
		}
		group.Wait()
		isBroughtUp(t, server, schema)
	}
}

// Whatever statement a migration died at, the next one does the rest.
func TestAMigrationThatWasKilledIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	for _, at := range []string{"CREATE INDEX IF NOT EXISTS entries_by_time", "CREATE TABLE IF NOT EXISTS budget", "INSERT INTO archive",
		"UPDATE archive SET version"} {
		schema := madeByVersionOne(t, server)
		address, connection := breakable(t, server, schema)
		dying, die := context.WithCancel(t.Context())
		connection.when(func(said []byte) event {
			if !strings.Contains(string(said), at) {
				return goesOn
			}
			die()
			return isCut
		})
		_, err := postgres.Open(dying, address, postgres.Options{Create: true, Lease: 500 * time.Millisecond})
		require.ErrorIs(t, err, context.Canceled, at)
		store := open(t, server.Address(schema), postgres.Options{Create: true})
		require.NoError(t, store.Close())
		isBroughtUp(t, server, schema)
	}
}

// A migration changes nothing of an archive that is not as its version made it.
func TestAnOlderArchiveThatSomebodyChangedIsNotBroughtUp(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	for statement, says := range map[string]string{
		"CREATE VIEW budget AS SELECT 1 AS name": "budget", "DROP INDEX entries_by_key": "lacks the unique index entries_by_key",
		"CREATE TABLE budget (name text PRIMARY KEY)": "budget",
	} {
		schema := madeByVersionOne(t, server)
		server.Exec(t, schema, statement)
		assert.Contains(t, refused(t, server.Address(schema), postgres.Options{Create: true}).Error(), says)
		assert.Equal(t, [][]string{{"1"}}, server.Query(t, schema, "SELECT version::text FROM archive"))
	}
}

func TestWhoMayNotBringAnArchiveUpIsToldWhoMay(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := madeByVersionOne(t, server)
	role := "r" + schema
	server.Exec(t, schema, "CREATE ROLE "+role+" LOGIN; GRANT USAGE ON SCHEMA "+schema+" TO "+role+"; GRANT SELECT ON ALL TABLES IN SCHEMA "+
		schema+" TO "+role)
	for address, says := range map[string]string{
		server.AddressOf(role, schema):                               "this role may not bring it up",
		server.Address(schema) + "&default_transaction_read_only=on": "read only",
	} {
		is := refused(t, address, postgres.Options{Create: true})
		assert.Contains(t, is.Error(), says)
		assert.Contains(t, is.NextStep(), "as the role that made it")
	}
}
