package detect

import (
	"cmp"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
)

// Notable is an entry that a review would look at, and why.
type Notable struct {
	Entry *auditlog.Entry
	// Power is what it touched: the weightier, the sooner to look at.
	Power auditlog.Power
}

// Why says in words what is notable.
func (n Notable) Why() string {
	switch n.Power {
	case auditlog.PowerSignOn:
		return "two-factor authentication or sign-on"
	case auditlog.PowerRole:
		return "roles and membership"
	case auditlog.PowerOrganization:
		return "a team or the organization itself"
	case auditlog.PowerKey:
		return "a key"
	case auditlog.PowerCredential:
		return "access to credentials"
	case auditlog.PowerConnection, auditlog.PowerConnectionUpdate:
		return "a connection to another system"
	case auditlog.PowerDeletion:
		return "a deletion"
	case auditlog.PowerOrganizationVariable:
		return "a variable of the whole organization"
	case auditlog.PowerWebhook:
		return "a way in from outside"
	case auditlog.PowerNone:
	}
	return ""
}

// PowerOf returns what an event touches by its name and the catalog's words: where the catalog lacks the event, those for others about the
// same object.
func PowerOf(event auditlog.Text, catalog *auditlog.Catalog) auditlog.Power {
	described := catalog.Event(event)
	described.Category = catalog.Kind(event)
	return described.Touches()
}

// sortNotable puts the weightiest first, and leaves those of one weight in their order.
func sortNotable(notable []Notable) {
	order.By(notable, func(a, b Notable) int { return cmp.Compare(b.Power, a.Power) })
}
