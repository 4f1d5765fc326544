package makesim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// apiError is a refusal in Make's words.
type apiError struct {
	status  int
	code    string
	message string
	detail  string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%d %s: %s (%s)", e.status, e.code, e.message, e.detail)
}

// newError makes a refusal with the generic code of its status.
func newError(status int, message, format string, args ...any) *apiError {
	return &apiError{status: status, code: fmt.Sprintf("SC%d", status), message: message, detail: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apiError {
	return newError(http.StatusBadRequest, "Validation failed", format, args...)
}

func forbidden() *apiError {
	return newError(http.StatusForbidden, "Permission denied", "Access denied.")
}

func notFound() *apiError {
	return newError(http.StatusNotFound, "Not Found", "The requested resource was not found.")
}

func unauthorized(format string, args ...any) *apiError {
	return newError(http.StatusUnauthorized, "Unauthorized", format, args...)
}

func planWithoutAuditLogs() *apiError {
	return newError(http.StatusPaymentRequired, "There was an error while generating the response.",
		"Audit logs are not available in the plan of this organization.")
}

// tooManyRequests is worded as Make's list of status codes has it.
func tooManyRequests() *apiError {
	const words = "Requests limit for organization exceeded, please try again later."
	return newError(http.StatusTooManyRequests, words, words)
}

// answer renders the refusal.
func (e *apiError) answer(q Quirks) answer {
	if e.status == http.StatusTooManyRequests {
		a := e.render(q)
		if q.PlainText429 {
			a = textAnswer(e.status, e.message)
		}
		a.retryAfter = q.RetryAfter
		return a
	}
	if e.status == http.StatusForbidden && q.HideForbidden {
		return notFound().render(q)
	}
	return e.render(q)
}

func (e *apiError) render(q Quirks) answer {
	type subError struct {
		Message string `json:"message"`
		Name    string `json:"name"`
	}
	body := struct {
		Detail    any        `json:"detail"`
		Message   string     `json:"message"`
		Code      string     `json:"code"`
		SubErrors []subError `json:"suberrors,omitempty"`
	}{Detail: e.detail, Message: e.message, Code: e.code}
	if q.ErrorDetailObject {
		body.Detail = map[string]any{"reason": e.detail, "status": e.status}
		body.SubErrors = []subError{{Message: e.detail, Name: "ValidationError"}}
	}
	encoded, err := json.Marshal(body)
	if err != nil { // cannot happen: text and numbers only
		return textAnswer(http.StatusInternalServerError, err.Error())
	}
	return answer{status: e.status, contentType: contentTypeJSON, body: encoded}
}
