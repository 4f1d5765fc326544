package resources

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
)

const (
	defaultReadTime      = 50 * time.Second
	catalogResourceLimit = 1000
)

// Config is what the resources are served with.
type Config struct {
	// Service gives the service of the caller that a request's context belongs to.
	Service func(ctx context.Context) (*analysis.Service, error)
	// Refuse marks the request of a context as wrong, so that the error that its handler returns goes out with that JSON-RPC code; nil
	// leaves it to mcp-go.
	Refuse func(ctx context.Context, code int)
	// ReadTime bounds a read; 0 means 50 s.
	ReadTime time.Duration
}

// Register adds all resources to a server. Completion is a [Completer]'s, which has to be given to the server when it is made.
func Register(s *server.MCPServer, config Config) {
	for _, resource := range all() {
		resource.register(s, config)
	}
}

// resource is one resource, or as many as its address has values. What it holds is written as JSON.
type resource struct {
	uri         string
	name        string
	title       string
	description string
	read        func(ctx context.Context, service *analysis.Service, at address) (any, error)
}

// register adds the resource to a server.
func (r resource) register(s *server.MCPServer, config Config) {
	const mimeType = "application/json"
	handle := func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		text, err := r.text(ctx, config, address(request.Params.Arguments))
		if err != nil {
			// Since 2026-07-28 both missing and malformed addresses are invalid params.
			if config.Refuse != nil && answer.IsCallersMistake(err) {
				config.Refuse(ctx, mcp.INVALID_PARAMS)
			}
			return nil, errors.New(answer.Explain(err))
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: mimeType, Text: text}}, nil
	}
	if !strings.Contains(r.uri, "{") {
		s.AddResource(mcp.NewResource(r.uri, r.name,
			mcp.WithResourceTitle(r.title), mcp.WithResourceDescription(r.description), mcp.WithMIMEType(mimeType)), handle)
		return
	}
	s.AddResourceTemplate(mcp.NewResourceTemplate(r.uri, r.name,
		mcp.WithTemplateTitle(r.title), mcp.WithTemplateDescription(r.description), mcp.WithTemplateMIMEType(mimeType)), handle)
}

func (r resource) text(ctx context.Context, config Config, at address) (string, error) {
	service, err := config.Service(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(config.ReadTime, defaultReadTime))
	defer cancel()
	value, err := r.read(ctx, service, at)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", errors.New("internal error: the resource could not be written as JSON")
	}
	return string(text), nil
}

// all returns every resource that there is.
func all() []resource {
	return []resource{{
		uri: OrganizationsURI, name: "organizations", title: "Organizations and access",
		description: "The Make organizations and teams that the API key sees, and whether their audit logs can be read.",
		read:        readOrganizations,
	}, {
		uri: ArchiveStatusURI, name: "archive-status", title: "Status of the archive",
		description: "What the local copy of the audit logs holds: last sync, span, number of entries, gaps, last signed checkpoint.",
		read:        readArchiveStatus,
	}, {
		uri: OrganizationFilters, name: "organization-audit-log-filters", title: "Filter values of an organization",
		description: "Teams, users and event types that an organization's audit log can be filtered by.",
		read:        readOrganizationFilters,
	}, {
		uri: TeamFilters, name: "team-audit-log-filters", title: "Filter values of a team",
		description: "Users and event types that a team's audit log can be filtered by.",
		read:        readTeamFilters,
	}, {
		uri: EntryOfOrganization, name: "audit-log-entry", title: "Audit log entry",
		description: "One audit log entry with its details; secrets in it are masked.",
		read:        readEntry,
	}}
}

func readOrganizations(ctx context.Context, service *analysis.Service, _ address) (any, error) {
	overview, err := service.Overview(ctx)
	if err != nil {
		return nil, err
	}
	return answer.Organizations(overview), nil
}

func readArchiveStatus(ctx context.Context, service *analysis.Service, _ address) (any, error) {
	status, err := service.ArchiveStatus(ctx)
	if err != nil {
		return nil, err
	}
	return answer.ArchiveStatus(status), nil
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
	team, err := at.part(teamPart)
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
	uuid, err := at.part(uuidPart)
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
