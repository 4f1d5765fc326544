package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	store := r.Archive.store
	tree, err := store.Tree(ctx)
	switch {
	case err != nil:
		return from, err
	case from.Archive != "" && from.Archive != store.ID():
		return from, &PositionError{store.String(), "it was written with another archive"}
	case from.Next > tree.Size:
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

// stored are the next entries of the records [from, to) that may be seen, and where to go on.
func (v *view) stored(ctx context.Context, from, to int64) (entries []*auditlog.Entry, next int64, err error) {
	var rows []Row
	var ids []int32
	packed := map[int64][]byte{}
	count := 0
	next = from
	for record, err := range v.archive.store.Records(ctx, v.log, from, batchSize) {
		if err != nil {
			return nil, from, err
		}
		if record.Number >= to {
			break
		}
		count++
		next = record.Number + 1
		if record.Kind == kindEntry {
			rows = append(rows, Row{Record: record.Number})
			ids = append(ids, int32(record.Number)) //nolint:gosec // the log was loaded, so that they fit
			packed[record.Number] = record.Packed
		}
	}
	if count < batchSize {
		next = to
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
	entries, err = v.archive.whole(ctx, rows, packed)
	return slices.DeleteFunc(entries, func(entry *auditlog.Entry) bool { return !v.rights.sees(entry) }), next, err
}

// packed are records as they are stored, by their numbers.
func (a *Archive) packed(ctx context.Context, numbers []int64) (map[int64][]byte, error) {
	packed := make(map[int64][]byte, len(numbers))
	for record, err := range a.store.RecordsAt(ctx, numbers) {
		if err != nil {
			return nil, err
		}
		packed[record.Number] = record.Packed
	}
	return packed, nil
}

// whole reads the entries of rows with what Make sent, and their details as far as these are here. known are records that were read before.
func (a *Archive) whole(ctx context.Context, rows []Row, known map[int64][]byte) ([]*auditlog.Entry, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var numbers []int64
	for i := range rows {
		if known[rows[i].Record] == nil {
			numbers = append(numbers, rows[i].Record)
		}
		if rows[i].Details > 0 {
			numbers = append(numbers, rows[i].Details)
		}
	}
	packed, err := a.packed(ctx, numbers)
	if err != nil {
		return nil, err
	}
	maps.Copy(packed, known)
	entries := make([]*auditlog.Entry, len(rows))
	for i := range rows {
		if entries[i], err = a.decode(packed[rows[i].Record]); err != nil {
			return nil, err
		}
		if rows[i].Details > 0 {
			detailed, err := a.decode(packed[rows[i].Details])
			if err != nil {
				return nil, err
			}
			entries[i].Details = detailed.Details
		}
	}
	return entries, nil
}

// decode reads the entry in a record.
func (a *Archive) decode(packed []byte) (*auditlog.Entry, error) {
	raw, err := unpack(packed)
	entry, ok := a.options.Decode(raw)
	if err != nil || !ok {
		return nil, a.refused(err, "a record is damaged")
	}
	entry.Raw = raw
	return entry, nil
}
