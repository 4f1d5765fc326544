package live

import (
	"sync"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// interner shares the names, events and people that entries repeat, so that tens of thousands of entries stay small in memory.
type interner struct {
	mu     sync.Mutex
	texts  map[string]auditlog.Text
	actors map[makeapi.User]*auditlog.Actor
	refs   map[makeapi.Ref]*auditlog.Ref
}

func newInterner() *interner {
	return &interner{texts: map[string]auditlog.Text{}, actors: map[makeapi.User]*auditlog.Actor{}, refs: map[makeapi.Ref]*auditlog.Ref{}}
}

// entry maps the API's wire type to the log's.
func (in *interner) entry(wire *makeapi.AuditLog) *auditlog.Entry {
	in.mu.Lock()
	defer in.mu.Unlock()
	entry := &auditlog.Entry{
		UUID:         wire.UUID,
		TriggeredAt:  wire.TriggeredAt,
		CreatedAt:    wire.CreatedAt,
		Organization: in.ref(wire.Organization),
		Event:        in.text(wire.EventName),
		Team:         in.ref(wire.Team),
		TargetID:     auditlog.Text(wire.TargetID),
		Extra:        wire.Extra,
		Details:      wire.Details,
		Raw:          wire.Raw,
	}
	if wire.Actor != nil {
		actor, ok := in.actors[*wire.Actor]
		if !ok {
			mapped := actorOf(*wire.Actor)
			actor = &mapped
			in.actors[*wire.Actor] = actor
		}
		entry.Actor = actor
	}
	if wire.Version != nil {
		entry.Version = &auditlog.Version{From: auditlog.Text(wire.Version.From), To: auditlog.Text(wire.Version.To)}
	}
	return entry
}

// Decode reads an entry back from its Raw, as a Reader reads Make's answer. It shares nothing with other entries. ok is false for what is
// no entry.
func Decode(raw []byte) (entry *auditlog.Entry, ok bool) {
	wire, ok := makeapi.DecodeAuditLog(raw)
	if !ok {
		return nil, false
	}
	return newInterner().entry(&wire), true
}

func (in *interner) text(raw string) auditlog.Text {
	text, ok := in.texts[raw]
	if !ok {
		text = auditlog.Text(raw)
		in.texts[raw] = text
	}
	return text
}

func (in *interner) ref(wire *makeapi.Ref) *auditlog.Ref {
	if wire == nil {
		return nil
	}
	ref, ok := in.refs[*wire]
	if !ok {
		mapped := refOf(*wire)
		ref = &mapped
		in.refs[*wire] = ref
	}
	return ref
}

func actorOf(user makeapi.User) auditlog.Actor {
	return auditlog.Actor{ID: auditlog.ID(user.ID), Name: auditlog.Text(user.Name), Email: auditlog.Text(user.Email)}
}

func refOf(ref makeapi.Ref) auditlog.Ref {
	return auditlog.Ref{ID: auditlog.ID(ref.ID), Name: auditlog.Text(ref.Name)}
}

func catalogOf(filters *makeapi.Filters) *auditlog.Catalog {
	catalog := &auditlog.Catalog{}
	for _, user := range filters.Users {
		catalog.Users = append(catalog.Users, actorOf(user))
	}
	for _, team := range filters.Teams {
		catalog.Teams = append(catalog.Teams, refOf(team))
	}
	for _, category := range filters.Events {
		for _, item := range category.Items {
			catalog.Events = append(catalog.Events, auditlog.Event{
				Value: auditlog.Text(item.Value), Label: auditlog.Text(item.Label), Category: auditlog.Text(category.Header),
			})
		}
	}
	return catalog
}
