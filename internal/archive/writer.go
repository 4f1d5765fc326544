package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// writer adds to one log. There is one at a time in an archive: whoever holds the lock.
type writer struct {
	archive *Archive
	of      LogKey
	log     int64
	// state and head are as they are stored.
	state *logState
	head  *head
	// signer signs heads, public is the other half of its key.
	signer note.Signer
	public string
	// chunks are what is counted of some chunks, by id, as the head signs them; names those of the log's objects, nil as long as nobody
	// needs them.
	chunks map[int][]counted
	names  *[]Name
	// packers are for entries, which may be packed while the batch before is stored; packer is for what else a batch brings.
	packers [packersAtOnce]packer
	packer  packer
	// ids are of words that rows refer to; only those that are stored.
	ids map[word]int32
	// targets are the signed ones where the archive does not hold them, each as its sum by seed: there may be many.
	targets wordList[uint64]
	seed    maphash.Seed
	// overlaps is set once entries came that the log has: they are looked up first from then on.
	overlaps bool
}

// word is what rows refer to by its id.
type word struct {
	dictionary Dictionary
	texts      Texts
}

const (
	// dictionarySize bounds what is remembered of the dictionaries.
	dictionarySize = 50_000
	// chunksKept bounds the chunks that are remembered.
	chunksKept = 4
	// packersAtOnce is how many processors pack records: it takes longer than what a store does with them.
	packersAtOnce = 2
)

// newWriter finds a log, or begins one. A log that is not as it was signed is refused: a sync must not sign what somebody else did to it.
// The caller holds the lock.
func (a *Archive) newWriter(ctx context.Context, of LogKey) (*writer, error) {
	w := &writer{archive: a, of: of, state: &logState{}, ids: map[word]int32{}, chunks: map[int][]counted{},
		seed: maphash.MakeSeed()}
	log, err := a.findLog(ctx, of)
	switch {
	case err != nil:
		return nil, err
	case log != nil:
		w.head, w.log, w.state = log.head, log.Number, log.state
		err = w.checkLog(ctx)
	default:
		w.head, err = a.lastHead(ctx)
	}
	if err != nil {
		return nil, err
	}
	if w.log == 0 {
		w.log = int64(len(w.head.Logs)) + 1
	}
	w.signer, w.public, err = a.signer(w.head)
	return w, err
}

// checkLog refuses a log that is not as the head signs it. What it holds of the last chunk, to which a sync adds, need not be read again.
func (w *writer) checkLog(ctx context.Context) error {
	rows, done, err := w.archive.rowsOf(ctx, w.head, w.log)
	if err != nil {
		return err
	}
	defer done()
	if _, err := w.archive.wordsOf(ctx, w.head.Words); err != nil {
		return err
	}
	if stored, isLeft := rows.(*storedRows); isLeft {
		return stored.check(ctx, w.head)
	}
	if held, isHeld := rows.(*columns); isHeld && held.upTo == w.head.Tree.Size {
		chunks := &w.head.log(w.log).Chunks
		w.chunks[chunks.last()] = held.between(chunks.ids(chunks.last()).From, held.upTo, nil)
	}
	return nil
}

// batch is what a writer is about to store at once.
type batch struct {
	Batch
	*writer
	next  logState
	ahead *head          // what the batch makes of the writer's
	fresh map[word]int32 // as ids, of words that were not remembered
	// isCheckpoint has the checkpoint that signs the batch kept for good.
	isCheckpoint bool
}

// begin goes on from what is stored.
func (w *writer) begin() *batch {
	b := &batch{
		writer: w, next: *w.state, ahead: w.head.clone(), fresh: map[word]int32{},
		Batch: Batch{Log: w.log, Of: w.of, Before: w.head.stored},
	}
	if int(w.log) > len(b.ahead.Logs) {
		b.ahead.Logs = append(b.ahead.Logs, logHead{LogKey: w.of})
	}
	return b
}

// signed is what the batch's head says of the log.
func (b *batch) signed() *logHead { return b.ahead.log(b.log) }

