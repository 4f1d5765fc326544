package archive

import (
	"context"
	"iter"
	"math"
	"time"
)

// Store is where an archive lies: it keeps what an archive gives it and gives it back, and knows nothing of Make, hashes, signatures or
// rights. storetest.Run holds every store to this contract.
//
// Whoever fills a store holds its lock, reads what it needs, and hands over a [Batch]; a batch is stored whole or not at all, and what is
// stored survives a loss of power. Any number of processes read meanwhile. Everything may be called by several goroutines at once, but
// what a snapshot reads.
//
// Errors that callers distinguish are [StoreError] (the store cannot do it, with the next step for whoever runs the program), [BusyError]
// and [ConflictError]; the context's own errors come through errors.Is.
type Store interface {
	// Reads are of what is stored now: each call, and each sequence, is of one moment.
	Reads
	// Snapshot calls read with reads that are all of this one moment, whatever is stored meanwhile; they are for one goroutine, which reads
	// a sequence to its end or breaks it off before it calls anything else.
	Snapshot(ctx context.Context, read func(Reads) error) error

	// ID is made at random with the store and never changes. Signatures and positions of one store do not fit another.
	ID() string
	// String says where the store is, for messages: without secrets.
	String() string

	// Lock makes the caller the only one that may write, until unlock is called, the process ends in whatever way, or, in a store that
	// lends the lock for a time, that time is over. It does not wait: while another one holds the lock the error is a BusyError.
	Lock(ctx context.Context) (unlock func(), err error)
	// Append stores a batch, all of it or nothing. If the store's head is not b.Before, because somebody else wrote since it was read, or
	// if the lock is lost, the error is a BusyError; if the log has an entry of b.New already, a ConflictError. A store that holds what
	// can act by itself and is not this program's, such as a trigger, stores nothing. Failures that pass, such as those of serialization,
	// are tried again by the store. It keeps nothing of b.
	Append(ctx context.Context, b *Batch) error

	// Change replaces the value of a name by what change makes of it, given the store's clock: one change of a name at a time, over all
	// processes, whoever has the lock. A name that has none yet has an empty one. Values are small, and about now: what nobody changed for
	// an hour, or lost to a loss of power, may be empty. They are no part of what is proved. change may be called again, where the store
	// cannot tell whether it was heard, and keeps nothing of its argument. An error that is a StoreError without IsAway may last, as where
	// this process may only read; others pass. No wait is longer than some seconds.
	Change(ctx context.Context, name string, change func(value []byte, now time.Time) []byte) error

	// Close ends all use of the store.
	Close() error
}

