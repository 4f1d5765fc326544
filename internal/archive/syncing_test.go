package archive_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/storetest"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/audittest"
	"make-audit-mcp/internal/live"
	"make-audit-mcp/internal/makesim"
)

func TestLateEntriesAreFoundByTheNextSync(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u, a := synced(t, 150)
	u.Clock.Advance(24 * time.Hour)
	u.AddEntries(makesim.Entry{UUID: "11111111-0000-4000-8000-000000000001", OrganizationID: audittest.OrganizationID, Event: "key_created",
		TriggeredAt: storetest.Begin().AddDate(0, 0, -21), CreatedAt: storetest.Begin().Add(time.Hour), TargetID: "9"})
	u.ResetRequests()
	summary := u.Sync(a, audittest.AdminKey)
	assert.Equal(t, 1, summary.Added)
	assert.Less(t, len(u.Requests()), 12, "a later sync costs few calls")
	u.Same(a)
	assert.Zero(t, u.Sync(a, audittest.AdminKey).Added, "and nothing is stored twice")
}

func TestWhatVanishesStaysAndWhatChangesIsARecordOfItsOwn(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u, a := synced(t, 100)
	held := u.Dump(audittest.OrganizationID)
	u.Clock.Advance(time.Hour)
	u.RemoveEntries(held[3].UUID, held[7].UUID)
	changed := held[7]
	changed.Event, changed.CreatedAt = "key_deleted", u.Clock.Now()
	u.AddEntries(changed)
	summary := u.Sync(a, audittest.AdminKey)
	assert.Equal(t, 1, summary.Changed)
	assert.Equal(t, 100, summary.Span.Entries)
	lines, _ := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
	assert.Len(t, lines, 100)
	entry, err := u.Reader(a, audittest.AdminKey).Detail(t.Context(), "77", held[3].UUID)
	var bare *auditlog.DetailsError
	require.ErrorAs(t, err, &bare, "it is known, as far as it was stored")
	assert.Equal(t, held[3].UUID, entry.UUID)
	entry, err = u.Reader(a, audittest.AdminKey).Detail(t.Context(), "77", held[7].UUID)
	require.NoError(t, err)
	assert.Equal(t, "key_deleted", string(entry.Event))
	storetest.Intact(t, a)
}

func TestTheSameEntriesInAnotherOrderChangeNothing(t *testing.T) {
	t.Parallel()
	for name, quirks := range logtest.Sample(map[string]makesim.Quirks{
		"ties": {UnstableTies: true, PageCap: 60}, "pages": {PageCap: 25}, "failing": {FailEvery: 4}, "cut": {CutBodyEvery: 5},
		"dates by creation": {FilterByCreatedAt: true, DateToMidnight: true, BareDatesOnly: true},
		"odd":               {OddTypes: true, UnknownFields: true, IDsAsText: true, NumericTriggeredAt: makesim.TriggeredAtMilliseconds},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := storetest.Start(t, storetest.Entries(130), quirks)
			a := newArchive(t)
			u.Sync(a, audittest.AdminKey)
			u.Same(a)
			summary := u.Sync(a, audittest.AdminKey)
			assert.Zero(t, summary.Added+summary.Changed)
		})
	}
}

func TestRecordsThatCannotBeReadAreTold(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(120), makesim.Quirks{BrokenRecords: 50})
	a := newArchive(t)
	summary := u.Sync(a, audittest.AdminKey)
	assert.Positive(t, summary.Unreadable)
	_, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
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
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(400), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	stored := 0
	for readings := range 3 {
		a := open(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		summary, err := a.Sync(ctx, &failing{u.Source(audittest.AdminKey), 1 + readings,
			func() error { cancel(); return context.Canceled }}, storetest.SyncOptions())
		require.ErrorIs(t, err, context.Canceled)
		stored += summary.Added
		found := storetest.Intact(t, a)
		assert.False(t, found.Covered(), "the first sync did not finish")
		assert.Equal(t, stored, found.Entries, "what was read is stored, and nothing twice")
		_, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
		assert.Equal(t, auditlog.SourceLive, report.Source, "until it is filled, Make answers")
	}
	assert.Positive(t, stored)
	a := open(t, path)
	summary := u.Sync(a, audittest.AdminKey)
	assert.Equal(t, 400-stored, summary.Added)
	u.Same(a)
}

