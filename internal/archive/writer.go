package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// writer adds to one log. There is one at a time in an archive: whoever holds the lock.
type writer struct {
	archive *Archive
	of      LogKey
	log     int64
	// state and tree are as they are stored.
	state  *logState
	tree   *Tree
	packer *packer
	ahead  [packersAtOnce]*packer // pack while the packer may be in use
	// ids are of words that rows refer to, by their keys; only those that are stored.
	ids map[string]int32
	key []byte // of the word that is looked for
	// overlaps is set once entries came that the log has: they are looked up first from then on.
	overlaps bool
}

// word is what rows refer to by its id.
type word struct {
	dictionary Dictionary
	texts      Texts
}

// appendKey appends what no other word has.
func (w word) appendKey(to []byte) []byte {
	to = append(to, byte(w.dictionary)) //nolint:gosec // there are four
	for _, text := range w.texts {      // which may hold any character
		to = append(binary.AppendUvarint(to, uint64(len(text))), text...)
	}
	return to
}

const (
	// dictionarySize bounds what is remembered of the dictionaries.
	dictionarySize = 50_000
	// packersAtOnce is how many processors pack records: it takes longer than what a store does with them.
	packersAtOnce = 2
)

// newWriter finds a log, or makes it. The caller holds the lock.
func (a *Archive) newWriter(ctx context.Context, of LogKey) (*writer, error) {
	w := &writer{archive: a, of: of, state: &logState{}, ids: map[string]int32{}}
	var err error
	if w.packer, err = newPacker(); err != nil {
		return nil, err
	}
	for i := range w.ahead {
		if w.ahead[i], err = newPacker(); err != nil {
			return nil, err
		}
	}
	if w.tree, err = a.store.Tree(ctx); err != nil {
		return nil, err
	}
	log, err := a.findLog(ctx, of)
	switch {
	case err != nil:
		return nil, err
	case log == nil:
		w.log, err = a.store.AddLog(ctx, of)
		return w, err
	}
	w.log = log.Number
	w.state, err = a.stateOf(log)
	return w, err
}

// stored counts what a batch changed.
type stored struct{ Added, Changed int }

// batch is what a writer is about to store at once.
type batch struct {
	Batch
	*writer
	next  logState
	fresh map[string]int32 // as ids, of words that were not remembered
}

// begin goes on from what is stored.
func (w *writer) begin() *batch {
	return &batch{writer: w, next: *w.state, fresh: map[string]int32{}, Batch: Batch{Log: w.log, From: w.tree.Size, Tree: w.tree.clone()}}
}

// commit stores the batch, and the log's next state with it. Nothing of it is stored if anything fails.
func (b *batch) commit(ctx context.Context) error {
	if vouched := b.next.vouches(); !vouched.equal(b.state.vouches()) {
		if err := b.recordState(vouched); err != nil {
			return err
		}
	}
	var err error
	if b.State, err = json.Marshal(&b.next); err != nil {
		return fmt.Errorf("the log's state: %w", err)
	}
	if err := b.archive.store.Append(ctx, &b.Batch); err != nil {
		return err
	}
	*b.state = b.next
	b.tree = b.Tree
	if len(b.ids) > dictionarySize {
		clear(b.ids)
	}
	maps.Copy(b.ids, b.fresh)
	return nil
}

// recordState makes what the log vouches for a leaf of the tree.
func (b *batch) recordState(vouched vouched) error {
	text, err := json.Marshal(vouched)
	if err != nil {
		return fmt.Errorf("the log's state: %w", err)
	}
	_, err = b.record(kindSync, text)
	return err
}

// change changes the state.
func (w *writer) change(ctx context.Context, how func(*logState)) error {
	b := w.begin()
	how(&b.next)
	return b.commit(ctx)
}

