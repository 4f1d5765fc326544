package auth_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
)

// unavailable is a refusal that is the issuer's fault: there must be nothing in it that makes a client throw a good token away.
func unavailable(t *testing.T, o *auth.OAuth, token string) *auth.Refusal {
	t.Helper()
	refused := refusal(t, o, with(t, "Authorization", "Bearer "+token))
	assert.Equal(t, http.StatusServiceUnavailable, refused.Status, refused.Message)
	assert.Empty(t, refused.Challenge)
	require.Error(t, refused.Unwrap())
	assert.Less(t, len(refused.Unwrap().Error()), 1000, "what an issuer says must not fill the log")
	return refused
}

func TestKeysThatCannotBeFetchedAreNoFaultOfTheToken(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
	first := i.token(i.claims(nil), nil)
	i.keysDown.Store(true)
	assert.ErrorContains(t, unavailable(t, o, first).Unwrap(), "no keys today")
	unavailable(t, o, first)
	assert.Equal(t, int64(1), i.keys.Load(), "and the issuer is left in peace")

	i.keysDown.Store(false)
	i.at(time.Now().Add(11 * time.Second))
	letIn(t, o, first)

	i.keysDown.Store(true)
	i.rotate("second")
	second := i.token(i.claims(nil), nil)
	i.at(time.Now().Add(22 * time.Second))
	unavailable(t, o, second)
	unavailable(t, o, second)
	letIn(t, o, first, "what is known of the issuer holds on")

	i.keysDown.Store(false)
	i.at(time.Now().Add(33 * time.Second))
	letIn(t, o, second)
	i.at(time.Now().Add(42 * time.Second))
	refused := refusal(t, o, with(t, "Authorization", "Bearer "+first))
	assert.Equal(t, http.StatusUnauthorized, refused.Status, "its key is gone, and the keys are fresh")
}

func TestANewKeyCountsOnceTheKeysMayBeAskedForAgain(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
	letIn(t, o, i.token(i.claims(nil), nil))
	i.rotate("second")
	second := i.token(i.claims(nil), nil)
	i.at(time.Now().Add(5 * time.Second))
	assert.Equal(t, http.StatusUnauthorized, refusal(t, o, with(t, "Authorization", "Bearer "+second)).Status)
	i.at(time.Now().Add(11 * time.Second))
	letIn(t, o, second)
}

func TestValidTokensThatComeTogetherAreAllLetIn(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	for range 10 {
		o := i.oauth()
		before := i.keys.Load()
		for round := range 2 {
			// A new key under an old id takes longest to be found wanting: this is when another request's answer comes in between.
			i.rotate("same")
			i.at(i.now.Load().Add(11 * time.Second))
			token := i.token(i.claims(nil), nil)
			var all sync.WaitGroup
			for range 64 {
				all.Go(func() {
					_, err := o.Authenticate(with(t, "Authorization", "Bearer "+token))
					assert.NoError(t, err)
				})
			}
			all.Wait()
			assert.Equal(t, before+int64(round)+1, i.keys.Load(), "for one question")
		}
	}
}

func TestTheKeysAreNotFollowedToAnotherHost(t *testing.T) {
	t.Parallel()
	i, stranger := startIssuer(t), startIssuer(t)
	i.location = stranger.url + "/keys"
	o := i.oauth()
	token := i.token(i.claims(nil), nil)
	unavailable(t, o, token)
	unavailable(t, o, token)
	assert.Zero(t, stranger.keys.Load())
	i.mu.Lock()
	i.location = "/moved"
	i.mu.Unlock()
	i.at(time.Now().Add(11 * time.Second))
	letIn(t, o, token, "within the host they may move")
}

func TestAnswersOfTheIssuerAreBounded(t *testing.T) {
	t.Parallel()
	for name, page := range map[string][]byte{
		"no JSON": bytes.Repeat([]byte("x"), 100_000),
		"huge":    append(append([]byte(`{"keys":[], "x": "`), bytes.Repeat([]byte("x"), 2<<20)...), `"}`...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := startIssuer(t)
			i.page = page
			unavailable(t, i.oauth(), i.token(i.claims(nil), nil))
		})
	}
}

func TestTheLogLearnsThatDiscoveryIsOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	i.config = map[string]any{"issuer": "https://other.example.com"}
	refused := unavailable(t, i.oauth(), i.token(i.claims(nil), nil))
	var mismatch *oidc.IssuerMismatchError
	require.ErrorAs(t, refused, &mismatch)
	assert.Equal(t, "https://other.example.com", mismatch.Discovered)
	assert.NotContains(t, refused.Message, "other.example.com", "which is nothing to the caller")
}
