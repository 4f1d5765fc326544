package postgres_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/audittest/postgrestest"
)

// ended is a context that has ended.
func ended(t testing.TB) context.Context {
	ctx, end := context.WithCancel(t.Context())
	end()
	return ctx
}

func TestProcessesThatStartTogetherMakeOneArchive(t *testing.T) {
	t.Parallel()
	for range 5 {
		address := postgrestest.Shared(t).Empty()
		var ids [6]string
		var group sync.WaitGroup
		for i := range ids {
			group.Go(func() {
				store, err := postgres.Open(t.Context(), address, postgres.Options{Create: true, World: "demo"})
				if !assert.NoError(t, err) {
					return
				}
				ids[i] = store.ID()
				assert.NoError(t, store.Close())
			})
		}
		group.Wait()
		for _, id := range ids {
			assert.Equal(t, ids[0], id)
		}
		_, err := postgres.Open(t.Context(), address, postgres.Options{})
		var world *archive.WorldError
		require.ErrorAs(t, err, &world)
		assert.Equal(t, "demo", world.Holds)
	}
}

// One that died while it made the tables leaves the rest to the next.
func TestAnArchiveThatIsHalfMadeIsMadeWhole(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	whole := server.Schema()
	require.NoError(t, open(t, server.Address(whole), postgres.Options{Create: true}).Close())
	tables := server.Query(t, whole, "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = '"+whole+"'::regnamespace")
	for _, table := range tables {
		if table[0] == "archive" || table[0] == "leases" {
			continue
		}
		schema := server.Schema()
		require.NoError(t, open(t, server.Address(schema), postgres.Options{Create: true}).Close())
		server.Exec(t, schema, "DROP TABLE archive; DROP TABLE "+table[0])
		is := refused(t, server.Address(schema), postgres.Options{})
		assert.Contains(t, is.Error(), "it is empty")
		store := open(t, server.Address(schema), postgres.Options{Create: true})
		damage, err := store.Damage(t.Context())
		require.NoError(t, err)
		assert.Empty(t, damage)
		require.NoError(t, store.Close())
	}
}

func TestWhatIsNotAnArchiveIsLeftAlone(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	for statement, says := range map[string]string{
		"CREATE TABLE customers (id integer)": "another program",
		"CREATE TABLE archive (id integer)":   "another program",
		"CREATE TABLE archive (key int, program text, version int, world bytea, id text); INSERT INTO archive VALUES (1, 'x', 1, '', '')": "another program",
	} {
		schema := server.Schema()
		server.Exec(t, "", "CREATE SCHEMA "+schema)
		server.Exec(t, schema, statement)
		const look = "SELECT count(*)::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
		before := server.Query(t, schema, look)
		for _, create := range []bool{true, false} {
			is := refused(t, server.Address(schema), postgres.Options{Create: create})
			assert.Contains(t, is.Error(), says)
			assert.Contains(t, is.NextStep(), "another schema")
		}
		assert.Equal(t, before, server.Query(t, schema, look))
	}
}

