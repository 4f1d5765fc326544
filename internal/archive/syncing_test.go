package archive_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

// same requires that an archive holds what the upstream has, entry for entry.
func (u *upstream) same(a *archive.Archive) {
	u.t.Helper()
	q := year()
	q.Window.From, q.Window.To = begin().AddDate(-3, 0, 0), u.clock.Now()
	want, _ := readAll(u.t, u.session(adminKey, live.Options{}), q)
	got, report := readAll(u.t, u.reader(a, adminKey), q)
	require.Equal(u.t, want, got)
	assert.Equal(u.t, auditlog.SourceArchive, report.Source)
	found := verify(u.t, a, archive.VerifyOptions{})
	require.True(u.t, found.Intact(), problems(found))
}

func TestLateEntriesAreFoundByTheNextSync(t *testing.T) {
	t.Parallel()
	u := start(t, entries(150), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(24 * time.Hour)
	u.AddEntries(makesim.Entry{UUID: "11111111-0000-4000-8000-000000000001", OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().AddDate(0, 0, -21), CreatedAt: begin().Add(time.Hour), TargetID: "9"})
	u.ResetRequests()
	summary := u.sync(a, adminKey)
	assert.Equal(t, 1, summary.Added)
	assert.Less(t, len(u.Requests()), 12, "a later sync costs few calls")
	u.same(a)
	assert.Zero(t, u.sync(a, adminKey).Added, "and nothing is stored twice")
}

func TestWhatVanishesStaysAndWhatChangesIsARecordOfItsOwn(t *testing.T) {
	t.Parallel()
	u := start(t, entries(100), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	held := u.Dump(organizationID)
	u.clock.advance(time.Hour)
	u.RemoveEntries(held[3].UUID, held[7].UUID)
	changed := held[7]
	changed.Event, changed.CreatedAt = "key_deleted", u.clock.Now()
	u.AddEntries(changed)
	summary := u.sync(a, adminKey)
	assert.Equal(t, 1, summary.Changed)
	assert.Equal(t, 100, summary.Span.Entries)
	lines, _ := readAll(t, u.reader(a, adminKey), year())
	assert.Len(t, lines, 100)
	entry, err := u.reader(a, adminKey).Detail(t.Context(), "77", held[3].UUID)
	var bare *auditlog.DetailsError
	require.ErrorAs(t, err, &bare, "it is known, as far as it was stored")
	assert.Equal(t, held[3].UUID, entry.UUID)
	entry, err = u.reader(a, adminKey).Detail(t.Context(), "77", held[7].UUID)
	require.NoError(t, err)
	assert.Equal(t, "key_deleted", string(entry.Event))
	found := verify(t, a, archive.VerifyOptions{})
	require.True(t, found.Intact(), problems(found))
}

func TestTheSameEntriesInAnotherOrderChangeNothing(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]makesim.Quirks{
		"ties": {UnstableTies: true, PageCap: 60}, "pages": {PageCap: 25}, "failing": {FailEvery: 4}, "cut": {CutBodyEvery: 5},
		"dates by creation": {FilterByCreatedAt: true, DateToMidnight: true, BareDatesOnly: true}, "odd": {OddTypes: true, UnknownFields: true, IDsAsText: true, NumericTriggeredAt: makesim.TriggeredAtMilliseconds},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t, entries(130), quirks)
			a := newArchive(t)
			u.sync(a, adminKey)
			u.same(a)
			summary := u.sync(a, adminKey)
			assert.Zero(t, summary.Added+summary.Changed)
		})
	}
}

func TestRecordsThatCannotBeReadAreTold(t *testing.T) {
	t.Parallel()
	u := start(t, entries(120), makesim.Quirks{BrokenRecords: 50})
	a := newArchive(t)
	summary := u.sync(a, adminKey)
	assert.Positive(t, summary.Unreadable)
	_, report := readAll(t, u.reader(a, adminKey), year())
	assert.False(t, report.Complete)
	assert.NotEmpty(t, report.Unreadable)
}

// failing is a source that fails after so many readings.
type failing struct {
	archive.Source
	readings int
	fail     func() error
}

