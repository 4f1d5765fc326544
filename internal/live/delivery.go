package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// delivery hands a walk's entries to one reader.
type delivery struct {
	walk  *walk
	query *auditlog.Query
	yield func(*auditlog.Entry) bool
	// isOwn means that the walk was made for the query's filters, so that its places are those of the query's own listing.
	isOwn bool

	next    int             // place in what the walk has ready
	last    *auditlog.Entry // the one before it
	count   int             // entries yielded
	stopped bool            // the reader wants no more
}

// deliver yields what is ready; false means that the reader needs no more.
func (d *delivery) deliver() bool {
	ready := d.walk.log.ready
	if d.next > 0 && (d.next > len(ready) || ready[d.next-1] != d.last) {
		// Something was put in before; find the place again.
		place, found := slices.BinarySearchFunc(ready, d.last, auditlog.CompareNewestFirst)
		d.next = place
		if found {
			d.next++
		}
	}
	for ; d.next < len(ready); d.next++ {
		entry := ready[d.next]
		d.last = entry
		switch {
		case d.stopped || entry.TriggeredAt.Before(d.query.Window.From):
			return false
		case !entry.TriggeredAt.Before(d.query.Window.To):
		case d.query.Resume != nil && !d.query.Resume.After.IsBefore(entry):
		case d.query.MatchesFilters(entry):
			d.count++
			if !d.yield(d.shown(entry)) {
				d.stopped = true
				d.next++
				return false
			}
		}
	}
	return true
}

// shown is the entry as the reader gets it: a place in another query's listing would mislead.
func (d *delivery) shown(entry *auditlog.Entry) *auditlog.Entry {
	if d.isOwn || entry.Offset == 0 {
		return entry
	}
	shown := *entry
	shown.Offset = 0
	return &shown
}

// pages returns how many pages the reader probably still wants, from how many rows it took so far to find one that it gets.
func (d *delivery) pages(stride int) int {
	parallel := d.walk.reader.options.Parallel
	if d.query.Want == 0 || d.count == 0 {
		return parallel
	}
	rows := (d.query.Want - d.count) * d.next / d.count
	return min(parallel, rows/max(1, stride)+1)
}

// hasCovered reports whether any part of what the reader wants was read.
func (d *delivery) hasCovered() bool {
	begin := d.query.Window.To
	if d.query.Resume != nil {
		begin = d.query.Resume.After.TriggeredAt
	}
	return d.count > 0 || d.walk.log.frontier.Before(begin)
}

// coverage returns which part of the window the delivered entries speak for; stop is what stopped the read, nil if it came to its end or
// was not needed.
func (d *delivery) coverage(access *auditlog.Access, stop error) auditlog.Coverage {
	window := d.query.Window
	now := d.walk.reader.Now()
	coverage := auditlog.Coverage{From: window.From, To: window.To}
	// Some slack, since Make's clock is known to the second only.
	coverage.TruncateAfter(now.Add(writeSlack), "in the future")
	if kept := now.AddDate(0, 0, -access.RetentionDays); !kept.Before(window.From.Add(retentionSlack)) {
		coverage.TruncateBefore(kept, fmt.Sprintf("Make keeps %d days of audit log", access.RetentionDays))
	}
	oldest := access.Oldest
	if ready := d.walk.log.ready; oldest.IsZero() && len(ready) > 0 {
		oldest = ready[len(ready)-1].TriggeredAt // the log was empty when it was asked
	}
	if oldest.IsZero() {
		coverage.TruncateBefore(window.To, "Make returned no entry at all that this key may read, so nothing vouches for this time")
	} else {
		coverage.TruncateBefore(oldest, "before the oldest entry that Make returns: it cannot be told whether nothing happened or "+
			"nothing was kept")
	}
	if stop != nil {
		// Entries of the frontier's own instant may be unread; the part that is surely read begins with the next millisecond, Make's
		// precision.
		surely := d.walk.log.frontier.Truncate(time.Millisecond).Add(time.Millisecond)
		coverage.TruncateBefore(surely, "not read: "+auditlog.Text(stopReason(stop)).Clean()+
			"; ask again to go on from here, or narrow the question")
	}
	return coverage
}

// retentionSlack is how far before what Make keeps a window may begin and still count as kept whole: the edge moves on between a question's
// beginning, laid on it, and its end, and what bounds such questions is believed for that long.
const retentionSlack = directoryKeep

func stopReason(stop error) string {
	if errors.Is(stop, context.DeadlineExceeded) {
		return "the time for one call was used up"
	}
	return stop.Error()
}
