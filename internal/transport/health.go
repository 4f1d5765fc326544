package transport

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// How long an answer about Make, and about the archive's store, is believed, and how long the question may take; probes give up soon.
const (
	readyFor     = 30 * time.Second
	readyTimeout = 5 * time.Second
	storeFor     = 5 * time.Second
	storeTimeout = 3 * time.Second
)

// readiness says whether calls are worth sending here: the archive can be read, Make answers, and the server is not stopping. Of Make it
// does not say why not: anybody may ask.
type readiness struct {
	store, upstream probed
	goesBy          func() string
	ended           context.Context //nolint:containedctx // the server's life, not a request's
}

func (r *readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if r.ended.Err() != nil {
		probe(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	if err := r.store.check(r.ended); err != nil {
		probe(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	switch {
	case r.upstream.check(r.ended) != nil:
		probe(w, http.StatusServiceUnavailable, "Make does not answer")
	case r.goesBy == nil:
		probe(w, http.StatusOK, "ready")
	default:
		probe(w, http.StatusOK, "ready\n"+r.goesBy())
	}
}

// probed is what a probe asks about.
type probed struct {
	ask             func(ctx context.Context) error // nil if there is nothing to ask
	goodFor, within time.Duration

	mu    sync.Mutex
	asked time.Time
	err   error
}

// check asks, unless that was done just now. Whoever asks meanwhile waits for the same answer.
func (p *probed) check(ended context.Context) error {
	if p.ask == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.asked) >= p.goodFor {
		// Not the probe's own context: one that gave up must not answer for others.
		ctx, cancel := context.WithTimeout(ended, p.within)
		defer cancel()
		p.err = p.ask(ctx)
		p.asked = time.Now()
	}
	return p.err
}

func probe(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
