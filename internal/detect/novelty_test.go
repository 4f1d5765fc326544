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

func TestWeightyEventsOfAFirstTimeAreFound(t *testing.T) {
	t.Parallel()
	find := func(days int, events ...auditlog.Text) *detect.Finding {
		entries := daily(days, time.UTC, 9, 12)
		for i, event := range events {
			entries = append(entries, logtest.Did(logtest.Ada(), event, morning().Add(-time.Duration(i)*time.Minute)))
		}
		return finding(judgeAda(entries...), "first_time_event")
	}
	got := find(20, "key_created", "key_created", "team_role_updated", "webhook_updated")
	require.NotNil(t, got)
	assert.Equal(t, detect.SeverityMedium, got.Severity)
	assert.Contains(t, got.Reason, "1 entry of an event that is not among the 40 entries of the baseline: roles and membership, and "+
		"nothing else about such objects either")
	assert.Len(t, got.Evidence, 3, "what else was new then is told with it")
	assert.Nil(t, find(20, "webhook_updated", "scenario_created"), "not notable")
	assert.Nil(t, find(20, "webhook_created"), "not weighty")
	assert.Nil(t, find(14, "key_created"), "28 entries are too little a baseline")
	key := find(15, "key_created")
	require.NotNil(t, key)
	assert.Equal(t, detect.SeverityLow, key.Severity)
	known := append(daily(20, time.UTC, 9, 12), logtest.Did(logtest.Ada(), "key_created", windowStart().Add(-time.Hour)),
		logtest.Did(logtest.Ada(), "key_created", morning()))
	assert.Nil(t, finding(judgeAda(known...), "first_time_event"))
}

func TestATeamNeverWorkedInWhereAKeyWasMadeIsAFinding(t *testing.T) {
	t.Parallel()
	got := only(t, find(t, ruleEntry{Event: "key_created", Team: "other"}))
	assert.Equal(t, "key_in_foreign_team", got.Rule)
	assert.Equal(t, detect.SeverityHigh, got.Severity)
	assert.Equal(t, []string{"first_time_event", "first_time_team"}, slices.Sorted(slices.Values(got.Also)))

	// Of one actor alone, whom nobody can be seen to invite.
	log := world([]ruleEntry{{Event: "key_created", Team: "other"}})
	log.OneActor = true
	log.Entries = slices.DeleteFunc(log.Entries, func(e *auditlog.Entry) bool { return e.ActorID() != "5" })
	detector, err := detector()
	require.NoError(t, err)
	report, err := detector.Find(t.Context(), log)
	require.NoError(t, err)
	assert.Equal(t, "key_in_foreign_team", only(t, report).Rule)
	assert.Contains(t, report.LeftOut[0], "who invited the actor")
}

func TestWorkInATeamThatIsNewIsJudgedByWhatWasDone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		done []ruleEntry
		want detect.Severity // empty: no finding
	}{
		"a change":                    {[]ruleEntry{{Event: "data_structure_updated", Team: "other"}}, ""},
		"two changes of one object":   {[]ruleEntry{{Event: "data_structure_updated", Team: "other", Target: "1", Times: 2}}, ""},
		"changes of three objects":    {[]ruleEntry{{Event: "data_structure_updated", Team: "other", Times: 3}}, detect.SeverityMedium},
		"a deletion":                  {[]ruleEntry{{Event: "data_structure_deleted", Team: "other"}}, detect.SeverityMedium},
		"three deletions":             {[]ruleEntry{{Event: "data_structure_deleted", Team: "other", Times: 3}}, detect.SeverityHigh},
		"a connection":                {[]ruleEntry{{Event: "connection_created", Team: "other"}}, detect.SeverityMedium},
		"two webhooks":                {[]ruleEntry{{Event: "webhook_updated", Team: "other", Times: 2}}, detect.SeverityMedium},
		"by who runs the place":       {[]ruleEntry{{Event: "connection_created", Actor: "boss", Team: "home"}}, detect.SeverityLow},
		"of no team":                  {[]ruleEntry{{Event: "connection_created", Team: "none"}}, ""},
		"in a team that nobody knows": {[]ruleEntry{{Event: "connection_created", Team: "young"}}, ""},
		"by who was invited": {[]ruleEntry{{Event: "team_role_updated", Actor: "boss", Target: "ada"},
			{Event: "connection_created", Team: "other"}}, ""},
		"by who invited themselves, which is worse": {[]ruleEntry{{Event: "team_role_updated", Team: "other", Target: "ada"}},
			detect.SeverityCritical},
	} {
		report := find(t, test.done...)
		if test.want == "" {
			assert.Empty(t, report.Findings, name)
			continue
		}
		assert.Equal(t, test.want, only(t, report).Severity, name)
	}
}

