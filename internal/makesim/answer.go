package makesim

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	contentTypeJSON = "application/json; charset=utf-8"
	contentTypeHTML = "text/html; charset=UTF-8"
	contentTypeText = "text/plain; charset=utf-8"
)

// answer is a complete response, made before the first byte is written, so that the request log is right by the time a client has read it.
type answer struct {
	status      int
	contentType string
	body        []byte
	retryAfter  string
	location    string
	// cut closes the connection in the middle of the body.
	cut bool
}

func jsonAnswer(body []byte) answer {
	return answer{status: http.StatusOK, contentType: contentTypeJSON, body: body}
}

func textAnswer(status int, text string) answer {
	return answer{status: status, contentType: contentTypeText, body: []byte(text)}
}

// htmlAnswer is what a proxy in front of Make answers.
func htmlAnswer(status int, text string) answer {
	page := fmt.Sprintf("<!DOCTYPE html>\n<html><head><title>%[1]s</title></head><body><h1>%[1]s</h1></body></html>\n", text)
	return answer{status: status, contentType: contentTypeHTML, body: []byte(page)}
}

// write sends the answer with the simulated clock in its Date header.
func (a answer) write(w http.ResponseWriter, now time.Time) {
	h := w.Header()
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.retryAfter != "" {
		h.Set("Retry-After", a.retryAfter)
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	w.WriteHeader(a.status)
	if !a.cut {
		_, _ = w.Write(a.body) // the client has gone
		return
	}
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // the documented way to close the connection
}
