package archive_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
	"make-audit-mcp/makeapi"
)

func TestWhatWasWrittenSinceTheSyncIsInTheAnswer(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 100)
	u.Clock.Advance(3 * time.Hour)
	for i := range 40 {
		at := storetest.Begin().Add(time.Duration(i) * time.Minute)
		if i%4 == 0 {
			at = storetest.Begin().AddDate(0, 0, -3*i) // late
		}
		u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created", TriggeredAt: at,
			CreatedAt: storetest.Begin().Add(time.Hour), TargetID: "7", TeamID: []int64{0, audittest.SalesTeam}[i%2]})
	}
	for _, key := range []string{audittest.AdminKey, audittest.TeamAdminKey} {
		reader, fromMake := u.Reader(a, key), u.Session(key, live.Options{})
		want, _ := storetest.ReadAll(t, fromMake, u.UpToNow())
		got, report := storetest.ReadAll(t, reader, u.UpToNow())
		assert.Equal(t, want, got)
		assert.Equal(t, auditlog.SourceArchiveAndLive, report.Source)
		count := 0
		report, err := reader.Tally(t.Context(), u.UpToNow(), auditlog.TallyBy{Event: true}, func(bin auditlog.Bin) { count += bin.Count })
		require.NoError(t, err)
		assert.Len(t, want, count)
		assert.Equal(t, auditlog.SourceArchiveAndLive, report.Source)

		u.ResetRequests()
		assert.Equal(t, u.Clock.Now(), reader.AsOf(t.Context(), "77"))
		_, _ = storetest.ReadAll(t, reader, u.UpToNow())
		assert.Empty(t, u.Requests(), "what was read since is kept for the next question")

		// More comes, and a sync takes all of it in.
		u.Clock.Advance(time.Minute)
		u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_deleted",
			TriggeredAt: u.Clock.Now().Add(-time.Second), TargetID: "7", TeamID: audittest.SalesTeam})
		got, _ = storetest.ReadAll(t, reader, u.UpToNow())
		assert.Len(t, got, len(want)+1)
	}
	reader := u.Reader(a, audittest.AdminKey)
	before, _ := storetest.ReadAll(t, reader, u.UpToNow())
	u.Sync(a, audittest.AdminKey)
	after, report := storetest.ReadAll(t, reader, u.UpToNow())
	assert.Equal(t, before, after)
	assert.Equal(t, auditlog.SourceArchive, report.Source)
	u.Same(a)
}

func TestAClosedWindowIsAnsweredAsOfTheLastSync(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 100)
	u.Clock.Advance(2 * time.Hour)
	_, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
	assert.Equal(t, auditlog.SourceArchive, report.Source)
	assert.Contains(t, fmt.Sprint(report.Warnings), "as of its last sync, 2026-11-20T12:00:00Z")
}

// unreachable is a reader whose Make cannot be reached any more.
func unreachable(u *storetest.Upstream, a *archive.Archive, isOwn bool) *archive.Reader {
	u.T.Helper()
	gone := httptest.NewServer(nil)
	gone.Close()
	base, err := makeapi.ParseBaseURL(gone.URL + makesim.BasePath)
	require.NoError(u.T, err)
	client := makeapi.New(makeapi.Options{
		BaseURL: base, Credential: makeapi.StaticKey(audittest.AdminKey), UserAgent: "archive-test/1", Now: u.Clock.Now,
		Budget: makeapi.NewBudget(makeapi.BudgetOptions{RequestsPerMinute: makeapi.Unlimited, Minute: time.Millisecond}),
	})
	return &archive.Reader{Source: live.New(client, live.Options{}), Archive: a, Instance: audittest.Zone, IsOwn: isOwn,
		IsUnreachable: makeapi.IsUnreachable}
}

