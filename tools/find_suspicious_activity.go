package tools

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

// defaultSuspicionDays is how long the window is that nobody chose.
const defaultSuspicionDays = 7

func findSuspiciousActivity() Tool {
	return New(Tool{
		Name:  "find_suspicious_activity",
		Title: "What stands out, and why",
		Description: "Finds what is unusual or risky in a window (default the last 7 days), by detection rules and by the time before: " +
			"each finding with reason, threshold and evidence. get_actor_activity shows one person.",
		Answers: "Is anything unusual, what is worth a look: find_suspicious_activity.",
		Example: `{"from": "14d", "min_severity": "medium"}`,
		View:    answer.FindingsView,
	}, handleFindSuspiciousActivity)
}

func handleFindSuspiciousActivity(
	ctx context.Context, service *analysis.Service, arguments schemas.FindSuspiciousActivityArguments,
) (*schemas.FindSuspiciousActivityResult, error) {
	asked, err := service.Resolve(ctx, FilterOf(arguments.Filter), defaultSuspicionDays)
	if err != nil {
		return nil, err
	}
	return Suspicions(ctx, service, asked, arguments)
}

// Suspicions answers find_suspicious_activity for a question that was resolved from the arguments.
func Suspicions(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.FindSuspiciousActivityArguments,
) (*schemas.FindSuspiciousActivityResult, error) {
	return SuspicionsIn(ctx, service, asked, arguments, answer.Room{Rows: answer.DefaultSize, Size: answer.DefaultSize})
}

// SuspicionsIn is [Suspicions] with as many findings as have room.
func SuspicionsIn(
	ctx context.Context, service *analysis.Service, asked *question.Question, arguments schemas.FindSuspiciousActivityArguments,
	room answer.Room,
) (*schemas.FindSuspiciousActivityResult, error) {
	found, err := service.Suspicions(ctx, asked.Query, analysis.SuspicionRequest{
		MinSeverity: arguments.MinSeverity, Rules: arguments.Rule, BaselineDays: arguments.BaselineDays,
	})
	if err != nil {
		return nil, err
	}
	asked.Notes = append(asked.Notes, service.Unfound(ctx, asked)...)
	return answer.Suspicions(asked, found, room), nil
}
