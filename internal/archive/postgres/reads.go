package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
)

// reads asks the store in a connection's transaction, or each query by itself if there is none.
type reads struct {
	store  *Store
	within *connection
	// isPlanned has each query planned for its parameters: a plan that is kept is the same whether they let through one row or a million.
	isPlanned bool
}

// planned has queries planned for their parameters.
func (r reads) planned() reads {
	r.isPlanned = true
	return r
}

// values are a row as the server sends it, in PostgreSQL's binary format. They are good until the next row.
type values [][]byte

func (v values) bytes(i int) []byte { return bytes.Clone(v[i]) }

func (v values) text(i int) string { return string(v[i]) }

func (v values) int64(i int) int64 {
	if len(v[i]) != 8 {
		return archive.NoNumber
	}
	return int64(binary.BigEndian.Uint64(v[i])) //nolint:gosec // bits
}

func (v values) int32(i int) int32 {
	if len(v[i]) != 4 {
		return archive.NoNumber
	}
	return int32(binary.BigEndian.Uint32(v[i])) //nolint:gosec // bits
}

// result is what a query finds. isRow says whether there is a row.
type result struct {
	*pgconn.ResultReader
	isRow   bool
	release func()
}

// start runs a query, up to its first row. What fails before that is tried again, unless it is in a transaction, which is lost with its
// connection.
func (r reads) start(ctx context.Context, query string, args []any) (found result, err error) {
	ask := func(of *connection) (err error) {
		if r.isPlanned {
			found.ResultReader = of.queryPlanned(ctx, query, args...)
		} else if found.ResultReader, err = of.query(ctx, query, args...); err != nil {
			return err
		}
		if found.isRow = found.NextRow(); !found.isRow {
			_, err = found.Close()
		}
		return err
	}
	if r.within != nil {
		found.release = func() {}
		return found, ask(r.within)
	}
	err = r.store.persist(ctx, func() error {
		of, release, err := r.store.pool.acquire(ctx)
		if err != nil {
			return err
		}
		if err = ask(of); err != nil {
			release()
		}
		found.release = release
		return err
	})
	return found, err
}

// each yields the rows of a query as values of T, which read makes of them.
func each[T any](ctx context.Context, r reads, read func(*T, values), query string, args ...any) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		found, err := r.start(ctx, query, args)
		if err != nil {
			yield(nil, r.store.explain(ctx, "reading it", err))
			return
		}
		defer found.release()
		var one T
		for isRow := found.isRow; isRow; isRow = found.NextRow() {
			read(&one, found.Values())
			if !yield(&one, nil) {
				_, _ = found.Close()
				return
			}
		}
		if _, err := found.Close(); err != nil {
			yield(nil, r.store.explain(ctx, "reading it", err))
		}
	}
}

// all is a sequence as a list.
func all[T any](sequence iter.Seq2[*T, error]) (list []T, err error) {
	for one, err := range sequence {
		if err != nil {
			return nil, err
		}
		list = append(list, *one)
	}
	return list, nil
}

// first is the first of a sequence; the zero value where there is none.
func first[T any](sequence iter.Seq2[*T, error]) (value T, err error) {
	for one, err := range sequence {
		if err != nil {
			return value, err
		}
		return *one, nil
	}
	return value, nil
}

