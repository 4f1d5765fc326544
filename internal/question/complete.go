package question

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// CompleteOrganizations returns the ids of the organizations here that what was typed begins, or whose names it is part of.
func (r *Resolver) CompleteOrganizations(ctx context.Context, typed string) ([]string, error) {
	organizations, err := r.Directory.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, organization := range organizations {
		if organization.Here && Fits(typed, organization.Ref) {
			ids = append(ids, auditlog.Text(organization.ID).Clean())
		}
	}
	return ids, nil
}

// CompleteActors returns how to name, without doubt, the people that what was typed may mean: by address, or by id where there is none.
// People who left are among them if entries of theirs were read.
func (r *Resolver) CompleteActors(ctx context.Context, organization auditlog.ID, typed string) ([]string, error) {
	catalog, id, err := r.CatalogFor(ctx, organization)
	if err != nil {
		return nil, err
	}
	var values []string
	known := map[auditlog.ID]bool{}
	for _, actor := range slices.Concat(catalog.Users, r.Directory.ObservedActors(ctx, id)) {
		if known[actor.ID] || !Fits(typed, auditlog.Ref{ID: actor.ID, Name: actor.Name + " " + actor.Email}) {
			continue
		}
		known[actor.ID] = true
		value := actor.Email.Clean()
		if value == "" {
			value = auditlog.Text(actor.ID).Clean()
		}
		values = append(values, value)
	}
	return values, nil
}

// CompleteTeams returns the teams that what was typed may mean: by name, or by id where there is none or it means something else as well.
func (r *Resolver) CompleteTeams(ctx context.Context, organization auditlog.ID, typed string) ([]string, error) {
	catalog, _, err := r.CatalogFor(ctx, organization)
	if err != nil {
		return nil, err
	}
	var values []string
	meanings := map[string]int{none: 1}
	for _, team := range catalog.Teams {
		meanings[auditlog.Fold(string(team.Name))]++
		meanings[auditlog.Fold(string(team.ID))]++
	}
	for _, team := range catalog.Teams {
		if !Fits(typed, team) {
			continue
		}
		value := team.Name.Clean()
		if value == "" || meanings[auditlog.Fold(string(team.Name))] > 1 {
			value = auditlog.Text(team.ID).Clean()
		}
		values = append(values, value)
	}
	return values, nil
}

// CompleteEvents returns the categories and events that what was typed is part of.
func (r *Resolver) CompleteEvents(ctx context.Context, organization auditlog.ID, typed string) ([]string, error) {
	catalog, _, err := r.CatalogFor(ctx, organization)
	if err != nil {
		return nil, err
	}
	var categories, values []string
	for _, event := range catalog.Events {
		if category := event.Category.Clean(); contains(category, typed) {
			categories = appendOnce(categories, category)
		}
		if contains(string(event.Value), typed) || contains(string(event.Label), typed) {
			values = appendOnce(values, event.Value.Clean())
		}
	}
	return append(categories, values...), nil
}

// CatalogFor returns the catalog of the organization that is named, or else meant, and that organization's id.
func (r *Resolver) CatalogFor(ctx context.Context, id auditlog.ID) (*auditlog.Catalog, auditlog.ID, error) {
	organization, err := r.ResolveOrganization(ctx, id)
	if err != nil {
		return nil, "", err
	}
	catalog, err := r.Directory.Catalog(ctx, organization.ID)
	return catalog, organization.ID, err
}

// Fits reports whether what was typed begins an id or is part of a name.
func Fits(typed string, ref auditlog.Ref) bool {
	return strings.HasPrefix(string(ref.ID), typed) || contains(string(ref.Name), typed)
}

func contains(text, typed string) bool {
	return strings.Contains(auditlog.Fold(text), auditlog.Fold(typed))
}
