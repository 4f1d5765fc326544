package answer

import (
	"encoding/json"
	"fmt"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/redact"
	"make-audit-mcp/schemas"
)

// late is how long after it happened an entry may be written without being remarkable.
const late = time.Hour

// EntryStyle is how entries are shown.
type EntryStyle struct {
	Location *time.Location
	// Detailed adds what a concise entry leaves out. Details are shown wherever an entry has them.
	Detailed bool
	// WithCreatedAt shows of every entry when it was written; without, a concise one shows it where that was late.
	WithCreatedAt bool
	// WithKind shows of every entry of what kind its target is; without, a concise one shows it where the event does not say so: a page of
	// 25 has no room for it.
	WithKind bool
	// Catalog gives events their label and category; it may be nil.
	Catalog *auditlog.Catalog
	// Names are what targets are called; those that are missing have no name.
	Names analysis.TargetNames
}

// Entry shows one entry, with its text cleaned and secrets masked.
func (s EntryStyle) Entry(e *auditlog.Entry) schemas.Entry {
	shown := schemas.Entry{
		UUID:        auditlog.Text(e.UUID).Clean(),
		TriggeredAt: Time(e.TriggeredAt, s.Location),
		Event:       e.Event,
		Actor:       e.Actor,
		Team:        e.Team,
		TargetID:    e.TargetID,
		TargetName:  s.Names[e.Target()],
		Version:     e.Version,

		ActorIsTarget: e.IsOfActor(),
	}
	target := e.Target()
	if s.Detailed || s.WithKind || target.Kind != (auditlog.Event{Value: e.Event}).Object() {
		shown.TargetKind = target.Kind
	}
	if len(e.Details) > 0 {
		shown.Details, shown.Masked = safe(e.Details, e.Event)
	}
	isLate := e.CreatedAt.Sub(e.TriggeredAt) > late
	if (s.Detailed || s.WithCreatedAt || isLate) && !e.CreatedAt.IsZero() {
		shown.CreatedAt = Time(e.CreatedAt, s.Location)
	}
	if !s.Detailed {
		return shown
	}
	shown.Organization = e.Organization
	if s.Catalog != nil {
		event := s.Catalog.Event(e.Event)
		shown.Label, shown.Category = event.Label, event.Category
	}
	if raw, err := json.Marshal(e.Extra); len(e.Extra) > 0 && err == nil {
		var masked []string
		shown.Extra, masked = safe(raw, e.Event)
		for _, path := range masked {
			shown.Masked = append(shown.Masked, "extra."+path)
		}
	}
	return shown
}

// safe cleans data of others' making; what cannot be cleaned is not shown.
func safe(raw json.RawMessage, event auditlog.Text) (json.RawMessage, []string) {
	cleaned, masked, err := redact.Details(raw, event)
	if err != nil {
		note, _ := json.Marshal(fmt.Sprintf("[unreadable: %d bytes]", len(raw)))
		return note, nil
	}
	return cleaned, masked
}

// WarnOfNames says why objects may lack their names; nothing for nil.
func WarnOfNames(result interface{ Warn(warning string) }, failure error) {
	if failure != nil {
		result.Warn("names of objects are missing: " + auditlog.Text(Explain(failure)).Clean())
	}
}
