package archive_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

// upToNow is the year up to now, as it is asked for later.
func (u *upstream) upToNow() auditlog.Query {
	q := year()
	q.Window.To = u.clock.Now()
	return q
}

func TestWhatWasWrittenSinceTheSyncIsInTheAnswer(t *testing.T) {
	t.Parallel()
	u := start(t, entries(100), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(3 * time.Hour)
	for i := range 40 {
		at := begin().Add(time.Duration(i) * time.Minute)
		if i%4 == 0 {
			at = begin().AddDate(0, 0, -3*i) // late
		}
		u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: at, CreatedAt: begin().Add(time.Hour), TargetID: "7", TeamID: []int64{0, salesTeam}[i%2]})
	}
	for _, key := range []string{adminKey, teamAdminKey} {
		reader, fromMake := u.reader(a, key), u.session(key, live.Options{})
		want, _ := readAll(t, fromMake, u.upToNow())
		got, report := readAll(t, reader, u.upToNow())
		assert.Equal(t, want, got)
		assert.Equal(t, auditlog.SourceArchiveAndLive, report.Source)
		count := 0
		report, err := reader.Tally(t.Context(), u.upToNow(), auditlog.TallyBy{Event: true}, func(bin auditlog.Bin) { count += bin.Count })
		require.NoError(t, err)
		assert.Len(t, want, count)
		assert.Equal(t, auditlog.SourceArchiveAndLive, report.Source)

		u.ResetRequests()
		assert.Equal(t, u.clock.Now(), reader.AsOf(t.Context(), "77"))
		_, _ = readAll(t, reader, u.upToNow())
		assert.Empty(t, u.Requests(), "what was read since is kept for the next question")

		// More comes, and a sync takes all of it in.
		u.clock.advance(time.Minute)
		u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_deleted", TriggeredAt: u.clock.Now().Add(-time.Second), TargetID: "7", TeamID: salesTeam})
		got, _ = readAll(t, reader, u.upToNow())
		assert.Len(t, got, len(want)+1)
	}
	reader := u.reader(a, adminKey)
	before, _ := readAll(t, reader, u.upToNow())
	u.sync(a, adminKey)
	after, report := readAll(t, reader, u.upToNow())
	assert.Equal(t, before, after)
	assert.Equal(t, auditlog.SourceArchive, report.Source)
	u.same(a)
}

func TestAClosedWindowIsAnsweredAsOfTheLastSync(t *testing.T) {
	t.Parallel()
	u := start(t, entries(100), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(2 * time.Hour)
	_, report := readAll(t, u.reader(a, adminKey), year())
	assert.Equal(t, auditlog.SourceArchive, report.Source)
	assert.Contains(t, fmt.Sprint(report.Warnings), "as of its last sync, 2026-11-20T12:00:00Z")
}

// unreachable is a reader whose Make cannot be reached any more.
func (u *upstream) unreachable(a *archive.Archive, isOwn bool) *archive.Reader {
	u.t.Helper()
	gone := httptest.NewServer(nil)
	gone.Close()
	base, err := makeapi.ParseBaseURL(gone.URL + makesim.BasePath)
	require.NoError(u.t, err)
	client := makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(adminKey), UserAgent: "archive-test/1", Now: u.clock.Now,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: time.Millisecond}),
	})
	return &archive.Reader{Source: live.New(client, live.Options{}), Archive: a, Instance: instance, IsOwn: isOwn, IsUnreachable: live.IsUnreachable}
}

