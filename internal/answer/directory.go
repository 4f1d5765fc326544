package answer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/schemas"
)

const (
	// maxOrganizationsProbed bounds how many organizations are asked for what
	// may be read of them.
	maxOrganizationsProbed = 20
	// maxOrganizationsListed and maxTeamsListed bound the lists.
	maxOrganizationsListed = 50
	maxTeamsListed         = 40
)

// Organizations tells what the key can see.
func Organizations(ctx context.Context, s *analysis.Service) (*schemas.ListOrganizationsResult, error) {
	account, err := s.Directory.Account(ctx)
	if err != nil {
		return nil, err
	}
	location, err := s.ResolveLocation(ctx, "")
	if err != nil {
		return nil, err
	}
	all, err := s.Directory.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	result := &schemas.ListOrganizationsResult{
		User:               schemas.User{Actor: account.User, Timezone: auditlog.Text(account.Timezone).Clean()},
		Organizations:      []schemas.Organization{},
		OrganizationsTotal: len(all),
		Warnings:           []string{},
	}
	probed, answered := 0, 0
	var failed error
	for _, organization := range all[:min(len(all), maxOrganizationsListed)] {
		shown := schemas.Organization{Ref: organization.Ref, Zone: organization.Zone, Role: organization.Role, Teams: []schemas.Team{}}
		switch {
		case !organization.Here:
			shown.Reason = "this organization lives in another zone; set MAKE_ZONE to " + organization.Zone.Quote() + ", with a key of that zone"
		case probed == maxOrganizationsProbed:
			shown.Reason = fmt.Sprintf("not asked: only the first %d organizations are", maxOrganizationsProbed)
		default:
			probed++
			access, err := s.Directory.Access(ctx, organization.ID)
			if err != nil {
				// The others can be told all the same.
				failed = err
				shown.Reason = "not known now: " + auditlog.Text(Explain(err)).Clean()
				break
			}
			answered++
			addAccess(&shown, access, location)
			if access.Recalled != nil {
				result.Warn(access.Recalled.Error())
			}
		}
		result.Organizations = append(result.Organizations, shown)
	}
	if failed != nil && (answered == 0 || errors.Is(failed, context.Canceled)) {
		return nil, failed
	}
	cutOrganizations(result)
	return result, nil
}

// cutOrganizations cuts the organizations, and the teams of each, to what fits.
func cutOrganizations(r *schemas.ListOrganizationsResult) {
	size := DefaultSize - Size(r.User) - Size(r.Warnings) - 600 // for the rest of the result
	for i := range r.Organizations {
		organization := &r.Organizations[i]
		teams := organization.Teams
		organization.Teams = []schemas.Team{}
		if size -= Size(organization) + len(","); size < 0 && i > 0 {
			r.Organizations = r.Organizations[:i]
			break
		}
		organization.Teams = cutList(teams, maxTeamsListed, &size)
		if cut := organization.TeamsTotal - len(organization.Teams); cut > 0 {
			r.Warn(fmt.Sprintf("%d more teams of organization %s are not listed here: list_audit_log_filters with kind teams finds them", cut, auditlog.Text(organization.ID)))
		}
	}
	if cut := r.OrganizationsTotal - len(r.Organizations); cut > 0 {
		r.Warn(fmt.Sprintf("%d more organizations are not listed here", cut))
	}
}

func addAccess(shown *schemas.Organization, access *auditlog.Access, location *time.Location) {
	shown.CanReadAuditLogs = access.Readable()
	shown.Reason = access.Reason
	if access.APILimit > 0 {
		shown.APILimitPerMinute = &access.APILimit
	}
	if access.Readable() {
		shown.RetentionDays = &access.RetentionDays
	}
	if !access.Oldest.IsZero() {
		shown.OldestEntryAt = Time(access.Oldest, location)
	}
	if archive := access.Archive; archive != nil {
		shown.Archive = &schemas.Archive{Entries: archive.Entries, AsOf: Time(archive.AsOf, location)}
		if archive.Entries > 0 {
			shown.Archive.FirstAt, shown.Archive.LastAt = Time(archive.FirstAt, location), Time(archive.LastAt, location)
		}
	}
	shown.TeamsTotal = len(access.Teams)
	for _, team := range access.Teams {
		shown.Teams = append(shown.Teams, schemas.Team{Ref: team.Ref, Role: team.Role, CanReadAuditLogs: team.Readable})
	}
}

