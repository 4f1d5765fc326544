package makeapi_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

func TestErrorAnswersSayWhatAndWhatNext(t *testing.T) {
	t.Parallel()
	const html = "<!DOCTYPE html><html><body><h1>error code: 1010</h1></body></html>"
	for name, test := range map[string]struct {
		status   int
		body     string
		want     makeapi.Error
		words    []string // of Error
		nextStep []string
	}{
		"unknown key": {
			401, `{"detail":"Access denied.","message":"Unauthorized","code":"SC401"}`,
			makeapi.Error{Kind: makeapi.KindUnauthorized, Code: "SC401", Message: "Unauthorized", Detail: "Access denied."},
			[]string{"401", "SC401", "Unauthorized: Access denied"}, []string{"MAKE_ZONE", "key"},
		},
		"plan": {
			402, `{"detail":"Audit logs are not available.","message":"There was an error while generating","code":"SC402"}`,
			makeapi.Error{Kind: makeapi.KindPlan, Code: "SC402", Message: "There was an error while generating",
				Detail: "Audit logs are not available."},
			[]string{"402", "not available"}, []string{"Enterprise", "plan"},
		},
		"role": {
			403, `{"detail":"Access denied.","message":"Permission denied","code":"SC403"}`,
			makeapi.Error{Kind: makeapi.KindForbidden, Code: "SC403", Message: "Permission denied", Detail: "Access denied."},
			[]string{"403", "Permission denied"}, []string{"Admin or Owner", "Team Admin", "organizations:read"},
		},
		"firewall": {
			403, html, makeapi.Error{Kind: makeapi.KindBlocked}, []string{"403"}, []string{"firewall", "MAKE_API_URL"},
		},
		"firewall with empty JSON": {
			403, `{}`, makeapi.Error{Kind: makeapi.KindBlocked}, []string{"403"}, []string{"firewall"},
		},
		"firewall in plain text": {
			403, "error code: 1010\n", makeapi.Error{Kind: makeapi.KindBlocked, Message: "error code: 1010"}, []string{"error code: 1010"},
			[]string{"firewall"},
		},
		"not found": {
			404, `{"detail":"Connection not found 'x'","message":"Account doesn't exist","code":"IM304"}`,
			makeapi.Error{Kind: makeapi.KindNotFound, Code: "IM304", Message: "Account doesn't exist", Detail: "Connection not found 'x'"},
			[]string{"IM304", "doesn't exist: Connection not found 'x'"}, []string{"id", "MAKE_ZONE"},
		},
		"account does not exist": {
			304, "", makeapi.Error{Kind: makeapi.KindNotFound}, []string{"304"}, []string{"id", "MAKE_ZONE"},
		},
		"bad parameter": {
			400, `{"detail":"Parameter 'x' is odd.","message":"Validation failed","code":"SC400"}`,
			makeapi.Error{Kind: makeapi.KindBadRequest, Code: "SC400", Message: "Validation failed", Detail: "Parameter 'x' is odd."},
			[]string{"Validation failed: Parameter 'x' is odd"}, []string{"parameter", "YYYY-MM-DD"},
		},
		"too large a request": {
			413, "", makeapi.Error{Kind: makeapi.KindBadRequest}, []string{"413"}, []string{"parameter"},
		},
		"detail as object with suberrors": {
			400, `{"detail":{"reason":"x"},"message":"Validation failed","code":"SC400","suberrors":[{"message":"first","name":"E"},{"message":"second"},5,null]}`,
			makeapi.Error{Kind: makeapi.KindBadRequest, Code: "SC400", Message: "Validation failed", Detail: `{"reason":"x"}`,
				Suberrors: []string{"first", "second"}},
			[]string{`Validation failed: {"reason":"x"}: first: second`}, []string{"parameter"},
		},
		"the same words twice": {
			400, `{"detail":"Same.","message":"Same","suberrors":[{"message":"Same"}]}`,
			makeapi.Error{Kind: makeapi.KindBadRequest, Message: "Same", Detail: "Same.", Suberrors: []string{"Same"}},
			[]string{"organization/77: Same"}, []string{"parameter"},
		},
		"fields of other types": {
			400, `{"detail":null,"message":["a"],"code":5,"suberrors":"x"}`,
			makeapi.Error{Kind: makeapi.KindBadRequest, Code: "5", Message: `["a"]`},
			[]string{"400 (5)"}, []string{"parameter"},
		},
		"broken": {
			500, `{"detail":"Unexpected error.","message":"Internal Server Error","code":"SC500"}`,
			makeapi.Error{Kind: makeapi.KindUnavailable, Code: "SC500", Message: "Internal Server Error", Detail: "Unexpected error."},
			[]string{"500"}, []string{"again", "status.make.com"},
		},
		"proxy's page": {
			520, html, makeapi.Error{Kind: makeapi.KindUnavailable}, []string{"520"}, []string{"again"},
		},
		"success with HTML": {
			200, html, makeapi.Error{Kind: makeapi.KindNotJSON}, []string{"200"}, []string{"MAKE_API_URL", "/api/v2"},
		},
		"success with nothing": {
			204, "", makeapi.Error{Kind: makeapi.KindNotJSON}, []string{"204"}, []string{"MAKE_ZONE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, says(test.status, test.body))
			_, err := newClient(t, api.url).AuditLogs.ListOrganization(t.Context(), home,
				makeapi.ListOptions{Authors: []string{"a secret name"}, Events: []string{"a", "b"}})
			answer := answerError(t, err)
			test.want.Status, test.want.Path = test.status, "/audit-logs/organization/77"
			assert.Equal(t, &test.want, answer)
			for _, words := range test.words {
				assert.Contains(t, answer.Error(), words)
			}
			for _, words := range test.nextStep {
				assert.Contains(t, answer.NextStep(), words)
			}
			assert.NotContains(t, answer.Error(), "Same: Same", "no words twice")
			assertDiscreet(t, answer.Error())
			assert.NotContains(t, answer.Error(), "secret name")
			assert.NotContains(t, answer.Error(), "127.0.0.1")
			assert.NotContains(t, answer.Error(), "<")
			assert.Equal(t, 1, api.count(), "nothing to gain from another try")
			assert.True(t, makeapi.IsKind(fmt.Errorf("wrapped: %w", err), makeapi.KindPlan, answer.Kind))
			assert.False(t, makeapi.IsKind(err, "another"))
		})
	}
	assert.False(t, makeapi.IsKind(errors.New("other"), makeapi.KindPlan))
	assert.False(t, makeapi.IsKind(nil, makeapi.KindPlan))
}

func TestServersWordsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ž", 100_000)
	api := serve(t, says(http.StatusBadRequest, fmt.Sprintf(`{"message":%q,"detail":%q,"code":%q,"suberrors":[%s{"message":"x"}]}`,
		long, long+"2", long, strings.Repeat(fmt.Sprintf(`{"message":%q},`, long[:2000]), 50))))
	answer := refusal(t, newClient(t, api.url))
	assert.Len(t, answer.Suberrors, 5)
	for _, words := range append(answer.Suberrors, answer.Message, answer.Detail, answer.Code) {
		assert.Equal(t, 301, utf8.RuneCountInString(words))
		assert.True(t, strings.HasSuffix(words, "…"))
		assert.True(t, utf8.ValidString(words))
	}
	api = serve(t, says(http.StatusBadGateway-1, strings.Repeat("x", 301)))
	_, err := listHome(t.Context(), newClient(t, api.url))
	assert.Empty(t, answerError(t, err).Message, "a page of text is no message")
}

func TestKeyThatIsSentBackIsHidden(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		write(w, http.StatusUnauthorized, `{"message":"`+r.Header.Get("Authorization")+` is unknown","detail":"key `+ownerKey+`"}`)
	})
	answer := refusal(t, newClient(t, api.url))
	assert.NotContains(t, fmt.Sprintf("%+v %s", *answer, answer), ownerKey)
	assert.Contains(t, answer.Message, "is unknown")
}

