package makeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Kind sorts Make's error answers by what to do about them.
type Kind string

// The kinds of error answers. Statuses and codes: https://developers.make.com/api-documentation/troubleshooting/http-status-codes
const (
	KindUnauthorized Kind = "unauthorized" // 401: key unknown here, or of another zone
	KindPlan         Kind = "plan"         // 402: the plan has no audit logs
	KindForbidden    Kind = "forbidden"    // 403 in Make's words: role or scope
	KindBlocked      Kind = "blocked"      // 403 not in Make's words: a proxy or firewall in front
	KindNotFound     Kind = "not_found"    // 404: no such thing, or hidden
	KindBadRequest   Kind = "bad_request"  // 400 and other 4xx
	KindRateLimit    Kind = "rate_limit"   // 429
	KindUnavailable  Kind = "unavailable"  // 5xx
	KindNotJSON      Kind = "not_json"     // success whose body is not Make's JSON
	KindRedirect     Kind = "redirect"     // a redirect that is not followed
)

// Error is an answer of Make that is not the one that was asked for. Message, Detail and Suberrors are the server's words, raw and
// untrusted.
type Error struct {
	Kind      Kind
	Status    int
	Code      string // Make's code, e.g. SC403 or IM002
	Message   string
	Detail    string
	Suberrors []string
	Path      string // path that was asked for, without host and query
	// RetryAfter is how long to wait before another try, where that is known.
	RetryAfter time.Duration
	// Location is the host a refused redirect pointed to.
	Location string
}

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "Make answered %d", e.Status)
	if e.Code != "" {
		fmt.Fprintf(&text, " (%s)", e.Code)
	}
	fmt.Fprintf(&text, " to GET %s", e.Path)
	words := make([]string, 0, 2+len(e.Suberrors))
	for _, word := range append([]string{e.Message, e.Detail}, e.Suberrors...) {
		word = strings.TrimRight(word, ". ")
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) > 0 {
		fmt.Fprintf(&text, ": %s", strings.Join(words, ": "))
	}
	return text.String()
}

// NextStep says what helps against an error of this kind.
func (e *Error) NextStep() string {
	switch e.Kind {
	case KindUnauthorized:
		return "Make does not know this API key. Keys belong to one zone: check that MAKE_ZONE is the host you sign in to (e.g. " +
			"eu1.make.com), and that the key was not deleted; create one under Profile > API"
	case KindPlan:
		return "Make's audit logs are part of the Enterprise plan, and this organization's plan has none: ask about another " +
			"organization, or its owner about the plan"
	case KindForbidden:
		return "the key's user needs the role Admin or Owner of the organization (or Team Admin for a team's log), and the key the " +
			"scopes organizations:read, teams:read and user:read (and audit-logs:read, where Make offers it)"
	case KindBlocked:
		return "the answer did not come from Make's API but from something in front of it (a firewall, Cloudflare or a proxy); check " +
			"network rules and MAKE_API_URL"
	case KindNotFound:
		return "check the id, and that MAKE_ZONE is the zone of this organization; Make also answers so to hide what the key may not see"
	case KindRateLimit:
		wait := "about a minute"
		if e.RetryAfter > 0 {
			wait = inSeconds(e.RetryAfter).String()
		}
		return "Make's limit of requests per minute is used up, by this program or by others in the organization; try again in " + wait
	case KindUnavailable:
		return "Make could not answer just now; try again in a while, and see https://status.make.com"
	case KindNotJSON:
		return "the address answers, but not as Make's API; check MAKE_ZONE or MAKE_API_URL (its path is usually /api/v2)"
	case KindRedirect:
		return fmt.Sprintf("the address redirects to %q, where the key is not sent; set MAKE_ZONE or MAKE_API_URL to the final address",
			e.Location)
	case KindBadRequest:
	}
	return "Make refused a parameter of this call: check the ids, the dates (YYYY-MM-DD) and the filters' values"
}

// ConnectionError says that no usable answer came: the address is wrong, the network is down, or the answer was cut.
type ConnectionError struct {
	Host string
	Path string
	Err  error
}

func (e *ConnectionError) Error() string {
	return fmt.Sprintf("no answer from %s to GET %s: %v", e.Host, e.Path, e.Err)
}

func (e *ConnectionError) Unwrap() error { return e.Err }

