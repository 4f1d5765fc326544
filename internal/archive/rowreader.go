package archive

import (
	"context"
	"iter"
	"maps"
	"math"
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
	log        int64
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
	targets := map[int64][]int32{}
	for log, ofLog := range keys {
		for row, err := range v.from.RowsOf(ctx, log, ofLog) {
			if err != nil {
				return err
			}
			v.rows[logEntry{log, row.Key}] = *row
			targets[log] = append(targets[log], row.Target)
		}
		if v.known[log] {
			continue
		}
		v.known[log] = true
		for d := range Targets {
			if err := v.addWords(log, d, v.from.Words(ctx, log, d, math.MinInt32)); err != nil {
				return err
			}
		}
	}
	return v.readTargets(ctx, targets)
}

// readTargets reads targets, by their logs, in place of those before.
func (v *verifying) readTargets(ctx context.Context, targets map[int64][]int32) error {
	maps.DeleteFunc(v.words, func(at wordAt, _ Texts) bool { return at.dictionary == Targets })
	for log, ids := range targets {
		slices.Sort(ids)
		for some := range slices.Chunk(slices.Compact(ids), verifiedAtOnce) {
			if err := v.addWords(log, Targets, v.from.WordsAt(ctx, log, Targets, some)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifying) addWords(log int64, d Dictionary, words iter.Seq2[*Word, error]) error {
	for word, err := range words {
		if err != nil {
			return err
		}
		v.words[wordAt{log, d, word.ID}] = word.Texts
	}
	return nil
}

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

// nul stands between the two parts of a version, and where a dictionary lacks what an entry refers to.
const nul = "\x00"

// columns are what a row shows.
func (v *verifying) columns(row *Row) []namedColumn {
	return columnsOf(row, func(d Dictionary, id int32) Texts {
		texts, ok := v.words[wordAt{row.Log, d, id}]
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
