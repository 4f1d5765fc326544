package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Finding is something that stands out, with its evidence.
type Finding struct {
	// Rule is what tells it best; Also are the others that saw it.
	Rule     string
	Also     []string
	Title    string
	Severity Severity
	// Reason says what was seen and what it is measured by, without text of the log.
	Reason string
	// Actor is nil for what the system or several people did; Team is where it happened, if that is part of what stands out.
	Actor *auditlog.Actor
	Team  *auditlog.Ref
	// From and To are the first and the last entry's.
	From, To time.Time
	// Observed reaches Threshold or exceeds it, in the unit that Reason names.
	Observed, Threshold float64
	// Evidence are all entries, the oldest first.
	Evidence []*auditlog.Entry
	// NextStep is what to do about it.
	NextStep string
	weights  []weighed
}

type weighed struct {
	entry *auditlog.Entry
	power auditlog.Power
}

// ID distinguishes findings: the same evidence for the same rule is the same finding.
func (f *Finding) ID() string {
	hash := sha256.New()
	hash.Write([]byte(f.Rule))
	for _, entry := range f.Evidence {
		hash.Write([]byte("\x00" + entry.Key()))
	}
	const shown = 6
	return f.Rule + "-" + hex.EncodeToString(hash.Sum(nil)[:shown])
}

// Sample returns at most so many entries of the evidence, the oldest first: the first and the last, the weightiest between them, and the
// rest spread evenly.
func (f *Finding) Sample(most int) []*auditlog.Entry {
	if len(f.Evidence) <= most || most <= 0 {
		return f.Evidence[:min(len(f.Evidence), max(most, 0))]
	}
	power := map[*auditlog.Entry]auditlog.Power{}
	for _, one := range f.weights {
		power[one.entry] = one.power
	}
	last := len(f.Evidence) - 1
	chosen := map[int]bool{0: true}
	if most > 1 {
		chosen[last] = true
	}
	byWeight := make([]int, 0, last)
	for i := 1; i < last; i++ {
		byWeight = append(byWeight, i)
	}
	slices.SortStableFunc(byWeight, func(a, b int) int { return cmp.Compare(power[f.Evidence[b]], power[f.Evidence[a]]) })
	// Half of the places are for what is weightier than what is next, the other half for an even spread.
	for _, i := range byWeight {
		if len(chosen) >= (most+1)/2 || power[f.Evidence[i]] == power[f.Evidence[byWeight[len(byWeight)-1]]] {
			break
		}
		chosen[i] = true
	}
	for left := most - len(chosen); left > 0; left = most - len(chosen) {
		for k := 1; k <= left; k++ {
			i := k * last / (left + 1)
			for chosen[i] {
				i = (i + 1) % (last + 1)
			}
			chosen[i] = true
		}
	}
	var sample []*auditlog.Entry
	for i, entry := range f.Evidence {
		if chosen[i] {
			sample = append(sample, entry)
		}
	}
	return sample
}
