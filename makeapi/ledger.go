package makeapi

import (
	"slices"
	"time"
)

// ledger counts the requests of a minute.
type ledger struct {
	inFlight    int
	answered    []payment           // oldest first, younger than a minute
	spent       map[string]spending // requests in flight and answered, by caller
	pausedUntil time.Time
	queue       map[*waiter]struct{} // calls that something happening here concerns
}

// spending is how many requests there were, and how many of them were for single entries.
type spending struct{ all, details int }

func (s *spending) add(by int, detail bool) {
	s.all += by
	if detail {
		s.details += by
	}
}

// payment is a request that was answered.
type payment struct {
	at     time.Time
	caller string
	detail bool
}

// take takes a place. A caller who got one goes behind those who wait.
func (l *ledger) take(p payer, number int) {
	l.inFlight++
	for w := range l.queue {
		if w.payer.caller == p.caller {
			w.since = number
		}
	}
	l.count(payment{caller: p.caller, detail: p.detail}, 1)
}

func (l *ledger) giveBack(p payer, now time.Time) {
	l.inFlight--
	l.answered = append(l.answered, payment{now, p.caller, p.detail})
}

func (l *ledger) count(p payment, by int) {
	if l.spent == nil {
		l.spent = map[string]spending{}
	}
	now := l.spent[p.caller]
	now.add(by, p.detail)
	l.spent[p.caller] = now
	if now.all == 0 {
		delete(l.spent, p.caller)
	}
}

// forget drops the requests that were answered at or before an instant.
func (l *ledger) forget(until time.Time) {
	old := 0
	for old < len(l.answered) && !l.answered[old].at.After(until) {
		l.count(l.answered[old], -1)
		old++
	}
	l.answered = slices.Delete(l.answered, 0, old)
}

// wake has all calls that wait for something here look again.
func (l *ledger) wake() {
	for w := range l.queue {
		select {
		case w.woken <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// bill is what a call is counted by, and which limits it must keep.
type bill struct {
	own    *ledger
	limits []limit
}

// limit is how many requests some ledgers may hold together; shared says whether those are several callers'. home is the organization whose
// limit it is, nil for none.
type limit struct {
	ceiling int
	shared  bool
	ledgers []*ledger
	home    *organization
}

// leavesRoom reports whether one of several callers may take one more: up to twice what is left free, which is two thirds of all if nobody
// else asks, and two fifths for each of two. Whoever comes next thus always finds room.
func leavesRoom(own, used, all int) bool {
	const freeShare = 2
	free := all - used
	return free > 0 && own < freeShare*free
}

// wait returns how long it takes until a call may have a place. Places held by requests under way have no known end; waiting for a tenth of
// a minute is a bound, since their release wakes the waiters.
func (l limit) wait(p payer, now time.Time, minute time.Duration) time.Duration {
	if l.ceiling == Unlimited {
		return 0
	}
	var used, own spending
	var ends []payment
	for _, ledger := range l.ledgers {
		ledger.forget(now.Add(-minute))
		for caller, spent := range ledger.spent {
			used.all, used.details = used.all+spent.all, used.details+spent.details
			if caller == p.caller {
				own.all, own.details = own.all+spent.all, own.details+spent.details
			}
		}
		ends = append(ends, ledger.answered...)
	}
	hasRoom := func() bool {
		if !l.shared {
			return used.all < l.ceiling
		}
		return leavesRoom(own.all, used.all, l.ceiling) && (!p.detail || leavesRoom(own.details, used.details, max(1, l.ceiling/2)))
	}
	if hasRoom() {
		return 0
	}
	slices.SortStableFunc(ends, func(a, b payment) int { return a.at.Compare(b.at) })
	for _, end := range ends {
		used.add(-1, end.detail)
		if end.caller == p.caller {
			own.add(-1, end.detail)
		}
		if hasRoom() {
			return max(end.at.Add(minute).Sub(now), time.Millisecond)
		}
	}
	return minute / 10
}
