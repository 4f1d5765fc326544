package tools

import (
	"cmp"
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
		Description: "Lists audit log entries: who did what, when, to which object. Newest first, the last 7 days by " +
			"default. An answer is cut at whole entries; next_cursor goes on. get_audit_log gives an entry's details.",
		Answers: "Single entries: list_audit_logs.",
		Example: `{"event": ["*_deleted"], "from": "30d"}`,
		View:    answer.ActivityView,
	}, handleListAuditLogs)
}

func handleListAuditLogs(
	ctx context.Context, service *analysis.Service, arguments schemas.ListAuditLogsArguments,
) (*schemas.ListAuditLogsResult, error) {
	if arguments.Cursor == "" {
		takenAt := service.Directory.Now() // before any call may correct the clock, as when it is opened
		asked, err := service.Resolve(ctx, FilterOf(arguments.Filter), defaultListDays)
		if err != nil {
			return nil, err
		}
		return list(ctx, service, firstPage(asked, arguments, takenAt), arguments, roomForEntries(arguments))
	}
	page, err := reopen(ctx, service, arguments.Cursor, listAuditLogsName)
	if err != nil {
		return nil, err
	}
	if asked := fingerprintOfListing(arguments); asked != "" && asked != page.place.Asked {
		return nil, &question.CursorError{Problem: "it belongs to another query: with a cursor, the other arguments are left out or " +
			"stay the same"}
	}
	return list(ctx, service, page, arguments, roomForEntries(arguments))
}

// List answers list_audit_logs for a question that was resolved from the arguments' filter: with the first page.
func List(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListAuditLogsArguments,
) (*schemas.ListAuditLogsResult, error) {
	return ListIn(ctx, service, asked, arguments, roomForEntries(arguments))
}

// ListIn is [List] with as many entries as have room.
func ListIn(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.ListAuditLogsArguments, room answer.Room,
) (*schemas.ListAuditLogsResult, error) {
	return list(ctx, service, firstPage(asked, arguments, service.Directory.Now()), arguments, room)
}

// roomForEntries is how long a page is.
func roomForEntries(arguments schemas.ListAuditLogsArguments) answer.Room {
	room := answer.Room{Rows: cmp.Or(arguments.Limit, defaultListLimit), Size: answer.DefaultSize}
	if room.Rows > defaultListLimit || arguments.ResponseFormat == "detailed" {
		room.Size = answer.LargeSize
	}
	return room
}

// fingerprintOfListing is that of the arguments that all pages of a listing share.
func fingerprintOfListing(arguments schemas.ListAuditLogsArguments) string {
	arguments.Limit, arguments.Cursor, arguments.ResponseFormat = 0, "", ""
	return fingerprint(arguments)
}

func firstPage(asked *question.Question, arguments schemas.ListAuditLogsArguments, takenAt time.Time) *page {
	return &page{question: asked, place: question.Cursor{
		Query: asked.Query, Order: question.Order{By: question.SortKey(arguments.SortBy), Ascending: arguments.SortDir == "asc"},
		TakenAt: takenAt, Asked: fingerprintOfListing(arguments), Tool: listAuditLogsName,
	}}
}

func list(
	ctx context.Context, service *analysis.Service, page *page, arguments schemas.ListAuditLogsArguments, room answer.Room,
) (*schemas.ListAuditLogsResult, error) {
	listing, err := service.List(ctx, page.question.Query, page.place.Order, page.after, room.Rows)
	if err != nil {
		return nil, err
	}
	page.question.Notes = append(page.question.Notes, service.Unfound(ctx, page.question)...)
	result := &schemas.ListAuditLogsResult{Answer: answer.Common(page.question, listing.Report), Entries: []schemas.Entry{}}
	result.Query.SortBy, result.Query.SortDir = string(cmp.Or(page.place.Order.By, question.ByTriggeredAt)), "desc"
	if page.place.Order.Ascending {
		result.Query.SortDir = "asc"
	}
	if listing.Total >= 0 {
		result.Total = &listing.Total
	}
	style := answer.EntryStyle{Location: page.question.Query.Window.Location, Detailed: arguments.ResponseFormat == "detailed",
		WithCreatedAt: page.place.Order.By == question.ByDelay}
	if style.Detailed {
		style.Catalog, err = service.Directory.Catalog(ctx, page.question.Query.Organization.ID)
		if err != nil {
			result.Warn("labels and categories are missing: " + answer.Explain(err))
		}
	}
	style.Names, err = service.TargetNames(ctx, page.question.Query.Organization.ID, listing.Entries)
	answer.WarnOfNames(result, err)
	for _, entry := range listing.Entries {
		result.Entries = append(result.Entries, style.Entry(entry))
	}
	switch {
	case len(result.Entries) > 0:
	case page.after != nil && !listing.Report.Exhausted:
		result.Warn("no further entries could be read now: ask again with the same cursor")
	case page.after != nil:
		result.Warn("no further entries: the page before was the last")
	default:
		result.Warn(answer.WhyEmpty(&result.Answer, &page.question.Query))
	}
	if page.after == nil && len(page.question.Query.Events) > 0 { // without, the whole window would be read
		keptOut, err := service.CountKeptOutByNoTeam(ctx, page.question.Query, question.Hours{}, 0)
		answer.WarnOfTeams(&result.Answer, keptOut, err)
	}
	return result, cutPage(result.Entries, room.Size, result, func(shown []schemas.Entry) error {
		result.Entries, result.Returned, result.NextCursor = shown, len(shown), ""
		if len(shown) == 0 || listing.Unsettled || !listing.More && len(shown) == len(listing.Entries) {
			return nil
		}
		cursor, err := sealed(service, page.place.After(listing.Entries[len(shown)-1], page.place.Before+len(shown)))
		result.NextCursor = cursor
		return err
	})
}
