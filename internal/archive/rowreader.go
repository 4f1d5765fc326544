package archive

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"

	"make-audit-mcp/internal/auditlog"
)

// logEntry is an entry of a log.
type logEntry struct {
	log int64
	key Key
}

// wordAt is where a word is.
type wordAt struct {
	dictionary Dictionary
	id         int32
}

// findRows reads the rows of the entries in some records, and what they refer to.
func (v *verifying) findRows(ctx context.Context, some []readRecord) error {
	v.rows = make(map[logEntry]Row, len(some))
	keys := map[int64][]Key{}
	for _, record := range some {
		if record.entry != nil {
			keys[record.Log] = append(keys[record.Log], keyOf(record.entry))
		}
	}
	var targets []int32
	for log, ofLog := range keys {
		for row, err := range v.from.RowsOf(ctx, log, ofLog) {
			if err != nil {
				return err
			}
			v.rows[logEntry{log, row.Key}] = *row
			targets = append(targets, row.Target)
		}
	}
	return v.readTargets(ctx, targets)
}

// readTargets reads targets in place of those before.
func (v *verifying) readTargets(ctx context.Context, ids []int32) error {
	maps.DeleteFunc(v.words, func(at wordAt, _ Texts) bool { return at.dictionary == Targets })
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), verifiedAtOnce) {
		if _, err := v.addWords(Targets, v.from.WordsAt(ctx, Targets, some), v.note); err != nil {
			return err
		}
	}
	return nil
}

// addWords notes words, unless they are more than were signed, and returns their chain.
func (v *verifying) addWords(d Dictionary, words iter.Seq2[*Word, error], note func(*Word)) (read chain, err error) {
	for word, err := range words {
		if err != nil {
			return read, err
		}
		if read.add(word.Texts[:]...); read.isBeyond(v.head.Words[d]) {
			break
		}
		note(word)
	}
	return read, nil
}

func (v *verifying) note(word *Word) { v.words[wordAt{word.Dictionary, word.ID}] = word.Texts }

// key is the key of the row with an ID; nil if there is none.
func (v *verifying) key(ctx context.Context, id int64) (key *Key, err error) {
	if id != int64(int32(id)) { //nolint:gosec // that is the question
		return nil, nil
	}
	for row, err := range v.from.Keys(ctx, 0, []int32{int32(id)}) { //nolint:gosec // as above
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

// nul stands where a dictionary lacks what an entry refers to.
const nul = "\x00"

// columns are what a row shows.
func (v *verifying) columns(row *Row) []namedColumn {
	return columnsOf(row, func(d Dictionary, id int32) Texts {
		texts, ok := v.words[wordAt{d, id}]
		if !ok {
			return Texts{nul}
		}
		return texts
	})
}

// columnsOfEntry are what the row of an entry must show.
func columnsOfEntry(e *auditlog.Entry) []namedColumn {
	row := Row{At: micros(e.TriggeredAt)}
	var words []Texts
	wordsOf(e, &row, func(id *int32, w word) {
		words = append(words, w.texts)
		*id = int32(len(words)) //nolint:gosec // a handful
	})
	return columnsOf(&row, func(_ Dictionary, id int32) Texts { return words[id-1] })
}

func columnsOf(row *Row, texts func(Dictionary, int32) Texts) []namedColumn {
	columns := []namedColumn{{"at", strconv.FormatInt(row.At, 10), true}}
	refer := func(d Dictionary, id int32, names ...string) {
		var word Texts
		if id != 0 {
			word = texts(d, id)
		}
		for i, name := range names {
			columns = append(columns, namedColumn{name, word[i], id != 0})
		}
	}
	refer(Events, row.Event, "event")
	refer(Actors, row.Actor, "actor id", "actor name", "actor email")
	refer(Refs, row.Team, "team id", "team name")
	refer(Targets, row.Target, "target")
	return columns
}