func (f *failing) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	if f.readings--; f.readings < 0 {
		return auditlog.Report{}, f.fail()
	}
	return f.Source.Read(ctx, q, yield)
}

func TestASyncGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	u := start(t, entries(400), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	stored := 0
	for readings := range 3 {
		a := open(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		summary, err := a.Sync(ctx, &failing{u.source(adminKey), 1 + readings, func() error { cancel(); return context.Canceled }}, options())
		require.ErrorIs(t, err, context.Canceled)
		stored += summary.Added
		found := verify(t, a, archive.VerifyOptions{})
		assert.True(t, found.Intact(), problems(found))
		assert.False(t, found.Covered(), "the first sync did not finish")
		assert.Equal(t, stored, found.Entries, "what was read is stored, and nothing twice")
		_, report := readAll(t, u.reader(a, adminKey), year())
		assert.Equal(t, auditlog.SourceLive, report.Source, "until it is filled, Make answers")
	}
	assert.Positive(t, stored)
	a := open(t, path)
	summary := u.sync(a, adminKey)
	assert.Equal(t, 400-stored, summary.Added)
	u.same(a)
}

func TestOneProcessFillsAnArchiveWhileOthersRead(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	a, other := open(t, path), open(t, path)
	u.sync(a, adminKey)
	u.AddEntries(entries(90)[60:]...)
	var begun, end = make(chan struct{}), make(chan struct{})
	waiting := options()
	waiting.OnProgress = func() func(archive.SyncProgress) {
		var once sync.Once
		return func(archive.SyncProgress) { once.Do(func() { close(begun); <-end }) }
	}()
	done := make(chan error, 1)
	go func() {
		_, err := a.Sync(t.Context(), u.source(adminKey), waiting)
		done <- err
	}()
	<-begun
	_, err := other.Sync(t.Context(), u.source(adminKey), options())
	var busy *archive.BusyError
	require.ErrorAs(t, err, &busy)
	lines, _ := readAll(t, u.reader(other, adminKey), year())
	assert.NotEmpty(t, lines)
	close(end)
	require.NoError(t, <-done)
	u.same(other)
}

func TestLogsAreNeverMixed(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	same := entries(70) // the uuids are those of the other, what they tell is not
	for i := range same {
		same[i].Event = "key_created"
	}
	one, other := start(t, entries(60), makesim.Quirks{}), start(t, same, makesim.Quirks{})
	one.AddEntries(makesim.Entry{UUID: "22222222-0000-4000-8000-000000000001", OrganizationID: otherID, Event: "team_created", TriggeredAt: begin().AddDate(0, -1, 0), TargetID: "7"})
	one.sync(a, adminKey)
	beta := options()
	beta.Organization = auditlog.Organization{Ref: auditlog.Ref{ID: "78", Name: "Beta"}, Zone: instance, Here: true}
	_, err := a.Sync(t.Context(), one.source(adminKey), beta)
	require.NoError(t, err)
	elsewhere := options()
	elsewhere.Instance = "us1.make.com"
	_, err = a.Sync(t.Context(), other.source(adminKey), elsewhere)
	require.NoError(t, err)
	for u, instance := range map[*upstream]string{one: instance, other: "us1.make.com"} {
		reader := u.reader(a, adminKey)
		reader.Instance = instance
		want, _ := readAll(t, u.session(adminKey, live.Options{}), year())
		got, _ := readAll(t, reader, year())
		assert.Equal(t, want, got)
		assert.NotEmpty(t, got)
	}
	ofBeta := year()
	ofBeta.Organization = beta.Organization.Ref
	lines, report := readAll(t, one.reader(a, adminKey), ofBeta)
	assert.Len(t, lines, 1)
	assert.Equal(t, auditlog.SourceArchive, report.Source)
	unknown := one.reader(a, adminKey)
	unknown.Instance = "eu2.make.com"
	_, report = readAll(t, unknown, year())
	assert.Equal(t, auditlog.SourceLive, report.Source)
	found := verify(t, a, archive.VerifyOptions{})
	assert.True(t, found.Intact(), problems(found))
	assert.Len(t, found.Logs, 3)
}

func TestTheRightsOfTheKeyBoundTheArchive(t *testing.T) {
	t.Parallel()
	u := start(t, entries(150), makesim.Quirks{})
	a := newArchive(t)
	ofTeam := u.sync(a, teamAdminKey)
	assert.Less(t, ofTeam.Span.Entries, 150)
	_, report := readAll(t, u.reader(a, adminKey), year())
	assert.Equal(t, auditlog.SourceLive, report.Source, "whoever may read more is not answered from less")
	whole := u.sync(a, adminKey)
	assert.Equal(t, 150, whole.Span.Entries, "a key that may read more fills up the rest")
	u.same(a)
	_, err := a.Sync(t.Context(), u.source(teamAdminKey), options())
	var narrower *archive.ScopeError
	require.ErrorAs(t, err, &narrower)
	u.same(a)
}

func TestAnEmptyLogIsFilledWhenItBegins(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Quirks{})
	a := newArchive(t)
	assert.Zero(t, u.sync(a, adminKey).Span.Entries)
	_, report := readAll(t, u.reader(a, adminKey), year())
	assert.False(t, report.Complete, "nothing vouches for an empty log")
	u.clock.advance(time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().Add(time.Minute), TargetID: "1"})
	assert.Equal(t, 1, u.sync(a, adminKey).Span.Entries)
	q := year()
	q.Window.From, q.Window.To = begin().Add(time.Minute), begin().Add(30*time.Minute)
	lines, report := readAll(t, u.reader(a, adminKey), q)
	assert.Len(t, lines, 1)
	assert.True(t, report.Complete)
}