func TestTheArchiveAnswersItsOwnKeyWhenMakeCannotBeReached(t *testing.T) {
	t.Parallel()
	u := start(t, entries(100), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(time.Hour)
	reader := u.unreachable(a, true)
	lines, report := readAll(t, reader, u.upToNow())
	assert.Len(t, lines, 100)
	assert.False(t, report.Complete)
	assert.Equal(t, begin(), report.Coverage.To)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "Make could not be asked")
	for name, ask := range map[string]func() error{
		"account":       func() error { _, err := reader.Account(t.Context()); return err },
		"organizations": func() error { _, err := reader.Organizations(t.Context()); return err },
		"access":        func() error { _, err := reader.Access(t.Context(), "77"); return err },
		"catalog":       func() error { _, err := reader.Catalog(t.Context(), "77"); return err },
	} {
		assert.NoError(t, ask(), name)
	}
	entry, err := reader.Detail(t.Context(), "77", u.Dump(organizationID)[0].UUID)
	var bare *auditlog.DetailsError
	require.ErrorAs(t, err, &bare)
	assert.True(t, reader.IsUnreachable(bare.Reason))
	assert.Equal(t, u.Dump(organizationID)[0].UUID, entry.UUID)
	assert.NotEmpty(t, reader.ObservedActors(t.Context(), "77"))
	assert.NotEmpty(t, reader.ObservedEvents(t.Context(), "77"))

	callers := u.unreachable(a, false)
	_, err = callers.Read(t.Context(), u.upToNow(), func(*auditlog.Entry) bool { return true })
	require.Error(t, err, "nobody else is answered without Make's word")
	_, err = callers.Detail(t.Context(), "77", u.Dump(organizationID)[0].UUID)
	require.Error(t, err)
	assert.Empty(t, callers.ObservedActors(t.Context(), "77"))
}

func TestCallersSeeWhatMakeLetsThemSee(t *testing.T) {
	t.Parallel()
	made := entries(100)
	for i := range made {
		if made[i].Actor != nil && made[i].TeamID != salesTeam && made[i].Actor.ID%2 == 0 {
			made[i].Actor.ID += 1000
		}
	}
	u := start(t, made, makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	reader := u.reader(a, teamAdminKey)
	var own, other makesim.Entry
	for _, entry := range u.Dump(organizationID) {
		if entry.TeamID == salesTeam {
			own = entry
		} else {
			other = entry
		}
	}
	_, err := reader.Detail(t.Context(), "77", own.UUID)
	require.NoError(t, err)
	_, err = reader.Detail(t.Context(), "77", other.UUID)
	require.Error(t, err)
	for _, actor := range reader.ObservedActors(t.Context(), "77") {
		assert.True(t, slices.ContainsFunc(u.Dump(organizationID), func(e makesim.Entry) bool {
			return e.TeamID == salesTeam && e.Actor != nil && auditlog.ID(strconv.FormatInt(e.Actor.ID, 10)) == actor.ID
		}), "%s did nothing in the team", actor.ID)
	}
	access, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	whole, err := u.reader(a, adminKey).Access(t.Context(), "77")
	require.NoError(t, err)
	assert.Equal(t, 100, whole.Archive.Entries)
	assert.Less(t, access.Archive.Entries, 100)
	position, err := reader.Since(t.Context(), acme(), archive.Position{}, func(entry *auditlog.Entry) error {
		assert.Equal(t, auditlog.ID("5"), entry.TeamID())
		return nil
	})
	require.NoError(t, err)
	assert.Positive(t, position.Next)
	status, err := reader.ArchiveStatus(t.Context())
	require.NoError(t, err)
	require.Len(t, status.Logs, 1)
	assert.Equal(t, access.Archive.Entries, status.Logs[0].Span.Entries)
}

func TestWhatWasStoredSinceComesOnceAndInOrder(t *testing.T) {
	t.Parallel()
	u := start(t, entries(90), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	reader := u.reader(a, adminKey)
	seen := map[string]bool{}
	collect := func(entry *auditlog.Entry) error {
		assert.False(t, seen[entry.UUID])
		assert.NotEmpty(t, entry.Raw)
		seen[entry.UUID] = true
		return nil
	}
	place, err := reader.Since(t.Context(), acme(), archive.Position{}, collect)
	require.NoError(t, err)
	assert.Len(t, seen, 90)
	u.clock.advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().AddDate(0, 0, -40), CreatedAt: begin().Add(time.Minute), TargetID: "1"})
	u.sync(a, adminKey)
	place, err = reader.Since(t.Context(), acme(), place, collect)
	require.NoError(t, err)
	assert.Len(t, seen, 91)
	var wrong *archive.PositionError
	_, err = reader.Since(t.Context(), acme(), archive.Position{Archive: place.Archive, Next: place.Next + 1000}, collect)
	require.ErrorAs(t, err, &wrong)
	_, err = reader.Since(t.Context(), acme(), archive.Position{Archive: "another"}, collect)
	require.ErrorAs(t, err, &wrong)
	_, err = reader.Since(t.Context(), acme(), archive.Position{}, func(*auditlog.Entry) error { return assert.AnError })
	require.ErrorIs(t, err, assert.AnError)
}

