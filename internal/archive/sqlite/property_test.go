package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/makesim"
)

// attacked is a genuine archive, of which copies are changed by somebody who has not got its signing key.
type attacked struct {
	file, key []byte
	source    archive.Source // as it was at the last sync
	kept      archive.VerifyOptions
	answers   string
	lines     []string
	// later is the upstream with one entry more, for syncs after the change.
	later archive.Source
}

// newAttacked makes one that has seen everything.
func newAttacked(t testing.TB) *attacked {
	t.Helper()
	u := storetest.Start(t, storetest.Entries(30), makesim.Quirks{})
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "webhook_created",
		TriggeredAt: storetest.Begin().Add(-time.Hour), TargetID: "9001", Details: map[string]any{"webhookName": "Invoices in"}})
	at, path := &attacked{}, filepath.Join(t.TempDir(), "audit.db")
	a := open(t, path)
	u.SyncWith(a, storetest.AllDetails())
	held := u.Dump(audittest.OrganizationID)[5]
	u.RemoveEntries(held.UUID)
	held.Event, held.CreatedAt = "scenario_deleted", storetest.Begin().Add(time.Minute)
	u.Clock.Advance(time.Hour)
	u.AddEntries(held, makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created",
		TriggeredAt: storetest.Begin().AddDate(0, 0, -21), CreatedAt: storetest.Begin().Add(30 * time.Minute), TargetID: "9002"})
	last := u.Sync(a, audittest.AdminKey)
	require.NoError(t, a.Close())
	for end, to := range map[string]*[]byte{"": &at.file, ".key": &at.key} {
		var err error
		*to, err = os.ReadFile(path + end)
		require.NoError(t, err)
	}
	at.kept = archive.VerifyOptions{Checkpoint: []byte(last.Checkpoint.Note), PublicKey: last.PublicKey}
	at.source = u.Source(audittest.AdminKey)

	later := storetest.Start(t, append(u.Dump(audittest.OrganizationID), makesim.Entry{OrganizationID: audittest.OrganizationID,
		UUID: "11111111-0000-4000-8000-000000000001", Event: "key_deleted", TriggeredAt: storetest.Begin().Add(2 * time.Hour), TargetID: "9002"}), makesim.Quirks{})
	later.Clock.Advance(3 * time.Hour)
	at.later = later.Source(audittest.AdminKey)

	genuine := open(t, at.copied(t))
	_, at.lines = at.ask(t.Context(), genuine)
	at.answers, _ = at.ask(t.Context(), genuine)
	require.NotContains(t, at.answers, "error")
	require.Len(t, at.lines, 32)
	require.Empty(t, storetest.Problems(storetest.Verify(t, genuine, at.kept)))
	return at
}

// copied is a copy of the archive, with its key.
func (at *attacked) copied(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, at.write(path))
	return path
}

func (at *attacked) write(path string) error {
	return errors.Join(os.WriteFile(path, at.file, 0o600), os.WriteFile(path+".key", at.key, 0o600))
}

// verify is what verify has to say against an archive; empty if nothing.
func (at *attacked) verify(ctx context.Context, path string) string {
	problems, _ := at.look(ctx, path, false)
	return problems
}

// look is what verify has to say, and if that is nothing, or always, the answers to all sorts of questions.
func (at *attacked) look(ctx context.Context, path string, always bool) (problems, answers string) {
	a, err := openWith(ctx, path, sqlite.Options{})
	if err != nil {
		text := storetest.Failure(err)
		return text, text
	}
	defer a.Close() //nolint:errcheck // it was read
	found, err := a.Verify(ctx, at.kept)
	if problems = storetest.Problems(found); err != nil {
		problems = err.Error()
	}
	if problems == "" || always {
		answers, _ = at.ask(ctx, a)
	}
	return problems, answers
}

