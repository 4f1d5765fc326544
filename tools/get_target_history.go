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
		Name:  getTargetHistoryName,
		Title: "History of one object",
		Description: "Shows everything that happened to one object (scenario, connection, webhook, key ...), oldest first, with details, " +
			"what each entry changed, who created, changed and deleted it. Over everything that Make keeps unless from or to is given. " +
			"list_audit_logs finds target ids.",
		Answers: "One object, who made or deleted it: get_target_history.",
	}, handleGetTargetHistory)
}

func handleGetTargetHistory(
	ctx context.Context, service *analysis.Service, arguments schemas.GetTargetHistoryArguments,
) (*schemas.GetTargetHistoryResult, error) {
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
	if arguments.Cursor != "" {
		err = page.reopen(ctx, service, asked)
	} else {
		err = page.begin(ctx, service, asked)
	}
	if err != nil {
		return nil, err
	}
	page.request.Query, page.request.Kind, page.request.Limit = page.question.Query, page.question.Kind, arguments.Limit
	if page.request.Limit == 0 {
		page.request.Limit = defaultHistoryLimit
	}
	return page, nil
}

func (p *historyPage) begin(ctx context.Context, service *analysis.Service, asked string) error {
	takenAt := service.Directory.Now() // before any call may correct the clock, as when it is opened
	from := p.arguments.From
	if from == "" {
		from = "all"
	}
	resolved, err := service.Resolve(ctx, question.Filter{
		OrganizationID: organizationID(p.arguments.OrganizationID), TargetID: p.arguments.TargetID, Kind: p.arguments.Kind,
		From: from, To: p.arguments.To, Timezone: p.arguments.Timezone,
	}, defaultCountDays)
	if err != nil {
		return err
	}
	p.question = resolved
	p.place = question.Cursor{Query: resolved.Query, Order: question.Order{Ascending: true}, TakenAt: takenAt, Asked: asked,
		Tool: getTargetHistoryName}
	return nil
}

func (p *historyPage) reopen(ctx context.Context, service *analysis.Service, asked string) error {
	place, err := service.Reopen(ctx, p.arguments.Cursor, getTargetHistoryName)
	if err != nil {
		return err
	}
	if asked != place.Asked {
		return &question.CursorError{Problem: "it belongs to another query: with a cursor, target_id, kind and the window stay the same"}
	}
	p.question, p.request.After, p.place = &question.Question{Query: place.Query}, &place, place
	if p.arguments.Kind == "" {
		return nil
	}
	p.question.Kind, _, err = service.ResolveKind(ctx, place.Query.Organization.ID, p.arguments.Kind)
	return err
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
	answer.ShrinkHistory(result, size-answer.SpareSize)
	return result, err
}
