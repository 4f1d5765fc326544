package prompts

import (
	"context"
	"errors"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/report"
	"make-audit-mcp/resources"
)

// Completer completes the arguments of prompts.
type Completer struct{ Config }

// CompletePromptArgument serves mcp-go's server.PromptCompletionProvider. An argument means the same in every prompt, so its name is
// enough.
func (c *Completer) CompletePromptArgument(
	ctx context.Context, _ string, argument mcp.CompleteArgument, earlier mcp.CompleteContext,
) (*mcp.Completion, error) {
	switch argument.Name {
	case "from":
		return resources.Completion(beginning(argument.Value, "24h", "7d", "30d", "90d", "today", "yesterday", "this week", "this month",
			"this quarter", "this year", "all")), nil
	case "period":
		return resources.Completion(beginning(argument.Value, "today", "yesterday", "this week", "last week", "this month", "last month",
			"this quarter", "last quarter", "this year", "last year")), nil
	case "kind":
		var kinds []string
		for _, kind := range report.Kinds() {
			kinds = append(kinds, string(kind))
		}
		return resources.Completion(beginning(argument.Value, kinds...)), nil
	case "to":
		return resources.Completion(beginning(argument.Value, "now", "today", "yesterday")), nil
	}
	service, err := c.Service(ctx)
	if err != nil {
		return nil, errors.New(answer.Explain(err))
	}
	organization := auditlog.ID(earlier.Arguments["organization_id"])
	var values []string
	switch argument.Name {
	case "organization_id":
		values, err = service.CompleteOrganizations(ctx, argument.Value)
	case "actor":
		values, err = service.CompleteActors(ctx, organization, argument.Value)
	case "team":
		values, err = service.CompleteTeams(ctx, organization, argument.Value)
	case "event":
		values, err = service.CompleteEvents(ctx, organization, argument.Value)
	}
	if err != nil {
		return nil, errors.New(answer.Explain(err))
	}
	return resources.Completion(values), nil
}

// beginning keeps the values that begin with what was typed.
func beginning(typed string, values ...string) []string {
	var kept []string
	for _, value := range values {
		if strings.HasPrefix(value, strings.ToLower(strings.TrimLeft(typed, " "))) {
			kept = append(kept, value)
		}
	}
	return kept
}
