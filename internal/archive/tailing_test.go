package archive_test

import (
	"fmt"
	"net/http/httptest"
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
	u := start(t, entries(300), makesim.Quirks{})
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
	u := start(t, entries(300), makesim.Quirks{})
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
	u := start(t, entries(300), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(time.Hour)
	reader := u.unreachable(a, true)
	lines, report := readAll(t, reader, u.upToNow())
	assert.Len(t, lines, 300)
	assert.False(t, report.Complete)
	assert.Equal(t, begin(), report.Coverage.To)
	assert.Contains(t, fmt.Sprint(report.Coverage.Gaps), "Make could not be asked")
	for name, ask := range map[string]func() error{
		"account":       func() error { _, err := reader.Account(t.Context()); return err },
		"organizations": func() error { _, err := reader.Organizations(t.Context()); return err },
		"access":        func() error { _, err := reader.Access(t.Context(), "77"); return err },
		"catalog":       func() error { _, err := reader.Catalog(t.Context(), "77"); return err },
		"entry":         func() error { _, err := reader.Detail(t.Context(), "77", u.Dump(organizationID)[0].UUID); return err },
	} {
		assert.NoError(t, ask(), name)
	}
	assert.NotEmpty(t, reader.SeenActors(t.Context(), "77"))
	assert.NotEmpty(t, reader.SeenEvents(t.Context(), "77"))

	callers := u.unreachable(a, false)
	_, err := callers.Read(t.Context(), u.upToNow(), func(*auditlog.Entry) bool { return true })
	require.Error(t, err, "nobody else is answered without Make's word")
	_, err = callers.Detail(t.Context(), "77", u.Dump(organizationID)[0].UUID)
	require.Error(t, err)
	assert.Empty(t, callers.SeenActors(t.Context(), "77"))
}

func TestCallersSeeWhatMakeLetsThemSee(t *testing.T) {
	t.Parallel()
	u := start(t, entries(300), makesim.Quirks{})
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
	access, err := reader.Access(t.Context(), "77")
	require.NoError(t, err)
	whole, err := u.reader(a, adminKey).Access(t.Context(), "77")
	require.NoError(t, err)
	assert.Equal(t, 300, whole.Archive.Entries)
	assert.Less(t, access.Archive.Entries, 300)
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
	u := start(t, entries(200), makesim.Quirks{})
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
	assert.Len(t, seen, 200)
	u.clock.advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().AddDate(0, 0, -40), CreatedAt: begin().Add(time.Minute), TargetID: "1"})
	u.sync(a, adminKey)
	place, err = reader.Since(t.Context(), acme(), place, collect)
	require.NoError(t, err)
	assert.Len(t, seen, 201)
	var wrong *archive.PositionError
	_, err = reader.Since(t.Context(), acme(), archive.Position{Archive: place.Archive, Next: place.Next + 1000}, collect)
	require.ErrorAs(t, err, &wrong)
	_, err = reader.Since(t.Context(), acme(), archive.Position{Archive: "another"}, collect)
	require.ErrorAs(t, err, &wrong)
	_, err = reader.Since(t.Context(), acme(), archive.Position{}, func(*auditlog.Entry) error { return assert.AnError })
	require.ErrorIs(t, err, assert.AnError)
}
