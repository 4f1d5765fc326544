package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	// askAgain is how often the issuer is asked at most: anybody can make up ids of keys.
	askAgain = 10 * time.Second
	// renewKeys is the age at which keys are asked for anew, and keysFor the one up to which they count while the issuer does not answer. A
	// key that the issuer has withdrawn thus works for less than ten minutes more.
	renewKeys = 5 * time.Minute
	keysFor   = 10*time.Minute - askAgain
)

// algorithms are asymmetric ones only: neither "none", nor a public key taken for a secret.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}
}

// troubleKey is the key under which a context holds where keySet reports trouble: go-oidc makes plain text of a key set's errors.
type troubleKey struct{}

// keySet are the issuer's keys. It knows a token that no key has signed from keys that cannot be had: for the former a client must get
// another token, for the latter it would throw a good one away.
//
// go-oidc's own set keeps a key for as long as nobody shows another, so that one that was withdrawn works on.
type keySet struct {
	fetch func(context.Context) ([]jose.JSONWebKey, error)
	now   func() time.Time

	asking  singleflight.Group
	mu      sync.Mutex
	keys    []jose.JSONWebKey
	asOf    time.Time // when they were asked for; zero if never with success
	asked   time.Time // when they were asked for last
	failure error     // what kept them from coming then
}

// VerifySignature returns the payload of a token that one of the keys has signed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, algorithms())
	if err != nil {
		return nil, fmt.Errorf("the token cannot be read: %w", err)
	}
	payload, trouble := k.verify(ctx, signed)
	if reported, ok := ctx.Value(troubleKey{}).(*error); ok {
		*reported = trouble
	}
	if payload == nil {
		return nil, errors.Join(errors.New("no key of the issuer has signed the token"), trouble)
	}
	return payload, nil
}

// verify returns the payload, nil if no key has signed it; trouble is why that cannot be said.
func (k *keySet) verify(ctx context.Context, signed *jose.JSONWebSignature) (payload []byte, trouble error) {
	keys, age := k.known()
	switch {
	case age >= keysFor:
		if err := k.ask(ctx); err != nil {
			return nil, err
		}
		keys, age = k.known()
	case age >= renewKeys:
		k.start(ctx) // it need not be waited for
	}
	if age >= keysFor {
		return nil, k.trouble()
	}
	if payload = verifyWith(keys, signed); payload != nil {
		return payload, nil
	}
	// It may be a new key.
	if err := k.ask(ctx); err != nil {
		return nil, err
	}
	keys, _ = k.known()
	if payload = verifyWith(keys, signed); payload != nil {
		return payload, nil
	}
	return nil, k.trouble()
}

func verifyWith(keys []jose.JSONWebKey, signed *jose.JSONWebSignature) []byte {
	id := signed.Signatures[0].Header.KeyID
	for i := range keys {
		if id != "" && keys[i].KeyID != id {
			continue
		}
		if payload, err := signed.Verify(&keys[i]); err == nil {
			return payload
		}
	}
	return nil
}

// known returns the keys and their age, which is beyond keysFor if there are none.
func (k *keySet) known() ([]jose.JSONWebKey, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.asOf.IsZero() {
		return nil, keysFor
	}
	return k.keys, k.now().Sub(k.asOf)
}

func (k *keySet) trouble() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failure
}

// ask asks for the keys, once for all that wait, and not soon after the last time.
func (k *keySet) ask(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-k.start(ctx):
		return nil
	}
}

func (k *keySet) start(ctx context.Context) <-chan singleflight.Result {
	return k.asking.DoChan("keys", func() (any, error) {
		now := k.now()
		k.mu.Lock()
		tooSoon := now.Sub(k.asked) < askAgain
		k.mu.Unlock()
		if tooSoon {
			return nil, nil
		}
		// Not the request's context: a caller that goes away must not fail the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issuerTimeout)
		defer cancel()
		keys, err := k.fetch(ctx)
		k.mu.Lock()
		defer k.mu.Unlock()
		k.asked, k.failure = now, err
		if err == nil {
			k.keys, k.asOf = keys, now
		}
		return nil, nil
	})
}

// readKeys reads a key set (RFC 7517, section 5). Keys that are not understood are left out.
func readKeys(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.Valid() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// cause is an error for the log, cut: those about the issuer hold whole answers of it.
type cause struct{ error }

func (c cause) Error() string {
	const longest = 500
	text := c.error.Error()
	if len(text) > longest {
		return text[:longest] + "…"
	}
	return text
}

func (c cause) Unwrap() error { return c.error }
