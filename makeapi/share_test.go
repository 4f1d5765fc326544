package makeapi_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// board is what replicas share, with a clock of its own and failures. It is for bubbles of synctest.
type board struct {
	mu      sync.Mutex // for what follows
	values  map[string][]byte
	locks   map[string]chan struct{}
	ahead   time.Duration // its clock
	behave  func() behaviour
	latency func() time.Duration
	changes int
}

// behaviour is what becomes of a change.
type behaviour int

const (
	works behaviour = iota
	isAway
	isRefused
	hangs
	isUnheardOf // it is done, and the answer is lost
	isLost      // it is made, but not stored
	isRepeated  // the first try was not heard of
)

var errAway = errors.New("the store is away")

func newBoard() *board {
	return &board{values: map[string][]byte{}, locks: map[string]chan struct{}{}, behave: func() behaviour { return works },
		latency: func() time.Duration { return 2 * time.Millisecond }}
}

func (b *board) now() time.Time { return time.Now().Add(b.ahead).UTC() }

func (b *board) Change(ctx context.Context, name string, change func([]byte, time.Time) []byte) error {
	b.mu.Lock()
	lock := b.locks[name]
	if lock == nil {
		lock = make(chan struct{}, 1)
		b.locks[name] = lock
	}
	is, latency := b.behave(), b.latency()
	b.changes++
	b.mu.Unlock()
	if is == hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(latency / 2)
	switch is {
	case isAway:
		return errAway
	case isRefused:
		return fmt.Errorf("%w: it is read only", makeapi.ErrNotShared)
	}
	select {
	case lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-lock }()
	b.mu.Lock()
	old, at := b.values[name], b.now()
	b.mu.Unlock()
	time.Sleep(latency / 2) // the time was read before the change is made
	tries := 1
	if is == isRepeated {
		tries = 2
	}
	for range tries {
		old = change(old, at)
	}
	if is == isLost {
		return errAway
	}
	b.mu.Lock()
	b.values[name] = old
	b.mu.Unlock()
	if is == isUnheardOf {
		return errAway
	}
	return nil
}

// changed is how many changes were asked for.
func (b *board) changed() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changes
}

// set changes how it behaves, or its clock.
func (b *board) set(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

// counted is a Make that notes when calls arrive, some time after they were sent and before they are answered.
type counted struct {
	mu       sync.Mutex
	arrivals []time.Time
	way      func() time.Duration
	answer   func() (status int, header http.Header)
}

func (m *counted) RoundTrip(request *http.Request) (*http.Response, error) {
	there, back := m.way(), m.way()
	for i, leg := range []time.Duration{there, back} {
		select {
		case <-time.After(leg):
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
		if i == 0 {
			m.mu.Lock()
			m.arrivals = append(m.arrivals, time.Now())
			m.mu.Unlock()
		}
	}
	status, header := http.StatusOK, http.Header{}
	if m.answer != nil {
		status, header = m.answer()
	}
	response, err := answering(status, []byte(emptyPage))(request)
	response.Header = header
	return response, err
}

// count is how many calls arrived.
func (m *counted) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.arrivals)
}

// most is the largest number of calls in any minute.
func (m *counted) most(minute time.Duration) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	most, first := 0, 0
	for i, at := range m.arrivals {
		for at.Sub(m.arrivals[first]) >= minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// replica is a process that shares a budget.
type replica struct {
	budget *makeapi.Budget
	client *makeapi.Client
	told   func() []makeapi.Sharing // so far
}

// newReplica starts one, with a credential of its own.
func newReplica(t testing.TB, m http.RoundTripper, with makeapi.Shared, options makeapi.BudgetOptions) replica {
	t.Helper()
	budget := makeapi.NewBudget(options)
	var told []makeapi.Sharing
	budget.Share(with, func(s makeapi.Sharing) { told = append(told, s) })
	return replica{budget, newClient(t, "https://make.test/api/v2", withBudget(budget), withTransport(m),
		func(o *makeapi.Options) { o.TryTimeout, o.Now = 10*time.Second, time.Now }),
		func() []makeapi.Sharing {
			synctest.Wait()
			return told
		}}
}

// call makes a call within some time.
func (r replica) call(t testing.TB, within time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	_, err := r.client.AuditLogs.ListOrganization(ctx, home, makeapi.ListOptions{})
	return err
}

// busy makes calls side by side until some time has passed.
func (r replica) busy(t testing.TB, side int, span time.Duration) {
	ctx, cancel := context.WithCancel(t.Context()) // without a deadline, which calls would look at
	defer time.AfterFunc(span, cancel).Stop()
	defer cancel()
	var group sync.WaitGroup
	for range side {
		group.Go(func() {
			for ctx.Err() == nil {
				_, _ = r.client.AuditLogs.ListOrganization(ctx, home, makeapi.ListOptions{})
			}
		})
	}
	group.Wait()
}

func random(from *rand.Rand, least, most time.Duration) func() time.Duration {
	return func() time.Duration { return least + time.Duration(from.Int64N(int64(most-least))) }
}

// steady is a Make that takes some tenths of a second.
func steady(seed uint64) *counted {
	from := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	draw := random(from, 20*time.Millisecond, 200*time.Millisecond)
	return &counted{way: func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return draw()
	}}
}

