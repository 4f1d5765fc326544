package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/audittest/postgrestest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// documentedRoles are the statements of docs/archive.md that make roles, about a schema, with roles of names of their own.
func documentedRoles(t testing.TB, schema string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "archive.md"))
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```sql\n(.*?)```").FindStringSubmatch(string(page))
	require.Len(t, found, 2)
	text := strings.ReplaceAll(found[1], "make_audit", schema)
	for _, role := range []string{"audit_writer", "audit_reader"} {
		require.Contains(t, text, role)
		text = strings.ReplaceAll(text, role, role+"_"+schema)
	}
	return text
}

func TestRolesHaveTheRightsThatTheyNeedAndNoOthers(t *testing.T) {
	t.Parallel()
	server := postgrestest.Shared(t)
	schema := server.Schema()
	require.NoError(t, open(t, server.Address(schema), postgres.Options{Create: true}).Close())
	server.Exec(t, "", documentedRoles(t, schema))

	key := filepath.Join(t.TempDir(), "key")
	as := func(role string) (*postgres.Store, *archive.Archive) {
		store := open(t, server.AddressOf(role+"_"+schema, schema), postgres.Options{Create: true})
		t.Cleanup(func() { _ = store.Close() })
		return store, archive.New(store, archive.Options{Decode: live.Decode, KeyFile: key, Now: storetest.Begin})
	}
	writing, written := as("audit_writer")
	reading, read := as("audit_reader")
	writer, err := writing.Server(t.Context())
	require.NoError(t, err)
	assert.Empty(t, writer.LackToFill)
	assert.Empty(t, writer.LackToShare)
	reader, err := reading.Server(t.Context())
	require.NoError(t, err)
	assert.Len(t, reader.LackToFill, 11, "all of them")
	assert.Contains(t, reader.LackToFill, "UPDATE (state, known) on logs")
	assert.Empty(t, reader.LackToShare)
	entries := storetest.Entries(200)
	for i := range entries {
		entries[i].Details = map[string]any{"webhookName": "Orders"}
	}
	u := storetest.Start(t, entries, makesim.Quirks{})
	u.SyncWith(written, storetest.AllDetails())
	changed := u.Dump(audittest.OrganizationID)[3]
	u.RemoveEntries(changed.UUID)
	u.Clock.Advance(time.Hour)
	changed.Actor, changed.CreatedAt = &makesim.Actor{ID: 9, Name: "Renamed", Email: "r@acme.example"}, u.Clock.Now().Add(-time.Minute)
	u.AddEntries(changed)
	u.Happens("key_created", storetest.Begin().AddDate(0, 0, -1))
	summary := u.SyncWith(written, storetest.AllDetails())
	assert.Positive(t, summary.Changed)
	assert.Positive(t, summary.Added)
	assert.Positive(t, summary.Details)
	u.Same(read)

	_, err = read.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
	var is *archive.StoreError
	require.ErrorAs(t, err, &is)
	assert.Contains(t, is.Error(), "lacks the rights")
	assert.Contains(t, is.NextStep(), "docs/archive.md")
	head, err := reading.Head(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, head)

	for _, archive := range []*archive.Archive{written, read} {
		require.NoError(t, archive.Change(t.Context(), "name", func([]byte, time.Time) []byte { return []byte("value") }))
	}
	server.Exec(t, schema, "REVOKE UPDATE (value) ON budget FROM audit_reader_"+schema)
	require.ErrorAs(t, read.Change(t.Context(), "name", func([]byte, time.Time) []byte { return nil }), &is)
	assert.False(t, is.IsAway)
	assert.Contains(t, is.NextStep(), "docs/archive.md")

	for _, table := range []string{"records", "checkpoints", "words", "entries", "names", "logs", "leases", "archive", "budget"} {
		for _, role := range []string{"audit_writer", "audit_reader"} {
			assert.Equal(t, [][]string{{"false"}}, server.Query(t, "", fmt.Sprintf("SELECT (has_table_privilege('%[1]s_%[2]s', '%[2]s.%[3]s', "+
				"'DELETE, TRUNCATE, TRIGGER') OR has_schema_privilege('%[1]s_%[2]s', '%[2]s', 'CREATE'))::text", role, schema, table)), table)
		}
		if table == "records" || table == "checkpoints" || table == "words" {
			assert.Equal(t, [][]string{{"false"}}, server.Query(t, "", "SELECT has_any_column_privilege('audit_writer_"+schema+"', '"+schema+"."+
				table+"', 'UPDATE')::text"), "what is stored there is never changed")
		}
	}
}