// commit stores the batch, signed, and the log's next state with it. What the log vouches for becomes a leaf of the tree whenever it
// changes. Nothing of it is stored if anything fails.
func (b *batch) commit(ctx context.Context) (err error) {
	defer func() {
		if err != nil { // what is remembered may be ahead of what is stored
			clear(b.chunks)
			b.names = nil
		}
	}()
	if vouched := b.next.vouches(); !vouched.equal(b.state.vouches()) {
		text, err := vouched.text()
		if err != nil {
			return err
		}
		if _, err := b.record(kindSync, text); err != nil {
			return err
		}
	}
	if b.State, err = json.Marshal(&b.next); err != nil {
		return fmt.Errorf("the log's state: %w", err)
	}
	b.signed().State = sumOf(b.State)
	if err := errors.Join(b.count(ctx), b.name(ctx)); err != nil {
		return err
	}
	for _, w := range b.Words {
		b.ahead.Words[w.Dictionary].add(w.Texts[:]...)
	}
	isKept := b.isCheckpoint && b.ahead.Tree.Size > b.ahead.Kept
	if isKept {
		b.ahead.Checkpoints.add(b.ahead.Tree.root().String())
		b.ahead.Kept = b.ahead.Tree.Size
	}
	if err := b.archive.seal(b.ahead, b.signer, b.public); err != nil {
		return err
	}
	b.Head = b.ahead.stored
	if isKept {
		b.Checkpoint = &SignedCheckpoint{Size: b.ahead.Tree.Size, Note: b.ahead.checkpoint.Note}
	}
	if err := b.archive.store.Append(ctx, &b.Batch); err != nil {
		return err
	}
	*b.state = b.next
	b.head = b.ahead
	if len(b.chunks) > chunksKept {
		clear(b.chunks)
	}
	if len(b.ids) > dictionarySize {
		clear(b.ids)
	}
	maps.Copy(b.ids, b.fresh)
	return nil
}

// count notes in the head what is counted of the batch's rows.
func (b *batch) count(ctx context.Context) error {
	signed := b.signed()
	dirty := map[int]bool{}
	for _, rows := range [][]Row{b.New, b.Changed} {
		for i := range rows {
			row := countedOf(&rows[i])
			number := signed.Chunks.of(rows[i].ID)
			chunk, err := b.chunk(ctx, number)
			if err != nil {
				return err
			}
			if n := len(chunk); n >= chunkSize && chunk[n-1].id < row.id {
				signed.Chunks.begin(rows[i].ID)
				number, chunk = number+1, nil
			}
			at, isThere := slices.BinarySearchFunc(chunk, row, byID)
			if isThere {
				chunk[at] = row
			} else {
				b.chunks[number] = slices.Insert(chunk, at, row)
			}
			dirty[number] = true
		}
	}
	for number := range dirty {
		signed.Chunks.set(number, b.chunks[number])
	}
	signed.Rows += len(b.New)
	signed.Rewritten += int64(len(b.Changed))
	return nil
}

// chunk is what is counted of a chunk, by id; it must be as it was signed.
func (b *batch) chunk(ctx context.Context, number int) ([]counted, error) {
	if chunk, ok := b.chunks[number]; ok {
		return chunk, nil
	}
	ids := b.signed().Chunks.ids(number)
	ids.To = min(ids.To, max(ids.From, b.head.Tree.Size))
	chunk, err := readRows(ctx, b.archive.store, b.log, ids, nil)
	if err == nil && int(b.log) <= len(b.head.Logs) && !b.head.log(b.log).Chunks.have(number, chunk) {
		err = b.archive.refused(nil, "the entries among its records from %d on are not those that were signed", ids.From)
	}
	b.chunks[number] = chunk
	return chunk, err
}

// name notes the names in the head.
func (b *batch) name(ctx context.Context) error {
	if len(b.Names) == 0 {
		return nil
	}
	if b.names == nil {
		names, err := b.archive.namesIn(ctx, b.archive.store, b.head, b.log)
		if err != nil {
			return err
		}
		b.names = &names
	}
	for _, name := range b.Names {
		at, isThere := slices.BinarySearchFunc(*b.names, name, compareNames)
		if isThere {
			(*b.names)[at].Record = name.Record
		} else {
			*b.names = slices.Insert(*b.names, at, name)
		}
	}
	b.signed().Names = namesChain(*b.names)
	return nil
}

// change changes the state.
func (w *writer) change(ctx context.Context, how func(*logState)) error {
	b := w.begin()
	how(&b.next)
	return b.commit(ctx)
}

// leaf is a record that brings an entry, and has no place yet.
type leaf struct {
	Record
	entry *auditlog.Entry
}

// leavesOf are the records that would bring entries.
func (w *writer) leavesOf(entries []*auditlog.Entry) ([]leaf, error) {
	leaves := make([]leaf, len(entries))
	var group errgroup.Group
	for begin := range packersAtOnce {
		group.Go(func() (err error) {
			for at := begin; at < len(entries) && err == nil; at += packersAtOnce {
				leaves[at].entry = entries[at]
				leaves[at].Record, err = w.recordOf(&w.packers[begin], kindEntry, entries[at].Raw)
			}
			return err
		})
	}
	return leaves, group.Wait()
}