func TestWhoMayReadNothingGetsNothingFromTheArchive(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	reader := u.reader(a, memberKey)
	none := func(*auditlog.Entry) bool { assert.Fail(t, "an entry"); return true }
	var refused *auditlog.AccessError
	_, err := reader.Read(t.Context(), year(), none)
	require.ErrorAs(t, err, &refused)
	_, err = reader.Tally(t.Context(), year(), auditlog.TallyBy{Event: true}, func(auditlog.Bin) { assert.Fail(t, "a bin") })
	require.ErrorAs(t, err, &refused)
	_, err = reader.Detail(t.Context(), "77", u.Dump(organizationID)[0].UUID)
	require.Error(t, err)
	_, err = reader.Since(t.Context(), acme(), archive.Position{}, func(*auditlog.Entry) error { assert.Fail(t, "an entry"); return nil })
	require.ErrorAs(t, err, &refused)
	access, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	assert.False(t, access.Readable())
	assert.Nil(t, access.Archive)
	assert.Empty(t, reader.ObservedActors(t.Context(), "77"))
	assert.Empty(t, reader.ObservedEvents(t.Context(), "77"))
	assert.Zero(t, reader.AsOf(t.Context(), "77"))
	named, err := reader.NamedTargets(t.Context(), "77", called("Invoices"))
	require.NoError(t, err)
	assert.Empty(t, named)
	status, err := reader.ArchiveStatus(t.Context())
	require.NoError(t, err)
	assert.Empty(t, status.Logs)
}

func TestRightsThatMakeTakesBackAreTakenBackHere(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	before, _ := readAll(t, u.reader(a, teamAdminKey), year())
	assert.NotEmpty(t, before)
	u.Update(func(w *makesim.World) { w.TeamRoles = nil })
	_, err := u.reader(a, teamAdminKey).Read(t.Context(), year(), func(*auditlog.Entry) bool { return true })
	var refused *auditlog.AccessError
	require.ErrorAs(t, err, &refused)
}

// TestTheNameOfAnObjectIsToldToThoseWhoSeeIt has a scenario and a webhook of one id, in two teams.
func TestTheNameOfAnObjectIsToldToThoseWhoSeeIt(t *testing.T) {
	t.Parallel()
	u := start(t, []makesim.Entry{
		{OrganizationID: organizationID, Event: "scenario_created", TriggeredAt: begin().Add(-2 * time.Hour), TargetID: "42", TeamID: salesTeam, Details: map[string]any{"scenarioName": "Quotes"}},
		{OrganizationID: organizationID, Event: "webhook_created", TriggeredAt: begin().Add(-time.Hour), TargetID: "42", TeamID: opsTeam, Details: map[string]any{"webhookName": "Secret takeover"}},
	}, makesim.Quirks{})
	a := newArchive(t)
	all := options()
	all.Details = archive.AllDetails
	_, err := a.Sync(t.Context(), u.source(adminKey), all)
	require.NoError(t, err)
	for key, want := range map[string][2]int{adminKey: {1, 1}, teamAdminKey: {1, 0}} {
		for i, name := range []string{"Quotes", "Secret takeover"} {
			named, err := u.reader(a, key).NamedTargets(t.Context(), "77", called(name))
			require.NoError(t, err)
			assert.Len(t, named, want[i], "%s for %s", name, key)
		}
	}
}