func TestWhatIsNewForThreePeopleIsOneChangeOfTheOrganization(t *testing.T) {
	t.Parallel()
	log := world(nil)
	for i, id := range []auditlog.ID{"21", "22", "23"} {
		actor := auditlog.Actor{ID: id}
		for day := range 90 {
			for hour := 9; hour < 17; hour += 4 {
				entry := logtest.Did(actor, "scenario_updated", log.Baseline.From.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour))
				entry.Team = &auditlog.Ref{ID: "home"}
				log.Entries = append(log.Entries, entry)
			}
		}
		entry := logtest.Did(actor, "team_role_updated", wednesday().AddDate(0, 0, i))
		entry.Team = &auditlog.Ref{ID: "home"}
		log.Entries = append(log.Entries, entry)
	}
	var detector *detect.Detector
	report, err := detector.Find(t.Context(), log)
	require.NoError(t, err)
	got := only(t, report)
	assert.Equal(t, "first_time_event", got.Rule)
	assert.Nil(t, got.Actor)
	assert.Equal(t, detect.SeverityLow, got.Severity)
	assert.Len(t, got.Evidence, 3)
	assert.Contains(t, got.Reason, "of 3 people")

	log.Entries = log.Entries[:len(log.Entries)-1] // and of two they are two
	report, err = detector.Find(t.Context(), log)
	require.NoError(t, err)
	require.Len(t, report.Findings, 2)
	assert.Equal(t, detect.SeverityMedium, report.Findings[0].Severity)
}

func TestANewActorIsJudgedByWhetherAnybodyInvitedThem(t *testing.T) {
	t.Parallel()
	assert.Empty(t, find(t, ruleEntry{Event: "scenario_created", Actor: "stranger"}).Findings)
	assert.Equal(t, detect.SeverityMedium, only(t, find(t, ruleEntry{Event: "connection_created", Actor: "stranger"})).Severity)
	got := only(t, find(t, ruleEntry{Event: "connection_created", Actor: "stranger", Times: 2}))
	assert.Equal(t, detect.SeverityHigh, got.Severity)
	assert.Contains(t, got.Reason, "the baseline of 90 days does not know")
	assert.Empty(t, find(t, ruleEntry{Event: "team_role_updated", Actor: "boss", Team: "home", Target: "stranger"},
		ruleEntry{Event: "connection_created", Actor: "stranger", Times: 2}).Findings)

	log := world([]ruleEntry{{Event: "connection_created", Actor: "stranger", Times: 2}, {Event: "key_created", Actor: "stranger"}})
	log.Baseline.From = log.Window.From.AddDate(0, 0, -3)
	detector, err := detector()
	require.NoError(t, err)
	report, err := detector.Find(t.Context(), log)
	require.NoError(t, err)
	assert.Empty(t, report.Findings, "everybody is new where nothing is known")
	assert.Equal(t, []string{"the baseline is too small for any actor to be new"}, report.LeftOut)
}

func TestFewADayAddUpOverManyDays(t *testing.T) {
	t.Parallel()
	var days []ruleEntry
	for range 5 {
		days = append(days, ruleEntry{Event: "connection_deleted", Times: 3, Every: time.Minute},
			ruleEntry{Event: "connection_deleted", After: 24*time.Hour - 4*time.Minute, Times: 1, Every: time.Minute})
	}
	got := only(t, find(t, days[:9]...))
	assert.Equal(t, "low_and_slow", got.Rule)
	assert.Contains(t, got.Reason, "(deletions) on 5 days within 14 days (threshold 4)")
	assert.InDelta(t, 5, got.Observed, 0)
	assert.Empty(t, find(t, days[:4]...).Findings, "three days are not many")
}

