package question_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func TestObjectsAreMeantByNameOrTheBeginningOfAWord(t *testing.T) {
	t.Parallel()
	meant := func(want string, named ...auditlog.NamedTarget) auditlog.Text {
		asked, err := overArchive(time.Time{}, named...).Resolve(t.Context(), question.Filter{TargetID: want}, 7)
		require.NoError(t, err, want)
		return asked.Query.TargetID
	}
	sync := auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"}
	for want, fits := range map[string]bool{"Invoice sync": true, "invoice SYNC": true, "sync": true, "inv": true, "nvoice": false,
		"ínvoice": true} {
		assert.Equal(t, fits, meant(want, sync) == "7", want)
	}
	longer := auditlog.NamedTarget{ID: "8", Object: "scenario", Name: "Invoice sync of old"}
	assert.Equal(t, auditlog.Text("7"), meant("invoice sync", longer, sync), "the whole name before a beginning")
	assert.Equal(t, auditlog.Text("12"), meant("12", auditlog.NamedTarget{ID: "7", Name: "12 orders"}), "a number stands for an id")
	assert.Equal(t, auditlog.Text("7"), meant("12", auditlog.NamedTarget{ID: "7", Name: "12"}))
}

func TestOneObjectIsChosenAmongThoseOfAName(t *testing.T) {
	t.Parallel()
	sync := auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"}
	target, ok, err := question.MatchTarget("sync", []auditlog.NamedTarget{sync, {ID: "7", Object: "scenario", Name: "Sync of old"}}, nil)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, sync, target)
	_, ok, err = question.MatchTarget("x", nil, nil)
	require.NoError(t, err)
	assert.False(t, ok, "then it is taken for an id")
	_, _, err = question.MatchTarget("sync", []auditlog.NamedTarget{sync, {ID: "9", Object: "data_store", Name: "sync\u202e"}}, nil)
	var doubtful *question.NameError
	require.ErrorAs(t, err, &doubtful)
	assert.EqualError(t, err, `object "sync" fits 2 objects: 7 "Invoice sync" (scenario), 9 "sync" (data store): pass the id`)
}

func TestAnObjectIsOfTheKindThatIsAskedFor(t *testing.T) {
	t.Parallel()
	among := []auditlog.NamedTarget{{ID: "7", Object: "scenario", Name: "Invoices"}, {ID: "7", Object: "webhook", Name: "Invoices"}}
	target, ok, err := question.MatchTarget("invoices", among, []auditlog.Event{{Value: "key_deleted"}, {Value: "webhook_deleted"}})
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, among[1], target)
	_, _, err = question.MatchTarget("invoices", among[:1], []auditlog.Event{{Value: "webhook_deleted"}})
	assert.EqualError(t, err, `no object "invoices"; nearest: 7 "Invoices" (scenario); that is of another kind than event or kind asks for: leave them out, or pass those of the object that is meant`)
}

// archived is a directory with a durable copy behind it.
type archived struct {
	*directory
	from  time.Time
	named []auditlog.NamedTarget
}

func (a *archived) Access(context.Context, auditlog.ID) (*auditlog.Access, error) {
	return &auditlog.Access{Organization: true, Oldest: a.oldest, RetentionDays: 365, Archive: &auditlog.ArchiveSpan{From: a.from}}, nil
}

func (a *archived) IsTarget(context.Context, auditlog.ID, auditlog.Text) (bool, error) {
	return false, nil
}

func (*archived) TargetNames(context.Context, auditlog.ID, []auditlog.Target) (map[auditlog.Target][]auditlog.Text, error) {
	return nil, nil
}

func (a *archived) NamedTargets(_ context.Context, _ auditlog.ID, fits func(auditlog.Text) bool) ([]auditlog.NamedTarget, error) {
	var found []auditlog.NamedTarget
	for _, target := range a.named {
		if fits(target.Name) {
			found = append(found, target)
		}
	}
	return found, nil
}

func overArchive(from time.Time, named ...auditlog.NamedTarget) *question.Resolver {
	return &question.Resolver{Directory: &archived{
		directory: &directory{organizations: []auditlog.Organization{organization("1", true)}, timezone: "UTC",
			oldest: now().AddDate(0, -11, 0), catalog: &auditlog.Catalog{}},
		from: from, named: named,
	}}
}

