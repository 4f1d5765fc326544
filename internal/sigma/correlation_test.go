package sigma_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

// simple are rules without an alert, each named as the event that it is about.
func simple(events ...string) string {
	text := ""
	for _, event := range events {
		text += fmt.Sprintf("---\ntitle: Rule %s\nname: %s\ndetection: {s: {event: %s}, condition: s}\n", event, event, event)
	}
	return text
}

// correlated is a correlation called Together.
func correlated(fields string) string { return "title: Together\ncorrelation:\n" + indented(fields) }

func by(actor, event string, at int) occurred {
	return occurred{minute(at), record{"actor.id": actor, "event": event}}
}

func group(actor string) []sigma.Named { return []sigma.Named{{Field: "actor.id", Value: actor}} }

func TestALongRunIsOneMatchThatTellsAllOfIt(t *testing.T) {
	t.Parallel()
	set := load(t, correlated(`
type: event_count
rules: [deleted]
group-by: [actor.id]
timespan: 60m
condition: {gte: 50}`)+simple("deleted"))
	var stream []occurred
	start := minute(0)
	at := start
	for i := range 412 { // Slow at first and last, fastest in between: 98 within an hour.
		stream = append(stream, occurred{at, record{"actor.id": "1", "event": "deleted", "target": i}})
		switch {
		case i >= 150 && i < 247:
			at = at.Add(37_100 * time.Millisecond)
		default:
			at = at.Add(35 * time.Second * 60 / 50)
		}
	}
	end := stream[411].at
	stream = append(stream, by("1", "deleted", 2000)) // Alone, much later.
	matches := evaluate(t, set, stream)
	require.Len(t, matches, 1)
	match := matches[0]
	assert.Equal(t, "Together", match.Rule.Title)
	assert.Equal(t, group("1"), match.Group)
	assert.Equal(t, start, match.From)
	assert.Equal(t, end, match.To)
	assert.Equal(t, 412, match.Total)
	require.Len(t, match.Records, 412)
	for i, one := range match.Records {
		assert.Equal(t, i, one.(record)["target"])
	}
	assert.Equal(t, 98, match.Peak)
	assert.Equal(t, stream[150].at, match.PeakFrom)
	assert.Equal(t, stream[247].at, match.PeakTo)
	assert.Equal(t, []sigma.Bound{{Operator: "gte", Value: 50}}, match.Rule.Correlation.Condition)
	assert.Equal(t, time.Hour, match.Rule.Correlation.Timespan)
}

func TestRunsOfOneGroupAreApartWhereTheirWindowsShareNoRecord(t *testing.T) {
	t.Parallel()
	set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gt: 1}")+simple("a"))
	// 0, 10 | 21, 22 | 40 alone; the other actor's run lies between.
	stream := []occurred{
		by("1", "a", 0), by("2", "a", 5), by("1", "a", 10), by("2", "a", 15), by("1", "a", 21), by("1", "a", 22), by("1", "a", 40),
	}
	matches := evaluate(t, set, stream)
	require.Len(t, matches, 3)
	assert.Equal(t, []time.Time{minute(0), minute(10)}, []time.Time{matches[0].From, matches[0].To})
	assert.Equal(t, group("2"), matches[1].Group)
	assert.Equal(t, []time.Time{minute(5), minute(15)}, []time.Time{matches[1].From, matches[1].To})
	assert.Equal(t, []time.Time{minute(21), minute(22)}, []time.Time{matches[2].From, matches[2].To})
	assert.Equal(t, []int{2, 2, 2}, []int{matches[0].Total, matches[1].Total, matches[2].Total})
}

func TestTheWindowIsAsLongAsTheTimespanAndNoLonger(t *testing.T) {
	t.Parallel()
	for span, want := range map[string]int{"3600s": 1, "60m": 1, "1h": 1, "3599s": 0, "59m": 0, "1d": 1} {
		set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: "+span+"\ncondition: {gte: 2}")+simple("a"))
		assert.Len(t, evaluate(t, set, []occurred{by("1", "a", 0), by("1", "a", 60)}), want, span)
	}
}

