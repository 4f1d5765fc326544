package tools

import (
	"cmp"
	"context"
	"errors"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

const (
	defaultHistoryLimit = 15
	// getTargetHistoryName is also whose cursors they are.
	getTargetHistoryName = "get_target_history"
)

func getTargetHistory() Tool {
	return New(Tool{
		Name:  getTargetHistoryName,
		Title: "History of one object",
		Description: "Shows everything that happened to one object (scenario, connection, webhook, key ...), oldest first, with details, " +
			"what each entry changed, who created, changed and deleted it. By default since its creation. " +
			"list_audit_logs finds target ids.",
		Answers: "One object, who made or deleted it: get_target_history.",
	}, handleGetTargetHistory)
}

func handleGetTargetHistory(
	ctx context.Context, service *analysis.Service, arguments schemas.GetTargetHistoryArguments,
) (*schemas.GetTargetHistoryResult, error) {
	page, err := openHistory(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	history, err := service.TargetHistory(ctx, analysis.HistoryRequest{Query: page.question.Query,
		SinceCreation: page.after == nil && arguments.From == "" && arguments.Period == "",
		After:         page.after, Limit: cmp.Or(arguments.Limit, defaultHistoryLimit)})
	var ambiguous *analysis.AmbiguousTargetError
	if err != nil && !errors.As(err, &ambiguous) {
		return nil, err
	}
	page.question.Query, page.question.Kind = history.Query, cmp.Or(page.question.Kind, history.Kind)
	page.place.Query, page.place.Kind = page.question.Query, page.question.Kind // later pages are about the same
	shown := make([]*auditlog.Entry, len(history.Entries))
	for i, entry := range history.Entries {
		shown[i] = entry.Entry
	}
	names, namesErr := service.TargetNames(ctx, page.question.Query.Organization.ID, shown)
	result := answer.History(page.question, page.question.Kind, history, names)
	answer.WarnOfNames(result, namesErr)
	if ambiguous != nil {
		return result, &resultError{err}
	}
	switch {
	case len(history.Entries) == 0 && page.after != nil:
		result.Warn("no further entries: the page before was the last")
	case len(history.Entries) == 0:
		result.Warn(answer.WhyEmpty(&result.Answer, &page.question.Query))
	}
	size := answer.DefaultSize
	if arguments.Limit > defaultHistoryLimit {
		size = answer.LargeSize
	}
	err = cutPage(result.Entries, size, result, func(shown []schemas.HistoryEntry) error {
		result.Entries, result.Returned, result.NextCursor = shown, len(shown), ""
		if len(shown) == 0 || history.Unsettled || !history.More && len(shown) == len(history.Entries) {
			return nil
		}
		cursor, err := sealed(service, page.place.After(history.Entries[len(shown)-1].Entry, history.Before+len(shown)))
		result.NextCursor = cursor
		return err
	})
	answer.ShrinkHistory(result, size-answer.SpareSize)
	return result, err
}

// openHistory returns the first page of a history, or the one behind a cursor.
func openHistory(ctx context.Context, service *analysis.Service, arguments schemas.GetTargetHistoryArguments) (*page, error) {
	narrowing := arguments
	narrowing.Limit, narrowing.Cursor = 0, ""
	asked := fingerprint(narrowing)
	if arguments.Cursor == "" {
		if arguments.Period == "" {
			arguments.From = cmp.Or(arguments.From, "all")
		}
		takenAt := service.Directory.Now() // before any call may correct the clock, as when it is opened
		resolved, err := service.Resolve(ctx, question.Filter{
			OrganizationID: organizationID(arguments.OrganizationID), TargetID: arguments.TargetID, Kind: arguments.Kind,
			From: arguments.From, To: arguments.To, Period: arguments.Period, Timezone: arguments.Timezone,
		}, defaultCountDays)
		if err != nil {
			return nil, err
		}
		return &page{question: resolved, place: question.Cursor{Query: resolved.Query, Order: question.Order{Ascending: true},
			TakenAt: takenAt, Asked: asked, Tool: getTargetHistoryName}}, nil
	}
	page, err := reopen(ctx, service, arguments.Cursor, getTargetHistoryName)
	if err != nil {
		return nil, err
	}
	if asked != page.place.Asked {
		return nil, &question.CursorError{
			Problem: "it belongs to another query: with a cursor, target_id, kind and the window stay the same"}
	}
	page.question.Kind = page.place.Kind
	return page, nil
}
