// Package storetest holds every store of archives to one suite, and has a little world to fill archives from, for the tests of stores and
// of the archive itself.
package storetest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/archive"
)

// Run holds a store to the contract of archive.Store. create makes room for an empty store, and returns a function that opens it, as
// another process would, as often as it is called; the suite closes what was opened.
func Run(t *testing.T, create func(t testing.TB) (open func() archive.Store)) {
	for name, test := range map[string]func(*suite){
		"what is appended is what is read":                    (*suite).reads,
		"a batch is stored whole or not at all":               (*suite).isAtomic,
		"one at a time holds the lock":                        (*suite).locks,
		"a snapshot is of one moment":                         (*suite).snapshots,
		"readers see whole batches while others come":         (*suite).readsMeanwhile,
		"a store is known by its id":                          (*suite).isKnown,
		"logs and numbers choose among what there is":         (*suite).chooses,
		"words are found by their texts":                      (*suite).findsWords,
		"entries without details come newest first":           (*suite).findsUndetailed,
		"a sequence can be broken off":                        (*suite).breaksOff,
		"rows are counted as if one by one":                   (*suite).counts,
		"pages are in the order of listings":                  (*suite).pages,
		"answers without memory are the same":                 (*suite).answersWithoutMemory,
		"what is shown otherwise than it was stored is named": (*suite).proves,
		"nothing is done for a context that has ended":        (*suite).heedsContexts,
		"entries that come late are stored when they come":    (*suite).fillsUp,
		"logs of several organizations are never mixed":       (*suite).keepsApart,
		"an archive tells of itself":                          (*suite).surveys,
		"values are changed one at a time":                    (*suite).changes,
		"a value is changed by all or not at all":             (*suite).changesWhole,
		"changing a value waits for nobody for long":          (*suite).changesSoon,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &suite{T: t, opens: create(t), random: rand.New(rand.NewPCG(1, 2))}
			s.store = s.open()
			test(s)
		})
	}
}

// suite is one test of a store.
type suite struct {
	*testing.T
	opens  func() archive.Store
	store  archive.Store
	random *rand.Rand
}

func (s *suite) open() archive.Store {
	store := s.opens()
	s.Cleanup(func() { require.NoError(s, store.Close()) })
	return store
}

// collect is a sequence as a list.
func collect[T any](s *suite, sequence iter.Seq2[*T, error]) []T {
	all := []T{}
	for one, err := range sequence {
		require.NoError(s, err)
		all = append(all, *one)
	}
	return all
}

// content is all that is in a store.
type content struct {
	Head        string
	Logs        []archive.Log
	Directories map[int64]string // by log
	Records     []archive.Record
	Rows        map[int64]archive.Row // by ID
	Words       map[archive.Dictionary][]archive.Word
	Names       []archive.Name
	Checkpoints []archive.SignedCheckpoint
}

// read is what a store, or a snapshot, shows.
func (s *suite) read(from archive.Reads) *content {
	s.Helper()
	ctx := s.Context()
	head, err := from.Head(ctx)
	require.NoError(s, err)
	c := &content{
		Head: string(head), Directories: map[int64]string{}, Rows: map[int64]archive.Row{}, Words: map[archive.Dictionary][]archive.Word{},
	}
	c.Logs, err = from.Logs(ctx, archive.LogKey{})
	require.NoError(s, err)
	c.Records = collect(s, from.Records(ctx, 0, math.MinInt64, math.MaxInt))
	links := collect(s, from.Links(ctx))
	for i, log := range c.Logs {
		directory, err := from.Directory(ctx, log.Number)
		require.NoError(s, err)
		c.Directories[log.Number] = string(directory)
		s.rows(from, log, links, c.Rows)
		c.Names = append(c.Names, collect(s, from.Names(ctx, log.Number))...)
		if i == 0 {
			for d := range archive.Dictionaries {
				c.Words[d] = collect(s, from.Words(ctx, d, 0))
			}
		}
	}
	require.Len(s, c.Rows, len(links))
	c.Checkpoints = collect(s, from.Checkpoints(ctx))
	damage, err := from.Damage(ctx)
	require.NoError(s, err)
	assert.Empty(s, damage)
	return c
}

