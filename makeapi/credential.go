package makeapi

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// ErrNoCredential says that there is no key to call Make with.
var ErrNoCredential error = noCredential{}

type noCredential struct{}

func (noCredential) Error() string { return "no Make API key" }

// NextStep says where a key comes from.
func (noCredential) NextStep() string {
	return "create a key in Make under Profile > API and set MAKE_API_KEY to it, or MAKE_API_KEY_FILE to a file that holds it"
}

// Credential is where the client gets the secret that it signs calls with.
type Credential interface {
	// Secret returns the key to use now.
	Secret() (string, error)
	// Renew is asked after a 401. It reports whether Secret now returns another key than refused, so that the call is worth repeating.
	Renew(refused string) bool
}

// StaticKey is a key that never changes. Printing it shows no secret.
type StaticKey string

// Secret returns the key.
func (k StaticKey) Secret() (string, error) {
	return checkKey(string(k))
}

// Renew reports false: there is no other key.
func (k StaticKey) Renew(string) bool { return false }

// hiddenKey is what shows of a key, however it is printed.
const hiddenKey = "[key]"

// Format hides the key from every verb.
func (k StaticKey) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, hiddenKey) }

// MarshalText hides the key from JSON and structured logs.
func (k StaticKey) MarshalText() ([]byte, error) { return []byte(hiddenKey), nil }

// KeyFile is a key in a file, as secret stores mount them. The file is read at first use and again when Make refuses the key, so a rotated
// key needs no restart.
type KeyFile struct {
	Path string
	// Read reads the file; nil means os.ReadFile.
	Read func(path string) ([]byte, error) `json:"-"`

	mu  sync.Mutex
	key string
}

// Format shows the path and hides the key.
func (f *KeyFile) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "%s in %s", hiddenKey, f.Path)
}

// Secret returns the key, reading the file the first time.
func (f *KeyFile) Secret() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.key != "" {
		return f.key, nil
	}
	return f.read()
}

// Renew reads the file again.
func (f *KeyFile) Renew(refused string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	key, err := f.read()
	return err == nil && key != refused
}

func (f *KeyFile) read() (string, error) {
	read := f.Read
	if read == nil {
		read = os.ReadFile
	}
	content, err := read(f.Path)
	if err != nil {
		return "", fmt.Errorf("%w: cannot read the key file: %w", ErrNoCredential, err)
	}
	key, err := checkKey(string(content))
	if err != nil {
		return "", fmt.Errorf("key file %s: %w", f.Path, err)
	}
	f.key = key
	return key, nil
}

// checkKey trims a key and refuses what could not be a header's value; its errors never show the key.
func checkKey(raw string) (string, error) {
	key := strings.TrimSpace(raw)
	switch {
	case key == "":
		return "", fmt.Errorf("%w: it is empty", ErrNoCredential)
	case len(key) > 8192:
		return "", fmt.Errorf("%w: it is %d characters long, which is no key", ErrNoCredential, len(key))
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return "", fmt.Errorf("%w: it contains a character that no key has (a space, a line break or one beyond ASCII)",
				ErrNoCredential)
		}
	}
	return key, nil
}

// authorization gives the Authorization header for a key: Make's API tokens are UUIDs and go with Token, everything else (OAuth access
// tokens) with Bearer, as Make's own SDK chooses (github.com/integromat/make-typescript-sdk).
func authorization(key string) string {
	if isAPIToken(key) {
		return "Token " + key
	}
	return "Bearer " + key
}

func isAPIToken(key string) bool {
	token := regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	return token.MatchString(key)
}
