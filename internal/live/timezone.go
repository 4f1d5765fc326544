package live

import (
	"context"
	"slices"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

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
	users, err := r.client.Users.ListOrganization(ctx, makeapi.ID(organization))
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

func hasZoneByID(user makeapi.User) bool { return user.Timezone == "" && user.TimezoneID != "" }

// isRefusal reports whether asking again would only repeat an error.
func isRefusal(err error) bool {
	return makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound, makeapi.KindPlan, makeapi.KindBadRequest)
}

func knownZone(name string) string {
	if _, err := time.LoadLocation(name); err != nil || strings.EqualFold(name, "Local") {
		return ""
	}
	return name
}