func TestWhatCannotBeUsedIsExplained(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	made := func(statement string) string {
		schema := server.Schema()
		require.NoError(t, open(t, server.Address(schema), postgres.Options{Create: true}).Close())
		server.Exec(t, schema, statement)
		return schema
	}
	is := refused(t, server.Empty(), postgres.Options{})
	assert.Contains(t, is.Error(), "it is empty")
	assert.Contains(t, is.NextStep(), "make-audit-mcp sync")

	is = refused(t, server.Address(made("UPDATE archive SET version = 3")), postgres.Options{Create: true})
	assert.Contains(t, is.Error(), "it is of version 3, and this program knows up to 2")
	assert.Contains(t, is.NextStep(), "newer program")

	store := open(t, server.Address(made("DELETE FROM leases")), postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	_, err := store.Lock(t.Context())
	require.ErrorAs(t, err, &is)
	assert.Contains(t, is.Error(), "its lease fill is gone")
}

// A role has the rights that it needs, and no others.
func TestRolesWithoutRightsAreExplained(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := server.Schema()
	store := open(t, server.Address(schema), postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	role := func(grants ...string) string {
		name := "r" + server.Schema()
		server.Exec(t, "", "CREATE ROLE "+name+" LOGIN")
		for _, grant := range grants {
			server.Exec(t, schema, fmt.Sprintf(grant, name))
		}
		return server.AddressOf(name, schema)
	}
	const use, read = "GRANT USAGE ON SCHEMA %s TO %%s", "GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %%s"
	mayUse, mayRead := fmt.Sprintf(use, schema), fmt.Sprintf(read, schema)
	for address, says := range map[string]string{
		role(): "may not use its schema", role(mayUse): "lacks the rights", server.AddressOf("nobody", schema): "does not let this user in",
	} {
		for _, create := range []bool{true, false} {
			is := refused(t, address, postgres.Options{Create: create})
			assert.Contains(t, is.Error(), says)
		}
	}
	is := refused(t, role(mayUse), postgres.Options{})
	assert.Contains(t, is.NextStep(), "docs/archive.md")

	reader := open(t, role(mayUse, mayRead), postgres.Options{Create: true})
	t.Cleanup(func() { _ = reader.Close() })
	_, err := reader.Lock(t.Context())
	require.ErrorAs(t, err, &is)
	assert.Contains(t, is.Error(), "lacks the rights")

	is = refused(t, role()+"_of_its_own", postgres.Options{Create: true})
	assert.Contains(t, is.Error(), "lacks the rights", "it may make no schema")
}

func TestADatabaseThatIsReadOnlyCanBeReadAlone(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := server.Schema()
	require.NoError(t, open(t, server.Address(schema), postgres.Options{Create: true}).Close())
	store := open(t, server.Address(schema)+"&default_transaction_read_only=on", postgres.Options{Create: true})
	t.Cleanup(func() { _ = store.Close() })
	head, err := store.Head(t.Context())
	require.NoError(t, err)
	assert.Empty(t, head)
	_, err = store.Lock(t.Context())
	var is *archive.StoreError
	require.ErrorAs(t, err, &is)
	assert.Contains(t, is.Error(), "read only, as a replica is")
	assert.Contains(t, is.NextStep(), "primary")
}

func TestAServerThatGoesAwayInMidReadIsSaidToHaveGone(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := server.Schema()
	store := open(t, server.Address(schema)+"&application_name="+schema, postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	unlock, err := store.Lock(t.Context())
	require.NoError(t, err)
	t.Cleanup(unlock)
	b := batch("", "one")
	for number := range int64(5000) {
		b.Records = append(b.Records, archive.Record{Number: number, Log: 1, Kind: 3, Hash: []byte("hash"), Packed: make([]byte, 4000)})
	}
	require.NoError(t, store.Append(t.Context(), b))
	read := func(from archive.Reads, meanwhile func()) (count int, err error) {
		for _, err := range from.Records(t.Context(), 0, 0, math.MaxInt) {
			if err != nil {
				return count, err
			}
			if count++; count == 1 {
				meanwhile()
			}
		}
		return count, nil
	}
	kill := func() {
		server.Exec(t, "", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"+schema+"'")
	}
	count, err := read(store, kill)
	var is *archive.StoreError
	require.ErrorAs(t, err, &is)
	assert.True(t, is.IsAway, is.Error())
	assert.Less(t, count, 5000)
	err = store.Snapshot(t.Context(), func(from archive.Reads) error {
		_, err := read(from, kill)
		return err
	})
	require.ErrorAs(t, err, &is)
	assert.True(t, is.IsAway, is.Error())
	count, err = read(store, func() {})
	require.NoError(t, err)
	assert.Equal(t, 5000, count)
}

// What could act by itself, or show other rows than there are, is named, and nothing is stored.
func TestWhatSomebodyPlantedIsNamed(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	for name, planted := range map[string]struct{ statement, says string }{
		"a trigger": {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; " +
			"CREATE TRIGGER t BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION f()", "trigger t on records"},
		"a rule":             {"CREATE RULE r AS ON INSERT TO records DO INSTEAD NOTHING", "rule r on records"},
		"a view":             {"DROP TABLE checkpoints; CREATE VIEW checkpoints AS SELECT 1::bigint AS size, ''::bytea AS note", "checkpoints"},
		"a table":            {"CREATE TABLE further (a integer)", "further"},
		"a column":           {"ALTER TABLE logs ADD COLUMN more text", "logs.more"},
		"a default":          {"ALTER TABLE entries ALTER COLUMN actor SET DEFAULT 7", "entries.actor"},
		"a constraint":       {"ALTER TABLE entries ADD CONSTRAINT k CHECK (id < 10)", "constraint k on entries"},
		"another type":       {"ALTER TABLE entries ALTER COLUMN event TYPE bigint", "entries.event"},
		"a column for NULL":  {"ALTER TABLE entries ALTER COLUMN event DROP NOT NULL", "entries.event"},
		"row security":       {"ALTER TABLE records ENABLE ROW LEVEL SECURITY", "records with row security"},
		"a child":            {"CREATE TABLE child () INHERITS (records)", "child"},
		"an index":           {"CREATE INDEX i ON records ((hash || raw))", "i on records with an expression"},
		"no index":           {"DROP INDEX entries_by_key", "lacks the unique index entries_by_key"},
		"an index of others": {"DROP INDEX entries_by_key; CREATE INDEX entries_by_key ON entries (log, key)", "entries_by_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema := server.Schema()
			store := open(t, server.Address(schema), postgres.Options{Create: true, Lease: long})
			t.Cleanup(func() { _ = store.Close() })
			unlock, err := store.Lock(t.Context())
			require.NoError(t, err)
			t.Cleanup(unlock)
			server.Exec(t, schema, planted.statement)
			damage, err := store.Damage(t.Context())
			require.NoError(t, err)
			require.Len(t, damage, 1)
			assert.Contains(t, damage[0], planted.says)
			var is *archive.StoreError
			require.ErrorAs(t, store.Append(t.Context(), batch("", "one")), &is)
			assert.Contains(t, is.Error(), planted.says)
			assert.False(t, is.IsAway)
			assert.Contains(t, refused(t, server.Address(schema), postgres.Options{}).Error(), planted.says)
		})
	}
}

func TestSumsThatAreNotOfTheirTextsAreNamed(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := server.Schema()
	store := open(t, server.Address(schema), postgres.Options{Create: true, Lease: long})
	t.Cleanup(func() { _ = store.Close() })
	unlock, err := store.Lock(t.Context())
	require.NoError(t, err)
	t.Cleanup(unlock)
	b := batch("", "one")
	b.Words = []archive.Word{{Dictionary: archive.Actors, ID: 1, Texts: archive.Texts{"7", "Ann", "ann@acme.example"}}}
	b.Names = []archive.Name{{Log: 1, Target: 1, Object: "webhook", Name: "Invoices", Record: 0}}
	require.NoError(t, store.Append(t.Context(), b))
	damage, err := store.Damage(t.Context())
	require.NoError(t, err)
	assert.Empty(t, damage)
	server.Exec(t, schema, "UPDATE words SET sum = '\\x00'; UPDATE names SET sum = '\\x00'")
	damage, err = store.Damage(t.Context())
	require.NoError(t, err)
	assert.Len(t, damage, 2)
}

// Sequences that are read at once, each of which asks further while it is read, do not wait for one another for ever.
func TestManyReadAtOnce(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, 1, postgres.Options{Lease: long})
	r.lock(0)
	b := batch("", "one")
	for number := range int64(100) {
		b.Records = append(b.Records, archive.Record{Number: number, Log: 1, Kind: 3, Hash: []byte("hash"), Packed: []byte("packed")})
	}
	require.NoError(t, r.stores[0].Append(t.Context(), b))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			for range 5 {
				assert.NoError(t, r.stores[0].Snapshot(ctx, func(from archive.Reads) error {
					count := 0
					for _, err := range from.Records(ctx, 1, 0, 1000) {
						assert.NoError(t, err)
						count++
					}
					assert.Equal(t, 100, count)
					return nil
				}))
			}
		})
	}
	group.Wait()
}
