package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	SeverityLow    Severity = "low"
	SeverityMedium Severity = "medium"
	SeverityHigh   Severity = "high"
)

// Finding is something that stands out, with its evidence.
type Finding struct {
	Rule     string
	Title    string
	Severity Severity
	// Reason says what was seen and what it is measured by, without text of the log.
	Reason string
	// Observed reaches Threshold or exceeds it, in the unit that Reason names.
	Observed, Threshold float64
	// Evidence are the entries, newest first.
	Evidence []*auditlog.Entry
}

// ID distinguishes findings: the same evidence for the same rule is the same finding.
func (f *Finding) ID() string {
	hash := sha256.New()
	hash.Write([]byte(f.Rule))
	for _, entry := range f.Evidence {
		hash.Write([]byte("\x00" + entry.UUID))
	}
	const shown = 6
	return f.Rule + "-" + hex.EncodeToString(hash.Sum(nil)[:shown])
}

// What stands out must be at least so much, whatever the baseline.
const (
	minOutside     = 3
	minDeletions   = 10
	manyDeletions  = 20
	minDayEntries  = 30
	deletionWindow = time.Hour
)

// find looks for what stands out against the baseline, the severest first.
func (r *Record) find(a *Assessment) []Finding {
	weighty := map[auditlog.Text]bool{} // events of the window
	for _, notable := range a.Notable {
		if notable.Power >= auditlog.PowerDeletion {
			weighty[notable.Entry.Event] = true
		}
	}
	var findings []Finding
	for _, finding := range []*Finding{r.findMassDeletion(), findOutsideHours(a, weighty), r.findFirstTimeEvents(a, weighty),
		r.findBusyDay(a)} {
		if finding != nil {
			findings = append(findings, *finding)
		}
	}
	rank := map[Severity]int{SeverityHigh: 0, SeverityMedium: 1, SeverityLow: 2}
	slices.SortStableFunc(findings, func(x, y Finding) int { return cmp.Compare(rank[x.Severity], rank[y.Severity]) })
	return findings
}

func findOutsideHours(a *Assessment, weighty map[auditlog.Text]bool) *Finding {
	if len(a.Outside) < minOutside {
		return nil
	}
	severity := SeverityLow
	if slices.ContainsFunc(a.Outside, func(e *auditlog.Entry) bool { return weighty[e.Event] }) {
		severity = SeverityMedium
	}
	return &Finding{
		Rule: "outside_usual_hours", Title: "Work outside usual hours", Severity: severity,
		Reason: fmt.Sprintf("%d entries lie outside the hours that the baseline shows (%s, %s)", len(a.Outside),
			strings.Join(a.Usual.Ranges(), ", "), a.Usual.Location),
		// Fewer than the floor are not worth a finding.
		Observed: float64(len(a.Outside)), Threshold: minOutside,
		Evidence: a.Outside,
	}
}

func (r *Record) findFirstTimeEvents(a *Assessment, weighty map[auditlog.Text]bool) *Finding {
	if a.ActorType == System || !r.hasBaseline() {
		return nil
	}
	fresh := maps.Clone(weighty)
	for _, entry := range r.Baseline {
		delete(fresh, entry.Event)
	}
	if len(fresh) == 0 {
		return nil
	}
	var evidence []*auditlog.Entry
	for _, entry := range r.Entries {
		if fresh[entry.Event] {
			evidence = append(evidence, entry)
		}
	}
	return &Finding{
		Rule: "first_time_events", Title: "Notable events that are new for this actor", Severity: SeverityMedium,
		Reason: fmt.Sprintf("notable events that are not among the %d entries of the baseline: kinds of event %d, entries %d; "+
			"see new_events", len(r.Baseline), len(fresh), len(evidence)),
		Observed: float64(len(fresh)), Threshold: 0,
		Evidence: evidence,
	}
}

func (r *Record) findMassDeletion() *Finding {
	evidence := busiestStretch(deletionsOf(r.Entries), deletionWindow)
	usual := len(busiestStretch(deletionsOf(r.Baseline), deletionWindow))
	threshold := max(minDeletions, 2*usual)
	if len(evidence) < threshold {
		return nil
	}
	severity := SeverityMedium
	if len(evidence) >= manyDeletions {
		severity = SeverityHigh
	}
	return &Finding{
		Rule: "mass_deletion", Title: "Many deletions within an hour", Severity: severity,
		Reason:   fmt.Sprintf("%d deletions within 60 minutes; the most in the baseline is %d", len(evidence), usual),
		Observed: float64(len(evidence)), Threshold: float64(threshold),
		Evidence: evidence,
	}
}

func deletionsOf(entries []*auditlog.Entry) []*auditlog.Entry {
	var deletions []*auditlog.Entry
	known := map[auditlog.Text]bool{}
	for _, entry := range entries {
		deletes, ok := known[entry.Event]
		if !ok {
			verb := auditlog.Event{Value: entry.Event}.Verb()
			deletes = verb == auditlog.VerbDeleted || verb == auditlog.VerbRemoved
			known[entry.Event] = deletes
		}
		if deletes {
			deletions = append(deletions, entry)
		}
	}
	return deletions
}

// busiestStretch is the stretch of time with the most entries, the newest of equals. Entries come and go newest first.
func busiestStretch(entries []*auditlog.Entry, length time.Duration) []*auditlog.Entry {
	var busiest []*auditlog.Entry
	end := 0
	for begin := range entries {
		for end < len(entries) && entries[begin].TriggeredAt.Sub(entries[end].TriggeredAt) < length {
			end++
		}
		if end-begin > len(busiest) {
			busiest = entries[begin:end]
		}
	}
	return busiest
}

// findBusyDay compares the busiest day with the usual spread of active days: beyond the median by three times one and a half of the
// quartiles' distance, as RunReveal's baseline of actors does.
func (r *Record) findBusyDay(a *Assessment) *Finding {
	if a.ActorType == System || !r.hasBaseline() {
		return nil
	}
	var counts []float64
	for _, entries := range byDay(r.Baseline, r.Location) {
		counts = append(counts, float64(len(entries)))
	}
	slices.Sort(counts)
	quantile := func(q float64) float64 { return counts[int(q*float64(len(counts)-1))] }
	median, spread := quantile(0.5), quantile(0.75)-quantile(0.25)
	threshold := math.Max(minDayEntries, median+3*math.Max(1, 1.5*spread))
	var busiest []*auditlog.Entry
	for _, entries := range byDay(r.Entries, r.Location) {
		if len(entries) > len(busiest) || len(entries) == len(busiest) && entries[0].TriggeredAt.After(busiest[0].TriggeredAt) {
			busiest = entries
		}
	}
	if float64(len(busiest)) <= threshold {
		return nil
	}
	return &Finding{
		Rule: "busy_day", Title: "An unusually busy day", Severity: SeverityLow,
		Reason: fmt.Sprintf("%d entries on %s; an active day of the baseline has %.0f (median)", len(busiest),
			busiest[0].TriggeredAt.In(r.Location).Format(time.DateOnly), median),
		Observed: float64(len(busiest)), Threshold: threshold,
		Evidence: busiest,
	}
}

func byDay(entries []*auditlog.Entry, location *time.Location) map[string][]*auditlog.Entry {
	days := map[string][]*auditlog.Entry{}
	for _, entry := range entries {
		day := entry.TriggeredAt.In(location).Format(time.DateOnly)
		days[day] = append(days[day], entry)
	}
	return days
}