// ask asks all sorts of questions of an archive.
func (at *attacked) ask(ctx context.Context, a *archive.Archive) (answers string, lines []string) {
	return storetest.Ask(ctx, at.source, a, at.lines)
}

// TestWhateverIsChangedIsNamedOrChangesNoAnswer knows no table: it changes any cell, row, object of the schema or byte of the file, and
// holds that verify names it or all answers are what they were, and that no sync signs a loss. ARCHIVE_CHANGES says how many changes,
// ARCHIVE_CHANGES_SEED repeats a series.
func TestWhateverIsChangedIsNamedOrChangesNoAnswer(t *testing.T) {
	t.Parallel()
	setting := func(name string, other int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return other
	}
	count, seed := setting("ARCHIVE_CHANGES", logtest.UnderRace(300, 12)), setting("ARCHIVE_CHANGES_SEED", 1)
	at := newAttacked(t)
	var named, harmless atomic.Int64
	var group errgroup.Group
	group.SetLimit(2)
	folder := t.TempDir()
	tables := tablesIn(t, at.copied(t))
	for i := range count {
		group.Go(func() error {
			c := &change{tables: tables, random: rand.New(rand.NewPCG(uint64(seed), uint64(i)))}
			path := filepath.Join(folder, fmt.Sprintf("%d.db", i))
			defer removeAll(path)
			if err := at.write(path); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c.make(ctx, path)
			what := fmt.Sprintf("seed %d, change %d: %s", seed, i, c)
			if problems, answers := at.look(ctx, path, false); problems != "" {
				named.Add(1)
			} else if answers == at.answers {
				harmless.Add(1)
			} else {
				t.Errorf("%s\nverify is content, and answers are others:\n%s", what, difference(at.answers, answers))
			}
			if i%10 == 0 {
				at.syncAfter(ctx, t, path, what)
			}
			if ctx.Err() != nil {
				t.Errorf("%s\ntakes without end", what)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	t.Logf("%d named, %d change nothing", named.Load(), harmless.Load())
	assert.Greater(t, int(named.Load()), count/2, "most changes matter")
}

func removeAll(path string) {
	files, _ := filepath.Glob(path + "*")
	for _, file := range files {
		_ = os.Remove(file)
	}
}

// syncAfter has a genuine sync go on from a changed file: what then verifies has every entry.
func (at *attacked) syncAfter(ctx context.Context, t *testing.T, path, what string) {
	t.Helper()
	a, err := openWith(ctx, path, sqlite.Options{Create: true})
	if err != nil {
		return
	}
	defer a.Close() //nolint:errcheck // it may be damaged
	if _, err = a.Sync(ctx, at.later, storetest.SyncOptions()); err != nil {
		return
	}
	if found, err := a.Verify(ctx, at.kept); err != nil || !found.Intact() {
		return
	}
	if _, lines := at.ask(ctx, a); !slices.Equal(lines, at.lines) {
		t.Errorf("%s\na sync signed entries that are others: %d, and there were %d", what, len(lines), len(at.lines))
	}
}

// difference is where two texts begin to differ.
func difference(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	part := func(s string) string { return s[max(0, at-150):min(len(s), at+150)] }
	return part(a) + "\n---\n" + part(b)
}

// change is a change of a file.
type change struct {
	tables []table
	random *rand.Rand
	did    []string
}

// table is one of a file.
type table struct {
	name          string
	columns, keys []string
	rows          int
}

// tablesIn are those of a file.
func tablesIn(t testing.TB, path string) (all []table) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // it was read
	list := func(query string, args ...any) (list []string) {
		rows, err := db.QueryContext(t.Context(), query, args...)
		require.NoError(t, err)
		defer rows.Close() //nolint:errcheck // it was read
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			list = append(list, text)
		}
		require.NoError(t, rows.Err())
		return list
	}
	for _, name := range list("SELECT name FROM sqlite_schema WHERE type = 'table'") {
		of := table{name: name, columns: list("SELECT name FROM pragma_table_info(?)", name),
			keys: list("SELECT name FROM pragma_table_info(?) WHERE pk > 0", name)}
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+name).Scan(&of.rows))
		all = append(all, of)
	}
	return all
}

