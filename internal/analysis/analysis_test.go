package analysis_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/analysis"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/question"
)

func now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func lastDay() auditlog.Window {
	return auditlog.Window{From: now().Add(-24 * time.Hour), To: now(), Location: time.UTC}
}

// log is a reader of a few entries, of which it can read a part.
type log struct {
	entries []*auditlog.Entry
	// readable bounds what is read; 0 means all.
	readable int
	report   auditlog.Report
}

func (l *log) Read(_ context.Context, q auditlog.Query, yield func(*auditlog.Entry) bool) (auditlog.Report, error) {
	report := l.report
	report.Exhausted, report.Complete = true, len(report.Coverage.Gaps) == 0 && len(report.Unreadable) == 0
	if report.Coverage.IsEmpty() && len(report.Coverage.Gaps) == 0 {
		report.Coverage = auditlog.Coverage{From: q.Window.From, To: q.Window.To}
	}
	for i, entry := range l.entries {
		if l.readable > 0 && i == l.readable {
			report.Exhausted, report.Complete = false, false
			report.Coverage.TruncateBefore(l.entries[i-1].TriggeredAt, "the time was used up")
			return report, nil
		}
		if q.Resume != nil && !q.Resume.After.IsBefore(entry) || !q.Matches(entry) {
			continue
		}
		if !yield(entry) {
			report.Exhausted = false
			return report, nil
		}
	}
	return report, nil
}

// ladder makes entries a minute apart, of which each three share an instant.
func ladder(count int) []*auditlog.Entry {
	entries := make([]*auditlog.Entry, count)
	for i := range entries {
		entries[i] = &auditlog.Entry{
			UUID: fmt.Sprintf("%02d", i), TriggeredAt: now().Add(-time.Duration(1+i/3) * time.Minute),
			Event:    auditlog.Text(fmt.Sprint("e", i%4)),
			Actor:    &auditlog.Actor{ID: auditlog.ID(fmt.Sprint(i % 12)), Name: auditlog.Text([]string{"Žofie", "adam", "Zoe"}[i%3])},
			TargetID: auditlog.Text([]string{"9", "10", "abc", ""}[i%4]),
		}
	}
	entries[5].Actor, entries[7].Team = nil, &auditlog.Ref{ID: "3", Name: "Ops"}
	return entries
}

func uuids(entries []*auditlog.Entry) []string {
	found := make([]string, 0, len(entries))
	for _, entry := range entries {
		found = append(found, entry.UUID)
	}
	return found
}

func TestPagesOfAnySizeMakeTheWholeInAnyOrder(t *testing.T) {
	t.Parallel()
	all := ladder(40)
	service := &analysis.Service{Resolver: question.Resolver{Reader: &log{entries: all}}}
	query := auditlog.Query{Window: lastDay()}
	for _, by := range []question.SortKey{"", question.ByTriggeredAt, question.ByCreatedAt, question.ByEventName, question.ByOrganization,
		question.ByTeam, question.ByActor, question.ByTargetID, question.ByDelay} {
		for _, ascending := range []bool{false, true} {
			order := question.Order{By: by, Ascending: ascending}
			whole, err := service.List(t.Context(), query, order, nil, 100)
			require.NoError(t, err)
			require.ElementsMatch(t, uuids(all), uuids(whole.Entries))
			assert.True(t, slices.IsSortedFunc(whole.Entries, func(a, b *auditlog.Entry) int {
				c := cmp.Or(strings.Compare(question.SortText(a, by), question.SortText(b, by)), a.TriggeredAt.Compare(b.TriggeredAt))
				if !ascending {
					c = -c
				}
				return cmp.Or(c, strings.Compare(a.UUID, b.UUID))
			}), "%+v", order)
			for _, limit := range []int{1, 7, 39, 40, 41} {
				var paged []string
				var after *question.Cursor
				for {
					page, err := service.List(t.Context(), query, order, after, limit)
					require.NoError(t, err)
					paged = append(paged, uuids(page.Entries)...)
					if page.Total >= 0 {
						assert.Equal(t, 40, page.Total)
					}
					if !page.More {
						assert.Equal(t, 40, page.Total, "the last page knows")
						break
					}
					place := question.Cursor{Query: query, Order: order, TakenAt: now()}.After(page.Entries[len(page.Entries)-1],
						len(paged))
					after = &place
				}
				assert.Equal(t, uuids(whole.Entries), paged, "%+v by %d", order, limit)
			}
		}
	}
}

func TestTotalsAreToldOnlyWhenExact(t *testing.T) {
	t.Parallel()
	window := lastDay()
	gap := []auditlog.Gap{{From: window.From, To: now().Add(-time.Hour), Reason: "not kept"}}
	for name, test := range map[string]struct {
		log  *log
		want int
	}{
		"all": {&log{entries: ladder(9)}, 9},
		"what Make keeps": {&log{entries: ladder(9),
			report: auditlog.Report{Coverage: auditlog.Coverage{From: now().Add(-time.Hour), To: now(), Gaps: gap}}}, 9},
		"nothing vouches":   {&log{entries: ladder(9), report: auditlog.Report{Coverage: auditlog.Coverage{Gaps: gap}}}, -1},
		"an unreadable one": {&log{entries: ladder(9), report: auditlog.Report{Unreadable: []auditlog.Span{{}}}}, -1},
		"the newest missing": {&log{entries: ladder(9), report: auditlog.Report{Coverage: auditlog.Coverage{
			From: window.From, To: now().Add(-time.Minute), Gaps: []auditlog.Gap{{From: now().Add(-time.Minute), To: now()}},
		}}}, -1},
		"stopped half-way": {&log{entries: ladder(9), readable: 4}, -1},
	} {
		for _, order := range []question.Order{{}, {Ascending: true}} {
			listing, err := (&analysis.Service{Resolver: question.Resolver{Reader: test.log}}).List(t.Context(),
				auditlog.Query{Window: window}, order, nil, 50)
			require.NoError(t, err, name)
			assert.Equal(t, test.want, listing.Total, "%s %+v", name, order)
		}
	}
}

func TestStoppedReadsCanGoOn(t *testing.T) {
	t.Parallel()
	stopped := &analysis.Service{Resolver: question.Resolver{Reader: &log{entries: ladder(20), readable: 6}}}
	query := auditlog.Query{Window: lastDay()}
	newest, err := stopped.List(t.Context(), query, question.Order{}, nil, 10)
	require.NoError(t, err)
	assert.Len(t, newest.Entries, 6)
	assert.True(t, newest.More, "the next page may have the rest")
	assert.False(t, newest.Unsettled)

	byEvent := question.Order{By: question.ByEventName}
	sorted, err := stopped.List(t.Context(), query, byEvent, nil, 4)
	require.NoError(t, err)
	assert.True(t, sorted.Unsettled, "what is unread may sort before")
	assert.Contains(t, sorted.Report.Warnings[0], "ask again")
	place := question.Cursor{Query: query, Order: byEvent, TakenAt: now()}.After(sorted.Entries[3], 4)
	_, err = stopped.List(t.Context(), query, byEvent, &place, 4)
	var unsorted *analysis.UnsortedError
	require.ErrorAs(t, err, &unsorted)
	assert.Contains(t, err.Error(), "the time was used up")
	assert.Contains(t, unsorted.NextStep(), "same cursor")
}
