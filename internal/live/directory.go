package live

import (
	"context"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/order"
	"make-audit-mcp/internal/tz"
	"make-audit-mcp/makeapi"
)

func (r *Reader) me(ctx context.Context) (*makeapi.CurrentUser, error) {
	return r.account.get(ctx, struct{}{}, r.client.Users.Me)
}

// Account returns whose key this is.
func (r *Reader) Account(ctx context.Context) (auditlog.Account, error) {
	me, err := r.me(ctx)
	if err != nil {
		return auditlog.Account{}, err
	}
	return auditlog.Account{User: actorOf(me.User), Timezone: me.Timezone}, nil
}

// Organizations lists the user's organizations. Where the key may not list them, those that its roles name are returned without names.
func (r *Reader) Organizations(ctx context.Context) ([]auditlog.Organization, error) {
	me, err := r.me(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := r.organizations.get(ctx, struct{}{}, r.client.Organizations.List)
	if makeapi.IsKind(err, makeapi.KindForbidden) {
		for id := range me.OrganizationRoles {
			listed = append(listed, makeapi.Organization{ID: id})
		}
		order.By(listed, func(a, b makeapi.Organization) int { return strings.Compare(string(a.ID), string(b.ID)) })
	} else if err != nil {
		return nil, err
	}
	organizations := make([]auditlog.Organization, 0, len(listed))
	for _, wire := range listed {
		organization := auditlog.Organization{
			Ref:  auditlog.Ref{ID: auditlog.ID(wire.ID), Name: auditlog.Text(wire.Name)},
			Zone: auditlog.Text(wire.Zone),
			Here: r.isHere(wire.Zone),
		}
		if role, ok := me.OrganizationRoles[wire.ID]; ok {
			organization.Role, _ = r.roleName(ctx, organization.ID, role)
		}
		organizations = append(organizations, organization)
	}
	return organizations, nil
}

// isHere reports whether a zone is the one that the client talks to. Where neither the host nor the options say (a proxy, a private
// instance), all may be.
func (r *Reader) isHere(zone string) bool {
	own := r.options.Zone
	if host := r.client.Host(); own == "" && (strings.HasSuffix(host, ".make.com") || strings.HasSuffix(host, ".make.celonis.com")) {
		own = host
	}
	return zone == "" || own == "" || strings.EqualFold(zone, own)
}

// Catalog returns the organization's filters; where only teams may be read, those of its readable teams together.
func (r *Reader) Catalog(ctx context.Context, organization auditlog.ID) (*auditlog.Catalog, error) {
	return r.catalogs.get(ctx, organization, func(ctx context.Context) (*auditlog.Catalog, error) {
		access, err := r.Access(ctx, organization)
		if err != nil {
			return nil, err
		}
		filters, err := r.client.AuditLogs.OrganizationFilters(ctx, makeapi.ID(organization))
		if err == nil {
			return catalogOf(filters), nil
		}
		if !makeapi.IsKind(err, makeapi.KindForbidden) || len(access.ReadableTeams()) == 0 {
			return nil, err
		}
		merged := &auditlog.Catalog{Teams: access.ReadableTeams()}
		for _, team := range access.ReadableTeams() {
			catalog, err := r.TeamCatalog(ctx, organization, team.ID)
			if err != nil {
				return nil, err
			}
			merged.Users = appendNew(merged.Users, catalog.Users, func(a auditlog.Actor) auditlog.ID { return a.ID })
			merged.Events = appendNew(merged.Events, catalog.Events, func(e auditlog.Event) auditlog.Text { return e.Value })
		}
		return merged, nil
	})
}

// TeamCatalog returns one team's filters.
func (r *Reader) TeamCatalog(ctx context.Context, organization, team auditlog.ID) (*auditlog.Catalog, error) {
	return r.teamCatalogs.get(ctx, team, func(ctx context.Context) (*auditlog.Catalog, error) {
		filters, err := r.client.AuditLogs.TeamFilters(ctx, makeapi.ID(organization), makeapi.ID(team))
		if err != nil {
			return nil, err
		}
		return catalogOf(filters), nil
	})
}

// TeamOrganization returns the organization that a team belongs to.
func (r *Reader) TeamOrganization(ctx context.Context, team auditlog.ID) (auditlog.ID, error) {
	return r.teamOwners.get(ctx, team, func(ctx context.Context) (auditlog.ID, error) {
		found, err := r.client.Teams.Get(ctx, makeapi.ID(team))
		if err != nil {
			return "", err
		}
		return auditlog.ID(found.Organization), nil
	})
}

// UserTimezone returns the IANA zone that a user of an organization lives in; empty where Make does not show it to this key, or names a
// zone that is not known.
func (r *Reader) UserTimezone(ctx context.Context, organization, user auditlog.ID) string {
	if account, err := r.Account(ctx); err == nil && account.User.ID == user {
		return knownZone(account.Timezone)
	}
	zones, err := r.timezones.get(ctx, organization, func(ctx context.Context) (map[auditlog.ID]string, error) {
		return r.askTimezones(ctx, organization)
	})
	if err != nil {
		return ""
	}
	return knownZone(zones[user])
}

// askTimezones asks for the zones of an organization's users.
func (r *Reader) askTimezones(ctx context.Context, organization auditlog.ID) (map[auditlog.ID]string, error) {
	users, err := r.users(ctx, organization)
	if isRefusal(err) {
		return nil, nil // it is an answer, and is remembered as one
	}
	if err != nil {
		return nil, err
	}
	var names map[makeapi.ID]string
	if slices.ContainsFunc(users, hasZoneByID) {
		names, err = r.client.Enums.Timezones(ctx)
		if err != nil && !isRefusal(err) {
			return nil, err
		}
	}
	zones := make(map[auditlog.ID]string, len(users))
	for _, wire := range users {
		zone := wire.Timezone
		if hasZoneByID(wire) {
			zone = names[wire.TimezoneID]
		}
		zones[auditlog.ID(wire.ID)] = zone
	}
	return zones, nil
}

func hasZoneByID(user makeapi.Member) bool { return user.Timezone == "" && user.TimezoneID != "" }

// isRefusal reports whether asking again would only repeat an error.
func isRefusal(err error) bool {
	return makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound, makeapi.KindPlan, makeapi.KindBadRequest)
}

func knownZone(name string) string {
	if _, err := tz.Load(name); err != nil {
		return ""
	}
	return name
}

// ObservedEntries are the uuids of entries that are still kept, newest first.
func (r *Reader) ObservedEntries(organization auditlog.ID, limit int) []string {
	return r.walks.uuids(organization, limit)
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
