package transport

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
)

// receive handles one message. Requests go on in goroutines of their own, but are registered before the next message is read, so that no
// cancellation comes too early for the call it means.
func (d *duplex) receive(ctx context.Context, text []byte) {
	message, about, bad := parse(text)
	switch {
	case bad != nil:
		d.refuse(nil, bad.Code, bad.Message)
	case message.isAnswer():
		// To a request that was never made; mcp-go would answer it.
	case !message.hasID() && message.Method == string(mcp.MethodNotificationCancelled):
		d.calls.cancel(about.RequestID)
	case !message.hasID():
		if answer := d.handle(ctx, nil, message.Method, message.text); answer != nil {
			d.send(outgoing{line: answer})
		}
	default:
		d.receiveRequest(ctx, newCall(message, about), message.text)
	}
}

func (d *duplex) receiveRequest(ctx context.Context, c *call, text []byte) {
	release, err := d.reserve(ctx, int64(max(len(text), minPendingBytes)))
	if err != nil {
		if ctx.Err() == nil {
			d.refuse(c, mcp.INVALID_REQUEST, err.Error())
		}
		return
	}
	c.deliver = func(ctx context.Context, line []byte) error { return d.deliver(ctx, c, line) }
	ctx, c.cancel = context.WithCancel(context.WithValue(ctx, callKey{}, c))
	d.calls.add(c)
	serve := func() {
		defer release()
		defer d.calls.remove(c)
		defer c.cancel()
		d.serve(ctx, c, text)
	}
	switch mcp.MCPMethod(c.method) {
	case mcp.MethodInitialize, mcp.MethodSetLogLevel:
		// They set up the client's state for all that follows, also when it is pipelined.
		serve()
	default:
		d.handlers.Go(serve)
	}
}

// serve answers one request.
func (d *duplex) serve(ctx context.Context, c *call, text []byte) {
	switch mcp.MCPMethod(c.method) {
	case mcp.MethodToolsCall, mcp.MethodResourcesRead, mcp.MethodPromptsGet:
		select {
		case d.workers <- struct{}{}:
			defer func() { <-d.workers }()
		case <-ctx.Done():
			d.refuse(c, mcp.INTERNAL_ERROR, "the server stopped before the call began")
			return
		}
	}
	ctx, end := d.recorder.begin(ctx, c, d.client.SessionID(), d.client.ProtocolVersion())
	answer := d.handle(ctx, c, c.method, text)
	end(len(answer))
	if answer == nil {
		c.close()
		return
	}
	d.send(outgoing{answer, c, true})
}

// handle has the server process one message, and returns the line to answer, nil for none. c is nil for notifications.
func (d *duplex) handle(ctx context.Context, c *call, method string, text []byte) (answer []byte) {
	defer func() {
		if reason := recover(); reason != nil {
			logPanic(ctx, d.recorder.logger, method, reason)
			answer = nil
			if c != nil {
				c.refused.Store(true)
				answer = errorLine(c.requestID(), mcp.INTERNAL_ERROR, internalError)
			}
		}
	}()
	message := d.server.HandleMessage(ctx, text)
	switch response := message.(type) {
	case nil:
		return nil
	case mcp.JSONRPCResponse:
		// mcp-go keeps numbers as float64: the client gets the id as it wrote it.
		response.ID = c.requestID()
		message = response
	case mcp.JSONRPCError:
		response.ID = c.requestID()
		c.rewriteError(d.recorder.logger, &response.Error)
		message = response
	}
	line, err := marshalLine(message)
	if err != nil {
		d.recorder.logger.ErrorContext(ctx, "an answer cannot be written as JSON", "method", method, "error", err)
		return errorLine(c.requestID(), mcp.INTERNAL_ERROR, internalError)
	}
	return line
}
