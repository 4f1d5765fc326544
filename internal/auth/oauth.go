package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	// issuerTimeout bounds a question to the issuer, maxIssuerBody its answer.
	issuerTimeout = 10 * time.Second
	maxIssuerBody = 1 << 20
	// leeway is how long after its expiry a token is still taken, for clocks that differ (RFC 7519, section 4.1.4). go-oidc itself has none
	// there, and 5 minutes for nbf.
	leeway = 30 * time.Second
)

// OAuthOptions set up an OAuth.
type OAuthOptions struct {
	// Issuer is the URL that tokens have in iss: https, or http on loopback.
	Issuer string
	// Audience must be among those of a token (RFC 8707).
	Audience string
	// Clients are the ids of clients whose tokens are taken though they name no audience at all, as those of Amazon Cognito. A token that
	// names another audience is never taken.
	Clients []string
	// Scopes must all be granted by a token.
	Scopes []string
	// MetadataURL is where the protected resource metadata is (RFC 9728), empty to leave it out of challenges.
	MetadataURL string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// OAuth is an OAuth 2.1 resource server for access tokens that are JWTs (RFC 9068): signature by the issuer's published keys, issuer,
// audience, expiry and scopes are checked.
type OAuth struct {
	options  OAuthOptions
	client   *http.Client
	verifier *oidc.IDTokenVerifier
}

// NewOAuth returns the authenticator. The issuer is asked when the first token comes, so that it need not be up before.
func NewOAuth(options OAuthOptions) (*OAuth, error) {
	if err := checkIssuerURL(options.Issuer); err != nil {
		return nil, err
	}
	if options.Audience == "" {
		return nil, errors.New("an audience is needed: without it tokens for others would be accepted")
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	o := &OAuth{options: options, client: &http.Client{
		Timeout: issuerTimeout,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > 3 || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
	supported := make([]string, 0, len(algorithms()))
	for _, algorithm := range algorithms() {
		supported = append(supported, string(algorithm))
	}
	o.verifier = oidc.NewVerifier(options.Issuer, &keySet{fetch: o.keys, now: options.Now}, &oidc.Config{
		SkipClientIDCheck:    true, // see isForUs
		Now:                  func() time.Time { return options.Now().Add(-leeway) },
		SupportedSigningAlgs: supported,
	})
	return o, nil
}

// checkIssuerURL wants https; tokens are worth what the way to the keys is.
func checkIssuerURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.User != nil {
		return fmt.Errorf("%.80q is no URL", text)
	}
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || !IsLoopback(parsed.Hostname())) {
		return fmt.Errorf("%.80q: want https", text)
	}
	return nil
}

// IsLoopback reports whether a host, a name or an IP address without brackets, is this machine for itself.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Metadata is the protected resource's (RFC 9728, section 2).
func (o *OAuth) Metadata() map[string]any {
	metadata := map[string]any{
		"resource":                 o.options.Audience,
		"authorization_servers":    []string{o.options.Issuer},
		"bearer_methods_supported": []string{"header"},
		"resource_name":            "Make audit log",
	}
	if len(o.options.Scopes) > 0 {
		metadata["scopes_supported"] = o.options.Scopes
	}
	return metadata
}

// claims are what is checked beyond what go-oidc does.
type claims struct {
	Nonce    any             `json:"nonce"`
	AtHash   any             `json:"at_hash"`
	Audience json.RawMessage `json:"aud"` // nil if there is none
	ClientID string          `json:"client_id"`
	// Text or a list; some issuers call it so, others so.
	Scope json.RawMessage `json:"scope"`
	SCP   json.RawMessage `json:"scp"`
}

// Authenticate lets in the holder of a valid token.
func (o *OAuth) Authenticate(r *http.Request) (Caller, error) {
	token, ok := bearer(r)
	if ok && token == "" {
		return Caller{}, &Refusal{Status: http.StatusUnauthorized, Challenge: o.challenge(""),
			Message: "this server wants an access token: send the header Authorization: Bearer …"}
	}
	if !ok || !isAccessToken(token) {
		return Caller{}, o.invalid("the access token cannot be read", nil)
	}
	const notValid = "the access token is not valid here: its signature, issuer, audience and time are checked"
	var trouble error
	checked, err := o.verifier.Verify(context.WithValue(r.Context(), troubleKey{}, &trouble), token)
	switch {
	case trouble != nil:
		return Caller{}, unavailable(trouble)
	case err != nil:
		if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
			return Caller{}, o.invalid("the access token has expired", err)
		}
		return Caller{}, o.invalid(notValid, err)
	}
	var more claims
	if err := checked.Claims(&more); err != nil {
		return Caller{}, o.invalid("the access token cannot be read", err)
	}
	if !o.isForUs(checked.Audience, &more) {
		return Caller{}, o.invalid(notValid, fmt.Errorf("audience %q, client %q", checked.Audience, more.ClientID))
	}
	if checked.Subject == "" || more.Nonce != nil || more.AtHash != nil {
		return Caller{}, o.invalid("this is no access token", nil)
	}
	granted := more.scopes()
	for _, scope := range o.options.Scopes {
		if !slices.Contains(granted, scope) {
			return Caller{}, &Refusal{Status: http.StatusForbidden, Challenge: o.challenge("insufficient_scope"),
				Message: "the access token lacks a scope; needed: " + strings.Join(o.options.Scopes, " ")}
		}
	}
	return Caller{Subject: checked.Issuer + " " + checked.Subject}, nil
}

// isForUs reports whether a token was issued for this server: it says so, or it says nothing of it and its client is one that is let in.
func (o *OAuth) isForUs(audience []string, more *claims) bool {
	if more.Audience == nil {
		return more.ClientID != "" && slices.Contains(o.options.Clients, more.ClientID)
	}
	return slices.Contains(audience, o.options.Audience)
}

func (c *claims) scopes() []string {
	var granted []string
	for _, claim := range []json.RawMessage{c.Scope, c.SCP} {
		var text string
		var list []string
		if json.Unmarshal(claim, &text) == nil {
			granted = append(granted, strings.Fields(text)...)
		} else if json.Unmarshal(claim, &list) == nil {
			granted = append(granted, list...)
		}
	}
	return granted
}

// unavailable is for tokens that nothing can be said about. It has no challenge, so that no client throws a good one away.
func unavailable(err error) *Refusal {
	return &Refusal{Status: http.StatusServiceUnavailable, Message: "the token's issuer cannot be asked now; try again", Cause: cause{err}}
}

func (o *OAuth) invalid(message string, cause error) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Challenge: o.challenge("invalid_token"), Message: message, Cause: cause}
}

