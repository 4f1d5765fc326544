package auditlog

// Catalog is what Make says can be asked for: its filters call. People and
// teams that are gone may be missing from it, events may lag behind the log.
type Catalog struct {
	Teams  []Ref
	Users  []Actor
	Events []EventType
	// Recalled tells that this is not what Make says now; nil if it is.
	Recalled *Recalled `json:"-"`
}

// EventType is one kind of event: its value in entries (webhook_created), the
// label people see (Webhook created) and the category that Make puts over it
// (Webhooks).
type EventType struct {
	Value    Text `json:"value"`
	Label    Text `json:"label,omitempty"`
	Category Text `json:"category,omitempty"`
}