// Reads are what can be asked of a store.
//
// Sequences end behind their first error. A number that somebody made something else, such as a text, comes as [NoNumber] or is an error.
// What a sequence yields is good until the next step. Arguments named log choose one
// log, and 0 all of them; log numbers that no log has find nothing. Numbers that nothing has are left out.
type Reads interface {
	// Logs are the logs that match a key, where empty parts match any, in order of their numbers.
	Logs(ctx context.Context, match LogKey) ([]Log, error)
	// Directory is a log's directory snapshot as Append stored it last; {} before. It is large, and no part of Log: that is read for every
	// question.
	Directory(ctx context.Context, log int64) ([]byte, error)
	// Head is what Append stored last of all that is signed; empty before.
	Head(ctx context.Context) ([]byte, error)

	// Records yields at most limit records from a number on, ascending.
	Records(ctx context.Context, log, from int64, limit int) iter.Seq2[*Record, error]
	// RecordsAt yields the records of a log that have these numbers, in any order.
	RecordsAt(ctx context.Context, log int64, numbers []int64) iter.Seq2[*Record, error]

	// Columns yields what is counted of a log's rows, ID, At, Actor, Team, Target and Event, for the IDs from (inclusive) to (exclusive),
	// ascending by ID. It is read a million rows at a time: ids that do not fit may come as others.
	Columns(ctx context.Context, log, from, to int64) iter.Seq2[*Row, error]
	// RowsAt yields the rows of a log with these IDs, in any order.
	RowsAt(ctx context.Context, log int64, ids []int32) iter.Seq2[*Row, error]
	// RowsOf yields the rows of a log with these keys, in any order.
	RowsOf(ctx context.Context, log int64, keys []Key) iter.Seq2[*Row, error]
	// Keys yields ID and Key of the rows of a log with these IDs, in any order.
	Keys(ctx context.Context, log int64, ids []int32) iter.Seq2[*Row, error]
	// Links yields ID, Log, Key, Record and Details of every row that there is, ascending by ID.
	Links(ctx context.Context) iter.Seq2[*Row, error]
	// Undetailed counts the rows of a log that have a uuid and one of these events, and returns ID and Key of the newest ones without
	// Details, by At, at most limit of them.
	Undetailed(ctx context.Context, log int64, events []int32, limit int) (count DetailCount, newest []Row, err error)

	// Counts counts the rows of a selection by what is to be distinguished, descending by Last. Where there are no rows, there are no
	// counts.
	Counts(ctx context.Context, of *Selection, by Grouping) iter.Seq2[*Count, error]
	// Page yields ID, Key, At, Actor, Team, Target and Event of at most limit rows of a selection, newest first by At, those of one instant
	// ascending by the UUID of their Key, byte by byte, and then by ID. It begins behind a row, of which At, Key and ID count; nil is none.
	Page(ctx context.Context, of *Selection, after *Row, limit int) iter.Seq2[*Row, error]

	// Words yields the words of a dictionary whose IDs are above after, ascending. There is one for all logs.
	Words(ctx context.Context, d Dictionary, after int32) iter.Seq2[*Word, error]
	// WordsAt yields the words with these IDs, in any order.
	WordsAt(ctx context.Context, d Dictionary, ids []int32) iter.Seq2[*Word, error]
	// WordIDs returns the ID of each text in a dictionary, 0 for one that it lacks.
	WordIDs(ctx context.Context, d Dictionary, texts []Texts) ([]int32, error)

	// Names yields the names of a log's objects, ascending by Target, Object and Name.
	Names(ctx context.Context, log int64) iter.Seq2[*Name, error]
	// Checkpoints yields the checkpoints, the smallest first.
	Checkpoints(ctx context.Context) iter.Seq2[*SignedCheckpoint, error]

	// Damage lists what the store finds wrong with its own structures, and what in them is not this program's, in words: nothing if it is
	// sound. If it finds something, nothing else is to be read: that may be without end.
	Damage(ctx context.Context) ([]string, error)
}

// LogKey names a log: an organization on an instance of Make.
type LogKey struct{ Instance, Organization string }

// Log is one log as it is stored.
type Log struct {
	// Number is what everything else refers to it by.
	Number int64
	LogKey
	// State is what Append stored last.
	State []byte
}

// Record is something that Make sent, or what a log vouches for: a leaf of the tree. Records are only ever added, and numbered from 0
// without gaps.
type Record struct {
	Number int64
	Log    int64
	Kind   Kind
	// Hash is the leaf's, Packed what the archive made of what was sent; both may be kept by whoever reads them.
	Hash, Packed []byte
}

// Row is what an archive can be asked for by: an entry as its newest record shows it. Of each key there is one in a log.
type Row struct {
	// ID is the number of the record that brought the entry, Record that of the record that shows it now.
	ID     int64
	Log    int64
	Key    Key
	Record int64
	// Details is the number of the record with its details, or of the one that says that Make has none: 0 as long as nobody asked.
	Details int64

	// At is in microseconds since 1970.
	At int64
	// Words of the dictionaries; 0 is none.
	Event, Actor, Team, Target int32
}

// Selection chooses rows of one log: those that fit all of it.
type Selection struct {
	Log int64
	// IDs and At bound the rows' ID and At.
	IDs, At Range
	// Actors, Teams, Targets and Events have the words of which a row has one, 0 for none. There may be any number of them; nil lets all
	// rows through, an empty list none.
	Actors, Teams, Targets, Events []int32
}

