package transport

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/auth"
	"make-audit-mcp/internal/telemetry"
)

// maxLoggedName bounds the names that clients have logged.
const maxLoggedName = 64

// recorder writes one line of log and one measurement for each call.
type recorder struct {
	logger    *slog.Logger
	telemetry *telemetry.Telemetry
	transport string // stdio, http or sse
}

// record is a call that is being recorded.
type record struct {
	*recorder
	call         *call
	requestID    string
	session      string // its fingerprint
	begun        time.Time
	endOperation func(outcome string)
}

// begin starts the record of a call. session and version are the ones known beside what the call says itself. The call is to be served with
// the context that it returns.
func (r *recorder) begin(ctx context.Context, c *call, session, version string) (context.Context, *record) {
	started := &record{recorder: r, call: c, requestID: requestID(ctx), session: fingerprint(session), begun: time.Now()}
	if c.about.Meta.Version != "" {
		version = c.about.Meta.Version
	}
	ctx, started.endOperation = r.telemetry.Begin(ctx, telemetry.Operation{
		Method: c.method, Target: c.about.Name, Transport: r.transport,
		ProtocolVersion: version, SessionHash: started.session, RequestID: started.requestID,
	}, c.about.Meta.TraceParent, c.about.Meta.TraceState)
	return ctx, started
}

// end writes the record, with the size of the answer.
func (r *record) end(ctx context.Context, bytes int) {
	summary := r.call.summary.Load()
	if summary == nil {
		summary = &CallSummary{}
	}
	outcome := r.call.outcome(ctx, summary)
	r.endOperation(outcome)
	if r.call.method == string(mcp.MethodToolsCall) {
		r.telemetry.Rows(r.call.about.Name, summary.Rows, bytes)
	}
	level, target := r.call.logged()
	caller, _ := auth.FromContext(ctx)
	r.logger.LogAttrs(context.WithoutCancel(ctx), level, "call",
		slog.String("request", r.requestID), slog.String("transport", r.transport), slog.String("method", truncate(r.call.method)), target,
		slog.String("caller", fingerprint(caller.ID())), slog.String("session", r.session),
		slog.String("organization", summary.Organization), slog.Int("rows", summary.Rows), slog.Int("bytes", bytes),
		slog.Int64("ms", time.Since(r.begun).Milliseconds()), slog.String("outcome", outcome))
}

// outcome is how a call ended, in the words that telemetry has for it.
func (c *call) outcome(ctx context.Context, summary *CallSummary) string {
	switch {
	case c.cancelled.Load() || ctx.Err() != nil && !c.closed.Load():
		return "cancelled"
	case c.refused.Load():
		return "error"
	case summary.Failed:
		return "tool_error"
	}
	return "ok"
}

// logged is the level at which a call is logged, and its target if that is for the log.
func (c *call) logged() (slog.Level, slog.Attr) {
	switch mcp.MCPMethod(c.method) {
	case mcp.MethodToolsCall:
		return slog.LevelInfo, slog.String("tool", truncate(c.about.Name))
	case mcp.MethodPromptsGet:
		return slog.LevelInfo, slog.String("prompt", truncate(c.about.Name))
	case mcp.MethodResourcesRead:
		return slog.LevelInfo, slog.Attr{}
	}
	return slog.LevelDebug, slog.Attr{}
}

// requestIDKey is the key under which a context holds the id of its HTTP request.
type requestIDKey struct{}

// requestID names a request in logs and traces; it is ours, not the client's.
func requestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		return id
	}
	return newRequestID()
}

func newRequestID() string { return rand.Text()[:12] }

// fingerprint stands for a session or a caller in logs, where the id itself could be used by whoever reads them.
func fingerprint(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:4])
}

func truncate(name string) string {
	if len(name) > maxLoggedName {
		return name[:maxLoggedName] + "…"
	}
	return name
}
