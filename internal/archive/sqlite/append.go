package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"strings"

	"make-audit-mcp/internal/archive"
)

// writing is one transaction that appends.
type writing struct {
	ctx context.Context //nolint:containedctx // of the one call that makes it
	tx  *sql.Tx
}

// times runs one statement for each of count elements; args appends the parameters of the ith.
func (w writing) times(statement string, count int, args func(i int, to []any) []any) (failed int, err error) {
	if count == 0 {
		return 0, nil
	}
	prepared, err := w.tx.PrepareContext(w.ctx, statement) // which takes longer than to run it
	if err != nil {
		return 0, err
	}
	defer prepared.Close() //nolint:errcheck // the transaction closes it as well
	var to []any
	for i := range count {
		to = args(i, to[:0])
		if _, err := prepared.ExecContext(w.ctx, to...); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// Append implements archive.Store.
func (s *Store) Append(ctx context.Context, b *archive.Batch) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		from := reads{s, tx}
		if err := from.foreign(ctx); err != nil {
			return err
		}
		before, err := from.Head(ctx)
		if err != nil {
			return err
		}
		if !bytes.Equal(before, b.Before) {
			return &archive.BusyError{Store: s.path}
		}
		w := writing{ctx, tx}
		for _, add := range []func(*archive.Batch) error{w.words, w.rows, w.names, w.checkpoint, w.log} {
			if err := add(b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w writing) words(b *archive.Batch) error {
	for d := range archive.Dictionaries {
		var some []archive.Word
		for _, word := range b.Words {
			if word.Dictionary == d {
				some = append(some, word)
			}
		}
		name, columns := table(d)
		statement := "INSERT INTO " + name + " (id, " + strings.Join(columns, ", ") + ") VALUES (?, " + marks(len(columns)) + ")"
		if _, err := w.times(statement, len(some), func(i int, to []any) []any {
			to = append(to, some[i].ID)
			for j := range columns {
				to = append(to, some[i].Texts[j])
			}
			return to
		}); err != nil {
			return err
		}
	}
	return nil
}

// shownColumns are those of a row but for its identity, in the order of shownValues and shown.
const (
	shownColumns = "at, event, actor, team, target, record"
	shownValues  = "?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), ?"
)

func shown(row *archive.Row, to []any) []any {
	return append(to, row.At, row.Event, row.Actor, row.Team, row.Target, row.Record)
}

// rows stores records, and the rows that follow from them.
func (w writing) rows(b *archive.Batch) error {
	if _, err := w.times("INSERT INTO records (leaf, log, kind, hash, raw) VALUES (?, ?, ?, ?, ?)", len(b.Records),
		func(i int, to []any) []any {
			r := &b.Records[i]
			return append(to, r.Number, b.Log, int(r.Kind), r.Hash, r.Packed)
		}); err != nil {
		return err
	}
	failed, err := w.times("INSERT INTO entries (id, log, key, "+shownColumns+") VALUES (?, ?, ?, "+shownValues+")", len(b.New),
		func(i int, to []any) []any {
			return shown(&b.New[i], append(to, b.New[i].ID, b.Log, storedKey(b.New[i].Key)))
		})
	switch {
	case isUnique(err):
		return &archive.ConflictError{Key: b.New[failed].Key}
	case err != nil:
		return err
	}
	if _, err := w.times("UPDATE entries SET ("+shownColumns+") = ("+shownValues+") WHERE id = ?", len(b.Changed),
		func(i int, to []any) []any { return append(shown(&b.Changed[i], to), b.Changed[i].ID) }); err != nil {
		return err
	}
	_, err = w.times("UPDATE entries SET details = ? WHERE id = ?", len(b.Details),
		func(i int, to []any) []any { return append(to, b.Details[i].Details, b.Details[i].ID) })
	return err
}

func (w writing) names(b *archive.Batch) error {
	_, err := w.times("INSERT INTO names (log, target, object, name, record) VALUES (?, ?, ?, ?, ?) "+
		"ON CONFLICT DO UPDATE SET record = excluded.record", len(b.Names), func(i int, to []any) []any {
		n := &b.Names[i]
		return append(to, b.Log, n.Target, n.Object, n.Name, n.Record)
	})
	return err
}

func (w writing) checkpoint(b *archive.Batch) error {
	c := b.Checkpoint
	if c == nil {
		return nil
	}
	_, err := w.tx.ExecContext(w.ctx, "INSERT INTO checkpoints (size, note) VALUES (?, ?)", c.Size, []byte(c.Note))
	return err
}

// log stores the head, and what the log has of its own.
func (w writing) log(b *archive.Batch) error {
	if _, err := w.tx.ExecContext(w.ctx, "INSERT OR REPLACE INTO meta (key, value) VALUES ('head', ?)", b.Head); err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(w.ctx, "INSERT INTO logs (id, instance, organization, state) VALUES (?, ?, ?, ?) "+
		"ON CONFLICT (id) DO UPDATE SET state = excluded.state", b.Log, b.Of.Instance, b.Of.Organization, b.State); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(w.ctx, "UPDATE logs SET known = coalesce(?, known) WHERE id = ?", b.Directory, b.Log)
	return err
}
