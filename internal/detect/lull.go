package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// lullAfter is how long a log of this pulse is without an entry before that stands out, and why it cannot be told, where it cannot.
func (l Limits) lullAfter(p auditlog.Pulse) (after time.Duration, whyNot string) {
	if p.Entries == 0 || float64(p.Entries) < l[MinBaselineEntries] || float64(p.Days) < l[MinLullDays] {
		return 0, fmt.Sprintf("how long the log is without an entry is not known: the baseline has %s on %d days, and at least %.0f entries "+
			"on %.0f days are needed", entries(p.Entries), p.Days, l[MinBaselineEntries], l[MinLullDays])
	}
	const never = math.MaxInt64 / 2
	hours := max(l[MinLullHours], l[LullFactor]*p.Longest.Hours(), l[MinLullEntries]*p.Time.Hours()/float64(p.Entries))
	return time.Duration(min(hours*float64(time.Hour), never)), ""
}

// lull is a time without any entry that stands out.
type lull struct {
	auditlog.Span
	// goesOn says that it does at the end of what was read.
	goesOn bool
}

func (l *lull) lasts() time.Duration { return l.To.Sub(l.From) }

// judgeLulls looks for times of the window, or that reach into it, in which nothing was logged at all, for longer than ever in the
// baseline: whoever keeps the log from being written leaves no other trace. All are one signal, of which the longest is told, or the one
// that goes on.
func (s *scene) judgeLulls() []signal {
	if s.OneActor {
		s.whyNoLull = "only one actor's entries were read"
		return nil
	}
	vouched := s.Read.Vouched()
	before := clipped(vouched, auditlog.Span{From: s.Baseline.From, To: s.Window.From})
	pulse := auditlog.PulseOf(func(yield func(auditlog.Activity) bool) {
		for _, d := range s.baseline() {
			if !yield(auditlog.Activity{First: d.TriggeredAt, Last: d.TriggeredAt, Entries: 1}) {
				return
			}
		}
	}, before)
	var after time.Duration
	if after, s.whyNoLull = s.limits.lullAfter(pulse); s.whyNoLull != "" {
		return nil
	}
	lulls := s.lulls(clipped(vouched, auditlog.Span{From: s.Baseline.From, To: s.Window.To}), after)
	if len(lulls) == 0 {
		return nil
	}
	told := lulls[len(lulls)-1]
	if !told.goesOn {
		told = slices.MaxFunc(lulls, func(a, b lull) int { return cmp.Compare(a.lasts(), b.lasts()) })
	}
	return []signal{s.tellLull(told, len(lulls)-1, after, pulse)}
}

// lulls are those in what is vouched for that last so long or longer and reach into the window.
func (s *scene) lulls(vouched []auditlog.Span, after time.Duration) (found []lull) {
	see := func(one lull) {
		if one.To.After(s.Window.From) && one.lasts() >= after {
			found = append(found, one)
		}
	}
	next := 0
	for i, span := range vouched {
		from := span.From
		for ; next < len(s.deeds) && !s.deeds[next].TriggeredAt.After(span.To); next++ {
			if at := s.deeds[next].TriggeredAt; at.After(from) {
				see(lull{Span: auditlog.Span{From: from, To: at}})
				from = at
			}
		}
		goesOn := i+1 == len(vouched)
		if goesOn {
			// What comes late shows that entries are written, and that others may come.
			for j := range s.deeds {
				if written := s.deeds[j].CreatedAt; written.After(from) {
					from = written
				}
			}
		}
		see(lull{auditlog.Span{From: from, To: span.To}, goesOn})
	}
	return found
}

// tellLull tells of a lull, and of how many others there are. Its evidence is the entry before it.
func (s *scene) tellLull(one lull, others int, after time.Duration, pulse auditlog.Pulse) signal {
	last, _ := slices.BinarySearchFunc(s.deeds, one.From, func(d deed, from time.Time) int {
		if d.TriggeredAt.After(from) {
			return 1
		}
		return -1
	})
	whose := "no entry at all"
	if s.Read.Endpoint != "organization" {
		whose = "no entry of the teams that were read"
	}
	stamp := func(at time.Time) string { return at.In(s.Window.Location).Format(time.RFC3339) }
	reason := fmt.Sprintf("%s for %s (threshold %s), from %s to %s", whose, inWords(one.lasts()), inWords(after), stamp(one.From), stamp(one.To))
	if one.goesOn {
		reason += ", where what was read ends"
	}
	reason += fmt.Sprintf("; the longest time without one in the baseline of %s is %s", entries(pulse.Entries), inWords(pulse.Longest))
	if others > 0 {
		reason += fmt.Sprintf("; %d more such in the window", others)
	}
	return signal{
		rule: ruleNoEntries, aspect: aspectAmount, severity: SeverityMedium, reason: reason, lull: &one.Span,
		observed: one.lasts().Hours(), threshold: after.Hours(), deeds: []*deed{&s.deeds[max(0, last-1)]},
		nextStep: "find out whether anybody worked then; if so, ask Make whether its audit log failed, since what it did not write cannot be " +
			"read later",
	}
}

// clipped is what spans have of one.
func clipped(spans []auditlog.Span, one auditlog.Span) (found []auditlog.Span) {
	for _, span := range spans {
		if span.From.Before(one.From) {
			span.From = one.From
		}
		if span.To.After(one.To) {
			span.To = one.To
		}
		if span.From.Before(span.To) {
			found = append(found, span)
		}
	}
	return found
}