// leaf is a record that has no place yet.
type leaf struct {
	kind   Kind
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

// errNoRaw would be a mistake of this program: a source for archives keeps what Make sent.
var errNoRaw = errors.New("internal error: an entry to be archived lacks what Make sent")

func (w *writer) leafOf(by *packer, k Kind, raw []byte) (leaf, error) {
	if len(raw) == 0 {
		return leaf{}, errNoRaw
	}
	packed, err := by.pack(raw)
	return leaf{kind: k, hash: leafHash(k, w.of, raw), packed: bytes.Clone(packed)}, err
}

// record adds a record.
func (b *batch) record(k Kind, raw []byte) (number int64, err error) {
	l, err := b.leafOf(b.packer, k, raw)
	if err != nil {
		return 0, err
	}
	return b.append(&l), nil
}

// append adds a leaf.
func (b *batch) append(l *leaf) (number int64) {
	number = b.Tree.Size
	b.Records = append(b.Records, Record{Number: number, Log: b.log, Kind: l.kind, Hash: l.hash[:], Packed: l.packed})
	b.Tree.push(l.hash)
	return number
}

// write stores entries, those that the log lacks or has otherwise. None of them is stored if anything fails.
func (w *writer) write(ctx context.Context, leaves []leaf) (stored, error) {
	if !w.overlaps {
		// Most of a fill is new. The store says if something is not.
		counts, err := w.add(ctx, leaves, map[Key]*heldEntry{})
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return counts, err
		}
		w.overlaps = true
	}
	here, err := w.held(ctx, leaves)
	if err != nil {
		return stored{}, err
	}
	return w.add(ctx, leaves, here)
}

// heldEntry is what the log has of an entry.
type heldEntry struct {
	id  int64
	raw []byte
}

// held finds what the log has of some entries.
func (w *writer) held(ctx context.Context, leaves []leaf) (map[Key]*heldEntry, error) {
	keys := make([]Key, len(leaves))
	for i := range leaves {
		keys[i] = keyOf(leaves[i].entry)
	}
	here := map[Key]*heldEntry{}
	records := map[Key]int64{}
	for row, err := range w.archive.store.RowsOf(ctx, w.log, keys) {
		if err != nil {
			return nil, err
		}
		here[row.Key], records[row.Key] = &heldEntry{id: row.ID}, row.Record
	}
	packed, err := w.archive.packed(ctx, slices.Collect(maps.Values(records)))
	if err != nil {
		return nil, err
	}
	for key, entry := range here {
		if entry.raw, err = unpack(packed[records[key]]); err != nil {
			return nil, w.archive.refused(err, "what it holds of entry %s is damaged", key.UUID)
		}
	}
	return here, nil
}

// add stores entries, unless they are here as they are.
func (w *writer) add(ctx context.Context, leaves []leaf, here map[Key]*heldEntry) (stored, error) {
	b := w.begin()
	lacking := make([]*leaf, 0, len(leaves))
	for i := range leaves {
		l := &leaves[i]
		key := keyOf(l.entry)
		before := here[key]
		if before != nil && sameJSON(before.raw, l.entry.Raw) {
			continue
		}
		if before == nil {
			before = &heldEntry{id: -1} // also for those that come twice
			here[key] = before
		}
		before.raw = l.entry.Raw
		lacking = append(lacking, l)
	}
	if err := b.intern(ctx, func(yield func(word)) {
		var none Row
		for _, l := range lacking {
			wordsOf(l.entry, &none, func(_ *int32, w word) { yield(w) })
		}
	}); err != nil {
		return stored{}, err
	}
	b.New = make([]Row, 0, len(lacking))
	b.Records = make([]Record, 0, len(lacking)+1)
	for _, l := range lacking {
		row, err := b.rowOf(l.entry)
		if err != nil {
			return stored{}, err
		}
		row.Record = b.append(l)
		before := here[row.Key]
		if before.id >= 0 {
			row.ID = before.id
			b.Changed = append(b.Changed, row)
			continue
		}
		row.ID, before.id = row.Record, row.Record
		b.New = append(b.New, row)
	}
	return stored{Added: len(b.New), Changed: len(b.Changed)}, b.commit(ctx)
}

