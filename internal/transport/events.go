package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/mark3labs/mcp-go/server"
)

// maxEvents and maxEventBytes bound what is held of one session's streams.
const (
	maxEvents     = 256
	maxEventBytes = 1 << 20
)

// eventStore holds the latest events of each session, so that a client whose stream broke can go on from the last it saw. Where that one is
// no longer held the client gets an error, rather than a part.
type eventStore struct {
	mu       sync.Mutex
	last     int64
	sessions map[string]*sessionEvents
}

type sessionEvents struct {
	events []event // oldest first
	bytes  int
}

type event struct {
	number  int64
	stream  string
	message json.RawMessage
}

var _ server.EventStore = (*eventStore)(nil)

// StoreEvent stores an event and returns its id. The oldest of the session make room for it.
func (s *eventStore) StoreEvent(_ context.Context, sessionID, streamID string, message json.RawMessage) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.sessions[sessionID]
	if stored == nil {
		stored = &sessionEvents{}
		s.sessions[sessionID] = stored
	}
	s.last++
	stored.events = append(stored.events, event{s.last, streamID, append(json.RawMessage(nil), message...)})
	stored.bytes += len(message)
	for len(stored.events) > maxEvents || stored.bytes > maxEventBytes && len(stored.events) > 1 {
		stored.bytes -= len(stored.events[0].message)
		stored.events[0] = event{}
		stored.events = stored.events[1:]
	}
	return strconv.FormatInt(s.last, 10), nil
}

// ReplayEventsAfter sends the events of the same stream that came later.
func (s *eventStore) ReplayEventsAfter(_ context.Context, sessionID, lastEventID string,
	send func(eventID string, message json.RawMessage) error) (string, error) {
	stream, later := s.after(sessionID, lastEventID)
	if stream == "" {
		return "", fmt.Errorf("%w: %.40q", server.ErrUnknownEventID, lastEventID)
	}
	for _, next := range later {
		if err := send(strconv.FormatInt(next.number, 10), next.message); err != nil {
			return "", err
		}
	}
	return stream, nil
}

// after finds the stream of an event and what came later on it.
func (s *eventStore) after(sessionID, lastEventID string) (stream string, later []event) {
	number, err := strconv.ParseInt(lastEventID, 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.sessions[sessionID]
	if err != nil || stored == nil {
		return "", nil
	}
	for _, next := range stored.events {
		switch {
		case next.number == number:
			stream = next.stream
		case stream != "" && next.stream == stream:
			later = append(later, next)
		}
	}
	return stream, later
}

// PurgeSession forgets a session's events.
func (s *eventStore) PurgeSession(_ context.Context, sessionID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sessionID)
	return nil
}
