package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// errTooSoon says that the issuer was not asked, having been asked just before.
var errTooSoon = fmt.Errorf("asked less than %s ago", askAgain)

// troubleKey is the key under which a context holds where keySet reports trouble: go-oidc makes plain text of a key set's errors.
type troubleKey struct{}

// keySet are the issuer's keys. It knows a token that no key has signed from keys that cannot be had: for the former a client must get
// another token, for the latter it would throw a good one away.
type keySet struct {
	remote oidc.KeySet
	now    func() time.Time

	mu      sync.Mutex
	failed  time.Time // when the keys were last asked for in vain
	failure error
}

// VerifySignature returns the payload of a token that one of the keys has signed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.remote.VerifySignature(ctx, token)
	if errors.Is(err, errTooSoon) {
		// Another request may have brought the keys after this one had looked for them in vain; then they are there now.
		payload, err = k.remote.VerifySignature(ctx, token)
	}
	if trouble, ok := ctx.Value(troubleKey{}).(*error); ok {
		*trouble = k.trouble(ctx, err)
	}
	return payload, err
}

// trouble is why the keys could not be had, nil if err is about the token.
func (k *keySet) trouble(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case errors.Is(err, errTooSoon):
		if k.now().Sub(k.failed) < askAgain {
			return k.failure
		}
		return nil // the keys are fresh, so it is the token
	case errors.Unwrap(err) == nil:
		// go-oidc v3.21.0 (oidc/jwks.go): a verdict on the token wraps nothing, what went wrong in fetching is wrapped.
		k.failure = nil
		return nil
	case ctx.Err() != nil:
		return err // it is this caller that went away
	}
	k.failed, k.failure = k.now(), err
	return err
}

// cause is an error for the log, cut: those of go-oidc hold whole answers of the issuer.
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