// in yields what a table has of each of some values, at most maxList of them at a time; where says which of its rows are a value's. Values
// are looked up one by one: how the server reads a list depends on statistics, which a table that is being filled lacks, and then it may
// read the whole table for each list.
func in[T any, V int32 | int64 | []byte](ctx context.Context, r reads, read func(*T, values), columns, where string, args []any,
	list []V) iter.Seq2[*T, error] {
	const maxList = 1 << 14
	kind := "bytea"
	switch any(list).(type) {
	case []int32:
		kind = "integer"
	case []int64:
		kind = "bigint"
	}
	query := fmt.Sprintf("SELECT found.* FROM (SELECT DISTINCT unnest($%d::%s[])) AS wanted (value), "+
		"LATERAL (SELECT %s FROM %s = wanted.value OFFSET 0) AS found", len(args)+1, kind, columns, where)
	return func(yield func(*T, error) bool) {
		for some := range slices.Chunk(list, maxList) {
			for row, err := range each(ctx, r, read, query, append(slices.Clone(args), some)...) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// bounded is a column of bytes; one that is longer than most is taken for an empty one.
func bounded(column string, most int) string {
	return fmt.Sprintf("CASE WHEN octet_length(%[1]s) <= %[2]d THEN %[1]s ELSE ''::bytea END", column, most)
}

// ofLog is the condition that rows are of a log, the first parameter, or of any. They are two texts, so that the one for a log goes by the
// key.
func ofLog(log int64) string {
	if log == 0 {
		return "$1::bigint = 0"
	}
	return "log = $1"
}

// Logs implements archive.Reads.
func (r reads) Logs(ctx context.Context, match archive.LogKey) ([]archive.Log, error) {
	var logs []archive.Log
	size := 0
	for log, err := range each(ctx, r, func(l *archive.Log, row values) {
		l.Number, l.LogKey, l.State = row.int64(0), archive.LogKey{Instance: row.text(1), Organization: row.text(2)}, row.bytes(3)
	}, "SELECT id, "+bounded("instance", archive.Longest)+", "+bounded("organization", archive.Longest)+", "+
		bounded("state", archive.Longest)+" FROM logs "+
		"WHERE (instance = $1 OR $1 = ''::bytea) AND (organization = $2 OR $2 = ''::bytea) ORDER BY id",
		[]byte(match.Instance), []byte(match.Organization)) {
		if err != nil {
			return nil, err
		}
		if size += len(log.Instance) + len(log.Organization) + len(log.State); size > archive.Longest {
			return nil, r.store.refuse("its logs are larger than any that this program wrote", nextRestore, nil)
		}
		logs = append(logs, *log)
	}
	return logs, nil
}

func readBytes(data *[]byte, row values) { *data = row.bytes(0) }

// Directory implements archive.Reads.
func (r reads) Directory(ctx context.Context, log int64) ([]byte, error) {
	return first(each(ctx, r, readBytes, "SELECT "+bounded("known", archive.Longest)+" FROM logs WHERE id = $1", log))
}

// Head implements archive.Reads.
func (r reads) Head(ctx context.Context) ([]byte, error) {
	return first(each(ctx, r, readBytes, selectHead()))
}

func selectHead() string {
	return "SELECT " + bounded("head", archive.Longest) + " FROM archive WHERE key = 1"
}

// recordColumns are those of readRecord.
func recordColumns() string {
	return "leaf, log, kind, " + bounded("hash", archive.LongestHash) + ", " + bounded("raw", archive.Longest)
}

func readRecord(r *archive.Record, row values) {
	*r = archive.Record{Number: row.int64(0), Log: row.int64(1), Kind: archive.Kind(row.int32(2)), Hash: row.bytes(3), Packed: row.bytes(4)}
}

// Records implements archive.Reads.
func (r reads) Records(ctx context.Context, log, from int64, limit int) iter.Seq2[*archive.Record, error] {
	return each(ctx, r, readRecord, "SELECT "+recordColumns()+" FROM records WHERE "+ofLog(log)+" AND leaf >= $2 ORDER BY leaf LIMIT $3", log,
		from, limit)
}

// RecordsAt implements archive.Reads.
func (r reads) RecordsAt(ctx context.Context, log int64, numbers []int64) iter.Seq2[*archive.Record, error] {
	return in(ctx, r, readRecord, recordColumns(), "records WHERE log = $1 AND leaf", []any{log}, numbers)
}

// What a stored key begins with: a uuid's 16 bytes follow, or a text that is one in another form, or what stands in for it.
const (
	keyUUID    = 'u'
	keyText    = 't'
	keyStandIn = 's'
)

// storedKey is a key as it is stored.
func storedKey(key archive.Key) []byte {
	if key.UUID == "" {
		return append([]byte{keyStandIn}, key.StandIn...)
	}
	if id, err := hex.DecodeString(strings.ReplaceAll(key.UUID, "-", "")); err == nil && len(id) == 16 && uuidText(id) == key.UUID {
		return append([]byte{keyUUID}, id...)
	}
	return append([]byte{keyText}, key.UUID...)
}

// keyOf reverses storedKey.
func keyOf(stored []byte) archive.Key {
	switch {
	case len(stored) == 0:
		return archive.Key{}
	case stored[0] == keyUUID && len(stored) == 17:
		return archive.Key{UUID: uuidText(stored[1:])}
	case stored[0] == keyText:
		return archive.Key{UUID: string(stored[1:])}
	default:
		return archive.Key{StandIn: string(stored[1:])}
	}
}

func uuidText(id []byte) string {
	text := make([]byte, 0, 36)
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, []byte{b})
	}
	return string(text)
}

// Columns implements archive.Reads.
func (r reads) Columns(ctx context.Context, log, from, to int64) iter.Seq2[*archive.Row, error] {
	return each(ctx, r, func(o *archive.Row, row values) {
		o.ID, o.At, o.Actor, o.Team, o.Target, o.Event = row.int64(0), row.int64(1), row.int32(2), row.int32(3), row.int32(4), row.int32(5)
	}, "SELECT id, at, actor, team, target, event FROM entries WHERE "+ofLog(log)+" AND id >= $2 AND id < $3 ORDER BY id", log, from, to)
}

func boundedKey() string { return bounded("key", archive.LongestKey+1) }

// rowColumns are those of readRow.
func rowColumns() string {
	return "id, log, " + boundedKey() + ", record, details, at, event, actor, team, target"
}

// keyColumns are those of readKey.
func keyColumns() string { return "id, " + boundedKey() }

func readRow(o *archive.Row, row values) {
	*o = archive.Row{ID: row.int64(0), Log: row.int64(1), Key: keyOf(row[2]), Record: row.int64(3), Details: row.int64(4), At: row.int64(5),
		Event: row.int32(6), Actor: row.int32(7), Team: row.int32(8), Target: row.int32(9)}
}

func readKey(o *archive.Row, row values) { o.ID, o.Key = row.int64(0), keyOf(row[1]) }

// RowsAt implements archive.Reads.
func (r reads) RowsAt(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return in(ctx, r, readRow, rowColumns(), "entries WHERE "+ofLog(log)+" AND id", []any{log}, ids)
}

// RowsOf implements archive.Reads.
func (r reads) RowsOf(ctx context.Context, log int64, keys []archive.Key) iter.Seq2[*archive.Row, error] {
	stored := make([][]byte, len(keys))
	for i, key := range keys {
		stored[i] = storedKey(key)
	}
	return in(ctx, r, readRow, rowColumns(), "entries WHERE "+ofLog(log)+" AND key", []any{log}, stored)
}

// Keys implements archive.Reads.
func (r reads) Keys(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return in(ctx, r, readKey, keyColumns(), "entries WHERE "+ofLog(log)+" AND id", []any{log}, ids)
}

// Links implements archive.Reads.
func (r reads) Links(ctx context.Context) iter.Seq2[*archive.Row, error] {
	return each(ctx, r, func(o *archive.Row, row values) {
		*o = archive.Row{ID: row.int64(0), Log: row.int64(1), Key: keyOf(row[2]), Record: row.int64(3), Details: row.int64(4)}
	}, "SELECT id, log, "+boundedKey()+", record, details FROM entries ORDER BY id")
}

// Undetailed implements archive.Reads.
func (r reads) Undetailed(ctx context.Context, log int64, events []int32, limit int) (count archive.DetailCount, newest []archive.Row,
	err error) {
	if len(events) == 0 {
		return count, nil, nil
	}
	const wanted = "WHERE e.log = $1 AND e.event = ANY($2) AND get_byte(e.key || '\\x00'::bytea, 0) <> 115 " // keyStandIn
	if count, err = first(each(ctx, r, func(c *archive.DetailCount, row values) {
		*c = archive.DetailCount{Wanted: int(row.int64(0)), Gone: int(row.int64(1)), Left: int(row.int64(2))}
	}, "SELECT count(*), count(r.leaf), count(*) FILTER (WHERE e.details = 0) FROM entries e "+
		"LEFT JOIN records r ON r.log = e.log AND r.leaf = e.details AND r.kind = 4 AND e.details > 0 "+wanted, log, events)); err != nil ||
		count.Left == 0 {
		return count, nil, err
	}
	newest, err = all(each(ctx, r, readKey, "SELECT "+keyColumns()+" FROM entries e "+wanted+"AND e.details = 0 ORDER BY at DESC LIMIT $3",
		log, events, limit))
	return count, newest, err
}

// selection is the condition that rows are of a selection, with its parameters. There are few such texts: one for each shape.
func selection(of *archive.Selection) (where string, args []any) {
	args = []any{of.Log}
	where = "log = $1"
	add := func(condition string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+condition, len(args))
	}
	bound := func(column string, within archive.Range) { // what bounds nothing is left out, so that it is not planned for
		if within.From != math.MinInt64 {
			add(column+" >= $%d", within.From)
		}
		if within.To != math.MaxInt64 {
			add(column+" < $%d", within.To)
		}
	}
	bound("id", of.IDs)
	bound("at", of.At)
	for _, list := range []struct {
		column string
		ids    []int32
	}{{"actor", of.Actors}, {"team", of.Teams}, {"target", of.Targets}, {"event", of.Events}} {
		if list.ids != nil {
			add(list.column+" = ANY($%d)", list.ids)
		}
	}
	return where, args
}

