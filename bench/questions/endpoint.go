package questions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// API is how an endpoint is spoken to.
type API string

// The APIs.
const (
	OpenAI    API = "openai"    // /v1/chat/completions
	Anthropic API = "anthropic" // /v1/messages
)

// Endpoint is where a model is.
type Endpoint struct {
	API API
	// URL is the base, with or without /v1.
	URL   string
	Model string
	Key   string
	HTTP  *http.Client
	// Wait lets time pass between tries; nil: really.
	Wait func(ctx context.Context, d time.Duration) error
}

// Models returns the model, for every question.
func (e *Endpoint) Models() (func(q Question) (Model, error), error) {
	switch {
	case e.API != OpenAI && e.API != Anthropic:
		return nil, fmt.Errorf("the API is %q; wanted %s or %s", e.API, OpenAI, Anthropic)
	case e.URL == "" || e.Model == "":
		return nil, errors.New("an endpoint needs its base URL and a model, for example --endpoint https://api.openai.com --model gpt-5")
	}
	return func(Question) (Model, error) {
		if e.API == OpenAI {
			return openAIModel{e}, nil
		}
		return anthropicModel{e}, nil
	}, nil
}

const (
	tries       = 6
	longestWait = time.Minute
	largestBody = 16 << 20
)

// refusedError says that the endpoint will not answer this request, however often it is sent.
type refusedError struct {
	status int
	said   string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("the endpoint refused (%d): %s", e.status, e.said)
}

// post sends a request and reads its answer; what may pass is tried again.
func (e *Endpoint) post(ctx context.Context, path string, headers map[string]string, request, response any) error {
	encoded, err := json.Marshal(request)
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(strings.TrimSuffix(e.URL, "/"), "/v1")
	for try := 1; ; try++ {
		body, wait, err := e.once(ctx, base+path, headers, encoded)
		if err == nil {
			if err := json.Unmarshal(body, response); err != nil {
				return fmt.Errorf("the endpoint's answer: %w", err)
			}
			return nil
		}
		if wait == 0 || try == tries {
			return err
		}
		if wait < 0 {
			wait = time.Second << (try - 1)
		}
		if err := e.wait(ctx, min(wait, longestWait)); err != nil {
			return err
		}
	}
}

func (e *Endpoint) wait(ctx context.Context, d time.Duration) error {
	if e.Wait != nil {
		return e.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once tries once. Of an error wait says when to try again: 0 means never, a negative one that the endpoint did not say.
func (e *Endpoint) once(
	ctx context.Context, url string, headers map[string]string, encoded []byte,
) (body []byte, wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := e.HTTP.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, err
		}
		return nil, -1, err
	}
	defer func() { _ = response.Body.Close() }() // what was read is what there is
	body, err = io.ReadAll(io.LimitReader(response.Body, largestBody))
	switch {
	case err != nil:
		return nil, -1, err
	case response.StatusCode == http.StatusOK:
		return body, 0, nil
	}
	said := strings.ToValidUTF8(string(body[:min(len(body), 300)]), "")
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		wait = -1
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
			wait = time.Duration(seconds) * time.Second
		}
		return nil, wait, fmt.Errorf("the endpoint answers %d: %s", status, said)
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound:
		return nil, 0, fmt.Errorf("the endpoint answers %d, which its address, the key or the name of the model may mend: %s", status, said)
	default:
		return nil, 0, &refusedError{status, said}
	}
}

// arguments checks what a model wrote as arguments.
func arguments(written json.RawMessage) (object json.RawMessage, malformed string) {
	if len(bytes.TrimSpace(written)) == 0 || string(written) == "null" {
		return json.RawMessage(`{}`), ""
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(written, &fields); err != nil {
		return nil, err.Error()
	}
	return written, ""
}
