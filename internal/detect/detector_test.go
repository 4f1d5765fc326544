package detect_test

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/auditlog/logtest"
	"make-audit-mcp/internal/detect"
)

// directory is a directory with one file of rules.
func directory(text string) fstest.MapFS {
	return fstest.MapFS{"own.yml": {Data: []byte(text)}}
}

// judgeWith judges what is done by the rules of a directory as well.
func judgeWith(t *testing.T, text string, done ...ruleEntry) *detect.Report {
	t.Helper()
	detector, err := detect.New(directory(text))
	require.NoError(t, err)
	report, err := detector.Find(t.Context(), world(done))
	require.NoError(t, err)
	return report
}

func TestRulesOfADirectoryAreAskedAsWell(t *testing.T) {
	t.Parallel()
	got := only(t, judgeWith(t, `
title: Something on a Wednesday
name: wednesdays
level: high
description: It is not done.
next_step: ask why
detection:
  structure: {event: Data structure updated, weekday: wednesday, hour|gte: 10, actor.email|endswith: '@example.com'}
  condition: structure`, ruleEntry{Event: "data_structure_updated"}))
	assert.Equal(t, "wednesdays", got.Rule)
	assert.Equal(t, detect.SeverityHigh, got.Severity)
	assert.Equal(t, "1 entry: It is not done (the actor's baseline has 260 entries)", got.Reason)
	assert.Equal(t, "ask why", got.NextStep)
}

func TestARuleOfADirectoryTakesThePlaceOfOneWithItsID(t *testing.T) {
	t.Parallel()
	rules := readRules(t)
	keys := rules[slices.IndexFunc(rules, func(r rule) bool { return r.Name == "sign_on_changed" })]
	report := judgeWith(t, `
title: Ours
id: `+keys.ID+`
name: ours
level: low
detection:
  sso: {event: sso_configuration_updated}
  condition: sso`, ruleEntry{Event: "sso_configuration_updated", Team: "none"})
	assert.True(t, saw(report, "ours"))
	assert.False(t, saw(report, "sign_on_changed"))
}

func TestAHabitIsComparedWithWhatTheBaselineHas(t *testing.T) {
	t.Parallel()
	burst := func(before, now int) *detect.Report {
		return find(t, ruleEntry{Event: "webhook_deleted", Times: before, Every: time.Minute, Before: 480 * time.Hour},
			ruleEntry{Event: "webhook_deleted", Times: now, Every: time.Minute})
	}
	assert.False(t, saw(burst(8, 16), "many_deletions"), "twice as many")
	got := only(t, burst(8, 17))
	assert.Equal(t, "many_deletions", got.Rule)
	assert.InDelta(t, 17, got.Observed, 0)
	assert.InDelta(t, 16, got.Threshold, 0)
	assert.Contains(t, got.Reason, "the most in the baseline is 8 (the actor's baseline has 268 entries)")
}

func TestLimitsCanBeSetAndStandInTheReport(t *testing.T) {
	t.Parallel()
	night := ruleEntry{Event: "scenario_updated", Times: 4, Every: 5 * time.Minute, After: 15 * time.Hour}
	limit := func(report *detect.Report) detect.LimitInfo {
		return report.Limits[slices.IndexFunc(report.Limits, func(l detect.LimitInfo) bool { return l.Limit == detect.MinOutside })]
	}
	usual := find(t, night)
	assert.Equal(t, "outside_usual_hours", only(t, usual).Rule)
	assert.InDelta(t, 3, limit(usual).Value, 0)
	set := judgeWith(t, "baseline: {min_outside: 5}", night)
	assert.Empty(t, set.Findings)
	assert.InDelta(t, 5, limit(set).Value, 0)
	for _, info := range usual.Limits {
		assert.NotEmpty(t, info.Meaning, info.Limit)
		assert.NotEmpty(t, info.Source, info.Limit)
	}
}

func TestWhatIsKnownIsSilencedAndCounted(t *testing.T) {
	t.Parallel()
	burst := ruleEntry{Event: "webhook_deleted", Times: 12, Every: time.Minute}
	for name, test := range logtest.Sample(map[string]struct {
		what     string
		silenced bool
	}{
		"by rule":           {"rule: many_deletions", true},
		"by address":        {"actor: ADA@example.com", true},
		"by id":             {"actor: 5", true},
		"by event":          {"event: webhook_deleted", true},
		"by all of them":    {"rule: many_deletions, actor: 5, event: webhook_deleted", true},
		"of somebody else":  {"actor: 6", false},
		"of another rule":   {"rule: mass_deletion", false},
		"of another event":  {"event: scenario_deleted", false},
		"of the wrong pair": {"actor: 6, event: webhook_deleted", false},
	}) {
		report := judgeWith(t, "suppress: [{"+test.what+", until: 2026-12-31, why: a cleanup, by: boss@example.com}]", burst)
		assert.Equal(t, !test.silenced, saw(report, "many_deletions"), name)
		require.Len(t, report.Suppressed, 1, name)
		assert.Equal(t, test.silenced, report.Suppressed[0].Signals > 0, name)
		assert.Equal(t, []string{"a cleanup", "boss@example.com"}, []string{report.Suppressed[0].Why, report.Suppressed[0].By})
	}
	over := judgeWith(t, "suppress: [{rule: many_deletions, until: 2026-11-18, why: a cleanup, by: boss@example.com}]", burst)
	assert.True(t, saw(over, "many_deletions"), "what happens after it is over is told")
}

func TestSettingsThatAreWrongAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for text, says := range logtest.Sample(map[string]string{
		"baseline: {min_outsid: 5}":     `own.yml:1: baseline: there is no limit "min_outsid"`,
		"baseline: {min_outside: many}": "own.yml:1: baseline: min_outside is many; a limit is a number from 0 on",
		"baseline: {min_outside: -1}":   "a limit is a number from 0 on, for example min_outside: 3",
		"baseline: 5":                   "baseline is a map of limits",
		"suppress: {rule: x}":           "own.yml:1: suppress: is a list",
		"suppress: [{rule: many_deletion, until: 2026-12-31, why: y, by: z}]": `no rule or baseline is called "many_deletion"`,
		"suppress: [5]":                               "item 1 is no map",
		"suppress: [{until: 2026-12-31}]":             "item 1 silences everything: name an actor, an event or a rule",
		"suppress: [{rule: busy_day, why: y, by: z}]": "item 1 needs until, why and by",
		"suppress: [{rule: x, until: soon}]":          "until is a day or a time",
		"suppress: [{rules: x}]":                      `"rules" is unknown; accepted: actor, event, rule, until, why, by`,
		"suppress: []\nother: 1":                      `"other" does not stand beside suppress`,
		"title: x\nname: y\nhabit: 2\ndetection: {a: {event: key_created}, condition: a}":       "habit is a number above 0",
		"title: x\nname: y\nnext_step: [a]\ndetection: {a: {event: key_created}, condition: a}": "next_step is a text",
		"title: x\ndetection: {a: {event: key_created}, condition: a}":                          "a rule that alerts needs an id or a name",
		"title: x\nname: y\ndetection: {a: {evnt: key_created}, condition: a}":                  `the field "evnt" is unknown`,
	}) {
		_, err := detect.New(directory(text))
		require.ErrorContains(t, err, says, text)
	}
}

func TestARuleWhoseEventsNobodyKnowsSaysSo(t *testing.T) {
	t.Parallel()
	whyNot := func(report *detect.Report, name string) string {
		i := slices.IndexFunc(report.Rules, func(r detect.RuleReport) bool { return r.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		return report.Rules[i].WhyNot
	}
	report := judgeWith(t, "title: x\nname: flows\nlevel: low\ndetection: {a: {object: flow, verb: created}, condition: a}")
	assert.Equal(t, "none of the events that it names is known to this organization", whyNot(report, "flows"))
	assert.Empty(t, whyNot(report, "webhook_toggled"))
	log := world(nil)
	log.Catalog = &auditlog.Catalog{}
	detector, err := detector()
	require.NoError(t, err)
	report, err = detector.Find(t.Context(), log)
	require.NoError(t, err)
	assert.NotEmpty(t, whyNot(report, "webhook_toggled"), "an organization without webhooks")
	assert.Empty(t, whyNot(report, "two_factor_off"), "a power is no name")
}

func TestEveryRuleAndBaselineStandsInTheReport(t *testing.T) {
	t.Parallel()
	report := find(t, ruleEntry{Event: "webhook_deleted", Times: 12, Every: time.Minute})
	count := map[string]int{}
	for _, one := range report.Rules {
		assert.NotEmpty(t, one.Title, one.Name)
		assert.NotContains(t, count, one.Name, "once")
		count[one.Name] = one.Findings
	}
	for _, rule := range readRules(t) {
		if rule.Level != "" {
			assert.Contains(t, count, rule.Name)
		}
	}
	assert.Equal(t, 1, count["many_deletions"])
	assert.Zero(t, count["mass_deletion"])
	assert.Contains(t, count, "low_and_slow")
}

func TestWhoNoLongerWaitsIsNotKeptBusy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	detector, err := detector()
	require.NoError(t, err)
	_, err = detector.Find(ctx, world(nil))
	require.ErrorIs(t, err, context.Canceled)
}

func TestALogOfNothingHasNoFindings(t *testing.T) {
	t.Parallel()
	detector, err := detector()
	require.NoError(t, err)
	report, err := detector.Find(t.Context(), &detect.Log{Window: auditlog.Window{From: wednesday(), Location: time.UTC},
		Baseline: auditlog.Window{From: wednesday().AddDate(0, 0, -90), To: wednesday(), Location: time.UTC}, Catalog: &auditlog.Catalog{}})
	require.NoError(t, err)
	assert.Empty(t, report.Findings)
}

func TestEntriesThatOneRuleDescribesAreToldTogether(t *testing.T) {
	t.Parallel()
	late := ruleEntry{Event: "scenario_updated", Target: "1001", Lag: 300 * time.Hour, Times: 20, Every: time.Minute}
	got := only(t, find(t, late))
	assert.Equal(t, "late_entry", got.Rule)
	assert.InDelta(t, 20, got.Observed, 0)
	assert.Len(t, got.Evidence, 20)
	assert.Contains(t, got.Reason, "20 entries: Make wrote an entry down days later than it usually does")
}

func TestAHabitMayBeATeams(t *testing.T) {
	t.Parallel()
	rule := `
title: Changed
name: changed
detection: {a: {object: data_structure}, condition: a}
---
title: Many changes
name: many_changes
level: high
correlation: {type: event_count, rules: [changed], group-by: [team.id], timespan: 1h, condition: {gte: 5}}
habit: 2`
	now := []ruleEntry{{Event: "data_structure_updated", Times: 4},
		{Event: "data_structure_updated", Actor: "boss", Team: "home", Times: 4}}
	got := judgeWith(t, rule, now...).Findings[0]
	assert.Equal(t, "many_changes", got.Rule)
	assert.Nil(t, got.Actor, "two people did it")
	assert.Equal(t, auditlog.ID("home"), got.Team.ID)
	before := ruleEntry{Event: "data_structure_updated", Actor: "boss", Team: "home", Times: 4, Before: 480 * time.Hour}
	assert.False(t, saw(judgeWith(t, rule, append(now, before)...), "many_changes"), "whoever of the team did as much before")
}
