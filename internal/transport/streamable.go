package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"golang.org/x/sync/semaphore"

	"make-audit-mcp/internal/auth"
)

const (
	defaultHeartbeat = 25 * time.Second
	// minMessageBytes is what a message counts at least among those under way.
	minMessageBytes = 4 << 10
	// sweepEvery is how often idle sessions are looked for, at least.
	sweepEvery = time.Minute
)

// streamable is streamable HTTP: mcp-go's, with sessions that belong to their
// caller and end, exact answers, and cancellations that stay within a session.
type streamable struct {
	handler  http.Handler
	sessions *sessions
	books    *books
	pending  *semaphore.Weighted // bytes of the messages under way
	// ended ends streams that have no end of their own when the server stops.
	ended context.Context //nolint:containedctx // the server's life, not a request's
}

func newStreamable(ended context.Context, s *server.MCPServer, idle, heartbeat time.Duration, books *books) *streamable {
	open := newSessions(orDefault(idle, defaultSessionIdle), time.Now)
	return &streamable{
		sessions: open, books: books, ended: ended, pending: semaphore.NewWeighted(maxPendingBytes),
		handler: server.NewStreamableHTTPServer(s,
			server.WithSessionIdManagerResolver(open),
			server.WithEventStore(newEventStore()),
			server.WithHeartbeatInterval(heartbeat),
			server.WithStreamableHTTPLogger(slog.New(&withoutSessions{books.logger.Handler()})),
			// The guards in front have a list of hosts; mcp-go's own check would
			// refuse a proxy on the same machine.
			server.WithDisableLocalhostProtection(true),
		),
	}
}

// ServeHTTP serves one request that the guards let through.
func (s *streamable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		s.post(w, r)
	case http.MethodGet, http.MethodDelete:
		s.getOrDelete(w, r)
	default:
		w.Header().Set("Allow", "GET, POST, DELETE")
		refuse(w, http.StatusMethodNotAllowed, "want POST, GET or DELETE")
	}
}

// getOrDelete listens to a session, or ends it.
func (s *streamable) getOrDelete(w http.ResponseWriter, r *http.Request) {
	if mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) {
		s.handler.ServeHTTP(w, r) // which says that this revision has neither
		return
	}
	id := r.Header.Get(server.HeaderKeySessionID)
	session, done := s.sessions.use(id, callerOf(r))
	defer s.leave(id, done)
	if session == nil {
		refuseSession(w, id)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	s.handler.ServeHTTP(&deadlineWriter{w, http.NewResponseController(w)}, r.WithContext(ctx))
	if s.sessions.isGone(session) {
		for _, open := range session.calls.open() {
			open.cancel()
		}
	}
}

// leave ends the use of a session. A request that had begun when the session ended may
// have had mcp-go set it up anew.
func (s *streamable) leave(id string, done func() bool) {
	if done() {
		s.forget(id)
	}
}

// refuseSession says that a session is missing, with the statuses that the revisions
// with sessions have for it.
func refuseSession(w http.ResponseWriter, id string) {
	if id == "" {
		refuse(w, http.StatusBadRequest, "the header Mcp-Session-Id is missing: send initialize first, and then the id that it answers with")
		return
	}
	refuse(w, http.StatusNotFound, "no such session: send initialize to open one")
}

