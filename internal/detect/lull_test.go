package detect_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

// lullLog is a log of 97 days, the last 7 of them the window, all of which was read.
func lullLog(entries ...*auditlog.Entry) *detect.Log {
	to := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	from := to.AddDate(0, 0, -7)
	begin := from.AddDate(0, 0, -90)
	return &detect.Log{Entries: entries, Catalog: logtest.Documented(),
		Window:   auditlog.Window{From: from, To: to, Location: time.UTC},
		Baseline: auditlog.Window{From: begin, To: from, Location: time.UTC},
		Read:     auditlog.Report{Endpoint: "organization", Exhausted: true, Complete: true, Coverage: auditlog.Coverage{From: begin, To: to}}}
}

// at has entries at instants.
func at(instants ...time.Time) (entries []*auditlog.Entry) {
	for _, instant := range instants {
		entries = append(entries, logtest.Did(logtest.Ada(), "scenario_updated", instant))
	}
	return entries
}

// hourly are instants an hour apart, but for those that lie in a time left out.
func hourly(leftOut ...auditlog.Span) (instants []time.Time) {
	log := lullLog()
	for instant := log.Baseline.From; instant.Before(log.Window.To); instant = instant.Add(time.Hour) {
		if !slices.ContainsFunc(leftOut, func(s auditlog.Span) bool { return instant.After(s.From) && instant.Before(s.To) }) {
			instants = append(instants, instant)
		}
	}
	return instants
}

// lulls judges a log, and returns what is said of times without entries, or why nothing can be.
func lulls(t *testing.T, log *detect.Log) (told *detect.Finding, whyNot string) {
	t.Helper()
	report, err := (*detect.Detector)(nil).Find(t.Context(), log)
	require.NoError(t, err)
	for i := range report.Findings {
		if report.Findings[i].Rule == "no_entries" {
			require.Nil(t, told, "all are told as one")
			told = &report.Findings[i]
		}
	}
	i := slices.IndexFunc(report.Rules, func(r detect.RuleReport) bool { return r.Name == "no_entries" })
	return told, report.Rules[i].WhyNot
}

// silent is a time without entries, so many hours long, that begins so long before the window's end.
func silent(before time.Duration, hours int) auditlog.Span {
	from := lullLog().Window.To.Add(-before)
	return auditlog.Span{From: from, To: from.Add(time.Duration(hours) * time.Hour)}
}

func TestALogThatFallsSilentIsAFindingOfNobody(t *testing.T) {
	t.Parallel()
	told, _ := lulls(t, lullLog(at(hourly(silent(60*time.Hour, 31))...)...))
	require.NotNil(t, told)
	assert.Equal(t, detect.SeverityMedium, told.Severity)
	assert.Nil(t, told.Actor)
	assert.Nil(t, told.Team)
	assert.True(t, told.IsOfNobody())
	assert.True(t, told.IsOfBaseline())
	assert.Equal(t, "no entry at all for 31 hours (threshold 20 hours), from 2026-11-18T00:00:00Z to 2026-11-19T07:00:00Z; the longest time "+
		"without one in the baseline of 2160 entries is 60 minutes", told.Reason)
	assert.Equal(t, time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC), told.From)
	assert.Equal(t, time.Date(2026, 11, 19, 7, 0, 0, 0, time.UTC), told.To)
	assert.InDelta(t, 31, told.Observed, 0.001)
	require.Len(t, told.Evidence, 1, "the entry before")
	assert.Equal(t, told.From, told.Evidence[0].TriggeredAt)

	none, whyNot := lulls(t, lullLog(at(hourly(silent(60*time.Hour, 19))...)...))
	assert.Nil(t, none)
	assert.Empty(t, whyNot)
	none, _ = lulls(t, lullLog(at(hourly(silent(300*time.Hour, 50))...)...))
	assert.Nil(t, none, "it was over before the window")
}

