package transport

import (
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// clientState is what mcp-go keeps about the client of a duplex, which it calls a session.
type clientState struct {
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
	_ server.SessionWithLogging         = (*clientState)(nil)
	_ server.SessionWithClientInfo      = (*clientState)(nil)
	_ server.SessionWithProtocolVersion = (*clientState)(nil)
)

func newClientState(id string) *clientState {
	return &clientState{
		id: id,
		// mcp-go drops notifications that do not fit.
		notifications: make(chan mcp.JSONRPCNotification, 256),
		level:         mcp.LoggingLevelError,
	}
}

func (s *clientState) SessionID() string { return s.id }

func (s *clientState) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notifications }

func (s *clientState) Initialize() { s.initialized.Store(true) }

func (s *clientState) Initialized() bool { return s.initialized.Load() }

func (s *clientState) SetLogLevel(level mcp.LoggingLevel) { store(s, &s.level, level) }

func (s *clientState) GetLogLevel() mcp.LoggingLevel { return load(s, &s.level) }

func (s *clientState) SetClientInfo(info mcp.Implementation) { store(s, &s.info, info) }

func (s *clientState) GetClientInfo() mcp.Implementation { return load(s, &s.info) }

func (s *clientState) SetClientCapabilities(capabilities mcp.ClientCapabilities) {
	store(s, &s.capabilities, capabilities)
}

func (s *clientState) GetClientCapabilities() mcp.ClientCapabilities { return load(s, &s.capabilities) }

func (s *clientState) SetProtocolVersion(version string) { store(s, &s.version, version) }

func (s *clientState) ProtocolVersion() string { return load(s, &s.version) }

func store[T any](s *clientState, field *T, value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*field = value
}

func load[T any](s *clientState, field *T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *field
}
