package transport

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

const (
	defaultWorkers = 8
	// stopGrace is how long cancelled handlers may take. Clients wait two seconds between closing a pipe, SIGTERM and SIGKILL.
	stopGrace = time.Second
	// minPendingBytes is what a message counts at least among those that are read and not yet answered.
	minPendingBytes = 64 << 10
)

// duplex carries the messages of one client in both directions: what a pair of pipes and an SSE stream have in common.
type duplex struct {
	server   *server.MCPServer
	client   *clientState
	recorder *recorder
	// write sends one line; only one goroutine calls it.
	write func(line []byte) error

	// outgoing hands lines to the one goroutine that writes. It is unbuffered: all later lines come after one that was handed over.
	outgoing chan outgoing
	// ended is closed when nothing more will be written.
	ended <-chan struct{}

	calls   calls
	workers chan struct{}
	// reserve takes room for a message until it is answered.
	reserve  func(ctx context.Context, bytes int64) (release func(), err error)
	handlers sync.WaitGroup
}

func newDuplex(s *server.MCPServer, id string, r *recorder, reserve func(context.Context, int64) (func(), error),
	write func(line []byte) error) *duplex {
	return &duplex{
		server:   s,
		client:   newClientState(id),
		recorder: r,
		write:    write,
		outgoing: make(chan outgoing),
		workers:  make(chan struct{}, defaultWorkers),
		reserve:  reserve,
	}
}

// run serves what feed receives until feed returns and every request has its answer, or until parent ends: then calls in flight are
// cancelled and nothing more is written. It returns nil in the latter case, else what broke.
func (d *duplex) run(parent context.Context, drainTimeout time.Duration, feed func(ctx context.Context) error) error {
	if err := d.server.RegisterSession(parent, d.client); err != nil {
		return fmt.Errorf("starting the session: %w", err)
	}
	defer d.server.UnregisterSession(context.WithoutCancel(parent), d.client.SessionID())

	ctx, stop := context.WithCancel(parent)
	defer stop()
	d.ended = ctx.Done()
	calls, cancelCalls := context.WithCancel(d.server.WithContext(ctx, d.client))
	defer cancelCalls()

	finish := make(chan struct{})
	written := make(chan error, 1)
	go func() {
		err := d.writeAll(finish)
		if err != nil {
			stop() // nobody listens any more
		}
		written <- err
	}()

	readErr := feed(calls)
	d.drain(drainTimeout)
	cancelCalls()
	writeErr := d.end(ctx, finish, written)
	switch {
	case parent.Err() != nil:
		return nil
	case writeErr != nil:
		return fmt.Errorf("writing to the client: %w", writeErr)
	}
	return readErr
}

// drain waits until every request has its answer, but for streams that end only with the client.
func (d *duplex) drain(timeout time.Duration) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	open := d.calls.open()
	for _, next := range open {
		if next.method == string(mcp.MethodSubscriptionsListen) {
			next.cancel()
		}
	}
	for _, next := range open {
		select {
		case <-next.done:
		case <-d.ended:
			return
		case <-timer.C:
			d.recorder.logger.Warn("the input has ended and calls are still unanswered: cancelling them", "waited", timeout)
			return
		}
	}
}

// end waits for handlers, whose context has ended, and then for the writer, for neither long. It returns what broke in writing.
func (d *duplex) end(ctx context.Context, finish chan<- struct{}, written <-chan error) error {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	idle := make(chan struct{})
	go func() {
		d.handlers.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-grace.Done():
		d.recorder.logger.WarnContext(grace, "a handler ignores that its call was cancelled")
	}
	close(finish)
	select {
	case err := <-written:
		return err
	case <-grace.Done():
		d.recorder.logger.WarnContext(grace, "the client does not read its answers")
		return nil
	}
}

// outgoing is a line on its way to the client.
type outgoing struct {
	line []byte
	// call is what the line belongs to; nil for errors about unreadable messages.
	call *call
	// answer is set for the response, and not for notifications.
	answer bool
}

// writeAll is the one place that writes, so that lines stay whole.
func (d *duplex) writeAll(finish <-chan struct{}) error {
	for {
		var err error
		select {
		case <-d.ended:
			return nil
		case <-finish:
			return d.writeNotifications()
		case notification := <-d.client.notifications:
			err = d.writeNotification(notification)
		case next := <-d.outgoing:
			// What the handler sent by mcp-go's own ways lies in the channel by now, and must not come after the result.
			err = d.writeNotifications()
			if err == nil {
				err = d.writeOutgoing(next)
			}
		}
		if err != nil {
			return err
		}
	}
}

// writeOutgoing writes a line, unless its call was cancelled or has its answer. An answer closes its call.
func (d *duplex) writeOutgoing(next outgoing) error {
	open := true
	switch {
	case next.call == nil:
	case next.answer:
		open = next.call.close()
	default:
		open = !next.call.closed.Load()
	}
	if !open {
		return nil
	}
	return d.write(next.line)
}

// writeNotifications writes those that mcp-go has sent until now.
func (d *duplex) writeNotifications() error {
	for {
		select {
		case notification := <-d.client.notifications:
			if err := d.writeNotification(notification); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (d *duplex) writeNotification(notification mcp.JSONRPCNotification) error {
	line, err := marshalLine(notification)
	if err != nil {
		d.recorder.logger.Error("a notification cannot be written as JSON", "method", notification.Method, "error", err)
		return nil
	}
	return d.write(line)
}

// send hands a line to the writer.
func (d *duplex) send(next outgoing) {
	select {
	case d.outgoing <- next:
	case <-d.ended:
	}
}

// deliver hands over a notification of a call, unless the call has ended.
func (d *duplex) deliver(ctx context.Context, of *call, line []byte) error {
	select {
	case d.outgoing <- outgoing{line: line, call: of}:
		return nil
	case <-of.done:
	case <-d.ended:
	case <-ctx.Done():
	}
	return context.Canceled
}

// refuse answers a message that does not reach the server; of is nil if it is not known what the message is.
func (d *duplex) refuse(of *call, code int, message string) {
	d.send(outgoing{errorLine(of.requestID(), code, message), of, true})
}
