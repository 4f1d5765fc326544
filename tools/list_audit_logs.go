package tools

import (
	"context"
	"time"

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
		Name:  listAuditLogsName,
		Title: "List audit log entries",
		Description: "Lists audit log entries: who did what, when, to which object. Newest first, the last 7 days unless from or to is " +
			"given. An answer is cut at whole entries; next_cursor goes on. get_audit_log gives an entry's details.",
		Answers: "Single entries: list_audit_logs, with details get_audit_log.",
		Example: `{"event": "*_deleted", "from": "30d"}`,
	}, handleListAuditLogs)
}

func handleListAuditLogs(
	ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments,
) (*schemas.ListAuditLogsResult, error) {
	page, err := startPage(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	return page.answer(ctx, service)
}

// List answers list_audit_logs for a question that was resolved from the arguments' filter: with the first page.
func List(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListAuditLogsArguments,
) (*schemas.ListAuditLogsResult, error) {
	page, err := firstPage(asked, arguments, service.Directory.Now())
	if err != nil {
		return nil, err
	}
	return page.answer(ctx, service)
}

// fingerprintOfListing is that of the arguments that all pages of a listing share.
func fingerprintOfListing(arguments schemas.ListAuditLogsArguments) (string, error) {
	return fingerprint(struct {
		schemas.Filter
		SortBy  string `json:"sort_by,omitempty"`
		SortDir string `json:"sort_dir,omitempty"`
	}{arguments.Filter, arguments.SortBy, arguments.SortDir})
}

// listPage is one page of a listing: its first, or the one behind a cursor.
type listPage struct {
	arguments schemas.ListAuditLogsArguments
	question  *question.Question
	// place is where the page before ended; of a first page, what all of its listing's places have in common.
	place question.Cursor
	after *question.Cursor // nil for the first page
}

func startPage(ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments) (*listPage, error) {
	if arguments.Cursor != "" {
		return reopenPage(ctx, service, arguments)
	}
	takenAt := service.Directory.Now() // before any call may correct the clock, as when it is opened
	asked, err := service.Resolve(ctx, FilterOf(arguments.Filter), defaultListDays)
	if err != nil {
		return nil, err
	}
	return firstPage(asked, arguments, takenAt)
}

func firstPage(asked *question.Question, arguments schemas.ListAuditLogsArguments, takenAt time.Time) (*listPage, error) {
	fingerprint, err := fingerprintOfListing(arguments)
	return &listPage{arguments: arguments, question: asked, place: question.Cursor{
		Query: asked.Query, Order: question.Order{By: question.SortKey(arguments.SortBy), Ascending: arguments.SortDir == "asc"},
		TakenAt: takenAt, Asked: fingerprint, Tool: listAuditLogsName,
	}}, err
}

// reopenPage goes on behind a cursor: the window, the names and the order stay as the first page resolved them.
func reopenPage(ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments) (*listPage, error) {
	fingerprint, err := fingerprintOfListing(arguments)
	if err != nil {
		return nil, err
	}
	place, err := service.Reopen(ctx, arguments.Cursor, listAuditLogsName)
	if err != nil {
		return nil, err
	}
	if fingerprint != "" && fingerprint != place.Asked {
		return nil, &question.CursorError{Problem: "it belongs to another query: with a cursor, the other arguments are left out or " +
			"stay the same"}
	}
	return &listPage{arguments: arguments, question: &question.Question{Query: place.Query}, place: place, after: &place}, nil
}

func (p *listPage) answer(ctx context.Context, service *analysis.Service) (*schemas.ListAuditLogsResult, error) {
	limit := p.arguments.Limit
	if limit == 0 {
		limit = defaultListLimit
	}
	listing, err := service.List(ctx, p.question.Query, p.place.Order, p.after, limit)
	if err != nil {
		return nil, err
	}
	return p.result(ctx, service, listing)
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
