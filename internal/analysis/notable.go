package analysis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// Notable is an entry that a review would look at, and why.
type Notable struct {
	Entry *auditlog.Entry
	Why   string
	// Weight orders notable entries: the heavier, the sooner to look at.
	Weight int
}

// Weights of what is notable; findings tell severities by them.
const (
	weightTwoFactor    = 100
	weightRole         = 90
	weightOrganization = 85
	weightKey          = 80
	weightCredential   = 75
	weightConnection   = 70
	weightDeletion     = 60
	weightVariable     = 55
	weightUpdate       = 50
	weightWebhook      = 40
)

// notability tells why an event is notable; false if it is not. Event values are
// Make's to change, so it goes by the words of value, label and category.
func notability(event auditlog.Text, catalog *auditlog.Catalog) (why string, weight int, ok bool) {
	text := string(event) + " " + string(catalog.Kind(event))
	if i := slices.IndexFunc(catalog.Events, func(t auditlog.EventType) bool { return t.Value == event }); i >= 0 {
		text += " " + string(catalog.Events[i].Label)
	}
	words := strings.FieldsFunc(auditlog.Fold(text), func(r rune) bool { return r == '_' || r == ' ' || r == '-' || r == '.' || r == '/' })
	has := func(wanted ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool {
			return slices.Contains(wanted, word) || slices.Contains(wanted, strings.TrimSuffix(word, "s"))
		})
	}
	verb := auditlog.Fold(string(event))
	verb = verb[strings.LastIndexByte(verb, '_')+1:]
	switch {
	case has("2fa", "tfa", "mfa", "factor", "sso", "saml"):
		return "two-factor authentication or sign-on", weightTwoFactor, true
	case has("role", "member", "permission", "owner", "admin"):
		return "roles and membership", weightRole, true
	case has("organization", "organisation", "team") && !has("variable"):
		return "a team or the organization itself", weightOrganization, true
	case has("key", "token", "certificate"):
		return "a key", weightKey, true
	case has("credential"):
		return "access to credentials", weightCredential, true
	case has("connection") && verb != "updated":
		return "a connection to another system", weightConnection, true
	case has("connection"):
		return "a connection to another system", weightUpdate, true
	case verb == "deleted" || verb == "removed":
		return "a deletion", weightDeletion, true
	case has("variable") && has("organization", "organisation"):
		return "a variable of the whole organization", weightVariable, true
	case has("webhook") && verb == "created":
		return "a way in from outside", weightWebhook, true
	}
	return "", 0, false
}

// IsNotable tells whether a review would look at entries of an event.
func IsNotable(event auditlog.Text, catalog *auditlog.Catalog) bool {
	_, _, ok := notability(event, catalog)
	return ok
}

// isDeletion tells whether an event takes something away.
func isDeletion(event auditlog.Text) bool {
	return strings.HasSuffix(string(event), "_deleted") || strings.HasSuffix(string(event), "_removed")
}

// notableOf picks what is notable, the weightiest first, then the newest. Entries
// come newest first.
func notableOf(entries []*auditlog.Entry, catalog *auditlog.Catalog) []Notable {
	type judgement struct {
		why    string
		weight int
		ok     bool
	}
	known := map[auditlog.Text]judgement{}
	var notable []Notable
	for _, entry := range entries {
		judged, seen := known[entry.Event]
		if !seen {
			judged.why, judged.weight, judged.ok = notability(entry.Event, catalog)
			known[entry.Event] = judged
		}
		if judged.ok {
			notable = append(notable, Notable{Entry: entry, Why: judged.why, Weight: judged.weight})
		}
	}
	slices.SortStableFunc(notable, func(a, b Notable) int { return cmp.Compare(b.Weight, a.Weight) })
	return notable
}

// PowerEvents are the events of the catalog that touch roles, teams and how people
// sign in, by value.
func (s *Service) PowerEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.notableEvents(ctx, organization, func(_ auditlog.Text, weight int) bool { return weight >= weightOrganization })
}

// AccessEvents are the PowerEvents and those about keys and credentials.
func (s *Service) AccessEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.notableEvents(ctx, organization, func(_ auditlog.Text, weight int) bool { return weight >= weightCredential })
}

// MembershipEvents are the events of the catalog about roles and membership.
func (s *Service) MembershipEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.notableEvents(ctx, organization, func(_ auditlog.Text, weight int) bool { return weight == weightRole })
}

// OwnershipEvents are the events of the catalog by which somebody comes to own a
// way in or out: a key, a connection, a webhook.
func (s *Service) OwnershipEvents(ctx context.Context, organization auditlog.ID) ([]string, error) {
	return s.notableEvents(ctx, organization, func(event auditlog.Text, weight int) bool {
		return strings.HasSuffix(string(event), "_created") && slices.Contains([]int{weightKey, weightCredential, weightConnection, weightWebhook}, weight)
	})
}

func (s *Service) notableEvents(ctx context.Context, organization auditlog.ID, wanted func(event auditlog.Text, weight int) bool) ([]string, error) {
	catalog, _, err := s.catalogFor(ctx, organization)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, event := range catalog.Events {
		if _, weight, ok := notability(event.Value, catalog); ok && wanted(event.Value, weight) {
			values = appendOnce(values, string(event.Value))
		}
	}
	if len(values) == 0 {
		return nil, errNoSuchEvents
	}
	return values, nil
}

// errNoSuchEvents says that a question cannot be put in terms of the catalog.
var errNoSuchEvents = errors.New("Make's catalog of events has none of this sort")