// Behind is what of the selection may come behind a row in the order of listings, by time alone; nil is all of it.
func (s *Selection) Behind(row *Row) *Selection {
	behind := *s
	if row != nil {
		behind.At.To = min(behind.At.To, row.At+1)
	}
	return &behind
}

// Range is from a number (inclusive) to another (exclusive).
type Range struct{ From, To int64 }

// anywhere is the Range of every number that a row has.
func anywhere() Range { return Range{math.MinInt64, math.MaxInt64} }

// Grouping is what counts distinguish.
type Grouping struct {
	Actor, Team, Target, Event bool
	// Unit, if not 0, parts At + Offset into stretches of so many microseconds, of which one begins at 0.
	Unit, Offset int64
}

// Count counts rows that are equal in what is distinguished; what is not is 0.
type Count struct {
	Actor, Team, Target, Event int32
	Rows                       int64
	// First and Last are the least and the greatest At.
	First, Last int64
}

// NoNumber stands for what is stored in place of a number.
const NoNumber = -2

// Key is what an entry is known by in its log: its uuid, or where it has none, something that stands in for it.
type Key struct{ UUID, StandIn string }

// What an archive hands over has at most so many bytes. Stores take what is longer for empty: somebody else put it there, and it may not
// fit into memory.
const (
	// LongestKey is that of a part of a Key.
	LongestKey = 1 << 10
	// LongestHash and LongestNote are those of hashes and checkpoints.
	LongestHash = 32
	LongestNote = 1 << 20
	// Longest is that of all else: what Make sent, or was made of it.
	Longest = 72 << 20
)

// DetailCount counts entries whose details are wanted: Wanted all of them, Gone those whose details Make does not have, Left those that
// were not asked for yet.
type DetailCount struct{ Wanted, Gone, Left int }

// Done counts those for which nothing is left to do.
func (c DetailCount) Done() int { return c.Wanted - c.Left }

// Dictionary is one of the lists of what rows refer to.
type Dictionary int

// The dictionaries, with what the texts of their words are.
const (
	Events  Dictionary = iota // the event
	Refs                      // id and name of a team
	Actors                    // id, name and email
	Targets                   // the id

	// Dictionaries is how many there are.
	Dictionaries
)

// Texts are the texts of a word, as many as its dictionary has, and then empty ones. They may hold any characters, even U+0000.
type Texts [3]string

// Word is an element of a dictionary. IDs count from 1 without gaps; no text has two.
type Word struct {
	Dictionary Dictionary
	ID         int32
	Texts      Texts
}

// Name is what details called an object.
type Name struct {
	Log    int64
	Target int32
	// Object is what sort of object it is, such as webhook.
	Object, Name string
	// Record is the newest that says so.
	Record int64
}

// SignedCheckpoint is a checkpoint as it was signed.
type SignedCheckpoint struct {
	Size int64
	Note string
}

// Batch is what is stored at once.
type Batch struct {
	// Log is the number of the log, Of its key. One that the store does not have is new.
	Log int64
	Of  LogKey
	// Before is the head that the batch goes on from, Head the one that it makes.
	Before, Head []byte
	// Records go on from the last one.
	Records []Record
	// Words are new, and go on from the last ID of their dictionary.
	Words []Word
	// New are rows that their records bring. Changed replace what rows of the same ID have, but for their Key and Details.
	New, Changed []Row
	// Details gives rows their Details.
	Details []Detail
	// Names are added, or replace those that differ in Record only.
	Names []Name
	// State and Directory are the log's from here on; a nil Directory leaves what is there.
	State, Directory []byte
	// Checkpoint is added; nil for none.
	Checkpoint *SignedCheckpoint
}

// Detail gives the row with an ID its Details.
type Detail struct{ ID, Details int64 }
