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
	var came []Record
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
			came = append(came, *record)
		}
	}
	if count < batchSize {
		next = to
	}
	details, err := v.detailsOf(ctx, came)
	if err != nil {
		return nil, from, err
	}
	for _, record := range came {
		entry, err := v.archive.whole(record.Packed, details[record.Number])
		if err != nil {
			return nil, from, err
		}
		if v.rights.sees(entry) {
			entries = append(entries, entry)
		}
	}
	return entries, next, nil
}

// detailsOf are the packed details of the entries that records brought, by the records' numbers, as far as they are here.
func (v *view) detailsOf(ctx context.Context, brought []Record) (map[int64][]byte, error) {
	ids := make([]int32, len(brought))
	for i, record := range brought {
		ids[i] = int32(record.Number) //nolint:gosec // the log was loaded, so that they fit
	}
	details := map[int64]int64{} // their numbers
	for row, err := range v.archive.store.RowsAt(ctx, v.log, ids) {
		if err != nil {
			return nil, err
		}
		if row.Details > 0 {
			details[row.ID] = row.Details
		}
	}
	packed, err := v.archive.packed(ctx, slices.Collect(maps.Values(details)))
	found := make(map[int64][]byte, len(details))
	for id, number := range details {
		found[id] = packed[number]
	}
	return found, err
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

// records are the numbers of the records that a row refers to.
func (r *Row) records() []int64 {
	if r.Details > 0 {
		return []int64{r.Record, r.Details}
	}
	return []int64{r.Record}
}

// wholeRow is a row's entry, with what Make sent, of the row's records among those that are packed.
func (a *Archive) wholeRow(row *Row, packed map[int64][]byte) (*auditlog.Entry, error) {
	if row.Details > 0 {
		return a.whole(packed[row.Record], packed[row.Details])
	}
	return a.whole(packed[row.Record], nil)
}

// whole is an entry with what Make sent, of its packed records; details may be nil.
func (a *Archive) whole(packed, details []byte) (*auditlog.Entry, error) {
	damaged := func(err error) error { return a.refused(err, "a record is damaged") }
	raw, err := unpack(packed)
	if err != nil {
		return nil, damaged(err)
	}
	entry, ok := a.options.Decode(raw)
	if !ok {
		return nil, damaged(nil)
	}
	entry.Raw = raw
	if details == nil {
		return entry, nil
	}
	if raw, err = unpack(details); err != nil {
		return nil, damaged(err)
	}
	if detailed, ok := a.options.Decode(raw); ok {
		entry.Details = detailed.Details
	}
	return entry, nil
}