func TestLogsAreNeverMixed(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	same := storetest.Entries(70) // the uuids are those of the other, what they tell is not
	for i := range same {
		same[i].Event = "key_created"
	}
	one, other := storetest.Start(t, storetest.Entries(60), makesim.Quirks{}), storetest.Start(t, same, makesim.Quirks{})
	one.AddEntries(makesim.Entry{UUID: "22222222-0000-4000-8000-000000000001", OrganizationID: audittest.OtherID, Event: "team_created",
		TriggeredAt: storetest.Begin().AddDate(0, -1, 0), TargetID: "7"})
	one.Sync(a, audittest.AdminKey)
	beta := storetest.SyncOptions()
	beta.Organization = auditlog.Organization{Ref: auditlog.Ref{ID: "78", Name: "Beta"}, Zone: audittest.Zone, Here: true}
	one.SyncWith(a, beta)
	elsewhere := storetest.SyncOptions()
	elsewhere.Instance = "us1.make.com"
	other.SyncWith(a, elsewhere)
	for u, instance := range map[*storetest.Upstream]string{one: audittest.Zone, other: "us1.make.com"} {
		reader := u.Reader(a, audittest.AdminKey)
		reader.Instance = instance
		want, _ := storetest.ReadAll(t, u.Session(audittest.AdminKey, live.Options{}), storetest.Year())
		got, _ := storetest.ReadAll(t, reader, storetest.Year())
		assert.Equal(t, want, got)
		assert.NotEmpty(t, got)
	}
	ofBeta := storetest.Year()
	ofBeta.Organization = beta.Organization.Ref
	lines, report := storetest.ReadAll(t, one.Reader(a, audittest.AdminKey), ofBeta)
	assert.Len(t, lines, 1)
	assert.Equal(t, auditlog.SourceArchive, report.Source)
	unknown := one.Reader(a, audittest.AdminKey)
	unknown.Instance = "eu2.make.com"
	_, report = storetest.ReadAll(t, unknown, storetest.Year())
	assert.Equal(t, auditlog.SourceLive, report.Source)
	found := storetest.Intact(t, a)
	assert.Len(t, found.Logs, 3)
}

func TestTheRightsOfTheKeyBoundTheArchive(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(150), makesim.Quirks{})
	a := newArchive(t)
	ofTeam := u.Sync(a, audittest.TeamAdminKey)
	assert.Less(t, ofTeam.Span.Entries, 150)
	_, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
	assert.Equal(t, auditlog.SourceLive, report.Source, "whoever may read more is not answered from less")
	whole := u.Sync(a, audittest.AdminKey)
	assert.Equal(t, 150, whole.Span.Entries, "a key that may read more fills up the rest")
	u.Same(a)
	_, err := a.Sync(t.Context(), u.Source(audittest.TeamAdminKey), storetest.SyncOptions())
	var narrower *archive.ScopeError
	require.ErrorAs(t, err, &narrower)
	u.Same(a)
}

func TestAnEmptyLogIsFilledWhenItBegins(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, nil, makesim.Quirks{})
	a := newArchive(t)
	assert.Zero(t, u.Sync(a, audittest.AdminKey).Span.Entries)
	_, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), storetest.Year())
	assert.False(t, report.Complete, "nothing vouches for an empty log")
	u.Clock.Advance(time.Hour)
	u.Happens("key_created", storetest.Begin().Add(time.Minute))
	assert.Equal(t, 1, u.Sync(a, audittest.AdminKey).Span.Entries)
	q := storetest.Year()
	q.Window.From, q.Window.To = storetest.Begin().Add(time.Minute), storetest.Begin().Add(30*time.Minute)
	lines, report := storetest.ReadAll(t, u.Reader(a, audittest.AdminKey), q)
	assert.Len(t, lines, 1)
	assert.True(t, report.Complete)
}

func TestAJumpOfTheClockLosesNothing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u, a := synced(t, 80)
	u.Clock.Advance(6 * time.Hour) // Make's clock is wrong for a while
	u.Sync(a, audittest.AdminKey)
	u.Clock.Advance(-6*time.Hour + time.Hour)
	u.Happens("key_created", storetest.Begin().Add(time.Minute))
	u.Sync(a, audittest.AdminKey)
	u.Same(a)
	u.Clock.Advance(12 * time.Hour)
	u.Sync(a, audittest.AdminKey)
	u.Same(a)
}

