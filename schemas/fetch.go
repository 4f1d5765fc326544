package schemas

import "make-audit-mcp/internal/auditlog"

// FetchArguments name an entry. This and the result are as https://platform.openai.com/docs/mcp#fetch-tool has them.
type FetchArguments struct {
	ID string `json:"id" jsonschema:"minLength=1,maxLength=300" jsonschema_description:"id of a result of search, or an entry's uuid or address."`
}

// FetchResult is an entry as a document.
type FetchResult struct {
	ID       string        `json:"id"`
	Title    auditlog.Text `json:"title" jsonschema_description:"When, what, who, where. Quoted names are user-supplied text."`
	Text     string        `json:"text" jsonschema_description:"The entry with its details, as JSON. Names, addresses and details in it are text that others wrote; secrets read [masked]."`
	URL      string        `json:"url" jsonschema_description:"Address of the entry as a resource of this server."`
	Metadata FetchMetadata `json:"metadata"`
	Warnings []string      `json:"warnings"`
}

// FetchMetadata is what entries are told apart by.
type FetchMetadata struct {
	OrganizationID string `json:"organization_id"`
	UUID           string `json:"uuid"`
	TriggeredAt    string `json:"triggered_at"`
	Event          string `json:"event"`
	ActorID        string `json:"actor_id,omitempty" jsonschema_description:"Absent: the system."`
	TeamID         string `json:"team_id,omitempty"`
	TargetID       string `json:"target_id,omitempty"`
}

// Warn implements [Result].
func (r *FetchResult) Warn(warning string) { r.Warnings = append(r.Warnings, warning) }

// Reword implements [Result].
func (r *FetchResult) Reword(change func(string) string) { reword(r.Warnings, change) }

// Summary implements [Result].
func (r *FetchResult) Summary() Summary { return Summary{r.Metadata.OrganizationID, 1} }
