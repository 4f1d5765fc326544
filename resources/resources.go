package resources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// The addresses of the resources.
const (
	OrganizationsURI      = "make://organizations"
	ArchiveStatusURI      = "make://archive/status"
	OrganizationFilters   = "make://organizations/{organization_id}/audit-log-filters"
	TeamFilters           = "make://teams/{team_id}/audit-log-filters"
	EntryOfOrganization   = "make://organizations/{organization_id}/audit-logs/{uuid}"
	mimeJSON              = "application/json"
	defaultReadTime       = 50 * time.Second
	maxAddressPart        = 128
	catalogResourceLimit  = 1000
	organizationParameter = "organization_id"
	teamParameter         = "team_id"
	uuidParameter         = "uuid"
)

// Config is what the resources are served with.
type Config struct {
	// Service gives the service of the caller that a request's context belongs to.
	Service func(ctx context.Context) (*analysis.Service, error)
	// Refuse marks the request of a context as wrong, so that the error that its
	// handler returns goes out with that JSON-RPC code; nil leaves it to mcp-go.
	Refuse func(ctx context.Context, code int)
	// ReadTime bounds a read; 0 means 50 s.
	ReadTime time.Duration
}

// Register adds all resources to a server. Completion is a [Completer]'s, which
// has to be given to the server when it is made.
func Register(s *server.MCPServer, config Config) {
	if config.ReadTime <= 0 {
		config.ReadTime = defaultReadTime
	}
	s.AddResource(mcp.NewResource(OrganizationsURI, "organizations",
		mcp.WithResourceTitle("Organizations and access"),
		mcp.WithResourceDescription("The Make organizations and teams that the API key sees, and whether their audit logs can be read."),
		mcp.WithMIMEType(mimeJSON),
	), config.reader(func(ctx context.Context, service *analysis.Service, _ address) (any, error) {
		overview, err := service.Overview(ctx)
		if err != nil {
			return nil, err
		}
		return answer.Organizations(overview), nil
	}))
	s.AddResource(mcp.NewResource(ArchiveStatusURI, "archive-status",
		mcp.WithResourceTitle("Status of the archive"),
		mcp.WithResourceDescription("What the local copy of the audit logs holds: last sync, span, number of entries, gaps, last signed checkpoint."),
		mcp.WithMIMEType(mimeJSON),
	), config.reader(func(ctx context.Context, service *analysis.Service, _ address) (any, error) {
		status, err := service.ArchiveStatus(ctx)
		if err != nil {
			return nil, err
		}
		return answer.ArchiveStatus(status), nil
	}))
	for _, template := range []struct {
		uri, name, title, description string
		read                          read
	}{
		{OrganizationFilters, "organization-audit-log-filters", "Filter values of an organization", "Teams, users and event types that an organization's audit log can be filtered by.", readOrganizationFilters},
		{TeamFilters, "team-audit-log-filters", "Filter values of a team", "Users and event types that a team's audit log can be filtered by.", readTeamFilters},
		{EntryOfOrganization, "audit-log-entry", "Audit log entry", "One audit log entry with its details; secrets in it are masked.", readEntry},
	} {
		s.AddResourceTemplate(mcp.NewResourceTemplate(template.uri, template.name,
			mcp.WithTemplateTitle(template.title),
			mcp.WithTemplateDescription(template.description),
			mcp.WithTemplateMIMEType(mimeJSON),
		), server.ResourceTemplateHandlerFunc(config.reader(template.read)))
	}
}

// read answers one address.
type read func(ctx context.Context, service *analysis.Service, at address) (any, error)

