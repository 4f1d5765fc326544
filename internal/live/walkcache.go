package live

import (
	"slices"
	"sync"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// walkCache keeps walks for a few minutes, newest first, within a bound of
// entries.
type walkCache struct {
	keep       time.Duration
	maxEntries int

	mu    sync.Mutex
	walks []*walk
}

// find returns a walk that can answer a query, or nil: one over the same lists
// that reaches as far, or one over all entries that is read to its end. One that
// is read to its end goes before those that are not.
func (c *walkCache) find(q *auditlog.Query, oldest time.Time, signature, unfiltered string) *walk {
	from := q.Window.From
	if oldest.After(from) {
		from = oldest // before it there is nothing to be read
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
	var found *walk
	for _, w := range c.walks {
		isWhole := w.whole.Load()
		if w.signature != signature && !(w.signature == unfiltered && isWhole) {
			continue
		}
		if w.lower.After(from) || !w.open && w.to.Before(q.Window.To) {
			continue
		}
		fromTop := w.resumedAfter.TriggeredAt.IsZero()
		if !fromTop && (q.Resume == nil || q.Resume.After.TriggeredAt.After(w.resumedAfter.TriggeredAt)) {
			continue
		}
		if isWhole {
			return w
		}
		if found == nil {
			found = w
		}
	}
	return found
}

func (c *walkCache) add(w *walk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.walks = slices.Insert(c.walks, 0, w)
	c.walks = c.walks[:min(len(c.walks), maxWalks)]
	// An idle session must not hold on to what nobody will be answered from.
	time.AfterFunc(c.keep, c.expire)
}

// maxWalks bounds the walks kept, however small they are.
const maxWalks = 64

func (c *walkCache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
}

// newestKept is how many uuids are kept of a walk, for completion.
const newestKept = 100

// settle is called after a read: it notes what the walk holds now and drops the
// oldest walks beyond the bound. cut tells that a bound or a failure ended the read.
func (c *walkCache) settle(w *walk, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.whole.Store(w.finished())
	w.held = len(w.ready) + len(w.pending)
	if w.open && w.hasRead() {
		w.askableAsOf = w.asOf
	}
	if cut {
		c.prolong(w)
	}
	w.newest = make([]string, 0, newestKept)
	for _, entry := range w.ready[:min(len(w.ready), newestKept)] {
		w.newest = append(w.newest, entry.UUID)
	}
	c.dropExpired()
	total := 0
	for i, kept := range c.walks {
		if total += kept.held; total > c.maxEntries && i > 0 {
			c.walks = slices.Delete(c.walks, i, len(c.walks))
			return
		}
	}
}

// longestCut is how many times as long as others a walk is kept whose read was
// cut: each question may go on with it, where starting again would never come to an
// end either.
const longestCut = 6

// prolong keeps a walk for the next question as if it had just begun.
func (c *walkCache) prolong(w *walk) {
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
	c.walks = slices.DeleteFunc(c.walks, func(w *walk) bool { return !now.Before(w.expires) })
}

// asOf is the oldest instant, not before notBefore, as of which a kept walk of an
// organization can be asked again without a call; zero if there is none.
func (c *walkCache) asOf(organization auditlog.ID, notBefore time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
	var oldest time.Time
	for _, w := range c.walks {
		if w.organization == organization && !w.askableAsOf.Before(notBefore) && (oldest.IsZero() || w.askableAsOf.Before(oldest)) {
			oldest = w.askableAsOf
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
		if w.organization == organization {
			found = appendNew(found, w.newest, func(uuid string) string { return uuid })
		}
	}
	return found[:min(len(found), limit)]
}