func TestCountsAreHeldToEveryPartOfTheCondition(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]map[int]bool{
		"{gt: 2}":          {2: false, 3: true},
		"{gte: 2}":         {1: false, 2: true},
		"{eq: 2}":          {1: false, 2: true, 3: true}, // The second of three ends a window of two.
		"{gt: 2, lte: 4}":  {2: false, 3: true, 4: true},
		"{gte: 2, lt: 3}":  {1: false, 2: true},
		"{gte: 1, neq: 1}": {1: false, 2: true},
	} {
		set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: "+condition)+simple("a"))
		for count, holds := range want {
			var stream []occurred
			for i := range count {
				stream = append(stream, by("1", "a", i))
			}
			assert.Equal(t, holds, len(evaluate(t, set, stream)) == 1, "%s of %d", condition, count)
		}
	}
}

func TestAnInstantIsLookedAtWhenAllItsRecordsHaveCome(t *testing.T) {
	t.Parallel()
	set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {eq: 1}")+simple("a"))
	assert.Empty(t, evaluate(t, set, []occurred{by("1", "a", 0), by("1", "a", 0)}))
	assert.Len(t, evaluate(t, set, []occurred{by("1", "a", 0), by("2", "a", 0)}), 2)
}

func TestValuesAreCountedOnceAndByGroup(t *testing.T) {
	t.Parallel()
	set := load(t, correlated(`
type: value_count
rules: [failed]
group-by: [actor.id, team.id]
timespan: 1d
condition: {field: target, gte: 3}`)+simple("failed"))
	at := func(minutes int, actor, team string, target any) occurred {
		return occurred{minute(minutes), record{"event": "failed", "actor.id": actor, "team.id": team, "target": target}}
	}
	matches := evaluate(t, set, []occurred{
		at(0, "1", "x", "u1"), at(1, "1", "x", "u1"), at(2, "1", "x", "u2"), at(3, "1", "y", "u3"), at(4, "12", "", "u3"),
		at(5, "1", "x", nil), at(6, "1", "x", []any{"u2", "U2"}), at(7, "1", "x", 4),
	})
	require.Len(t, matches, 1)
	assert.Equal(t, []sigma.Named{{Field: "actor.id", Value: "1"}, {Field: "team.id", Value: "x"}}, matches[0].Group)
	assert.Equal(t, 4, matches[0].Peak)
	assert.Equal(t, 4, matches[0].Total)
	assert.Len(t, matches[0].Records, 5)

	set = load(t, correlated("type: value_count\nrules: [failed]\ngroup-by: []\ntimespan: 1d\ncondition: {field: [actor.id, target], gte: 3}")+
		simple("failed"))
	matches = evaluate(t, set, []occurred{at(0, "1", "x", "a"), at(1, "1", "x", "b"), at(2, "2", "x", "a"), at(2, "2", "x", "a")})
	require.Len(t, matches, 1)
	assert.Empty(t, matches[0].Group)
	assert.Equal(t, 3, matches[0].Peak)
	// Values are told apart whatever is in them.
	assert.Empty(t, evaluate(t, set, []occurred{at(0, "1 2", "x", "3"), at(0, "1", "x", "2 3"), at(0, "1", "x", "2 3")}))
	assert.Len(t, evaluate(t, set, []occurred{at(0, "1 1 2", "x", "3"), at(0, "1", "x", "1 2 3"), at(0, "1 1 2 1", "x", "3")}), 1)
}

