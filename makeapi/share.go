package makeapi

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// Shared is where processes that share budgets, the replicas, keep how much each uses.
type Shared interface {
	// Change replaces the value of a name by what change makes of it, given a clock that is the same for all processes: one change of a
	// name at a time. A name that has none yet has an empty one. change may be called again, where a first try failed in passing. An error
	// that will last, as where this process lacks the rights, is an ErrNotShared; others pass.
	Change(ctx context.Context, name string, change func(value []byte, now time.Time) []byte) error
}

// ErrNotShared says that this process cannot share budgets.
var ErrNotShared = errors.New("the budget cannot be shared")

// Sharing is how a budget is shared.
type Sharing struct {
	// Replicas is how many processes share it as far as is known, this one included; 1 where it is this process's own.
	Replicas int
	// Err is why the place that it is shared through cannot be reached; nil while it can.
	Err error
	// Own means that it never will be, so that the budget is this process's own.
	Own bool
}

const (
	// patience is how long calls wait for what is shared, until it counts as away.
	patience = 2 * time.Second
	// beatParts is the part of a minute in which a replica that makes calls says at most once that it is there; replicaKept is for how many
	// minutes it is known then.
	beatParts, replicaKept = 6, 10
	// portionParts is the part of the ceiling that is taken at once, mostPortion its bound.
	portionParts, mostPortion = 50, 20
	// retryParts is the part of a minute after which what is away is tried again.
	retryParts = 30
	// jumpParts is the part of a minute by which clocks may differ between two changes before one of them has jumped.
	jumpParts = 600
	// replicasName is the name of the value in which replicas say that they are there.
	replicasName = "make-audit-mcp replicas"
)

var errSilentShare = errors.New("it does not answer")

// sharing is what a budget knows of those that it is shared with.
type sharing struct {
	with    Shared
	tell    func(Sharing)
	id      string // of this replica
	longest time.Duration
	// wasHeard says that something was changed there once, isRefused that it will never be.
	wasHeard, isRefused bool
	// away is for how many organizations it failed the last time, and err why.
	away     int
	err      error
	replicas int
	beaten   time.Time
}

// share is an organization's part in it, and this replica's places there.
type share struct {
	name string
	// places are unused, until they expire: others must know when they can no longer be used.
	places  int
	expires time.Time
	// portion is what was taken last, spent how much was used since.
	portion, spent int
	isAsking       bool
	again          time.Time // when to ask again: one may be free then, or it failed
	// heard is when the last change that succeeded began, failed when the first one after it failed.
	heard, failed time.Time
	// carefulUntil is until when others may have used what they have not told yet.
	carefulUntil time.Time
	// store and local are the two clocks at the last change.
	store, local time.Time
	// tells is until when there is a pause that the others are to know of.
	tells time.Time
}

// Share has the budget be shared with other processes from now on. tell, if set, hears when that changes, one change after the other; it
// must not call the budget. A budget without limit is not shared.
//
// What one replica uses of an organization's ceiling the others may not: each takes a small portion of places at a time, and tells with it
// what it used. Whenever requests reached Make, no 60 seconds hold more than the ceiling of all of them together. While what they share is
// away, each uses the places that it has, then waits until nothing of the others can count, and then keeps to an equal part of the ceiling.
// Calls of no organization, of credentials that none has let in, stay each replica's own.
func (b *Budget) Share(with Shared, tell func(Sharing)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.options.RequestsPerMinute == Unlimited {
		return
	}
	if tell == nil {
		tell = func(Sharing) {}
	}
	b.sharing.with, b.sharing.tell, b.sharing.id, b.sharing.replicas = with, tell, rand.Text(), 1
}

// Sharing says how the budget is shared.
func (b *Budget) Sharing() Sharing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sharing.now()
}

func (s *sharing) now() Sharing {
	return Sharing{Replicas: max(1, s.replicas), Err: s.err, Own: s.with == nil || s.isOwn()}
}

// isOwn reports that nothing can be shared. Where it once could, a refusal is taken for an outage: others go by what was told them.
func (s *sharing) isOwn() bool { return s.isRefused && !s.wasHeard }

// Close tells the others that this process makes no more calls, so that they need not wait for it. It gives up with the context.
func (b *Budget) Close(ctx context.Context) {
	b.mu.Lock()
	with, now := b.sharing.with, b.options.Now()
	b.sharing.with = nil
	var used []*organization
	for _, in := range b.instances {
		for _, o := range in.organizations {
			o.share.places = 0
			if !o.share.heard.IsZero() && now.Sub(o.share.heard) < b.settled() {
				used = append(used, o)
			}
		}
	}
	hasBeaten := !b.sharing.beaten.IsZero()
	b.mu.Unlock()
	if with == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, o := range used {
		asked := b.options.Now()
		_ = with.Change(ctx, o.share.name, func(value []byte, at time.Time) []byte {
			b.mu.Lock()
			defer b.mu.Unlock()
			all := readUses(value)
			all.settle(at, 0, b.options.Minute)
			left := b.use(o, at, asked)
			all.Replicas[b.sharing.id] = left
			if left.Held == 0 { // nothing of it is under way
				left.Keep = b.options.Minute.Milliseconds()
			}
			if places, _ := left.counts(at, b.options.Minute); places == 0 {
				delete(all.Replicas, b.sharing.id)
			}
			return all.write()
		})
	}
	if hasBeaten {
		_ = with.Change(ctx, replicasName, func(value []byte, at time.Time) []byte {
			all := readUses(value)
			all.settle(at, 0, b.options.Minute)
			delete(all.Replicas, b.sharing.id)
			return all.write()
		})
	}
}

