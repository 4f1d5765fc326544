package tools

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/schemas"
)

func listAuditLogFilters() tool[schemas.ListFiltersArguments, *schemas.ListFiltersResult] {
	return tool[schemas.ListFiltersArguments, *schemas.ListFiltersResult]{
		name:        "list_audit_log_filters",
		title:       "List filter values",
		description: "Lists the teams, users and event types that an organization's audit log can be filtered by. Useful to find an event's value or a person's id for list_audit_logs, which takes names, too. People who have left may be missing.",
		handle: func(ctx context.Context, service *analysis.Service, arguments schemas.ListFiltersArguments) (*schemas.ListFiltersResult, error) {
			organization, err := service.ResolveOrganization(ctx, organizationID(arguments.OrganizationID))
			if err != nil {
				return nil, err
			}
			catalog, err := service.Directory.Catalog(ctx, organization.ID)
			if err != nil {
				return nil, err
			}
			return answer.Catalog(organization.Ref, catalog, answer.CatalogRequest{Kind: arguments.Kind, Search: arguments.Search, Limit: arguments.Limit}), nil
		},
	}
}
