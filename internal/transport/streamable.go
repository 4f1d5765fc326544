package transport

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/auth"
)

const (
	defaultHeartbeat = 25 * time.Second
	// sweepEvery is how often idle sessions are looked for, at least.
	sweepEvery = time.Minute
)

// streamable is mcp-go's streamable HTTP, with sessions that belong to their caller and end, exact answers, and safe cancellations.
type streamable struct {
	handler  http.Handler
	sessions *sessions
	recorder *recorder
	// ended ends streams that have no end of their own when the server stops.
	ended context.Context //nolint:containedctx // the server's life, not a request's
}

func newStreamable(ended context.Context, s *server.MCPServer, open *sessions, heartbeat time.Duration, r *recorder) *streamable {
	return &streamable{
		sessions: open, recorder: r, ended: ended,
		handler: server.NewStreamableHTTPServer(s,
			server.WithSessionIdManagerResolver(open),
			server.WithEventStore(&eventStore{sessions: map[string]*sessionEvents{}}),
			server.WithHeartbeatInterval(heartbeat),
			server.WithStreamableHTTPLogger(slog.New(&sessionRedactor{r.logger.Handler()})),
			// The guards in front have a list of hosts; mcp-go's own check would refuse a proxy on the same machine.
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
	session := s.sessions.use(id, callerOf(r))
	if session == nil {
		refuseSession(w, id)
		return
	}
	defer s.leave(session)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	go endWithAdmission(ctx, cancel)
	s.handler.ServeHTTP(newDeadlineWriter(w), r.WithContext(ctx))
	if s.sessions.hasEnded(session) {
		for _, open := range session.calls.open() {
			open.cancel()
		}
	}
}

// leave ends the use of a session. A request that had begun when the session ended may have had mcp-go set it up anew.
func (s *streamable) leave(session *session) {
	lastOfEnded := s.sessions.release(session)
	if lastOfEnded {
		s.forget(session.id)
	}
}

// refuseSession says that a session is missing, with the statuses that the revisions with sessions have for it.
func refuseSession(w http.ResponseWriter, id string) {
	if id == "" {
		refuse(w, http.StatusBadRequest, "the header Mcp-Session-Id is missing: send initialize first, and then the id that it answers with")
		return
	}
	refuse(w, http.StatusNotFound, "no such session: send initialize to open one")
}

// post serves one message.
func (s *streamable) post(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body) // checkBody has it in memory
	message, about, bad := parse(text)
	if bad != nil {
		refuseWith(w, http.StatusBadRequest, bad.Code, bad.Message)
		return
	}
	id := r.Header.Get(server.HeaderKeySessionID)
	session := s.sessions.use(id, callerOf(r))
	if session != nil {
		defer s.leave(session)
	}
	switch {
	case message.Method == string(mcp.MethodNotificationCancelled):
		cancelCall(w, session, about)
		return
	case session == nil && needsSession(r, message, about):
		refuseSession(w, id)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(message.text))
	if message.isRequest() {
		s.serveCall(w, r, session, newCall(message, about))
		return
	}
	s.handler.ServeHTTP(newDeadlineWriter(w), r)
}

// cancelCall cancels a call of a session. Without one, mcp-go would cancel any caller's call of that id; there, closing the response does.
func cancelCall(w http.ResponseWriter, session *session, about params) {
	if session != nil {
		session.calls.cancel(about.RequestID)
	}
	w.WriteHeader(http.StatusAccepted)
}

// needsSession reports whether a message is one of those revisions that have sessions, and opens none.
func needsSession(r *http.Request, message envelope, about params) bool {
	modern := mcp.IsModernProtocol(about.Meta.Version) || mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion))
	return !modern && message.Method != string(mcp.MethodInitialize)
}

// serveCall answers one request; session is nil where it has none.
func (s *streamable) serveCall(w http.ResponseWriter, r *http.Request, session *session, c *call) {
	if c.about.Meta.TraceParent == "" {
		c.about.Meta.TraceParent, c.about.Meta.TraceState = r.Header.Get("traceparent"), r.Header.Get("tracestate")
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), callKey{}, c))
	defer cancel()
	c.cancel = cancel
	sessionID := ""
	if session != nil {
		sessionID = session.id
		session.calls.add(c)
		defer session.calls.remove(c)
		if s.sessions.hasEnded(session) {
			cancel() // it ended after it was looked up
		}
	}
	if c.method == string(mcp.MethodSubscriptionsListen) {
		defer context.AfterFunc(s.ended, cancel)()
		go endWithAdmission(ctx, cancel)
	}
	ctx, end := s.recorder.begin(ctx, c, sessionID, r.Header.Get(mcp.HeaderProtocolVersion))
	rewriter := newResponseRewriter(w, c, s.recorder.logger)
	defer func() { end(rewriter.finish()) }()
	defer s.recover(ctx, rewriter)
	s.handler.ServeHTTP(rewriter, r.WithContext(ctx))
	opened := w.Header().Get(server.HeaderKeySessionID)
	if opened != "" && c.method == string(mcp.MethodInitialize) {
		caller, _ := auth.FromContext(r.Context())
		s.addSession(opened, caller, rewriter)
	}
}

// addSession takes in the session that a handshake has made, if there is room.
func (s *streamable) addSession(id string, caller auth.Caller, rewriter *responseRewriter) {
	replaced, ok := s.sessions.add(id, caller)
	for _, other := range replaced {
		s.forget(other)
	}
	if ok {
		return
	}
	s.forget(id)
	rewriter.Header().Del(server.HeaderKeySessionID)
	rewriter.replace(http.StatusTooManyRequests, mcp.INVALID_REQUEST, "too many sessions; end some with DELETE, or wait", "60")
}

// recover answers a panic of mcp-go or of a handler.
func (s *streamable) recover(ctx context.Context, rewriter *responseRewriter) {
	if reason := recover(); reason != nil {
		logPanic(ctx, s.recorder.logger, rewriter.call.method, reason)
		rewriter.replace(http.StatusInternalServerError, mcp.INTERNAL_ERROR, internalError, "")
	}
}

// forget has mcp-go drop all that it holds of a session, which only a DELETE does.
func (s *streamable) forget(id string) {
	r := (&http.Request{Method: http.MethodDelete, URL: &url.URL{Path: "/"},
		Header: http.Header{}}).WithContext(context.WithoutCancel(s.ended))
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
