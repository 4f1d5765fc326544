package archive

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"modernc.org/sqlite"

	"make-audit-mcp/internal/auditlog"
)

// VerifyOptions say what else to hold an archive against.
type VerifyOptions struct {
	// Checkpoint is the text of a checkpoint that was kept elsewhere.
	Checkpoint []byte
	// PublicKey is the key that must have signed the checkpoints, as sync printed it;
	// empty means whatever keys the archive names, which whoever can write to it can change.
	PublicKey string
	// OnProgress, if set, is told how many of the records were looked at.
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
	// Unfilled tells how far back a first fill that did not finish came; zero else.
	Unfilled time.Time
}

// Verification is what [Archive.Verify] found.
type Verification struct {
	Records     int64
	Entries     int
	Checkpoints int
	// Last is the newest checkpoint; nil if there is none.
	Last *Checkpoint
	// Unsigned is how many records were stored after it, all if there is none: those of
	// a sync that did not finish.
	Unsigned int64
	// Keys are the public keys that were believed.
	Keys []string
	// Problems come in the order of records, at most 100; Total counts all.
	Problems []Problem
	Total    int
	Logs     []VerifiedLog
}

// Intact tells whether everything is as it was stored.
func (v *Verification) Intact() bool { return v.Total == 0 }

// Covered tells whether no log has a gap.
func (v *Verification) Covered() bool {
	return !slices.ContainsFunc(v.Logs, func(l VerifiedLog) bool { return len(l.Gaps) > 0 || !l.Unfilled.IsZero() })
}

// maxProblems bounds the problems that are listed.
const maxProblems = 100

func (v *Verification) found(record int64, uuid, format string, args ...any) {
	if v.Total++; len(v.Problems) < maxProblems {
		v.Problems = append(v.Problems, Problem{record, uuid, fmt.Sprintf(format, args...)})
	}
}

// verifying is one verification.
type verifying struct {
	*Verification
	archive *Archive
	from    querier
	options VerifyOptions

	owners   map[int64]owner
	tree     *tree
	broken   bool                    // records are missing, so that no root can be told
	expected map[int64][]*Checkpoint // by size
	moved    map[int64]int64         // records that show an entry now, and its id, where they differ
	names    map[nameKey]int64
	states   map[int64]vouched // the last record's, by log
	detailed int64             // entries that refer to their details
	proven   int64             // the size of the last checkpoint that fits
	columns  *columnReader
}

// nameKey is a row of names.
type nameKey struct {
	log                  int64
	target, object, name string
}

// Verify reads the whole archive and holds everything in it against what was stored:
// records against their hashes, the tree against every checkpoint, columns, names and
// coverage against the records. It sees one state of the archive, even while a sync
// runs. An error means that it could not be read to the end.
func (a *Archive) Verify(ctx context.Context, options VerifyOptions) (*Verification, error) {
	connection, err := a.db.Conn(ctx)
	if err != nil {
		return nil, a.explain("reading it", err)
	}
	defer connection.Close() //nolint:errcheck // it was read
	if _, err := connection.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, a.explain("reading it", err)
	}
	defer connection.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") //nolint:errcheck // nothing was written
	if options.OnProgress == nil {
		options.OnProgress = func(int64, int64) {}
	}
	v := &verifying{
		Verification: &Verification{}, archive: a, from: connection, options: options, tree: &tree{}, owners: map[int64]owner{},
		expected: map[int64][]*Checkpoint{}, moved: map[int64]int64{}, names: map[nameKey]int64{}, states: map[int64]vouched{},
	}
	for _, step := range []func(context.Context) error{v.file, v.readLogs, v.readCheckpoints, v.readMoved, v.readRecords, v.checkEdge, v.checkRows, v.checkDetails, v.checkNames, v.checkStates} {
		if err := step(ctx); err != nil {
			return v.Verification, a.explain("reading it", err)
		}
	}
	return v.Verification, nil
}

// file has SQLite check its own structures.
func (v *verifying) file(ctx context.Context) error {
	return eachRow(ctx, v.from, "SELECT integrity_check FROM pragma_integrity_check LIMIT ?", 10, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		if text != "ok" {
			v.found(-1, "", "the file is damaged: %s", text)
		}
		return err
	})
}

