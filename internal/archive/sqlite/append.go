package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"make-audit-mcp/internal/archive"
)

// field is a column and a value for it.
type field struct {
	column string
	value  any
}

// writing is one transaction that appends.
type writing struct {
	ctx context.Context //nolint:containedctx // of the one call that makes it
	tx  *sql.Tx
}

// times runs one statement for each of count elements. The fields of each are the statement's parameters, in their order; statement makes
// it of the columns.
func (w writing) times(count int, fields func(i int, of []field) []field, statement func(columns []string) string) (failed int, err error) {
	if count == 0 {
		return 0, nil
	}
	of := fields(0, nil)
	columns, args := make([]string, len(of)), make([]any, len(of))
	for i, f := range of {
		columns[i] = f.column
	}
	prepared, err := w.tx.PrepareContext(w.ctx, statement(columns)) // which takes longer than to run it
	if err != nil {
		return 0, err
	}
	defer prepared.Close() //nolint:errcheck // the transaction closes it as well
	for i := range count {
		of = fields(i, of[:0])
		for j, f := range of {
			args[j] = f.value
		}
		if _, err := prepared.ExecContext(w.ctx, args...); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// insert adds rows to a table; otherwise is what to do with those that are there.
func (w writing) insert(table, otherwise string, count int, fields func(i int, of []field) []field) (failed int, err error) {
	return w.times(count, fields, func(columns []string) string {
		return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + marks(len(columns)) + ") " + otherwise
	})
}

// update changes rows of a table; the last field chooses the row.
func (w writing) update(table string, count int, fields func(i int, of []field) []field) error {
	_, err := w.times(count, fields, func(columns []string) string {
		last := len(columns) - 1
		return "UPDATE " + table + " SET " + strings.Join(columns[:last], " = ?, ") + " = ? WHERE " + columns[last] + " = ?"
	})
	return err
}

// Append implements archive.Store.
func (s *Store) Append(ctx context.Context, b *archive.Batch) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		before, err := reads{s, tx}.Tree(ctx)
		if err != nil {
			return err
		}
		if before.Size != b.From {
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
		if _, err := w.insert(name, "", len(some), func(i int, of []field) []field {
			of = append(of, field{"id", some[i].ID})
			for j, column := range columns {
				of = append(of, field{column, some[i].Texts[j]})
			}
			return of
		}); err != nil {
			return err
		}
	}
	return nil
}

// shown are the columns of a row but for its identity.
func shown(row *archive.Row, of []field) []field {
	orNull := func(id int32) any {
		if id == 0 {
			return nil
		}
		return id
	}
	var written, versionFrom, versionTo, extra any
	if row.Written != archive.NoTime {
		written = row.Written
	}
	if row.Version != nil {
		versionFrom, versionTo = string(row.Version.From), string(row.Version.To)
	}
	if row.Extra != "" {
		extra = row.Extra
	}
	return append(of, field{"at", row.At}, field{"written", written}, field{"organization", orNull(row.Organization)},
		field{"event", row.Event},
		field{"actor", orNull(row.Actor)}, field{"team", orNull(row.Team)}, field{"target", orNull(row.Target)},
		field{"version_from", versionFrom}, field{"version_to", versionTo}, field{"extra", extra}, field{"record", row.Record})
}

// rows stores records, and the rows that follow from them.
func (w writing) rows(b *archive.Batch) error {
	if _, err := w.insert("records", "", len(b.Records), func(i int, of []field) []field {
		r := &b.Records[i]
		return append(of, field{"leaf", r.Number}, field{"log", b.Log}, field{"kind", int(r.Kind)}, field{"hash", r.Hash},
			field{"raw", r.Packed})
	}); err != nil {
		return err
	}
	failed, err := w.insert("entries", "", len(b.New), func(i int, of []field) []field {
		row := &b.New[i]
		return shown(row, append(of, field{"id", row.ID}, field{"log", b.Log}, field{"key", storedKey(row.Key)}))
	})
	switch {
	case isUnique(err):
		return &archive.ConflictError{Key: b.New[failed].Key}
	case err != nil:
		return err
	}
	if err := w.update("entries", len(b.Changed), func(i int, of []field) []field {
		return append(shown(&b.Changed[i], of), field{"id", b.Changed[i].ID})
	}); err != nil {
		return err
	}
	return w.update("entries", len(b.Details), func(i int, of []field) []field {
		return append(of, field{"details", b.Details[i].Details}, field{"id", b.Details[i].ID})
	})
}

func (w writing) names(b *archive.Batch) error {
	_, err := w.insert("names", "ON CONFLICT DO UPDATE SET record = excluded.record", len(b.Names), func(i int, of []field) []field {
		n := &b.Names[i]
		return append(of, field{"log", b.Log}, field{"target", n.Target}, field{"object", n.Object}, field{"name", n.Name},
			field{"record", n.Record})
	})
	return err
}

func (w writing) checkpoint(b *archive.Batch) error {
	c := b.Checkpoint
	if c == nil {
		return nil
	}
	if _, err := w.tx.ExecContext(w.ctx, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", publicKey+c.PublicKey,
		[]byte(c.PublicKey)); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(w.ctx, "INSERT OR REPLACE INTO checkpoints (size, at, note) VALUES (?, ?, ?)", c.Size, c.At, c.Note)
	return err
}

// log stores the tree's edge, and what the log has of its own.
func (w writing) log(b *archive.Batch) error {
	tree, err := json.Marshal(b.Tree)
	if err != nil {
		return fmt.Errorf("the tree's edge: %w", err)
	}
	if _, err := w.tx.ExecContext(w.ctx, "UPDATE meta SET value = ? WHERE key = 'tree'", tree); err != nil {
		return err
	}
	orSame := func(text []byte) any {
		if text == nil {
			return nil
		}
		return text
	}
	_, err = w.tx.ExecContext(w.ctx, "UPDATE logs SET state = coalesce(?, state), known = coalesce(?, known), rewritten = rewritten + ? "+
		"WHERE id = ?",
		orSame(b.State), orSame(b.Directory), len(b.Changed), b.Log)
	return err
}
