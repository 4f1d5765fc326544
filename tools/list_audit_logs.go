package tools

import (
	"context"
	"errors"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

const (
	defaultListLimit = 25
	defaultListDays  = 7
	// spareSize is kept free for what is added to a result at its end.
	spareSize = 200
)

func listAuditLogs() tool[schemas.ListAuditLogsArguments, *schemas.ListAuditLogsResult] {
	return tool[schemas.ListAuditLogsArguments, *schemas.ListAuditLogsResult]{
		name:        "list_audit_logs",
		title:       "List audit log entries",
		description: "Lists audit log entries: who did what, when, to which object. Newest first, the last 7 days unless from or to is given. An answer is cut at whole entries; next_cursor goes on. get_audit_log gives an entry's details.",
		handle:      handleListAuditLogs,
	}
}

func handleListAuditLogs(ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments) (*schemas.ListAuditLogsResult, error) {
	page, err := startPage(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	limit := arguments.Limit
	if limit == 0 {
		limit = defaultListLimit
	}
	listing, err := service.List(ctx, page.question.Query, page.order, page.after, limit)
	if err != nil {
		return nil, err
	}
	return page.result(ctx, service, listing)
}

// listPage is one page of a listing: its first, or the one behind a cursor.
type listPage struct {
	arguments schemas.ListAuditLogsArguments
	question  *analysis.Question
	order     analysis.Order
	after     *analysis.Place
	takenAt   time.Time
	asked     string
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
	page := &listPage{arguments: arguments, asked: asked, takenAt: service.Directory.Now()}
	if arguments.Cursor != "" {
		place, err := service.Reopen(ctx, arguments.Cursor)
		if err != nil {
			return nil, err
		}
		if asked != "" && asked != place.Asked {
			return nil, &analysis.CursorError{Problem: "it belongs to another query: with a cursor, the other arguments are left out or stay the same"}
		}
		// The window, the names and the order stay as the first page resolved them.
		page.question, page.order = &analysis.Question{Query: place.Query}, place.Order
		page.after, page.takenAt, page.asked = &place, place.TakenAt, place.Asked
		return page, nil
	}
	page.order = analysis.Order{By: analysis.SortKey(arguments.SortBy), Ascending: arguments.SortDir == "asc"}
	page.question, err = service.Resolve(ctx, filterOf(arguments.Filter), defaultListDays)
	return page, err
}

func (p *listPage) result(ctx context.Context, service *analysis.Service, listing *analysis.Listing) (*schemas.ListAuditLogsResult, error) {
	result := &schemas.ListAuditLogsResult{Answer: answer.Common(p.question, listing.Report), Entries: []schemas.Entry{}}
	result.Query.SortBy, result.Query.SortDir = string(analysis.ByTriggeredAt), "desc"
	if p.order.By != "" {
		result.Query.SortBy = string(p.order.By)
	}
	if p.order.Ascending {
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
	if len(result.Entries) == 0 {
		result.Warn(whyEmpty(p, listing, result))
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
	entries := result.Entries
	for shown := len(entries); ; shown-- {
		result.Entries, result.Returned, result.NextCursor = entries[:shown], shown, ""
		if shown > 0 && !listing.Unsettled && (listing.More || shown < len(entries)) {
			place := analysis.PlaceAfter(p.question.Query, p.order, listing.Entries[shown-1], before+shown, p.takenAt, p.asked)
			cursor, err := service.Cursors.Seal(place)
			if err != nil {
				return err
			}
			if result.NextCursor = cursor; len(cursor) > schemas.MaxCursor {
				return errors.New("these filters name too much for a cursor. Next: narrow them, or ask for a window that fits on one page")
			}
		}
		over := answer.Size(result) - (size - spareSize)
		if over <= 0 || shown <= 1 {
			return nil
		}
		// Drop at once as many as it takes; the loop drops one more.
		for over > answer.Size(entries[shown-1]) && shown > 2 {
			over -= answer.Size(entries[shown-1]) + 1
			shown--
		}
	}
}

// whyEmpty says why there are no entries: an empty list must not be taken for
// more than it says.
func whyEmpty(p *listPage, listing *analysis.Listing, result *schemas.ListAuditLogsResult) string {
	switch {
	case p.after != nil && !listing.Report.Exhausted:
		return "no further entries could be read now: ask again with the same cursor"
	case p.after != nil:
		return "no further entries: the page before was the last"
	case result.Coverage.From == nil:
		return "no entries, and nothing vouches for this window: see coverage.gaps"
	case len(result.Coverage.Gaps) > 0:
		return "no entries in the covered part of the window; what happened in coverage.gaps is not known"
	case !result.Complete:
		return "no entries that could be read; unreadable and warnings say what may be missing"
	case hasFilters(&p.question.Query):
		return "the whole window was read, and nothing in it matches these filters"
	}
	return "the whole window was read, and it has no entries"
}

func hasFilters(q *auditlog.Query) bool {
	return len(q.Teams)+len(q.Actors)+len(q.ExcludeActors)+len(q.Events) > 0 || q.NoTeam || q.System || q.ExcludeSystem || q.TargetID != ""
}
