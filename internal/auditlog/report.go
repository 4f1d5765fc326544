package auditlog

import "time"

// The sources that entries come from.
const (
	SourceLive           = "live"
	SourceArchive        = "archive"
	SourceArchiveAndLive = "archive+live"
)

// Report says what an answer rests on.
type Report struct {
	// Source is one of the Source constants.
	Source string
	// Endpoint names the calls that were read.
	Endpoint string
	Coverage Coverage
	// Complete means that the whole window was read, for all that the credential may see. A yield that wanted no more does not make it
	// false.
	Complete bool
	// Exhausted means that the read came to the window's beginning: every entry was yielded.
	Exhausted bool
	// Unreadable are the records that could not be read, each as the time in which it must have been triggered.
	Unreadable []Span
	// Doubtful says that entries may be missing without a gap to show for it; Warnings say why.
	Doubtful bool
	Warnings []string
}

// Span is a stretch of time, From and To inclusive.
type Span struct{ From, To time.Time }

// Within is what the report says of a part of its window: for an answer that reads two windows at once.
func (r Report) Within(window Window) Report {
	part := r
	part.Coverage = Coverage{From: later(r.Coverage.From, window.From), To: earlier(r.Coverage.To, window.To)}
	if r.Coverage.IsEmpty() || part.Coverage.IsEmpty() {
		part.Coverage = Coverage{}
	}
	for _, gap := range r.Coverage.Gaps {
		gap.From, gap.To = later(gap.From, window.From), earlier(gap.To, window.To)
		if gap.From.Before(gap.To) {
			part.Coverage.Gaps = append(part.Coverage.Gaps, gap)
		}
	}
	part.Unreadable = nil
	for _, span := range r.Unreadable {
		if span.From.Before(window.To) && !span.To.Before(window.From) {
			part.Unreadable = append(part.Unreadable, span)
		}
	}
	part.Exhausted = r.Exhausted || !part.Coverage.IsEmpty() && !part.Coverage.From.After(window.From)
	part.SetComplete()
	return part
}

// SetComplete sets Complete by what else the report says.
func (r *Report) SetComplete() {
	r.Complete = len(r.Coverage.Gaps) == 0 && len(r.Unreadable) == 0 && !r.Doubtful
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Coverage is the part of a window that an answer vouches for. From and To are zero where that is none of it.
type Coverage struct {
	From time.Time
	To   time.Time
	Gaps []Gap
}

// Gap is a part of a window that an answer does not vouch for.
type Gap struct {
	From   time.Time
	To     time.Time
	Reason string
}

// IsEmpty reports whether nothing is covered.
func (c Coverage) IsEmpty() bool { return !c.From.Before(c.To) }

// TruncateBefore takes everything before at out of the coverage, as a gap.
func (c *Coverage) TruncateBefore(at time.Time, reason string) {
	at = earlier(at, c.To)
	if !c.IsEmpty() && at.After(c.From) {
		c.Gaps = append(c.Gaps, Gap{From: c.From, To: at, Reason: reason})
		c.shrink(at, c.To)
	}
}

// TruncateAfter takes everything from at on out of the coverage, as a gap.
func (c *Coverage) TruncateAfter(at time.Time, reason string) {
	at = later(at, c.From)
	if !c.IsEmpty() && at.Before(c.To) {
		c.Gaps = append(c.Gaps, Gap{From: at, To: c.To, Reason: reason})
		c.shrink(c.From, at)
	}
}

func (c *Coverage) shrink(from, to time.Time) {
	c.From, c.To = from, to
	if c.IsEmpty() {
		c.From, c.To = time.Time{}, time.Time{}
	}
}
