package transport

import (
	"context"

	"github.com/mark3labs/mcp-go/mcp"
)

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
			// What the handler sent by mcp-go's own ways lies in the channel by now: it goes first, or a client would see it after the
			// result.
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