func TestTheArchiveAnswersItsOwnKeyWhenMakeCannotBeReached(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 100)
	u.Clock.Advance(time.Hour)
	reader := unreachable(u, a, true)
	lines, report := storetest.ReadAll(t, reader, u.UpToNow())
	assert.Len(t, lines, 100)
	assert.False(t, report.Complete)
	assert.Equal(t, storetest.Begin(), report.Coverage.To)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "Make could not be asked")
	for name, ask := range map[string]func() error{
		"account":       func() error { _, err := reader.Account(t.Context()); return err },
		"organizations": func() error { _, err := reader.Organizations(t.Context()); return err },
		"access":        func() error { _, err := reader.Access(t.Context(), "77"); return err },
		"catalog":       func() error { _, err := reader.Catalog(t.Context(), "77"); return err },
	} {
		assert.NoError(t, ask(), name)
	}
	roster, err := reader.Roster(t.Context(), "77")
	require.NoError(t, err)
	assert.Len(t, roster.Members, 3)
	assert.NotNil(t, roster.Recalled)
	assert.Contains(t, fmt.Sprint(roster.Unknown), "from the archive's last sync")
	entry, err := reader.Detail(t.Context(), "77", u.Dump(audittest.OrganizationID)[0].UUID)
	var bare *auditlog.DetailsError
	require.ErrorAs(t, err, &bare)
	assert.True(t, reader.IsUnreachable(bare.Reason))
	assert.Equal(t, u.Dump(audittest.OrganizationID)[0].UUID, entry.UUID)
	assert.NotEmpty(t, reader.ObservedActors(t.Context(), "77"))
	assert.NotEmpty(t, reader.ObservedEvents(t.Context(), "77"))

	callers := unreachable(u, a, false)
	_, err = callers.Read(t.Context(), u.UpToNow(), func(*auditlog.Entry) bool { return true })
	require.Error(t, err, "nobody else is answered without Make's word")
	_, err = callers.Roster(t.Context(), "77")
	require.Error(t, err)
	_, err = callers.Detail(t.Context(), "77", u.Dump(audittest.OrganizationID)[0].UUID)
	require.Error(t, err)
	assert.Empty(t, callers.ObservedActors(t.Context(), "77"))
}

// without is the reader of an archive whose Make is at another address.
func without(u *storetest.Upstream, a *archive.Archive, url string) *archive.Reader {
	reader := u.Reader(a, audittest.AdminKey)
	reader.Source = storetest.Elsewhere(u.T, url, u.Clock.Now()).Session(audittest.AdminKey, live.Options{})
	return reader
}

func TestASilentMakeLeavesTheArchiveTimeToAnswer(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 100)
	u.Clock.Advance(time.Hour)
	silent := httptest.NewServer(audittest.Breakages()["silent"])
	t.Cleanup(silent.Close)
	reader := without(u, a, silent.URL+makesim.BasePath)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	count := 0
	report, err := reader.Read(ctx, u.UpToNow(), func(*auditlog.Entry) bool { count++; return true })
	require.NoError(t, err)
	require.NoError(t, ctx.Err())
	assert.Equal(t, 100, count)
	assert.Equal(t, storetest.Begin(), report.Coverage.To)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "Make could not be asked (it did not answer in time)")
	begun := time.Now()
	assert.Empty(t, reader.UserTimezone(ctx, "77", "1"))
	_, err = reader.Read(ctx, u.UpToNow(), func(*auditlog.Entry) bool { return true })
	require.NoError(t, err)
	assert.Less(t, time.Since(begun), 700*time.Millisecond, "it is not waited for again at once")
}

func TestAZoneThatMakeDoesNotTellTakesNoTimeFromTheAnswer(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 20)
	silent := httptest.NewServer(audittest.Breakages()["silent"])
	t.Cleanup(silent.Close)
	reader := without(u, a, silent.URL+makesim.BasePath)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	assert.Empty(t, reader.UserTimezone(ctx, "77", "1"))
	require.NoError(t, ctx.Err())
	account, err := reader.Account(ctx)
	require.NoError(t, err)
	assert.Equal(t, auditlog.ID("1"), account.User.ID)
}

func TestWhoGoesAwayWhileMakeIsAskedIsNotAnswered(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 20)
	u.Clock.Advance(time.Hour)
	var asked sync.Once
	ctx, cancel := context.WithCancel(t.Context())
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Do(cancel)
		audittest.Breakages()["silent"](w, r)
	}))
	t.Cleanup(silent.Close)
	reader := without(u, a, silent.URL+makesim.BasePath)
	_, err := reader.Read(ctx, u.UpToNow(), func(*auditlog.Entry) bool { assert.Fail(t, "an entry"); return true })
	require.ErrorIs(t, err, context.Canceled)
	// Another's question asks Make for itself.
	reader.Source = u.Session(audittest.AdminKey, live.Options{})
	_, report := storetest.ReadAll(t, reader, u.UpToNow())
	assert.Equal(t, u.Clock.Now(), report.Coverage.To, "%+v", report)
}

