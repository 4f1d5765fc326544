package live

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

func (s *Reader) me(ctx context.Context) (*makeapi.CurrentUser, error) {
	return s.account.get(ctx, struct{}{}, s.client.Users.Me)
}

// Account tells whose key this is.
func (s *Reader) Account(ctx context.Context) (auditlog.Account, error) {
	me, err := s.me(ctx)
	if err != nil {
		return auditlog.Account{}, err
	}
	return auditlog.Account{User: actorOf(me.User), Timezone: me.Timezone}, nil
}

// Organizations lists the user's organizations. Where the key may not list
// them, those that its roles name are told without names.
func (s *Reader) Organizations(ctx context.Context) ([]auditlog.Organization, error) {
	me, err := s.me(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := s.organizations.get(ctx, struct{}{}, s.client.Organizations.List)
	if makeapi.IsKind(err, makeapi.KindForbidden) {
		for id := range me.OrganizationRoles {
			listed = append(listed, makeapi.Organization{ID: id})
		}
		slices.SortFunc(listed, func(a, b makeapi.Organization) int { return strings.Compare(string(a.ID), string(b.ID)) })
	} else if err != nil {
		return nil, err
	}
	organizations := make([]auditlog.Organization, 0, len(listed))
	for _, wire := range listed {
		organization := auditlog.Organization{
			Ref:  auditlog.Ref{ID: auditlog.ID(wire.ID), Name: auditlog.Text(wire.Name)},
			Zone: auditlog.Text(wire.Zone),
			Here: s.isHere(wire.Zone),
		}
		if role, ok := me.OrganizationRoles[wire.ID]; ok {
			organization.Role = auditlog.Text(makeapi.RoleName(role))
		}
		organizations = append(organizations, organization)
	}
	return organizations, nil
}

// isHere tells whether a zone is the one that the client talks to. Where neither
// the host nor the options tell (a proxy, a private instance), all may be.
func (s *Reader) isHere(zone string) bool {
	own := s.options.Zone
	if host := s.client.Host(); own == "" && (strings.HasSuffix(host, ".make.com") || strings.HasSuffix(host, ".make.celonis.com")) {
		own = host
	}
	return zone == "" || own == "" || strings.EqualFold(zone, own)
}

// Catalog tells the organization's filters; where only teams may be read,
// those of its readable teams together.
func (s *Reader) Catalog(ctx context.Context, organization auditlog.ID) (*auditlog.Catalog, error) {
	return s.catalogs.get(ctx, organization, func(ctx context.Context) (*auditlog.Catalog, error) {
		access, err := s.Access(ctx, organization)
		if err != nil {
			return nil, err
		}
		filters, err := s.client.AuditLogs.OrganizationFilters(ctx, makeapi.ID(organization))
		if err == nil {
			return catalogOf(filters), nil
		}
		if !makeapi.IsKind(err, makeapi.KindForbidden) || len(access.ReadableTeams()) == 0 {
			return nil, err
		}
		merged := &auditlog.Catalog{Teams: access.ReadableTeams()}
		for _, team := range access.ReadableTeams() {
			catalog, err := s.TeamCatalog(ctx, organization, team.ID)
			if err != nil {
				return nil, err
			}
			merged.Users = appendNew(merged.Users, catalog.Users, func(a auditlog.Actor) auditlog.ID { return a.ID })
			merged.Events = appendNew(merged.Events, catalog.Events, func(e auditlog.Event) auditlog.Text { return e.Value })
		}
		return merged, nil
	})
}

// TeamCatalog tells one team's filters.
func (s *Reader) TeamCatalog(ctx context.Context, organization, team auditlog.ID) (*auditlog.Catalog, error) {
	return s.teamCatalogs.get(ctx, team, func(ctx context.Context) (*auditlog.Catalog, error) {
		filters, err := s.client.AuditLogs.TeamFilters(ctx, makeapi.ID(organization), makeapi.ID(team))
		if err != nil {
			return nil, err
		}
		return catalogOf(filters), nil
	})
}

// TeamOrganization tells which organization a team belongs to.
func (s *Reader) TeamOrganization(ctx context.Context, team auditlog.ID) (auditlog.ID, error) {
	return s.teamOwners.get(ctx, team, func(ctx context.Context) (auditlog.ID, error) {
		found, err := s.client.Teams.Get(ctx, makeapi.ID(team))
		if err != nil {
			return "", err
		}
		return auditlog.ID(found.Organization), nil
	})
}

// ObservedEntries are the uuids of entries that are still kept, newest first.
func (s *Reader) ObservedEntries(organization auditlog.ID, limit int) []string {
	return s.walks.uuids(organization, limit)
}

func appendNew[T any, K comparable](to, from []T, key func(T) K) []T {
	known := make(map[K]bool, len(to))
	for _, item := range to {
		known[key(item)] = true
	}
	for _, item := range from {
		if !known[key(item)] {
			known[key(item)] = true
			to = append(to, item)
		}
	}
	return to
}
