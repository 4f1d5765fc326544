package auditlog

import "context"

// TargetNamer is a Directory that knows what objects were called.
type TargetNamer interface {
	// IsTarget reports whether an id is that of an object.
	IsTarget(ctx context.Context, id Text) (bool, error)
	// NamedTargets returns the objects that may be seen and have, or had, a name that fits, once for each such name.
	NamedTargets(ctx context.Context, organization ID, fits func(name Text) bool) ([]NamedTarget, error)
}

// NamedTarget is an object and a name that it has, or had.
type NamedTarget struct {
	ID Text
	// Object is what sort of object it is, as [Event.Object] has it. Ids are unique only within one.
	Object Text
	Name   Text
}

// Has reports whether an event is about the object's sort: webhook_created is about webhooks.
func (n NamedTarget) Has(event Event) bool { return event.Object() == n.Object }