func TestTemporalNeedsAllRulesInWhateverOrder(t *testing.T) {
	t.Parallel()
	const recon = "rules: [a, b, c]\ngroup-by: [actor.id, team.id]\ntimespan: 5m\n"
	at := func(minutes int, event, team string) occurred {
		return occurred{minute(minutes), record{"event": event, "actor.id": "1", "team.id": team}}
	}
	for _, c := range []struct {
		stream         []occurred
		inAny, inOrder int
	}{
		{[]occurred{at(0, "a", "x"), at(2, "b", "x"), at(5, "c", "x")}, 1, 1},
		{[]occurred{at(0, "c", "x"), at(2, "b", "x"), at(5, "a", "x")}, 1, 0},
		{[]occurred{at(0, "a", "x"), at(2, "b", "x"), at(6, "c", "x")}, 0, 0},
		{[]occurred{at(0, "a", "x"), at(2, "b", "y"), at(5, "c", "x")}, 0, 0},
		{[]occurred{at(0, "a", "x"), at(2, "b", "x")}, 0, 0},
		// What lies between, and what came before, does no harm.
		{[]occurred{at(0, "b", "x"), at(1, "a", "x"), at(2, "d", "x"), at(3, "b", "x"), at(3, "a", "x"), at(6, "c", "x")}, 1, 1},
		// The first b is before a, and the second too late for it.
		{[]occurred{at(0, "b", "x"), at(1, "a", "x"), at(4, "c", "x"), at(6, "b", "x")}, 1, 0},
		// In one instant there is no before, whichever comes first.
		{[]occurred{at(0, "c", "x"), at(0, "b", "x"), at(0, "a", "x")}, 1, 1},
		{[]occurred{at(0, "b", "x"), at(0, "a", "x"), at(1, "c", "x")}, 1, 1},
	} {
		inAny := load(t, correlated("type: temporal\n"+recon)+simple("a", "b", "c"))
		assert.Len(t, evaluate(t, inAny, c.stream), c.inAny, "%v", c.stream)
		inOrder := load(t, correlated("type: temporal_ordered\n"+recon)+simple("a", "b", "c"))
		assert.Len(t, evaluate(t, inOrder, c.stream), c.inOrder, "%v", c.stream)
	}
}

func TestTemporalCountsRulesWhereAConditionSaysHowMany(t *testing.T) {
	t.Parallel()
	const two = "rules: [a, b, c]\ngroup-by: [actor.id]\ntimespan: 5m\ncondition: {gte: 2}"
	stream := []occurred{by("1", "c", 0), by("1", "a", 1), by("1", "a", 2)}
	matches := evaluate(t, load(t, correlated("type: temporal\n"+two)+simple("a", "b", "c")), stream)
	require.Len(t, matches, 1)
	assert.Equal(t, 2, matches[0].Peak)
	assert.Len(t, matches[0].Records, 3)
	inOrder := load(t, correlated("type: temporal_ordered\n"+two)+simple("a", "b", "c"))
	assert.Empty(t, evaluate(t, inOrder, stream))
	assert.Len(t, evaluate(t, inOrder, append(stream, by("1", "c", 3))), 1)
}

func TestAliasesSayWhichFieldOfEachRuleIsMeant(t *testing.T) {
	t.Parallel()
	set := load(t, correlated(`
type: temporal
rules: [failure, connection]
group-by: [inner, outer]
timespan: 10s
aliases:
    inner: {failure: details.to, connection: details.from}
    outer: {failure: details.from, connection: details.to}`)+simple("failure", "connection"))
	between := func(event, from, to string) occurred {
		return occurred{minute(0), record{"event": event, "details.from": from, "details.to": to}}
	}
	matches := evaluate(t, set, []occurred{between("failure", "far", "near"), between("connection", "near", "far")})
	require.Len(t, matches, 1)
	assert.Equal(t, []sigma.Named{{Field: "inner", Value: "near"}, {Field: "outer", Value: "far"}}, matches[0].Group)
	assert.Empty(t, evaluate(t, set, []occurred{between("failure", "far", "near"), between("connection", "far", "near")}))
}

const failuresThenSuccess = `
title: Many failures, then success
level: high
correlation:
    type: temporal_ordered
    rules: [many_failures, success]
    group-by: [actor.id]
    timespan: 10m
---
title: Many failures
name: many_failures
correlation:
    type: event_count
    rules: [failure]
    group-by: [actor.id]
    timespan: 10m
    condition: {gte: 10}
`

