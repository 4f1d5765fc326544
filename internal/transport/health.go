package transport

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// readyFor is how long an answer about Make is believed.
	readyFor = 30 * time.Second
	// readyTimeout is how long the question may take; probes give up soon.
	readyTimeout = 5 * time.Second
)

// readiness says whether calls are worth sending here: Make answers, and the server is not stopping. It does not say why: anybody may ask.
type readiness struct {
	ask    func(ctx context.Context) error
	goesBy func() string
	ended  context.Context //nolint:containedctx // the server's life, not a request's

	mu    sync.Mutex
	asked time.Time
	err   error
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	switch {
	case r.ended.Err() != nil:
		probe(w, http.StatusServiceUnavailable, "stopping")
	case r.check() != nil:
		probe(w, http.StatusServiceUnavailable, "Make does not answer")
	case r.goesBy == nil:
		probe(w, http.StatusOK, "ready")
	default:
		probe(w, http.StatusOK, "ready\n"+r.goesBy())
	}
}

// check asks, unless that was done just now. Whoever asks meanwhile waits for the same answer.
func (r *readiness) check() error {
	if r.ask == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) >= readyFor {
		// Not the probe's own context: one that gave up must not answer for others.
		ctx, cancel := context.WithTimeout(r.ended, readyTimeout)
		defer cancel()
		r.err = r.ask(ctx)
		r.asked = time.Now()
	}
	return r.err
}

func probe(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
