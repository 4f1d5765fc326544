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
	id     json.RawMessage // as the client wrote it
	method string
	about  params
	cancel context.CancelFunc
	// deliver writes a notification's line, before the answer.
	deliver func(ctx context.Context, line []byte) error

	refusal atomic.Pointer[mcp.JSONRPCErrorDetails] // how the handler wants its error to go out
	refused atomic.Bool                             // the answer is a JSON-RPC error
	summary atomic.Pointer[CallSummary]

	// closed is set, and done closed, once the call is answered or cancelled: from then on nothing is written for it.
	closed    atomic.Bool
	cancelled atomic.Bool
	done      chan struct{}
}

func newCall(message envelope, about params) *call {
	return &call{id: message.ID, method: message.Method, about: about, done: make(chan struct{})}
}

// close closes the call, and returns whether it was open until now.
func (c *call) close() bool {
	wasOpen := c.closed.CompareAndSwap(false, true)
	if wasOpen {
		close(c.done)
	}
	return wasOpen
}

// requestID returns the id for the answer, null where there is no call.
func (c *call) requestID() mcp.RequestId {
	if c == nil {
		return mcp.NewRequestId(nil)
	}
	return mcp.NewRequestId(c.id)
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
	c.byID[key] = left
	if len(left) == 0 {
		delete(c.byID, key)
	}
}

// cancel ends the calls of an id without an answer.
func (c *calls) cancel(id json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, next := range c.byID[idKey(id)] {
		// Closed first: what the handler does about it must not be written.
		wasOpen := next.close()
		if wasOpen {
			next.cancelled.Store(true)
		}
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

// idKey returns what ids are compared by: numbers exactly, as they are written, and text however it is escaped; 1 is not "1".
func idKey(id json.RawMessage) string {
	var text string
	if len(id) > 0 && id[0] == '"' && json.Unmarshal(id, &text) == nil {
		return `"` + text
	}
	return string(id)
}
