package archive

import (
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the right edge of a Merkle tree: all that is needed to add leaves and to compute the root, in at most 64 hashes. Its roots are
// those of tlog.TreeHash. It is stored as JSON.
type Tree struct {
	// Size is how many leaves there are.
	Size int64 `json:"size"`
	// Peaks are the roots of the complete subtrees that the leaves make, the largest first: one for each bit of Size.
	Peaks []tlog.Hash `json:"peaks"`
}

// push adds a leaf by its hash.
func (t *Tree) push(leaf tlog.Hash) {
	t.Peaks = append(t.Peaks, leaf)
	t.Size++
	for n := t.Size; n&1 == 0; n >>= 1 {
		last := len(t.Peaks) - 1
		t.Peaks[last-1] = tlog.NodeHash(t.Peaks[last-1], t.Peaks[last])
		t.Peaks = t.Peaks[:last]
	}
}

// root is the hash over all leaves.
func (t *Tree) root() (tlog.Hash, error) {
	if t.Size == 0 {
		return tlog.TreeHash(0, nil)
	}
	root := t.Peaks[len(t.Peaks)-1]
	for _, peak := range slices.Backward(t.Peaks[:len(t.Peaks)-1]) {
		root = tlog.NodeHash(peak, root)
	}
	return root, nil
}

func (t *Tree) clone() *Tree { return &Tree{t.Size, slices.Clone(t.Peaks)} }

// UnmarshalJSON reads a tree that can be one.
func (t *Tree) UnmarshalJSON(data []byte) error {
	type plain Tree
	var stored plain
	if err := json.Unmarshal(data, &stored); err != nil {
		return fmt.Errorf("the tree's edge: %w", err)
	}
	bits := 0
	for n := stored.Size; n > 0; n &= n - 1 {
		bits++
	}
	if stored.Size < 0 || bits != len(stored.Peaks) {
		return fmt.Errorf("the tree's edge has %d hashes for %d leaves", len(stored.Peaks), stored.Size)
	}
	*t = Tree(stored)
	return nil
}
