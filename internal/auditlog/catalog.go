package auditlog

import "slices"

// Catalog is what Make says can be asked for: its filters call. People and teams that are gone may be missing from it, events may lag
// behind the log.
type Catalog struct {
	Teams  []Ref
	Users  []Actor
	Events []Event
	// Recalled says that this is not what Make says now; nil if it is.
	Recalled *Recalled `json:"-"`
}

// Event returns what the catalog says of an event. Its category is empty where the catalog has none for it.
func (c *Catalog) Event(value Text) Event {
	if i := slices.IndexFunc(c.Events, func(e Event) bool { return e.Value == value }); i >= 0 {
		return c.Events[i]
	}
	return Event{Value: value}
}

// Kind returns what kind of object an event is about: its category. For an event without one it is the category of those about the same
// object (webhook_paused: that of webhook_created), else the object itself.
func (c *Catalog) Kind(value Text) Text {
	event := c.Event(value)
	if event.Category != "" {
		return event.Category
	}
	object := event.Object()
	if i := slices.IndexFunc(c.Events, func(e Event) bool { return e.Category != "" && e.Object() == object }); i >= 0 {
		return c.Events[i].Category
	}
	return object
}