// rows adds the rows of a log, which must be the same however they are asked for.
func (s *suite) rows(from archive.Reads, log archive.Log, links []archive.Row, rows map[int64]archive.Row) {
	s.Helper()
	ctx := s.Context()
	var ids []int32
	var keys []archive.Key
	own := map[int64]archive.Row{}
	for _, link := range links {
		if link.Log == log.Number {
			ids, keys = append(ids, int32(link.ID)), append(keys, link.Key)
			own[link.ID] = link
		}
	}
	byKey := map[int64]archive.Row{}
	for _, row := range collect(s, from.RowsOf(ctx, log.Number, keys)) {
		byKey[row.ID] = row
	}
	for _, row := range collect(s, from.RowsAt(ctx, log.Number, ids)) {
		rows[row.ID] = row
		assert.Equal(s, byKey[row.ID], row)
		link := archive.Row{ID: row.ID, Log: row.Log, Key: row.Key, Record: row.Record, Details: row.Details}
		assert.Equal(s, link, own[row.ID])
	}
	for _, row := range collect(s, from.Keys(ctx, log.Number, ids)) {
		assert.Equal(s, archive.Row{ID: row.ID, Key: rows[row.ID].Key}, row)
	}
	last := int64(0)
	counted := collect(s, from.Columns(ctx, log.Number, math.MinInt64, math.MaxInt64))
	for i, counted := range counted {
		row := rows[counted.ID]
		assert.Equal(s, archive.Row{ID: row.ID, At: row.At, Actor: row.Actor, Team: row.Team, Target: row.Target, Event: row.Event},
			counted)
		assert.True(s, i == 0 || counted.ID > last, "by ID")
		last = counted.ID
	}
	assert.Len(s, own, len(counted))
}

// model is what a store must hold, and makes batches for it.
type model struct {
	*suite
	content
	batches int
	size    int64 // of the records
}

// key is a log's by its number.
func key(log int64) archive.LogKey {
	return archive.LogKey{Instance: "eu1.make.com", Organization: strconv.FormatInt(76+log, 10)}
}

// log has a batch make a log.
func (m *model) log(number int64) {
	m.Helper()
	m.append(m.bare(number))
}

// filled is a store with some words and two logs, and what it holds; the test holds its lock.
func (s *suite) filled() (m *model, one, other int64) {
	s.Helper()
	unlock, err := s.store.Lock(s.Context())
	require.NoError(s, err)
	s.Cleanup(unlock)
	one, other = 1, 2
	m = &model{suite: s, content: *s.read(s.store)}
	first := &archive.Batch{Log: one, Of: key(one), Head: []byte("first")}
	for d := range archive.Dictionaries {
		for id := range int32(3) {
			first.Words = append(first.Words, m.word(d, id+1))
		}
	}
	first.Records = m.records(0, one, 20, 3)
	first.State = []byte(`{"first": true}`)
	m.append(first)
	m.log(other)
	return m, one, other
}

// append appends a batch.
func (m *model) append(b *archive.Batch) {
	m.Helper()
	require.NoError(m, m.store.Append(m.Context(), b))
	m.apply(b)
}

// word is one of any characters.
func (m *model) word(d archive.Dictionary, id int32) archive.Word {
	word := archive.Word{Dictionary: d, ID: id, Texts: archive.Texts{fmt.Sprintf("%d 'quoted\" %%_ \x00 \u202e ÿ", id)}}
	for i := 1; i < map[archive.Dictionary]int{archive.Refs: 2, archive.Actors: 3}[d]; i++ {
		word.Texts[i] = []string{"", "of several words"}[m.random.IntN(2)]
	}
	return word
}

func (m *model) records(from, log int64, count int, kind archive.Kind) (records []archive.Record) {
	for number := from; number < from+int64(count); number++ {
		hash := sha256.Sum256(fmt.Append(nil, number))
		records = append(records, archive.Record{Number: number, Log: log, Kind: kind, Hash: hash[:],
			Packed: fmt.Appendf([]byte{0, 255}, "record %d", number)})
	}
	return records
}

// keys are so many keys of all sorts, which nothing else has.
func (m *model) keys(count int) (keys []archive.Key) {
	for range count {
		n := m.random.Uint64()
		keys = append(keys, []archive.Key{
			{UUID: fmt.Sprintf("%08x-0000-4000-8000-%012x", n>>32, n&0xffff_ffff)}, {UUID: fmt.Sprintf("NOT-A-UUID-%d", n)},
			{UUID: fmt.Sprintf("%032x", n)},
			{StandIn: fmt.Sprintf("2026\x00key_created\x00%d", n)},
		}[m.random.IntN(4)])
	}
	return keys
}

// bare is a batch without entries.
func (m *model) bare(log int64) *archive.Batch {
	m.batches++
	return &archive.Batch{
		Log: log, Of: key(log), Before: []byte(m.Head), Head: fmt.Appendf(nil, "%d\n\x00", m.batches),
		State: fmt.Appendf(nil, `{"batch": %d}`, m.batches),
	}
}