func (v *verifying) readLogs(ctx context.Context) error {
	return eachRow(ctx, v.from, "SELECT id, instance, organization, state, (SELECT count(*) FROM entries e WHERE e.log = l.id) FROM logs l WHERE id > ? ORDER BY id", 0, func(rows *sql.Rows) error {
		var id int64
		var of owner
		var text []byte
		var count int
		if err := rows.Scan(&id, &of.instance, &of.organization, &text, &count); err != nil {
			return err
		}
		v.owners[id] = of
		var state logState
		if err := json.Unmarshal(text, &state); err != nil {
			v.found(-1, "", "the state of the log of organization %s cannot be read", of.organization)
			return nil //nolint:nilerr // it is what was found
		}
		log := VerifiedLog{
			Instance: of.instance, OrganizationID: of.organization, Name: state.Name, Entries: count, From: state.From, AsOf: state.AsOf,
			Gaps: state.Gaps, Unreadable: len(state.Unreadable), Doubts: state.Doubts,
		}
		if state.AsOf.IsZero() && state.Fill != nil {
			log.Unfilled = state.Fill.Reached
		}
		v.Entries += count
		v.Logs = append(v.Logs, log)
		v.states[id] = vouched{}
		return nil
	})
}

func (v *verifying) readCheckpoints(ctx context.Context) error {
	v.Keys = []string{v.options.PublicKey}
	if v.options.PublicKey == "" {
		var err error
		if v.Keys, err = v.archive.keys(ctx, v.from); err != nil {
			return err
		}
	}
	if len(v.options.Checkpoint) > 0 {
		kept, err := parseCheckpoint(v.options.Checkpoint, v.archive.origin(), v.Keys)
		if err != nil {
			v.found(-1, "", "the checkpoint that was given cannot be used: %v", err)
		} else {
			v.expected[kept.Size] = append(v.expected[kept.Size], kept)
		}
	}
	return eachRow(ctx, v.from, "SELECT size, note FROM checkpoints WHERE size >= ? ORDER BY size", 0, func(rows *sql.Rows) error {
		var size int64
		var text string
		if err := rows.Scan(&size, &text); err != nil {
			return err
		}
		v.Checkpoints++
		stored, err := parseCheckpoint([]byte(text), v.archive.origin(), v.Keys)
		if err == nil && stored.Size != size {
			err = fmt.Errorf("it is about %d", stored.Size)
		}
		if err != nil {
			v.found(-1, "", "the checkpoint of %d records cannot be believed: %v", size, err)
			return nil
		}
		v.expected[size] = append(v.expected[size], stored)
		v.Last = stored
		return nil
	})
}

func (v *verifying) readMoved(ctx context.Context) error {
	return eachRow(ctx, v.from, "SELECT record, id FROM entries WHERE record <> id AND typeof(record) = 'integer' AND id >= ?", 0, func(rows *sql.Rows) error {
		var record, id int64
		err := rows.Scan(&record, &id)
		v.moved[record] = id
		return err
	})
}

// progressEvery is after how many records it is told how far the reading is.
const progressEvery = 10_000

func (v *verifying) readRecords(ctx context.Context) error {
	var count int64
	if err := v.from.QueryRowContext(ctx, "SELECT count(*) FROM records").Scan(&count); err != nil {
		return err
	}
	var err error
	if v.columns, err = newColumnReader(ctx, v.from); err != nil {
		return err
	}
	next := int64(0)
	v.compareRoots()
	if err := eachRow(ctx, v.from, "SELECT leaf, log, kind, hash, raw FROM records WHERE leaf >= ? ORDER BY leaf", -1<<62, func(rows *sql.Rows) error {
		var leaf, log int64
		var k kind
		var hash, packed []byte
		scanErr := rows.Scan(&leaf, &log, &k, &hash, &packed)
		if scanErr != nil {
			if err := rows.Scan(&leaf, new(any), new(any), new(any), new(any)); err != nil {
				return err
			}
		}
		if leaf != next {
			v.found(next, "", "records %d to %d are missing", next, leaf-1)
			v.broken = true
		}
		next = leaf + 1
		if v.Records++; v.Records%progressEvery == 0 {
			v.options.OnProgress(v.Records, count)
		}
		if scanErr != nil {
			v.found(leaf, v.uuidAt(ctx, leaf), "it is of no form that a record can have: %v", scanErr)
			v.broken = true
			return nil
		}
		if err := v.record(ctx, leaf, log, k, hash, packed); err != nil {
			return err
		}
		v.compareRoots()
		return nil
	}); err != nil {
		return err
	}
	for size := range v.expected {
		if size > next {
			v.found(next, "", "records are missing: a checkpoint is about %d", size)
		}
	}
	v.Unsigned = next
	if v.Last != nil {
		v.Unsigned = max(0, next-v.Last.Size)
	}
	return nil
}

