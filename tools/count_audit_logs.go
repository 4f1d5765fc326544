package tools

import (
	"cmp"
	"context"
	"errors"
	"slices"

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
		View:    answer.ActivityView,
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
	room := answer.Room{Rows: cmp.Or(arguments.Limit, defaultCountLimit), Size: answer.DefaultSize}
	if room.Rows > defaultCountLimit {
		room.Size = answer.LargeSize
	}
	return CountIn(ctx, service, asked, arguments, room)
}

// CountIn is [Count] with as many groups as have room.
func CountIn(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.CountAuditLogsArguments, room answer.Room,
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
	result := answer.Counted(asked, request, counting, room.Rows, room.Size)
	keptOut, err := service.CountKeptOutByNoTeam(ctx, asked.Query, request.Hours, request.Weekdays)
	answer.WarnOfTeams(&result.Answer, keptOut, err)
	return result, nil
}

// countRequest reads what does not depend on the log.
func countRequest(arguments schemas.CountAuditLogsArguments) (analysis.CountRequest, error) {
	request := analysis.CountRequest{
		Distinct: analysis.Dimension(arguments.Distinct), MinCount: arguments.MinCount, Compare: arguments.CompareToPrevious,
		OrderBy: analysis.GroupOrder(arguments.OrderBy), OrderDir: analysis.Direction(arguments.OrderDir),
	}
	var badHours, badDays, unfit error
	request.Hours, badHours = question.ParseHours(arguments.Hours)
	request.Weekdays, badDays = question.ParseWeekdays(arguments.Weekdays)
	for _, name := range arguments.GroupBy {
		request.GroupBy = append(request.GroupBy, analysis.Dimension(name))
	}
	if problems := unfitting(arguments); len(problems) > 0 {
		unfit = &schemas.ArgumentError{Problems: problems}
	}
	return request, errors.Join(badHours, badDays, unfit)
}

// unfitting finds arguments that do not fit each other.
func unfitting(arguments schemas.CountAuditLogsArguments) []schemas.Problem {
	var problems []schemas.Problem
	refuse := func(argument, message string) {
		problems = append(problems, schemas.Problem{Argument: argument, Message: message})
	}
	keys := arguments.GroupBy
	if len(keys) == 2 && keys[0] == keys[1] {
		refuse("group_by", "names "+keys[0]+" twice; accepted: one key, or two different ones, e.g. [\"actor\",\"event\"]")
	}
	if arguments.Distinct != "" && slices.Contains(keys, arguments.Distinct) {
		refuse("distinct", arguments.Distinct+" is a key of group_by, so each group has one; accepted: another than the keys, e.g. "+
			"group_by [\"actor\"] with distinct \"team\" for in how many teams each was active")
	}
	if arguments.MinCount > 0 && len(keys) == 0 {
		refuse("min_count", "chooses groups, and there are none without group_by; accepted: with group_by, e.g. [\"actor\"]")
	}
	isPeriod := func(key string) bool { return analysis.Dimension(key).IsPeriod() }
	switch order := analysis.GroupOrder(arguments.OrderBy); {
	case order == analysis.OrderByDistinct && arguments.Distinct == "":
		refuse("order_by", "distinct sorts by what distinct counts; accepted: with distinct, e.g. \"team\", or another order")
	case order == analysis.OrderByChange && !arguments.CompareToPrevious:
		refuse("order_by", "change needs the period before; accepted: with compare_to_previous true, or another order")
	case order == analysis.OrderByChange && slices.ContainsFunc(keys, isPeriod):
		refuse("order_by", "groups by hour, day, week or month have no counterpart in the period before, so no change; accepted: "+
			"other keys, e.g. [\"actor\"], or another order")
	}
	return problems
}
