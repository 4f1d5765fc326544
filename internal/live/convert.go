package live

import (
	"unique"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// interner shares the names, events and people that entries repeat, so that tens of thousands of entries stay small in memory.
type interner struct {
	actors map[makeapi.User]*auditlog.Actor
	refs   map[makeapi.Ref]*auditlog.Ref
}

func newInterner() *interner {
	return &interner{actors: map[makeapi.User]*auditlog.Actor{}, refs: map[makeapi.Ref]*auditlog.Ref{}}
}

// entry maps the API's wire type to the log's.
func (in *interner) entry(wire *makeapi.AuditLog) *auditlog.Entry {
	entry := &auditlog.Entry{
		UUID:         wire.UUID,
		TriggeredAt:  wire.TriggeredAt,
		CreatedAt:    wire.CreatedAt,
		Organization: shared(in.refs, wire.Organization, refOf),
		Event:        auditlog.Text(unique.Make(wire.EventName).Value()),
		Team:         shared(in.refs, wire.Team, refOf),
		Actor:        shared(in.actors, wire.Actor, actorOf),
		TargetID:     auditlog.Text(wire.TargetID),
		Extra:        wire.Extra,
		Details:      wire.Details,
		Raw:          wire.Raw,
	}
	if wire.Version != nil {
		entry.Version = &auditlog.Version{From: auditlog.Text(wire.Version.From), To: auditlog.Text(wire.Version.To)}
	}
	return entry
}

// shared returns what wire maps to, the same for equal ones; nil for nil.
func shared[W comparable, V any](known map[W]*V, wire *W, mapped func(W) V) *V {
	if wire == nil {
		return nil
	}
	if known[*wire] == nil {
		value := mapped(*wire)
		known[*wire] = &value
	}
	return known[*wire]
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