// record checks one record, and what follows from it.
func (v *verifying) record(ctx context.Context, leaf, log int64, k kind, hash, packed []byte) error {
	if len(hash) != tlog.HashSize {
		v.found(leaf, "", "its hash is none")
		v.broken = true
		return nil
	}
	v.tree.push(tlog.Hash(hash))
	of, known := v.owners[log]
	raw, err := unpack(packed)
	switch {
	case !known:
		v.found(leaf, "", "it belongs to no log")
		return nil
	case err != nil:
		v.found(leaf, v.uuidAt(ctx, leaf), "its bytes are damaged: %v", err)
		return nil
	}
	if leafHash(k, of, raw) != tlog.Hash(hash) {
		uuid := v.uuidAt(ctx, leaf)
		if uuid == "" && k != kindSync {
			if entry, ok := v.archive.options.Decode(raw); ok {
				uuid = entry.UUID
			}
		}
		v.found(leaf, uuid, "its bytes are not those that were stored")
		return nil
	}
	switch k {
	case kindEntry:
		return v.entry(ctx, leaf, log, raw)
	case kindDetails:
		return v.details(ctx, leaf, log, raw)
	case kindSync:
		var state vouched
		if err := json.Unmarshal(raw, &state); err != nil {
			v.found(leaf, "", "what the log vouches for cannot be read")
			return nil //nolint:nilerr // it is what was found
		}
		v.states[log] = state
	}
	return nil
}

// uuidAt is the uuid in the columns of an entry that came with a record.
func (v *verifying) uuidAt(ctx context.Context, leaf int64) string {
	var key any
	if v.from.QueryRowContext(ctx, "SELECT key FROM entries WHERE id = ? OR id = ?", leaf, v.moved[leaf]).Scan(&key) != nil {
		return ""
	}
	return uuidOf(key)
}

// entry holds an entry's columns against the record that shows it.
func (v *verifying) entry(ctx context.Context, leaf, log int64, raw []byte) error {
	entry, ok := v.archive.options.Decode(raw)
	if !ok {
		v.found(leaf, "", "it holds no entry")
		return nil
	}
	row, err := v.columns.read(ctx, log, keyOf(entry))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		v.found(leaf, entry.UUID, "the entry is missing from the columns")
		return nil
	case isOddRow(err):
		v.found(leaf, entry.UUID, "the entry's columns are of no form that they can have: %v", err)
		return nil
	case err != nil:
		return err
	case row.id > leaf || row.record < leaf:
		v.found(leaf, entry.UUID, "the columns do not show what it says")
		return nil
	}
	if row.id < leaf { // it shows otherwise what an earlier record brought
		if err := v.bringsNothing(ctx, leaf); err != nil {
			return err
		}
	}
	if row.record != leaf {
		return nil
	}
	want, err := textsOf(entry)
	if err != nil {
		return err
	}
	for i, name := range columnNames() {
		if want[i] != row.texts[i] {
			v.found(leaf, entry.UUID, "the column %s is %s, and %s was stored", name, quoted(row.texts[i]), quoted(want[i]))
		}
	}
	return nil
}

// bringsNothing checks that no row of entries claims to have come with a record that
// came for an entry that was there.
func (v *verifying) bringsNothing(ctx context.Context, leaf int64) error {
	var key any
	err := v.from.QueryRowContext(ctx, "SELECT key FROM entries WHERE id = ?", leaf).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		v.found(leaf, uuidOf(key), "the entry was inserted by something else: that record is another's")
	}
	return err
}

// isOddRow tells a row that cannot be read for its values from a failure of reading.
func isOddRow(err error) bool {
	var failure *sqlite.Error
	return err != nil && !errors.As(err, &failure) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, driver.ErrBadConn)
}

// details checks that an entry refers to its details, and notes the names in them.
func (v *verifying) details(ctx context.Context, leaf, log int64, raw []byte) error {
	entry, ok := v.archive.options.Decode(raw)
	if !ok {
		v.found(leaf, "", "it holds no entry")
		return nil
	}
	row, err := v.columns.read(ctx, log, keyOf(entry))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		v.found(leaf, entry.UUID, "the entry that it details is missing")
	case isOddRow(err): // told of the entry's record
	case err != nil:
		return err
	case row.details != leaf:
		v.found(leaf, entry.UUID, "the entry does not refer to these details")
	default:
		v.detailed++
	}
	for _, named := range namesIn(entry) {
		v.names[nameKey{log, string(entry.TargetID), string(named.Object), string(named.Name)}] = leaf
	}
	return nil
}

