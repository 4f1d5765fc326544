package transport

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"make-audit-mcp/internal/auth"
)

// Limits bound what callers may ask for. Zero values mean the defaults; what goes beyond is answered with 429 and Retry-After. Callers who
// are not proven to be anybody together get half of what all get.
type Limits struct {
	// PerCaller and Overall are requests per second; short bursts may be twice as large. Defaults: 50 and 500.
	PerCaller float64
	Overall   float64
	// AtOncePerCaller and AtOnce are requests under way, streams included. Defaults: 256 and 2,048.
	AtOncePerCaller int
	AtOnce          int
}

const (
	// maxStreamsPerCaller bounds the SSE streams of one caller.
	maxStreamsPerCaller = 32
	// maxBytes bounds the messages under way, maxBytesPerCaller those of one caller.
	maxBytes          = 64 << 20
	maxBytesPerCaller = 16 << 20
)

// limits is what is left of the Limits.
type limits struct {
	limits   Limits
	who      holderOf
	mu       sync.Mutex // of rates
	overall  *rate.Limiter
	unproven *rate.Limiter
	callers  *lru.Cache[string, *rate.Limiter] // of the holders seen last

	knocking *places // requests whose callers are not known yet, by address
	requests *places
	streams  *places // of SSE
	bytes    *places // of the messages under way
}

func newLimits(l Limits, who holderOf) *limits {
	l.PerCaller, l.Overall = orDefault(l.PerCaller, 50), orDefault(l.Overall, 500)
	l.AtOncePerCaller, l.AtOnce = orDefault(l.AtOncePerCaller, 256), orDefault(l.AtOnce, 2048)
	atAddress := func(c auth.Caller) (string, bool) { return c.Address, true }
	const maxCallers = 10_000
	callers, _ := lru.New[string, *rate.Limiter](maxCallers) // refuses sizes below 1 only
	return &limits{
		limits: l, who: who, overall: limiter(l.Overall), unproven: limiter(l.Overall / 2), callers: callers,
		knocking: newPlaces(atAddress, l.AtOncePerCaller, l.AtOnce),
		requests: newPlaces(who, l.AtOncePerCaller, l.AtOnce),
		streams:  newPlaces(who, maxStreamsPerCaller, l.AtOnce),
		bytes:    newPlaces(who, maxBytesPerCaller, maxBytes),
	}
}

func limiter(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(2*perSecond))))
}

// check counts the requests of callers that are known by now.
func (l *limits) check(g *guards, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := auth.FromContext(r.Context())
		place, full := l.requests.take(caller, 1)
		wait := time.Second
		if full == none {
			defer place.leave()
			wait = l.rate(caller)
		}
		if wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
			g.refuse(w, "rate", http.StatusTooManyRequests, "too many requests; wait as Retry-After says")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// rate returns how long a caller's request must wait.
func (l *limits) rate(caller auth.Caller) time.Duration {
	name, proven := l.who(caller)
	l.mu.Lock()
	defer l.mu.Unlock()
	own, known := l.callers.Get(name)
	if !known {
		own = limiter(l.limits.PerCaller)
		l.callers.Add(name, own)
	}
	// The caller's own limit first: who is beyond it takes nothing from the others.
	needed := []*rate.Limiter{own, l.unproven, l.overall}
	if proven {
		needed = []*rate.Limiter{own, l.overall}
	}
	for _, limiter := range needed {
		reservation := limiter.Reserve()
		if delay := reservation.Delay(); delay > 0 {
			reservation.Cancel()
			return delay
		}
	}
	return 0
}

// addressOf is the address that a request comes from; of IPv6 the network, since who has one address has all of it.
func addressOf(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := from.Addr().Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, _ := address.Prefix(64) // fails for IPv4 only
	return network.String()
}