// settle waits for what still asks.
func settle() { time.Sleep(time.Minute) }

func TestReplicasUseOneBudgetUpAndNoMore(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 2, 3, 8} {
		for _, ceiling := range []int{1, 7, 60, 500} {
			t.Run(fmt.Sprintf("%d replicas, %d a minute", replicas, ceiling), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					const minutes = 5
					m, shared := steady(1), newBoard()
					var group sync.WaitGroup
					for range replicas {
						r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: ceiling})
						group.Go(func() { r.busy(t, 10, minutes*time.Minute) })
					}
					group.Wait()
					assert.LessOrEqual(t, m.most(time.Minute), ceiling)
					assert.Greater(t, m.count(), ceiling*minutes*9/10)
					t.Logf("%d of %d, most in a minute %d, %d changes", m.count(), ceiling*minutes, m.most(time.Minute), shared.changed())
					settle()
				})
			})
		}
	}
}

// TestNoMinuteHoldsMoreThanTheCeilingOfAllReplicas has replicas call and rest, over a store whose clock jumps and that fails, hangs and
// loses answers. It jumps back in one half of the cases, in which replicas also come and die, and forward in the other: one that comes
// cannot know that it went forward, nor one that rested that it did so after it had gone back.
func TestNoMinuteHoldsMoreThanTheCeilingOfAllReplicas(t *testing.T) {
	t.Parallel()
	for seed := range logtest.UnderRace[uint64](40, 4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { chaos(t, seed) })
		})
	}
}

func chaos(t *testing.T, seed uint64) {
	const span, replicas = 8 * time.Minute, 4
	from := rand.New(rand.NewPCG(seed, 2))
	slow := rand.New(rand.NewPCG(seed, 3))
	ceiling := []int{5, 40, 200, 1000}[from.IntN(4)]
	jumps := []time.Duration{-time.Hour, -30 * time.Second, -5 * time.Second}
	die := seed%2 == 0
	if !die {
		jumps = []time.Duration{time.Hour, 30 * time.Second, 5 * time.Second}
	}
	m, shared := steady(seed), newBoard()
	shared.latency = func() time.Duration { return time.Duration(slow.Int64N(int64(100 * time.Millisecond))) }
	// All of this is short of an outage in which replicas keep to their parts.
	shared.behave = func() behaviour {
		return []behaviour{works, works, works, works, works, works, isUnheardOf, isLost, isRepeated, isAway, hangs}[slow.IntN(11)]
	}
	ends := time.Now().Add(span)
	var group sync.WaitGroup
	for range replicas {
		own := rand.New(rand.NewPCG(from.Uint64(), 4))
		r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: ceiling})
		group.Go(func() {
			for time.Now().Before(ends) {
				r.busy(t, 1+own.IntN(12), time.Duration(own.Int64N(int64(time.Minute))))
				time.Sleep(time.Duration(own.Int64N(int64(20 * time.Second))))
				if die && own.IntN(3) > 0 {
					if own.IntN(2) == 0 {
						r.budget.Close(t.Context())
					}
					r = newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: ceiling})
				}
			}
		})
	}
	group.Go(func() {
		for time.Now().Before(ends) {
			time.Sleep(time.Duration(10+from.IntN(60)) * time.Second)
			shared.set(func() { shared.ahead += jumps[from.IntN(len(jumps))] })
		}
	})
	group.Wait()
	assert.LessOrEqual(t, m.most(time.Minute), ceiling, "seed %d", seed)
	assert.Greater(t, m.count(), ceiling)
	t.Logf("ceiling %d: most in a minute %d; %d calls", ceiling, m.most(time.Minute), m.count())
	settle()
}

