package transport

import "context"

// CallSummary is what a handler reports of its answer for the operator's log and metrics: never arguments, never contents.
type CallSummary struct {
	Organization string // id, "" for none
	Rows         int    // entries, groups or objects
	Failed       bool   // the answer is an error in words
}

// Summarize reports on the answer to the request that ctx belongs to. The last summary counts.
func Summarize(ctx context.Context, summary CallSummary) {
	if current, ok := ctx.Value(callKey{}).(*call); ok {
		current.summary.Store(&summary)
	}
}
