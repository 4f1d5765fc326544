package makeapi

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clockTolerance is the difference between the clocks that is not corrected: the Date header has whole seconds and travels.
const clockTolerance = 2 * time.Second

// serverClock is Make's clock, as far as the Date headers show it: windows that end now must end at Make's now, not at this machine's.
type serverClock struct {
	local  func() time.Time
	offset atomic.Int64 // nanoseconds that Make's clock is ahead
}

func (c *serverClock) now() time.Time {
	return c.local().Add(time.Duration(c.offset.Load()))
}

func (c *serverClock) observe(dateHeader string) {
	date, err := http.ParseTime(dateHeader)
	if err != nil {
		return
	}
	offset := date.Sub(c.local())
	if offset.Abs() < clockTolerance {
		offset = 0
	}
	c.offset.Store(int64(offset))
}
