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
	// Unserved are the tools that the server does not serve: texts stand without their names.
	Unserved answer.Unserved
	// ReadTime bounds a read; 0 means 50 s.
	ReadTime time.Duration
}

// Register adds all resources to a server. Completion is a [Completer]'s, which has to be given to the server when it is made.
func Register(s *server.MCPServer, config Config) {
	for _, resource := range append(all(), views()...) {
		resource.register(s, config)
	}
}

// resource is one resource, or as many as its address has values.
type resource struct {
	uri         string
	name        string
	title       string
	description string
	mimeType    string
	read        func(ctx context.Context, service *analysis.Service, at address) (content, error)
	// fixed is in place of read where the content is the same for everybody: it needs no caller's service.
	fixed func() (content, error)
}

// content is what a resource holds.
type content struct {
	text string
	meta map[string]any // of _meta; nil for none
}

const mimeJSON = "application/json"

// asJSON writes a value as what a resource of type [mimeJSON] holds.
func asJSON(value any) (content, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return content{}, errors.New("internal error: the resource could not be written as JSON")
	}
	return content{text: string(text)}, nil
}

// register adds the resource to a server.
func (r resource) register(s *server.MCPServer, config Config) {
	handle := func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		held, err := r.content(ctx, config, address(request.Params.Arguments))
		if err != nil {
			// Since 2026-07-28 both missing and malformed addresses are invalid params.
			if config.Refuse != nil && answer.IsCallersMistake(err) {
				config.Refuse(ctx, mcp.INVALID_PARAMS)
			}
			return nil, errors.New(config.Unserved.LeaveOut(answer.Explain(err)))
		}
		return []mcp.ResourceContents{mcp.TextResourceContents{
			URI: request.Params.URI, MIMEType: r.mimeType, Text: held.text, Meta: held.meta,
		}}, nil
	}
	description := config.Unserved.LeaveOut(r.description)
	if !strings.Contains(r.uri, "{") {
		s.AddResource(mcp.NewResource(r.uri, r.name,
			mcp.WithResourceTitle(r.title), mcp.WithResourceDescription(description), mcp.WithMIMEType(r.mimeType)), handle)
		return
	}
	s.AddResourceTemplate(mcp.NewResourceTemplate(r.uri, r.name,
		mcp.WithTemplateTitle(r.title), mcp.WithTemplateDescription(description), mcp.WithTemplateMIMEType(r.mimeType)), handle)
}

func (r resource) content(ctx context.Context, config Config, at address) (content, error) {
	if r.fixed != nil {
		return r.fixed()
	}
	service, err := config.Service(ctx)
	if err != nil {
		return content{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(config.ReadTime, defaultReadTime))
	defer cancel()
	return r.read(ctx, service, at)
}

// all returns every resource that is read from the log or from what is around it.
func all() []resource {
	return []resource{{
		uri: OrganizationsURI, name: "organizations", title: "Organizations and access",
		description: "The Make organizations and teams that the API key sees, and whether their audit logs can be read.",
		mimeType:    mimeJSON,
		read:        readOrganizations,
	}, {
		uri: ArchiveStatusURI, name: "archive-status", title: "Status of the archive",
		description: "What the local copy of the audit logs holds: last sync, span, number of entries, gaps, last signed checkpoint.",
		mimeType:    mimeJSON,
		read:        readArchiveStatus,
	}, {
		uri: DetectionRulesURI, name: "detection-rules", title: "Detection rules",
		description: "What findings rest on; find_suspicious_activity goes by it. Rules in Sigma's terms, comparisons with the baseline, and their limits.",
		mimeType:    mimeJSON,
		read:        readDetectionRules,
	}, {
		uri: OrganizationFilters, name: "organization-audit-log-filters", title: "Filter values of an organization",
		description: "Teams, users and event types that an organization's audit log can be filtered by.",
		mimeType:    mimeJSON,
		read:        readOrganizationFilters,
	}, {
		uri: TeamFilters, name: "team-audit-log-filters", title: "Filter values of a team",
		description: "Users and event types that a team's audit log can be filtered by.",
		mimeType:    mimeJSON,
		read:        readTeamFilters,
	}, {
		uri: EntryOfOrganization, name: "audit-log-entry", title: "Audit log entry",
		description: "One audit log entry with its details; secrets in it are masked.",
		mimeType:    mimeJSON,
		read:        readEntry,
	}}
}

func readOrganizations(ctx context.Context, service *analysis.Service, _ address) (content, error) {
	overview, err := service.Overview(ctx)
	if err != nil {
		return content{}, err
	}
	return asJSON(answer.Organizations(overview))
}

func readArchiveStatus(ctx context.Context, service *analysis.Service, _ address) (content, error) {
	status, err := service.ArchiveStatus(ctx)
	if err != nil {
		return content{}, err
	}
	return asJSON(answer.ArchiveStatus(status))
}

func readDetectionRules(_ context.Context, service *analysis.Service, _ address) (content, error) {
	return asJSON(answer.DetectionRules(service.Detector))
}

func readOrganizationFilters(ctx context.Context, service *analysis.Service, at address) (content, error) {
	organization, err := at.organization(ctx, service)
	if err != nil {
		return content{}, err
	}
	catalog, err := service.Directory.Catalog(ctx, organization.ID)
	if err != nil {
		return content{}, err
	}
	return asJSON(answer.Catalog(organization.Ref, catalog, answer.CatalogRequest{Limit: catalogResourceLimit}))
}

func readTeamFilters(ctx context.Context, service *analysis.Service, at address) (content, error) {
	team, err := at.part(teamPart)
	if err != nil {
		return content{}, err
	}
	id, err := service.Directory.TeamOrganization(ctx, auditlog.ID(team))
	if err != nil {
		return content{}, err
	}
	organization, err := service.ResolveOrganization(ctx, id)
	if err != nil {
		return content{}, err
	}
	catalog, err := service.Directory.TeamCatalog(ctx, organization.ID, auditlog.ID(team))
	if err != nil {
		return content{}, err
	}
	return asJSON(answer.Catalog(organization.Ref, catalog, answer.CatalogRequest{Limit: catalogResourceLimit}))
}

func readEntry(ctx context.Context, service *analysis.Service, at address) (content, error) {
	uuid, err := at.part(uuidPart)
	if err != nil {
		return content{}, err
	}
	organization, err := at.organization(ctx, service)
	if err != nil {
		return content{}, err
	}
	location, err := service.ResolveLocation(ctx, "")
	if err != nil {
		return content{}, err
	}
	catalog, err := service.Directory.Catalog(ctx, organization.ID)
	if err != nil {
		return content{}, err
	}
	entry, err := service.Entries.Detail(ctx, organization.ID, uuid)
	var bare *auditlog.DetailsError
	if err != nil && !errors.As(err, &bare) {
		return content{}, err
	}
	names, err := service.TargetNames(ctx, organization.ID, []*auditlog.Entry{entry})
	if err != nil {
		return content{}, err
	}
	return asJSON(answer.EntryStyle{Location: location, Detailed: true, Catalog: catalog, Names: names}.Entry(entry))
}
