package makeapi

import (
	"context"
	"net/url"

	"github.com/tidwall/gjson"
)

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
	var teams []Team
	err := s.client.eachPage(ctx, organization, "/teams", url.Values{"organizationId": {string(organization)}}, "teams",
		func(record gjson.Result) {
			if team, ok := decodeTeam(record); ok {
				teams = append(teams, team)
			}
		})
	return teams, err
}

// Get returns one team. GET /teams/{teamId}
func (s *TeamsService) Get(ctx context.Context, id ID) (*Team, error) {
	path, err := pathTo("teams", string(id))
	if err != nil {
		return nil, err
	}
	answer, err := s.client.get(ctx, "", path, nil)
	if err != nil {
		return nil, err
	}
	team, ok := decodeTeam(answer.Get("team"))
	if !ok {
		return nil, &Error{Kind: KindNotJSON, Status: 200, Path: path, Message: "the answer is not a team"}
	}
	return &team, nil
}

func decodeTeam(record gjson.Result) (Team, bool) {
	ref, _ := decodeRef(record)
	if ref == nil || ref.ID == "" {
		return Team{}, false
	}
	organization, _ := decodeID(record.Get("organizationId"))
	return Team{ID: ref.ID, Name: ref.Name, Organization: organization}, true
}
