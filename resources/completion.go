package resources

import (
	"context"
	"errors"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/answer"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

const (
	// maxCompletions is the protocol's bound on the values of one completion.
	maxCompletions = 100
	// maxOrganizationsCompleted bounds the organizations whose teams are looked up.
	maxOrganizationsCompleted = 5
	// recentDays and recentEntries are what uuids are completed from where nothing was read yet.
	recentDays    = 7
	recentEntries = 25
)

// Completer completes the parts of the resources' addresses: organizations and teams by id or name, entries by the uuids that were read
// lately.
type Completer struct{ Config }

// CompleteResourceArgument serves mcp-go's server.ResourceCompletionProvider.
func (c *Completer) CompleteResourceArgument(
	ctx context.Context, uri string, argument mcp.CompleteArgument, earlier mcp.CompleteContext,
) (*mcp.Completion, error) {
	service, err := c.Service(ctx)
	if err != nil {
		return nil, errors.New(answer.Explain(err))
	}
	var values []string
	switch {
	case argument.Name == organizationPart && (uri == OrganizationFilters || uri == EntryOfOrganization):
		values, err = service.CompleteOrganizations(ctx, argument.Value)
	case argument.Name == teamPart && uri == TeamFilters:
		values, err = completeTeams(ctx, service, argument.Value)
	case argument.Name == uuidPart && uri == EntryOfOrganization:
		values, err = completeEntries(ctx, service, earlier.Arguments[organizationPart], argument.Value)
	}
	if err != nil {
		return nil, errors.New(answer.Explain(err))
	}
	return Completion(values), nil
}

// Completion is the protocol's form of what something may be completed to.
func Completion(values []string) *mcp.Completion {
	shown := append([]string{}, values[:min(len(values), maxCompletions)]...)
	return &mcp.Completion{Values: shown, Total: len(values), HasMore: len(shown) < len(values)}
}

func completeTeams(ctx context.Context, service *analysis.Service, typed string) ([]string, error) {
	organizations, err := service.Directory.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, organization := range organizations[:min(len(organizations), maxOrganizationsCompleted)] {
		if !organization.Here {
			continue
		}
		access, err := service.Directory.Access(ctx, organization.ID)
		if err != nil {
			return nil, err
		}
		for _, team := range access.ReadableTeams() {
			if question.Fits(typed, team) {
				ids = append(ids, string(team.ID))
			}
		}
	}
	return ids, nil
}

func completeEntries(ctx context.Context, service *analysis.Service, organizationID, typed string) ([]string, error) {
	organization, err := service.ResolveOrganization(ctx, auditlog.ID(organizationID))
	if err != nil {
		return nil, err
	}
	uuids := service.Entries.ObservedEntries(organization.ID, 10*maxCompletions)
	if len(uuids) == 0 {
		now := service.Directory.Now()
		query := auditlog.Query{Organization: organization.Ref,
			Window: auditlog.Window{From: now.AddDate(0, 0, -recentDays), To: now, Location: now.Location()}}
		listing, err := service.List(ctx, query, question.Order{}, nil, recentEntries)
		if err != nil {
			return nil, err
		}
		for _, entry := range listing.Entries {
			uuids = append(uuids, entry.UUID)
		}
	}
	var fitting []string
	for _, uuid := range uuids {
		if strings.HasPrefix(strings.ToLower(uuid), strings.ToLower(typed)) {
			fitting = append(fitting, uuid)
		}
	}
	return fitting, nil
}
