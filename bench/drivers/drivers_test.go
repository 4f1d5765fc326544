package drivers_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// driver is a driver of SQLite without cgo: its name in database/sql, and its address of a file with the settings of the archive.
type driver struct {
	name    string
	address func(path string) string
}

func drivers() []driver {
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-8000)"}
	address := func(path string) string {
		return (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": pragmas}.Encode()}).String()
	}
	return []driver{{"sqlite", address}, {"sqlite3", address}}
}

// product is what a driver is called outside database/sql.
func (d driver) product() string {
	return map[string]string{"sqlite": "modernc", "sqlite3": "ncruces"}[d.name]
}

// rows is how many entries there are: a million, or BENCH_ROWS.
func rows() int {
	if n, err := strconv.Atoi(os.Getenv("BENCH_ROWS")); err == nil {
		return n
	}
	return 1_000_000
}

// batchSize is how many entries a transaction has, as in the archive.
const batchSize = 1000

// schema has the archive's two large tables.
const schema = `
CREATE TABLE records (leaf INTEGER PRIMARY KEY, log INTEGER NOT NULL, kind INTEGER NOT NULL, hash BLOB NOT NULL, raw BLOB NOT NULL);
CREATE TABLE entries (
	id INTEGER PRIMARY KEY, log INTEGER NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL, written INTEGER, event INTEGER NOT NULL,
	actor INTEGER, team INTEGER, target INTEGER, version_from TEXT, version_to TEXT, extra TEXT
);
CREATE UNIQUE INDEX entries_by_key ON entries (log, key);`

func open(b *testing.B, d driver, path string) *sql.DB {
	b.Helper()
	db, err := sql.Open(d.name, d.address(path))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	return db
}

// fill inserts so many entries of a year, as a sync does.
func fill(b *testing.B, db *sql.DB, count int) {
	b.Helper()
	_, err := db.ExecContext(b.Context(), schema)
	require.NoError(b, err)
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	const year = 365 * 24 * int64(time.Hour/time.Microsecond)
	raw := make([]byte, 170) // as long as an entry that is compressed
	for from := 0; from < count; from += batchSize {
		tx, err := db.BeginTx(b.Context(), nil)
		require.NoError(b, err)
		record, err := tx.PrepareContext(b.Context(), "INSERT INTO records VALUES (?, 1, 1, ?, ?)")
		require.NoError(b, err)
		entry, err := tx.PrepareContext(b.Context(),
			"INSERT INTO entries VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL) ON CONFLICT (log, key) DO NOTHING")
		require.NoError(b, err)
		for id := from; id < min(from+batchSize, count); id++ {
			for i := range raw {
				raw[i] = byte(random.Uint32())
			}
			hash := sha256.Sum256(raw)
			at := begin + random.Int64N(year)
			_, err = entry.ExecContext(b.Context(), id, hash[:16], at, at+1, random.IntN(80), random.IntN(60), random.IntN(12),
				random.IntN(40_000))
			require.NoError(b, err)
			_, err = record.ExecContext(b.Context(), id, hash[:], raw)
			require.NoError(b, err)
		}
		require.NoError(b, tx.Commit())
	}
}

// BenchmarkInsert tells the entries a second, and the bytes that each takes.
func BenchmarkInsert(b *testing.B) {
	for _, d := range drivers() {
		b.Run(d.product(), func(b *testing.B) {
			const count = 100_000
			for b.Loop() {
				path := filepath.Join(b.TempDir(), "audit.db")
				db := open(b, d, path)
				fill(b, db, count)
				_, err := db.ExecContext(b.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
				require.NoError(b, err)
				info, err := os.Stat(path)
				require.NoError(b, err)
				b.ReportMetric(float64(info.Size())/count, "bytes/entry")
			}
			b.ReportMetric(float64(b.N)*count/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkRead reads a year in the ways that an archive might.
func BenchmarkRead(b *testing.B) {
	for _, d := range drivers() {
		path := filepath.Join(b.TempDir(), "audit.db")
		db := open(b, d, path)
		fill(b, db, rows())
		for name, query := range map[string]string{
			"GroupByActor": "SELECT actor, count(*), min(at), max(at) FROM entries NOT INDEXED WHERE log = 1 AND at > 0 " +
				"GROUP BY actor",
			"GroupByQuarterAndEvent": "SELECT at / 900000000, event, count(*) FROM entries NOT INDEXED WHERE log = 1 GROUP BY 1, 2",
			"AllColumns": "SELECT at, id, coalesce(actor, 0) << 32 | coalesce(target, 0), coalesce(team, 0) << 32 | event " +
				"FROM entries NOT INDEXED WHERE log = 1",
		} {
			b.Run(fmt.Sprint(name, "/", d.product()), func(b *testing.B) {
				for b.Loop() {
					require.Positive(b, count(b, db, query))
				}
			})
		}
		b.Run("EntryByID/"+d.product(), func(b *testing.B) {
			statement, err := db.PrepareContext(b.Context(),
				"SELECT key, written, version_from, version_to, extra FROM entries WHERE id = ?")
			require.NoError(b, err)
			defer statement.Close() //nolint:errcheck // it was read
			random := rand.New(rand.NewPCG(3, 4))
			var key []byte
			var written sql.NullInt64
			var from, to, extra sql.NullString
			for b.Loop() {
				require.NoError(b, statement.QueryRowContext(b.Context(), random.IntN(rows())).Scan(&key, &written, &from, &to, &extra))
			}
		})
	}
}

// count reads all rows of a query into variables, and counts them.
func count(b *testing.B, db *sql.DB, query string) int {
	b.Helper()
	result, err := db.QueryContext(b.Context(), query)
	require.NoError(b, err)
	defer result.Close() //nolint:errcheck // it was read
	names, err := result.Columns()
	require.NoError(b, err)
	values := make([]int64, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for result.Next() {
		require.NoError(b, result.Scan(into...))
		n++
	}
	require.NoError(b, result.Err())
	return n
}
