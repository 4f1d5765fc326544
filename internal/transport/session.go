package transport

import (
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// session is what mcp-go keeps about the client of a connection. The zero value of
// what the client has not said yet is what mcp-go expects.
type session struct {
	id            string
	notifications chan mcp.JSONRPCNotification
	initialized   atomic.Bool

	mu           sync.Mutex
	level        mcp.LoggingLevel
	info         mcp.Implementation
	capabilities mcp.ClientCapabilities
	version      string
}

var (
	_ server.SessionWithLogging         = (*session)(nil)
	_ server.SessionWithClientInfo      = (*session)(nil)
	_ server.SessionWithProtocolVersion = (*session)(nil)
)

func newSession(id string) *session {
	return &session{
		id: id,
		// mcp-go drops notifications that do not fit.
		notifications: make(chan mcp.JSONRPCNotification, 256),
		level:         mcp.LoggingLevelError,
	}
}

func (s *session) SessionID() string { return s.id }

func (s *session) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notifications }

func (s *session) Initialize() { s.initialized.Store(true) }

func (s *session) Initialized() bool { return s.initialized.Load() }

func (s *session) SetLogLevel(level mcp.LoggingLevel) { store(s, &s.level, level) }

func (s *session) GetLogLevel() mcp.LoggingLevel { return load(s, &s.level) }

func (s *session) SetClientInfo(info mcp.Implementation) { store(s, &s.info, info) }

func (s *session) GetClientInfo() mcp.Implementation { return load(s, &s.info) }

func (s *session) SetClientCapabilities(capabilities mcp.ClientCapabilities) {
	store(s, &s.capabilities, capabilities)
}

func (s *session) GetClientCapabilities() mcp.ClientCapabilities { return load(s, &s.capabilities) }

func (s *session) SetProtocolVersion(version string) { store(s, &s.version, version) }

func (s *session) ProtocolVersion() string { return load(s, &s.version) }

func store[T any](s *session, field *T, value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*field = value
}

func load[T any](s *session, field *T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *field
}
