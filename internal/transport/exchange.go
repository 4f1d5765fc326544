package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/tidwall/gjson"
)

// writeTimeout bounds one write to a client that reads slowly or not at all.
const writeTimeout = 30 * time.Second

// exchange is the answer to one POST. mcp-go writes into it; it has the answer go
// out behind the call's notifications, with the request's exact id, with the code
// that the handler chose, and without the text of panics.
//
// mcp-go sends notifications through a channel that a whole session shares, and
// loses those that are still in it when the handler returns. Here [Notify] writes
// them to the response itself, which becomes an event stream by that.
type exchange struct {
	call   *call // nil for what is no request
	logger *slog.Logger

	mu       sync.Mutex
	to       http.ResponseWriter
	control  *http.ResponseController
	status   int          // of the answer that is kept back
	body     bytes.Buffer // the answer, or mcp-go's event that is not yet whole
	stream   bool         // the response is an event stream
	theirs   bool         // mcp-go writes events itself
	finished bool
	sent     int // bytes of answers and events
}

func newExchange(to http.ResponseWriter, of *call, logger *slog.Logger) *exchange {
	e := &exchange{call: of, logger: logger, to: to, control: http.NewResponseController(to)}
	if of != nil {
		of.deliver = e.deliver
	}
	return e
}

// Header is the response's.
func (e *exchange) Header() http.Header { return e.to.Header() }

// WriteHeader notes the status; it goes out with the answer.
func (e *exchange) WriteHeader(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writeHeader(status)
}

func (e *exchange) writeHeader(status int) {
	if e.status != 0 {
		return
	}
	e.status = status
	media, _, _ := mime.ParseMediaType(e.to.Header().Get("Content-Type"))
	if e.theirs = media == eventStream; e.theirs {
		e.begin()
	}
}

