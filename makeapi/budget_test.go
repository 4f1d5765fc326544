package makeapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/makeapi"
)

func TestCeilingIsHalfTheLimit(t *testing.T) {
	t.Parallel()
	const instance = "https://eu1.make.com/api/v2"
	budget := makeapi.NewBudget(makeapi.BudgetOptions{})
	assert.Equal(t, time.Minute, budget.Period())
	assert.Equal(t, 500, budget.Ceiling(instance, home), "nothing known")
	for limit, want := range map[int]int{1000: 500, 240: 120, 61: 30, 1: 1, 0: 500, -5: 500} {
		budget.SetAPILimit(instance, home, limit)
		assert.Equal(t, want, budget.Ceiling(instance, home), "%d", limit)
	}
	budget.SetAPILimit(instance, home, 60)
	assert.Equal(t, 500, budget.Ceiling(instance, foreign), "each organization has its own")
	assert.Equal(t, 500, budget.Ceiling("https://us1.make.com/api/v2", home), "each instance has its own")
}

func TestCeilingCanBeSet(t *testing.T) {
	t.Parallel()
	for set, want := range map[int]int{7: 7, 5000: 5000, makeapi.Unlimited: makeapi.Unlimited, -9: makeapi.Unlimited} {
		budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: set})
		assert.Equal(t, want, budget.Ceiling("i", home))
		budget.SetAPILimit("i", home, 60)
		assert.Equal(t, want, budget.Ceiling("i", home), "whatever the license says")
	}
}

// caller makes calls whose deadline is nearer than a place in a used-up budget.
type caller struct {
	t   *testing.T
	api *upstream
}

func newCaller(t *testing.T) caller {
	t.Helper()
	return caller{t, serve(t, says(http.StatusOK, `{"auditLogs":[],"organizations":[],"authorization":{}}`))}
}

func (c caller) list(client *makeapi.Client, organization makeapi.ID) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	_, err := client.AuditLogs.ListOrganization(ctx, organization, makeapi.ListOptions{})
	return err
}

// start makes a call that belongs to no organization.
func (c caller) start(client *makeapi.Client) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	_, err := client.Users.Authorization(ctx)
	return err
}

// refused asserts that a call finds no room, and that nothing was sent.
func (c caller) refused(ceiling int, call func() error) {
	c.t.Helper()
	before := c.api.count()
	err := call()
	var budget *makeapi.BudgetError
	require.ErrorAs(c.t, err, &budget)
	assert.Equal(c.t, ceiling, budget.Ceiling)
	assert.False(c.t, budget.Paused)
	assert.Greater(c.t, budget.Wait, 50*time.Minute)
	assert.Contains(c.t, err.Error(), fmt.Sprintf("budget of %d requests", ceiling))
	assert.Contains(c.t, budget.NextStep(), "narrow")
	assertDiscreet(c.t, err.Error())
	assert.Equal(c.t, before, c.api.count(), "nothing was sent")
}

func TestUsedUpBudgetRefusesWhatCannotWait(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	client := newClient(t, c.api.url, withBudget(limited(3)))
	for range 3 {
		require.NoError(t, c.list(client, home))
	}
	c.refused(3, func() error { return c.list(client, home) })
	require.NoError(t, c.list(client, foreign), "another organization has its own limit")
}

func TestLimitOfTheLicenseIsKept(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	budget := limited(0)
	client := newClient(t, c.api.url, withBudget(budget))
	budget.SetAPILimit(client.Instance(), home, 9)
	for range 4 {
		require.NoError(t, c.list(client, home))
	}
	c.refused(4, func() error { return c.list(client, home) })
	budget.SetAPILimit(client.Instance(), home, 12)
	for range 2 {
		require.NoError(t, c.list(client, home), "a raised limit makes room")
	}
	c.refused(6, func() error { return c.list(client, home) })
	budget.SetAPILimit(client.Instance(), home, 4)
	c.refused(2, func() error { return c.list(client, home) })
}

func TestCallsOfNoOrganizationCountForEach(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	budget := limited(0)
	client := newClient(t, c.api.url, withBudget(budget))
	require.NoError(t, c.start(client))
	require.NoError(t, c.start(client))
	budget.SetAPILimit(client.Instance(), home, 10)
	budget.SetAPILimit(client.Instance(), foreign, 8)
	for range 3 {
		require.NoError(t, c.list(client, home))
	}
	c.refused(5, func() error { return c.list(client, home) })
	c.refused(5, func() error { return c.start(client) })
	for range 2 {
		require.NoError(t, c.list(client, foreign))
	}
	c.refused(4, func() error { return c.list(client, foreign) })
}