// errNoRaw would be a mistake of this program: a source for archives keeps what Make sent.
var errNoRaw = errors.New("internal error: an entry to be archived lacks what Make sent")

// recordOf is a record that has no place yet.
func (w *writer) recordOf(with *packer, k Kind, raw []byte) (Record, error) {
	if len(raw) == 0 {
		return Record{}, errNoRaw
	}
	packed, err := with.pack(raw)
	hash := leafHash(k, w.of, raw)
	return Record{Log: w.log, Kind: k, Hash: hash[:], Packed: packed}, err
}

// record adds a record.
func (b *batch) record(k Kind, raw []byte) (number int64, err error) {
	record, err := b.recordOf(&b.packer, k, raw)
	if err != nil {
		return 0, err
	}
	return b.append(record, len(raw)), nil
}

// append gives a record that unpacks to size bytes the next place.
func (b *batch) append(record Record, size int) (number int64) {
	b.ahead.Largest = max(b.ahead.Largest, size)
	record.Number = b.ahead.Tree.Size
	b.Records = append(b.Records, record)
	b.ahead.Tree.push(tlog.Hash(record.Hash))
	return record.Number
}

// write stores entries, those that the log lacks or has otherwise. None of them is stored if anything fails.
func (w *writer) write(ctx context.Context, leaves []leaf) (added, changed int, err error) {
	if !w.overlaps {
		// Most of a fill is new. The store says if something is not.
		added, changed, err := w.add(ctx, leaves, map[Key]*heldEntry{})
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return added, changed, err
		}
		w.overlaps = true
	}
	here, err := w.held(ctx, leaves)
	if err != nil {
		return 0, 0, err
	}
	return w.add(ctx, leaves, here)
}

// heldEntry is what the log has of an entry.
type heldEntry struct {
	id, record int64
	raw        []byte
}

// held finds what the log has of some entries.
func (w *writer) held(ctx context.Context, leaves []leaf) (map[Key]*heldEntry, error) {
	keys := make([]Key, len(leaves))
	for i := range leaves {
		keys[i] = keyOf(leaves[i].entry)
	}
	here := map[Key]*heldEntry{}
	var records []int64
	for row, err := range w.archive.store.RowsOf(ctx, w.log, keys) {
		if err != nil {
			return nil, err
		}
		here[row.Key] = &heldEntry{id: row.ID, record: row.Record}
		records = append(records, row.Record)
	}
	found, err := w.archive.records(ctx, w.log, records)
	if err == nil { // else somebody could plant what is to be taken for stored, and take it away again
		err = w.archive.prove(ctx, slices.Collect(maps.Values(found))...)
	}
	if err != nil {
		return nil, err
	}
	for key, its := range here {
		if its.raw, err = w.archive.proven(found[its.record], w.of); err != nil {
			return nil, err
		}
		entry := w.archive.entryIn(found[its.record].Kind, its.raw)
		if entry == nil || keyOf(entry) != key || its.id < 0 || its.id > its.record {
			return nil, w.archive.refused(nil, "the entry %s is not what its record holds", auditlog.Text(key.UUID).Clean())
		}
	}
	return here, nil
}

// add stores entries, unless they are here as they are.
func (w *writer) add(ctx context.Context, leaves []leaf, here map[Key]*heldEntry) (added, changed int, err error) {
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
	var words []word
	for _, l := range lacking {
		wordsOf(l.entry, &Row{}, func(_ *int32, w word) { words = append(words, w) })
	}
	if err := b.intern(ctx, words); err != nil {
		return 0, 0, err
	}
	b.New = make([]Row, 0, len(lacking))
	b.Records = make([]Record, 0, len(lacking)+1)
	for _, l := range lacking {
		row := b.rowOf(l.entry)
		row.Record = b.append(l.Record, len(l.entry.Raw))
		if !l.entry.CreatedAt.IsZero() {
			b.signed().Written = max(b.signed().Written, micros(l.entry.CreatedAt))
		}
		before := here[row.Key]
		if before.id >= 0 {
			row.ID = before.id
			b.Changed = append(b.Changed, row)
			continue
		}
		row.ID, before.id = row.Record, row.Record
		b.New = append(b.New, row)
	}
	return len(b.New), len(b.Changed), b.commit(ctx)
}

