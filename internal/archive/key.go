package archive

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

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
