package makesim

import "time"

// rateLimit counts the requests of one organization in a sliding window.
type rateLimit struct {
	taken []time.Time // within the window, oldest first
}

// take counts one more request if it fits, and reports whether it does. A refused request does not count. A limit of 0 is none.
func (r *rateLimit) take(now time.Time, limit int, window time.Duration) bool {
	if limit == 0 {
		return true
	}
	expired := 0
	for expired < len(r.taken) && now.Sub(r.taken[expired]) >= window {
		expired++
	}
	r.taken = r.taken[expired:]
	if len(r.taken) >= limit {
		return false
	}
	r.taken = append(r.taken, now)
	return true
}
