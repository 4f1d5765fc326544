package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
)

// Caller is who sends a request. The zero value is the anonymous caller.
type Caller struct {
	// Subject is empty for the anonymous caller, "token" for the holder of the static token, and issuer and subject of an OAuth token.
	Subject string
	// MakeKey is the caller's own Make key, empty if callers bring none; MakeZone is the host of its zone, empty for the operator's.
	MakeKey  string
	MakeZone string
	// Address is where the request comes from. It is no part of who the caller is, and tells those apart who are not known otherwise.
	Address string
}

// ID is what sessions, caches and limits are kept by. It differs where callers differ in anything, and nothing can be learnt from it.
func (c Caller) ID() string {
	hash := sha256.New()
	for _, field := range []string{c.Subject, c.MakeKey, c.MakeZone} {
		// With its length, so that fields cannot run into each other.
		_ = binary.Write(hash, binary.BigEndian, uint64(len(field)))
		_, _ = io.WriteString(hash, field)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Person is what limits are kept by: whom an issuer vouches for is one, with however many keys. Those who share a token, or have none,
// differ by the key.
func (c Caller) Person() string {
	if c.isNamed() {
		return Caller{Subject: c.Subject}.ID()
	}
	return c.ID()
}

// isNamed reports whether an issuer says who it is.
func (c Caller) isNamed() bool { return c.Subject != "" && c.Subject != tokenSubject }

// Origin is where a key comes from that nothing is known of: the person if there is one, else the address.
func (c Caller) Origin() string {
	if c.isNamed() {
		return c.Person()
	}
	return "at " + c.Address
}

// Sharer is who shares fairly with others: a person, a key, or an address of those who have nothing of their own.
func (c Caller) Sharer() string {
	if c.MakeKey != "" {
		return c.Person()
	}
	return c.Origin()
}

// Standing is what Make thinks of a caller's own key.
type Standing int

// The standings.
const (
	Unproven Standing = iota // Make has not said yet
	Accepted
	Refused
)

// Holder is who holds what there is little of, such as places, and whether it is somebody who proved to be. Keys can be made up at will:
// until Make accepts one, it is the origin that holds, and keys that were refused do not use up what those have that are yet to be tried.
func (c Caller) Holder(key Standing) (name string, proven bool) {
	switch {
	case c.isNamed() || c.MakeKey == "" || key == Accepted:
		return c.Sharer(), true
	case key == Refused:
		return "refused " + c.Origin(), false
	}
	return c.Origin(), false
}

// tokenSubject is the subject of whoever holds the static token.
const tokenSubject = "token"

// redacted is the caller as it may be printed: without the key.
func (c Caller) redacted() string {
	key := ""
	if c.MakeKey != "" {
		key = "[key]"
	}
	return fmt.Sprintf("{%q %s %q}", c.Subject, key, c.MakeZone)
}

// Format hides the key from every verb.
func (c Caller) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.redacted()) }

// LogValue hides the key from logs, whatever their handler looks at.
func (c Caller) LogValue() slog.Value { return slog.StringValue(c.redacted()) }

// MarshalText hides the key from JSON.
func (c Caller) MarshalText() ([]byte, error) { return []byte(c.redacted()), nil }

// callerKey is the key under which a context holds its caller.
type callerKey struct{}

// NewContext returns a context that belongs to a caller.
func NewContext(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// FromContext returns whom a context belongs to, if anybody was asked.
func FromContext(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(Caller)
	return caller, ok
}

// Authenticator finds out who sends a request. Its errors are of type *[Refusal].
type Authenticator interface {
	Authenticate(r *http.Request) (Caller, error)
}

// Refusal says why a request is not let in.
type Refusal struct {
	// Status is the HTTP status: 400, 401, 403 or 503.
	Status int
	// Challenge is the value of WWW-Authenticate, empty for none.
	Challenge string
	// Message is for the caller.
	Message string
	// Cause is for the operator's log; nil for none.
	Cause error
}

func (r *Refusal) Error() string { return r.Message }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// Anonymous lets everybody in. It is for loopback.
type Anonymous struct{}

// Authenticate returns the anonymous caller.
func (Anonymous) Authenticate(*http.Request) (Caller, error) { return Caller{}, nil }
