package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"make-audit-mcp/internal/archive"
)

// Append implements archive.Store.
func (s *Store) Append(ctx context.Context, b *archive.Batch) error {
	held := s.held.Load()
	if held == nil {
		return &archive.BusyError{Store: s.name}
	}
	err := s.transact(ctx, func(of *connection) error { return s.append(ctx, of, held, b) })
	if codeOf(err) == uniqueViolation {
		if conflict := s.conflict(ctx, b); conflict != nil {
			return conflict
		}
	}
	return s.explain(ctx, "writing to it", err)
}

// append stores a batch in a transaction.
func (s *Store) append(ctx context.Context, of *connection, held *lease, b *archive.Batch) error {
	if err := held.prove(ctx, of); err != nil {
		return err
	}
	from := reads{store: s, within: of}
	if err := from.foreign(ctx); err != nil {
		return err
	}
	before, err := from.Head(ctx)
	switch {
	case err != nil:
		return err
	case bytes.Equal(before, b.Head): // the commit of a try before this one was not heard of
		return nil
	case !bytes.Equal(before, b.Before):
		return &archive.BusyError{Store: s.name}
	}
	if err := copyRows(ctx, of, b); err != nil {
		return err
	}
	rest := &batch{}
	queueWords(rest, b)
	queueChanges(rest, b)
	queueLog(rest, b)
	return rest.run(ctx, of)
}

// conflict is the entry that a log has already, or that comes twice.
func (s *Store) conflict(ctx context.Context, b *archive.Batch) error {
	seen := map[archive.Key]bool{}
	keys := make([]archive.Key, 0, len(b.New))
	for i := range b.New {
		key := b.New[i].Key
		if seen[key] {
			return &archive.ConflictError{Key: key}
		}
		seen[key] = true
		keys = append(keys, key)
	}
	for row, err := range s.RowsOf(ctx, b.Log, keys) {
		if err != nil {
			return err
		}
		return &archive.ConflictError{Key: row.Key}
	}
	return nil
}

// copyRows stores the records and the rows that they bring.
func copyRows(ctx context.Context, of *connection, b *archive.Batch) error {
	records := copying{table: "records", columns: "log, leaf, kind, hash, raw"}
	for i := range b.Records {
		r := &b.Records[i]
		records.row(5).int64(b.Log).int64(r.Number).int32(int32(r.Kind)). //nolint:gosec // there are few
											bytes(r.Hash).bytes(r.Packed)
	}
	if err := records.run(ctx, of); err != nil {
		return err
	}
	entries := copying{table: "entries", columns: "log, id, key, at, event, actor, team, target, record, details"}
	for i := range b.New {
		r := &b.New[i]
		entries.row(10).int64(b.Log).int64(r.ID).bytes(storedKey(r.Key)).int64(r.At).int32(r.Event).int32(r.Actor).int32(r.Team).
			int32(r.Target).int64(r.Record).int64(0)
	}
	return entries.run(ctx, of)
}

// copying is what a COPY sends, in the binary format (https://www.postgresql.org/docs/current/sql-copy.html).
type copying struct {
	table, columns string
	data           []byte
}

func (c *copying) row(fields int16) *copying {
	if len(c.data) == 0 {
		c.data = append(c.data, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	}
	c.data = binary.BigEndian.AppendUint16(c.data, uint16(fields)) //nolint:gosec // few
	return c
}

func (c *copying) int64(n int64) *copying {
	c.data = appendInt64(appendInt32(c.data, 8), n)
	return c
}

func (c *copying) int32(n int32) *copying {
	c.data = appendInt32(appendInt32(c.data, 4), n)
	return c
}

func (c *copying) bytes(data []byte) *copying {
	c.data = append(appendInt32(c.data, int32(len(data))), data...) //nolint:gosec // bounded by what Make sends
	return c
}

// run copies the rows, if there are any.
func (c *copying) run(ctx context.Context, of *connection) error {
	if len(c.data) == 0 {
		return nil
	}
	c.data = append(c.data, 0xff, 0xff)
	_, err := of.CopyFrom(ctx, bytes.NewReader(c.data), fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", c.table,
		c.columns))
	return err
}

// queueWords adds the new words.
func queueWords(to *batch, b *archive.Batch) {
	if len(b.Words) == 0 {
		return
	}
	var dictionaries, ids []int32
	var sums [][]byte
	var texts [len(archive.Texts{})][][]byte
	for _, word := range b.Words {
		dictionaries, ids = append(dictionaries, int32(word.Dictionary)), append(ids, word.ID) //nolint:gosec // there are few
		sums = append(sums, sumOfWord(word.Texts))
		for i, text := range word.Texts {
			texts[i] = append(texts[i], []byte(text))
		}
	}
	to.queue("INSERT INTO words (dictionary, id, sum, first, second, third) "+
		"SELECT * FROM unnest($1::integer[], $2::integer[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])",
		dictionaries, ids, sums, texts[0], texts[1], texts[2])
}

// queueChanges changes rows and adds names.
func queueChanges(to *batch, b *archive.Batch) {
	if len(b.Changed) > 0 {
		numbers := [3][]int64{}
		references := [4][]int32{}
		for i := range b.Changed {
			r := &b.Changed[i]
			for j, n := range []int64{r.ID, r.At, r.Record} {
				numbers[j] = append(numbers[j], n)
			}
			for j, n := range []int32{r.Event, r.Actor, r.Team, r.Target} {
				references[j] = append(references[j], n)
			}
		}
		to.queue("UPDATE entries SET at = n.at, record = n.record, event = n.event, actor = n.actor, team = n.team, target = n.target "+
			"FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::integer[], $7::integer[], $8::integer[]) "+
			"AS n (id, at, record, event, actor, team, target) WHERE entries.log = $1 AND entries.id = n.id", b.Log, numbers[0], numbers[1],
			numbers[2], references[0], references[1], references[2], references[3])
	}
	if len(b.Details) > 0 {
		var ids, details []int64
		for _, d := range b.Details {
			ids, details = append(ids, d.ID), append(details, d.Details)
		}
		to.queue("UPDATE entries SET details = n.details FROM unnest($2::bigint[], $3::bigint[]) AS n (id, details) "+
			"WHERE entries.log = $1 AND entries.id = n.id", b.Log, ids, details)
	}
	for i := range b.Names { // one at a time, since one may come twice
		n := &b.Names[i]
		to.queue("INSERT INTO names (log, sum, target, object, name, record) VALUES ($1, $2, $3, $4, $5, $6) "+
			"ON CONFLICT (log, sum) DO UPDATE SET record = excluded.record", b.Log, sumOfName(n), n.Target, []byte(n.Object), []byte(n.Name),
			n.Record)
	}
}

// queueLog stores the head, the checkpoint, and what the log has of its own.
func queueLog(to *batch, b *archive.Batch) {
	if b.Checkpoint != nil {
		to.queue("INSERT INTO checkpoints (size, note) VALUES ($1, $2)", b.Checkpoint.Size, []byte(b.Checkpoint.Note))
	}
	to.queue("UPDATE archive SET head = $1 WHERE key = 1", b.Head)
	set := []string{"state = excluded.state"}
	known := b.Directory
	if known == nil {
		known = []byte("{}")
	} else {
		set = append(set, "known = excluded.known")
	}
	to.queue("INSERT INTO logs (id, instance, organization, state, known) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET "+
		strings.Join(set, ", "), b.Log, []byte(b.Of.Instance), []byte(b.Of.Organization), b.State, known)
}
