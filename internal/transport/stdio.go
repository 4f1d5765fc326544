package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
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
	// maxLineBytes bounds one message.
	maxLineBytes = 16 << 20
	// maxPendingBytes bounds the messages that wait for their answer, each
	// counting at least minPendingBytes: beyond it nothing more is read.
	maxPendingBytes = 64 << 20
	minPendingBytes = 64 << 10
	// internalError stands for whatever text a panic has, which may hold secrets.
	internalError = "internal error; the server's log has the details"
)

// Stdio serves one MCP client over a pair of pipes, a JSON-RPC message a line,
// in both protocol eras (initialize, and 2026-07-28 without it).
//
// It takes the place of mcp-go's StdioServer, which drops calls that are in
// flight when stdin ends, answers cancelled calls, writes progress after the
// result, tells clients the text of panics, rounds large ids, and is one session
// for the whole process. Requests to the client (sampling, elicitation, roots)
// are not supported.
type Stdio struct {
	Server *server.MCPServer
	In     io.Reader
	Out    io.Writer
	// Logger may be nil.
	Logger *slog.Logger
	// DrainTimeout is how long unanswered calls may go on after In has ended; 0
	// means 5 minutes.
	DrainTimeout time.Duration
	// Workers is how many tool calls, resource reads and prompts run at a time; 0
	// means 8. Other requests never wait for them.
	Workers int
}

// Run serves until In ends and every request has its answer, or until parent ends:
// then calls in flight are cancelled and nothing more is written. It returns nil
// in both cases, and an error if In or Out breaks. A client that does not read
// what it asked for, and a handler that ignores its context, are waited for only
// briefly.
//
// When Run returns, none of its goroutines is left, but for one that is blocked
// reading from In, and those that a stuck Out or a stuck handler holds.
func (s *Stdio) Run(parent context.Context) error {
	c := s.connect()
	if err := s.Server.RegisterSession(parent, c.session); err != nil {
		return fmt.Errorf("starting the stdio session: %w", err)
	}
	defer s.Server.UnregisterSession(context.WithoutCancel(parent), c.session.SessionID())

	ctx, stop := context.WithCancel(parent)
	defer stop()
	c.ended = ctx.Done()
	calls, cancelCalls := context.WithCancel(s.Server.WithContext(ctx, c.session))
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

	readErr := c.readAll(calls, s.In)
	c.drain(orDefault(s.DrainTimeout, defaultDrainTimeout))
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

// connection is one run of a Stdio.
type connection struct {
	server  *server.MCPServer
	session *session
	logger  *slog.Logger
	out     io.Writer

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

func (s *Stdio) connect() *connection {
	logger := s.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &connection{
		server:   s.Server,
		session:  newSession(),
		logger:   logger,
		out:      s.Out,
		outgoing: make(chan outgoing),
		workers:  make(chan struct{}, orDefault(s.Workers, defaultWorkers)),
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
				_, err = c.out.Write(next.line)
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
	_, err = c.out.Write(line)
	return err
}

// send hands a line to the writer.
func (c *connection) send(next outgoing) {
	select {
	case c.outgoing <- next:
	case <-c.ended:
	}
}

// readAll serves messages until the input or ctx ends.
func (c *connection) readAll(ctx context.Context, in io.Reader) error {
	lines := make(chan line)
	go readLines(ctx, in, lines)
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-lines:
			switch {
			case next.err == nil:
				c.receive(ctx, next.text)
			case errors.Is(next.err, errLineTooLong):
				c.refuse(nil, mcp.INVALID_REQUEST, fmt.Sprintf("message skipped: longer than %d MiB", maxLineBytes>>20))
			case errors.Is(next.err, io.EOF):
				return nil
			default:
				return fmt.Errorf("reading from the client: %w", next.err)
			}
		}
	}
}

// envelope is what the transport needs to know of a message.
type envelope struct {
	Method string          `json:"method"`
	ID     json.RawMessage `json:"id"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// receive handles one message. Requests go on in goroutines of their own, but are
// registered before the next message is read, so that no cancellation comes too
// early for the call it means.
func (c *connection) receive(ctx context.Context, text []byte) {
	var message envelope
	if err := json.Unmarshal(text, &message); err != nil {
		if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			c.refuse(nil, mcp.PARSE_ERROR, "Parse error")
		} else {
			c.refuse(nil, mcp.INVALID_REQUEST, "Invalid request: want one JSON-RPC object; batches are not supported")
		}
		return
	}
	var params struct {
		RequestID json.RawMessage `json:"requestId"`
		Meta      struct {
			ProgressToken json.RawMessage `json:"progressToken"`
		} `json:"_meta"`
	}
	// Params of another shape are for the server to refuse.
	_ = json.Unmarshal(message.Params, &params)

	switch {
	case message.Method == "" && (message.Result != nil || message.Error != nil):
		// An answer to a request that was never made; mcp-go would answer it.
		return
	case message.ID == nil || string(message.ID) == "null":
		if message.Method == string(mcp.MethodNotificationCancelled) {
			c.calls.cancel(idKey(params.RequestID))
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
	next := &call{
		connection: c, id: message.ID, method: message.Method,
		progressToken: params.Meta.ProgressToken, done: make(chan struct{}),
	}
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
	answer := c.handle(ctx, next, next.method, text)
	if answer == nil {
		next.close()
		return
	}
	c.send(outgoing{answer, next, true})
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
		response.ID = next.requestID()
		if strings.Contains(response.Error.Message, "panic recovered in ") { // by mcp-go's WithRecovery
			c.logger.ErrorContext(ctx, "panic while serving a message", "method", method, "panic", response.Error.Message)
			response.Error = mcp.NewJSONRPCErrorDetails(mcp.INTERNAL_ERROR, internalError, nil)
		} else if code := next.handlerCode(); code != 0 {
			response.Error.Code = code
		}
		message = response
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

func errorLine(id mcp.RequestId, code int, message string) []byte {
	line, err := marshalLine(mcp.NewJSONRPCError(id, code, message, nil))
	if err != nil {
		panic(fmt.Sprintf("transport: marshalling an error message: %v", err)) // its parts are text and a checked id
	}
	return line
}

func marshalLine(message mcp.JSONRPCMessage) ([]byte, error) {
	line, err := json.Marshal(message) // escapes newlines within
	return append(line, '\n'), err
}

// isID tells whether JSON is a legal id: text or a number.
func isID(id json.RawMessage) bool {
	return bytes.ContainsAny(id[:1], `"-0123456789`)
}