func TestWhileTheStoreIsAwayReplicasKeepToEqualParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ceiling, replicas = 300, 3
		m, shared := steady(1), newBoard()
		var all []replica
		var group sync.WaitGroup
		for range replicas {
			r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: ceiling})
			all = append(all, r)
			group.Go(func() { r.busy(t, 10, 20*time.Minute) })
		}
		time.Sleep(3 * time.Minute)
		for _, r := range all {
			assert.Equal(t, makeapi.Sharing{Replicas: replicas}, r.budget.Sharing())
		}
		shared.set(func() { shared.behave = func() behaviour { return isAway } })
		time.Sleep(2 * time.Minute)
		before := m.count()
		time.Sleep(3 * time.Minute)
		assert.InDelta(t, 3*ceiling, m.count()-before, ceiling/4, "parts are used up")
		for _, r := range all {
			is := r.budget.Sharing()
			require.ErrorIs(t, is.Err, errAway)
			assert.Equal(t, replicas, is.Replicas)
			assert.False(t, is.Own)
		}
		shared.set(func() { shared.behave = func() behaviour { return hangs } })
		time.Sleep(3 * time.Minute)
		shared.set(func() { shared.behave = func() behaviour { return works } })
		group.Wait()
		assert.LessOrEqual(t, m.most(time.Minute), ceiling)
		for _, r := range all {
			assert.NoError(t, r.budget.Sharing().Err)
			require.Len(t, r.told(), 2, "once that it is away, once that it is back")
		}
		settle()
	})
}

func TestABudgetThatCannotBeSharedIsTheProcessesOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shared := steady(1), newBoard()
		shared.behave = func() behaviour { return isRefused }
		r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 20})
		begun := time.Now()
		for range 20 {
			require.NoError(t, r.call(t, 30*time.Second))
		}
		assert.Less(t, time.Since(begun), 20*time.Second)
		require.Len(t, r.told(), 1)
		assert.True(t, r.told()[0].Own)
		require.ErrorIs(t, r.told()[0].Err, makeapi.ErrNotShared)
		var refused *makeapi.BudgetError
		require.ErrorAs(t, r.call(t, time.Second), &refused)
		assert.False(t, refused.Away)
		shared.set(func() { shared.behave = func() behaviour { return works } })
		time.Sleep(2 * time.Minute)
		require.NoError(t, r.call(t, 30*time.Second))
		settle()
		assert.Equal(t, makeapi.Sharing{Replicas: 1}, r.budget.Sharing(), "it is shared once the rights are there")
		shared.set(func() { shared.behave = func() behaviour { return isRefused } })
		r.busy(t, 20, 10*time.Second)
		assert.False(t, r.budget.Sharing().Own, "others may use what they were given")
		settle()
	})
}

// What cannot be reached from the start says nothing of the others: nobody takes the whole for itself at once. Calls are held up, and hang
// for no longer than they may.
func TestWhatWasNeverReachedIsWaitedForAWhile(t *testing.T) {
	t.Parallel()
	for _, is := range []behaviour{isAway, hangs} {
		synctest.Test(t, func(t *testing.T) {
			m, shared := steady(1), newBoard()
			shared.behave = func() behaviour { return is }
			r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 20})
			begun := time.Now()
			var refused *makeapi.BudgetError
			require.ErrorAs(t, r.call(t, 30*time.Second), &refused)
			assert.True(t, refused.Away)
			assert.LessOrEqual(t, time.Since(begun), 30*time.Second)
			assert.Zero(t, m.count())
			require.NoError(t, r.call(t, 2*time.Minute))
			assert.Greater(t, time.Since(begun), time.Minute)
			settle()
		})
	}
}

func TestWhoSharesIsToldWhyItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shared := steady(1), newBoard()
		one := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 30})
		other := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 30})
		one.busy(t, 10, 20*time.Second)
		var refused *makeapi.BudgetError
		err := other.call(t, time.Second)
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, 30, refused.Ceiling)
		assert.Positive(t, refused.Wait)
		time.Sleep(time.Second)
		require.ErrorContains(t, other.call(t, time.Second), "which 2 processes share, is used up")
		assert.Equal(t, 30, m.count())
		shared.set(func() { shared.behave = func() behaviour { return isAway } })
		time.Sleep(10 * time.Second)
		require.ErrorAs(t, other.call(t, 30*time.Second), &refused)
		time.Sleep(40 * time.Second)
		err = other.call(t, time.Second)
		require.ErrorAs(t, err, &refused)
		assert.True(t, refused.Away)
		assert.Contains(t, err.Error(), "how much they use cannot be learned")
		assertDiscreet(t, err.Error())
		time.Sleep(10 * time.Second)
	})
}

// A 429 that one replica gets pauses the organization for all.
func TestARateLimitPausesAllReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shared := steady(1), newBoard()
		one := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 300})
		other := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 300})
		require.NoError(t, other.call(t, time.Minute))
		m.answer = func() (int, http.Header) { return http.StatusTooManyRequests, http.Header{"Retry-After": {"100"}} }
		require.Error(t, one.call(t, 10*time.Second))
		m.answer = nil
		time.Sleep(10 * time.Second)
		before := m.count()
		var refused *makeapi.BudgetError
		require.ErrorAs(t, other.call(t, 10*time.Second), &refused)
		assert.True(t, refused.Paused)
		assert.Greater(t, refused.Wait, time.Minute)
		assert.Equal(t, before, m.count())
		require.NoError(t, other.call(t, 2*time.Minute))
		settle()
	})
}

