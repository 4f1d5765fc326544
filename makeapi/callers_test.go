package makeapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/makeapi"
)

// sharedMake is a Make whose answers take a tenth of a second. Keys are named after their user and, behind a dash, the organization that
// lets them in; those of made-up keys begin with "bad".
type sharedMake struct {
	budget *makeapi.Budget

	mu       sync.Mutex
	received []string // "key path", in order of arrival
	limited  map[string]bool
}

func newSharedMake(options makeapi.BudgetOptions) *sharedMake {
	return &sharedMake{budget: makeapi.NewBudget(options), limited: map[string]bool{}}
}

func (m *sharedMake) RoundTrip(request *http.Request) (*http.Response, error) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
	_, key, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	path := strings.TrimPrefix(request.URL.Path, "/api/v2")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.received = append(m.received, key+" "+path)
	_, lets, _ := strings.Cut(key, "-")
	_, asked, names := strings.Cut(path, "/organization/")
	response := func(status int, body string) (*http.Response, error) {
		return answering(status, []byte(body))(request)
	}
	switch {
	case m.limited[key+" "+path]:
		answer, err := response(http.StatusTooManyRequests, "")
		answer.Header.Set("Retry-After", "100")
		return answer, err
	case strings.HasPrefix(key, "bad"):
		return response(http.StatusUnauthorized, `{"message":"Access denied."}`)
	case names && asked != lets:
		return response(http.StatusForbidden, `{"code":"SC403","message":"Access denied."}`)
	case strings.HasPrefix(path, "/audit-logs/"+lets+"/"):
		return response(http.StatusNotFound, `{"code":"IM004","message":"Not found."}`)
	}
	return response(http.StatusOK, `{"auditLogs":[],"organizations":[],"authorization":{}}`)
}

// asked counts the requests whose key begins so.
func (m *sharedMake) asked(prefix string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := 0
	for _, request := range m.received {
		if strings.HasPrefix(request, prefix) {
			count++
		}
	}
	return count
}

// keyHolder is a caller with a key of their own.
type keyHolder struct {
	t            testing.TB
	client       *makeapi.Client
	organization makeapi.ID
}

// from is a caller whose key is an own one, at an address.
func (m *sharedMake) from(t *testing.T, address, key string) keyHolder {
	t.Helper()
	_, organization, _ := strings.Cut(key, "-")
	return keyHolder{t, newClient(t, "https://make.test/api/v2", withBudget(m.budget), withKey(key), withTransport(m),
		func(o *makeapi.Options) {
			o.Caller = func(context.Context) string { return key }
			o.Origin = func(context.Context) string { return address }
		}), makeapi.ID(organization)}
}

// sharing is a caller who shares the operator's key.
func (m *sharedMake) sharing(t testing.TB, name, key string) keyHolder {
	t.Helper()
	_, organization, _ := strings.Cut(key, "-")
	return keyHolder{t, newClient(t, "https://make.test/api/v2", withBudget(m.budget), withKey(key), withTransport(m),
		func(o *makeapi.Options) { o.Caller = func(context.Context) string { return name } }), makeapi.ID(organization)}
}

// call makes a call within the time that a tool has, and returns how long it took.
func (k keyHolder) call(do func(context.Context) error) (time.Duration, error) {
	const toolTime = 50 * time.Second
	ctx, cancel := context.WithTimeout(k.t.Context(), toolTime)
	defer cancel()
	begun := time.Now()
	err := do(ctx)
	return time.Since(begun), err
}

func (k keyHolder) whoAmI() (time.Duration, error) {
	return k.call(func(ctx context.Context) error { _, err := k.client.Users.Authorization(ctx); return err })
}

func (k keyHolder) listOf(organization makeapi.ID) (time.Duration, error) {
	return k.call(func(ctx context.Context) error {
		_, err := k.client.AuditLogs.ListOrganization(ctx, organization, makeapi.ListOptions{})
		return err
	})
}

func (k keyHolder) list() (time.Duration, error) { return k.listOf(k.organization) }

func (k keyHolder) detail(uuid string) error {
	_, err := k.call(func(ctx context.Context) error {
		_, err := k.client.AuditLogs.Get(ctx, k.organization, uuid)
		return err
	})
	return err
}

// servedAtOnce asserts that calls wait for nothing.
func servedAtOnce(t *testing.T, calls ...func() (time.Duration, error)) {
	t.Helper()
	for _, call := range calls {
		took, err := call()
		require.NoError(t, err)
		assert.Equal(t, 100*time.Millisecond, took)
	}
}

func noBudget(t *testing.T, err error) *makeapi.BudgetError {
	t.Helper()
	var refused *makeapi.BudgetError
	require.ErrorAs(t, err, &refused)
	return refused
}

