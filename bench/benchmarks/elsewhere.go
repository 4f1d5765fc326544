package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// elsewhere lets a client of the protocol talk to the wrapper over HTTP: that accepts a message and answers it on the stream which the
// client can open beside, where the protocol wants the answer in the response. It is for one session.
type elsewhere struct {
	http.Transport

	session context.Context //nolint:containedctx // of the stream, which is longer than any request
	opened  sync.Once
	mu      sync.Mutex
	waiting map[string]chan []byte // by id
}

// RoundTrip puts the answer that comes on the stream into the response to the request.
func (e *elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodPost || request.Header.Get("Mcp-Session-Id") == "" {
		return e.Transport.RoundTrip(request)
	}
	e.opened.Do(func() { e.open(request) })
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	var message struct{ ID json.RawMessage }
	if err := json.Unmarshal(body, &message); err != nil || message.ID == nil {
		return e.Transport.RoundTrip(request)
	}
	answer := make(chan []byte, 1)
	e.mu.Lock()
	e.waiting[string(message.ID)] = answer
	e.mu.Unlock()
	response, err := e.Transport.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusAccepted {
		return response, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	select {
	case body = <-answer:
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
	response.StatusCode, response.ContentLength = http.StatusOK, int64(len(body))
	response.Header.Set("Content-Type", "application/json")
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// open opens the stream, whose response begins with its first message only; so it waits a moment instead.
func (e *elsewhere) open(like *http.Request) {
	stream := like.Clone(e.session)
	stream.Method, stream.Body, stream.ContentLength = http.MethodGet, nil, 0
	stream.Header.Set("Accept", "text/event-stream")
	go e.read(stream)
	const untilItIsThere = 200 * time.Millisecond
	time.Sleep(untilItIsThere)
}

func (e *elsewhere) read(stream *http.Request) {
	response, err := e.Transport.RoundTrip(stream)
	if err != nil {
		return // whoever waits is told by their own context
	}
	defer response.Body.Close() //nolint:errcheck // the stream is over
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, math.MaxInt32)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		var message struct{ ID json.RawMessage }
		if !found || json.Unmarshal([]byte(data), &message) != nil {
			continue
		}
		e.mu.Lock()
		answer := e.waiting[string(message.ID)]
		delete(e.waiting, string(message.ID))
		e.mu.Unlock()
		if answer != nil {
			answer <- []byte(data)
		}
	}
}