func TestRateLimitWaitStandsInTheError(t *testing.T) {
	t.Parallel()
	const words = "Requests limit for organization exceeded, please try again later."
	for name, test := range map[string]struct {
		body, retryAfter string
		want             time.Duration
		next             string
	}{
		"JSON":       {`{"detail":"` + words + `","message":"` + words + `","code":"SC429"}`, "", time.Hour, "1h0m0s"},
		"plain text": {words, "", time.Hour, "1h0m0s"},
		"told":       {words, "37", 37 * time.Second, "37s"},
		"too long":   {words, "86400", 2 * time.Minute, "2m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				write(w, http.StatusTooManyRequests, test.body)
			})
			// The deadline comes before any wait is over.
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := listHome(ctx, newClient(t, api.url, withBudget(limited(100))))
			answer := answerError(t, err)
			assert.Equal(t, makeapi.KindRateLimit, answer.Kind)
			assert.Equal(t, words, answer.Message)
			assert.Equal(t, test.want, answer.RetryAfter)
			assert.Contains(t, answer.NextStep(), test.next)
			assert.Equal(t, 1, strings.Count(answer.Error(), "Requests limit"))
			assert.Equal(t, 1, api.count())
			require.NoError(t, ctx.Err())
		})
	}
	assert.Contains(t, (&makeapi.Error{Kind: makeapi.KindRateLimit}).NextStep(), "about a minute")
	assert.Contains(t, (&makeapi.Error{Kind: makeapi.KindRateLimit, RetryAfter: 1200 * time.Millisecond}).NextStep(), "in 2s", "rounded up")
}

func TestEveryKindHasANextStep(t *testing.T) {
	t.Parallel()
	seen := map[string]makeapi.Kind{}
	for _, kind := range []makeapi.Kind{
		makeapi.KindUnauthorized, makeapi.KindPlan, makeapi.KindForbidden, makeapi.KindBlocked, makeapi.KindNotFound,
		makeapi.KindBadRequest, makeapi.KindRateLimit, makeapi.KindUnavailable, makeapi.KindNotJSON, makeapi.KindRedirect,
	} {
		step := (&makeapi.Error{Kind: kind}).NextStep()
		assert.Greater(t, len(step), 20, kind)
		assert.NotContains(t, seen, step, kind)
		seen[step] = kind
	}
	assert.Contains(t, (&makeapi.Error{Kind: makeapi.KindRedirect, Location: "login.example"}).NextStep(), `"login.example"`)
}

func connectionError(t *testing.T, err error) *makeapi.ConnectionError {
	t.Helper()
	var broken *makeapi.ConnectionError
	require.ErrorAs(t, err, &broken)
	assertDiscreet(t, err.Error())
	assert.Contains(t, broken.NextStep(), "MAKE_ZONE")
	assert.Equal(t, "/audit-logs/organization/77", broken.Path)
	return broken
}

func TestRefusedConnectionIsRetriedAndExplained(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	var told waits
	_, err = listHome(t.Context(), newClient(t, "http://"+address, told.told))
	broken := connectionError(t, err)
	assert.Equal(t, address, broken.Host)
	assert.Len(t, told.list(), 2)
	var operation *net.OpError
	assert.ErrorAs(t, err, &operation)
}

func TestUnknownHostIsNotRetried(t *testing.T) {
	t.Parallel()
	calls := 0
	_, err := listHome(t.Context(), newClient(t, "https://nowhere.example",
		withTransport(roundTrip(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, &net.OpError{Op: "dial", Net: "tcp",
				Err: &net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true}}
		}))))
	_ = connectionError(t, err)
	assert.Contains(t, err.Error(), "no such host")
	assert.Equal(t, 1, calls)
}

func TestNameServerThatFailsIsRetried(t *testing.T) {
	t.Parallel()
	calls := 0
	_, err := listHome(t.Context(), newClient(t, "https://nowhere.example",
		withTransport(roundTrip(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, &net.DNSError{Err: "server misbehaving", Name: "nowhere.example", IsTemporary: true}
		}))))
	_ = connectionError(t, err)
	assert.Equal(t, 6, calls)
}

func TestCutAnswersAreRetriedThenExplained(t *testing.T) {
	t.Parallel()
	sim, base := simulate(t, makesim.Quirks{CutBodyEvery: 1})
	client := newClient(t, base)
	_, err := listHome(t.Context(), client)
	_ = connectionError(t, err)
	assert.Contains(t, err.Error(), "cut after")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Len(t, sim.Requests(), 6)

	sim.SetQuirks(makesim.Quirks{CutBodyEvery: 2})
	for range 4 {
		page := mustList(t, client)
		assert.Len(t, page.Entries, 4)
	}
}