// CatalogRequest chooses what to show of a catalog.
type CatalogRequest struct {
	// Kind is teams, users or events; empty means all.
	Kind string
	// Search keeps what contains it, ignoring case and accents.
	Search string
	// Limit is the most items per list; 0 means as many as fit.
	Limit int
}

// Catalog shows what a log can be asked for.
func Catalog(organization auditlog.Ref, catalog *auditlog.Catalog, request CatalogRequest) *schemas.ListFiltersResult {
	wants := func(kind string) bool { return request.Kind == "" || request.Kind == kind }
	needle := auditlog.Fold(request.Search)
	contains := func(fields ...string) bool {
		if needle == "" {
			return true
		}
		for _, field := range fields {
			if strings.Contains(auditlog.Fold(field), needle) {
				return true
			}
		}
		return false
	}
	result := &schemas.ListFiltersResult{
		Organization: organization, Teams: []auditlog.Ref{}, Users: []auditlog.Actor{}, Events: []auditlog.EventType{}, Warnings: []string{},
	}
	for _, team := range catalog.Teams {
		if contains(string(team.ID), string(team.Name)) {
			result.Teams = append(result.Teams, team)
		}
	}
	for _, user := range catalog.Users {
		if contains(string(user.ID), string(user.Name), string(user.Email)) {
			result.Users = append(result.Users, user)
		}
	}
	for _, event := range catalog.Events {
		if contains(string(event.Value), string(event.Label), string(event.Category)) {
			result.Events = append(result.Events, event)
		}
	}
	result.TeamsTotal, result.UsersTotal, result.EventsTotal = len(result.Teams), len(result.Users), len(result.Events)
	if !wants("teams") {
		result.Teams = []auditlog.Ref{}
	}
	if !wants("users") {
		result.Users = []auditlog.Actor{}
	}
	if !wants("events") {
		result.Events = []auditlog.EventType{}
	}
	if catalog.Recalled != nil {
		result.Warn(catalog.Recalled.Error())
	}
	cutCatalog(result, request)
	return result
}

// cutCatalog cuts the lists to the limit and to what fits: events first, since
// nothing else tells their values, then teams, then users.
func cutCatalog(r *schemas.ListFiltersResult, request CatalogRequest) {
	wanted := len(r.Teams) + len(r.Users) + len(r.Events)
	limit, size := request.Limit, LargeSize
	if limit == 0 {
		limit, size = max(r.TeamsTotal, r.UsersTotal, r.EventsTotal), DefaultSize
	}
	size -= Size(r.Warnings) + 600 // for the rest of the result
	r.Events = cutList(r.Events, limit, &size)
	r.Teams = cutList(r.Teams, limit, &size)
	r.Users = cutList(r.Users, limit, &size)
	if cut := wanted - len(r.Teams) - len(r.Users) - len(r.Events); cut > 0 {
		r.Warn(fmt.Sprintf("%d items are not listed here: narrow with search or kind, or raise limit", cut))
	}
	if request.Search != "" && wanted == 0 {
		r.Warn("nothing here contains " + auditlog.Text(request.Search).Quote() + "; people who have left may be missing")
		if hint := auditlog.NotLoggedHint(request.Search); hint != "" {
			r.Warn(hint)
		}
	}
}

func cutList[T any](items []T, limit int, size *int) []T {
	items = items[:min(len(items), limit)]
	items = items[:Fit(items, *size)]
	for _, item := range items {
		*size -= Size(item) + len(",")
	}
	return items
}