// compareRoots compares the tree with the checkpoints of its size.
func (v *verifying) compareRoots() {
	expected := v.expected[v.tree.size]
	if len(expected) == 0 || v.broken {
		return
	}
	root, err := v.tree.root()
	for _, checkpoint := range expected {
		if err != nil || root != checkpoint.Root {
			v.found(-1, "", "the records %d to %d are not those of the checkpoint that was signed over them: one of them, and its hash, was changed", v.proven, checkpoint.Size-1)
			return
		}
	}
	v.proven = v.tree.size
}

// checkEdge compares the tree with its stored edge: records that something else added
// or took away at the end.
func (v *verifying) checkEdge(ctx context.Context) error {
	edge, err := v.archive.edge(ctx, v.from)
	if err != nil {
		v.found(-1, "", "the tree's edge cannot be read: %v", err)
		return nil
	}
	switch {
	case edge.size < v.tree.size:
		v.found(edge.size, "", "records from here on were inserted by something else")
	case edge.size > v.tree.size:
		v.found(v.tree.size, "", "records from here on are missing: %d were stored", edge.size)
	case !v.broken && !slices.Equal(edge.peaks, v.tree.peaks):
		v.found(-1, "", "the records are not those that the tree's edge was made of")
	}
	return nil
}

// checkRows finds rows that no record brought.
func (v *verifying) checkRows(ctx context.Context) error {
	return eachRow(ctx, v.from, `SELECT e.id, e.key FROM entries e LEFT JOIN records r ON r.leaf = e.id
		WHERE e.id > ? AND (r.leaf IS NULL OR r.kind <> 1 OR r.log <> e.log) ORDER BY e.id`, -1<<62, func(rows *sql.Rows) error {
		var id int64
		var key any
		err := rows.Scan(&id, &key)
		v.found(id, uuidOf(key), "the entry was inserted by something else: no record brought it")
		return err
	})
}

// checkDetails finds entries that refer to details that are not theirs, where there are
// more that refer to any than have some.
func (v *verifying) checkDetails(ctx context.Context) error {
	var referring int64
	if err := v.from.QueryRowContext(ctx, "SELECT count(*) FROM entries WHERE details <> ?", noDetails).Scan(&referring); err != nil || referring == v.detailed {
		return err
	}
	return eachRow(ctx, v.from, `SELECT e.id, e.key, r.raw FROM entries e LEFT JOIN records r ON r.leaf = e.details AND r.kind = 2 AND r.log = e.log
		WHERE e.details <> ? ORDER BY e.id`, noDetails, func(rows *sql.Rows) error {
		var id int64
		var key any
		var packed []byte
		if err := rows.Scan(&id, &key, &packed); err != nil {
			return err
		}
		if packed != nil {
			raw, err := unpack(packed)
			if err != nil {
				return nil //nolint:nilerr // it was found before
			}
			if entry, ok := v.archive.options.Decode(raw); ok && entry.UUID == uuidOf(key) {
				return nil
			}
		}
		v.found(id, uuidOf(key), "the entry refers to details that are not its own")
		return nil
	})
}

func (v *verifying) checkNames(ctx context.Context) error {
	if err := eachRow(ctx, v.from, `SELECT iif(typeof(n.log) = 'integer', n.log, -1), coalesce(t.value, ''), n.object, n.name, iif(typeof(n.record) = 'integer', n.record, -1)
		FROM names n LEFT JOIN targets t ON t.id = n.target WHERE n.log >= ?`, -1<<62, func(rows *sql.Rows) error {
		var key nameKey
		var record int64
		if err := rows.Scan(&key.log, &key.target, &key.object, &key.name, &record); err != nil {
			return err
		}
		if stored, ok := v.names[key]; !ok || stored != record {
			v.found(record, "", "the name %s of object %s is in no details", auditlog.Text(key.name).Quote(), auditlog.Text(key.target).Quote())
		}
		delete(v.names, key)
		return nil
	}); err != nil {
		return err
	}
	for _, key := range slices.SortedFunc(maps.Keys(v.names), func(a, b nameKey) int { return cmp.Compare(v.names[a], v.names[b]) }) {
		v.found(v.names[key], "", "the name %s of object %s is missing", auditlog.Text(key.name).Quote(), auditlog.Text(key.target).Quote())
	}
	return nil
}

