package makeapi

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// DefaultAPILimit is the limit of requests per minute that is assumed where an organization's license names none. Only the Enterprise plan
// has audit logs, and its limit is 1,000. Source: https://developers.make.com/api-documentation/getting-started/rate-limiting
const DefaultAPILimit = 1000

const (
	// minute is the period in which Make counts requests.
	minute = time.Minute
	// lateParts is the part of a minute that a call which waited long for its place must have left: it would be cut off else, as if Make
	// did not answer.
	lateParts = 30
	// unknownCeiling is half the lowest limit of any plan (30): what a credential's calls that belong to no organization may use before any
	// organization has let it in.
	unknownCeiling = 15
	// unprovenCeiling is what all credentials of one origin that Make has not accepted may use together: enough to let a team in, which
	// takes one call for each.
	unprovenCeiling = 60
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
// production. One Budget serves all clients of a process. By instance it counts
//
//   - calls of an organization that has let the credential in: by organization, as Make counts;
//   - other calls of a credential that Make has accepted: by credential, and beside that against each organization that has let it in,
//     since it is unknown whom Make counts them to;
//   - calls of a credential that Make has not accepted yet: by its origin, against a small allowance (see Options.Origin).
//
// What is counted by organization can be shared with other processes (see Share).
//
// A 429 pauses what the call that got it is counted by, and nothing else.
//
// The window slides, and a request occupies its place from before it is sent until a minute after it was answered: whenever it reached Make
// in between, no 60 seconds hold more than the ceiling.
type Budget struct {
	options BudgetOptions
	secret  [sha256.Size]byte // for the fingerprints of credentials

	mu        sync.Mutex
	instances map[string]*instance
	arrived   int // calls so far
	sharing   sharing
}

// instance is what is known of an instance of Make.
type instance struct {
	name          string
	organizations map[ID]*organization
	credentials   map[fingerprint]*account
	origins       map[string]*ledger        // of credentials that Make has not accepted yet
	refused       map[fingerprint]time.Time // credentials that Make does not know, until when that is believed
}

// organization is one that some credential calls.
type organization struct {
	ledger
	share    share
	apiLimit int // 0: not known
	members  map[*account]struct{}
}

// ledgers are those that count against the organization's limit: its own, and its members', whose calls may be counted to it by Make.
func (o *organization) ledgers() []*ledger {
	all := []*ledger{&o.ledger}
	for member := range o.members {
		all = append(all, &member.ledger)
	}
	return all
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
	b := &Budget{options: options, instances: map[string]*instance{}}
	_, _ = rand.Read(b.secret[:]) // never fails
	return b
}

// BudgetError says that the budget leaves no room for a call before its context's deadline. Nothing was sent.
type BudgetError struct {
	Ceiling int           // requests per minute
	Wait    time.Duration // until there is room
	Paused  bool          // Make said 429, so it is Make's limit that is used up
	// Unproven means that Make has not accepted the credential yet, and that too many such came from the same origin.
	Unproven bool
	// Replicas is how many processes share the budget; 0 or 1 is this one alone.
	Replicas int
	// Away means that what they share cannot be reached, and others may still be using what they were given.
	Away bool
}

func (e *BudgetError) Error() string {
	if e.Unproven && !e.Paused {
		return fmt.Sprintf("too many keys that Make has not accepted yet come from where this one does: it is tried in %s", inSeconds(e.Wait))
	}
	if e.Paused {
		return fmt.Sprintf("Make's limit of requests per minute is used up (it answered 429); the next call goes out in %s",
			inSeconds(e.Wait))
	}
	if e.Away {
		return fmt.Sprintf("the budget of %d requests per minute to Make is shared with other processes, and how much they use cannot be "+
			"learned: what they were given is over in %s", e.Ceiling, inSeconds(e.Wait))
	}
	return fmt.Sprintf("the budget of %d requests per minute to Make%s is used up for another %s", e.Ceiling, sharedBy(e.Replicas),
		inSeconds(e.Wait))
}

// sharedBy says that several processes share a budget.
func sharedBy(replicas int) string {
	if replicas < 2 {
		return ""
	}
	return fmt.Sprintf(", which %d processes share,", replicas)
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
	known := b.instance(instance).organization(organization)
	known.apiLimit = perMinute
	for _, ledger := range known.ledgers() {
		ledger.wake()
	}
}

// Ceiling returns how many requests per minute the budget allows for an organization, or Unlimited.
func (b *Budget) Ceiling(instance string, organization ID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ceiling(b.instance(instance).organizations[organization])
}

// ceiling is an organization's; nil is one that is not known.
func (b *Budget) ceiling(o *organization) int {
	switch {
	case b.options.RequestsPerMinute != 0:
		return b.options.RequestsPerMinute
	case o == nil || o.apiLimit == 0:
		return DefaultAPILimit / 2
	}
	return max(1, o.apiLimit/2)
}

// Period is the time in which the ceiling's requests may be sent: a minute.
func (b *Budget) Period() time.Duration { return b.options.Minute }

// acquire takes a place for one request, waiting where it must; onWait is called before each wait. The returned function gives the place
// back, to be called with what Make thought of the credential once the request is answered.
func (b *Budget) acquire(ctx context.Context, p payer, onWait func(Wait)) (func(verdict), error) {
	w, began := b.enter(p), time.Now()
	for turn := (turn{}); ; {
		if err := ctx.Err(); err != nil {
			b.leave(w)
			if turn.wait > 0 && errors.Is(err, context.DeadlineExceeded) { // the wait was longer than it was said to be
				err = turn.error()
			}
			return nil, err
		}
		turn = b.try(w)
		switch {
		case turn.refused > 0:
			b.leave(w)
			return nil, refusedBefore(turn.refused)
		case turn.taken != nil:
			return once(func(v verdict) { b.release(w, turn.taken, v) }), nil
		}
		soonest := cmp.Or(turn.again, turn.wait)
		if soonest > 0 && b.isLate(ctx, began, soonest) {
			b.leave(w)
			return nil, turn.error()
		}
		onWait(Wait{Reason: turn.reason(), For: turn.wait, Limit: true})
		waiting := time.Now()
		select {
		case <-time.After(cmp.Or(soonest, b.options.Minute/10)):
		case <-w.woken:
		case <-ctx.Done():
		}
		turn.wait = max(min(turn.wait, 1), turn.wait-time.Since(waiting))
	}
}

// isLate reports that a call which has waited since it began, and for so long from now, will leave Make too little time to answer.
func (b *Budget) isLate(ctx context.Context, began time.Time, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline)-wait <= min(time.Since(began)+wait, b.options.Minute/lateParts)
}

