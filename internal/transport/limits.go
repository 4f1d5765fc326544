package transport

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/time/rate"

	"make-audit-mcp/internal/auth"
)

// Limits bound what callers may ask for. Zero values mean the defaults; what goes beyond is answered with 429 and Retry-After.
type Limits struct {
	// PerCaller and Overall are requests per second; short bursts may be twice as large. Defaults: 50 and 500.
	PerCaller float64
	Overall   float64
	// AtOncePerCaller and AtOnce are requests under way, streams included. Defaults: 256 and 2,048.
	AtOncePerCaller int
	AtOnce          int
}

// limits is what is left of the Limits.
type limits struct {
	limits  Limits
	overall *rate.Limiter
	callers *expirable.LRU[string, *rate.Limiter]

	mu     sync.Mutex
	atOnce int
	busy   map[string]int // requests under way, by caller
}

func newLimits(l Limits) *limits {
	l.PerCaller, l.Overall = orDefault(l.PerCaller, 50), orDefault(l.Overall, 500)
	l.AtOncePerCaller, l.AtOnce = orDefault(l.AtOncePerCaller, 256), orDefault(l.AtOnce, 2048)
	return &limits{
		limits: l, overall: limiter(l.Overall), busy: map[string]int{},
		// An idle caller is forgotten long after its burst is full again.
		callers: expirable.NewLRU[string, *rate.Limiter](10_000, nil, 10*time.Minute),
	}
}

func limiter(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(2*perSecond))))
}

// check counts the requests of callers that are known by now.
func (l *limits) check(g *guards, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known, _ := auth.FromContext(r.Context())
		caller := known.Person()
		wait, ok := l.admit(caller)
		if !ok {
			w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
			g.refuse(w, "rate", http.StatusTooManyRequests, "too many requests; wait as Retry-After says")
			return
		}
		defer l.leave(caller)
		next.ServeHTTP(w, r)
	})
}

// admit returns whether a caller's request may be served now, else how long to wait.
func (l *limits) admit(caller string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own, known := l.callers.Get(caller)
	if !known {
		own = limiter(l.limits.PerCaller)
	}
	l.callers.Add(caller, own) // seen now, so not forgotten soon
	if l.atOnce >= l.limits.AtOnce || l.busy[caller] >= l.limits.AtOncePerCaller {
		return time.Second, false
	}
	// The caller's own limit first: who is beyond it takes nothing from the others.
	for _, limiter := range []*rate.Limiter{own, l.overall} {
		reservation := limiter.Reserve()
		if delay := reservation.Delay(); delay > 0 {
			reservation.Cancel()
			return delay, false
		}
	}
	l.atOnce++
	l.busy[caller]++
	return 0, true
}

func (l *limits) leave(caller string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.atOnce--
	l.busy[caller]--
	if l.busy[caller] <= 0 {
		delete(l.busy, caller)
	}
}
