package resources

import (
	"strings"

	"make-audit-mcp/internal/answer"
	"make-audit-mcp/resources/ui"
)

// mimeView is what clients with MCP Apps know a view by.
const mimeView = "text/html;profile=mcp-app"

// views returns the pages that tools' definitions name. They are the same for every caller.
func views() []resource {
	return []resource{
		view(answer.ActivityView, "Activity", "Entries over time, by hour and weekday, and by group: shown beside counts and lists of entries."),
		view(answer.FindingsView, "Findings", "What stands out, by severity, time and rule, with its evidence: shown beside findings."),
		view(answer.PersonView, "Person", "One person's hours, events and teams against the time before, and what is notable."),
		view(answer.PeopleView, "People", "Who is active, dormant, new or gone, and what each of them did."),
	}
}

func view(uri, title, description string) resource {
	name := strings.TrimPrefix(uri, answer.ViewPrefix)
	return resource{
		uri: uri, name: "view-" + name, title: title, description: description, mimeType: mimeView,
		fixed: func() (content, error) {
			page, err := ui.Page(name, title)
			// Without csp, hosts let it load and ask nothing.
			return content{text: page, meta: map[string]any{"ui": map[string]any{"prefersBorder": true}}}, err
		},
	}
}
