package makeapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
)

const (
	defaultUserAgent = "make-audit-mcp"
	// defaultTryTimeout bounds one try; a page of 1,000 entries takes seconds.
	defaultTryTimeout = 30 * time.Second
	// shortestKey is below any key's length: what is shorter may be a word.
	shortestKey = 8
)

// Options sets up a Client. BaseURL and Credential are needed, the rest has defaults.
type Options struct {
	// BaseURL is the API's root, from ZoneURL or ParseBaseURL.
	BaseURL *url.URL
	// Credential signs the calls; nil makes every call fail with ErrNoCredential.
	Credential Credential
	// UserAgent names the program and its version. Make's front door refuses common default agents.
	UserAgent string
	// Budget is shared by all clients of a process; nil means one of its own.
	Budget *Budget
	// Transport sends the requests; nil means a DefaultTransport of its own.
	Transport http.RoundTripper
	// TryTimeout bounds one try; 0 means 30 s.
	TryTimeout time.Duration
	// Now is the local clock; nil means time.Now.
	Now func() time.Time
	// Caller names whom a call is made for, where several callers share the budget: then they share it fairly, and details take at most
	// half. nil means that there is only one.
	Caller func(ctx context.Context) string
	// Origin names where the credential comes from, an address or a person, where it is a caller's own: until Make accepts it, its calls
	// are paid from a small allowance of the origin, and once Make has refused it, it is not shown to Make again for a while. nil means
	// that it is the operator's own.
	Origin func(ctx context.Context) string
	// OnWait, if set, is called whenever a call waits. It must not block.
	OnWait func(ctx context.Context, wait Wait)
}

// Wait is a pause that a call makes before it goes on.
type Wait struct {
	Reason string
	For    time.Duration
	// Limit means that the rate limit is the reason: the budget's share of it is used up, or others used up the rest.
	Limit bool
}

// Client calls Make's Web API with one credential. It is safe for use by several goroutines.
type Client struct {
	AuditLogs     *AuditLogsService
	Enums         *EnumsService
	Organizations *OrganizationsService
	Teams         *TeamsService
	Users         *UsersService

	base     *url.URL
	instance string
	// secret and renew are the credential's: a function never shows what it holds, however the client is printed.
	secret     func() (string, error)
	renew      func(refused string) bool
	userAgent  string
	budget     *Budget
	clock      *serverClock
	onWait     func(ctx context.Context, wait Wait)
	caller     func(ctx context.Context) string
	origin     func(ctx context.Context) string
	http       *http.Client
	detailForm atomic.Int32
}