func TestManyFailuresFollowedBySuccessAreOneMatchWithAllRecords(t *testing.T) {
	t.Parallel()
	set := load(t, failuresThenSuccess+simple("failure", "success"))
	failures := func(actor string, from, n int) (stream []occurred) {
		for i := range n {
			stream = append(stream, by(actor, "failure", from+i))
		}
		return stream
	}
	matches := evaluate(t, set, append(failures("1", 0, 10), by("1", "success", 19)))
	require.Len(t, matches, 1, "neither the failures nor the success alert by themselves")
	assert.Equal(t, "Many failures, then success", matches[0].Rule.Title)
	assert.Equal(t, group("1"), matches[0].Group)
	assert.Len(t, matches[0].Records, 11)
	assert.Equal(t, minute(0), matches[0].From)
	assert.Equal(t, minute(19), matches[0].To)
	assert.Equal(t, 2, matches[0].Peak)

	assert.Empty(t, evaluate(t, set, append(failures("1", 0, 9), by("1", "success", 10))), "too few")
	assert.Empty(t, evaluate(t, set, append(failures("1", 0, 10), by("1", "success", 20))), "too late")
	assert.Empty(t, evaluate(t, set, append(failures("1", 0, 10), by("2", "success", 10))), "somebody else")
	assert.Empty(t, evaluate(t, set, append([]occurred{by("1", "success", 0)}, failures("1", 1, 10)...)), "too early")

	// A run that goes on for hours counts up to its end, and is told from its beginning.
	matches = evaluate(t, set, append(failures("1", 0, 200), by("1", "success", 205)))
	require.Len(t, matches, 1)
	assert.Len(t, matches[0].Records, 201)
	assert.Equal(t, minute(0), matches[0].From)
}

func TestACorrelationOfCorrelationsCountsRunsNotTheirRecords(t *testing.T) {
	t.Parallel()
	set := load(t, `
title: Bursts again and again
correlation: {type: event_count, rules: [burst], group-by: [actor.id], timespan: 1d, condition: {gte: 2}}
---
title: Burst
name: burst
correlation: {type: event_count, rules: [a], group-by: [actor.id, team.id], timespan: 10m, condition: {gte: 3}}
`+simple("a"))
	burst := func(from, n int, team string) (stream []occurred) {
		for i := range n {
			one := by("1", "a", from+i)
			one.record["team.id"] = team
			stream = append(stream, one)
		}
		return stream
	}
	assert.Empty(t, evaluate(t, set, burst(0, 50, "x")), "one burst, however long")
	matches := evaluate(t, set, append(append(burst(0, 4, "x"), burst(5, 2, "x")...), burst(100, 5, "y")...))
	require.Len(t, matches, 1)
	assert.Equal(t, 2, matches[0].Total)
	assert.Len(t, matches[0].Records, 11)
	assert.Equal(t, group("1"), matches[0].Group)
}

func TestRecordsOfAMatchStandOnceAndInTheirOrderHoweverTheyCameToIt(t *testing.T) {
	t.Parallel()
	set := load(t, `
title: Together
correlation: {type: event_count, rules: [burst, b], group-by: [actor.id], timespan: 1h, condition: {gte: 2}}
---
title: Burst
name: burst
correlation: {type: event_count, rules: [a, b], group-by: [actor.id], timespan: 10m, condition: {gte: 5}}
`+simple("a", "b"))
	stream := []occurred{
		by("1", "b", 0), by("1", "a", 1), by("1", "a", 2), by("1", "b", 3), by("1", "a", 4), by("1", "b", 4), by("1", "a", 4),
	}
	matches := evaluate(t, set, stream)
	require.Len(t, matches, 1)
	var records []sigma.Record
	for _, one := range stream {
		records = append(records, one.record)
	}
	assert.Equal(t, records, matches[0].Records)
	assert.Equal(t, 4, matches[0].Total, "three of b, and a burst")
}

