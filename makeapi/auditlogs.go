package makeapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// MaxListValues is how many values of one filter fit into a request: beyond index 20, common parsers of bracketed queries make an object of
// the list.
const MaxListValues = 20

// SortBy is what a listing is sorted by.
type SortBy string

// The sort keys that read a log in the order of time; TriggeredAt is the API's default. It has eventName, organization, team, actor and
// targetId too.
const (
	SortByCreatedAt   SortBy = "createdAt"
	SortByTriggeredAt SortBy = "triggeredAt"
)

// SortDir is a listing's direction.
type SortDir string

// The directions of the API; descending is its default.
const (
	Ascending  SortDir = "asc"
	Descending SortDir = "desc"
)

// ListOptions are the query parameters of the two lists. Zero values are not sent. Source:
// https://developers.make.com/api-documentation/api-reference/audit-logs
type ListOptions struct {
	// Teams, by id or name; only the organization's list takes them.
	Teams []string
	// Authors are the people who acted, by id or name.
	Authors []string
	// Events are event names, e.g. webhook_created.
	Events []string
	// DateFrom and DateTo bound the days, as YYYY-MM-DD. Whether DateTo's own day is included, in which zone days are meant and which of an
	// entry's two times is compared is not documented.
	DateFrom string
	DateTo   string
	Offset   int
	// Limit is the size of the page; instances may silently return less.
	Limit int
	// Last is "the last retrieved key": only entries after it are returned.
	Last string
	// SortBy and SortDir order the list; ties have no documented order.
	SortBy  SortBy
	SortDir SortDir
	// ReturnTotalCount asks for Pagination.TotalCount; some instances refuse it with 400 for tokens.
	ReturnTotalCount bool
	// KeepRaw asks for AuditLog.Raw; nothing of it is sent.
	KeepRaw bool
}