// Counts implements archive.Reads.
func (r reads) Counts(ctx context.Context, of *archive.Selection, by archive.Grouping) iter.Seq2[*archive.Count, error] {
	where, args := selection(of)
	var shown, groups []string
	for _, column := range []struct {
		name    string
		isSplit bool
	}{{"actor", by.Actor}, {"team", by.Team}, {"target", by.Target}, {"event", by.Event}} {
		if !column.isSplit {
			shown = append(shown, "0")
			continue
		}
		shown, groups = append(shown, column.name), append(groups, column.name)
	}
	if by.Unit != 0 {
		args = append(args, by.Unit, by.Offset)
		unit, local := fmt.Sprintf("$%d::bigint", len(args)-1), fmt.Sprintf("(at + $%d::bigint)", len(args))
		groups = append(groups, fmt.Sprintf("%[1]s - (%[1]s %% %[2]s + %[2]s) %% %[2]s", local, unit)) // division rounds towards 0
	}
	query := "SELECT " + strings.Join(shown, ", ") + ", count(*), min(at), max(at) FROM entries WHERE " + where
	if len(groups) > 0 {
		query += " GROUP BY " + strings.Join(groups, ", ")
	} else {
		query += " HAVING count(*) > 0"
	}
	return each(ctx, r.planned(), func(c *archive.Count, row values) {
		*c = archive.Count{Actor: row.int32(0), Team: row.int32(1), Target: row.int32(2), Event: row.int32(3), Rows: row.int64(4),
			First: row.int64(5), Last: row.int64(6)}
	}, query+" ORDER BY max(at) DESC", args...)
}

