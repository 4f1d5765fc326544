package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
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
	// Actor is nil for what the system or several people did, Team for what happened in several teams or in none.
	Actor *auditlog.Actor
	Team  *auditlog.Ref
	// From and To are the first and the last entry's, or where a time without entries begins and ends.
	From, To time.Time
	// Observed reaches Threshold or exceeds it, in the unit that Reason names.
	Observed, Threshold float64
	// Evidence are all entries, the oldest first.
	Evidence []*auditlog.Entry
	// NextStep is what to do about it.
	NextStep string
	// powers are what each of the evidence touches.
	powers []auditlog.Power
}

// IsOf reports whether a rule or baseline had a part in the finding.
func (f *Finding) IsOf(rule string) bool { return f.Rule == rule || slices.Contains(f.Also, rule) }

// IsOfNobody reports whether it is about what nobody did, so that neither actor, team, event nor target choose it.
func (f *Finding) IsOfNobody() bool { return f.Rule == ruleNoEntries }

// IsOfBaseline reports whether a comparison with the baseline tells the finding best, and no rule.
func (f *Finding) IsOfBaseline() bool { return isBaseline(f.Rule) }

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

// Sample returns at most so many entries of the evidence, the oldest first: the first and the last, the weightiest between them where some
// are weightier than others, and the rest spread evenly.
func (f *Finding) Sample(most int) []*auditlog.Entry {
	if most >= len(f.Evidence) {
		return f.Evidence
	}
	last := len(f.Evidence) - 1
	chosen := map[int]bool{}
	choose := func(i int) {
		if len(chosen) < most {
			chosen[i] = true
		}
	}
	choose(0)
	choose(last)
	byWeight := make([]int, 0, len(f.Evidence))
	least := auditlog.PowerSignOn
	for _, power := range f.powers {
		least = min(least, power)
	}
	for i, power := range f.powers {
		if power > least {
			byWeight = append(byWeight, i)
		}
	}
	order.By(byWeight, func(a, b int) int { return cmp.Compare(f.powers[b], f.powers[a]) })
	const half = 2 // of the places, so that the rest shows how it went on
	for _, i := range byWeight {
		if half*len(chosen) < most {
			choose(i)
		}
	}
	for part, left := 1, most-len(chosen); part <= left; part++ {
		i := part * last / (left + 1)
		for chosen[i] {
			i = (i + 1) % len(f.Evidence)
		}
		choose(i)
	}
	var sample []*auditlog.Entry
	for i, entry := range f.Evidence {
		if chosen[i] {
			sample = append(sample, entry)
		}
	}
	return sample
}
