package auth_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
)

func TestTokensSignedWithAnyPublicKeyMethodLetIn(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512} {
		i.use(algorithm, own, "rsa")
		o, err := auth.NewOAuth(i.options())
		require.NoError(t, err)
		_, err = o.Authenticate(with(t, "Authorization", "Bearer "+i.token(i.claims(nil), nil)))
		assert.NoError(t, err, algorithm)
	}
	i.use(jose.EdDSA, edwards, "edwards")
	o, err := auth.NewOAuth(i.options())
	require.NoError(t, err)
	_, err = o.Authenticate(with(t, "Authorization", "Bearer "+i.token(i.claims(nil), nil)))
	assert.NoError(t, err)
}

func TestClocksMayDifferALittle(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o, err := auth.NewOAuth(i.options())
	require.NoError(t, err)
	now := *i.now.Load()
	for name, test := range map[string]struct {
		claim  string
		offset time.Duration
		in     bool
	}{
		"just expired":       {"exp", -20 * time.Second, true},
		"expired for a time": {"exp", -40 * time.Second, false},
		"a little early":     {"nbf", time.Minute, true},
		"much too early":     {"nbf", 6 * time.Minute, false},
	} {
		_, err := o.Authenticate(with(t, "Authorization",
			"Bearer "+i.token(i.claims(map[string]any{test.claim: now.Add(test.offset).Unix()}), nil)))
		assert.Equal(t, test.in, err == nil, name)
	}
}

func TestTypesOfAccessTokens(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o, err := auth.NewOAuth(i.options())
	require.NoError(t, err)
	for kind, in := range map[string]bool{
		"JWT": true, "jwt": true, "at+jwt": true, "AT+JWT": true, "application/at+jwt": true,
		"id_token+jwt": false, "secevent+jwt": false, "dpop+jwt": false, "at+jwt2": false, "application/jwt2": false,
	} {
		_, err := o.Authenticate(with(t, "Authorization", "Bearer "+i.token(i.claims(nil), map[string]any{"typ": kind})))
		assert.Equal(t, in, err == nil, kind)
	}
}

func TestNoErrorIsNamedToWhomSentNoBearerToken(t *testing.T) {
	t.Parallel()
	s, err := auth.NewStaticToken(token)
	require.NoError(t, err)
	o, err := auth.NewOAuth(auth.OAuthOptions{Issuer: "https://login.example.com", Audience: "a"})
	require.NoError(t, err)
	for _, header := range []string{"", "Bearer", "bearer ", "Basic eDp5", token, "Token " + token, "Digest a=b, c=d"} {
		for _, a := range []auth.Authenticator{s, o} {
			refused := refusal(t, a, with(t, "Authorization", header))
			assert.Equal(t, http.StatusUnauthorized, refused.Status, header)
			assert.NotContains(t, refused.Challenge, "error", header)
			assert.Contains(t, refused.Message, "Authorization: Bearer", header)
		}
	}
}

func TestNothingBreaksOutOfAChallenge(t *testing.T) {
	t.Parallel()
	o, err := auth.NewOAuth(auth.OAuthOptions{
		Issuer: "https://login.example.com", Audience: "a",
		Scopes:      []string{`read", error="none`, "wri\r\nSet-Cookie: a=b"},
		MetadataURL: "https://audit.example.com/\"\\\r\nX: y\x00ü",
	})
	require.NoError(t, err)
	challenge := refusal(t, o, with(t)).Challenge
	assert.Regexp(t, `^Bearer resource_metadata="[^"\\[:cntrl:]]*", scope="[^"\\[:cntrl:]]*"$`, challenge)
	assert.NotRegexp(t, `[^ -~]`, challenge)
}

func TestACallerIsShownWithoutItsKeyByEveryMethod(t *testing.T) {
	t.Parallel()
	caller := auth.Caller{Subject: "ann", MakeKey: "the-key-itself", MakeZone: "eu1.make.com"}
	for _, shown := range []string{caller.String(), caller.GoString(), caller.LogValue().String()} {
		assert.Equal(t, `{"ann" [key] "eu1.make.com"}`, shown)
	}
	assert.Regexp(t, `^[0-9a-f]{64}$`, caller.ID())
}
