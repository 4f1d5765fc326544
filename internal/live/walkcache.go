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
// that reaches as far, or one over all entries that is read to its end.
func (c *walkCache) find(q *auditlog.Query, signature, unfiltered string) *walk {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropExpired()
	for _, w := range c.walks {
		if w.signature != signature && !(w.signature == unfiltered && w.whole.Load()) {
			continue
		}
		if w.lower.After(q.Window.From) || !w.open && w.to.Before(q.Window.To) {
			continue
		}
		isWhole := w.resumedAfter.TriggeredAt.IsZero()
		if isWhole || q.Resume != nil && !q.Resume.After.TriggeredAt.After(w.resumedAfter.TriggeredAt) {
			return w
		}
	}
	return nil
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
// oldest walks beyond the bound.
func (c *walkCache) settle(w *walk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.whole.Store(w.finished())
	w.held = len(w.ready) + len(w.pending)
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

func (c *walkCache) dropExpired() {
	now := time.Now()
	c.walks = slices.DeleteFunc(c.walks, func(w *walk) bool { return !now.Before(w.expires) })
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
