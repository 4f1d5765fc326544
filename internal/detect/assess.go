package detect

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
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
		if reason := LooksLikeService(*r.Actor, r.Entries, r.Baseline); reason != "" {
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

// ActorType is what an actor seems to be.
type ActorType string

// The types of actor.
const (
	Person         ActorType = "person"
	ServiceAccount ActorType = "service_account"
	System         ActorType = "system"
)

// aroundTheClock is in how many hours of the day somebody must have acted, and in how many entries, to be taken for a machine.
const (
	aroundTheClock        = 20
	aroundTheClockEntries = 100
)

// LooksLikeService returns why an actor seems to be a service account, by name or by hours, since Make does not say so; empty for people.
func LooksLikeService(actor auditlog.Actor, entries ...[]*auditlog.Entry) string {
	local, _, _ := strings.Cut(string(actor.Email), "@")
	words := strings.FieldsFunc(auditlog.Fold(string(actor.Name)+" "+local),
		func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	telling := []string{"svc", "service", "robot", "automation", "deploy", "deployer", "cicd", "daemon", "noreply"}
	if !strings.Contains(strings.TrimSpace(string(actor.Name)), " ") {
		// People are called so, too, but not by one name alone.
		telling = append(telling, "bot", "ci", "cd", "system", "api", "integration")
	}
	for _, word := range words {
		if slices.Contains(telling, word) {
			return "its name or address has the word " + auditlog.Text(word).Quote()
		}
	}
	var hours uint32
	all := slices.Concat(entries...)
	for _, entry := range all {
		hours |= 1 << entry.TriggeredAt.UTC().Hour()
	}
	if len(all) >= aroundTheClockEntries && bits.OnesCount32(hours) >= aroundTheClock {
		return fmt.Sprintf("it acted in %d of the 24 hours of the day", bits.OnesCount32(hours))
	}
	return ""
}