func TestDetailsAreFetchedOnce(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	made := storetest.Entries(120)
	for i := range made {
		made[i].Details = map[string]any{"name": "Object " + made[i].TargetID}
	}
	u := storetest.Start(t, made, makesim.Quirks{})
	a := newArchive(t)
	some := storetest.SyncOptions()
	some.Details, some.IsNotable = archive.NotableDetails, func(event auditlog.Text) bool { return event == "connection_deleted" }
	notable := 0
	for _, entry := range made {
		if entry.Event == "connection_deleted" {
			notable++
		}
	}
	summary := u.SyncWith(a, some)
	assert.Equal(t, notable, summary.Details)
	gone := slices.IndexFunc(made, func(e makesim.Entry) bool { return e.Event != "connection_deleted" })
	u.RemoveEntries(made[gone].UUID)
	some.Details = archive.AllDetails
	summary = u.SyncWith(a, some)
	assert.Equal(t, 120-notable-1, summary.Details)
	u.ResetRequests()
	summary = u.SyncWith(a, some)
	assert.Zero(t, summary.Details)
	for _, request := range u.Requests() {
		assert.NotContains(t, request.Path, "/audit-logs/77/", "what is there, or known to be gone, is not asked for again")
	}
	reader := u.Reader(a, audittest.AdminKey)
	_, err := reader.Access(t.Context(), "77")
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

// TestSyncsCountTheWholeTask interrupts a sync amid its details: the one after it counts on from there.
func TestSyncsCountTheWholeTask(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	made := storetest.Entries(120)
	u := storetest.Start(t, made, makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	a := open(t, path)
	assert.Zero(t, u.Sync(a, audittest.AdminKey).Wanted, "none are wanted")
	newest := slices.MaxFunc(made, func(one, other makesim.Entry) int { return one.TriggeredAt.Compare(other.TriggeredAt) })
	u.RemoveEntries(newest.UUID)

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var counted []archive.DetailCount
	how := storetest.AllDetails()
	how.OnProgress = func(p archive.SyncProgress) {
		if p.Details.Wanted == 0 {
			return
		}
		if counted = append(counted, p.Details); p.Details.Done() == 80 {
			interrupt()
		}
	}
	summary, err := a.Sync(ctx, u.Source(audittest.AdminKey), how)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []archive.DetailCount{
		{Wanted: 120, Left: 120}, {Wanted: 120, Gone: 1, Left: 80}, {Wanted: 120, Gone: 1, Left: 40},
	}, counted)
	assert.Equal(t, 79, summary.Details)
	assert.Equal(t, archive.DetailCount{Wanted: 120, Gone: 1, Left: 40}, summary.Wanted)
	assert.Equal(t, 120, summary.Span.Entries)
	require.NotNil(t, summary.Checkpoint, "what it vouches for is signed before")

	u.Clock.Advance(time.Hour)
	u.Happens("key_created", u.Clock.Now().Add(-time.Minute))
	counted = nil
	summary = u.SyncWith(open(t, path), how)
	assert.Equal(t, []archive.DetailCount{{Wanted: 121, Gone: 1, Left: 41}, {Wanted: 121, Gone: 1, Left: 1}}, counted)
	assert.Equal(t, 41, summary.Details)
	assert.Equal(t, archive.DetailCount{Wanted: 121, Gone: 1}, summary.Wanted)
}

// TestAFillGoneOnWithCountsTheEntriesThatAreHere fails amid a fill.
func TestAFillGoneOnWithCountsTheEntriesThatAreHere(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(120), makesim.Quirks{})
	a := newArchive(t)
	var before, after []archive.SyncProgress
	how := storetest.SyncOptions()
	how.OnProgress = func(p archive.SyncProgress) {
		if before = append(before, p); p.Entries > 0 {
			u.SetQuirks(makesim.Quirks{FailEvery: 1, FailStatus: http.StatusInternalServerError})
		}
	}
	summary, err := a.Sync(t.Context(), u.Source(audittest.AdminKey), how)
	require.Error(t, err)
	assert.Nil(t, summary.Checkpoint)
	last := before[len(before)-1]
	assert.Equal(t, summary.Added, last.Entries)
	assert.Less(t, last.Entries, 120)
	u.SetQuirks(makesim.Quirks{})
	how.OnProgress = func(p archive.SyncProgress) { after = append(after, p) }
	u.SyncWith(a, how)
	assert.Equal(t, last, after[0], "from where it was")
	for i, p := range after[1 : len(after)-1] {
		assert.GreaterOrEqual(t, p.Entries, after[i].Entries)
		assert.Greater(t, p.Share, after[i].Share)
		assert.Less(t, p.Share, 1.0)
	}
}

