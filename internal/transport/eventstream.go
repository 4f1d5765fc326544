package transport

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const eventStream = "text/event-stream"

// writeTimeout bounds one write to a client that reads slowly or not at all.
const writeTimeout = 30 * time.Second

// writeStreamHead sends the head of an event stream.
func writeStreamHead(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", eventStream)
	header.Set("Cache-Control", "no-cache, no-transform")
	header.Set("X-Accel-Buffering", "no") // or nginx would collect events
	w.WriteHeader(http.StatusOK)
}

// messageEvent is a message as an event of a stream.
func messageEvent(line []byte) []byte {
	return fmt.Appendf(nil, "event: message\ndata: %s\n\n", bytes.TrimSuffix(line, []byte("\n")))
}

// deadlineWriter bounds each write of a long stream.
type deadlineWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newDeadlineWriter(w http.ResponseWriter) *deadlineWriter {
	return &deadlineWriter{w, http.NewResponseController(w)}
}

// Write writes and flushes within writeTimeout. The deadline is taken back, since over HTTP/2 it would end a stream that is merely idle.
func (d *deadlineWriter) Write(data []byte) (int, error) {
	_ = d.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	defer func() { _ = d.control.SetWriteDeadline(time.Time{}) }()
	n, err := d.ResponseWriter.Write(data)
	if err != nil {
		return n, err
	}
	return n, d.control.Flush()
}

// Flush sends the head of the stream; events are flushed as they are written.
func (d *deadlineWriter) Flush() { _ = d.control.Flush() }

// Unwrap lets http.ResponseController set deadlines.
func (d *deadlineWriter) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// eventWriter writes events to a response that several goroutines write to, until it is closed.
type eventWriter struct {
	mu     sync.Mutex
	to     *deadlineWriter
	closed bool
}

func (e *eventWriter) write(event []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	_, err := e.to.Write(event)
	return err
}

// close releases a writer that is stuck. When it returns, nobody is in the response, or will enter it.
func (e *eventWriter) close() {
	_ = e.to.control.SetWriteDeadline(time.Now())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}

// heartbeat writes to an idle stream until ctx ends, so that no proxy cuts it. It calls cancel when the client has gone.
func (e *eventWriter) heartbeat(ctx context.Context, cancel context.CancelFunc, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if e.write([]byte(": still here\n\n")) != nil {
				cancel()
			}
		}
	}
}