// wordsOf calls yield with what an entry refers to, and where the ids belong.
func wordsOf(e *auditlog.Entry, row *Row, yield func(id *int32, w word)) {
	if e.Organization != nil {
		yield(&row.Organization, refWord(e.Organization))
	}
	yield(&row.Event, word{Events, Texts{string(e.Event)}})
	if e.Actor != nil {
		yield(&row.Actor, word{Actors, Texts{string(e.Actor.ID), string(e.Actor.Name), string(e.Actor.Email)}})
	}
	if e.Team != nil {
		yield(&row.Team, refWord(e.Team))
	}
	if e.TargetID != "" {
		yield(&row.Target, targetWord(e.TargetID))
	}
}

func refWord(ref *auditlog.Ref) word { return word{Refs, Texts{string(ref.ID), string(ref.Name)}} }

func targetWord(id auditlog.Text) word { return word{Targets, Texts{string(id)}} }

// intern sees to it that words have ids.
func (b *batch) intern(ctx context.Context, words func(yield func(word))) error {
	var lacking [Dictionaries][]Texts
	words(func(w word) {
		if _, ok := b.id(w); !ok {
			b.fresh[string(b.key)] = 0
			lacking[w.dictionary] = append(lacking[w.dictionary], w.texts)
		}
	})
	for d, texts := range lacking {
		if len(texts) == 0 {
			continue
		}
		if err := b.number(ctx, Dictionary(d), texts); err != nil {
			return err
		}
	}
	return nil
}

// number gives texts of a dictionary the ids that they have, or the next ones.
func (b *batch) number(ctx context.Context, d Dictionary, texts []Texts) error {
	ids, err := b.archive.store.WordIDs(ctx, b.log, d, texts)
	if err != nil {
		return err
	}
	last, err := b.archive.store.LastWord(ctx, b.log, d)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if id == 0 {
			last++
			id = last
			b.Words = append(b.Words, Word{Dictionary: d, ID: id, Texts: texts[i]})
		}
		b.fresh[string(word{d, texts[i]}.appendKey(nil))] = id
	}
	return nil
}

// rowOf is an entry's row; what it refers to has ids.
func (b *batch) rowOf(e *auditlog.Entry) (Row, error) {
	row, err := plainRow(e)
	row.Log = b.log
	wordsOf(e, &row, func(id *int32, w word) { *id, _ = b.id(w) })
	return row, err
}

// plainRow is what an entry's row has beside words.
func plainRow(e *auditlog.Entry) (Row, error) {
	row := Row{Key: keyOf(e), At: micros(e.TriggeredAt), Written: NoTime, Version: e.Version}
	if !e.CreatedAt.IsZero() {
		row.Written = micros(e.CreatedAt)
	}
	if len(e.Extra) == 0 {
		return row, nil
	}
	extra, err := json.Marshal(e.Extra)
	row.Extra = string(extra)
	return row, err
}

// id is a word's, if it is remembered or new. It leaves the word's key in b.key.
func (b *batch) id(w word) (id int32, ok bool) {
	b.key = w.appendKey(b.key[:0])
	if id, ok = b.ids[string(b.key)]; !ok {
		id, ok = b.fresh[string(b.key)]
	}
	return id, ok
}

// details stores what Make's detail calls show of entries that are here, by the ids of their rows; nil is for those that Make does not
// have.
func (b *batch) details(ctx context.Context, ids []int64, found []*auditlog.Entry) error {
	if err := b.intern(ctx, func(yield func(word)) {
		for _, e := range found {
			if len(namesIn(e)) > 0 {
				yield(targetWord(e.TargetID))
			}
		}
	}); err != nil {
		return err
	}
	for i, e := range found {
		if e == nil {
			b.Details = append(b.Details, Detail{ids[i], Gone})
			continue
		}
		number, err := b.record(kindDetails, e.Raw)
		if err != nil {
			return err
		}
		b.Details = append(b.Details, Detail{ids[i], number})
		for _, name := range namesIn(e) {
			target, _ := b.id(targetWord(e.TargetID))
			b.Names = append(b.Names, Name{Log: b.log, Target: target, Object: string(name.Object), Name: string(name.Name),
				Record: number})
		}
	}
	return nil
}