// turn is what a call that asks for a place gets: the place, or how long there is none. A wait of 0 ends when another call has gone on.
type turn struct {
	taken    *ledger
	wait     time.Duration
	ceiling  int
	paused   bool
	unproven bool
	refused  time.Duration // the credential is not shown to Make for so long
	again    time.Duration // when to look again, where that is sooner
	replicas int
	away     bool // what replicas share is
}

// error says that the call cannot wait for its turn.
func (t turn) error() *BudgetError {
	return &BudgetError{Ceiling: t.ceiling, Wait: t.wait, Paused: t.paused, Unproven: t.unproven, Replicas: t.replicas, Away: t.away}
}

func (t turn) reason() string {
	switch {
	case t.paused:
		return "Make's limit of requests per minute is used up"
	case t.unproven:
		return "the budget for keys that Make has not accepted yet is used up"
	}
	if t.away {
		return "the budget is shared with other processes, and how much they use cannot be learned"
	}
	return fmt.Sprintf("the budget of %d requests per minute%s is used up", t.ceiling, sharedBy(t.replicas))
}

// try takes a place, if the call may have one now.
func (b *Budget) try(w *waiter) turn {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.stepAside()
	now := b.options.Now()
	if wait := w.instance.refused[w.payer.credential].Sub(now); !w.account.accepted && wait > 0 {
		return turn{refused: wait}
	}
	if w.account.proving {
		// One call shows whether Make knows a credential; with a bad one, the others need not ask.
		w.waitFor(nil, &w.account.ledger)
		return turn{}
	}
	bill := b.bill(w)
	own := bill.own
	next := turn{wait: own.pausedUntil.Sub(now), paused: own.pausedUntil.After(now), unproven: !w.account.accepted}
	concerned := []*ledger{own}
	for _, limit := range bill.limits {
		needed := limit.wait(w.payer, now, b.options.Minute)
		if needed > next.wait || needed == next.wait && limit.ceiling < next.ceiling || next.ceiling == 0 {
			next.wait, next.ceiling = max(needed, next.wait), limit.ceiling
		}
		concerned = append(concerned, limit.ledgers...)
		if limit.home != nil && b.sharing.with != nil {
			next.replicas = b.sharing.replicas
		}
	}
	next.wait = max(next.wait, 0)
	if next.wait > 0 || !b.findAll(bill, now, &next) || !w.isNext(own) {
		w.waitFor(own, concerned...)
		return next
	}
	for _, limit := range bill.limits {
		if limit.home != nil {
			b.spend(limit.home, now)
		}
	}
	b.arrived++
	own.take(w.payer, b.arrived)
	own.wake() // there may be room for one more
	w.account.proving = !w.account.accepted
	return turn{taken: own}
}

