package auditlog_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"make-audit-mcp/internal/auditlog"
)

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