// outlives has the budget know how long requests may take.
func (b *Budget) outlives(request time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sharing.longest = max(b.sharing.longest, request)
}

// hold is how long a place may be unused.
func (b *Budget) hold() time.Duration { return b.options.Minute / holdParts }

// settled is how long it takes until a place counts no longer that was given, whatever became of it: it was used late, its request took
// long, and a minute has passed since.
func (b *Budget) settled() time.Duration { return b.hold() + b.sharing.longest + b.options.Minute }

// isShared reports whether an organization's calls need places that others know of. They do not where nothing can be shared, and where that
// has been away for so long that each keeps to its part.
func (b *Budget) isShared(o *organization, now time.Time) bool {
	s := &o.share
	return b.sharing.with != nil && !b.sharing.isOwn() && !b.keepsToPart(s, now)
}

// keepsToPart reports that the others have been away for so long that nothing which they were given can count.
func (b *Budget) keepsToPart(s *share, now time.Time) bool {
	return !s.failed.IsZero() && now.Sub(s.failed) >= b.settled()
}

// ownCeiling is what this process keeps to by itself.
func (b *Budget) ownCeiling(o *organization, now time.Time) int {
	ceiling := b.ceiling(o)
	if b.sharing.with != nil && (b.keepsToPart(&o.share, now) || now.Before(o.share.carefulUntil)) {
		return max(1, ceiling/max(1, b.sharing.replicas))
	}
	return ceiling
}

// unused is how many places there are.
func (s *share) unused(now time.Time) int {
	// A machine that slept shows by one of its clocks alone.
	if now.After(s.expires) || now.Round(0).After(s.expires.Round(0)) {
		s.places = 0
	}
	return s.places
}

// find looks for a place in what is shared of an organization, and asks for more where there is none. It says how long there may be none,
// and how soon to look again.
func (b *Budget) find(o *organization, now time.Time) (wait, again time.Duration, found bool) {
	s := &o.share
	if b.sharing.with == nil {
		return 0, 0, true
	}
	needs := b.isShared(o, now)
	found = !needs || s.unused(now) > 0
	if (!found || !s.failed.IsZero() || b.sharing.isOwn()) && !s.isAsking && !now.Before(s.again) {
		b.ask(o)
	}
	switch {
	case found:
		return 0, 0, true
	case !s.failed.IsZero():
		return s.failed.Add(b.settled()).Sub(now), b.options.Minute / retryParts, false
	case s.isAsking:
		return 0, 0, false
	}
	return s.again.Sub(now), s.again.Sub(now), false
}

// spend takes a place that was found.
func (b *Budget) spend(o *organization, now time.Time) {
	if s := &o.share; b.isShared(o, now) {
		s.places--
		s.spent++
	}
}

// ask takes a portion, in the background: a caller who leaves loses nothing, and who hangs is waited for by nobody.
func (b *Budget) ask(o *organization) {
	with, asked := b.sharing.with, b.options.Now()
	o.share.isAsking = true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		overdue := context.AfterFunc(ctx, func() { b.heard(o, asked, taken{}, errSilentShare) })
		var taken taken
		err := with.Change(ctx, o.share.name, func(value []byte, at time.Time) (next []byte) {
			b.mu.Lock()
			defer b.mu.Unlock()
			next, taken = b.take(o, readUses(value), at, asked)
			return next
		})
		overdue()
		b.mu.Lock()
		o.share.isAsking = false
		b.mu.Unlock()
		b.heard(o, asked, taken, err)
		if err == nil {
			b.beat(ctx, with)
			b.mu.Lock()
			b.tellPause(o)
			b.mu.Unlock()
		}
	}()
}

// tellPause has the others know that Make wants no calls of an organization, if they do not know yet.
func (b *Budget) tellPause(o *organization) {
	if o.share.tells.After(b.options.Now()) && b.sharing.with != nil && !o.share.isAsking {
		b.ask(o)
	}
}

// taken is a portion, once it is known to be stored: how many places, and else how long it takes until one may be free; and how many
// replicas use the organization's places.
type taken struct {
	places int
	users  int
	freeIn time.Duration
	// store and local are the two clocks, told is the pause that was told.
	store, local, told time.Time
}