func (c *change) String() string { return strings.Join(c.did, "; ") }

// make changes a file in some way, until something was changed.
func (c *change) make(ctx context.Context, path string) {
	for range 50 {
		if c.random.IntN(5) == 0 {
			c.bytes(path)
			return
		}
		if c.statements(ctx, path) {
			return
		}
	}
}

// bytes changes bytes of the file itself.
func (c *change) bytes(path string) {
	data, _ := os.ReadFile(path)
	const page = 4096
	pages := len(data) / page
	at, other := c.random.IntN(len(data)), c.random.IntN(pages)
	switch c.random.IntN(9) {
	case 0, 1, 2, 3:
		for range 1 + c.random.IntN(3) {
			at = c.random.IntN(len(data))
			data[at] ^= 1 << c.random.IntN(8)
		}
	case 4: // the header
		at = 16 + c.random.IntN(84)
		data[at] = byte(c.random.IntN(256))
	case 5: // the heads of pages
		at = other*page + c.random.IntN(12)
		data[at] = byte(c.random.IntN(256))
	case 6:
		data = data[:at]
	case 7:
		copy(data[at/page*page:], data[other*page:(other+1)*page])
	default:
		data = append(data, make([]byte, page)...)
	}
	c.did = append(c.did, fmt.Sprintf("bytes at %d (page %d and %d), %d in all", at, at/page+1, other+1, len(data)))
	_ = os.WriteFile(path, data, 0o600)
}

// statements changes the file through SQL, and reports whether it did.
func (c *change) statements(ctx context.Context, path string) bool {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=ignore_check_constraints(1)&_pragma=synchronous(OFF)")
	if err != nil {
		return false
	}
	defer db.Close() //nolint:errcheck // what was written is
	db.SetMaxOpenConns(1)
	of := c.tables[c.random.IntN(len(c.tables))]
	table, columns, keys := of.name, of.columns, strings.Join(of.keys, ", ")
	column := columns[c.random.IntN(len(columns))]
	one := fmt.Sprintf("(%s) = (SELECT %s FROM %s LIMIT 1 OFFSET %d)", keys, keys, table, c.random.IntN(max(of.rows, 1)))
	loosely := c.random.IntN(6) == 0
	var statements []string
	if loosely { // so that any type can be in any column, and then back
		statements = append(statements, "PRAGMA writable_schema = ON",
			"UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '      ') WHERE name = '"+table+"'", "PRAGMA writable_schema = RESET")
	}
	statements = append(statements, c.pick(table, column, one, columns))
	if loosely {
		statements = append(statements, "PRAGMA writable_schema = ON",
			"UPDATE sqlite_schema SET sql = replace(sql, ')       ', ') STRICT') WHERE name = '"+table+"'",
			"UPDATE sqlite_schema SET sql = replace(sql, '      , WITHOUT', 'STRICT, WITHOUT') WHERE name = '"+table+"'")
	}
	changed := false
	for _, statement := range statements {
		result, err := db.ExecContext(ctx, statement)
		if err != nil {
			continue
		}
		n, _ := result.RowsAffected()
		changed = changed || n > 0 || !strings.HasPrefix(statement, "UPDATE")
		c.did = append(c.did, statement)
	}
	return changed
}

