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
)

const (
	// maxRetries bounds the tries after the first. With rateLimitWait doubling they wait out the minute in which Make counts.
	maxRetries = 5
	// maxDialRetries bounds them where nothing listens: usually a wrong address, which people should not wait to be told.
	maxDialRetries = 2
	// maxSilentRetries bounds them where no whole answer came in the time of a try, which is long already.
	maxSilentRetries = 1
	// rateLimitWait is the first wait after a 429 that names none, as a part of the minute; it doubles: 2, 4, 8, 16, 32 seconds.
	rateLimitWait = minute / 30
	// brokenWait is the first wait after a broken connection or a 5xx, as a part of the minute; it doubles.
	brokenWait = 250 * time.Millisecond
	// maxRetryAfter bounds what a Retry-After header can make the client wait.
	maxRetryAfter = 2 * minute
)

// do sends a request, and sends it again while that may help. The transport counts each try in the budget and holds its whole answer in
// memory (see tryTransport), so that an answer which is not used needs no draining.
func (c *Client) do(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	var response *http.Response
	var err error
	// What the last try met says more than that the caller's time is over.
	ended := func() (*http.Response, error) {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && (response != nil || err != nil) {
			return response, err
		}
		return nil, ctx.Err()
	}
	for try := 0; ; try++ {
		next, nextErr := c.http.Do(request)
		_, isOfBudget := errors.AsType[*BudgetError](nextErr)
		switch {
		case isOfBudget && errors.Is(err, errSilent): // that the budget is full of calls that Make does not answer says less
			return nil, err
		case ctx.Err() != nil && !isOfBudget:
			return ended()
		}
		response, err = next, nextErr
		reason := whyRetry(response, err)
		if reason == "" {
			return response, err
		}
		wait := c.retryWait(response, try)
		isLimit := err == nil && response.StatusCode == http.StatusTooManyRequests
		if p, counts := payerOf(ctx); counts && isLimit {
			c.budget.pause(p, wait)
		}
		// A wait that outlives the caller would only turn Make's answer into a timeout.
		deadline, bounded := ctx.Deadline()
		if try >= mostRetries(err) || bounded && time.Until(deadline) < wait {
			return response, err
		}
		c.reportWait(ctx, Wait{Reason: reason, For: wait, Limit: isLimit})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ended()
		}
	}
}

// mostRetries bounds the tries after one that ended with an error; nil is an answer.
func mostRetries(err error) int {
	switch {
	case errors.Is(err, errSilent):
		return maxSilentRetries
	case isDial(err):
		return maxDialRetries
	}
	return maxRetries
}

// whyRetry says what happened that another try may not meet; empty where another would end the same.
func whyRetry(response *http.Response, err error) string {
	if err != nil {
		if isBroken(err) {
			return "the connection broke"
		}
		return ""
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Sprintf("Make answered %d", response.StatusCode)
	}
	return ""
}

// isDial reports whether no connection came about.
func isDial(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// retryWait returns how long to wait after the try of a number, from 0; response is nil where the connection broke.
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
		// Without Retry-After: the limit is counted by the minute, which may end at any time; growing waits find its end without hammering.
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

// jitter spreads a wait by a fifth either way, so that side-by-side reads do not come back all at once.
func jitter(wait time.Duration) time.Duration {
	return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // spreading needs no secrecy
}

// isBroken reports whether an error is a broken connection, which may pass. Those that will not: the budget's, a refused redirect, too
// large a body, a host that does not exist, one that does not speak TLS or has a bad certificate.
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