// batch is a random one, with entries of these keys.
func (m *model) batch(log int64, keys ...archive.Key) *archive.Batch {
	b := m.bare(log)
	if d := archive.Dictionary(m.random.IntN(int(archive.Dictionaries))); m.random.IntN(2) == 0 {
		b.Words = append(b.Words, m.word(d, int32(len(m.Words[d])+1)))
	}
	record := func(kind archive.Kind) int64 {
		number := m.size + int64(len(b.Records))
		b.Records = append(b.Records, m.records(number, log, 1, kind)...)
		return number
	}
	for _, key := range keys {
		row := m.row(log, key)
		row.ID = record(1)
		row.Record = row.ID
		b.New = append(b.New, row)
	}
	for _, id := range slices.Sorted(maps.Keys(m.Rows)) {
		if m.Rows[id].Log != log {
			continue
		}
		if m.random.IntN(4) == 0 {
			changed := m.row(log, m.Rows[id].Key)
			changed.ID, changed.Record = id, record(1)
			b.Changed = append(b.Changed, changed)
		}
		if m.random.IntN(4) == 0 {
			b.Details = append(b.Details, archive.Detail{ID: id, Details: record([]archive.Kind{2, 4}[m.random.IntN(2)])})
		}
	}
	for range m.random.IntN(2) {
		b.Names = append(b.Names, archive.Name{Log: log, Target: 1 + m.random.Int32N(3), Object: "webhook",
			Name: []string{"in", "out 'x'"}[m.random.IntN(2)], Record: record(2)})
	}
	if m.random.IntN(3) == 0 {
		b.Directory = fmt.Appendf(nil, `{"of": %d}`, m.batches)
	}
	if m.random.IntN(2) == 0 && len(b.Records) > 0 {
		b.Checkpoint = &archive.SignedCheckpoint{Size: m.size + int64(len(b.Records)), Note: fmt.Sprintf("note\n%d", m.batches)}
	}
	return b
}

// row is a random one, of a key.
func (m *model) row(log int64, key archive.Key) archive.Row {
	some := func() int32 { return int32(m.random.IntN(3)) }
	return archive.Row{
		Log: log, Key: key, At: m.random.Int64N(1000), Event: 1 + some(), Actor: some(), Team: some(), Target: some(),
	}
}

// apply is what Append must do.
func (m *model) apply(b *archive.Batch) {
	m.Head = string(b.Head)
	m.size += int64(len(b.Records))
	m.Records = append(m.Records, b.Records...)
	for _, word := range b.Words {
		m.Words[word.Dictionary] = append(m.Words[word.Dictionary], word)
	}
	for _, row := range b.New {
		m.Rows[row.ID] = row
	}
	for _, row := range b.Changed {
		row.Details = m.Rows[row.ID].Details
		m.Rows[row.ID] = row
	}
	for _, detail := range b.Details {
		row := m.Rows[detail.ID]
		row.Details = detail.Details
		m.Rows[detail.ID] = row
	}
	for _, name := range b.Names {
		isSame := func(n archive.Name) bool { n.Record = name.Record; return n == name }
		m.Names = append(slices.DeleteFunc(m.Names, isSame), name)
	}
	slices.SortFunc(m.Names, func(a, b archive.Name) int {
		return cmp.Or(cmp.Compare(a.Log, b.Log), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.Name, b.Name))
	})
	for int64(len(m.Logs)) < b.Log {
		number := int64(len(m.Logs)) + 1
		m.Logs = append(m.Logs, archive.Log{Number: number, LogKey: key(number)})
		m.Directories[number] = "{}"
	}
	m.Logs[b.Log-1].State = b.State
	if b.Directory != nil {
		m.Directories[b.Log] = string(b.Directory)
	}
	if b.Checkpoint != nil {
		m.Checkpoints = append(m.Checkpoints, *b.Checkpoint)
	}
}

func (s *suite) reads() {
	m, one, other := s.filled()
	for range 40 {
		m.append(m.batch([]int64{one, other}[m.random.IntN(2)], m.keys(m.random.IntN(4))...))
	}
	assert.Equal(s, &m.content, s.read(s.store))
	assert.Equal(s, &m.content, s.read(s.open()), "as another process sees it")
}

