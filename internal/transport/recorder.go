package transport

import (
	"cmp"
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

// recorder writes one line of log and one measurement for each call.
type recorder struct {
	logger    *slog.Logger
	telemetry *telemetry.Telemetry
	transport string // stdio, http or sse
	// Calls that fail of callers who are not proven to be anybody are summed up, since they can be made at will. Both are nil for stdio.
	who     holderOf
	refused *tally
}

// begin begins the record of a call. session and version are the ones known beside what the call says itself. The call is to be served with
// the context that it returns, and the record to be ended with the size of the answer.
func (r *recorder) begin(ctx context.Context, c *call, session, version string) (context.Context, func(bytes int)) {
	begun, request, session := time.Now(), requestID(ctx), fingerprint(session)
	ctx, endOperation := r.telemetry.Begin(ctx, telemetry.Operation{
		Method: c.method, Target: c.about.Name, Transport: r.transport,
		ProtocolVersion: cmp.Or(c.about.Meta.Version, version), SessionHash: session, RequestID: request,
	}, c.about.Meta.TraceParent, c.about.Meta.TraceState)
	return ctx, func(bytes int) {
		summary := cmp.Or(c.summary.Load(), &CallSummary{})
		outcome := c.outcome(ctx, summary)
		endOperation(outcome)
		if c.method == string(mcp.MethodToolsCall) {
			r.telemetry.Rows(c.about.Name, summary.Rows, bytes)
		}
		level, target := c.logged()
		caller, _ := auth.FromContext(ctx)
		r.log(ctx, caller, outcome, level,
			slog.String("request", request), slog.String("transport", r.transport), slog.String("method", truncate(c.method)), target,
			slog.String("caller", fingerprint(caller.ID())), slog.String("session", session),
			slog.String("organization", summary.Organization), slog.Int("rows", summary.Rows), slog.Int("bytes", bytes),
			slog.Int64("ms", time.Since(begun).Milliseconds()), slog.String("outcome", outcome))
	}
}

// log writes the line of a call.
func (r *recorder) log(ctx context.Context, caller auth.Caller, outcome string, level slog.Level, attributes ...slog.Attr) {
	if r.who != nil && outcome != outcomeOK {
		if _, proven := r.who(caller); !proven {
			r.refused.log(ctx, outcome, level, "call", attributes...)
			return
		}
	}
	r.logger.LogAttrs(context.WithoutCancel(ctx), level, "call", attributes...)
}

const outcomeOK = "ok"

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
	return outcomeOK
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
	return rand.Text()[:12]
}

// fingerprint stands for a session or a caller in logs, where the id itself could be used by whoever reads them.
func fingerprint(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:4])
}

// truncate bounds the names that clients have logged.
func truncate(name string) string {
	const longest = 64
	if len(name) > longest {
		return name[:longest] + "…"
	}
	return name
}
