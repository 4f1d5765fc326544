package live

import (
	"slices"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// walkCache keeps walks for a few minutes, newest first, within a bound of entries.
type walkCache struct {
	keep       time.Duration
	maxEntries int

	mu    sync.Mutex
	walks []*keptWalk
}

// keptWalk is a walk with what the cache knows of it, which the cache's lock guards. Readers may hold the turn of a walk while the cache
// looks through all of them, so it looks at nothing of the walk itself but its scope.
type keptWalk struct {
	*walk
	begun   time.Time
	expires time.Time
	holds   holdings
}

// holdings is what a walk held when it was last read.
type holdings struct {
	isWhole bool // every row down to its window's beginning was read
	entries int
	newest  []string // uuids of its newest entries
	// askableAsOf is the walk's asOf, once something was read of an open one.
	askableAsOf time.Time
}

// newestKept is how many uuids are kept of a walk, for completion.
const newestKept = 100

// holdings is asked for by the reader that holds the turn.
func (w *walk) holdings() holdings {
	ready := w.log.ready
	h := holdings{isWhole: w.log.frontier.Before(w.scope.lower), entries: len(ready) + len(w.log.pending)}
	for _, entry := range ready[:min(len(ready), newestKept)] {
		h.newest = append(h.newest, entry.UUID)
	}
	if w.scope.open && w.hasRead() {
		h.askableAsOf = w.asOf
	}
	return h
}

// find returns a walk that can answer a query, or nil: one over the same lists that reaches as far, or one over all entries that is read to
// its end. One that is read to its end goes before those that are not.
func (c *walkCache) find(q *auditlog.Query, oldest time.Time, signature, unfiltered string) *keptWalk {
	from := later(q.Window.From, oldest) // before the oldest entry there is nothing to be read
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
	var found *keptWalk
	for _, w := range c.walks {
		fits := w.scope.signature == signature || w.scope.signature == unfiltered && w.holds.isWhole
		switch {
		case !fits || !w.scope.reaches(q, from):
		case w.holds.isWhole:
			return w
		case found == nil:
			found = w
		}
	}
	return found
}

// reaches reports whether all that a query asks for from an instant on is within the scope.
func (s *scope) reaches(q *auditlog.Query, from time.Time) bool {
	if s.lower.After(from) || !s.open && s.to.Before(q.Window.To) {
		return false
	}
	begins := s.resumedAfter.TriggeredAt
	return begins.IsZero() || q.Resume != nil && !q.Resume.After.TriggeredAt.After(begins)
}

func (c *walkCache) add(w *walk) *keptWalk {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	kept := &keptWalk{walk: w, begun: now, expires: now.Add(c.keep)}
	c.walks = slices.Insert(c.walks, 0, kept)
	c.walks = c.walks[:min(len(c.walks), maxWalks)]
	time.AfterFunc(c.keep, c.expire)
	return kept
}

// maxWalks bounds the walks kept, however small they are.
const maxWalks = 64

// expire is called in time, since an idle reader must not hold on to what nobody will be answered from.
func (c *walkCache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
}

// noteRead notes what a walk holds after a read, and drops the oldest walks beyond the bound. cut means that a bound or a failure ended the
// read.
func (c *walkCache) noteRead(w *keptWalk, holds holdings, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.holds = holds
	if cut {
		c.prolong(w)
	}
	c.dropExpired()
	total := 0
	for i, kept := range c.walks {
		total += kept.holds.entries
		if total > c.maxEntries && i > 0 {
			c.walks = slices.Delete(c.walks, i, len(c.walks))
			return
		}
	}
}

// longestCut is how many times as long as others a walk is kept whose read was cut: each question may go on with it, where starting again
// would never come to an end either.
const longestCut = 6

// prolong keeps a walk for the next question as if it had just begun.
func (c *walkCache) prolong(w *keptWalk) {
	until := time.Now().Add(c.keep)
	if last := w.begun.Add(longestCut * c.keep); until.After(last) {
		until = last
	}
	if until.After(w.expires) {
		w.expires = until
		time.AfterFunc(time.Until(until), c.expire)
	}
}

func (c *walkCache) dropExpired() {
	now := time.Now()
	c.walks = slices.DeleteFunc(c.walks, func(w *keptWalk) bool { return !now.Before(w.expires) })
}

// asOf is the oldest instant, not before notBefore, as of which a kept walk of an organization can be asked again without a call; zero if
// there is none.
func (c *walkCache) asOf(organization auditlog.ID, notBefore time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
	var oldest time.Time
	for _, w := range c.walks {
		at := w.holds.askableAsOf
		if w.scope.organization == organization && !at.Before(notBefore) && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

// uuids are those of the newest walk's newest entries.
func (c *walkCache) uuids(organization auditlog.ID, limit int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
	var found []string
	for _, w := range c.walks {
		if w.scope.organization == organization {
			found = appendNew(found, w.holds.newest, func(uuid string) string { return uuid })
		}
	}
	return found[:min(len(found), limit)]
}
