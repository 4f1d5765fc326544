package makesim

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logged := s.arrive(r)
	if s.options.OnRequest != nil {
		s.options.OnRequest(r)
	}
	if s.options.Latency > 0 {
		delay := time.NewTimer(s.options.Latency)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-r.Context().Done():
			return
		}
	}
	now := s.options.Now()
	a := s.answer(r, logged, now)
	a.write(w, now)
}

// answer decides on the answer and notes its status.
func (s *Server) answer(r *http.Request, logged arrival, now time.Time) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.decide(r, logged, now)
	logged.Status = a.status
	return a
}

// decide goes through the gates in the order in which a request meets them: the proxy in front of Make, the credential, the rate limit, the
// endpoint.
func (s *Server) decide(r *http.Request, logged arrival, now time.Time) answer {
	q := s.quirks
	if q.HTMLForbiddenWithoutUserAgent && isLibraryUserAgent(r.UserAgent()) {
		return htmlAnswer(http.StatusForbidden, "error code: 1010")
	}
	if q.Redirect != "" {
		a := textAnswer(http.StatusTemporaryRedirect, "")
		a.location = q.Redirect
		return a
	}
	e, err := s.route(r)
	if err != nil {
		return errorAnswer(err, q)
	}
	if e.public {
		return e.respond(nil)
	}
	from, err := s.directory.authenticate(r)
	if err != nil {
		return errorAnswer(err, q)
	}
	if !from.hasScope(e.scope) {
		return forbidden().answer(q)
	}
	if o, ok := s.directory.served(e.organization); ok {
		logged.OrganizationID = o.ID
		fits := s.limit(o.ID).take(logged.At, o.APILimit, s.options.Minute)
		if !fits {
			return tooManyRequests().answer(q)
		}
	}
	if fault, ok := q.fault(logged.number); ok {
		return fault
	}
	a := e.respond(&call{server: s, caller: from, query: parseQuery(r.URL.RawQuery), quirks: q, now: now, arrival: logged.number})
	a.cut = q.CutBodyEvery > 0 && logged.number%uint64(q.CutBodyEvery) == 0
	return a
}

func (s *Server) limit(organization int64) *rateLimit {
	l, ok := s.limits[organization]
	if !ok {
		l = &rateLimit{}
		s.limits[organization] = l
	}
	return l
}

// call is an authenticated request on its way to an endpoint.
type call struct {
	server  *Server
	caller  caller
	query   *query
	quirks  Quirks
	now     time.Time
	arrival uint64
}

// random is for what differs between requests, and depends on nothing but the seed and the place in the order of arrival.
func (c *call) random() *rand.Rand {
	return rand.New(rand.NewPCG(c.server.options.Seed, c.arrival))
}

// errorAnswer renders a refusal; any other error is a mistake of ours.
func errorAnswer(err error, q Quirks) answer {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		refusal = newError(http.StatusInternalServerError, "Internal Server Error", "%v", err)
	}
	return refusal.answer(q)
}
