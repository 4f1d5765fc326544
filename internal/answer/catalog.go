package answer

import (
	"fmt"
	"slices"
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
	result := &schemas.ListFiltersResult{Organization: organization, Warnings: []string{}}
	result.Teams, result.TeamsTotal = search(catalog.Teams, "teams", request, func(t auditlog.Ref) []string {
		return []string{string(t.ID), string(t.Name)}
	})
	result.Users, result.UsersTotal = search(catalog.Users, "users", request, func(u auditlog.Actor) []string {
		return []string{string(u.ID), string(u.Name), string(u.Email)}
	})
	result.Events, result.EventsTotal = search(catalog.Events, "events", request, func(e auditlog.Event) []string {
		return []string{string(e.Value), string(e.Label), string(e.Category)}
	})
	if catalog.Recalled != nil {
		result.Warn(catalog.Recalled.Error())
	}
	cutCatalog(result, catalog, request)
	return result
}

// search returns what is found of a list, nothing where another kind is asked for, and how much there is in any case.
func search[T any](items []T, kind string, request CatalogRequest, fields func(T) []string) (shown []T, total int) {
	needle := auditlog.Fold(request.Search)
	found := []T{}
	for _, item := range items {
		contains := func(field string) bool { return strings.Contains(auditlog.Fold(field), needle) }
		if needle == "" || slices.ContainsFunc(fields(item), contains) {
			found = append(found, item)
		}
	}
	if request.Kind != "" && request.Kind != kind {
		return []T{}, len(found)
	}
	return found, len(found)
}

// cutCatalog cuts the lists to the limit and to what fits: events first, since nothing else lists their values, then teams, then users.
func cutCatalog(r *schemas.ListFiltersResult, catalog *auditlog.Catalog, request CatalogRequest) {
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
		if hint := question.NotListedHint(catalog, request.Search); hint != "" {
			r.Warn(hint)
		}
	}
}
