package sqlite_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/sqlite"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/makeapi"
)

// forged are the columns of a record as this program would make it, as SQL: its hash as a leaf, and itself, packed.
func forged(t *testing.T, kind string, raw []byte) string {
	t.Helper()
	var to bytes.Buffer
	writer, err := flate.NewWriter(&to, flate.BestCompression)
	require.NoError(t, err)
	_, err = writer.Write(raw)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	packed := binary.BigEndian.AppendUint32(to.Bytes(), crc32.ChecksumIEEE(to.Bytes()))
	leaf := tlog.RecordHash(bytes.Join([][]byte{[]byte(kind), []byte(audittest.Zone), []byte("77"), raw}, []byte{0}))
	return fmt.Sprintf("x'%x', x'%x'", leaf[:], packed)
}

// meddled is a source that has something done once a sync has begun.
type meddled struct {
	archive.Source
	meddle func()
}

func (m meddled) Written(ctx context.Context, organization auditlog.Ref, since time.Time,
	yield func(*auditlog.Entry)) (time.Time, auditlog.Report, error) {
	m.meddle()
	return m.Source.Written(ctx, organization, since, yield)
}

// TestWhatSomebodyPlantedIsNotTakenForStored has whoever may read Make's log as well put something into the file before a sync comes to an
// entry, and take it out again: without a trace the entry would be missing for good.
func TestWhatSomebodyPlantedIsNotTakenForStored(t *testing.T) {
	t.Parallel()
	at := newAttacked(t)
	const uuid = "11111111-0000-4000-8000-000000000001"
	var raw []byte
	_, _, err := at.later.Written(t.Context(), storetest.Acme().Ref, storetest.Begin(), func(e *auditlog.Entry) {
		if e.UUID == uuid {
			raw = e.Raw
		}
	})
	require.NoError(t, err)
	require.NotEmpty(t, raw)
	const (
		key    = "x'11111111000040008000000000000001'"
		values = ", 1, " + key + ", at, event, actor, team, target, "
	)
	record := forged(t, "entry", raw)
	for name, test := range map[string]struct {
		plant, remove []string
		says          string
	}{
		"a row and a record behind all": {
			[]string{"INSERT INTO records VALUES (100000, 1, 1, " + record + ")", "INSERT INTO entries SELECT 100000" + values + "100000, NULL FROM entries WHERE id = 20"},
			[]string{"DELETE FROM entries WHERE id = 100000", "DELETE FROM records WHERE leaf = 100000"}, "record 100000 was inserted",
		},
		"a row below all, of a record that is another's": {
			[]string{"UPDATE records SET (hash, raw) = (" + record + ") WHERE leaf = 20",
				"INSERT INTO entries SELECT -9" + values + "20, NULL FROM entries WHERE id = 20"},
			[]string{"DELETE FROM entries WHERE id = -9"}, "its records from 0 on are not those that were signed",
		},
		"a row of a genuine record": {
			[]string{"INSERT INTO entries SELECT -9" + values + "20, NULL FROM entries WHERE id = 20"},
			[]string{"DELETE FROM entries WHERE id = -9"}, "is not what its record holds",
		},
		"words exchanged": {
			[]string{"UPDATE targets SET value = 'x' WHERE value = '9002'", "UPDATE targets SET value = '9002' WHERE value = '9001'", "UPDATE targets SET value = '9001' WHERE value = 'x'"},
			[]string{"UPDATE targets SET value = 'x' WHERE value = '9002'", "UPDATE targets SET value = '9002' WHERE value = '9001'", "UPDATE targets SET value = '9001' WHERE value = 'x'"},
			"words that its entries refer to",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := at.copied(t)
			a := open(t, path)
			source := meddled{at.later, func() { alter(t, path, test.plant...) }}
			_, err := a.Sync(t.Context(), source, storetest.SyncOptions())
			var refused *archive.StoreError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, test.says)
			assert.Contains(t, refused.NextStep(), "verify")
			alter(t, path, test.remove...)
			if strings.Contains(test.plant[0], "UPDATE records") {
				return // that record is gone
			}
			_, err = a.Sync(t.Context(), at.later, storetest.SyncOptions())
			require.NoError(t, err)
			found := storetest.Intact(t, a)
			assert.Equal(t, len(at.lines)+1, found.Entries)
		})
	}
}