func TestAnOuterCorrelationGroupsByFieldsOfTheRecordsBehind(t *testing.T) {
	t.Parallel()
	// The failures are counted by team, and the success must be of an actor among them.
	set := load(t, `
title: Together
correlation: {type: temporal_ordered, rules: [many, success], group-by: [actor.id], timespan: 1h}
---
title: Many
name: many
correlation: {type: event_count, rules: [failure], group-by: [team.id], timespan: 10m, condition: {gte: 3}}
`+simple("failure", "success"))
	in := func(one occurred) occurred { one.record["team.id"] = "x"; return one }
	stream := []occurred{in(by("1", "failure", 0)), in(by("2", "failure", 1)), in(by("1", "failure", 2)), in(by("4", "failure", 3))}
	for actor, want := range map[string]int{"1": 1, "2": 1, "3": 0, "4": 1} {
		matches := evaluate(t, set, append(stream[:4:4], by(actor, "success", 30)))
		assert.Len(t, matches, want, actor)
	}
}

func TestRulesThatAreReferredToAlertOnlyWhereGenerateSaysSo(t *testing.T) {
	t.Parallel()
	const counting = "type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gte: 2}"
	stream := []occurred{by("1", "a", 0), by("1", "a", 1), by("1", "b", 2)}
	matches := evaluate(t, load(t, correlated(counting)+simple("a", "b")), stream)
	assert.Len(t, matches, 2)
	assert.Empty(t, of(matches, "Rule a"))
	for _, text := range []string{"generate: true\n" + correlated(counting), correlated(counting + "\ngenerate: true")} {
		matches = evaluate(t, load(t, text+simple("a", "b")), stream)
		assert.Len(t, of(matches, "Rule a"), 2)
		assert.Len(t, of(matches, "Together"), 1)
	}
	single := of(matches, "Rule a")[1]
	assert.Equal(t, minute(1), single.From)
	assert.Equal(t, minute(1), single.To)
	assert.Equal(t, []sigma.Record{stream[1].record}, single.Records)
}

func TestRecordsWithoutAValueToGroupByTakeNoPart(t *testing.T) {
	t.Parallel()
	set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gte: 2}")+simple("a"))
	nobody := occurred{minute(0), record{"event": "a"}}
	null := occurred{minute(0), record{"event": "a", "actor.id": nil}}
	assert.Empty(t, evaluate(t, set, []occurred{nobody, nobody, null, null}))
	several := occurred{minute(0), record{"event": "a", "actor.id": []any{"1", "2", "1"}}}
	matches := evaluate(t, set, []occurred{several, by("2", "a", 1)})
	require.Len(t, matches, 1)
	assert.Equal(t, group("2"), matches[0].Group)
}

func TestRulesAreReferredToByNameOrID(t *testing.T) {
	t.Parallel()
	const byID = "title: Rule\nid: 53ba33fd-3a50-4468-a5ef-c583635cfa92\ndetection: {s: {event: a}, condition: s}\n---\n"
	set := load(t, byID+correlated("type: event_count\nrules: [53ba33fd-3a50-4468-a5ef-c583635cfa92]\ngroup-by: actor.id\ntimespan: 1m\ncondition: {gte: 1}"))
	assert.Equal(t, "Rule", set.Rules[1].Correlation.Rules[0].Title)
	assert.Len(t, evaluate(t, set, []occurred{by("1", "a", 0)}), 1)
}

func TestRecordsFromBeforeTheLastAreRefused(t *testing.T) {
	t.Parallel()
	evaluator := sigma.NewEvaluator(load(t, "---\n"+simple("a")), func(sigma.Match) {})
	require.NoError(t, evaluator.Add(minute(1), record{}))
	require.NoError(t, evaluator.Add(minute(1), record{}))
	assert.EqualError(t, evaluator.Add(minute(0), record{}),
		"a record of 2026-03-02T08:00:00Z came after one of 2026-03-02T08:01:00Z; records must come oldest first")
}

