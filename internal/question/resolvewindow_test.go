package question_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func TestQuestionsThatFollowEachOtherEndAtTheSameInstant(t *testing.T) {
	t.Parallel()
	known := &directory{organizations: []auditlog.Organization{organization("1", true)}, timezone: "Europe/Prague"}
	service := &question.Resolver{Directory: known}
	resolve := func(f question.Filter) *question.Question {
		t.Helper()
		asked, err := service.Resolve(t.Context(), f, 7)
		require.NoError(t, err)
		return asked
	}
	assert.Equal(t, now(), resolve(question.Filter{}).Query.Window.To.UTC(), "nothing was read yet")

	asOf := now().Add(-3 * time.Minute)
	known.asOf = asOf
	for _, from := range []string{"", "30d", "24h", "now-36h", "2026-10-03T10:00", "today", "this month"} {
		asked := resolve(question.Filter{From: from})
		assert.Equal(t, asOf, asked.Query.Window.To.UTC(), from)
		require.Len(t, asked.Notes, 1, from)
		assert.Contains(t, asked.Notes[0], "to \"now\" reads anew")
	}
	assert.Equal(t, asOf.Add(-24*time.Hour), resolve(question.Filter{From: "24h"}).Query.Window.From.UTC(), "the whole window moves")

	for name, f := range map[string]question.Filter{
		"now, in so many words":    {To: "now"},
		"begun since it was read":  {From: asOf.Add(time.Minute).Format(time.RFC3339)},
		"the end is in the future": {To: "this month"},
	} {
		asked := resolve(f)
		assert.Equal(t, now(), asked.Query.Window.To.UTC(), name)
		assert.Empty(t, asked.Notes, name)
	}
	past := resolve(question.Filter{From: "2026-10"})
	assert.Equal(t, time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), past.Query.Window.To.UTC())
	assert.Empty(t, past.Notes, "a window of the past does not end now")
}

// TestNamedDaysAreNotThoseOfTheDayBefore guards what would be wrong and not merely old: just after midnight today is another day.
func TestNamedDaysAreNotThoseOfTheDayBefore(t *testing.T) {
	t.Parallel()
	location := time.FixedZone("justAfterMidnight", int((12*time.Hour+time.Minute)/time.Second)) // noon in UTC
	known := &directory{organizations: []auditlog.Organization{organization("1", true)}, asOf: now().Add(-2 * time.Minute)}
	asked, err := (&question.Resolver{Directory: known, Location: location}).Resolve(t.Context(), question.Filter{From: "today"}, 7)
	require.NoError(t, err)
	assert.Equal(t, now().Add(-time.Minute), asked.Query.Window.From.UTC())
	assert.Equal(t, now(), asked.Query.Window.To.UTC())
}

func TestAllIsFromWhereTheLogBegins(t *testing.T) {
	t.Parallel()
	founded := now().AddDate(0, -2, 0)
	for name, test := range map[string]struct {
		known *directory
		want  time.Time
	}{
		"a young organization": {&directory{oldest: founded, retentionDays: 365}, founded},
		"an old one":           {&directory{oldest: now().AddDate(-2, 0, 0), retentionDays: 365}, now().AddDate(0, 0, -365)},
		"an empty log":         {&directory{retentionDays: 30}, now().AddDate(0, 0, -30)},
	} {
		test.known.organizations = []auditlog.Organization{organization("1", true)}
		asked, err := (&question.Resolver{Directory: test.known, Location: time.UTC}).Resolve(t.Context(), question.Filter{From: " ALL "},
			7)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, asked.Query.Window.From, name)
	}
	broken := &directory{organizations: []auditlog.Organization{organization("1", true)}}
	service := &question.Resolver{Directory: broken, Location: time.UTC, Organization: "1"}
	_, err := service.Resolve(t.Context(), question.Filter{To: "all"}, 7)
	require.ErrorContains(t, err, "may begin")
	broken.err = errors.New("boom")
	_, err = service.Resolve(t.Context(), question.Filter{From: "all"}, 7)
	require.ErrorContains(t, err, "boom")
}

func TestEventsThatOnlyTheLogKnowsCanBeAskedFor(t *testing.T) {
	t.Parallel()
	service := &question.Resolver{Location: time.UTC, Directory: &directory{
		organizations: []auditlog.Organization{organization("1", true)}, seenEvents: []auditlog.Text{"webhook_paused", "webhook_created"},
		catalog: &auditlog.Catalog{Events: []auditlog.Event{{Value: "webhook_created", Category: "Webhooks"},
			{Value: "key_created", Category: "Keys"}}},
	}}
	values := func(want string) []auditlog.Text {
		t.Helper()
		asked, err := service.Resolve(t.Context(), question.Filter{Events: []string{want}}, 7)
		require.NoError(t, err)
		var values []auditlog.Text
		for _, event := range asked.Query.Events {
			values = append(values, event.Value)
		}
		return values
	}
	assert.Equal(t, []auditlog.Text{"webhook_paused"}, values("webhook_paused"))
	assert.Equal(t, []auditlog.Text{"webhook_created", "webhook_paused"}, values("webhook_*"))
	assert.Equal(t, []auditlog.Text{"webhook_created"}, values("Webhooks"), "Make does not say that it belongs there")
	kind, events, err := service.ResolveKind(t.Context(), "1", "webhook")
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("Webhooks"), kind)
	assert.Len(t, events, 2, "an object's history has all that happened to it")
}
