package question

import (
	"time"

	"make-audit-mcp/internal/auditlog"
)

// Resolver understands the questions of one credential.
type Resolver struct {
	Reader    auditlog.Reader
	Directory auditlog.Directory
	Cursors   *Sealer
	// Organization is the one that questions are about when they name none; empty if none is set.
	Organization auditlog.ID
	// Location is the zone in which days are meant; nil means the user's.
	Location *time.Location
}

// Filter is a question's narrowing, as it was asked.
type Filter struct {
	OrganizationID auditlog.ID
	Teams          []string
	Actors         []string
	ExcludeActors  []string
	Events         []string
	// Kind is a kind of object instead of Events: a category.
	Kind     string
	TargetID string
	From, To string
	Timezone string
	// Window, if set, is what From, To and Timezone became before.
	Window *auditlog.Window
}

// Question is a filter that was understood.
type Question struct {
	Query auditlog.Query
	// Kind is the kind of object, in the catalog's words; empty if none was named.
	Kind auditlog.Text
	// Notes say what was understood in a way that may surprise.
	Notes []string
}
