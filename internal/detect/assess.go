package detect

import (
	"slices"

	"make-audit-mcp/internal/auditlog"
)

// Assessment is what a log shows of one actor, whether or not it stands out.
type Assessment struct {
	ActorType ActorType
	// ActorTypeReason says what a service account is recognized by.
	ActorTypeReason string
	Usual           *Usual
	// Outside are the window's entries outside the usual hours, newest first.
	Outside []*auditlog.Entry
	Notable []Notable
}

// Assess says what the log shows of an actor; nil is the system.
func (r *Report) Assess(who *auditlog.Actor) Assessment {
	a := r.scene.actorOf(&auditlog.Entry{Actor: who})
	if a.usual == nil { // nothing of the actor is in the log
		a.learn(r.scene)
	}
	assessment := Assessment{ActorType: a.kind, ActorTypeReason: a.kindReason, Usual: a.usual}
	for _, deed := range slices.Backward(a.window) {
		// A service account keeps hours as well; a name must not exempt anybody.
		if a.usual.IsKnown() && !a.usual.Contains(deed.TriggeredAt) {
			assessment.Outside = append(assessment.Outside, deed.Entry)
		}
		if deed.power != auditlog.PowerNone {
			assessment.Notable = append(assessment.Notable, Notable{Entry: deed.Entry, Power: deed.power})
		}
	}
	sortNotable(assessment.Notable)
	return assessment
}