// What others wrote is not believed beyond what can be, and stops nobody for long.
func TestValuesThatNobodyCanHaveWrittenStopNobody(t *testing.T) {
	t.Parallel()
	far := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	for _, value := range []string{
		"", "\x00\xff", "[]", "7", "{}", `{"replicas":null}`, `{"replicas":{"a":null}}`, `{"replicas":{"a":{"beat":"x"}}}`,
		`{"replicas":{"a":{"beat":-9000000000000000000,"keep":-1,"held":-50,"answered":[-7,-7]}}}`,
		fmt.Sprintf(`{"replicas":{"a":{"beat":%d,"keep":9000000000000000000,"held":1000000000,"answered":[1000000000]}}}`, far),
		fmt.Sprintf(`{"paused":%d}`, far), `{"paused":-5}`,
		`{"replicas":{"a":{"beat":0,"keep":0,"answered":[` + strings.Repeat("1,", 5000) + `1]}}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			m, shared := steady(1), newBoard()
			for _, name := range []string{"https://make.test/api/v2 " + string(home), "make-audit-mcp replicas"} {
				shared.values[name] = []byte(value)
			}
			r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 10})
			require.NoError(t, r.call(t, time.Hour), value)
			r.busy(t, 5, time.Minute)
			assert.Positive(t, m.count())
			assert.LessOrEqual(t, m.most(time.Minute), 10)
			settle()
		})
	}
}

// A caller who leaves loses nothing of the portion that was asked for it, and an idle process asks for nothing.
func TestPortionsAreAskedForOnceForMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shared := steady(1), newBoard()
		r := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 500})
		require.Error(t, r.call(t, time.Millisecond))
		time.Sleep(time.Second)
		asked := shared.changed()
		require.NoError(t, r.call(t, time.Minute))
		assert.Equal(t, asked, shared.changed())
		r.busy(t, 20, 20*time.Second)
		assert.Equal(t, 500, m.count())
		assert.Less(t, shared.changed(), 500/5)
		time.Sleep(time.Minute)
		asked = shared.changed()
		time.Sleep(time.Hour)
		assert.Equal(t, asked, shared.changed())
		r.budget.Close(t.Context())
		synctest.Wait()
		assert.JSONEq(t, `{"replicas":{}}`, string(shared.values["make-audit-mcp replicas"]))
	})
}

func TestOtherOrganizationsAndOtherCallsAreNotHeldUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shared := steady(1), newBoard()
		one := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 30})
		other := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 30})
		one.busy(t, 10, 20*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := other.client.AuditLogs.ListOrganization(ctx, foreign, makeapi.ListOptions{})
		require.NoError(t, err)
		unlimited := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited})
		before := shared.changed()
		for range 100 {
			require.NoError(t, unlimited.call(t, time.Second))
		}
		assert.Equal(t, before, shared.changed())
		settle()
	})
}

func TestTheWaitThatIsToldIsTheOneThatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, shared := steady(1), newBoard()
		one := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 3})
		other := newReplica(t, m, shared, makeapi.BudgetOptions{RequestsPerMinute: 3})
		begun := time.Now()
		for _, r := range []replica{one, one, other} {
			require.NoError(t, r.call(t, 30*time.Second))
		}
		time.Sleep(7 * time.Second)
		require.Error(t, one.call(t, time.Second), "by which it tells that its places were used")
		for range 4 {
			var refused *makeapi.BudgetError
			require.ErrorAs(t, other.call(t, 3*time.Second), &refused)
			assert.InDelta(t, time.Minute.Seconds(), (time.Since(begun) + refused.Wait).Seconds(), 3)
			assert.Equal(t, 2, refused.Replicas, "the one that used it counts")
			time.Sleep(10 * time.Second)
		}
		settle()
	})
}

// A call that gets its place when its time is nearly over would be cut off, as if Make did not answer.
func TestACallThatWaitedTooLongIsRefusedByTheBudgetAndNotCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica(t, steady(1), newBoard(), makeapi.BudgetOptions{RequestsPerMinute: 1})
		for after := range 40 {
			require.NoError(t, r.call(t, 2*time.Minute))
			err := r.call(t, 58*time.Second+time.Duration(after)*100*time.Millisecond)
			var refused *makeapi.BudgetError
			if err != nil {
				require.ErrorAs(t, err, &refused)
				assert.False(t, makeapi.IsUnreachable(err))
			}
			time.Sleep(time.Minute)
		}
		settle()
	})
}
