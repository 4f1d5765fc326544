package makeapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// DefaultAPILimit is the limit of requests per minute that is assumed where an organization's license names none. Only the Enterprise plan
// has audit logs, and its limit is 1,000. Source: https://developers.make.com/api-documentation/getting-started/rate-limiting
const DefaultAPILimit = 1000

const (
	// minute is the period in which Make counts requests.
	minute = time.Minute
	// unknownCeiling is half the lowest limit of any plan (30): what calls that belong to no organization may use before any organization's
	// limit is known.
	unknownCeiling = 15
)

// Unlimited as BudgetOptions.RequestsPerMinute switches the budget off. It is meant for tests.
const Unlimited = -1

// BudgetOptions sets up a Budget. The zero value is the product's.
type BudgetOptions struct {
	// RequestsPerMinute is a ceiling instead of half the organization's limit; 0 means half the limit, Unlimited none.
	RequestsPerMinute int
	// Minute is the period of the limit; 0 means 60 s.
	Minute time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Budget keeps the calls to Make below a stated share of each organization's rate limit, because that limit is shared with the customer's
// production. It is kept by base URL and organization, as Make counts, so one Budget serves all clients of a process. Calls that name no
// organization are counted against every organization of the instance, since it is unknown whom Make counts them to.
//
// The window slides, and a request occupies its place from before it is sent until a minute after it was answered: whenever it reached Make
// in between, no 60 seconds hold more than the ceiling.
type Budget struct {
	options BudgetOptions

	mu        sync.Mutex
	instances map[string]ledgers
	changed   chan struct{} // closed and replaced when a place may have become free
}

// ledgers are an instance's counts by organization; the one of the empty ID is of calls that name none.
type ledgers map[ID]*ledger

// ledger holds one count of requests.
type ledger struct {
	apiLimit    int // 0: not known
	inFlight    int
	answered    []time.Time // oldest first, younger than a minute
	pausedUntil time.Time
}

// NewBudget returns a budget.
func NewBudget(options BudgetOptions) *Budget {
	options.Minute = cmp.Or(options.Minute, minute)
	if options.RequestsPerMinute < 0 {
		options.RequestsPerMinute = Unlimited
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Budget{options: options, instances: map[string]ledgers{}, changed: make(chan struct{})}
}

// BudgetError says that the budget leaves no room for a call before its context's deadline. Nothing was sent.
type BudgetError struct {
	Ceiling int           // requests per minute
	Wait    time.Duration // until there is room
	Paused  bool          // Make said 429, so it is Make's limit that is used up
}

func (e *BudgetError) Error() string {
	if e.Paused {
		return fmt.Sprintf("Make's limit of requests per minute is used up (it answered 429); the next call goes out in %s",
			inSeconds(e.Wait))
	}
	return fmt.Sprintf("the budget of %d requests per minute to Make is used up for another %s", e.Ceiling, inSeconds(e.Wait))
}

// NextStep says what helps.
func (e *BudgetError) NextStep() string {
	return fmt.Sprintf("ask again in %s: what was read so far is kept for a few minutes; or narrow the question", inSeconds(e.Wait))
}

// inSeconds rounds a wait up, so that who keeps to it is not too early.
func inSeconds(wait time.Duration) time.Duration {
	return max(time.Second, (wait + time.Second - 1).Truncate(time.Second))
}

// SetAPILimit sets an organization's limit of requests per minute as its license has it; 0 or less means that the license names none.
func (b *Budget) SetAPILimit(instance string, organization ID, perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if perMinute <= 0 {
		perMinute = DefaultAPILimit
	}
	b.ledgers(instance).of(organization).apiLimit = perMinute
	b.wakeLocked()
}

// Ceiling returns how many requests per minute the budget allows for an organization, or Unlimited.
func (b *Budget) Ceiling(instance string, organization ID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ceiling(b.ledgers(instance).of(organization))
}

// Period is the time in which the ceiling's requests may be sent: a minute.
func (b *Budget) Period() time.Duration { return b.options.Minute }

// acquire takes a place for one request, waiting where it must; onWait is called before each wait. The returned function gives the place
// back, to be called once the request is answered.
func (b *Budget) acquire(ctx context.Context, instance string, organization ID, onWait func(Wait)) (func(), error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.mu.Lock()
		own, wait, ceiling := b.tryLocked(instance, organization)
		paused := own.pausedUntil.After(b.options.Now())
		changed := b.changed
		if wait <= 0 {
			own.inFlight++
			b.mu.Unlock()
			return sync.OnceFunc(func() { b.release(own) }), nil
		}
		b.mu.Unlock()

		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return nil, &BudgetError{Ceiling: ceiling, Wait: wait, Paused: paused}
		}
		reason := fmt.Sprintf("the budget of %d requests per minute is used up", ceiling)
		if paused {
			reason = "Make's limit of requests per minute is used up"
		}
		onWait(Wait{Reason: reason, For: wait, Limit: true})
		select {
		case <-time.After(wait):
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// pause keeps an organization's requests back, because Make said 429: others use the limit too, and every further try would count.
func (b *Budget) pause(instance string, organization ID, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ledger := b.ledgers(instance).of(organization)
	if until := b.options.Now().Add(wait); until.After(ledger.pausedUntil) {
		ledger.pausedUntil = until
	}
}

// tryLocked finds the ledger that a request belongs to and how long it has to wait for a place; 0 means none.
func (b *Budget) tryLocked(instance string, organization ID) (own *ledger, wait time.Duration, ceiling int) {
	now := b.options.Now()
	all := b.ledgers(instance)
	common := all.of("")
	own = all.of(organization)
	wait = own.pausedUntil.Sub(now)
	if b.options.RequestsPerMinute == Unlimited {
		return own, wait, Unlimited
	}
	if organization != "" {
		ceiling = b.ceiling(own)
		return own, max(wait, b.room(ceiling, now, own, common)), ceiling
	}
	if len(all) == 1 {
		ceiling = cmp.Or(b.options.RequestsPerMinute, unknownCeiling)
		return own, max(wait, b.room(ceiling, now, own)), ceiling
	}
	for _, other := range all {
		if other == common {
			continue
		}
		if needed := b.room(b.ceiling(other), now, own, other); needed >= wait {
			wait, ceiling = needed, b.ceiling(other)
		}
	}
	return own, wait, ceiling
}

func (b *Budget) ceiling(l *ledger) int {
	if b.options.RequestsPerMinute != 0 {
		return b.options.RequestsPerMinute
	}
	return max(1, cmp.Or(l.apiLimit, DefaultAPILimit)/2)
}

// room returns how long it takes until the ledgers together hold fewer requests than the ceiling. Places held by requests under way have no
// known end; waiting for a tenth of a minute is a bound, since their release wakes the waiters.
func (b *Budget) room(ceiling int, now time.Time, ledgers ...*ledger) time.Duration {
	used := 0
	var ends []time.Time
	for _, l := range ledgers {
		l.answered = slices.DeleteFunc(l.answered, func(at time.Time) bool { return now.Sub(at) >= b.options.Minute })
		ends = append(ends, l.answered...)
		used += l.inFlight + len(l.answered)
	}
	if used < ceiling {
		return 0
	}
	// The place that is free first decides: with more used than the ceiling (it may have been lowered), that many must go first.
	needed := used - ceiling + 1
	if needed > len(ends) {
		return b.options.Minute / 10
	}
	slices.SortFunc(ends, time.Time.Compare)
	return max(ends[needed-1].Add(b.options.Minute).Sub(now), time.Millisecond)
}

func (b *Budget) release(l *ledger) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.inFlight--
	l.answered = append(l.answered, b.options.Now())
	b.wakeLocked()
}

func (b *Budget) wakeLocked() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *Budget) ledgers(instance string) ledgers {
	if b.instances[instance] == nil {
		b.instances[instance] = ledgers{}
	}
	return b.instances[instance]
}

func (l ledgers) of(organization ID) *ledger {
	if l[organization] == nil {
		l[organization] = &ledger{}
	}
	return l[organization]
}
