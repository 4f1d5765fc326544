package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"golang.org/x/sync/semaphore"
)

const (
	defaultDrainTimeout = 5 * time.Minute
	defaultWorkers      = 8
	// stopGrace is how long handlers may take to notice that they are cancelled.
	// Clients wait two seconds between closing a pipe, SIGTERM and SIGKILL.
	stopGrace = time.Second
	// maxPendingBytes bounds the messages that wait for their answer, each
	// counting at least minPendingBytes: beyond it nothing more is read.
	maxPendingBytes = 64 << 20
	minPendingBytes = 64 << 10
	// internalError stands for whatever text a panic has, which may hold secrets.
	internalError = "internal error; the server's log has the details"
)

// connection carries the messages of one client for as long as it stays: what a
// pair of pipes and an SSE stream have in common.
type connection struct {
	server  *server.MCPServer
	session *session
	logger  *slog.Logger
	books   *books
	// write sends one line; only one goroutine calls it.
	write func(line []byte) error

	// outgoing hands lines to the one goroutine that writes. It is unbuffered:
	// whoever has handed over a line knows that all later ones come after it.
	outgoing chan outgoing
	// ended is closed when nothing more will be written.
	ended <-chan struct{}

	calls    calls
	workers  chan struct{}
	pending  *semaphore.Weighted
	handlers sync.WaitGroup
}

type outgoing struct {
	line []byte
	// call is what the line belongs to; nil for errors about unreadable messages.
	call *call
	// answer is set for the response, and not for notifications.
	answer bool
}

func newConnection(s *server.MCPServer, id string, books *books, write func(line []byte) error) *connection {
	return &connection{
		server:   s,
		session:  newSession(id),
		logger:   books.logger,
		books:    books,
		write:    write,
		outgoing: make(chan outgoing),
		workers:  make(chan struct{}, defaultWorkers),
		pending:  semaphore.NewWeighted(maxPendingBytes),
	}
}

// orDefault returns value if it is positive, else otherwise.
func orDefault[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// orDiscard returns a logger in any case.
func orDiscard(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}

// run serves what feed receives until feed returns and every request has its
// answer, or until parent ends: then calls in flight are cancelled and nothing
// more is written. It returns nil in the latter case, else what broke.
func (c *connection) run(parent context.Context, drainTimeout time.Duration, feed func(ctx context.Context) error) error {
	if err := c.server.RegisterSession(parent, c.session); err != nil {
		return fmt.Errorf("starting the session: %w", err)
	}
	defer c.server.UnregisterSession(context.WithoutCancel(parent), c.session.SessionID())

	ctx, stop := context.WithCancel(parent)
	defer stop()
	c.ended = ctx.Done()
	calls, cancelCalls := context.WithCancel(c.server.WithContext(ctx, c.session))
	defer cancelCalls()

	finish := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		err := c.writeAll(finish)
		if err != nil {
			stop() // nobody listens any more
		}
		written <- err
	}()

	readErr := feed(calls)
	c.drain(drainTimeout)
	cancelCalls()

	grace, cancelGrace := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancelGrace()
	c.awaitHandlers(grace)
	close(finish)
	var writeErr error
	select {
	case writeErr = <-written:
	case <-grace.Done():
		c.logger.WarnContext(grace, "the client does not read its answers")
	}
	switch {
	case parent.Err() != nil:
		return nil
	case writeErr != nil:
		return fmt.Errorf("writing to the client: %w", writeErr)
	}
	return readErr
}

// writeAll is the one place that writes, so that lines stay whole.
func (c *connection) writeAll(finish <-chan struct{}) error {
	for {
		var err error
		select {
		case <-c.ended:
			return nil
		case <-finish:
			return c.writeNotifications()
		case notification := <-c.session.notifications:
			err = c.writeNotification(notification)
		case next := <-c.outgoing:
			// What the handler sent by mcp-go's own ways lies in the channel by now:
			// it goes first, or a client would see it after the result.
			if err = c.writeNotifications(); err == nil && next.wanted() {
				err = c.write(next.line)
			}
		}
		if err != nil {
			return err
		}
	}
}

// wanted tells whether the line is to be written: nothing is, for a call that
// was cancelled or has its answer.
func (o outgoing) wanted() bool {
	switch {
	case o.call == nil:
		return true
	case o.answer:
		return o.call.close()
	}
	return !o.call.closed.Load()
}

