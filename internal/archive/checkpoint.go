package archive

import (
	"context"
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
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of what an archive held: the size and root of its tree, as C2SP tlog-checkpoint has it
// (https://c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	// Size is how many records it is about, Root the hash over them.
	Size int64
	Root tlog.Hash
	// At is when it was signed; zero if it does not say so.
	At time.Time
	// Note is the signed text.
	Note string
	// head is the sum of the head of that moment.
	head []byte
}

// origin names this archive in its checkpoints.
func (a *Archive) origin() string { return "make-audit-mcp/" + a.store.ID() }

// readKey reads a signing key and its other half, for those who check.
func readKey(path string) (private, public string, err error) {
	text, err := os.ReadFile(path) //nolint:gosec // the one beside the archive
	private, public, _ = strings.Cut(strings.TrimSpace(string(text)), "\n")
	return private, public, err
}

// signer is the key that signs: it is made with the archive. One that signed nothing of what is there is refused, unless a new one is asked
// for.
func (a *Archive) signer(h *head) (signer note.Signer, public string, err error) {
	private, public, err := readKey(a.options.KeyFile)
	isGone := errors.Is(err, fs.ErrNotExist)
	if err == nil && a.options.Private != nil {
		if err := a.options.Private(a.options.KeyFile); err != nil {
			return nil, "", err
		}
	}
	if isGone && (h.checkpoint == nil || a.options.NewKey) {
		private, public, err = a.newKey()
	}
	switch {
	case isGone && err != nil && h.checkpoint != nil:
		return nil, "", &StoreError{Store: a.store.String(), Problem: "its signing key " + a.options.KeyFile + " is gone", Next: another}
	case err != nil:
		return nil, "", &StoreError{Store: a.store.String(), Problem: "the signing key cannot be read",
			Next: "check the rights of " + a.options.KeyFile, Err: err}
	}
	signer, err = a.ownKey(h, private, public)
	return signer, public, err
}

// another is what to do without the signing key.
const another = "restore it; or take away what lies there and run make-audit-mcp sync --new-key to go on with another one, whose public " +
	"key verify then needs"

// ownKey is a key that may sign the archive.
func (a *Archive) ownKey(h *head, private, public string) (note.Signer, error) {
	signer, err := note.NewSigner(private)
	if err == nil {
		_, err = note.NewVerifier(public)
	}
	isOther := h.checkpoint != nil && !a.options.NewKey && !slices.Contains(h.Keys, public)
	if err != nil || signer.Name() != a.origin() || isOther {
		return nil, &StoreError{Store: a.store.String(), Problem: a.options.KeyFile + " is not its signing key", Next: another, Err: err}
	}
	return signer, nil
}

// CanSign returns the public half of the key that signs, which verify takes; empty where none is named. That it is not at hand, or signed
// nothing of what is there, is an error.
func (a *Archive) CanSign(ctx context.Context) (public string, err error) {
	if a.options.KeyFile == "" {
		return "", nil
	}
	h, err := a.lastHead(ctx)
	if err != nil {
		return "", err
	}
	private, public, err := readKey(a.options.KeyFile)
	if err != nil {
		return "", &StoreError{Store: a.store.String(), Problem: "the signing key is not at hand", Next: another, Err: err}
	}
	_, err = a.ownKey(h, private, public)
	return public, err
}

func (a *Archive) newKey() (private, public string, err error) {
	private, public, err = note.GenerateKey(rand.Reader, a.origin())
	if err != nil {
		return "", "", err
	}
	text := []byte(private + "\n" + public + "\n")
	// Whole or not at all: half a key would keep every later sync from signing.
	file, err := os.CreateTemp(filepath.Dir(a.options.KeyFile), filepath.Base(a.options.KeyFile)+".*")
	if err != nil {
		return "", "", err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), a.options.KeyFile)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return private, public, err
}

// What extension lines of a checkpoint begin with.
const (
	headLine = "head "
	timeLine = "time "
)

// text is what is signed.
func (c *Checkpoint) text(origin string) string {
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n%s%s\n", origin, c.Size, c.Root, headLine, base64.StdEncoding.EncodeToString(c.head),
		timeLine, c.At.Format(time.RFC3339))
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
	c := &Checkpoint{Size: size, Root: tlog.Hash(hash), Note: string(text)}
	for _, line := range lines[3:] {
		if sum, ok := strings.CutPrefix(line, headLine); ok {
			c.head, err = base64.StdEncoding.DecodeString(sum)
		} else if at, ok := strings.CutPrefix(line, timeLine); ok && err == nil {
			c.At, err = time.Parse(time.RFC3339, at)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("its further lines: %w", err)
	}
	return c, nil
}

// Tree is the right edge of a Merkle tree: all that is needed to add leaves and to compute the root, in at most 64 hashes. Its roots are
// those of tlog.TreeHash. It is stored as JSON.
type Tree struct {
	// Size is how many leaves there are.
	Size int64 `json:"size"`
	// Peaks are the roots of the complete subtrees that the leaves make, the largest first: one for each bit of Size.
	Peaks []tlog.Hash `json:"peaks"`
	// Tiles are the roots of the complete subtrees of tileSize leaves, which prove a leaf by the others of its tile.
	Tiles []tlog.Hash `json:"tiles,omitempty"`
}

// tileSize is a power of two.
const tileSize = 1 << 12

// push adds a leaf by its hash.
func (t *Tree) push(leaf tlog.Hash) {
	t.Peaks = append(t.Peaks, leaf)
	t.Size++
	for size := int64(1); t.Size&size == 0; size *= 2 {
		last := len(t.Peaks) - 1
		t.Peaks[last-1] = tlog.NodeHash(t.Peaks[last-1], t.Peaks[last])
		t.Peaks = t.Peaks[:last]
		if 2*size == tileSize {
			t.Tiles = append(t.Tiles, t.Peaks[last-1])
		}
	}
}

// tile are the peaks that a tile's leaves make by themselves.
func (t *Tree) tile(number int64) []tlog.Hash {
	if number < int64(len(t.Tiles)) {
		return t.Tiles[number : number+1]
	}
	return t.Peaks[len(t.Peaks)-bits.OnesCount64(uint64(t.Size%tileSize)):] //nolint:gosec // it is not negative
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

func (t *Tree) clone() *Tree { return &Tree{t.Size, slices.Clone(t.Peaks), slices.Clone(t.Tiles)} }

// UnmarshalJSON reads a tree that can be one.
func (t *Tree) UnmarshalJSON(data []byte) error {
	type plain Tree
	var stored plain
	if err := json.Unmarshal(data, &stored); err != nil {
		return fmt.Errorf("the tree's edge: %w", err)
	}
	if stored.Size < 0 || bits.OnesCount64(uint64(stored.Size)) != len(stored.Peaks) || stored.Size/tileSize != int64(len(stored.Tiles)) {
		return fmt.Errorf("the tree's edge has %d and %d hashes for %d leaves", len(stored.Peaks), len(stored.Tiles), stored.Size)
	}
	*t = Tree(stored)
	return nil
}