// challenge says where clients get a token and for what, as the MCP specification wants it (2025-11-25, "Authorization").
func (o *OAuth) challenge(problem string) string {
	return challenge(parameter{"error", problem}, parameter{"resource_metadata", o.options.MetadataURL},
		parameter{"scope", strings.Join(o.options.Scopes, " ")})
}

// isAccessToken reports whether a JWT may be an access token: the header of those of RFC 9068 says so, that of older ones says nothing.
func isAccessToken(token string) bool {
	if len(token) > 16<<10 {
		return false
	}
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	var header struct {
		Type string `json:"typ"`
	}
	if err != nil || json.Unmarshal(text, &header) != nil {
		return false
	}
	return slices.Contains([]string{"", "jwt", "at+jwt", "application/at+jwt"}, strings.ToLower(header.Type))
}

// keys asks the issuer for its keys, and each time where they are: that may change, too.
func (o *OAuth) keys(ctx context.Context) ([]jose.JSONWebKey, error) {
	address, err := o.keysAddress(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the issuer %s: %w", o.options.Issuer, err)
	}
	text, err := o.get(ctx, address)
	if err != nil {
		return nil, err
	}
	keys, err := readKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %.100s", address, err, text)
	}
	return keys, nil
}

// keysAddress asks the issuer where its keys are: by OpenID Connect Discovery, else by RFC 8414, which not only issuers of OpenID serve,
// and which puts a path of the issuer's last; MCP's clients look for OpenID's there, too (2025-11-25, "Authorization Server Metadata Discovery").
func (o *OAuth) keysAddress(ctx context.Context) (string, error) {
	const openID, rfc8414 = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	metadata, err := url.Parse(o.options.Issuer)
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(metadata.Path, "/")
	places := []string{path + openID, rfc8414 + path}
	if path != "" {
		places = append(places, openID+path)
	}
	var failures error
	for _, place := range places {
		metadata.Path = place
		address, err := o.keysAddressAt(ctx, metadata.String())
		if err == nil {
			return address, nil
		}
		failures = errors.Join(failures, err)
	}
	return "", failures
}

func (o *OAuth) keysAddressAt(ctx context.Context, address string) (string, error) {
	body, err := o.get(ctx, address)
	if err != nil {
		return "", err
	}
	var found struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	if found.Issuer != o.options.Issuer {
		return "", &oidc.IssuerMismatchError{Provided: o.options.Issuer, Discovered: found.Issuer}
	}
	if err := checkIssuerURL(found.Keys); err != nil {
		return "", fmt.Errorf("its jwks_uri: %w", err)
	}
	return found.Keys, nil
}

// get returns what the issuer has at an address.
func (o *OAuth) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := o.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, maxIssuerBody))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %.100s", address, response.Status, body)
	}
	return body, nil
}
