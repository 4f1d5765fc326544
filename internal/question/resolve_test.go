package question_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// directory is what is known around a log.
type directory struct {
	auditlog.Directory // not called
	organizations      []auditlog.Organization
	unreadable         map[auditlog.ID]bool
	timezone           string
	catalog            *auditlog.Catalog
	seen               []auditlog.Actor
	seenEvents         []auditlog.Text
	seenTeams          []auditlog.Ref
	asOf               time.Time
	oldest             time.Time
	retentionDays      int
	err                error
}

func (d *directory) Organizations(context.Context) ([]auditlog.Organization, error) {
	return d.organizations, d.err
}

func (d *directory) Access(_ context.Context, id auditlog.ID) (*auditlog.Access, error) {
	return &auditlog.Access{Organization: !d.unreadable[id], Oldest: d.oldest, RetentionDays: d.retentionDays}, d.err
}

func (d *directory) Account(context.Context) (auditlog.Account, error) {
	return auditlog.Account{Timezone: d.timezone}, d.err
}

func (d *directory) Catalog(context.Context, auditlog.ID) (*auditlog.Catalog, error) {
	if d.catalog == nil {
		return nil, errors.New("no catalog")
	}
	return d.catalog, nil
}

func (d *directory) ObservedActors(context.Context, auditlog.ID) []auditlog.Actor { return d.seen }

func (d *directory) ObservedEvents(context.Context, auditlog.ID) []auditlog.Text { return d.seenEvents }

func (d *directory) ObservedTeams(context.Context, auditlog.ID) []auditlog.Ref { return d.seenTeams }

func (d *directory) AsOf(context.Context, auditlog.ID) time.Time { return d.asOf }

func (d *directory) Now() time.Time { return now() }

func organization(id auditlog.ID, here bool) auditlog.Organization {
	return auditlog.Organization{Ref: auditlog.Ref{ID: id, Name: "Org " + auditlog.Text(id)}, Zone: "z.make.com", Here: here}
}