// isAtomic has the last part of batches fail.
func (s *suite) isAtomic() {
	m, one, other := s.filled()
	keys := m.keys(3)
	m.append(m.batch(one, keys...))
	m.append(m.batch(other, keys...)) // each log has its own
	refused := func(b *archive.Batch, as any) {
		s.Helper()
		require.ErrorAs(s, s.store.Append(s.Context(), b), as)
		assert.Equal(s, &m.content, s.read(s.store))
	}
	var conflict *archive.ConflictError
	refused(m.batch(one, append(m.keys(20), keys[1])...), &conflict)
	assert.Equal(s, keys[1], conflict.Key)
	twice := m.keys(1)
	refused(m.batch(other, twice[0], twice[0]), &conflict)
	var busy *archive.BusyError
	late := m.batch(one, m.keys(2)...)
	m.append(m.batch(other, m.keys(2)...))
	refused(late, &busy)
	assert.Equal(s, s.store.String(), busy.Store)
	early := m.batch(one, m.keys(2)...)
	early.Before = []byte("another")
	refused(early, &busy)
	m.append(m.batch(one, m.keys(2)...))
	assert.Equal(s, &m.content, s.read(s.open()))
}

func (s *suite) locks() {
	other := s.open()
	unlock, err := s.store.Lock(s.Context())
	require.NoError(s, err)
	for _, store := range []archive.Store{s.store, other} {
		_, err = store.Lock(s.Context())
		var busy *archive.BusyError
		require.ErrorAs(s, err, &busy)
	}
	s.read(other) // nobody waits to read
	unlock()
	unlock, err = other.Lock(s.Context())
	require.NoError(s, err)
	unlock()
}

func (s *suite) snapshots() {
	m, one, _ := s.filled()
	m.append(m.batch(one, m.keys(5)...))
	other := s.open()
	before := s.read(other)
	require.NoError(s, other.Snapshot(s.Context(), func(snapshot archive.Reads) error {
		for range 5 {
			m.append(m.batch(one, m.keys(3)...))
		}
		m.log(3)
		assert.Equal(s, before, s.read(snapshot))
		return nil
	}))
	assert.NotEqual(s, before, s.read(other))
}

func (s *suite) readsMeanwhile() {
	m, one, other := s.filled()
	done := make(chan struct{})
	var group errgroup.Group
	for _, store := range []archive.Store{s.store, s.open()} {
		group.Go(func() error {
			for {
				if err := store.Snapshot(s.Context(), s.isWhole); err != nil {
					return err
				}
				select {
				case <-done:
					return nil
				default:
				}
			}
		})
	}
	for i := range 60 {
		m.append(m.batch([]int64{one, other}[i%2], m.keys(3)...))
	}
	close(done)
	require.NoError(s, group.Wait())
}

// isWhole finds in a snapshot that all parts of it are of the same batches.
func (s *suite) isWhole(snapshot archive.Reads) error {
	head, err := snapshot.Head(s.Context())
	if err != nil {
		return err
	}
	logs, err := snapshot.Logs(s.Context(), archive.LogKey{})
	if err != nil {
		return err
	}
	records := int64(0)
	for _, err := range snapshot.Records(s.Context(), 0, 0, math.MaxInt) {
		if err != nil {
			return err
		}
		records++
	}
	for row, err := range snapshot.Links(s.Context()) {
		if err != nil {
			return err
		}
		if max(row.ID, row.Record, row.Details) >= records {
			return fmt.Errorf("row %d refers to a record that is not there", row.ID)
		}
	}
	if batch, _, _ := strings.Cut(string(head), "\n"); !slices.ContainsFunc(logs, func(l archive.Log) bool {
		return string(l.State) == fmt.Sprintf(`{"batch": %s}`, batch)
	}) {
		return fmt.Errorf("the head is of batch %s, and no log's state is", batch)
	}
	return nil
}

func (s *suite) isKnown() {
	assert.NotEmpty(s, s.store.ID())
	assert.NotEmpty(s, s.store.String())
	assert.Equal(s, s.store.ID(), s.open().ID())
}