func TestAFreshAnswerStaysFreeOfCallsForAWhile(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	reader := u.reader(a, adminKey)
	require.Equal(t, begin(), reader.AsOf(t.Context(), "77"))
	u.clock.advance(4 * time.Minute)
	u.ResetRequests()
	q := year()
	q.Window.From, q.Window.To = begin().AddDate(0, -6, 0), reader.AsOf(t.Context(), "77")
	assert.Equal(t, begin(), q.Window.To)
	_, report := readAll(t, reader, q)
	assert.True(t, report.Complete)
	assert.Empty(t, u.Requests())
	u.clock.advance(2 * time.Minute)
	assert.Zero(t, reader.AsOf(t.Context(), "77"), "after five minutes it is looked again")
	_, _ = readAll(t, reader, u.upToNow())
	assert.NotEmpty(t, u.Requests())
	assert.Equal(t, u.clock.Now(), reader.AsOf(t.Context(), "77"))
}

// meanwhile is a source that something happens to after it read what was written.
type meanwhile struct {
	archive.Source
	do func()
}

func (m meanwhile) Written(ctx context.Context, organization auditlog.Ref, since time.Time, yield func(*auditlog.Entry)) (time.Time, auditlog.Report, error) {
	asOf, report, err := m.Source.Written(ctx, organization, since, yield)
	m.do()
	return asOf, report, err
}

func TestASyncAmidAQuestionTakesNothingOutOfTheAnswer(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().Add(time.Minute), TargetID: "1"})
	for range 2 {
		for name, count := range map[string]func(*archive.Reader) int{
			"read": func(reader *archive.Reader) int {
				lines, _ := readAll(t, reader, u.upToNow())
				return len(lines)
			},
			"tally": func(reader *archive.Reader) (count int) {
				_, err := reader.Tally(t.Context(), u.upToNow(), auditlog.TallyBy{}, func(bin auditlog.Bin) { count += bin.Count })
				require.NoError(t, err)
				return count
			},
		} {
			u.clock.advance(time.Minute)
			u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: u.clock.Now().Add(-time.Second), TargetID: "1"})
			reader := u.reader(a, adminKey)
			reader.Source = meanwhile{reader.Source, func() { u.sync(a, adminKey) }}
			assert.Equal(t, len(u.Dump(organizationID)), count(reader), name)
			assert.Equal(t, len(u.Dump(organizationID)), count(reader), name)
		}
	}
}

// TestAnEntryThatChangesAfterTheSyncIsThereOnce has Make move an entry in time and to
// another team.
func TestAnEntryThatChangesAfterTheSyncIsThereOnce(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	changed := u.Dump(organizationID)[4]
	u.RemoveEntries(changed.UUID)
	u.clock.advance(time.Hour)
	changed.TriggeredAt, changed.CreatedAt, changed.Event = changed.TriggeredAt.Add(-time.Minute), begin().Add(time.Minute), "key_deleted"
	u.AddEntries(changed)
	reader := u.reader(a, adminKey)
	lines, _ := readAll(t, reader, u.upToNow())
	assert.Len(t, lines, 60)
	q := u.upToNow()
	q.Events = []auditlog.Event{{Value: "key_deleted"}}
	lines, _ = readAll(t, reader, q)
	counted := 0
	_, err := reader.Tally(t.Context(), q, auditlog.TallyBy{}, func(bin auditlog.Bin) { counted += bin.Count })
	require.NoError(t, err)
	assert.Len(t, lines, counted)
	u.sync(a, adminKey)
	lines, _ = readAll(t, reader, q)
	assert.Len(t, lines, 1)
	u.same(a)
}

func TestAFailureAfterAnAnswerLeavesWhatWasRead(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().Add(time.Minute), TargetID: "1"})
	reader := u.reader(a, adminKey)
	reached := u.clock.Now()
	lines, report := readAll(t, reader, u.upToNow())
	require.Len(t, lines, 61)
	require.Equal(t, reached, report.Coverage.To)
	u.clock.advance(time.Hour)
	u.SetQuirks(makesim.Quirks{NotJSON: true})
	lines, report = readAll(t, reader, u.upToNow())
	assert.Len(t, lines, 61)
	assert.Equal(t, auditlog.SourceArchiveAndLive, report.Source)
	assert.Equal(t, reached, report.Coverage.To)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "Make could not be asked")
}
