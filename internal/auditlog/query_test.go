package auditlog_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
)

func TestQueryMatches(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	entry := &auditlog.Entry{
		UUID: "u", TriggeredAt: at, Event: "webhook_deleted", TargetID: "3000",
		Actor: &auditlog.Actor{ID: "7", Name: "Ada"}, Team: &auditlog.Ref{ID: "5", Name: "Ops"},
	}
	bare := &auditlog.Entry{UUID: "v", TriggeredAt: at, Event: "organization_created"}
	for name, test := range map[string]struct {
		change      func(q *auditlog.Query)
		entry, bare bool
	}{
		"no filter":          {func(*auditlog.Query) {}, true, true},
		"its team":           {func(q *auditlog.Query) { q.Teams = []auditlog.Ref{{ID: "9"}, {ID: "5"}} }, true, false},
		"another team":       {func(q *auditlog.Query) { q.Teams = []auditlog.Ref{{ID: "9"}} }, false, false},
		"no team":            {func(q *auditlog.Query) { q.NoTeam = true }, false, true},
		"its team or none":   {func(q *auditlog.Query) { q.NoTeam, q.Teams = true, []auditlog.Ref{{ID: "5"}} }, true, true},
		"its actor":          {func(q *auditlog.Query) { q.Actors = []auditlog.Actor{{ID: "7"}} }, true, false},
		"a namesake":         {func(q *auditlog.Query) { q.Actors = []auditlog.Actor{{ID: "8", Name: "Ada"}} }, false, false},
		"the system":         {func(q *auditlog.Query) { q.System = true }, false, true},
		"all but its actor":  {func(q *auditlog.Query) { q.ExcludeActors = []auditlog.Actor{{ID: "7"}} }, false, true},
		"all but the system": {func(q *auditlog.Query) { q.ExcludeSystem = true }, true, false},
		"exclusion wins": {func(q *auditlog.Query) {
			q.Actors, q.ExcludeActors = []auditlog.Actor{{ID: "7"}}, []auditlog.Actor{{ID: "7"}}
		}, false, false},
		"its event":         {func(q *auditlog.Query) { q.Events = []auditlog.Event{{Value: "webhook_deleted"}} }, true, false},
		"all but its event": {func(q *auditlog.Query) { q.ExcludeEvents = []auditlog.Event{{Value: "webhook_deleted"}} }, false, true},
		"its event, excluded": {func(q *auditlog.Query) {
			q.Events, q.ExcludeEvents = []auditlog.Event{{Value: "webhook_deleted"}}, []auditlog.Event{{Value: "webhook_deleted"}}
		}, false, false},
		"its target":               {func(q *auditlog.Query) { q.TargetID = "3000" }, true, false},
		"a target beginning so":    {func(q *auditlog.Query) { q.TargetID = "300" }, false, false},
		"a window beginning then":  {func(q *auditlog.Query) { q.Window.From = at }, true, true},
		"a window beginning after": {func(q *auditlog.Query) { q.Window.From = at.Add(1) }, false, false},
		"a window ending after":    {func(q *auditlog.Query) { q.Window.To = at.Add(1) }, true, true},
		"a window ending then":     {func(q *auditlog.Query) { q.Window.To = at }, false, false},
	} {
		q := auditlog.Query{Window: auditlog.Window{From: at.Add(-time.Hour), To: at.Add(time.Hour), Location: time.UTC}}
		test.change(&q)
		assert.Equal(t, test.entry, q.Matches(entry), name)
		assert.Equal(t, test.bare, q.Matches(bare), name)
	}
}

func TestCoverageLosesItsBeginningAsGaps(t *testing.T) {
	t.Parallel()
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	coverage := auditlog.Coverage{From: from, To: to}
	coverage.TruncateBefore(from, "nothing")
	assert.Empty(t, coverage.Gaps)
	middle := from.AddDate(0, 0, 10)
	coverage.TruncateBefore(middle, "expired")
	assert.Equal(t, middle, coverage.From)
	require.Equal(t, []auditlog.Gap{{From: from, To: middle, Reason: "expired"}}, coverage.Gaps)
	coverage.TruncateBefore(to.AddDate(1, 0, 0), "before the log")
	assert.True(t, coverage.IsEmpty())
	assert.True(t, coverage.From.IsZero())
	assert.Equal(t, to, coverage.Gaps[1].To, "a gap stays within the window")
	coverage.TruncateBefore(to, "again")
	assert.Len(t, coverage.Gaps, 2)
}

