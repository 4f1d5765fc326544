package archive

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// writer adds to one log. There is one at a time in an archive: whoever holds the lock.
type writer struct {
	archive *Archive
	of      owner
	log     int64
	state   *logState
	packer  *packer
	ahead   [packersAtOnce]*packer // pack while the packer may be in use
	// dictionaries of what rows refer to; only committed ids are kept.
	ids *lru.Cache[string, int64]
}

const (
	// dictionarySize bounds what is remembered of the dictionaries.
	dictionarySize = 50_000
	// packersAtOnce is how many processors pack records: it takes longer than what SQLite
	// does with them.
	packersAtOnce = 2
)

func (a *Archive) newWriter(ctx context.Context, of owner) (*writer, error) {
	w := &writer{archive: a, of: of}
	var err error
	if w.packer, err = newPacker(); err != nil {
		return nil, err
	}
	for i := range w.ahead {
		if w.ahead[i], err = newPacker(); err != nil {
			return nil, err
		}
	}
	if w.ids, err = lru.New[string, int64](dictionarySize); err != nil {
		return nil, err
	}
	if w.log, _, w.state, err = a.findLog(ctx, a.db, of); err != nil || w.log != 0 {
		return w, err
	}
	return w, a.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "INSERT INTO logs (instance, organization, state) VALUES (?, ?, '{}')", of.instance, of.organization)
		if err != nil {
			return err
		}
		w.log, err = result.LastInsertId()
		return err
	})
}

// stored counts what a batch changed.
type stored struct{ Added, Changed int }

// batch is one transaction of a writer.
type batch struct {
	*writer
	ctx                       context.Context //nolint:containedctx // of the one call that makes it
	tx                        *sql.Tx
	tree                      *tree
	fresh                     map[string]int64 // ids of the dictionaries that are not committed yet
	stored                    stored
	insertRecord, insertEntry *sql.Stmt
	prepared                  map[string]*sql.Stmt // others that were needed so far
}

// write stores entries. None of them is stored if anything fails.
func (w *writer) write(ctx context.Context, leaves []leaf) (stored, error) {
	return w.commit(ctx, nil, func(b *batch) error {
		for _, leaf := range leaves {
			if err := b.add(leaf); err != nil {
				return err
			}
		}
		return nil
	})
}

// change changes the state.
func (w *writer) change(ctx context.Context, how func(*logState)) error {
	_, err := w.commit(ctx, how, func(*batch) error { return nil })
	return err
}

// commit does something, and stores the state that change leaves with it. Nothing of it
// is stored if anything fails.
func (w *writer) commit(ctx context.Context, change func(*logState), do func(*batch) error) (stored, error) {
	next := *w.state
	if change != nil {
		change(&next)
	}
	b := &batch{writer: w, ctx: ctx, fresh: map[string]int64{}, prepared: map[string]*sql.Stmt{}}
	err := w.archive.transact(ctx, func(tx *sql.Tx) error {
		b.tx = tx
		var err error
		if b.tree, err = w.archive.edge(ctx, tx); err != nil {
			return err
		}
		if b.insertRecord, err = tx.PrepareContext(ctx, "INSERT INTO records (leaf, log, kind, hash, raw) VALUES (?, ?, ?, ?, ?)"); err != nil {
			return err
		}
		if b.insertEntry, err = tx.PrepareContext(ctx, `INSERT INTO entries (id, log, key, at, written, organization, event, actor, team, target, version_from, version_to, extra, record)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (log, key) DO NOTHING`); err != nil {
			return err
		}
		if err := do(b); err != nil {
			return err
		}
		if !next.vouches().equal(w.state.vouches()) {
			if err := b.recordState(&next); err != nil {
				return err
			}
		}
		return b.finish(&next)
	})
	if err != nil {
		return stored{}, err
	}
	*w.state = next
	for text, id := range b.fresh {
		w.ids.Add(text, id)
	}
	return b.stored, nil
}

