package analysis

import (
	"context"
	"errors"
	"slices"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
)

// PowerEvents are the events of the catalog that touch roles, teams and how people sign in, by value.
func (s *Service) PowerEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(_ auditlog.Event, p auditlog.Power) bool { return p >= auditlog.PowerOrganization })
}

// AccessEvents are the PowerEvents and those about keys and credentials.
func (s *Service) AccessEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(_ auditlog.Event, p auditlog.Power) bool { return p >= auditlog.PowerCredential })
}

// MembershipEvents are the events of the catalog about roles and membership.
func (s *Service) MembershipEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(_ auditlog.Event, p auditlog.Power) bool { return p == auditlog.PowerRole })
}

// OwnershipEvents are the events of the catalog by which somebody comes to own a way in or out: a key, a connection, a webhook.
func (s *Service) OwnershipEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	ways := []auditlog.Power{auditlog.PowerKey, auditlog.PowerCredential, auditlog.PowerConnection, auditlog.PowerWebhook}
	return s.eventsTouching(ctx, organization, func(event auditlog.Event, p auditlog.Power) bool {
		return event.Verb() == auditlog.VerbCreated && slices.Contains(ways, p)
	})
}

func (s *Service) eventsTouching(ctx context.Context, organization auditlog.ID,
	wanted func(auditlog.Event, auditlog.Power) bool) ([]string, error) {
	catalog, _, err := s.CatalogFor(ctx, organization)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, event := range catalog.Events {
		value := string(event.Value)
		if wanted(event, detect.PowerOf(event.Value, catalog)) && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return nil, errors.New("Make's catalog of events has none of this sort")
	}
	return values, nil
}
