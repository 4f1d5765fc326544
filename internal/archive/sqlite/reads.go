package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
)

// reads asks the store in a transaction, or each query by itself if tx is nil.
type reads struct {
	store *Store
	tx    *sql.Tx
}

// statement is a query, prepared and kept: to prepare one takes longer than to run most of them. So the texts of queries must be few: what
// varies is a parameter.
func (r reads) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	kept, isKept := r.store.statements.Load(query)
	if !isKept {
		fresh, err := r.store.db.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		if kept, isKept = r.store.statements.LoadOrStore(query, fresh); isKept {
			_ = fresh.Close() // another one was quicker
		}
	}
	statement, _ := kept.(*sql.Stmt)
	if r.tx != nil {
		statement = r.tx.StmtContext(ctx, statement)
	}
	return statement, nil
}

// column is an expression of SQL and the variable that its values go into, side by side so that nobody counts.
type column struct {
	sql  string
	into any
}

// each yields the rows of a query as values of T. bind returns the columns, the number of T first, and what is to be done when they were
// scanned.
func each[T any](ctx context.Context, r reads, bind func(*T) (columns []column, scanned func()), rest string, args ...any) iter.Seq2[*T,
	error] {
	return func(yield func(*T, error) bool) {
		var one T
		columns, scanned := bind(&one)
		names, into := make([]string, len(columns)), make([]any, len(columns))
		for i, c := range columns {
			names[i], into[i] = c.sql, c.into
		}
		statement, err := r.statement(ctx, "SELECT "+strings.Join(names, ", ")+" "+rest)
		var rows *sql.Rows
		if err == nil {
			rows, err = statement.QueryContext(ctx, args...)
		}
		if err != nil {
			yield(nil, r.store.explain("reading it", err))
			return
		}
		defer rows.Close() //nolint:errcheck // it was read
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				yield(nil, r.store.refuse("it holds a value that this program did not write", nextVerify, err))
				return
			}
			if scanned != nil {
				scanned()
			}
			if !yield(&one, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, r.store.explain("reading it", err))
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

// number is a column of numbers in which somebody may have put something else.
func number(column string) string {
	return fmt.Sprintf("iif(typeof(%[1]s) = 'integer', %[1]s, %[2]d)", column, archive.NoNumber)
}

// orNumber is the same of one that may be NULL, which then is none.
func orNumber(column string, none int64) string {
	return fmt.Sprintf("iif(%s IS NULL, %d, %s)", column, none, number(column))
}

// bounded is a column of texts or bytes; one that is longer than most is taken for an empty one.
func bounded(column string, most int) string {
	return fmt.Sprintf("iif(octet_length(%[1]s) <= %[2]d, %[1]s, '')", column, most)
}

// maxList is how many values a list has at most: SQLite allows 32,766 parameters.
const maxList = 1 << 14

// list is as many marks as there are values or more, in powers of two so that there are few such texts, and args with the values behind
// them, the last one repeated.
func list[T any](values []T, args ...any) (marked string, with []any) {
	count := 1
	for count < len(values) {
		count *= 2
	}
	for i := range count {
		args = append(args, values[min(i, len(values)-1)])
	}
	return "(" + marks(count) + ")", args
}

// in yields the rows of a query whose last condition is that something is one of values: at most maxList of them at a time.
func in[T, V any](ctx context.Context, r reads, bind func(*T) ([]column, func()), rest string, args []any,
	values []V) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for some := range slices.Chunk(values, maxList) {
			marked, with := list(some, args...)
			for row, err := range each(ctx, r, bind, rest+" IN "+marked, with...) {
				if !yield(row, err) {
					return
				}
			}
		}
	}
}

// ofLog is the condition that rows are of a log, which is its parameter, or of any; not one to choose an index by.
const ofLog = "? IN (0, +log)"

