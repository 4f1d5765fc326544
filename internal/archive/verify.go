package archive

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// VerifyOptions say what else to hold an archive against.
type VerifyOptions struct {
	// Checkpoint is the text of a checkpoint that was kept elsewhere.
	Checkpoint []byte
	// PublicKey is the key that must have signed everything, as sync printed it, or several of them behind commas, after a change of keys;
	// empty means that of the signing key, or where that is not at hand, whatever keys the archive names, which whoever can write to it can
	// change.
	PublicKey string
	// OnProgress, if set, is called with how many of the records were looked at.
	OnProgress func(done, of int64)
}

// Problem is something in an archive that is not as it was stored.
type Problem struct {
	// Record is the record's number; -1 if it is none.
	Record int64
	// UUID is the entry's; empty if it is about none.
	UUID string
	// What is wrong with it.
	What string
}

// String names the record and what is wrong.
func (p Problem) String() string {
	switch {
	case p.Record < 0:
		return p.What
	case p.UUID == "":
		return fmt.Sprintf("record %d: %s", p.Record, p.What)
	}
	return fmt.Sprintf("record %d, entry %s: %s", p.Record, auditlog.Text(p.UUID).Clean(), p.What)
}

// VerifiedLog is what one log vouches for.
type VerifiedLog struct {
	Instance, OrganizationID string
	Name                     auditlog.Text
	Entries                  int
	From, AsOf               time.Time
	Gaps                     []auditlog.Gap
	Unreadable               int
	Doubts                   []string
	// Unfilled is how far back a first fill that did not finish came; zero else.
	Unfilled time.Time
}

// Verification is what [Archive.Verify] found.
type Verification struct {
	Records     int64
	Entries     int
	Checkpoints int
	// Last is the checkpoint that signs all that is there, which is about all records; nil if there is none that can be believed.
	Last *Checkpoint
	// Keys are the public keys that were believed.
	Keys []string
	// Problems come in the order of records, at most 100; Total counts all.
	Problems []Problem
	Total    int
	// IsEarlier says that there are fewer records than the checkpoint that was given is about. Where that is all that is wrong, an earlier
	// copy lies there, as after a restore.
	IsEarlier bool
	Logs      []VerifiedLog
}

// Intact reports whether everything is as it was stored.
func (v *Verification) Intact() bool { return v.Total == 0 }

// Covered reports whether no log has a gap.
func (v *Verification) Covered() bool {
	return !slices.ContainsFunc(v.Logs, func(l VerifiedLog) bool { return len(l.Gaps) > 0 || !l.Unfilled.IsZero() })
}

// maxProblems bounds the problems that are listed.
const maxProblems = 100

func (v *Verification) found(record int64, uuid, format string, args ...any) {
	v.Total++
	if len(v.Problems) < maxProblems {
		v.Problems = append(v.Problems, Problem{record, uuid, fmt.Sprintf(format, args...)})
	}
}

// verifying is one verification.
type verifying struct {
	*Verification
	archive *Archive
	from    Reads
	options VerifyOptions

	head     *head
	logs     []Log
	owners   map[int64]LogKey
	tree     *Tree
	broken   bool                    // records are missing, so that no root can be computed
	expected map[int64][]*Checkpoint // by size
	given    *Checkpoint             // the one that was kept elsewhere; nil for none
	moved    map[int64]int64         // records that show an entry now, and its id, where they differ
	brought  []bringing
	names    map[nameKey]int64
	states   map[int64]vouched   // the last record's, by log
	held     map[int64]*logState // as it was signed, by log
	// checked are the rows that were held against the record that shows them, detailed those whose details are their own.
	checked, detailed bitSet
	proven            int64 // the size of the last checkpoint that fits

	rows map[logEntry]Row // of the records that are looked at
	// words has the dictionaries, but of targets, which are many, those of these rows.
	words map[wordAt]Texts
}

// bitSet are numbers of rows.
type bitSet []uint64

// set does nothing for numbers from a limit on: somebody may have made up any.
func (b *bitSet) set(number, limit int64) {
	if number < 0 || number >= limit {
		return
	}
	for int64(len(*b)) <= number/64 {
		*b = append(*b, 0)
	}
	(*b)[number/64] |= 1 << (number % 64)
}