// An answer of Make that refuses is Make's word, whatever the archive holds.
func TestWhatMakeRefusesIsRefusedToTheArchivesOwnKeyToo(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 20)
	for status, word := range map[int]string{401: "Unauthorized", 429: "Too many requests"} {
		refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"message":%q}`, word)
		}))
		t.Cleanup(refusing.Close)
		reader := without(u, a, refusing.URL+makesim.BasePath)
		_, err := reader.Read(t.Context(), u.UpToNow(), func(*auditlog.Entry) bool { return true })
		require.ErrorContains(t, err, word)
	}
}

func TestCallersSeeWhatMakeLetsThemSee(t *testing.T) {
	t.Parallel()
	made := storetest.Entries(100)
	for i := range made {
		if made[i].Actor != nil && made[i].TeamID != audittest.SalesTeam && made[i].Actor.ID%2 == 0 {
			made[i].Actor.ID += 1000
		}
	}
	u := storetest.Start(t, made, makesim.Quirks{})
	a := newArchive(t)
	u.Sync(a, audittest.AdminKey)
	reader := u.Reader(a, audittest.TeamAdminKey)
	var own, other makesim.Entry
	for _, entry := range u.Dump(audittest.OrganizationID) {
		if entry.TeamID == audittest.SalesTeam {
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
		assert.True(t, slices.ContainsFunc(u.Dump(audittest.OrganizationID), func(e makesim.Entry) bool {
			return e.TeamID == audittest.SalesTeam && e.Actor != nil && auditlog.ID(strconv.FormatInt(e.Actor.ID, 10)) == actor.ID
		}), "%s did nothing in the team", actor.ID)
	}
	teams := func(reader *archive.Reader) (ids []auditlog.ID) {
		for _, team := range reader.ObservedTeams(t.Context(), "77") {
			ids = append(ids, team.ID)
		}
		return ids
	}
	assert.Equal(t, []auditlog.ID{"5"}, teams(reader))
	assert.Equal(t, []auditlog.ID{"5", "6"}, teams(u.Reader(a, audittest.AdminKey)))
	access, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	whole, err := u.Reader(a, audittest.AdminKey).Access(t.Context(), "77")
	require.NoError(t, err)
	assert.Equal(t, 100, whole.Archive.Entries)
	assert.Less(t, access.Archive.Entries, 100)
	position, err := reader.Since(t.Context(), storetest.Acme(), archive.Position{}, func(entry *auditlog.Entry) error {
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
	u, a := synced(t, 90)
	reader := u.Reader(a, audittest.AdminKey)
	seen := map[string]bool{}
	collect := func(entry *auditlog.Entry) error {
		assert.False(t, seen[entry.UUID])
		assert.NotEmpty(t, entry.Raw)
		seen[entry.UUID] = true
		return nil
	}
	place, err := reader.Since(t.Context(), storetest.Acme(), archive.Position{}, collect)
	require.NoError(t, err)
	assert.Len(t, seen, 90)
	u.Clock.Advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created",
		TriggeredAt: storetest.Begin().AddDate(0, 0, -40), CreatedAt: storetest.Begin().Add(time.Minute), TargetID: "1"})
	u.Sync(a, audittest.AdminKey)
	place, err = reader.Since(t.Context(), storetest.Acme(), place, collect)
	require.NoError(t, err)
	assert.Len(t, seen, 91)
	var wrong *archive.PositionError
	for _, next := range []int64{-1, place.Next + 1000} {
		_, err = reader.Since(t.Context(), storetest.Acme(), archive.Position{Archive: place.Archive, Next: next}, collect)
		require.ErrorAs(t, err, &wrong)
	}
	_, err = reader.Since(t.Context(), storetest.Acme(), archive.Position{Archive: "another"}, collect)
	require.ErrorAs(t, err, &wrong)
	_, err = reader.Since(t.Context(), storetest.Acme(), archive.Position{}, func(*auditlog.Entry) error { return assert.AnError })
	require.ErrorIs(t, err, assert.AnError)
}

func TestWhoMayReadNothingGetsNothingFromTheArchive(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 60)
	reader := u.Reader(a, audittest.MemberKey)
	none := func(*auditlog.Entry) bool { assert.Fail(t, "an entry"); return true }
	var refused *auditlog.AccessError
	_, err := reader.Read(t.Context(), storetest.Year(), none)
	require.ErrorAs(t, err, &refused)
	_, err = reader.Tally(t.Context(), storetest.Year(), auditlog.TallyBy{Event: true}, func(auditlog.Bin) { assert.Fail(t, "a bin") })
	require.ErrorAs(t, err, &refused)
	_, err = reader.Detail(t.Context(), "77", u.Dump(audittest.OrganizationID)[0].UUID)
	require.Error(t, err)
	_, err = reader.Since(t.Context(), storetest.Acme(), archive.Position{},
		func(*auditlog.Entry) error { assert.Fail(t, "an entry"); return nil })
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
	u, a := synced(t, 60)
	before, _ := storetest.ReadAll(t, u.Reader(a, audittest.TeamAdminKey), storetest.Year())
	assert.NotEmpty(t, before)
	u.Update(func(w *makesim.World) { w.TeamRoles = nil })
	_, err := u.Reader(a, audittest.TeamAdminKey).Read(t.Context(), storetest.Year(), func(*auditlog.Entry) bool { return true })
	var refused *auditlog.AccessError
	require.ErrorAs(t, err, &refused)
}

// TestTheNameOfAnObjectIsToldToThoseWhoSeeIt has a scenario and a webhook of one id, in two teams.
func TestTheNameOfAnObjectIsToldToThoseWhoSeeIt(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, []makesim.Entry{
		{OrganizationID: audittest.OrganizationID, Event: "scenario_created", TriggeredAt: storetest.Begin().Add(-2 * time.Hour),
			TargetID: "42", TeamID: audittest.SalesTeam, Details: map[string]any{"scenarioName": "Quotes"}},
		{OrganizationID: audittest.OrganizationID, Event: "webhook_created", TriggeredAt: storetest.Begin().Add(-time.Hour), TargetID: "42",
			TeamID: audittest.OpsTeam, Details: map[string]any{"webhookName": "Secret takeover"}},
	}, makesim.Quirks{})
	a := newArchive(t)
	u.SyncWith(a, storetest.AllDetails())
	for key, want := range map[string][2]int{audittest.AdminKey: {1, 1}, audittest.TeamAdminKey: {1, 0}} {
		for i, name := range []string{"Quotes", "Secret takeover"} {
			named, err := u.Reader(a, key).NamedTargets(t.Context(), "77", called(name))
			require.NoError(t, err)
			assert.Len(t, named, want[i], "%s for %s", name, key)
		}
	}
}

func TestAFreshAnswerStaysFreeOfCallsForAWhile(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 60)
	reader := u.Reader(a, audittest.AdminKey)
	require.Equal(t, storetest.Begin(), reader.AsOf(t.Context(), "77"))
	u.Clock.Advance(4 * time.Minute)
	u.ResetRequests()
	q := storetest.Year()
	q.Window.From, q.Window.To = storetest.Begin().AddDate(0, -6, 0), reader.AsOf(t.Context(), "77")
	assert.Equal(t, storetest.Begin(), q.Window.To)
	_, report := storetest.ReadAll(t, reader, q)
	assert.True(t, report.Complete)
	assert.Empty(t, u.Requests())
	u.Clock.Advance(2 * time.Minute)
	assert.Zero(t, reader.AsOf(t.Context(), "77"), "after five minutes it is looked again")
	_, _ = storetest.ReadAll(t, reader, u.UpToNow())
	assert.NotEmpty(t, u.Requests())
	assert.Equal(t, u.Clock.Now(), reader.AsOf(t.Context(), "77"))
}

// meanwhile is a source that something happens to after it read what was written.
type meanwhile struct {
	archive.Source
	do func()
}

func (m meanwhile) Written(ctx context.Context, organization auditlog.Ref, since time.Time,
	yield func(*auditlog.Entry)) (time.Time, auditlog.Report, error) {
	asOf, report, err := m.Source.Written(ctx, organization, since, yield)
	m.do()
	return asOf, report, err
}

func TestASyncAmidAQuestionTakesNothingOutOfTheAnswer(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 60)
	u.Clock.Advance(time.Hour)
	u.Happens("key_created", storetest.Begin().Add(time.Minute))
	for range 2 {
		for name, count := range map[string]func(*archive.Reader) int{
			"read": func(reader *archive.Reader) int {
				lines, _ := storetest.ReadAll(t, reader, u.UpToNow())
				return len(lines)
			},
			"tally": func(reader *archive.Reader) (count int) {
				_, err := reader.Tally(t.Context(), u.UpToNow(), auditlog.TallyBy{}, func(bin auditlog.Bin) { count += bin.Count })
				require.NoError(t, err)
				return count
			},
		} {
			u.Clock.Advance(time.Minute)
			u.Happens("key_created", u.Clock.Now().Add(-time.Second))
			reader := u.Reader(a, audittest.AdminKey)
			reader.Source = meanwhile{reader.Source, func() { u.Sync(a, audittest.AdminKey) }}
			assert.Equal(t, len(u.Dump(audittest.OrganizationID)), count(reader), name)
			assert.Equal(t, len(u.Dump(audittest.OrganizationID)), count(reader), name)
		}
	}
}

// TestAnEntryThatChangesAfterTheSyncIsThereOnce has Make move an entry in time and to another team.
func TestAnEntryThatChangesAfterTheSyncIsThereOnce(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 60)
	changed := u.Dump(audittest.OrganizationID)[4]
	u.RemoveEntries(changed.UUID)
	u.Clock.Advance(time.Hour)
	changed.TriggeredAt, changed.CreatedAt, changed.Event = changed.TriggeredAt.Add(-time.Minute), storetest.Begin().Add(
		time.Minute), "key_deleted"
	u.AddEntries(changed)
	reader := u.Reader(a, audittest.AdminKey)
	lines, _ := storetest.ReadAll(t, reader, u.UpToNow())
	assert.Len(t, lines, 60)
	q := u.UpToNow()
	q.Events = []auditlog.Event{{Value: "key_deleted"}}
	lines, _ = storetest.ReadAll(t, reader, q)
	counted := 0
	_, err := reader.Tally(t.Context(), q, auditlog.TallyBy{}, func(bin auditlog.Bin) { counted += bin.Count })
	require.NoError(t, err)
	assert.Len(t, lines, counted)
	u.Sync(a, audittest.AdminKey)
	lines, _ = storetest.ReadAll(t, reader, q)
	assert.Len(t, lines, 1)
	u.Same(a)
}

func TestAFailureAfterAnAnswerLeavesWhatWasRead(t *testing.T) {
	t.Parallel()
	u, a := synced(t, 60)
	u.Clock.Advance(time.Hour)
	u.Happens("key_created", storetest.Begin().Add(time.Minute))
	reader := u.Reader(a, audittest.AdminKey)
	reached := u.Clock.Now()
	lines, report := storetest.ReadAll(t, reader, u.UpToNow())
	require.Len(t, lines, 61)
	require.Equal(t, reached, report.Coverage.To)
	u.Clock.Advance(time.Hour)
	u.SetQuirks(makesim.Quirks{NotJSON: true})
	lines, report = storetest.ReadAll(t, reader, u.UpToNow())
	assert.Len(t, lines, 61)
	assert.Equal(t, auditlog.SourceArchiveAndLive, report.Source)
	assert.Equal(t, reached, report.Coverage.To)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "Make could not be asked")
}

// heldUp is a Make whose account is never told: it hangs, or what is allowed of calls is used up, or another question asks for the same.
type heldUp struct {
	archive.Source
	by string
}

func (h heldUp) Account(ctx context.Context) (auditlog.Account, error) {
	if h.by == "the limit" {
		auditlog.ReportProgress(ctx, auditlog.Progress{Wait: 150 * time.Millisecond, Reason: "the budget is used up", Limit: true})
	}
	if h.by == "Make, after a while of the limit" {
		auditlog.ReportProgress(ctx, auditlog.Progress{Wait: time.Millisecond, Reason: "the budget is used up", Limit: true})
	}
	<-ctx.Done()
	if h.by == "another" {
		return auditlog.Account{}, fmt.Errorf("%w: %w", auditlog.ErrBehindAnother, ctx.Err())
	}
	return auditlog.Account{}, ctx.Err()
}

func TestAWaitForTheLimitOnCallsIsNotTakenForAMakeThatIsAway(t *testing.T) {
	t.Parallel()
	for by, isAway := range map[string]bool{
		"the limit": false, "another": false, "Make": true, "Make, after a while of the limit": true,
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			u, a := synced(t, 20)
			reader := u.Reader(a, audittest.AdminKey)
			reader.IsOwn, reader.Source = true, heldUp{reader.Source, by}
			var waits []auditlog.Progress
			ctx, cancel := context.WithTimeout(auditlog.WithProgress(t.Context(), func(p auditlog.Progress) { waits = append(waits, p) }),
				200*time.Millisecond)
			defer cancel()
			_, err := reader.Account(ctx)
			require.NoError(t, err, "the archive knows whose key it is")
			assert.Equal(t, strings.Contains(by, "limit"), len(waits) == 1, "the wait is told to whoever follows the question")
			catalog, err := reader.Catalog(t.Context(), "77")
			require.NoError(t, err)
			assert.Equal(t, isAway, catalog.Recalled != nil, "Make is asked the next question, unless it hung at the last")
		})
	}
}
