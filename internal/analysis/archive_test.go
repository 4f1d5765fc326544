package analysis_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
)

// archived is a directory with a durable copy behind it.
type archived struct {
	*directory
	from  time.Time
	named []auditlog.NamedTarget
}

func (a *archived) Access(context.Context, auditlog.ID) (*auditlog.Access, error) {
	return &auditlog.Access{Organization: true, Oldest: a.oldest, RetentionDays: 365, Archive: &auditlog.ArchiveSpan{From: a.from}}, nil
}

func (a *archived) NamedTargets(_ context.Context, _ auditlog.ID, want string) ([]auditlog.NamedTarget, error) {
	var found []auditlog.NamedTarget
	for _, target := range a.named {
		if exactly, begins := auditlog.NameFits(want, target.Name); exactly || begins {
			found = append(found, target)
		}
	}
	return found, nil
}

func overArchive(from time.Time, named ...auditlog.NamedTarget) *analysis.Service {
	return &analysis.Service{Directory: &archived{
		directory: &directory{organizations: []auditlog.Organization{organization("1", true)}, timezone: "UTC", oldest: now().AddDate(0, -11, 0), catalog: &auditlog.Catalog{}},
		from:      from, named: named,
	}}
}

func TestAllReachesBackToWhatTheArchiveHolds(t *testing.T) {
	t.Parallel()
	for from, want := range map[time.Time]time.Time{
		now().AddDate(-3, 0, 0): now().AddDate(-3, 0, 0),
		now().AddDate(0, -2, 0): now().AddDate(0, -11, 0),
		{}:                      now().AddDate(0, -11, 0),
	} {
		question, err := overArchive(from).Resolve(t.Context(), analysis.Filter{From: "all"}, 7)
		require.NoError(t, err)
		assert.True(t, question.Query.Window.From.Equal(want), "%s, not %s", question.Query.Window.From, want)
	}
}

func TestObjectsAreFoundByName(t *testing.T) {
	t.Parallel()
	service := overArchive(time.Time{}, auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"}, auditlog.NamedTarget{ID: "9", Object: "webhook", Name: "Invoices in"})
	question, err := service.Resolve(t.Context(), analysis.Filter{TargetID: "invoice SYNC"}, 7)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("7"), question.Query.TargetID)
	assert.Equal(t, []string{`target_id "invoice SYNC" is the name of object "7": query.event has what it is`}, question.Notes)
	question, err = service.Resolve(t.Context(), analysis.Filter{TargetID: "abc-123"}, 7)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("abc-123"), question.Query.TargetID, "what is no name is an id")
	assert.Empty(t, question.Notes)
	_, err = service.Resolve(t.Context(), analysis.Filter{TargetID: "invoice", Events: []string{"nonsense"}}, 7)
	require.ErrorContains(t, err, "fits 2 objects")
	require.ErrorContains(t, err, "nonsense", "everything that was not understood is told at once")
}

func TestAnObjectsNameMeansItOnly(t *testing.T) {
	t.Parallel()
	service := overArchive(time.Time{}, auditlog.NamedTarget{ID: "7", Object: "webhook", Name: "Invoices in"})
	directory, _ := service.Directory.(*archived)
	directory.catalog = &auditlog.Catalog{Events: []auditlog.EventType{
		{Value: "webhook_created", Category: "Webhooks"}, {Value: "webhook_deleted", Category: "Webhooks"}, {Value: "scenario_deleted", Category: "Scenarios"},
	}}
	asked := func(f analysis.Filter) ([]string, error) {
		f.TargetID = "invoices in"
		question, err := service.Resolve(t.Context(), f, 7)
		var events []string
		if err == nil {
			assert.Equal(t, auditlog.Text("7"), question.Query.TargetID)
			for _, event := range question.Query.Events {
				events = append(events, string(event.Value))
			}
		}
		return events, err
	}
	for _, c := range []struct {
		filter analysis.Filter
		want   []string
	}{
		{analysis.Filter{}, []string{"webhook_created", "webhook_deleted"}},
		{analysis.Filter{Events: []string{"*"}}, []string{"webhook_created", "webhook_deleted"}},
		{analysis.Filter{Events: []string{"*_deleted"}}, []string{"webhook_deleted"}},
		{analysis.Filter{Kind: "webhook"}, []string{"webhook_created", "webhook_deleted"}},
	} {
		events, err := asked(c.filter)
		require.NoError(t, err)
		assert.Equal(t, c.want, events, "%+v", c.filter)
	}
	for _, other := range []analysis.Filter{{Kind: "Scenarios"}, {Events: []string{"scenario_deleted"}}} {
		_, err := asked(other)
		require.ErrorContains(t, err, `7 "Invoices in" (webhook)`, "%+v", other)
		require.ErrorContains(t, err, "of another kind")
	}
}
