package transport

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"
)

// maxStreamsPerCaller bounds the SSE connections of one caller.
const maxStreamsPerCaller = 32

// sse is the HTTP+SSE transport of 2024-11-05, deprecated since 2026-07-28: GET
// opens a stream of events, and messages are posted beside it. Unlike mcp-go's, a
// stream belongs to the caller that opened it, and its calls end with it.
type sse struct {
	server *server.MCPServer
	books  *books
	// messages is the path that messages are posted to.
	messages string
	// ended closes streams when the server stops, once their calls are answered.
	ended context.Context //nolint:containedctx // the server's life, not a request's
	// drainTimeout is how long those calls may take.
	drainTimeout time.Duration
	heartbeat    time.Duration

	mu      sync.Mutex
	streams map[string]*sseStream
	owned   map[string]int // streams of each caller
}

// sseStream is one open stream.
type sseStream struct {
	owner      string
	connection *connection

	served chan struct{} // closed when messages can be served
	ended  chan struct{} // closed when the stream has ended
	// mu keeps messages out once the stream is no longer served.
	mu    sync.RWMutex
	calls context.Context //nolint:containedctx // messages come by requests of their own
}

// open serves a stream until the client goes or the server stops.
func (s *sse) open(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "want GET; for streamable HTTP POST to the other path")
		return
	}
	control := http.NewResponseController(w)
	var writing sync.Mutex
	over := false
	write := func(event []byte) error {
		writing.Lock()
		defer writing.Unlock()
		if over {
			return net.ErrClosed
		}
		return timed(control, func() error {
			_, err := w.Write(event)
			return err
		})
	}
	id := rand.Text() + rand.Text()
	stream := &sseStream{owner: callerOf(r), served: make(chan struct{}), ended: make(chan struct{})}
	defer close(stream.ended)
	stream.connection = newConnection(s.server, id, s.books, func(line []byte) error { return write(messageEvent(line)) })
	if !s.add(id, stream) {
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "too many open streams; close some")
		return
	}
	defer s.remove(id, stream)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	beginStream(w)
	if write([]byte("event: endpoint\ndata: "+s.messages+"?sessionId="+url.QueryEscape(id)+"\n\n")) != nil {
		return
	}
	// Runs first: nobody may be in the response, or enter it, once this has returned.
	defer func() {
		_ = control.SetWriteDeadline(time.Now()) // releases a writer that is stuck
		writing.Lock()
		defer writing.Unlock()
		over = true
	}()
	go func() {
		ticker := time.NewTicker(s.heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if write([]byte(": still here\n\n")) != nil {
					cancel()
				}
			}
		}
	}()
	err := stream.connection.run(ctx, s.drainTimeout, func(calls context.Context) error {
		stream.open(calls)
		defer stream.shut()
		select {
		case <-calls.Done():
		case <-s.ended.Done():
		}
		return nil
	})
	if err != nil {
		s.books.logger.DebugContext(r.Context(), "a stream broke", "error", err)
	}
}

// open has messages served with calls as their context.
func (s *sseStream) open(calls context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = calls
	close(s.served)
}

// shut keeps messages out, after those that are being taken in.
func (s *sseStream) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// post takes in one message; its answer comes on the stream.
func (s *sse) post(w http.ResponseWriter, r *http.Request) {
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
	text, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the body cannot be read")
		return
	}
	select {
	case <-stream.served: // a client may be faster than the stream that told it where to post
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
	stream.connection.receive(stream.calls, text)
	w.WriteHeader(http.StatusAccepted)
}

func (s *sse) add(id string, stream *sseStream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owned[stream.owner] >= maxStreamsPerCaller {
		return false
	}
	s.owned[stream.owner]++
	s.streams[id] = stream
	return true
}

func (s *sse) remove(id string, stream *sseStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, id)
	if s.owned[stream.owner]--; s.owned[stream.owner] == 0 {
		delete(s.owned, stream.owner)
	}
}

func (s *sse) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}
