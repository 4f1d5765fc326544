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

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/tidwall/gjson"
)

// responseRewriter is what mcp-go writes the answer to one POST into. The answer goes out behind the call's notifications, with the
// request's exact id, with the code that the handler chose, and without the text of panics.
//
// mcp-go sends notifications through a channel that a whole session shares, and loses those that are still in it when the handler returns.
// Here [Notify] writes them to the response itself, which becomes an event stream by that.
type responseRewriter struct {
	call   *call
	logger *slog.Logger

	mu           sync.Mutex
	to           *deadlineWriter
	status       int          // of the answer that is held back
	body         bytes.Buffer // the answer, or mcp-go's event that is not yet whole
	streaming    bool         // the response is an event stream
	mcpgoStreams bool         // mcp-go writes the events of the stream itself
	finished     bool
	sent         int // bytes of answers and events
}

func newResponseRewriter(to http.ResponseWriter, c *call, logger *slog.Logger) *responseRewriter {
	r := &responseRewriter{call: c, logger: logger, to: newDeadlineWriter(to)}
	c.deliver = r.deliver
	return r
}

// Header is the response's.
func (r *responseRewriter) Header() http.Header { return r.to.Header() }

// WriteHeader notes the status; it goes out with the answer.
func (r *responseRewriter) WriteHeader(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writeHeader(status)
}

func (r *responseRewriter) writeHeader(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	media, _, _ := mime.ParseMediaType(r.to.Header().Get("Content-Type"))
	r.mcpgoStreams = media == eventStream
	if r.mcpgoStreams {
		r.beginStream()
	}
}

// Write holds back what mcp-go answers, and lets its events through, each in one piece.
func (r *responseRewriter) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writeHeader(http.StatusOK)
	if r.finished {
		return 0, context.Canceled
	}
	r.body.Write(data)
	if r.mcpgoStreams && bytes.HasSuffix(r.body.Bytes(), []byte("\n\n")) {
		defer r.body.Reset()
		if err := r.emit(r.rewriteEvent(r.body.Bytes())); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// Flush does nothing: events go out as they are written. mcp-go takes a response that has it for one that can be a stream.
func (r *responseRewriter) Flush() {}

// Unwrap lets http.ResponseController set deadlines.
func (r *responseRewriter) Unwrap() http.ResponseWriter { return r.to }

func (r *responseRewriter) beginStream() {
	if !r.streaming {
		r.streaming = true
		writeStreamHead(r.to)
	}
}

// emit writes whole events.
func (r *responseRewriter) emit(events []byte) error {
	if len(events) == 0 {
		return nil
	}
	n, err := r.to.Write(events)
	r.sent += n
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	return nil
}

// deliver writes a notification.
func (r *responseRewriter) deliver(ctx context.Context, line []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished || ctx.Err() != nil || r.call.closed.Load() {
		return context.Canceled
	}
	r.beginStream()
	return r.emit(messageEvent(line))
}

// finish sends the answer, once mcp-go has written it. It returns the size of what the client got.
func (r *responseRewriter) finish() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	wasOpen := r.call.close()
	switch {
	case r.mcpgoStreams:
		// The answer was among its events.
	case wasOpen:
		if r.status == 0 && r.body.Len() == 0 {
			// mcp-go has no answer, since the call's context has ended: its session is over, or the client has gone.
			r.call.refused.Store(true)
			r.setAnswer(http.StatusOK, errorLine(r.call.requestID(), mcp.REQUEST_INTERRUPTED, "the call was ended with its session"))
		}
		r.sendAnswer(r.rewriteAnswer(r.body.Bytes()))
	case !r.streaming:
		// Cancelled: nothing more may be said.
		r.to.WriteHeader(http.StatusAccepted)
	}
	return r.sent
}

func (r *responseRewriter) sendAnswer(answer []byte) {
	if r.streaming {
		if len(answer) > 0 {
			_ = r.emit(messageEvent(bytes.TrimSpace(answer)))
		}
		return
	}
	if len(answer) > 0 {
		r.to.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	}
	if r.status != 0 {
		r.to.WriteHeader(r.status)
	}
	n, _ := r.to.Write(answer)
	r.sent += n
}

// replace has the call answered with an error of ours instead of what mcp-go has written; retryAfter is empty where it is of no use.
func (r *responseRewriter) replace(status, code int, message, retryAfter string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mcpgoStreams {
		return
	}
	if retryAfter != "" {
		r.to.Header().Set("Retry-After", retryAfter)
	}
	r.setAnswer(status, errorLine(r.call.requestID(), code, message))
}

func (r *responseRewriter) setAnswer(status int, line []byte) {
	r.to.Header().Set("Content-Type", "application/json")
	r.status = status
	r.body.Reset()
	r.body.Write(line)
}

// rewriteEvent returns an event of mcp-go's as the client gets it. Of a call that was cancelled the client gets no answer.
func (r *responseRewriter) rewriteEvent(event []byte) []byte {
	head, data, found := bytes.Cut(event, []byte("data: "))
	if !found || gjson.GetBytes(data, "method").Exists() {
		return event
	}
	wasOpen := r.call.close()
	if !wasOpen {
		return nil
	}
	return slices.Concat(head, []byte("data: "), bytes.TrimSpace(r.rewriteAnswer(bytes.TrimSpace(data))), []byte("\n\n"))
}

// rewriteAnswer returns a JSON-RPC answer of mcp-go's as the client gets it; anything else stays as it is.
func (r *responseRewriter) rewriteAnswer(body []byte) []byte {
	// mcp-go writes its id before the result, so little is read to find it.
	id := gjson.GetBytes(body, "id")
	if !id.Exists() || id.Index == 0 || !gjson.GetBytes(body[:id.Index], "jsonrpc").Exists() {
		return body
	}
	tail := body[id.Index+len(id.Raw):]
	if bytes.HasPrefix(tail, []byte(`,"error":`)) {
		tail = r.rewriteError(tail)
	}
	// mcp-go keeps numbers as float64: the client gets the id as it wrote it.
	return slices.Concat(body[:id.Index], r.call.id, tail)
}

// rewriteError rewrites the error that an answer ends with.
func (r *responseRewriter) rewriteError(tail []byte) []byte {
	var ended struct {
		Error *mcp.JSONRPCErrorDetails `json:"error"`
	}
	object := slices.Concat([]byte("{"), tail[1:])
	if err := json.Unmarshal(object, &ended); err != nil || ended.Error == nil {
		return tail
	}
	if data := gjson.GetBytes(object, "error.data"); data.Exists() {
		ended.Error.Data = json.RawMessage(data.Raw) // as it is
	}
	before := ended.Error.Code
	r.call.rewriteError(r.logger, ended.Error)
	// Since 2026-07-28 the HTTP status says what the JSON-RPC code says ("Streamable HTTP").
	if r.status == http.StatusOK && ended.Error.Code != before && mcp.IsModernProtocol(r.call.about.Meta.Version) {
		r.status = http.StatusBadRequest
	}
	line, err := marshalLine(ended)
	if err != nil {
		return tail
	}
	return append([]byte(","), line[1:]...)
}