func TestARateLimitWithoutAnOrganizationPausesItsCredentialOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		ann, bob := m.from(t, "a", "annskey-1"), m.from(t, "a", "bobskey-1")
		cid := m.from(t, "a", "cidskey-1")
		servedAtOnce(t, ann.list, bob.list, cid.list)
		m.limited["annskey-1 /users/me/current-authorization"] = true
		_, err := ann.whoAmI()
		assert.Equal(t, makeapi.KindRateLimit, answerError(t, err).Kind)
		_, err = ann.whoAmI()
		assert.True(t, noBudget(t, err).Paused)
		servedAtOnce(t, bob.whoAmI, bob.list, ann.list, m.from(t, "a", "newbies-2").whoAmI)
		require.NoError(t, ann.client.Ping(t.Context()), "whether Make answers is nobody's to use up")

		m.limited["cidskey-1 /audit-logs/organization/9"] = true
		_, err = cid.listOf("9")
		assert.Equal(t, makeapi.KindRateLimit, answerError(t, err).Kind, "an organization that she does not belong to")
		servedAtOnce(t, m.from(t, "a", "nineskey-9").list, bob.whoAmI)
	})
}

func TestMadeUpKeysSpendTheAllowanceOfWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		ann := m.from(t, "proxy", "annskey-1")
		servedAtOnce(t, ann.whoAmI)
		var attack sync.WaitGroup
		for i := range 480 {
			attack.Go(func() {
				time.Sleep(time.Duration(i) * time.Second / 60)
				_, _ = m.from(t, "proxy", fmt.Sprint("badkey", i)).listOf("1")
			})
		}
		time.Sleep(10 * time.Second)
		assert.Equal(t, 59, m.asked("bad"), "one was Ann's")
		for range 300 {
			servedAtOnce(t, ann.list)
		}
		servedAtOnce(t, m.from(t, "elsewhere", "bobskey-1").list)
		attack.Wait()
		assert.Equal(t, 59, m.asked("bad"), "who cannot wait for so long is refused")
	})
}

func TestABadKeyIsShownToMakeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() {
				_, err := m.from(t, "a", "badkey-1").list()
				assert.Equal(t, makeapi.KindUnauthorized, answerError(t, err).Kind)
			})
		}
		calls.Wait()
		assert.Equal(t, 1, m.asked("bad"), "side by side, too")
		assert.Equal(t, makeapi.Refused, m.budget.Standing("https://make.test/api/v2", "badkey-1"))
		_, err := m.from(t, "another", "badkey-1").whoAmI()
		assert.Contains(t, err.Error(), "not tried again for 5m0s")
		assert.Contains(t, answerError(t, err).NextStep(), "does not know this API key")
		time.Sleep(5 * time.Minute)
		_, _ = m.from(t, "a", "badkey-1").list()
		assert.Equal(t, 2, m.asked("bad"), "it may have been made since")
		for i := range 10 { // of an operator's own key nothing is remembered: it may have been replaced
			_, _ = m.sharing(t, "ann", "badoperator").whoAmI()
			assert.Equal(t, 1+i, m.asked("badoperator"))
		}
	})
}

func TestAKeyThatMakeRefusesAfterAllIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		const instance = "https://make.test/api/v2"
		status := http.StatusOK
		ann := keyHolder{t, newClient(t, instance, withBudget(m.budget), withKey("annskey-1"),
			withTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
				return answering(status, []byte(`{"auditLogs":[]}`))(r)
			})), func(o *makeapi.Options) { o.Origin = func(context.Context) string { return "a" } }), "1"}
		assert.Equal(t, makeapi.Unproven, m.budget.Standing(instance, "annskey-1"))
		_, err := ann.list()
		require.NoError(t, err)
		assert.Equal(t, makeapi.Accepted, m.budget.Standing(instance, "annskey-1"))
		status = http.StatusUnauthorized
		for _, standing := range []makeapi.Standing{makeapi.Unproven, makeapi.Refused, makeapi.Refused} {
			_, err = ann.list()
			require.Error(t, err)
			assert.Equal(t, standing, m.budget.Standing(instance, "annskey-1"))
		}
	})
}

func TestOneMoreKeyIsKnownHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	const kept = 10_000
	budget := makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited})
	const url = "https://make.test/api/v2"
	for i := range kept + 2 {
		key := fmt.Sprint("key", i)
		client := newClient(t, url, withBudget(budget), withKey(key), withTransport(answering(http.StatusOK, []byte(`{"authorization":{}}`))),
			func(o *makeapi.Options) { o.Origin = func(context.Context) string { return "somewhere" } })
		_, err := client.Users.Authorization(t.Context())
		require.NoError(t, err)
		require.Equal(t, makeapi.Accepted, budget.Standing(url, key), key)
	}
}

func TestTheTightestCeilingIsItsOrganizationsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		ann, bob := m.from(t, "a", "annskey-1"), m.from(t, "b", "bobskey-2")
		servedAtOnce(t, ann.list, bob.list)
		m.budget.SetAPILimit(ann.client.Instance(), "1", 8)
		for range 100 {
			servedAtOnce(t, bob.whoAmI)
		}
		var err error
		for range 4 {
			_, err = ann.whoAmI()
		}
		assert.Equal(t, 4, noBudget(t, err).Ceiling, "her own calls keep it")
	})
}

