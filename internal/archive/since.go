package archive

import (
	"context"
	"database/sql"
	"fmt"

	"make-audit-mcp/internal/auditlog"
)

// Position is a place in the order in which an archive stored things. It means nothing
// in another archive.
type Position struct {
	Archive string `json:"archive"`
	Next    int64  `json:"next"`
}

// PositionError says that a position is not one of this archive.
type PositionError struct{ Path, Problem string }

func (e *PositionError) Error() string {
	return "the place to go on from is not one of the archive " + e.Path + ": " + e.Problem
}

// NextStep says what to do.
func (e *PositionError) NextStep() string {
	return "use the archive that it was written with, or begin anew with another file"
}

// Since calls yield with every entry that was stored since a position, in the order of
// storing: late ones come when they came, and one that Make showed otherwise later comes
// again. The zero position is the beginning. Entries carry what Make sent, and their
// details as far as these are here. It returns the position behind the last entry; what
// comes later is behind it. That there is no archive for the organization, or none that
// may be read, is an [auditlog.AccessError].
func (r *Reader) Since(ctx context.Context, organization auditlog.Organization, from Position, yield func(*auditlog.Entry) error) (Position, error) {
	v, err := r.open(ctx, organization.ID)
	if err != nil {
		return from, err
	}
	if v == nil {
		return from, &auditlog.AccessError{Organization: organization.Ref, Reason: "the archive does not hold it, or not all that this key may read; fill it with make-audit-mcp sync"}
	}
	edge, err := r.Archive.edge(ctx, r.Archive.db)
	switch {
	case err != nil:
		return from, err
	case from.Archive != "" && from.Archive != r.Archive.id:
		return from, &PositionError{r.Archive.path, "it was written with another archive"}
	case from.Next > edge.size:
		return from, &PositionError{r.Archive.path, fmt.Sprintf("it is record %d, and the archive has %d", from.Next, edge.size)}
	}
	for next := from.Next; next < edge.size; next += batchSize {
		if err := v.stored(ctx, next, min(next+batchSize, edge.size), yield); err != nil {
			return from, err
		}
	}
	return Position{Archive: r.Archive.id, Next: edge.size}, nil
}

// stored yields the entries of the records [from, to).
func (v *view) stored(ctx context.Context, from, to int64, yield func(*auditlog.Entry) error) error {
	var entries []*auditlog.Entry
	rows, err := v.archive.db.QueryContext(ctx, `SELECT r.raw, d.raw FROM records r LEFT JOIN entries e ON e.id = r.leaf LEFT JOIN records d ON d.leaf = e.details
		WHERE r.leaf >= ? AND r.leaf < ? AND r.log = ? AND r.kind = ? ORDER BY r.leaf`, from, to, v.log, int(kindEntry))
	if err != nil {
		return v.archive.explain("reading it", err)
	}
	defer rows.Close() //nolint:errcheck // it was read
	for rows.Next() {
		var packed, details []byte
		if err := rows.Scan(&packed, &details); err != nil {
			return v.archive.explain("reading it", err)
		}
		entry, err := v.archive.whole(packed, details)
		if err != nil {
			return err
		}
		if v.rights.sees(entry) {
			entries = append(entries, entry)
		}
	}
	if err := rows.Err(); err != nil {
		return v.archive.explain("reading it", err)
	}
	for _, entry := range entries {
		if err := yield(entry); err != nil {
			return err
		}
	}
	return nil
}

// whole is an entry with what Make sent, of its packed records; details may be nil.
func (a *Archive) whole(packed, details []byte) (*auditlog.Entry, error) {
	damaged := func(err error) error {
		return &FileError{Path: a.path, Problem: "a record is damaged", Next: "run make-audit-mcp verify", Err: err}
	}
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

// addRaw gives fetched entries, those of a list of ids, what Make sent, and their details.
func (v *view) addRaw(ctx context.Context, ids string, byID map[int32]*auditlog.Entry) error {
	return v.archive.explain("reading it", eachRow(ctx, v.archive.db, `SELECT e.id, r.raw, d.raw FROM entries e JOIN records r ON r.leaf = e.record LEFT JOIN records d ON d.leaf = e.details
		WHERE +e.log = ? AND e.id IN `+ids, v.log, func(rows *sql.Rows) error {
		var id int32
		var packed, details []byte
		if err := rows.Scan(&id, &packed, &details); err != nil {
			return err
		}
		whole, err := v.archive.whole(packed, details)
		if entry := byID[id]; err == nil && entry != nil {
			entry.Raw, entry.Details = whole.Raw, whole.Details
		}
		return err
	}))
}