// New returns a client. It calls nothing yet.
func New(options Options) *Client {
	if options.Credential == nil {
		options.Credential = StaticKey("")
	}
	if options.Budget == nil {
		options.Budget = NewBudget(BudgetOptions{})
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Transport == nil {
		options.Transport = DefaultTransport()
	}
	c := &Client{
		base:      options.BaseURL,
		instance:  options.BaseURL.String(),
		secret:    options.Credential.Secret,
		renew:     options.Credential.Renew,
		userAgent: cmp.Or(options.UserAgent, defaultUserAgent),
		budget:    options.Budget,
		clock:     &serverClock{local: options.Now},
		onWait:    options.OnWait,
		caller:    options.Caller,
		origin:    options.Origin,
	}
	timeout := cmp.Or(options.TryTimeout, defaultTryTimeout)
	c.budget.outlives(timeout)
	c.http = &http.Client{
		Transport:     &tryTransport{next: options.Transport, client: c, timeout: timeout},
		CheckRedirect: c.checkRedirect,
	}
	services := service{client: c}
	c.AuditLogs = &AuditLogsService{services}
	c.Enums = &EnumsService{services}
	c.Organizations = &OrganizationsService{services}
	c.Teams = &TeamsService{services}
	c.Users = &UsersService{services}
	return c
}

type service struct{ client *Client }

// Instance names the instance that the client talks to: its base URL.
func (c *Client) Instance() string { return c.instance }

// Host is the host of the base URL, e.g. eu1.make.com.
func (c *Client) Host() string { return c.base.Host }

// Budget is the rate budget that the client's calls are counted in.
func (c *Client) Budget() *Budget { return c.budget }

// Now is Make's clock, as far as its answers have shown it.
func (c *Client) Now() time.Time { return c.clock.now() }

func (c *Client) reportWait(ctx context.Context, wait Wait) {
	if c.onWait != nil && wait.For > 0 {
		c.onWait(ctx, wait)
	}
}

// Ping asks whether the API answers (GET /ping). It needs no credential and no place in the budget: Make can count it to nobody, and what
// callers use up must not make Make look down.
func (c *Client) Ping(ctx context.Context) error {
	_, _, err := c.send(ctx, "/ping", nil, "")
	return err
}

// get calls the path made of segments and returns its JSON object. organization is the one that the call counts to, empty where it belongs
// to none.
func (c *Client) get(ctx context.Context, organization ID, query url.Values, segments ...string) (gjson.Result, error) {
	return c.getAs(ctx, payer{organization: organization}, query, segments...)
}

// getAs is get, with more of whom the call counts to.
func (c *Client) getAs(ctx context.Context, p payer, query url.Values, segments ...string) (gjson.Result, error) {
	path, err := pathTo(segments...)
	if err != nil {
		return gjson.Result{}, err
	}
	key, err := c.secret()
	if err != nil {
		return gjson.Result{}, err
	}
	p = c.identify(ctx, p)
	status, body, err := c.send(c.signedBy(ctx, p, key), path, query, key)
	if IsKind(err, KindUnauthorized) && c.renew(key) {
		// The key was rotated in its file since it was read.
		key, err = c.secret()
		if err == nil {
			status, body, err = c.send(c.signedBy(ctx, p, key), path, query, key)
		}
	}
	if err != nil {
		return gjson.Result{}, err
	}
	answer := gjson.ParseBytes(body)
	// encoding/json checks, because it bounds the depth of nesting; gjson reads tolerantly, but recurses without bound when it checks.
	if !json.Valid(body) || !answer.IsObject() {
		return gjson.Result{}, newError(status, nil, path, 0)
	}
	return answer, nil
}

// identify fills in who calls.
func (c *Client) identify(ctx context.Context, p payer) payer {
	p.instance, p.trusted = c.instance, c.origin == nil
	if c.origin != nil {
		p.origin = c.origin(ctx)
	}
	if c.caller != nil {
		p.caller, p.shares = c.caller(ctx), true
	}
	return p
}

// signedBy returns a context whose requests count to whom a key belongs to.
func (c *Client) signedBy(ctx context.Context, p payer, key string) context.Context {
	p.credential = c.budget.fingerprint(key)
	return context.WithValue(ctx, payerKey{}, p)
}

// maxIDLength is far above that of any id of Make.
const maxIDLength = 128

// pathTo joins a path of the API. Its segments come from callers and from Make's data, so anything that could change the path is refused.
func pathTo(segments ...string) (string, error) {
	const characters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	for _, segment := range segments {
		if segment == "" || len(segment) > maxIDLength || strings.Trim(segment, characters) != "" {
			return "", fmt.Errorf("%q cannot be an id in Make's API: ids are letters, digits, - and _", clip(segment))
		}
	}
	return "/" + strings.Join(segments, "/"), nil
}

// send makes a call with its retries. A status beyond 2xx is an *Error.
func (c *Client) send(ctx context.Context, path string, query url.Values, key string) (status int, body []byte, err error) {
	target := *c.base
	target.Path = c.base.Path + path
	target.RawPath = ""
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("User-Agent", c.userAgent)
	request.Header.Set("Accept", "application/json")
	if key != "" {
		request.Header.Set("Authorization", authorization(key))
	}
	response, err := c.do(request)
	if err != nil {
		return 0, nil, c.explain(ctx, err, path)
	}
	defer func() { _ = response.Body.Close() }()
	body = make([]byte, response.ContentLength) // in memory and bounded: see tryTransport
	if _, err := io.ReadFull(response.Body, body); err != nil {
		return 0, nil, c.explain(ctx, err, path)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		if len(key) >= shortestKey {
			// Proxies for debugging, among others, answer with what they were sent.
			body = bytes.ReplaceAll(body, []byte(key), []byte(hiddenKey))
		}
		var wait time.Duration
		if response.StatusCode == http.StatusTooManyRequests {
			wait = c.budget.Period()
			if named, ok := retryAfter(response.Header, c.clock.now()); ok {
				wait = named
			}
		}
		return 0, nil, newError(response.StatusCode, body, path, wait)
	}
	return response.StatusCode, body, nil
}

// explain turns a failed call into one of the package's errors. Errors of net/http name the whole URL; only the cause is kept.
func (c *Client) explain(ctx context.Context, err error, path string) error {
	var budget *BudgetError
	var refused *Error
	switch {
	case errors.As(err, &budget):
		return budget
	case errors.As(err, &refused):
		refused.Path = path
		return refused
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return ctx.Err()
	}
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	return &ConnectionError{Host: c.base.Host, Path: path, Err: err}
}

// checkRedirect follows a redirect only within the base URL's scheme, host and port: anywhere else the credential, and the trust in the
// answer, end.
func (c *Client) checkRedirect(request *http.Request, via []*http.Request) error {
	if request.URL.Scheme != c.base.Scheme || hostOf(request.URL) != hostOf(c.base) || len(via) > 3 {
		return &Error{Kind: KindRedirect, Status: request.Response.StatusCode, Location: request.URL.Host}
	}
	return nil
}

func isCertificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname)
}