func TestOnePersonIsNotSeveralHoweverOften(t *testing.T) {
	t.Parallel()
	role := ruleEntry{Event: "team_role_updated", Target: "77"}
	again := role
	again.After = 30 * time.Hour
	report := find(t, role, again, again)
	require.NotEmpty(t, report.Findings)
	for _, f := range report.Findings {
		require.NotNil(t, f.Actor)
		assert.Equal(t, auditlog.ID("5"), f.Actor.ID)
	}
}

func TestWhatIsDoneOnManyDaysAsUsualIsNotSlow(t *testing.T) {
	t.Parallel()
	var done []ruleEntry
	for day := range 5 {
		before := ruleEntry{Event: "connection_deleted", Times: 3, Every: time.Minute, Before: time.Duration(20+day) * 24 * time.Hour}
		done = append(done, before, ruleEntry{Event: "connection_deleted", Times: 3, Every: time.Minute},
			ruleEntry{Event: "scenario_updated", Target: "1001", After: 24*time.Hour - 4*time.Minute, Every: time.Minute})
	}
	assert.False(t, saw(find(t, done...), "low_and_slow"))
}

func TestAnEntryOfTheWindowsFirstInstantIsTheWindows(t *testing.T) {
	t.Parallel()
	log := world([]ruleEntry{{Event: "key_created", Team: "other"}})
	key := log.Entries[len(log.Entries)-1]
	detector, err := detector()
	require.NoError(t, err)
	for at, want := range map[time.Time]bool{log.Window.From: true, log.Window.From.Add(-1): false, log.Window.To: false,
		log.Window.To.Add(-1): true} {
		key.TriggeredAt = at
		report, err := detector.Find(t.Context(), log)
		require.NoError(t, err)
		assert.Equal(t, want, saw(report, "key_in_foreign_team"), at)
	}
}

func TestWhoWasPutInChargeMayDoWhatIsNew(t *testing.T) {
	t.Parallel()
	promotion := ruleEntry{Event: "team_role_updated", Actor: "boss", Team: "home", Target: "ada"}
	deleted := ruleEntry{Event: "organization_variable_deleted", Team: "none", After: 48 * time.Hour}
	assert.Equal(t, detect.SeverityMedium, only(t, find(t, deleted)).Severity)
	assert.Empty(t, find(t, promotion, deleted).Findings)
	promotion.Before = 40 * 24 * time.Hour
	assert.Equal(t, detect.SeverityMedium, only(t, find(t, promotion, deleted)).Severity, "long ago")
}

func TestWhatWasAnnouncedOrJustMadeIsTheActorsToDelete(t *testing.T) {
	t.Parallel()
	do := func(event auditlog.Text, before time.Duration) ruleEntry {
		return ruleEntry{Event: event, Target: "mine", Times: 12, Every: time.Minute, Before: before}
	}
	for name, test := range map[string]struct {
		first ruleEntry
		want  bool
	}{
		"switched off the day before": {do("webhook_disabled", 25*time.Hour), false},
		"switched off an hour before": {do("webhook_disabled", time.Hour), true},
		"made this week":              {do("webhook_created", 6*24*time.Hour), false},
		"made last week":              {do("webhook_created", 8*24*time.Hour), true},
		"changed":                     {do("webhook_updated", 25*time.Hour), true},
		"switched off by another": {ruleEntry{Actor: "boss", Event: "webhook_disabled", Target: "mine", Times: 12, Before: 25 * time.Hour},
			true},
		"another kind of the same ids": {do("scenario_deactivated", 25*time.Hour), true},
	} {
		assert.Equal(t, test.want, saw(find(t, test.first, do("webhook_deleted", 0)), "many_deletions"), name)
	}
}

func TestAnEntryIsLateAgainstWhatIsUsual(t *testing.T) {
	t.Parallel()
	late := ruleEntry{Event: "scenario_updated", Target: "1001", Lag: 6 * 24 * time.Hour}
	assert.True(t, saw(find(t, late), "late_entry"))
	slow := late
	slow.Lag, slow.Times, slow.Every, slow.Before = 5*24*time.Hour, 20, time.Hour, 1000*time.Hour
	assert.False(t, saw(find(t, slow, late), "late_entry"), "days late are usual here")
	once := slow
	once.Times = 1
	assert.True(t, saw(find(t, once, late), "late_entry"), "once is not usual")
}
