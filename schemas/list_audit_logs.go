package schemas

// MaxCursor bounds a cursor, in characters.
const MaxCursor = 4000

// ListAuditLogsArguments ask for entries.
type ListAuditLogsArguments struct {
	Filter
	SortBy         string `json:"sort_by,omitempty" jsonschema:"enum=triggeredAt,enum=createdAt,enum=eventName,enum=organization,enum=team,enum=actor,enum=targetId,enum=delay" jsonschema_description:"Default triggeredAt; delay: created_at less triggered_at. Any order but newest first reads the whole window."`
	SortDir        string `json:"sort_dir,omitempty" jsonschema:"enum=asc,enum=desc" jsonschema_description:"Default desc."`
	Limit          int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=500" jsonschema_description:"Default 25."`
	Cursor         string `json:"cursor,omitempty" jsonschema:"maxLength=4000" jsonschema_description:"next_cursor of the page before. Filters, window and order are left out or unchanged; limit and response_format may change."`
	ResponseFormat string `json:"response_format,omitempty" jsonschema:"enum=concise,enum=detailed" jsonschema_description:"detailed adds created_at, organization, label, category and extra."`
}

// ListAuditLogsResult is a page of entries.
type ListAuditLogsResult struct {
	Answer
	Entries    []Entry `json:"entries"`
	Returned   int     `json:"returned"`
	Total      *int    `json:"total" jsonschema:"nullable" jsonschema_description:"Entries that match in all; null if not known without reading everything."`
	NextCursor string  `json:"next_cursor,omitempty" jsonschema_description:"Goes on behind these entries; absent on the last page."`
}

// Summary implements [Result].
func (r *ListAuditLogsResult) Summary() Summary { return r.summary(len(r.Entries)) }