func TestWhatIsLeftOutBecauseTooMuchIsHeldIsCounted(t *testing.T) {
	t.Parallel()
	set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gte: 2}")+simple("a"))
	var matches []sigma.Match
	evaluator := sigma.NewEvaluator(set, func(match sigma.Match) { matches = append(matches, match) })
	evaluator.MaxHeld = 10
	for i := range 15 {
		require.NoError(t, evaluator.Add(minute(0), record{"event": "a", "actor.id": number(i)}))
	}
	assert.Equal(t, map[*sigma.Rule]int{set.Rules[0]: 5}, evaluator.Dropped())
	// What is over makes room.
	for i := range 2 {
		require.NoError(t, evaluator.Add(minute(30+i), record{"event": "a", "actor.id": "1"}))
	}
	evaluator.Close()
	assert.Len(t, matches, 1)
	assert.Equal(t, map[*sigma.Rule]int{set.Rules[0]: 5}, evaluator.Dropped())

	// As do runs that are over, with their records.
	evaluator = sigma.NewEvaluator(set, func(sigma.Match) {})
	evaluator.MaxHeld = 10
	for i := range 40 {
		require.NoError(t, evaluator.Add(minute(20*(i/2)), record{"event": "a", "actor.id": "1"}))
	}
	assert.Empty(t, evaluator.Dropped())

	evaluator = sigma.NewEvaluator(set, func(sigma.Match) {})
	everybody := make([]any, 120)
	for i := range everybody {
		everybody[i] = i
	}
	require.NoError(t, evaluator.Add(minute(0), record{"event": "a", "actor.id": everybody}))
	assert.Empty(t, evaluator.Dropped(), "an instant is looked at when it is over")
	evaluator.Close()
	assert.Equal(t, map[*sigma.Rule]int{set.Rules[0]: 1}, evaluator.Dropped(), "a record has at most 100 groups")

	evaluator = sigma.NewEvaluator(set, func(sigma.Match) {})
	evaluator.MaxHeld = 10
	require.NoError(t, evaluator.Add(minute(0), record{"event": "a", "actor.id": everybody[:30]}))
	evaluator.Close()
	assert.Equal(t, map[*sigma.Rule]int{set.Rules[0]: 20}, evaluator.Dropped())
}

func TestMemoryOfGroupsThatAreOverIsGivenBack(t *testing.T) {
	set := load(t, correlated("type: event_count\nrules: [a]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gte: 2}")+simple("a"))
	evaluator := sigma.NewEvaluator(set, func(sigma.Match) {})
	held := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := held()
	for i := range 30_000 {
		require.NoError(t, evaluator.Add(minute(i), record{"event": "a", "actor.id": number(i)}))
	}
	assert.Less(t, held(), before+2<<20)
	runtime.KeepAlive(evaluator)
}

func TestCorrelationsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	const counting = "type: event_count\nrules: [a]\ngroup-by: []\ntimespan: 1h\n"
	const ordered = "type: temporal_ordered\nrules: [a, b]\ngroup-by: []\ntimespan: 1h\n"
	for text, want := range map[string]string{
		"type: event_cont\nrules: [a]":                          `the correlation type "event_cont" is unknown; did you mean "event_count"?`,
		"type: value_avg":                                       `the correlation type "value_avg" is not supported here`,
		"type: value_percentile":                                `the correlation type "value_percentile" is not supported here`,
		"type: value_sum":                                       `the correlation type "value_sum" is not supported here; accepted: event_count, value_count`,
		"type: event_count":                                     "the correlation has no rules; its form is",
		"rules: [a]":                                            "the correlation has no type",
		"type: event_count\nrules: [a]":                         "the correlation has no group-by",
		"type: temporal\nrules: [a]\ngroup-by: []":              "the correlation has no timespan",
		"type: temporal\nrules: []\ngroup-by: []\ntimespan: 1h": "the correlation refers to no rule",
		counting:                                        "the condition says nothing of how many there are at least",
		counting + "condition: {lt: 5}":                 "add gt, gte or eq, as in condition: {gte: 10}",
		counting + "condition: {lte: 5}":                "add gt, gte or eq",
		counting + "condition: {neq: 5}":                "add gt, gte or eq",
		counting + "condition: {gte: 0}":                "add gt, gte or eq",
		counting + "condition: {gt: 5, lt: 6}":          "the condition can never hold: at least 6 and at most 5",
		counting + "condition: {eq: 5, lt: 5}":          "the condition can never hold",
		counting + "condition: {gte: many}":             "gte needs a whole number",
		counting + "condition: {gte: 1.5}":              "gte needs a whole number",
		counting + "condition: {get: 5}":                `the condition has no "get"; did you mean "gt"?`,
		counting + "condition: 5":                       "condition needs a map",
		counting + "condition: {gte: 5, field: target}": "field stands in the condition of value_count and only there",
		"type: value_count\nrules: [a]\ngroup-by: []\ntimespan: 1h\ncondition: {gte: 5}":               "field stands in the condition of value_count",
		"type: value_count\nrules: [a]\ngroup-by: []\ntimespan: 1h\ncondition: {gte: 5, field: targt}": `the field "targt" is unknown; did you mean "target"?`,
		ordered + "condition: {gte: 3}":                                                                         "the condition can never hold: at least 3 and at most 2",
		ordered + "within: 5m":                                                                                  `a correlation has no "within"; accepted: type, rules`,
		"type: temporal\nrules: [a]\ngroup-by: [actr.id]\ntimespan: 1h":                                         `the field "actr.id" is unknown; did you mean "actor.id"?`,
		"type: temporal\nrules: [a, c]\ngroup-by: []\ntimespan: 1h":                                             `no rule has the name or id "c"`,
		"type: temporal\nrules: [a, a]\ngroup-by: []\ntimespan: 1h":                                             `the rule "a" is referred to twice`,
		ordered + "aliases: {who: {a: actor.id}}\n":                                                             "",
		"type: temporal\nrules: [a, b]\ngroup-by: [who]\ntimespan: 1h\naliases: {who: {a: actor.id}}":           `the alias "who" does not say which field of "b" it means`,
		"type: temporal\nrules: [a, b]\ngroup-by: [who]\ntimespan: 1h\naliases: {who: {a: actor.id, b: actor}}": `the field "actor" is unknown`,
		"type: temporal\nrules: [a, b]\ngroup-by: []\ntimespan: 1h\naliases: {who: {a: actor.id, x: actor.id}}": `the alias "who" speaks of "x", which is none of the correlation's rules`,
	} {
		if want == "" { // An alias that nothing uses does no harm.
			assert.Len(t, load(t, correlated(text)+simple("a", "b")).Rules, 3)
			continue
		}
		assert.Contains(t, loadError(t, correlated(text)+simple("a", "b")), want, text)
	}
	for _, span := range []string{"1w", "h", "0h", "1.5h", "-1h", "1H", "367d", "99999999999d", "90", "''", "1 h", "+1h"} {
		assert.Contains(t, loadError(t, correlated("type: temporal\nrules: [a]\ngroup-by: []\ntimespan: "+span)+simple("a")),
			"is not understood; accepted: a number above 0 and s, m, h or d, up to 366d, as in 90m", span)
	}
}

func TestCirclesAndNamesThatStandTwiceAreRefused(t *testing.T) {
	t.Parallel()
	link := func(name, to string) string {
		return fmt.Sprintf("title: %s\nname: %s\ncorrelation: {type: temporal, rules: [%s], group-by: [], timespan: 1h}\n---\n", name, name, to)
	}
	assert.Contains(t, loadError(t, link("one", "two")+link("two", "three")+link("three", "one")),
		`rules.yml:1: the correlations refer to each other in a circle: "one" → "two" → "three" → "one"; take one reference out`)
	assert.Contains(t, loadError(t, link("one", "one")), `in a circle: "one" → "one"`)
	assert.Contains(t, loadError(t, "title: A\nname: a\ndetection: {s: {event: a}, condition: s}"+"\n"+simple("a")),
		`rules.yml:5: the rule at rules.yml:1 is called "a" too; give one of them another id or name`)
	assert.Contains(t, loadError(t, "title: A\nid: a\ndetection: {s: {event: a}, condition: s}"+"\n"+simple("a")), `is called "a" too`)
	both := "title: A\nid: a\nname: a\ndetection: {s: {event: a}, condition: s}"
	assert.Len(t, load(t, both).Rules, 1)
}
