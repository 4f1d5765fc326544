package makesim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// BasePath is where the API lives on the server.
const BasePath = "/api/v2"

// Options are what a server needs beside the world. The zero value is usable.
type Options struct {
	Quirks Quirks
	// Now is Make's clock: it decides which entries can be seen, and stands in the Date header. Nil: time.Now. It may be pinned.
	Now func() time.Time
	// Clock is what the rate limit and the log of requests go by. Nil: time.Now. It is apart from Now because a limit by a pinned clock
	// would never reset.
	Clock func() time.Time
	// Seed of what looks random.
	Seed uint64
	// Latency is added to every answer.
	Latency time.Duration
	// Minute is the period of the rate limit; 0: 60 seconds.
	Minute time.Duration
	// OnRequest is called before each request is answered, from the goroutine of the request; it may change the server, so that a test can
	// add entries amid a walk.
	OnRequest func(r *http.Request)
}

// Server is the simulated API, an http.Handler with everything below [BasePath]. It is safe for use by several goroutines.
type Server struct {
	options Options

	mu        sync.Mutex // guards everything below
	quirks    Quirks
	directory *directory
	logs      map[int64]*organizationLog // by organization
	byUUID    map[string]*record
	added     int64 // entries so far
	limits    map[int64]*rateLimit
	requests  []*Request
	arrivals  uint64 // requests so far, whatever was reset
}

// New makes a server of what is in w now; later changes of w are not seen (see [Server.Update] and [Server.AddEntries]).
func New(w *World, o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Minute == 0 {
		o.Minute = time.Minute
	}
	s := &Server{
		options: o,
		quirks:  o.Quirks,
		logs:    map[int64]*organizationLog{},
		byUUID:  map[string]*record{},
		limits:  map[int64]*rateLimit{},
	}
	s.directory = newDirectory(w.withoutEntries())
	s.AddEntries(w.Entries...)
	return s
}

// withoutEntries is a copy that shares nothing that is changed in place.
func (w *World) withoutEntries() *World {
	c := *w
	c.Entries = nil
	c.Users = slices.Clone(w.Users)
	c.Tokens = slices.Clone(w.Tokens)
	c.OrganizationRoles = slices.Clone(w.OrganizationRoles)
	c.TeamRoles = slices.Clone(w.TeamRoles)
	c.Organizations = slices.Clone(w.Organizations)
	for i := range c.Organizations {
		o := &c.Organizations[i]
		o.Teams = slices.Clone(o.Teams)
		o.FormerTeams = slices.Clone(o.FormerTeams)
	}
	if c.Events == nil {
		c.Events = DocumentedEvents()
	}
	return &c
}

// Listen serves on a free port of 127.0.0.1 until ctx ends. The server is made when the first request comes, since a large world costs time
// and memory. The base URL that it returns ends in [BasePath].
func Listen(ctx context.Context, makeServer func() *Server) (baseURL string, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("simulated Make API: %w", err)
	}
	made := sync.OnceValue(makeServer)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { made().ServeHTTP(w, r) })
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing is lost by it
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			_ = server.Close() // clients then see that it is gone
		}
	}()
	return "http://" + listener.Addr().String() + BasePath, nil
}

// SetQuirks replaces all quirks.
func (s *Server) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = q
	s.forgetEncoded()
}

// Update changes users, organizations, tokens, roles and the tree of events. The world that change gets has no entries, and entries put
// there are ignored.
func (s *Server) Update(change func(w *World)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.directory.world.withoutEntries()
	change(w)
	s.directory = newDirectory(w.withoutEntries())
	s.forgetEncoded()
	for _, log := range s.logs {
		log.current = nil // the retention or a team's name may be another now
	}
}

func (s *Server) forgetEncoded() {
	for _, log := range s.logs {
		for _, r := range log.newestFirst {
			r.encoded = nil
		}
	}
}