func (o ListOptions) query() (url.Values, error) {
	query := url.Values{}
	for name, values := range map[string][]string{"team": o.Teams, "author": o.Authors, "event": o.Events} {
		switch {
		case len(values) == 1:
			query.Set(name, values[0])
		case len(values) > MaxListValues:
			return nil, fmt.Errorf("%d values of %q do not fit into one request (at most %d)", len(values), name, MaxListValues)
		default:
			for i, value := range values {
				query.Set(name+"["+strconv.Itoa(i)+"]", value)
			}
		}
	}
	for name, value := range map[string]string{
		"dateFrom": o.DateFrom, "dateTo": o.DateTo, "pg[last]": o.Last,
		"pg[sortBy]": string(o.SortBy), "pg[sortDir]": string(o.SortDir),
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range map[string]int{"pg[offset]": o.Offset, "pg[limit]": o.Limit} {
		if value > 0 {
			query.Set(name, strconv.Itoa(value))
		}
	}
	if o.ReturnTotalCount {
		query.Set("pg[returnTotalCount]", "true")
	}
	return query, nil
}

// AuditLogPage is one page of a list.
type AuditLogPage struct {
	Entries []AuditLog
	// Received is how many records the page had, readable or not: what an offset advances by.
	Received int
	// Unreadable holds the places in the page of records that could not be read, from 0.
	Unreadable []int
	Pagination Pagination
}

// Pagination is what the API says of a page. It may echo a limit that it did not keep.
type Pagination struct {
	SortBy  string
	SortDir string
	Limit   int
	Offset  int
	Last    string
	// TotalCount is nil unless it was asked for and given.
	TotalCount *int
}

// AuditLog is one entry. Any field but TriggeredAt may be zero: the API documents none as required.
type AuditLog struct {
	UUID         string
	CreatedAt    time.Time
	TriggeredAt  time.Time
	Organization *Ref
	EventName    string
	Team         *Ref
	Actor        *User
	TargetID     string
	Version      *Version
	// Details is there on the single entry's call only.
	Details json.RawMessage
	// Extra holds fields that are unknown, or known but of a type that cannot be read, as they came. Unknown members of organization, team,
	// actor and version are there as an object under that name.
	Extra map[string]json.RawMessage
	// Raw is the entry as Make sent it. Lists have it if ListOptions.KeepRaw asks for it, since it doubles what an entry takes; single
	// entries always have it.
	Raw json.RawMessage
}

// DecodeAuditLog reads an entry back from its Raw. Raw is not set in it. ok is false for what is no entry.
func DecodeAuditLog(raw []byte) (entry AuditLog, ok bool) {
	if !gjson.ValidBytes(raw) {
		return AuditLog{}, false
	}
	return decodeAuditLog(gjson.ParseBytes(raw))
}

// Version is what an entry's version went from and to.
type Version struct {
	From string
	To   string
}

// Filters is what lists can be filtered by.
type Filters struct {
	Users []User
	// Teams is empty in a team's own filters.
	Teams  []Ref
	Events []EventCategory
}

// EventCategory is a group of events under its header.
type EventCategory struct {
	Header string
	Items  []EventItem
}

// EventItem is an event's value (webhook_created) and its label (Webhook created).
type EventItem struct {
	Label string
	Value string
}

// AuditLogsService has the audit-log calls.
type AuditLogsService struct{ service }

// ListOrganization lists entries of an organization; the caller must be its Admin or Owner. GET /audit-logs/organization/{organizationId}
func (s *AuditLogsService) ListOrganization(ctx context.Context, organization ID, options ListOptions) (*AuditLogPage, error) {
	return s.list(ctx, organization, "organization", organization, options)
}

// ListTeam lists entries of a team; the caller must be its Team Admin. organization is the team's, for the rate budget. GET
// /audit-logs/team/{teamId}
func (s *AuditLogsService) ListTeam(ctx context.Context, organization, team ID, options ListOptions) (*AuditLogPage, error) {
	return s.list(ctx, organization, "team", team, options)
}

func (s *AuditLogsService) list(ctx context.Context, organization ID, kind string, id ID, options ListOptions) (*AuditLogPage, error) {
	query, err := options.query()
	if err != nil {
		return nil, err
	}
	answer, err := s.client.get(ctx, organization, query, "audit-logs", kind, string(id))
	if err != nil {
		return nil, err
	}
	return decodePage(answer, options.KeepRaw), nil
}

// OrganizationFilters returns what an organization's list can be filtered by. GET /audit-logs/organization/{organizationId}/filters
func (s *AuditLogsService) OrganizationFilters(ctx context.Context, organization ID) (*Filters, error) {
	return s.filters(ctx, organization, "organization", organization)
}

// TeamFilters returns what a team's list can be filtered by. organization is the team's, for the rate budget. GET
// /audit-logs/team/{teamId}/filters
func (s *AuditLogsService) TeamFilters(ctx context.Context, organization, team ID) (*Filters, error) {
	return s.filters(ctx, organization, "team", team)
}

func (s *AuditLogsService) filters(ctx context.Context, organization ID, kind string, id ID) (*Filters, error) {
	answer, err := s.client.get(ctx, organization, nil, "audit-logs", kind, string(id), "filters")
	if err != nil {
		return nil, err
	}
	return decodeFilters(answer), nil
}

// The two forms of the detail path, and that neither has worked yet.
const (
	detailFormUnknown int32 = iota
	detailFormWithOrganization
	detailFormBare
)

// Get returns one entry with its details. The path has had two forms: the newer names the organization, older installations know only the
// bare one; which one this instance understands is remembered from the first success. GET /audit-logs/{organizationId}/{uuid}, GET
// /audit-logs/{uuid}
func (s *AuditLogsService) Get(ctx context.Context, organization ID, uuid string) (*AuditLog, error) {
	known := s.client.detailForm.Load()
	if known == detailFormBare {
		return s.detail(ctx, organization, "audit-logs", uuid)
	}
	entry, err := s.detail(ctx, organization, "audit-logs", string(organization), uuid)
	if err == nil {
		s.client.detailForm.Store(detailFormWithOrganization)
		return entry, nil
	}
	if known == detailFormWithOrganization || !IsKind(err, KindNotFound, KindBadRequest) {
		return nil, err
	}
	// The answer may mean the path or the uuid; the other form shows which.
	entry, bareErr := s.detail(ctx, organization, "audit-logs", uuid)
	if bareErr == nil {
		s.client.detailForm.Store(detailFormBare)
		return entry, nil
	}
	if !IsKind(bareErr, KindNotFound, KindBadRequest) {
		return nil, bareErr
	}
	return nil, err
}

func (s *AuditLogsService) detail(ctx context.Context, organization ID, path ...string) (*AuditLog, error) {
	answer, err := s.client.getAs(ctx, payer{organization: organization, detail: true}, nil, path...)
	if err != nil {
		return nil, err
	}
	entry, ok := decodeAuditLog(answer)
	entry.Raw = rawCopy(answer)
	if !ok {
		return nil, notAnswered("the answer is not an audit log entry", path...)
	}
	return &entry, nil
}

func decodePage(answer gjson.Result, keepRaw bool) *AuditLogPage {
	records := list(answer.Get("auditLogs"))
	page := &AuditLogPage{
		Entries:    make([]AuditLog, 0, len(records)),
		Received:   len(records),
		Pagination: decodePagination(answer.Get("pg")),
	}
	for place, record := range records {
		if entry, ok := decodeAuditLog(record); ok {
			if keepRaw {
				entry.Raw = rawCopy(record)
			}
			page.Entries = append(page.Entries, entry)
		} else {
			page.Unreadable = append(page.Unreadable, place)
		}
	}
	return page
}

func decodePagination(pg gjson.Result) Pagination {
	pagination := Pagination{
		SortBy:  strings.Clone(pg.Get("sortBy").String()),
		SortDir: strings.Clone(pg.Get("sortDir").String()),
		Limit:   int(pg.Get("limit").Int()),
		Offset:  int(pg.Get("offset").Int()),
		Last:    strings.Clone(pg.Get("last").String()),
	}
	// The total is a number here and text in a neighbouring call.
	if total, err := strconv.Atoi(pg.Get("totalCount").String()); err == nil && total >= 0 {
		pagination.TotalCount = &total
	}
	return pagination
}

// decodeAuditLog reads one entry; ok is false for a record that has no place in a log: one that is no object, or has no time of its own.
func decodeAuditLog(record gjson.Result) (entry AuditLog, ok bool) {
	if !record.IsObject() {
		return AuditLog{}, false
	}
	var organizationID ID
	record.ForEach(func(key, value gjson.Result) bool {
		understood := true
		var unknown json.RawMessage
		switch key.Str {
		case "uuid":
			entry.UUID, understood = decodeText(value)
		case "createdAt":
			entry.CreatedAt, understood = decodeTime(value)
		case "triggeredAt":
			entry.TriggeredAt, understood = decodeTime(value)
		case "organizationId":
			organizationID, understood = decodeID(value)
		case "organization":
			entry.Organization, understood = decodeRef(value)
			unknown = unknownMembers(value, "id", "name")
		case "eventName":
			entry.EventName, understood = decodeText(value)
		case "team":
			entry.Team, understood = decodeRef(value)
			unknown = unknownMembers(value, "id", "name")
		case "actor":
			entry.Actor, understood = decodeActor(value)
			unknown = unknownMembers(value, "id", "name", "email")
		case "targetId":
			entry.TargetID, understood = decodeTarget(value)
		case "version":
			entry.Version, understood = decodeVersion(value)
			unknown = unknownMembers(value, "from", "to")
		case "details", "detail": // the reference of 2026-05 has one, audit-logs.ts of @makehq/sdk (2026-08) the other
			if value.Type != gjson.Null {
				entry.Details = rawCopy(value)
			}
		default:
			understood = false
		}
		if !understood && value.Type != gjson.Null {
			unknown = rawCopy(value)
		}
		if unknown != nil {
			if entry.Extra == nil {
				entry.Extra = map[string]json.RawMessage{}
			}
			entry.Extra[strings.Clone(key.Str)] = unknown
		}
		return true
	})
	if entry.Organization == nil && organizationID != "" {
		entry.Organization = &Ref{}
	}
	if entry.Organization != nil && entry.Organization.ID == "" {
		entry.Organization.ID = organizationID
	}
	return entry, !entry.TriggeredAt.IsZero()
}

// decodeActor reads {id, name, email}, or as much of it as can be read: a person whose address is odd is still the one who acted.
func decodeActor(value gjson.Result) (*User, bool) {
	if !value.IsObject() {
		return nil, value.Type == gjson.Null
	}
	id, okID := decodeID(value.Get("id"))
	name, okName := decodeText(value.Get("name"))
	email, okEmail := decodeText(value.Get("email"))
	user := User{ID: id, Name: name, Email: email}
	if user == (User{}) {
		return nil, okID && okName && okEmail
	}
	return &user, okID && okName && okEmail
}

// decodeTarget reads the id of what was acted on: text that is mostly a number, or the number itself.
func decodeTarget(value gjson.Result) (string, bool) {
	if value.Type == gjson.Number {
		id, ok := decodeID(value)
		return string(id), ok
	}
	return decodeText(value)
}

func decodeVersion(value gjson.Result) (*Version, bool) {
	if !value.IsObject() {
		return nil, value.Type == gjson.Null
	}
	from, okFrom := decodeText(value.Get("from"))
	to, okTo := decodeText(value.Get("to"))
	if !okFrom || !okTo || from == "" && to == "" {
		return nil, okFrom && okTo
	}
	return &Version{From: from, To: to}, true
}

func decodeFilters(answer gjson.Result) *Filters {
	filters := &Filters{}
	for _, value := range list(answer.Get("users")) {
		if user, _ := decodeActor(value); user != nil {
			filters.Users = append(filters.Users, *user)
		}
	}
	for _, value := range list(answer.Get("teams")) {
		if team, _ := decodeRef(value); team != nil {
			filters.Teams = append(filters.Teams, *team)
		}
	}
	for _, value := range list(answer.Get("events")) {
		header, _ := decodeText(value.Get("header"))
		category := EventCategory{Header: header}
		for _, item := range list(value.Get("items")) {
			label, _ := decodeText(item.Get("label"))
			if name, ok := decodeText(item.Get("value")); ok && name != "" {
				category.Items = append(category.Items, EventItem{Label: label, Value: name})
			}
		}
		filters.Events = append(filters.Events, category)
	}
	return filters
}
