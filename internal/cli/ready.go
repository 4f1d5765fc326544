package cli

import (
	"context"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/tz"
	"make-audit-mcp/makeapi"
)

// readiness is what a server says of itself to whoever sends callers to it.
type readiness struct {
	client *makeapi.Client
	// archive is what it answers from; nil if there is none.
	archive *archive.Archive
	// instance is that of Make whose logs the archive answers for while Make cannot be asked; empty where it answers for none.
	instance string
	// isAlone says that Make did not answer, and the archive does.
	isAlone atomic.Bool
}

// upstream says whether Make answers, or the archive in its stead. That somebody has used up a limit is an answer.
func (r *readiness) upstream(ctx context.Context) error {
	err := r.client.Ping(ctx)
	if makeapi.IsKind(err, makeapi.KindRateLimit) {
		err = nil
	}
	r.isAlone.Store(makeapi.IsUnreachable(err) && r.answersFor(ctx))
	if r.isAlone.Load() {
		return nil
	}
	return err
}

// answersFor reports whether the archive has a log that it answers for without Make.
func (r *readiness) answersFor(ctx context.Context) bool {
	if r.archive == nil || r.instance == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // Make may have taken all of its own
	defer cancel()
	survey, err := r.archive.Survey(ctx)
	if err != nil {
		return false
	}
	for i := range survey.Logs {
		if survey.Logs[i].Instance == r.instance && !survey.Logs[i].AsOf.IsZero() {
			return true
		}
	}
	return false
}

// store says whether the archive can be read. Without it nothing is answered that it holds: what Make has dropped would be missing, and
// all of a fleet would ask Make for the rest at once.
func (r *readiness) store(ctx context.Context) error { return whyUnreadable(r.archive.CanRead(ctx)) }

// goesBy is what is said beside that a server is ready.
func (r *readiness) goesBy() string {
	text := tz.InUse().String()
	if r.isAlone.Load() {
		text += "\nMake does not answer; the archive does"
	}
	return text
}
