package telemetry

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// RoundTripper measures requests to Make, until the headers of the answer. It sits beneath the retries, so that each try counts, and passes
// no trace on: Make is a third party. Spans hold neither query nor headers, nor the ids in the path.
//
// Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
func (t *Telemetry) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		route := routeOf(r.URL.Path)
		begin := time.Now()
		ctx, span := t.tracer.Start(r.Context(), r.Method+" "+route, trace.WithSpanKind(trace.SpanKindClient))
		if span.IsRecording() {
			span.SetAttributes(requestAttributes(r, route)...)
		}
		defer span.End()
		response, err := next.RoundTrip(r.WithContext(ctx))
		status := "error"
		if err == nil {
			status = strconv.Itoa(response.StatusCode)
			span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
		}
		if err != nil || response.StatusCode >= http.StatusBadRequest {
			// Not the error's text, which may hold what Make's users wrote.
			span.SetStatus(codes.Error, "")
			span.SetAttributes(attribute.String("error.type", status))
		}
		t.upstream.Observe(time.Since(begin).Seconds(), route, status)
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip sends a request.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// requestAttributes say where a request goes.
func requestAttributes(r *http.Request, route string) []attribute.KeyValue {
	address := r.URL.Scheme + "://" + r.URL.Host // not its user, who may be a password
	if route != other {
		address += strings.TrimSuffix(apiPath, "/") + route
	}
	port := 443
	if r.URL.Scheme == "http" {
		port = 80
	}
	if given, err := strconv.Atoi(r.URL.Port()); err == nil {
		port = given
	}
	return []attribute.KeyValue{
		attribute.String("http.request.method", r.Method),
		attribute.String("server.address", r.URL.Hostname()),
		attribute.Int("server.port", port),
		attribute.String("url.full", address),
		attribute.String("url.template", route),
	}
}

// apiPath is where Make's API begins.
//
// Source: https://developers.make.com/api-documentation
const apiPath = "/api/v2/"

// routeOf is the path of a request to Make with ids left out; other where it is none that we ask for.
func routeOf(path string) string {
	_, path, found := strings.Cut(path, apiPath)
	if !found || len(path) > 200 {
		return other
	}
	id := regexp.MustCompile(`^([0-9]+|[0-9A-Fa-f-]{32,})$`) // a number or a uuid
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = id.ReplaceAllLiteralString(part, "{id}")
	}
	switch route := "/" + strings.Join(parts, "/"); route {
	case "/ping", "/users", "/users/me", "/users/me/current-authorization",
		"/organizations", "/organizations/{id}", "/teams", "/teams/{id}",
		"/audit-logs/organization/{id}", "/audit-logs/organization/{id}/filters", "/audit-logs/team/{id}", "/audit-logs/team/{id}/filters",
		"/audit-logs/{id}", "/audit-logs/{id}/{id}", "/enums/timezones":
		return route
	}
	return other
}

// Waited counts a wait before a request to Make: for the budget, because Make's limit is reached (rate_limited), for a retry, or other.
func (t *Telemetry) Waited(_ context.Context, reason string, wait time.Duration) {
	if t != nil {
		t.waits.Observe(max(wait, 0).Seconds(), waitLabel(reason))
	}
}

// waitLabel sorts the reasons that makeapi gives in its budget.go and retry.go.
func waitLabel(reason string) string {
	switch {
	case strings.HasPrefix(reason, "the budget"):
		return "budget"
	case strings.HasPrefix(reason, "Make's limit"), strings.HasSuffix(reason, " 429"):
		return "rate_limited"
	case strings.HasPrefix(reason, "Make answered"), strings.HasPrefix(reason, "the connection"):
		return "retry"
	}
	return other
}
