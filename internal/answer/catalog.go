package answer

import (
	"fmt"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
	"make-audit-mcp/schemas"
)

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
		Organization: organization, Teams: []auditlog.Ref{}, Users: []auditlog.Actor{}, Events: []auditlog.Event{}, Warnings: []string{},
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
		result.Events = []auditlog.Event{}
	}
	if catalog.Recalled != nil {
		result.Warn(catalog.Recalled.Error())
	}
	cutCatalog(result, request)
	return result
}

// cutCatalog cuts the lists to the limit and to what fits: events first, since nothing else lists their values, then teams, then users.
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
		if hint := question.NotLoggedHint(request.Search); hint != "" {
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
