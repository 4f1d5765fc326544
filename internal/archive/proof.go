package archive

import (
	"bytes"
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// provenTile is a tile with its signed roots: what is in it follows from those.
type provenTile struct {
	number int64
	roots  string
}

// tilesKept bounds the tiles that are remembered, to 8 MB.
const tilesKept = 64

// signing returns the last head that was read, or the one that is stored now, should it be about a record that is newer.
func (a *Archive) signing(ctx context.Context, number int64) (*head, error) {
	if h := a.head.Load(); h != nil && number < h.Tree.Size {
		return h, nil
	}
	return a.lastHead(ctx)
}

// prove holds records against what is signed: whoever can write to the store can give a record another hash, but not the tree another root.
func (a *Archive) prove(ctx context.Context, records ...*Record) error {
	for _, r := range records {
		h, err := a.signing(ctx, r.Number)
		if err != nil {
			return err
		}
		if r.Number < 0 || r.Number >= h.Tree.Size {
			return a.refused(nil, "its record %d was inserted by something else", r.Number)
		}
		leaves, err := a.tile(ctx, h, r.Number/tileSize)
		if err != nil {
			return err
		}
		if !bytes.Equal(r.Hash, leaves[r.Number%tileSize][:]) {
			return a.refused(nil, "its record %d is not the one that was signed", r.Number)
		}
	}
	return nil
}

// tile returns the leaves of a tile, which must be those that were signed.
func (a *Archive) tile(ctx context.Context, h *head, number int64) ([]tlog.Hash, error) {
	signed := h.Tree.tile(number)
	its := provenTile{number: number}
	for _, root := range signed {
		its.roots += string(root[:])
	}
	a.tilesMu.Lock()
	leaves, isKept := a.tiles[its]
	a.tilesMu.Unlock()
	if isKept {
		return leaves, nil
	}
	begin := number * tileSize
	read := &Tree{}
	for record, err := range a.store.Records(ctx, 0, begin, int(min(tileSize, h.Tree.Size-begin))) {
		if err != nil {
			return nil, err
		}
		if record.Number != begin+read.Size || len(record.Hash) != tlog.HashSize {
			break // and the roots are others
		}
		leaves = append(leaves, tlog.Hash(record.Hash))
		read.push(tlog.Hash(record.Hash))
	}
	if !slices.Equal(read.Peaks, signed) {
		return nil, a.refused(nil, "its records from %d on are not those that were signed", begin)
	}
	a.tilesMu.Lock()
	defer a.tilesMu.Unlock()
	if len(a.tiles) >= tilesKept {
		clear(a.tiles)
	}
	a.tiles[its] = leaves
	return leaves, nil
}

// records are some of a log by their numbers.
func (a *Archive) records(ctx context.Context, log int64, numbers []int64) (map[int64]*Record, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	h, err := a.signing(ctx, slices.Max(numbers))
	if err != nil {
		return nil, err
	}
	records := make(map[int64]*Record, len(numbers))
	for record, err := range a.store.RecordsAt(ctx, log, numbers) {
		if err != nil {
			return nil, err
		}
		if len(record.Packed) > mostPacked(h.Largest) {
			return nil, a.refused(nil, "its record %d is larger than any that was signed", record.Number)
		}
		kept := *record
		records[record.Number] = &kept
	}
	return records, nil
}

// proven is what Make sent that a record holds, if that is what its hash is of. A nil record is one that is gone.
func (a *Archive) proven(r *Record, of LogKey) ([]byte, error) {
	h := a.head.Load()
	if r == nil || h == nil {
		return nil, a.refused(nil, "a record is gone from it")
	}
	raw, err := unpack(r.Packed, h.Largest)
	if hash := leafHash(r.Kind, of, raw); err != nil || !bytes.Equal(hash[:], r.Hash) {
		return nil, a.refused(err, "its record %d is damaged", r.Number)
	}
	return raw, nil
}
