package transport

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/auth"
)

// sse is the HTTP+SSE transport of 2024-11-05, deprecated since 2026-07-28: GET opens a stream of events, and messages are posted beside
// it. Unlike mcp-go's, a stream belongs to the caller that opened it, and its calls end with it.
type sse struct {
	server   *server.MCPServer
	recorder *recorder
	limits   *limits
	// messages is the path that messages are posted to.
	messages string
	// ended closes streams when the server stops, once their calls are answered.
	ended context.Context //nolint:containedctx // the server's life, not a request's
	// drainTimeout is how long those calls may take.
	drainTimeout time.Duration
	heartbeat    time.Duration

	mu      sync.Mutex
	streams map[string]*sseStream
}

// sseStream is one open stream.
type sseStream struct {
	id     string
	owner  string
	duplex *duplex

	served chan struct{} // closed when messages can be served
	ended  chan struct{} // closed when the stream has ended
	// mu keeps messages out once the stream is no longer served.
	mu    sync.RWMutex
	calls context.Context //nolint:containedctx // messages come by requests of their own
}

// serveStream serves a stream until the client goes or the server stops.
func (s *sse) serveStream(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "want GET; for streamable HTTP POST to the other path")
		return
	}
	caller, _ := auth.FromContext(r.Context())
	place, full := s.limits.streams.take(caller, 1)
	if full != none {
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "too many open streams; close some")
		return
	}
	defer place.leave()
	events := &eventWriter{to: newDeadlineWriter(w)}
	id := unguessableID()
	reserve := func(_ context.Context, bytes int64) (func(), error) {
		room, full := s.limits.bytes.take(caller, bytes)
		if full != none {
			return nil, errNoRoom
		}
		return room.leave, nil
	}
	stream := &sseStream{
		id: id, owner: caller.ID(), served: make(chan struct{}), ended: make(chan struct{}),
		duplex: newDuplex(s.server, id, s.recorder, reserve, func(line []byte) error { return events.write(messageEvent(line)) }),
	}
	defer close(stream.ended)
	s.add(stream)
	defer s.remove(stream)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	writeStreamHead(w)
	if events.write([]byte("event: endpoint\ndata: "+s.messages+"?sessionId="+url.QueryEscape(stream.id)+"\n\n")) != nil {
		return
	}
	defer events.close()
	go events.heartbeat(ctx, cancel, s.heartbeat)
	go endWithAdmission(ctx, cancel)
	err := stream.duplex.run(ctx, s.drainTimeout, func(calls context.Context) error {
		stream.letMessagesIn(calls)
		defer stream.keepMessagesOut()
		select {
		case <-calls.Done():
		case <-s.ended.Done():
		}
		return nil
	})
	if err != nil {
		s.recorder.logger.DebugContext(r.Context(), "a stream broke", "error", err)
	}
}

// letMessagesIn has messages served with calls as their context.
func (s *sseStream) letMessagesIn(calls context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = calls
	close(s.served)
}

// keepMessagesOut returns once those that are being taken in are.
func (s *sseStream) keepMessagesOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// serveMessage takes in one message; its answer comes on the stream.
func (s *sse) serveMessage(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "want POST")
		return
	}
	s.mu.Lock()
	stream := s.streams[r.URL.Query().Get("sessionId")]
	s.mu.Unlock()
	if stream == nil || stream.owner != callerOf(r) {
		refuse(w, http.StatusNotFound, "no such session: open a stream with GET, and post to the address that it names")
		return
	}
	text, _ := io.ReadAll(r.Body) // checkBody has it in memory
	select {
	case <-stream.served: // a client may post as soon as it has read where to
	case <-stream.ended:
	case <-r.Context().Done():
		return
	}
	stream.mu.RLock()
	defer stream.mu.RUnlock()
	if stream.calls == nil {
		refuse(w, http.StatusNotFound, "the session is closing")
		return
	}
	stream.duplex.receive(stream.calls, text)
	w.WriteHeader(http.StatusAccepted)
}

func (s *sse) add(stream *sseStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[stream.id] = stream
}

func (s *sse) remove(stream *sseStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, stream.id)
}

func (s *sse) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}
