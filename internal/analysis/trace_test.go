package analysis_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/question"
)

// traced is a log in which objects are looked for; it knows what was asked of it.
type traced struct {
	*log
	*knowing

	archive *auditlog.ArchiveSpan
	asked   []auditlog.Query
	seen    int // entries that were handed over
}

func (l *traced) Read(ctx context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	l.asked = append(l.asked, q)
	return l.log.Read(ctx, q, func(entry *auditlog.Entry) bool {
		l.seen++
		return yield(entry)
	})
}

func (l *traced) Access(context.Context, auditlog.ID) (*auditlog.Access, error) {
	return &auditlog.Access{Archive: l.archive}, nil
}

func (*traced) ObservedEvents(context.Context, auditlog.ID) []auditlog.Text { return nil }

// logOf is a log of so many entries, one a minute and newest first, of an object that nobody asks for; some are of another.
func logOf(count int, others map[int]*auditlog.Entry) *traced {
	entries := make([]*auditlog.Entry, count)
	for i := range entries {
		entries[i] = &auditlog.Entry{Event: "scenario_updated", TargetID: "1"}
		if other := others[i]; other != nil {
			entries[i] = other
		}
		entries[i].UUID, entries[i].TriggeredAt = fmt.Sprintf("%05d", i), minutesAgo(i+1)
	}
	return &traced{log: &log{entries: entries}, knowing: &knowing{directory: &directory{catalog: logtest.Documented()}}}
}

func minutesAgo(minutes int) time.Time { return now().Add(-time.Duration(minutes) * time.Minute) }

func did(event auditlog.Text, id auditlog.Text) *auditlog.Entry {
	return &auditlog.Entry{Event: event, TargetID: id}
}

// history asks for what happened to an object in the last year, since its creation.
func (l *traced) history(t *testing.T, id auditlog.Text, events ...auditlog.Text) (*analysis.History, error) {
	t.Helper()
	q := auditlog.Query{TargetID: id, Window: auditlog.Window{From: now().AddDate(-1, 0, 0), To: now(), Location: time.UTC}}
	for _, event := range events {
		q.Events = append(q.Events, auditlog.Event{Value: event})
	}
	service := &analysis.Service{Entries: l, Resolver: question.Resolver{Reader: l, Directory: l}}
	return service.TargetHistory(t.Context(), analysis.HistoryRequest{Query: q, SinceCreation: true, Limit: 50})
}

// requireSince checks that a history is exact, of these entries and of the time since an instant.
func requireSince(t *testing.T, since time.Time, uuids []string, got *analysis.History) {
	t.Helper()
	assert.Equal(t, since, got.Query.Window.From)
	assert.Equal(t, auditlog.Coverage{From: since, To: now()}, got.Report.Coverage)
	assert.True(t, got.Report.Complete)
	assert.Equal(t, len(uuids), got.Total)
	shown := make([]string, 0, len(got.Entries))
	for _, entry := range got.Entries {
		shown = append(shown, entry.UUID)
	}
	assert.Equal(t, uuids, shown)
}

func TestAHistoryBeginsWithTheSecondOfTheCreation(t *testing.T) {
	t.Parallel()
	webhooks := []auditlog.Text{"webhook_created", "webhook_updated"}
	l := logOf(100, map[int]*auditlog.Entry{3: did("webhook_updated", "7"), 5: did("webhook_created", "7"), 6: did("webhook_updated", "7"),
		7: did("webhook_updated", "7"), 8: did("webhook_updated", "6"), 9: did("scenario_created", "7")})
	second := l.entries[5].TriggeredAt.Truncate(time.Second)
	l.entries[4].TriggeredAt, l.entries[5].TriggeredAt = second.Add(900*time.Millisecond), second.Add(500*time.Millisecond)
	l.entries[6].TriggeredAt = second // by another clock of Make's, a little before
	l.report.Unreadable = []auditlog.Span{{From: minutesAgo(90), To: minutesAgo(80)}}
	got, err := l.history(t, "7", webhooks...)
	require.NoError(t, err)
	requireSince(t, second, []string{"00006", "00005", "00003"}, sorted(got))
	assert.Equal(t, "00005", got.Created.UUID)
	assert.Equal(t, 4, l.seen, "three of the kind, and the one that shows the second to be over")
	assert.Zero(t, got.OthersSince, "the kind was said")
	assert.Empty(t, got.Kind)
}

