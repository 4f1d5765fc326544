package telemetry

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"make-audit-mcp/internal/telemetry/otlp"
)

const (
	// firstCollectorWait is the wait before the second try, unless the collector asks for a longer one; it grows by half each time.
	firstCollectorWait = 5 * time.Second
	// longestTrying bounds all tries of one batch together.
	longestTrying = time.Minute
	// maxCollectorAnswer bounds what is read of an answer: a few words.
	maxCollectorAnswer = 64 << 10
)

// collector sends spans by OpenTelemetry's protocol over HTTP, as a [sdktrace.SpanExporter]. OpenTelemetry's own exporter for HTTP is built
// on packages of gRPC and Protocol Buffers, which would be a tenth of this program.
//
// Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
type collector struct {
	address      string
	headers      http.Header
	encode       func(spans []sdktrace.ReadOnlySpan) ([]byte, error)
	isCompressed bool
	http         *http.Client
	firstWait    time.Duration
}

// Shutdown closes the connections.
func (c *collector) Shutdown(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// ExportSpans sends spans, and sends them again while the collector says that this may help.
func (c *collector) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	body, err := c.encode(spans)
	if err == nil && c.isCompressed {
		body, err = compress(body)
	}
	if err != nil {
		return fmt.Errorf("writing spans: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, longestTrying)
	defer cancel()
	deadline, _ := ctx.Deadline()
	for wait := c.firstWait; ; wait += wait / 2 {
		err := c.send(ctx, body)
		busy, mayPass := errors.AsType[*busyError](err)
		if !mayPass {
			return err
		}
		pause := max(busy.wait, time.Duration(float64(wait)*(0.5+rand.Float64()))) //nolint:gosec // spreading needs no secrecy
		if time.Until(deadline) < pause {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// compress is gzip.
func compress(plain []byte) ([]byte, error) {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}

// busyError is a failure that may pass; wait is how long the collector wants to be left alone, if it says so.
type busyError struct {
	error
	wait time.Duration
}

func (e *busyError) Unwrap() error { return e.error }

// send tries once.
func (c *collector) send(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = c.headers.Clone()
	response, err := c.http.Do(request)
	if err != nil {
		if broken, ok := errors.AsType[*url.Error](err); ok && broken.Temporary() && ctx.Err() == nil {
			return &busyError{error: err}
		}
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxCollectorAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", c.address, err)
	}
	if response.StatusCode/100 == 2 {
		if spans, reason := otlp.Refused(response.Header.Get("Content-Type"), answer); spans > 0 || reason != "" {
			return fmt.Errorf("the collector refused %d of them: %s", spans, words(reason))
		}
		return nil
	}
	err = fmt.Errorf("%s answered %d %s: %s", c.address, response.StatusCode, http.StatusText(response.StatusCode), words(string(answer)))
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &busyError{error: err, wait: retryAfter(response.Header)}
	}
	return err
}

// words are the first of what a collector says.
func words(text string) string {
	const most = 500
	text = strings.TrimSpace(strings.ToValidUTF8(text, "?"))
	return cmp.Or(text[:min(len(text), most)], "no reason given")
}

// retryAfter reads Retry-After, seconds or an HTTP date; 0 without one.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return time.Until(at)
	}
	return 0
}

// staysThere follows a redirect only to the collector's own host, and only if the spans go along: headers may hold a key.
func staysThere(next *http.Request, before []*http.Request) error {
	const most = 10
	first := before[0]
	if next.Method != first.Method || next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host || len(before) >= most {
		return http.ErrUseLastResponse
	}
	return nil
}
