package makeapi_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

func TestWhatMayPassIsRetriedAndWhatWillNotIsNot(t *testing.T) {
	t.Parallel()
	for status, tries := range map[int]int{
		429: 6, 502: 6, 503: 6, 504: 6,
		400: 1, 401: 1, 402: 1, 403: 1, 404: 1, 408: 1, 409: 1, 413: 1, 424: 1, 500: 1, 501: 1, 505: 1, 520: 1,
	} {
		api := serve(t, says(status, "words"))
		answer := refusal(t, newClient(t, api.url))
		assert.Equal(t, status, answer.Status)
		assert.Equal(t, tries, api.count(), "%d", status)
		for _, request := range api.received() {
			assert.Equal(t, "Token "+ownerKey, request.header.Get("Authorization"), "every try is signed")
			assert.Equal(t, "makeapi-test/1", request.header.Get("User-Agent"))
		}
	}
}

func TestRetriesEndWithTheFirstAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 502, 503, 504} {
		api := serve(t, saysFirst(2, status, "words"))
		var told waits
		mustList(t, newClient(t, api.url, told.told))
		assert.Equal(t, 3, api.count(), "%d", status)
	}
	api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		write(w, []int{http.StatusServiceUnavailable, http.StatusNotFound}[min(number, 1)], "")
	})
	assert.Equal(t, makeapi.KindNotFound, refusal(t, newClient(t, api.url)).Kind, "what cannot pass ends the retries")
	assert.Equal(t, 2, api.count())
}

func TestSimulatedRateLimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]makesim.Quirks{"JSON": {}, "plain text": {PlainText429: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := smallWorld()
			world.Organizations[0].APILimit = 3
			sim := makesim.New(world, makesim.Options{Quirks: quirks, Now: now, Minute: shortMinute})
			api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { sim.ServeHTTP(w, r) })
			client := newClient(t, api.url)
			for range 7 {
				mustList(t, client)
			}
		})
	}
}

// retryWaits are the waits that were reported because of an answer.
func retryWaits(told *waits) []time.Duration {
	var all []time.Duration
	for _, wait := range told.list() {
		if wait.Limit && wait.Reason == "Make answered 429" {
			all = append(all, wait.For)
		}
	}
	return all
}

func TestRateLimitWithoutRetryAfterIsWaitedOutInGrowingSteps(t *testing.T) {
	t.Parallel()
	for name, retryAfter := range map[string]string{"absent": "", "zero": "0", "over": "Mon, 02 Jan 2006 15:04:05 GMT", "odd": "soon",
		"negative": "-5", "beyond numbers": "99999999999999999999999"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				if retryAfter != "" {
					w.Header().Set("Retry-After", retryAfter)
				}
				write(w, http.StatusTooManyRequests, "")
			})
			var told waits
			refused := refusal(t, newClient(t, api.url, told.told, func(o *makeapi.Options) { o.Now = nil }))
			assert.Equal(t, makeapi.KindRateLimit, refused.Kind)
			step := shortMinute / 30
			waited := []time.Duration{step, 2 * step, 4 * step, 8 * step, 16 * step}
			assert.Equal(t, waited, retryWaits(&told))
			arrivals := api.received()
			require.Len(t, arrivals, 6)
			for i, wait := range waited {
				assert.GreaterOrEqual(t, arrivals[i+1].at.Sub(arrivals[i].at), wait)
			}
			assert.GreaterOrEqual(t, arrivals[5].at.Sub(arrivals[0].at), shortMinute, "Make's minute is over by the last try")
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		if number == 0 {
			w.Header().Set("Retry-After", "1")
			write(w, http.StatusServiceUnavailable, "")
			return
		}
		write(w, http.StatusOK, emptyPage)
	})
	mustList(t, newClient(t, api.url))
	arrivals := api.received()
	require.Len(t, arrivals, 2)
	assert.GreaterOrEqual(t, arrivals[1].at.Sub(arrivals[0].at), time.Second)
}

func TestRetryAfterIsReadInBothFormsAndBounded(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"7":     7 * time.Second,
		" 7 ":   7 * time.Second,
		"120":   2 * time.Minute,
		"86400": 2 * time.Minute,
		now().Add(50 * time.Second).Format(http.TimeFormat): 50 * time.Second,
		now().Add(50 * time.Second).Format(time.RFC850):     50 * time.Second,
		now().Add(24 * time.Hour).Format(http.TimeFormat):   2 * time.Minute,
	} {
		api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", now().Format(http.TimeFormat))
			w.Header().Set("Retry-After", header)
			write(w, http.StatusTooManyRequests, "")
		})
		// Who waits gives up at once: no test has the time.
		ctx, cancel := context.WithCancel(t.Context())
		told := waits{do: cancel}
		_, err := listHome(ctx, newClient(t, api.url, told.told))
		require.ErrorIs(t, err, context.Canceled, "a cancel ends the wait at once")
		assert.Equal(t, []time.Duration{want}, retryWaits(&told), header)
		assert.Equal(t, 1, api.count())
	}
}

