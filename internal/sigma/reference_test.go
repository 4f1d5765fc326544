package sigma_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"make-audit-mcp/internal/sigma"
)

// told is what the reference and the evaluator are compared by.
type told struct {
	group       string
	records     []int
	from, to    time.Time
	peak, total int
}

// slowly evaluates a correlation as its words say: for each group and each instant of it the window that ends there is counted anew, and
// the windows that hold and share a record are put together.
func slowly(kind sigma.CorrelationType, rules []string, span time.Duration, holds func(int) bool, stream []occurred) []told {
	var all []told
	groups := map[string][]int{}
	for i, one := range stream {
		matched := slices.ContainsFunc(rules, func(rule string) bool { return matchesLetter(one.record, rule) })
		if actor, ok := one.record["actor.id"].(string); ok && matched && (kind != sigma.ValueCount || one.record["target"] != nil) {
			groups[actor] = append(groups[actor], i)
		}
	}
	for group, members := range groups {
		var open *told
		for _, end := range members {
			at := stream[end].at
			var window []int
			for _, member := range members {
				if !stream[member].at.After(at) && at.Sub(stream[member].at) <= span {
					window = append(window, member)
				}
			}
			count := counted(kind, rules, window, stream)
			if !holds(count) {
				continue
			}
			if open != nil && slices.Contains(window, open.records[len(open.records)-1]) {
				open.records = slices.Compact(slices.Sorted(slices.Values(append(open.records, window...))))
				open.peak = max(open.peak, count)
				continue
			}
			if open != nil {
				all = append(all, *open)
			}
			open = &told{group: group, records: window, peak: count}
		}
		if open != nil {
			all = append(all, *open)
		}
	}
	for i := range all {
		records := all[i].records
		all[i].from, all[i].to = stream[records[0]].at, stream[records[len(records)-1]].at
		all[i].total = len(records)
		if kind != sigma.EventCount {
			all[i].total = len(distinct(kind, rules, records, stream))
		}
	}
	return all
}

func matchesLetter(r record, rule string) bool {
	letters, _ := r["event"].(string)
	return strings.Contains(letters, rule)
}

func counted(kind sigma.CorrelationType, rules []string, window []int, stream []occurred) int {
	switch kind {
	case sigma.EventCount:
		return len(window)
	case sigma.TemporalOrdered:
		return longestChain(rules, window, stream, time.Time{})
	}
	return len(distinct(kind, rules, window, stream))
}

func distinct(kind sigma.CorrelationType, rules []string, window []int, stream []occurred) map[string]bool {
	found := map[string]bool{}
	for _, member := range window {
		if kind == sigma.ValueCount {
			found[fmt.Sprint(stream[member].record["target"])] = true
			continue
		}
		for _, rule := range rules {
			if matchesLetter(stream[member].record, rule) {
				found[rule] = true
			}
		}
	}
	return found
}

// longestChain tries, for each rule, to leave it out and to take each record for it that is not before the last.
func longestChain(rules []string, window []int, stream []occurred, since time.Time) int {
	if len(rules) == 0 {
		return 0
	}
	longest := longestChain(rules[1:], window, stream, since)
	for _, member := range window {
		if matchesLetter(stream[member].record, rules[0]) && !stream[member].at.Before(since) {
			longest = max(longest, 1+longestChain(rules[1:], window, stream, stream[member].at))
		}
	}
	return longest
}

func compareTold(a, b told) int {
	return cmp.Or(cmp.Compare(a.group, b.group), a.from.Compare(b.from))
}

func TestCorrelationsSayWhatASlowReadingOfThemSays(t *testing.T) {
	t.Parallel()
	for _, kind := range []sigma.CorrelationType{sigma.EventCount, sigma.ValueCount, sigma.Temporal, sigma.TemporalOrdered} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, uint64(len(kind))))
			runs := 0
			for range 150 {
				runs += checkAgainstReference(t, kind, random)
			}
			assert.Greater(t, runs, 100, "the streams hold runs")
		})
	}
}

func checkAgainstReference(t *testing.T, kind sigma.CorrelationType, random *rand.Rand) (runs int) {
	t.Helper()
	rules := []string{"a", "b", "c"}[:1+random.IntN(3)]
	minutes := 1 + random.IntN(12)
	threshold := 1 + random.IntN(3)
	exact := random.IntN(4) == 0 // Of a record that several rules match too.
	if kind == sigma.Temporal || kind == sigma.TemporalOrdered {
		threshold = min(threshold, len(rules))
	}
	operator := map[bool]string{true: "eq", false: "gte"}[exact]
	field := map[bool]string{true: "field: target, "}[kind == sigma.ValueCount]
	text := fmt.Sprintf("title: Together\ncorrelation:\n    type: %s\n    rules: [%s]\n    group-by: [actor.id]\n    timespan: %dm\n"+
		"    condition: {%s%s: %d}\n", kind, strings.Join(rules, ", "), minutes, field, operator, threshold)
	for _, rule := range rules {
		text += fmt.Sprintf("---\ntitle: Rule %s\nname: %s\ndetection: {selection: {event|contains: %s}, condition: selection}\n", rule, rule, rule)
	}
	var stream []occurred
	at := 0
	for range random.IntN(30) {
		at += random.IntN(5) * random.IntN(3)
		one := record{"event": []string{"a", "b", "c", "ab", "bc", "x"}[random.IntN(6)]}
		if random.IntN(8) > 0 {
			one["actor.id"] = []string{"1", "2"}[random.IntN(2)]
		}
		if random.IntN(8) > 0 {
			one["target"] = random.IntN(3)
		}
		stream = append(stream, occurred{minute(at), one})
	}
	holds := func(count int) bool { return count == threshold || !exact && count > threshold }
	want := slowly(kind, rules, time.Duration(minutes)*time.Minute, holds, stream)
	var got []told
	for _, match := range evaluate(t, load(t, text), stream) {
		one := told{group: match.Group[0].Value, from: match.From, to: match.To, peak: match.Peak, total: match.Total}
		for _, r := range match.Records {
			one.records = append(one.records, slices.IndexFunc(stream, func(o occurred) bool { return same(o.record, r) }))
		}
		got = append(got, one)
	}
	slices.SortFunc(want, compareTold)
	slices.SortFunc(got, compareTold)
	require.Equal(t, want, got, "%s\n%v", text, stream)
	return len(want)
}

// same reports whether two records are one.
func same(a record, b sigma.Record) bool {
	other, ok := b.(record)
	return ok && fmt.Sprintf("%p", a) == fmt.Sprintf("%p", other)
}
