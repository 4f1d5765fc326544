package auth_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
)

func TestTokensOfTheIssuerLetIn(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
	for name, token := range map[string]string{
		"plain":            i.token(i.claims(nil), nil),
		"one of audiences": i.token(i.claims(map[string]any{"aud": []string{"x", audience}}), nil),
		"scope as list":    i.token(i.claims(map[string]any{"scope": []string{"log", "audit:read"}}), nil),
		"scope and scp":    i.token(i.claims(map[string]any{"scope": "log", "scp": []string{"audit:read"}}), nil),
		"scp as text":      i.token(i.claims(map[string]any{"scope": nil, "scp": "log audit:read"}), nil),
		"scp as list":      i.token(i.claims(map[string]any{"scope": nil, "scp": []string{"audit:read", "log"}}), nil),
	} {
		for _, scheme := range []string{"Bearer ", "bearer ", "BEARER "} {
			caller, err := o.Authenticate(with(t, "Authorization", scheme+token))
			require.NoError(t, err, name)
			assert.Equal(t, auth.Caller{Subject: i.url + " ann"}, caller)
		}
	}
	assert.Equal(t, int64(1), i.keys.Load(), "the keys are asked for once")
}

func TestOtherTokensAreRefused(t *testing.T) {
	t.Parallel()
	i, stranger := startIssuer(t), startIssuer(t)
	o := i.oauth()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(i.key.Public())
	require.NoError(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	segment := func(value any) string {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	valid := i.token(i.claims(nil), nil)
	parts := strings.Split(valid, ".")
	for name, token := range map[string]string{
		"expired":             i.token(i.claims(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), nil),
		"without expiry":      i.token(i.claims(map[string]any{"exp": nil}), nil),
		"other audience":      i.token(i.claims(map[string]any{"aud": "https://other.example.com/mcp"}), nil),
		"audience's prefix":   i.token(i.claims(map[string]any{"aud": audience + "/"}), nil),
		"without audience":    i.token(i.claims(map[string]any{"aud": nil}), nil),
		"other issuer":        stranger.token(stranger.claims(nil), nil),
		"issuer claimed":      stranger.token(i.claims(nil), nil),
		"without subject":     i.token(i.claims(map[string]any{"sub": nil}), nil),
		"ID token by nonce":   i.token(i.claims(map[string]any{"nonce": "n"}), nil),
		"ID token by at_hash": i.token(i.claims(map[string]any{"at_hash": "h"}), nil),
		"own key":             sign(t, jose.ES256, jose.JSONWebKey{Key: own, KeyID: "first"}, i.claims(nil), nil),
		"key brought along": sign(t, jose.ES256, jose.JSONWebKey{Key: own, KeyID: "mine"}, i.claims(nil),
			map[string]any{"jwk": jose.JSONWebKey{Key: own.Public()}}),
		"public key as HMAC": sign(t, jose.HS256, jose.JSONWebKey{Key: public, KeyID: "first"}, i.claims(nil), nil),
		"alg none":           segment(map[string]any{"alg": "none", "typ": "JWT"}) + "." + segment(i.claims(nil)) + ".",
		"signature left out": parts[0] + "." + parts[1] + ".",
		"claims exchanged":   parts[0] + "." + segment(i.claims(map[string]any{"sub": "root"})) + "." + parts[2],
		"not a token":        "hello",
		"dots":               "...",
		"huge":               strings.Repeat("a", 100_000),
	} {
		refused := refusal(t, o, with(t, "Authorization", "Bearer "+token))
		assert.Equal(t, http.StatusUnauthorized, refused.Status, name)
		assert.Contains(t, refused.Challenge, `error="invalid_token"`, name)
		assert.Contains(t, refused.Challenge, `resource_metadata="https://audit.example.com/.well-known/oauth-protected-resource/mcp"`)
		assert.NotContains(t, refused.Message, token)
	}
	for name, headers := range map[string][]string{
		"two headers": {"Authorization", "Bearer " + valid, "Authorization", "Bearer " + valid},
		"no scheme":   {"Authorization", valid},
		"basic":       {"Authorization", "Basic " + valid},
		"two tokens":  {"Authorization", "Bearer " + valid + " " + valid},
		"list":        {"Authorization", "Bearer " + valid + ",Bearer x"},
	} {
		assert.Equal(t, http.StatusUnauthorized, refusal(t, o, with(t, headers...)).Status, name)
	}
}

func TestAnIssuerIsFoundWhereEitherStandardHasIt(t *testing.T) {
	t.Parallel()
	for path, discoveries := range map[string][]string{
		"":  {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"},
		"/": {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"},
		"/realm": {"/realm/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/realm",
			"/.well-known/openid-configuration/realm"},
		"/a/b/":   {"/a/b/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/a/b"},
		"/nobody": {"/.well-known/nothing"},
	} {
		for _, discovery := range discoveries {
			i := startIssuer(t)
			i.discovery, i.config = discovery, map[string]any{"issuer": i.url + path}
			options := i.options()
			options.Issuer = i.url + path
			o, err := auth.NewOAuth(options)
			require.NoError(t, err)
			token := i.token(i.claims(map[string]any{"iss": i.url + path}), nil)
			if path == "/nobody" {
				assert.Equal(t, http.StatusServiceUnavailable, refusal(t, o, with(t, "Authorization", "Bearer "+token)).Status)
				continue
			}
			letIn(t, o, token, discovery)
			foreign := i.token(i.claims(map[string]any{"iss": i.url + "/other"}), nil)
			assert.Equal(t, http.StatusUnauthorized, refusal(t, o, with(t, "Authorization", "Bearer "+foreign)).Status,
				"the keys alone do not do")
		}
	}
	i := startIssuer(t)
	i.discovery, i.config = "/.well-known/oauth-authorization-server", map[string]any{"issuer": "https://other.example"}
	assert.Equal(t, http.StatusServiceUnavailable, refusal(t, i.oauth(), with(t, "Authorization", "Bearer "+i.token(i.claims(nil), nil))).Status,
		"what another issuer says counts there no more than elsewhere")
}

func TestATokenWithoutAudienceIsTakenOfNamedClientsOnly(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	options := i.options()
	options.Clients = []string{"agents", "ops"}
	o, err := auth.NewOAuth(options)
	require.NoError(t, err)
	claims := func(changed map[string]any) string {
		all := i.claims(map[string]any{"aud": nil, "client_id": "agents", "token_use": "access"})
		maps.Copy(all, changed)
		return i.token(all, nil)
	}
	letIn(t, o, claims(nil), "as Cognito's are")
	letIn(t, o, claims(map[string]any{"client_id": "ops"}))
	letIn(t, o, i.token(i.claims(map[string]any{"client_id": "others"}), nil), "whoever's token says that it is for us")
	for name, changed := range map[string]map[string]any{
		"another client":      {"client_id": "others"},
		"no client":           {"client_id": ""},
		"a client's prefix":   {"client_id": "agent"},
		"another audience":    {"aud": "https://other.example.com/mcp"},
		"other audiences":     {"aud": []string{"a", "b"}},
		"the client's own":    {"aud": "agents"},
		"an empty audience":   {"aud": ""},
		"an empty list":       {"aud": []string{}},
		"null":                {"aud": json.RawMessage("null")},
		"an audience that is": {"aud": map[string]any{"a": 1}},
		"expired":             {"exp": time.Now().Add(-time.Hour).Unix()},
	} {
		assert.Equal(t, http.StatusUnauthorized, refusal(t, o, with(t, "Authorization", "Bearer "+claims(changed))).Status, name)
	}
	assert.Equal(t, http.StatusUnauthorized, refusal(t, i.oauth(), with(t, "Authorization", "Bearer "+claims(nil))).Status, "none is named")
}

func TestRequestsWithoutATokenLearnWhereToGetOne(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
	r := with(t)
	r.URL.RawQuery = "access_token=" + i.token(i.claims(nil), nil) // addresses are logged
	refused := refusal(t, o, r)
	assert.Equal(t, http.StatusUnauthorized, refused.Status)
	assert.Equal(t, `Bearer resource_metadata="https://audit.example.com/.well-known/oauth-protected-resource/mcp", scope="audit:read log"`,
		refused.Challenge)
	assert.Equal(t, map[string]any{
		"resource": audience, "authorization_servers": []string{i.url}, "scopes_supported": []string{"audit:read", "log"},
		"bearer_methods_supported": []string{"header"}, "resource_name": "Make audit log",
	}, o.Metadata())
}

func TestMissingScopesAreNamed(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
	for _, scope := range []any{nil, "", "log", "audit:read", "logaudit:read", "LOG audit:read", []string{}, []string{"log"},
		[]string{"log audit:read"}, []any{"log", 5}, 7, map[string]any{"log": true, "audit:read": true}} {
		refused := refusal(t, o, with(t, "Authorization", "Bearer "+i.token(i.claims(map[string]any{"scope": scope}), nil)))
		assert.Equal(t, http.StatusForbidden, refused.Status, scope)
		assert.Contains(t, refused.Challenge, `error="insufficient_scope"`)
		assert.Contains(t, refused.Challenge, `scope="audit:read log"`)
	}
}

func TestANewKeyIsFoundAndUnknownOnesCostLittle(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
	before := i.token(i.claims(nil), nil)
	letIn(t, o, before)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			token := sign(t, jose.ES256, jose.JSONWebKey{Key: own, KeyID: fmt.Sprint("made up ", n)}, i.claims(nil), nil)
			_, err := o.Authenticate(with(t, "Authorization", "Bearer "+token))
			assert.Error(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, int64(1), i.keys.Load(), "ids that anybody can make up are not worth a question each")
	letIn(t, o, before, "and keep nobody out")
	i.rotate("second")
	i.at(time.Now().Add(time.Minute))
	letIn(t, o, i.token(i.claims(nil), nil))
	assert.Equal(t, int64(2), i.keys.Load())
}

func TestAnIssuerThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	i.down.Store(true)
	o := i.oauth() // the server starts all the same
	token := i.token(i.claims(nil), nil)
	refused := refusal(t, o, with(t, "Authorization", "Bearer "+token))
	assert.Equal(t, http.StatusServiceUnavailable, refused.Status)
	assert.NotContains(t, refused.Message, "secret")
	require.ErrorContains(t, refused.Unwrap(), "secret trouble", "the operator's log has it")
	i.down.Store(false)
	assert.Equal(t, http.StatusServiceUnavailable, refusal(t, o, with(t, "Authorization", "Bearer "+token)).Status, "not asked at once")
	i.at(time.Now().Add(11 * time.Second))
	letIn(t, o, token)
}

func TestADiscoveryThatLeadsElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]map[string]any{
		"another issuer":    {"issuer": "https://evil.example"},
		"keys in clear":     {"jwks_uri": "http://evil.example/keys"},
		"keys in a file":    {"jwks_uri": "file:///etc/keys"},
		"no keys":           {"jwks_uri": ""},
		"metadata endpoint": {"jwks_uri": "http://169.254.169.254/latest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := startIssuer(t)
			i.config = config
			o := i.oauth()
			assert.Equal(t, http.StatusServiceUnavailable,
				refusal(t, o, with(t, "Authorization", "Bearer "+i.token(i.claims(nil), nil))).Status)
			assert.Zero(t, i.keys.Load())
		})
	}
}

func TestUnsafeSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"", "login.example.com", "http://login.example.com", "ftp://x", "https://", "https://user:pass@x",
		"http://127.0.0.1.evil.example", "http://10.0.0.1"} {
		_, err := auth.NewOAuth(auth.OAuthOptions{Issuer: issuer, Audience: "a"})
		assert.Error(t, err, issuer)
	}
	_, err := auth.NewOAuth(auth.OAuthOptions{Issuer: "https://login.example.com"})
	require.ErrorContains(t, err, "audience")
	for _, issuer := range []string{"https://login.example.com/x", "http://localhost:1", "http://[::1]:5"} {
		_, err := auth.NewOAuth(auth.OAuthOptions{Issuer: issuer, Audience: "a"})
		assert.NoError(t, err, issuer)
	}
}

func TestTokensSignedWithAnyPublicKeyMethodLetIn(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for algorithm, key := range map[jose.SignatureAlgorithm]crypto.Signer{
		jose.RS256: own, jose.RS384: own, jose.RS512: own, jose.PS256: own, jose.PS384: own, jose.PS512: own, jose.EdDSA: edwards,
	} {
		i.use(algorithm, key, string(algorithm))
		letIn(t, i.oauth(), i.token(i.claims(nil), nil), algorithm)
	}
}