// uuidOfKey is the text of a key's uuid, as bytes.
const uuidOfKey = "CASE WHEN substr(key, 1, 1) = 'u'::bytea AND octet_length(key) = 17 " +
	"THEN convert_to(encode(substr(key, 2), 'hex')::uuid::text, 'UTF8') " +
	"WHEN substr(key, 1, 1) = 't'::bytea THEN substr(key, 2) ELSE ''::bytea END"

// Page implements archive.Reads.
func (r reads) Page(ctx context.Context, of *archive.Selection, after *archive.Row, limit int) iter.Seq2[*archive.Row, error] {
	where, args := selection(of.Behind(after))
	if after != nil {
		args = append(args, after.At, []byte(after.Key.UUID), after.ID)
		n := len(args)
		where += fmt.Sprintf(" AND (at < $%d OR (%s, id) > ($%d, $%d))", n-2, uuidOfKey, n-1, n)
	}
	args = append(args, limit)
	return each(ctx, r.planned(), func(o *archive.Row, row values) {
		*o = archive.Row{ID: row.int64(0), Key: keyOf(row[1]), At: row.int64(2), Actor: row.int32(3), Team: row.int32(4),
			Target: row.int32(5), Event: row.int32(6)}
	}, fmt.Sprintf("SELECT id, %s, at, actor, team, target, event FROM entries WHERE %s ORDER BY at DESC, %s, id LIMIT $%d", boundedKey(),
		where, uuidOfKey, len(args)), args...)
}

// sumOf is a sum of texts that no others have.
func sumOf(texts ...string) []byte {
	hash := sha256.New()
	for _, text := range texts {
		_, _ = hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		_, _ = hash.Write([]byte(text))
	}
	return hash.Sum(nil)
}

func sumOfWord(texts archive.Texts) []byte { return sumOf(texts[:]...) }

func sumOfName(n *archive.Name) []byte { return sumOf(fmt.Sprint(n.Target), n.Object, n.Name) }

// wordColumns are those of readWord.
func wordColumns() string {
	return "id, " + bounded("first", archive.Longest) + ", " + bounded("second", archive.Longest) + ", " + bounded("third", archive.Longest)
}

// ofDictionary is the condition on rows of words that the first parameter sets.
const ofDictionary = "words WHERE dictionary = $1 AND "

func readWord(d archive.Dictionary) func(*archive.Word, values) {
	return func(w *archive.Word, row values) {
		*w = archive.Word{Dictionary: d, ID: row.int32(0), Texts: archive.Texts{row.text(1), row.text(2), row.text(3)}}
	}
}

