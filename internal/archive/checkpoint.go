package archive

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of what an archive held: the size and root of its tree, as C2SP tlog-checkpoint has it
// (https://c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	// Size is how many records it is about, Root the hash over them.
	Size int64
	Root tlog.Hash
	// Note is the signed text.
	Note string
}

// origin names this archive in its checkpoints.
func (a *Archive) origin() string { return "make-audit-mcp/" + a.store.ID() }

// sign has the batch store a checkpoint of its tree.
func (b *batch) sign() (*Checkpoint, error) {
	a := b.archive
	signer, public, err := a.signer()
	if err != nil {
		return nil, err
	}
	root := b.Tree.root()
	text, err := note.Sign(&note.Note{Text: checkpointText(a.origin(), b.Tree.Size, root)}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint: %w", err)
	}
	b.Checkpoint = &SignedCheckpoint{Size: b.Tree.Size, At: micros(a.options.Now()), Note: string(text), PublicKey: public}
	return &Checkpoint{Size: b.Tree.Size, Root: root, Note: string(text)}, nil
}

// signer is the key that signs checkpoints; it is made at first use. public is the other half, for those who check.
func (a *Archive) signer() (signer note.Signer, public string, err error) {
	text, err := os.ReadFile(a.options.KeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = a.newKey()
	}
	if err != nil {
		return nil, "", &StoreError{Store: a.store.String(), Problem: "the signing key cannot be read",
			Next: "check the rights of " + a.options.KeyFile, Err: err}
	}
	private, public, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	signer, err = note.NewSigner(private)
	if err == nil {
		_, err = note.NewVerifier(public)
	}
	if err != nil || signer.Name() != a.origin() {
		return nil, "", &StoreError{Store: a.store.String(), Problem: a.options.KeyFile + " is not its signing key",
			Next: "restore that file, or remove it to have a new key made; earlier checkpoints keep their own", Err: err}
	}
	return signer, public, nil
}

func (a *Archive) newKey() ([]byte, error) {
	private, public, err := note.GenerateKey(rand.Reader, a.origin())
	if err != nil {
		return nil, err
	}
	text := []byte(private + "\n" + public + "\n")
	// Whole or not at all: half a key would keep every later sync from signing.
	file, err := os.CreateTemp(filepath.Dir(a.options.KeyFile), filepath.Base(a.options.KeyFile)+".*")
	if err != nil {
		return nil, err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), a.options.KeyFile)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return text, err
}

func checkpointText(origin string, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

// parseCheckpoint reads a checkpoint that one of the keys signed.
func parseCheckpoint(text []byte, origin string, keys []string) (*Checkpoint, error) {
	verifiers := make([]note.Verifier, 0, len(keys))
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("the public key %q: %w", key, err)
		}
		verifiers = append(verifiers, verifier)
	}
	signed, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return nil, fmt.Errorf("its signature: %w", err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		return nil, fmt.Errorf("it is a checkpoint of %q, not of this archive", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return nil, fmt.Errorf("its size %q is no number", lines[1])
	}
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(hash) != tlog.HashSize {
		return nil, fmt.Errorf("its root %q is no hash", lines[2])
	}
	return &Checkpoint{Size: size, Root: tlog.Hash(hash), Note: string(text)}, nil
}

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
func (t *Tree) root() tlog.Hash {
	if t.Size == 0 {
		return sha256.Sum256(nil)
	}
	root := t.Peaks[len(t.Peaks)-1]
	for _, peak := range slices.Backward(t.Peaks[:len(t.Peaks)-1]) {
		root = tlog.NodeHash(peak, root)
	}
	return root
}

func (t *Tree) clone() *Tree { return &Tree{t.Size, slices.Clone(t.Peaks)} }

// UnmarshalJSON reads a tree that can be one.
func (t *Tree) UnmarshalJSON(data []byte) error {
	type plain Tree
	var stored plain
	if err := json.Unmarshal(data, &stored); err != nil {
		return fmt.Errorf("the tree's edge: %w", err)
	}
	if stored.Size < 0 || bits.OnesCount64(uint64(stored.Size)) != len(stored.Peaks) {
		return fmt.Errorf("the tree's edge has %d hashes for %d leaves", len(stored.Peaks), stored.Size)
	}
	*t = Tree(stored)
	return nil
}