// pick is some statement.
func (c *change) pick(table, column, one string, columns []string) string {
	name := "made_" + strconv.Itoa(c.random.IntN(100))
	where := []string{" WHERE " + one, " WHERE " + one, " WHERE " + one, ""}[c.random.IntN(4)]
	switch c.random.IntN(20) {
	default:
		return fmt.Sprintf("UPDATE OR REPLACE %s SET %s = %s%s", table, column, c.value(table, column), where)
	case 0, 1:
		return "DELETE FROM " + table + where
	case 2, 3:
		values := slices.Clone(columns)
		for i := range values {
			if c.random.IntN(3) == 0 || i == 0 {
				values[i] = c.value(table, columns[i])
			}
		}
		return fmt.Sprintf("INSERT OR REPLACE INTO %s SELECT %s FROM %s%s", table, strings.Join(values, ", "), table, where)
	case 4:
		when := []string{"BEFORE INSERT", "AFTER INSERT", "BEFORE UPDATE", "AFTER UPDATE", "AFTER DELETE"}[c.random.IntN(5)]
		do := []string{"SELECT RAISE(IGNORE)", "DELETE FROM " + table + " WHERE " + one}[c.random.IntN(2)]
		return fmt.Sprintf("CREATE TRIGGER %s %s ON %s BEGIN %s; END", name, when, table, do)
	case 5:
		return fmt.Sprintf("ALTER TABLE %[1]s RENAME TO %[2]s; CREATE VIEW %[1]s AS SELECT * FROM %[2]s LIMIT 1000 OFFSET 1", table, name)
	case 6:
		return []string{
			fmt.Sprintf("CREATE INDEX %s ON %s (%s)", name, table, column), "CREATE TABLE " + name + " (a)",
			"CREATE VIEW " + name + " AS SELECT 1",
			"DROP INDEX entries_by_key", "DROP TABLE " + table, "ANALYZE", "REINDEX",
			fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", table, column, name),
			fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s INTEGER", table, name), fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", table, column),
			"CREATE TEMP TABLE " + name + " (a)", "VACUUM",
		}[c.random.IntN(12)]
	case 7:
		return []string{
			"PRAGMA user_version = 7", "PRAGMA application_id = 7", "PRAGMA journal_mode = DELETE", "PRAGMA auto_vacuum = FULL; VACUUM",
			"PRAGMA page_size = 8192; PRAGMA journal_mode = DELETE; VACUUM", "PRAGMA encoding = 'UTF-16'", "PRAGMA schema_version = 99",
			fmt.Sprintf("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER NOT NULL', 'TEXT') WHERE name = '%s'",
				table),
			fmt.Sprintf("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = '%s'", table),
			fmt.Sprintf("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = rootpage %% 20 + 1 WHERE name = '%s'", table),
		}[c.random.IntN(10)]
	}
}

// value is an expression of any type.
func (c *change) value(table, column string) string {
	switch c.random.IntN(14) {
	case 0:
		return strconv.Itoa(c.random.IntN(200) - 20)
	case 1:
		return []string{"0", "-1", "1 << 62", "-9223372036854775808", "9223372036854775807", "2147483648", "4294967296"}[c.random.IntN(7)]
	case 2:
		return fmt.Sprintf("%s + %d", column, c.random.IntN(5)-2)
	case 3:
		return fmt.Sprintf("%s + (%d << 32)", column, 1+c.random.IntN(7))
	case 4:
		return "NULL"
	case 5:
		return "'text'"
	case 6:
		return "CAST(" + column + " AS TEXT)"
	case 7:
		return "CAST(" + column + " AS BLOB)"
	case 8:
		return "CAST(" + column + " AS REAL)"
	case 9:
		return fmt.Sprintf("zeroblob(%d)", []int{0, 1, 16, 100_000}[c.random.IntN(4)])
	case 10:
		return fmt.Sprintf("CAST(replace(CAST(%s AS TEXT), '%d', '%d') AS BLOB)", column, c.random.IntN(10), c.random.IntN(10))
	case 11:
		return fmt.Sprintf("%s || x'00'", column)
	default:
		return fmt.Sprintf("(SELECT %[1]s FROM %[2]s LIMIT 1 OFFSET %[3]d %% (SELECT count(*) FROM %[2]s))", column, table, c.random.IntN(1000))
	}
}