func TestCallsBeforeAnyLimitIsKnownKeepTheLowest(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	client := newClient(t, c.api.url, withBudget(limited(0)))
	for range 15 { // half of what the smallest plan has
		require.NoError(t, c.start(client))
	}
	c.refused(15, func() error { return c.start(client) })

	client = newClient(t, c.api.url, withBudget(limited(2)))
	require.NoError(t, c.start(client))
	require.NoError(t, c.start(client))
	c.refused(2, func() error { return c.start(client) })
}

func TestClientsShareABudgetByInstance(t *testing.T) {
	t.Parallel()
	c, elsewhere := newCaller(t), newCaller(t)
	budget := limited(2)
	one := newClient(t, c.api.url, withBudget(budget))
	two := newClient(t, strings.Replace(c.api.url, "http:", "HTTP:", 1)+"/", withBudget(budget), withKey(oauthKey))
	other := newClient(t, elsewhere.api.url, withBudget(budget))
	require.NoError(t, c.list(one, home))
	require.NoError(t, c.list(two, home))
	c.refused(2, func() error { return c.list(one, home) })
	c.refused(2, func() error { return c.list(two, home) })
	require.NoError(t, elsewhere.list(other, home))
}

func TestUnlimitedBudgetNeverWaits(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	var told waits
	client := newClient(t, c.api.url, withBudget(limited(makeapi.Unlimited)), told.told)
	for range 50 {
		require.NoError(t, c.list(client, home))
		require.NoError(t, c.start(client))
	}
	assert.Empty(t, told.list())
}

func TestBudgetErrorIsRoundedUp(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		200 * time.Millisecond: "1s", time.Second: "1s", 1001 * time.Millisecond: "2s", 59*time.Second + time.Millisecond: "1m0s",
	} {
		for _, paused := range []bool{false, true} {
			err := &makeapi.BudgetError{Ceiling: 5, Wait: wait, Paused: paused}
			assert.Contains(t, err.Error(), want)
			assert.Contains(t, err.NextStep(), "in "+want)
			assert.Equal(t, paused, strings.Contains(err.Error(), "429"))
		}
	}
}

func TestWaitForTheBudgetIsToldAndTaken(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	var told waits
	budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: 1, Minute: shortMinute})
	client := newClient(t, api.url, withBudget(budget), told.told)
	for range 2 {
		mustList(t, client)
	}
	for _, wait := range told.list() {
		assert.Equal(t, "the budget of 1 requests per minute is used up", wait.Reason)
		assert.True(t, wait.Limit)
		assert.Positive(t, wait.For)
		assert.LessOrEqual(t, wait.For, shortMinute)
	}
	arrivals := api.received()
	require.Len(t, arrivals, 2)
	assert.GreaterOrEqual(t, arrivals[1].at.Sub(arrivals[0].at), shortMinute)
}

func TestCancelEndsTheWaitForTheBudget(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	ctx, cancel := context.WithCancel(t.Context())
	told := waits{do: cancel}
	client := newClient(t, api.url, withBudget(limited(1)), told.told)
	_, err := listHome(ctx, client)
	require.NoError(t, err)
	_, err = listHome(ctx, client)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, told.list(), 1)
	assert.Greater(t, told.list()[0].For, 50*time.Minute)
	assert.Equal(t, 1, api.count())
}

func TestRaisedLimitWakesWhoWaits(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	budget := limited(0)
	var told waits
	client := newClient(t, api.url, withBudget(budget), told.told)
	budget.SetAPILimit(client.Instance(), home, 2)
	mustList(t, client)
	raise := sync.OnceFunc(func() { go budget.SetAPILimit(client.Instance(), home, 4) })
	told.do = raise
	_, err := listHome(t.Context(), client) // would wait for an hour
	require.NoError(t, err)
	assert.NotEmpty(t, told.list())
}

