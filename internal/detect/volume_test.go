package detect_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

func TestABusyDayIsOneFarBeyondTheOthers(t *testing.T) {
	t.Parallel()
	find := func(usual, count int) *detect.Finding {
		usualDays := daily(20, time.UTC, slices.Repeat([]int{9}, usual)...)
		return finding(judgeAda(append(usualDays, series(count, "scenario_updated", morning(), 40*time.Second)...)...), "busy_day")
	}
	assert.Nil(t, find(4, 30), "thirty entries a day are never many")
	got := find(4, 32)
	require.NotNil(t, got)
	assert.Equal(t, detect.SeverityLow, got.Severity)
	assert.Len(t, got.Evidence, 32)
	assert.Contains(t, got.Reason, "32 entries on 2026-11-18 (threshold 30)")
	assert.Contains(t, got.Reason, "has 4 (median)")
	assert.Nil(t, find(40, 60), "of somebody who is always busy")
	assert.NotNil(t, find(40, 61))
	assert.Nil(t, find(1, 100), "20 entries are too little a baseline")
}

func TestAPaceThatNoHandKeepsUpIsFoundOfPeople(t *testing.T) {
	t.Parallel()
	got := only(t, find(t, ruleEntry{Event: "scenario_updated", Target: "1001", Times: 200, Every: time.Second}))
	assert.Equal(t, "impossible_pace", got.Rule)
	assert.Equal(t, detect.SeverityHigh, got.Severity)
	assert.InDelta(t, 120, got.Observed, 0)
	assert.InDelta(t, 60, got.Threshold, 0)
	assert.Contains(t, got.Reason, "200 entries in 3 minutes, at most 120 within 2 minutes (threshold 60)")
	assert.Contains(t, got.Also, "busy_hour")
	assert.Empty(t, find(t, ruleEntry{Event: "scenario_updated", Target: "1001", Times: 12, Every: time.Second}).Findings)
}

func TestServiceAccountsAreJudgedByPaceAndNotByOfficeHours(t *testing.T) {
	t.Parallel()
	atNight := func(times int) ruleEntry {
		return ruleEntry{Event: "data_store_record_updated", Actor: "sync", Times: times, After: 16 * time.Hour, Every: time.Minute}
	}
	assert.Empty(t, find(t, atNight(4)).Findings)
	got := only(t, find(t, atNight(30)))
	assert.Equal(t, "busy_hour", got.Rule)
	assert.Equal(t, detect.SeverityMedium, got.Severity)
	assert.InDelta(t, 6, got.Threshold, 0)
}

func TestABusyDayOfManyIsOneFindingOfTheirTeam(t *testing.T) {
	t.Parallel()
	log := world(nil)
	for _, id := range []auditlog.ID{"31", "32", "33", "34"} {
		actor := auditlog.Actor{ID: id}
		for day := range 94 {
			times := 2
			if day == 93 {
				times = 40
			}
			for i := range times {
				at := log.Baseline.From.AddDate(0, 0, day).Add(9*time.Hour + time.Duration(i)*10*time.Minute)
				entry := logtest.Did(actor, "scenario_updated", at)
				entry.Team = &auditlog.Ref{ID: "home"}
				log.Entries = append(log.Entries, entry)
			}
		}
	}
	var detector *detect.Detector
	report, err := detector.Find(t.Context(), log)
	require.NoError(t, err)
	i := slices.IndexFunc(report.Findings, func(f detect.Finding) bool { return f.Rule == "busy_crowd" })
	require.GreaterOrEqual(t, i, 0)
	got := report.Findings[i]
	assert.Nil(t, got.Actor)
	assert.Equal(t, auditlog.ID("home"), got.Team.ID)
	assert.Equal(t, detect.SeverityLow, got.Severity)
	assert.Contains(t, got.Reason, "160 entries of a team")
}

func TestAMachineMayBeFast(t *testing.T) {
	t.Parallel()
	got := only(t, find(t, ruleEntry{Event: "data_store_record_updated", Actor: "sync", Times: 200, Every: time.Second}))
	assert.Equal(t, "busy_hour", got.Rule)
	assert.Empty(t, got.Also)
}

func TestAnHourIsComparedWithTheBusiestOfTheBaseline(t *testing.T) {
	t.Parallel()
	sync := func(count int) ruleEntry {
		return ruleEntry{Event: "data_store_record_updated", Actor: "sync", Times: count, Every: time.Minute, After: 30 * time.Minute}
	}
	before := sync(16)
	before.Before = 20*24*time.Hour - 82*time.Minute // across the hours of the clock
	assert.Empty(t, find(t, before, sync(24)).Findings)
	assert.Equal(t, "busy_hour", only(t, find(t, before, sync(26))).Rule)
}

func TestARunGoesOnAsLongAsThereIsNoPause(t *testing.T) {
	t.Parallel()
	sync := func(times int, every time.Duration) ruleEntry {
		return ruleEntry{Event: "data_store_record_updated", Actor: "sync", Times: times, Every: every}
	}
	begin := sync(5, 14*time.Minute)
	begin.After = 4 * time.Minute // and a usual entry lies before
	got := only(t, find(t, begin, sync(20, time.Minute), sync(8, 14*time.Minute)))
	assert.Equal(t, "busy_hour", got.Rule)
	assert.Len(t, got.Evidence, 33)
	assert.Equal(t, wednesday().Add(4*time.Minute), got.From)
	assert.Equal(t, wednesday().Add(4*time.Minute+188*time.Minute), got.To)
	assert.Contains(t, got.Reason, "33 entries in 3.13 hours, at most 23 within 60 minutes (threshold 6)")
}
