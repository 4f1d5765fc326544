package logtest

import (
	"maps"
	"slices"
	"testing"
)

// Sample returns all cases; under the race detector every fourth by name, since cases that take the same way through the code have the
// same races.
func Sample[V any](cases map[string]V) map[string]V {
	sample := map[string]V{}
	for i, name := range slices.Sorted(maps.Keys(cases)) {
		if i%UnderRace(1, 4) == 0 {
			sample[name] = cases[name]
		}
	}
	return sample
}

// NotUnderRace skips a test under the race detector: one that takes long there, does one thing after the other, and goes ways through the
// code that other tests go too.
func NotUnderRace(t testing.TB) {
	t.Helper()
	if IsRace {
		t.Skip("it is about numbers, which are the same without the race detector")
	}
}
