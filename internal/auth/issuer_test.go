package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auth"
)

// issuer is an OAuth issuer on loopback.
type issuer struct {
	t        *testing.T
	url      string
	down     atomic.Bool
	keysDown atomic.Bool
	keys     atomic.Int64 // how often the keys were asked for
	now      atomic.Pointer[time.Time]

	mu        sync.Mutex
	key       crypto.Signer
	id        string
	algorithm jose.SignatureAlgorithm
	config    map[string]any // of discovery, instead of what is right
	page      []byte         // served for the keys, instead of them
	location  string         // the keys have moved there
	discovery string         // the one path that is served; empty for any
}

func startIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t}
	i.rotate("first")
	i.at(time.Now())
	served := httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(served.Close)
	i.url = served.URL
	return i
}

func (i *issuer) at(now time.Time) { i.now.Store(&now) }

// rotate makes a new key.
func (i *issuer) rotate(id string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(i.t, err)
	i.use(jose.ES256, key, id)
}

// use makes a key the one that tokens are signed with.
func (i *issuer) use(algorithm jose.SignatureAlgorithm, key crypto.Signer, id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.algorithm, i.key, i.id = algorithm, key, id
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	if i.down.Load() {
		http.Error(w, "the issuer's secret trouble", http.StatusBadGateway)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	answer := map[string]any{"issuer": i.url, "jwks_uri": i.url + "/keys", "authorization_endpoint": i.url + "/a",
		"token_endpoint": i.url + "/t"}
	maps.Copy(answer, i.config)
	if r.URL.Path == "/keys" && i.location != "" {
		http.Redirect(w, r, i.location, http.StatusFound)
		return
	}
	if r.URL.Path == "/keys" || r.URL.Path == "/moved" {
		i.keys.Add(1)
		if i.keysDown.Load() {
			http.Error(w, "no keys today", http.StatusServiceUnavailable)
			return
		}
		public := jose.JSONWebKey{Key: i.key.Public(), KeyID: i.id, Algorithm: string(i.algorithm), Use: "sig"}
		w.Header().Set("Content-Type", "application/json")
		if i.page != nil {
			_, _ = w.Write(i.page)
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
		return
	}
	if i.discovery != "" && r.URL.Path != i.discovery {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

const audience = "https://audit.example.com/mcp"

// options want two scopes.
func (i *issuer) options() auth.OAuthOptions {
	return auth.OAuthOptions{
		Issuer: i.url, Audience: audience, Scopes: []string{"audit:read", "log"},
		MetadataURL: "https://audit.example.com/.well-known/oauth-protected-resource/mcp",
		Now:         func() time.Time { return *i.now.Load() },
	}
}

// oauth lets in the holders of the issuer's tokens.
func (i *issuer) oauth() *auth.OAuth {
	o, err := auth.NewOAuth(i.options())
	require.NoError(i.t, err)
	return o
}

// claims are those of a valid token, with some changed; nil leaves one out.
func (i *issuer) claims(changed map[string]any) map[string]any {
	now := *i.now.Load()
	all := map[string]any{"iss": i.url, "sub": "ann", "aud": audience, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(),
		"scope": "log audit:read other"}
	for name, value := range changed {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// token signs claims; headers go beside alg and kid.
func (i *issuer) token(claims, headers map[string]any) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return sign(i.t, i.algorithm, jose.JSONWebKey{Key: i.key, KeyID: i.id}, claims, headers)
}

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims, headers map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range headers {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	text, err := signed.CompactSerialize()
	require.NoError(t, err)
	return text
}

// with is a request with headers, which are pairs of name and value.
func with(t *testing.T, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://audit.example.com/mcp", nil)
	for n := 0; n < len(headers); n += 2 {
		r.Header.Add(headers[n], headers[n+1])
	}
	return r
}

// letIn checks that a token lets its holder in.
func letIn(t *testing.T, o *auth.OAuth, token string, why ...any) {
	t.Helper()
	_, err := o.Authenticate(with(t, "Authorization", "Bearer "+token))
	require.NoError(t, err, why...)
}

// refusal is why an authenticator does not let a request in.
func refusal(t *testing.T, a auth.Authenticator, r *http.Request) *auth.Refusal {
	t.Helper()
	caller, err := a.Authenticate(r)
	require.Error(t, err)
	require.Zero(t, caller)
	var refused *auth.Refusal
	require.ErrorAs(t, err, &refused)
	return refused
}