func TestAJumpOfTheClockLosesNothing(t *testing.T) {
	t.Parallel()
	u := start(t, entries(80), makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(6 * time.Hour) // Make's clock is wrong for a while
	u.sync(a, adminKey)
	u.clock.advance(-6*time.Hour + time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().Add(time.Minute), TargetID: "1"})
	u.sync(a, adminKey)
	u.same(a)
	u.clock.advance(12 * time.Hour)
	u.sync(a, adminKey)
	u.same(a)
}

func TestDetailsAreFetchedOnce(t *testing.T) {
	t.Parallel()
	made := entries(120)
	for i := range made {
		made[i].Details = map[string]any{"name": "Object " + made[i].TargetID}
	}
	u := start(t, made, makesim.Quirks{})
	a := newArchive(t)
	some := options()
	some.Details, some.IsNotable = archive.NotableDetails, func(event auditlog.Text) bool { return event == "connection_deleted" }
	notable := 0
	for _, entry := range made {
		if entry.Event == "connection_deleted" {
			notable++
		}
	}
	summary, err := a.Sync(t.Context(), u.source(adminKey), some)
	require.NoError(t, err)
	assert.Equal(t, notable, summary.Details)
	gone := slices.IndexFunc(made, func(e makesim.Entry) bool { return e.Event != "connection_deleted" })
	u.RemoveEntries(made[gone].UUID)
	some.Details = archive.AllDetails
	summary, err = a.Sync(t.Context(), u.source(adminKey), some)
	require.NoError(t, err)
	assert.Equal(t, 120-notable-1, summary.Details)
	u.ResetRequests()
	summary, err = a.Sync(t.Context(), u.source(adminKey), some)
	require.NoError(t, err)
	assert.Zero(t, summary.Details)
	for _, request := range u.Requests() {
		assert.NotContains(t, request.Path, "/audit-logs/77/", "what is there, or known to be gone, is not asked for again")
	}
	reader := u.reader(a, adminKey)
	_, err = reader.Access(t.Context(), "77")
	require.NoError(t, err)
	u.ResetRequests()
	entry, err := reader.Detail(t.Context(), "77", made[(gone+1)%120].UUID)
	require.NoError(t, err)
	assert.Contains(t, string(entry.Details), "Object "+made[(gone+1)%120].TargetID)
	assert.Empty(t, u.Requests())
	named, err := reader.NamedTargets(t.Context(), "77", called("Object "+made[(gone+1)%120].TargetID))
	require.NoError(t, err)
	require.NotEmpty(t, named)
	assert.Equal(t, made[(gone+1)%120].TargetID, string(named[0].ID))
}

