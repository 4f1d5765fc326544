package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/plaintext"
	"make-audit-mcp/internal/telemetry"
)

// maxBodyBytes bounds one message; arguments are small.
const maxBodyBytes = 1 << 20

// guards stand in front of the transports: recovery, id of the request, host, origin, authentication, limits, type and size, in this order.
type guards struct {
	logger        *slog.Logger
	telemetry     *telemetry.Telemetry
	hosts         []string // "name" for any port, "name:port", or "*" for all
	origins       []string // lower case
	authenticator auth.Authenticator
	limits        *limits
	refused       *tally
	bodyTimeout   time.Duration
}

// protect puts the guards in front of a transport.
func (g *guards) protect(next http.Handler) http.Handler {
	next = g.checkBody(next)
	next = g.limits.check(g, next)
	next = g.authenticate(next)
	return g.browserSafe(next)
}

// withDeadlines bounds how long a request's body may take to arrive, whoever reads it, and a short answer to leave: net/http reads what is
// left of a body before it answers, and would wait for a slow sender or a reader that is none for ever.
func (g *guards) withDeadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.ContentLength != 0 {
			_ = control.SetReadDeadline(time.Now().Add(g.bodyTimeout))
		}
		if r.ProtoMajor == 1 { // over HTTP/2 it would end streams that are idle
			_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		next.ServeHTTP(w, r)
	})
}

// browserSafe is what every address has in front, those that anybody may read too.
func (g *guards) browserSafe(next http.Handler) http.Handler {
	next = g.checkOrigin(next)
	next = g.checkHost(next)
	next = g.identify(next)
	return g.recover(next)
}

// recover keeps a panic from ending the connection without an answer.
func (g *guards) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if reason := recover(); reason != nil {
				if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(reason)
				}
				g.logger.ErrorContext(r.Context(), "panic while serving a request", "panic", fmt.Sprint(reason), "stack",
					string(debug.Stack()))
				refuse(w, http.StatusInternalServerError, internalError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// identify gives the request an id, which the client gets to know, too.
func (g *guards) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := requestID(r.Context())
		header := w.Header()
		header.Set("X-Request-Id", id)
		header.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// authenticate lets in those whom the operator knows.
func (g *guards) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := addressOf(r)
		knocking, full := g.limits.knocking.take(auth.Caller{Address: address}, 1)
		if full != none {
			w.Header().Set("Retry-After", "1")
			g.refuse(w, "rate", http.StatusTooManyRequests, "too many requests; wait as Retry-After says")
			return
		}
		caller, err := g.authenticator.Authenticate(r)
		knocking.leave()
		if err != nil {
			g.refuseCaller(w, r, err)
			return
		}
		caller.Address = address
		ctx := withAdmission(r.Context(), r, g.authenticator)
		next.ServeHTTP(w, r.WithContext(auth.NewContext(ctx, caller)))
	})
}

// refuseCaller turns away a caller who is not let in.
func (g *guards) refuseCaller(w http.ResponseWriter, r *http.Request, err error) {
	refusal, ok := errors.AsType[*auth.Refusal](err)
	if !ok {
		refusal = &auth.Refusal{Status: http.StatusInternalServerError, Message: internalError}
	}
	level := slog.LevelInfo
	if refusal.Status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	g.refused.log(r.Context(), strconv.Itoa(refusal.Status), level, "refused", slog.String("request", requestID(r.Context())),
		slog.Int("status", refusal.Status), slog.String("from", r.RemoteAddr), slog.String("reason", refusal.Message),
		slog.Any("cause", errors.Unwrap(err)))
	if refusal.Challenge != "" {
		w.Header().Set("WWW-Authenticate", refusal.Challenge)
	}
	if refusal.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	g.refuse(w, "auth", refusal.Status, refusal.Message)
}

// checkBody reads a message whole before anything is done about it: a slow sender holds nothing but its connection and what it has sent.
// Only JSON is taken, since browsers send the simple types across origins without asking.
func (g *guards) checkBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
			g.refuse(w, "type", http.StatusUnsupportedMediaType, "want Content-Type: application/json")
			return
		}
		caller, _ := auth.FromContext(r.Context())
		room, full := g.limits.bytes.take(caller, minMessageBytes)
		if full != none {
			g.refuseBody(w, errNoRoom)
			return
		}
		defer room.leave()
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(g.bodyTimeout))
		body, err := readBody(plaintext.NewReader(http.MaxBytesReader(w, r.Body, maxBodyBytes)), room)
		if err != nil {
			g.refuseBody(w, err)
			return
		}
		_ = control.SetReadDeadline(time.Time{})
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// errNoRoom says that the messages under way leave no room for another.
var errNoRoom = errors.New("too many large requests are under way; try again")

// minMessageBytes is what a message counts at least among those under way.
const minMessageBytes = 4 << 10

// readBody reads a message, and takes room for it as it arrives, beyond the first bytes, which have theirs.
func readBody(from io.Reader, room *place) ([]byte, error) {
	body := make([]byte, 0, minMessageBytes)
	for {
		if len(body) == cap(body) {
			if !room.grow(int64(cap(body))) {
				return nil, errNoRoom
			}
			body = append(make([]byte, 0, 2*cap(body)), body...)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// refuseBody refuses a message that was not read to its end. The deadline stays: net/http would wait for the rest of it.
func (g *guards) refuseBody(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	status, message := http.StatusBadRequest, "the body did not arrive whole"
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status, message = http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d MiB", maxBodyBytes>>20)
	}
	if errors.Is(err, errNoRoom) {
		w.Header().Set("Retry-After", "1")
		status, message = http.StatusTooManyRequests, errNoRoom.Error()
	}
	g.refuse(w, "size", status, message)
}

// refuse counts a refusal, by the guard, and answers with it.
func (g *guards) refuse(w http.ResponseWriter, guard string, status int, message string) {
	g.telemetry.HTTPRefused(guard)
	refuse(w, status, message)
}

// refuse answers in JSON-RPC's form, which clients show, with an HTTP status.
func refuse(w http.ResponseWriter, status int, message string) {
	refuseWith(w, status, mcp.INVALID_REQUEST, message)
}

func refuseWith(w http.ResponseWriter, status, code int, message string) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(errorLine(mcp.NewRequestId(nil), code, message))
}
