package transport

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"golang.org/x/sync/semaphore"

	"make-audit-mcp/internal/plaintext"
	"make-audit-mcp/internal/telemetry"
)

const (
	// maxLineBytes bounds one message on a pipe.
	maxLineBytes = 16 << 20
	// stdioDrain is how long unanswered calls may go on after the input has ended.
	stdioDrain = 5 * time.Minute
)

// Stdio serves one MCP client over a pair of pipes, a JSON-RPC message a line, in both protocol eras (with initialize, and without it).
//
// It takes the place of mcp-go's StdioServer; MCPGO.md says why. Requests to the client (sampling, elicitation, roots) are not supported.
type Stdio struct {
	Server *server.MCPServer
	In     io.Reader
	Out    io.Writer
	// Logger may be nil.
	Logger *slog.Logger
	// Telemetry may be nil.
	Telemetry *telemetry.Telemetry
	// DrainTimeout is how long unanswered calls may go on after In has ended; 0 means 5 minutes.
	DrainTimeout time.Duration
	// Workers is how many tool calls, resource reads and prompts run at a time; 0 means 8. Other requests never wait for them.
	Workers int
}

// Run serves until In ends and every request has its answer, or until parent ends: then calls in flight are cancelled and nothing more is
// written. It returns nil in both cases, and an error if In or Out breaks. A client that does not read what it asked for, and a handler
// that ignores its context, are waited for only briefly.
//
// When Run returns, none of its goroutines is left, but for one that is blocked reading from In, and those that a stuck Out or a stuck
// handler holds.
func (s *Stdio) Run(parent context.Context) error {
	r := &recorder{logger: cmp.Or(s.Logger, slog.New(slog.DiscardHandler)), telemetry: s.Telemetry, transport: "stdio"}
	pending := semaphore.NewWeighted(maxBytes)
	reserve := func(ctx context.Context, bytes int64) (func(), error) {
		return func() { pending.Release(bytes) }, pending.Acquire(ctx, bytes)
	}
	// An id of its own, since a server may have several such clients.
	d := newDuplex(s.Server, "stdio-"+rand.Text(), r, reserve, func(line []byte) error {
		_, err := s.Out.Write(line)
		return err
	})
	if s.Workers > 0 {
		d.workers = make(chan struct{}, s.Workers)
	}
	return d.run(parent, orDefault(s.DrainTimeout, stdioDrain), func(ctx context.Context) error {
		return d.readAll(ctx, s.In)
	})
}

// readAll serves messages until the input or ctx ends.
func (d *duplex) readAll(ctx context.Context, in io.Reader) error {
	lines := make(chan line)
	go readLines(ctx, in, lines)
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-lines:
			switch {
			case next.err == nil:
				d.receive(ctx, next.text)
			case errors.Is(next.err, errLineTooLong):
				d.refuse(nil, mcp.INVALID_REQUEST, fmt.Sprintf("message skipped: longer than %d MiB", maxLineBytes>>20))
			case errors.Is(next.err, io.EOF):
				return nil
			default:
				return fmt.Errorf("reading from the client: %w", next.err)
			}
		}
	}
}

// errLineTooLong is returned for a line that was skipped.
var errLineTooLong = errors.New("line too long")

// line is a line of input, or what ended it.
type line struct {
	text []byte
	err  error
}

// readLines sends the lines of in that are not blank, then the error that ended them, io.EOF at best. ctx ends it, once in lets it.
func readLines(ctx context.Context, in io.Reader, lines chan<- line) {
	reader := bufio.NewReaderSize(plaintext.NewReader(in), 64<<10)
	for {
		text, err := readLine(reader)
		text = bytes.TrimSpace(text)
		if err == nil && len(text) == 0 {
			continue
		}
		select {
		case lines <- line{text, err}:
		case <-ctx.Done():
			return
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			return
		}
	}
}

// readLine returns the next line, also a last one without an end. A line of more than maxLineBytes is read over and not kept.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var text []byte
	tooLong := false
	for {
		part, err := reader.ReadSlice('\n')
		tooLong = tooLong || len(text)+len(bytes.TrimRight(part, "\r\n")) > maxLineBytes
		if !tooLong {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case tooLong:
			// If the input has ended, too, the next call says so.
			return nil, errLineTooLong
		case err != nil && len(text) > 0:
			return text, nil
		}
		return text, err
	}
}