func TestASyncWithNothingNewCostsFewCalls(t *testing.T) {
	t.Parallel()
	u := start(t, entries(80), makesim.Quirks{})
	a := newArchive(t)
	first := u.sync(a, adminKey)
	for range 2 {
		u.ResetRequests()
		summary := u.sync(a, adminKey)
		assert.Zero(t, summary.Added+summary.Changed+summary.Details)
		assert.Less(t, len(u.Requests()), 10)
		assert.Equal(t, first.Span, summary.Span)
	}
	found := verify(t, a, archive.VerifyOptions{})
	assert.Equal(t, first.Checkpoint.Size, found.Records, "nothing happened, and nothing is written down of it")
}

func TestAnEntryThatChangesKeepsItsDetailsAndItsEarlierForm(t *testing.T) {
	t.Parallel()
	made := entries(60)
	for i := range made {
		made[i].Details = map[string]any{"name": "Object " + made[i].TargetID}
	}
	u := start(t, made, makesim.Quirks{})
	a := newArchive(t)
	all := options()
	all.Details = archive.AllDetails
	_, err := a.Sync(t.Context(), u.source(adminKey), all)
	require.NoError(t, err)
	at := slices.IndexFunc(made, func(e makesim.Entry) bool { return e.TeamID == salesTeam })
	changed := made[at]
	u.RemoveEntries(changed.UUID)
	u.clock.advance(time.Hour)
	changed.TeamID, changed.Event, changed.CreatedAt = opsTeam, "key_deleted", u.clock.Now()
	u.AddEntries(changed)
	summary := u.sync(a, adminKey)
	assert.Equal(t, 1, summary.Changed)
	u.same(a)
	reader := u.reader(a, adminKey)
	u.ResetRequests()
	entry, err := reader.Detail(t.Context(), "77", changed.UUID)
	require.NoError(t, err)
	assert.Equal(t, "key_deleted", string(entry.Event), "as it is now")
	assert.Contains(t, string(entry.Details), "Object", "with the details that are here")
	events := map[auditlog.Text]int{}
	_, err = reader.Since(t.Context(), acme(), archive.Position{}, func(entry *auditlog.Entry) error {
		if entry.UUID == changed.UUID {
			events[entry.Event]++
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, map[auditlog.Text]int{auditlog.Text(made[at].Event): 1, "key_deleted": 1}, events)

	// It is no longer its former team's.
	u.RemoveEntries(changed.UUID)
	_, err = u.reader(a, teamAdminKey).Detail(t.Context(), "77", changed.UUID)
	var unknown *auditlog.NotFoundError
	require.ErrorAs(t, err, &unknown)
}

// TestAnUpstreamThatFailsHalfWayIsGoneOnWith has Make answer with errors, or with nonsense,
// from some window of the first fill on, and when details are read.
func TestAnUpstreamThatFailsHalfWayIsGoneOnWith(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]makesim.Quirks{
		"errors": {FailEvery: 1, FailStatus: 500}, "not JSON": {NotJSON: true}, "no rights": {ForbidOrganizationList: true, HideForbidden: true},
	} {
		for _, stage := range []string{"reading back", "reading details"} {
			t.Run(name+", "+stage, func(t *testing.T) {
				t.Parallel()
				u := start(t, entries(120), makesim.Quirks{})
				a := newArchive(t)
				failing := options()
				failing.Details = archive.AllDetails
				seen := 0
				failing.OnProgress = func(p archive.SyncProgress) {
					if p.Stage == stage {
						if seen++; seen == 2 {
							u.SetQuirks(quirks)
						}
					}
				}
				summary, err := a.Sync(t.Context(), u.source(adminKey), failing)
				if name == "no rights" && stage == "reading details" {
					require.NoError(t, err, "details do not hang on the list")
				} else {
					require.Error(t, err)
				}
				u.SetQuirks(makesim.Quirks{})
				found := verify(t, a, archive.VerifyOptions{})
				require.True(t, found.Intact(), problems(found))
				assert.Equal(t, summary.Added, found.Entries)
				failing.OnProgress = nil
				again, err := a.Sync(t.Context(), u.source(adminKey), failing)
				require.NoError(t, err)
				assert.Equal(t, 120, summary.Added+again.Added, "nothing twice")
				assert.Equal(t, 120, summary.Details+again.Details)
				u.same(a)
			})
		}
	}
}

// TestPagesThatShiftWhileTheyAreRead has entries come during the fill, so that pages
// repeat rows.
func TestPagesThatShiftWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	u := start(t, entries(200), makesim.Quirks{PageCap: 15})
	a := newArchive(t)
	shifting := options()
	more := 0
	shifting.OnProgress = func(archive.SyncProgress) {
		more++
		u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().Add(-time.Duration(more) * time.Minute), CreatedAt: begin(), TargetID: "1"})
	}
	_, err := a.Sync(t.Context(), u.source(adminKey), shifting)
	require.NoError(t, err)
	u.clock.advance(time.Minute)
	assert.Equal(t, 200+more, u.sync(a, adminKey).Span.Entries)
	u.same(a)
}