// sorted puts the creation where it was triggered: within one instant it would come first.
func sorted(h *analysis.History) *analysis.History {
	slices.SortFunc(h.Entries, func(a, b analysis.HistoryEntry) int { return a.TriggeredAt.Compare(b.TriggeredAt) })
	return h
}

func TestOnlyTheCreationOfTheObjectItselfEndsAHistory(t *testing.T) {
	t.Parallel()
	for name, object := range map[string]struct {
		id            auditlog.Text
		first, second auditlog.Text
	}{
		"a record's is not its data store's": {"7", "data_store_record_created", "data_store_record_created"},
		"a key may be given again":           {"rec-7", "data_store_record_created", "data_store_record_deleted"},
		"a name, too":                        {"price", "team_variable_created", "team_variable_deleted"},
		"a change is none":                   {"7", "team_role_updated", "team_role_updated"},
	} {
		l := logOf(20, map[int]*auditlog.Entry{4: did(object.first, object.id), 12: did(object.second, object.id)})
		got, err := l.history(t, object.id, object.first, object.second)
		require.NoError(t, err, name)
		requireSince(t, now().AddDate(-1, 0, 0), []string{"00012", "00004"}, got)
	}
}

func TestWithoutAKindTheNewestEntriesTellIt(t *testing.T) {
	t.Parallel()
	created, updated := did("webhook_created", "7"), did("webhook_updated", "7")
	t.Run("a page is looked through for other kinds", func(t *testing.T) {
		t.Parallel()
		l := logOf(5_000, map[int]*auditlog.Entry{3: updated, 8: created, 1_200: did("scenario_updated", "7")})
		got, err := l.history(t, "7")
		require.NoError(t, err)
		requireSince(t, minutesAgo(9), []string{"00008", "00003"}, got)
		assert.Equal(t, minutesAgo(900), got.OthersSince)
		assert.Equal(t, 901, l.seen)
		assert.Equal(t, 900, l.asked[0].Want, "no more is read ahead")
	})
	t.Run("two kinds are ambiguous", func(t *testing.T) {
		t.Parallel()
		l := logOf(5_000, map[int]*auditlog.Entry{3: did("webhook_updated", "7"), 8: did("webhook_created", "7"),
			880: did("scenario_updated", "7")})
		got, err := l.history(t, "7")
		var ambiguous *analysis.AmbiguousTargetError
		require.ErrorAs(t, err, &ambiguous)
		assert.Equal(t, []analysis.TargetKind{{Kind: "Webhooks", Entries: 2, FirstAt: minutesAgo(9), LastAt: minutesAgo(4)},
			{Kind: "Scenarios", Entries: 1, FirstAt: minutesAgo(881), LastAt: minutesAgo(881)}}, ambiguous.Kinds)
		assert.Equal(t, minutesAgo(900), got.Query.Window.From, "of which time the numbers are")
		require.EqualError(t, err, `target_id "7" is, since 2026-11-19T21:00:00Z alone, the id of objects of 2 kinds: "Webhooks" (2 entries), `+
			`"Scenarios" (1 entries): pass kind to choose one; it may be one that had no entries since then`)
	})
	t.Run("an older creation is looked for among the entries of the kind", func(t *testing.T) {
		t.Parallel()
		l := logOf(12_000, map[int]*auditlog.Entry{3: did("webhook_updated", "7"), 11_500: did("webhook_created", "7"),
			11_501: did("scenario_created", "7"), 11_600: did("webhook_deleted", "1")})
		got, err := l.history(t, "7")
		require.NoError(t, err)
		requireSince(t, minutesAgo(11_501), []string{"11500", "00003"}, got)
		assert.Equal(t, auditlog.Text("Webhooks"), got.Kind)
		assert.Equal(t, minutesAgo(9_900), got.OthersSince)
		require.Len(t, l.asked, 2)
		assert.ElementsMatch(t, []auditlog.Event{{Value: "webhook_created", Category: "Webhooks"},
			{Value: "webhook_updated", Category: "Webhooks"}, {Value: "webhook_deleted", Category: "Webhooks"}}, l.asked[1].Events)
		assert.Equal(t, l.asked[1].Events, got.Query.Events)
	})
	t.Run("a log that is read whole needs no kind", func(t *testing.T) {
		t.Parallel()
		l := logOf(890, map[int]*auditlog.Entry{3: did("webhook_updated", "7"), 8: did("webhook_created", "7")})
		got, err := l.history(t, "7")
		require.NoError(t, err)
		requireSince(t, minutesAgo(9), []string{"00008", "00003"}, got)
		assert.Zero(t, got.OthersSince)
		none, err := logOf(9_899, nil).history(t, "7")
		require.NoError(t, err)
		requireSince(t, now().AddDate(-1, 0, 0), []string{}, none)
	})
}

