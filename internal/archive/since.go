package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"make-audit-mcp/internal/auditlog"
)

// Position is a place in the order in which an archive stored things. It means nothing in another archive.
type Position struct {
	Archive string `json:"archive"`
	Next    int64  `json:"next"`
}

// PositionError says that a position is not one of this archive.
type PositionError struct{ Store, Problem string }

func (e *PositionError) Error() string {
	return "the place to go on from is not one of the archive " + e.Store + ": " + e.Problem
}

// NextStep says what to do.
func (e *PositionError) NextStep() string {
	return "use the archive that it was written with, or begin anew with another file"
}

// Since calls yield with every entry that was stored since a position, in the order of storing: late ones come when they came, and one that
// Make showed otherwise later comes again. The zero position is the beginning. Entries carry what Make sent, and their details as far as
// these are here. It returns the position behind the last entry; what comes later is behind it. That there is no archive for the
// organization, or none that may be read, is an [auditlog.AccessError].
func (r *Reader) Since(ctx context.Context, organization auditlog.Organization, from Position,
	yield func(*auditlog.Entry) error) (Position, error) {
	v, err := r.open(ctx, organization.ID)
	if err != nil {
		return from, err
	}
	if v == nil {
		return from, &auditlog.AccessError{Organization: organization.Ref,
			Reason: "the archive does not hold it, or not all that this key may read; fill it with make-audit-mcp sync"}
	}
	defer v.close()
	store := r.Archive.store
	tree := v.head.Tree
	switch {
	case from.Archive != "" && from.Archive != store.ID():
		return from, &PositionError{store.String(), "it was written with another archive"}
	case from.Next < 0, from.Next > tree.Size:
		return from, &PositionError{store.String(), fmt.Sprintf("it is record %d, and the archive has %d", from.Next, tree.Size)}
	}
	for next := from.Next; next < tree.Size; {
		entries, behind, err := v.stored(ctx, next, tree.Size)
		if err != nil {
			return from, err
		}
		next = behind
		for _, entry := range entries {
			if err := yield(entry); err != nil {
				return from, err
			}
		}
	}
	return Position{Archive: store.ID(), Next: tree.Size}, nil
}

// stored are the next entries of the records [from, to) that may be seen, and where to go on. Records of other logs are read as well, so
// that none is missed.
func (v *view) stored(ctx context.Context, from, to int64) (entries []*auditlog.Entry, next int64, err error) {
	var rows []Row
	var ids []int32
	var all []*Record
	known := map[int64]*Record{}
	next = from
	for record, err := range v.archive.store.Records(ctx, 0, from, batchSize) {
		if err != nil {
			return nil, from, err
		}
		if record.Number >= to {
			break
		}
		if record.Number != next || record.Log < 1 || record.Log > int64(len(v.head.Logs)) {
			return nil, from, v.archive.refused(nil, "its record %d is gone", next)
		}
		next++
		kept := *record
		all = append(all, &kept)
		if record.Log == v.log && record.Kind == kindEntry {
			rows = append(rows, Row{Record: record.Number})
			ids = append(ids, int32(record.Number)) //nolint:gosec // the log was loaded, so that they fit
			known[record.Number] = &kept
			continue
		}
		kept.Packed = nil
		// That it is no entry of the log must be what its hash is of.
		if _, err := v.archive.proven(record, v.head.log(record.Log).LogKey); err != nil {
			return nil, from, err
		}
	}
	if next == from {
		return nil, from, v.archive.refused(nil, "its record %d is gone", next)
	}
	if err := v.archive.prove(ctx, all...); err != nil {
		return nil, from, err
	}
	details := map[int64]int64{}
	for row, err := range v.archive.store.RowsAt(ctx, v.log, ids) {
		if err != nil {
			return nil, from, err
		}
		details[row.ID] = row.Details
	}
	for i := range rows {
		rows[i].Details = details[rows[i].Record]
	}
	entries, err = v.archive.whole(ctx, v.log, v.of, rows, known, true)
	return slices.DeleteFunc(entries, func(entry *auditlog.Entry) bool { return !v.rights.sees(entry) }), next, err
}

// unpackersAtOnce is how many processors unpack and read records.
const unpackersAtOnce = 2

// whole reads the entries of a log's rows with what Make sent, and their details if they are wanted and here; then each record is held
// against what is signed. known are records that were read, and proven, before.
func (a *Archive) whole(ctx context.Context, log int64, of LogKey, rows []Row, known map[int64]*Record,
	detailed bool) ([]*auditlog.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var numbers []int64
	for i := range rows {
		if known[rows[i].Record] == nil {
			numbers = append(numbers, rows[i].Record)
		}
		if detailed && rows[i].Details > 0 {
			numbers = append(numbers, rows[i].Details)
		}
	}
	records, err := a.records(ctx, log, numbers)
	if err == nil && detailed {
		err = a.prove(ctx, slices.Collect(maps.Values(records))...)
	}
	if err != nil {
		return nil, err
	}
	if records == nil {
		records = known
	}
	maps.Copy(records, known)
	entries := make([]*auditlog.Entry, len(rows))
	var group errgroup.Group
	for begin := range unpackersAtOnce {
		group.Go(func() (err error) {
			for i := begin; i < len(rows) && err == nil; i += unpackersAtOnce {
				var details *Record
				if detailed && rows[i].Details > 0 {
					if details = records[rows[i].Details]; details == nil {
						return a.refused(nil, "a record is gone from it")
					}
				}
				entries[i], err = a.entryOf(of, records[rows[i].Record], details)
			}
			return err
		})
	}
	return entries, group.Wait()
}

// entryOf is the entry that a record holds, with the details that another one holds, if any.
func (a *Archive) entryOf(of LogKey, record, details *Record) (*auditlog.Entry, error) {
	raw, err := a.proven(record, of)
	if err != nil {
		return nil, err
	}
	entry, ok := a.options.Decode(raw)
	if !ok || record.Kind != kindEntry {
		return nil, a.refused(nil, "its record %d holds no entry", record.Number)
	}
	entry.Raw = raw
	if details == nil {
		return entry, nil
	}
	if raw, err = a.proven(details, of); err != nil {
		return nil, err
	}
	detailed := a.entryIn(details.Kind, raw)
	if detailed == nil || details.Kind == kindEntry || detailed.UUID != entry.UUID {
		return nil, a.refused(nil, "its record %d does not hold the details of entry %s", details.Number, auditlog.Text(entry.UUID).Clean())
	}
	entry.Details = detailed.Details
	return entry, nil
}

// entryIn is the entry that a record is about, as far as it holds it; nil if it is about none.
func (a *Archive) entryIn(k Kind, raw []byte) *auditlog.Entry {
	switch k {
	case kindEntry, kindDetails:
		if entry, ok := a.options.Decode(raw); ok {
			return entry
		}
	case kindGone:
		var gone goneDetails
		if json.Unmarshal(raw, &gone) == nil {
			return &auditlog.Entry{UUID: gone.UUID}
		}
	}
	return nil
}
