package answer

// The addresses of the views: what clients with MCP Apps show beside a tool's result.
const (
	// ViewPrefix is followed by a view's name.
	ViewPrefix   = "ui://make-audit-mcp/"
	ActivityView = ViewPrefix + "activity"
	FindingsView = ViewPrefix + "findings"
	PersonView   = ViewPrefix + "person"
	PeopleView   = ViewPrefix + "people"
)
