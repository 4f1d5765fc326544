package tools

import (
	"cmp"
	"context"
	"errors"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

const (
	defaultCountLimit = 20
	defaultCountDays  = 30
)

func countAuditLogs() Tool {
	return New(Tool{
		Name:  "count_audit_logs",
		Title: "Count entries",
		Description: "Counts audit log entries exactly, in all and in groups, by the clocks of the window's zone; the last 30 days " +
			"by default. One call answers who did most, when most happened, what changed against the period before. " +
			"list_audit_logs shows the entries.",
		Answers: "How many, who most, when most, first seen, compared with before: count_audit_logs, exact, in one call.",
		Example: `{"group_by": ["actor", "event"], "from": "30d"}`,
	}, handleCountAuditLogs)
}

func handleCountAuditLogs(
	ctx context.Context, service *analysis.Service, arguments schemas.CountAuditLogsArguments,
) (*schemas.CountAuditLogsResult, error) {
	if _, err := countRequest(arguments); err != nil {
		return nil, err // before Make is asked anything
	}
	asked, err := service.Resolve(ctx, FilterOf(arguments.Filter), defaultCountDays)
	if err != nil {
		return nil, err
	}
	return Count(ctx, service, asked, arguments)
}

// Count answers count_audit_logs for a question that was resolved from the arguments' filter.
func Count(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.CountAuditLogsArguments,
) (*schemas.CountAuditLogsResult, error) {
	request, err := countRequest(arguments)
	if err != nil {
		return nil, err
	}
	counting, err := service.Count(ctx, asked.Query, request)
	if err != nil {
		return nil, err
	}
	asked.Notes = append(asked.Notes, service.Unfound(ctx, asked)...)
	size := answer.DefaultSize
	if arguments.Limit > defaultCountLimit {
		size = answer.LargeSize
	}
	return answer.Counted(asked, request, counting, cmp.Or(arguments.Limit, defaultCountLimit), size), nil
}

// countRequest reads what does not depend on the log.
func countRequest(arguments schemas.CountAuditLogsArguments) (analysis.CountRequest, error) {
	request := analysis.CountRequest{OrderBy: analysis.GroupOrder(arguments.OrderBy), Compare: arguments.CompareToPrevious}
	var badHours, badDays, twice error
	request.Hours, badHours = question.ParseHours(arguments.Hours)
	request.Weekdays, badDays = question.ParseWeekdays(arguments.Weekdays)
	for _, name := range arguments.GroupBy {
		request.GroupBy = append(request.GroupBy, analysis.Dimension(name))
	}
	if len(request.GroupBy) == 2 && request.GroupBy[0] == request.GroupBy[1] {
		twice = &schemas.ArgumentError{Problems: []schemas.Problem{{
			Argument: "group_by", Message: "names " + arguments.GroupBy[0] +
				" twice; accepted: one key, or two different ones, e.g. [\"actor\",\"event\"]",
		}}}
	}
	return request, errors.Join(badHours, badDays, twice)
}