// NextStep says what to check.
func (e *ConnectionError) NextStep() string {
	switch {
	case errors.Is(e.Err, errBodyTooLarge):
		return "ask for smaller pages, and check that MAKE_ZONE (or MAKE_API_URL) is right, e.g. eu1.make.com"
	case isCertificateError(e.Err):
		return "check that MAKE_ZONE (or MAKE_API_URL) is right, e.g. eu1.make.com, and that this machine trusts the certificate (a " +
			"proxy that inspects TLS needs its own installed)"
	}
	return "check the network and that MAKE_ZONE (or MAKE_API_URL) is right, e.g. eu1.make.com"
}

// IsKind reports whether err is an answer of Make of one of these kinds.
func IsKind(err error, kinds ...Kind) bool {
	var answer *Error
	if !errors.As(err, &answer) {
		return false
	}
	return slices.Contains(kinds, answer.Kind)
}

// IsUnreachable reports whether an error means that Make could not be asked: no connection came about, it broke or was cut, time ran out,
// Make failed (5xx), or something in front of it answered in its place, such as a page of maintenance. Make's own refusals and limits are
// answers, and a caller who went away says nothing about Make.
func IsUnreachable(err error) bool {
	var broken *ConnectionError
	return errors.As(err, &broken) || errors.Is(err, context.DeadlineExceeded) ||
		IsKind(err, KindUnavailable, KindBlocked, KindNotJSON, KindRedirect)
}

// refusedBefore is the error for a key that Make has refused lately, and is not shown again.
func refusedBefore(wait time.Duration) *Error {
	return &Error{Kind: KindUnauthorized, Status: http.StatusUnauthorized,
		Message: fmt.Sprintf("the key was refused before, and is not tried again for %s", inSeconds(wait))}
}

// notAnswered is the error for a success that does not hold what the path stands for.
func notAnswered(message string, path ...string) *Error {
	return &Error{Kind: KindNotJSON, Status: http.StatusOK, Path: "/" + strings.Join(path, "/"), Message: message}
}

// maxErrorText bounds what is kept of a server's words.
const maxErrorText = 300

// newError reads an error answer. Make's errors are JSON with detail, message and code; 429 may be plain text, and what stands in front of
// Make answers HTML.
func newError(status int, body []byte, path string, retryAfter time.Duration) *Error {
	e := &Error{Status: status, Path: path, RetryAfter: retryAfter}
	inMakesWords := false
	if json.Valid(body) {
		answer := gjson.ParseBytes(body)
		e.Code = clip(answer.Get("code").String())
		e.Message = clip(answer.Get("message").String())
		if detail := answer.Get("detail"); detail.Exists() {
			e.Detail = clip(detail.String())
		}
		answer.Get("suberrors").ForEach(func(_, suberror gjson.Result) bool {
			if words := suberror.Get("message").String(); words != "" {
				e.Suberrors = append(e.Suberrors, clip(words))
			}
			return len(e.Suberrors) < 5
		})
		inMakesWords = answer.IsObject() && (e.Code != "" || e.Message != "" || e.Detail != "")
	} else if len(body) <= maxErrorText && !bytes.Contains(body, []byte("<")) {
		e.Message = clip(strings.TrimSpace(string(body)))
	}
	switch {
	case status == http.StatusUnauthorized:
		e.Kind = KindUnauthorized
	case status == http.StatusPaymentRequired:
		e.Kind = KindPlan
	case status == http.StatusForbidden && inMakesWords:
		e.Kind = KindForbidden
	case status == http.StatusForbidden:
		e.Kind = KindBlocked
	case status == http.StatusNotFound, status == http.StatusNotModified: // 304: "Account Does Not Exist"
		e.Kind = KindNotFound
	case status == http.StatusTooManyRequests:
		e.Kind = KindRateLimit
	case status >= 500:
		e.Kind = KindUnavailable
	case status >= 300 && status < 400:
		e.Kind = KindRedirect
	case status < 300:
		e.Kind = KindNotJSON
	default:
		e.Kind = KindBadRequest
	}
	return e
}

func clip(text string) string {
	count := 0
	for i := range text {
		if count == maxErrorText {
			return strings.Clone(text[:i]) + "…"
		}
		count++
	}
	return strings.Clone(text)
}
