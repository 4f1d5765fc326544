package detect

import (
	"cmp"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"
)

// severityWeak is of what is told only beside something else.
const severityWeak Severity = "weak"

// severities returns them from the least.
func severities() []Severity {
	return []Severity{severityWeak, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}
}

// rank orders severities: low is 1.
func (s Severity) rank() int { return slices.Index(severities(), s) }

// AtLeast reports whether a severity is as much as another, or more.
func (s Severity) AtLeast(other Severity) bool { return s.rank() >= other.rank() }

// points returns the weight of a severity: two of one make one of the next.
func (s Severity) points() int { return 1 << s.rank() }

// severityOf returns the severity of so many points.
func severityOf(points int) Severity {
	severity := severityWeak
	for _, next := range severities() {
		if next.points() <= points {
			severity = next
		}
	}
	return severity
}

// lowered returns the next lower severity.
func (s Severity) lowered() Severity { return severities()[max(0, s.rank()-1)] }

// aspect is what a signal is about. Those of one aspect are about the same, so that only the strongest of them counts.
type aspect int

// The aspects. What a rule says and what was new often are two views of one thing, but hours, amounts and novelties are not.
const (
	aspectRule aspect = iota
	aspectHours
	aspectAmount
	aspectNovelty
)

// signal is one thing that stands out, before it is merged with others into a finding.
type signal struct {
	rule, title string
	aspect      aspect
	severity    Severity
	reason      string
	observed    float64
	threshold   float64
	nextStep    string
	// by is nil for what many did.
	by *actor
	// team is where it happened, if that is part of what stands out.
	team *auditlog.Ref
	// deeds are in the order of time. Of a lull it is the one before it.
	deeds []*deed
	// lull is the time without any deed that this is about; nil for others.
	lull *auditlog.Span
}

func (s *signal) from() time.Time {
	if s.lull != nil {
		return s.lull.From
	}
	return s.deeds[0].TriggeredAt
}

func (s *signal) to() time.Time {
	if s.lull != nil {
		return s.lull.To
	}
	return s.deeds[len(s.deeds)-1].TriggeredAt
}

// stronger orders signals: the more telling first.
func stronger(a, b *signal) int {
	return cmp.Or(cmp.Compare(b.severity.rank(), a.severity.rank()), cmp.Compare(a.aspect, b.aspect), a.from().Compare(b.from()),
		cmp.Compare(a.rule, b.rule))
}

// spells divides deeds at pauses of such a length.
func spells(deeds []*deed, pause time.Duration) [][]*deed {
	var found [][]*deed
	begin := 0
	for i := range deeds {
		if i+1 == len(deeds) || deeds[i+1].TriggeredAt.Sub(deeds[i].TriggeredAt) >= pause {
			found = append(found, deeds[begin:i+1])
			begin = i + 1
		}
	}
	return found
}

// earlier orders deeds by time.
func earlier(a, b *deed) int { return auditlog.CompareNewestFirst(b.Entry, a.Entry) }

// only returns the deeds of which something holds.
func only(deeds []*deed, holds func(*deed) bool) []*deed {
	var found []*deed
	for _, d := range deeds {
		if holds(d) {
			found = append(found, d)
		}
	}
	return found
}

// peak returns the most deeds within such a time.
func peak(deeds []*deed, length time.Duration) int {
	most, first := 0, 0
	for i, d := range deeds {
		for d.TriggeredAt.Sub(deeds[first].TriggeredAt) >= length {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// runs returns the stretches in which there were more than so many deeds within such a time, from their true beginning to their end: as
// long as one follows another without much of a pause.
func runs(deeds []*deed, length time.Duration, most float64) [][]*deed {
	const pauses = 4 // so many to the length
	follows := func(i int) bool { return deeds[i].TriggeredAt.Sub(deeds[i-1].TriggeredAt) < length/pauses }
	var found [][]*deed
	first, begin, end := 0, -1, 0 // the run at hand, if it has begun
	for i := range deeds {
		for deeds[i].TriggeredAt.Sub(deeds[first].TriggeredAt) >= length {
			first++
		}
		isMany := float64(i-first+1) > most
		if begin >= 0 && first >= end && !follows(i) {
			found, begin = append(found, deeds[begin:end]), -1
		}
		switch {
		case isMany && begin < 0:
			begin = first
			for begin > end && follows(begin) {
				begin--
			}
			end = i + 1
		case begin >= 0 && (isMany || i == end && follows(i)):
			end = i + 1
		}
	}
	if begin >= 0 {
		found = append(found, deeds[begin:end])
	}
	return found
}
