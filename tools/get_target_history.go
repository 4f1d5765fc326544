package tools

import (
	"context"
	"errors"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
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
		Name:        getTargetHistoryName,
		Title:       "History of one object",
		Description: "Shows everything that happened to one object (scenario, connection, webhook, key ...), oldest first, with details, what each entry changed, who created, changed and deleted it. Over everything that Make keeps unless from or to is given. list_audit_logs finds target ids.",
	}, handleGetTargetHistory)
}

func handleGetTargetHistory(ctx context.Context, service *analysis.Service, arguments schemas.GetTargetHistoryArguments) (*schemas.GetTargetHistoryResult, error) {
	page, err := startHistory(ctx, service, arguments)
	if err != nil {
		return nil, err
	}
	history, err := service.TargetHistory(ctx, page.request)
	var ambiguous *analysis.AmbiguousTargetError
	switch {
	case errors.As(err, &ambiguous):
		return answer.History(page.question, page.request.Kind, history), &resultError{err}
	case err != nil:
		return nil, err
	}
	return page.result(service, history)
}

// historyPage is one page of a history: its first, or the one behind a cursor.
type historyPage struct {
	arguments schemas.GetTargetHistoryArguments
	question  *question.Question
	request   analysis.HistoryRequest
	place     question.Cursor // as a listing's
}

func startHistory(ctx context.Context, service *analysis.Service, arguments schemas.GetTargetHistoryArguments) (*historyPage, error) {
	narrowing := arguments
	narrowing.Limit, narrowing.Cursor = 0, ""
	asked, err := fingerprint(narrowing)
	if err != nil {
		return nil, err
	}
	page := &historyPage{arguments: arguments}
	takenAt := service.Directory.Now() // before any call may correct the clock, as when it is opened
	if arguments.Cursor != "" {
		place, err := service.Reopen(ctx, arguments.Cursor, getTargetHistoryName)
		if err != nil {
			return nil, err
		}
		if asked != place.Asked {
			return nil, &question.CursorError{Problem: "it belongs to another query: with a cursor, target_id, kind and the window stay the same"}
		}
		page.question, page.request.After, page.place = &question.Question{Query: place.Query}, &place, place
		if arguments.Kind != "" {
			page.question.Kind, _, err = service.ResolveKind(ctx, place.Query.Organization.ID, arguments.Kind)
			if err != nil {
				return nil, err
			}
		}
	} else {
		if arguments.From == "" {
			arguments.From = "all"
		}
		page.question, err = service.Resolve(ctx, question.Filter{
			OrganizationID: organizationID(arguments.OrganizationID), TargetID: arguments.TargetID, Kind: arguments.Kind,
			From: arguments.From, To: arguments.To, Timezone: arguments.Timezone,
		}, defaultCountDays)
		if err != nil {
			return nil, err
		}
		page.place = question.Cursor{Query: page.question.Query, Order: question.Order{Ascending: true}, TakenAt: takenAt, Asked: asked, Tool: getTargetHistoryName}
	}
	page.request.Query, page.request.Kind, page.request.Limit = page.question.Query, page.question.Kind, arguments.Limit
	if page.request.Limit == 0 {
		page.request.Limit = defaultHistoryLimit
	}
	return page, nil
}

func (p *historyPage) result(service *analysis.Service, history *analysis.History) (*schemas.GetTargetHistoryResult, error) {
	result := answer.History(p.question, p.request.Kind, history)
	switch {
	case len(history.Entries) == 0 && p.request.After != nil:
		result.Warn("no further entries: the page before was the last")
	case len(history.Entries) == 0:
		result.Warn(answer.WhyEmpty(&result.Answer, &p.question.Query))
	}
	size := answer.DefaultSize
	if p.arguments.Limit > defaultHistoryLimit {
		size = answer.LargeSize
	}
	err := cutPage(result.Entries, size, result, func(shown []schemas.HistoryEntry) error {
		result.Entries, result.Returned, result.NextCursor = shown, len(shown), ""
		if len(shown) == 0 || history.Unsettled || !history.More && len(shown) == len(history.Entries) {
			return nil
		}
		cursor, err := sealed(service, p.place.After(history.Entries[len(shown)-1].Entry, history.Before+len(shown)))
		result.NextCursor = cursor
		return err
	})
	answer.ShrinkHistory(result, size-spareSize)
	return result, err
}