// finish stores the tree's edge and the state.
func (b *batch) finish(state *logState) error {
	edge, err := b.tree.marshal()
	if err != nil {
		return err
	}
	if err := b.exec("UPDATE meta SET value = ? WHERE key = 'tree'", edge); err != nil {
		return err
	}
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("the log's state: %w", err)
	}
	return b.exec("UPDATE logs SET state = ?, rewritten = rewritten + ? WHERE id = ?", text, b.stored.Changed, b.log)
}

// recordState makes what the log vouches for a leaf of the tree.
func (b *batch) recordState(state *logState) error {
	text, err := json.Marshal(state.vouches())
	if err != nil {
		return fmt.Errorf("the log's state: %w", err)
	}
	_, err = b.record(kindSync, text)
	return err
}

func (b *batch) exec(query string, args ...any) error {
	statement, err := b.prepare(query)
	if err != nil {
		return err
	}
	_, err = statement.ExecContext(b.ctx, args...)
	return err
}

// scan reads the one row of a query.
func (b *batch) scan(query string, args []any, into ...any) error {
	statement, err := b.prepare(query)
	if err != nil {
		return err
	}
	return statement.QueryRowContext(b.ctx, args...).Scan(into...)
}

// prepare keeps statements for the transaction: to prepare one takes longer than to run it.
func (b *batch) prepare(query string) (statement *sql.Stmt, err error) {
	if statement = b.prepared[query]; statement == nil {
		statement, err = b.tx.PrepareContext(b.ctx, query)
		b.prepared[query] = statement
	}
	return statement, err
}

// leaf is a record that has no place yet.
type leaf struct {
	kind   kind
	entry  *auditlog.Entry // of kindEntry
	hash   tlog.Hash
	packed []byte
}

// leavesOf are the records that would bring entries.
func (w *writer) leavesOf(entries []*auditlog.Entry) ([]leaf, error) {
	leaves := make([]leaf, len(entries))
	var group errgroup.Group
	for i, packer := range w.ahead {
		group.Go(func() (err error) {
			for at := i; at < len(entries) && err == nil; at += packersAtOnce {
				leaves[at], err = w.leafOf(packer, kindEntry, entries[at].Raw)
				leaves[at].entry = entries[at]
			}
			return err
		})
	}
	return leaves, group.Wait()
}

func (w *writer) leafOf(by *packer, k kind, raw []byte) (leaf, error) {
	packed, err := by.pack(raw)
	return leaf{kind: k, hash: leafHash(k, w.of, raw), packed: bytes.Clone(packed)}, err
}

// record adds a record.
func (b *batch) record(k kind, raw []byte) (number int64, err error) {
	l, err := b.leafOf(b.packer, k, raw)
	if err != nil {
		return 0, err
	}
	return b.append(l)
}

// append adds a leaf.
func (b *batch) append(l leaf) (number int64, err error) {
	number = b.tree.size
	if _, err := b.insertRecord.ExecContext(b.ctx, number, b.log, int(l.kind), l.hash[:], l.packed); err != nil {
		return 0, err
	}
	b.tree.push(l.hash)
	return number, nil
}

// errNoRaw would be a mistake of this program: a source for archives keeps what Make sent.
var errNoRaw = errors.New("internal error: an entry to be archived lacks what Make sent")

// add stores an entry, unless it is there as it is.
func (b *batch) add(as leaf) error {
	e := as.entry
	if len(e.Raw) == 0 {
		return errNoRaw
	}
	columns, err := b.columnsOf(e)
	if err != nil {
		return err
	}
	result, err := b.insertEntry.ExecContext(b.ctx, append(append([]any{b.tree.size, b.log, keyOf(e)}, columns...), b.tree.size)...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, b.update(as, columns))
	}
	if _, err := b.append(as); err != nil {
		return err
	}
	b.stored.Added++
	return nil
}