func TestALogThatBeganQuietlyHasNoGap(t *testing.T) {
	t.Parallel()
	u := start(t, nil, makesim.Quirks{})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(30 * 24 * time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: begin().AddDate(0, 0, 20), TargetID: "1"})
	summary := u.sync(a, adminKey)
	assert.Equal(t, 1, summary.Span.Entries)
	assert.Empty(t, summary.Gaps, "Make has dropped nothing")
}

func TestWhatAShortRetentionDroppedIsAGap(t *testing.T) {
	t.Parallel()
	u := start(t, entries(300), makesim.Quirks{})
	u.Update(func(w *makesim.World) { w.Organizations[0].AuditLogsDays = 3 })
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(10 * 24 * time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: u.clock.Now().AddDate(0, 0, -2), TargetID: "1"})
	summary := u.sync(a, adminKey)
	require.Len(t, summary.Gaps, 1)
	assert.Equal(t, begin(), summary.Gaps[0].From)
}

// TestAClockThatWasAheadHidesNothing is about Make's clock, of which the times of entries are.
func TestAClockThatWasAheadHidesNothing(t *testing.T) {
	t.Parallel()
	u := start(t, entries(80), makesim.Quirks{PageCap: 10})
	a := newArchive(t)
	u.sync(a, adminKey)
	u.clock.advance(6 * time.Hour)
	u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: u.clock.Now(), TargetID: "1"})
	u.sync(a, adminKey)
	u.clock.advance(-5 * time.Hour)
	for range 30 {
		u.AddEntries(makesim.Entry{OrganizationID: organizationID, Event: "key_created", TriggeredAt: u.clock.Now().Add(-time.Minute), TargetID: "2"})
	}
	assert.Equal(t, 30, u.sync(a, adminKey).Added)
	u.clock.advance(12 * time.Hour)
	u.sync(a, adminKey)
	u.same(a)
}

func TestAKeyThatCannotSignIsTold(t *testing.T) {
	t.Parallel()
	u := start(t, entries(60), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	require.NoError(t, os.WriteFile(path+".key", []byte("half a key"), 0o600))
	a := open(t, path)
	summary, err := a.Sync(t.Context(), u.source(adminKey), options())
	var refused *archive.FileError
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Error(), "audit.db.key is not its signing key")
	assert.Contains(t, refused.NextStep(), "restore that file")
	assert.Equal(t, 60, summary.Added)
	found := verify(t, a, archive.VerifyOptions{})
	assert.True(t, found.Intact(), problems(found))
	assert.Equal(t, found.Records, found.Unsigned)
	require.NoError(t, os.Remove(path+".key"))
	assert.Equal(t, found.Records, u.sync(a, adminKey).Checkpoint.Size)
}
