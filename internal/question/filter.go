package question

import "make-audit-mcp/internal/auditlog"

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
