package makeapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"
)

const (
	// refusedMinutes is how long a credential that Make does not know is not shown to Make again.
	refusedMinutes = 5
	// Bounds of what is remembered of credentials by instance; beyond, what is idle for longest goes first.
	maxAccounts = 10_000
	maxOrigins  = 10_000
	maxRefused  = 10_000
)

// fingerprint stands for a credential: its hash under a key that only this process has.
type fingerprint [sha256.Size]byte

func (b *Budget) fingerprint(credential string) fingerprint {
	hash := hmac.New(sha256.New, b.secret[:])
	_, _ = hash.Write([]byte(credential)) // never fails
	return fingerprint(hash.Sum(nil))
}

// payer is whom a request is counted to.
type payer struct {
	instance     string
	credential   fingerprint
	organization ID // empty where the call names none
	// caller is whom the call is made for, among the several that share the budget.
	caller string
	shares bool
	// origin is where a credential comes from that Make need not know. The operator's own is trusted, and has none.
	origin  string
	trusted bool
	detail  bool // it is for a single entry
	open    bool // Make may answer it whatever the credential
}

// verdict is what an answer says of the credential.
type verdict int

const (
	unclear verdict = iota
	accepted
	refused
)

// Standing is what is known of a credential.
type Standing int

// The standings.
const (
	Unproven Standing = iota // Make has not been asked, or not lately
	Accepted
	Refused
)

// Standing says what Make thinks of a credential, as far as its answers have shown it.
func (b *Budget) Standing(instance, credential string) Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	in, id := b.instance(instance), b.fingerprint(credential)
	switch account := in.credentials[id]; {
	case account != nil && account.accepted:
		return Accepted
	case in.refused[id].After(b.options.Now()):
		return Refused
	}
	return Unproven
}

// account is a credential's.
type account struct {
	ledger        // of the calls that belong to no organization, or to one that has not let the credential in
	id            fingerprint
	trusted       bool // the operator's
	accepted      bool // Make has accepted it
	proving       bool // a call is under way that will show whether Make accepts it
	organizations map[ID]*organization
	holders       int // calls that wait or are under way
	used          time.Time
}

// join makes the credential a member of an organization that has let it in.
func (a *account) join(in *instance, id ID) {
	if id == "" || a.organizations[id] != nil {
		return
	}
	home := in.organization(id)
	a.organizations[id] = home
	home.members[a] = struct{}{}
}

// leaveAll ends all memberships.
func (a *account) leaveAll() {
	for _, home := range a.organizations {
		delete(home.members, a)
	}
	clear(a.organizations)
}

// account is the one of a credential, made if need be.
func (i *instance) account(p payer) *account {
	found := i.credentials[p.credential]
	if found == nil {
		if len(i.credentials) >= maxAccounts {
			i.forgetIdleAccount()
		}
		found = &account{id: p.credential, trusted: p.trusted, accepted: p.trusted, organizations: map[ID]*organization{}}
		i.credentials[p.credential] = found
	}
	return found
}

func (i *instance) forgetIdleAccount() {
	var idle *account
	for _, account := range i.credentials {
		if account.holders == 0 && !account.trusted && (idle == nil || account.used.Before(idle.used)) {
			idle = account
		}
	}
	if idle != nil {
		i.forget(idle)
	}
}

func (i *instance) forget(a *account) {
	delete(i.credentials, a.id)
	a.leaveAll()
}

// origin is the ledger of an origin's credentials that Make has not accepted. Ledgers in which nothing happened since are forgotten.
func (i *instance) origin(name string, now time.Time, minute time.Duration) *ledger {
	found := i.origins[name]
	if found == nil {
		if len(i.origins) >= maxOrigins {
			for other, ledger := range i.origins {
				ledger.forget(now.Add(-minute))
				if len(ledger.answered)+ledger.inFlight == 0 && !ledger.pausedUntil.After(now) {
					delete(i.origins, other)
				}
			}
			for other := range i.origins {
				if len(i.origins) < maxOrigins {
					break
				}
				delete(i.origins, other) // any
			}
		}
		found = &ledger{}
		i.origins[name] = found
	}
	return found
}

// rememberRefused remembers that Make does not know a credential.
func (i *instance) rememberRefused(id fingerprint, now time.Time, wait time.Duration) {
	for other, until := range i.refused {
		if len(i.refused) < maxRefused {
			break
		}
		if !until.After(now) {
			delete(i.refused, other)
		}
	}
	for other := range i.refused {
		if len(i.refused) < maxRefused {
			break
		}
		delete(i.refused, other) // any
	}
	i.refused[id] = now.Add(wait)
}
