package makeapi

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// maxRetries bounds the tries after the first. With rateLimitWait doubling
	// they wait out the minute in which Make counts.
	maxRetries = 5
	// maxDialRetries bounds them where nothing listens: usually a wrong address,
	// which people should not wait to be told.
	maxDialRetries = 2
	// rateLimitWait is the first wait after a 429 that names none, as a part of
	// the minute; it doubles: 2, 4, 8, 16, 32 seconds.
	rateLimitWait = minute / 30
	// brokenWait is the first wait after a broken connection or a 5xx, as a part
	// of the minute; it doubles.
	brokenWait = 250 * time.Millisecond
	// maxRetryAfter bounds what a Retry-After header can make the client wait.
	maxRetryAfter = 2 * minute
)

// retries decides about the tries of one call, as retryablehttp asks it.
type retries struct {
	client *Client
	tries  int           // made so far
	wait   time.Duration // before the next one
}

// retrying is an HTTP client that repeats one call's tries.
func (c *Client) retrying() *retryablehttp.Client {
	r := &retries{client: c}
	return &retryablehttp.Client{
		HTTPClient:   c.http,
		RetryMax:     maxRetries,
		CheckRetry:   r.check,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return r.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		// No Logger: it would write URLs, and with them ids, to the log.
	}
}

// check decides whether a try is worth repeating, and after which wait.
func (r *retries) check(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	reason := "the connection broke"
	switch {
	case err != nil && isBroken(err):
		response = nil
	case err == nil && mayPass(response.StatusCode):
		reason = fmt.Sprintf("Make answered %d", response.StatusCode)
	default:
		return false, nil
	}
	r.wait = r.client.retryWait(response, r.tries)
	r.tries++
	if response != nil && response.StatusCode == http.StatusTooManyRequests {
		r.client.budget.pause(r.client.instance, organizationOf(ctx), r.wait)
	}
	// A wait that outlives the caller would only turn Make's answer into a timeout.
	deadline, bounded := ctx.Deadline()
	if r.tries > maxRetries || isDial(err) && r.tries > maxDialRetries || bounded && time.Until(deadline) < r.wait {
		return false, nil
	}
	r.client.reportWait(ctx, Wait{Reason: reason, For: r.wait})
	return true, nil
}

// isDial tells that no connection came about.
func isDial(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// mayPass tells the statuses that another try may not meet.
func mayPass(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryWait tells how long to wait after the try of a number, from 0; response
// is nil where the connection broke.
func (c *Client) retryWait(response *http.Response, try int) time.Duration {
	// Waits shrink with an injected minute, so that tests need not wait them out.
	scale := float64(c.budget.Period()) / float64(minute)
	broken := jitter(time.Duration(float64(brokenWait<<try) * scale))
	if response == nil {
		return broken
	}
	// A wait of 0, or one that is over, is no reason to spend all tries at once.
	if wait, ok := retryAfter(response.Header, c.clock.now()); ok && wait > 0 {
		return wait
	}
	if response.StatusCode == http.StatusTooManyRequests {
		// Without Retry-After: the limit is counted by the minute, which may
		// end at any time; growing waits find its end without hammering.
		return min(time.Duration(float64(rateLimitWait<<try)*scale), c.budget.Period())
	}
	return broken
}

// retryAfter reads Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3).
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	var wait time.Duration
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		wait = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	} else {
		return 0, false
	}
	return min(max(wait, 0), maxRetryAfter), true
}

// jitter spreads a wait by a fifth either way, so that side-by-side reads do
// not come back all at once.
func jitter(wait time.Duration) time.Duration {
	return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // spreading needs no secrecy
}

// isBroken tells errors of a broken connection, which may pass, from those that
// will not: the budget's, a refused redirect, too large a body, a host that
// does not exist, one that does not speak TLS or has a bad certificate.
func isBroken(err error) bool {
	var budget *BudgetError
	var redirect *Error
	var name *net.DNSError
	switch {
	case errors.As(err, &budget), errors.As(err, &redirect), errors.Is(err, errBodyTooLarge):
		return false
	case errors.As(err, &name) && name.IsNotFound, isCertificateError(err), errors.Is(err, http.ErrSchemeMismatch):
		return false
	}
	var address *url.Error
	return !errors.As(err, &address) || !strings.Contains(address.Err.Error(), "unsupported protocol scheme")
}