func TestAnUnknownObjectIsLookedForAmongTheNewestEntriesOnly(t *testing.T) {
	t.Parallel()
	l := logOf(30_000, nil)
	_, err := l.history(t, "7")
	var needed *analysis.KindNeededError
	require.ErrorAs(t, err, &needed)
	assert.Equal(t, analysis.KindNeededError{TargetID: "7", LookedAt: 9_900, Since: minutesAgo(9_900),
		Calls: 516}, *needed, "at that pace the year has 525,600 entries")
	require.EqualError(t, err, `target_id "7" is not among the newest 9900 entries, which go back to 2026-11-13T15:00:00Z, and to read all `+
		"older ones would take about 516 calls of Make's limit: pass kind, such as Webhooks, to read those of one kind back to the object's "+
		"creation; or from, such as 90d, to read all kinds since then (all: everything)")
	assert.True(t, needed.CallersMistake())
	assert.Equal(t, 9_901, l.seen)
}

func TestAnArchiveIsReadWhole(t *testing.T) {
	t.Parallel()
	l := logOf(12_000, map[int]*auditlog.Entry{3: did("webhook_created", "7"), 11_000: did("scenario_updated", "7")})
	l.archive = &auditlog.ArchiveSpan{}
	got, err := l.history(t, "7")
	var ambiguous *analysis.AmbiguousTargetError
	require.ErrorAs(t, err, &ambiguous)
	assert.Len(t, got.Kinds, 2)
	assert.Equal(t, 2, l.seen, "it finds entries by the object")
	assert.Equal(t, now().AddDate(-1, 0, 0), got.Query.Window.From)
	assert.Zero(t, ambiguous.Since, "there is no more to be looked at")

	got, err = l.history(t, "7", "webhook_created", "webhook_updated")
	require.NoError(t, err)
	requireSince(t, minutesAgo(4), []string{"00003"}, got)
	l.entries = l.entries[:10_000]
	got, err = l.history(t, "7")
	require.NoError(t, err)
	requireSince(t, minutesAgo(4), []string{"00003"}, got)
	assert.Zero(t, got.OthersSince, "there is no other kind in it")
}

func TestAReadThatWasCutShortOfTheCreationSaysSo(t *testing.T) {
	t.Parallel()
	entries := map[int]*auditlog.Entry{3: did("webhook_updated", "7"), 20: did("webhook_created", "7")}
	for _, events := range [][]auditlog.Text{nil, {"webhook_created", "webhook_updated", "scenario_updated"}} {
		l := logOf(100, entries)
		l.readable = 10
		got, err := l.history(t, "7", events...)
		require.NoError(t, err)
		assert.True(t, got.Unsettled)
		assert.Equal(t, -1, got.Total)
		assert.False(t, got.Report.Complete)
		assert.Equal(t, now().AddDate(-1, 0, 0), got.Query.Window.From)

		l.readable = 30
		got, err = l.history(t, "7", events...)
		require.NoError(t, err)
		requireSince(t, minutesAgo(21), []string{"00020", "00003"}, got)
		if events == nil {
			assert.Equal(t, minutesAgo(30), got.OthersSince)
		}
	}
}