// checkStates compares what logs claim to cover with the records of it.
func (v *verifying) checkStates(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(v.owners)) {
		of := v.owners[id]
		_, _, state, err := v.archive.findLog(ctx, v.from, of)
		if err == nil && !state.vouches().equal(v.states[id]) {
			v.found(-1, "", "what the log of organization %s claims to cover is not what its last sync stored", of.organization)
		}
		var around []byte
		if err := v.from.QueryRowContext(ctx, "SELECT known FROM logs WHERE id = ?", id).Scan(&around); err != nil {
			return err
		}
		if stored := v.states[id].Around; stored != hashAround(around) && (stored != "" || string(around) != "{}") {
			v.found(-1, "", "what is known around the log of organization %s, such as its users, is not what its last sync stored", of.organization)
		}
	}
	return nil
}

// columnReader reads an entry's columns as text.
type columnReader struct {
	statement interface {
		QueryRowContext(ctx context.Context, args ...any) *sql.Row
	}
}

// columnRow is an entry's columns, in the order of columnNames.
type columnRow struct {
	id, record, details int64
	texts               [13]sql.NullString
}

func columnNames() []string {
	return []string{"at", "written", "organization id", "organization name", "event", "actor id", "actor name", "actor email", "team id", "team name", "target", "version", "extra"}
}

// quoted shows one of these columns.
func quoted(text sql.NullString) string {
	if !text.Valid {
		return "empty"
	}
	return auditlog.Text(text.String).Quote()
}

// nul stands between the two parts of a version, and where a dictionary lacks what an
// entry refers to.
const nul = "\x00"

func newColumnReader(ctx context.Context, from querier) (*columnReader, error) {
	preparer, ok := from.(interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	})
	if !ok {
		return nil, errors.New("internal error: nothing to prepare statements with")
	}
	statement, err := preparer.PrepareContext(ctx, `SELECT e.id, e.record, coalesce(e.details, -1), e.at, e.written, iif(e.organization IS NULL, NULL, coalesce(o.ref, x'00')), o.name, v.value,
		iif(e.actor IS NULL, NULL, coalesce(a.actor, x'00')), a.name, a.email, iif(e.team IS NULL, NULL, coalesce(t.ref, x'00')), t.name, iif(e.target IS NULL, NULL, coalesce(g.value, x'00')),
		iif(e.version_from IS NULL AND e.version_to IS NULL, NULL, coalesce(e.version_from, '') || x'00' || coalesce(e.version_to, '')), e.extra
		FROM entries e LEFT JOIN refs o ON o.id = e.organization LEFT JOIN events v ON v.id = e.event LEFT JOIN actors a ON a.id = e.actor
		LEFT JOIN refs t ON t.id = e.team LEFT JOIN targets g ON g.id = e.target WHERE e.log = ? AND e.key = ?`)
	return &columnReader{statement}, err
}

func (c *columnReader) read(ctx context.Context, log int64, key any) (columnRow, error) {
	var row columnRow
	into := []any{&row.id, &row.record, &row.details}
	for i := range row.texts {
		into = append(into, &row.texts[i])
	}
	err := c.statement.QueryRowContext(ctx, log, key).Scan(into...)
	return row, err
}

// textsOf is what an entry's columns must be.
func textsOf(e *auditlog.Entry) ([13]sql.NullString, error) {
	texts := [13]sql.NullString{}
	set := func(first int, values ...string) {
		for i, value := range values {
			texts[first+i] = sql.NullString{String: value, Valid: true}
		}
	}
	set(0, strconv.FormatInt(micros(e.TriggeredAt), 10))
	if !e.CreatedAt.IsZero() {
		set(1, strconv.FormatInt(micros(e.CreatedAt), 10))
	}
	if e.Organization != nil {
		set(2, string(e.Organization.ID), string(e.Organization.Name))
	}
	set(4, string(e.Event))
	if e.Actor != nil {
		set(5, string(e.Actor.ID), string(e.Actor.Name), string(e.Actor.Email))
	}
	if e.Team != nil {
		set(8, string(e.Team.ID), string(e.Team.Name))
	}
	if e.TargetID != "" {
		set(10, string(e.TargetID))
	}
	if e.Version != nil {
		set(11, string(e.Version.From)+nul+string(e.Version.To))
	}
	if len(e.Extra) > 0 {
		extra, err := json.Marshal(e.Extra)
		if err != nil {
			return texts, err
		}
		set(12, string(extra))
	}
	return texts, nil
}
