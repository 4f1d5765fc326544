package detect

import (
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/sigma"
)

// nature is what an event is, worked out once for each of the few values that a log has.
type nature struct {
	auditlog.Event
	verb   string
	object auditlog.Text
	power  auditlog.Power
	// deletes takes something away; makes brings an object into being; switchesOff is what may announce that it will be deleted.
	deletes, makes, switchesOff bool
	// administers is about who may do what in the organization, or about its settings.
	administers bool
	// concernsPeople has a person as its target.
	concernsPeople bool
	// values are what rules see of it.
	values map[string][]sigma.Value
}

func (s *scene) natureOf(value auditlog.Text) *nature {
	n, ok := s.natures[value]
	if !ok {
		n = natureOf(value, s.Catalog)
		s.natures[value] = n
	}
	return n
}

func natureOf(value auditlog.Text, catalog *auditlog.Catalog) *nature {
	n := &nature{Event: catalog.Event(value), power: PowerOf(value, catalog)}
	n.Category = catalog.Kind(value)
	n.verb, n.object = n.Verb(), n.Object()
	n.deletes = n.verb == auditlog.VerbDeleted || n.verb == auditlog.VerbRemoved
	n.makes = n.verb == auditlog.VerbCreated
	n.switchesOff = n.Stops()
	n.administers = n.Administers()
	n.concernsPeople = n.ConcernsPeople()
	n.values = valuesOf(n)
	return n
}

// givesRole reports whether the event gives somebody a place in a team, or another role in it.
func (n *nature) givesRole() bool {
	return n.concernsPeople && !n.deletes && n.power == auditlog.PowerRole
}

// removesMember reports whether the event takes somebody out of a team.
func (n *nature) removesMember() bool { return n.concernsPeople && n.deletes }

// givesAccess reports whether the event gives access to something, or takes control of it.
func (n *nature) givesAccess() bool {
	return n.administers || n.power >= auditlog.PowerConnection && !n.deletes
}