func (b *bitSet) has(number int64) bool {
	return number >= 0 && number/64 < int64(len(*b)) && (*b)[number/64]&(1<<(number%64)) != 0
}

// bringing is a record that brought an entry to a log, or showed it anew.
type bringing struct{ record, log int64 }

// nameKey is a name of an object.
type nameKey struct {
	log                  int64
	target, object, name string
}

// Verify reads the whole archive, as readers read it, and holds everything in it against what was stored: records against their hashes, the
// tree against every checkpoint, each row against its record and each record against its row, and all that is counted, referred to or
// claimed against what the last batch signed. It sees one state of the archive, even while a sync runs. An error means that it could not be
// read to the end; a store that is not sound is not read further.
func (a *Archive) Verify(ctx context.Context, options VerifyOptions) (*Verification, error) {
	if options.OnProgress == nil {
		options.OnProgress = func(int64, int64) {}
	}
	v := &verifying{
		Verification: &Verification{}, archive: a, options: options, tree: &Tree{}, owners: map[int64]LogKey{},
		expected: map[int64][]*Checkpoint{}, moved: map[int64]int64{}, names: map[nameKey]int64{}, states: map[int64]vouched{},
		held: map[int64]*logState{}, words: map[wordAt]Texts{},
	}
	err := a.store.Snapshot(ctx, func(from Reads) error {
		v.from = from
		for _, step := range []func(context.Context) error{v.damage, v.readHead, v.readLogs} {
			if err := step(ctx); err != nil || v.head == nil && v.Total > 0 {
				return err
			}
		}
		for _, step := range []func(context.Context) error{
			v.readCheckpoints, v.readDictionaries, v.readCounted, v.readLinks, v.readRecords, v.checkEdge, v.checkRows, v.checkNames,
			v.checkStates,
		} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if refused, ok := errors.AsType[*StoreError](err); ok && !refused.IsAway && ctx.Err() == nil {
		v.found(-1, "", "it could not be read to the end: %s", refused.Error())
		err = nil
	}
	return v.Verification, err
}

// damage has the store check its own structures.
func (v *verifying) damage(ctx context.Context) error {
	problems, err := v.from.Damage(ctx)
	for _, problem := range problems {
		v.found(-1, "", "%s", problem)
	}
	return err
}

// readHead reads what signs everything.
func (v *verifying) readHead(ctx context.Context) error {
	stored, err := v.from.Head(ctx)
	if err != nil {
		return err
	}
	keys := v.archive.trusted()
	if v.options.PublicKey != "" {
		keys = strings.FieldsFunc(v.options.PublicKey, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	}
	v.Keys = keys
	if v.head, err = v.archive.parseHead(stored, keys); err != nil {
		v.found(-1, "", "the head, whose checkpoint signs everything, cannot be believed, so that nothing else can be: %v", err)
		v.head = nil
		return nil
	}
	if v.Last = v.head.checkpoint; v.options.PublicKey == "" {
		v.Keys = v.head.Keys
	}
	return nil
}

func (v *verifying) readLogs(ctx context.Context) (err error) {
	if v.logs, err = v.from.Logs(ctx, LogKey{}); err != nil {
		return err
	}
	for _, log := range v.logs {
		v.owners[log.Number] = log.LogKey
		signed := v.signed(&log)
		if signed == nil {
			v.found(-1, "", "the log of organization %s was inserted by something else: nothing signs it",
				auditlog.Text(log.Organization).Clean())
			continue
		}
		v.Entries += signed.Rows
		if !bytes.Equal(signed.State, sumOf(log.State)) {
			v.found(-1, "", "the state of the log of organization %s, with what it claims to cover, is not what was signed",
				auditlog.Text(log.Organization).Clean())
			continue
		}
		state, err := v.archive.stateOf(&log)
		if err != nil {
			return err
		}
		v.held[log.Number] = state
		verified := VerifiedLog{
			Instance: log.Instance, OrganizationID: log.Organization, Name: state.Name, Entries: signed.Rows, From: state.From,
			AsOf: state.AsOf, Gaps: state.Gaps, Unreadable: len(state.Unreadable), Doubts: state.Doubts,
		}
		if state.AsOf.IsZero() && state.Fill != nil {
			verified.Unfilled = state.Fill.Reached
		}
		v.Logs = append(v.Logs, verified)
	}
	for i, signed := range v.head.Logs {
		if v.owners[int64(i)+1] != signed.LogKey {
			v.found(-1, "", "the log of organization %s is missing", auditlog.Text(signed.Organization).Clean())
		}
	}
	return nil
}

// signed is what the head says of a log; nil if it knows none.
func (v *verifying) signed(log *Log) *logHead {
	if log.Number < 1 || log.Number > int64(len(v.head.Logs)) || v.head.log(log.Number).LogKey != log.LogKey {
		return nil
	}
	return v.head.log(log.Number)
}

func (v *verifying) readCheckpoints(ctx context.Context) error {
	if len(v.options.Checkpoint) > 0 {
		kept, err := parseCheckpoint(v.options.Checkpoint, v.archive.origin(), v.Keys)
		if err != nil {
			v.found(-1, "", "the checkpoint that was given cannot be used: %v", err)
		} else {
			v.given = kept
			v.expected[kept.Size] = append(v.expected[kept.Size], kept)
		}
	}
	if v.Last != nil {
		v.expected[v.Last.Size] = append(v.expected[v.Last.Size], v.Last)
	}
	var kept chain
	for checkpoint, err := range v.from.Checkpoints(ctx) {
		if err != nil {
			return err
		}
		if v.Checkpoints++; v.Checkpoints > v.head.Checkpoints.Count {
			break
		}
		stored, err := parseCheckpoint([]byte(checkpoint.Note), v.archive.origin(), v.Keys)
		if err == nil && stored.Size != checkpoint.Size {
			err = fmt.Errorf("it is about %d", stored.Size)
		}
		if err != nil {
			v.found(-1, "", "the checkpoint of %d records cannot be believed: %v", checkpoint.Size, err)
			continue
		}
		kept.add(stored.Root.String())
		v.expected[stored.Size] = append(v.expected[stored.Size], stored)
	}
	if !kept.equal(v.head.Checkpoints) {
		v.found(-1, "", "the checkpoints are not those that were kept: %d of them, the last of %d records", v.head.Checkpoints.Count,
			v.head.Kept)
	}
	return nil
}

// readDictionaries holds the dictionaries against what the head signs.
func (v *verifying) readDictionaries(ctx context.Context) error {
	for d, signed := range v.head.Words {
		inOrder, last := true, int32(0)
		read, err := v.addWords(Dictionary(d), v.from.Words(ctx, Dictionary(d), math.MinInt32), func(word *Word) {
			last++
			inOrder = inOrder && word.ID == last
			if word.Dictionary != Targets {
				v.note(word)
			}
		})
		if err != nil {
			return err
		}
		if !inOrder || !read.equal(signed) {
			v.found(-1, "", "the %s that entries refer to are not those that were signed",
				[...]string{"events", "teams", "people", "objects"}[d])
		}
	}
	return nil
}

// readCounted holds what is counted against what the head signs.
func (v *verifying) readCounted(ctx context.Context) error {
	var rows []counted
	for _, log := range v.logs {
		signed := v.signed(&log)
		if signed == nil {
			continue
		}
		count := 0
		for chunk := range signed.Chunks.last() + 1 {
			ids := signed.Chunks.ids(chunk)
			var err error
			if rows, err = readRows(ctx, v.from, log.Number, ids, rows[:0]); err != nil {
				return err
			}
			if count += len(rows); !signed.Chunks.have(chunk, rows) {
				v.found(-1, "", "what is counted of the entries of organization %s among the records from %d on is not what was signed",
					auditlog.Text(log.Organization).Clean(), ids.From)
			}
		}
		if count != signed.Rows {
			v.found(-1, "", "the log of organization %s has %d entries, and %d were signed", auditlog.Text(log.Organization).Clean(), count,
				signed.Rows)
		}
	}
	return nil
}

// readLinks notes which rows are shown by other records than those that brought them.
func (v *verifying) readLinks(ctx context.Context) error {
	for row, err := range v.links(ctx) {
		if err != nil {
			return err
		}
		if row.Record != row.ID {
			v.moved[row.Record] = row.ID
		}
	}
	return nil
}

// links are those of the rows, and of no more than what follows from what is signed: there may be any number.
func (v *verifying) links(ctx context.Context) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		left := v.Entries + maxProblems
		for row, err := range v.from.Links(ctx) {
			if left--; left < 0 || !yield(row, err) {
				return
			}
		}
	}
}

const (
	// progressEvery is after how many records it is reported how far the reading is.
	progressEvery = 10_000
	// verifiedAtOnce and verifiedBytes bound the records that are looked at together: they unpack to a thousand times as much at most.
	verifiedAtOnce, verifiedBytes = 500, 128 << 10
	// maxGap bounds how many records may be missing before all that comes behind them is named.
	maxGap = 1 << 24
)

// readRecord is a record with what is in it.
type readRecord struct {
	Record
	raw     []byte
	damaged error           // why there is no raw
	entry   *auditlog.Entry // nil if it holds none
}

func (v *verifying) readRecords(ctx context.Context) error {
	v.compareRoots()
	next := int64(0)
	for from := int64(math.MinInt64); ; from = next {
		some, err := v.someRecords(ctx, from)
		if err != nil {
			return err
		}
		if err := v.findRows(ctx, some); err != nil {
			return err
		}
		for i := range some {
			if err := v.inOrder(ctx, &some[i], next); err != nil {
				return err
			}
			next = some[i].Number + 1
			if v.Records%progressEvery == 0 {
				v.options.OnProgress(v.Records, v.head.Tree.Size)
			}
		}
		// Behind the last number that there is, or more than were stored, of which there may be any number.
		if len(some) == 0 || next == math.MinInt64 || v.Records > v.head.Tree.Size+maxProblems {
			break
		}
	}
	for size, of := range v.expected {
		switch {
		case size <= next:
		case v.given != nil && slices.Contains(of, v.given):
			v.IsEarlier = true
			v.found(next, "", "records are missing: the checkpoint that was given, of %s, is about %d", v.given.At.Format(time.RFC3339), size)
		default:
			v.found(next, "", "records are missing: a checkpoint is about %d", size)
		}
	}
	return nil
}

// someRecords reads and unpacks the next records from a number on.
func (v *verifying) someRecords(ctx context.Context, from int64) (some []readRecord, err error) {
	size := 0
	for record, err := range v.from.Records(ctx, 0, from, verifiedAtOnce) {
		if err != nil {
			return nil, err
		}
		some = append(some, readRecord{Record: *record})
		if size += len(record.Packed); size > verifiedBytes {
			break
		}
	}
	var group errgroup.Group
	for begin := range unpackersAtOnce {
		group.Go(func() error {
			for i := begin; i < len(some); i += unpackersAtOnce {
				r := &some[i]
				if r.raw, r.damaged = unpack(r.Packed, v.head.Largest); r.damaged == nil {
					r.entry = v.archive.entryIn(r.Kind, r.raw)
				}
			}
			return nil
		})
	}
	return some, group.Wait()
}

// inOrder checks a record, which should be the next one.
func (v *verifying) inOrder(ctx context.Context, r *readRecord, next int64) error {
	if r.Number != next {
		v.found(next, "", "records %d to %d are missing", next, r.Number-1)
		v.broken = true
	}
	v.Records++
	if r.Kind == kindEntry {
		v.brought = append(v.brought, bringing{r.Number, r.Log})
	}
	err := v.record(ctx, r)
	v.compareRoots()
	return err
}

// record checks one record, and what follows from it.
func (v *verifying) record(ctx context.Context, r *readRecord) error {
	if len(r.Hash) != tlog.HashSize {
		v.found(r.Number, "", "its hash is none")
		v.broken = true
		return nil
	}
	hash := tlog.Hash(r.Hash)
	v.tree.push(hash)
	of, known := v.owners[r.Log]
	switch {
	case !known:
		v.found(r.Number, "", "it belongs to no log")
		return nil
	case r.damaged != nil:
		v.found(r.Number, v.uuidAt(ctx, r.Number), "its bytes are damaged: %v", r.damaged)
		return nil //nolint:nilerr // as above
	case leafHash(r.Kind, of, r.raw) != hash:
		uuid := v.uuidAt(ctx, r.Number)
		if uuid == "" && r.entry != nil {
			uuid = r.entry.UUID
		}
		v.found(r.Number, uuid, "its bytes are not those that were stored")
		return nil
	}
	switch r.Kind {
	case kindEntry:
		return v.entry(ctx, r)
	case kindDetails, kindGone:
		v.details(r)
	case kindSync:
		var state vouched
		if err := json.Unmarshal(r.raw, &state); err != nil {
			v.found(r.Number, "", "what the log vouches for cannot be read")
			return nil //nolint:nilerr // it is what was found
		}
		v.states[r.Log] = state
	}
	return nil
}

// uuidAt is the uuid of the row of an entry that came with a record, or is shown by it.
func (v *verifying) uuidAt(ctx context.Context, record int64) string {
	if len(v.Problems) >= maxProblems {
		return "" // nobody sees it
	}
	key, err := v.key(ctx, record)
	if id, ok := v.moved[record]; ok && key == nil && err == nil {
		key, err = v.key(ctx, id)
	}
	if err != nil || key == nil {
		return ""
	}
	return key.UUID
}

// entry holds an entry's row against the record that shows it.
func (v *verifying) entry(ctx context.Context, r *readRecord) error {
	if r.entry == nil {
		v.found(r.Number, "", "it holds no entry")
		return nil
	}
	row, isThere := v.rows[logEntry{r.Log, keyOf(r.entry)}]
	switch {
	case !isThere:
		v.found(r.Number, r.entry.UUID, "the entry is missing from the columns")
		return nil
	case row.ID > r.Number || row.Record < r.Number:
		v.found(r.Number, r.entry.UUID, "the columns do not show what it says")
		return nil
	}
	if row.ID < r.Number { // it shows otherwise what an earlier record brought, so that no row can have come with it
		key, err := v.key(ctx, r.Number)
		if err != nil {
			return err
		}
		if key != nil {
			v.found(r.Number, key.UUID, "the entry was inserted by something else: that record is another's")
		}
	}
	if row.Record != r.Number {
		return nil
	}
	v.checked.set(row.ID, v.Records+maxGap)
	want := columnsOfEntry(r.entry)
	for i, stored := range v.columns(&row) {
		if want[i] != stored {
			v.found(r.Number, r.entry.UUID, "the column %s is %s, and %s was stored", stored.name, stored.quoted(), want[i].quoted())
		}
	}
	return nil
}

// details checks that an entry refers to its details, and notes the names in them.
func (v *verifying) details(r *readRecord) {
	if r.entry == nil {
		v.found(r.Number, "", "it holds no entry")
		return
	}
	row, isThere := v.rows[logEntry{r.Log, keyOf(r.entry)}]
	switch {
	case !isThere:
		v.found(r.Number, r.entry.UUID, "the entry that it details is missing")
	case row.Details != r.Number:
		v.found(r.Number, r.entry.UUID, "the entry does not refer to these details")
	default:
		v.detailed.set(row.ID, v.Records+maxGap)
	}
	for _, name := range namesIn(r.entry) {
		v.names[nameKey{r.Log, string(r.entry.TargetID), string(objectOf(r.entry.Event)), name}] = r.Number
	}
}

// compareRoots compares the tree with the checkpoints of its size.
func (v *verifying) compareRoots() {
	expected := v.expected[v.tree.Size]
	if len(expected) == 0 || v.broken {
		return
	}
	root := v.tree.root()
	for _, checkpoint := range expected {
		if root != checkpoint.Root {
			v.found(-1, "", "the records %d to %d are not those of the checkpoint that was signed over them: one of them, and its hash, "+
				"was changed", v.proven, checkpoint.Size-1)
			return
		}
	}
	v.proven = v.tree.Size
}

// checkEdge compares the tree with its signed edge: records that something else added or took away at the end.
func (v *verifying) checkEdge(context.Context) error {
	edge := &v.head.Tree
	switch {
	case edge.Size < v.tree.Size:
		v.found(edge.Size, "", "records from here on were inserted by something else")
	case edge.Size > v.tree.Size:
		v.found(v.tree.Size, "", "records from here on are missing: %d were stored", edge.Size)
	case !v.broken && !(slices.Equal(edge.Peaks, v.tree.Peaks) && slices.Equal(edge.Tiles, v.tree.Tiles)):
		v.found(-1, "", "the records are not those that the tree's edge was made of")
	}
	return nil
}

// checkRows finds rows that no record brought, that none shows, or that refer to details that are not theirs.
func (v *verifying) checkRows(ctx context.Context) error {
	left := v.brought
	for row, err := range v.links(ctx) {
		if err != nil {
			return err
		}
		for len(left) > 0 && left[0].record < row.ID {
			left = left[1:]
		}
		switch {
		case len(left) == 0 || left[0] != (bringing{row.ID, row.Log}):
			v.found(row.ID, row.Key.UUID, "the entry was inserted by something else: no record brought it")
		case !v.checked.has(row.ID):
			v.found(row.ID, row.Key.UUID, "the entry is shown by record %d, which does not hold it", row.Record)
		}
		if row.Details != 0 && !v.detailed.has(row.ID) {
			v.found(row.ID, row.Key.UUID, "the entry refers to details that are not its own")
		}
	}
	return nil
}

// checkNames holds the names against those that the details give.
func (v *verifying) checkNames(ctx context.Context) error {
	var all []Name
	var targets []int32
	read := map[int64]*chain{}
	for number := range v.head.Logs {
		read[int64(number)+1] = &chain{}
	}
	for name, err := range v.from.Names(ctx, 0) {
		if err != nil {
			return err
		}
		of := read[name.Log]
		if of == nil {
			v.found(name.Record, "", "the name %s belongs to no log", auditlog.Text(name.Name).Quote())
			break
		}
		if of.addName(name); of.isBeyond(v.head.log(name.Log).Names) {
			break
		}
		all = append(all, *name)
		targets = append(targets, name.Target)
	}
	for i, signed := range v.head.Logs {
		if !read[int64(i)+1].equal(signed.Names) {
			v.found(-1, "", "the names of objects of organization %s are not those that were signed", auditlog.Text(signed.Organization).Clean())
		}
	}
	if err := v.readTargets(ctx, targets); err != nil {
		return err
	}
	for _, name := range all {
		key := nameKey{name.Log, v.words[wordAt{Targets, name.Target}][0], name.Object, name.Name}
		if stored, ok := v.names[key]; !ok || stored != name.Record {
			v.found(name.Record, "", "the name %s of object %s is in no details", auditlog.Text(key.name).Quote(),
				auditlog.Text(key.target).Quote())
		}
		delete(v.names, key)
	}
	for _, key := range order.Sorted(maps.Keys(v.names), func(a, b nameKey) int { return cmp.Compare(v.names[a], v.names[b]) }) {
		v.found(v.names[key], "", "the name %s of object %s is missing", auditlog.Text(key.name).Quote(), auditlog.Text(key.target).Quote())
	}
	return nil
}

// checkStates compares what logs claim to cover with the records of it.
func (v *verifying) checkStates(ctx context.Context) error {
	for _, log := range v.logs {
		recorded := v.states[log.Number]
		if state := v.held[log.Number]; state != nil && !state.vouches().equal(recorded) {
			v.found(-1, "", "what the log of organization %s claims to cover is not what its last sync stored",
				auditlog.Text(log.Organization).Clean())
		}
		directory, err := v.from.Directory(ctx, log.Number)
		if err != nil {
			return err
		}
		if recorded.Directory != hashDirectory(directory) && (recorded.Directory != "" || string(directory) != noDirectory) {
			v.found(-1, "", "what is known around the log of organization %s, such as its users, is not what its last sync stored",
				auditlog.Text(log.Organization).Clean())
		}
	}
	return nil
}