func TestASyncWithNothingNewCostsFewCalls(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(80), makesim.Quirks{})
	a := newArchive(t)
	first := u.Sync(a, audittest.AdminKey)
	for range 2 {
		u.ResetRequests()
		summary := u.Sync(a, audittest.AdminKey)
		assert.Zero(t, summary.Added+summary.Changed+summary.Details)
		assert.Less(t, len(u.Requests()), 10)
		assert.Equal(t, first.Span, summary.Span)
	}
	found := storetest.Verify(t, a, archive.VerifyOptions{})
	assert.Equal(t, first.Checkpoint.Size, found.Records, "nothing happened, and nothing is written down of it")
}

func TestAnEntryThatChangesKeepsItsDetailsAndItsEarlierForm(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	made := storetest.Entries(60)
	for i := range made {
		made[i].Details = map[string]any{"name": "Object " + made[i].TargetID}
	}
	u := storetest.Start(t, made, makesim.Quirks{})
	a := newArchive(t)
	u.SyncWith(a, storetest.AllDetails())
	at := slices.IndexFunc(made, func(e makesim.Entry) bool { return e.TeamID == audittest.SalesTeam })
	changed := made[at]
	u.RemoveEntries(changed.UUID)
	u.Clock.Advance(time.Hour)
	changed.TeamID, changed.Event, changed.CreatedAt = audittest.OpsTeam, "key_deleted", u.Clock.Now()
	u.AddEntries(changed)
	summary := u.Sync(a, audittest.AdminKey)
	assert.Equal(t, 1, summary.Changed)
	u.Same(a)
	reader := u.Reader(a, audittest.AdminKey)
	u.ResetRequests()
	entry, err := reader.Detail(t.Context(), "77", changed.UUID)
	require.NoError(t, err)
	assert.Equal(t, "key_deleted", string(entry.Event), "as it is now")
	assert.Contains(t, string(entry.Details), "Object", "with the details that are here")
	events := map[auditlog.Text]int{}
	_, err = reader.Since(t.Context(), storetest.Acme(), archive.Position{}, func(entry *auditlog.Entry) error {
		if entry.UUID == changed.UUID {
			events[entry.Event]++
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, map[auditlog.Text]int{auditlog.Text(made[at].Event): 1, "key_deleted": 1}, events)

	// It is no longer its former team's.
	u.RemoveEntries(changed.UUID)
	_, err = u.Reader(a, audittest.TeamAdminKey).Detail(t.Context(), "77", changed.UUID)
	var unknown *auditlog.NotFoundError
	require.ErrorAs(t, err, &unknown)
}

// TestAnUpstreamThatFailsHalfWayIsGoneOnWith has Make answer with errors, or with nonsense, from some window of the first fill on, and when
// details are read.
func TestAnUpstreamThatFailsHalfWayIsGoneOnWith(t *testing.T) {
	t.Parallel()
	for name, quirks := range logtest.Sample(map[string]makesim.Quirks{
		"errors": {FailEvery: 1, FailStatus: 500}, "not JSON": {NotJSON: true},
		"no rights": {ForbidOrganizationList: true, HideForbidden: true},
	}) {
		for _, stage := range []string{"reading back", "reading details"} {
			t.Run(name+", "+stage, func(t *testing.T) {
				t.Parallel()
				u := storetest.Start(t, storetest.Entries(120), makesim.Quirks{})
				a := newArchive(t)
				failing := storetest.AllDetails()
				seen := 0
				failing.OnProgress = func(p archive.SyncProgress) {
					if p.Stage == stage {
						if seen++; seen == 2 {
							u.SetQuirks(quirks)
						}
					}
				}
				summary, err := a.Sync(t.Context(), u.Source(audittest.AdminKey), failing)
				if name == "no rights" && stage == "reading details" {
					require.NoError(t, err, "details do not hang on the list")
				} else {
					require.Error(t, err)
				}
				u.SetQuirks(makesim.Quirks{})
				found := storetest.Intact(t, a)
				assert.Equal(t, summary.Added, found.Entries)
				failing.OnProgress = nil
				again := u.SyncWith(a, failing)
				assert.Equal(t, 120, summary.Added+again.Added, "nothing twice")
				assert.Equal(t, 120, summary.Details+again.Details)
				u.Same(a)
			})
		}
	}
}

// TestPagesThatShiftWhileTheyAreRead has entries come during the fill, so that pages repeat rows.
func TestPagesThatShiftWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(200), makesim.Quirks{PageCap: 15})
	a := newArchive(t)
	shifting := storetest.SyncOptions()
	more := 0
	shifting.OnProgress = func(archive.SyncProgress) {
		more++
		u.AddEntries(makesim.Entry{OrganizationID: audittest.OrganizationID, Event: "key_created",
			TriggeredAt: storetest.Begin().Add(-time.Duration(more) * time.Minute), CreatedAt: storetest.Begin(), TargetID: "1"})
	}
	u.SyncWith(a, shifting)
	u.Clock.Advance(time.Minute)
	assert.Equal(t, 200+more, u.Sync(a, audittest.AdminKey).Span.Entries)
	u.Same(a)
}