// get reads one row; where there is none, it leaves what into points at.
func (r reads) get(ctx context.Context, into []any, query string, args ...any) error {
	statement, err := r.statement(ctx, query)
	if err == nil {
		err = statement.QueryRowContext(ctx, args...).Scan(into...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return r.store.explain("reading it", err)
}

func (r reads) meta(ctx context.Context, key string) (value []byte, err error) {
	err = r.get(ctx, []any{&value}, "SELECT "+bounded("value", archive.Longest)+" FROM meta WHERE key = ?", key)
	return value, err
}

func (r reads) Logs(ctx context.Context, match archive.LogKey) ([]archive.Log, error) {
	where, args := "WHERE 1", []any{}
	if match.Instance != "" {
		where, args = where+" AND instance = ?", append(args, match.Instance)
	}
	if match.Organization != "" {
		where, args = where+" AND organization = ?", append(args, match.Organization)
	}
	var logs []archive.Log
	size := 0
	for log, err := range each(ctx, r, func(l *archive.Log) ([]column, func()) {
		return []column{
			{"id", &l.Number}, {bounded("instance", archive.Longest), &l.Instance},
			{bounded("organization", archive.Longest), &l.Organization},
			{bounded("state", archive.Longest), &l.State},
		}, nil
	}, "FROM logs "+where+" ORDER BY id", args...) {
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

func (r reads) Directory(ctx context.Context, log int64) (snapshot []byte, err error) {
	err = r.get(ctx, []any{&snapshot}, "SELECT "+bounded("known", archive.Longest)+" FROM logs WHERE id = ?", log)
	return snapshot, err
}

func (r reads) Head(ctx context.Context) ([]byte, error) { return r.meta(ctx, "head") }

func recordColumns(r *archive.Record) ([]column, func()) {
	return []column{{"leaf", &r.Number}, {number("log"), &r.Log}, {number("kind"), &r.Kind},
		{bounded("hash", archive.LongestHash), &r.Hash},
		{bounded("raw", archive.Longest), &r.Packed}}, nil
}

func (r reads) Records(ctx context.Context, log, from int64, limit int) iter.Seq2[*archive.Record, error] {
	return each(ctx, r, recordColumns, "FROM records WHERE leaf >= ? AND "+ofLog+" ORDER BY leaf LIMIT ?", from, log, limit)
}

func (r reads) RecordsAt(ctx context.Context, log int64, numbers []int64) iter.Seq2[*archive.Record, error] {
	return in(ctx, r, recordColumns, "FROM records WHERE log = ? AND leaf", []any{log}, numbers)
}

// keyScanner takes a key: the uuid's 16 bytes or its text, or bytes that stand in for it.
type keyScanner struct{ *archive.Key }

// Scan implements sql.Scanner.
func (k keyScanner) Scan(value any) error {
	*k.Key = archive.Key{}
	switch value := value.(type) {
	case []byte:
		if len(value) == 16 {
			k.UUID = uuidText(value)
		} else {
			k.StandIn = string(value)
		}
	case string:
		k.UUID = value
	}
	return nil
}

// storedKey reverses keyScanner.
func storedKey(key archive.Key) any {
	if key.UUID == "" {
		return []byte(key.StandIn)
	}
	if id, err := hex.DecodeString(strings.ReplaceAll(key.UUID, "-", "")); err == nil && len(id) == 16 && uuidText(id) == key.UUID {
		return id
	}
	return key.UUID
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

// references are the ids that are counted. Each value costs an allocation, so they come two at a time.
func references(row *archive.Row) ([]column, func()) {
	var actorTarget, teamEvent int64
	const low = 1<<32 - 1
	columns := []column{
		{"coalesce(actor, 0) << 32 | coalesce(target, 0)", &actorTarget}, {"coalesce(team, 0) << 32 | event", &teamEvent},
	}
	return columns, func() {
		row.Actor, row.Target = int32(actorTarget>>32), int32(actorTarget&low) //nolint:gosec // ids fit, or are found to be wrong
		row.Team, row.Event = int32(teamEvent>>32), int32(teamEvent&low)       //nolint:gosec // as above
	}
}

// Columns does not go by the index, which has rows in another order than they lie in the file.
func (r reads) Columns(ctx context.Context, log, from, to int64) iter.Seq2[*archive.Row, error] {
	return each(ctx, r, func(row *archive.Row) ([]column, func()) {
		columns, scanned := references(row)
		return append(columns, column{"id", &row.ID}, column{"at", &row.At}), scanned
	}, "FROM entries NOT INDEXED WHERE id >= ? AND id < ? AND "+ofLog+" ORDER BY id", from, to, log)
}

// rowColumns are all columns of a log's rows.
func rowColumns(log int64) func(*archive.Row) ([]column, func()) {
	return func(row *archive.Row) ([]column, func()) {
		columns, split := references(row)
		return append([]column{
				{"id", &row.ID}, {bounded("key", archive.LongestKey), keyScanner{&row.Key}}, {number("record"), &row.Record}, {orNumber("details", 0), &row.Details},
				{number("at"), &row.At},
			}, columns...), func() {
				split()
				row.Log = log
			}
	}
}

func (r reads) RowsAt(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return in(ctx, r, rowColumns(log), "FROM entries WHERE "+ofLog+" AND id", []any{log}, ids)
}

func (r reads) RowsOf(ctx context.Context, log int64, keys []archive.Key) iter.Seq2[*archive.Row, error] {
	stored := make([]any, len(keys))
	for i, key := range keys {
		stored[i] = storedKey(key)
	}
	return in(ctx, r, rowColumns(log), "FROM entries WHERE log = ? AND key", []any{log}, stored)
}

// marks are so many parameters.
func marks(count int) string { return strings.TrimSuffix(strings.Repeat("?, ", count), ", ") }

func keyColumns(row *archive.Row) ([]column, func()) {
	return []column{{"id", &row.ID}, {bounded("key", archive.LongestKey), keyScanner{&row.Key}}}, nil
}

func (r reads) Keys(ctx context.Context, log int64, ids []int32) iter.Seq2[*archive.Row, error] {
	return in(ctx, r, keyColumns, "FROM entries WHERE "+ofLog+" AND id", []any{log}, ids)
}

func (r reads) Links(ctx context.Context) iter.Seq2[*archive.Row, error] {
	return each(ctx, r, func(row *archive.Row) ([]column, func()) {
		columns, _ := keyColumns(row)
		return append(columns, column{number("log"), &row.Log}, column{number("record"), &row.Record},
			column{orNumber("details", 0), &row.Details}), nil
	}, "FROM entries ORDER BY id")
}

// Undetailed does not go by the index either.
func (r reads) Undetailed(ctx context.Context, log int64, events []int32, limit int) (count archive.DetailCount, newest []archive.Row,
	err error) {
	if len(events) == 0 {
		return count, nil, nil
	}
	marked, args := list(events, log)
	wanted := "FROM entries NOT INDEXED WHERE log = ? AND event IN " + marked + " AND (typeof(key) = 'text' OR length(key) = 16)"
	const counted = "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM records WHERE leaf = details AND kind = 4)), " +
		"count(*) FILTER (WHERE details IS NULL) "
	if err := r.get(ctx, []any{&count.Wanted, &count.Gone, &count.Left}, counted+wanted, args...); err != nil || count.Left == 0 {
		return count, nil, err
	}
	newest, err = all(each(ctx, r, keyColumns, wanted+" AND details IS NULL ORDER BY at DESC LIMIT ?", append(args, limit)...))
	return count, newest, err
}

// selection is the condition that rows are of a selection, with its parameters. There are few such texts: one for each shape.
func selection(of *archive.Selection) (where string, args []any) {
	where = "log = ? AND id >= ? AND id < ? AND at >= ? AND at < ?"
	args = []any{of.Log, of.IDs.From, of.IDs.To, of.At.From, of.At.To}
	for _, list := range []struct {
		column string
		ids    []int32
	}{{"actor", of.Actors}, {"team", of.Teams}, {"target", of.Targets}, {"event", of.Events}} {
		if list.ids != nil { // as one text, since there may be more than there can be parameters
			where += " AND coalesce(" + list.column + ", 0) IN (SELECT value FROM json_each(?))"
			args = append(args, jsonList(list.ids))
		}
	}
	return where, args
}

func jsonList(ids []int32) string {
	text := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(id), 10)
	}
	return string(append(text, ']'))
}

// Counts does not go by the index either.
func (r reads) Counts(ctx context.Context, of *archive.Selection, by archive.Grouping) iter.Seq2[*archive.Count, error] {
	where, args := selection(of)
	var groups []string
	group := func(isSplit bool, column string) string {
		if !isSplit {
			return "0"
		}
		groups = append(groups, column)
		return "coalesce(" + column + ", 0)"
	}
	actor, team := group(by.Actor, "actor"), group(by.Team, "team")
	target, event := group(by.Target, "target"), group(by.Event, "event")
	if by.Unit != 0 {
		groups = append(groups, "at + ? - ((at + ?) % ? + ?) % ?") // division rounds towards 0
		args = append(args, by.Offset, by.Offset, by.Unit, by.Unit, by.Unit)
	}
	rest := "FROM entries NOT INDEXED WHERE " + where
	if len(groups) > 0 {
		rest += " GROUP BY " + strings.Join(groups, ", ")
	} else {
		rest += " HAVING count(*) > 0"
	}
	return each(ctx, r, func(c *archive.Count) ([]column, func()) {
		return []column{{actor, &c.Actor}, {team, &c.Team}, {target, &c.Target}, {event, &c.Event}, {"count(*)", &c.Rows},
			{"min(at)", &c.First}, {"max(at)", &c.Last}}, nil
	}, rest+" ORDER BY max(at) DESC", args...)
}

// uuidOfKey is the text of a key's uuid, as bytes.
const uuidOfKey = "CAST(CASE WHEN typeof(key) = 'text' THEN key WHEN length(key) <> 16 THEN '' ELSE lower(substr(hex(key), 1, 8) || '-' || " +
	"substr(hex(key), 9, 4) || '-' || substr(hex(key), 13, 4) || '-' || substr(hex(key), 17, 4) || '-' || substr(hex(key), 21)) END AS BLOB)"

// Page reads all rows of the log, since no index has them by time.
func (r reads) Page(ctx context.Context, of *archive.Selection, after *archive.Row, limit int) iter.Seq2[*archive.Row, error] {
	where, args := selection(of.Behind(after))
	if after != nil {
		where += " AND (at < ? OR (" + uuidOfKey + ", id) > (?, ?))"
		args = append(args, after.At, []byte(after.Key.UUID), after.ID)
	}
	return each(ctx, r, func(row *archive.Row) ([]column, func()) {
		columns, scanned := references(row)
		return append(columns, column{"id", &row.ID}, column{bounded("key", archive.LongestKey), keyScanner{&row.Key}},
			column{"at", &row.At}), scanned
	}, "FROM entries NOT INDEXED WHERE "+where+" ORDER BY at DESC, "+uuidOfKey+", id LIMIT ?", append(args, limit)...)
}

// table is where a dictionary lies, and what its columns are called. There is one for all logs.
func table(d archive.Dictionary) (name string, columns []string) {
	switch d {
	case archive.Refs:
		return "refs", []string{"ref", "name"}
	case archive.Actors:
		return "actors", []string{"actor", "name", "email"}
	case archive.Targets:
		return "targets", []string{"value"}
	default:
		return "events", []string{"value"}
	}
}

func wordColumns(d archive.Dictionary) func(*archive.Word) ([]column, func()) {
	return func(w *archive.Word) ([]column, func()) {
		bound := []column{{"id", &w.ID}}
		_, columns := table(d)
		for i, text := range columns {
			bound = append(bound, column{bounded(text, archive.Longest), &w.Texts[i]})
		}
		return bound, func() { w.Dictionary = d }
	}
}

func (r reads) Words(ctx context.Context, d archive.Dictionary, after int32) iter.Seq2[*archive.Word, error] {
	name, _ := table(d)
	return each(ctx, r, wordColumns(d), "FROM "+name+" WHERE id > ? ORDER BY id", after)
}

func (r reads) WordsAt(ctx context.Context, d archive.Dictionary, ids []int32) iter.Seq2[*archive.Word, error] {
	name, _ := table(d)
	return in(ctx, r, wordColumns(d), "FROM "+name+" WHERE id", nil, ids)
}

func (r reads) WordIDs(ctx context.Context, d archive.Dictionary, texts []archive.Texts) ([]int32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	name, columns := table(d)
	statement, err := r.statement(ctx, "SELECT id FROM "+name+" WHERE "+strings.Join(columns, " = ? AND ")+" = ?")
	if err != nil {
		return nil, r.store.explain("reading it", err)
	}
	ids := make([]int32, len(texts))
	for i, text := range texts {
		var args []any
		for j := range columns {
			args = append(args, text[j])
		}
		if err := statement.QueryRowContext(ctx, args...).Scan(&ids[i]); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, r.store.explain("reading it", err)
		}
	}
	return ids, nil
}

func nameColumns(n *archive.Name) ([]column, func()) {
	return []column{{number("log"), &n.Log}, {number("target"), &n.Target}, {bounded("object", archive.Longest), &n.Object},
		{bounded("name", archive.Longest), &n.Name},
		{number("record"), &n.Record}}, nil
}

func (r reads) Names(ctx context.Context, log int64) iter.Seq2[*archive.Name, error] {
	return each(ctx, r, nameColumns, "FROM names WHERE "+ofLog+" ORDER BY log, target, object, name", log)
}

func (r reads) Checkpoints(ctx context.Context) iter.Seq2[*archive.SignedCheckpoint, error] {
	return each(ctx, r, func(c *archive.SignedCheckpoint) ([]column, func()) {
		return []column{{"size", &c.Size}, {bounded("note", archive.LongestNote), &c.Note}}, nil
	}, "FROM checkpoints ORDER BY size")
}

// foreign finds what is in the file's schema and settings that this program did not put there, such as triggers and views, and what is
// missing.
func (r reads) foreign(ctx context.Context) error {
	if err := r.hasSchema(ctx); err != nil {
		return err
	}
	for _, setting := range []struct {
		name    string
		written []string
	}{
		{"application_id", []string{strconv.Itoa(applicationID)}}, {"user_version", []string{strconv.Itoa(version)}},
		{"encoding", []string{"UTF-8"}}, {"journal_mode", []string{string(JournalWAL), string(JournalDelete)}},
		{"auto_vacuum", []string{"0"}},
	} {
		var value string
		if err := r.get(ctx, []any{&value}, "PRAGMA "+setting.name); err != nil {
			return err
		}
		if !slices.Contains(setting.written, value) {
			return r.store.refuse(fmt.Sprintf("its %s is %s, and %s was written", setting.name, auditlog.Text(value).Quote(),
				strings.Join(setting.written, " or ")), nextRestore, nil)
		}
	}
	return nil
}

// hasSchema returns what is another than what this program writes in the file's schema, as an error.
func (r reads) hasSchema(ctx context.Context) error {
	expected := schema()
	found, err := all(each(ctx, r, func(o *object) ([]column, func()) {
		return []column{{"type", &o.kind}, {"name", &o.name}, {"tbl_name", &o.table},
			{"coalesce(" + bounded("sql", archive.Longest) + ", '')", &o.sql}}, nil
	}, "FROM sqlite_schema ORDER BY rowid LIMIT ?", len(expected)+1))
	if err != nil {
		return err
	}
	isIn := func(o object, list []object) bool { return slices.Contains(list, o) }
	for _, o := range found {
		if !isIn(o, expected) {
			return r.store.refuse(fmt.Sprintf("its schema has a %s that this program did not write so", auditlog.Text(o.String()).Quote()),
				nextRestore, nil)
		}
	}
	for _, o := range expected {
		if !isIn(o, found) {
			return r.store.refuse(fmt.Sprintf("its schema lacks the %s", o), nextRestore, nil)
		}
	}
	return nil
}

func (r reads) Damage(ctx context.Context) ([]string, error) {
	err := r.foreign(ctx)
	if refused, ok := errors.AsType[*archive.StoreError](err); ok {
		return []string{refused.Problem}, nil
	}
	if err != nil {
		return nil, err
	}
	return all(each(ctx, r, func(text *string) ([]column, func()) {
		return []column{{"'the file is damaged: ' || integrity_check", text}}, nil
	}, "FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 10"))
}