// Words implements archive.Reads.
func (r reads) Words(ctx context.Context, d archive.Dictionary, after int32) iter.Seq2[*archive.Word, error] {
	return each(ctx, r, readWord(d), "SELECT "+wordColumns()+" FROM "+ofDictionary+"id > $2 ORDER BY id",
		int32(d), after) //nolint:gosec // there are few
}

// WordsAt implements archive.Reads.
func (r reads) WordsAt(ctx context.Context, d archive.Dictionary, ids []int32) iter.Seq2[*archive.Word, error] {
	return in(ctx, r, readWord(d), wordColumns(), ofDictionary+"id", []any{int32(d)}, ids) //nolint:gosec // as above
}

// WordIDs implements archive.Reads.
func (r reads) WordIDs(ctx context.Context, d archive.Dictionary, texts []archive.Texts) ([]int32, error) {
	sums := make([][]byte, len(texts))
	for i := range texts {
		sums[i] = sumOfWord(texts[i])
	}
	known := map[string]int32{}
	type found struct {
		id  int32
		sum string
	}
	for word, err := range in(ctx, r, func(f *found, row values) { *f = found{row.int32(0), row.text(1)} },
		"id, sum", ofDictionary+"sum", []any{int32(d)}, sums) { //nolint:gosec // as above
		if err != nil {
			return nil, err
		}
		known[word.sum] = word.id
	}
	ids := make([]int32, len(texts))
	for i, sum := range sums {
		ids[i] = known[string(sum)]
	}
	return ids, nil
}

// Names implements archive.Reads.
func (r reads) Names(ctx context.Context, log int64) iter.Seq2[*archive.Name, error] {
	return each(ctx, r, func(n *archive.Name, row values) {
		*n = archive.Name{Log: row.int64(0), Target: row.int32(1), Object: row.text(2), Name: row.text(3), Record: row.int64(4)}
	}, "SELECT log, target, "+bounded("object", archive.Longest)+", "+bounded("name", archive.Longest)+
		", record FROM names WHERE "+ofLog(log)+
		" ORDER BY log, target, object, name", log)
}

// Checkpoints implements archive.Reads.
func (r reads) Checkpoints(ctx context.Context) iter.Seq2[*archive.SignedCheckpoint, error] {
	return each(ctx, r, func(c *archive.SignedCheckpoint, row values) {
		*c = archive.SignedCheckpoint{Size: row.int64(0), Note: row.text(1)}
	}, "SELECT size, "+bounded("note", archive.LongestNote)+" FROM checkpoints ORDER BY size")
}

// Damage implements archive.Reads: it finds what is wrong with the schema, and sums that are not of their texts.
func (r reads) Damage(ctx context.Context) ([]string, error) {
	err := r.foreign(ctx)
	if refused, ok := errors.AsType[*archive.StoreError](err); ok && !refused.IsAway {
		return []string{refused.Problem}, nil
	}
	if err != nil {
		return nil, err
	}
	const most = 10
	var problems []string
	type summed struct{ what, sum, right string }
	look := func(sequence iter.Seq2[*summed, error]) error {
		for one, err := range sequence {
			if err != nil {
				return err
			}
			if one.sum != one.right && len(problems) < most {
				problems = append(problems, "the sum of "+one.what+" is not that of its texts")
			}
		}
		return nil
	}
	for d := range archive.Dictionaries {
		if err := look(each(ctx, r, func(s *summed, row values) {
			s.what, s.sum = fmt.Sprintf("the word %d of dictionary %d", row.int32(0), d), row.text(4)
			s.right = string(sumOfWord(archive.Texts{row.text(1), row.text(2), row.text(3)}))
		}, "SELECT "+wordColumns()+", "+bounded("sum", archive.LongestHash)+" FROM "+ofDictionary+"id > $2",
			int32(d), int32(-1<<31))); err != nil {
			return nil, err
		}
	}
	err = look(each(ctx, r, func(s *summed, row values) {
		name := archive.Name{Target: row.int32(1), Object: row.text(2), Name: row.text(3)}
		s.what, s.sum, s.right = fmt.Sprintf("a name of %s", auditlog.Text(name.Object).Quote()), row.text(4), string(sumOfName(&name))
	}, "SELECT log, target, "+bounded("object", archive.Longest)+", "+bounded("name", archive.Longest)+", "+
		bounded("sum", archive.LongestHash)+" FROM names"))
	return problems, err
}
