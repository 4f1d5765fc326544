package makeapi

import (
	"context"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"
)

// Organization is an organization as the list has it, with license and teams where the single call has them.
type Organization struct {
	ID   ID
	Name string
	// Zone is the host of the organization's zone, e.g. eu1.make.com.
	Zone    string
	License *License
	Teams   []Ref
}

// License holds the limits that matter here; 0 means that the license names none.
type License struct {
	// APILimit is the limit of API requests per minute.
	APILimit int
	// AuditLogsDays is how many days of audit log are kept.
	AuditLogsDays int
}

// OrganizationsService has the calls about organizations.
type OrganizationsService struct{ service }

// List lists the organizations that the user belongs to, in all zones. GET /organizations
func (s *OrganizationsService) List(ctx context.Context) ([]Organization, error) {
	return listAll(ctx, s.client, "", url.Values{}, decodeOrganization, "organizations", "organizations")
}

// Get returns one organization with license and teams. GET /organizations/{organizationId}
func (s *OrganizationsService) Get(ctx context.Context, id ID) (*Organization, error) {
	answer, err := s.client.get(ctx, id, nil, "organizations", string(id))
	if err != nil {
		return nil, err
	}
	organization, ok := decodeOrganization(answer.Get("organization"))
	if !ok {
		return nil, notAnswered("the answer is not an organization", "organizations", string(id))
	}
	return &organization, nil
}

// UserRoles returns who holds which role in an organization. It may be refused. GET /organizations/{organizationId}/user-organization-roles
func (s *OrganizationsService) UserRoles(ctx context.Context, organization ID) ([]UserRole, error) {
	return listAll(ctx, s.client, organization, url.Values{}, decodeUserRole, "userOrganizationRoles",
		"organizations", string(organization), "user-organization-roles")
}

func decodeOrganization(record gjson.Result) (Organization, bool) {
	ref, _ := decodeRef(record)
	if ref == nil || ref.ID == "" {
		return Organization{}, false
	}
	organization := Organization{ID: ref.ID, Name: ref.Name, Zone: strings.Clone(record.Get("zone").String())}
	if license := record.Get("license"); license.IsObject() {
		organization.License = &License{
			APILimit:      int(license.Get("apiLimit").Int()),
			AuditLogsDays: int(license.Get("auditLogsDays").Int()),
		}
	}
	for _, value := range list(record.Get("teams")) {
		if team, _ := decodeRef(value); team != nil {
			organization.Teams = append(organization.Teams, *team)
		}
	}
	return organization, true
}

// Team is a team with the organization it belongs to.
type Team struct {
	ID           ID
	Name         string
	Organization ID
}

// TeamsService has the calls about teams.
type TeamsService struct{ service }

// List lists an organization's teams. GET /teams?organizationId=
func (s *TeamsService) List(ctx context.Context, organization ID) ([]Team, error) {
	return listAll(ctx, s.client, organization, url.Values{"organizationId": {string(organization)}}, decodeTeam, "teams", "teams")
}

// Get returns one team. GET /teams/{teamId}
func (s *TeamsService) Get(ctx context.Context, id ID) (*Team, error) {
	answer, err := s.client.get(ctx, "", nil, "teams", string(id))
	if err != nil {
		return nil, err
	}
	team, ok := decodeTeam(answer.Get("team"))
	if !ok {
		return nil, notAnswered("the answer is not a team", "teams", string(id))
	}
	return &team, nil
}

// UserRoles returns who holds which role in a team of an organization. It may be refused. GET /teams/{teamId}/user-team-roles
func (s *TeamsService) UserRoles(ctx context.Context, organization, team ID) ([]UserRole, error) {
	return listAll(ctx, s.client, organization, url.Values{}, decodeUserRole, "userTeamRoles",
		"teams", string(team), "user-team-roles")
}

func decodeTeam(record gjson.Result) (Team, bool) {
	ref, _ := decodeRef(record)
	if ref == nil || ref.ID == "" {
		return Team{}, false
	}
	organization, _ := decodeID(record.Get("organizationId"))
	return Team{ID: ref.ID, Name: ref.Name, Organization: organization}, true
}
