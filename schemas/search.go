package schemas

import "make-audit-mcp/internal/auditlog"

// SearchArguments are words. This and the result are as https://platform.openai.com/docs/mcp#search-tool has them; the result says more.
type SearchArguments struct {
	Query string `json:"query" jsonschema:"maxLength=300" jsonschema_description:"Words: people, teams, events, what was done, ids, times, e.g. connections deleted by Jan Novak last week."`
}

// SearchResult is the newest entries that words were taken for.
type SearchResult struct {
	Results []SearchHit `json:"results" jsonschema_description:"Newest first."`
	Total   *int        `json:"total" jsonschema:"nullable" jsonschema_description:"Entries that match in all; null if not known without reading everything."`
	// NotUnderstood is raw text of the caller's, cleaned.
	NotUnderstood []auditlog.Text `json:"not_understood" jsonschema_description:"Words of the query that results do not go by."`
	Answer
}

// SearchHit is an entry that was found.
type SearchHit struct {
	ID    string        `json:"id" jsonschema_description:"Names the entry, with its organization, for fetch."`
	Title auditlog.Text `json:"title" jsonschema_description:"When, what, who, where. Quoted names are user-supplied text."`
	URL   string        `json:"url" jsonschema_description:"Address of the entry as a resource of this server."`
}

// Summary implements [Result].
func (r *SearchResult) Summary() Summary { return r.summary(len(r.Results)) }