func (c Config) reader(read read) server.ResourceHandlerFunc {
	return func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		service, err := c.Service(ctx)
		if err != nil {
			return nil, errors.New(answer.Explain(err))
		}
		ctx, cancel := context.WithTimeout(ctx, c.ReadTime)
		defer cancel()
		content, err := read(ctx, service, address(request.Params.Arguments))
		if err != nil {
			if c.Refuse != nil && isOfTheAddress(err) {
				c.Refuse(ctx, mcp.INVALID_PARAMS)
			}
			return nil, errors.New(answer.Explain(err))
		}
		text, err := json.Marshal(content)
		if err != nil {
			return nil, errors.New("internal error: the resource could not be written as JSON")
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: mimeJSON, Text: string(text)}}, nil
	}
}

// isOfTheAddress tells whether nothing is at an address, as opposed to a read that
// went wrong. Since 2026-07-28 both missing and malformed ones are invalid params.
func isOfTheAddress(err error) bool {
	var address *AddressError
	var organization *question.OrganizationError
	var entry *auditlog.NotFoundError
	return errors.As(err, &address) || errors.As(err, &organization) || errors.As(err, &entry)
}

func readOrganizationFilters(ctx context.Context, service *analysis.Service, at address) (any, error) {
	organization, err := at.organization(ctx, service)
	if err != nil {
		return nil, err
	}
	catalog, err := service.Directory.Catalog(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	return answer.Catalog(organization.Ref, catalog, answer.CatalogRequest{Limit: catalogResourceLimit}), nil
}

func readTeamFilters(ctx context.Context, service *analysis.Service, at address) (any, error) {
	team, err := at.part(teamParameter)
	if err != nil {
		return nil, err
	}
	id, err := service.Directory.TeamOrganization(ctx, auditlog.ID(team))
	if err != nil {
		return nil, err
	}
	organization, err := service.ResolveOrganization(ctx, id)
	if err != nil {
		return nil, err
	}
	catalog, err := service.Directory.TeamCatalog(ctx, organization.ID, auditlog.ID(team))
	if err != nil {
		return nil, err
	}
	return answer.Catalog(organization.Ref, catalog, answer.CatalogRequest{Limit: catalogResourceLimit}), nil
}

func readEntry(ctx context.Context, service *analysis.Service, at address) (any, error) {
	uuid, err := at.part(uuidParameter)
	if err != nil {
		return nil, err
	}
	organization, err := at.organization(ctx, service)
	if err != nil {
		return nil, err
	}
	location, err := service.ResolveLocation(ctx, "")
	if err != nil {
		return nil, err
	}
	catalog, err := service.Directory.Catalog(ctx, organization.ID)
	if err != nil {
		return nil, err
	}
	entry, err := service.Directory.Detail(ctx, organization.ID, uuid)
	var bare *auditlog.DetailsError
	if err != nil && !errors.As(err, &bare) {
		return nil, err
	}
	return answer.EntryStyle{Location: location, Detailed: true, Catalog: catalog}.Entry(entry), nil
}

// address holds the parts of a resource's address. They are whatever the client
// wrote: empty, "..", or with a decoded slash.
type address map[string]any

// AddressError says that a part of a resource's address cannot be used.
type AddressError struct {
	Part  string
	Value string
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s %s cannot be used in a resource's address: ids are letters, digits, - and _, e.g. make://organizations/4721/audit-log-filters", e.Part, auditlog.Text(e.Value).Quote())
}

func (a address) part(name string) (string, error) {
	value := ""
	switch given := a[name].(type) {
	case string:
		value = given
	case []string:
		if len(given) == 1 {
			value = given[0]
		}
	}
	if value == "" || len(value) > maxAddressPart {
		return "", &AddressError{Part: name, Value: value}
	}
	for _, c := range []byte(value) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return "", &AddressError{Part: name, Value: value}
		}
	}
	return value, nil
}

func (a address) organization(ctx context.Context, service *analysis.Service) (auditlog.Organization, error) {
	id, err := a.part(organizationParameter)
	if err != nil {
		return auditlog.Organization{}, err
	}
	return service.ResolveOrganization(ctx, auditlog.ID(id))
}