// Write keeps what mcp-go answers, and lets its events through, each in one piece.
func (e *exchange) Write(data []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writeHeader(http.StatusOK)
	if e.finished {
		return 0, context.Canceled
	}
	e.body.Write(data)
	if e.theirs && bytes.HasSuffix(e.body.Bytes(), []byte("\n\n")) {
		defer e.body.Reset()
		if err := e.emit(e.settleEvent(e.body.Bytes())); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// settleEvent puts an answer right that mcp-go sends as an event; there is none for a
// call that was cancelled.
func (e *exchange) settleEvent(event []byte) []byte {
	head, data, found := bytes.Cut(event, []byte("data: "))
	if e.call == nil || !found || gjson.GetBytes(data, "method").Exists() {
		return event
	}
	if !e.call.close() {
		return nil
	}
	return slices.Concat(head, []byte("data: "), bytes.TrimSpace(e.settle(bytes.TrimSpace(data))), []byte("\n\n"))
}

// Flush does nothing: events go out as they are written. That it is there tells
// mcp-go that the response can be a stream.
func (e *exchange) Flush() {}

// Unwrap lets http.ResponseController set deadlines.
func (e *exchange) Unwrap() http.ResponseWriter { return e.to }

const eventStream = "text/event-stream"

// begin makes the response an event stream.
func (e *exchange) begin() {
	if e.stream {
		return
	}
	e.stream = true
	beginStream(e.to)
}

// beginStream sends the head of an event stream.
func beginStream(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", eventStream)
	header.Set("Cache-Control", "no-cache, no-transform")
	header.Set("X-Accel-Buffering", "no") // or nginx would collect events
	w.WriteHeader(http.StatusOK)
}

// emit writes whole events.
func (e *exchange) emit(events []byte) error {
	if len(events) == 0 {
		return nil
	}
	err := timed(e.control, func() error {
		n, err := e.to.Write(events)
		e.sent += n
		return err
	})
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	return nil
}

// timed writes and flushes within writeTimeout. The deadline is taken back, since
// over HTTP/2 it would end a stream that is merely idle.
func timed(control *http.ResponseController, write func() error) error {
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	if err := write(); err != nil {
		return err
	}
	return control.Flush()
}

// deliver writes a notification.
func (e *exchange) deliver(ctx context.Context, line []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finished || ctx.Err() != nil || e.call.closed.Load() {
		return context.Canceled
	}
	e.begin()
	return e.emit(messageEvent(line))
}

// messageEvent is a message as an event of a stream.
func messageEvent(line []byte) []byte {
	return fmt.Appendf(nil, "event: message\ndata: %s\n\n", bytes.TrimSuffix(line, []byte("\n")))
}

// finish sends the answer, once mcp-go has said it. It returns the size of what
// the client got.
func (e *exchange) finish() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finished {
		return e.sent
	}
	e.finished = true
	if e.theirs {
		if e.call != nil {
			e.call.close()
		}
		return e.sent
	}
	if e.call != nil && !e.call.close() {
		// Cancelled: nothing more may be said.
		if !e.stream {
			e.to.WriteHeader(http.StatusAccepted)
		}
		return e.sent
	}
	if e.call != nil && e.status == 0 && e.body.Len() == 0 {
		// mcp-go says nothing to a call whose context has ended: its session is over, or
		// the client has gone.
		e.call.refused.Store(true)
		e.to.Header().Set("Content-Type", "application/json")
		e.status = http.StatusOK
		e.body.Write(errorLine(e.call.requestID(), mcp.REQUEST_INTERRUPTED, "the call was ended with its session"))
	}
	answer := e.settle(e.body.Bytes())
	if e.stream {
		if len(answer) > 0 {
			_ = e.emit(messageEvent(bytes.TrimSpace(answer)))
		}
		return e.sent
	}
	if len(answer) > 0 {
		e.to.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	}
	_ = timed(e.control, func() error {
		if e.status != 0 {
			e.to.WriteHeader(e.status)
		}
		n, err := e.to.Write(answer)
		e.sent += n
		return err
	})
	return e.sent
}

// settle puts a JSON-RPC answer right; anything else stays as it is.
func (e *exchange) settle(body []byte) []byte {
	if e.call == nil {
		return body
	}
	// mcp-go writes its id before the result, so little is read to find it.
	id := gjson.GetBytes(body, "id")
	if !id.Exists() || id.Index == 0 || !gjson.GetBytes(body[:id.Index], "jsonrpc").Exists() {
		return body
	}
	tail := body[id.Index+len(id.Raw):]
	if bytes.HasPrefix(tail, []byte(`,"error":`)) {
		tail = e.settleError(tail)
	}
	// mcp-go keeps numbers as float64: the client gets the id as it wrote it.
	return slices.Concat(body[:id.Index], e.call.id, tail)
}

// settleError puts the error right that an answer ends with.
func (e *exchange) settleError(tail []byte) []byte {
	var ended struct {
		Error *rpcError `json:"error"`
	}
	if err := json.Unmarshal(slices.Concat([]byte("{"), tail[1:]), &ended); err != nil || ended.Error == nil {
		return tail
	}
	before := ended.Error.Code
	if panicked := e.call.settle(ended.Error); panicked != "" {
		e.logger.Error("panic while serving a message", "method", cut(e.call.method), "panic", panicked)
	}
	if e.status == http.StatusOK && ended.Error.Code != before && e.modern() {
		e.status = http.StatusBadRequest
	}
	line, err := marshalLine(ended)
	if err != nil {
		return tail
	}
	return append([]byte(","), line[1:]...)
}

// modern tells whether the answer is to a revision that has the HTTP status say
// what the JSON-RPC code says (2026-07-28, "Streamable HTTP").
func (e *exchange) modern() bool { return mcp.IsModernProtocol(e.call.version) }

// fail answers a panic of mcp-go or of a handler.
func (e *exchange) fail() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finished || e.theirs {
		return
	}
	e.body.Reset()
	e.status = http.StatusInternalServerError
	e.to.Header().Set("Content-Type", "application/json")
	e.body.Write(errorLine(e.call.requestID(), mcp.INTERNAL_ERROR, internalError))
}