// TestARecordThatWasMadeAnewIsNotShown has a record, its hash and what refers to it agree, but not with what is signed.
func TestARecordThatWasMadeAnewIsNotShown(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	a := open(t, at.copied(t))
	r := &archive.Reader{Source: at.source, Archive: a, Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable, KeepRaw: true}
	var genuine *auditlog.Entry
	_, err := r.Since(t.Context(), storetest.Acme(), archive.Position{}, func(e *auditlog.Entry) error {
		if len(e.Details) > 0 && bytes.Contains(e.Details, []byte("Invoices in")) {
			genuine = e
		}
		return nil
	})
	require.NoError(t, err)
	require.NotNil(t, genuine)
	details := strings.Replace(string(genuine.Raw), "{", `{"details":{"webhookName":"Harmless"},`, 1)
	entry := strings.Replace(string(genuine.Raw), `"createdAt":"2026`, `"createdAt":"2025`, 1)
	require.NotEqual(t, string(genuine.Raw), entry)
	of := "FROM entries WHERE key = x'" + strings.ReplaceAll(genuine.UUID, "-", "") + "'"
	for name, statements := range map[string][]string{
		"its details": {"UPDATE records SET (hash, raw) = (" + forged(t, "details", []byte(details)) + ") WHERE leaf = (SELECT details " + of + ")"},
		"itself":      {"UPDATE records SET (hash, raw) = (" + forged(t, "entry", []byte(entry)) + ") WHERE leaf = (SELECT record " + of + ")"},
		"details behind all": {"INSERT INTO records VALUES (100000, 1, 2, " + forged(t, "details", []byte(details)) + ")",
			"UPDATE entries SET details = 100000 WHERE id = (SELECT id " + of + ")"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := at.copied(t)
			alter(t, path, statements...)
			r := &archive.Reader{Source: at.source, Archive: open(t, path), Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable,
				KeepRaw: true}
			_, detail := r.Detail(t.Context(), "77", genuine.UUID)
			_, list := r.Read(t.Context(), storetest.Year(), func(*auditlog.Entry) bool { return true })
			_, export := r.Since(t.Context(), storetest.Acme(), archive.Position{}, func(*auditlog.Entry) error { return nil })
			for what, err := range map[string]error{"detail": detail, "list": list, "export": export} {
				var refused *archive.StoreError
				require.ErrorAs(t, err, &refused, what)
				assert.Contains(t, refused.NextStep(), "make-audit-mcp verify", what)
			}
			assert.NotEmpty(t, at.verify(t.Context(), path))
		})
	}
}

// TestAnExportMissesNoRecordThatIsCalledAnother has entries' records be said to hold something else, which an export passes over.
func TestAnExportMissesNoRecordThatIsCalledAnother(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	for _, statement := range []string{"UPDATE records SET kind = 3 WHERE leaf = 20", "UPDATE records SET log = 2 WHERE leaf = 20",
		"UPDATE records SET kind = 3, (hash, raw) = (" + forged(t, "sync", []byte("{}")) + ") WHERE leaf = 20"} {
		path := at.copied(t)
		alter(t, path, statement)
		r := &archive.Reader{Source: at.source, Archive: open(t, path), Instance: audittest.Zone, IsUnreachable: makeapi.IsUnreachable}
		_, err := r.Since(t.Context(), storetest.Acme(), archive.Position{}, func(*auditlog.Entry) error { return nil })
		var refused *archive.StoreError
		require.ErrorAs(t, err, &refused, statement)
		assert.Contains(t, refused.NextStep(), "make-audit-mcp verify", statement)
	}
}

// TestARecordThatUnpacksToMoreThanAnyIsNotUnpacked would take a thousand times the memory of the file, for each that is shown.
func TestARecordThatUnpacksToMoreThanAnyIsNotUnpacked(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	at := newAttacked(t)
	path := at.copied(t)
	alter(t, path, "UPDATE records SET (hash, raw) = ("+forged(t, "entry", []byte("{"+strings.Repeat(" ", 1<<20)+"}"))+") WHERE kind = 1")
	problems, answers := at.look(t.Context(), path, true)
	assert.Contains(t, problems, "larger than any that was signed")
	assert.Contains(t, answers, "larger than any that was signed")
}

// TestNoMoreIsReadThanWasSigned has every sort of text be longer, and every table have more rows, than a reader has memory for.
func TestNoMoreIsReadThanWasSigned(t *testing.T) {
	logtest.NotUnderRace(t)
	t.Parallel()
	at := newAttacked(t)
	many := "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 21000) INSERT INTO "
	for name, test := range map[string]struct{ statement, says string }{
		"words":   {"UPDATE actors SET name = CAST(zeroblob(1 << 20) || id AS TEXT)", "people that entries refer to"},
		"targets": {"UPDATE targets SET value = CAST(zeroblob(1 << 16) || id AS TEXT)", "objects that entries refer to"},
		"names":   {many + "names SELECT 1, 1, 'a', i, 1 FROM n", "names of objects"},
		"logs":    {"INSERT INTO logs VALUES (2, 'x', 'y', zeroblob(70 << 20), x'7b7d'), (3, 'x', 'z', zeroblob(70 << 20), x'7b7d')", "its logs are larger"},
		"a state": {"UPDATE logs SET state = CAST('{\"gaps\":[{}' || replace(hex(zeroblob(1 << 20)), '00', ',{}') || ']}' AS BLOB)", "not what was signed"},
		"a head":  {"UPDATE meta SET value = CAST('{\"logs\":[{}' || replace(hex(zeroblob(1 << 20)), '00', ',{}') || ']}' AS BLOB) WHERE key = 'head'", "cannot be believed"},
		"rows":    {many + "entries SELECT i, 1, i, at, event, actor, team, target, 1, NULL FROM n, (SELECT * FROM entries LIMIT 1)", "no record brought it"},
		"records": {many + "records SELECT i, log, kind, hash, raw FROM n, (SELECT * FROM records WHERE kind = 1 LIMIT 1)", "records 74 to 999 are missing"},
		"keys":    {"UPDATE entries SET key = zeroblob((1 << 12) + id) WHERE id < 30", "missing from the columns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := at.copied(t)
			alter(t, path, test.statement)
			a, err := openWith(t.Context(), path, sqlite.Options{})
			require.NoError(t, err)
			defer a.Close() //nolint:errcheck // it was read
			found, err := a.Verify(t.Context(), at.kept)
			require.NoError(t, err)
			assert.Contains(t, storetest.Problems(found), test.says)
			assert.Less(t, found.Total, 1500, "it does not go on for ever")
			assert.Less(t, found.Records, int64(700))
		})
	}
}