func (c *connection) writeNotifications() error {
	for {
		select {
		case notification := <-c.session.notifications:
			if err := c.writeNotification(notification); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (c *connection) writeNotification(notification mcp.JSONRPCNotification) error {
	line, err := marshalLine(notification)
	if err != nil {
		c.logger.Error("a notification cannot be written as JSON", "method", notification.Method, "error", err)
		return nil
	}
	return c.write(line)
}

// send hands a line to the writer.
func (c *connection) send(next outgoing) {
	select {
	case c.outgoing <- next:
	case <-c.ended:
	}
}

// receive handles one message. Requests go on in goroutines of their own, but are
// registered before the next message is read, so that no cancellation comes too
// early for the call it means.
func (c *connection) receive(ctx context.Context, text []byte) {
	message, about, bad := parse(text)
	switch {
	case bad != nil:
		c.refuse(nil, bad.code, bad.message)
		return
	case message.isAnswer():
		// An answer to a request that was never made; mcp-go would answer it.
		return
	case message.ID == nil || string(message.ID) == "null":
		if message.Method == string(mcp.MethodNotificationCancelled) {
			c.calls.cancel(idKey(about.RequestID))
			return
		}
		if answer := c.handle(ctx, nil, message.Method, text); answer != nil {
			c.send(outgoing{line: answer})
		}
		return
	case !isID(message.ID):
		c.refuse(nil, mcp.INVALID_REQUEST, "Invalid request: the id must be text or a number")
		return
	}

	weight := int64(max(len(text), minPendingBytes))
	if c.pending.Acquire(ctx, weight) != nil {
		return
	}
	next := newCall(message, about)
	next.deliver = func(ctx context.Context, line []byte) error { return c.deliver(ctx, next, line) }
	ctx, next.cancel = context.WithCancel(context.WithValue(ctx, callKey{}, next))
	c.calls.add(next)
	serve := func() {
		defer c.pending.Release(weight)
		defer c.calls.remove(next)
		defer next.cancel()
		c.serve(ctx, next, text)
	}
	switch mcp.MCPMethod(next.method) {
	case mcp.MethodInitialize, mcp.MethodSetLogLevel:
		// They set up the session for all that follows, also when it is pipelined.
		serve()
	default:
		c.handlers.Go(serve)
	}
}

// serve answers one request.
func (c *connection) serve(ctx context.Context, next *call, text []byte) {
	switch mcp.MCPMethod(next.method) {
	case mcp.MethodToolsCall, mcp.MethodResourcesRead, mcp.MethodPromptsGet:
		select {
		case c.workers <- struct{}{}:
			defer func() { <-c.workers }()
		case <-ctx.Done():
			c.refuse(next, mcp.INTERNAL_ERROR, "the server stopped before the call began")
			return
		}
	}
	ctx, settle := c.books.open(ctx, next, c.session.SessionID(), c.session.ProtocolVersion())
	answer := c.handle(ctx, next, next.method, text)
	settle(len(answer))
	if answer == nil {
		next.close()
		return
	}
	c.send(outgoing{answer, next, true})
}

// deliver hands over a notification of a call, unless the call has ended.
func (c *connection) deliver(ctx context.Context, of *call, line []byte) error {
	select {
	case c.outgoing <- outgoing{line: line, call: of}:
		return nil
	case <-of.done:
	case <-c.ended:
	case <-ctx.Done():
	}
	return context.Canceled
}

// handle has the server process one message, and returns the line to answer, nil
// for none. next is nil for notifications.
func (c *connection) handle(ctx context.Context, next *call, method string, text []byte) (answer []byte) {
	defer func() {
		if reason := recover(); reason != nil {
			c.logger.ErrorContext(ctx, "panic while serving a message", "method", method,
				"panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
			answer = nil
			if next != nil {
				next.refused.Store(true)
				answer = errorLine(next.requestID(), mcp.INTERNAL_ERROR, internalError)
			}
		}
	}()
	message := c.server.HandleMessage(ctx, text)
	switch response := message.(type) {
	case nil:
		return nil
	case mcp.JSONRPCResponse:
		// mcp-go keeps numbers as float64: the client gets the id as it wrote it.
		response.ID = next.requestID()
		message = response
	case mcp.JSONRPCError:
		failed := rpcError{Code: response.Error.Code, Message: response.Error.Message}
		if response.Error.Data != nil {
			failed.Data, _ = json.Marshal(response.Error.Data) // it came from JSON, or goes into it
		}
		if panicked := next.settle(&failed); panicked != "" {
			c.logger.ErrorContext(ctx, "panic while serving a message", "method", cut(method), "panic", panicked)
		}
		message = struct {
			JSONRPC string        `json:"jsonrpc"`
			ID      mcp.RequestId `json:"id"`
			Error   rpcError      `json:"error"`
		}{mcp.JSONRPC_VERSION, next.requestID(), failed}
	}
	line, err := marshalLine(message)
	if err != nil {
		c.logger.ErrorContext(ctx, "an answer cannot be written as JSON", "method", method, "error", err)
		return errorLine(next.requestID(), mcp.INTERNAL_ERROR, internalError)
	}
	return line
}

// refuse answers a message that does not reach the server; next is nil if it is
// not known what the message is.
func (c *connection) refuse(next *call, code int, message string) {
	c.send(outgoing{errorLine(next.requestID(), code, message), next, true})
}

// drain waits until every request has its answer, but for streams that end only
// with the session.
func (c *connection) drain(timeout time.Duration) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	open := c.calls.open()
	for _, next := range open {
		if next.method == string(mcp.MethodSubscriptionsListen) {
			next.cancel()
		}
	}
	for _, next := range open {
		select {
		case <-next.done:
		case <-c.ended:
			return
		case <-timer.C:
			c.logger.Warn("the input has ended and calls are still unanswered: cancelling them", "waited", timeout)
			return
		}
	}
}

// awaitHandlers waits for handlers, whose context has ended, to return.
func (c *connection) awaitHandlers(ctx context.Context) {
	idle := make(chan struct{})
	go func() {
		c.handlers.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		c.logger.WarnContext(ctx, "a handler ignores that its call was cancelled")
	}
}
