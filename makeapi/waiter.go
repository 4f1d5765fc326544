package makeapi

import (
	"cmp"
)

// waiter is a call that has no place yet.
type waiter struct {
	payer    payer
	instance *instance
	account  *account
	number   int // earlier ones are lower
	since    int // the number as of which it waits, or its caller's last call went on
	// own is what the call is counted by, if it could go on now but for others; concerns are where it waits.
	own      *ledger
	concerns []*ledger
	woken    chan struct{}
}

// enter begins a call, which ends with leave or release.
func (b *Budget) enter(p payer) *waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	in := b.instance(p.instance)
	account := in.account(p)
	account.holders++
	account.used = b.options.Now()
	if p.trusted {
		account.join(in, p.organization)
	}
	b.arrived++
	return &waiter{payer: p, instance: in, account: account, number: b.arrived, since: b.arrived, woken: make(chan struct{}, 1)}
}

// leave ends a call that got no place.
func (b *Budget) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	own := w.own
	w.stepAside()
	if own != nil {
		own.wake() // others may have waited for it to go on
	}
	b.part(w)
}

// part forgets an account that nobody uses and Make has not accepted.
func (b *Budget) part(w *waiter) {
	w.account.holders--
	if w.account.holders == 0 && !w.account.accepted {
		w.instance.forget(w.account)
	}
}

// waitFor has the waiter woken when something happens in the ledgers.
func (w *waiter) waitFor(own *ledger, concerns ...*ledger) {
	w.own, w.concerns = own, concerns
	for _, ledger := range concerns {
		if ledger.queue == nil {
			ledger.queue = map[*waiter]struct{}{}
		}
		ledger.queue[w] = struct{}{}
	}
}

// stepAside takes the waiter out of all queues.
func (w *waiter) stepAside() {
	for _, ledger := range w.concerns {
		delete(ledger.queue, w)
	}
	w.own, w.concerns = nil, nil
}

// isNext reports whether nobody comes before the waiter: whoever has spent less, and of those whoever waits longer. Calls for details do
// not come before others, since they may have to wait where others need not.
func (w *waiter) isNext(own *ledger) bool {
	spent := own.spent[w.payer.caller].all
	for other := range own.queue {
		if other.own != own || other.payer.detail && !w.payer.detail {
			continue
		}
		theirs := own.spent[other.payer.caller].all
		if cmp.Or(cmp.Compare(theirs, spent), cmp.Compare(other.since, w.since), cmp.Compare(other.number, w.number)) < 0 {
			return false
		}
	}
	return true
}
