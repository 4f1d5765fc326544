package tools

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/schemas"
)

func listOrganizations() Tool {
	return New(Tool{
		Name:  "list_organizations",
		Title: "List organizations and access",
		Description: "Lists the Make organizations and teams that the API key sees, whether their audit logs can be read (and if not, " +
			"why), and how far back. list_audit_logs needs an id from here only where several organizations are visible.",
		Answers: "What the API key can see: list_organizations.",
		Example: `{}`,
	}, func(ctx context.Context, service *analysis.Service, _ schemas.ListOrganizationsArguments) (
		*schemas.ListOrganizationsResult, error) {
		overview, err := service.Overview(ctx)
		if err != nil {
			return nil, err
		}
		return answer.Organizations(overview), nil
	})
}