func TestTimesWithoutEntriesAreToldAsOne(t *testing.T) {
	t.Parallel()
	told, _ := lulls(t, lullLog(at(hourly(silent(150*time.Hour, 25), silent(100*time.Hour, 40), silent(50*time.Hour, 22))...)...))
	require.NotNil(t, told)
	assert.InDelta(t, 40, told.Observed, 0.001, "the longest")
	assert.Contains(t, told.Reason, "; 2 more such in the window")
	told, _ = lulls(t, lullLog(at(hourly(silent(100*time.Hour, 40), silent(21*time.Hour, 99))...)...))
	require.NotNil(t, told)
	assert.InDelta(t, 21, told.Observed, 0.001, "the one that goes on")
	assert.Contains(t, told.Reason, "to 2026-11-20T12:00:00Z, where what was read ends; ")
	assert.Equal(t, lullLog().Window.To, told.To)
}

// One that began before the window, and reaches into it.
func TestATimeWithoutEntriesMayBeginBeforeTheWindow(t *testing.T) {
	t.Parallel()
	told, _ := lulls(t, lullLog(at(hourly(silent(8*24*time.Hour, 60))...)...))
	require.NotNil(t, told)
	assert.InDelta(t, 60, told.Observed, 0.001)
	assert.True(t, told.From.Before(lullLog().Window.From))
	told, _ = lulls(t, lullLog(at(hourly(silent(9*24*time.Hour, 999))...)...))
	require.NotNil(t, told, "nothing is in the window at all")
	assert.InDelta(t, 9*24, told.Observed, 0.001)
}

func TestNobodyCallsSilentWhatWasNotRead(t *testing.T) {
	t.Parallel()
	hole := silent(60*time.Hour, 31)
	read := func(change func(*auditlog.Report)) *detect.Log {
		log := lullLog(at(hourly(hole)...)...)
		change(&log.Read)
		return log
	}
	told, _ := lulls(t, read(func(r *auditlog.Report) {
		r.Coverage.Gaps = []auditlog.Gap{{From: hole.From.Add(15 * time.Hour), To: hole.From.Add(16 * time.Hour)}}
	}))
	assert.Nil(t, told, "none of two parts is long enough")
	told, _ = lulls(t, read(func(r *auditlog.Report) {
		r.Coverage.Gaps = []auditlog.Gap{{From: hole.From.Add(-time.Hour), To: hole.From.Add(5 * time.Hour)}}
	}))
	require.NotNil(t, told)
	assert.InDelta(t, 26, told.Observed, 0.001, "what is vouched for")
	assert.True(t, told.Evidence[0].TriggeredAt.Before(told.From))
	told, _ = lulls(t, read(func(r *auditlog.Report) {
		unread := hole.From.Add(15 * time.Hour)
		r.Unreadable = []auditlog.Span{{From: unread, To: unread}}
	}))
	assert.Nil(t, told, "there was an entry that could not be read")
	told, _ = lulls(t, read(func(r *auditlog.Report) { r.Coverage.TruncateAfter(hole.From.Add(10*time.Hour), "not yet synced") }))
	assert.Nil(t, told)
	for _, change := range []func(*auditlog.Report){
		func(r *auditlog.Report) { r.Doubtful = true },
		func(r *auditlog.Report) { *r = auditlog.Report{} },
		func(r *auditlog.Report) { r.Coverage.TruncateBefore(hole.From.Add(-72*time.Hour), "not kept") },
	} {
		told, whyNot := lulls(t, read(change))
		assert.Nil(t, told)
		assert.Contains(t, whyNot, "is not known")
	}
	log := read(func(*auditlog.Report) {})
	log.OneActor = true
	told, whyNot := lulls(t, log)
	assert.Nil(t, told)
	assert.Contains(t, whyNot, "only one actor's")
	told, _ = lulls(t, read(func(r *auditlog.Report) { r.Endpoint = "teams" }))
	assert.Contains(t, told.Reason, "no entry of the teams that were read for 31 hours")
}