func TestRetryAfterDateIsReadByMakesClock(t *testing.T) {
	t.Parallel()
	makes := now().Add(3 * time.Hour) // ahead of the client's
	api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", makes.Format(http.TimeFormat))
		w.Header().Set("Retry-After", makes.Add(30*time.Second).Format(http.TimeFormat))
		write(w, http.StatusTooManyRequests, "")
	})
	ctx, cancel := context.WithCancel(t.Context())
	told := waits{do: cancel}
	_, err := listHome(ctx, newClient(t, api.url, told.told))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []time.Duration{30 * time.Second}, retryWaits(&told))
}

func TestNoRetryWhenTheDeadlineComesFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		kind   makeapi.Kind
	}{"429": {429, makeapi.KindRateLimit}, "503": {503, makeapi.KindUnavailable}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "60")
				write(w, test.status, "")
			})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			var told waits
			_, err := listHome(ctx, newClient(t, api.url, told.told))
			assert.Equal(t, test.kind, answerError(t, err).Kind)
			assert.Equal(t, 1, api.count())
			assert.Empty(t, told.list())
			require.NoError(t, ctx.Err(), "the answer came at once")
		})
	}
}

func TestGrowingWaitsStopAtTheDeadlineToo(t *testing.T) {
	t.Parallel()
	// Steps of 200, 400, 800, 1600 ms: the fourth outlives the deadline.
	budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: 6 * time.Second})
	api := serve(t, says(http.StatusTooManyRequests, ""))
	ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
	defer cancel()
	_, err := listHome(ctx, newClient(t, api.url, withBudget(budget)))
	answer := answerError(t, err)
	assert.Equal(t, makeapi.KindRateLimit, answer.Kind, "Make's answer, not a timeout")
	assert.Equal(t, 6*time.Second, answer.RetryAfter)
	assert.Less(t, api.count(), 5)
}

func TestBrokenConnectionIsToldWhereTheDeadlineComesFirst(t *testing.T) {
	t.Parallel()
	slow := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: 24 * time.Hour})
	_, base := simulate(t, makesim.Quirks{CutBodyEvery: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := listHome(ctx, newClient(t, base, withBudget(slow)))
	_ = connectionError(t, err)
	require.NoError(t, ctx.Err())
}

func TestWaitsAreTold(t *testing.T) {
	t.Parallel()
	api := serve(t, saysFirst(2, http.StatusServiceUnavailable, ""))
	var told waits
	mustList(t, newClient(t, api.url, told.told))
	require.Len(t, told.list(), 2)
	for _, wait := range told.list() {
		assert.Equal(t, "Make answered 503", wait.Reason)
		assert.False(t, wait.Limit)
		assert.Positive(t, wait.For)
	}
}

func TestEveryTryCountsInTheBudget(t *testing.T) {
	t.Parallel()
	minute := func(requests int) *makeapi.Budget {
		return makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: requests, Minute: 10 * time.Second})
	}
	for name, test := range map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request)
		tries  int // that the one call needs
	}{
		"retries": {saysFirst(3, http.StatusServiceUnavailable, ""), 4},
		"redirects": {func(number int, w http.ResponseWriter, r *http.Request) {
			if number < 2 {
				http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect)
				return
			}
			write(w, http.StatusOK, emptyPage)
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Each place in the budget is taken by a try.
			api := serve(t, test.answer)
			mustList(t, newClient(t, api.url, withBudget(minute(test.tries))))
			assert.Equal(t, test.tries, api.count())

			api = serve(t, test.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			_, err := listHome(ctx, newClient(t, api.url, withBudget(minute(test.tries-1))))
			var budget *makeapi.BudgetError
			require.ErrorAs(t, err, &budget)
			assert.Equal(t, test.tries-1, api.count())
			assert.Equal(t, test.tries-1, budget.Ceiling)
		})
	}
}

func TestABudgetThatIsFullOfUnansweredCallsDoesNotHideThatMakeIsSilent(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: 1, Minute: 10 * time.Second})
	client := newClient(t, api.url, withBudget(budget), func(o *makeapi.Options) { o.TryTimeout = 100 * time.Millisecond })
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	_, err := listHome(ctx, client)
	require.ErrorContains(t, err, "no whole answer within 100ms")
	assert.True(t, makeapi.IsUnreachable(err))
	assert.Equal(t, 1, api.count())
}
