package makesim

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Request is one request that the server received.
type Request struct {
	// At is when it arrived, by [Options.Clock], which is called under a lock: it must not call the server.
	At     time.Time
	Method string
	Path   string
	Query  url.Values
	// Status of the answer; 0 while it is being made.
	Status int
	// OrganizationID is whose rate limit it counts to; 0: nobody's.
	OrganizationID int64
	UserAgent      string
}

// maxLogged bounds the log, for demos that run for months.
const maxLogged = 200_000

// Requests is the log of all requests since the start or the last [Server.ResetRequests], in the order of arrival. Beyond 200,000 the
// oldest are forgotten.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := make([]Request, len(s.requests))
	for i, r := range s.requests {
		log[i] = *r
	}
	return log
}

// ResetRequests empties the log of requests. It does not touch the rate limit.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// arrival is a request in the log and its place in the order of arrival.
type arrival struct {
	*Request
	number uint64
}

func (s *Server) arrive(r *http.Request) arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := &Request{
		At:        s.options.Clock(),
		Method:    r.Method,
		Path:      r.URL.Path,
		Query:     lenientQuery(r.URL.RawQuery),
		UserAgent: r.UserAgent(),
	}
	s.arrivals++
	if len(s.requests) == maxLogged {
		s.requests = slices.Clone(s.requests[maxLogged/2:])
	}
	s.requests = append(s.requests, request)
	return arrival{request, s.arrivals}
}

// lenientQuery keeps what can be read of a query, for the log.
func lenientQuery(raw string) url.Values {
	values, _ := url.ParseQuery(raw) // what is malformed is refused when answered
	return values
}