// take writes down what this replica uses, and takes a portion of what is free.
func (b *Budget) take(o *organization, all *uses, at, asked time.Time) (value []byte, portion taken) {
	s, now, minute := &o.share, b.options.Now(), b.options.Minute
	var forward time.Duration
	if !s.store.IsZero() {
		if ahead := at.Sub(s.store) - now.Sub(s.local); ahead > minute/jumpParts {
			forward = ahead
		}
	}
	delete(all.Replicas, b.sharing.id)
	all.settle(at, forward, minute)

	unused := s.unused(now)
	mine := b.use(o, at, asked)
	own, free := mine.counts(at, minute)
	used := own
	for _, other := range all.Replicas {
		places, next := other.counts(at, minute)
		used, free = used+places, min(free, next)
	}
	ceiling, given := b.ceiling(o), 0
	for wanted := s.wants(unused, ceiling, len(o.queue)); given < wanted && mayTake(own+given, used+given, ceiling, len(all.Replicas)); {
		given++
	}
	mine.Held += given
	all.Replicas[b.sharing.id] = mine
	if s.tells.After(now) {
		all.Paused = max(all.Paused, at.Add(s.tells.Sub(now)).UnixMicro())
	}
	if until := now.Add(time.UnixMicro(all.Paused).Sub(at)); all.Paused > 0 && until.After(o.pausedUntil) {
		o.pausedUntil = until
	}
	return all.write(), taken{given, len(all.Replicas), max(free, minute/(2*ageParts)), at, now, s.tells}
}

// mayTake reports whether a replica may take one more place. Beside others each has its equal part; beyond that it leaves room for who
// comes next.
func mayTake(own, used, ceiling, others int) bool {
	if used >= ceiling {
		return false
	}
	replicas := others + 1
	part := (ceiling + replicas - 1) / replicas
	return others == 0 || own < part || leavesRoom(own, used, ceiling)
}

// wants is how many places to ask for: what is waited for, and more the faster the last ones were used, up to a portion.
func (s *share) wants(unused, ceiling, waiting int) int {
	next := s.spent
	if unused == 0 && s.spent >= s.portion {
		next = 2 * s.spent
	}
	most := min(max(1, ceiling/portionParts), mostPortion)
	return max(0, min(max(next, waiting, 1), most)-unused)
}

// use is what this replica uses of an organization. The ages are as of when it asked, which was before the clock at was read: nothing is
// told to be older than it is.
func (b *Budget) use(o *organization, at, asked time.Time) *use {
	mine := &use{Beat: at.UnixMicro(), Keep: b.settled().Milliseconds() + 1, Held: o.share.places}
	now := b.options.Now()
	for _, ledger := range o.ledgers() {
		ledger.forget(now.Add(-b.options.Minute))
		mine.Held += ledger.inFlight
		for _, payment := range ledger.answered {
			mine.add(asked.Sub(payment.at), b.options.Minute)
		}
	}
	return mine
}

// heard notes how asking for a portion ended.
func (b *Budget) heard(o *organization, asked time.Time, portion taken, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, now := &o.share, b.options.Now()
	before := b.sharing.now()
	switch {
	case err != nil:
		if s.failed.IsZero() {
			s.failed = now
			b.sharing.away++
		}
		b.sharing.err, b.sharing.isRefused = err, errors.Is(err, ErrNotShared)
		s.again = now.Add(b.options.Minute / retryParts)
		if b.sharing.isOwn() {
			s.again = now.Add(b.options.Minute) // rights may be given meanwhile
		}
	default:
		if !s.failed.IsZero() {
			b.sharing.away--
			if now.Sub(s.heard) >= b.settled() {
				s.carefulUntil = now.Add(b.settled())
			}
		}
		if b.sharing.away == 0 {
			b.sharing.err = nil
		}
		b.sharing.wasHeard, b.sharing.replicas = true, max(b.sharing.replicas, portion.users)
		s.heard, s.failed, s.again = asked, time.Time{}, time.Time{}
		s.store, s.local = portion.store, portion.local
		if s.tells.Equal(portion.told) {
			s.tells = time.Time{}
		}
		if places := s.unused(now) + portion.places; places > 0 {
			s.places, s.portion, s.spent, s.expires = places, places, 0, asked.Add(b.hold())
		} else {
			s.again = now.Add(portion.freeIn)
		}
	}
	if after := b.sharing.now(); (before.Err == nil) != (after.Err == nil) {
		b.sharing.tell(after)
	}
	o.wake()
}

// beat says now and then that this replica is there, and counts the others.
func (b *Budget) beat(ctx context.Context, with Shared) {
	b.mu.Lock()
	now := b.options.Now()
	isDue := b.sharing.beaten.IsZero() || now.Sub(b.sharing.beaten) > b.options.Minute/beatParts
	if isDue {
		b.sharing.beaten = now
	}
	b.mu.Unlock()
	if !isDue {
		return
	}
	found := 0
	err := with.Change(ctx, replicasName, func(value []byte, at time.Time) []byte {
		all := readUses(value)
		all.settle(at, 0, b.options.Minute)
		all.Replicas[b.sharing.id] = &use{Beat: at.UnixMicro(), Keep: (replicaKept * b.options.Minute).Milliseconds()}
		found = len(all.Replicas)
		return all.write()
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.sharing.replicas = found
	}
}
