package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// shortestToken is below what anybody could guess.
	shortestToken = 16
	longestToken  = 4096
	// lookEvery is how often the token's file is looked at.
	lookEvery = time.Second
)

// StaticToken lets in whoever shows one token.
type StaticToken struct {
	path string
	read func(path string) ([]byte, error)

	mu     sync.Mutex
	hash   [sha256.Size]byte // of the token; the token itself is not kept
	next   [sha256.Size]byte // of what the file holds now, if that is another one
	looked time.Time
}

// NewStaticToken returns the authenticator for a token of at least 16 characters, none of them a space.
func NewStaticToken(token string) (*StaticToken, error) {
	if err := checkToken(token); err != nil {
		return nil, err
	}
	return &StaticToken{hash: sha256.Sum256([]byte(token))}, nil
}

// NewStaticTokenFile is NewStaticToken with the token in a file, as secret stores mount them. The file is read again when it changes; while
// it cannot be used, the last token stays. read is what reads it.
func NewStaticTokenFile(path string, read func(path string) ([]byte, error)) (*StaticToken, error) {
	s := &StaticToken{path: path, read: read}
	token, err := s.readToken()
	if err != nil {
		return nil, err
	}
	s.hash = sha256.Sum256([]byte(token))
	return s, nil
}

func checkToken(token string) error {
	switch {
	case len(token) < shortestToken:
		return fmt.Errorf("the token is shorter than %d characters", shortestToken)
	case len(token) > longestToken:
		return fmt.Errorf("the token is longer than %d characters", longestToken)
	case !allVisible(token) || strings.Contains(token, ","):
		return errors.New("the token holds spaces, commas, or characters beyond ASCII")
	}
	return nil
}

func (s *StaticToken) readToken() (string, error) {
	text, err := s.read(s.path)
	if err != nil {
		return "", fmt.Errorf("the token's file: %w", err)
	}
	token := strings.TrimRight(string(text), "\r\n")
	return token, checkToken(token)
}

// current is the token's hash. The file is read, not only looked at, since a rotated token may have its size and its time; and a new one
// counts when it is there twice, since the first look may have seen half of it.
func (s *StaticToken) current() [sha256.Size]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path == "" || time.Since(s.looked) < lookEvery {
		return s.hash
	}
	s.looked = time.Now()
	if token, err := s.readToken(); err == nil {
		found := sha256.Sum256([]byte(token))
		if found == s.next {
			s.hash = found
		}
		s.next = found
	}
	return s.hash
}

// Authenticate lets in the holder of the token. The comparison takes the same time however much of a wrong token is right.
func (s *StaticToken) Authenticate(r *http.Request) (Caller, error) {
	const realm = "make-audit-mcp"
	token, ok := bearer(r)
	if ok && token == "" {
		return Caller{}, &Refusal{
			Status: http.StatusUnauthorized, Challenge: challenge(parameter{"realm", realm}),
			Message: "this server wants a token: send the header Authorization: Bearer …",
		}
	}
	want, shown := s.current(), sha256.Sum256([]byte(token))
	if !ok || subtle.ConstantTimeCompare(want[:], shown[:]) != 1 {
		return Caller{}, &Refusal{
			Status: http.StatusUnauthorized, Challenge: challenge(parameter{"realm", realm}, parameter{"error", "invalid_token"}),
			Message: "the token is not the one that this server wants",
		}
	}
	return Caller{Subject: tokenSubject}, nil
}