// update stores an entry that Make shows otherwise than before.
func (b *batch) update(as leaf, columns []any) error {
	e := as.entry
	var id int64
	var packed []byte
	if err := b.scan("SELECT e.id, r.raw FROM entries e JOIN records r ON r.leaf = e.record WHERE e.log = ? AND e.key = ?", []any{b.log, keyOf(e)}, &id, &packed); err != nil {
		return b.archive.damaged("what it holds of entry "+e.UUID, err)
	}
	before, err := unpack(packed)
	if err != nil {
		return b.archive.damaged("what it holds of entry "+e.UUID, err)
	}
	if sameJSON(before, e.Raw) {
		return nil
	}
	number, err := b.append(as)
	if err != nil {
		return err
	}
	b.stored.Changed++
	return b.exec(`UPDATE entries SET at = ?, written = ?, organization = ?, event = ?, actor = ?, team = ?, target = ?,
		version_from = ?, version_to = ?, extra = ?, record = ? WHERE id = ?`, append(columns, number, id)...)
}

// columnsOf are an entry's columns from at to extra.
func (b *batch) columnsOf(e *auditlog.Entry) ([]any, error) {
	columns := []any{micros(e.TriggeredAt), nil, nil, nil, nil, nil, nil, nil, nil, nil}
	if !e.CreatedAt.IsZero() {
		columns[1] = micros(e.CreatedAt)
	}
	var err error
	intern := func(column int, table string, values ...string) {
		if err == nil {
			columns[column], err = b.intern(table, values...)
		}
	}
	if e.Organization != nil {
		intern(2, "refs", string(e.Organization.ID), string(e.Organization.Name))
	}
	intern(3, "events", string(e.Event))
	if e.Actor != nil {
		intern(4, "actors", string(e.Actor.ID), string(e.Actor.Name), string(e.Actor.Email))
	}
	if e.Team != nil {
		intern(5, "refs", string(e.Team.ID), string(e.Team.Name))
	}
	if e.TargetID != "" {
		intern(6, "targets", string(e.TargetID))
	}
	if e.Version != nil {
		columns[7], columns[8] = string(e.Version.From), string(e.Version.To)
	}
	if err == nil && len(e.Extra) > 0 {
		var extra []byte
		extra, err = json.Marshal(e.Extra)
		columns[9] = string(extra)
	}
	return columns, err
}

// dictionary tables and their columns.
func dictionaryColumns(table string) []string {
	switch table {
	case "refs":
		return []string{"ref", "name"}
	case "actors":
		return []string{"actor", "name", "email"}
	default:
		return []string{"value"}
	}
}

// intern is the id of a value in a dictionary table, where it is put if need be.
func (b *batch) intern(table string, values ...string) (int64, error) {
	text := table
	for _, value := range values { // which may hold any character
		text += strconv.Itoa(len(value)) + ":" + value
	}
	if id, ok := b.fresh[text]; ok {
		return id, nil
	}
	if id, ok := b.ids.Get(text); ok {
		return id, nil
	}
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	names := dictionaryColumns(table)
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	if err := b.exec("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+marks+") ON CONFLICT DO NOTHING", args...); err != nil {
		return 0, err
	}
	var id int64
	if err := b.scan("SELECT id FROM "+table+" WHERE "+strings.Join(names, " = ? AND ")+" = ?", args, &id); err != nil {
		return 0, err
	}
	b.fresh[text] = id
	return id, nil
}

// details stores what Make's detail call shows of an entry that is here.
func (b *batch) details(id int64, e *auditlog.Entry) error {
	if len(e.Raw) == 0 {
		return errNoRaw
	}
	number, err := b.record(kindDetails, e.Raw)
	if err != nil {
		return err
	}
	if err := b.exec("UPDATE entries SET details = ? WHERE id = ?", number, id); err != nil {
		return err
	}
	for _, named := range namesIn(e) {
		target, err := b.intern("targets", string(e.TargetID))
		if err != nil {
			return err
		}
		if err := b.exec("INSERT INTO names (log, target, object, name, record) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
			b.log, target, string(named.Object), string(named.Name), number); err != nil {
			return err
		}
	}
	return nil
}

// edge is the tree as it is stored.
func (a *Archive) edge(ctx context.Context, from querier) (*tree, error) {
	data, err := a.meta(ctx, from, "tree")
	if err != nil {
		return nil, a.explain("reading it", err)
	}
	edge, err := unmarshalTree(data)
	return edge, a.damaged("the edge of its tree", err)
}
