package export

import (
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// summary is an entry in one line for people; names are quoted and cleaned.
func summary(e *auditlog.Entry) string {
	var line strings.Builder
	if e.Event == "" {
		line.WriteString("an event without a name")
	}
	line.WriteString(e.Event.Clean())
	line.WriteString(" by ")
	if e.Actor == nil {
		line.WriteString("the system")
	} else {
		line.WriteString(person(e.Actor))
	}
	if e.TargetID != "" {
		line.WriteString(", target " + e.TargetID.Quote())
	}
	if e.Team != nil {
		line.WriteString(", team " + named(e.Team.Name, e.Team.ID))
	}
	return line.String()
}

func person(actor *auditlog.Actor) string {
	if actor.Name == "" && actor.ID == "" {
		return named(actor.Email, "")
	}
	return named(actor.Name, actor.ID)
}

func named(name auditlog.Text, id auditlog.ID) string {
	switch {
	case name == "" && id == "":
		return "someone unnamed"
	case id == "":
		return name.Quote()
	case name == "":
		return "id " + auditlog.Text(id).Quote()
	}
	return name.Quote() + " (id " + auditlog.Text(id).Quote() + ")"
}
