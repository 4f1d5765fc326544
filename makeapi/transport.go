package makeapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
)

// DefaultTransport pools connections like net/http's own, more of them per host, with TLS 1.2 or newer. Clients of one process do well to
// share one.
func DefaultTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ExpectContinueTimeout: time.Second,
	}
}

// payerKey is the key under which a request's context holds its payer, from the call to the transport beneath the retries.
type payerKey struct{}

// payerOf returns whom a request counts to; ok is false for one that counts to nobody.
func payerOf(ctx context.Context) (p payer, ok bool) {
	p, ok = ctx.Value(payerKey{}).(payer)
	return p, ok
}

// maxBodyBytes is far above a page of 1,000 entries (about half a megabyte).
const maxBodyBytes = 64 << 20

// errBodyTooLarge ends a call whose answer is larger than the client keeps.
var errBodyTooLarge = errors.New("the answer is larger than this client reads")

// errSilent ends a try that takes too long.
var errSilent = errors.New("no whole answer")

// tryTransport sends one try: it takes a place in the budget, bounds the try's time, and reads the whole body, so that an answer that is
// cut half-way is a broken connection to the retries above.
type tryTransport struct {
	next    http.RoundTripper
	client  *Client
	timeout time.Duration
}

func (t *tryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	p, counts := payerOf(ctx)
	if !counts {
		return t.send(request)
	}
	release, err := t.client.budget.acquire(ctx, p, func(wait Wait) { t.client.reportWait(ctx, wait) })
	if err != nil {
		return nil, err
	}
	says := unclear
	defer func() { release(says) }()
	response, err := t.send(request)
	if err == nil {
		says = p.verdictOf(response)
	}
	return response, err
}

// send sends one try, and reads its answer.
func (t *tryTransport) send(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	tryCtx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	response, err := t.next.RoundTrip(request.WithContext(tryCtx))
	if err != nil {
		return nil, t.asOwnTimeout(ctx, err)
	}
	received := response.Body
	defer func() { _ = received.Close() }()
	t.client.clock.observe(response.Header.Get("Date"))
	if _, err := response.Location(); err != nil {
		response.Header.Del("Location") // net/http's error would show the whole URL
	}

	body, err := io.ReadAll(io.LimitReader(received, maxBodyBytes+1))
	if err != nil {
		return nil, t.asOwnTimeout(ctx, fmt.Errorf("the answer was cut after %d bytes: %w", len(body), err))
	}
	if len(body) > maxBodyBytes {
		return nil, fmt.Errorf("%w (%d bytes)", errBodyTooLarge, maxBodyBytes)
	}
	response.Body = &readBody{bytes.NewReader(body), body}
	response.ContentLength = int64(len(body))
	return response, nil
}

// readBody is a body that is in memory.
type readBody struct {
	*bytes.Reader
	whole []byte
}

// Close does nothing.
func (*readBody) Close() error { return nil }

// verdictOf reads what an answer says of the credential. An answer that is not Make's says nothing.
func (p payer) verdictOf(response *http.Response) verdict {
	body, ok := response.Body.(*readBody)
	switch {
	case p.trusted || p.open || !ok:
	case response.StatusCode == http.StatusUnauthorized:
		return refused
	case response.StatusCode/100 == 2 && json.Valid(body.whole) && gjson.ParseBytes(body.whole).IsObject():
		return accepted
	}
	return unclear
}

// asOwnTimeout replaces the error of a try that took too long, which is worth repeating, but not that of a caller who gave up.
func (t *tryTransport) asOwnTimeout(caller context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && caller.Err() == nil {
		return fmt.Errorf("%w within %s", errSilent, t.timeout)
	}
	return err
}

// clockTolerance is the difference between the clocks that is not corrected: the Date header has whole seconds and travels.
const clockTolerance = 2 * time.Second

// serverClock is Make's clock, as far as the Date headers show it: windows that end now must end at Make's now, not at this machine's.
type serverClock struct {
	local  func() time.Time
	offset atomic.Int64 // nanoseconds that Make's clock is ahead
}

func (c *serverClock) now() time.Time {
	return c.local().Add(time.Duration(c.offset.Load()))
}

func (c *serverClock) observe(dateHeader string) {
	date, err := http.ParseTime(dateHeader)
	if err != nil {
		return
	}
	offset := date.Sub(c.local())
	if offset.Abs() < clockTolerance {
		offset = 0
	}
	c.offset.Store(int64(offset))
}
