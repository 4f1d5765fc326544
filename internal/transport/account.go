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

// CallSummary is what a handler tells of its answer, for the operator's books: never
// arguments, never contents.
type CallSummary struct {
	Organization string // id, "" for none
	Rows         int    // entries, groups or objects
	Failed       bool   // the answer is an error in words
}

// Summarize tells of the answer to the request that ctx belongs to. The last one
// counts.
func Summarize(ctx context.Context, account CallSummary) {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		current.account.Store(&account)
	}
}

// maxTarget bounds the names that clients have logged.
const maxTarget = 64

// books keep one line and one measurement per call.
type books struct {
	logger    *slog.Logger
	telemetry *telemetry.Telemetry
	transport string // stdio, http or sse
}

// open begins the account of a call, of which session and protocol version are
// known beside what it says itself; the function that it returns closes it, with
// the size of the answer.
func (b *books) open(ctx context.Context, c *call, session, version string) (context.Context, func(bytes int)) {
	begin := time.Now()
	id := requestID(ctx)
	if c.version != "" {
		version = c.version
	}
	ctx, end := b.telemetry.Begin(ctx, telemetry.Operation{
		Method: c.method, Target: c.target, Transport: b.transport,
		ProtocolVersion: version, SessionHash: short(session), RequestID: id,
	}, c.traceParent, c.traceState)
	return ctx, func(bytes int) {
		account := c.account.Load()
		if account == nil {
			account = &CallSummary{}
		}
		outcome := "ok"
		switch {
		case c.cancelled.Load() || ctx.Err() != nil && !c.closed.Load():
			outcome = "cancelled"
		case c.refused.Load():
			outcome = "error"
		case account.Failed:
			outcome = "tool_error"
		}
		end(outcome)
		if c.method == string(mcp.MethodToolsCall) {
			b.telemetry.Rows(c.target, account.Rows, bytes)
		}
		level, target := slog.LevelDebug, slog.Attr{}
		switch mcp.MCPMethod(c.method) {
		case mcp.MethodToolsCall:
			level, target = slog.LevelInfo, slog.String("tool", cut(c.target))
		case mcp.MethodPromptsGet:
			level, target = slog.LevelInfo, slog.String("prompt", cut(c.target))
		case mcp.MethodResourcesRead:
			level = slog.LevelInfo
		}
		caller, _ := auth.FromContext(ctx)
		b.logger.LogAttrs(context.WithoutCancel(ctx), level, "call",
			slog.String("request", id), slog.String("transport", b.transport), slog.String("method", cut(c.method)), target,
			slog.String("caller", short(caller.ID())), slog.String("session", short(session)),
			slog.String("organization", account.Organization), slog.Int("rows", account.Rows), slog.Int("bytes", bytes),
			slog.Int64("ms", time.Since(begin).Milliseconds()), slog.String("outcome", outcome))
	}
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

// short stands for a session or a caller in logs, where it must not be of use to
// anybody.
func short(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:4])
}

func cut(name string) string {
	if len(name) > maxTarget {
		return name[:maxTarget] + "…"
	}
	return name
}