func TestProgressReachesTheListenerOfTheContext(t *testing.T) {
	t.Parallel()
	auditlog.ReportProgress(t.Context(), auditlog.Progress{Entries: 1}) // nobody listens
	var got []auditlog.Progress
	ctx := auditlog.WithProgress(t.Context(), func(p auditlog.Progress) { got = append(got, p) })
	auditlog.ReportProgress(ctx, auditlog.Progress{Entries: 2, Estimate: 9})
	assert.Equal(t, []auditlog.Progress{{Entries: 2, Estimate: 9}}, got)
}

func minute(n int) time.Time { return time.Date(2026, 11, 20, 0, n, 0, 0, time.UTC) }

func minutes(from, to int) auditlog.Window {
	return auditlog.Window{From: minute(from), To: minute(to), Location: time.UTC}
}

func TestAReportOfTwoWindowsTellsOfEachWhatItKnows(t *testing.T) {
	t.Parallel()
	whole := auditlog.Report{
		Source: auditlog.SourceLive, Endpoint: "organization",
		Coverage: auditlog.Coverage{From: minute(30), To: minute(100),
			Gaps: []auditlog.Gap{{From: minute(0), To: minute(30), Reason: "not read"}}},
		Unreadable: []auditlog.Span{{From: minute(35), To: minute(36)}},
	}
	whole.SetComplete()
	assert.False(t, whole.Complete)

	newer := whole.Within(minutes(50, 100))
	assert.True(t, newer.Complete && newer.Exhausted, "what is missing is older")
	assert.Empty(t, newer.Coverage.Gaps)
	assert.Empty(t, newer.Unreadable)
	assert.Equal(t, minute(50), newer.Coverage.From)

	older := whole.Within(minutes(0, 50))
	assert.False(t, older.Complete || older.Exhausted)
	assert.Equal(t, auditlog.Coverage{From: minute(30), To: minute(50), Gaps: whole.Coverage.Gaps}, older.Coverage)
	assert.Len(t, older.Unreadable, 1)

	oldest := whole.Within(minutes(0, 20))
	assert.True(t, oldest.Coverage.IsEmpty())
	assert.Zero(t, oldest.Coverage.From)
	assert.False(t, oldest.Complete)

	whole.Doubtful = true
	assert.False(t, whole.Within(minutes(50, 100)).Complete, "it is not known where entries may be missing")
}

// TestPartsOfAReportMakeTheWhole draws reports and cuts them in two.
func TestPartsOfAReportMakeTheWhole(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 2_000 {
		borders := []int{0, random.IntN(100), random.IntN(100), 100}
		slices.Sort(borders)
		whole := auditlog.Report{Coverage: auditlog.Coverage{From: minute(0), To: minute(100)}}
		whole.Coverage.TruncateBefore(minute(borders[1]), "older")
		whole.Coverage.TruncateAfter(minute(borders[2]), "newer")
		for range random.IntN(3) {
			from := random.IntN(100)
			whole.Unreadable = append(whole.Unreadable, auditlog.Span{From: minute(from), To: minute(from + random.IntN(3))})
		}
		whole.SetComplete()
		cut := 1 + random.IntN(99)
		parts := []auditlog.Report{whole.Within(minutes(0, cut)), whole.Within(minutes(cut, 100))}
		// Minute by minute, a part covers what the whole covers, and has a gap where it has.
		for m := range 100 {
			part := parts[0]
			if m >= cut {
				part = parts[1]
			}
			assert.Equal(t, covers(whole, minute(m)), covers(part, minute(m)))
			assert.Equal(t, inGap(whole, minute(m)), inGap(part, minute(m)))
		}
		for _, span := range whole.Unreadable {
			assert.True(t, slices.Contains(parts[0].Unreadable, span) || slices.Contains(parts[1].Unreadable, span))
		}
		assert.Equal(t, whole.Complete, parts[0].Complete && parts[1].Complete)
	}
}

func covers(r auditlog.Report, at time.Time) bool {
	return !at.Before(r.Coverage.From) && at.Before(r.Coverage.To)
}

func inGap(r auditlog.Report, at time.Time) bool {
	return slices.ContainsFunc(r.Coverage.Gaps, func(gap auditlog.Gap) bool { return !at.Before(gap.From) && at.Before(gap.To) })
}