func TestALogThatBeganQuietlyHasNoGap(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, nil, makesim.Quirks{})
	a := newArchive(t)
	u.Sync(a, audittest.AdminKey)
	u.Clock.Advance(30 * 24 * time.Hour)
	u.Happens("key_created", storetest.Begin().AddDate(0, 0, 20))
	summary := u.Sync(a, audittest.AdminKey)
	assert.Equal(t, 1, summary.Span.Entries)
	assert.Empty(t, summary.Gaps, "Make has dropped nothing")
}

func TestWhatAShortRetentionDroppedIsAGap(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(300), makesim.Quirks{})
	u.Update(func(w *makesim.World) { w.Organizations[0].AuditLogsDays = 3 })
	a := newArchive(t)
	u.Sync(a, audittest.AdminKey)
	u.Clock.Advance(10 * 24 * time.Hour)
	u.Happens("key_created", u.Clock.Now().AddDate(0, 0, -2))
	summary := u.Sync(a, audittest.AdminKey)
	require.Len(t, summary.Gaps, 1)
	assert.Equal(t, storetest.Begin(), summary.Gaps[0].From)
}

// TestAClockThatWasAheadHidesNothing is about Make's clock, of which the times of entries are.
func TestAClockThatWasAheadHidesNothing(t *testing.T) {
	t.Parallel()
	logtest.NotUnderRace(t)
	u := storetest.Start(t, storetest.Entries(80), makesim.Quirks{PageCap: 10})
	a := newArchive(t)
	u.Sync(a, audittest.AdminKey)
	u.Clock.Advance(6 * time.Hour)
	u.Happens("key_created", u.Clock.Now())
	u.Sync(a, audittest.AdminKey)
	u.Clock.Advance(-5 * time.Hour)
	for range 30 {
		u.Happens("key_created", u.Clock.Now().Add(-time.Minute))
	}
	assert.Equal(t, 30, u.Sync(a, audittest.AdminKey).Added)
	u.Clock.Advance(12 * time.Hour)
	u.Sync(a, audittest.AdminKey)
	u.Same(a)
}

func TestAKeyThatCannotSignIsTold(t *testing.T) {
	t.Parallel()
	u := storetest.Start(t, storetest.Entries(60), makesim.Quirks{})
	path := filepath.Join(t.TempDir(), "audit.db")
	require.NoError(t, os.WriteFile(path+".key", []byte("half a key"), 0o600))
	a := open(t, path)
	_, err := a.Sync(t.Context(), u.Source(audittest.AdminKey), storetest.SyncOptions())
	var refused *archive.StoreError
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Error(), "audit.db.key is not its signing key")
	assert.Contains(t, refused.NextStep(), "restore it")
	assert.Zero(t, storetest.Intact(t, a).Records, "nothing is stored that nobody signs")
	require.NoError(t, os.Remove(path+".key"))
	assert.Equal(t, 60, u.Sync(a, audittest.AdminKey).Added)
	assert.Equal(t, storetest.Intact(t, a).Records, u.Sync(a, audittest.AdminKey).Checkpoint.Size)
}
