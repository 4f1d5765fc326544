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

// SignOnEvents are the events of the catalog about how people sign in: two-factor authentication.
func (s *Service) SignOnEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(_ auditlog.Event, p auditlog.Power) bool { return p == auditlog.PowerSignOn })
}

// KeyEvents are the events of the catalog about keys.
func (s *Service) KeyEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(_ auditlog.Event, p auditlog.Power) bool { return p == auditlog.PowerKey })
}

// CredentialEvents are the events of the catalog about requests for credentials.
func (s *Service) CredentialEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(_ auditlog.Event, p auditlog.Power) bool { return p == auditlog.PowerCredential })
}

// VariableEvents are the events of the catalog about variables of the organization and of teams.
func (s *Service) VariableEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(e auditlog.Event, _ auditlog.Power) bool { return e.ConcernsVariables() })
}

// PrivilegedEvents are the AccessEvents and those about variables.
func (s *Service) PrivilegedEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(e auditlog.Event, p auditlog.Power) bool {
		return p >= auditlog.PowerCredential || e.ConcernsVariables()
	})
}

// ScenarioEvents are the events of the catalog about scenarios.
func (s *Service) ScenarioEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.eventsTouching(ctx, organization, func(e auditlog.Event, _ auditlog.Power) bool { return e.Object() == "scenario" })
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