func TestWhoIsNotLetInSpendsNothingOfAnOrganization(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		ann, eve := m.from(t, "a", "annskey-1"), m.from(t, "b", "eveskey-2")
		servedAtOnce(t, ann.list, eve.whoAmI)
		m.budget.SetAPILimit(ann.client.Instance(), "1", 100)
		var attack sync.WaitGroup
		for range 100 {
			attack.Go(func() { _, _ = eve.listOf("1") })
		}
		time.Sleep(time.Second)
		assert.Equal(t, 1+15, m.asked("eve"), "her own")
		for range 33 { // of 50 two thirds, as one of several
			servedAtOnce(t, ann.list)
		}
		attack.Wait()
	})
}

func TestDetailsTakeHalfAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		ann, bob := m.sharing(t, "ann", "operator-1"), m.sharing(t, "bob", "operator-1")
		var attack sync.WaitGroup
		for i := range 520 {
			attack.Go(func() { _ = ann.detail(fmt.Sprint("made-up-", i)) })
		}
		time.Sleep(time.Second)
		assert.Equal(t, 167, m.asked("operator"), "two thirds of half")
		for i := range 25 {
			begun := time.Now()
			var refused *makeapi.BudgetError
			require.NotErrorAs(t, bob.detail(fmt.Sprint("other-", i)), &refused)
			assert.Less(t, time.Since(begun), time.Second, "it waits for nothing")
		}
		for range 60 {
			servedAtOnce(t, bob.list)
		}
		servedAtOnce(t, ann.list)
		attack.Wait()
	})
}

// greedy keeps a caller asking, until the test ends.
func (k keyHolder) greedy(atOnce int) {
	for range atOnce {
		go func() {
			for k.t.Context().Err() == nil {
				_, _ = k.client.AuditLogs.ListOrganization(k.t.Context(), k.organization, makeapi.ListOptions{})
			}
		}()
	}
}

// question makes so many calls, eight at a time, and returns how long they took together.
func (k keyHolder) question(calls int) time.Duration {
	k.t.Helper()
	ctx, begun := k.t.Context(), time.Now()
	var group sync.WaitGroup
	places := make(chan struct{}, 8)
	for range calls {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			_, err := k.client.AuditLogs.ListOrganization(ctx, k.organization, makeapi.ListOptions{})
			assert.NoError(k.t, err)
		})
	}
	group.Wait()
	return time.Since(begun)
}

// BenchmarkAModestCallerBesideAGreedyOne reports how many times as long a question takes beside a greedy caller as alone; minutes are
// short.
func BenchmarkAModestCallerBesideAGreedyOne(b *testing.B) {
	minute := makeapi.BudgetOptions{RequestsPerMinute: 500, Minute: 3 * time.Second}
	const calls = 90
	for b.Loop() {
		alone := newSharedMake(minute).sharing(b, "ann", "operator-1").question(calls)
		m := newSharedMake(minute)
		m.sharing(b, "greedy", "operator-1").greedy(32)
		time.Sleep(4 * time.Second)
		beside := m.sharing(b, "ann", "operator-1").question(calls)
		b.ReportMetric(beside.Seconds()/alone.Seconds(), "times-alone")
	}
}

func TestBesideAGreedyCallerAModestOneWaitsAtMostTwiceAsLong(t *testing.T) {
	t.Parallel()
	for _, calls := range []int{20, 90} {
		synctest.Test(t, func(t *testing.T) {
			alone := newSharedMake(makeapi.BudgetOptions{}).sharing(t, "ann", "operator-1").question(calls)
			m := newSharedMake(makeapi.BudgetOptions{})
			m.sharing(t, "greedy", "operator-1").greedy(32)
			time.Sleep(2*time.Minute + 17*time.Second)
			beside := m.sharing(t, "ann", "operator-1").question(calls)
			assert.LessOrEqual(t, beside, 2*alone, "%d calls take %s alone, %s beside a greedy caller", calls, alone, beside)
		})
	}
}

func TestWhoHasSpentLittleComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{RequestsPerMinute: 20})
		for i := range 20 { // together they take everything
			m.sharing(t, fmt.Sprint("greedy", i), "operator-1").greedy(4)
		}
		time.Sleep(30 * time.Second)
		assert.Equal(t, 20, m.asked("operator"))
		took := m.sharing(t, "ann", "operator-1").question(3)
		assert.Less(t, took, 4*time.Minute, "she goes before all who have had a turn since she came, however many calls they have waiting")
	})
}

func TestOneCallerAloneHasTheWholeBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newSharedMake(makeapi.BudgetOptions{})
		client := newClient(t, "https://make.test/api/v2", withBudget(m.budget), withKey("operator-1"), withTransport(m))
		alone := keyHolder{t, client, "1"}
		var calls sync.WaitGroup
		for i := range 520 {
			calls.Go(func() { _ = alone.detail(fmt.Sprint("made-up-", i)) })
		}
		time.Sleep(time.Second)
		assert.Equal(t, 500, m.asked("operator"))
		calls.Wait()
	})
}