func TestClocksMayDifferALittle(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o := i.oauth()
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
	o := i.oauth()
	for kind, in := range map[string]bool{
		"JWT": true, "jwt": true, "at+jwt": true, "AT+JWT": true, "application/at+jwt": true,
		"id_token+jwt": false, "logout+jwt": false, "secevent+jwt": false, "dpop+jwt": false, "at+jwt2": false, "application/jwt2": false,
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
	i.at(i.now.Load().Add(5 * time.Second))
	assert.Equal(t, http.StatusUnauthorized, refusal(t, o, with(t, "Authorization", "Bearer "+second)).Status)
	i.at(i.now.Load().Add(6 * time.Second))
	letIn(t, o, second)
}

func TestAWithdrawnKeyStopsWorkingWithinTenMinutes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		asked []time.Duration // when the token is shown before
		down  bool
		want  int
	}{
		"shown all the time":         {[]time.Duration{time.Minute, 4 * time.Minute, 6 * time.Minute, 9 * time.Minute}, false, http.StatusUnauthorized},
		"shown at the end":           {nil, false, http.StatusUnauthorized},
		"the issuer cannot be asked": {[]time.Duration{6 * time.Minute, 9 * time.Minute}, true, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := startIssuer(t)
			o, begun := i.oauth(), *i.now.Load()
			stolen := i.token(i.claims(nil), nil)
			letIn(t, o, stolen)
			i.rotate("second")
			i.keysDown.Store(test.down)
			for _, at := range test.asked {
				i.at(begun.Add(at))
				_, _ = o.Authenticate(with(t, "Authorization", "Bearer "+stolen))
			}
			i.at(begun.Add(10 * time.Minute))
			assert.Equal(t, test.want, refusal(t, o, with(t, "Authorization", "Bearer "+stolen)).Status)
			if !test.down {
				letIn(t, o, i.token(i.claims(nil), nil), "signed with the new one")
			}
		})
	}
}

func TestKeysAreRenewedWhileNobodyWaits(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	o, begun := i.oauth(), *i.now.Load()
	token := i.token(i.claims(nil), nil)
	letIn(t, o, token)
	i.at(begun.Add(4 * time.Minute))
	letIn(t, o, token)
	assert.Equal(t, int64(1), i.keys.Load())
	i.rotate("second")
	i.at(begun.Add(5 * time.Minute))
	letIn(t, o, token, "the keys in hand count until the others are there")
	require.Eventually(t, func() bool {
		_, err := o.Authenticate(with(t, "Authorization", "Bearer "+token))
		return err != nil
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, int64(2), i.keys.Load())
	i.keysDown.Store(true)
	i.at(begun.Add(14 * time.Minute))
	letIn(t, o, i.token(i.claims(nil), nil), "an outage of some minutes keeps nobody out")
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
