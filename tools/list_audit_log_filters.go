package tools

import (
	"context"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

func listAuditLogFilters() Tool {
	return newTool(Tool{
		Name:  "list_audit_log_filters",
		Title: "List filter values",
		Description: "Lists the teams, users and event types that an organization's audit log can be filtered by: an event's value, " +
			"a person's id. People who have left may be missing. list_audit_logs takes names, too.",
		Answers: "Names of people, teams and events: list_audit_log_filters.",
		Example: `{"kind": "events"}`,
	}, func(ctx context.Context, service *analysis.Service, arguments schemas.ListFiltersArguments) (*schemas.ListFiltersResult, error) {
		of, err := catalogOf(ctx, service, arguments)
		if err != nil {
			return nil, err
		}
		return answer.Catalog(of.organization, of.catalog,
			answer.CatalogRequest{Kind: arguments.Kind, Search: arguments.Search, Limit: arguments.Limit}), nil
	}, func(ctx context.Context, service *analysis.Service, arguments schemas.ListFiltersArguments) (any, error) {
		return catalogOf(ctx, service, arguments)
	})
}

// catalogSource is what an answer is made of. A catalog that is read again is another one, and each credential reads its own.
type catalogSource struct {
	organization auditlog.Ref
	catalog      *auditlog.Catalog
	arguments    schemas.ListFiltersArguments
}

func catalogOf(ctx context.Context, service *analysis.Service, arguments schemas.ListFiltersArguments) (catalogSource, error) {
	organization, err := service.ResolveOrganization(ctx, organizationID(arguments.OrganizationID))
	if err != nil {
		return catalogSource{}, err
	}
	catalog, err := service.Directory.Catalog(ctx, organization.ID)
	return catalogSource{organization.Ref, catalog, arguments}, err
}
