package archive

import (
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is the right edge of a Merkle tree: all that is needed to add leaves and to
// tell the root, in at most 64 hashes. Its roots are those of tlog.TreeHash.
type tree struct {
	size int64
	// peaks are the roots of the complete subtrees that the leaves make, the largest
	// first: one for each bit of size.
	peaks []tlog.Hash
}

// push adds a leaf by its hash.
func (t *tree) push(leaf tlog.Hash) {
	t.peaks = append(t.peaks, leaf)
	t.size++
	for n := t.size; n&1 == 0; n >>= 1 {
		last := len(t.peaks) - 1
		t.peaks[last-1] = tlog.NodeHash(t.peaks[last-1], t.peaks[last])
		t.peaks = t.peaks[:last]
	}
}

// root is the hash over all leaves.
func (t *tree) root() (tlog.Hash, error) {
	if t.size == 0 {
		return tlog.TreeHash(0, nil)
	}
	root := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.peaks[i], root)
	}
	return root, nil
}

type storedTree struct {
	Size  int64       `json:"size"`
	Peaks []tlog.Hash `json:"peaks"`
}

func (t *tree) marshal() ([]byte, error) {
	return json.Marshal(storedTree{Size: t.size, Peaks: t.peaks})
}

func unmarshalTree(data []byte) (*tree, error) {
	var stored storedTree
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, fmt.Errorf("the tree's edge: %w", err)
	}
	bits := 0
	for n := stored.Size; n > 0; n &= n - 1 {
		bits++
	}
	if stored.Size < 0 || bits != len(stored.Peaks) {
		return nil, fmt.Errorf("the tree's edge has %d hashes for %d leaves", len(stored.Peaks), stored.Size)
	}
	return &tree{size: stored.Size, peaks: stored.Peaks}, nil
}