// findAll looks for a place in each organization that a call counts against, as far as other processes are concerned. It completes the turn
// where one is missing.
func (b *Budget) findAll(bill bill, now time.Time, next *turn) bool {
	all := true
	for _, limit := range bill.limits {
		if limit.home == nil {
			continue
		}
		wait, again, found := b.find(limit.home, now)
		if !found {
			all = false
			next.away = next.away || !limit.home.share.failed.IsZero()
			if wait >= next.wait {
				next.wait, next.again, next.ceiling = wait, again, limit.ceiling
			}
		}
	}
	return all
}

// bill finds what a call is counted by, and the limits that it must keep.
func (b *Budget) bill(w *waiter) bill {
	ceiling, now := b.options.RequestsPerMinute, b.options.Now()
	if !w.account.accepted {
		own := w.instance.origin(w.payer.origin, now, b.options.Minute)
		if ceiling == 0 || ceiling > unprovenCeiling {
			ceiling = unprovenCeiling
		}
		return bill{own, []limit{{ceiling, false, []*ledger{own}, nil}}}
	}
	of := func(home *organization) limit {
		return limit{b.ownCeiling(home, now), w.payer.shares, home.ledgers(), home}
	}
	if home := w.account.organizations[w.payer.organization]; home != nil {
		return bill{&home.ledger, []limit{of(home)}}
	}
	own := &w.account.ledger
	if len(w.account.organizations) == 0 {
		return bill{own, []limit{{cmp.Or(ceiling, unknownCeiling), w.payer.shares && w.payer.trusted, []*ledger{own}, nil}}}
	}
	all := bill{own: own}
	for _, home := range w.account.organizations {
		all.limits = append(all.limits, of(home))
	}
	return all
}

// release gives back a place, and heeds what the answer says of the credential.
func (b *Budget) release(w *waiter, taken *ledger, v verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.options.Now()
	taken.forget(now.Add(-b.options.Minute))
	taken.giveBack(w.payer, now)
	w.account.proving = false
	switch {
	case v == accepted:
		w.account.accepted = true
		w.account.join(w.instance, w.payer.organization)
	case v != refused || w.account.trusted:
	case w.account.accepted:
		// Make may have been mistaken, so it is asked once more.
		w.account.accepted = false
		w.account.leaveAll()
	default:
		w.instance.rememberRefused(w.payer.credential, now, refusedMinutes*b.options.Minute)
	}
	taken.wake()
	w.account.wake()
	b.part(w)
}

// pause keeps back what is counted like a call that Make answered with 429: others use the limit too, and every further try would count.
func (b *Budget) pause(p payer, wait time.Duration) {
	w := b.enter(p)
	defer b.leave(w)
	b.mu.Lock()
	defer b.mu.Unlock()
	own := b.bill(w).own
	if until := b.options.Now().Add(wait); until.After(own.pausedUntil) {
		own.pausedUntil = until
		if home := w.account.organizations[p.organization]; home != nil && own == &home.ledger {
			home.share.tells = until
			b.tellPause(home)
		}
	}
}

func (b *Budget) instance(name string) *instance {
	if b.instances[name] == nil {
		b.instances[name] = &instance{name: name, organizations: map[ID]*organization{}, credentials: map[fingerprint]*account{},
			origins: map[string]*ledger{}, refused: map[fingerprint]time.Time{}}
	}
	return b.instances[name]
}

func (i *instance) organization(id ID) *organization {
	if i.organizations[id] == nil {
		i.organizations[id] = &organization{members: map[*account]struct{}{}, share: share{name: i.name + " " + string(id)}}
	}
	return i.organizations[id]
}

// once returns a function that calls release with the argument of its first call, and then does nothing.
func once(release func(verdict)) func(verdict) {
	var called sync.Once
	return func(v verdict) { called.Do(func() { release(v) }) }
}
