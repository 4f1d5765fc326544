package makesim

import (
	"net/http"
	"strconv"
	"strings"
)

// endpoint is what a path leads to.
type endpoint struct {
	public bool
	scope  string
	// organization whose rate limit the call counts to; 0: nobody's.
	organization int64
	handle       func(*call) ([]byte, error)
	plain        string // the whole answer of a public endpoint
}

func (e endpoint) respond(c *call) answer {
	if e.public {
		return textAnswer(http.StatusOK, e.plain)
	}
	body, err := e.handle(c)
	if err != nil {
		return errorAnswer(err, c.quirks)
	}
	return jsonAnswer(body)
}

// route finds the endpoint. Paths are taken to the letter: another case, a trailing or a doubled slash lead nowhere.
func (s *Server) route(r *http.Request) (endpoint, error) {
	path, ok := strings.CutPrefix(r.URL.Path, BasePath+"/")
	if !ok {
		return endpoint{}, notFound()
	}
	e, err := s.endpointAt(strings.Split(path, "/"), r)
	if err != nil {
		return endpoint{}, err
	}
	if r.Method != http.MethodGet {
		return endpoint{}, newError(http.StatusMethodNotAllowed, "Method Not Allowed", "Only GET is simulated.")
	}
	return e, nil
}

func (s *Server) endpointAt(segments []string, r *http.Request) (endpoint, error) {
	switch segments[0] {
	case "ping":
		if len(segments) == 1 {
			return endpoint{public: true, plain: "pong"}, nil
		}
	case "users":
		return s.usersEndpoint(segments[1:], r)
	case "organizations":
		return s.organizationsEndpoint(segments[1:])
	case "teams":
		return s.teamsEndpoint(segments[1:], r)
	case "audit-logs":
		return s.auditLogsEndpoint(segments[1:])
	case "enums":
		if len(segments) == 2 && segments[1] == "timezones" {
			return endpoint{handle: (*call).listTimezones}, nil
		}
	}
	return endpoint{}, notFound()
}

func (s *Server) usersEndpoint(rest []string, r *http.Request) (endpoint, error) {
	switch strings.Join(rest, "/") {
	case "":
		if len(rest) == 0 {
			return endpoint{scope: scopeUser, organization: s.organizationInQuery(r), handle: (*call).listUsers}, nil
		}
	case "me":
		return endpoint{handle: (*call).currentUser}, nil
	case "me/current-authorization":
		return endpoint{handle: (*call).currentAuthorization}, nil
	case "roles":
		return endpoint{scope: scopeUser, organization: s.organizationInQuery(r), handle: (*call).listRoles}, nil
	case "roles/permissions":
		return endpoint{scope: scopeUser, handle: (*call).listPermissions}, nil
	}
	return endpoint{}, notFound()
}

func (s *Server) organizationsEndpoint(rest []string) (endpoint, error) {
	switch len(rest) {
	case 0:
		return endpoint{scope: scopeOrganizations, handle: (*call).listOrganizations}, nil
	case 1:
		return withID(rest[0], func(id int64) endpoint {
			return endpoint{scope: scopeOrganizations, organization: id, handle: func(c *call) ([]byte, error) {
				return c.showOrganization(id)
			}}
		})
	case 2:
		if rest[1] == "user-organization-roles" {
			return withID(rest[0], func(id int64) endpoint {
				return endpoint{scope: scopeOrganizations, organization: id, handle: func(c *call) ([]byte, error) {
					return c.organizationRoles(id)
				}}
			})
		}
	}
	return endpoint{}, notFound()
}

func (s *Server) teamsEndpoint(rest []string, r *http.Request) (endpoint, error) {
	switch len(rest) {
	case 0:
		return endpoint{scope: scopeTeams, organization: s.organizationInQuery(r), handle: (*call).listTeams}, nil
	case 1:
		return withID(rest[0], func(id int64) endpoint {
			return endpoint{scope: scopeTeams, organization: s.directory.teams[id].organization, handle: func(c *call) ([]byte, error) {
				return c.showTeam(id)
			}}
		})
	case 2:
		if rest[1] == "user-team-roles" {
			return withID(rest[0], func(id int64) endpoint {
				return endpoint{scope: scopeTeams, organization: s.directory.teams[id].organization, handle: func(c *call) ([]byte, error) {
					return c.teamRoles(id)
				}}
			})
		}
	}
	return endpoint{}, notFound()
}

func (s *Server) auditLogsEndpoint(rest []string) (endpoint, error) {
	isFilters := len(rest) == 3 && rest[2] == "filters"
	isList := len(rest) == 2
	switch {
	case (isList || isFilters) && rest[0] == "organization":
		return withID(rest[1], func(id int64) endpoint {
			return auditLogsOf(id, func(c *call) ([]byte, error) {
				if isFilters {
					return c.organizationFilters(id)
				}
				return c.listOrganization(id)
			})
		})
	case (isList || isFilters) && rest[0] == "team":
		return withID(rest[1], func(id int64) endpoint {
			return auditLogsOf(s.directory.teams[id].organization, func(c *call) ([]byte, error) {
				if isFilters {
					return c.teamFilters(id)
				}
				return c.listTeam(id)
			})
		})
	case len(rest) == 2 && s.quirks.DetailPath != DetailPathOne:
		return withID(rest[0], func(id int64) endpoint {
			return auditLogsOf(id, func(c *call) ([]byte, error) { return c.showEntry(rest[1], id) })
		})
	case len(rest) == 1 && s.quirks.DetailPath != DetailPathTwo && rest[0] != "":
		var organization int64
		if r, ok := s.byUUID[rest[0]]; ok {
			organization = r.OrganizationID
		}
		return auditLogsOf(organization, func(c *call) ([]byte, error) { return c.showEntry(rest[0], organization) }), nil
	}
	return endpoint{}, notFound()
}

func auditLogsOf(organization int64, handle func(*call) ([]byte, error)) endpoint {
	return endpoint{scope: scopeOrganizations, organization: organization, handle: handle}
}

// withID makes the endpoint of an id in the path.
func withID(text string, endpointOf func(id int64) endpoint) (endpoint, error) {
	if text == "" { // a trailing slash
		return endpoint{}, notFound()
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return endpoint{}, invalid("The id in the path must be a positive integer.")
	}
	return endpointOf(id), nil
}

// organizationInQuery is the organization that a call is about by its query.
func (s *Server) organizationInQuery(r *http.Request) int64 {
	values := lenientQuery(r.URL.RawQuery)
	if id, err := strconv.ParseInt(values.Get("organizationId"), 10, 64); err == nil {
		return id
	}
	if id, err := strconv.ParseInt(values.Get("teamId"), 10, 64); err == nil {
		return s.directory.teams[id].organization
	}
	return 0
}
