package archive

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"make-audit-mcp/internal/order"
)

// Move copies all that an archive holds into another one, which must be empty and of the same ID, and proves that they are equal: that both
// have one signed head, over the tree and all that answers rest on, and that what the other one holds verifies against it. Nobody fills
// either meanwhile. One that failed leaves behind what nothing answers from.
//
// Whoever goes on to fill both has two archives of one name that contradict each other.
func Move(ctx context.Context, from, to *Archive, onProgress func(done, of int64)) (*Verification, error) {
	for _, a := range []*Archive{from, to} {
		unlock, err := a.store.Lock(ctx)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if from.store.ID() != to.store.ID() {
		return nil, &StoreError{Store: to.store.String(), Problem: "it is another archive", Next: "name one that is empty"}
	}
	m := &moving{to: to.store, onProgress: onProgress, logs: map[int64]*Log{}}
	if err := m.isEmpty(ctx); err != nil {
		return nil, err
	}
	if err := from.store.Snapshot(ctx, func(reads Reads) error {
		m.from = reads
		return m.run(ctx, from)
	}); err != nil {
		return nil, err
	}
	to.head.Store(nil)
	to.forget()
	found, err := to.Verify(ctx, VerifyOptions{})
	if err != nil {
		return nil, err
	}
	head, err := to.store.Head(ctx)
	if err == nil && (!found.Intact() || !bytes.Equal(head, m.last)) {
		err = &StoreError{Store: from.store.String(), Problem: "what it holds does not verify, as its copy shows",
			Next: "run make-audit-mcp verify on it; remove the copy"}
	}
	return found, err
}

// moving is one move.
type moving struct {
	from       Reads
	to         Store
	onProgress func(done, of int64)
	logs       map[int64]*Log
	// head is the target's, which nobody believes before the last batch; last is what that stores.
	head, last []byte
	batches    int
	// checkpoints are those that are not stored yet.
	checkpoints []SignedCheckpoint
}

func (m *moving) isEmpty(ctx context.Context) error {
	logs, err := m.to.Logs(ctx, LogKey{})
	if err == nil && len(logs) > 0 {
		err = &StoreError{Store: m.to.String(), Problem: "there is something in it already",
			Next: "name one that is empty; what a move that failed left behind can be removed"}
	}
	return err
}

func (m *moving) run(ctx context.Context, source *Archive) error {
	h, err := source.headIn(ctx, m.from)
	if err != nil {
		return err
	}
	logs, err := m.from.Logs(ctx, LogKey{})
	if err != nil {
		return err
	}
	if len(logs) == 0 {
		return &StoreError{Store: source.store.String(), Problem: "there is nothing in it", Next: "run make-audit-mcp sync with the new one"}
	}
	for i := range logs {
		m.logs[logs[i].Number] = &logs[i]
	}
	for checkpoint, err := range m.from.Checkpoints(ctx) {
		if err != nil {
			return err
		}
		m.checkpoints = append(m.checkpoints, *checkpoint)
	}
	if err := m.words(ctx, &logs[0]); err != nil {
		return err
	}
	if err := m.records(ctx, source, h.Tree.Size); err != nil {
		return err
	}
	for i := range logs {
		if err := m.rest(ctx, &logs[i]); err != nil {
			return err
		}
	}
	for len(m.checkpoints) > 1 {
		if err := m.append(ctx, &logs[0], &Batch{}); err != nil {
			return err
		}
	}
	m.last = h.stored
	return m.append(ctx, &logs[0], &Batch{Head: h.stored})
}

// append stores a batch of a log, with the next checkpoint.
func (m *moving) append(ctx context.Context, log *Log, b *Batch) error {
	m.batches++
	b.Log, b.Of, b.State, b.Before = log.Number, log.LogKey, log.State, m.head
	if b.Head == nil {
		b.Head = fmt.Appendf(nil, "a move came up to its batch %d", m.batches)
	}
	if len(m.checkpoints) > 0 {
		b.Checkpoint = &m.checkpoints[0]
	}
	if err := m.to.Append(ctx, b); err != nil {
		return err
	}
	m.head = b.Head
	if b.Checkpoint != nil {
		m.checkpoints = m.checkpoints[1:]
	}
	return nil
}

// words copies the dictionaries.
func (m *moving) words(ctx context.Context, with *Log) error {
	b := &Batch{}
	for d := range Dictionaries {
		for word, err := range m.from.Words(ctx, d, 0) {
			if err != nil {
				return err
			}
			if b.Words = append(b.Words, *word); len(b.Words) < 10*batchSize {
				continue
			}
			if err := m.append(ctx, with, b); err != nil {
				return err
			}
			b = &Batch{}
		}
	}
	return m.append(ctx, with, b)
}

// records copies the records, in order, with the rows that they bring.
func (m *moving) records(ctx context.Context, source *Archive, size int64) error {
	for next := int64(0); next < size; {
		m.onProgress(next, size)
		var some []Record
		for record, err := range m.from.Records(ctx, 0, next, batchSize) {
			if err != nil {
				return err
			}
			if record.Number != next || next == size || next > math.MaxInt32 || m.logs[record.Log] == nil {
				return source.refused(nil, "its record %d is gone", next)
			}
			some = append(some, *record)
			next++
		}
		if len(some) == 0 {
			return source.refused(nil, "its record %d is gone", next)
		}
		for len(some) > 0 {
			run := slices.IndexFunc(some, func(r Record) bool { return r.Log != some[0].Log })
			if run < 0 {
				run = len(some)
			}
			if err := m.recordsOf(ctx, m.logs[some[0].Log], some[:run]); err != nil {
				return err
			}
			some = some[run:]
		}
	}
	m.onProgress(size, size)
	return nil
}

// recordsOf copies records of one log.
func (m *moving) recordsOf(ctx context.Context, log *Log, records []Record) error {
	b := &Batch{Records: records}
	var ids []int32
	for i := range records {
		if records[i].Kind == kindEntry {
			ids = append(ids, int32(records[i].Number)) //nolint:gosec // looked at before
		}
	}
	for row, err := range m.from.RowsAt(ctx, log.Number, ids) {
		if err != nil {
			return err
		}
		b.New = append(b.New, *row)
		if row.Details != 0 {
			b.Details = append(b.Details, Detail{row.ID, row.Details})
		}
	}
	order.By(b.New, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	return m.append(ctx, log, b)
}

// rest copies what else a log has.
func (m *moving) rest(ctx context.Context, log *Log) (err error) {
	b := &Batch{}
	if b.Directory, err = m.from.Directory(ctx, log.Number); err != nil {
		return err
	}
	for name, err := range m.from.Names(ctx, log.Number) {
		if err != nil {
			return err
		}
		b.Names = append(b.Names, *name)
	}
	return m.append(ctx, log, b)
}
