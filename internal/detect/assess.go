package detect

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Record is what one actor did.
type Record struct {
	// Actor is nil for the system.
	Actor *auditlog.Actor
	// Entries are those of the window that is judged, Baseline those of the time before it; both newest first.
	Entries, Baseline []*auditlog.Entry
	// Location is the zone in which days are meant; Own is the actor's own zone, nil if it is not known.
	Location, Own *time.Location
	Catalog       *auditlog.Catalog
}

// Assessment is what a record shows of its actor, and what stands out of it.
type Assessment struct {
	ActorType ActorType
	// ActorTypeReason says what a service account is recognized by.
	ActorTypeReason string
	Usual           *Usual
	// Outside are the window's entries outside the usual hours, newest first.
	Outside  []*auditlog.Entry
	Notable  []Notable
	Findings []Finding
}

// Assess judges a record.
func (r *Record) Assess() Assessment {
	a := Assessment{ActorType: Person}
	location := r.Location
	if r.Own != nil {
		location = r.Own
	}
	if r.Actor == nil {
		a.ActorType, a.Usual = System, &Usual{Location: location, Reason: "the system has no usual hours"}
	} else {
		if reason := looksLikeService(*r.Actor, r.Entries, r.Baseline); reason != "" {
			a.ActorType, a.ActorTypeReason = ServiceAccount, reason
		}
		// A service account keeps hours as well; a name must not exempt anybody.
		a.Usual = learnUsual(r.Baseline, location)
	}
	a.Usual.IsOwn = r.Own != nil
	if a.Usual.IsKnown() {
		for _, entry := range r.Entries {
			if !a.Usual.Contains(entry.TriggeredAt) {
				a.Outside = append(a.Outside, entry)
			}
		}
	}
	a.Notable = notableOf(r.Entries, r.Catalog)
	a.Findings = r.find(&a)
	return a
}

// hasBaseline reports whether the baseline is large enough for anything to be unusual against it.
func (r *Record) hasBaseline() bool {
	return len(r.Baseline) >= minBaselineEntries && len(byDay(r.Baseline, r.Location)) >= minBaselineDays
}