// Entries that come late show that the log is written.
func TestWhatComesLateShowsThatEntriesAreWritten(t *testing.T) {
	t.Parallel()
	log := lullLog(at(hourly(silent(22*time.Hour, 99))...)...)
	told, _ := lulls(t, log)
	require.NotNil(t, told)
	log.Entries[100].CreatedAt = log.Window.To.Add(-5 * time.Hour)
	told, _ = lulls(t, log)
	assert.Nil(t, told)
}

func TestASuppressionOfALullEndsWithItsTime(t *testing.T) {
	t.Parallel()
	log := lullLog(at(hourly(silent(60*time.Hour, 31))...)...)
	for suppress, want := range map[string]bool{
		"{rule: no_entries, until: 2026-11-20}":                         false,
		"{rule: no_entries, until: 2026-11-19}":                         true, // it began before
		"{actor: " + string(logtest.Ada().ID) + ", until: 2027-01-01}":  true, // whoever came before it
		"{event: scenario_updated, until: 2027-01-01}":                  true,
		"{rule: no_entries, actor: ada@example.com, until: 2027-01-01}": true,
	} {
		detector, err := detect.New(directory("suppress: [{why: a holiday, by: ada, " + suppress[1:] + "]"))
		require.NoError(t, err)
		report, err := detector.Find(t.Context(), log)
		require.NoError(t, err)
		assert.Equal(t, want, slices.ContainsFunc(report.Findings, func(f detect.Finding) bool { return f.Rule == "no_entries" }), suppress)
	}
}

// Organizations that are quiet by nature: a few entries a week at random, in bursts, on work days, with holidays.
func TestQuietOrganizationsAreNotCalledSilent(t *testing.T) {
	t.Parallel()
	logs := logtest.UnderRace(200, 20)
	for name, make := range map[string]func(*rand.Rand, time.Time) int{
		"a few entries a week":  func(r *rand.Rand, _ time.Time) int { return count(r, 0.5/24) },
		"a few entries a month": func(r *rand.Rand, _ time.Time) int { return count(r, 0.1/24) },
		"one a day":             func(r *rand.Rand, _ time.Time) int { return count(r, 1.0/24) },
		"bursts": func(r *rand.Rand, _ time.Time) int {
			return count(r, 0.4/24) * (1 + r.IntN(10))
		},
		"office hours": func(r *rand.Rand, at time.Time) int {
			if at.Hour() < 8 || at.Hour() > 17 || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				return 0
			}
			return count(r, 3)
		},
		"office hours, and Friday and Monday off": func(r *rand.Rand, at time.Time) int {
			isOff := at.After(time.Date(2026, 11, 12, 17, 0, 0, 0, time.UTC)) && at.Before(time.Date(2026, 11, 17, 8, 0, 0, 0, time.UTC))
			if isOff || at.Hour() < 8 || at.Hour() > 17 || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				return 0
			}
			return count(r, 3)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := 0
			for seed := range uint64(logs) {
				random := rand.New(rand.NewPCG(seed, 1))
				log := lullLog()
				for hour := log.Baseline.From; hour.Before(log.Window.To); hour = hour.Add(time.Hour) {
					for range make(random, hour) {
						log.Entries = append(log.Entries, at(hour.Add(time.Duration(random.Int64N(int64(time.Hour)))))...)
					}
				}
				if told, _ := lulls(t, log); told != nil {
					wrong++
				}
			}
			assert.LessOrEqual(t, wrong, 2)
			t.Logf("%d of %d weeks were called silent", wrong, logs)
		})
	}
}

// count is how many things happen in a time in which a mean does, independently of each other.
func count(random *rand.Rand, mean float64) (happened int) {
	for left := random.ExpFloat64(); left < mean; left += random.ExpFloat64() {
		happened++
	}
	return happened
}