// wordsOf calls yield with what an entry refers to, and where the ids belong.
func wordsOf(e *auditlog.Entry, row *Row, yield func(id *int32, w word)) {
	yield(&row.Event, word{Events, Texts{string(e.Event)}})
	if e.Actor != nil {
		yield(&row.Actor, actorWord(e.Actor))
	}
	if e.Team != nil {
		yield(&row.Team, refWord(e.Team))
	}
	if e.TargetID != "" {
		yield(&row.Target, targetWord(e.TargetID))
	}
}

func actorWord(a *auditlog.Actor) word {
	return word{Actors, Texts{string(a.ID), string(a.Name), string(a.Email)}}
}

func refWord(ref *auditlog.Ref) word { return word{Refs, Texts{string(ref.ID), string(ref.Name)}} }

func targetWord(id auditlog.Text) word { return word{Targets, Texts{string(id)}} }

// intern sees to it that words have ids.
func (b *batch) intern(ctx context.Context, words []word) error {
	var lacking [Dictionaries][]Texts
	for _, w := range words {
		if _, ok := b.id(w); !ok {
			b.fresh[w] = 0
			lacking[w.dictionary] = append(lacking[w.dictionary], w.texts)
		}
	}
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
	ids, err := b.archive.store.WordIDs(ctx, d, texts)
	if err != nil {
		return err
	}
	isSigned, err := b.signedWords(ctx, d)
	if err != nil {
		return err
	}
	last, added := int32(b.head.Words[d].Count), int32(0) //nolint:gosec // no more than ids
	for i, id := range ids {
		if id != 0 && (id < 0 || id > last || !isSigned(id, texts[i])) {
			return b.archive.refused(nil, "it has a word that nothing signed")
		}
		if id == 0 {
			added++
			id = last + added
			b.Words = append(b.Words, Word{Dictionary: d, ID: id, Texts: texts[i]})
		}
		b.fresh[word{d, texts[i]}] = id
	}
	return nil
}

// signedWords returns what tells whether a word of a dictionary is as it was signed.
func (b *batch) signedWords(ctx context.Context, d Dictionary) (is func(id int32, texts Texts) bool, err error) {
	if d == Targets {
		texts, areHeld, err := b.archive.targets(ctx, b.head.Words)
		if err != nil || areHeld {
			return func(id int32, t Texts) bool { return string(texts[id]) == t[0] }, err
		}
		b.targets, err = readDictionary(ctx, b.archive, b.head.Words, d, b.targets, b.sumOfWord)
		return func(id int32, t Texts) bool { return b.targets.words[id] == b.sumOfWord(t) }, err
	}
	w, err := b.archive.wordsOf(ctx, b.head.Words)
	return func(id int32, t Texts) bool {
		switch d {
		case Refs:
			return refWord(w.ref(id)).texts == t
		case Actors:
			return actorWord(w.actor(id)).texts == t
		default:
			return string(w.event(id)) == t[0]
		}
	}, err
}

// sumOfWord tells a word from others.
func (w *writer) sumOfWord(texts Texts) uint64 { return maphash.Comparable(w.seed, texts) }

// rowOf is an entry's row; what it refers to has ids.
func (b *batch) rowOf(e *auditlog.Entry) Row {
	row := Row{Log: b.log, Key: keyOf(e), At: micros(e.TriggeredAt)}
	wordsOf(e, &row, func(id *int32, w word) { *id, _ = b.id(w) })
	return row
}

// id is a word's, if it is remembered or new.
func (b *batch) id(w word) (id int32, ok bool) {
	if id, ok = b.ids[w]; !ok {
		id, ok = b.fresh[w]
	}
	return id, ok
}

// details stores what Make's detail calls show of entries that are here, by their rows; nil is for those that Make does not have.
func (b *batch) details(ctx context.Context, rows []Row, found []*auditlog.Entry) error {
	var named []word
	for _, e := range found {
		if len(namesIn(e)) > 0 {
			named = append(named, targetWord(e.TargetID))
		}
	}
	if err := b.intern(ctx, named); err != nil {
		return err
	}
	for i, e := range found {
		kind := kindGone
		raw, err := json.Marshal(goneDetails{rows[i].Key.UUID})
		if err != nil {
			return err
		}
		if e != nil {
			kind, raw = kindDetails, e.Raw
		}
		number, err := b.record(kind, raw)
		if err != nil {
			return err
		}
		b.Details = append(b.Details, Detail{rows[i].ID, number})
		for _, name := range namesIn(e) {
			target, _ := b.id(targetWord(e.TargetID))
			b.Names = append(b.Names, Name{Log: b.log, Target: target, Object: string(objectOf(e.Event)), Name: name, Record: number})
		}
	}
	return nil
}
