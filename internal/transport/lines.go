package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

// errLineTooLong is returned for a line that was skipped.
var errLineTooLong = errors.New("line too long")

// line is a line of input, or what ended it.
type line struct {
	text []byte
	err  error
}

// readLines sends the lines of in that are not blank, then the error that ended them, which is io.EOF where nothing went wrong. It gives up
// when ctx ends, once in lets it.
func readLines(ctx context.Context, in io.Reader, lines chan<- line) {
	reader := bufio.NewReaderSize(in, 64<<10)
	for first := true; ; {
		text, err := readLine(reader, maxLineBytes)
		if first {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // Windows shells write a byte order mark
		}
		text = bytes.TrimSpace(text)
		if err == nil && len(text) == 0 {
			continue
		}
		first = false
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

// readLine returns the next line, also a last one without an end. A line of more than maxBytes is read over and not kept.
func readLine(reader *bufio.Reader, maxBytes int) ([]byte, error) {
	var text []byte
	tooLong := false
	for {
		part, err := reader.ReadSlice('\n')
		switch {
		case tooLong || len(text)+len(bytes.TrimRight(part, "\r\n")) > maxBytes:
			tooLong, text = true, nil
		default:
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
