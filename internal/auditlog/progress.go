package auditlog

import (
	"context"
	"time"
)

// Progress returns how a long read goes.
type Progress struct {
	// Entries is how many entries were read so far.
	Entries int
	// Estimate is how many there may be in all; 0 if there is no estimate.
	Estimate int
	// Wait, if not 0, is a pause that the read makes now, with its reason.
	Wait   time.Duration
	Reason string
}

type progressKey struct{}

// WithProgress returns a context whose reads report their progress to report. report may be called from several goroutines and must not
// block for long.
func WithProgress(ctx context.Context, report func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// ReportProgress returns the context's listener, if there is one.
func ReportProgress(ctx context.Context, p Progress) {
	if report, ok := ctx.Value(progressKey{}).(func(Progress)); ok {
		report(p)
	}
}