func TestTheOrganizationIsTheOneMeant(t *testing.T) {
	t.Parallel()
	two := []auditlog.Organization{organization("1", true), organization("2", true), organization("3", false)}
	six := []auditlog.Organization{organization("1", true), organization("2", true), organization("3", true), organization("4", true),
		organization("5", true), organization("6", true)}
	for name, test := range map[string]struct {
		directory *directory
		byDefault auditlog.ID
		asked     auditlog.ID
		want      auditlog.ID
		says      string
	}{
		"named":                 {&directory{organizations: two}, "1", "2", "2", ""},
		"the default":           {&directory{organizations: two}, "2", "", "2", ""},
		"the only one":          {&directory{organizations: two[:1]}, "", "", "1", ""},
		"the only one here":     {&directory{organizations: two[1:]}, "", "", "2", ""},
		"the only readable one": {&directory{organizations: two, unreadable: map[auditlog.ID]bool{"1": true}}, "", "", "2", ""},
		"two":                   {&directory{organizations: two}, "", "", "", "name one"},
		"two, none readable": {&directory{organizations: two, unreadable: map[auditlog.ID]bool{"1": true, "2": true}}, "", "", "",
			"name one"},
		"many":                     {&directory{organizations: six}, "", "", "", "name one"},
		"none":                     {&directory{}, "", "", "", "none is visible"},
		"none here":                {&directory{organizations: two[2:]}, "", "", "", "no organization in this zone"},
		"of another zone":          {&directory{organizations: two}, "", "3", "", "MAKE_ZONE"},
		"unknown":                  {&directory{organizations: two}, "", "77", "", `1 ("Org 1")`},
		"unknown hostile":          {&directory{organizations: two}, "", "7\u202e\n7", "", `"7 7"`},
		"an unknown default":       {&directory{organizations: two}, "77", "", "", "MAKE_ORGANIZATION_ID"},
		"where nothing is told":    {&directory{err: errors.New("boom")}, "", "1", "", "boom"},
		"where access is not told": {&directory{organizations: two, err: errors.New("boom")}, "", "", "", "boom"},
	} {
		service := &question.Resolver{Directory: test.directory, Organization: test.byDefault}
		got, err := service.ResolveOrganization(t.Context(), test.asked)
		if test.says != "" {
			require.ErrorContains(t, err, test.says, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, test.want, got.ID, name)
	}
}

func TestDaysAreMeantInTheNearestZone(t *testing.T) {
	t.Parallel()
	service := &question.Resolver{Directory: &directory{timezone: "Asia/Kathmandu"}}
	zone := func(service *question.Resolver, asked string) string {
		location, err := service.ResolveLocation(t.Context(), asked)
		require.NoError(t, err)
		return location.String()
	}
	assert.Equal(t, "Asia/Kathmandu", zone(service, ""))
	assert.Equal(t, "Europe/Prague", zone(service, "Europe/Prague"))
	service.Location = time.FixedZone("Own", 0)
	assert.Equal(t, "Own", zone(service, ""))
	assert.Equal(t, "UTC", zone(&question.Resolver{Directory: &directory{timezone: "Moon/Sea"}}, ""))
	_, err := (&question.Resolver{Directory: &directory{err: errors.New("boom")}}).ResolveLocation(t.Context(), "")
	require.ErrorContains(t, err, "boom")
}

func TestEverythingThatIsNotUnderstoodIsToldAtOnce(t *testing.T) {
	t.Parallel()
	service := &question.Resolver{Directory: &directory{
		organizations: []auditlog.Organization{organization("1", true)}, timezone: "Europe/Prague",
		catalog: &auditlog.Catalog{Users: []auditlog.Actor{{ID: "5", Name: "Jan"}}, Teams: []auditlog.Ref{{ID: "9", Name: "Ops"}}},
		seen:    []auditlog.Actor{{ID: "6", Name: "Marek"}},
	}}
	_, err := service.Resolve(t.Context(), question.Filter{Actors: []string{"xenia"}, ExcludeActors: []string{"yvo"},
		Teams: []string{"zoo"}, Events: []string{"boo"}, From: "??", Timezone: "Mars"}, 7)
	for _, part := range []string{"xenia", "yvo", "zoo", "boo", "Mars"} {
		require.ErrorContains(t, err, part)
	}
	asked, err := service.Resolve(t.Context(),
		question.Filter{Actors: []string{"Marek", "6", "jan", "none"}, Teams: []string{"ops", "9", "NONE"}, ExcludeActors: []string{"none"},
			TargetID: "x"}, 7)
	require.NoError(t, err)
	q := asked.Query
	assert.Equal(t, []auditlog.Actor{{ID: "6", Name: "Marek"}, {ID: "5", Name: "Jan"}}, q.Actors)
	assert.Equal(t, []auditlog.Ref{{ID: "9", Name: "Ops"}}, q.Teams)
	assert.True(t, q.NoTeam && q.System && q.ExcludeSystem)
	assert.Equal(t, now().AddDate(0, 0, -7), q.Window.From.UTC())
	assert.Equal(t, now(), q.Window.To.UTC())
}

func TestReopenedCursorsKnowTheNamesAgain(t *testing.T) {
	t.Parallel()
	known := &directory{
		catalog: &auditlog.Catalog{Users: []auditlog.Actor{{ID: "5", Name: "Jan"}}, Teams: []auditlog.Ref{{ID: "9", Name: "Ops"}}},
		seen:    []auditlog.Actor{{ID: "6", Name: "Marek"}},
	}
	service := &question.Resolver{Directory: known, Cursors: sealer("s", "i")}
	cursor, err := service.Cursors.Seal(question.Cursor{TakenAt: now(), Tool: "list", Query: auditlog.Query{
		Window: lastDay(), Teams: []auditlog.Ref{{ID: "9"}, {ID: "10"}}, Actors: []auditlog.Actor{{ID: "6"}, {ID: "5"}},
		ExcludeActors: []auditlog.Actor{{ID: "7"}},
	}})
	require.NoError(t, err)
	place, err := service.Reopen(t.Context(), cursor, "list")
	require.NoError(t, err)
	assert.Equal(t, []auditlog.Ref{{ID: "9", Name: "Ops"}, {ID: "10"}}, place.Query.Teams)
	assert.Equal(t, []auditlog.Actor{{ID: "6", Name: "Marek"}, {ID: "5", Name: "Jan"}}, place.Query.Actors)
	assert.Equal(t, []auditlog.Actor{{ID: "7"}}, place.Query.ExcludeActors)
	_, err = service.Reopen(t.Context(), cursor, "history")
	var wrong *question.CursorError
	require.ErrorAs(t, err, &wrong, "a cursor is only for the tool that made it")
	require.ErrorContains(t, err, "list")
	known.catalog = nil
	place, err = service.Reopen(t.Context(), cursor, "list")
	require.NoError(t, err, "names are for show")
	assert.Equal(t, []auditlog.Actor{{ID: "6"}, {ID: "5"}}, place.Query.Actors)
}

func TestQuestionsThatFollowEachOtherEndAtTheSameInstant(t *testing.T) {
	t.Parallel()
	known := &directory{organizations: []auditlog.Organization{organization("1", true), organization("2", true)},
		timezone: "Europe/Prague"}
	service := &question.Resolver{Directory: known, Organization: "1"}
	resolve := func(f question.Filter) *question.Question {
		t.Helper()
		asked, err := service.Resolve(t.Context(), f, 7)
		require.NoError(t, err)
		return asked
	}
	assert.Equal(t, now(), resolve(question.Filter{}).Query.Window.To.UTC(), "nothing was read yet")

	service = &question.Resolver{Directory: known, Organization: "1"}
	asOf := now().Add(-3 * time.Minute)
	known.asOf = asOf
	for _, from := range []string{"", "30d", "24h", "now-36h", "2026-10-03T10:00", "today", "this month"} {
		asked := resolve(question.Filter{From: from})
		assert.Equal(t, asOf, asked.Query.Window.To.UTC(), from)
		assert.True(t, asked.AsOf.Equal(asOf), from)
		assert.Empty(t, asked.Notes, "it misleads nobody: %s", from)
	}
	assert.Equal(t, asOf.Add(-24*time.Hour), resolve(question.Filter{From: "24h"}).Query.Window.From.UTC(), "the whole window moves")

	for name, f := range map[string]question.Filter{
		"now, in so many words":    {To: "now"},
		"begun since it was read":  {From: asOf.Add(time.Minute).Format(time.RFC3339)},
		"the end is in the future": {To: "this month"},
	} {
		asked := resolve(f)
		assert.Equal(t, now(), asked.Query.Window.To.UTC(), name)
		assert.Zero(t, asked.AsOf, name)
		assert.Empty(t, asked.Notes, name)
	}
	assert.Equal(t, now(), resolve(question.Filter{From: "24h"}).Query.Window.To.UTC(), "never before an earlier question's end")
	assert.Equal(t, asOf, resolve(question.Filter{OrganizationID: "2"}).Query.Window.To.UTC(), "another log has its own")
	past := resolve(question.Filter{Period: "2026-10"})
	assert.Equal(t, time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), past.Query.Window.To.UTC())
	assert.Zero(t, past.AsOf, "a window of the past does not end now")
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

// newest is a log of which some entries can be read: then more is known of who and what occurs in it.
type newest struct {
	into   *directory
	actors []auditlog.Actor
	teams  []auditlog.Ref
	reads  int
}

func (n *newest) Read(context.Context, auditlog.Query, func(*auditlog.Entry) bool) (auditlog.Report, error) {
	n.reads++
	n.into.seen, n.into.seenTeams = n.actors, n.teams
	return auditlog.Report{}, nil
}

func numbered() (*question.Resolver, *newest) {
	known := &directory{
		organizations: []auditlog.Organization{organization("1", true)}, timezone: "UTC",
		catalog: &auditlog.Catalog{
			Users: []auditlog.Actor{{ID: "7", Name: "10"}, {ID: "8", Name: "7"}, {ID: "9", Name: "None"}},
			Teams: []auditlog.Ref{{ID: "24", Name: "2025"}, {ID: "30", Name: "24"}, {ID: "31", Name: "none"}},
		},
	}
	log := &newest{into: known}
	return &question.Resolver{Directory: known, Reader: log}, log
}

func TestNumbersAndNoneThatAreNamesAsWellAreAnsweredAndSaid(t *testing.T) {
	t.Parallel()
	service, _ := numbered()
	asked, err := service.Resolve(t.Context(), question.Filter{Teams: []string{"2025"}, Actors: []string{"10"},
		ExcludeActors: []string{"10"}}, 7)
	require.NoError(t, err)
	assert.Equal(t, []auditlog.Ref{{ID: "24", Name: "2025"}}, asked.Query.Teams)
	assert.Equal(t, []auditlog.Actor{{ID: "7", Name: "10"}}, asked.Query.Actors)
	assert.Equal(t, []auditlog.Actor{{ID: "7", Name: "10"}}, asked.Query.ExcludeActors)
	assert.Empty(t, asked.Notes)
	assert.Empty(t, service.Unfound(t.Context(), asked))

	asked, err = service.Resolve(t.Context(), question.Filter{Teams: []string{"24", "none"}, Actors: []string{"7", "none"}}, 7)
	require.NoError(t, err)
	assert.Equal(t, []auditlog.Ref{{ID: "24", Name: "2025"}}, asked.Query.Teams)
	assert.Equal(t, []auditlog.Actor{{ID: "7", Name: "10"}}, asked.Query.Actors)
	assert.True(t, asked.Query.NoTeam && asked.Query.System)
	assert.Equal(t, []string{
		`team: ids and the word none count before names; also called so: "24" (id 30), "none" (id 31); to ask for that, pass its id`,
		`actor: ids and the word none count before names; also called so: "7" (id 8), "None" (id 9); to ask for that, pass its id`,
	}, asked.Notes)
}

func TestANumberThatIsANameIsLookedForInTheLogAsAnID(t *testing.T) {
	t.Parallel()
	service, log := numbered()
	log.actors, log.teams = []auditlog.Actor{{ID: "10", Name: "Left"}}, []auditlog.Ref{{ID: "2025", Name: "Gone"}}
	asked, err := service.Resolve(t.Context(), question.Filter{Teams: []string{"2025"}, Actors: []string{"10"}}, 7)
	require.NoError(t, err)
	assert.Equal(t, []auditlog.Ref{{ID: "2025", Name: "Gone"}}, asked.Query.Teams)
	assert.Equal(t, []auditlog.Actor{{ID: "10", Name: "Left"}}, asked.Query.Actors)
	assert.Equal(t, 1, log.reads)
	require.Len(t, asked.Notes, 2)
	assert.Contains(t, asked.Notes[0], `"2025" (id 24)`)
	assert.Contains(t, asked.Notes[1], `"10" (id 7)`)
}

func TestIDsOfWhichNothingIsKnownAreToldOnceTheAnswerWasRead(t *testing.T) {
	t.Parallel()
	service, log := numbered()
	asked, err := service.Resolve(t.Context(), question.Filter{Teams: []string{"24", "501", "502"}, Actors: []string{"601", "602"},
		ExcludeActors: []string{"601", "603", "603"}}, 7)
	require.NoError(t, err)
	assert.Zero(t, log.reads, "the answer will tell")
	assert.Equal(t, []string{
		`actor "601", "602" fits nothing: neither Make's list nor any entry that was read so far has it as an id or a name`,
		`exclude_actor "601", "603" fits nothing: neither Make's list nor any entry that was read so far has it as an id or a name`,
		`team "501", "502" fits nothing: neither Make's list nor any entry that was read so far has it as an id or a name`,
	}, service.Unfound(t.Context(), asked))
	log.into.seen, log.into.seenTeams = []auditlog.Actor{{ID: "601"}}, []auditlog.Ref{{ID: "501"}, {ID: "502"}}
	assert.Equal(t, []string{
		`actor "602" fits nothing: neither Make's list nor any entry that was read so far has it as an id or a name`,
		`exclude_actor "603" fits nothing: neither Make's list nor any entry that was read so far has it as an id or a name`,
	}, service.Unfound(t.Context(), asked))
}

func TestTeamsThatMeanSomethingElseAsWellAreCompletedByID(t *testing.T) {
	t.Parallel()
	service, _ := numbered()
	teams, err := service.CompleteTeams(t.Context(), "", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"2025", "30", "31"}, teams)
}
