package answer

import (
	"net/url"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

// EntryAddress is the address of an entry as a resource, as a template.
const EntryAddress = "make://organizations/{organization_id}/audit-logs/{uuid}"

// AddressOf returns an entry's address. Make documents no address of its own for one.
func AddressOf(organization auditlog.ID, uuid string) string {
	return strings.NewReplacer("{organization_id}", url.PathEscape(string(organization)), "{uuid}", url.PathEscape(uuid)).Replace(EntryAddress)
}

// DocumentID names an entry without any other argument: its organization and its uuid.
func DocumentID(organization auditlog.ID, uuid string) string {
	return string(organization) + "/" + uuid
}

// ParseDocumentID takes apart what [DocumentID] or [AddressOf] returned; of a uuid alone the organization is empty.
func ParseDocumentID(id string) (organization auditlog.ID, uuid string) {
	before, after, _ := strings.Cut(EntryAddress, "{organization_id}")
	between, _, _ := strings.Cut(after, "{uuid}")
	id = strings.Replace(strings.TrimPrefix(strings.TrimSpace(id), before), between, "/", 1)
	first, second, found := strings.Cut(id, "/")
	if !found {
		return "", first
	}
	return auditlog.ID(first), second
}

// Title says of an entry in one line when it happened, what, who did it and where; others' words are quoted.
func Title(e *schemas.Entry) auditlog.Text {
	title := e.TriggeredAt + " " + wordOf(e.Event) + " by "
	switch {
	case e.Actor == nil:
		title += "the system"
	case e.Actor.Name == "":
		title += "id " + wordOf(auditlog.Text(e.Actor.ID))
	default:
		title += e.Actor.Name.Quote()
	}
	if e.TargetID != "" {
		title += ", object " + wordOf(e.TargetID)
	}
	if e.TargetName != "" {
		title += " " + e.TargetName.Quote()
	}
	if e.Team != nil {
		title += ", team " + e.Team.Name.Quote()
	}
	return auditlog.Text(title)
}

// wordOf is a plain word as it is, and anything else quoted.
func wordOf(text auditlog.Text) string {
	if auditlog.ID(text).IsPlain() {
		return string(text)
	}
	return text.Quote()
}
