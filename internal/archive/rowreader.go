package archive

import (
	"context"
	"math"
	"slices"
	"strconv"

	"make-audit-mcp/internal/auditlog"
)

// rowReader reads the rows that some records are about, for a verification.
type rowReader struct {
	from Snapshot
	rows map[logEntry]foundRow
	// words has the dictionaries of the logs that are known, but of targets, which are many, those of these rows.
	words map[wordAt]Texts
	known map[int64]bool
}

// logEntry is an entry of a log.
type logEntry struct {
	log int64
	key Key
}

type foundRow struct {
	Row
	malformed error
}

// wordAt is where a word is.
type wordAt struct {
	log        int64
	dictionary Dictionary
	id         int32
}

// find reads the rows of the entries in some records, and what they refer to.
func (r *rowReader) find(ctx context.Context, some []readRecord) error {
	r.rows = make(map[logEntry]foundRow, len(some))
	keys := map[int64][]Key{}
	for _, record := range some {
		if record.entry != nil {
			keys[record.Log] = append(keys[record.Log], keyOf(record.entry))
		}
	}
	targets := map[int64][]int32{}
	for log, ofLog := range keys {
		for row, err := range r.from.RowsOf(ctx, log, ofLog) {
			if err != nil && !isMalformed(err) {
				return err
			}
			r.rows[logEntry{log, row.Key}] = foundRow{*row, err}
			targets[log] = append(targets[log], row.Target)
		}
		if err := r.readDictionaries(ctx, log); err != nil {
			return err
		}
	}
	return r.readTargets(ctx, targets)
}

// readDictionaries reads the dictionaries of a log, but for its targets.
func (r *rowReader) readDictionaries(ctx context.Context, log int64) error {
	if r.known[log] {
		return nil
	}
	r.known[log] = true
	for d := range Targets {
		for word, err := range r.from.Words(ctx, log, d, math.MinInt32) {
			if err != nil {
				return err
			}
			r.words[wordAt{log, d, word.ID}] = word.Texts
		}
	}
	return nil
}

// readTargets reads targets, by their logs, in place of those before.
func (r *rowReader) readTargets(ctx context.Context, targets map[int64][]int32) error {
	for at := range r.words {
		if at.dictionary == Targets {
			delete(r.words, at)
		}
	}
	for log, ids := range targets {
		slices.Sort(ids)
		for some := range slices.Chunk(slices.Compact(ids), verifiedAtOnce) {
			for word, err := range r.from.WordsAt(ctx, log, Targets, some) {
				if err != nil {
					return err
				}
				r.words[wordAt{log, Targets, word.ID}] = word.Texts
			}
		}
	}
	return nil
}

// of is the row of the entry in a record; nil if there is none.
func (r *rowReader) of(record *readRecord) (*Row, error) {
	found, ok := r.rows[logEntry{record.Log, keyOf(record.entry)}]
	if !ok || found.malformed != nil {
		return nil, found.malformed
	}
	return &found.Row, nil
}

// key is the key of the row with an ID; nil if there is none.
func (r *rowReader) key(ctx context.Context, id int64) (key *Key, err error) {
	if id != int64(int32(id)) { //nolint:gosec // that is the question
		return nil, nil
	}
	for row, err := range r.from.Keys(ctx, 0, []int32{int32(id)}) { //nolint:gosec // as above
		if err != nil {
			return nil, err
		}
		found := row.Key
		key = &found
	}
	return key, nil
}

// namedColumn is what is shown of an entry: a text, or nothing.
type namedColumn struct {
	name string
	text string
	is   bool
}

func (c namedColumn) quoted() string {
	if !c.is {
		return "empty"
	}
	return auditlog.Text(c.text).Quote()
}

// nul stands between the two parts of a version, and where a dictionary lacks what an entry refers to.
const nul = "\x00"

// columns are what a row shows.
func (r *rowReader) columns(row *Row) []namedColumn {
	return columnsOf(row, func(d Dictionary, id int32) Texts {
		texts, ok := r.words[wordAt{row.Log, d, id}]
		if !ok {
			return Texts{nul}
		}
		return texts
	})
}

// columnsOfEntry are what the row of an entry must show.
func columnsOfEntry(e *auditlog.Entry) ([]namedColumn, error) {
	row, err := plainRow(e)
	var words []Texts
	wordsOf(e, &row, func(id *int32, w word) {
		words = append(words, w.texts)
		*id = int32(len(words)) //nolint:gosec // a handful
	})
	return columnsOf(&row, func(_ Dictionary, id int32) Texts { return words[id-1] }), err
}

func columnsOf(row *Row, texts func(Dictionary, int32) Texts) []namedColumn {
	number := func(name string, n int64) namedColumn {
		return namedColumn{name, strconv.FormatInt(n, 10), n != NoTime}
	}
	columns := []namedColumn{number("at", row.At), number("written", row.Written)}
	refer := func(d Dictionary, id int32, names ...string) {
		var word Texts
		if id != 0 {
			word = texts(d, id)
		}
		for i, name := range names {
			columns = append(columns, namedColumn{name, word[i], id != 0})
		}
	}
	refer(Refs, row.Organization, "organization id", "organization name")
	refer(Events, row.Event, "event")
	refer(Actors, row.Actor, "actor id", "actor name", "actor email")
	refer(Refs, row.Team, "team id", "team name")
	refer(Targets, row.Target, "target")
	version := namedColumn{name: "version"}
	if row.Version != nil {
		version.text, version.is = string(row.Version.From)+nul+string(row.Version.To), true
	}
	return append(columns, version, namedColumn{"extra", row.Extra, row.Extra != ""})
}