func TestAllReachesBackToWhatTheArchiveHolds(t *testing.T) {
	t.Parallel()
	for from, want := range map[time.Time]time.Time{
		now().AddDate(-3, 0, 0): now().AddDate(-3, 0, 0),
		now().AddDate(0, -2, 0): now().AddDate(0, -11, 0),
		{}:                      now().AddDate(0, -11, 0),
	} {
		asked, err := overArchive(from).Resolve(t.Context(), question.Filter{From: "all"}, 7)
		require.NoError(t, err)
		assert.True(t, asked.Query.Window.From.Equal(want), "%s, not %s", asked.Query.Window.From, want)
	}
}

func TestObjectsAreFoundByName(t *testing.T) {
	t.Parallel()
	service := overArchive(time.Time{}, auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Invoice sync"},
		auditlog.NamedTarget{ID: "9", Object: "webhook", Name: "Invoices in"})
	asked, err := service.Resolve(t.Context(), question.Filter{TargetID: "invoice SYNC"}, 7)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("7"), asked.Query.TargetID)
	assert.Equal(t, []string{`target_id "invoice SYNC" is the name of object "7": query.event has what it is`}, asked.Notes)
	asked, err = service.Resolve(t.Context(), question.Filter{TargetID: "abc-123"}, 7)
	require.NoError(t, err)
	assert.Equal(t, auditlog.Text("abc-123"), asked.Query.TargetID, "what is no name is an id")
	assert.Empty(t, asked.Notes)
	_, err = service.Resolve(t.Context(), question.Filter{TargetID: "invoice", Events: []string{"nonsense"}}, 7)
	require.ErrorContains(t, err, "fits 2 objects")
	require.ErrorContains(t, err, "nonsense", "everything that was not understood is told at once")
}

func TestAnObjectsExactNameCountsBeforeWhatFoldingMakesOfIt(t *testing.T) {
	t.Parallel()
	service := overArchive(time.Time{}, auditlog.NamedTarget{ID: "7", Object: "scenario", Name: "Účty"},
		auditlog.NamedTarget{ID: "8", Object: "scenario", Name: "Ucty"}, auditlog.NamedTarget{ID: "9", Object: "scenario", Name: "Ucty 2"})
	for want, id := range map[string]auditlog.Text{"Účty": "7", "Ucty": "8", "ucty 2": "9"} {
		asked, err := service.Resolve(t.Context(), question.Filter{TargetID: want}, 7)
		require.NoError(t, err, want)
		assert.Equal(t, id, asked.Query.TargetID, want)
	}
	_, err := service.Resolve(t.Context(), question.Filter{TargetID: "ucty"}, 7)
	require.ErrorContains(t, err, "fits 2 objects")
}

func TestAnObjectsNameMeansItOnly(t *testing.T) {
	t.Parallel()
	service := overArchive(time.Time{}, auditlog.NamedTarget{ID: "7", Object: "webhook", Name: "Invoices in"})
	directory, _ := service.Directory.(*archived)
	directory.catalog = &auditlog.Catalog{Events: []auditlog.Event{
		{Value: "webhook_created", Category: "Webhooks"}, {Value: "webhook_deleted", Category: "Webhooks"},
		{Value: "scenario_deleted", Category: "Scenarios"},
	}}
	asked := func(f question.Filter) ([]string, error) {
		f.TargetID = "invoices in"
		asked, err := service.Resolve(t.Context(), f, 7)
		var events []string
		if err == nil {
			assert.Equal(t, auditlog.Text("7"), asked.Query.TargetID)
			for _, event := range asked.Query.Events {
				events = append(events, string(event.Value))
			}
		}
		return events, err
	}
	for _, c := range []struct {
		filter question.Filter
		want   []string
	}{
		{question.Filter{}, []string{"webhook_created", "webhook_deleted"}},
		{question.Filter{Events: []string{"*"}}, []string{"webhook_created", "webhook_deleted"}},
		{question.Filter{Events: []string{"*_deleted"}}, []string{"webhook_deleted"}},
		{question.Filter{Kind: "webhook"}, []string{"webhook_created", "webhook_deleted"}},
	} {
		events, err := asked(c.filter)
		require.NoError(t, err)
		assert.Equal(t, c.want, events, "%+v", c.filter)
	}
	for _, other := range []question.Filter{{Kind: "Scenarios"}, {Events: []string{"scenario_deleted"}}} {
		_, err := asked(other)
		require.ErrorContains(t, err, `7 "Invoices in" (webhook)`, "%+v", other)
		require.ErrorContains(t, err, "of another kind")
	}
}
