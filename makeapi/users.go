package makeapi

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// User is a person or service account. Name and Email may be empty.
type User struct {
	ID    ID
	Name  string
	Email string
	// Timezone is an IANA name, where the call has it. Where it has an id only, EnumsService.Timezones has the name.
	Timezone   string
	TimezoneID ID
}

// CurrentUser is the user that the credential belongs to, with the roles held.
type CurrentUser struct {
	User
	OrganizationRoles map[ID]ID // organization → role
	TeamRoles         map[ID]ID // team → role
}

// Authorization is what the credential may do.
type Authorization struct {
	Scopes []string
	// AuthUsed is how the call was authorized, e.g. token.
	AuthUsed string
}

// UsersService has the calls about users.
type UsersService struct{ service }

// Me returns the credential's user and roles. GET /users/me
func (s *UsersService) Me(ctx context.Context) (*CurrentUser, error) {
	columns := []string{"id", "name", "email", "timezone", "userOrganizationRoles", "userTeamRoles"}
	answer, err := s.client.get(ctx, "", url.Values{"cols[]": columns}, "users", "me")
	asked := !IsKind(err, KindBadRequest)
	if !asked {
		// An instance that lacks one of the columns still returns the defaults.
		answer, err = s.client.get(ctx, "", nil, "users", "me")
	}
	if err != nil {
		return nil, err
	}
	record := answer.Get("authUser")
	user, _ := decodeActor(record)
	if user == nil || user.ID == "" {
		return nil, notAnswered("the answer names no user", "users", "me")
	}
	user.Timezone, _ = decodeText(record.Get("timezone"))
	if user.Timezone == "" && asked {
		// Where it is no column, the call without columns may have it.
		if answer, err := s.client.get(ctx, "", nil, "users", "me"); err == nil {
			user.Timezone, _ = decodeText(answer.Get("authUser.timezone"))
		}
	}
	return &CurrentUser{
		User:              *user,
		OrganizationRoles: decodeRoles(record.Get("userOrganizationRoles"), "organizationId"),
		TeamRoles:         decodeRoles(record.Get("userTeamRoles"), "teamId"),
	}, nil
}

// Authorization returns the credential's scopes. GET /users/me/current-authorization
func (s *UsersService) Authorization(ctx context.Context) (*Authorization, error) {
	answer, err := s.client.get(ctx, "", nil, "users", "me", "current-authorization")
	if err != nil {
		return nil, err
	}
	authorization := &Authorization{AuthUsed: strings.Clone(answer.Get("authorization.authUsed").String())}
	for _, scope := range list(answer.Get("authorization.scope")) {
		authorization.Scopes = append(authorization.Scopes, strings.Clone(scope.String()))
	}
	return authorization, nil
}

// Member is a user as an organization's list has it.
type Member struct {
	User
	// LastLogin is zero where the list does not say.
	LastLogin time.Time
	// TFAStatus is the state of two-factor authentication as Make sends it: 0, 1 or 2, whose meaning its reference leaves out; empty for
	// null.
	TFAStatus string
}

// ListOrganization lists the users of an organization, with their time zones, by id in Make's description of the API. It needs the scope
// user:read and may be refused. GET /users?organizationId=
func (s *UsersService) ListOrganization(ctx context.Context, organization ID) ([]Member, error) {
	return listAll(ctx, s.client, organization, url.Values{"organizationId": {string(organization)}}, decodeMember, "users", "users")
}

func decodeMember(record gjson.Result) (Member, bool) {
	user, _ := decodeActor(record)
	if user == nil {
		return Member{}, false
	}
	user.Timezone, _ = decodeText(record.Get("timezone"))
	user.TimezoneID, _ = decodeID(record.Get("timezoneId"))
	member := Member{User: *user}
	member.LastLogin, _ = decodeTime(record.Get("lastLogin"))
	member.TFAStatus, _ = decodeText(record.Get("tfaStatus"))
	return member, true
}

// EnumsService has the calls about what ids in other answers stand for.
type EnumsService struct{ service }

// Timezones returns the IANA name of each time zone id, as User.TimezoneID has it. Entries without an id or a name are left out. GET
// /enums/timezones: {"timezones":[{id, name, code, offset}]}; by the reference at developers.make.com and the mocks of @makehq/sdk, code is
// the IANA name.
func (s *EnumsService) Timezones(ctx context.Context) (map[ID]string, error) {
	answer, err := s.client.getAs(ctx, payer{open: true}, nil, "enums", "timezones")
	if err != nil {
		return nil, err
	}
	zones := map[ID]string{}
	for _, record := range list(answer.Get("timezones")) {
		id, _ := decodeID(record.Get("id"))
		code, _ := decodeText(record.Get("code"))
		if id != "" && code != "" {
			zones[id] = code
		}
	}
	return zones, nil
}

// maxListPages bounds the lists of organizations, teams and users; their default page already has 10,000.
const maxListPages = 100

// listAll walks a list that is paged by offset, where the page's echoed limit says that there may be more. name is the list's in the
// answer; records that cannot be decoded are left out.
func listAll[T any](ctx context.Context, c *Client, organization ID, query url.Values, decode func(gjson.Result) (T, bool), name string,
	path ...string) ([]T, error) {
	var all []T
	offset, first := 0, ""
	for range maxListPages {
		answer, err := c.get(ctx, organization, query, path...)
		if err != nil {
			return nil, err
		}
		records := list(answer.Get(name))
		if offset > 0 && len(records) > 0 && records[0].Raw == first {
			return all, nil // the offset is ignored: all there is came with the first page
		}
		for _, record := range records {
			if item, ok := decode(record); ok {
				all = append(all, item)
			}
		}
		limit := int(answer.Get("pg.limit").Int())
		if len(records) == 0 || limit <= 0 || len(records) < limit {
			return all, nil
		}
		first = records[0].Raw
		offset += len(records)
		query.Set("pg[offset]", strconv.Itoa(offset))
	}
	return nil, fmt.Errorf("GET /%s has more than %d entries, which is more than this client reads", strings.Join(path, "/"), offset)
}
