package makeapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/makeapi"
)

func TestMakeIsOutOfReachHoweverItFailsToAnswer(t *testing.T) {
	t.Parallel()
	for name, url := range audittest.OutOfReach(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, url, func(o *makeapi.Options) { o.TryTimeout = 150 * time.Millisecond })
			_, err := listHome(t.Context(), client)
			require.Error(t, err)
			assert.True(t, makeapi.IsUnreachable(err), "%v", err)
			assert.True(t, makeapi.IsUnreachable(fmt.Errorf("what a caller says: %w", err)))
			assertDiscreet(t, err.Error())
			var advice interface{ NextStep() string }
			require.ErrorAs(t, err, &advice)
			assert.NotEmpty(t, advice.NextStep())
		})
	}
}

func TestAnswersOfMakeAreNotOutOfReach(t *testing.T) {
	t.Parallel()
	for _, status := range []int{304, 400, 401, 402, 403, 404, 409, 413, 424, 429} {
		api := serve(t, says(status, `{"detail":"No.","message":"No","code":"SC000"}`))
		_, err := listHome(t.Context(), newClient(t, api.url))
		require.Error(t, err)
		assert.False(t, makeapi.IsUnreachable(err), "%d: %v", status, err)
	}
	assert.False(t, makeapi.IsUnreachable(nil))
	assert.False(t, makeapi.IsUnreachable(errors.New("of another sort")))
	assert.False(t, makeapi.IsUnreachable(&makeapi.BudgetError{}), "nothing was asked")
}

func TestACallerWhoGoesAwayDoesNotMeanThatMakeIsOutOfReach(t *testing.T) {
	t.Parallel()
	breakages := audittest.Breakages()
	for name, handler := range map[string]http.HandlerFunc{"asked": breakages["silent"], "retrying": breakages["503"]} {
		ctx, cancel := context.WithCancel(t.Context())
		api := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			time.AfterFunc(20*time.Millisecond, cancel)
			handler(w, r)
		})
		budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited})
		_, err := listHome(ctx, newClient(t, api.url, withBudget(budget)))
		require.ErrorIs(t, err, context.Canceled, name)
		assert.False(t, makeapi.IsUnreachable(err), name)
	}
}

func TestTimeThatRunsOutOverMakeMeansThatItIsOutOfReach(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	_, err := listHome(ctx, newClient(t, api.url))
	assert.True(t, makeapi.IsUnreachable(err), "%v", err)
}

// What the last try met says more than that time is over.
func TestACallersDeadlineDoesNotHideWhatWentWrong(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]http.HandlerFunc{
		"no whole answer within 300ms": audittest.Breakages()["silent"], "Make answered 503": audittest.Breakages()["503"],
		"cut after": audittest.Breakages()["closed amid the body"],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(number int, w http.ResponseWriter, r *http.Request) {
				if number == 0 {
					first(w, r)
					return
				}
				<-r.Context().Done()
			})
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // enough for a second try on a busy machine
			defer cancel()
			_, err := listHome(ctx, newClient(t, api.url, func(o *makeapi.Options) {
				if strings.Contains(name, "within") {
					o.TryTimeout = 300 * time.Millisecond
				}
			}))
			require.ErrorContains(t, err, name)
			assert.GreaterOrEqual(t, api.count(), 2)
		})
	}
}

func TestASilentMakeIsTriedTwice(t *testing.T) {
	t.Parallel()
	api := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := listHome(t.Context(), newClient(t, api.url, func(o *makeapi.Options) { o.TryTimeout = 50 * time.Millisecond }))
	_ = connectionError(t, err)
	assert.Equal(t, 2, api.count(), "a try's time is long, and people wait")
}