// endless is a body that never ends.
type endless struct{ closed chan struct{} }

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func (e endless) Close() error {
	close(e.closed)
	return nil
}

func TestAnswerWithoutEndIsGivenUp(t *testing.T) {
	t.Parallel()
	body := endless{make(chan struct{})}
	calls := 0
	_, err := listHome(t.Context(), newClient(t, "https://make.test", withTransport(roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body}, nil
	}))))
	broken := connectionError(t, err)
	assert.Contains(t, err.Error(), "larger")
	assert.Contains(t, broken.NextStep(), "smaller pages")
	assert.Equal(t, 1, calls)
	<-body.closed
}

// closing records whether a body was closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

func TestEveryBodyIsClosed(t *testing.T) {
	t.Parallel()
	var bodies []*closing
	client := newClient(t, "https://make.test", withTransport(roundTrip(func(*http.Request) (*http.Response, error) {
		bodies = append(bodies, &closing{Reader: strings.NewReader(emptyPage)})
		status := http.StatusOK
		if len(bodies) < 3 {
			status = http.StatusServiceUnavailable
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: bodies[len(bodies)-1]}, nil
	})))
	mustList(t, client)
	require.Len(t, bodies, 3)
	for _, body := range bodies {
		assert.Positive(t, body.closed)
	}
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	t.Parallel()
	handshakes := 0
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		handshakes++
		return nil, nil
	}}
	server.StartTLS()
	_, err := listHome(t.Context(), newClient(t, server.URL))
	server.Close() // all handshakes are over
	broken := connectionError(t, err)
	assert.Contains(t, err.Error(), "certificate")
	assert.Contains(t, broken.NextStep(), "certificate")
	assert.Equal(t, 1, handshakes)
}

func TestPlainServerBehindHTTPSIsNotRetried(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	var told waits
	_, err := listHome(t.Context(), newClient(t, strings.Replace(api.url, "http:", "https:", 1), told.told))
	_ = connectionError(t, err)
	assert.Empty(t, told.list())
}

func TestSlowTryIsRepeated(t *testing.T) {
	t.Parallel()
	api := serve(t, func(number int, w http.ResponseWriter, r *http.Request) {
		if number == 0 {
			<-r.Context().Done()
			return
		}
		write(w, http.StatusOK, emptyPage)
	})
	mustList(t, newClient(t, api.url, func(o *makeapi.Options) { o.TryTimeout = time.Second })) // enough for the second on a busy machine
	assert.GreaterOrEqual(t, api.count(), 2)
}

func TestTriesThatAllTakeTooLongAreAConnectionError(t *testing.T) {
	t.Parallel()
	_, err := listHome(t.Context(), newClient(t, "https://make.test", func(o *makeapi.Options) { o.TryTimeout = time.Millisecond },
		withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))))
	_ = connectionError(t, err)
	assert.Contains(t, err.Error(), "no whole answer within 1ms")
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's time is not over")
}

func TestCallersDeadlineAndCancelAreTheirOwn(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := newClient(t, api.url)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := listHome(ctx, client)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assertDiscreet(t, err.Error())

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	before := api.count()
	_, err = listHome(ctx, client)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, before, api.count(), "nothing is sent for who has gone")
}

func FuzzErrorAnswer(f *testing.F) {
	for _, body := range []string{"", "{}", "null", `{"detail":{"a":[1]},"message":5,"code":null,"suberrors":{"a":{"message":"x"}}}`,
		"<html>", "text", "[[[[", "\xff\xfe"} {
		f.Add(uint8(0), []byte(body))
		f.Add(uint8(4), []byte(body))
	}
	statuses := []int{400, 401, 402, 403, 404, 413, 500, 304}
	f.Fuzz(func(t *testing.T, pick uint8, body []byte) {
		status := statuses[int(pick)%len(statuses)]
		answer := refusal(t, newClient(t, "https://make.test", withTransport(answering(status, body))))
		require.Equal(t, status, answer.Status)
		require.NotEmpty(t, answer.Kind)
		require.NotEmpty(t, answer.NextStep())
		require.Less(t, len(answer.Error()), 20_000)
		require.LessOrEqual(t, len(answer.Suberrors), 5)
	})
}
