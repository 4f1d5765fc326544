package tools

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/auditlog"
)

const (
	// progressInterval keeps progress from flooding the client.
	progressInterval = 250 * time.Millisecond
	// leastWaitReported is a wait that somebody would notice.
	leastWaitReported = 10 * time.Millisecond
	// Clients give up after 60 s, or 300 s where progress comes.
	defaultTime         = 50 * time.Second
	defaultTimeFollowed = 240 * time.Second
)

// follower reports to a call's caller how it goes, and remembers its waits.
type follower struct {
	notify func(params map[string]any)

	mu       sync.Mutex
	sent     time.Time
	waitSent time.Time
	progress float64
	entries  int // read so far, and how many there may be in all
	estimate int
	wait     time.Duration
	reasons  []string
}

// Notify sends a notification to the caller that a context belongs to.
type Notify func(ctx context.Context, method string, params map[string]any) error

// Follow returns a context for one request, whose reads report to its caller how they go if the caller asked for that, as meta says. limit
// bounds it; 0 means 50 s, and 240 s for a caller who asked. waited says how long the reads waited, if that is worth saying.
func Follow(
	ctx context.Context, notify Notify, meta *mcp.Meta, limit time.Duration,
) (following context.Context, cancel context.CancelFunc, waited func() string) {
	f := &follower{}
	usual := defaultTime
	if meta != nil && meta.ProgressToken != nil && notify != nil {
		usual = defaultTimeFollowed
		f.notify = func(params map[string]any) {
			params["progressToken"] = meta.ProgressToken
			// That a caller has gone is ctx's to say; there is nobody to report it to here.
			_ = notify(ctx, "notifications/progress", params)
		}
	}
	following, cancel = context.WithTimeout(auditlog.WithProgress(ctx, f.report), cmp.Or(limit, usual))
	return following, cancel, f.waited
}

func (f *follower) report(p auditlog.Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.Wait > 0 {
		f.wait += p.Wait
		if len(f.reasons) == 0 || f.reasons[len(f.reasons)-1] != p.Reason {
			f.reasons = append(f.reasons, p.Reason)
		}
	} else {
		f.entries, f.estimate = max(f.entries, p.Entries), p.Estimate
	}
	sent := &f.sent
	if p.Wait >= leastWaitReported {
		sent = &f.waitSent // sent even just after some progress
	}
	// Calls side by side wait for the same, some of them a moment only.
	if f.notify == nil || time.Since(*sent) < progressInterval || p.Wait > 0 && p.Wait < leastWaitReported {
		return
	}
	*sent = time.Now()
	// Progress must grow with every notification; entries need not.
	f.progress = max(f.progress+0.001, float64(f.entries))
	params := map[string]any{"progress": f.progress}
	message := fmt.Sprintf("%d entries read", f.entries)
	if f.estimate > f.entries {
		params["total"] = float64(f.estimate)
		message += fmt.Sprintf(", about %d in all", f.estimate)
	}
	if p.Wait > 0 {
		message += fmt.Sprintf("; waiting %s: %s", p.Wait.Round(10*time.Millisecond), p.Reason)
	}
	params["message"] = message
	f.notify(params)
}

// waited says how long the call waited, if that is worth saying. Waits of calls side by side overlap, so it is a bound.
func (f *follower) waited() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wait < time.Second {
		return ""
	}
	return fmt.Sprintf("this answer had to wait: %s", strings.Join(f.reasons[:min(len(f.reasons), 3)], "; "))
}
