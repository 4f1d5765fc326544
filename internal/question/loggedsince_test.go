package question_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

// lateEvents is a directory whose catalog has the events that Make began to log on days that are known, and others.
func lateEvents() *directory {
	known := &directory{organizations: []auditlog.Organization{organization("1", true)}, catalog: kinds()}
	for value, category := range map[auditlog.Text]auditlog.Text{
		"two_factor_authentication_enforcement_enabled": "Two-factor authentication enforcement",
		"credential_request_created":                    "Credential requests", "credential_request_deleted": "Credential requests",
	} {
		known.catalog.Events = append(known.catalog.Events, auditlog.Event{Value: value, Category: category})
	}
	known.catalog.Events = append(known.catalog.Events, auditlog.Event{Value: "enforcement_off", Label: "Organization 2FA enforcement disabled"})
	return known
}

func TestEventsThatMakeBeganToLogWithinAWindowAreWarnedOf(t *testing.T) {
	t.Parallel()
	service := &question.Resolver{Directory: lateEvents(), Organization: "1", Location: time.UTC}
	const (
		factors  = "Make logs enforcement of two-factor authentication only since 2026-03-04: that there are no entries from before proves nothing"
		requests = "Make logs credential requests only since 2026-02-10: that there are no entries from before proves nothing"
	)
	for name, test := range map[string]struct {
		filter question.Filter
		notes  []string
	}{
		"by value":         {question.Filter{From: "2026-03-03", Events: []string{"two_factor_authentication_enforcement_enabled"}}, []string{factors}},
		"by words":         {question.Filter{From: "2026-03-03", Events: []string{"2fa"}}, []string{factors}},
		"by label":         {question.Filter{From: "2026-03-03", Events: []string{"organization 2FA enforcement disabled"}}, []string{factors}},
		"by category":      {question.Filter{From: "2026-02-09", Events: []string{"Credential requests"}}, []string{requests}},
		"by pattern":       {question.Filter{From: "2025-12-01", Events: []string{"credential_*"}}, []string{requests}},
		"by kind":          {question.Filter{From: "2025-12-01", Kind: "credential"}, []string{requests}},
		"among others":     {question.Filter{From: "2025-12-01", Events: []string{"team_created", "credential_*"}}, []string{requests}},
		"both":             {question.Filter{From: "2025-12-01", Events: []string{"2fa", "credential_request_*"}}, []string{factors, requests}},
		"one of two":       {question.Filter{From: "2026-02-20", Events: []string{"2fa", "credential_request_*"}}, []string{factors}},
		"over before":      {question.Filter{Period: "2025-12", Events: []string{"2fa"}}, []string{factors}},
		"from the day on":  {question.Filter{From: "2026-03-04", Events: []string{"2fa", "credential_request_*"}}, nil},
		"after it":         {question.Filter{From: "2026-11-01", Events: []string{"2fa", "credential_request_*"}}, nil},
		"a wider pattern":  {question.Filter{From: "2025-12-01", Events: []string{"*_deleted"}}, nil},
		"no filter":        {question.Filter{From: "2025-12-01"}, nil},
		"other events":     {question.Filter{From: "2025-12-01", Events: []string{"Webhooks"}}, nil},
		"what is left out": {question.Filter{From: "2025-12-01", ExcludeEvents: []string{"2fa"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.filter.From != "" {
				test.filter.To = "2026-11-19"
			}
			asked, err := service.Resolve(t.Context(), test.filter, 7)
			require.NoError(t, err)
			assert.Equal(t, test.notes, asked.Notes)
		})
	}
}
