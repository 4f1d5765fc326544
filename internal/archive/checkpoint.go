package archive

import (
	"bytes"
	"encoding/base64"
	"fmt"
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
	root, err := b.Tree.root()
	if err != nil {
		return nil, err
	}
	text, err := note.Sign(&note.Note{Text: checkpointText(a.origin(), b.Tree.Size, root)}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint: %w", err)
	}
	b.Checkpoint = &SignedCheckpoint{Size: b.Tree.Size, At: micros(a.options.Now()), Note: string(text), PublicKey: public}
	return &Checkpoint{Size: b.Tree.Size, Root: root, Note: string(text)}, nil
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
	return &Checkpoint{Size: size, Root: tlog.Hash(hash), Note: string(bytes.Clone(text))}, nil
}
