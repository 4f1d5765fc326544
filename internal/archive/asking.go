package archive

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// downFor is how long it is believed that Make cannot be reached, where the archive answers meanwhile: every question would wait for all
// the tries otherwise.
const downFor = 30 * time.Second

// ask asks Make, unless it could not be reached just before. Where the archive may answer instead, Make gets only a part of the question's
// time, so that there is some left for that.
func ask[T any](ctx context.Context, r *Reader, question func(context.Context) (T, error)) (answer T, err error) {
	if !r.IsOwn {
		return question(ctx)
	}
	r.mu.Lock()
	down, until := r.down, r.downUntil
	r.mu.Unlock()
	if time.Now().Before(until) {
		return answer, down
	}
	asking, cancel := leavingTime(ctx)
	defer cancel()
	var limited atomic.Int64 // for how long the limit on calls held it up
	began := time.Now()
	answer, err = question(auditlog.WithProgress(asking, func(p auditlog.Progress) {
		if p.Limit {
			limited.Add(int64(p.Wait))
		}
		auditlog.ReportProgress(ctx, p)
	}))
	if err == nil || !r.IsUnreachable(err) {
		return answer, err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		switch { // what else took the time says nothing of Make
		case errors.Is(err, auditlog.ErrBehindAnother):
			return answer, lateError(auditlog.ErrBehindAnother.Error())
		case time.Duration(limited.Load()) >= time.Since(began)/2:
			return answer, lateError("the limit on calls left no time for it")
		}
		err = lateError("it did not answer in time")
	}
	r.Archive.snapshots(ctx, LogKey{Instance: r.Instance}, func(*directorySnapshot) bool { // it can answer meanwhile
		r.mu.Lock()
		r.down, r.downUntil = err, time.Now().Add(downFor)
		r.mu.Unlock()
		return false
	})
	return answer, err
}

// leavingTime leaves a quarter of what is left of a question's time.
func leavingTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/4))
}

// lateError says why a question's time for Make was over.
type lateError string

func (e lateError) Error() string { return string(e) }

func (lateError) Unwrap() error { return context.DeadlineExceeded }
