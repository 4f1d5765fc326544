package tools

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

const (
	defaultListLimit = 25
	defaultListDays  = 7
	// listAuditLogsName is also whose cursors they are.
	listAuditLogsName = "list_audit_logs"
)

func listAuditLogs() Tool {
	return New(Tool{
		Name:        listAuditLogsName,
		Title:       "List audit log entries",
		Description: "Lists audit log entries: who did what, when, to which object. Newest first, the last 7 days unless from or to is given. An answer is cut at whole entries; next_cursor goes on. get_audit_log gives an entry's details.",
	}, ListAuditLogs)
}

// ListAuditLogs answers list_audit_logs.
func ListAuditLogs(ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments) (*schemas.ListAuditLogsResult, error) {
	page, err := startPage(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	limit := arguments.Limit
	if limit == 0 {
		limit = defaultListLimit
	}
	listing, err := service.List(ctx, page.question.Query, page.place.Order, page.after, limit)
	if err != nil {
		return nil, err
	}
	return page.result(ctx, service, listing)
}

// listPage is one page of a listing: its first, or the one behind a cursor.
type listPage struct {
	arguments schemas.ListAuditLogsArguments
	question  *question.Question
	// place is where the page before ended; of a first page, what all of its
	// listing's places have in common.
	place question.Cursor
	after *question.Cursor // nil for the first page
}

func startPage(ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments) (*listPage, error) {
	asked, err := fingerprint(struct {
		schemas.Filter
		SortBy  string `json:"sort_by,omitempty"`
		SortDir string `json:"sort_dir,omitempty"`
	}{arguments.Filter, arguments.SortBy, arguments.SortDir})
	if err != nil {
		return nil, err
	}
	page := &listPage{arguments: arguments}
	if arguments.Cursor != "" {
		err = page.reopen(ctx, service, asked)
	} else {
		err = page.begin(ctx, service, asked)
	}
	return page, err
}

func (p *listPage) begin(ctx context.Context, service *analysis.Service, asked string) error {
	takenAt := service.Directory.Now() // before any call may correct the clock, as when it is opened
	resolved, err := service.Resolve(ctx, filterOf(p.arguments.Filter), defaultListDays)
	if err != nil {
		return err
	}
	p.question = resolved
	p.place = question.Cursor{
		Query: resolved.Query, Order: question.Order{By: question.SortKey(p.arguments.SortBy), Ascending: p.arguments.SortDir == "asc"},
		TakenAt: takenAt, Asked: asked, Tool: listAuditLogsName,
	}
	return nil
}

// reopen goes on behind a cursor: the window, the names and the order stay as the first page resolved them.
func (p *listPage) reopen(ctx context.Context, service *analysis.Service, asked string) error {
	place, err := service.Reopen(ctx, p.arguments.Cursor, listAuditLogsName)
	if err != nil {
		return err
	}
	if asked != "" && asked != place.Asked {
		return &question.CursorError{Problem: "it belongs to another query: with a cursor, the other arguments are left out or stay the same"}
	}
	p.question, p.place, p.after = &question.Question{Query: place.Query}, place, &place
	return nil
}

func (p *listPage) result(ctx context.Context, service *analysis.Service, listing *analysis.Listing) (*schemas.ListAuditLogsResult, error) {
	result := &schemas.ListAuditLogsResult{Answer: answer.Common(p.question, listing.Report), Entries: []schemas.Entry{}}
	result.Query.SortBy, result.Query.SortDir = string(question.ByTriggeredAt), "desc"
	if p.place.Order.By != "" {
		result.Query.SortBy = string(p.place.Order.By)
	}
	if p.place.Order.Ascending {
		result.Query.SortDir = "asc"
	}
	if listing.Total >= 0 {
		result.Total = &listing.Total
	}
	style := answer.EntryStyle{Location: p.question.Query.Window.Location, Detailed: p.arguments.ResponseFormat == "detailed"}
	if style.Detailed {
		catalog, err := service.Directory.Catalog(ctx, p.question.Query.Organization.ID)
		if err != nil {
			result.Warn("labels and categories are missing: " + answer.Explain(err))
		}
		style.Catalog = catalog
	}
	for _, entry := range listing.Entries {
		result.Entries = append(result.Entries, style.Entry(entry))
	}
	switch {
	case len(result.Entries) > 0:
	case p.after != nil && !listing.Report.Exhausted:
		result.Warn("no further entries could be read now: ask again with the same cursor")
	case p.after != nil:
		result.Warn("no further entries: the page before was the last")
	default:
		result.Warn(answer.WhyEmpty(&result.Answer, &p.question.Query))
	}
	return result, p.cut(service, listing, result)
}

// cut shortens a result to what fits and makes the cursor behind its last entry.
func (p *listPage) cut(service *analysis.Service, listing *analysis.Listing, result *schemas.ListAuditLogsResult) error {
	size := answer.DefaultSize
	if p.arguments.Limit > defaultListLimit || p.arguments.ResponseFormat == "detailed" {
		size = answer.LargeSize
	}
	before := 0
	if p.after != nil {
		before = p.after.Before
	}
	return cutPage(result.Entries, size, result, func(shown []schemas.Entry) error {
		result.Entries, result.Returned, result.NextCursor = shown, len(shown), ""
		if len(shown) == 0 || listing.Unsettled || !listing.More && len(shown) == len(listing.Entries) {
			return nil
		}
		cursor, err := sealed(service, p.place.After(listing.Entries[len(shown)-1], before+len(shown)))
		result.NextCursor = cursor
		return err
	})
}
