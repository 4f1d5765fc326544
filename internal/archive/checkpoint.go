package archive

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of what an archive held: the size and root of its
// tree, as C2SP tlog-checkpoint has it (https://c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	// Size is how many records it is about, Root the hash over them.
	Size int64
	Root tlog.Hash
	// Note is the signed text.
	Note string
}

// origin names this archive in its checkpoints.
func (a *Archive) origin() string { return "make-audit-mcp/" + a.id }

// keyPath is where the signing key lies: beside the archive, not in it.
func (a *Archive) keyPath() string { return a.path + ".key" }

// signer is the key that signs checkpoints; it is made at first use. public is the
// other half, for those who check.
func (a *Archive) signer() (signer note.Signer, public string, err error) {
	text, err := os.ReadFile(a.keyPath())
	if errors.Is(err, fs.ErrNotExist) {
		text, err = a.newKey()
	}
	if err != nil {
		return nil, "", &FileError{Path: a.path, Problem: "the signing key cannot be read", Next: "check the rights of " + a.keyPath(), Err: err}
	}
	private, public, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	signer, err = note.NewSigner(private)
	if err == nil {
		_, err = note.NewVerifier(public)
	}
	if err != nil || signer.Name() != a.origin() {
		return nil, "", &FileError{Path: a.path, Problem: a.keyPath() + " is not its signing key", Next: "restore that file, or remove it to have a new key made; earlier checkpoints keep their own", Err: err}
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
	file, err := os.CreateTemp(filepath.Dir(a.path), filepath.Base(a.keyPath())+".*")
	if err != nil {
		return nil, err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), a.keyPath())
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return text, err
}

// sign makes the checkpoint of a tree and stores it with its key.
func (b *batch) sign() (*Checkpoint, error) {
	a := b.archive
	signer, public, err := a.signer()
	if err != nil {
		return nil, err
	}
	root, err := b.tree.root()
	if err != nil {
		return nil, err
	}
	text, err := note.Sign(&note.Note{Text: checkpointText(a.origin(), b.tree.size, root)}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint: %w", err)
	}
	if err := b.exec("INSERT OR REPLACE INTO meta VALUES (?, ?)", "key "+public, []byte(public)); err != nil {
		return nil, err
	}
	if err := b.exec("INSERT OR REPLACE INTO checkpoints (size, at, note) VALUES (?, ?, ?)", b.tree.size, micros(a.options.Now()), string(text)); err != nil {
		return nil, err
	}
	return &Checkpoint{Size: b.tree.size, Root: root, Note: string(text)}, nil
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

// keys are the public keys that have signed checkpoints of the archive.
func (a *Archive) keys(ctx context.Context, from querier) ([]string, error) {
	var keys []string
	err := eachRow(ctx, from, "SELECT value FROM meta WHERE key > ? AND key LIKE 'key %' ORDER BY key", "key", func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, a.explain("reading it", err)
}

// lastCheckpoint is the newest one; nil if there is none.
func (a *Archive) lastCheckpoint(ctx context.Context) (text string, at int64, err error) {
	err = a.db.QueryRowContext(ctx, "SELECT note, at FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&text, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	return text, at, a.explain("reading it", err)
}