func (s *suite) chooses() {
	m, one, other := s.filled()
	keys := m.keys(6)
	m.append(m.batch(one, keys...))
	m.append(m.batch(other, keys[:2]...))
	ctx := s.Context()
	logs := func(instance, organization string) (numbers []int64) {
		found, err := s.store.Logs(ctx, archive.LogKey{Instance: instance, Organization: organization})
		require.NoError(s, err)
		for _, log := range found {
			numbers = append(numbers, log.Number)
		}
		return numbers
	}
	assert.Equal(s, []int64{one, other}, logs("eu1.make.com", ""))
	assert.Equal(s, []int64{other}, logs("", "78"))
	assert.Empty(s, logs("eu1.make.com", "7"))
	assert.Empty(s, logs("us1.make.com", "78"))

	assert.Len(s, collect(s, s.store.RowsOf(ctx, one, append(m.keys(700), keys...))), 6)
	assert.Len(s, collect(s, s.store.RowsOf(ctx, other, keys)), 2)
	assert.Empty(s, collect(s, s.store.RowsAt(ctx, other, []int32{20, 21, math.MaxInt32})), "they are of the other log")
	assert.Len(s, collect(s, s.store.Keys(ctx, 0, []int32{20, 21, math.MaxInt32})), 2)
	assert.Len(s, collect(s, s.store.Columns(ctx, one, 20, 23)), 3)

	all := m.Records
	assert.Equal(s, all[3:5], collect(s, s.store.Records(ctx, 0, 3, 2)))
	assert.Equal(s, all[20:21], collect(s, s.store.Records(ctx, one, 20, 1)))
	for _, record := range collect(s, s.store.Records(ctx, other, 0, math.MaxInt)) {
		assert.Equal(s, other, record.Log)
	}
	require.Equal(s, one, all[7].Log)
	require.Equal(s, one, all[2].Log)
	assert.ElementsMatch(s, []archive.Record{all[7], all[2]}, collect(s, s.store.RecordsAt(ctx, one, []int64{7, 2, 7, 1 << 60, -1})))
	assert.Empty(s, collect(s, s.store.RecordsAt(ctx, other, []int64{7, 2})), "they are of the other log")
	assert.Empty(s, collect(s, s.store.RecordsAt(ctx, one, nil)))
}

func (s *suite) findsWords() {
	m, _, _ := s.filled()
	ctx := s.Context()
	for d := range archive.Dictionaries {
		words := m.Words[d]
		ids, err := s.store.WordIDs(ctx, d, []archive.Texts{words[2].Texts, {"no such"}, words[0].Texts, {}})
		require.NoError(s, err)
		assert.Equal(s, []int32{3, 0, 1, 0}, ids)
		assert.Equal(s, words[1:], collect(s, s.store.Words(ctx, d, 1)))
		assert.ElementsMatch(s, words[1:], collect(s, s.store.WordsAt(ctx, d, []int32{3, 2, 99})))
	}
}

func (s *suite) findsUndetailed() {
	m, one, other := s.filled()
	for range 8 {
		m.append(m.batch(one, m.keys(30)...))
		m.append(m.batch(other, m.keys(10)...))
	}
	var want []archive.Row
	var wanted archive.DetailCount
	for _, row := range m.Rows {
		if row.Log != one || row.Key.UUID == "" || row.Event != 2 {
			continue
		}
		wanted.Wanted++
		switch {
		case row.Details == 0:
			wanted.Left++
			want = append(want, row)
		case m.Records[row.Details].Kind == 4:
			wanted.Gone++
		}
	}
	require.Greater(s, len(want), 2)
	require.Positive(s, wanted.Gone)
	require.Greater(s, wanted.Done(), wanted.Gone)
	count, newest, err := s.store.Undetailed(s.Context(), one, []int32{2, 17}, len(want)-1)
	require.NoError(s, err)
	assert.Equal(s, wanted, count)
	require.Len(s, newest, len(want)-1)
	at := int64(math.MaxInt64)
	for _, row := range newest {
		assert.LessOrEqual(s, m.Rows[row.ID].At, at)
		assert.Equal(s, m.Rows[row.ID].Key, row.Key)
		at = m.Rows[row.ID].At
	}
	count, newest, err = s.store.Undetailed(s.Context(), one, nil, 5)
	require.NoError(s, err)
	assert.Zero(s, count)
	assert.Empty(s, newest)
}

func (s *suite) breaksOff() {
	m, one, _ := s.filled()
	m.append(m.batch(one, m.keys(5)...))
	breakOff := func(from archive.Reads) error {
		for range 50 { // more than there are connections, should some stay taken
			for record, err := range from.Records(s.Context(), 0, 0, 10) {
				require.NoError(s, err)
				assert.Zero(s, record.Number)
				break
			}
		}
		return nil
	}
	require.NoError(s, breakOff(s.store))
	require.NoError(s, s.store.Snapshot(s.Context(), breakOff))
	m.append(m.batch(one, m.keys(1)...))
	assert.Equal(s, &m.content, s.read(s.store))
}

func (s *suite) heedsContexts() {
	m, one, _ := s.filled()
	ended, end := context.WithCancel(s.Context())
	end()
	require.ErrorIs(s, s.store.Append(ended, m.batch(one, m.keys(1)...)), context.Canceled)
	for _, err := range s.store.Records(ended, 0, 0, 10) {
		require.ErrorIs(s, err, context.Canceled)
	}
	_, err := s.store.Logs(ended, archive.LogKey{})
	require.ErrorIs(s, err, context.Canceled)
	assert.Equal(s, &m.content, s.read(s.store))
}
