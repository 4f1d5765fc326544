package archive

import (
	"context"
	"sync"
)

// DefaultCacheMemory is how many bytes an archive holds of logs unless its options say otherwise.
const DefaultCacheMemory = 256_000_000

// CacheStats are what an archive holds in memory of its logs now, and how often that was of use since it was opened.
type CacheStats struct {
	// Bytes are held, where Limit is the bound: rows, and the texts that they refer to. Rows are held of Logs logs.
	Bytes, Limit int64
	Rows         int64
	Logs         int
	// Hits counts the questions that found their log in memory, Misses those that read it there first, PushedDown those that were left to
	// the store; Evictions counts logs that made room for others.
	Hits, Misses, PushedDown, Evictions int64
}

// CacheStats tells how the archive's memory is used.
func (a *Archive) CacheStats() CacheStats {
	c := a.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Bytes, stats.Limit = c.bytes, c.limit
	for _, log := range c.logs {
		if log.columns != nil {
			stats.Logs++
			stats.Rows += int64(len(log.columns.rows))
		}
	}
	return stats
}

// cache bounds what is held of logs: columns, of which the least recently used give way, and the dictionaries, which stay. What questions
// under way look at counts as well, until they are through with it.
type cache struct {
	limit int64
	// loading bounds how many logs are read at once: each is held before it is known to be of use.
	loading chan struct{}

	mu    sync.Mutex
	logs  map[int64]*heldLog // by number
	bytes int64
	uses  int64
	stats CacheStats
}

// heldLog is what is held of a log. It is the cache's to change, for whoever has the turn.
type heldLog struct {
	turn    chan struct{}
	columns *columns    // nil if they are not held
	stored  *storedRows // nil as long as nobody needed them
	lastUse int64
}

// loadsAtOnce is how many logs are read side by side.
const loadsAtOnce = 2

func newCache(limit int64) *cache {
	if limit == 0 {
		limit = DefaultCacheMemory
	}
	return &cache{limit: max(0, limit), loading: make(chan struct{}, loadsAtOnce), logs: map[int64]*heldLog{}}
}

// enter waits until token has room, and returns what leaves again.
func enter(ctx context.Context, token chan struct{}) (leave func(), err error) {
	select {
	case token <- struct{}{}:
		return func() { <-token }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// log is what is held of one.
func (c *cache) log(number int64) *heldLog {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.logs[number]
	if held == nil {
		held = &heldLog{turn: make(chan struct{}, 1)}
		c.logs[number] = held
	}
	return held
}

// borrow is the columns of a log, if those that are held are as of a head, for a question that gives them back; else nil.
func (c *cache) borrow(held *heldLog, of *logHead, size int64) *columns {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := held.columns
	if found == nil || found.rewritten < of.Rewritten || found.upTo < size {
		return nil
	}
	c.stats.Hits++
	c.use(held)
	found.questions++
	return found
}

func (c *cache) use(held *heldLog) {
	c.uses++
	held.lastUse = c.uses
}

// giveBack ends a question's use of columns.
func (c *cache) giveBack(of *columns) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of.questions--
	c.settle(of)
	c.trim(nil) // the dictionaries may have grown meanwhile
}

// settle takes columns out of the account that nobody has.
func (c *cache) settle(of *columns) {
	if of.questions == 0 && !of.isHeld {
		c.bytes -= of.bytes()
	}
}

// reserve makes room for so many bytes beside what is held of a log, by giving up what was used least recently. It reports whether there is
// room; if not, nothing is given up.
func (c *cache) reserve(bytes int64, beside *heldLog) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := c.limit - c.bytes
	for _, log := range c.logs {
		if log.isIdle() && log != beside {
			free += log.columns.bytes()
		}
	}
	if free < bytes {
		return false
	}
	c.bytes += bytes
	c.trim(beside)
	return true
}

// trim gives up what was used least recently, until the rest is within the limit or in use.
func (c *cache) trim(but *heldLog) {
	for c.bytes > c.limit {
		var oldest *heldLog
		for _, log := range c.logs {
			if log.isIdle() && log != but && (oldest == nil || log.lastUse < oldest.lastUse) {
				oldest = log
			}
		}
		if oldest == nil {
			return
		}
		c.stats.Evictions++
		c.drop(oldest)
	}
}

// isIdle reports whether there are columns that no question looks at.
func (l *heldLog) isIdle() bool { return l.columns != nil && l.columns.questions == 0 }

// drop gives a log's columns up.
func (c *cache) drop(held *heldLog) {
	if given := held.columns; given != nil {
		held.columns, given.isHeld = nil, false
		c.settle(given)
	}
}

// hold puts columns in the place of a log's, for a question that gives them back. So many bytes were reserved.
func (c *cache) hold(number int64, held *heldLog, loaded *columns, reserved int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Misses++
	loaded.questions = 1
	c.bytes += loaded.bytes() - reserved
	c.drop(held)
	if c.logs[number] == held { // else all was forgotten meanwhile
		held.columns, loaded.isHeld = loaded, true
		c.use(held)
	}
	c.trim(held)
}

// release gives back what was reserved, and with it the log's columns if they are of no more use.
func (c *cache) release(reserved int64, held *heldLog, isOver bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes -= reserved
	if isOver {
		c.drop(held)
	}
}

// account notes that what stays has grown by so many bytes.
func (c *cache) account(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += bytes
	c.trim(nil)
}

// pushDown notes a question that is left to the store, whose rows are too many to be held beside what stays and what is in use.
func (c *cache) pushDown(held *heldLog, stored *storedRows) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.PushedDown++
	held.stored = stored
}

// storedRows are those that a log had at the last question that was left to the store; nil if there was none.
func (c *cache) storedRows(held *heldLog) *storedRows {
	c.mu.Lock()
	defer c.mu.Unlock()
	return held.stored
}

// current is the columns that are held of a log, of whatever moment; nil if there are none.
func (c *cache) current(held *heldLog) *columns {
	c.mu.Lock()
	defer c.mu.Unlock()
	return held.columns
}

// forget drops what is held of logs.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, held := range c.logs {
		c.drop(held)
	}
	clear(c.logs)
}
