package transport

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"golang.org/x/sync/semaphore"
)

const (
	defaultWorkers = 8
	// stopGrace is how long handlers may take to notice that they are cancelled. Clients wait two seconds between closing a pipe, SIGTERM
	// and SIGKILL.
	stopGrace = time.Second
	// maxPendingBytes bounds the messages that wait for their answer, each counting at least minPendingBytes: beyond it nothing more is
	// read.
	maxPendingBytes = 64 << 20
	minPendingBytes = 64 << 10
)

// duplex carries the messages of one client, in both directions, for as long as the client stays: what a pair of pipes and an SSE stream
// have in common.
type duplex struct {
	server   *server.MCPServer
	client   *clientState
	recorder *recorder
	// write sends one line; only one goroutine calls it.
	write func(line []byte) error

	// outgoing hands lines to the one goroutine that writes. It is unbuffered: whoever has handed over a line knows that all later ones
	// come after it.
	outgoing chan outgoing
	// ended is closed when nothing more will be written.
	ended <-chan struct{}

	calls    calls
	workers  chan struct{}
	pending  *semaphore.Weighted
	handlers sync.WaitGroup
}

func newDuplex(s *server.MCPServer, id string, r *recorder, write func(line []byte) error) *duplex {
	return &duplex{
		server:   s,
		client:   newClientState(id),
		recorder: r,
		write:    write,
		outgoing: make(chan outgoing),
		workers:  make(chan struct{}, defaultWorkers),
		pending:  semaphore.NewWeighted(maxPendingBytes),
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

// end waits for handlers, whose context has ended, to return, and then for the writer, but for neither long. It returns what broke in
// writing.
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
