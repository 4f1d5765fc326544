package audittest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/detect"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/makeapi"
)

// Zone is where the simulated organizations live, unless a test says otherwise.
const Zone = "eu1.make.com"

// Now is the pinned clock: a Friday noon in UTC, 13:00 in Prague.
func Now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

var demo = sync.OnceValue(func() *makesim.World { return makesim.Demo(Now(), 1, nil) })

// Demo is the demo organization's world at [Now]. It is made once: servers copy what is in it, and tests copy it before they change it.
func Demo() *makesim.World { return demo() }

// Upstream is a simulated Make, of which single answers can be refused.
type Upstream struct {
	*makesim.Server
	T testing.TB
	// URL is where its API is.
	URL    string
	refuse atomic.Pointer[func(*http.Request) bool]
	breaks atomic.Pointer[http.HandlerFunc]
}

// Start starts a simulated Make with the pinned clock, if options have no other, and no rate limit to speak of.
func Start(t testing.TB, world *makesim.World, options makesim.Options) *Upstream {
	t.Helper()
	if options.Now == nil {
		options.Now = Now
	}
	if options.Minute == 0 {
		options.Minute = time.Millisecond
	}
	u := &Upstream{Server: makesim.New(world, options), T: t}
	web := httptest.NewServer(u)
	t.Cleanup(web.Close)
	u.URL = web.URL + makesim.BasePath
	return u
}

// RefuseWhere lets the requests that refuse picks fail from now on; nil lets none.
func (u *Upstream) RefuseWhere(refuse func(*http.Request) bool) { u.refuse.Store(&refuse) }

// Break has every request end in one of [Breakages] from now on.
func (u *Upstream) Break(how http.HandlerFunc) { u.breaks.Store(&how) }

// ServeHTTP answers with a 500, which is not retried, whatever is refused.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if breaks := u.breaks.Load(); breaks != nil {
		(*breaks)(w, r)
		return
	}
	if refuse := u.refuse.Load(); refuse != nil && *refuse != nil && (*refuse)(r) {
		w.Header().Set("Date", Now().Format(http.TimeFormat)) // Make's clock
		http.Error(w, `{"message":"Internal Server Error","detail":"Out of order."}`, http.StatusInternalServerError)
		return
	}
	u.Server.ServeHTTP(w, r)
}

// Dumped returns what the demo organization's log really holds, newest first, of what all of keep let through.
func (u *Upstream) Dumped(keep ...func(makesim.Entry) bool) []makesim.Entry {
	return slices.DeleteFunc(u.Dump(makesim.DemoOrganizationID), func(e makesim.Entry) bool {
		return slices.ContainsFunc(keep, func(keep func(makesim.Entry) bool) bool { return !keep(e) })
	})
}

// Within keeps the entries of a window.
func Within(from, to time.Time) func(makesim.Entry) bool {
	return func(e makesim.Entry) bool { return !e.TriggeredAt.Before(from) && e.TriggeredAt.Before(to) }
}

// Access is the way of one key to an API.
type Access struct {
	URL, Key string
	// Now is the clock; nil means the pinned one.
	Now func() time.Time
	// Minute is the rate budget's; 0 means 50 ms, which makes the waits between tries short.
	Minute time.Duration
	// Budget is in place of an unlimited one of such minutes, if it is not nil.
	Budget *makeapi.Budget
	Live   live.Options
}

// Access is the way of a key to this Make.
func (u *Upstream) Access(key string) Access {
	return Access{URL: u.URL, Key: key, Live: live.Options{Zone: Zone}}
}

// Service is what one process keeps for a key.
func (u *Upstream) Service(key string) *analysis.Service { return u.Access(key).Service(u.T) }

// Reader is a new client with nothing kept.
func (a Access) Reader(t testing.TB) *live.Reader {
	t.Helper()
	base, err := makeapi.ParseBaseURL(a.URL)
	require.NoError(t, err)
	if a.Now == nil {
		a.Now = Now
	}
	if a.Minute == 0 {
		a.Minute = 50 * time.Millisecond
	}
	if a.Budget == nil {
		a.Budget = makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: a.Minute})
	}
	return live.New(makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(a.Key), UserAgent: "audittest/1", Now: a.Now, OnWait: live.ReportWait, Budget: a.Budget,
	}), a.Live)
}

// Service is a service that shares nothing with others but the rules of findings.
func (a Access) Service(t testing.TB) *analysis.Service {
	t.Helper()
	reader := a.Reader(t)
	return &analysis.Service{Entries: reader, Detector: detect.BuiltIn(), Resolver: question.Resolver{
		Reader: reader, Directory: reader, Cursors: &question.Sealer{Secret: makeapi.StaticKey(a.Key).Secret, Instance: "test"},
	}}
}