func TestRateLimitPausesTheOthers(t *testing.T) {
	t.Parallel()
	for name, ceiling := range map[string]int{"with a budget": 100, "unlimited": makeapi.Unlimited} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t, func(number int, w http.ResponseWriter, _ *http.Request) {
				if number == 0 {
					w.Header().Set("Retry-After", "100")
					write(w, http.StatusTooManyRequests, "")
					return
				}
				write(w, http.StatusOK, emptyPage)
			})
			c := caller{t, api}
			budget := limited(ceiling)
			assert.Equal(t, makeapi.KindRateLimit, answerError(t, c.list(newClient(t, api.url, withBudget(budget)), home)).Kind)

			// Another client of the same process, which cannot wait.
			other := newClient(t, api.url, withBudget(budget))
			err := c.list(other, home)
			var refused *makeapi.BudgetError
			require.ErrorAs(t, err, &refused)
			assert.True(t, refused.Paused)
			assert.Greater(t, refused.Wait, 30*time.Second)
			assert.LessOrEqual(t, refused.Wait, 100*time.Second)
			assert.Contains(t, err.Error(), "429")
			assert.Equal(t, 1, api.count())

			// One that can, and is told why.
			ctx, cancel := context.WithCancel(t.Context())
			told := waits{do: cancel}
			_, err = listHome(ctx, newClient(t, api.url, withBudget(budget), told.told))
			require.ErrorIs(t, err, context.Canceled)
			require.Len(t, told.list(), 1)
			assert.Equal(t, "Make's limit of requests per minute is used up", told.list()[0].Reason)
			assert.True(t, told.list()[0].Limit)
			assert.Equal(t, 1, api.count())

			// Make counts by organization.
			require.NoError(t, c.list(other, foreign))
			require.NoError(t, c.start(other))
		})
	}
}

func TestSuccessAfterARateLimitLeavesNoPause(t *testing.T) {
	t.Parallel()
	api := serve(t, saysFirst(1, http.StatusTooManyRequests, ""))
	client := newClient(t, api.url)
	for range 3 {
		mustList(t, client)
	}
	assert.Equal(t, 4, api.count())
}

// TestNoWindowHoldsMoreThanTheCeiling is the promise of the budget: whatever calls in whatever order, retries and calls of no organization
// included, no minute on Make's side holds more than half of an organization's limit.
func TestNoWindowHoldsMoreThanTheCeiling(t *testing.T) {
	t.Parallel()
	const odd = 3 // every third call fails at first
	var mu sync.Mutex
	failed := map[string]bool{}
	api := serve(t, func(number int, w http.ResponseWriter, r *http.Request) {
		if number%5 == 0 {
			time.Sleep(20 * time.Millisecond) // answers take their time, and not the same
		}
		mu.Lock()
		fail := r.URL.Query().Get("pg[offset]") != "" && len(r.URL.RawQuery)%odd == 0 && !failed[r.RequestURI]
		failed[r.RequestURI] = true
		mu.Unlock()
		switch {
		case fail && number%2 == 0:
			write(w, http.StatusTooManyRequests, "")
		case fail:
			write(w, http.StatusServiceUnavailable, "")
		default:
			write(w, http.StatusOK, `{"auditLogs":[],"authorization":{}}`)
		}
	})
	budget := makeapi.NewBudget(makeapi.BudgetOptions{Minute: shortMinute})
	clients := []*makeapi.Client{newClient(t, api.url, withBudget(budget)), newClient(t, api.url, withBudget(budget), withKey(oauthKey))}
	ceilings := map[makeapi.ID]int{home: 12, foreign: 9}
	for organization, ceiling := range ceilings {
		budget.SetAPILimit(clients[0].Instance(), organization, 2*ceiling)
	}

	var group sync.WaitGroup
	ctx := t.Context()
	for worker := range 24 {
		client := clients[worker%len(clients)]
		group.Go(func() {
			if worker%4 == 0 {
				_, err := client.Users.Authorization(ctx)
				assert.NoError(t, err)
			}
			for _, organization := range []makeapi.ID{home, foreign} {
				_, err := client.AuditLogs.ListOrganization(ctx, organization,
					makeapi.ListOptions{Offset: 10*worker + 1, Limit: 1 + worker*worker*worker})
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()

	arrivals := api.received()
	require.Greater(t, len(arrivals), 54, "some were retried")
	for organization, ceiling := range ceilings {
		var counted []time.Time
		for _, a := range arrivals {
			if strings.Contains(a.path, "/organization/"+string(organization)+"?") || strings.Contains(a.path, "/users/") {
				counted = append(counted, a.at)
			}
		}
		slices.SortFunc(counted, time.Time.Compare)
		require.Greater(t, len(counted), 2*ceiling, "enough to fill more than one window")
		for i := ceiling; i < len(counted); i++ {
			assert.GreaterOrEqual(t, counted[i].Sub(counted[i-ceiling]), shortMinute,
				"%d requests of %s within one period", ceiling+1, organization)
		}
	}
}

func TestBudgetIsUsedNotHoarded(t *testing.T) {
	t.Parallel()
	api := serve(t, says(http.StatusOK, emptyPage))
	budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: 10, Minute: time.Hour})
	client := newClient(t, api.url, withBudget(budget))
	var group sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for range 10 {
		group.Go(func() {
			_, err := listHome(ctx, client)
			assert.NoError(t, err)
		})
	}
	group.Wait()
	assert.Equal(t, 10, api.count())
}
