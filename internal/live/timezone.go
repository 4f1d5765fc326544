package live

import (
	"context"
	"strings"
	"time"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/makeapi"
)

// UserTimezone returns the IANA zone that a user of an organization lives in; empty
// where Make does not show it to this key, or names a zone that is not known.
func (r *Reader) UserTimezone(ctx context.Context, organization, user auditlog.ID) string {
	if account, err := r.Account(ctx); err == nil && account.User.ID == user {
		return knownZone(account.Timezone)
	}
	zones, err := r.timezones.get(ctx, organization, func(ctx context.Context) (map[auditlog.ID]string, error) {
		users, err := r.client.Users.ListOrganization(ctx, makeapi.ID(organization))
		if isRefusal(err) {
			return nil, nil // it is an answer, and is remembered as one
		}
		if err != nil {
			return nil, err
		}
		zones := make(map[auditlog.ID]string, len(users))
		var names map[makeapi.ID]string
		for _, wire := range users {
			zone := wire.Timezone
			if zone == "" && wire.TimezoneID != "" {
				if names == nil {
					if names, err = r.client.Enums.Timezones(ctx); isRefusal(err) {
						names = map[makeapi.ID]string{}
					} else if err != nil {
						return nil, err
					}
				}
				zone = names[wire.TimezoneID]
			}
			zones[auditlog.ID(wire.ID)] = zone
		}
		return zones, nil
	})
	if err != nil {
		return ""
	}
	return knownZone(zones[user])
}

// isRefusal reports errors that asking again would only repeat.
func isRefusal(err error) bool {
	return makeapi.IsKind(err, makeapi.KindForbidden, makeapi.KindNotFound, makeapi.KindPlan, makeapi.KindBadRequest)
}

func knownZone(name string) string {
	if _, err := time.LoadLocation(name); err != nil || strings.EqualFold(name, "Local") {
		return ""
	}
	return name
}
