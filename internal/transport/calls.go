package transport

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mark3labs/mcp-go/mcp"
)

// callKey is the key under which a handler's context holds its call.
type callKey struct{}

// call is a request that a client waits for.
type call struct {
	connection    *connection
	id            json.RawMessage // as the client wrote it
	method        string
	progressToken json.RawMessage // as the client wrote it, nil for none
	cancel        context.CancelFunc
	errorCode     atomic.Int64 // of the handler's error, 0 for mcp-go's

	// closed is set once the call is answered or cancelled, whichever comes first:
	// from then on nothing is written for it. done is closed at the same time.
	closed atomic.Bool
	done   chan struct{}
}

// close returns whether the call was open until now.
func (c *call) close() bool {
	if !c.closed.CompareAndSwap(false, true) {
		return false
	}
	close(c.done)
	return true
}

// requestID returns the id for the answer, null where there is no call.
func (c *call) requestID() mcp.RequestId {
	if c == nil {
		return mcp.NewRequestId(nil)
	}
	return mcp.NewRequestId(c.id)
}

// handlerCode is the code that a handler chose for its error; 0 for none.
func (c *call) handlerCode() int {
	if c == nil {
		return 0
	}
	return int(c.errorCode.Load())
}

// calls are the requests whose handlers have not returned.
type calls struct {
	mu sync.Mutex
	// byID is a list for each id, since careless clients use one twice.
	byID map[string][]*call
}

func (c *calls) add(next *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID = make(map[string][]*call)
	}
	key := idKey(next.id)
	c.byID[key] = append(c.byID[key], next)
}

func (c *calls) remove(gone *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := idKey(gone.id)
	left := slices.DeleteFunc(c.byID[key], func(other *call) bool { return other == gone })
	if c.byID[key] = left; len(left) == 0 {
		delete(c.byID, key)
	}
}

// cancel ends the calls of an id without an answer.
func (c *calls) cancel(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, next := range c.byID[key] {
		// Closed first: what the handler does about it must not be written.
		next.close()
		next.cancel()
	}
}

// open returns the calls that have neither been answered nor cancelled.
func (c *calls) open() []*call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var open []*call
	for _, list := range c.byID {
		for _, next := range list {
			if !next.closed.Load() {
				open = append(open, next)
			}
		}
	}
	return open
}

// idKey returns what ids are compared by: 1 is not "1", but however text is
// escaped, it is the same. Numbers are compared as written, so that they stay
// exact.
func idKey(id json.RawMessage) string {
	var text string
	if len(id) > 0 && id[0] == '"' && json.Unmarshal(id, &text) == nil {
		return `"` + text
	}
	return string(id)
}