// post serves one message.
func (s *streamable) post(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the body cannot be read")
		return
	}
	message, about, bad := parse(text)
	if bad != nil || message.isRequest() && !isID(message.ID) {
		if bad == nil {
			bad = &messageError{mcp.INVALID_REQUEST, "Invalid request: the id must be text or a number"}
		}
		refuseMessage(w, http.StatusBadRequest, bad)
		return
	}
	header := r.Header.Get(server.HeaderKeySessionID)
	session, done := s.sessions.use(header, callerOf(r))
	defer s.leave(header, done)
	if message.Method == string(mcp.MethodNotificationCancelled) {
		// mcp-go would cancel any caller's call of that id where there is no session;
		// without one, closing the response cancels.
		if session != nil {
			session.calls.cancel(idKey(about.RequestID))
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	withoutSession := mcp.IsModernProtocol(about.Meta.Version) || mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) || message.Method == string(mcp.MethodInitialize)
	if session == nil && !withoutSession {
		refuseSession(w, header)
		return
	}
	weight := int64(max(len(text), minMessageBytes))
	if !s.pending.TryAcquire(weight) {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "too many large requests are under way; try again")
		return
	}
	defer s.pending.Release(weight)
	r.Body = io.NopCloser(bytes.NewReader(text))
	if !message.isRequest() {
		e := newExchange(w, nil, s.books.logger)
		defer e.finish()
		s.handler.ServeHTTP(e, r)
		return
	}
	next := newCall(message, about)
	if next.traceParent == "" {
		next.traceParent, next.traceState = r.Header.Get("traceparent"), r.Header.Get("tracestate")
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), callKey{}, next))
	defer cancel()
	next.cancel = cancel
	sessionID := ""
	if session != nil {
		sessionID = session.id
		session.calls.add(next)
		defer session.calls.remove(next)
		if s.sessions.isGone(session) {
			cancel() // it ended after it was looked up
		}
	}
	if next.method == string(mcp.MethodSubscriptionsListen) {
		defer context.AfterFunc(s.ended, cancel)()
	}
	ctx, settle := s.books.open(ctx, next, sessionID, r.Header.Get(mcp.HeaderProtocolVersion))
	e := newExchange(w, next, s.books.logger)
	defer func() { settle(e.finish()) }()
	defer s.recover(ctx, e)
	s.handler.ServeHTTP(e, r.WithContext(ctx))
	if opened := w.Header().Get(server.HeaderKeySessionID); opened != "" && next.method == string(mcp.MethodInitialize) {
		s.opened(opened, callerOf(r), e)
	}
}

// opened takes in the session that a handshake has made, if there is room.
func (s *streamable) opened(id, owner string, e *exchange) {
	ended, ok := s.sessions.add(id, owner)
	if ended != "" {
		s.forget(ended)
	}
	if ok {
		return
	}
	s.forget(id)
	e.tooMany()
}

// tooMany has a handshake answered with 429.
func (e *exchange) tooMany() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.to.Header().Del(server.HeaderKeySessionID)
	e.to.Header().Set("Retry-After", "60")
	e.body.Reset()
	e.status = http.StatusTooManyRequests
	e.body.Write(errorLine(e.call.requestID(), mcp.INVALID_REQUEST, "too many sessions; end some with DELETE, or wait"))
}

func (s *streamable) recover(ctx context.Context, e *exchange) {
	if reason := recover(); reason != nil {
		s.books.logger.ErrorContext(ctx, "panic while serving a message", "method", cut(e.call.method), "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
		e.fail()
	}
}

// forget has mcp-go drop all that it keeps of a session, which only a DELETE does.
func (s *streamable) forget(id string) {
	r := (&http.Request{Method: http.MethodDelete, URL: &url.URL{Path: "/"}, Header: http.Header{}}).WithContext(context.WithoutCancel(s.ended))
	r.Header.Set(server.HeaderKeySessionID, id)
	s.handler.ServeHTTP(nowhere{}, r)
}

// nowhere is where the answer to a request of our own goes.
type nowhere struct{}

func (nowhere) Header() http.Header            { return http.Header{} }
func (nowhere) Write(data []byte) (int, error) { return len(data), nil }
func (nowhere) WriteHeader(int)                {}

// sweep ends idle sessions until the server stops.
func (s *streamable) sweep() {
	ticker := time.NewTicker(max(min(sweepEvery, s.sessions.idle/2), time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-s.ended.Done():
			return
		case <-ticker.C:
			for _, id := range s.sessions.expired() {
				s.forget(id)
			}
		}
	}
}

func callerOf(r *http.Request) string {
	caller, _ := auth.FromContext(r.Context())
	return caller.ID()
}

// deadlineWriter bounds each write of a long stream.
type deadlineWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (d *deadlineWriter) Write(data []byte) (int, error) {
	n := 0
	err := timed(d.control, func() (err error) {
		n, err = d.ResponseWriter.Write(data)
		return err
	})
	return n, err
}

// Flush sends the head of the stream; events are flushed as they are written.
func (d *deadlineWriter) Flush() { _ = d.control.Flush() }

// Unwrap lets http.ResponseController set deadlines.
func (d *deadlineWriter) Unwrap() http.ResponseWriter { return d.ResponseWriter }
