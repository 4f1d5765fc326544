package transport

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/auth"
)

const (
	// maxSessions bounds the sessions of all callers, maxSessionsPerHolder those of one person, key, or address, and maxSessionsPerCaller
	// those of one credential: a further one ends the one idle longest of those that it may end.
	maxSessions          = 10_000
	maxSessionsPerHolder = 1_000
	maxSessionsPerCaller = 100
	defaultSessionIdle   = 30 * time.Minute
	// sessionPrefix is what ids of sessions begin with.
	sessionPrefix = "mcp-session-"
)

// session is an MCP session: of streamable HTTP up to 2025-11-25. It belongs to the caller that opened it.
type session struct {
	id    string
	owner string
	place *place
	calls calls

	used    time.Time // guarded by sessions.mu, like the next two
	serving int       // requests under way
	ended   bool
}

// sessions are those that clients have opened and not ended.
type sessions struct {
	idle   time.Duration
	places *places

	mu      sync.Mutex
	byID    map[string]*session
	byOwner map[string]map[string]*session
}

func newSessions(idle time.Duration, who holderOf) *sessions {
	return &sessions{
		idle: orDefault(idle, defaultSessionIdle), places: newPlaces(who, maxSessionsPerHolder, maxSessions),
		byID: map[string]*session{}, byOwner: map[string]map[string]*session{},
	}
}

// add opens a session. ok is false if there are too many; replaced are the ids of those that had to end for it.
func (s *sessions) add(id string, caller auth.Caller) (replaced []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := caller.ID()
	end := func(ended *session) bool {
		if ended != nil {
			replaced = append(replaced, ended.id)
			s.drop(ended)
		}
		return ended != nil
	}
	if len(s.byOwner[owner]) >= maxSessionsPerCaller && !end(longestIdle(s.byOwner[owner], anySession)) {
		return replaced, false
	}
	place, full := s.places.take(caller, 1)
	if full != none && end(s.worthLess(caller, full)) {
		place, full = s.places.take(caller, 1)
	}
	if full != none {
		return replaced, false
	}
	next := &session{id: id, owner: owner, place: place, used: time.Now()}
	s.byID[id] = next
	if s.byOwner[owner] == nil {
		s.byOwner[owner] = map[string]*session{}
	}
	s.byOwner[owner][id] = next
	return replaced, true
}

// worthLess is the session that may be ended for a caller's: one of the same holder, else of somebody who is not proven. Only where there
// is none of those, a proven caller's takes the place of another's: refusing would let those who came first lock out the rest.
func (s *sessions) worthLess(caller auth.Caller, full bound) *session {
	holder, proven := s.places.who(caller)
	if full == ofHolder {
		return longestIdle(s.byID, func(other *session) bool { held, _ := other.place.heldBy(); return held == holder })
	}
	found := longestIdle(s.byID, func(other *session) bool { _, isProven := other.place.heldBy(); return !isProven })
	if found == nil && proven {
		found = longestIdle(s.byID, anySession)
	}
	return found
}

func anySession(*session) bool { return true }

// longestIdle is the session among some that nobody has used for longest, nil if all are in use.
func longestIdle(all map[string]*session, among func(*session) bool) *session {
	var oldest *session
	for _, session := range all {
		if session.serving == 0 && among(session) && (oldest == nil || session.used.Before(oldest.used)) {
			oldest = session
		}
	}
	return oldest
}

func (s *sessions) drop(ended *session) {
	ended.ended = true
	ended.place.leave()
	delete(s.byID, ended.id)
	delete(s.byOwner[ended.owner], ended.id)
	if len(s.byOwner[ended.owner]) == 0 {
		delete(s.byOwner, ended.owner)
	}
}

// use finds a caller's session, nil for none; another caller's does not exist for it. What it returns is in use until release.
func (s *sessions) use(id, owner string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byID[id]
	if found == nil || found.owner != owner {
		return nil
	}
	found.used = time.Now()
	found.serving++
	return found
}

// release ends a use, and returns whether it was the last one of a session that has ended meanwhile.
func (s *sessions) release(used *session) (lastOfEnded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	used.serving--
	used.used = time.Now()
	return used.ended && used.serving == 0
}

// hasEnded reports whether a session has ended.
func (s *sessions) hasEnded(session *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return session.ended
}

// expired removes the sessions that nobody used for a while, and returns their ids.
func (s *sessions) expired() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id, session := range s.byID {
		if session.serving == 0 && time.Since(session.used) > s.idle {
			ids = append(ids, id)
			s.drop(session)
		}
	}
	return ids
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// ResolveSessionIdManager gives mcp-go the view that a request's caller has of the sessions. r is nil where mcp-go cleans up.
func (s *sessions) ResolveSessionIdManager(r *http.Request) server.SessionIdManager { //nolint:revive,staticcheck // mcp-go names it
	owner := ""
	if r != nil {
		owner = callerOf(r)
	}
	return &callersSessions{sessions: s, owner: owner}
}

// callersSessions is one caller's view of the sessions, as mcp-go asks for it.
type callersSessions struct {
	sessions *sessions
	owner    string
}

var errNoSession = errors.New("no such session")

// unguessableID names a session or a stream. Whoever knows one must still be its owner.
func unguessableID() string { return rand.Text() + rand.Text() }

// Generate makes an id; the session is added when the handshake has succeeded.
func (c *callersSessions) Generate() string { return sessionPrefix + unguessableID() }

// Validate knows the caller's sessions only.
func (c *callersSessions) Validate(id string) (isTerminated bool, err error) {
	session := c.sessions.use(id, c.owner)
	if session == nil {
		return false, errNoSession
	}
	c.sessions.release(session)
	return false, nil
}

// Terminate ends a session. Whose it is was checked before mcp-go was asked.
func (c *callersSessions) Terminate(id string) (isNotAllowed bool, err error) {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	if found := c.sessions.byID[id]; found != nil {
		c.sessions.drop(found)
	}
	return false, nil
}

// sessionRedactor keeps session ids out of what mcp-go logs: whoever has one, and the token, could take a session over.
type sessionRedactor struct{ slog.Handler }

// Handle passes a record on.
func (s *sessionRedactor) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, redactSessions(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redactAttr(a))
		return true
	})
	return s.Handler.Handle(ctx, clean)
}

// WithAttrs returns a handler with attributes.
func (s *sessionRedactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		clean = append(clean, redactAttr(a))
	}
	return &sessionRedactor{s.Handler.WithAttrs(clean)}
}

// WithGroup returns a handler whose attributes are in a group.
func (s *sessionRedactor) WithGroup(name string) slog.Handler {
	return &sessionRedactor{s.Handler.WithGroup(name)}
}

func redactAttr(a slog.Attr) slog.Attr {
	return slog.String(a.Key, redactSessions(a.Value.Resolve().String()))
}

func redactSessions(text string) string {
	return regexp.MustCompile(sessionPrefix+`\S+`).ReplaceAllStringFunc(text, fingerprint)
}
