package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"make-audit-mcp/internal/auth"
)

// askAgainEvery is how often it is asked whether the caller of a stream would still be let in.
const askAgainEvery = 15 * time.Second

// admittedKey is the key under which a request's context holds whether its caller would still be let in.
type admittedKey struct{}

// withAdmission has endWithAdmission ask an authenticator about the request.
func withAdmission(ctx context.Context, r *http.Request, authenticator auth.Authenticator) context.Context {
	return context.WithValue(ctx, admittedKey{}, func() bool {
		_, err := authenticator.Authenticate(r)
		refusal, refused := errors.AsType[*auth.Refusal](err)
		// An issuer that cannot be asked says nothing against a token.
		return !refused || refusal.Status >= http.StatusInternalServerError
	})
}

// endWithAdmission calls cancel once the caller of a stream would not be let in any more: its token has expired, or is withdrawn. It
// returns when ctx has ended.
func endWithAdmission(ctx context.Context, cancel context.CancelFunc) {
	admitted, ok := ctx.Value(admittedKey{}).(func() bool)
	if !ok {
		return
	}
	ticker := time.NewTicker(askAgainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if !admitted() {
				cancel()
				return
			}
		}
	}
}
